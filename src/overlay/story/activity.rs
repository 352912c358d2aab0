//! Requests and console lines that tell of trouble.

use std::sync::Arc;

use super::{ConsoleCue, MOST_CUES, RequestCue, Span, reading_ms};
use crate::clip::TimeMap;
use crate::recording::{ConsoleLevel, ErrorSource, Signal, SignalKind};

/// Requests that take longer than this, in milliseconds, are slow.
const SLOW_MS: f64 = 3000.0;

/// How long a request is shown, in clip time.
const REQUEST_MS: f64 = 6000.0;

/// The same that comes again within this clip time is counted, not told again.
const SAME_MS: f64 = 15_000.0;

/// A console line is shown for between this and this.
const LINE_MS: (f64, f64) = (4000.0, 8000.0);

pub(super) fn requests(signals: &[&Signal], map: &TimeMap) -> Vec<RequestCue> {
    let mut cues: Vec<RequestCue> = Vec::new();
    for signal in signals {
        let SignalKind::Request(request) = &signal.kind else {
            continue;
        };
        let duration = request.duration.filter(|duration| (0.0..1e9).contains(duration));
        let slow = duration.is_some_and(|duration| duration > SLOW_MS);
        let end = signal.time + duration.unwrap_or(0.0);
        if !(request.failed() || slow) || !map.shows(end) {
            continue;
        }
        let clip_ms = map.clip_at(end);
        let method = request.method.clone().unwrap_or_else(|| "GET".into());
        let path = path(&request.url);
        let span = Span {
            from: clip_ms,
            until: clip_ms + REQUEST_MS,
        };
        let same = cues.iter_mut().rev().find(|cue| {
            cue.path == path
                && cue.method == method
                && cue.status == request.status
                && (clip_ms - cue.span.from).abs() < SAME_MS
        });
        if let Some(cue) = same {
            cue.times.push(clip_ms);
            cue.span.until = cue.span.until.max(span.until);
        } else if cues.len() < MOST_CUES {
            cues.push(RequestCue {
                span,
                times: vec![clip_ms],
                method,
                path,
                status: request.status,
                failed: request.failed(),
                duration,
            });
        }
    }
    for cue in &mut cues {
        cue.times.sort_by(f64::total_cmp);
        cue.span.from = cue.times.first().copied().unwrap_or(cue.span.from);
    }
    // They begin with their ends.
    cues.sort_by(|one, other| one.span.from.total_cmp(&other.span.from));
    cues
}

/// Path of an address: query and fragment say little and may be secret. An address of another kind
/// (`data:`) is named by its scheme.
fn path(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    match plain.split_once("://") {
        Some((_, rest)) => match rest.find('/') {
            Some(at) => rest.split_at(at).1.to_owned(),
            None => "/".to_owned(),
        },
        None => match plain.split_once(':') {
            Some((scheme, _)) if !plain.starts_with('/') => format!("{scheme}:"),
            _ => plain.to_owned(),
        },
    }
}

pub(super) fn console(signals: &[&Signal], map: &TimeMap) -> Vec<ConsoleCue> {
    let mut cues: Vec<ConsoleCue> = Vec::new();
    for signal in signals.iter().filter(|signal| map.shows(signal.time)) {
        let (level, text) = match &signal.kind {
            SignalKind::Console(line) if line.level >= ConsoleLevel::Warn => (line.level, &line.text),
            SignalKind::Error(error) if error.source == ErrorSource::Console => {
                (ConsoleLevel::Error, &error.message)
            }
            _ => continue,
        };
        if text.trim().is_empty() {
            continue;
        }
        let clip_ms = map.clip_at(signal.time);
        let until = clip_ms + reading_ms(text).clamp(LINE_MS.0, LINE_MS.1);
        let room = cues.len() < MOST_CUES;
        let same = cues
            .iter_mut()
            .rev()
            .find(|cue| cue.level == level && cue.text == *text && clip_ms - cue.span.from < SAME_MS);
        match same {
            // One line can come from two sources.
            Some(cue) if cue.times.last() == Some(&clip_ms) => {}
            Some(cue) => {
                cue.times.push(clip_ms);
                cue.span.until = until;
            }
            None if room => cues.push(ConsoleCue {
                span: Span { from: clip_ms, until },
                times: vec![clip_ms],
                level,
                text: Arc::clone(text),
            }),
            None => {}
        }
    }
    cues
}
