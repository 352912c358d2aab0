//! What is drawn at one time, as a list, and how it is drawn.

use super::atlas::{Atlas, SpriteId};
use super::camera::Seen;
use super::paint::Painter;
use super::placing::Anchor;
use super::room::Room;
use super::scene::{Layout, Rect};
use super::theme::{Color, Theme};
use crate::pixmap::Pixmap;

/// Everything that overlays show at one time. Equal states are equal pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Where the page's viewport is.
    pub(super) view: Rect,
    /// What of the captured picture is shown there.
    pub(super) source: Rect,
    /// From the bottom to the top.
    pub(super) marks: Vec<Mark>,
    /// Where the cards of errors are.
    pub(super) stack: Option<Stack>,
    /// Where the page leaves room for them.
    pub(super) room: Option<Room>,
    /// Where what is looked at was.
    pub(super) seen: Option<Seen>,
}

/// Where on the page the cards of errors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stack {
    /// Number of the card that matters most.
    pub(super) leader: usize,
    /// The side.
    pub(super) anchor: Anchor,
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

/// Draws a state around and over the page's picture, into `memory`.
pub(super) fn compose(
    mut memory: Vec<u8>,
    page: &Pixmap,
    state: &State,
    (layout, theme, atlas): (&Layout, &Theme, &Atlas),
) -> Pixmap {
    let (width, height) = layout.size();
    let stride = width as usize * 4;
    // What the page is copied over needs no blank ground.
    let covered = if covers(page, state, layout.page) {
        layout.page.height
    } else {
        0
    };
    memory.truncate(covered as usize * stride);
    memory.resize(height as usize * stride, 0);
    let mut out = Pixmap {
        width,
        height,
        data: memory,
    };
    let mut painter = Painter::new(&mut out);
    if state.view != layout.page || page.width < layout.page.width || page.height < layout.page.height {
        painter.fill(layout.page, theme.backdrop);
    }
    let Rect { width, height, .. } = state.view;
    if (state.source.width, state.source.height) == (width, height) {
        painter.copy(page, (state.source.x, state.source.y), state.view);
    } else if let Some(part) = shrunk(page, state.source, width, height) {
        painter.copy(&part, (0, 0), state.view);
    }
    for mark in &state.marks {
        draw(&mut painter, mark, atlas);
    }
    out
}

/// Whether the page's picture is shown as it is, in all of the page's `place`.
fn covers(page: &Pixmap, state: &State, place: Rect) -> bool {
    let Rect { x, y, width, height } = state.source;
    let reaches = |from: i32, length: u32, most: u32| {
        u32::try_from(from).is_ok_and(|from| from.saturating_add(length) <= most)
    };
    state.view == place
        && (width, height) == (place.width, place.height)
        && reaches(x, width, page.width)
        && reaches(y, height, page.height)
}

/// A part of a picture that is captured for closer looks, at the size that is shown.
fn shrunk(page: &Pixmap, source: Rect, width: u32, height: u32) -> Option<Pixmap> {
    let from = (source.x.max(0).unsigned_abs(), source.y.max(0).unsigned_abs());
    let size = (
        source.width.min(page.width.checked_sub(from.0)?),
        source.height.min(page.height.checked_sub(from.1)?),
    );
    page.part_scaled(from, size, width, height).ok()
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
