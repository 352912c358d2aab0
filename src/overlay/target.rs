//! The target of a click that led to an error: outlined, named, and joined to the error's card.

use super::atlas::SpriteId;
use super::scene::Rect;
use super::scenery::Scenery;
use super::state::Mark;
use super::story::Click;

/// The spot of a click whose target is not there any more is marked for so long after it, in clip time.
pub(super) const SPOT_MS: f64 = 2500.0;

/// The click that led to an error.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) click: Click,
    pub(super) clip_ms: f64,
    pub(super) label: SpriteId,
}

/// What was clicked.
pub(super) struct Target {
    pub(super) outline: Rect,
    /// What of it must not be hidden: where it was clicked, if it fills much of the page.
    pub(super) kept: Rect,
    /// The element's place is known, not only the spot of the click.
    known: bool,
    label: SpriteId,
    pub(super) label_box: Rect,
}

impl Target {
    /// `None` when it is nowhere to be seen.
    pub(super) fn new(cause: &Cause, scenery: &Scenery<'_>) -> Option<Target> {
        let Cause { click, label, .. } = cause;
        let metrics = scenery.metrics;
        let grow = (metrics.font / 4).max(2);
        let known = scenery.element(click.node).map(|place| Rect {
            x: place.x - grow.cast_signed(),
            y: place.y - grow.cast_signed(),
            width: place.width + 2 * grow,
            height: place.height + 2 * grow,
        });
        let reach = metrics.cursor.cast_signed();
        let spot = || {
            let (x, y) = scenery.spot(Some(click.node), click.position?)?;
            Some(Rect {
                x: x.round() as i32 - reach,
                y: y.round() as i32 - reach,
                width: 2 * metrics.cursor,
                height: 2 * metrics.cursor,
            })
        };
        let outline = match known {
            Some(place) => place,
            // It has left the view, or the page has gone on since.
            None if scenery.places.element(click.node).is_some()
                || scenery.clip_ms >= cause.clip_ms + SPOT_MS =>
            {
                return None;
            }
            None => spot()?,
        };
        let kept = Some(outline)
            .filter(|outline| !fills(*outline, scenery.view.rect))
            .or_else(spot);
        let (width, height) = scenery.atlas.size(*label);
        let page = scenery.free;
        let gap = grow.cast_signed();
        let above = outline.y - height - gap;
        let label_box = Rect {
            x: outline.x.min(page.right() - width - gap).max(page.x + gap),
            y: if above >= page.y + gap {
                above
            } else {
                (outline.bottom() + gap).min(page.bottom() - height - gap)
            },
            width: width.unsigned_abs(),
            height: height.unsigned_abs(),
        };
        Some(Target {
            outline,
            kept: kept.unwrap_or(outline),
            known: known.is_some(),
            label: *label,
            label_box,
        })
    }

    /// Draws it; `card` is where the line to the card leads.
    pub(super) fn draw(&self, card: Rect, scenery: &Scenery<'_>, marks: &mut Vec<Mark>) {
        let danger = scenery.theme.danger;
        let width = f64::from((scenery.metrics.font / 6).max(2));
        let cased = |points: Vec<(f64, f64)>, marks: &mut Vec<Mark>| {
            for (width, color) in [(width + 2.0, scenery.theme.casing), (width, danger)] {
                marks.push(Mark::Line {
                    points: points.clone(),
                    width,
                    color,
                    opacity: 1.0,
                });
            }
        };
        let from = [self.label_box, self.outline];
        let nearest = from
            .into_iter()
            .filter_map(|place| connection(place, card))
            .min_by(|one, other| length(one).total_cmp(&length(other)));
        if let Some(ends) = nearest {
            cased(ends.to_vec(), marks);
        }
        if self.known {
            cased(self.outline.around(0.0), marks);
        } else {
            let center = (
                f64::from(self.outline.x) + f64::from(self.outline.width) / 2.0,
                f64::from(self.outline.y) + f64::from(self.outline.height) / 2.0,
            );
            for (width, color) in [(width + 2.0, scenery.theme.casing), (width, danger)] {
                marks.push(Mark::Ring {
                    center,
                    radius: f64::from(self.outline.width) / 2.0,
                    width,
                    color,
                    opacity: 1.0,
                });
            }
        }
        marks.push(Mark::Sprite(self.label, (self.label_box.x, self.label_box.y)));
    }
}

/// Whether something is so large a part of the page that it is rather the page.
pub(super) fn fills(place: Rect, page: Rect) -> bool {
    let area = |rect: Rect| u64::from(rect.width) * u64::from(rect.height);
    area(place) * 4 > area(page)
}

/// The shortest straight line between two boxes that are apart, from the middle of a side where that
/// is possible.
fn connection(from: Rect, to: Rect) -> Option<[(f64, f64); 2]> {
    let along = |start: i32, end: i32, other_start: i32, other_end: i32| {
        if end < other_start {
            (f64::from(end), f64::from(other_start))
        } else if other_end < start {
            (f64::from(start), f64::from(other_end))
        } else {
            let middle = (f64::from(start.max(other_start)) + f64::from(end.min(other_end))) / 2.0;
            (middle, middle)
        }
    };
    let (from_x, to_x) = along(from.x, from.right(), to.x, to.right());
    let (from_y, to_y) = along(from.y, from.bottom(), to.y, to.bottom());
    let apart = from_x != to_x || from_y != to_y;
    apart.then_some([(from_x, from_y), (to_x, to_y)])
}

fn length([from, to]: &[(f64, f64); 2]) -> f64 {
    (from.0 - to.0).hypot(from.1 - to.1)
}
