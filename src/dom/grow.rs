//! Recorded subtrees become nodes of the page.

use std::sync::Arc;

use super::Change;
use super::markup::{css_pieces, named};
use super::node::{Element, Kind};
use super::page::Page;
use super::tree::{Key, Link};
use crate::limits::Limit;
use crate::recording::{Attribute, DamageKind, NodeContent, NodeRecord, NodeTree};

/// Where a subtree hangs: below what, how, before which child.
pub(super) type Spot = (Key, Link, Option<Key>);

impl Page {
    /// Makes the nodes of a recorded subtree and hangs them up; without a spot it is the page's root.
    pub(super) fn grow(&mut self, tree: &NodeTree, spot: Option<Spot>, time: f64) {
        let mut made: Vec<Option<Key>> = Vec::with_capacity(tree.nodes.len());
        let mut depths: Vec<u64> = Vec::new();
        let mut left_out = 0;
        let mut too_deep = 0;
        let limits = self.limits;
        let has_depth = limits.of(Limit::Depth) != u64::MAX;
        for (at, record) in tree.nodes.iter().enumerate() {
            if self.tree.len() >= limits.size(Limit::Nodes) {
                self.report_limit(Limit::Nodes, "the page has more nodes than it may");
                break;
            }
            let depth = match record.parent.and_then(|above| depths.get(above as usize)) {
                Some(above) => above + 1,
                None => spot.map_or(1, |(below, ..)| self.depth_below(below)),
            };
            if has_depth {
                depths.push(depth);
            }
            let above = record
                .parent
                .and_then(|above| made.get(above as usize).copied().flatten());
            if depth > limits.of(Limit::Depth) {
                too_deep += u32::from(at == 0 || above.is_some());
                made.push(None);
                continue;
            }
            let spot = match at {
                0 => spot,
                _ => {
                    above.and_then(|above| self.spot(above, record).map(|(below, link)| (below, link, None)))
                }
            };
            let key = match (at, spot) {
                (0, None) => Some(self.create(record, None, time)),
                (_, Some(spot)) => self.hang(record, spot, time),
                _ => None,
            };
            // The page's root needs no place, and what is below something left out is not news.
            left_out += u32::from(key.is_none() && (at == 0 || above.is_some()));
            made.push(key);
        }
        if left_out > 0 {
            self.report(
                DamageKind::Orphan,
                format!("{left_out} nodes cannot stand where they do"),
            );
        }
        if too_deep > 0 {
            self.report_limit(
                Limit::Depth,
                &format!("{too_deep} nodes and what is in them are deeper within others than they may be"),
            );
        }
        if spot.is_none() {
            self.tree.root = made.first().copied().flatten();
        }
        for key in made.iter().flatten() {
            self.fill_sheet(*key, time);
        }
        for key in made.iter().flatten() {
            let tag = self.tree.tag(*key).map(|tag| &**tag);
            if tag == Some("select") {
                self.settle_list(*key);
            }
        }
        self.count_options(made.iter().flatten());
        self.scratch.fresh.extend(made.into_iter().flatten());
    }

    /// The depth of what hangs below a node, counted no further than matters.
    pub(super) fn depth_below(&self, key: Key) -> u64 {
        match self.limits.of(Limit::Depth) {
            // Nothing is too deep.
            u64::MAX => 1,
            _ => self.tree.depth(key, self.limits.size(Limit::Depth)) + 1,
        }
    }

    /// Below what and how a recorded child hangs; nothing when it cannot hang there at all.
    pub(super) fn spot(&mut self, parent: Key, record: &NodeRecord) -> Option<(Key, Link)> {
        let can_host = self.tree.get(parent)?.element().is_some_and(Element::can_host);
        match record.content {
            NodeContent::Document { .. } => Some((parent, Link::Document)),
            NodeContent::ShadowRoot => can_host.then_some((parent, Link::Shadow)),
            _ if record.in_shadow && can_host => Some((self.shadow_of(parent), Link::Child)),
            _ => Some((parent, Link::Child)),
        }
    }

    fn hang(&mut self, record: &NodeRecord, spot: Spot, time: f64) -> Option<Key> {
        let (below, link, before) = spot;
        if !self.tree.takes(below, link, &record.content) {
            return None;
        }
        if link == Link::Shadow
            && let Some(root) = self.tree.get(below).and_then(|host| host.shadow)
        {
            // A host has one shadow root for good: it is that one.
            if record.id.is_some_and(|id| self.tree.key(id).is_none()) {
                self.tree.rename(root, record.id);
            }
            return Some(root);
        }
        let key = self.create(record, Some(below), time);
        let before = self.tree.before_in_document(below, &record.content, before);
        self.tree.attach(key, below, link, before);
        self.sheet_children_change(Some(below));
        Some(key)
    }

    /// The shadow root of a host, made if the recording did not say that there is one.
    pub(super) fn shadow_of(&mut self, host: Key) -> Key {
        if let Some(root) = self.tree.get(host).and_then(|node| node.shadow) {
            return root;
        }
        let root = self.tree.create(None, Kind::ShadowRoot, 0.0);
        self.tree.attach(root, host, Link::Shadow, None);
        self.scratch.fresh.push(root);
        root
    }

    fn create(&mut self, record: &NodeRecord, parent: Option<Key>, time: f64) -> Key {
        let born = record
            .id
            .and_then(|id| self.scratch.born.get(&id).copied())
            .unwrap_or(time);
        let kind = match &record.content {
            NodeContent::Document { quirks } => Kind::Document { quirks: *quirks },
            NodeContent::Doctype {
                name,
                public_id,
                system_id,
            } => Kind::Doctype {
                name: Arc::clone(name),
                public_id: Arc::clone(public_id),
                system_id: Arc::clone(system_id),
            },
            NodeContent::ShadowRoot => Kind::ShadowRoot,
            NodeContent::Text(text) => Kind::Text(self.bounded(text)),
            NodeContent::Cdata(text) => Kind::Cdata(self.bounded(text)),
            NodeContent::Comment(text) => Kind::Comment(self.bounded(text)),
            NodeContent::Element { tag, svg, .. } => {
                let above = parent.and_then(|parent| self.tree.get(parent)?.element());
                let (namespace, tag) = named(tag, *svg, above);
                Kind::Element(Box::new(Element::new(namespace, tag)))
            }
        };
        let id = record.id.filter(|id| {
            let is_free = self.tree.key(*id).is_none();
            if !is_free {
                self.report(DamageKind::DuplicateNode, format!("node {id} came twice"));
            }
            is_free
        });
        let key = self.tree.create(id, kind, born);
        self.fill(key, &record.content, time);
        key
    }

    /// Takes the recorded attributes of a new element.
    fn fill(&mut self, key: Key, content: &NodeContent, time: f64) {
        let NodeContent::Element {
            custom, attributes, ..
        } = content
        else {
            return;
        };
        if let Some(tag) = self.tree.tag(key).cloned().filter(|_| *custom)
            && self.define(&tag)
        {
            self.scratch.defined.push(tag);
        }
        // What an image showed counts more than its address, in whatever order they stand.
        for late in [false, true] {
            for attribute in attributes {
                if matches!(attribute, Attribute::DataUrl(_)) == late {
                    self.note(key, attribute, time);
                }
            }
        }
    }

    /// Gives an element that comes again its attributes anew.
    pub(super) fn refill(&mut self, key: Key, content: &NodeContent, time: f64) {
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        node.scroll = None;
        if let Some(element) = node.element_mut() {
            *element = Element::new(element.namespace, Arc::clone(&element.tag));
        }
        self.fill(key, content, time);
        self.fill_sheet(key, time);
        if self.tree.tag(key).is_some_and(|tag| &**tag == "select") {
            self.settle_list(key);
        }
    }

    /// A custom element is registered; whether that is news.
    pub(super) fn define(&mut self, name: &Arc<str>) -> bool {
        if self.defined_names.contains(name) || !name.contains('-') {
            return false;
        }
        self.defined_names.insert(Arc::clone(name));
        self.defined.push(Arc::clone(name));
        true
    }

    /// Puts the text of an element's sheet into its text nodes; gives those.
    pub(super) fn fill_sheet(&mut self, key: Key, time: f64) -> Vec<Key> {
        let css = self
            .tree
            .get(key)
            .and_then(|node| node.element()?.css_text.clone());
        let Some(css) = css else { return Vec::new() };
        let mut texts: Vec<Key> = self
            .tree
            .children(key)
            .filter(|child| self.is_text(*child))
            .collect();
        let pieces = css_pieces(&css, texts.len());
        if texts.is_empty() {
            let text = self.tree.create(None, Kind::Text("".into()), time);
            self.tree.attach(text, key, Link::Child, None);
            texts.push(text);
        }
        for (text, piece) in texts.iter().zip(pieces) {
            if let Some(node) = self.tree.get_mut(*text) {
                node.kind = Kind::Text(piece.into());
            }
        }
        texts
    }

    /// The sheet of a `<style>` or `<link>` has a new text.
    pub(super) fn replace_sheet(&mut self, key: Key, css: &Arc<str>, time: f64, out: &mut Vec<Change>) {
        let known_to_stage = self.tree.last_handle();
        let is_sheet = |page: &Page| {
            page.tree
                .get(key)
                .and_then(|node| node.element())
                .map(Element::is_sheet)
        };
        let was_sheet = is_sheet(self) == Some(true);
        self.note(key, &Attribute::CssText(Arc::clone(css)), time);
        if is_sheet(self) != Some(true) {
            return;
        }
        let texts = self.fill_sheet(key, time);
        if !was_sheet {
            // A `<link>` becomes a `<style>`: the stage has to make it anew.
            if let Some(node) = self.renew(key) {
                out.push(Change::Remove { node });
            }
            self.scratch.fresh.push(key);
            self.emit_fresh(known_to_stage, out);
            return;
        }
        for text in texts {
            let is_new = self
                .tree
                .handle(text)
                .is_some_and(|handle| handle > known_to_stage);
            if is_new {
                self.scratch.fresh.push(text);
                continue;
            }
            let css = match self.tree.get(text).map(|node| &node.kind) {
                Some(Kind::Text(css)) => Arc::clone(css),
                _ => continue,
            };
            self.set_text(text, &css, out);
        }
        self.emit_fresh(known_to_stage, out);
    }
}
