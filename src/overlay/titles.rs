//! The card before the clip, which says what it is about, and the one after it, which says what happened.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::options::{OverlayOptions, Part};
use super::scene::{Layout, Rect};
use super::state::Mark;
use super::story::Story;
use super::theme::{Metrics, Theme};
use crate::clip::{Clip, SegmentKind};

/// How long the first card is shown, in clip time.
pub(super) const TITLE_MS: u64 = 2500;

/// How long the last card is shown, in clip time.
pub(super) const ENDING_MS: u64 = 4000;

/// The cards around a clip.
#[derive(Debug, Clone)]
pub(super) struct Titles {
    title: SpriteId,
    /// Clip time at which the page is seen.
    begins: f64,
    ending: SpriteId,
    /// Clip time until which the page is seen.
    ends: f64,
}

/// Whether a clip has such cards.
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
        let first = clip.map.segments().first()?;
        let length = clip.map.length() as f64;
        let ends = length - ENDING_MS as f64;
        if !wanted(options) || first.kind != SegmentKind::Hold || ends <= clip.map.play_length() {
            return None;
        }
        let room = layout.page.width.saturating_sub(4 * metrics.margin);
        Some(Titles {
            title: atlas.add(cards::title(options, clip, room)),
            begins: first.clip.end.min(TITLE_MS as f64),
            ending: atlas.add(cards::ending(options, story, room)),
            ends,
        })
    }

    fn card_at(&self, clip_ms: f64) -> Option<SpriteId> {
        if clip_ms < self.begins {
            Some(self.title)
        } else if clip_ms >= self.ends {
            Some(self.ending)
        } else {
            None
        }
    }

    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        [self.begins, self.ends].into_iter().find(|time| *time > clip_ms)
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
        let Some(card) = self.card_at(clip_ms) else {
            return false;
        };
        let (width, height) = atlas.size(card);
        let middle = |start: i32, room: u32, length: i32| start + (room.cast_signed() - length) / 2;
        marks.push(Mark::Fill(page, theme.ground));
        marks.push(Mark::Sprite(
            card,
            (
                middle(page.x, page.width, width),
                middle(page.y, page.height, height).max(page.y),
            ),
        ));
        true
    }
}
