//! The card before the clip, which says what it is about, and the one after it, which says what happened.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::options::{OverlayOptions, Part};
use super::scene::{Layout, Rect};
use super::state::Mark;
use super::story::{Span, Story};
use super::theme::{Metrics, Theme};
use crate::clip::{Clip, Segment, SegmentKind, TimeMap};

/// How long the first card is shown, in clip time.
pub(super) const TITLE_MS: u64 = 2500;

/// How long the last card is shown, in clip time.
pub(super) const ENDING_MS: u64 = 4000;

/// How long the card between two parts is shown before the time that is left out, in clip time.
pub(super) const PART_MS: u64 = 1600;

/// The cards around a clip and between its parts.
#[derive(Debug, Clone)]
pub(super) struct Titles {
    /// In order and apart.
    cards: Vec<(Span, SpriteId)>,
}

/// Whether a clip has cards before and after it.
pub(super) fn wanted(options: &OverlayOptions) -> bool {
    let words = [&options.title, &options.ticket, &options.link];
    options.shows(Part::Titles) && words.into_iter().flatten().any(|text| !text.trim().is_empty())
}

impl Titles {
    /// The cards of a clip with time for them; `None` without.
    pub(super) fn new(
        clip: &Clip,
        story: &Story,
        layout: &Layout,
        options: &OverlayOptions,
        metrics: &Metrics,
        atlas: &mut Atlas,
    ) -> Option<Titles> {
        let room = layout.page.width.saturating_sub(4 * metrics.margin);
        let mut cards = Vec::new();
        if options.shows(Part::Titles) {
            cards = parts(clip, story, room, atlas);
        }
        let first = clip.map.segments().first()?;
        let length = clip.map.length() as f64;
        let ends = length - ENDING_MS as f64;
        if wanted(options) && first.kind == SegmentKind::Hold && ends > clip.map.play_length() {
            let title = Span {
                from: 0.0,
                until: first.clip.end.min(TITLE_MS as f64),
            };
            let ending = Span {
                from: ends,
                until: f64::INFINITY,
            };
            cards.insert(0, (title, atlas.add(cards::title(options, clip, room))));
            cards.push((ending, atlas.add(cards::ending(options, story, room))));
        }
        (!cards.is_empty()).then_some(Titles { cards })
    }

    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let edges = self.cards.iter().flat_map(|(span, _)| [span.from, span.until]);
        edges
            .filter(|time| *time > clip_ms && time.is_finite())
            .min_by(f64::total_cmp)
    }

    /// Covers the page with the card of that time; `false` when there is none.
    pub(super) fn draw(
        &self,
        clip_ms: f64,
        page: Rect,
        theme: &Theme,
        atlas: &Atlas,
        marks: &mut Vec<Mark>,
    ) -> bool {
        let Some((_, card)) = self.cards.iter().find(|(span, _)| span.holds(clip_ms)) else {
            return false;
        };
        let (width, height) = atlas.size(*card);
        let middle = |start: i32, room: u32, length: i32| start + (room.cast_signed() - length) / 2;
        marks.push(Mark::Fill(page, theme.ground));
        marks.push(Mark::Sprite(
            *card,
            (
                middle(page.x, page.width, width),
                middle(page.y, page.height, height).max(page.y),
            ),
        ));
        true
    }
}

/// The cards between the parts of a clip: each says what comes.
fn parts(clip: &Clip, story: &Story, room: u32, atlas: &mut Atlas) -> Vec<(Span, SpriteId)> {
    let segments = clip.map.segments();
    let cuts: Vec<usize> = (0..segments.len())
        .filter(|at| matches!(segments.get(*at), Some(segment) if is_cut(segment)))
        .collect();
    let count = cuts.len() + 1;
    let card = |(number, at): (usize, &usize)| {
        let cut = segments.get(*at)?;
        let SegmentKind::Cut { skipped_ms } = cut.kind else {
            return None;
        };
        // The clip stands still before it, so that the card can be read.
        let held = at
            .checked_sub(1)
            .and_then(|before| segments.get(before))
            .filter(|before| before.kind == SegmentKind::Hold)
            .map_or(cut.clip.start, |hold| {
                hold.clip.start.max(cut.clip.start - PART_MS as f64)
            });
        let until = cuts
            .get(number + 1)
            .and_then(|next| segments.get(*next))
            .map_or(f64::INFINITY, |next| next.clip.start);
        let comes = |time: &f64| (cut.clip.end..until).contains(time);
        let error = story.errors.iter().find(|error| error.times.iter().any(comes));
        let html = cards::part(
            (number + 2, count),
            clip.since_origin(cut.recording.end),
            skipped_ms,
            error,
            room,
        );
        let span = Span {
            from: held,
            until: cut.clip.end,
        };
        Some((span, atlas.add(html)))
    };
    cuts.iter().enumerate().filter_map(card).collect()
}

fn is_cut(segment: &Segment) -> bool {
    matches!(segment.kind, SegmentKind::Cut { .. })
}

/// The same time map, standing still before each part but the first: until what is there can have been
/// read, and for as long as the card takes.
pub(super) fn with_time_before_parts(map: &TimeMap, reading: &[Span], card_ms: u64) -> TimeMap {
    let cuts = map.segments().iter().filter(|segment| is_cut(segment));
    cuts.rev().fold(map.clone(), |map, cut| {
        let begun = reading.iter().filter(|error| error.from < cut.clip.start);
        let late = begun
            .map(|error| error.until - cut.clip.start)
            .fold(0.0, f64::max);
        map.with_hold(cut.recording.start, late.ceil() as u64 + card_ms)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_when_it_can_have_been_read() {
        let segment = |kind, clip: (f64, f64), recording: (f64, f64)| Segment {
            kind,
            clip: clip.0..clip.1,
            recording: recording.0..recording.1,
        };
        let map = TimeMap::of(vec![
            segment(SegmentKind::Play, (0.0, 2000.0), (0.0, 2000.0)),
            segment(
                SegmentKind::Cut { skipped_ms: 8000.0 },
                (2000.0, 3000.0),
                (2000.0, 10_000.0),
            ),
            segment(SegmentKind::Play, (3000.0, 5000.0), (10_000.0, 12_000.0)),
            segment(SegmentKind::Hold, (5000.0, 6000.0), (12_000.0, 12_000.0)),
        ]);
        let read = |from, until| Span { from, until };
        let later = with_time_before_parts(&map, &[read(1500.0, 5500.0), read(4000.0, 9000.0)], 1600);
        let holds: Vec<_> = later
            .segments()
            .iter()
            .filter(|segment| segment.kind == SegmentKind::Hold)
            .map(|segment| segment.clip.clone())
            .collect();
        assert_eq!(holds, [2000.0..7100.0, 10_100.0..11_100.0]);
        let cut = later.segments().iter().find(|segment| is_cut(segment));
        assert_eq!(cut.map(|cut| cut.clip.clone()), Some(7100.0..8100.0));
    }
}
