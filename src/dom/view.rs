//! Looking around in the page, for those who judge its content.

use std::sync::Arc;

use super::node::Kind;
use super::page::Page;
use super::tree::Key;
use crate::recording::NodeId;

/// A node of a page. Its parent is the one that is shown around it: the host of a shadow root, the frame
/// element of a document.
#[derive(Clone, Copy)]
pub(crate) struct NodeView<'p> {
    page: &'p Page,
    key: Key,
}

impl Page {
    /// The node with that id, while it is on the page.
    pub(crate) fn view(&self, id: NodeId) -> Option<NodeView<'_>> {
        let key = self.tree.key(id)?;
        Some(NodeView { page: self, key })
    }

    /// All nodes, each after its parent and before its later siblings.
    pub(crate) fn views(&self) -> impl Iterator<Item = NodeView<'_>> {
        let top = self.tree.root.map(|key| NodeView { page: self, key });
        top.into_iter().flat_map(NodeView::subtree)
    }
}

impl<'p> NodeView<'p> {
    fn at(self, key: Key) -> Self {
        NodeView { page: self.page, key }
    }

    /// The recorder's number for it.
    pub(crate) fn id(self) -> Option<NodeId> {
        self.page.tree.get(self.key)?.id
    }

    /// Its tag, if it is an element.
    pub(crate) fn tag(self) -> Option<&'p Arc<str>> {
        self.page.tree.tag(self.key)
    }

    /// Its content, if it is text.
    pub(crate) fn text(self) -> Option<&'p Arc<str>> {
        match &self.page.tree.get(self.key)?.kind {
            Kind::Text(text) | Kind::Cdata(text) => Some(text),
            _ => None,
        }
    }

    /// The text that is shown in it, up to about a number of characters.
    pub(crate) fn shown_text(self, most: usize) -> String {
        self.page.tree.text(self.key, most)
    }

    pub(crate) fn attribute(self, name: &str) -> Option<&'p Arc<str>> {
        self.page.tree.get(self.key)?.element()?.attribute(name)
    }

    /// All its attributes, in order.
    pub(crate) fn attributes(self) -> impl Iterator<Item = (&'p Arc<str>, &'p Arc<str>)> {
        let element = self.page.tree.get(self.key).and_then(|node| node.element());
        let attributes = element.map(|element| element.attributes.as_slice());
        attributes
            .unwrap_or_default()
            .iter()
            .map(|(name, value)| (name, value))
    }

    pub(crate) fn parent(self) -> Option<Self> {
        let parent = self.page.tree.get(self.key)?.parent?;
        Some(self.at(parent))
    }

    /// What is above it, the nearest first.
    pub(crate) fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |node| node.parent())
    }

    /// It and all below it, each node after its parent and before its later siblings.
    pub(crate) fn subtree(self) -> impl Iterator<Item = Self> {
        let order = self.page.tree.subtree(self.key);
        order.into_iter().map(move |key| self.at(key))
    }

    /// The node before it in the document; neither shadow roots nor documents of frames are entered.
    pub(crate) fn before(self) -> Option<Self> {
        let tree = &self.page.tree;
        let node = tree.get(self.key)?;
        let Some(mut at) = node.previous else {
            return self.parent();
        };
        while let Some(last) = tree.get(at)?.last {
            at = last;
        }
        Some(self.at(at))
    }

    /// The node after it in the document; neither shadow roots nor documents of frames are entered.
    pub(crate) fn after(self) -> Option<Self> {
        let tree = &self.page.tree;
        if let Some(first) = tree.get(self.key)?.first {
            return Some(self.at(first));
        }
        let mut at = self.key;
        loop {
            let node = tree.get(at)?;
            match node.next {
                Some(next) => return Some(self.at(next)),
                None => at = node.parent?,
            }
        }
    }
}
