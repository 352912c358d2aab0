//! Errors: a card each, tied to the target of the click that led there.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::digits::Digits;
use super::options::{OverlayOptions, Part};
use super::places::Wanted;
use super::placing::{Anchor, KeepClear};
use super::room::Strip;
use super::scene::{Layout, Rect};
use super::scenery::Scenery;
use super::state::{Mark, Stack};
use super::story::{ErrorCue, Span, Story, first_after};
use super::target::{Cause, SPOT_MS, Target, fills};
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

/// Errors that come so soon after another, in clip time, follow from it.
pub(super) const BURST_MS: f64 = 1000.0;

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

    /// What is shown at a time, and how large it is.
    fn arranged<'a>(&'a self, scenery: &Scenery<'_>) -> Option<Arranged<'a>> {
        let shown = self.shown_at(scenery.clip_ms);
        let leading = Self::leading(&shown);
        let (number, leader) = shown.get(leading).copied()?;
        let cause = leader.cause.as_ref();
        let target = cause.and_then(|cause| Target::new(cause, scenery));
        // What was clicked is told on the card when it is not in sight.
        let label = cause.filter(|_| target.is_none()).map(|cause| cause.label);
        let most = self.most.unwrap_or(0);
        let bodies = shown.iter().enumerate().map(|(index, (_, card))| {
            let whole = index >= leading && index < leading + most;
            if whole { card.whole } else { card.short }
        });
        let bodies: Vec<SpriteId> = bodies.collect();
        let gap = (scenery.metrics.font / 2).cast_signed();
        let sizes = bodies.iter().map(|body| scenery.atlas.size(*body));
        let label_height = label.map_or(0, |label| scenery.atlas.size(label).1);
        let size = (
            sizes.clone().map(|size| size.0).max().unwrap_or(0),
            sizes.map(|size| size.1 + gap).sum::<i32>() - gap + label_height,
        );
        let clear = KeepClear {
            boxes: target
                .iter()
                .flat_map(|target| [target.kept, target.label_box])
                .chain(leader.answers_in(scenery))
                .collect(),
            spots: scenery.way(leader.span),
            near: target.as_ref().map(|target| target.outline),
            ..KeepClear::default()
        };
        Some(Arranged {
            cards: shown.into_iter().map(|(_, card)| card).collect(),
            leading,
            number,
            bodies,
            target,
            label,
            size,
            clear,
        })
    }

    /// The strip of the page's place, `page`, that the cards need because they would hide what they speak of
    /// wherever they are on the page, or because they are `beside` it already. `last` is where they were.
    pub(super) fn strip(
        &self,
        scenery: &Scenery<'_>,
        page: Rect,
        last: Option<Stack>,
        beside: bool,
    ) -> Option<Strip> {
        self.most?;
        let arranged = self.arranged(scenery)?;
        let stays = beside && last.is_some_and(|last| last.leader == arranged.number);
        // Cards that have a place stay there when the cursor comes; those that have none can still find one.
        let is_free = |last| {
            let (_, stack) = self.place(&arranged, scenery, last);
            arranged.clear.is_free(stack)
        };
        if !stays && (is_free(last) || is_free(None)) {
            return None;
        }
        let near = arranged.clear.near.unwrap_or(page);
        let strip = Strip::for_size(arranged.size, scenery.metrics.margin, page, near);
        strip.filter(|strip| stays || strip.is_worth_it(page))
    }

    /// Where the cards are on the page, or would be.
    fn place(&self, arranged: &Arranged<'_>, scenery: &Scenery<'_>, last: Option<Stack>) -> (Anchor, Rect) {
        let stays = last.filter(|last| last.leader == arranged.number);
        let stays = self.placed.or(stays.map(|last| last.anchor));
        let (clear, size) = (&arranged.clear, arranged.size);
        clear.stay_or_place(stays, size, scenery.area(), &ANCHORS)
    }

    /// Draws cards and target; gives what must not be hidden by anything else. `last` is where the cards
    /// were, and becomes where they are: in the `strip` of the page's place, if there is one.
    pub(super) fn draw(
        &self,
        scenery: &Scenery<'_>,
        strip: Option<(Strip, Rect)>,
        last: &mut Option<Stack>,
        marks: &mut Vec<Mark>,
    ) -> Vec<Rect> {
        let Some(arranged) = self.arranged(scenery) else {
            *last = None;
            return Vec::new();
        };
        let gap = (scenery.metrics.font / 2).cast_signed();
        if self.most.is_none() {
            return arranged.target.map_or_else(Vec::new, |target| {
                target.draw(target.outline, scenery, marks);
                vec![target.outline, target.label_box]
            });
        }
        let (anchor, mut stack) = self.place(&arranged, scenery, *last);
        let Arranged {
            cards,
            leading,
            number,
            bodies,
            target,
            label,
            size,
            clear,
        } = arranged;
        if let Some((strip, page)) = strip {
            let near = clear.near.unwrap_or(scenery.view.rect);
            stack = strip.rect(size, scenery.metrics.margin, page, near);
        }
        *last = Some(Stack {
            leader: number,
            anchor,
        });

        let mut hidden = vec![stack];
        let mut y = stack.y;
        for (index, (card, body)) in cards.into_iter().zip(bodies).enumerate() {
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
                y += scenery.atlas.size(label).1;
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
        let page = scenery.view.rect;
        self.answers
            .iter()
            .filter_map(|answer| scenery.element(answer.node))
            .filter(move |place| !fills(*place, page))
    }
}

/// The cards of one time.
struct Arranged<'a> {
    /// Oldest first.
    cards: Vec<&'a Card>,
    /// Which of them matters most…
    leading: usize,
    /// …and its number among all.
    number: usize,
    /// How each of them is told.
    bodies: Vec<SpriteId>,
    target: Option<Target>,
    /// What was clicked, if that is told on the card.
    label: Option<SpriteId>,
    /// Width and height of all of them.
    size: (i32, i32),
    clear: KeepClear,
}
