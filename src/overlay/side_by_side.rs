//! Two clips side by side on one clock: what stands above them, and where they go. The browser lays it out
//! and draws its texts once; pictures and clock are put into the places that are left for them.

use std::fmt::Write as _;

use super::atlas::escaped;
use super::options::OverlayOptions;
use super::paint::Painter;
use super::scene::Rect;
use super::theme::{Metrics, Theme};
use crate::pixmap::Pixmap;
use crate::stage::{SheetPicture, SpriteBox};

const STYLE: &str = include_str!("../../assets/compare.css");

/// What the clock is put together from.
const GLYPHS: &str = "0123456789.+−s ";

/// Longest texts, in characters.
const MOST_TEXT: usize = 160;

/// What stands above one of the clips.
#[derive(Debug, Clone, Copy)]
pub struct SideHead<'a> {
    /// One word for what it shows.
    pub kind: &'a str,
    /// Which session it is.
    pub label: &'a str,
    /// It shows the problem.
    pub failing: bool,
    /// Width and height of its frames in output pixels.
    pub size: (u32, u32),
}

/// Two clips side by side.
#[derive(Debug, Clone)]
pub struct SideBySide {
    html: String,
    width: u32,
    height: u32,
    ground: Pixmap,
    places: [(i32, i32); 2],
    clock: Rect,
    glyphs: Vec<(char, Pixmap)>,
}

impl SideBySide {
    /// Between the two clips, in output pixels.
    pub const GAP: u32 = 4;

    /// Plans the picture of two clips, the one that fails on the left. `step` names what they are aligned at. Both
    /// sides of the picture are even, as videos want them.
    pub fn new(step: &str, sides: &[SideHead<'_>; 2], options: &OverlayOptions) -> SideBySide {
        let [left, right] = sides;
        let width = (left.size.0 + Self::GAP + right.size.0).next_multiple_of(2);
        let metrics = Metrics::for_width(width);
        let row = metrics.font * 2;
        let below = left.size.1.max(right.size.1);
        let height = (2 * row + below).next_multiple_of(2);
        let mut html =
            format!("<style>{STYLE}</style><div class=compare data-sprite=all style=\"width:{width}px");
        // Writing to a string cannot fail.
        for (name, length) in [("font", metrics.font), ("row", row), ("gap", Self::GAP)] {
            let _ = write!(html, ";--{name}:{length}px");
        }
        for (name, color) in Theme::new(options).variables() {
            let _ = write!(html, ";--{name}:{color}");
        }
        let _ = write!(
            html,
            "\"><div class=top><span class=words>Aligned at <b>{}</b></span><div class=clock data-sprite=clock></div></div>\
             <div class=sides>",
            escaped(step, MOST_TEXT)
        );
        for (index, side) in sides.iter().enumerate() {
            let class = if side.failing { "bad" } else { "good" };
            let _ = write!(
                html,
                "<div class=\"side {class}\" style=\"width:{}px;height:{}px\"><div class=head><span class=kind>{}</span>\
                 <span class=words>{}</span></div><div data-sprite=side{index} style=\"width:{}px;height:{}px\"></div></div>",
                side.size.0,
                row + below,
                escaped(side.kind, MOST_TEXT),
                escaped(side.label, MOST_TEXT),
                side.size.0,
                side.size.1
            );
        }
        html.push_str("</div><div class=glyphs>");
        for (index, glyph) in GLYPHS.chars().enumerate() {
            let _ = write!(html, "<span data-sprite=glyph{index}>{glyph}</span>");
        }
        html.push_str("</div></div>");
        SideBySide {
            html,
            width,
            height,
            ground: Pixmap {
                width,
                height,
                data: vec![0; width as usize * height as usize * 4],
            },
            places: [(0, 0); 2],
            clock: Rect::default(),
            glyphs: Vec::new(),
        }
    }

    /// Width and height in output pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// What the browser has to draw, at this width.
    pub fn sheet(&self) -> &str {
        &self.html
    }

    /// Takes the picture of the sheet.
    pub fn load(&mut self, sheet: &SheetPicture) {
        let sprite = |name: &str| sheet.sprites.iter().find(|sprite| sprite.name == name);
        let place = |sprite: Option<&SpriteBox>| {
            sprite.map_or((0, 0), |sprite| {
                (sprite.x.round() as i32, sprite.y.round() as i32)
            })
        };
        let rect = |sprite: &SpriteBox| Rect {
            x: sprite.x.round() as i32,
            y: sprite.y.round() as i32,
            width: sprite.width.round().max(0.0) as u32,
            height: sprite.height.round().max(0.0) as u32,
        };
        let whole = Rect {
            width: self.width,
            height: self.height,
            ..Rect::default()
        };
        self.ground = cut(&sheet.on_white, whole);
        self.places = [place(sprite("side0")), place(sprite("side1"))];
        self.clock = sprite("clock").map(rect).unwrap_or_default();
        self.glyphs = GLYPHS
            .chars()
            .enumerate()
            .filter_map(|(index, glyph)| {
                let found = sprite(&format!("glyph{index}"))?;
                Some((glyph, cut(&sheet.on_white, rect(found))))
            })
            .collect();
    }

    /// Both pictures in their places, and the clock: milliseconds of recording time since the step.
    pub fn compose(&self, pictures: [&Pixmap; 2], since_ms: f64) -> Pixmap {
        let mut out = self.ground.clone();
        let mut painter = Painter::new(&mut out);
        for (picture, (x, y)) in pictures.into_iter().zip(self.places) {
            let place = Rect {
                x,
                y,
                width: picture.width,
                height: picture.height,
            };
            painter.copy(picture, (0, 0), place);
        }
        let mut x = self.clock.right();
        for glyph in clock(since_ms).chars().rev() {
            if let Some((_, picture)) = self.glyphs.iter().find(|(known, _)| *known == glyph) {
                x = x.saturating_sub_unsigned(picture.width);
                let place = Rect {
                    x,
                    y: self.clock.y,
                    width: picture.width,
                    height: picture.height,
                };
                painter.copy(picture, (0, 0), place);
            }
        }
        out
    }
}

/// Time since the step, as it is shown.
fn clock(since_ms: f64) -> String {
    let tenths = (since_ms / 100.0).round() / 10.0;
    let sign = match tenths {
        tenths if tenths < 0.0 => "−",
        tenths if tenths > 0.0 => "+",
        _ => "",
    };
    format!("{sign}{:.1} s", tenths.abs())
}

/// A part of an opaque picture; what is outside of it is black.
fn cut(picture: &Pixmap, part: Rect) -> Pixmap {
    let mut out = Pixmap {
        width: part.width,
        height: part.height,
        data: [0, 0, 0, 255].repeat(part.width as usize * part.height as usize),
    };
    let whole = Rect { x: 0, y: 0, ..part };
    Painter::new(&mut out).copy(picture, (part.x, part.y), whole);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_count_from_the_step() {
        assert_eq!(clock(-2449.0), "−2.4 s");
        assert_eq!(clock(-20.0), "0.0 s");
        assert_eq!(clock(1950.0), "+2.0 s");
        assert!(clock(123_456.0).chars().all(|glyph| GLYPHS.contains(glyph)));
    }

    #[test]
    fn pictures_lie_in_their_places() {
        let head = |failing, size| SideHead {
            kind: "Failing",
            label: "<i>a",
            failing,
            size,
        };
        let mut both = SideBySide::new(
            "Clicked <b>",
            &[head(true, (3, 5)), head(false, (4, 2))],
            &OverlayOptions::default(),
        );
        assert!(both.sheet().contains("Clicked &lt;b&gt;") && !both.sheet().contains("<i>"));
        let (width, height) = both.size();
        assert_eq!((width % 2, height % 2), (0, 0));
        let plain = |width, height, value: u8| Pixmap {
            width,
            height,
            data: vec![value; width as usize * height as usize * 4],
        };
        let sprite = |name: &str, x| SpriteBox {
            name: name.to_owned(),
            x,
            y: 6.0,
            width: 1.0,
            height: 1.0,
        };
        both.load(&SheetPicture {
            on_black: plain(width, height, 9),
            on_white: plain(width, height, 9),
            sprites: vec![sprite("side0", 0.0), sprite("side1", 7.0)],
        });
        let out = both.compose([&plain(3, 5, 1), &plain(4, 2, 2)], 0.0);
        let row = 6 * width as usize * 4;
        let reds: Vec<u8> = out.data[row..].chunks(4).take(12).map(|pixel| pixel[0]).collect();
        assert_eq!(reds, [1, 1, 1, 9, 9, 9, 9, 2, 2, 2, 2, 9]);
    }
}
