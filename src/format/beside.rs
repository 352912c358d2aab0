//! Files beside a recording: whose they are, and how their clock goes.

use super::events::{self, Events};
use super::{FormatError, Input, ReadOptions, inflate};
use crate::recording::{Recording, Tab, Telemetry};

/// What happens so long before or after the recording is still of its session, in milliseconds:
/// clocks of two sources differ a little.
const AROUND_SESSION: f64 = 5000.0;

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
/// time. `clock_offset` (milliseconds) is added to the files' times.
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
    let mut side = Telemetry::default();
    for file in files {
        for source in file.load(options.max_bytes)? {
            let inflated = inflate::inflate(source.bytes, options.max_bytes);
            match events::read_events(&inflated.bytes) {
                Ok(mut read) => {
                    if let Some(session) = &session {
                        joined.of_others += read.keep_session(session);
                    }
                    let Events { telemetry, .. } = read;
                    side.merge(telemetry);
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
    for signal in &mut side.signals {
        signal.time += clock_offset;
    }
    joined.clock_difference = recording.telemetry.clock_difference(&side);
    let times = |of: fn(&Tab) -> Option<f64>| recording.tabs.iter().filter_map(of).collect::<Vec<_>>();
    let start = times(Tab::start).into_iter().fold(f64::INFINITY, f64::min);
    let end = times(Tab::end).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let mut elsewhere = 0;
    let mut nearest = f64::INFINITY;
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
    joined.used = side.signals.len();
    joined.of_other_time = (elsewhere > 0).then_some((elsewhere, nearest));
    recording.telemetry.join(side);
    Ok(joined)
}
