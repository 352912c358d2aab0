//! A clip in pieces that browsers can work on at once.

use std::ops::Range;

use crate::clip::{Plan, Tick};

/// Ticks that a piece has at least, so that bringing a page to its beginning pays.
const LEAST_TICKS: usize = 24;

/// Ticks that a piece has at most, which bounds what waits to be encoded.
const MOST_TICKS: usize = 96;

/// A piece of a clip.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// Where it begins.
    pub first: Tick,
    /// The points of the clip's grid that belong to it.
    pub grid: Range<u64>,
}

/// Cuts a clip for `jobs` browsers. Where the cuts are changes no frame.
pub(super) fn cut(plan: &Plan, jobs: usize) -> Vec<Chunk> {
    let mut ticks = vec![plan.first()];
    let mut last = plan.first();
    while let Some(next) = plan.after(&last, false, None) {
        ticks.push(next);
        last = next;
    }
    // The last piece reaches to the end of the clip, for the overlays' sake.
    let end = plan.end_index();
    if jobs <= 1 {
        return vec![Chunk {
            first: plan.first(),
            grid: 0..end,
        }];
    }
    // Two pieces for each browser even out pages that cost more than others.
    let size = ticks.len().div_ceil(jobs * 2).clamp(LEAST_TICKS, MOST_TICKS);
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
