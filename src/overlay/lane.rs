//! The lane between page and bar: console lines and typing at the left, requests at the right.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::digits::Digits;
use super::options::{OverlayOptions, Part};
use super::scene::Rect;
use super::state::Mark;
use super::story::{RequestCue, Span, StepCue, Story, first_after};
use super::theme::{Metrics, Theme};

/// Most rows of the lane.
const MOST_ROWS: usize = 2;

/// Of more characters, it does not matter how many there are: they are elided.
const MOST_COUNTED: usize = 500;

/// Draws what goes on beside the page.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    rows: usize,
    /// Rows of requests: the same, or below the others.
    request_rows: usize,
    /// Requests have rows of their own below the others: the lane is too narrow for both in one.
    is_narrow: bool,
    console: Vec<Line>,
    requests: Vec<Line>,
    typing: Vec<Typing>,
    steps: Vec<(Span, SpriteId)>,
    count: Digits,
}

/// Something in a row, and how often it came.
#[derive(Debug, Clone)]
struct Line {
    span: Span,
    times: Vec<f64>,
    text: SpriteId,
}

#[derive(Debug, Clone)]
struct Typing {
    span: Span,
    field: SpriteId,
    text: SpriteId,
    characters: usize,
    /// Clip times, and how many characters are there from then on.
    steps: Vec<(f64, usize)>,
}

impl Lane {
    /// The lane of a clip, `width` pixels wide; `None` when there is nothing to show in it.
    pub(super) fn new(
        story: &Story,
        width: u32,
        options: &OverlayOptions,
        metrics: &Metrics,
        atlas: &mut Atlas,
    ) -> Option<Lane> {
        let with_console = options.shows(Part::Console) && !story.console.is_empty();
        let with_requests = options.shows(Part::Requests) && !story.requests.is_empty();
        let with_steps = options.shows(Part::Steps) && !story.steps.is_empty();
        let with_typing = options.shows(Part::Keys) && !story.typing.is_empty();
        if !(with_console || with_requests || with_typing || with_steps) {
            return None;
        }
        /// Width that console and requests need to be beside one another, in font sizes.
        const BOTH: u32 = 42;
        let whole = width.saturating_sub(2 * metrics.margin);
        let with_left = with_console || with_typing || with_steps;
        let is_narrow = with_left && with_requests && whole < metrics.font * BOTH;
        let count_room = 3 * metrics.font;
        let left_room = if with_requests && !is_narrow {
            let requests = story.requests.iter().map(|cue| request_width(cue, metrics.font));
            let widest = requests.max().unwrap_or(0) + count_room + metrics.gap;
            whole - widest.min(whole * 9 / 20)
        } else {
            whole
        };
        let right_room = if with_left && !is_narrow {
            whole * 9 / 20 - metrics.gap
        } else {
            whole
        };
        let room = |room: u32| room.saturating_sub(count_room).max(metrics.font);
        let mut lane = Lane {
            rows: 1,
            request_rows: 1,
            is_narrow,
            console: Vec::new(),
            requests: Vec::new(),
            typing: Vec::new(),
            steps: Vec::new(),
            count: Digits::new(atlas, "ink"),
        };
        if with_console {
            lane.console.extend(story.console.iter().map(|cue| Line {
                span: cue.span,
                times: cue.times.clone(),
                text: atlas.add(cards::console(cue, room(left_room))),
            }));
        }
        if with_requests {
            lane.requests.extend(story.requests.iter().map(|cue| Line {
                span: cue.span,
                times: cue.times.clone(),
                text: atlas.add(cards::request(cue, room(right_room))),
            }));
        }
        if with_typing {
            lane.typing.extend(story.typing.iter().map(|cue| Typing {
                span: cue.span,
                field: atlas.add(cards::field(cue)),
                text: atlas.add(cards::typed(cue)),
                characters: cue.text.chars().count().max(1),
                steps: cue.steps.clone(),
            }));
        }
        if with_steps {
            let step = |cue: &StepCue| (cue.span, atlas.add(cards::step(cue, room(left_room))));
            lane.steps.extend(story.steps.iter().map(step));
        }
        let crowd = |lines: &[Line]| {
            let at_once = |line: &Line| {
                lines
                    .iter()
                    .filter(|other| other.span.holds(line.span.from))
                    .count()
            };
            lines.iter().map(at_once).max().unwrap_or(0)
        };
        lane.request_rows = crowd(&lane.requests).clamp(1, MOST_ROWS);
        if !is_narrow {
            lane.rows = crowd(&lane.console).clamp(lane.request_rows, MOST_ROWS);
            lane.request_rows = lane.rows;
        }
        Some(lane)
    }

    pub(super) fn height(&self, metrics: &Metrics) -> u32 {
        let rows = match self.is_narrow {
            true => self.rows + self.request_rows,
            false => self.rows,
        };
        rows as u32 * metrics.row + metrics.font / 2
    }

    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let lines = self.console.iter().chain(&self.requests).flat_map(|line| {
            let again = first_after(&line.times, clip_ms, |time| *time);
            again.into_iter().chain([line.span.until])
        });
        let typing = self.typing.iter().flat_map(|typing| {
            let step = first_after(&typing.steps, clip_ms, |(time, _)| *time);
            step.into_iter().chain([typing.span.from, typing.span.until])
        });
        let steps = self.steps.iter().flat_map(|(span, _)| [span.from, span.until]);
        lines
            .chain(typing)
            .chain(steps)
            .filter(|time| *time > clip_ms)
            .min_by(f64::total_cmp)
    }

    pub(super) fn draw(
        &self,
        clip_ms: f64,
        rect: Rect,
        theme: &Theme,
        metrics: &Metrics,
        atlas: &Atlas,
        marks: &mut Vec<Mark>,
    ) {
        marks.push(Mark::Fill(rect, theme.ground));
        marks.push(Mark::Fill(Rect { height: 1, ..rect }, theme.edge));
        let (margin, gap) = (metrics.margin.cast_signed(), (metrics.font / 2).cast_signed());
        let first_row = rect.y + (metrics.font * 2 / 5).cast_signed();
        let y_of = |row: usize| first_row.saturating_add_unsigned(row as u32 * metrics.row);

        let left = rect.x + margin;
        let mut row = 0;
        for line in Self::newest(&self.console, self.rows, clip_ms) {
            marks.push(Mark::Sprite(line.text, (left, y_of(row))));
            if let Some(count) = line.count_at(clip_ms) {
                let right = left + atlas.size(line.text).0 + gap + self.count.width(&count, atlas);
                self.count.draw(&count, right, y_of(row), atlas, marks);
            }
            row += 1;
        }
        if row < self.rows {
            self.draw_user(clip_ms, (left, y_of(row)), gap, atlas, marks);
        }
        for (row, line) in Self::newest(&self.requests, self.request_rows, clip_ms).enumerate() {
            let y = y_of(if self.is_narrow { self.rows + row } else { row });
            let width = atlas.size(line.text).0;
            let count = line.count_at(clip_ms);
            let mut right = rect.right() - margin;
            if self.is_narrow {
                let more = count
                    .as_ref()
                    .map_or(0, |count| gap + self.count.width(count, atlas));
                right = left + width + more;
            }
            if let Some(count) = count {
                right = self.count.draw(&count, right, y, atlas, marks) - gap;
            }
            marks.push(Mark::Sprite(line.text, (right - width, y)));
        }
    }

    /// Draws what the user did last: a step, or what is being typed.
    fn draw_user(&self, clip_ms: f64, spot: (i32, i32), gap: i32, atlas: &Atlas, marks: &mut Vec<Mark>) {
        let step = self.steps.iter().rev().find(|(span, _)| span.holds(clip_ms));
        let typing = self.typing.iter().rev().find(|typing| typing.span.holds(clip_ms));
        match (step, typing) {
            (Some((span, step)), typing) if typing.is_none_or(|typing| typing.span.from < span.from) => {
                marks.push(Mark::Sprite(*step, spot));
            }
            (_, Some(typing)) => typing.draw(clip_ms, spot, gap, atlas, marks),
            (_, None) => {}
        }
    }

    /// The newest lines that are shown, as many as there are rows, oldest first.
    fn newest(lines: &[Line], rows: usize, clip_ms: f64) -> impl Iterator<Item = &Line> {
        let shown: Vec<&Line> = lines.iter().filter(|line| line.span.holds(clip_ms)).collect();
        let skipped = shown.len().saturating_sub(rows);
        shown.into_iter().skip(skipped)
    }
}

/// About how wide a request is, in pixels: rather too much than too little.
fn request_width(cue: &RequestCue, font: u32) -> u32 {
    /// Status and duration with what is between them, in characters.
    const AROUND: usize = 18;
    let wide = |text: &str| {
        text.chars()
            .take(MOST_COUNTED)
            .map(|one| if one.is_ascii() { 1 } else { 2 })
            .sum::<usize>()
    };
    let characters = wide(&cue.method) + wide(&cue.path) + AROUND;
    u32::try_from(characters).unwrap_or(u32::MAX).saturating_mul(font) * 5 / 8
}

impl Line {
    fn count_at(&self, clip_ms: f64) -> Option<String> {
        let count = self.times.partition_point(|time| *time <= clip_ms);
        (count > 1).then(|| format!("×{count}"))
    }
}

impl Typing {
    fn draw(&self, clip_ms: f64, spot: (i32, i32), gap: i32, atlas: &Atlas, marks: &mut Vec<Mark>) {
        let done = self.steps.partition_point(|(time, _)| *time <= clip_ms);
        let characters = done
            .checked_sub(1)
            .and_then(|last| self.steps.get(last))
            .map_or(0, |step| step.1);
        marks.push(Mark::Sprite(self.field, spot));
        let share = characters as f64 / self.characters as f64;
        let width = (f64::from(atlas.size(self.text).0) * share).floor() as u32;
        let x = spot.0 + atlas.size(self.field).0 + gap;
        marks.push(Mark::SpriteStart(self.text, (x, spot.1), width));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_takes_more_room_than_a_short_one() {
        let width = |path: &str| {
            let cue = RequestCue {
                span: Span {
                    from: 0.0,
                    until: 1.0,
                },
                times: vec![0.0],
                method: "POST".into(),
                path: path.into(),
                status: Some(500),
                failed: true,
                duration: Some(124.0),
            };
            request_width(&cue, 16)
        };
        assert!((200..400).contains(&width("/api/checkout")));
        assert!(width("/api/checkout/of/everything") > width("/api/checkout") + 100);
        assert!(width("/ä") > width("/a"));
        assert_eq!(width(&"a".repeat(501)), width(&"a".repeat(5000)));
    }
}
