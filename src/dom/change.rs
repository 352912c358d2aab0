//! What a page has to do to look as it was recorded.
//!
//! [`Change`]s are what the DOM tells the stage: effective and resolved. Every node that a change
//! names exists, every parent is there before its child, and nothing that could run or fetch is in
//! them. A snapshot of a page is a list of changes too, beginning with [`Change::Reset`].

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::recording::{CanvasContext, DialogMode, FontSource};

/// A node's number in the stage. Given in the order in which nodes enter the page, never given
/// twice between two [`Change::Reset`]s; 0 is the stage itself, the parent of the top document.
pub type Handle = u32;

/// The stage itself: parent of the top document.
pub const STAGE: Handle = 0;

/// What happened to the page at one time.
#[derive(Debug, Clone)]
pub struct Step {
    /// Recording time in milliseconds since the Unix epoch.
    pub time: f64,
    /// What changed, in the order in which it is to be carried out.
    pub changes: Vec<Change>,
}

impl Step {
    /// Whether nothing but pointer and focus moved: that shows only where a style says so.
    pub(crate) fn only_points(&self) -> bool {
        let points = |change: &Change| {
            matches!(
                change,
                Change::Hover { .. } | Change::Active { .. } | Change::Focus { .. }
            )
        };
        self.changes.iter().all(points)
    }
}

/// One step towards how the page looked.
#[derive(Debug, Clone)]
pub enum Change {
    /// Forget everything: a new page begins.
    Reset,
    /// The viewport has this size, in CSS pixels.
    Viewport {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
    },
    /// A subtree comes into the page.
    Insert {
        /// An element, document or shadow root; a frame element when the subtree is a document;
        /// [`STAGE`] for the top document.
        parent: Handle,
        /// The sibling before which it goes; `None`: after all.
        before: Option<Handle>,
        /// The subtree in document order; the first is its root.
        nodes: Vec<NewNode>,
    },
    /// A node leaves the page with all below it.
    Remove {
        /// The node.
        node: Handle,
    },
    /// An attribute has a new value, or none.
    Attribute {
        /// An element.
        node: Handle,
        /// The attribute's name.
        name: Arc<str>,
        /// Its value; `None` removes it.
        value: Option<Arc<str>>,
    },
    /// A declaration of the `style` attribute is set or removed.
    InlineStyle {
        /// An element.
        node: Handle,
        /// Property name.
        property: Arc<str>,
        /// New value; `None` removes it.
        value: Option<Arc<str>>,
        /// Declared `!important`.
        important: bool,
    },
    /// A text node, comment or CDATA section has new content.
    Text {
        /// The node.
        node: Handle,
        /// Its content.
        text: Arc<str>,
    },
    /// A constructed style sheet is made; it has no rules yet.
    NewSheet {
        /// Its number, given by the DOM, never given twice between two resets.
        sheet: u32,
        /// The document whose constructor makes it.
        document: Handle,
        /// Its `media` text, if any.
        media: Option<Arc<str>>,
        /// It is disabled.
        disabled: bool,
    },
    /// All rules of a sheet are replaced by those of a text.
    SheetText {
        /// The sheet.
        sheet: Sheet,
        /// Its new text.
        text: Arc<str>,
    },
    /// A rule is inserted.
    InsertRule {
        /// The sheet.
        sheet: Sheet,
        /// Text of the rule.
        rule: Arc<str>,
        /// Path through nested rules, the last number the position; empty: at the end. Positions
        /// beyond the end mean the end.
        path: Vec<u32>,
    },
    /// A rule is deleted.
    DeleteRule {
        /// The sheet.
        sheet: Sheet,
        /// Path through nested rules, the last number the position.
        path: Vec<u32>,
    },
    /// A declaration of a rule is set or removed.
    RuleStyle {
        /// The sheet.
        sheet: Sheet,
        /// Path of the rule.
        path: Vec<u32>,
        /// Property name.
        property: Arc<str>,
        /// New value; `None` removes it.
        value: Option<Arc<str>>,
        /// Declared `!important`.
        important: bool,
    },
    /// A document or shadow root adopts these constructed sheets and no others.
    Adopt {
        /// The document or shadow root.
        root: Handle,
        /// Sheet numbers, in order.
        sheets: Vec<u32>,
    },
    /// A form control has this value.
    Value {
        /// An `<input>`, `<textarea>` or `<select>`.
        node: Handle,
        /// Its value.
        value: Arc<str>,
    },
    /// A check box or radio button is checked or not.
    Checked {
        /// The control.
        node: Handle,
        /// Its state.
        checked: bool,
    },
    /// An option is selected or not.
    Selected {
        /// The `<option>`.
        node: Handle,
        /// Its state.
        selected: bool,
    },
    /// An element, or a document's viewport, is scrolled.
    Scroll {
        /// The element or document.
        node: Handle,
        /// CSS pixels from the left.
        x: f64,
        /// CSS pixels from the top.
        y: f64,
    },
    /// State of a media element; what is `None` stays.
    Media {
        /// The media element.
        node: Handle,
        /// What is known of it.
        state: MediaState,
    },
    /// A dialog is shown or closed.
    Dialog {
        /// The `<dialog>`.
        node: Handle,
        /// How it is shown; `None`: closed.
        mode: Option<DialogMode>,
    },
    /// A canvas shows a picture.
    CanvasPicture {
        /// The canvas.
        node: Handle,
        /// The picture, as a `data:` URL.
        url: Arc<str>,
    },
    /// Commands are carried out on a canvas.
    CanvasCommands {
        /// The canvas.
        node: Handle,
        /// For which of its contexts.
        context: CanvasContext,
        /// JSON array of `{property, args, setter?}` in rrweb's serialization.
        commands: Arc<RawValue>,
    },
    /// A font is added to a document by script.
    Font {
        /// The document.
        document: Handle,
        /// Family name.
        family: Arc<str>,
        /// Its data.
        source: FontSource,
        /// `FontFace` descriptors, as a JSON object.
        descriptors: Option<Arc<str>>,
    },
    /// A custom element name is registered.
    DefineElement {
        /// The name.
        name: Arc<str>,
    },
    /// The keyboard focus goes to an element; `None`: nowhere.
    Focus {
        /// The element.
        node: Option<Handle>,
        /// The element shows that it has the focus (`:focus-visible`).
        visible: bool,
    },
    /// The pointer is over this node and so over its ancestors; `None`: over nothing.
    Hover {
        /// The innermost node.
        node: Option<Handle>,
    },
    /// The pointer is pressed on this node and so on its ancestors; `None`: not pressed.
    Active {
        /// The innermost node.
        node: Option<Handle>,
    },
    /// These ranges are selected and no others.
    Select {
        /// The ranges, in order.
        ranges: Vec<Range>,
    },
}

/// A node that comes into the page.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// Its number from now on.
    pub handle: Handle,
    /// Index of its parent in the list; `None` for the first. A document below a frame element is
    /// that frame's document; a shadow root below an element is that element's.
    pub parent: Option<u32>,
    /// Recording time at which it first came into the page, in milliseconds since the Unix epoch:
    /// where SVG animations count from.
    pub born: f64,
    /// What it is.
    pub content: NewContent,
}

/// What a new node is.
#[derive(Debug, Clone)]
pub enum NewContent {
    /// A document. Its doctype is among its children.
    Document {
        /// It is in quirks mode.
        quirks: bool,
    },
    /// A document type declaration.
    Doctype {
        /// Name.
        name: Arc<str>,
        /// Public identifier.
        public_id: Arc<str>,
        /// System identifier.
        system_id: Arc<str>,
    },
    /// An element.
    Element {
        /// Its namespace.
        namespace: Namespace,
        /// Tag name, in the namespace's own spelling.
        tag: Arc<str>,
        /// Attributes that can neither run nor navigate.
        attributes: Vec<(Arc<str>, Arc<str>)>,
    },
    /// An open shadow root.
    ShadowRoot,
    /// Text.
    Text(Arc<str>),
    /// A CDATA section.
    Cdata(Arc<str>),
    /// A comment.
    Comment(Arc<str>),
}

/// The namespace of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Namespace {
    Html,
    Svg,
    MathMl,
}

/// A style sheet in the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sheet {
    /// The sheet of a `<style>` element.
    Owner(Handle),
    /// A constructed sheet.
    Constructed(u32),
}

/// What is known of a media element.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MediaState {
    /// It plays.
    pub playing: Option<bool>,
    /// Position in seconds at recording time `at`.
    pub time: Option<f64>,
    /// Milliseconds since the Unix epoch at which `time` held; a playing element counts on from here.
    pub at: f64,
    /// Playback rate.
    pub rate: Option<f64>,
    /// Muted.
    pub muted: Option<bool>,
    /// Looping.
    pub looping: Option<bool>,
    /// Volume, 0 to 1.
    pub volume: Option<f64>,
}

/// A selected range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Node in which it starts.
    pub start: Handle,
    /// Offset in that node.
    pub start_offset: u32,
    /// Node in which it ends.
    pub end: Handle,
    /// Offset in that node.
    pub end_offset: u32,
}
