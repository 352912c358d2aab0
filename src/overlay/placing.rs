//! Where on the page a card goes, so that it does not hide what it speaks of.

use super::scene::Rect;

/// Corners and edges of the page that a card can go to. Written `top-right`, `bottom` and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The corner at the top and the right.
    TopRight,
    /// The corner at the top and the left.
    TopLeft,
    /// The corner at the bottom and the right.
    BottomRight,
    /// The corner at the bottom and the left.
    BottomLeft,
    /// The middle of the top.
    Top,
    /// The middle of the bottom.
    Bottom,
    /// The middle of the right side.
    Right,
    /// The middle of the left side.
    Left,
}

impl Anchor {
    /// All of them.
    pub const ALL: [Anchor; 8] = [
        Anchor::TopRight,
        Anchor::TopLeft,
        Anchor::BottomRight,
        Anchor::BottomLeft,
        Anchor::Top,
        Anchor::Bottom,
        Anchor::Right,
        Anchor::Left,
    ];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Anchor::TopRight => "top-right",
            Anchor::TopLeft => "top-left",
            Anchor::BottomRight => "bottom-right",
            Anchor::BottomLeft => "bottom-left",
            Anchor::Top => "top",
            Anchor::Bottom => "bottom",
            Anchor::Right => "right",
            Anchor::Left => "left",
        }
    }

    /// Top left corner of something of this size at this side of `area`.
    fn place(self, (width, height): (i32, i32), area: Rect) -> (i32, i32) {
        use Anchor::*;
        let right = area.right() - width;
        let bottom = area.bottom() - height;
        let x = match self {
            TopLeft | BottomLeft | Left => area.x,
            TopRight | BottomRight | Right => right,
            Top | Bottom => (area.x + right) / 2,
        };
        let y = match self {
            TopLeft | TopRight | Top => area.y,
            BottomLeft | BottomRight | Bottom => bottom,
            Left | Right => (area.y + bottom) / 2,
        };
        (x.max(area.x), y.max(area.y))
    }

    /// The place of something of this size at this side of `area`.
    fn rect(self, size: (i32, i32), area: Rect) -> Rect {
        let (x, y) = self.place(size, area);
        Rect {
            x,
            y,
            width: size.0.max(0).unsigned_abs(),
            height: size.1.max(0).unsigned_abs(),
        }
    }
}

/// This share of what is to be kept clear may be hidden before anything moves.
const PATIENCE: f64 = 0.08;

/// What something should keep clear of.
#[derive(Debug, Clone, Default)]
pub(super) struct KeepClear {
    /// Never to be hidden, if there is any other place.
    pub(super) boxes: Vec<Rect>,
    /// What is drawn over the page already: a corner of it is as bad to hide as all of what is small.
    pub(super) drawn: Vec<Rect>,
    /// The way of the cursor: as little of it as possible.
    pub(super) spots: Vec<(f64, f64)>,
    /// What it should be near to.
    pub(super) near: Option<Rect>,
}

impl KeepClear {
    /// The best of `anchors`, which are in order of preference.
    pub(super) fn place(&self, size: (i32, i32), area: Rect, anchors: &[Anchor]) -> Rect {
        self.best_of(anchors.iter().map(|anchor| anchor.rect(size, area)))
    }

    /// The best of `anchors` and where that is; `last` is where it was before and should stay, unless
    /// it hides there what it should not.
    pub(super) fn stay_or_place(
        &self,
        last: Option<Anchor>,
        size: (i32, i32),
        area: Rect,
        anchors: &[Anchor],
    ) -> (Anchor, Rect) {
        if let Some(anchor) = last {
            let rect = anchor.rect(size, area);
            if self.hidden(rect) <= PATIENCE {
                return (anchor, rect);
            }
        }
        let best = self.place(size, area, anchors);
        let found = anchors.iter().find(|anchor| anchor.rect(size, area) == best);
        (found.copied().unwrap_or(Anchor::TopRight), best)
    }

    /// The best of some places, which are in order of preference.
    pub(super) fn best_of(&self, places: impl Iterator<Item = Rect>) -> Rect {
        let cost = |(index, place): &(usize, Rect)| self.cost(*place) + 0.02 * *index as f64;
        let best = places
            .enumerate()
            .min_by(|one, other| cost(one).total_cmp(&cost(other)));
        best.map_or_else(Rect::default, |(_, place)| place)
    }

    /// How much `place` hides: 1 for each box that is wholly under it.
    fn hidden(&self, place: Rect) -> f64 {
        let kept = self.boxes.iter().map(|kept| covered(*kept, place));
        let drawn = self.drawn.iter();
        let met = drawn.map(|drawn| covered(*drawn, place).max(covered(place, *drawn)));
        kept.sum::<f64>() + met.sum::<f64>()
    }

    /// Whether `place` hides next to nothing of what it should not, and no more than half of the cursor's way.
    pub(super) fn is_free(&self, place: Rect) -> bool {
        self.hidden(place) <= PATIENCE && self.met(place) <= 0.5
    }

    /// Which share of the cursor's way `place` is on.
    fn met(&self, place: Rect) -> f64 {
        /// A cursor reaches this far from its spot, in pixels.
        const REACH: f64 = 14.0;
        let within = |(x, y): &&(f64, f64)| {
            (f64::from(place.x) - REACH..f64::from(place.right()) + REACH).contains(x)
                && (f64::from(place.y) - REACH..f64::from(place.bottom()) + REACH).contains(y)
        };
        let met = self.spots.iter().filter(within).count() as f64;
        met / (self.spots.len() as f64).max(1.0)
    }

    fn cost(&self, place: Rect) -> f64 {
        let distance = self.near.map_or(0.0, |near| distance(near, place));
        self.hidden(place) * 10.0 + self.met(place) + distance / 3000.0
    }
}

/// Between the middles of two places.
pub(super) fn distance(one: Rect, other: Rect) -> f64 {
    let middle = |rect: Rect| {
        (
            f64::from(rect.x) + f64::from(rect.width) / 2.0,
            f64::from(rect.y) + f64::from(rect.height) / 2.0,
        )
    };
    let ((x, y), (other_x, other_y)) = (middle(one), middle(other));
    (x - other_x).hypot(y - other_y)
}

/// Which share of `kept` is under `place`.
fn covered(kept: Rect, place: Rect) -> f64 {
    let width = kept.right().min(place.right()) - kept.x.max(place.x);
    let height = kept.bottom().min(place.bottom()) - kept.y.max(place.y);
    if width <= 0 || height <= 0 {
        return 0.0;
    }
    let area = f64::from(kept.width.max(1)) * f64::from(kept.height.max(1));
    f64::from(width) * f64::from(height) / area
}

#[cfg(test)]
mod tests {
    use super::super::scene::rect;
    use super::*;

    const AREA: Rect = Rect {
        x: 10,
        y: 10,
        width: 780,
        height: 480,
    };

    #[test]
    fn a_card_goes_where_it_hides_nothing() {
        use Anchor::*;
        let all = [TopRight, TopLeft, BottomRight, BottomLeft];
        let mut clear = KeepClear::default();
        let place = |clear: &KeepClear| {
            let rect = clear.place((300, 100), AREA, &all);
            (rect.x, rect.y)
        };
        assert_eq!(place(&clear), (490, 10));
        clear.spots = vec![(700.0, 40.0), (20.0, 300.0)];
        assert_eq!(place(&clear), (10, 10));
        clear.boxes = vec![rect(0, 0, 100, 50)];
        assert_eq!(place(&clear), (490, 390));
        // The cursor is hidden rather than the target.
        clear.spots.extend([(700.0, 450.0), (50.0, 450.0)]);
        assert_ne!(place(&clear), (10, 10));
    }

    #[test]
    fn small_words_do_not_go_onto_a_large_card() {
        let (card, button) = (rect(10, 10, 780, 200), rect(300, 400, 200, 90));
        let clear = KeepClear {
            drawn: vec![card, button],
            ..KeepClear::default()
        };
        let anchors = [Anchor::Bottom, Anchor::Top, Anchor::BottomRight];
        let (anchor, _) = clear.stay_or_place(None, (60, 20), AREA, &anchors);
        assert_eq!(anchor, Anchor::BottomRight);
    }

    #[test]
    fn what_is_too_large_begins_at_the_corner() {
        let rect = KeepClear::default().place((2000, 2000), AREA, &[Anchor::BottomRight]);
        assert_eq!((rect.x, rect.y), (10, 10));
    }
}
