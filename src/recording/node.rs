//! Recorded nodes: a tree as it was serialized, before it becomes part of a document.

use std::sync::Arc;

/// The recorder's number for a node. Unique within a tab between two full snapshots; no value is
/// special (some recorders number the document 1, others last, others 0).
pub type NodeId = i64;

/// A serialized subtree, flat and in document order, so that depth costs no stack.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeTree {
    /// Every node stands after its parent; the first is the root.
    pub nodes: Vec<NodeRecord>,
}

/// One node of a [`NodeTree`].
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRecord {
    /// The recorder's number of the node; `None` for nodes that the recorder did not number.
    pub id: Option<NodeId>,
    /// Index of the parent in [`NodeTree::nodes`]; `None` for the root.
    pub parent: Option<u32>,
    /// The node is a child of its parent's shadow root, not of the parent itself.
    pub in_shadow: bool,
    /// What kind of node it is.
    pub content: NodeContent,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeContent {
    /// A document, of the page or of a frame.
    Document {
        /// `document.compatMode` was `BackCompat`.
        quirks: bool,
    },
    /// A document type declaration.
    Doctype {
        /// Name, usually `html`.
        name: Arc<str>,
        /// Public identifier, often empty.
        public_id: Arc<str>,
        /// System identifier, often empty.
        system_id: Arc<str>,
    },
    /// An element.
    Element {
        /// Tag name as recorded (some recorders lower-case SVG names).
        tag: Arc<str>,
        /// The recorder said that the element is in the SVG namespace.
        svg: bool,
        /// The recorder said that the element is a registered custom element.
        custom: bool,
        /// Attributes and the state recorded beside them.
        attributes: Vec<Attribute>,
    },
    /// A shadow root, for recorders that serialize it as a node; its parent is the host.
    ShadowRoot,
    /// Text.
    Text(Arc<str>),
    /// A CDATA section.
    Cdata(Arc<str>),
    /// A comment.
    Comment(Arc<str>),
}

/// An attribute of an element, or a piece of its state that recorders store as one.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// An attribute of the markup. `None` removes it (in mutations).
    Plain {
        /// Name as recorded.
        name: Arc<str>,
        /// New value; the empty string for a boolean attribute that is present.
        value: Option<Arc<str>>,
    },
    /// Changed declarations of the `style` attribute (in mutations).
    Style(Vec<StyleProperty>),
    /// The text of the style sheet that belongs to a `<style>` or `<link>`.
    CssText(Arc<str>),
    /// Width of a blocked element's box, as a CSS length.
    BlockedWidth(Arc<str>),
    /// Height of a blocked element's box, as a CSS length.
    BlockedHeight(Arc<str>),
    /// Scroll position from the left, in CSS pixels.
    ScrollLeft(f64),
    /// Scroll position from the top, in CSS pixels.
    ScrollTop(f64),
    /// What a canvas or an image showed, as a `data:` URL.
    DataUrl(Arc<str>),
    /// A media element was playing (or paused).
    MediaPlaying(bool),
    /// Position of a media element, in seconds.
    MediaTime(f64),
    /// Playback rate of a media element.
    MediaRate(f64),
    /// A media element was muted.
    MediaMuted(bool),
    /// A media element was looping.
    MediaLoop(bool),
    /// Volume of a media element, 0 to 1.
    MediaVolume(f64),
    /// Address of a frame whose content could not be recorded.
    FrameSource(Arc<str>),
    /// How an open dialog was opened; `None` when it no longer is.
    Dialog(Option<super::DialogMode>),
}

/// One declaration of a `style` attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleProperty {
    /// Property name in CSS form (`background-color`, `--accent`).
    pub property: Arc<str>,
    /// New value; `None` removes the declaration.
    pub value: Option<Arc<str>>,
    /// Declared `!important`.
    pub important: bool,
}
