//! The mutations that an event comes to.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::boxes::Place;
use crate::format::screen::BODY;
use crate::recording::{Attribute, Mutation, NodeAdd, NodeId, NodeRemoval, NodeTree, StyleProperty};

/// What changes with one event, in as many mutations as it takes: within one, what goes goes before all
/// else is done.
#[derive(Default)]
pub(super) struct Steps {
    done: Vec<Mutation>,
    now: Mutation,
    /// What the mutation that is being made adds, changes or names.
    used: FxHashSet<NodeId>,
    /// What the event added.
    pub fresh: FxHashSet<NodeId>,
    /// The recorder's numbers of what the event took away.
    pub gone: FxHashSet<i64>,
    /// How many changes were of what is not there.
    pub unknown: usize,
}

impl Steps {
    pub(super) fn remove(&mut self, parent: Option<NodeId>, node: NodeId, all: &[NodeId]) {
        if all.iter().any(|node| self.used.contains(node)) {
            self.done.push(std::mem::take(&mut self.now));
            self.used.clear();
        }
        self.now.removes.push(NodeRemoval {
            parent: parent.unwrap_or(BODY),
            id: node,
            in_shadow: false,
        });
    }

    pub(super) fn add(&mut self, place: Place, tree: NodeTree) {
        let added = tree.nodes.iter().filter_map(|node| node.id);
        self.fresh.extend(added.clone());
        self.used.extend(added.chain(place.parent).chain(place.next));
        self.now.adds.push(NodeAdd {
            parent: place.parent.unwrap_or(BODY),
            next: place.next,
            previous: None,
            tree,
        });
    }

    pub(super) fn update(&mut self, node: NodeId, style: Vec<StyleProperty>, caption: Option<Arc<str>>) {
        self.used.insert(node);
        if !style.is_empty() {
            self.now.attributes.push((node, vec![Attribute::Style(style)]));
        }
        self.now.texts.extend(caption.map(|caption| (node + 1, caption)));
    }

    pub(super) fn finish(mut self) -> Vec<Mutation> {
        self.done.push(self.now);
        self.done
    }
}
