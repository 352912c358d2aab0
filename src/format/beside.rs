//! Files beside a recording: whose they are, and how their clock goes.

use super::events::{self, Events};
use super::{FormatError, Input, ReadOptions, inflate};
use crate::recording::{AROUND_SESSION, Recording, Tab};

/// What became of the files beside a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Joined {
    /// Signals of the recording's session and time.
    pub used: usize,
    /// Signals of other sessions.
    pub of_others: usize,
    /// Signals of another time, and the time from the recording to the nearest of them in
    /// milliseconds: negative if they are before it.
    pub of_other_time: Option<(usize, f64)>,
    /// By how much the files' clock is ahead of the recording's, in milliseconds, where what both tell
    /// of says clearly that they differ.
    pub clock_difference: Option<f64>,
}

/// Adds to `recording` what `files` tell of its session, by the session's id where both have one, and by
/// time. `clock_offset` (milliseconds) is added to the files' times. Files that tell something of it become
/// [sources](Recording::sources) of the recording.
///
/// # Errors
/// When a file cannot be read, or is of no known kind.
pub fn join_side_files(
    recording: &mut Recording,
    files: &[Input],
    clock_offset: f64,
    options: &ReadOptions,
) -> Result<Joined, FormatError> {
    let session = recording.telemetry.context.session.clone();
    let mut joined = Joined::default();
    // Each by itself: what two files both tell of is one thing, what one tells twice is two.
    let mut sides = Vec::new();
    for file in files {
        for source in file.load(options.most_input())? {
            let description = source.description();
            let inflated = inflate::inflate(source.bytes, options.most_unpacked());
            match events::read_events(&inflated.bytes) {
                Ok(mut read) => {
                    if let Some(session) = &session {
                        joined.of_others += read.keep_session(session);
                    }
                    let Events { telemetry, .. } = read;
                    sides.push((telemetry, description));
                }
                // In a directory, whatever else is there is no concern.
                Err(_) if source.found => {}
                Err(error) => {
                    return Err(FormatError::Events {
                        file: source.name,
                        error,
                    });
                }
            }
        }
    }
    let times = |of: fn(&Tab) -> Option<f64>| recording.tabs.iter().filter_map(of).collect::<Vec<_>>();
    let start = times(Tab::start).into_iter().fold(f64::INFINITY, f64::min);
    let end = times(Tab::end).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let mut elsewhere = 0;
    let mut nearest = f64::INFINITY;
    for (mut side, description) in sides {
        for signal in &mut side.signals {
            signal.time += clock_offset;
        }
        joined.clock_difference = joined
            .clock_difference
            .or_else(|| recording.telemetry.clock_difference(&side));
        side.signals.retain(|signal| {
            let away = (signal.time - end).max(0.0) + (signal.time - start).min(0.0);
            let here = away.abs() <= AROUND_SESSION;
            if !here {
                elsewhere += 1;
                if away.abs() < f64::abs(nearest) {
                    nearest = away;
                }
            }
            here
        });
        joined.used += side.signals.len();
        let tells = !side.signals.is_empty();
        let context = recording.telemetry.context.clone();
        recording.telemetry.join(side);
        if tells || recording.telemetry.context != context {
            recording.sources.push(description);
        }
    }
    joined.of_other_time = (elsewhere > 0).then_some((elsewhere, nearest));
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::format::read;
    use crate::moment::{MomentKind, moments};

    #[test]
    fn files_that_tell_of_the_session_are_named_and_what_they_tell_alike_counts_once() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checkout.json.gz");
        let options = ReadOptions::default();
        let mut recording = read(&[Input::Path(fixture)], &options).unwrap();
        let errors = |recording: &Recording| {
            let found = moments(&recording.tabs[0], &recording.telemetry);
            let of_it = |kind| found.iter().filter(|moment| moment.kind == kind).count();
            (of_it(MomentKind::Error), of_it(MomentKind::HandledError))
        };
        let before = errors(&recording);
        assert_eq!(before, (8, 4));

        let folder = tempfile::tempdir().unwrap();
        let message = "Cannot read properties of undefined (reading 'map')";
        let line = |time: f64| {
            let error = serde_json::json!({
                "time": time, "kind": "error", "message": format!("TypeError: {message}")
            });
            error.to_string()
        };
        let first = 1_773_151_343_137.0;
        // Once when it was recorded, too, and once when nothing was.
        let told = [line(first + 40.0), line(first - 15_000.0)].join("\n");
        let files = [
            ("a.ndjson", told.clone()),
            ("b.ndjson", told),
            ("of-other-time.ndjson", line(first + 86_400_000.0)),
        ];
        let inputs = files.map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Input::Path(path)
        });
        let joined = join_side_files(&mut recording, &inputs, 0.0, &options).unwrap();
        assert_eq!(joined.used, 4);
        assert_eq!(errors(&recording), (before.0 + 1, before.1));
        let names: Vec<&str> = recording
            .sources
            .iter()
            .map(|source| source.name.as_str())
            .collect();
        assert_eq!(names, ["checkout.json.gz", "a.ndjson", "b.ndjson"]);
        assert!(recording.sources.iter().all(|source| source.sha256.len() == 64));
    }
}
