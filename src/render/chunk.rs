//! A clip in pieces that browsers can work on at once.

use std::ops::Range;

use crate::clip::{Plan, Tick};
use crate::recording::{EventKind, Tab};

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
/// drew before, and each piece begins with a page that is built anew. Where a page of the recording begins nearby,
/// that costs nothing: a piece begins there.
pub(super) fn cut(plan: &Plan, tab: &Tab) -> Vec<Chunk> {
    let mut ticks = vec![plan.first()];
    let mut last = plan.first();
    while let Some(next) = plan.after(&last, false, None) {
        ticks.push(next);
        last = next;
    }
    // The last piece reaches to the end of the clip, for the overlays' sake.
    let end = plan.end_index();
    let size = ticks.len().div_ceil(PIECES).clamp(LEAST_TICKS, MOST_TICKS);
    let pages = page_starts(&ticks, tab);
    let places = (0..ticks.len()).step_by(size);
    let starts: Vec<Tick> = places
        .filter_map(|place| ticks.get(moved(place, size, &pages)).copied())
        .collect();
    starts
        .iter()
        .enumerate()
        .map(|(at, first)| Chunk {
            first: *first,
            grid: first.index..starts.get(at + 1).map_or(end, |next| next.index),
        })
        .collect()
}

/// The places of the ticks that are the first of a page, but for the clip's first.
fn page_starts(ticks: &[Tick], tab: &Tab) -> Vec<usize> {
    let snapshots = tab.events.iter();
    let snapshots = snapshots.filter(|event| event.kind == EventKind::FullSnapshot);
    let places = snapshots.map(|event| ticks.partition_point(|tick| tick.recording < event.time));
    places.filter(|place| (1..ticks.len()).contains(place)).collect()
}

/// The page's beginning that is nearest to where a piece would begin, within less than half of one.
fn moved(place: usize, size: usize, pages: &[usize]) -> usize {
    let near = pages.iter().copied();
    let near = near.filter(|page| place > 0 && page.abs_diff(place) < size.div_ceil(2));
    near.min_by_key(|page| page.abs_diff(place)).unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_begin_where_a_page_nearby_does() {
        assert_eq!(moved(0, 40, &[5]), 0);
        assert_eq!(moved(40, 40, &[]), 40);
        assert_eq!(moved(40, 40, &[21, 58, 60]), 58);
        assert_eq!(moved(40, 40, &[20, 60]), 40);
        // Two pieces never begin at the same place.
        for page in 0..200 {
            let starts: Vec<usize> = (0..200)
                .step_by(39)
                .map(|place| moved(place, 39, &[page]))
                .collect();
            assert!(starts.is_sorted_by(|one, two| one < two), "{page}: {starts:?}");
        }
    }
}
