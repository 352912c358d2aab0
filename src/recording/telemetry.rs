//! What went wrong, and what the user did, in one vocabulary: whatever recorded it, and whether it
//! stood in the recording itself or in a file beside it.

use std::fmt;
use std::sync::Arc;

use super::NodeId;

/// Everything that is known about a session beside its pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Telemetry {
    /// In order of time; signals of equal time keep the order of their source.
    pub signals: Vec<Signal>,
    /// Who, where and with what.
    pub context: SessionContext,
}

impl Telemetry {
    /// Adds the signals of `other`, keeps the order of time, and fills gaps in the context.
    pub fn merge(&mut self, other: Telemetry) {
        self.signals.extend(other.signals);
        self.signals.sort_by(|one, two| one.time.total_cmp(&two.time));
        self.context.fill_from(other.context);
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Milliseconds since the Unix epoch.
    pub time: f64,
    /// The tab it happened in; `None` when its source does not tell.
    pub tab: Option<Arc<str>>,
    /// Its id in the system it comes from.
    pub id: Option<Arc<str>>,
    /// How it is known.
    pub origin: Origin,
    /// What it was.
    pub kind: SignalKind,
}

/// How a signal is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It stood in the recording.
    Recorded,
    /// It stood in a file beside the recording.
    SideFile,
    /// It follows from what was recorded, by the published definition of such a signal.
    Derived,
}

/// What a signal was.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalKind {
    /// An error of the application.
    Error(ErrorReport),
    /// A line on the browser's console.
    Console(ConsoleLine),
    /// A request that the page made.
    Request(Request),
    /// Something the user did, as a product's own tracking names it.
    Action(UserAction),
    /// A sign that the user was frustrated.
    Frustration(Frustration),
    /// A page or route was entered.
    View(PageView),
    /// A marker that the application or a person put there.
    Marker(Arc<str>),
    /// A caption shown from here on; `None` clears it.
    Caption(Option<Arc<str>>),
    /// The tab came into view, or went out of it.
    Visible(bool),
    /// The user went to another tab; only where several are shown as one.
    Switch(TabSwitch),
}

/// The user went to another tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabSwitch {
    /// Number of the tab that the user is in now, from 1.
    pub number: usize,
    /// How many tabs there are.
    pub of: usize,
    /// Address of its page; empty when that is not known.
    pub url: Arc<str>,
}

/// An error of the application.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorReport {
    /// What it said, without its type.
    pub message: Arc<str>,
    /// Its type (`TypeError`).
    pub error_type: Option<Arc<str>>,
    /// Where it came from.
    pub source: ErrorSource,
    /// Whether the application caught it; `None` when its source does not tell.
    pub handled: Option<bool>,
    /// Calls that led to it, the innermost first.
    pub stack: Vec<StackFrame>,
}

/// Where an error came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ErrorSource {
    /// Thrown, and reported by the browser or by an error tracker.
    #[default]
    Exception,
    /// A promise that was rejected with nobody listening.
    UnhandledRejection,
    /// Written to the console as an error.
    Console,
    /// A request that failed.
    Network,
    /// A report of the browser (content security policy, deprecation…).
    Report,
    /// Sent by the application itself.
    Custom,
}

/// One call of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackFrame {
    /// Name of the function, if it has one.
    pub function: Option<Arc<str>>,
    /// Address or path of its file.
    pub file: Option<Arc<str>>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub column: Option<u32>,
    /// Whether it is the application's own code; `None` when its source does not tell.
    pub in_app: Option<bool>,
}

/// A line on the console.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsoleLine {
    /// How serious it is.
    pub level: ConsoleLevel,
    /// Its arguments as one text.
    pub text: Arc<str>,
    /// Calls that led to it, the innermost first.
    pub stack: Vec<StackFrame>,
}

/// How serious a console line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum ConsoleLevel {
    Debug,
    Log,
    Info,
    Warn,
    Error,
}

/// A request that the page made. The signal's time is that of its start.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `GET`, `POST`…; `None` when it is not known.
    pub method: Option<Arc<str>>,
    /// Address, absolute where the source has it so.
    pub url: Arc<str>,
    /// HTTP status; `None` when there was no answer or it is not known.
    pub status: Option<u16>,
    /// Milliseconds from start to end, where known.
    pub duration: Option<f64>,
    /// What kind of request it was (`fetch`, `xhr`, `script`, `img`…), where known.
    pub initiator: Option<Arc<str>>,
    /// It got no answer.
    pub no_answer: bool,
}

impl Request {
    /// It got no answer, or one that says that it failed.
    pub fn failed(&self) -> bool {
        self.no_answer || self.status.is_some_and(|status| status >= 400)
    }
}

/// Something the user did, as a product's own tracking names it.
#[derive(Debug, Clone, PartialEq)]
pub struct UserAction {
    /// `click`, `tap`, `custom`…
    pub kind: Arc<str>,
    /// What it was done to, in words.
    pub target: Option<Arc<str>>,
    /// CSS selector of the target, where known.
    pub selector: Option<Arc<str>>,
}

/// A sign that the user was frustrated.
#[derive(Debug, Clone, PartialEq)]
pub struct Frustration {
    /// Which sign.
    pub kind: FrustrationKind,
    /// The node, in the recorder's numbers, where known.
    pub node: Option<NodeId>,
    /// The node in words, where known.
    pub target: Option<Arc<str>>,
    /// Place in CSS pixels of the viewport, where known.
    pub position: Option<(f64, f64)>,
    /// How many clicks it was made of.
    pub clicks: u32,
}

/// Which sign of frustration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrustrationKind {
    /// Many clicks on one thing in a short time.
    RageClick,
    /// A click after which nothing changed.
    DeadClick,
    /// A click right before an error.
    ErrorClick,
}

impl FrustrationKind {
    /// Its name, as options and reports give it.
    pub fn name(self) -> &'static str {
        match self {
            FrustrationKind::RageClick => "rage-click",
            FrustrationKind::DeadClick => "dead-click",
            FrustrationKind::ErrorClick => "error-click",
        }
    }
}

impl fmt::Display for FrustrationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FrustrationKind::RageClick => "rage click",
            FrustrationKind::DeadClick => "dead click",
            FrustrationKind::ErrorClick => "error click",
        })
    }
}

/// A page or route was entered.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// Its address.
    pub url: Arc<str>,
    /// Its title, where known.
    pub title: Option<Arc<str>>,
}

/// Who, where and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionContext {
    /// Id of the session or replay in the system it comes from.
    pub session: Option<Arc<str>>,
    /// Id of the user, as the application set it.
    pub user: Option<Arc<str>>,
    /// The application or service.
    pub service: Option<Arc<str>>,
    /// Its release or version.
    pub release: Option<Arc<str>>,
    /// Its environment (`production`).
    pub environment: Option<Arc<str>>,
    /// The browser's user agent.
    pub user_agent: Option<Arc<str>>,
}

impl SessionContext {
    /// Takes from `other` what is not known yet.
    pub fn fill_from(&mut self, other: SessionContext) {
        let SessionContext {
            session,
            user,
            service,
            release,
            environment,
            user_agent,
        } = other;
        let pairs = [
            (&mut self.session, session),
            (&mut self.user, user),
            (&mut self.service, service),
            (&mut self.release, release),
            (&mut self.environment, environment),
            (&mut self.user_agent, user_agent),
        ];
        for (mine, theirs) in pairs {
            if mine.is_none() {
                *mine = theirs;
            }
        }
    }
}
