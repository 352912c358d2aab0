//! What is drawn at one time, as a list, and how it is drawn.

use super::atlas::{Atlas, SpriteId};
use super::paint::Painter;
use super::scene::{Layout, Rect};
use super::theme::{Color, Theme};
use crate::pixmap::Pixmap;

/// Everything that overlays show at one time. Equal states are equal pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Where the page's viewport is.
    pub(super) view: Rect,
    /// From the bottom to the top.
    pub(super) marks: Vec<Mark>,
}

/// One thing that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    /// A filled rectangle.
    Fill(Rect, Color),
    /// A piece of the atlas, by its top left corner.
    Sprite(SpriteId, (i32, i32)),
    /// The start of a piece, so many pixels wide.
    SpriteStart(SpriteId, (i32, i32), u32),
    /// A filled disc; opacity from 0 to 1.
    Disc {
        center: (f64, f64),
        radius: f64,
        color: Color,
        opacity: f64,
    },
    /// A ring; `radius` is that of the middle of its line.
    Ring {
        center: (f64, f64),
        radius: f64,
        width: f64,
        color: Color,
        opacity: f64,
    },
    /// Lines from point to point with round corners and ends.
    Line {
        points: Vec<(f64, f64)>,
        width: f64,
        color: Color,
        opacity: f64,
    },
}

/// Draws a state around and over the page's picture.
pub(super) fn compose(page: &Pixmap, state: &State, layout: &Layout, theme: &Theme, atlas: &Atlas) -> Pixmap {
    let (width, height) = layout.size();
    let mut out = Pixmap {
        width,
        height,
        data: vec![0; width as usize * height as usize * 4],
    };
    let mut painter = Painter::new(&mut out);
    if state.view != layout.page || page.width < layout.page.width || page.height < layout.page.height {
        painter.fill(layout.page, theme.backdrop);
    }
    painter.copy(page, state.view);
    for mark in &state.marks {
        draw(&mut painter, mark, atlas);
    }
    out
}

fn draw(painter: &mut Painter<'_>, mark: &Mark, atlas: &Atlas) {
    match mark {
        Mark::Fill(rect, color) => painter.fill(*rect, *color),
        Mark::Sprite(sprite, (x, y)) => {
            if let Some(picture) = atlas.picture(*sprite) {
                painter.blend(picture, *x, *y);
            }
        }
        Mark::SpriteStart(sprite, (x, y), width) => {
            if let Some(picture) = atlas.picture(*sprite) {
                painter.blend_start(picture, *x, *y, *width);
            }
        }
        Mark::Disc {
            center,
            radius,
            color,
            opacity,
        } => painter.disc(*center, *radius, *color, *opacity),
        Mark::Ring {
            center,
            radius,
            width,
            color,
            opacity,
        } => painter.ring(*center, *radius, *width, *color, *opacity),
        Mark::Line {
            points,
            width,
            color,
            opacity,
        } => painter.line(points, *width, *color, *opacity),
    }
}
