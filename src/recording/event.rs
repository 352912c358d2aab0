//! Timed events of a tab. The vocabulary is rrweb's, which most recorders share
//! (`packages/types/src/index.ts` of rrweb).

use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{Attribute, NodeId, NodeTree};
use crate::limits::{Hint, Limit, Limits};

/// Something that happened at a time.
#[derive(Debug, Clone)]
pub struct Event {
    /// Milliseconds since the Unix epoch; finite.
    pub time: f64,
    /// Position in the input, from 0, for messages.
    pub index: u32,
    /// What kind of event it is, known without decoding it.
    pub kind: EventKind,
    /// The rest, decoded or not.
    pub payload: Payload,
}

impl Event {
    /// The decoded event. Decodes again at every call: keep the result while it is needed.
    ///
    /// # Errors
    /// When the payload lacks a field or has it in a wrong shape.
    pub fn data(&self) -> Result<Arc<EventData>, DecodeError> {
        match &self.payload {
            Payload::Decoded(data) => Ok(Arc::clone(data)),
            Payload::Encoded { bytes, decode, room } => decode(self.kind, bytes, *room).map(Arc::new),
        }
    }
}

/// The body of an event.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Already in the model.
    Decoded(Arc<EventData>),
    /// Still as it stands in the input.
    Encoded {
        /// The slice of the input that holds the event's data.
        bytes: Bytes,
        /// How to read it, with no more than `room`.
        decode: fn(EventKind, &[u8], EventRoom) -> Result<EventData, DecodeError>,
        /// How much is read of it.
        room: EventRoom,
    },
}

/// How much is read of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRoom {
    /// Nodes: one more than a page may have, so that it is known that there were too many.
    pub nodes: u32,
    /// KiB that a part of it which was compressed by itself may become.
    pub part_kib: u32,
}

impl EventRoom {
    /// For what is not read at all.
    pub const NONE: EventRoom = EventRoom {
        nodes: 0,
        part_kib: 0,
    };

    /// How many bytes a part that was compressed by itself may become.
    pub(crate) fn part_bytes(self) -> u64 {
        u64::from(self.part_kib) << 10
    }

    /// What to do where that is too few, as the end of a message.
    pub(crate) fn part_hint(self) -> Hint {
        let limits = Limits::default().with(Limit::Part, self.part_bytes());
        limits.hint(Limit::Part)
    }
}

/// Why an event's payload could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {at} of the event's data")]
pub struct DecodeError {
    /// What was expected and what was found.
    pub reason: String,
    /// Byte offset within the payload.
    pub at: usize,
}

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each is the namesake of an `EventData` variant, documented there.
pub enum EventKind {
    DomContentLoaded,
    Load,
    Meta,
    FullSnapshot,
    Mutation,
    PointerMove,
    Interaction,
    Scroll,
    ViewportResize,
    Input,
    MediaInteraction,
    StyleSheetRules,
    StyleDeclaration,
    CanvasMutation,
    Font,
    Selection,
    AdoptedStyleSheets,
    CustomElement,
    Custom,
    Plugin,
    Annotation,
    Ignored,
}

impl EventKind {
    /// Whether such an event tells the size of the viewport.
    pub fn tells_viewport(self) -> bool {
        matches!(self, EventKind::Meta | EventKind::ViewportResize)
    }

    /// Whether such an event can change how the page looks (the pointer's own picture is not part
    /// of the page, but what it hovers is).
    pub fn touches_page(self) -> bool {
        use EventKind::*;
        !matches!(
            self,
            DomContentLoaded | Load | Custom | Plugin | Annotation | Ignored
        )
    }
}

/// A decoded event.
#[derive(Debug, Clone)]
pub enum EventData {
    /// The document was parsed.
    DomContentLoaded,
    /// The page was loaded.
    Load,
    /// Address and viewport of the page whose full snapshot follows.
    Meta(Meta),
    /// The whole document; replaces what was there, ids included.
    FullSnapshot(FullSnapshot),
    /// The page of a tab that the user goes back to, told by the events that made it, with their own
    /// times; its kind is [`EventKind::FullSnapshot`]. No recorder makes it: see [`follow`](super::follow).
    Resumed(Arc<[Event]>),
    /// Nodes removed, added and changed.
    Mutation(Mutation),
    /// Where the mouse or a finger was.
    PointerMove(PointerPath),
    /// A click, touch, focus or the like.
    Interaction(Interaction),
    /// An element or document was scrolled.
    Scroll(Scroll),
    /// The viewport has a new size, in CSS pixels.
    ViewportResize {
        /// Width in CSS pixels.
        width: f64,
        /// Height in CSS pixels.
        height: f64,
    },
    /// A form control changed.
    Input(Input),
    /// A media element was played, paused, sought…
    MediaInteraction(MediaInteraction),
    /// Rules of a style sheet were inserted, deleted or replaced through the CSSOM.
    StyleSheetRules(StyleSheetRules),
    /// A declaration of one rule was set or removed through the CSSOM.
    StyleDeclaration(StyleDeclaration),
    /// Something was drawn on a canvas.
    CanvasMutation(CanvasMutation),
    /// A font was added by script.
    Font(Font),
    /// The selected ranges.
    Selection(Vec<SelectionRange>),
    /// The style sheets that a document or shadow root adopts from now on.
    AdoptedStyleSheets(AdoptedStyleSheets),
    /// A custom element name was registered.
    CustomElement {
        /// Name of the element.
        name: Arc<str>,
    },
    /// An event of the application's own or of a recorder.
    Custom {
        /// Its name.
        tag: Arc<str>,
        /// Its content, as JSON.
        payload: Box<RawValue>,
    },
    /// An event of a recorder plugin (console, network…).
    Plugin {
        /// Name and version of the plugin (`rrweb/console@1`).
        plugin: Arc<str>,
        /// Its content, as JSON.
        payload: Box<RawValue>,
    },
    /// A caption or a marker that the application put into the recording.
    Annotation(Annotation),
    /// A kind that is known and has no effect on what is shown.
    Ignored,
}

/// Address and viewport of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// Address of the page.
    pub href: Arc<str>,
    /// Viewport width in CSS pixels.
    pub width: f64,
    /// Viewport height in CSS pixels.
    pub height: f64,
}

/// A whole document.
#[derive(Debug, Clone, PartialEq)]
pub struct FullSnapshot {
    /// Rooted at the document.
    pub tree: NodeTree,
    /// Scroll position of the document, x then y, in CSS pixels.
    pub scroll: (f64, f64),
}

/// Nodes removed, added and changed. Applied in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mutation {
    /// Nodes that leave the document, with all below them.
    pub removes: Vec<NodeRemoval>,
    /// Nodes that come, in any order: a node may stand before its parent or its next sibling.
    pub adds: Vec<NodeAdd>,
    /// New content of text nodes.
    pub texts: Vec<(NodeId, Arc<str>)>,
    /// New attributes of elements.
    pub attributes: Vec<(NodeId, Vec<Attribute>)>,
    /// The adds bring the documents of frames.
    pub attaches_frame: bool,
}

/// A node that leaves the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRemoval {
    /// The recorded parent (or shadow host).
    pub parent: NodeId,
    /// The node.
    pub id: NodeId,
    /// It was a child of the parent's shadow root.
    pub in_shadow: bool,
}

/// A node that comes into the document.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeAdd {
    /// The parent, the shadow host, or the frame element of a document.
    pub parent: NodeId,
    /// The sibling before which it goes; `None`: after all.
    pub next: Option<NodeId>,
    /// The sibling after which it goes, where the recorder tells that instead.
    pub previous: Option<NodeId>,
    /// The node; whole subtree for frame documents and for recorders that send it.
    pub tree: NodeTree,
}

/// What points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerKind {
    /// A mouse, moving.
    Mouse,
    /// A finger, moving.
    Touch,
    /// A mouse, dragging.
    Drag,
}

/// Where the pointer was. One event holds up to half a second of samples, all before its own time.
#[derive(Debug, Clone, PartialEq)]
pub struct PointerPath {
    /// What moved.
    pub kind: PointerKind,
    /// In order of time.
    pub samples: Vec<PointerSample>,
}

/// One position of the pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointerSample {
    /// CSS pixels from the left of the viewport of the document that `target` is in.
    pub x: f64,
    /// CSS pixels from the top of that viewport.
    pub y: f64,
    /// The node under the pointer.
    pub target: NodeId,
    /// Milliseconds relative to the event's time, 0 or less.
    pub offset: f64,
}

/// What was done with the pointer or the keyboard focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum InteractionKind {
    MouseUp,
    MouseDown,
    Click,
    ContextMenu,
    DoubleClick,
    Focus,
    Blur,
    TouchStart,
    TouchMoveDeparted,
    TouchEnd,
    TouchCancel,
}

/// A click, touch, focus or the like.
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// What was done.
    pub kind: InteractionKind,
    /// To which node.
    pub target: NodeId,
    /// Where, in CSS pixels of the viewport of the target's document; focus and blur have no place.
    pub position: Option<(f64, f64)>,
    /// With a finger (or pen) rather than a mouse, where the recorder tells.
    pub touch: bool,
}

/// A new scroll position.
#[derive(Debug, Clone, PartialEq)]
pub struct Scroll {
    /// An element, or a document for its viewport.
    pub target: NodeId,
    /// CSS pixels from the left.
    pub x: f64,
    /// CSS pixels from the top.
    pub y: f64,
}

/// A form control's new state.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The control.
    pub target: NodeId,
    /// Its value, where it has one.
    pub text: Option<Arc<str>>,
    /// Whether it is checked, for check boxes and radio buttons (and options).
    pub checked: Option<bool>,
    /// The selected options of a `<select>`, where the recorder names them.
    pub selected_options: Option<Vec<NodeId>>,
}

/// What a media element did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MediaAction {
    Play,
    Pause,
    Seek,
    Volume,
    Rate,
}

/// A media element was played, paused, sought…
#[derive(Debug, Clone, PartialEq)]
pub struct MediaInteraction {
    /// The media element.
    pub target: NodeId,
    /// What it did.
    pub action: MediaAction,
    /// Position in seconds.
    pub time: Option<f64>,
    /// Volume, 0 to 1.
    pub volume: Option<f64>,
    /// Muted or not.
    pub muted: Option<bool>,
    /// Looping or not.
    pub looping: Option<bool>,
    /// Playback rate.
    pub rate: Option<f64>,
}

/// Which style sheet is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SheetTarget {
    /// The sheet of a `<style>` or `<link>` element.
    Owner(NodeId),
    /// A constructed sheet, by the recorder's number for it.
    Constructed(i64),
}

/// Changes to the rules of a sheet. `replace` first, then inserts, then deletes.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleSheetRules {
    /// The sheet.
    pub sheet: SheetTarget,
    /// The sheet's whole new text (`replace` and `replaceSync`).
    pub replace: Option<Arc<str>>,
    /// New rules.
    pub inserts: Vec<RuleInsert>,
    /// Places of rules to delete: a path through nested rules, its last number the position.
    pub deletes: Vec<Vec<u32>>,
}

/// A rule to insert.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleInsert {
    /// Text of the rule.
    pub rule: Arc<str>,
    /// A path through nested rules, its last number the position; empty: at the end of the sheet.
    pub path: Vec<u32>,
}

/// A declaration of one rule, set or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleDeclaration {
    /// The sheet.
    pub sheet: SheetTarget,
    /// The rule: a path through nested rules.
    pub path: Vec<u32>,
    /// Property name.
    pub property: Arc<str>,
    /// New value; `None` removes the declaration.
    pub value: Option<Arc<str>>,
    /// Declared `!important`.
    pub important: bool,
}

/// The context that canvas commands are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CanvasContext {
    TwoD,
    WebGl,
    WebGl2,
}

/// Something drawn on a canvas.
#[derive(Debug, Clone)]
pub struct CanvasMutation {
    /// The canvas.
    pub target: NodeId,
    /// Which of its contexts.
    pub context: CanvasContext,
    /// The commands, a JSON array of `{property, args, setter?}` in rrweb's serialization.
    pub commands: Box<RawValue>,
}

/// A font added by script.
#[derive(Debug, Clone, PartialEq)]
pub struct Font {
    /// Family name.
    pub family: Arc<str>,
    /// Where its data is.
    pub source: FontSource,
    /// The `FontFace` descriptors, as a JSON object; `None` when there were none.
    pub descriptors: Option<Box<str>>,
}

/// Where a font's data is.
#[derive(Debug, Clone, PartialEq)]
pub enum FontSource {
    /// A CSS `src` value (`url(…)`).
    Css(Arc<str>),
    /// The font file itself.
    Bytes(Bytes),
}

/// A selected range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectionRange {
    /// Node in which it starts.
    pub start: NodeId,
    /// Offset in that node.
    pub start_offset: u32,
    /// Node in which it ends.
    pub end: NodeId,
    /// Offset in that node.
    pub end_offset: u32,
}

/// The constructed sheets that a root adopts.
#[derive(Debug, Clone, PartialEq)]
pub struct AdoptedStyleSheets {
    /// A document, or the host of a shadow root (or the root itself, where it has a number).
    pub root: NodeId,
    /// All sheets adopted, in order.
    pub sheets: Vec<i64>,
    /// Sheets that are mentioned for the first time.
    pub new: Vec<NewSheet>,
}

/// A constructed sheet's first content.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSheet {
    /// The recorder's number for it.
    pub sheet: i64,
    /// Its rules, in order.
    pub rules: Vec<RuleInsert>,
}

/// How a `<dialog>` was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogMode {
    /// With `showModal()`.
    Modal,
    /// With `show()`.
    NonModal,
}

/// A caption or marker put into the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Annotation {
    /// A caption to show from now on; `None` clears it.
    Caption(Option<Arc<str>>),
    /// A marker on the timeline.
    Marker(Arc<str>),
}
