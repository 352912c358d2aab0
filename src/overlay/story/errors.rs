//! Errors of the application, each once, with the click that led to it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Click, ErrorCue, MOST_CUES, Span, reading_ms};
use crate::clip::Clip;
use crate::moment::{code_place, fingerprint};
use crate::overlay::places::Wanted;
use crate::recording::{
    ConsoleLevel, ErrorReport, ErrorSource, EventData, EventKind, NodeContent, NodeId, Signal, SignalKind,
    Tab,
};

/// A click this long before an error led to it, in recording time.
const CAUSE_MS: f64 = 5000.0;

/// The shortest and longest time that a card is shown for, unless the error repeats.
const CARD_MS: (f64, f64) = (4000.0, 9000.0);

/// A repeated error is shown this much longer.
const REPEAT_MS: f64 = 2500.0;

/// Errors in the last part of a clip, of this length, stay until its end.
const ENDING_MS: f64 = 10_000.0;

/// Errors in the part of a clip that is shown. Those on the console have a place of their own, unless
/// nothing else says what went wrong; failed requests always have.
pub(super) fn cues(signals: &[&Signal], clicks: &[Click], tab: &Tab, clip: &Clip) -> Vec<ErrorCue> {
    let told = signals.iter().filter(|signal| clip.map.shows(signal.time));
    let mut reports: Vec<(f64, Cow<'_, ErrorReport>)> = told
        .filter_map(|signal| Some((signal.time, report(&signal.kind)?)))
        .collect();
    if reports.iter().any(|(_, report)| !on_console(report)) {
        reports.retain(|(_, report)| !on_console(report));
    }
    // Of two that tell the same, the one that knows more.
    let reported: BTreeSet<Arc<str>> = reports
        .iter()
        .filter(|(_, report)| matches!(report, Cow::Borrowed(_)))
        .map(|(_, report)| Arc::clone(&report.message))
        .collect();
    reports.retain(|(_, report)| matches!(report, Cow::Borrowed(_)) || !reported.contains(&report.message));
    let mut cues: Vec<ErrorCue> = Vec::new();
    let mut groups: Vec<String> = Vec::new();
    for (recording, report) in &reports {
        let clip_ms = clip.map.clip_at(*recording);
        let error_type = error_type(report);
        let group = fingerprint(report);
        if let Some(cue) = groups
            .iter()
            .position(|known| *known == group)
            .and_then(|at| cues.get_mut(at))
        {
            // One error can come from two sources.
            if cue.times.last() != Some(&clip_ms) {
                cue.times.push(clip_ms);
            }
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
                recording: *recording,
                error_type,
                message: Arc::clone(&report.message),
                handled: report.handled,
                place: code_place(&report.stack),
                cause: cause(clicks, *recording),
                answers: answers(tab, *recording),
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

/// What tells of an error; a line on the console as the same that was reported.
fn report(kind: &SignalKind) -> Option<Cow<'_, ErrorReport>> {
    match kind {
        SignalKind::Error(report) if report.source != ErrorSource::Network => Some(Cow::Borrowed(report)),
        SignalKind::Console(line) if line.level == ConsoleLevel::Error && !line.text.trim().is_empty() => {
            Some(Cow::Owned(ErrorReport {
                message: Arc::clone(&line.text),
                error_type: None,
                source: ErrorSource::Console,
                handled: None,
                stack: line.stack.clone(),
            }))
        }
        _ => None,
    }
}

fn on_console(report: &ErrorReport) -> bool {
    report.source == ErrorSource::Console
}

fn error_type(report: &ErrorReport) -> Arc<str> {
    match (&report.error_type, report.source) {
        (Some(error_type), _) if !error_type.is_empty() => Arc::clone(error_type),
        (_, ErrorSource::UnhandledRejection) => "Unhandled rejection".into(),
        (_, ErrorSource::Report) => "Browser report".into(),
        (_, ErrorSource::Console) => "Console error".into(),
        _ => "Error".into(),
    }
}

fn cause(clicks: &[Click], time: f64) -> Option<Click> {
    let before = clicks.partition_point(|click| click.time <= time);
    let last = clicks.get(before.checked_sub(1)?)?;
    (time - last.time <= CAUSE_MS).then(|| last.clone())
}

/// What came onto the page around an error: the outermost of the new elements.
fn answers(tab: &Tab, time: f64) -> Vec<Wanted> {
    /// Recording time before and after the error.
    const AROUND_MS: (f64, f64) = (500.0, 1500.0);
    /// A page that is built anew answers nothing.
    const MOST_AT_ONCE: usize = 4;
    const MOST: usize = 12;
    let first = tab
        .events
        .partition_point(|event| event.time < time - AROUND_MS.0);
    let around = tab
        .events
        .iter()
        .skip(first)
        .take_while(|event| event.time <= time + AROUND_MS.1)
        .filter(|event| event.kind == EventKind::Mutation);
    let mut answers = Vec::new();
    for event in around {
        let Ok(data) = event.data() else { continue };
        let EventData::Mutation(mutation) = &*data else {
            continue;
        };
        let roots = mutation.adds.iter().filter_map(|add| {
            let root = add.tree.nodes.first()?;
            Some((root.id?, add.parent, &root.content))
        });
        let new: BTreeSet<NodeId> = roots.clone().map(|(id, ..)| id).collect();
        let outermost = roots.filter(|(_, parent, content)| {
            matches!(content, NodeContent::Element { .. }) && !new.contains(parent)
        });
        let new: Vec<NodeId> = outermost.map(|(node, ..)| node).collect();
        if new.len() <= MOST_AT_ONCE {
            answers.extend(new.into_iter().map(|node| Wanted {
                node,
                since: event.time,
            }));
        }
    }
    answers.truncate(MOST);
    answers
}
