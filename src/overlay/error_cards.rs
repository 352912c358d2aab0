//! Errors: a card each, tied to the target of the click that led there.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::digits::Digits;
use super::options::{OverlayOptions, Part};
use super::places::Wanted;
use super::placing::{Anchor, KeepClear};
use super::scene::{Layout, Rect};
use super::scenery::Scenery;
use super::state::{Mark, Stack};
use super::story::{Click, ErrorCue, Span, Story, first_after};
use super::theme::Metrics;
use crate::clip::Clip;

/// Where cards like to be.
const ANCHORS: [Anchor; 8] = [
    Anchor::TopRight,
    Anchor::BottomRight,
    Anchor::TopLeft,
    Anchor::BottomLeft,
    Anchor::Top,
    Anchor::Bottom,
    Anchor::Right,
    Anchor::Left,
];

/// Draws the errors of a clip.
#[derive(Debug, Clone)]
pub(super) struct ErrorCards {
    cards: Vec<Card>,
    count: Digits,
    /// Most whole cards at one time; what else is shown is shortened to a line. Without cards, only what
    /// was clicked is shown.
    most: Option<usize>,
    /// Where they were asked to be.
    placed: Option<Anchor>,
}

/// Most cards at one time, whole or not.
const MOST_CARDS: usize = 3;

/// The spot of a click whose target is not there any more is marked for so long after it, in clip time.
const SPOT_MS: f64 = 2500.0;

/// Errors that come so soon after another, in clip time, follow from it.
const BURST_MS: f64 = 1000.0;

#[derive(Debug, Clone)]
struct Card {
    span: Span,
    times: Vec<f64>,
    whole: SpriteId,
    short: SpriteId,
    /// The target of the click that led there.
    cause: Option<Cause>,
    /// What the page itself says to it.
    answers: Vec<Wanted>,
}

#[derive(Debug, Clone)]
struct Cause {
    click: Click,
    clip_ms: f64,
    label: SpriteId,
}

impl ErrorCards {
    /// `None` when there is nothing to draw.
    pub(super) fn new(
        story: &Story,
        clip: &Clip,
        layout: &Layout,
        options: &OverlayOptions,
        metrics: &Metrics,
        atlas: &mut Atlas,
    ) -> Option<ErrorCards> {
        let with_cards = options.shows(Part::Errors);
        if story.errors.is_empty() || !(with_cards || options.shows_target()) {
            return None;
        }
        let room = layout.page.width.saturating_sub(2 * metrics.margin);
        let width = (metrics.font * 28).min(room);
        let card = |cue: &ErrorCue| Card {
            span: cue.span,
            times: cue.times.clone(),
            whole: atlas.add(cards::error(cue, clip.origin, width)),
            short: atlas.add(cards::short_error(cue, width)),
            cause: cue
                .cause
                .clone()
                .filter(|_| options.shows_target())
                .and_then(|click| {
                    Some(Cause {
                        clip_ms: clip.map.clip_at(click.time),
                        label: atlas.add(cards::cause(cue)?),
                        click,
                    })
                }),
            answers: cue.answers.clone(),
        };
        Some(ErrorCards {
            cards: story.errors.iter().map(card).collect(),
            count: Digits::new(atlas, "count"),
            placed: options.placed(Part::Errors),
            most: with_cards
                .then(|| (layout.page.height / (metrics.font * 20)).clamp(1, MOST_CARDS as u32) as usize),
        })
    }

    /// The cards that are shown at a clip time with their numbers, oldest first.
    fn shown_at(&self, clip_ms: f64) -> Vec<(usize, &Card)> {
        let mut shown: Vec<(usize, &Card)> = self
            .cards
            .iter()
            .enumerate()
            .filter(|(_, card)| card.span.holds(clip_ms))
            .collect();
        shown.drain(..shown.len().saturating_sub(MOST_CARDS));
        shown
    }

    /// Which of the cards that are shown matters most: the first of the newest that came together.
    fn leading(shown: &[(usize, &Card)]) -> usize {
        let begins = shown.windows(2).rposition(|pair| match pair {
            [(_, one), (_, next)] => next.span.from - one.span.from > BURST_MS,
            _ => false,
        });
        begins.map_or(0, |before| before + 1)
    }

    pub(super) fn wanted_at(&self, clip_ms: f64) -> Vec<Wanted> {
        let shown = self.shown_at(clip_ms);
        let Some((_, leader)) = shown.get(Self::leading(&shown)) else {
            return Vec::new();
        };
        let target = leader.cause.iter().map(|cause| Wanted {
            node: cause.click.node,
            since: cause.click.time,
        });
        target.chain(leader.answers.iter().copied()).collect()
    }

    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let times = self.cards.iter().flat_map(|card| {
            let again = first_after(&card.times, clip_ms, |time| *time);
            let faded = card.cause.iter().map(|cause| cause.clip_ms + SPOT_MS);
            again.into_iter().chain([card.span.until]).chain(faded)
        });
        times.filter(|time| *time > clip_ms).min_by(f64::total_cmp)
    }

    /// Draws cards and target; gives what must not be hidden by anything else. `last` is where the cards
    /// were, and becomes where they are.
    pub(super) fn draw(
        &self,
        scenery: &Scenery<'_>,
        last: &mut Option<Stack>,
        marks: &mut Vec<Mark>,
    ) -> Vec<Rect> {
        let shown = self.shown_at(scenery.clip_ms);
        let leading = Self::leading(&shown);
        let Some((number, leader)) = shown.get(leading).copied() else {
            *last = None;
            return Vec::new();
        };
        let gap = (scenery.metrics.font / 2).cast_signed();
        let cause = leader.cause.as_ref();
        let target = cause.and_then(|cause| Target::new(cause, scenery));

        let Some(most) = self.most else {
            return target.map_or_else(Vec::new, |target| {
                target.draw(target.outline, scenery, marks);
                vec![target.outline, target.label_box]
            });
        };

        let body = |index: usize, card: &Card| {
            let whole = index >= leading && index < leading + most;
            if whole { card.whole } else { card.short }
        };
        // What was clicked is told on the card when it is not in sight.
        let label = cause.filter(|_| target.is_none()).map(|cause| cause.label);
        let label_size = label.map_or((0, 0), |label| scenery.atlas.size(label));
        let sizes = shown
            .iter()
            .enumerate()
            .map(|(index, (_, card))| scenery.atlas.size(body(index, card)));
        let width = sizes.clone().map(|size| size.0).max().unwrap_or(0);
        let height = sizes.map(|size| size.1 + gap).sum::<i32>() - gap + label_size.1;
        let clear = KeepClear {
            boxes: target
                .iter()
                .flat_map(|target| [target.outline, target.label_box])
                .chain(leader.answers_in(scenery))
                .collect(),
            spots: scenery.way(leader.span),
            near: target.as_ref().map(|target| target.outline),
        };
        let stays = last.filter(|last| last.leader == number).map(|last| last.anchor);
        let stays = self.placed.or(stays);
        let (anchor, stack) = clear.stay_or_place(stays, (width, height), scenery.area(), &ANCHORS);
        *last = Some(Stack {
            leader: number,
            anchor,
        });

        let mut hidden = vec![stack];
        let mut y = stack.y;
        for (index, (_, card)) in shown.iter().enumerate() {
            let body = body(index, card);
            let (width, height) = scenery.atlas.size(body);
            let place = Rect {
                x: stack.x,
                y,
                width: width.unsigned_abs(),
                height: height.unsigned_abs(),
            };
            if let Some(target) = target.as_ref().filter(|_| index == leading) {
                // It ends at the nearest card, which is not always its own.
                target.draw(stack, scenery, marks);
                hidden.extend([target.outline, target.label_box]);
            }
            marks.push(Mark::Sprite(body, (place.x, place.y)));
            self.draw_count(card, place, scenery, marks);
            y += height;
            if let Some(label) = label.filter(|_| index == leading) {
                marks.push(Mark::Sprite(label, (place.x, y)));
                y += label_size.1;
            }
            y += gap;
        }
        hidden
    }

    /// How often the error came, in a pill on the card's corner.
    fn draw_count(&self, card: &Card, place: Rect, scenery: &Scenery<'_>, marks: &mut Vec<Mark>) {
        let count = card.times.partition_point(|time| *time <= scenery.clip_ms);
        if count < 2 {
            return;
        }
        let text = format!("×{count}");
        let metrics = scenery.metrics;
        let radius = f64::from(metrics.line) / 2.0 + 1.0;
        let right = place.right() - metrics.margin.cast_signed();
        let left = right - self.count.width(&text, scenery.atlas);
        let middle = f64::from(place.y) + 1.0;
        let ends = |color, width| Mark::Line {
            points: vec![(f64::from(left), middle), (f64::from(right), middle)],
            width,
            color,
            opacity: 1.0,
        };
        marks.push(ends(scenery.theme.ground, radius * 2.0 + 3.0));
        marks.push(ends(scenery.theme.danger, radius * 2.0));
        let top = (middle - f64::from(metrics.line) / 2.0).round() as i32;
        self.count.draw(&text, right, top, scenery.atlas, marks);
    }
}

impl Card {
    /// Where the page's own words on the error are. What fills much of the page is the page.
    fn answers_in(&self, scenery: &Scenery<'_>) -> impl Iterator<Item = Rect> {
        let area = |rect: Rect| u64::from(rect.width) * u64::from(rect.height);
        let whole = area(scenery.view.rect);
        self.answers
            .iter()
            .filter_map(|answer| scenery.element(answer.node))
            .filter(move |place| area(*place) * 5 < whole)
    }
}

/// What was clicked.
struct Target {
    outline: Rect,
    /// The element's place is known, not only the spot of the click.
    known: bool,
    label: SpriteId,
    label_box: Rect,
}

impl Target {
    /// `None` when it is nowhere to be seen.
    fn new(cause: &Cause, scenery: &Scenery<'_>) -> Option<Target> {
        let Cause { click, label, .. } = cause;
        let metrics = scenery.metrics;
        let grow = (metrics.font / 4).max(2);
        let known = scenery.element(click.node).map(|place| Rect {
            x: place.x - grow.cast_signed(),
            y: place.y - grow.cast_signed(),
            width: place.width + 2 * grow,
            height: place.height + 2 * grow,
        });
        let outline = match known {
            Some(place) => place,
            // It has left the view, or the page has gone on since.
            None if scenery.places.element(click.node).is_some()
                || scenery.clip_ms >= cause.clip_ms + SPOT_MS =>
            {
                return None;
            }
            None => {
                let (x, y) = scenery.spot(Some(click.node), click.position?)?;
                let reach = metrics.cursor.cast_signed();
                Rect {
                    x: x.round() as i32 - reach,
                    y: y.round() as i32 - reach,
                    width: 2 * metrics.cursor,
                    height: 2 * metrics.cursor,
                }
            }
        };
        let (width, height) = scenery.atlas.size(*label);
        let page = scenery.view.rect;
        let gap = grow.cast_signed();
        let above = outline.y - height - gap;
        let label_box = Rect {
            x: outline.x.min(page.right() - width - gap).max(page.x + gap),
            y: if above >= page.y + gap {
                above
            } else {
                (outline.bottom() + gap).min(page.bottom() - height - gap)
            },
            width: width.unsigned_abs(),
            height: height.unsigned_abs(),
        };
        Some(Target {
            outline,
            known: known.is_some(),
            label: *label,
            label_box,
        })
    }

    fn draw(&self, card: Rect, scenery: &Scenery<'_>, marks: &mut Vec<Mark>) {
        let danger = scenery.theme.danger;
        let width = f64::from((scenery.metrics.font / 6).max(2));
        let cased = |points: Vec<(f64, f64)>, marks: &mut Vec<Mark>| {
            for (width, color) in [(width + 2.0, scenery.theme.casing), (width, danger)] {
                marks.push(Mark::Line {
                    points: points.clone(),
                    width,
                    color,
                    opacity: 1.0,
                });
            }
        };
        let from = [self.label_box, self.outline];
        let nearest = from
            .into_iter()
            .filter_map(|place| connection(place, card))
            .min_by(|one, other| length(one).total_cmp(&length(other)));
        if let Some(ends) = nearest {
            cased(ends.to_vec(), marks);
        }
        if self.known {
            let Rect { x, y, .. } = self.outline;
            let (left, top) = (f64::from(x), f64::from(y));
            let (right, bottom) = (f64::from(self.outline.right()), f64::from(self.outline.bottom()));
            cased(
                vec![
                    (left, top),
                    (right, top),
                    (right, bottom),
                    (left, bottom),
                    (left, top),
                ],
                marks,
            );
        } else {
            let center = (
                f64::from(self.outline.x) + f64::from(self.outline.width) / 2.0,
                f64::from(self.outline.y) + f64::from(self.outline.height) / 2.0,
            );
            for (width, color) in [(width + 2.0, scenery.theme.casing), (width, danger)] {
                marks.push(Mark::Ring {
                    center,
                    radius: f64::from(self.outline.width) / 2.0,
                    width,
                    color,
                    opacity: 1.0,
                });
            }
        }
        marks.push(Mark::Sprite(self.label, (self.label_box.x, self.label_box.y)));
    }
}

/// The shortest straight line between two boxes that are apart, from the middle of a side where that
/// is possible.
fn connection(from: Rect, to: Rect) -> Option<[(f64, f64); 2]> {
    let along = |start: i32, end: i32, other_start: i32, other_end: i32| {
        if end < other_start {
            (f64::from(end), f64::from(other_start))
        } else if other_end < start {
            (f64::from(start), f64::from(other_end))
        } else {
            let middle = (f64::from(start.max(other_start)) + f64::from(end.min(other_end))) / 2.0;
            (middle, middle)
        }
    };
    let (from_x, to_x) = along(from.x, from.right(), to.x, to.right());
    let (from_y, to_y) = along(from.y, from.bottom(), to.y, to.bottom());
    let apart = from_x != to_x || from_y != to_y;
    apart.then_some([(from_x, from_y), (to_x, to_y)])
}

fn length([from, to]: &[(f64, f64); 2]) -> f64 {
    (from.0 - to.0).hypot(from.1 - to.1)
}
