//! The tree: nodes in an arena, linked to parent, children and siblings, so that depth costs no stack.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Handle;
use super::node::{Kind, Node};
use crate::recording::NodeId;

/// Place of a node in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(pub(super) u32);

/// All nodes of a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    nodes: Vec<Option<Node>>,
    free: Vec<u32>,
    by_id: FxHashMap<NodeId, Key>,
    /// The node that got each handle, from the first on. It may be gone, or have got another since.
    by_handle: Vec<Key>,
    /// The top document.
    pub(super) root: Option<Key>,
}

/// How a node hangs below its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Among the children.
    Child,
    /// As the shadow root of its host.
    Shadow,
    /// As the document of its frame.
    Document,
}

impl Tree {
    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    pub(super) fn get(&self, key: Key) -> Option<&Node> {
        self.nodes.get(key.0 as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Node> {
        self.nodes.get_mut(key.0 as usize)?.as_mut()
    }

    pub(super) fn key(&self, id: NodeId) -> Option<Key> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn key_of_handle(&self, handle: Handle) -> Option<Key> {
        let key = *self.by_handle.get((handle as usize).checked_sub(1)?)?;
        (self.handle(key) == Some(handle)).then_some(key)
    }

    pub(super) fn handle(&self, key: Key) -> Option<Handle> {
        self.get(key).map(|node| node.handle)
    }

    /// A node that hangs nowhere yet.
    pub(super) fn create(&mut self, id: Option<NodeId>, kind: Kind, born: f64) -> Key {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.nodes.push(None);
                self.nodes.len() as u32 - 1
            }
        };
        let key = Key(at);
        let handle = self.new_handle(key);
        if let Some(slot) = self.nodes.get_mut(at as usize) {
            *slot = Some(Node::new(id, handle, kind, born));
        }
        if let Some(id) = id {
            self.by_id.insert(id, key);
        }
        key
    }

    /// Gives a node another id, or none.
    pub(super) fn rename(&mut self, key: Key, id: Option<NodeId>) {
        let Some(node) = self.get_mut(key) else { return };
        let old = std::mem::replace(&mut node.id, id);
        if let Some(old) = old.filter(|old| self.by_id.get(old) == Some(&key)) {
            self.by_id.remove(&old);
        }
        if let Some(id) = id {
            self.by_id.insert(id, key);
        }
    }

    /// The handle given last.
    pub(super) fn last_handle(&self) -> Handle {
        self.by_handle.len() as Handle
    }

    fn new_handle(&mut self, key: Key) -> Handle {
        self.by_handle.push(key);
        self.last_handle()
    }

    /// Gives all nodes of the page handles from 1 on, for a stage that knows none yet.
    pub(super) fn number_anew(&mut self, root: Key) {
        self.by_handle.clear();
        self.renew_handles(root);
    }

    /// Gives a subtree new handles, as the stage makes it anew.
    pub(super) fn renew_handles(&mut self, top: Key) {
        for key in self.subtree(top) {
            let handle = self.new_handle(key);
            if let Some(node) = self.get_mut(key) {
                node.handle = handle;
            }
        }
    }

    /// Hangs a node that hangs nowhere below `parent`, before a child of it or after all.
    pub(super) fn attach(&mut self, node: Key, parent: Key, link: Link, before: Option<Key>) {
        if link != Link::Child {
            if let Some(above) = self.get_mut(parent) {
                match link {
                    Link::Shadow => above.shadow = Some(node),
                    _ => above.document = Some(node),
                }
            }
            if let Some(below) = self.get_mut(node) {
                below.parent = Some(parent);
            }
            return;
        }
        let before = before.filter(|next| self.get(*next).is_some_and(|next| next.parent == Some(parent)));
        let previous = match before {
            Some(next) => self.get(next).and_then(|next| next.previous),
            None => self.get(parent).and_then(|above| above.last),
        };
        if let Some(below) = self.get_mut(node) {
            below.parent = Some(parent);
            below.previous = previous;
            below.next = before;
        }
        match previous {
            Some(previous) => self.edit(previous, |previous| previous.next = Some(node)),
            None => self.edit(parent, |above| above.first = Some(node)),
        }
        match before {
            Some(next) => self.edit(next, |next| next.previous = Some(node)),
            None => self.edit(parent, |above| above.last = Some(node)),
        }
    }

    /// Takes a node from its parent; it keeps what is below it.
    pub(super) fn detach(&mut self, key: Key) {
        let Some(node) = self.get_mut(key) else { return };
        let (parent, previous, next) = (node.parent.take(), node.previous.take(), node.next.take());
        let Some(parent) = parent else {
            if self.root == Some(key) {
                self.root = None;
            }
            return;
        };
        if let Some(above) = self.get_mut(parent) {
            if above.shadow == Some(key) {
                above.shadow = None;
                return;
            }
            if above.document == Some(key) {
                above.document = None;
                return;
            }
        }
        match previous {
            Some(previous) => self.edit(previous, |previous| previous.next = next),
            None => self.edit(parent, |above| above.first = next),
        }
        match next {
            Some(next) => self.edit(next, |next| next.previous = previous),
            None => self.edit(parent, |above| above.last = previous),
        }
    }

    fn edit(&mut self, key: Key, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.get_mut(key) {
            change(node);
        }
    }

    /// Takes a [subtree](Tree::subtree), `all` of it, out for good: its ids and handles mean nothing any more.
    pub(super) fn remove(&mut self, top: Key, all: &[Key]) {
        self.detach(top);
        for key in all {
            let Some(node) = self.nodes.get_mut(key.0 as usize).and_then(Option::take) else {
                continue;
            };
            if let Some(id) = node.id
                && self.by_id.get(&id) == Some(key)
            {
                self.by_id.remove(&id);
            }
            self.free.push(key.0);
        }
    }

    /// Children in order.
    pub(super) fn children(&self, parent: Key) -> impl Iterator<Item = Key> + '_ {
        let first = self.get(parent).and_then(|node| node.first);
        std::iter::successors(first, |key| self.get(*key).and_then(|node| node.next))
    }

    /// A subtree in the order in which the stage makes it: each node, its shadow root, its document,
    /// its children.
    pub(super) fn subtree(&self, top: Key) -> Vec<Key> {
        let mut order = Vec::new();
        let mut open = vec![top];
        while let Some(key) = open.pop() {
            let Some(node) = self.get(key) else { continue };
            order.push(key);
            let mut child = node.last;
            while let Some(at) = child {
                open.push(at);
                child = self.get(at).and_then(|node| node.previous);
            }
            open.extend(node.document);
            open.extend(node.shadow);
        }
        order
    }

    /// The ancestors of a node, through shadow roots and frames, the nearest first.
    pub(super) fn ancestors(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        let parent = |key: Key| self.get(key).and_then(|node| node.parent);
        std::iter::successors(parent(key), move |key| parent(*key))
    }

    /// How many nodes a node is within, itself included; counted up to `most`.
    pub(super) fn depth(&self, key: Key, most: usize) -> u64 {
        1 + self.ancestors(key).take(most).count() as u64
    }

    /// How many levels there are from a node down to the lowest below it, its own included.
    pub(super) fn height(&self, top: Key) -> u64 {
        let mut heights: FxHashMap<Key, u64> = FxHashMap::default();
        let mut highest = 1;
        for key in self.subtree(top) {
            let above = self.get(key).and_then(|node| node.parent);
            let height = above
                .and_then(|above| heights.get(&above))
                .map_or(1, |above| above + 1);
            highest = highest.max(height);
            heights.insert(key, height);
        }
        highest
    }

    /// Whether `key` is `of` or above it.
    pub(super) fn is_above(&self, key: Key, of: Key) -> bool {
        key == of || self.ancestors(of).any(|above| above == key)
    }

    /// The document a node is in; a document is in itself.
    pub(super) fn document_of(&self, key: Key) -> Option<Key> {
        let is_document =
            |key: &Key| matches!(self.get(*key).map(|node| &node.kind), Some(Kind::Document { .. }));
        std::iter::once(key).chain(self.ancestors(key)).find(is_document)
    }

    /// The document or shadow root within which a node's id counts.
    pub(super) fn scope_of(&self, key: Key) -> Option<Key> {
        let is_scope = |key: &Key| {
            let kind = self.get(*key).map(|node| &node.kind);
            matches!(kind, Some(Kind::Document { .. } | Kind::ShadowRoot))
        };
        std::iter::once(key).chain(self.ancestors(key)).find(is_scope)
    }

    /// The text that is shown below a node, up to about a number of characters.
    pub(super) fn text(&self, top: Key, most: usize) -> String {
        self.text_without(top, &[], most)
    }

    /// The same without that of elements with some tags.
    pub(super) fn text_without(&self, top: Key, tags: &[&str], most: usize) -> String {
        /// Nodes looked at, lest the name of a page is sought in all of it.
        const MOST_NODES: usize = 2000;
        let mut text = String::new();
        let mut open = vec![top];
        for _ in 0..MOST_NODES {
            let Some(node) = open.pop().and_then(|key| self.get(key)) else {
                break;
            };
            match &node.kind {
                Kind::Text(part) => {
                    text.extend(part.chars().take(most));
                    text.push(' ');
                }
                Kind::Element(element)
                    if matches!(
                        &*element.tag,
                        "style" | "script" | "noscript" | "template" | "link"
                    ) || tags.contains(&&*element.tag) =>
                {
                    continue;
                }
                _ => {}
            }
            if text.len() > most {
                break;
            }
            let mut child = node.last;
            while let Some(at) = child {
                open.push(at);
                child = self.get(at).and_then(|node| node.previous);
            }
            open.extend(node.shadow);
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The tag of an element.
    pub(super) fn tag(&self, key: Key) -> Option<&Arc<str>> {
        self.get(key)?.element().map(|element| &element.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_is_found_by_its_handle_after_numbering_anew() {
        let mut tree = Tree::default();
        let mut create = || tree.create(None, Kind::Document { quirks: false }, 0.0);
        let (root, later, earlier) = (create(), create(), create());
        // In another order than they were made.
        tree.attach(earlier, root, Link::Child, None);
        tree.attach(later, root, Link::Child, None);
        tree.number_anew(root);
        for key in [root, later, earlier] {
            let handle = tree.handle(key).unwrap();
            assert_eq!(tree.key_of_handle(handle), Some(key));
        }
        let (gone, before) = (tree.handle(later).unwrap(), tree.handle(earlier).unwrap());
        tree.remove(later, &[later]);
        tree.renew_handles(earlier);
        // Another node takes its place, but not its handle.
        let new = tree.create(None, Kind::ShadowRoot, 0.0);
        assert_eq!(new, later);
        for handle in [0, gone, before, 99] {
            assert_eq!(tree.key_of_handle(handle), None);
        }
        assert_eq!(tree.key_of_handle(tree.last_handle()), Some(new));
    }
}
