//! The way of the pointer between the positions that were recorded.

use super::Spot;
use crate::recording::{Interaction, InteractionKind, PointerKind, PointerPath};

/// Between positions that are further apart in time than this, the pointer rested: recorders note
/// nothing while it does.
const REST_MS: f64 = 500.0;

/// How long the way to the next position takes after a rest.
const GLIDE_MS: f64 = 150.0;

/// This soon after a touch, browsers tell of a mouse that is not there.
pub(super) const EMULATED_MS: f64 = 1000.0;

/// A position of the pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    time: f64,
    spot: Spot,
    finger: bool,
}

/// A smooth way that passes exactly through all positions and never leaves the box between two of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    /// Ascending in time, no two at the same time, and no three in a row at the same spot.
    samples: Vec<Sample>,
}

/// Collects positions in any order.
#[derive(Debug, Default)]
pub(super) struct PathBuilder {
    samples: Vec<Sample>,
    /// When fingers went down and were lifted.
    touches: Vec<(f64, bool)>,
}

impl PathBuilder {
    pub(super) fn moves(&mut self, time: f64, path: &PointerPath) {
        let finger = path.kind == PointerKind::Touch;
        for sample in &path.samples {
            self.push(
                time + sample.offset,
                Spot::new(sample.target, time + sample.offset, sample.x, sample.y),
                finger,
            );
        }
    }

    pub(super) fn interaction(&mut self, time: f64, interaction: &Interaction) {
        use InteractionKind::*;
        match interaction.kind {
            TouchStart => self.touches.push((time, true)),
            TouchEnd | TouchCancel => self.touches.push((time, false)),
            _ => {}
        }
        let finger = match interaction.kind {
            TouchStart | TouchMoveDeparted | TouchEnd | TouchCancel => true,
            MouseUp | MouseDown | Click | ContextMenu | DoubleClick => interaction.touch,
            Focus | Blur => return,
        };
        let spot = interaction
            .position
            .filter(|position| !from_keyboard(interaction, *position));
        self.push(
            time,
            spot.and_then(|(x, y)| Spot::new(interaction.target, time, x, y)),
            finger,
        );
    }

    fn push(&mut self, time: f64, spot: Option<Spot>, finger: bool) {
        if let Some(spot) = spot.filter(|_| time.is_finite()) {
            self.samples.push(Sample { time, spot, finger });
        }
    }

    pub(super) fn build(mut self) -> Path {
        self.samples.sort_by(|one, other| one.time.total_cmp(&other.time));
        let mut samples: Vec<Sample> = Vec::with_capacity(self.samples.len());
        self.touches.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut touched = f64::NEG_INFINITY;
        for mut sample in self.samples {
            sample.finger = sample.finger && is_down(&self.touches, sample.spot.time);
            if sample.finger {
                touched = sample.time;
            } else if sample.time - touched <= EMULATED_MS {
                continue;
            }
            match samples.as_mut_slice() {
                // Of two positions at one time, the later in the recording counts.
                [.., last] if last.time == sample.time => *last = sample,
                [.., before, last] if same_place(before, last) && same_place(last, &sample) => *last = sample,
                _ => samples.push(sample),
            }
        }
        Path { samples }
    }
}

/// Whether a finger is down at a time. In frames, some recorders take every mouse for a finger; that
/// moves, but never goes down.
fn is_down(touches: &[(f64, bool)], time: f64) -> bool {
    /// The end of a touch is noted with the last position, or a little before it.
    const LATE_MS: f64 = 100.0;
    let begun = touches.partition_point(|(at, _)| *at <= time);
    touches
        .get(..begun)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|(at, down)| *down || time - at <= LATE_MS)
        .any(|(_, down)| *down)
}

/// A click that a key caused is recorded at the origin; the pointer was not there.
pub(super) fn from_keyboard(interaction: &Interaction, position: (f64, f64)) -> bool {
    interaction.kind == InteractionKind::Click && position == (0.0, 0.0)
}

fn same_place(one: &Sample, other: &Sample) -> bool {
    one.spot.is_same(other.spot) && one.finger == other.finger
}

impl Path {
    /// Position at a recording time and whether it is a finger's; `None` before the first.
    pub(super) fn at(
        &self,
        time: f64,
        place: &mut dyn FnMut(Spot) -> (f64, f64),
    ) -> Option<(f64, f64, bool)> {
        let after = self.samples.partition_point(|sample| sample.time <= time);
        let from = *self.samples.get(after.checked_sub(1)?)?;
        let start = place(from.spot);
        let resting = Some((start.0, start.1, from.finger));
        let Some(to) = self.samples.get(after) else {
            return resting;
        };
        if same_place(&from, to) || time < move_begins(&from, to) || from.finger != to.finger {
            return resting;
        }
        let end = place(to.spot);
        let length = to.time - from.time;
        let (x, y) = if length > REST_MS {
            let share = smooth_step((time - move_begins(&from, to)) / GLIDE_MS);
            (
                start.0 + (end.0 - start.0) * share,
                start.1 + (end.1 - start.1) * share,
            )
        } else {
            let mut speed_through =
                |index: Option<usize>, here: &Sample, around: (f64, f64), other: (f64, f64)| {
                    let neighbour = index.and_then(|index| self.samples.get(index));
                    match neighbour.filter(|sample| sample.finger == here.finger) {
                        Some(sample) if (sample.time - here.time).abs() <= REST_MS => {
                            let beyond = place(sample.spot);
                            let reach = (sample.time - here.time).abs();
                            (
                                slope(reach, around.0 - beyond.0, length, other.0 - around.0),
                                slope(reach, around.1 - beyond.1, length, other.1 - around.1),
                            )
                        }
                        // It comes to rest here, or starts from rest.
                        _ => (0.0, 0.0),
                    }
                };
            let leaving = speed_through(after.checked_sub(2), &from, start, end);
            let arriving = speed_through(Some(after + 1), to, end, start);
            let share = (time - from.time) / length;
            (
                hermite(share, length, start.0, end.0, leaving.0, -arriving.0),
                hermite(share, length, start.1, end.1, leaving.1, -arriving.1),
            )
        };
        Some((x, y, from.finger))
    }

    /// The positions between two recording times and the one before; of very many, every so manieth.
    pub(super) fn positions(&self, from: f64, until: f64) -> impl Iterator<Item = (f64, f64)> {
        const MOST: usize = 200;
        let first = self
            .samples
            .partition_point(|sample| sample.time <= from)
            .saturating_sub(1);
        let end = self.samples.partition_point(|sample| sample.time <= until);
        let samples = self.samples.get(first..end).unwrap_or_default();
        let step = samples.len() / MOST + 1;
        samples
            .iter()
            .step_by(step)
            .map(|sample| (sample.spot.x, sample.spot.y))
    }

    /// The first recording time from `time` on at which the position changes: `time` itself on the way
    /// from one to the next.
    pub(super) fn next_move(&self, time: f64) -> Option<f64> {
        let after = self.samples.partition_point(|sample| sample.time <= time);
        let Some(last) = after.checked_sub(1) else {
            return self.samples.first().map(|sample| sample.time);
        };
        let pairs = self.samples.get(last..)?.windows(2);
        pairs
            .filter_map(|pair| match pair {
                [from, to] if !same_place(from, to) => Some(move_begins(from, to).max(time)),
                _ => None,
            })
            .next()
    }
}

/// When the pointer leaves one position for the next.
fn move_begins(from: &Sample, to: &Sample) -> f64 {
    if from.finger != to.finger {
        to.time
    } else if to.time - from.time > REST_MS {
        to.time - GLIDE_MS
    } else {
        from.time
    }
}

/// Speed at a position between two stretches, each with its duration and distance: 0 where the
/// direction turns, and never so fast that the way overshoots (weighted harmonic mean, Fritsch and
/// Butland 1984).
fn slope(time_before: f64, before: f64, time_after: f64, after: f64) -> f64 {
    let (speed_before, speed_after) = (before / time_before, after / time_after);
    if speed_before * speed_after <= 0.0 {
        return 0.0;
    }
    let weight_before = 2.0 * time_after + time_before;
    let weight_after = time_after + 2.0 * time_before;
    (weight_before + weight_after) / (weight_before / speed_before + weight_after / speed_after)
}

/// Cubic from `start` to `end` that leaves and arrives with the given speeds.
fn hermite(share: f64, length: f64, start: f64, end: f64, leaving: f64, arriving: f64) -> f64 {
    let (square, cube) = (share * share, share * share * share);
    (2.0 * cube - 3.0 * square + 1.0) * start
        + (cube - 2.0 * square + share) * length * leaving
        + (3.0 * square - 2.0 * cube) * end
        + (cube - square) * length * arriving
}

fn smooth_step(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}
