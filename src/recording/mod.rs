//! What was recorded, whatever recorded it.
//!
//! A [`Recording`] holds [`Tab`]s, each an ordered list of timed [`Event`]s. Nothing here reads files
//! or knows a vendor: the `format` module turns bytes into this model. Events keep their payload
//! undecoded until somebody asks ([`Event::data`]), so that a deep clip of a long recording pays only
//! for the events it shows.

mod damage;
mod event;
mod follow;
mod join;
mod node;
mod telemetry;
mod viewport;

pub use damage::{Damage, DamageKind, DamageReport};
pub use event::{
    AdoptedStyleSheets, Annotation, CanvasContext, CanvasMutation, DecodeError, DialogMode, Event, EventData,
    EventKind, EventRoom, Font, FontSource, FullSnapshot, Input, Interaction, InteractionKind, MediaAction,
    MediaInteraction, Meta, Mutation, NewSheet, NodeAdd, NodeRemoval, Payload, PointerKind, PointerPath,
    PointerSample, RuleInsert, Scroll, SelectionRange, SheetTarget, StyleDeclaration, StyleSheetRules,
};
pub use follow::{Visit, follow, visits};
pub use node::{Attribute, NodeContent, NodeId, NodeRecord, NodeTree, StyleProperty};
pub use telemetry::{
    ConsoleLevel, ConsoleLine, ErrorReport, ErrorSource, Frustration, FrustrationKind, Origin, PageView,
    Request, SessionContext, Signal, SignalKind, StackFrame, TabSwitch, Telemetry, UserAction,
};
pub use viewport::usable_viewport;

use crate::limits::Limits;

/// What happens so long before or after what was recorded is still of its session, in milliseconds: pages
/// load before they are recorded, last words come late, and clocks of two sources differ a little.
pub(crate) const AROUND_SESSION: f64 = 5000.0;

/// A recorded session.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// The browser tabs or windows that were recorded, in the order of their first event. Ids of
    /// nodes mean something only within one tab.
    pub tabs: Vec<Tab>,
    /// Errors, requests, console lines and the like that stood in the recording.
    pub telemetry: Telemetry,
    /// What of the input could not be used.
    pub damage: DamageReport,
    /// Which kind of file this was read from, in the words a user knows it by (`"rrweb"`).
    pub format: &'static str,
    /// The files that it was read from, in the order in which they were read, and after them the files
    /// beside it that tell something of it.
    pub sources: Vec<SourceFile>,
    /// What was put into it of what it refers to but did not contain.
    pub assets: crate::asset::Filled,
    /// What was masked in it since.
    pub redaction: crate::redact::RedactionReport,
}

/// A file that a recording was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name without folders.
    pub name: String,
    /// Its size as it was found, compressed or not.
    pub bytes: u64,
    /// SHA-256 of those bytes, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// One browser tab (or window) of a session.
#[derive(Debug, Clone, Default)]
pub struct Tab {
    /// The recorder's name for the tab; empty when the recording knows only one.
    pub id: String,
    /// Sorted by time; events of equal time keep the order in which they were recorded.
    pub events: Vec<Event>,
    /// What it was read within, which holds for the pages that are made of it too.
    pub limits: Limits,
}

impl Tab {
    /// Time of the first event in milliseconds since the Unix epoch; `None` when there is none.
    pub fn start(&self) -> Option<f64> {
        self.events.first().map(|event| event.time)
    }

    /// Time of the last event in milliseconds since the Unix epoch; `None` when there is none.
    pub fn end(&self) -> Option<f64> {
        self.events.last().map(|event| event.time)
    }

    /// Whether there is a full snapshot, without which nothing can be shown.
    pub fn has_picture(&self) -> bool {
        self.events
            .iter()
            .any(|event| event.kind == EventKind::FullSnapshot)
    }
}
