//! Sizes and places in the output: where the page is, what surrounds it, and how large all is.

use super::Viewport;
use super::history::Pages;
use crate::clip::Clip;
use crate::recording::Tab;

/// A rectangle in output pixels. Nothing of it need be inside of the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Rect {
    pub(super) fn right(self) -> i32 {
        self.x.saturating_add_unsigned(self.width)
    }

    pub(super) fn bottom(self) -> i32 {
        self.y.saturating_add_unsigned(self.height)
    }
}

/// How large the output is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OutputSize {
    /// Width in pixels. Pages narrower than that are not enlarged.
    pub width: Option<u32>,
    /// Output pixels to a CSS pixel; takes precedence, and may enlarge.
    pub scale: Option<f64>,
}

/// The page that is captured: how large the stage must be, and at which scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scene {
    /// Width of the widest viewport in CSS pixels: the stage's width.
    pub width: u32,
    /// Height of the highest viewport in CSS pixels: the stage's height.
    pub height: u32,
    /// Output pixels to a CSS pixel: the device scale factor to capture the page with.
    pub scale: f64,
}

impl Scene {
    /// Most output pixels of either side of the page's picture.
    const MOST: f64 = 8192.0;

    /// The scene of a clip, which was made from `tab`. Whatever sizes the viewport has in its course,
    /// the output has one: what is smaller than the largest is centred.
    pub fn new(tab: &Tab, clip: &Clip, size: OutputSize) -> Scene {
        Scene::of(Pages::new(tab, clip).viewports(), size)
    }

    pub(super) fn of(viewports: impl Iterator<Item = Viewport>, size: OutputSize) -> Scene {
        let largest = viewports.reduce(|one, other| Viewport {
            width: one.width.max(other.width),
            height: one.height.max(other.height),
        });
        // A recording that does not say is of a common size.
        let largest = largest.unwrap_or(Viewport {
            width: 1280.0,
            height: 800.0,
        });
        let wanted = match size {
            OutputSize {
                scale: Some(scale), ..
            } if scale > 0.0 => scale,
            OutputSize {
                width: Some(width), ..
            } => (f64::from(width.max(1)) / largest.width).min(1.0),
            _ => 1.0,
        };
        Scene {
            width: largest.width as u32,
            height: largest.height as u32,
            scale: wanted
                .min(Self::MOST / largest.width)
                .min(Self::MOST / largest.height),
        }
    }

    /// Width and height of the page's picture in output pixels.
    pub fn page_size(&self) -> (u32, u32) {
        let pixels = |length: u32| (f64::from(length) * self.scale).round().max(1.0) as u32;
        (pixels(self.width), pixels(self.height))
    }
}

/// How the output is divided: the page on top, the lane below it, and the bar below that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    /// Output pixels to a CSS pixel.
    pub(super) scale: f64,
    /// Where the page is.
    pub(super) page: Rect,
    /// Where the lane is; it has no height when there is none.
    pub(super) lane: Rect,
    /// Where the bar is; it has no height when there is none.
    pub(super) bar: Rect,
}

impl Layout {
    /// With something below the page, both sides become even, as videos want them: a pixel of the page
    /// may be cut off at the right, and what is below may be a pixel higher. Without, the output is the
    /// page's picture.
    pub(super) fn new(scene: &Scene, lane_height: u32, bar_height: u32) -> Layout {
        let (mut width, height) = scene.page_size();
        let (mut lane_height, mut bar_height) = (lane_height, bar_height);
        if lane_height + bar_height > 0 {
            width = (width & !1).max(2);
            let odd = (height + lane_height + bar_height) % 2;
            let grown = if bar_height > 0 {
                &mut bar_height
            } else {
                &mut lane_height
            };
            *grown += odd;
        }
        let page = Rect {
            x: 0,
            y: 0,
            width,
            height,
        };
        let lane = Rect {
            y: page.bottom(),
            height: lane_height,
            ..page
        };
        let bar = Rect {
            y: lane.bottom(),
            height: bar_height,
            ..page
        };
        Layout {
            scale: scene.scale,
            page,
            lane,
            bar,
        }
    }

    /// Width and height of the output in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (
            self.page.width,
            self.page.height + self.lane.height + self.bar.height,
        )
    }

    /// How a viewport is shown: in the middle of the page's place.
    pub(super) fn view(&self, viewport: Viewport) -> View {
        // Capturing rounds; a pixel more or less is not a smaller viewport.
        let side = |length: f64, place: u32| {
            let pixels = (length * self.scale).round().max(1.0) as u32;
            if pixels + 1 >= place { place } else { pixels }
        };
        let width = side(viewport.width, self.page.width);
        let height = side(viewport.height, self.page.height);
        View {
            rect: Rect {
                x: self.page.x.saturating_add_unsigned((self.page.width - width) / 2),
                y: self
                    .page
                    .y
                    .saturating_add_unsigned((self.page.height - height) / 2),
                width,
                height,
            },
            scale: self.scale,
        }
    }
}

/// How a page is shown in the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    /// Where its viewport is.
    pub(super) rect: Rect,
    /// Output pixels to a CSS pixel.
    pub(super) scale: f64,
}

impl View {
    /// A position of the page's viewport, in output pixels.
    pub(super) fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            f64::from(self.rect.x) + x * self.scale,
            f64::from(self.rect.y) + y * self.scale,
        )
    }
}
