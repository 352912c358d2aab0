//! Which part of the page is shown: all of it, one part, or what the user is at.
//!
//! The camera moves in clip time, by what the recording knows; the page is captured once, at the
//! scale of the closest look.

use super::places::{PlaceBox, Places, Wanted};
use super::scene::{Aim, Layout, Scene};
use super::story::Story;
use super::{Viewport, story};
use crate::clip::TimeMap;
use crate::recording::NodeId;

/// How long a move takes, in clip time.
const MOVE_MS: f64 = 700.0;

/// A move is over so long before what it is about.
const READY_MS: f64 = 200.0;

/// A click is looked at for so long after it.
const CLICK_MS: f64 = 1800.0;

/// The end of typing is looked at for so long.
const TYPED_MS: f64 = 800.0;

/// What was clicked before an error is looked at for so long after the error.
const ERROR_MS: f64 = 4000.0;

/// Between two looks that are no further apart than this, the camera stays close.
const STAY_MS: f64 = 2500.0;

/// What is within this share of what is shown, from its middle, needs no move.
const CALM: f64 = 0.28;

/// Which part of the page is shown when.
#[derive(Debug, Clone)]
pub(super) enum Camera {
    /// Always the same.
    Still(Aim),
    /// Always one element; where it is when nothing is known of it.
    Element(NodeId, PlaceBox),
    /// The user.
    Following(Vec<Move>),
}

/// The camera moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Move {
    /// Clip time.
    from: f64,
    /// What to; `None`: the whole page.
    to: Option<Spot>,
}

/// A place on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spot {
    wanted: Wanted,
    /// CSS pixels of the viewport of the node's document.
    position: (f64, f64),
}

/// Where what the camera looks at was when it came there, in CSS pixels of the viewport.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    /// So many moves have begun.
    begun: usize,
    /// The target of the last of them.
    target: Option<PlaceBox>,
    /// The target of the one before.
    before: Option<PlaceBox>,
}

/// Something to be looked at, in clip time.
struct Look {
    at: f64,
    until: f64,
    spot: Spot,
}

impl Camera {
    pub(super) fn new(scene: &Scene, story: &Story, map: &TimeMap) -> Camera {
        match scene.part {
            Some(part) => match part.node {
                Some(node) => Camera::Element(node, part.place),
                None => Camera::Still(Aim::at(part.place)),
            },
            None if scene.zoom > 1.0 => {
                let shown = (
                    f64::from(scene.width) / scene.zoom,
                    f64::from(scene.height) / scene.zoom,
                );
                Camera::Following(moves(looks(story, map), shown, map.length() as f64))
            }
            None => Camera::Still(Aim::ALL),
        }
    }

    /// The nodes whose places [`Camera::aim_at`] asks for.
    pub(super) fn wanted_at(&self, clip_ms: f64) -> impl Iterator<Item = Wanted> {
        let (before, now) = self.around(clip_ms);
        let spots = [before, now].into_iter().flatten();
        spots.filter_map(|one| Some(one.to?.wanted))
    }

    /// The elements whose own places it asks for: the one that is shown, or those that it moves to and from.
    pub(super) fn elements_at(&self, clip_ms: f64) -> Vec<Wanted> {
        match self {
            Camera::Element(node, _) => vec![Wanted {
                node: *node,
                since: f64::INFINITY,
            }],
            _ => self.wanted_at(clip_ms).collect(),
        }
    }

    /// The last move that has begun, and the one before it.
    fn around(&self, clip_ms: f64) -> (Option<&Move>, Option<&Move>) {
        let Camera::Following(moves) = self else {
            return (None, None);
        };
        let begun = moves.partition_point(|one| one.from <= clip_ms);
        let at = |back: usize| begun.checked_sub(back).and_then(|index| moves.get(index));
        (at(2), at(1))
    }

    /// What is shown of a viewport at a clip time, after `seen` was.
    pub(super) fn aim_at(
        &self,
        clip_ms: f64,
        viewport: Viewport,
        layout: &Layout,
        places: &dyn Places,
        seen: Option<Seen>,
    ) -> (Aim, Seen) {
        match self {
            Camera::Still(aim) => (*aim, Seen::default()),
            Camera::Element(node, place) => {
                // An element that comes and goes is shown where it was found.
                let aim = Aim::at(places.element(*node).unwrap_or(*place));
                (aim, Seen::default())
            }
            Camera::Following(moves) => {
                let (before, now) = self.around(clip_ms);
                let begun = moves.partition_point(|one| one.from <= clip_ms);
                let seen = self.seen_at(clip_ms, begun, places, seen);
                let aim = |one: Option<&Move>, target| match one.and_then(|one| one.to) {
                    Some(spot) => {
                        let on_page = places.to_page(spot.wanted.node, spot.position);
                        layout.close_up(on_page, target, viewport)
                    }
                    None => Aim::ALL,
                };
                let share = now.map_or(1.0, |now| (clip_ms - now.from) / MOVE_MS);
                let aim = Aim::between(aim(before, seen.before), aim(now, seen.target), eased(share));
                (aim, seen)
            }
        }
    }

    /// Where the targets are: they are looked for as long as the camera moves, for it does not follow them.
    fn seen_at(&self, clip_ms: f64, begun: usize, places: &dyn Places, seen: Option<Seen>) -> Seen {
        let (before, now) = self.around(clip_ms);
        let target = |one: Option<&Move>| places.element(one?.to?.wanted.node);
        let moving = now.is_some_and(|now| clip_ms < now.from + MOVE_MS);
        match seen {
            Some(seen) if seen.begun == begun => Seen {
                target: match moving {
                    true => target(now).or(seen.target),
                    false => seen.target,
                },
                ..seen
            },
            Some(seen) if seen.begun + 1 == begun => Seen {
                begun,
                before: seen.target,
                target: target(now),
            },
            _ => Seen {
                begun,
                before: target(before),
                target: target(now),
            },
        }
    }

    /// The first clip time from `clip_ms` on at which it may look elsewhere; `clip_ms` itself while it moves.
    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let Camera::Following(moves) = self else {
            return None;
        };
        let moving = self
            .around(clip_ms)
            .1
            .is_some_and(|now| clip_ms < now.from + MOVE_MS);
        if moving {
            return Some(clip_ms);
        }
        story::first_after(moves, clip_ms, |one| one.from)
    }
}

/// Slow at both ends.
pub(super) fn eased(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// What there is to look at, in order.
fn looks(story: &Story, map: &TimeMap) -> Vec<Look> {
    let spot = |click: &story::Click| {
        Some(Spot {
            wanted: Wanted {
                node: click.node,
                since: click.time,
            },
            position: click.position?,
        })
    };
    let mut looks = Vec::new();
    for click in &story.clicks {
        let at = map.clip_at(click.time);
        // What was before the clip is not seen.
        if let Some(spot) = spot(click).filter(|_| click.time >= map.start()) {
            looks.push(Look {
                at,
                until: at + CLICK_MS,
                spot,
            });
        }
    }
    for typing in &story.typing {
        let before = story
            .clicks
            .partition_point(|click| click.time <= typing.recording);
        let last = before.checked_sub(1).and_then(|index| story.clicks.get(index));
        // The field was clicked, if it is the one that is typed into.
        if let Some(spot) = last.filter(|click| click.node == typing.node).and_then(spot) {
            looks.push(Look {
                at: typing.span.from,
                until: typing.span.until + TYPED_MS,
                spot,
            });
        }
    }
    for error in &story.errors {
        let at = error.span.from;
        if let Some(spot) = error.cause.as_ref().and_then(spot) {
            looks.push(Look {
                at,
                until: error.span.until.min(at + ERROR_MS),
                spot,
            });
        }
    }
    looks.sort_by(|one, other| one.at.total_cmp(&other.at));
    looks
}

/// Moves from look to look, where `shown` is how much of the page a close look shows, in CSS pixels.
fn moves(looks: Vec<Look>, shown: (f64, f64), length: f64) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    let mut close: Option<(Spot, f64)> = None;
    for look in looks {
        let after_last = moves.last().map_or(0.0, |last| last.from + MOVE_MS);
        let from = (look.at - MOVE_MS - READY_MS).max(after_last);
        if let Some((spot, until)) = close {
            let (x, y) = (
                look.spot.position.0 - spot.position.0,
                look.spot.position.1 - spot.position.1,
            );
            let calm = x.abs() <= CALM * shown.0 && y.abs() <= CALM * shown.1;
            if look.at - until <= STAY_MS {
                if calm {
                    close = Some((spot, until.max(look.until)));
                } else {
                    moves.push(Move {
                        from,
                        to: Some(look.spot),
                    });
                    close = Some((look.spot, look.until));
                }
                continue;
            }
            moves.push(Move {
                from: until.max(after_last),
                to: None,
            });
        }
        let after_last = moves.last().map_or(0.0, |last| last.from + MOVE_MS);
        moves.push(Move {
            from: from.max(after_last),
            to: Some(look.spot),
        });
        close = Some((look.spot, look.until));
    }
    if let Some((_, until)) = close {
        let after_last = moves.last().map_or(0.0, |last| last.from + MOVE_MS);
        let from = until.max(after_last);
        if from + MOVE_MS < length {
            moves.push(Move { from, to: None });
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: f64, x: f64) -> Look {
        Look {
            at,
            until: at + CLICK_MS,
            spot: Spot {
                wanted: Wanted { node: 1, since: 0.0 },
                position: (x, 100.0),
            },
        }
    }

    fn told(moves: &[Move]) -> Vec<(f64, Option<f64>)> {
        let x = |one: &Move| one.to.map(|spot| spot.position.0);
        moves.iter().map(|one| (one.from, x(one))).collect()
    }

    #[test]
    fn the_camera_is_there_before_the_click_and_leaves_after_it() {
        let moves = moves(vec![look(3000.0, 50.0)], (400.0, 300.0), 10_000.0);
        assert_eq!(told(&moves), [(2100.0, Some(50.0)), (4800.0, None)]);
    }

    #[test]
    fn what_is_near_needs_no_move_and_what_is_soon_no_step_back() {
        let looks = vec![look(3000.0, 50.0), look(5000.0, 100.0), look(8000.0, 500.0)];
        let moves = moves(looks, (400.0, 300.0), 9000.0);
        assert_eq!(told(&moves), [(2100.0, Some(50.0)), (7100.0, Some(500.0))]);
    }

    #[test]
    fn moves_never_overlap() {
        let looks = (0..40).map(|n| look(f64::from(n) * 90.0, f64::from(n % 2) * 900.0));
        let moves = moves(looks.collect(), (400.0, 300.0), 9000.0);
        assert!(
            moves
                .windows(2)
                .all(|pair| pair[1].from >= pair[0].from + MOVE_MS),
            "{moves:?}"
        );
    }

    #[test]
    fn moves_begin_and_end_slowly() {
        assert_eq!(
            (eased(-1.0), eased(0.0), eased(0.5), eased(1.0)),
            (0.0, 0.0, 0.5, 1.0)
        );
        assert!(eased(0.1) < 0.05 && eased(0.9) > 0.95);
    }
}
