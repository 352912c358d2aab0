//! Numbers that change too often for a piece of HTML each: put together from digits.

use super::atlas::{Atlas, SpriteId};
use super::state::Mark;

/// The digits of one look, and what stands between them in clocks and counts.
#[derive(Debug, Clone)]
pub(super) struct Digits {
    glyphs: Vec<(char, SpriteId)>,
}

impl Digits {
    /// `class` is that of the look.
    pub(super) fn new(atlas: &mut Atlas, class: &str) -> Digits {
        let glyph = |character: char| {
            let width = if character.is_ascii_digit() { "digit" } else { "" };
            let html = format!("<span class=\"{class} {width}\">{character}</span>");
            (character, atlas.add(html))
        };
        Digits {
            glyphs: "0123456789:.- ×".chars().map(glyph).collect(),
        }
    }

    /// Width of `text` in pixels.
    pub(super) fn width(&self, text: &str, atlas: &Atlas) -> i32 {
        text.chars()
            .filter_map(|character| self.glyph(character))
            .map(|sprite| atlas.size(sprite).0)
            .sum()
    }

    /// Draws `text` so that it ends at `right`; gives where it begins.
    pub(super) fn draw(&self, text: &str, right: i32, y: i32, atlas: &Atlas, marks: &mut Vec<Mark>) -> i32 {
        let mut x = right;
        for sprite in text.chars().rev().filter_map(|character| self.glyph(character)) {
            x -= atlas.size(sprite).0;
            marks.push(Mark::Sprite(sprite, (x, y)));
        }
        x
    }

    fn glyph(&self, character: char) -> Option<SpriteId> {
        let found = self.glyphs.iter().find(|(known, _)| *known == character);
        found.map(|(_, sprite)| *sprite)
    }
}
