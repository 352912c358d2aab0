//! Nodes that come, go and change.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::grow::Spot;
use super::node::Kind;
use super::page::Page;
use super::tree::{Key, Link};
use super::{Change, Handle};
use crate::limits::Limit;
use crate::recording::{Attribute, DamageKind, Mutation, NodeAdd, NodeContent, NodeId, NodeRecord};

/// Most documents that wait for their frames.
const MOST_EARLY: usize = 64;

/// What is known only while an event is applied.
#[derive(Debug, Clone, Default)]
pub(super) struct Scratch {
    /// Ids of the nodes that the event brings.
    coming: FxHashSet<NodeId>,
    /// When those of them that it takes away first came into the page.
    pub(super) born: FxHashMap<NodeId, f64>,
    /// Nodes that it takes out of the stage to make room for others.
    pub(super) removals: Vec<Handle>,
    /// Nodes that it makes.
    pub(super) fresh: Vec<Key>,
    /// Element names that it registers.
    pub(super) defined: Vec<Arc<str>>,
}

impl Page {
    /// Applies a mutation: removes, adds, texts, attributes.
    pub(super) fn mutate(&mut self, mutation: &Mutation, time: f64, out: &mut Vec<Change>) {
        let ids = mutation
            .adds
            .iter()
            .flat_map(|add| add.tree.nodes.iter().filter_map(|node| node.id));
        self.scratch.coming = ids.collect();
        // Documents of frames may come before their frames.
        let (met, early) = std::mem::take(&mut self.early)
            .into_iter()
            .partition::<Vec<NodeAdd>, _>(|add| self.scratch.coming.contains(&add.parent));
        self.early = early;
        for removal in &mutation.removes {
            // What another removal took along is gone already.
            if let Some(key) = self.tree.key(removal.id) {
                self.take_out(key, out);
            }
        }
        if met.is_empty() {
            self.add_all(&mutation.adds, time, out);
        } else {
            let adds: Vec<NodeAdd> = mutation.adds.iter().cloned().chain(met).collect();
            self.add_all(&adds, time, out);
        }
        self.scratch = Scratch::default();
        let mut last: FxHashMap<NodeId, usize> = FxHashMap::default();
        for (at, (id, _)) in mutation.texts.iter().enumerate() {
            last.insert(*id, at);
        }
        for (at, (id, text)) in mutation.texts.iter().enumerate() {
            if last.get(id) == Some(&at)
                && let Some(key) = self.known(*id)
            {
                self.set_text(key, text, out);
            }
        }
        for (id, attributes) in &mutation.attributes {
            if let Some(key) = self.known(*id) {
                let closes = attributes.iter().any(is_closing);
                for attribute in attributes {
                    // How a dialog that closes was open does not open it again.
                    if !(closes && matches!(attribute, Attribute::Dialog(_))) {
                        self.set_attribute(key, attribute, time, out);
                    }
                }
            }
        }
        self.point_anew(out);
    }

    fn take_out(&mut self, key: Key, out: &mut Vec<Change>) {
        // A shadow root stays with its host for good; only what is in it can go.
        if matches!(self.tree.get(key).map(|node| &node.kind), Some(Kind::ShadowRoot)) {
            let inside: Vec<Key> = self.tree.children(key).collect();
            for child in inside {
                self.take_out(child, out);
            }
            return;
        }
        if let Some(node) = self.tree.handle(key) {
            out.push(Change::Remove { node });
        }
        self.discard(key);
    }

    /// Takes a subtree out of the page, to be told to the stage with what the event brings.
    pub(super) fn replace_later(&mut self, key: Key) {
        self.scratch.removals.extend(self.tree.handle(key));
        self.discard(key);
    }

    /// Takes a subtree out of the state.
    fn discard(&mut self, top: Key) {
        let above = self.tree.get(top).and_then(|node| node.parent);
        let all = self.tree.subtree(top);
        for gone in all.iter().copied() {
            self.leaves(gone, above);
            let Some(node) = self.tree.get(gone) else { continue };
            if let Some(id) = node.id.filter(|id| self.scratch.coming.contains(id)) {
                self.scratch.born.insert(id, node.born);
            }
        }
        self.sheet_children_change(above);
        self.tree.remove(top, &all);
    }

    /// A node leaves the stage, for good or to be made anew.
    fn leaves(&mut self, gone: Key, above: Option<Key>) {
        self.pointing.leaves(gone, above);
        let kind = self.tree.get(gone).map(|node| &node.kind);
        if !self.sheets.is_empty() && matches!(kind, Some(Kind::Document { .. })) {
            self.forget_copies(Some(gone));
        }
    }

    /// A subtree that the stage has to make anew gets new handles; gives the one of its top before.
    pub(super) fn renew(&mut self, top: Key) -> Option<Handle> {
        let old = self.tree.handle(top);
        for key in self.tree.subtree(top) {
            // It stays where it is: pointers at it are told again.
            self.leaves(key, Some(key));
        }
        self.tree.renew_handles(top);
        old
    }

    /// Adds nodes in whatever order they stand: what waits for a parent or a sibling that comes in the
    /// same event is put in when that is there.
    fn add_all(&mut self, adds: &[NodeAdd], time: f64, out: &mut Vec<Change>) {
        let known_to_stage = self.tree.last_handle();
        let all = (0..adds.len()).collect();
        let waiting = self.add_when_ready(adds, all, true, time);
        // Siblings that wait for each other in a circle: the order is lost, the nodes need not be.
        let lost = self.add_when_ready(adds, waiting, false, time);
        for add in lost.into_iter().filter_map(|at| adds.get(at)) {
            let top = add.tree.nodes.first().map(|node| &node.content);
            if matches!(top, Some(NodeContent::Document { .. })) && self.early.len() < MOST_EARLY {
                self.early.push(add.clone());
                continue;
            }
            let detail = format!("node {} came without its parent {}", id_text(add), add.parent);
            self.report(DamageKind::Orphan, detail);
        }
        // The text of a sheet that came with its element goes into the text nodes that came after it.
        for at in 0..self.scratch.fresh.len() {
            if let Some(key) = self.scratch.fresh.get(at).copied() {
                self.fill_sheet(key, time);
            }
        }
        self.emit_fresh(known_to_stage, out);
    }

    /// Puts in those of `places` that have what they wait for, and then what waited for them; gives the
    /// places of the rest.
    fn add_when_ready(
        &mut self,
        adds: &[NodeAdd],
        places: Vec<usize>,
        siblings: bool,
        time: f64,
    ) -> Vec<usize> {
        let mut waiting: FxHashMap<NodeId, Vec<usize>> = FxHashMap::default();
        let mut ready = Vec::new();
        for first in places {
            ready.push(first);
            while let Some(at) = ready.pop() {
                let Some(add) = adds.get(at) else { continue };
                if let Some(missing) = self.missing(add, siblings) {
                    waiting.entry(missing).or_default().push(at);
                    continue;
                }
                self.add(add, time);
                if waiting.is_empty() {
                    continue;
                }
                for id in add.tree.nodes.iter().filter_map(|node| node.id) {
                    ready.extend(waiting.remove(&id).unwrap_or_default().into_iter().rev());
                }
            }
        }
        let mut left: Vec<usize> = waiting.into_values().flatten().collect();
        left.sort_unstable();
        left
    }

    /// The node that an added one has to wait for.
    fn missing(&self, add: &NodeAdd, siblings: bool) -> Option<NodeId> {
        if self.tree.key(add.parent).is_none() {
            return Some(add.parent);
        }
        let own = add.tree.nodes.first().and_then(|node| node.id);
        [add.next, add.previous].into_iter().flatten().find(|sibling| {
            siblings
                && self.tree.key(*sibling).is_none()
                && Some(*sibling) != own
                && self.scratch.coming.contains(sibling)
        })
    }

    /// Puts one added node, or subtree, in its place.
    fn add(&mut self, add: &NodeAdd, time: f64) {
        let (Some(parent), Some(record)) = (self.tree.key(add.parent), add.tree.nodes.first()) else {
            return;
        };
        let is_document = matches!(record.content, NodeContent::Document { .. });
        // A frame that shows another document has lost the one before.
        if is_document && let Some(old) = self.tree.get(parent).and_then(|frame| frame.document) {
            self.replace_later(old);
        }
        let Ok(again) = self.clear_ids(add, parent) else {
            return;
        };
        if let Some(known) = again {
            self.lift(known);
        }
        let spot = self.spot(parent, record);
        if let Some((below, Link::Child)) = spot {
            self.make_room(below, &record.content);
        }
        let spot = spot.map(|(below, link)| (below, link, self.before(add, below)));
        match (again, spot) {
            (Some(known), Some(spot)) => self.drop_at(known, spot, record, time),
            (Some(known), None) => self.discard(known),
            (None, Some(spot)) => self.grow(&add.tree, Some(spot), time),
            (None, None) => {
                let detail = format!("node {} cannot stand in {}", id_text(add), add.parent);
                self.report(DamageKind::Orphan, detail);
            }
        }
    }

    /// The child of `below` before which an added node goes.
    fn before(&self, add: &NodeAdd, below: Key) -> Option<Key> {
        let sibling = |id: Option<NodeId>| {
            let key = self.tree.key(id?)?;
            (self.tree.get(key)?.parent == Some(below) && self.is_child(key)).then_some(key)
        };
        match (sibling(add.next), sibling(add.previous)) {
            (Some(next), _) => Some(next),
            (None, Some(previous)) => self.tree.get(previous).and_then(|node| node.next),
            (None, None) => None,
        }
    }

    fn is_child(&self, key: Key) -> bool {
        let kind = self.tree.get(key).map(|node| &node.kind);
        !matches!(kind, Some(Kind::ShadowRoot | Kind::Document { .. }))
    }

    /// Makes the ids of an added subtree free. Gives the node to move when it is one that is there
    /// already and comes again alone, as recorders tell that it moved.
    fn clear_ids(&mut self, add: &NodeAdd, parent: Key) -> Result<Option<Key>, ContainsItself> {
        let mut again = None;
        for (at, record) in add.tree.nodes.iter().enumerate() {
            let Some(id) = record.id else { continue };
            let Some(known) = self.tree.key(id) else { continue };
            let Some(node) = self.tree.get(known) else {
                continue;
            };
            let is_leaf = node.first.is_none() && node.shadow.is_none() && node.document.is_none();
            if matches!(node.kind, Kind::ShadowRoot) {
                // It stays with its host, with or without that number.
                if !matches!(record.content, NodeContent::ShadowRoot) {
                    self.tree.rename(known, None);
                }
                continue;
            }
            if known == parent || !is_leaf && self.tree.is_above(known, parent) {
                if at > 0 {
                    // It grows without its number.
                    continue;
                }
                self.report(DamageKind::Cycle, format!("node {id} would contain itself"));
                return Err(ContainsItself);
            }
            let moves = add.tree.nodes.len() == 1 && !is_leaf && is_same(&node.kind, &record.content);
            self.report(DamageKind::DuplicateNode, format!("node {id} came twice"));
            if moves {
                again = Some(known);
            } else {
                self.replace_later(known);
            }
        }
        Ok(again)
    }

    /// Takes a node up, with all that is below it, to put it down elsewhere.
    fn lift(&mut self, known: Key) {
        let above = self.tree.get(known).and_then(|node| node.parent);
        self.tree.detach(known);
        self.sheet_children_change(above);
        let old = self.renew(known);
        self.scratch.removals.extend(old);
    }

    /// Puts down what was lifted; where it cannot stand, it stays away.
    fn drop_at(&mut self, known: Key, spot: Spot, record: &NodeRecord, time: f64) {
        let (below, link, before) = spot;
        if link != Link::Child || !self.tree.takes(below, link, &record.content) {
            self.discard(known);
            return;
        }
        let most = self.limits.of(Limit::Depth);
        if most != u64::MAX && self.depth_below(below) - 1 + self.tree.height(known) > most {
            self.report_limit(
                Limit::Depth,
                "a node is moved deeper within others than it may be",
            );
            self.discard(known);
            return;
        }
        let before = self.tree.before_in_document(below, &record.content, before);
        self.tree.attach(known, below, link, before);
        self.sheet_children_change(Some(below));
        self.refill(known, &record.content, time);
        // It may bring options into another list.
        self.count_options(&self.tree.subtree(known));
        self.scratch.fresh.push(known);
    }

    /// A document has one doctype and one element; sheets and text areas have either numbered text or
    /// none.
    fn make_room(&mut self, parent: Key, content: &NodeContent) {
        let Some(node) = self.tree.get(parent) else { return };
        let is_document = matches!(node.kind, Kind::Document { .. });
        let holds_text = node
            .element()
            .is_some_and(|element| matches!(&*element.tag, "style" | "textarea"));
        let takes_turns = match content {
            NodeContent::Text(_) => holds_text,
            _ => is_document,
        };
        if !takes_turns {
            return;
        }
        let is_stale = |key: &Key| {
            let Some(child) = self.tree.get(*key) else {
                return false;
            };
            match content {
                NodeContent::Element { .. } if is_document => child.element().is_some(),
                NodeContent::Doctype { .. } if is_document => matches!(child.kind, Kind::Doctype { .. }),
                NodeContent::Text(_) if holds_text => child.id.is_none(),
                _ => false,
            }
        };
        let stale: Vec<Key> = self.tree.children(parent).filter(is_stale).collect();
        for key in stale {
            self.replace_later(key);
        }
    }

    pub(super) fn set_text(&mut self, key: Key, text: &Arc<str>, out: &mut Vec<Change>) {
        let text = &self.bounded(text);
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        match &mut node.kind {
            Kind::Text(old) | Kind::Cdata(old) | Kind::Comment(old) => *old = Arc::clone(text),
            _ => return,
        }
        let (handle, parent) = (node.handle, node.parent);
        self.sheet_children_change(parent);
        self.pointing.text_changes(key);
        out.push(Change::Text {
            node: handle,
            text: self.shown_text(key, text),
        });
    }

    fn set_attribute(&mut self, key: Key, attribute: &Attribute, time: f64, out: &mut Vec<Change>) {
        if let Attribute::CssText(css) = attribute {
            self.replace_sheet(key, css, time, out);
            return;
        }
        self.note(key, attribute, time);
        self.attribute_change(key, attribute, out);
    }
}

/// Takes `open` away.
fn is_closing(attribute: &Attribute) -> bool {
    matches!(attribute, Attribute::Plain { name, value: None } if name.eq_ignore_ascii_case("open"))
}

/// A node was to go below itself.
struct ContainsItself;

/// A node of the page and a recorded one are of one kind.
fn is_same(kind: &Kind, content: &NodeContent) -> bool {
    match (kind, content) {
        (Kind::Element(element), NodeContent::Element { tag, .. }) => element.tag.eq_ignore_ascii_case(tag),
        _ => false,
    }
}

fn id_text(add: &NodeAdd) -> String {
    match add.tree.nodes.first().and_then(|node| node.id) {
        Some(id) => id.to_string(),
        None => "without a number".to_owned(),
    }
}
