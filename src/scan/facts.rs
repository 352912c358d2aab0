//! What a scan keeps of one session: little, so that thousands fit into memory and into a cache.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::browser::browser;
use crate::limits::Limit;
use crate::moment::{
    Moment, MomentKind, UserStep, UserStepKind, error_place, error_text, moments, route, steps,
};
use crate::recording::{
    EventData, EventKind, FrustrationKind, InteractionKind, NodeId, Recording, SignalKind, Tab,
};

/// What led to a problem happened at most this long before it, in milliseconds.
const CAUSE_WITHIN: i64 = 10_000;

/// A request is asked for at most this long after the click that it belongs to, in milliseconds.
const REQUEST_WITHIN: i64 = 2_000;

/// A sign of frustration is told at most this long after its click, in milliseconds.
const SAME_CLICK: f64 = 2_000.0;

/// Clocks of two sources of one browser differ by no more than this, in milliseconds.
const CLOCKS_DIFFER: f64 = 100.0;

/// Longest text kept, in characters.
const LONGEST: usize = 300;

/// What is known of one session. All times are whole milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionFacts {
    /// Id of the session, where its source tells.
    pub session: Option<String>,
    /// Id of the user, where known.
    pub user: Option<String>,
    /// Release of the application, where known.
    pub release: Option<String>,
    /// Its environment, where known.
    pub environment: Option<String>,
    /// Name and main version of the browser, where known.
    pub browser: Option<String>,
    /// Width and height of the first viewport in CSS pixels, where known.
    pub viewport: Option<(u32, u32)>,
    /// Kind of recording (`rrweb`).
    pub format: String,
    /// Time of the first event.
    pub start_ms: i64,
    /// Time of the last event.
    pub end_ms: i64,
    /// How many events all tabs have.
    pub events: usize,
    /// Whether there is anything to show.
    pub has_picture: bool,
    /// Routes in the order in which they were entered.
    pub pages: Vec<Visit>,
    /// What went wrong, in order of time.
    pub problems: Vec<Problem>,
    /// Problems that were too many to keep.
    pub more_problems: usize,
    /// How much of the recording could not be used, by kind.
    pub damage: u64,
}

/// A page or route that was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// When.
    pub time_ms: i64,
    /// Host and path, with a star for each id.
    pub page: String,
}

/// What kinds of problems there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// An error, caught or not.
    Error,
    /// A request that failed or got no answer.
    Request,
    /// Many clicks in a row.
    RageClick,
    /// A click without an answer.
    DeadClick,
    /// A click right before an error.
    ErrorClick,
}

impl ProblemKind {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            ProblemKind::Error => "error",
            ProblemKind::Request => "request",
            ProblemKind::RageClick => "rage-click",
            ProblemKind::DeadClick => "dead-click",
            ProblemKind::ErrorClick => "error-click",
        }
    }
}

/// Something that went wrong in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// When.
    pub time_ms: i64,
    /// What kind.
    pub kind: ProblemKind,
    /// What makes it the same problem elsewhere: type and message of an error without numbers and ids,
    /// method, route and class of the status of a request, target of a click.
    pub what: String,
    /// Function and file that an error came from, as far as known.
    pub place: Option<String>,
    /// As it was recorded.
    pub text: String,
    /// Whether the application caught it.
    pub handled: bool,
    /// Calls that led to it, the innermost first, in one line each.
    pub stack: Vec<String>,
    /// Route of the page.
    pub page: Option<String>,
    /// Width and height of the viewport in CSS pixels.
    pub viewport: Option<(u32, u32)>,
    /// What the user did last before it, in words.
    pub step: Option<String>,
    /// Milliseconds from that to the problem.
    pub after_step_ms: Option<i64>,
    /// How many steps the user had made.
    pub steps_before: usize,
    /// Whether the session got past it: a page that was new in the session came after it, or the
    /// request that failed around it went through later.
    pub got_past: bool,
    /// Position of the tab.
    pub tab: usize,
}

impl SessionFacts {
    /// Takes what matters from a recording.
    pub fn of(recording: &Recording) -> SessionFacts {
        let context = &recording.telemetry.context;
        let text = |value: &Option<std::sync::Arc<str>>| value.as_deref().map(shortened);
        let times = |of: fn(&Tab) -> Option<f64>| recording.tabs.iter().filter_map(of);
        let start_ms = whole(times(Tab::start).fold(f64::INFINITY, f64::min));
        let end_ms = whole(times(Tab::end).fold(f64::NEG_INFINITY, f64::max));
        let limits = recording.tabs.first().map(|tab| tab.limits).unwrap_or_default();
        let most = limits.size(Limit::ScanProblems);
        let pages = visits(recording, most);
        let requests = requests(recording);
        let mut problems = Vec::new();
        for (at, tab) in recording.tabs.iter().enumerate() {
            let found = moments(tab, &recording.telemetry);
            problems.extend(tab_problems(recording, at, tab, &found));
        }
        let mut problems = without_repeats(problems);
        for problem in &mut problems {
            problem.got_past = got_past(problem.time_ms, &pages, &requests);
        }
        let more_problems = problems.len().saturating_sub(most);
        problems.truncate(most);
        SessionFacts {
            session: text(&context.session),
            user: text(&context.user),
            release: text(&context.release),
            environment: text(&context.environment),
            browser: context.user_agent.as_deref().and_then(browser),
            viewport: recording
                .tabs
                .iter()
                .find_map(|tab| viewports(tab).first().map(|(_, width, height)| (*width, *height))),
            format: recording.format.to_owned(),
            start_ms,
            end_ms,
            events: recording.tabs.iter().map(|tab| tab.events.len()).sum(),
            has_picture: recording.tabs.iter().any(Tab::has_picture),
            pages,
            problems: problems.into_iter().map(|found| found.problem).collect(),
            more_problems,
            damage: recording
                .damage
                .counts()
                .map(|(_, count)| count)
                .fold(0, u64::saturating_add),
        }
    }
}

/// A problem, and what is needed to find those that several tabs tell of.
struct Found {
    problem: Problem,
    signal: Option<usize>,
}

impl std::ops::Deref for Found {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.problem
    }
}

impl std::ops::DerefMut for Found {
    fn deref_mut(&mut self) -> &mut Problem {
        &mut self.problem
    }
}

fn tab_problems(recording: &Recording, at: usize, tab: &Tab, found: &[Moment]) -> Vec<Found> {
    let kinds: Vec<(&Moment, ProblemKind)> = found
        .iter()
        .filter_map(|moment| Some((moment, kind(moment.kind)?)))
        .collect();
    if kinds.is_empty() {
        return Vec::new();
    }
    let targets: Vec<Option<NodeId>> = kinds
        .iter()
        .map(|(moment, kind)| match kind {
            ProblemKind::Error | ProblemKind::Request => None,
            _ => moment.node.or_else(|| clicked(tab, moment.time)),
        })
        .collect();
    let nodes: Vec<(f64, NodeId)> = kinds
        .iter()
        .zip(&targets)
        .filter_map(|((moment, _), node)| Some((moment.time, (*node)?)))
        .collect();
    let (steps, described) = steps(tab, &nodes);
    let mut described = described.into_iter();
    let viewports = viewports(tab);
    kinds
        .into_iter()
        .zip(targets)
        .map(|((moment, kind), node)| {
            let target = match node {
                Some(_) => described
                    .next()
                    .flatten()
                    .map(|description| description.to_string()),
                None => None,
            };
            let signal = moment.signal.and_then(|at| recording.telemetry.signals.get(at));
            let error = match signal.map(|signal| &signal.kind) {
                Some(SignalKind::Error(error)) => Some(error),
                _ => None,
            };
            let what = match (kind, signal.map(|signal| &signal.kind)) {
                (ProblemKind::Error, Some(SignalKind::Error(error))) => error_text(error),
                (ProblemKind::Request, Some(SignalKind::Request(request))) => {
                    let class = match moment.kind {
                        MomentKind::FailedRequest(0) => "without answer".to_owned(),
                        MomentKind::FailedRequest(status) => format!("{}xx", status / 100),
                        _ => String::new(),
                    };
                    format!(
                        "{} {} {class}",
                        request.method.as_deref().unwrap_or("GET"),
                        route(&request.url)
                    )
                }
                (ProblemKind::Error, _) => moment.group.to_string(),
                _ => target.clone().unwrap_or_else(|| match &*moment.text {
                    "" => "something".to_owned(),
                    text => text.to_owned(),
                }),
            };
            let time_ms = whole(moment.time);
            let before = steps.partition_point(|step| step.time <= moment.time);
            let step = last_step(&steps[..before], time_ms);
            let problem = Problem {
                time_ms,
                kind,
                what: shortened(&what),
                place: error.and_then(error_place).map(|place| shortened(&place)),
                text: shortened(if moment.text.is_empty() {
                    &what
                } else {
                    &moment.text
                }),
                handled: moment.kind == MomentKind::HandledError,
                stack: error
                    .map(|error| error.stack.iter().take(8).map(frame).collect())
                    .unwrap_or_default(),
                page: moment.page.as_deref().map(|page| shortened(&route(page))),
                viewport: viewports
                    .iter()
                    .take_while(|(time, ..)| *time <= moment.time)
                    .last()
                    .or(viewports.first())
                    .map(|(_, width, height)| (*width, *height)),
                step: step.map(|step| shortened(&step.text)),
                after_step_ms: step.map(|step| time_ms - whole(step.time)),
                steps_before: before,
                got_past: false,
                tab: at,
            };
            Found {
                problem,
                signal: moment.signal,
            }
        })
        .collect()
}

fn kind(kind: MomentKind) -> Option<ProblemKind> {
    Some(match kind {
        MomentKind::Error | MomentKind::HandledError => ProblemKind::Error,
        MomentKind::FailedRequest(_) => ProblemKind::Request,
        MomentKind::Frustration(FrustrationKind::RageClick) => ProblemKind::RageClick,
        MomentKind::Frustration(FrustrationKind::DeadClick) => ProblemKind::DeadClick,
        MomentKind::Frustration(FrustrationKind::ErrorClick) => ProblemKind::ErrorClick,
        MomentKind::View | MomentKind::Marker => return None,
    })
}

/// The last thing the user did, if it is near enough to be the cause.
fn last_step(steps: &[UserStep], time_ms: i64) -> Option<&UserStep> {
    steps
        .iter()
        .rev()
        .find(|step| !matches!(step.kind, UserStepKind::Scroll | UserStepKind::Resize))
        .filter(|step| time_ms - whole(step.time) <= CAUSE_WITHIN)
}

/// The node of the last click shortly before `time`: sources that tell of a frustrated click do not
/// always tell on what.
fn clicked(tab: &Tab, time: f64) -> Option<NodeId> {
    let until = tab
        .events
        .partition_point(|event| event.time <= time + CLOCKS_DIFFER);
    tab.events
        .iter()
        .take(until)
        .rev()
        .take_while(|event| event.time >= time - SAME_CLICK)
        .filter(|event| event.kind == EventKind::Interaction)
        .find_map(|event| match &*event.data().ok()? {
            EventData::Interaction(done) if done.kind == InteractionKind::Click => Some(done.target),
            _ => None,
        })
}

fn frame(frame: &crate::recording::StackFrame) -> String {
    let mut line = frame.function.as_deref().unwrap_or("(anonymous)").to_owned();
    if let Some(file) = &frame.file {
        line.push_str(" at ");
        line.push_str(file);
        for number in [frame.line, frame.column].into_iter().flatten() {
            line.push(':');
            line.push_str(&number.to_string());
        }
    }
    shortened(&line)
}

/// Signals without a tab that every tab took for its own count once.
fn without_repeats(mut problems: Vec<Found>) -> Vec<Found> {
    problems.sort_by(|one, two| one.time_ms.cmp(&two.time_ms).then(one.tab.cmp(&two.tab)));
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Found> = Vec::with_capacity(problems.len());
    for problem in problems {
        if let Some(signal) = problem.signal
            && !seen.insert(signal)
        {
            continue;
        }
        kept.push(problem);
    }
    kept
}

/// The first pages that were entered, `most` of them.
fn visits(recording: &Recording, most: usize) -> Vec<Visit> {
    let mut visits: Vec<Visit> = Vec::new();
    for signal in &recording.telemetry.signals {
        if let SignalKind::View(view) = &signal.kind {
            let page = shortened(&route(&view.url));
            if visits.last().is_none_or(|last| last.page != page) && visits.len() < most {
                visits.push(Visit {
                    time_ms: whole(signal.time),
                    page,
                });
            }
        }
    }
    visits
}

/// When a request was made, its method and route, and whether it failed.
fn requests(recording: &Recording) -> Vec<(i64, String, bool)> {
    recording
        .telemetry
        .signals
        .iter()
        .filter_map(|signal| {
            let SignalKind::Request(request) = &signal.kind else {
                return None;
            };
            let method = request.method.as_deref().unwrap_or("GET");
            let name = format!("{method} {}", route(&request.url));
            Some((whole(signal.time), name, request.failed()))
        })
        .collect()
}

fn got_past(time: i64, pages: &[Visit], requests: &[(i64, String, bool)]) -> bool {
    let before: BTreeSet<&str> = pages
        .iter()
        .take_while(|visit| visit.time_ms <= time)
        .map(|visit| visit.page.as_str())
        .collect();
    let new_page = pages
        .iter()
        .any(|visit| visit.time_ms > time && !before.contains(visit.page.as_str()));
    let failed_around: BTreeSet<&str> = requests
        .iter()
        .filter(|(at, _, failed)| *failed && *at >= time - CAUSE_WITHIN && *at <= time + REQUEST_WITHIN)
        .map(|(_, name, _)| name.as_str())
        .collect();
    let went_through = requests
        .iter()
        .any(|(at, name, failed)| !failed && *at > time && failed_around.contains(name.as_str()));
    new_page || went_through
}

/// When the viewport of a tab got which size.
fn viewports(tab: &Tab) -> Vec<(f64, u32, u32)> {
    let size = |width: f64, height: f64| (width.round() as u32, height.round() as u32);
    tab.events
        .iter()
        .filter(|event| event.kind.tells_viewport())
        .filter_map(|event| {
            let (width, height) = match &*event.data().ok()? {
                EventData::Meta(meta) => size(meta.width, meta.height),
                EventData::ViewportResize { width, height } => size(*width, *height),
                _ => return None,
            };
            Some((event.time, width, height))
        })
        .collect()
}

/// Whole milliseconds. Times beyond what an i64 holds become its ends; no number becomes 0.
pub(super) fn whole(time: f64) -> i64 {
    if time.is_finite() { time.floor() as i64 } else { 0 }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// How often each of `values` occurs, the most frequent first, equal ones by name.
pub(super) fn tally<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(T, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
