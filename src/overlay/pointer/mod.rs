//! Where the pointer was and what it pressed, in clip time.
//!
//! Recorders note the pointer some twenty times a second, relative to the viewport of the document
//! that it was over. [`Pointer`] keeps these notes as they are; where a document lies on the page is
//! known only when the page is shown, so [`Pointer::at`] asks for it.

mod look;
mod path;
mod presses;

pub(super) use self::look::PointerLook;
use self::path::Path;
use self::presses::{Press, Presses};
use crate::clip::{Clip, TimeMap};
use crate::overlay::places::Wanted;
use crate::recording::{EventData, EventKind, NodeId, Tab};

/// How long the trail of a finger stays, in clip time…
const TRAIL_MS: f64 = 320.0;

/// …and from how many positions it is drawn.
const TRAIL_STEPS: u32 = 8;

/// What a node's document has to do with the page: leads a position in the viewport of the document
/// that a node is in to the viewport of the page, both in CSS pixels. What is nowhere is not finite.
pub(super) type Resolve<'a> = dyn FnMut(Wanted, f64, f64) -> (f64, f64) + 'a;

/// The pointer of one clip.
#[derive(Debug, Clone)]
pub(super) struct Pointer {
    map: TimeMap,
    path: Path,
    presses: Presses,
}

/// What is to be seen of the pointer at one clip time. Positions are CSS pixels of the page's viewport.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PointerState {
    /// The pointer itself; `None` before anything is known of it, and while no finger is down.
    pub(super) cursor: Option<Cursor>,
    /// Clicks and touches that happened just now, oldest first.
    pub(super) ripples: Vec<Ripple>,
}

/// The pointer itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    /// From the left.
    pub(super) x: f64,
    /// From the top.
    pub(super) y: f64,
    /// A finger rather than a mouse.
    pub(super) finger: bool,
    /// A button is held down, or the finger is.
    pub(super) pressed: bool,
    /// Where a finger came from just now, the oldest first.
    pub(super) trail: Vec<(f64, f64)>,
}

/// A click or touch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ripple {
    /// From the left.
    pub(super) x: f64,
    /// From the top.
    pub(super) y: f64,
    /// How much of the ripple's time has passed: 0 to 1.
    pub(super) age: f64,
}

/// A position as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spot {
    target: NodeId,
    /// Recording time at which it was noted.
    time: f64,
    x: f64,
    y: f64,
}

impl Spot {
    /// `None` for positions that are no numbers.
    fn new(target: NodeId, time: f64, x: f64, y: f64) -> Option<Spot> {
        let sound = time.is_finite() && x.is_finite() && y.is_finite();
        sound.then_some(Spot { target, time, x, y })
    }

    fn wanted(self) -> Wanted {
        Wanted {
            node: self.target,
            since: self.time,
        }
    }

    fn is_same(self, other: Spot) -> bool {
        (self.target, self.x, self.y) == (other.target, other.x, other.y)
    }

    fn is_near(self, other: Spot, pixels: f64) -> bool {
        (self.x - other.x).hypot(self.y - other.y) <= pixels
    }
}

impl Pointer {
    /// Reads the pointer of `clip` from the tab that the clip was made from. Events that cannot be
    /// decoded are left out.
    pub(super) fn new(tab: &Tab, clip: &Clip) -> Pointer {
        let (from, to) = (clip.map.start(), clip.map.end());
        let mut path = path::PathBuilder::default();
        let mut presses = presses::PressBuilder::default();
        for index in last_before(tab, from).chain(within(tab, from, to)) {
            let Some(event) = tab.events.get(index) else {
                continue;
            };
            match event.data().as_deref() {
                Ok(EventData::PointerMove(moves)) => path.moves(event.time, moves),
                Ok(EventData::Interaction(interaction)) => {
                    path.interaction(event.time, interaction);
                    if event.time >= from && !clip.map.leaves_out(event.time) {
                        presses.interaction(event.time, interaction);
                    }
                }
                _ => {}
            }
        }
        Pointer {
            path: path.build(),
            presses: presses.build(&clip.map, clip.fps),
            map: clip.map.clone(),
        }
    }

    /// What is to be seen at a clip time.
    pub(super) fn at(&self, clip_ms: f64, resolve: &mut Resolve<'_>) -> PointerState {
        let finger = self.presses.finger_at(clip_ms);
        let mut place = |spot: Spot| resolve(spot.wanted(), spot.x, spot.y);
        let found = self.path.at(self.map.picture_at(clip_ms), &mut place);
        let cursor = match (found, finger) {
            (Some((x, y, true)), Some(_)) => Some((x, y, true)),
            // A touch that is over while its finger still has to be seen, or whose moves are not recorded.
            (_, Some(press)) => {
                let (x, y) = place(press.spot);
                Some((x, y, true))
            }
            (Some((_, _, true)), None) => None,
            (found, None) => found,
        };
        let mut ripple = |(press, age): (&Press, f64)| {
            let (x, y) = place(press.spot);
            Ripple { x, y, age }
        };
        let seen = |x: f64, y: f64| x.is_finite() && y.is_finite();
        let ripples = self.presses.rippling_at(clip_ms).map(&mut ripple);
        let ripples = ripples.filter(|ripple| seen(ripple.x, ripple.y)).collect();
        let trail = match finger {
            Some(press) => self.trail_at(clip_ms, press, &mut place),
            None => Vec::new(),
        };
        PointerState {
            ripples,
            cursor: cursor
                .filter(|(x, y, _)| seen(*x, *y))
                .map(|(x, y, finger)| Cursor {
                    x,
                    y,
                    finger,
                    pressed: finger || self.presses.button_down_at(clip_ms),
                    trail,
                }),
        }
    }

    /// Where the finger of `press` was in the last fraction of a second.
    fn trail_at(
        &self,
        clip_ms: f64,
        press: &Press,
        place: &mut dyn FnMut(Spot) -> (f64, f64),
    ) -> Vec<(f64, f64)> {
        let mut trail: Vec<(f64, f64)> = (1..=TRAIL_STEPS)
            .rev()
            .map(|step| clip_ms - f64::from(step) * TRAIL_MS / f64::from(TRAIL_STEPS))
            .filter(|before| *before >= press.down)
            .filter_map(|before| self.path.at(self.map.picture_at(before), place))
            .filter_map(|(x, y, finger)| finger.then_some((x, y)))
            .collect();
        trail.dedup();
        trail
    }

    /// The recorded positions in a stretch of clip time and the one before, each relative to its own
    /// document.
    pub(super) fn way(&self, from: f64, until: f64) -> impl Iterator<Item = (f64, f64)> {
        self.path
            .positions(self.map.picture_at(from), self.map.picture_at(until))
    }

    /// The nodes for whose documents [`Pointer::at`] will ask, for callers that must ask a browser first.
    pub(super) fn targets_at(&self, clip_ms: f64) -> Vec<Wanted> {
        let mut targets = Vec::new();
        self.at(clip_ms, &mut |target, x, y| {
            targets.push(target);
            (x, y)
        });
        targets
    }

    /// The first clip time from `clip_ms` on at which the pointer may look different than at
    /// `clip_ms`: `clip_ms` itself while it moves.
    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        // Its trail follows.
        if self.presses.finger_at(clip_ms).is_some() {
            return Some(clip_ms);
        }
        let moves = self
            .path
            .next_move(self.map.picture_at(clip_ms))
            .map(|time| self.map.clip_at(time).max(clip_ms));
        [moves, self.presses.next_change(clip_ms)]
            .into_iter()
            .flatten()
            .min_by(f64::total_cmp)
    }
}

/// The last event before a time that says where the pointer is, after those that say whether it was a
/// finger's.
fn last_before(tab: &Tab, time: f64) -> impl Iterator<Item = usize> {
    let before = tab.events.partition_point(|event| event.time < time);
    let says = |index: &usize| {
        tab.events.get(*index).is_some_and(|event| match event.kind {
            EventKind::PointerMove => true,
            EventKind::Interaction => match event.data().as_deref() {
                Ok(EventData::Interaction(interaction)) => interaction.position.is_some(),
                _ => false,
            },
            _ => false,
        })
    };
    let last = (0..before).rev().find(says);
    let begun = last.and_then(|last| tab.events.get(last)).map_or(0, |last| {
        // Moves are told up to half a second late.
        let earliest = last.time - path::EMULATED_MS - 500.0;
        tab.events.partition_point(|event| event.time < earliest)
    });
    last.into_iter().flat_map(move |last| begun..=last)
}

/// Events of the pointer from `from` on, up to the first that holds nothing of the time before `to`.
fn within(tab: &Tab, from: f64, to: f64) -> impl Iterator<Item = usize> {
    /// Positions come in an event of about this much later.
    const BATCH_MS: f64 = 1000.0;
    let first = tab.events.partition_point(|event| event.time < from);
    let end = tab.events.partition_point(|event| event.time <= to + BATCH_MS);
    (first..end).filter(move |index| {
        tab.events.get(*index).is_some_and(|event| match event.kind {
            EventKind::PointerMove => true,
            EventKind::Interaction => event.time <= to,
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests;
