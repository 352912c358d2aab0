//! One node of the page, with the state it has beside its markup.

use std::sync::Arc;

use super::canvas::Canvas;
use super::tree::Key;
use super::{Handle, MediaState, Namespace};
use crate::recording::{DialogMode, NodeId, StyleProperty};

/// One node of the page.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: Option<NodeId>,
    pub(super) handle: Handle,
    pub(super) parent: Option<Key>,
    pub(super) previous: Option<Key>,
    pub(super) next: Option<Key>,
    pub(super) first: Option<Key>,
    pub(super) last: Option<Key>,
    pub(super) shadow: Option<Key>,
    pub(super) document: Option<Key>,
    /// Recording time at which it first came into the page.
    pub(super) born: f64,
    /// Scroll position, of elements and documents.
    pub(super) scroll: Option<(f64, f64)>,
    /// Sheets adopted, of documents and shadow roots.
    pub(super) adopted: Vec<i64>,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Document {
        quirks: bool,
    },
    Doctype {
        name: Arc<str>,
        public_id: Arc<str>,
        system_id: Arc<str>,
    },
    Element(Box<Element>),
    ShadowRoot,
    Text(Arc<str>),
    Cdata(Arc<str>),
    Comment(Arc<str>),
}

/// An element and its state.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) namespace: Namespace,
    pub(super) tag: Arc<str>,
    /// As recorded, in order.
    pub(super) attributes: Vec<(Arc<str>, Arc<str>)>,
    /// Declarations set or removed since the `style` attribute was, the last of a property counts.
    pub(super) style: Vec<StyleProperty>,
    /// The text of its sheet, where the recorder gave that.
    pub(super) css_text: Option<Arc<str>>,
    /// What was done to its sheet since.
    pub(super) sheet: Vec<SheetOp>,
    pub(super) value: Option<Arc<str>>,
    pub(super) checked: Option<bool>,
    pub(super) selected: Option<bool>,
    pub(super) media: Option<MediaState>,
    pub(super) dialog: Option<DialogMode>,
    pub(super) canvas: Canvas,
    /// The recorder was told to leave it out; its box is all there is of it.
    pub(super) blocked: bool,
    /// Address of a frame whose content could not be recorded.
    pub(super) frame_source: Option<Arc<str>>,
}

/// Something done to a sheet through the CSSOM.
#[derive(Debug, Clone)]
pub(super) enum SheetOp {
    Text(Arc<str>),
    Insert {
        rule: Arc<str>,
        path: Vec<u32>,
    },
    Delete {
        path: Vec<u32>,
    },
    Style {
        path: Vec<u32>,
        property: Arc<str>,
        value: Option<Arc<str>>,
        important: bool,
    },
}

impl Node {
    pub(super) fn new(id: Option<NodeId>, handle: Handle, kind: Kind, born: f64) -> Self {
        Node {
            id,
            handle,
            parent: None,
            previous: None,
            next: None,
            first: None,
            last: None,
            shadow: None,
            document: None,
            born,
            scroll: None,
            adopted: Vec::new(),
            kind,
        }
    }

    pub(super) fn element(&self) -> Option<&Element> {
        match &self.kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    pub(super) fn element_mut(&mut self) -> Option<&mut Element> {
        match &mut self.kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }
}

impl Element {
    pub(super) fn new(namespace: Namespace, tag: Arc<str>) -> Self {
        Element {
            namespace,
            tag,
            attributes: Vec::new(),
            style: Vec::new(),
            css_text: None,
            sheet: Vec::new(),
            value: None,
            checked: None,
            selected: None,
            media: None,
            dialog: None,
            canvas: Canvas::default(),
            blocked: false,
            frame_source: None,
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Arc<str>> {
        self.attributes
            .iter()
            .find(|(known, _)| **known == *name)
            .map(|(_, value)| value)
    }

    pub(super) fn set_attribute(&mut self, name: &Arc<str>, value: Option<Arc<str>>) {
        let at = self.attributes.iter().position(|(known, _)| known == name);
        match (at, value) {
            (Some(at), Some(value)) => self.attributes[at].1 = value,
            (Some(at), None) => drop(self.attributes.remove(at)),
            (None, Some(value)) => self.attributes.push((Arc::clone(name), value)),
            (None, None) => {}
        }
    }

    pub(super) fn set_style(&mut self, property: StyleProperty) {
        self.style.retain(|known| known.property != property.property);
        self.style.push(property);
    }

    /// It has a style sheet of its own in the stage.
    pub(super) fn is_sheet(&self) -> bool {
        &*self.tag == "style" || self.is_styled_link()
    }

    /// A `<link>` that the stage shows as a `<style>`.
    pub(super) fn is_styled_link(&self) -> bool {
        &*self.tag == "link" && self.css_text.is_some()
    }

    /// A `<link>` whose sheet does not count: disabled, or one of several to choose from.
    pub(super) fn is_disabled_link(&self) -> bool {
        let is_alternate = self.attribute("rel").is_some_and(|rel| {
            rel.split_whitespace()
                .any(|kind| kind.eq_ignore_ascii_case("alternate"))
        });
        let is_titled = self.attribute("title").is_some_and(|title| !title.is_empty());
        self.is_styled_link() && (self.attribute("disabled").is_some() || is_alternate && is_titled)
    }
}
