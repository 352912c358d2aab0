//! Words over the page: badges where somebody was frustrated, names of pages and markers, captions.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::options::{OverlayOptions, Part};
use super::places::Wanted;
use super::placing::{Anchor, KeepClear};
use super::scene::{Layout, Rect};
use super::scenery::Scenery;
use super::state::Mark;
use super::story::{ErrorCue, FrustrationCue, Span, Story};
use super::target::fills;
use super::theme::Metrics;
use crate::recording::{FrustrationKind, NodeId};

/// Draws the words over the page in a clip.
#[derive(Debug, Clone)]
pub(super) struct Notes {
    badges: Vec<Badge>,
    notes: Vec<Words>,
    captions: Vec<Words>,
    /// Where captions and names were asked to be.
    placed: (Option<Anchor>, Option<Anchor>),
}

#[derive(Debug, Clone)]
struct Words {
    span: Span,
    text: SpriteId,
}

/// Where captions like to be…
const CAPTIONS: [Anchor; 6] = [
    Anchor::Bottom,
    Anchor::Top,
    Anchor::BottomRight,
    Anchor::BottomLeft,
    Anchor::TopRight,
    Anchor::TopLeft,
];

/// …and names of pages and markers.
const NOTES: [Anchor; 6] = [
    Anchor::Top,
    Anchor::TopLeft,
    Anchor::Bottom,
    Anchor::BottomLeft,
    Anchor::TopRight,
    Anchor::BottomRight,
];

#[derive(Debug, Clone)]
struct Badge {
    span: Span,
    text: SpriteId,
    /// Recording time of its click.
    recording: f64,
    node: Option<NodeId>,
    position: Option<(f64, f64)>,
}

impl Notes {
    pub(super) fn new(
        story: &Story,
        layout: &Layout,
        options: &OverlayOptions,
        metrics: &Metrics,
        atlas: &mut Atlas,
    ) -> Notes {
        let room = layout.page.width.saturating_sub(2 * metrics.margin);
        let mut notes = Notes {
            badges: Vec::new(),
            notes: Vec::new(),
            captions: Vec::new(),
            placed: (options.placed(Part::Captions), options.placed(Part::Notes)),
        };
        if options.shows(Part::Badges) {
            // A click that its error points to needs no badge as well.
            let told = options.shows_target();
            let told = |cue: &&FrustrationCue| {
                let causes = |error: &ErrorCue| error.cause.as_ref().is_some_and(|click| cue.is_at(click));
                told && cue.kind == FrustrationKind::ErrorClick && story.errors.iter().any(causes)
            };
            let badges = story.frustrations.iter().filter(|cue| !told(cue));
            notes.badges.extend(badges.map(|cue| Badge {
                span: cue.span,
                text: atlas.add(cards::frustration(cue)),
                recording: cue.recording,
                node: cue.node,
                position: cue.position,
            }));
        }
        if options.shows(Part::Notes) {
            notes.notes.extend(story.notes.iter().map(|cue| Words {
                span: cue.span,
                text: atlas.add(cards::note(cue, room)),
            }));
        }
        if options.shows(Part::Captions) {
            let room = room.min(metrics.font * 44);
            notes.captions.extend(story.captions.iter().map(|cue| Words {
                span: cue.span,
                text: atlas.add(cards::caption(&cue.text, room)),
            }));
        }
        notes
    }

    pub(super) fn wanted_at(&self, clip_ms: f64) -> impl Iterator<Item = Wanted> {
        let shown = self.badges.iter().filter(move |badge| badge.span.holds(clip_ms));
        shown.filter_map(|badge| {
            Some(Wanted {
                node: badge.node?,
                since: badge.recording,
            })
        })
    }

    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let badges = self.badges.iter().map(|badge| badge.span);
        let words = self.notes.iter().chain(&self.captions).map(|words| words.span);
        let times = badges.chain(words).flat_map(|span| [span.from, span.until]);
        times.filter(|time| *time > clip_ms).min_by(f64::total_cmp)
    }

    /// Draws all but on what is `taken` already.
    pub(super) fn draw(&self, scenery: &Scenery<'_>, mut taken: Vec<Rect>, marks: &mut Vec<Mark>) {
        for badge in self
            .badges
            .iter()
            .filter(|badge| badge.span.holds(scenery.clip_ms))
        {
            if let Some(place) = badge.place(scenery, &taken) {
                marks.push(Mark::Sprite(badge.text, (place.x, place.y)));
                taken.push(place);
            }
        }
        self.captions
            .iter()
            .for_each(|words| words.draw(scenery, (self.placed.0, &CAPTIONS), &mut taken, marks));
        self.notes
            .iter()
            .for_each(|words| words.draw(scenery, (self.placed.1, &NOTES), &mut taken, marks));
    }
}

impl Words {
    fn draw(
        &self,
        scenery: &Scenery<'_>,
        (placed, anchors): (Option<Anchor>, &[Anchor]),
        taken: &mut Vec<Rect>,
        marks: &mut Vec<Mark>,
    ) {
        if !self.span.holds(scenery.clip_ms) {
            return;
        }
        let clear = KeepClear {
            drawn: taken.clone(),
            spots: scenery.way(self.span),
            ..KeepClear::default()
        };
        let size = scenery.atlas.size(self.text);
        let (_, place) = clear.stay_or_place(placed, size, scenery.area(), anchors);
        marks.push(Mark::Sprite(self.text, (place.x, place.y)));
        taken.push(place);
    }
}

impl Badge {
    /// Beside its spot, but not on the element that was clicked.
    fn place(&self, scenery: &Scenery<'_>, taken: &[Rect]) -> Option<Rect> {
        let element = self.node.and_then(|node| scenery.element(node));
        let is_known = self
            .node
            .is_some_and(|node| scenery.places.element(node).is_some());
        if is_known && element.is_none() {
            // It has left the view.
            return None;
        }
        let spot = match (self.position, element) {
            (Some(position), _) => scenery.spot(self.node, position)?,
            (None, Some(element)) => (
                f64::from(element.x) + f64::from(element.width) / 2.0,
                f64::from(element.y) + f64::from(element.height) / 2.0,
            ),
            (None, None) => return None,
        };
        let reach = scenery.metrics.cursor.cast_signed();
        // Of what fills much of the page, the spot matters.
        let small = element.filter(|element| !fills(*element, scenery.view.rect));
        let around = small.unwrap_or(Rect {
            x: spot.0 as i32 - reach,
            y: spot.1 as i32 - reach,
            width: 2 * scenery.metrics.cursor,
            height: 2 * scenery.metrics.cursor,
        });
        let (width, height) = scenery.atlas.size(self.text);
        let area = scenery.area();
        let gap = (scenery.metrics.font / 2).cast_signed();
        let inside = |x: i32, y: i32| Rect {
            x: x.min(area.right() - width).max(area.x),
            y: y.min(area.bottom() - height).max(area.y),
            width: width.unsigned_abs(),
            height: height.unsigned_abs(),
        };
        let center = spot.0 as i32 - width / 2;
        let middle = spot.1 as i32 - height / 2;
        let places = [
            inside(center, around.y - height - gap),
            inside(center, around.bottom() + gap),
            inside(around.right() + gap, middle),
            inside(around.x - width - gap, middle),
        ];
        let clear = KeepClear {
            boxes: vec![around],
            drawn: taken.to_vec(),
            ..KeepClear::default()
        };
        Some(clear.best_of(places.into_iter()))
    }
}
