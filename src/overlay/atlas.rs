//! Pieces of HTML that the browser draws once, and their pixels.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::theme::{Metrics, Theme};
use crate::pixmap::Pixmap;
use crate::stage::SheetPicture;

/// What all pieces share: no page's style reaches them, and theirs reaches no page.
const STYLE: &str = include_str!("../../assets/overlay.css");

/// Most pieces on one sheet.
const MOST_ON_A_SHEET: usize = 150;

/// A piece of an [`Atlas`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpriteId(usize);

/// Collects pieces of HTML, and later holds their pictures.
#[derive(Debug, Clone, Default)]
pub(super) struct Atlas {
    /// By their HTML, so that none is drawn twice.
    known: BTreeMap<String, usize>,
    pieces: Vec<String>,
    /// As many as there are pieces, once they are loaded; empty pictures for those that were not drawn.
    pictures: Vec<Pixmap>,
}

impl Atlas {
    /// A piece to be drawn: one element of trusted HTML, with what is from outside [`escaped`].
    pub(super) fn add(&mut self, html: String) -> SpriteId {
        if let Some(known) = self.known.get(&html) {
            return SpriteId(*known);
        }
        let id = self.pieces.len();
        self.known.insert(html.clone(), id);
        self.pieces.push(html);
        SpriteId(id)
    }

    /// The sheets with all pieces, `width` pixels wide: several when there are many, for a sheet's
    /// height has bounds.
    pub(super) fn sheets(&self, theme: &Theme, metrics: &Metrics, width: u32) -> Vec<String> {
        let mut start = format!("<style>{STYLE}</style><div class=sheet style=\"width:{width}px");
        // Writing to a string cannot fail.
        for (name, length) in [("font", metrics.font), ("line", metrics.line)] {
            let _ = write!(start, ";--{name}:{length}px");
        }
        for (name, color) in theme.variables() {
            let _ = write!(start, ";--{name}:{color}");
        }
        start.push_str("\">");
        let numbered: Vec<(usize, &String)> = self.pieces.iter().enumerate().collect();
        let sheet = |pieces: &[(usize, &String)]| {
            let mut sheet = start.clone();
            for (id, piece) in pieces {
                let _ = write!(sheet, "<div class=piece data-sprite={id}>{piece}</div>");
            }
            sheet.push_str("</div>");
            sheet
        };
        numbered.chunks(MOST_ON_A_SHEET).map(sheet).collect()
    }

    /// Cuts the pieces out of the sheet's pictures.
    pub(super) fn load(&mut self, sheets: &[SheetPicture]) {
        let nothing = || Pixmap {
            width: 0,
            height: 0,
            data: Vec::new(),
        };
        self.pictures = self.pieces.iter().map(|_| nothing()).collect();
        for sheet in sheets {
            for sprite in &sheet.sprites {
                let slot = sprite
                    .name
                    .parse()
                    .ok()
                    .and_then(|id: usize| self.pictures.get_mut(id));
                if let Some(slot) = slot {
                    // Layout has its own fractions of pixels, which add up along a row.
                    let (x, y) = (sprite.x.round().max(0.0), sprite.y.round().max(0.0));
                    let (width, height) = ((sprite.width - 0.2).ceil(), (sprite.height - 0.2).ceil());
                    *slot = cut(sheet, x as u32, y as u32, (x + width) as u32, (y + height) as u32);
                }
            }
        }
    }

    /// Pixels of a piece, with straight alpha; `None` before it is loaded.
    pub(super) fn picture(&self, sprite: SpriteId) -> Option<&Pixmap> {
        self.pictures.get(sprite.0)
    }

    /// Width and height of a piece; nothing before it is loaded.
    pub(super) fn size(&self, sprite: SpriteId) -> (i32, i32) {
        self.picture(sprite).map_or((0, 0), |picture| {
            (picture.width.cast_signed(), picture.height.cast_signed())
        })
    }
}

/// A part of a sheet with its transparency: on black a colour shows as `colour × alpha`, on white it is
/// brighter by `255 × (1 - alpha)`.
fn cut(sheet: &SheetPicture, left: u32, top: u32, right: u32, bottom: u32) -> Pixmap {
    let right = right.min(sheet.on_black.width).min(sheet.on_white.width);
    let bottom = bottom.min(sheet.on_black.height).min(sheet.on_white.height);
    let (width, height) = (right.saturating_sub(left), bottom.saturating_sub(top));
    let mut data = Vec::with_capacity(width as usize * height as usize * 4);
    for y in top..bottom {
        let row = |picture: &Pixmap| {
            let start = (y as usize * picture.width as usize + left as usize) * 4;
            start..start + width as usize * 4
        };
        let black = sheet.on_black.data.get(row(&sheet.on_black)).unwrap_or_default();
        let white = sheet.on_white.data.get(row(&sheet.on_white)).unwrap_or_default();
        for (black, white) in black.chunks_exact(4).zip(white.chunks_exact(4)) {
            data.extend_from_slice(&unmatted(black, white));
        }
    }
    if data.len() != width as usize * height as usize * 4 {
        data.resize(width as usize * height as usize * 4, 0);
    }
    Pixmap { width, height, data }
}

/// The pixel that looks like `black` on black and like `white` on white.
fn unmatted(black: &[u8], white: &[u8]) -> [u8; 4] {
    let ([red, green, blue, _], [_, white_green, ..]) = (black, white) else {
        return [0; 4];
    };
    // Any channel would do; green is the most exact where text is drawn with subpixels.
    let alpha = 255 - white_green.saturating_sub(*green);
    if alpha == 0 {
        return [0; 4];
    }
    let straight = |channel: u8| {
        let value = (u32::from(channel) * 255 + u32::from(alpha) / 2) / u32::from(alpha);
        value.min(255) as u8
    };
    [straight(*red), straight(*green), straight(*blue), alpha]
}

/// Text from outside, as it may stand in HTML and in quoted attributes. What cannot be seen becomes
/// blank, so that it cannot turn the line around or break it; `most` characters are kept.
pub(super) fn escaped(text: &str, most: usize) -> String {
    let mut escaped = String::with_capacity(text.len().min(most * 4));
    let mut rest = text.chars();
    for character in rest.by_ref().take(most) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    if rest.next().is_some() {
        escaped.push('…');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::SpriteBox;

    #[test]
    fn transparency_comes_back_from_two_grounds() {
        // Half red: 128 of 255.
        assert_eq!(
            unmatted(&[128, 0, 0, 255], &[255, 127, 127, 255]),
            [255, 0, 0, 128]
        );
        assert_eq!(
            unmatted(&[10, 20, 30, 255], &[10, 20, 30, 255]),
            [10, 20, 30, 255]
        );
        assert_eq!(unmatted(&[0, 0, 0, 255], &[255, 255, 255, 255]), [0; 4]);
    }

    #[test]
    fn a_piece_is_drawn_once_and_found_by_its_number() {
        let mut atlas = Atlas::default();
        let one = atlas.add("<i>1</i>".into());
        let two = atlas.add("<i>2</i>".into());
        assert_eq!(atlas.add("<i>1</i>".into()), one);
        let picture = |shade| Pixmap {
            width: 4,
            height: 2,
            data: [shade, shade, shade, 255].repeat(8),
        };
        let sprites = vec![SpriteBox {
            name: "1".into(),
            x: 0.9,
            y: 0.0,
            width: 40.0,
            height: 1.9,
        }];
        atlas.load(&[SheetPicture {
            on_black: picture(7),
            on_white: picture(7),
            sprites,
        }]);
        assert_eq!(atlas.size(one), (0, 0));
        assert_eq!(atlas.size(two), (3, 2));
        assert_eq!(atlas.picture(two).unwrap().data[..4], [7, 7, 7, 255]);
    }

    #[test]
    fn many_pieces_are_on_several_sheets_under_their_own_numbers() {
        let mut atlas = Atlas::default();
        for number in 0..MOST_ON_A_SHEET + 1 {
            atlas.add(format!("<i>{number}</i>"));
        }
        let options = crate::overlay::OverlayOptions::default();
        let sheets = atlas.sheets(&Theme::new(&options), &Metrics::for_width(800), 800);
        let [first, second] = &sheets[..] else {
            panic!("{} sheets", sheets.len())
        };
        assert!(first.contains("data-sprite=0>") && !first.contains("data-sprite=150>"));
        assert!(second.contains("data-sprite=150><i>150</i>"));
    }

    #[test]
    fn text_from_outside_stays_text() {
        assert_eq!(escaped("<b a='\"'>&", 99), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(escaped("a\n\u{202e}b", 99), "a b");
        assert_eq!(escaped("abcdef", 3), "abc…");
    }
}
