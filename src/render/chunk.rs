//! A clip in pieces that browsers can work on at once.

use std::ops::Range;

use crate::clip::{Plan, Tick};

/// Ticks that a piece has at least, so that bringing a page to its beginning pays.
const LEAST_TICKS: usize = 24;

/// Ticks that a piece has at most, which bounds what waits to be encoded.
const MOST_TICKS: usize = 96;

/// So many pieces a clip is cut into, between these bounds: two for each browser on four cores.
const PIECES: usize = 8;

/// A piece of a clip.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// Where it begins.
    pub first: Tick,
    /// The points of the clip's grid that belong to it.
    pub grid: Range<u64>,
}

/// Cuts a clip in the same places for any number of browsers: here and there a pixel depends on what a browser
/// drew before, and each piece begins with a page that is built anew.
pub(super) fn cut(plan: &Plan) -> Vec<Chunk> {
    let mut ticks = vec![plan.first()];
    let mut last = plan.first();
    while let Some(next) = plan.after(&last, false, None) {
        ticks.push(next);
        last = next;
    }
    // The last piece reaches to the end of the clip, for the overlays' sake.
    let end = plan.end_index();
    let size = ticks.len().div_ceil(PIECES).clamp(LEAST_TICKS, MOST_TICKS);
    let starts: Vec<Tick> = ticks.iter().step_by(size).copied().collect();
    starts
        .iter()
        .enumerate()
        .map(|(at, first)| Chunk {
            first: *first,
            grid: first.index..starts.get(at + 1).map_or(end, |next| next.index),
        })
        .collect()
}
