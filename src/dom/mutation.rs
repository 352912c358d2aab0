//! Nodes that come, go and change.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Change;
use super::markup::{css_pieces, named};
use super::node::{Element, Kind};
use super::page::Page;
use super::tree::{Key, Link, Tree};
use crate::recording::{Attribute, DamageKind, Mutation, NodeAdd, NodeContent, NodeId, NodeRecord, NodeTree};

impl Page {
    /// Applies a mutation: removes, adds, texts, attributes.
    pub(super) fn mutate(&mut self, mutation: &Mutation, time: f64, out: &mut Vec<Change>) {
        for removal in &mutation.removes {
            // What another removal took along is gone already.
            if let Some(key) = self.tree.key(removal.id) {
                self.take_out(key, out);
            }
        }
        self.add_all(&mutation.adds, time, out);
        let mut texts: FxHashMap<NodeId, &Arc<str>> = FxHashMap::default();
        for (id, text) in &mutation.texts {
            texts.insert(*id, text);
        }
        for (id, text) in &mutation.texts {
            if texts.get(id).is_some_and(|last| Arc::ptr_eq(last, text)) {
                self.set_text(*id, text, out);
            }
        }
        for (id, attributes) in &mutation.attributes {
            if let Some(key) = self.known(*id) {
                self.set_attributes(key, attributes, time, out);
            }
        }
    }

    fn take_out(&mut self, key: Key, out: &mut Vec<Change>) {
        if let Some(node) = self.tree.handle(key) {
            out.push(Change::Remove { node });
        }
        self.discard(key);
    }

    /// Takes a subtree out of the state.
    fn discard(&mut self, key: Key) {
        if !self.sheets.is_empty() {
            for gone in self.tree.subtree(key) {
                if matches!(
                    self.tree.get(gone).map(|node| &node.kind),
                    Some(Kind::Document { .. })
                ) {
                    self.forget_copies(Some(gone));
                }
            }
        }
        self.tree.remove(key);
    }

    /// Adds nodes in whatever order they stand: what waits for a parent or a sibling that comes in the
    /// same event is put in when that is there.
    fn add_all(&mut self, adds: &[NodeAdd], time: f64, out: &mut Vec<Change>) {
        let coming: FxHashMap<NodeId, ()> = adds
            .iter()
            .filter_map(|add| Some((add.tree.nodes.first()?.id?, ())))
            .collect();
        let mut waiting: Vec<&NodeAdd> = adds.iter().collect();
        let known_to_stage = self.tree.last_handle();
        let mut fresh: Vec<Key> = Vec::new();
        loop {
            let before = waiting.len();
            let mut left = Vec::new();
            for add in waiting {
                let ready = self.tree.key(add.parent).is_some()
                    && [add.next, add.previous]
                        .into_iter()
                        .flatten()
                        .all(|sibling| self.tree.key(sibling).is_some() || !coming.contains_key(&sibling));
                if ready {
                    fresh.extend(self.add(add, time));
                } else {
                    left.push(add);
                }
            }
            waiting = left;
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        // Siblings that wait for each other in a circle: the order is lost, the nodes need not be.
        loop {
            let at = waiting.iter().position(|add| self.tree.key(add.parent).is_some());
            let Some(at) = at else { break };
            let add = waiting.remove(at);
            fresh.extend(self.add(add, time));
        }
        for add in waiting {
            let detail = format!("node {} came without its parent {}", id_text(add), add.parent);
            self.report(DamageKind::Orphan, detail);
        }
        // The text of a sheet that came with its element goes into the text nodes that came after it.
        for key in &fresh {
            self.fill_sheet(*key, time);
        }
        self.emit_fresh(&fresh, known_to_stage, out);
    }

    /// Puts one node in its place; gives it when it is new to the stage.
    fn add(&mut self, add: &NodeAdd, time: f64) -> Option<Key> {
        let parent = self.tree.key(add.parent)?;
        let record = add.tree.nodes.first()?;
        if self.tree.len() + add.tree.nodes.len() > Tree::MOST {
            self.report(DamageKind::Limit, format!("more than {} nodes", Tree::MOST));
            return None;
        }
        let mut born = time;
        let mut above = Some(parent);
        // A node that comes again while it is there moves; it may not move below itself.
        if let Some(known) = record.id.and_then(|id| self.tree.key(id)) {
            if self.tree.is_above(known, parent) {
                self.report(
                    DamageKind::Cycle,
                    format!("node {} would contain itself", id_text(add)),
                );
                return None;
            }
            self.report(
                DamageKind::DuplicateNode,
                format!("node {} came twice", id_text(add)),
            );
            born = self.tree.get(known).map_or(time, |node| node.born);
            self.pending_removals.extend(self.tree.handle(known));
            self.discard(known);
            above = self.tree.key(add.parent);
        }
        let parent = above?;
        let key = self.grow(&add.tree, Some(parent), born)?;
        self.hang(key, parent, record, add);
        Some(key)
    }

    /// Hangs a grown subtree where it belongs.
    fn hang(&mut self, key: Key, parent: Key, record: &NodeRecord, add: &NodeAdd) {
        let (link, below) = match record.content {
            NodeContent::Document { .. } => {
                // A frame that shows another document has lost the one before.
                if let Some(old) = self.tree.get(parent).and_then(|frame| frame.document) {
                    self.pending_removals.extend(self.tree.handle(old));
                    self.discard(old);
                }
                (Link::Document, parent)
            }
            NodeContent::ShadowRoot => (Link::Shadow, parent),
            _ if record.in_shadow => (Link::Child, self.shadow_of(parent)),
            _ => (Link::Child, parent),
        };
        if link == Link::Child {
            self.make_room(below, &record.content);
        }
        let sibling = |id: Option<NodeId>| {
            let key = self.tree.key(id?)?;
            (self.tree.get(key)?.parent == Some(below)).then_some(key)
        };
        let before = match (sibling(add.next), sibling(add.previous)) {
            (Some(next), _) => Some(next),
            (None, Some(previous)) => self.tree.get(previous).and_then(|node| node.next),
            (None, None) => None,
        };
        self.tree.attach(key, below, link, before);
        self.after_text(below, key);
    }

    /// The shadow root of a host, made if the recording did not say that there is one.
    fn shadow_of(&mut self, host: Key) -> Key {
        if let Some(node) = self.tree.get(host) {
            if matches!(node.kind, Kind::ShadowRoot) {
                return host;
            }
            if let Some(root) = node.shadow {
                return root;
            }
        }
        let root = self.tree.create(None, Kind::ShadowRoot, 0.0);
        self.tree.attach(root, host, Link::Shadow, None);
        self.fresh_roots.push(root);
        root
    }

    /// A document has one doctype and one element; sheets and text areas have either numbered text or
    /// none.
    fn make_room(&mut self, parent: Key, content: &NodeContent) {
        let Some(node) = self.tree.get(parent) else { return };
        let is_document = matches!(node.kind, Kind::Document { .. });
        let holds_text = node
            .element()
            .is_some_and(|element| matches!(&*element.tag, "style" | "textarea"));
        let stale: Vec<Key> = self
            .tree
            .children(parent)
            .filter(|child| {
                let Some(child) = self.tree.get(*child) else {
                    return false;
                };
                match content {
                    NodeContent::Element { .. } if is_document => child.element().is_some(),
                    NodeContent::Doctype { .. } if is_document => matches!(child.kind, Kind::Doctype { .. }),
                    NodeContent::Text(_) if holds_text => child.id.is_none(),
                    _ => false,
                }
            })
            .collect();
        for key in stale {
            self.pending_removals.extend(self.tree.handle(key));
            self.discard(key);
        }
    }

    /// Text that came into a `<style>` makes its sheet anew.
    fn after_text(&mut self, parent: Key, child: Key) {
        if !self.is_text(child) {
            return;
        }
        if let Some(element) = self.tree.get_mut(parent).and_then(|node| node.element_mut()) {
            element.sheet.clear();
        }
    }

    /// Makes the nodes of a recorded subtree, unattached. `parent` is where it will hang.
    pub(super) fn grow(&mut self, tree: &NodeTree, parent: Option<Key>, time: f64) -> Option<Key> {
        let mut made: Vec<Option<Key>> = Vec::with_capacity(tree.nodes.len());
        for (at, record) in tree.nodes.iter().enumerate() {
            if self.tree.len() >= Tree::MOST {
                self.report(DamageKind::Limit, format!("more than {} nodes", Tree::MOST));
                break;
            }
            let above = match record.parent {
                Some(above) => made.get(above as usize).copied().flatten(),
                None => None,
            };
            if above.is_none() && at > 0 {
                made.push(None);
                continue;
            }
            if let Some(id) = record.id.filter(|id| self.tree.key(*id).is_some()) {
                self.report(DamageKind::DuplicateNode, format!("node {id} came twice"));
                made.push(None);
                continue;
            }
            let key = self.create(record, above.or(parent), time);
            made.push(Some(key));
            if let Some(above) = above {
                let (below, link) = match record.content {
                    NodeContent::ShadowRoot => (above, Link::Shadow),
                    NodeContent::Document { .. } => (above, Link::Document),
                    _ if record.in_shadow => (self.shadow_root(above), Link::Child),
                    _ => (above, Link::Child),
                };
                self.tree.attach(key, below, link, None);
            }
        }
        let top = made.first().copied().flatten()?;
        for key in made.into_iter().flatten() {
            self.fill_sheet(key, time);
        }
        Some(top)
    }

    fn shadow_root(&mut self, host: Key) -> Key {
        if let Some(root) = self.tree.get(host).and_then(|node| node.shadow) {
            return root;
        }
        let root = self.tree.create(None, Kind::ShadowRoot, 0.0);
        self.tree.attach(root, host, Link::Shadow, None);
        root
    }

    fn create(&mut self, record: &NodeRecord, parent: Option<Key>, time: f64) -> Key {
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
            NodeContent::Text(text) => Kind::Text(Arc::clone(text)),
            NodeContent::Cdata(text) => Kind::Cdata(Arc::clone(text)),
            NodeContent::Comment(text) => Kind::Comment(Arc::clone(text)),
            NodeContent::Element {
                tag,
                svg,
                custom,
                attributes,
            } => {
                let above = parent.and_then(|parent| self.tree.get(parent)?.element());
                let (namespace, tag) = named(tag, *svg, above);
                if *custom && !self.defined.contains(&tag) {
                    self.defined.push(Arc::clone(&tag));
                    self.newly_defined.push(Arc::clone(&tag));
                }
                let key = self.tree.create(
                    record.id,
                    Kind::Element(Box::new(Element::new(namespace, tag))),
                    time,
                );
                for attribute in attributes {
                    self.note(key, attribute, time);
                }
                return key;
            }
        };
        self.tree.create(record.id, kind, time)
    }

    /// Puts the text of an element's sheet into its text nodes.
    fn fill_sheet(&mut self, key: Key, time: f64) {
        let Some(css) = self
            .tree
            .get(key)
            .and_then(|node| node.element()?.css_text.clone())
        else {
            return;
        };
        let texts: Vec<Key> = self
            .tree
            .children(key)
            .filter(|child| self.is_text(*child))
            .collect();
        let pieces = css_pieces(&css, texts.len());
        if texts.is_empty() {
            let text = pieces.into_iter().next().unwrap_or_default();
            let text = self.tree.create(None, Kind::Text(text.into()), time);
            self.tree.attach(text, key, Link::Child, None);
            return;
        }
        for (text, piece) in texts.into_iter().zip(pieces) {
            if let Some(node) = self.tree.get_mut(text) {
                node.kind = Kind::Text(piece.into());
            }
        }
    }

    fn set_text(&mut self, id: NodeId, text: &Arc<str>, out: &mut Vec<Change>) {
        let Some(key) = self.known(id) else { return };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        match &mut node.kind {
            Kind::Text(old) | Kind::Cdata(old) | Kind::Comment(old) => *old = Arc::clone(text),
            _ => return,
        }
        let (handle, parent) = (node.handle, node.parent);
        if let Some(parent) = parent {
            self.after_text(parent, key);
        }
        out.push(Change::Text {
            node: handle,
            text: self.shown_text(key, text),
        });
    }

    fn set_attributes(&mut self, key: Key, attributes: &[Attribute], time: f64, out: &mut Vec<Change>) {
        for attribute in attributes {
            self.note(key, attribute, time);
            self.attribute_change(key, attribute, out);
        }
    }
}

fn id_text(add: &NodeAdd) -> String {
    match add.tree.nodes.first().and_then(|node| node.id) {
        Some(id) => id.to_string(),
        None => "without a number".to_owned(),
    }
}
