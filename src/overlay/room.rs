//! Room beside the page for cards that would hide on it what they speak of: the page is shown smaller
//! meanwhile.

use super::placing::{Anchor, distance};
use super::scene::{Rect, View};

/// How long the page takes to give way and to come back, in clip time.
const MOVE_MS: f64 = 300.0;

/// The page is not shown smaller than this, of its size.
const LEAST: f64 = 0.55;

/// A strip at one side of the page's place, which the page leaves to cards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strip {
    /// One of the four sides.
    side: Anchor,
    /// Output pixels from that side.
    depth: u32,
}

impl Strip {
    /// The strip for something of this size that leaves most of the page; of two that leave as much, the one
    /// that is nearer to `near`.
    pub(super) fn for_size(
        (width, height): (i32, i32),
        margin: u32,
        page: Rect,
        near: Rect,
    ) -> Option<Strip> {
        let depth = |length: i32| length.max(0).unsigned_abs() + 2 * margin;
        let strips = [
            (Anchor::Bottom, depth(height)),
            (Anchor::Top, depth(height)),
            (Anchor::Right, depth(width)),
            (Anchor::Left, depth(width)),
        ];
        strips
            .map(|(side, depth)| Strip { side, depth })
            .into_iter()
            .min_by(|one, other| {
                let left = other.share(page).total_cmp(&one.share(page));
                let far = |strip: &Strip| distance(strip.place(page), near);
                left.then(far(one).total_cmp(&far(other)))
            })
    }

    /// Whether enough of the page is left.
    pub(super) fn is_worth_it(self, page: Rect) -> bool {
        self.share(page) >= LEAST
    }

    /// What of the page's place it leaves.
    pub(super) fn rest(self, page: Rect) -> Rect {
        let strip = self.place(page);
        let (width, height) = (page.width - strip.width, page.height - strip.height);
        match self.side {
            Anchor::Top => Rect {
                y: strip.bottom(),
                height,
                ..page
            },
            Anchor::Left => Rect {
                x: strip.right(),
                width,
                ..page
            },
            Anchor::Right => Rect { width, ..page },
            _ => Rect { height, ..page },
        }
    }

    fn is_beside(self) -> bool {
        matches!(self.side, Anchor::Left | Anchor::Right)
    }

    /// The same, deep enough for the other, too.
    fn with(self, other: Strip) -> Strip {
        let depth = match self.is_beside() == other.is_beside() {
            true => self.depth.max(other.depth),
            false => self.depth,
        };
        Strip { depth, ..self }
    }

    /// Where it is in the page's place.
    pub(super) fn place(self, page: Rect) -> Rect {
        let (width, height) = (self.depth.min(page.width), self.depth.min(page.height));
        match self.side {
            Anchor::Top => Rect { height, ..page },
            Anchor::Left => Rect { width, ..page },
            Anchor::Right => Rect {
                x: page.right() - width.cast_signed(),
                width,
                ..page
            },
            _ => Rect {
                y: page.bottom() - height.cast_signed(),
                height,
                ..page
            },
        }
    }

    /// The size of the page beside it, of its whole size.
    fn share(self, page: Rect) -> f64 {
        let length = if self.is_beside() { page.width } else { page.height };
        f64::from(length.saturating_sub(self.depth)) / f64::from(length.max(1))
    }

    /// Something of this size in the middle of the strip, along it as near to `near` as that is possible.
    pub(super) fn rect(self, (width, height): (i32, i32), margin: u32, page: Rect, near: Rect) -> Rect {
        let strip = self.place(page);
        let margin = margin.cast_signed();
        let along = |start: i32, end: i32, length: i32, near: i32| {
            (near - length / 2).min(end - margin - length).max(start + margin)
        };
        let across = |start: i32, room: u32, length: i32| start + (room.cast_signed() - length).max(0) / 2;
        let middle = (
            near.x.saturating_add_unsigned(near.width / 2),
            near.y.saturating_add_unsigned(near.height / 2),
        );
        let (x, y) = match self.side {
            Anchor::Left | Anchor::Right => (
                across(strip.x, strip.width, width),
                along(strip.y, strip.bottom(), height, middle.1),
            ),
            _ => (
                along(strip.x, strip.right(), width, middle.0),
                across(strip.y, strip.height, height),
            ),
        };
        Rect {
            x,
            y,
            width: width.max(0).unsigned_abs(),
            height: height.max(0).unsigned_abs(),
        }
    }
}

/// A strip that the page leaves, or comes back to, by and by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    pub(super) strip: Strip,
    /// Clip time at which the page has given way, or begins to come back.
    turn_ms: f64,
    /// The page comes back.
    leaves: bool,
}

impl Room {
    /// What becomes of the room that was there `before`, when this strip is `wanted` at a clip time. Without
    /// anything before, the page has given way already; `first` says that there was nothing at all.
    pub(super) fn next(
        before: Option<Room>,
        wanted: Option<Strip>,
        clip_ms: f64,
        first: bool,
    ) -> Option<Room> {
        match (before, wanted) {
            (None, None) => None,
            (None, Some(strip)) => Some(Room {
                strip,
                turn_ms: if first { clip_ms } else { clip_ms + MOVE_MS },
                leaves: false,
            }),
            (Some(room), Some(strip)) => {
                let turn_ms = match room.leaves {
                    true => clip_ms + MOVE_MS * (1.0 - room.share(clip_ms)),
                    false => room.turn_ms,
                };
                Some(Room {
                    strip: room.strip.with(strip),
                    turn_ms,
                    leaves: false,
                })
            }
            (Some(room), None) => {
                let share = room.share(clip_ms);
                let turn_ms = match room.leaves {
                    true => room.turn_ms,
                    false => clip_ms - MOVE_MS * (1.0 - share),
                };
                let room = Room {
                    turn_ms,
                    leaves: true,
                    ..room
                };
                (room.share(clip_ms) > 0.0).then_some(room)
            }
        }
    }

    /// How far the page has given way, from 0 to 1.
    fn share(&self, clip_ms: f64) -> f64 {
        let passed = (clip_ms - self.turn_ms) / MOVE_MS;
        let share = if self.leaves { 1.0 - passed } else { 1.0 + passed };
        share.clamp(0.0, 1.0)
    }

    /// A view of the page in what the strip leaves of its place.
    pub(super) fn view(&self, view: View, page: Rect, clip_ms: f64) -> View {
        let share = super::camera::eased(self.share(clip_ms));
        let size = 1.0 - (1.0 - self.strip.share(page)) * share;
        let (dx, dy) = match self.strip.side {
            Anchor::Top => (0.5, 1.0),
            Anchor::Left => (1.0, 0.5),
            Anchor::Right => (0.0, 0.5),
            _ => (0.5, 0.0),
        };
        let free = |length: u32| f64::from(length) * (1.0 - size);
        let start = (
            f64::from(page.x) + free(page.width) * dx,
            f64::from(page.y) + free(page.height) * dy,
        );
        let place = |x: f64, y: f64| {
            (
                start.0 + (x - f64::from(page.x)) * size,
                start.1 + (y - f64::from(page.y)) * size,
            )
        };
        let (left, top) = place(f64::from(view.rect.x), f64::from(view.rect.y));
        let (right, bottom) = place(f64::from(view.rect.right()), f64::from(view.rect.bottom()));
        let length = |start: f64, end: f64| (end.round() - start.round()).max(1.0) as u32;
        View {
            rect: Rect {
                x: left.round() as i32,
                y: top.round() as i32,
                width: length(left, right),
                height: length(top, bottom),
            },
            origin: place(view.origin.0, view.origin.1),
            source: view.source,
            scale: view.scale * size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::rect;
    use super::*;

    const PAGE: Rect = Rect {
        x: 0,
        y: 0,
        width: 640,
        height: 400,
    };

    #[test]
    fn the_strip_leaves_most_of_the_page_and_is_near() {
        let strip = |size, page, near| Strip::for_size(size, 10, page, near);
        let bottom = strip((300, 80), PAGE, rect(0, 300, 640, 90)).unwrap();
        assert_eq!(bottom.place(PAGE), rect(0, 300, 640, 100));
        let top = strip((300, 80), PAGE, rect(0, 0, 640, 90)).unwrap();
        assert_eq!(top.place(PAGE), rect(0, 0, 640, 100));
        let wide = Rect { width: 2000, ..PAGE };
        let side = strip((300, 80), wide, rect(0, 0, 100, 400)).unwrap();
        assert_eq!(side.place(wide), rect(0, 0, 320, 400));
        assert_eq!(
            side.rect((300, 80), 10, wide, rect(0, 390, 100, 10)),
            rect(10, 310, 300, 80)
        );
        assert_eq!(side.rest(wide), rect(320, 0, 1680, 400));
        assert!(bottom.is_worth_it(PAGE) && !strip((300, 300), PAGE, PAGE).unwrap().is_worth_it(PAGE));
    }

    #[test]
    fn the_page_gives_way_and_comes_back() {
        let strip = Strip::for_size((300, 80), 10, PAGE, rect(0, 300, 640, 90));
        let view = View {
            rect: PAGE,
            origin: (0.0, 0.0),
            source: rect(0, 0, 1280, 800),
            scale: 0.5,
        };
        let shown = |room: Option<Room>, clip_ms| room.map_or(view, |room| room.view(view, PAGE, clip_ms));
        let room = Room::next(None, strip, 1000.0, false);
        assert_eq!(shown(room, 1000.0), view);
        let room = Room::next(room, strip, 1150.0, false);
        assert_eq!(shown(room, 1150.0).rect, rect(40, 0, 560, 350));
        let room = Room::next(room, strip, 2000.0, false);
        let smaller = shown(room, 2000.0);
        assert_eq!(smaller.rect, rect(80, 0, 480, 300));
        assert_eq!(smaller.place((1280.0, 800.0)), (560.0, 300.0));
        assert_eq!(smaller.source, view.source);
        let room = Room::next(room, None, 3000.0, false);
        assert_eq!(shown(room, 3000.0), smaller);
        let room = Room::next(room, None, 3150.0, false);
        assert_eq!(shown(room, 3150.0).rect, rect(40, 0, 560, 350));
        assert_eq!(Room::next(room, None, 3300.0, false), None);
        // A single picture shows it as it will be.
        assert_eq!(shown(Room::next(None, strip, 1000.0, true), 1000.0), smaller);
    }
}
