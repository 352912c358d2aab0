//! What happened and what the user did, as data.

use domreel::clip::utc_iso;
use domreel::moment::{Moment, MomentKind, UserStep, code_place, moments, steps};
use domreel::recording::{Origin, Recording, SignalKind, Tab};
use serde::Serialize;

/// Something worth showing.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct MomentSummary {
    /// Since the tab's first event.
    pub at_ms: f64,
    /// The same as a date.
    pub utc: Option<String>,
    /// `error`, `handled-error`, `request`, `rage-click`, `dead-click`, `error-click` or `marker`.
    pub kind: &'static str,
    /// What happened, in words; of a click, what was clicked.
    pub text: String,
    /// Status of a failed request, 0 when no answer came; `null` for anything else.
    pub status: Option<u16>,
    /// Address of the page.
    pub page: Option<String>,
    /// What it was done to, as a person sees it: `button ‘Pay’`.
    pub target: Option<String>,
    /// Function, file and line of the innermost call in the application's own code.
    pub place: Option<String>,
    /// Its id in the system it comes from.
    pub id: Option<String>,
    /// Position in `groups` of those that are equal to it.
    pub group: usize,
    /// `recorded`, `side-file` or `derived`.
    pub origin: &'static str,
}

/// Moments that are the same but for their time.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct GroupSummary {
    /// What makes them the same; equal in all recordings.
    pub fingerprint: String,
    /// Kind of the first.
    pub kind: &'static str,
    /// Text of the first.
    pub text: String,
    /// Status of the first.
    pub status: Option<u16>,
    /// How many there are.
    pub count: usize,
    /// The first, since the tab's first event.
    pub first_ms: f64,
    /// The last, since the tab's first event.
    pub last_ms: f64,
}

/// Something that the user did.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct StepSummary {
    /// Since the tab's first event.
    pub at_ms: f64,
    /// `open`, `click`, `type`, `choose`, `scroll` or `resize`.
    pub kind: &'static str,
    /// In words, without what was typed.
    pub text: String,
}

/// All that is told of a tab.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub moments: Vec<MomentSummary>,
    pub groups: Vec<GroupSummary>,
    pub steps: Vec<StepSummary>,
}

impl Told {
    pub(super) fn of(tab: &Tab, recording: &Recording, start_ms: f64) -> Told {
        let found: Vec<Moment> = moments(tab, &recording.telemetry)
            .into_iter()
            .filter(|moment| moment.kind != MomentKind::View)
            .collect();
        let nodes: Vec<_> = found
            .iter()
            .filter_map(|moment| Some((moment.time, moment.node?)))
            .collect();
        let (steps, described) = steps(tab, &nodes);
        let mut described = described.into_iter();
        let mut told = Told {
            steps: steps.iter().map(|step| StepSummary::of(step, start_ms)).collect(),
            ..Told::default()
        };
        for moment in &found {
            let target = moment
                .node
                .and_then(|_| described.next().flatten())
                .map(|target| target.to_string());
            told.add(moment, target, recording, start_ms);
        }
        told
    }

    fn add(&mut self, moment: &Moment, target: Option<String>, recording: &Recording, start_ms: f64) {
        let at_ms = moment.time - start_ms;
        let text = match (&target, moment.kind) {
            (Some(target), MomentKind::Frustration(_)) => target.clone(),
            _ => moment.text.to_string(),
        };
        let status = match moment.kind {
            MomentKind::FailedRequest(status) => Some(status),
            _ => None,
        };
        let fingerprint = match moment.kind {
            // The number of a node is that of one recording.
            MomentKind::Frustration(kind) => format!("{} {text}", kind.name()),
            _ => moment.group.to_string(),
        };
        let kind = moment.kind.name();
        let known = self
            .groups
            .iter()
            .position(|group| group.fingerprint == fingerprint && group.kind == kind);
        let group = known.unwrap_or(self.groups.len());
        match self.groups.get_mut(group) {
            Some(group) => {
                group.count += 1;
                group.last_ms = at_ms;
            }
            None => self.groups.push(GroupSummary {
                fingerprint,
                kind,
                text: text.clone(),
                status,
                count: 1,
                first_ms: at_ms,
                last_ms: at_ms,
            }),
        }
        let signal = moment
            .signal
            .and_then(|at| recording.telemetry.signals.get(at))
            .map(|signal| &signal.kind);
        let place = match signal {
            Some(SignalKind::Error(error)) => code_place(&error.stack),
            Some(SignalKind::Console(line)) => code_place(&line.stack),
            _ => None,
        };
        self.moments.push(MomentSummary {
            at_ms,
            utc: utc_iso(moment.time),
            kind,
            text,
            status,
            page: moment.page.as_deref().map(str::to_owned),
            target,
            place: place.map(|place| place.to_string()),
            id: moment.id.as_deref().map(str::to_owned),
            group,
            origin: match moment.origin {
                Origin::Recorded => "recorded",
                Origin::SideFile => "side-file",
                Origin::Derived => "derived",
            },
        });
    }
}

impl StepSummary {
    fn of(step: &UserStep, start_ms: f64) -> StepSummary {
        StepSummary {
            at_ms: step.time - start_ms,
            kind: step.kind.name(),
            text: step.text.clone(),
        }
    }
}
