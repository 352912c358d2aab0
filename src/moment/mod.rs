//! What in a recording is worth showing: errors, failed requests, signs of frustration, navigations,
//! markers; and which part of the recording shows one of them best.

mod clicks;
mod code_place;
mod derive;
mod fingerprint;
mod hands;
mod key_frames;
mod own_answer;
mod same_step;
mod select;
mod steps;

use std::fmt;
use std::sync::Arc;

use crate::recording::{
    ConsoleLevel, Frustration, FrustrationKind, NodeId, Origin, SignalKind, Tab, Telemetry,
};

pub use self::code_place::{CodePlace, code_place};
pub use self::fingerprint::{address, error_place, error_text, fingerprint, route};
pub use self::key_frames::{KeyFrame, KeyKind, KeyLine, key_frames};
pub use self::same_step::{SameStep, same_step};
pub use self::select::{Around, AroundError, PartOptions, joined, most_worth_seeing, part_around};
pub use self::steps::{UserStep, UserStepKind, steps};

/// Something worth showing.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When, in milliseconds since the Unix epoch.
    pub time: f64,
    /// What.
    pub kind: MomentKind,
    /// In words: the error's message, the request, the target of the click.
    pub text: Arc<str>,
    /// Its id in the system it comes from.
    pub id: Option<Arc<str>>,
    /// The tab it happened in; `None` when its source does not tell.
    pub tab: Option<Arc<str>>,
    /// How it is known.
    pub origin: Origin,
    /// Address of the page at that time, where known.
    pub page: Option<Arc<str>>,
    /// The node it is about, where known.
    pub node: Option<NodeId>,
    /// Groups equal errors, requests of one route and clicks on one target.
    pub group: Arc<str>,
    /// Position of its signal in the telemetry; `None` for what was derived.
    pub signal: Option<usize>,
}

/// What kind of moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MomentKind {
    /// An error that nobody caught.
    Error,
    /// An error that the application caught or only wrote down.
    HandledError,
    /// A request that failed; with its status, 0 for no answer.
    FailedRequest(u16),
    /// A sign of frustration.
    Frustration(FrustrationKind),
    /// A page or route was entered.
    View,
    /// A marker.
    Marker,
}

impl MomentKind {
    /// Its stable name, for options and reports.
    pub fn name(self) -> &'static str {
        match self {
            MomentKind::Error => "error",
            MomentKind::HandledError => "handled-error",
            MomentKind::FailedRequest(_) => "request",
            MomentKind::Frustration(kind) => kind.name(),
            MomentKind::View => "view",
            MomentKind::Marker => "marker",
        }
    }
}

impl fmt::Display for MomentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MomentKind::Error => f.write_str("error"),
            MomentKind::HandledError => f.write_str("handled error"),
            MomentKind::FailedRequest(0) => f.write_str("request without answer"),
            MomentKind::FailedRequest(status) => write!(f, "request failed with {status}"),
            MomentKind::Frustration(kind) => kind.fmt(f),
            MomentKind::View => f.write_str("page"),
            MomentKind::Marker => f.write_str("marker"),
        }
    }
}

/// The moments of one tab in order of time. Frustration signals that the source does not give are
/// derived from the clicks.
pub fn moments(tab: &Tab, telemetry: &Telemetry) -> Vec<Moment> {
    let mut found: Vec<Moment> = telemetry
        .signals
        .iter()
        .enumerate()
        .filter(|(_, signal)| signal.tab.as_deref().is_none_or(|id| id == tab.id))
        .filter_map(|(at, signal)| {
            let (kind, text, group, node) = describe(&signal.kind)?;
            Some(Moment {
                time: signal.time,
                kind,
                text,
                id: signal.id.clone(),
                tab: signal.tab.clone(),
                origin: signal.origin,
                page: None,
                node,
                group,
                signal: Some(at),
            })
        })
        .collect();
    derive::find_nodes(tab, &mut found);
    derive::settle(tab, &mut found);
    found.extend(derive::frustrations(tab, &found));
    found.sort_by(|one, two| one.time.total_cmp(&two.time));
    let mut page = None;
    for moment in &mut found {
        if moment.kind == MomentKind::View {
            page = Some(Arc::clone(&moment.text));
        }
        moment.page.clone_from(&page);
    }
    found
}

type Described = (MomentKind, Arc<str>, Arc<str>, Option<NodeId>);

fn describe(kind: &SignalKind) -> Option<Described> {
    Some(match kind {
        SignalKind::Error(error) => {
            let kind = match error.handled {
                Some(true) => MomentKind::HandledError,
                _ => MomentKind::Error,
            };
            let text: Arc<str> = match &error.error_type {
                Some(name) if !error.message.starts_with(&**name) => {
                    format!("{name}: {}", error.message).into()
                }
                _ => Arc::clone(&error.message),
            };
            (kind, text, fingerprint(error).into(), None)
        }
        SignalKind::Console(line) if line.level == ConsoleLevel::Error => {
            let group = fingerprint::normalised(&line.text).into();
            (MomentKind::HandledError, Arc::clone(&line.text), group, None)
        }
        SignalKind::Request(request) if request.failed() => {
            let status = if request.no_answer {
                0
            } else {
                request.status.unwrap_or(0)
            };
            let route = fingerprint::route(&request.url);
            let method = request.method.as_deref().unwrap_or("GET");
            let text = format!("{method} {}", request.url);
            let group = format!("{method} {route} {status}");
            (MomentKind::FailedRequest(status), text.into(), group.into(), None)
        }
        SignalKind::Frustration(Frustration {
            kind, node, target, ..
        }) => {
            let text = target.clone().unwrap_or_else(|| "".into());
            let group = format!("{} {text}", kind.name());
            (MomentKind::Frustration(*kind), text, group.into(), *node)
        }
        SignalKind::View(view) => (
            MomentKind::View,
            Arc::clone(&view.url),
            Arc::clone(&view.url),
            None,
        ),
        SignalKind::Switch(switch) => (
            MomentKind::View,
            Arc::clone(&switch.url),
            Arc::clone(&switch.url),
            None,
        ),
        SignalKind::Marker(name) => (MomentKind::Marker, Arc::clone(name), Arc::clone(name), None),
        _ => return None,
    })
}

/// Whether two clicks, at CSS pixels of one viewport, are at one spot as far as a person can tell: what is drawn
/// there may change between them.
pub(crate) fn is_one_spot(one: Option<(f64, f64)>, other: Option<(f64, f64)>) -> bool {
    const NEAR: f64 = 16.0;
    distance(one, other).is_some_and(|pixels| pixels <= NEAR)
}

/// How far two positions are apart, if both are known.
fn distance(one: Option<(f64, f64)>, other: Option<(f64, f64)>) -> Option<f64> {
    let ((x, y), (other_x, other_y)) = (one?, other?);
    Some((x - other_x).hypot(y - other_y))
}
