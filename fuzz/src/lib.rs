//! What every fuzz target does: see README.md.

mod drawn;
mod events;
mod mutation;
mod pictures;
mod writers;

use bytes::Bytes;
use domreel::clip::{Clip, ClipOptions, Plan};
use domreel::dom::Replay;
use domreel::format::{FormatName, Input, ReadOptions};
use domreel::limits::{Limit, Limits};
use domreel::moment::{moments, steps};
use domreel::recording::{Recording, Tab, follow};

pub use drawn::draw;
pub use events::dom;
pub use mutation::mutate;
pub use pictures::gif;
pub use writers::{document, redact};

/// Most bytes that anything may decompress to.
const MAX_BYTES: u64 = 8 << 20;

/// Reads `bytes` and does with what they hold all that needs no browser.
pub fn read(format: Option<FormatName>, bytes: &[u8]) {
    if let Some(recording) = recording(format, bytes) {
        use_all(&recording);
    }
}

/// Reads `bytes` as a file beside a recording.
pub fn read_events(bytes: &[u8]) {
    if let Ok(events) = domreel::format::events::read_events(bytes) {
        let times = events.telemetry.signals.iter().map(|signal| signal.time);
        assert!(times.is_sorted_by(|one, two| one.total_cmp(two).is_le()));
    }
}

/// Small enough to be met by what is fuzzed.
fn limits() -> Limits {
    let limits = Limits::default()
        .with(Limit::Input, MAX_BYTES)
        .with(Limit::Unpacked, MAX_BYTES);
    limits.with(Limit::Depth, 40).with(Limit::Nodes, 3000)
}

fn recording(format: Option<FormatName>, bytes: &[u8]) -> Option<Recording> {
    let options = ReadOptions {
        format,
        limits: limits(),
        ..ReadOptions::default()
    };
    let input = Input::Bytes {
        name: "fuzz".to_owned(),
        data: Bytes::copy_from_slice(bytes),
    };
    domreel::format::read(&[input], &options).ok()
}

/// What every command does with a recording before a browser is asked.
fn use_all(recording: &Recording) {
    assert!(recording.tabs.iter().any(Tab::has_picture));
    for tab in &recording.tabs {
        assert!(tab.events.is_sorted_by(|one, two| one.time <= two.time));
        assert!(tab.events.iter().all(|event| event.time.is_finite()));
        let _ = moments(tab, &recording.telemetry);
        let _ = steps(tab, &[]);
        if let Ok(clip) = Clip::new(tab, &ClipOptions::default()) {
            let plan = Plan::new(tab, &clip);
            assert!(plan.length() >= clip.map.play_length() as u64);
        }
        agree(tab);
    }
    if recording.tabs.len() > 1 {
        agree(&follow(recording).tabs[0]);
    }
}

/// Playing to a time and going there at once give the same page.
fn agree(tab: &Tab) {
    let (Some(start), Some(end)) = (tab.start(), tab.end()) else {
        return;
    };
    let mut played = Replay::new(tab);
    for part in [0.3, 0.7, 1.0] {
        let time = start + (end - start) * part;
        played.advance_to(time);
        let mut sought = Replay::new(tab);
        let sought = format!("{:?}", sought.seek(time).changes);
        // What is in the page counts, not how it came there.
        let there = format!("{:?}", played.seek(time).changes);
        assert_eq!(there, sought, "at {time}");
    }
}
