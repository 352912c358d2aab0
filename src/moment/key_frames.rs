//! The few pictures that tell a clip: what the user did, what came of it, where it began and ended.

use std::collections::BTreeSet;

use super::{Moment, MomentKind, UserStep, UserStepKind, code_place, moments, steps};
use crate::clip::TimeMap;
use crate::recording::{FrustrationKind, NodeId, SignalKind, Tab, Telemetry};

/// What comes so soon after something else that happened belongs to it, in milliseconds of recording
/// time; so does a sign of frustration after its click.
const TOGETHER_MS: f64 = 1500.0;

/// How long after something happened the page shows it.
const SHOWN_AFTER_MS: f64 = 800.0;

/// How long after it was entered a page is there.
const LOADED_AFTER_MS: f64 = 1500.0;

/// How long after its last step a form shows what was put in.
const FILLED_AFTER_MS: f64 = 8000.0;

/// Things that one picture is about at most.
const MOST_LINES: usize = 4;

/// One picture of a few.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyFrame {
    /// When what it is about began, in milliseconds since the Unix epoch.
    pub time: f64,
    /// Recording time of the page that shows it best; never before `time`.
    pub picture: f64,
    /// What it is about, in order of time; never empty.
    pub lines: Vec<KeyLine>,
}

/// One thing that a picture is about.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyLine {
    /// What kind of thing.
    pub kind: KeyKind,
    /// In words; empty where the kind says it all.
    pub text: String,
    /// Where in the code an error came from.
    pub place: Option<String>,
}

/// What kind of thing a picture is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The page as it is when the clip begins.
    Begin,
    /// Something that the user did.
    Step(UserStepKind),
    /// Something that happened.
    Moment(MomentKind),
    /// The page as it is when the clip ends.
    End,
}

impl KeyKind {
    /// A click, and at once something to be seen at its spot.
    pub fn is_click(self) -> bool {
        matches!(
            self,
            KeyKind::Step(UserStepKind::Click)
                | KeyKind::Moment(MomentKind::Frustration(FrustrationKind::ErrorClick))
        )
    }
}

/// At most `most` pictures that tell what a clip of `tab`, with these times, shows; in order of time. What went wrong
/// comes before what led there, and that before everything else.
pub fn key_frames(tab: &Tab, telemetry: &Telemetry, map: &TimeMap, most: usize) -> Vec<KeyFrame> {
    let mut drafts = Draft::all(tab, telemetry, map);
    drafts = most_telling(drafts, most);
    drafts.into_iter().map(|draft| draft.frame).collect()
}

/// A picture that may be shown.
struct Draft {
    frame: KeyFrame,
    /// How much it tells; the more, the higher.
    weight: u8,
}

/// A step or moment, as it goes into a picture.
struct Entry {
    time: f64,
    line: KeyLine,
    /// Equal things that happen are equal in this.
    group: Option<String>,
}

impl KeyFrame {
    /// Adds a line, if it tells anything more.
    fn add(&mut self, mut line: KeyLine) {
        if let KeyKind::Moment(MomentKind::Frustration(kind)) = line.kind {
            let clicked = |line: &KeyLine| line.kind == KeyKind::Step(UserStepKind::Click);
            if self.lines.iter().any(clicked) {
                // The click has said where, and the error that follows will say what it led to.
                if kind == FrustrationKind::ErrorClick {
                    return;
                }
                line.text.clear();
            }
        }
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }
}

impl Draft {
    fn all(tab: &Tab, telemetry: &Telemetry, map: &TimeMap) -> Vec<Draft> {
        let entries = entries(tab, telemetry, map);
        let mut drafts: Vec<(Draft, f64)> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for entry in entries {
            let first = entry.group.is_none_or(|group| seen.insert(group));
            let weight = weight(entry.line.kind, first);
            match drafts.last_mut() {
                Some((draft, last)) if joins(&draft.frame, *last, entry.time, entry.line.kind) => {
                    *last = entry.time;
                    draft.weight = draft.weight.max(weight);
                    draft.frame.add(entry.line);
                }
                _ => drafts.push((
                    Draft {
                        frame: KeyFrame {
                            time: entry.time,
                            picture: entry.time,
                            lines: vec![entry.line],
                        },
                        weight,
                    },
                    entry.time,
                )),
            }
        }
        add_ends(&mut drafts, map);
        let starts: Vec<f64> = drafts.iter().map(|(draft, _)| draft.frame.time).collect();
        let ends = starts.iter().skip(1).copied().chain([map.end()]);
        for ((draft, last), next) in drafts.iter_mut().zip(ends) {
            let wait = match draft.frame.lines.last().map(|line| line.kind) {
                Some(KeyKind::Moment(MomentKind::View) | KeyKind::Step(UserStepKind::Open)) => {
                    LOADED_AFTER_MS
                }
                Some(KeyKind::Begin | KeyKind::End) | None => 0.0,
                // A click is shown as it is made, before its effect.
                Some(kind) if kind.is_click() => 0.0,
                Some(KeyKind::Moment(MomentKind::Frustration(_))) => TOGETHER_MS,
                Some(KeyKind::Moment(_)) => SHOWN_AFTER_MS,
                Some(KeyKind::Step(UserStepKind::Type | UserStepKind::Choose)) => FILLED_AFTER_MS,
                Some(KeyKind::Step(_)) => SHOWN_AFTER_MS,
            };
            // What comes next is not to be seen yet.
            let latest = next.next_down().max(*last);
            draft.frame.picture = (*last + wait).min(latest);
        }
        let mut drafts: Vec<Draft> = drafts.into_iter().map(|(draft, _)| draft).collect();
        // What led to an error is told with it.
        for at in 1..drafts.len() {
            if let [.., before, after] = &mut drafts[..=at]
                && after.weight >= weight(KeyKind::Moment(MomentKind::Error), true)
                && matches!(before.frame.lines.last(), Some(line) if matches!(line.kind, KeyKind::Step(_)))
            {
                before.weight = before.weight.max(95);
            }
        }
        drafts
    }
}

/// Begins with the clip's first page and ends with its last, where nothing else shows them.
fn add_ends(drafts: &mut Vec<(Draft, f64)>, map: &TimeMap) {
    let draft = |time: f64, kind: KeyKind| {
        let line = KeyLine {
            kind,
            text: String::new(),
            place: None,
        };
        let frame = KeyFrame {
            time,
            picture: time,
            lines: vec![line],
        };
        let weight = weight(kind, true);
        (Draft { frame, weight }, time)
    };
    if drafts
        .first()
        .is_none_or(|(first, _)| first.frame.time > map.start() + 500.0)
    {
        drafts.insert(0, draft(map.start(), KeyKind::Begin));
    }
    // Of what a click led to, something is to be seen; after everything else, nothing new.
    let last = drafts.last();
    if last.is_some_and(|(draft, last)| {
        matches!(draft.frame.lines.last(), Some(line) if line.kind == KeyKind::Step(UserStepKind::Click))
            && *last + SHOWN_AFTER_MS < map.end()
    }) {
        drafts.push(draft(map.end(), KeyKind::End));
    }
}

/// Whether something goes into the picture of what was before it, the latest of it at `last`.
fn joins(frame: &KeyFrame, last: f64, time: f64, kind: KeyKind) -> bool {
    use UserStepKind::{Choose, Click, Type};
    let Some(before) = frame.lines.last().map(|line| line.kind) else {
        return false;
    };
    if frame.lines.len() >= MOST_LINES {
        return false;
    }
    match (before, kind) {
        (KeyKind::Step(Type | Choose), KeyKind::Step(Type | Choose)) => true,
        (KeyKind::Step(Click) | KeyKind::Moment(_), KeyKind::Moment(MomentKind::Frustration(_))) => {
            time - last <= TOGETHER_MS
        }
        (KeyKind::Moment(MomentKind::View), KeyKind::Moment(_)) => false,
        (KeyKind::Moment(MomentKind::Frustration(_)), KeyKind::Moment(_)) => false,
        (KeyKind::Moment(_), KeyKind::Moment(_)) => time - frame.time <= TOGETHER_MS,
        _ => false,
    }
}

/// How much a picture about it tells. `first`: nothing equal happened before.
fn weight(kind: KeyKind, first: bool) -> u8 {
    match kind {
        KeyKind::Moment(MomentKind::View) => 55,
        KeyKind::Moment(_) if !first => 20,
        KeyKind::Moment(MomentKind::Error) => 100,
        KeyKind::Moment(MomentKind::FailedRequest(_)) => 80,
        KeyKind::Moment(MomentKind::Frustration(_)) => 75,
        KeyKind::Moment(MomentKind::Marker) => 70,
        KeyKind::Moment(MomentKind::HandledError) => 60,
        KeyKind::Step(UserStepKind::Open) => 55,
        KeyKind::Begin => 50,
        KeyKind::Step(UserStepKind::Type | UserStepKind::Choose) => 42,
        KeyKind::Step(UserStepKind::Click) => 40,
        KeyKind::End => 30,
        KeyKind::Step(UserStepKind::Resize) => 15,
        KeyKind::Step(UserStepKind::Scroll) => 10,
    }
}

/// The `most` heaviest, in the order of `drafts`; of equal weight, some from everywhere.
fn most_telling(drafts: Vec<Draft>, most: usize) -> Vec<Draft> {
    let mut weights: Vec<u8> = drafts.iter().map(|draft| draft.weight).collect();
    weights.sort_unstable_by(|one, other| other.cmp(one));
    let Some(least) = weights.get(most.saturating_sub(1)).copied() else {
        return drafts;
    };
    let heavier = weights.iter().filter(|weight| **weight > least).count();
    let equal = weights.iter().filter(|weight| **weight == least).count();
    let room = most.saturating_sub(heavier);
    let mut at = 0;
    let kept = |draft: &Draft| {
        if draft.weight != least {
            return draft.weight > least;
        }
        at += 1;
        // True for `room` of 1..=equal, evenly.
        at * room / equal != (at - 1) * room / equal
    };
    let mut kept = kept;
    drafts.into_iter().filter(|draft| kept(draft)).collect()
}

/// Everything that pictures can be about, in order of time; what the user did before what came of it.
fn entries(tab: &Tab, telemetry: &Telemetry, map: &TimeMap) -> Vec<Entry> {
    // What was clicked is told in the page's words; a file beside the recording may know its tag alone.
    let wants_name =
        |moment: &Moment| moment.text.is_empty() || matches!(moment.kind, MomentKind::Frustration(_));
    let mut moments = moments(tab, telemetry);
    moments.retain(|moment| map.shows(moment.time));
    let nameless: Vec<(f64, NodeId)> = moments
        .iter()
        .filter(|moment| wants_name(moment))
        .filter_map(|moment| Some((moment.time, moment.node?)))
        .collect();
    let (steps, names) = steps(tab, &nameless);
    let opened = |step: &UserStep, moment: &Moment| {
        step.kind == UserStepKind::Open && (step.time - moment.time).abs() <= TOGETHER_MS
    };
    moments
        .retain(|moment| moment.kind != MomentKind::View || !steps.iter().any(|step| opened(step, moment)));
    let mut names = nameless.iter().zip(names);
    let mut found: Vec<Entry> = steps
        .into_iter()
        .filter(|step| map.shows(step.time))
        .map(|step| Entry {
            time: step.time,
            line: KeyLine {
                kind: KeyKind::Step(step.kind),
                text: step.text,
                place: None,
            },
            group: None,
        })
        .collect();
    for moment in &moments {
        let mut text = moment.text.to_string();
        if wants_name(moment)
            && moment.node.is_some()
            && let Some((_, Some(name))) = names.next()
        {
            text = name.to_string();
        }
        found.push(Entry {
            time: moment.time,
            line: KeyLine {
                kind: KeyKind::Moment(moment.kind),
                text,
                place: place(moment, telemetry),
            },
            group: Some(format!("{} {}", moment.kind.name(), moment.group)),
        });
    }
    found.sort_by(|one, other| one.time.total_cmp(&other.time));
    found
}

fn place(moment: &Moment, telemetry: &Telemetry) -> Option<String> {
    match &telemetry.signals.get(moment.signal?)?.kind {
        SignalKind::Error(error) => Some(code_place(&error.stack)?.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(time: f64, weight: u8) -> Draft {
        let frame = KeyFrame {
            time,
            picture: time,
            lines: vec![line(KeyKind::Begin, "")],
        };
        Draft { frame, weight }
    }

    fn line(kind: KeyKind, text: &str) -> KeyLine {
        KeyLine {
            kind,
            text: text.to_owned(),
            place: None,
        }
    }

    #[test]
    fn what_tells_most_is_kept_and_of_the_rest_some_from_everywhere() {
        let kept = |weights: &[u8], most| -> Vec<usize> {
            let drafts = weights.iter().enumerate();
            let drafts = drafts.map(|(at, weight)| draft(at as f64, *weight)).collect();
            let kept = most_telling(drafts, most);
            kept.iter().map(|draft| draft.frame.time as usize).collect()
        };
        assert_eq!(kept(&[1, 9, 1, 5, 1], 2), [1, 3]);
        assert_eq!(kept(&[1, 1, 9, 1, 1], 3), [1, 2, 4]);
        assert_eq!(kept(&[4; 9], 3), [2, 5, 8]);
        assert_eq!(kept(&[4; 2], 3), [0, 1]);
        assert!(kept(&[], 3).is_empty());
        for most in 1..12 {
            assert_eq!(kept(&[3, 3, 7, 7, 7, 1, 1, 1, 1, 1, 3], most).len(), most.min(11));
        }
    }

    #[test]
    fn a_sign_of_frustration_does_not_repeat_its_click() {
        let click = line(KeyKind::Step(UserStepKind::Click), "Clicked button ‘Pay’");
        let sign = |kind| line(KeyKind::Moment(MomentKind::Frustration(kind)), "button ‘Pay’");
        let mut frame = draft(0.0, 1).frame;
        frame.lines = vec![click];
        frame.add(sign(FrustrationKind::ErrorClick));
        frame.add(sign(FrustrationKind::RageClick));
        frame.add(sign(FrustrationKind::RageClick));
        let texts: Vec<&str> = frame.lines.iter().map(|line| &*line.text).collect();
        assert_eq!(texts, ["Clicked button ‘Pay’", ""]);
        let mut alone = draft(0.0, 1).frame;
        alone.add(sign(FrustrationKind::RageClick));
        assert_eq!(alone.lines.last().map(|line| &*line.text), Some("button ‘Pay’"));
    }
}
