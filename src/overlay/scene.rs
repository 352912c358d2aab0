//! Sizes and places in the output: where the page is, what surrounds it, and how large all is.

use super::Viewport;
use super::history::Pages;
use super::places::PlaceBox;
use crate::clip::Clip;
use crate::recording::{NodeId, Tab};

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

    /// Its corners, the first of them again at the end: the line around it, so far `inside` of its edges.
    pub(super) fn around(self, inside: f64) -> Vec<(f64, f64)> {
        let (left, top) = (f64::from(self.x) + inside, f64::from(self.y) + inside);
        let (right, bottom) = (
            f64::from(self.right()) - inside,
            f64::from(self.bottom()) - inside,
        );
        vec![
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ]
    }
}

/// A box of this place and size.
#[cfg(test)]
pub(super) fn rect(x: i32, y: i32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
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
    /// Output pixels to a CSS pixel where all of the page, or the part of it, is shown.
    pub scale: f64,
    /// How much closer the closest look is: 1 when there is none.
    pub zoom: f64,
    /// The part of the page that is shown; `None`: all of it.
    pub part: Option<PagePart>,
}

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PagePart {
    /// Where it is.
    pub place: PlaceBox,
    /// The element whose place it is: it is followed.
    pub node: Option<NodeId>,
}

impl Scene {
    /// Most output pixels of either side of the page's picture.
    const MOST: f64 = 8192.0;

    /// A part of a page is enlarged up to this scale to be as wide as was asked for.
    const LARGEST_PART: f64 = 2.0;

    /// A stage of that many CSS pixels, all of which is shown.
    pub fn whole(width: u32, height: u32, scale: f64) -> Scene {
        Scene {
            width,
            height,
            scale,
            zoom: 1.0,
            part: None,
        }
    }

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
        Scene::whole(largest.width as u32, largest.height as u32, wanted).bounded()
    }

    /// The same with looks from closer at what is small in the output.
    #[must_use]
    pub fn with_close_ups(self) -> Scene {
        Scene {
            zoom: (1.0 / self.scale).clamp(1.4, 2.5),
            ..self
        }
        .bounded()
    }

    /// The same, showing a part of the page only, at the size that was asked for. What of the part is
    /// not on the page is left out.
    #[must_use]
    pub fn with_part(self, part: PagePart, size: OutputSize) -> Scene {
        let PlaceBox { x, y, width, height } = part.place;
        let cut = |start: f64, length: f64, whole: u32| {
            let whole = f64::from(whole);
            let (start, end) = (start.clamp(0.0, whole), (start + length).clamp(0.0, whole));
            (start, (end - start).max(1.0))
        };
        let ((x, width), (y, height)) = (cut(x, width, self.width), cut(y, height, self.height));
        let scale = match size {
            OutputSize {
                scale: Some(scale), ..
            } if scale > 0.0 => scale,
            OutputSize {
                width: Some(wanted), ..
            } => (f64::from(wanted.max(1)) / width).min(Self::LARGEST_PART),
            _ => 1.0,
        };
        let part = PagePart {
            place: PlaceBox { x, y, width, height },
            node: part.node,
        };
        Scene {
            scale,
            part: Some(part),
            ..self
        }
        .bounded()
    }

    /// The same without pictures that no browser would take.
    fn bounded(self) -> Scene {
        let longest = f64::from(self.width.max(self.height).max(1));
        let most = Self::MOST / longest;
        let scale = self.scale.min(most);
        Scene {
            scale,
            zoom: self.zoom.min(most / scale).max(1.0),
            ..self
        }
    }

    /// CSS pixels of what is shown of the page.
    pub fn shown_size(&self) -> (f64, f64) {
        match self.part {
            Some(part) => (part.place.width, part.place.height),
            None => (f64::from(self.width), f64::from(self.height)),
        }
    }

    /// Width and height of the page's picture in output pixels.
    pub fn page_size(&self) -> (u32, u32) {
        let (width, height) = self.shown_size();
        (pixels(width * self.scale), pixels(height * self.scale))
    }

    /// Captured pixels to a CSS pixel: the device scale factor to capture the page with.
    pub fn capture_scale(&self) -> f64 {
        self.scale * self.zoom
    }

    /// Width and height of a picture of the whole stage, in captured pixels.
    pub fn captured_size(&self) -> (u32, u32) {
        let scale = self.capture_scale();
        let captured = |length: u32| pixels(f64::from(length) * scale);
        (captured(self.width), captured(self.height))
    }
}

/// A length as whole pixels.
fn pixels(length: f64) -> u32 {
    length.round().max(1.0) as u32
}

/// What of a viewport is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aim {
    /// Left edge in CSS pixels of the viewport.
    x: f64,
    /// Top edge.
    y: f64,
    /// How much larger than all of the page.
    zoom: f64,
}

impl Aim {
    /// All of it.
    pub(super) const ALL: Aim = Aim {
        x: 0.0,
        y: 0.0,
        zoom: 1.0,
    };

    /// What begins there.
    pub(super) fn at(place: PlaceBox) -> Aim {
        Aim {
            x: place.x,
            y: place.y,
            zoom: 1.0,
        }
    }

    /// On the way from one to the other; `share` from 0 to 1.
    pub(super) fn between(from: Aim, to: Aim, share: f64) -> Aim {
        let mix = |one: f64, other: f64| one + (other - one) * share;
        Aim {
            x: mix(from.x, to.x),
            y: mix(from.y, to.y),
            // What is shown grows evenly, so that both edges move as one.
            zoom: 1.0 / mix(1.0 / from.zoom, 1.0 / to.zoom),
        }
    }
}

/// How the output is divided: the page on top, the lane below it, and the bar below that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    /// Output pixels to a CSS pixel, where nothing is looked at from closer.
    pub(super) scale: f64,
    /// How much closer the closest look is.
    zoom: f64,
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
            zoom: scene.zoom,
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

    /// How a viewport is shown: from where the camera aims at, or in the middle of the page's place if
    /// it is smaller than that.
    pub(super) fn view(&self, viewport: Viewport, aim: Aim) -> View {
        let scale = self.scale * aim.zoom;
        let across = Stretch::new(viewport.width * scale, self.page.width, aim.x * scale);
        let down = Stretch::new(viewport.height * scale, self.page.height, aim.y * scale);
        let rect = Rect {
            x: self.page.x.saturating_add_unsigned(across.start),
            y: self.page.y.saturating_add_unsigned(down.start),
            width: across.length,
            height: down.length,
        };
        let captured = |length: u32| (f64::from(length) * self.zoom / aim.zoom).round() as u32;
        View {
            rect,
            origin: (
                f64::from(rect.x) - f64::from(across.before),
                f64::from(rect.y) - f64::from(down.before),
            ),
            source: Rect {
                x: captured(across.before).cast_signed(),
                y: captured(down.before).cast_signed(),
                width: captured(rect.width),
                height: captured(rect.height),
            },
            scale,
        }
    }

    /// The closest look at a position on the page that shows all of what is there, the `target`, unless that
    /// is much of the page; with no more beyond the page's edges than needed.
    pub(super) fn close_up(&self, (x, y): (f64, f64), target: Option<PlaceBox>, viewport: Viewport) -> Aim {
        /// What is shown is larger than the target by this.
        const AROUND: f64 = 1.12;
        /// A larger share of the page is no target.
        const MOST: f64 = 0.25;
        if !(x.is_finite() && y.is_finite()) {
            return Aim::ALL;
        }
        let whole = (
            f64::from(self.page.width) / self.scale,
            f64::from(self.page.height) / self.scale,
        );
        let target = target.filter(|target| {
            let area = target.width * target.height;
            area > 0.0 && area < MOST * whole.0 * whole.1
        });
        let fits = target.map_or(f64::INFINITY, |target| {
            (whole.0 / (target.width * AROUND)).min(whole.1 / (target.height * AROUND))
        });
        let zoom = self.zoom.min(fits).max(1.0);
        let start = |middle: f64, whole: f64, place: f64, target: Option<(f64, f64)>| {
            let shown = whole / zoom;
            let start = middle - shown / 2.0;
            let start = target.map_or(start, |(from, length)| {
                let rim = ((shown - length) / 2.0).clamp(0.0, length * (AROUND - 1.0) / 2.0);
                start.min(from - rim).max(from + length + rim - shown)
            });
            start.clamp(0.0, (place - shown).max(0.0))
        };
        let across = target.map(|target| (target.x, target.width));
        let down = target.map(|target| (target.y, target.height));
        Aim {
            x: start(x, whole.0, viewport.width, across),
            y: start(y, whole.1, viewport.height, down),
            zoom,
        }
    }
}

/// One side of a viewport in its place, in output pixels.
struct Stretch {
    /// From the beginning of the place.
    start: u32,
    /// How much is shown.
    length: u32,
    /// How much is not shown before that.
    before: u32,
}

impl Stretch {
    /// A side that is so long in a place of that length; `before` of it is not wanted.
    fn new(side: f64, place: u32, before: f64) -> Stretch {
        let side = pixels(side);
        // Capturing rounds; a pixel more or less is not a smaller viewport.
        if side + 1 < place {
            return Stretch {
                start: (place - side) / 2,
                length: side,
                before: 0,
            };
        }
        let most = f64::from(side.saturating_sub(place));
        Stretch {
            start: 0,
            length: place,
            before: before.round().clamp(0.0, most) as u32,
        }
    }
}

/// How a page is shown in the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    /// Where what is shown of its viewport is.
    pub(super) rect: Rect,
    /// Where its viewport begins, which may be outside of the output.
    pub(super) origin: (f64, f64),
    /// Where in the captured picture that is.
    pub(super) source: Rect,
    /// Output pixels to a CSS pixel.
    pub(super) scale: f64,
}

impl View {
    /// A position of the page's viewport, in output pixels.
    pub(super) fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.origin.0 + x * self.scale, self.origin.1 + y * self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWPORT: Viewport = Viewport {
        width: 1280.0,
        height: 800.0,
    };

    #[test]
    fn a_part_is_captured_as_large_as_it_is_shown() {
        let place = PlaceBox {
            x: 100.0,
            y: 200.0,
            width: 400.0,
            height: 300.0,
        };
        let size = OutputSize {
            width: Some(640),
            scale: None,
        };
        let part = PagePart { place, node: None };
        let scene = Scene::whole(1280, 800, 0.5).with_part(part, size);
        assert_eq!(scene.page_size(), (640, 480));
        assert_eq!(scene.captured_size(), (2048, 1280));
        let view = Layout::new(&scene, 0, 0).view(VIEWPORT, Aim::at(place));
        assert_eq!(view.rect, rect(0, 0, 640, 480));
        assert_eq!(view.source, rect(160, 320, 640, 480));
        assert_eq!(view.place((100.0, 200.0)), (0.0, 0.0));
        // What has gone beyond the page's edge is shown up to there.
        let gone = PlaceBox { x: 1200.0, ..place };
        let view = Layout::new(&scene, 0, 0).view(VIEWPORT, Aim::at(gone));
        assert_eq!(view.source, rect(2048 - 640, 320, 640, 480));
    }

    #[test]
    fn what_is_off_the_page_is_left_out_of_a_part() {
        let place = PlaceBox {
            x: -20.0,
            y: 700.0,
            width: 120.0,
            height: 300.0,
        };
        let part = PagePart { place, node: None };
        let scene = Scene::whole(1280, 800, 1.0).with_part(part, OutputSize::default());
        assert_eq!(scene.page_size(), (100, 100));
    }

    #[test]
    fn a_close_look_takes_captured_pixels_as_they_are() {
        let scene = Scene::whole(1280, 800, 0.5).with_close_ups();
        assert_eq!((scene.zoom, scene.page_size()), (2.0, (640, 400)));
        assert_eq!(scene.captured_size(), (1280, 800));
        let layout = Layout::new(&scene, 0, 0);
        let all = layout.view(VIEWPORT, Aim::ALL);
        assert_eq!(
            (all.rect, all.source),
            (rect(0, 0, 640, 400), rect(0, 0, 1280, 800))
        );
        let corner = layout.view(VIEWPORT, layout.close_up((1270.0, 790.0), None, VIEWPORT));
        assert_eq!(corner.source, rect(640, 400, 640, 400));
        assert_eq!(corner.rect, all.rect);
        assert_eq!(corner.place((1280.0, 800.0)), (640.0, 400.0));
        let nowhere = layout.close_up((f64::NAN, 0.0), None, VIEWPORT);
        assert_eq!(nowhere, Aim::ALL);
    }

    #[test]
    fn a_close_look_shows_all_of_what_it_is_about() {
        let scene = Scene::whole(1280, 800, 0.5).with_close_ups();
        let layout = Layout::new(&scene, 0, 0);
        let shown = |place: PlaceBox| {
            let aim = layout.close_up((700.0, 500.0), Some(place), VIEWPORT);
            let view = layout.view(VIEWPORT, aim);
            let (left, top) = view.place((place.x, place.y));
            let (right, bottom) = view.place((place.x + place.width, place.y + place.height));
            (
                aim.zoom,
                left >= 0.0 && top >= 0.0 && right <= 640.0 && bottom <= 400.0,
            )
        };
        let place = |x, width| PlaceBox {
            x,
            y: 480.0,
            width,
            height: 40.0,
        };
        let (zoom, whole) = shown(place(80.0, 760.0));
        assert!(zoom > 1.4 && zoom < 1.6 && whole, "{zoom}");
        assert_eq!(shown(place(300.0, 450.0)), (2.0, true));
        // What is as wide as the page is shown with all of it, and what is much of the page is the page.
        assert_eq!(shown(place(0.0, 1280.0)), (1.0, true));
        let panel = PlaceBox {
            y: 100.0,
            height: 600.0,
            ..place(100.0, 1000.0)
        };
        assert_eq!(shown(panel).0, 2.0);
    }

    #[test]
    fn close_looks_are_not_closer_than_browsers_can_capture() {
        let scene = Scene::whole(4000, 100, 2.0).with_close_ups();
        assert!(scene.captured_size().0 <= 8192, "{scene:?}");
    }
}
