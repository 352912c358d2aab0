//! The bar below the page: address, timeline with playhead, clocks, and how much idle time is folded.

use std::collections::BTreeSet;
use std::ops::Range;

use super::atlas::{Atlas, SpriteId, escaped};
use super::cards;
use super::digits::Digits;
use super::history::{History, Pages};
use super::options::{OverlayOptions, Part};
use super::scene::{Layout, Rect};
use super::state::Mark;
use super::story::{Landmark, LandmarkKind, Story};
use super::theme::{Metrics, Theme};
use crate::clip::{Clip, SegmentKind, TimeMap, offset_text, utc_text};

/// While time is folded, clock and playhead move this often, in clip time.
const FOLD_STEP_MS: f64 = 250.0;

/// Sessions that are shorter than this are told in tenths of seconds.
const SHORT_MS: f64 = 1000.0;

/// Most different addresses in one clip.
const MOST_ADDRESSES: usize = 300;

/// The longest address that is drawn, in characters: the rest of it is elided.
const MOST_ADDRESS: usize = 512;

/// The end of an address that stays when its middle is elided, in characters.
const ADDRESS_TAIL: usize = 18;

#[derive(Debug, Clone)]
pub(super) struct Bar {
    rect: Rect,
    metrics: Metrics,
    map: TimeMap,
    origin: f64,
    /// `None` where the recording knows none.
    addresses: History<Option<SpriteId>>,
    /// " / 1:07": the session's length.
    length: SpriteId,
    zone: SpriteId,
    digits: Digits,
    faint_digits: Digits,
    /// Start and end of each fold in clip time, and its chip.
    folds: Vec<Fold>,
    /// The wall clock is shown with the date, or at all.
    wall: WallClock,
    landmarks: Vec<Landmark>,
    /// Clip times during which the recording stands still.
    holds: Vec<Range<f64>>,
    /// The word that this is a reconstruction.
    mark: Option<SpriteId>,
    /// What stands around the count of what is missing.
    missing: [SpriteId; 2],
    /// Nothing else is between the bar and the page.
    first: bool,
    /// The session is so short that its clock shows tenths of seconds.
    with_tenths: bool,
    /// Clip time between two moves of the playhead and the clocks.
    step: f64,
}

#[derive(Debug, Clone)]
struct Fold {
    start: f64,
    end: f64,
    chip: SpriteId,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum WallClock {
    DateAndTime,
    Time,
    None,
}

impl Bar {
    pub(super) fn new(
        clip: &Clip,
        pages: &Pages,
        story: &Story,
        layout: &Layout,
        options: &OverlayOptions,
        metrics: &Metrics,
        atlas: &mut Atlas,
    ) -> Bar {
        let rect = layout.bar;
        let wall = match rect.width / metrics.font {
            0..26 => WallClock::None,
            26..56 => WallClock::Time,
            _ => WallClock::DateAndTime,
        };
        let session_ms = clip.session_end - clip.origin;
        let with_tenths = session_ms < SHORT_MS;
        let clocks = match wall {
            WallClock::None => 9,
            WallClock::Time => 18,
            WallClock::DateAndTime => 25,
        };
        let folds_time = clip
            .map
            .segments()
            .iter()
            .any(|segment| matches!(segment.kind, SegmentKind::Fold { .. }));
        let chip_width = if folds_time { 8 * metrics.font } else { 0 };
        let clocks = clocks + if with_tenths { 4 } else { 0 };
        // Characters are about so wide.
        let taken = clocks * metrics.font * 5 / 8 + chip_width + 2 * metrics.margin + 2 * metrics.gap;
        let mark = (options.shows(Part::Reconstruction) && rect.width / metrics.font >= 44)
            .then(|| atlas.add(cards::reconstruction()));
        let missing = cards::count_of_missing().map(|html| atlas.add(html));
        let taken = taken + if mark.is_some() { 14 * metrics.font } else { 0 };
        let room = rect.width.saturating_sub(taken).max(6 * metrics.font);
        let folds = clip
            .map
            .segments()
            .iter()
            .filter_map(|segment| match segment.kind {
                SegmentKind::Fold { skipped_ms } => Some(Fold {
                    start: segment.clip.start,
                    end: segment.clip.end,
                    chip: atlas.add(skip_chip(skipped_ms, "idle")),
                }),
                SegmentKind::Cut { skipped_ms } => Some(Fold {
                    start: segment.clip.start,
                    end: segment.clip.end,
                    chip: atlas.add(skip_chip(skipped_ms, "left out")),
                }),
                SegmentKind::Play | SegmentKind::Hold => None,
            });
        let folds = folds.collect();
        let mut drawn = BTreeSet::new();
        let addresses = pages.addresses.map(|address| {
            if address.trim().is_empty() {
                return None;
            }
            // Of too many, the rest is not told apart.
            let known = drawn.contains(address) || drawn.len() < MOST_ADDRESSES;
            let shown = if known { address.as_str() } else { "…" };
            if known {
                drawn.insert(address.clone());
            }
            Some(atlas.add(address_line(shown, room, metrics.font)))
        });
        let segments = clip.map.segments().iter();
        let held = segments
            .filter(|segment| segment.kind == SegmentKind::Hold)
            .map(|segment| segment.clip.clone());
        let total = clock_text(session_ms, with_tenths);
        let mut bar = Bar {
            addresses,
            length: atlas.add(format!("<span class=muted> / {total}</span>")),
            zone: atlas.add("<span class=muted> UTC</span>".into()),
            digits: Digits::new(atlas, "ink"),
            faint_digits: Digits::new(atlas, "muted"),
            folds,
            wall,
            landmarks: Vec::new(),
            holds: held.collect(),
            mark,
            missing,
            first: layout.lane.height == 0,
            with_tenths,
            step: match clip.map.length() {
                _ if with_tenths => 100.0,
                0..20_000 => 250.0,
                20_000..60_000 => 500.0,
                _ => 1000.0,
            },
            origin: clip.origin,
            map: clip.map.clone(),
            metrics: *metrics,
            rect,
        };
        if options.shows(Part::Marks) {
            bar.landmarks = bar.told_apart(&story.landmarks);
        }
        bar
    }

    /// Draws the bar; so many things in sight are `missing`.
    pub(super) fn draw(
        &self,
        clip_ms: f64,
        missing: usize,
        theme: &Theme,
        atlas: &Atlas,
        marks: &mut Vec<Mark>,
    ) {
        let Bar { rect, metrics, .. } = self;
        let gap = metrics.gap.cast_signed();
        let margin = metrics.margin.cast_signed();
        marks.push(Mark::Fill(*rect, theme.ground));
        if self.first {
            marks.push(Mark::Fill(Rect { height: 1, ..*rect }, theme.edge));
        }
        self.draw_timeline(clip_ms, theme, marks);

        let y = rect.y + metrics.text_top.cast_signed();
        let right = self.draw_clocks(clip_ms, y, atlas, marks);
        let mut left = rect.x + margin;
        if let Some(address) = self.addresses.at(self.map.picture_at(clip_ms)).copied().flatten() {
            marks.push(Mark::Sprite(address, (left, y)));
            left += atlas.size(address).0 + gap;
        }
        let mut right = right - gap;
        if let Some(fold) = self.fold_at(clip_ms) {
            right -= atlas.size(fold.chip).0;
            marks.push(Mark::Sprite(fold.chip, (right, y)));
            right -= gap;
        }
        self.draw_mark(missing, (left, right, y), atlas, marks);
    }

    /// Draws the word that this is a reconstruction, and how much is missing, between `left` and `right`: as
    /// much of it as there is room for.
    fn draw_mark(
        &self,
        missing: usize,
        (left, right, y): (i32, i32, i32),
        atlas: &Atlas,
        marks: &mut Vec<Mark>,
    ) {
        let width = |sprite: SpriteId| atlas.size(sprite).0;
        let Some(mark) = self.mark.filter(|mark| left + width(*mark) <= right) else {
            return;
        };
        marks.push(Mark::Sprite(mark, (left, y)));
        let count = missing.to_string();
        let [before, after] = self.missing;
        let mut x = left + width(mark);
        let whole = width(before) + self.faint_digits.width(&count, atlas) + width(after);
        if missing == 0 || x + whole > right {
            return;
        }
        marks.push(Mark::Sprite(before, (x, y)));
        x += width(before) + self.faint_digits.width(&count, atlas);
        self.faint_digits.draw(&count, x, y, atlas, marks);
        marks.push(Mark::Sprite(after, (x, y)));
    }

    /// Draws both clocks at the right; gives where they begin.
    fn draw_clocks(&self, clip_ms: f64, y: i32, atlas: &Atlas, marks: &mut Vec<Mark>) -> i32 {
        let (session, wall) = self.clocks_at(clip_ms);
        let mut x = self.rect.right() - self.metrics.margin.cast_signed();
        if let Some(wall) = wall {
            x -= atlas.size(self.zone).0;
            marks.push(Mark::Sprite(self.zone, (x, y)));
            x = self.faint_digits.draw(&wall, x, y, atlas, marks) - self.metrics.gap.cast_signed();
        }
        x -= atlas.size(self.length).0;
        marks.push(Mark::Sprite(self.length, (x, y)));
        self.digits.draw(&session, x, y, atlas, marks)
    }

    /// Session clock and wall clock, as text.
    fn clocks_at(&self, clip_ms: f64) -> (String, Option<String>) {
        let recording = self.map.recording_at(self.on_step(clip_ms));
        let wall = utc_text(recording).and_then(|text| {
            let text = text.strip_suffix(" UTC")?;
            match self.wall {
                WallClock::DateAndTime => Some(text.to_owned()),
                WallClock::Time => text.split_once(' ').map(|(_, time)| time.to_owned()),
                WallClock::None => None,
            }
        });
        (clock_text(recording - self.origin, self.with_tenths), wall)
    }

    fn draw_timeline(&self, clip_ms: f64, theme: &Theme, marks: &mut Vec<Mark>) {
        let metrics = self.metrics;
        let y = self.rect.y + metrics.track_top.cast_signed();
        let middle = f64::from(y) + f64::from(metrics.track) / 2.0;
        let head = self.x_at(self.on_step(clip_ms));
        let mut stretch = |from: i32, to: i32, color| {
            marks.push(Mark::Fill(
                Rect {
                    x: from,
                    y,
                    width: to.saturating_sub(from).max(0).unsigned_abs(),
                    height: metrics.track,
                },
                color,
            ));
        };
        stretch(self.x_at(0.0), head, theme.accent);
        stretch(head, self.x_at(self.map.play_length()), theme.track);
        for fold in &self.folds {
            let center = f64::from(self.x_at((fold.start + fold.end) / 2.0));
            let half = f64::from(metrics.track) * 2.0;
            let clear = Rect {
                x: (center - half) as i32,
                width: (half * 2.0) as u32,
                y,
                height: metrics.track,
            };
            let color = if center <= f64::from(head) {
                theme.accent
            } else {
                theme.track
            };
            let rise = f64::from(metrics.track);
            marks.push(Mark::Fill(clear, theme.ground));
            marks.push(Mark::Line {
                points: vec![
                    (center - half, middle),
                    (center - half / 2.0, middle - rise),
                    (center + half / 2.0, middle + rise),
                    (center + half, middle),
                ],
                width: f64::from(metrics.track) / 2.0,
                color,
                opacity: 1.0,
            });
        }
        for landmark in &self.landmarks {
            let color = match landmark.kind {
                LandmarkKind::Page => theme.muted,
                LandmarkKind::Marker => theme.accent,
                LandmarkKind::Request | LandmarkKind::Frustration => theme.warning,
                LandmarkKind::Error => theme.danger,
            };
            let center = (f64::from(self.x_at(landmark.clip_ms)), middle);
            for (reach, color) in [(1.45, theme.ground), (1.0, color)] {
                marks.push(Mark::Disc {
                    center,
                    radius: f64::from(metrics.track) * reach,
                    color,
                    opacity: 1.0,
                });
            }
        }
        marks.push(Mark::Disc {
            center: (f64::from(head), middle),
            radius: f64::from(metrics.track) * 1.4,
            color: theme.ink,
            opacity: 1.0,
        });
    }

    /// Those landmarks that are not hidden by another at the same place.
    fn told_apart(&self, landmarks: &[Landmark]) -> Vec<Landmark> {
        // What is drawn over the rest comes last.
        let mut taken = BTreeSet::new();
        let mut seen: Vec<Landmark> = landmarks
            .iter()
            .rev()
            .filter(|landmark| taken.insert(self.x_at(landmark.clip_ms)))
            .copied()
            .collect();
        seen.reverse();
        seen
    }

    /// Where on the timeline a clip time is.
    fn x_at(&self, clip_ms: f64) -> i32 {
        let margin = f64::from(self.metrics.margin);
        let width = (f64::from(self.rect.width) - 2.0 * margin).max(1.0);
        let whole = self.moving_time(self.map.play_length()).max(1.0);
        let share = (self.moving_time(clip_ms) / whole).clamp(0.0, 1.0);
        self.rect.x + (margin + share * width).round() as i32
    }

    /// How much of the clip time before `clip_ms` the recording was not held.
    fn moving_time(&self, clip_ms: f64) -> f64 {
        let held = self
            .holds
            .iter()
            .map(|hold| (clip_ms.min(hold.end) - hold.start).max(0.0));
        clip_ms - held.sum::<f64>()
    }

    fn fold_at(&self, clip_ms: f64) -> Option<&Fold> {
        self.folds
            .iter()
            .find(|fold| (fold.start..fold.end).contains(&clip_ms))
    }

    /// The time that playhead and clocks show at a clip time: they move in steps, so that a clip in
    /// which nothing happens has few frames.
    fn on_step(&self, clip_ms: f64) -> f64 {
        let end = self.map.play_length();
        if clip_ms >= end {
            return end;
        }
        match self.fold_at(clip_ms) {
            Some(fold) => fold.start + floor_to(clip_ms - fold.start, FOLD_STEP_MS),
            None => floor_to(clip_ms, self.step),
        }
    }

    /// The next clip time at which the bar looks different.
    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let shown = |clip_ms: f64| (self.x_at(self.on_step(clip_ms)), self.clocks_at(clip_ms));
        let now = shown(clip_ms);
        let step = if self.fold_at(clip_ms).is_some() {
            FOLD_STEP_MS
        } else {
            self.step
        };
        let end = self.map.play_length();
        let mut stepped = None;
        let mut time = self.on_step(clip_ms) + step;
        while clip_ms < end && stepped.is_none() {
            time = time.min(end);
            if shown(time) != now {
                stepped = Some(time);
            } else if time >= end {
                break;
            }
            time += step;
        }
        let edges = self.folds.iter().flat_map(|fold| [fold.start, fold.end]);
        let edge = edges.into_iter().find(|edge| *edge > clip_ms);
        let address = self
            .addresses
            .next_change(self.map.picture_at(clip_ms))
            .map(|recording| self.map.clip_at(recording));
        [stepped, edge, address]
            .into_iter()
            .flatten()
            .min_by(f64::total_cmp)
    }
}

/// A time of the session as its clock shows it.
fn clock_text(ms: f64, with_tenths: bool) -> String {
    let whole = offset_text(ms);
    match with_tenths {
        true => format!("{whole}.{}", (ms.max(0.0) / 100.0) as u64 % 10),
        false => whole,
    }
}

fn floor_to(value: f64, step: f64) -> f64 {
    (value / step).floor() * step
}

/// A page's address without what says nothing, its host standing out, at most `room` pixels wide.
fn address_line(address: &str, room: u32, font: u32) -> String {
    let short = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(address);
    // What is between user and host may be a secret.
    let host_end = short.find(['/', '?', '#']).unwrap_or(short.len());
    let (host, path) = short.split_at(host_end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let path: Vec<char> = if path == "/" {
        Vec::new()
    } else {
        path.chars().collect()
    };
    // The host comes first: no more than a third for the end, at about this width of a character.
    let tail = ADDRESS_TAIL.min((room * 2 / font.max(1) / 3) as usize);
    let tail_from = path.len().saturating_sub(tail);
    let (head, tail) = path.split_at(tail_from);
    let text = |part: &[char]| escaped(&part.iter().collect::<String>(), MOST_ADDRESS);
    format!(
        "<div class=address style=\"max-width:{room}px\"><span class=head><b>{}</b>{}</span><span class=tail>{}</span></div>",
        escaped(host, MOST_ADDRESS),
        text(head),
        text(tail),
    )
}

fn skip_chip(skipped_ms: f64, why: &str) -> String {
    let text = cards::length_text(skipped_ms);
    format!(
        "<div class=chip><svg viewBox=\"0 0 14 10\"><path fill=currentColor \
         d=\"M0 0l7 5-7 5zM7 0l7 5-7 5z\"/></svg>{text} {why}</div>"
    )
}

#[cfg(test)]
mod tests {
    use super::clock_text;

    #[test]
    fn short_sessions_are_told_in_tenths() {
        assert_eq!(clock_text(640.0, true), "0:00.6");
        assert_eq!(clock_text(-1.0, true), "0:00.0");
        assert_eq!(clock_text(61_640.0, false), "1:01");
    }
}
