//! Time to read. A clip stands still rather than going on slowly: what moves on the page is seen as fast as it
//! was, and nobody takes the time of reading for that of a slow page.

use super::error_cards::BURST_MS;
use super::options::{OverlayOptions, Part};
use super::story::{self, Reading, Span};
use super::titles;
use crate::clip::{Clip, SegmentKind, TimeMap};
use crate::recording::{Tab, Telemetry};

/// A clip stands still for so long at most in all between errors.
const MOST_MS: f64 = 12_000.0;

/// So long before what leads to the next error, which is not to be seen yet.
const BEFORE_MS: f64 = 50.0;

/// The same clip with time for what is drawn over it: for the cards around it and between its parts, and for each
/// error to be read before the next one takes its place, and before the clip ends.
pub fn with_time_to_read(mut clip: Clip, tab: &Tab, telemetry: &Telemetry, options: &OverlayOptions) -> Clip {
    let with_titles = titles::wanted(options);
    let reading = match options.shows(Part::Errors) {
        true => story::readings(tab, telemetry, &clip),
        false => Vec::new(),
    };
    let pauses = pauses(&reading, &clip.map);
    let reading: Vec<Span> = reading.into_iter().map(|reading| reading.span).collect();
    // From the end on, for what is inserted moves what is after it.
    let late = reading.iter().map(|error| error.until).fold(0.0, f64::max) - clip.map.length() as f64;
    clip.map = clip.map.with_hold(clip.map.end(), late.max(0.0).ceil() as u64);
    let part_ms = match options.shows(Part::Titles) {
        true => titles::PART_MS,
        false => 0,
    };
    clip.map = titles::with_time_before_parts(&clip.map, &reading, part_ms);
    for (recording, milliseconds) in pauses {
        clip.map = clip.map.with_hold(recording, milliseconds);
    }
    if with_titles {
        clip.map = clip.map.with_hold(clip.map.start(), titles::TITLE_MS);
        clip.map = clip.map.with_hold(clip.map.end(), titles::ENDING_MS);
    }
    clip
}

/// Recording times before errors at which the clip should stand still, and for how many milliseconds, so that
/// the error before can have been read.
fn pauses(readings: &[Reading], map: &TimeMap) -> Vec<(f64, u64)> {
    let mut left = MOST_MS;
    let mut pauses = Vec::new();
    for pair in readings.windows(2) {
        let [one, next] = pair else { continue };
        let (from, until) = (one.span.from, next.span.from);
        let is_cut = map.segments().iter().any(|segment| {
            matches!(segment.kind, SegmentKind::Cut { .. }) && (from..until).contains(&segment.clip.start)
        });
        // Between parts, there is time already.
        if until - from <= BURST_MS || is_cut {
            continue;
        }
        let begins = next.led_by.max(from).min(until);
        let late = (one.span.until - begins).min(left).ceil();
        if late > 0.0 {
            left -= late;
            pauses.push((map.recording_at((begins - BEFORE_MS).max(from)), late as u64));
        }
    }
    pauses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Segment;

    #[test]
    fn an_error_can_be_read_before_the_next_one_comes() {
        let map = TimeMap::of(vec![
            Segment {
                kind: SegmentKind::Play,
                clip: 0.0..20_000.0,
                recording: 1000.0..21_000.0,
            },
            Segment {
                kind: SegmentKind::Hold,
                clip: 20_000.0..21_000.0,
                recording: 21_000.0..21_000.0,
            },
        ]);
        let reading = |from: f64, led_by: f64| Reading {
            span: Span {
                from,
                until: from + 4000.0,
            },
            led_by,
        };
        // The second follows from the first; a click leads to the third; there is time before the fourth.
        let readings = [
            reading(2000.0, 2000.0),
            reading(2300.0, 2300.0),
            reading(4000.0, 3500.0),
            reading(12_000.0, 11_900.0),
        ];
        assert_eq!(pauses(&readings, &map), [(4450.0, 2800)]);
        let many: Vec<Reading> = (0..20).map(|n| reading(f64::from(n) * 1500.0, 0.0)).collect();
        let all: u64 = pauses(&many, &map).iter().map(|(_, ms)| ms).sum();
        assert_eq!(all as f64, MOST_MS);
    }
}
