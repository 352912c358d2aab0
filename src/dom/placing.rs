//! What may stand where: the DOM's own rules, so that the stage never has to refuse a node.

use super::Namespace;
use super::node::{Element, Kind};
use super::tree::{Key, Link, Tree};
use crate::recording::NodeContent;

/// Elements beside custom ones that can have a shadow root.
const HOSTS: [&str; 18] = [
    "article",
    "aside",
    "blockquote",
    "body",
    "div",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "main",
    "nav",
    "p",
    "section",
    "span",
];

impl Element {
    pub(super) fn can_host(&self) -> bool {
        self.namespace == Namespace::Html && (HOSTS.contains(&&*self.tag) || self.tag.contains('-'))
    }

    pub(super) fn is_frame(&self) -> bool {
        self.namespace == Namespace::Html && matches!(&*self.tag, "iframe" | "frame" | "object")
    }

    pub(super) fn is_media(&self) -> bool {
        matches!(&*self.tag, "video" | "audio")
    }
}

impl Tree {
    /// Whether a node may hang below `parent` in that way.
    pub(super) fn takes(&self, parent: Key, link: Link, content: &NodeContent) -> bool {
        let Some(above) = self.get(parent) else {
            return false;
        };
        match (link, &above.kind) {
            (Link::Document, Kind::Element(frame)) => frame.is_frame() && above.document.is_none(),
            (Link::Shadow, Kind::Element(host)) => host.can_host(),
            (Link::Child, Kind::Document { .. }) => match content {
                NodeContent::Comment(_) => true,
                NodeContent::Element { .. } => self.element_of(parent).is_none(),
                NodeContent::Doctype { .. } => self.doctype_of(parent).is_none(),
                _ => false,
            },
            (Link::Child, Kind::Element(_) | Kind::ShadowRoot) => matches!(
                content,
                NodeContent::Element { .. }
                    | NodeContent::Text(_)
                    | NodeContent::Cdata(_)
                    | NodeContent::Comment(_)
            ),
            _ => false,
        }
    }

    /// Where among a document's children a node may go: its doctype stands before its element.
    pub(super) fn before_in_document(
        &self,
        document: Key,
        content: &NodeContent,
        wanted: Option<Key>,
    ) -> Option<Key> {
        let above = self.get(document).map(|node| &node.kind);
        if !matches!(above, Some(Kind::Document { .. })) {
            return wanted;
        }
        match content {
            NodeContent::Doctype { .. } => self.element_of(document).or(wanted),
            NodeContent::Element { .. } => {
                let Some(doctype) = self.doctype_of(document) else {
                    return wanted;
                };
                let is_after = |next: &Key| {
                    self.children(document)
                        .skip_while(|child| *child != doctype)
                        .skip(1)
                        .any(|child| child == *next)
                };
                match wanted {
                    Some(next) if !is_after(&next) => self.get(doctype).and_then(|node| node.next),
                    _ => wanted,
                }
            }
            _ => wanted,
        }
    }

    /// The element of a document.
    pub(super) fn element_of(&self, document: Key) -> Option<Key> {
        self.children(document).find(|child| self.tag(*child).is_some())
    }

    fn doctype_of(&self, document: Key) -> Option<Key> {
        self.children(document).find(|child| {
            matches!(
                self.get(*child).map(|node| &node.kind),
                Some(Kind::Doctype { .. })
            )
        })
    }
}
