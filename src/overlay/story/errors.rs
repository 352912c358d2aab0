//! Errors of the application, each once, with the click that led to it.

use std::sync::Arc;

use super::{Click, ErrorCue, MOST_CUES, Span, reading_ms, shown};
use crate::clip::Clip;
use crate::moment::{code_place, fingerprint};
use crate::recording::{ErrorReport, ErrorSource, Signal, SignalKind};

/// A click this long before an error led to it, in recording time.
const CAUSE_MS: f64 = 5000.0;

/// The shortest and longest time that a card is shown for, unless the error repeats.
const CARD_MS: (f64, f64) = (4000.0, 9000.0);

/// A repeated error is shown this much longer.
const REPEAT_MS: f64 = 2500.0;

/// Errors in the last part of a clip, of this length, stay until its end.
const ENDING_MS: f64 = 10_000.0;

pub(super) fn cues(signals: &[&Signal], clicks: &[Click], clip: &Clip) -> Vec<ErrorCue> {
    let mut cues: Vec<ErrorCue> = Vec::new();
    let mut groups: Vec<String> = Vec::new();
    for signal in signals.iter().filter(|signal| shown(&clip.map, signal.time)) {
        let SignalKind::Error(report) = &signal.kind else {
            continue;
        };
        // The console and failed requests have their own place.
        if matches!(report.source, ErrorSource::Console | ErrorSource::Network) {
            continue;
        }
        let clip_ms = clip.map.clip_at(signal.time);
        let error_type = error_type(report);
        let group = fingerprint(report);
        if let Some(cue) = groups
            .iter()
            .position(|known| *known == group)
            .and_then(|at| cues.get_mut(at))
        {
            cue.times.push(clip_ms);
            cue.span.until = cue.span.until.max(clip_ms + REPEAT_MS);
        } else if cues.len() < MOST_CUES {
            let time = reading_ms(&report.message).clamp(CARD_MS.0, CARD_MS.1);
            groups.push(group);
            cues.push(ErrorCue {
                span: Span {
                    from: clip_ms,
                    until: clip_ms + time,
                },
                read_by: clip_ms + time,
                times: vec![clip_ms],
                recording: signal.time,
                error_type,
                message: Arc::clone(&report.message),
                handled: report.handled,
                place: code_place(&report.stack),
                cause: cause(clicks, signal.time),
            });
        }
    }
    let length = clip.map.length() as f64;
    for cue in &mut cues {
        if cue.span.until >= clip.map.play_length() - ENDING_MS.min(length / 4.0) {
            cue.span.until = f64::INFINITY;
        }
    }
    cues
}

fn error_type(report: &ErrorReport) -> Arc<str> {
    match (&report.error_type, report.source) {
        (Some(error_type), _) if !error_type.is_empty() => Arc::clone(error_type),
        (_, ErrorSource::UnhandledRejection) => "Unhandled rejection".into(),
        (_, ErrorSource::Report) => "Browser report".into(),
        _ => "Error".into(),
    }
}

fn cause(clicks: &[Click], time: f64) -> Option<Click> {
    let before = clicks.partition_point(|click| click.time <= time);
    let last = clicks.get(before.checked_sub(1)?)?;
    (time - last.time <= CAUSE_MS).then(|| last.clone())
}
