//! Frustration, page changes, markers and captions.

use std::sync::Arc;

use super::{CaptionCue, Click, FrustrationCue, MOST_CUES, NoteCue, NoteKind, Span, reading_ms};
use crate::clip::{Clip, TimeMap};
use crate::moment::{Moment, MomentKind, is_one_spot};
use crate::overlay::options::Caption;
use crate::recording::{FrustrationKind, Signal, SignalKind};

/// How long a badge stays at its spot, in clip time.
const BADGE_MS: f64 = 3500.0;

/// After so many clicks in a row…
const RAGE_CLICKS: usize = 3;

/// …with no longer pause than this, in recording time, one more is a rage click.
const RAGE_PAUSE_MS: f64 = 1000.0;

/// How long a page's or a marker's name is shown, in clip time.
const NOTE_MS: f64 = 2200.0;

/// Pages that are entered so soon after the clip's start, in clip time, are where it starts.
const START_MS: f64 = 300.0;

/// The shortest and longest time for a caption that nothing ends.
const CAPTION_MS: (f64, f64) = (3000.0, 9000.0);

pub(super) fn frustrations(
    moments: &[Moment],
    signals: &[Signal],
    clicks: &[Click],
    map: &TimeMap,
) -> Vec<FrustrationCue> {
    let mut cues: Vec<FrustrationCue> = Vec::new();
    for moment in moments.iter().filter(|moment| map.shows(moment.time)) {
        let MomentKind::Frustration(kind) = moment.kind else {
            continue;
        };
        let told = moment
            .signal
            .and_then(|index| signals.get(index))
            .and_then(|signal| match &signal.kind {
                SignalKind::Frustration(told) => Some(told),
                _ => None,
            });
        let run = run_of_clicks(clicks, moment.time);
        let (position, node) = match (told.and_then(|told| told.position), run.first()) {
            (Some(position), _) => (Some(position), moment.node),
            (None, Some(click)) => (click.position, Some(moment.node.unwrap_or(click.node))),
            (None, None) => (None, moment.node),
        };
        // Some tell that there were many, but not how many.
        let counted = run.len() as u32;
        let clicks = told.map_or(counted, |told| told.clicks.max(counted));
        // It is one from the first click that is too much.
        let begun = match kind {
            FrustrationKind::RageClick => run.get(RAGE_CLICKS).map_or(moment.time, |click| click.time),
            _ => moment.time,
        };
        let from = map.clip_at(begun.max(moment.time));
        let last = run.last().map_or(from, |click| map.clip_at(click.time));
        let cue = FrustrationCue {
            span: Span {
                from,
                until: from.max(last) + BADGE_MS,
            },
            recording: moment.time,
            kind,
            clicks: if kind == FrustrationKind::RageClick {
                clicks
            } else {
                1
            },
            position: position.filter(|(x, y)| x.is_finite() && y.is_finite()),
            node,
        };
        let room = cues.len() < MOST_CUES;
        // On one element, one sign at a time says it all: the most repeated first.
        let same = cues
            .iter_mut()
            .find(|other| other.node == cue.node && other.span.overlaps(cue.span));
        match same {
            Some(other) if cue.kind < other.kind => *other = cue,
            Some(_) => {}
            None if room => cues.push(cue),
            None => {}
        }
    }
    cues
}

/// The clicks on one node, or at one spot, from a time on, each soon after the one before; if there is none on time, the
/// last one before, unless that was long ago.
fn run_of_clicks(clicks: &[Click], time: f64) -> &[Click] {
    /// Some tell the time at which the button went down, which is before the click.
    const PRESSED_MS: f64 = 500.0;
    const LONG_AGO_MS: f64 = 10_000.0;
    let first = clicks.partition_point(|click| click.time < time - 50.0);
    let on_time = clicks
        .get(first)
        .is_some_and(|click| click.time <= time + PRESSED_MS);
    let first = if on_time { first } else { first.saturating_sub(1) };
    if !clicks
        .get(first)
        .is_some_and(|click| (click.time - time).abs() <= LONG_AGO_MS)
    {
        return &[];
    }
    let run = clicks.get(first..).unwrap_or_default();
    let goes_on = |pair: &[Click]| match pair {
        [one, next] => {
            let same = one.node == next.node || is_one_spot(one.position, next.position);
            same && next.time - one.time <= RAGE_PAUSE_MS
        }
        _ => false,
    };
    let length = 1 + run.windows(2).take_while(|pair| goes_on(pair)).count();
    run.get(..length).unwrap_or_default()
}

pub(super) fn notes(signals: &[&Signal], map: &TimeMap) -> Vec<NoteCue> {
    let mut cues: Vec<NoteCue> = Vec::new();
    let mut last_url: Option<&str> = None;
    for signal in signals {
        let (kind, text) = match &signal.kind {
            SignalKind::View(view) => {
                let known = last_url.replace(&view.url) == Some(&*view.url);
                if known {
                    continue;
                }
                let title = view.title.clone().filter(|title| !title.trim().is_empty());
                (NoteKind::Page, title.unwrap_or_else(|| short_address(&view.url)))
            }
            SignalKind::Marker(name) => (NoteKind::Marker, Arc::clone(name)),
            SignalKind::Switch(switch) => {
                // What the page there says of itself right away is told with it.
                last_url = Some(&switch.url);
                let page = short_address(&switch.url);
                let dash = if page.is_empty() { "" } else { " — " };
                let text = format!("Tab {} of {}{dash}{page}", switch.number, switch.of);
                (NoteKind::Tab, text.into())
            }
            _ => continue,
        };
        let from = map.clip_at(signal.time);
        let beginning = kind == NoteKind::Page && from < START_MS;
        // Where the user has gone meanwhile matters, too.
        if map.shows(signal.time) && !beginning && cues.len() < MOST_CUES {
            let until = from + NOTE_MS;
            cues.push(NoteCue {
                span: Span { from, until },
                kind,
                text,
            });
        }
    }
    super::one_at_a_time(&mut cues, |cue| &mut cue.span);
    cues
}

/// Host and path of an address.
fn short_address(url: &str) -> Arc<str> {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let short = plain.split_once("://").map_or(plain, |(_, rest)| rest);
    short.trim_end_matches('/').into()
}

pub(super) fn captions(signals: &[&Signal], given: &[Caption], clip: &Clip) -> Vec<CaptionCue> {
    let map = &clip.map;
    // Given captions end by themselves; those of a recording when it says so, or the next one comes, and they
    // wait for given ones.
    let mut changes: Vec<(f64, Option<Arc<str>>, bool)> = given
        .iter()
        .map(|caption| (clip.resolve(caption.at), Some(Arc::clone(&caption.text)), true))
        .collect();
    for signal in signals {
        if let SignalKind::Caption(caption) = &signal.kind {
            changes.push((signal.time, caption.clone(), false));
        }
    }
    changes.retain(|(time, ..)| *time <= map.end());
    changes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut cues: Vec<CaptionCue> = Vec::new();
    let mut given_until = 0.0_f64;
    for (time, text, ends) in changes {
        let from = map.clip_at(time);
        let from = if ends { from } else { from.max(given_until) };
        if let Some(last) = cues.last_mut() {
            last.span.until = last.span.until.min(from);
        }
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        let time = reading_ms(&text).clamp(CAPTION_MS.0, CAPTION_MS.1);
        let until = if ends { from + time } else { f64::INFINITY };
        if ends {
            given_until = until;
        }
        if cues.len() < MOST_CUES {
            cues.push(CaptionCue {
                span: Span { from, until },
                text,
            });
        }
    }
    cues.retain(|cue| cue.span.until > cue.span.from);
    cues
}
