//! What everything that is drawn over the page needs to know of it.

use super::atlas::Atlas;
use super::places::{PlaceBox, Places};
use super::pointer::Pointer;
use super::scene::{Rect, View};
use super::story::Span;
use super::theme::{Metrics, Theme};
use crate::recording::NodeId;

/// The page at one clip time, and what there is to draw with.
pub(super) struct Scenery<'a> {
    pub(super) clip_ms: f64,
    pub(super) view: View,
    /// Where what speaks of the page may be: the page, and what is free around one that is shown smaller.
    pub(super) free: Rect,
    pub(super) places: &'a dyn Places,
    pub(super) pointer: &'a Pointer,
    pub(super) atlas: &'a Atlas,
    pub(super) theme: &'a Theme,
    pub(super) metrics: &'a Metrics,
}

impl Scenery<'_> {
    /// Where cards may be: the page without its very edge.
    pub(super) fn area(&self) -> Rect {
        let margin = self.metrics.margin.cast_signed();
        let page = self.free;
        Rect {
            x: page.x + margin,
            y: page.y + margin,
            width: page.width.saturating_sub(2 * self.metrics.margin),
            height: page.height.saturating_sub(2 * self.metrics.margin),
        }
    }

    /// Where a position in a node's document is in the output; `None` when it is nowhere.
    pub(super) fn spot(&self, node: Option<NodeId>, position: (f64, f64)) -> Option<(f64, f64)> {
        let on_page = match node {
            Some(node) => self.places.to_page(node, position),
            None => position,
        };
        let (x, y) = self.view.place(on_page);
        (x.is_finite() && y.is_finite()).then_some((x, y))
    }

    /// Where the visible part of an element is in the output; `None` when nothing of it is.
    pub(super) fn element(&self, node: NodeId) -> Option<Rect> {
        self.visible(self.places.element(node)?)
    }

    /// The visible part of a box in the output; `None` when nothing of it is.
    pub(super) fn visible(&self, place: PlaceBox) -> Option<Rect> {
        let PlaceBox { x, y, width, height } = place;
        let (left, top) = self.view.place((x, y));
        let (right, bottom) = self.view.place((x + width, y + height));
        let page = self.view.rect;
        // Boxes of pages can be anything; those that are no numbers show nothing.
        let clamp_x = |value: f64| value.clamp(f64::from(page.x), f64::from(page.right()));
        let clamp_y = |value: f64| value.clamp(f64::from(page.y), f64::from(page.bottom()));
        let (left, right) = (clamp_x(left).round() as i32, clamp_x(right).round() as i32);
        let (top, bottom) = (clamp_y(top).round() as i32, clamp_y(bottom).round() as i32);
        (right - left > 2 && bottom - top > 2).then(|| Rect {
            x: left,
            y: top,
            width: (right - left).unsigned_abs(),
            height: (bottom - top).unsigned_abs(),
        })
    }

    /// The way of the cursor while something is shown. The place of frames is not known for all of
    /// it, so positions in them are only about right.
    pub(super) fn way(&self, span: Span) -> Vec<(f64, f64)> {
        let way = self.pointer.way(span.from, span.until);
        way.map(|position| self.view.place(position)).collect()
    }
}
