//! How the pointer, clicks and touches look.

use super::{Cursor, PointerState, Ripple};
use crate::overlay::atlas::{Atlas, SpriteId};
use crate::overlay::options::{OverlayOptions, Part};
use crate::overlay::scene::View;
use crate::overlay::state::Mark;
use crate::overlay::theme::{Color, Metrics, Theme};

const WHITE: Color = Color(255, 255, 255);
const BLACK: Color = Color(0, 0, 0);

/// Draws the pointer of a clip.
#[derive(Debug, Clone)]
pub(in crate::overlay) struct PointerLook {
    arrow: Option<Arrow>,
    clicks: bool,
    color: Color,
    /// The unit of all sizes: the height of the arrow.
    size: f64,
}

#[derive(Debug, Clone)]
struct Arrow {
    free: SpriteId,
    pressed: SpriteId,
    /// Where in the piece the arrow points to.
    tip: i32,
}

impl PointerLook {
    pub(in crate::overlay) fn new(
        options: &OverlayOptions,
        metrics: &Metrics,
        theme: &Theme,
        atlas: &mut Atlas,
    ) -> Self {
        let margin = (metrics.cursor / 7).max(2);
        let arrow = |atlas: &mut Atlas, height: u32| atlas.add(arrow(height, metrics.cursor, margin));
        PointerLook {
            arrow: options.shows(Part::Cursor).then(|| Arrow {
                free: arrow(atlas, metrics.cursor),
                pressed: arrow(atlas, metrics.cursor * 17 / 20),
                tip: margin.cast_signed(),
            }),
            clicks: options.shows(Part::Clicks),
            color: theme.accent,
            size: f64::from(metrics.cursor),
        }
    }

    /// Whether there is anything to draw.
    pub(in crate::overlay) fn is_seen(&self) -> bool {
        self.clicks || self.arrow.is_some()
    }

    pub(in crate::overlay) fn draw(&self, state: &PointerState, view: &View, marks: &mut Vec<Mark>) {
        if self.clicks {
            for ripple in &state.ripples {
                self.draw_ripple(ripple, view, marks);
            }
        }
        if let (Some(arrow), Some(cursor)) = (&self.arrow, &state.cursor) {
            self.draw_cursor(cursor, arrow, view, marks);
        }
    }

    fn draw_cursor(&self, cursor: &Cursor, arrow: &Arrow, view: &View, marks: &mut Vec<Mark>) {
        let (x, y) = view.place((cursor.x, cursor.y));
        let (x, y) = (x.round(), y.round());
        if cursor.finger {
            self.draw_finger((x, y), &cursor.trail, view, marks);
            return;
        }
        if cursor.pressed {
            marks.push(Mark::Disc {
                center: (x, y),
                radius: self.size * 0.5,
                color: self.color,
                opacity: 0.45,
            });
        }
        let sprite = if cursor.pressed { arrow.pressed } else { arrow.free };
        marks.push(Mark::Sprite(sprite, (x as i32 - arrow.tip, y as i32 - arrow.tip)));
    }

    fn draw_finger(&self, center: (f64, f64), trail: &[(f64, f64)], view: &View, marks: &mut Vec<Mark>) {
        let radius = self.size * 0.72;
        if !trail.is_empty() {
            let mut points: Vec<(f64, f64)> = trail.iter().map(|spot| view.place(*spot)).collect();
            points.push(center);
            marks.push(Mark::Line {
                points,
                width: radius * 0.9,
                color: self.color,
                opacity: 0.4,
            });
        }
        marks.push(Mark::Disc {
            center,
            radius,
            color: self.color,
            opacity: 0.55,
        });
        self.draw_ring(center, radius, self.size * 0.1, 1.0, WHITE, marks);
    }

    /// A ring that grows and fades; seen on any ground, for it is both dark and bright.
    fn draw_ripple(&self, ripple: &Ripple, view: &View, marks: &mut Vec<Mark>) {
        let center = view.place((ripple.x, ripple.y));
        // Fast at first, then slow.
        let grown = 1.0 - (1.0 - ripple.age).powi(3);
        let fade = (1.0 - ripple.age).sqrt();
        let radius = self.size * (0.35 + 0.95 * grown);
        marks.push(Mark::Disc {
            center,
            radius,
            color: self.color,
            opacity: 0.22 * fade,
        });
        self.draw_ring(center, radius, self.size * 0.13, fade, self.color, marks);
    }

    fn draw_ring(
        &self,
        center: (f64, f64),
        radius: f64,
        width: f64,
        opacity: f64,
        color: Color,
        marks: &mut Vec<Mark>,
    ) {
        let outline = if color == WHITE { BLACK } else { WHITE };
        let ring = |radius, width, color, opacity| Mark::Ring {
            center,
            radius,
            width,
            color,
            opacity,
        };
        marks.push(ring(radius + width * 0.75, width * 0.5, outline, opacity * 0.6));
        marks.push(ring(radius, width, color, opacity));
    }
}

/// The pointer of most desktops, `height` pixels high in a piece for one of `room` pixels, with space
/// for its shadow all around.
fn arrow(height: u32, room: u32, margin: u32) -> String {
    let side = room + 2 * margin;
    // The drawing is 20 units high.
    let scale = f64::from(height) / 20.0;
    format!(
        "<svg width={side} height={side} style=\"filter:drop-shadow(0 1px 1px #0006)\">\
         <path transform=\"translate({margin} {margin}) scale({scale})\" fill=\"#111\" stroke=\"#fff\" \
         stroke-width=1.6 stroke-linejoin=round d=\"M0 0V17.4L4.2 13.6L7 19.8L10.2 18.4L7.5 12.4L13 12.1Z\"/></svg>"
    )
}
