//! New nodes that come one by one, each placed relative to another, become trees.

use crate::recording::{Attribute, NodeAdd, NodeContent, NodeId, NodeRecord, NodeTree};

const NONE: u32 = u32::MAX;

/// Where a node goes that hangs on one which was there before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Anchor {
    pub parent: NodeId,
    pub next: Option<NodeId>,
    pub previous: Option<NodeId>,
}

/// Where a new node goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It is the document.
    Root,
    /// On a node that was there before.
    On(Anchor),
    /// After all children of a new node.
    Under(u32),
    /// Right after a new node that is below another new one.
    After(u32),
    /// Right before such a node.
    Before(u32),
    /// Nowhere: what it should hang on is not known.
    Nowhere,
}

#[derive(Debug)]
struct New {
    content: NodeContent,
    /// Where the tree hangs whose root it is.
    anchor: Option<Anchor>,
    removed: bool,
    parent: u32,
    first: u32,
    last: u32,
    previous: u32,
    next: u32,
}

/// Nodes with successive ids.
#[derive(Debug, Default)]
pub(super) struct Growth {
    first_id: u32,
    nodes: Vec<New>,
    /// Roots, in the order in which they came.
    roots: Vec<u32>,
}

impl Growth {
    /// The first node that comes will have the id `first_id`.
    pub(super) fn starting_at(first_id: u32) -> Self {
        Growth {
            first_id,
            ..Growth::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn at(&self, id: u32) -> Option<u32> {
        let at = id.checked_sub(self.first_id)?;
        ((at as usize) < self.nodes.len()).then_some(at)
    }

    fn get(&mut self, at: u32) -> Option<&mut New> {
        self.nodes.get_mut(at as usize)
    }

    /// Whether the node is one of these.
    pub(super) fn has(&self, id: u32) -> bool {
        self.at(id).is_some()
    }

    /// Whether the node is one of these and below another of them, so that it can have siblings here.
    pub(super) fn is_below(&self, id: u32) -> bool {
        let node = self.at(id).and_then(|at| self.nodes.get(at as usize));
        node.is_some_and(|node| node.parent != NONE)
    }

    /// Adds the next node. `place` names new nodes that are there.
    pub(super) fn push(&mut self, content: NodeContent, place: Place) {
        let at = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        let mut new = New {
            content,
            anchor: None,
            removed: false,
            parent: NONE,
            first: NONE,
            last: NONE,
            previous: NONE,
            next: NONE,
        };
        let index = |growth: &Self, id: u32| growth.at(id).unwrap_or(NONE);
        match place {
            Place::Nowhere => {}
            Place::Root => self.roots.push(at),
            Place::On(anchor) => {
                new.anchor = Some(anchor);
                self.roots.push(at);
            }
            Place::Under(parent) => {
                new.parent = index(self, parent);
                new.previous = self.nodes.get(new.parent as usize).map_or(NONE, |node| node.last);
            }
            Place::After(sibling) => {
                new.previous = index(self, sibling);
                if let Some(sibling) = self.nodes.get(new.previous as usize) {
                    (new.parent, new.next) = (sibling.parent, sibling.next);
                }
            }
            Place::Before(sibling) => {
                new.next = index(self, sibling);
                if let Some(sibling) = self.nodes.get(new.next as usize) {
                    (new.parent, new.previous) = (sibling.parent, sibling.previous);
                }
            }
        }
        let (parent, previous, next) = (new.parent, new.previous, new.next);
        self.nodes.push(new);
        self.link(parent, previous, next, at, at);
    }

    /// Makes `first` follow `previous`, and `next` follow `last`, at the ends of the children of
    /// `parent` where there is no such sibling.
    fn link(&mut self, parent: u32, previous: u32, next: u32, first: u32, last: u32) {
        if let Some(node) = self.get(previous) {
            node.next = first;
        } else if let Some(node) = self.get(parent) {
            node.first = first;
        }
        if let Some(node) = self.get(next) {
            node.previous = last;
        } else if let Some(node) = self.get(parent) {
            node.last = last;
        }
    }

    /// Takes a node out with all below it; says whether it was one of these.
    pub(super) fn remove(&mut self, id: u32) -> bool {
        let Some(at) = self.at(id) else { return false };
        if let Some(node) = self.get(at) {
            let (parent, previous, next) = (node.parent, node.previous, node.next);
            (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
            node.removed = true;
            if parent != NONE {
                self.link(parent, previous, next, next, previous);
            }
        }
        true
    }

    /// The content of one of these nodes.
    pub(super) fn content(&mut self, id: u32) -> Option<&mut NodeContent> {
        let at = self.at(id)?;
        self.get(at).map(|node| &mut node.content)
    }

    /// The attributes of one of these nodes, if it is an element.
    pub(super) fn attributes(&mut self, id: u32) -> Option<&mut Vec<Attribute>> {
        match self.content(id)? {
            NodeContent::Element { attributes, .. } => Some(attributes),
            _ => None,
        }
    }

    /// The whole document that grew, and what hangs elsewhere, in the order in which it came.
    pub(super) fn into_trees(mut self) -> (Option<NodeTree>, Vec<NodeAdd>) {
        let (mut document, mut adds) = (None, Vec::new());
        for root in std::mem::take(&mut self.roots) {
            let Some(node) = self.nodes.get(root as usize).filter(|node| !node.removed) else {
                continue;
            };
            let anchor = node.anchor;
            let tree = self.tree(root);
            match anchor {
                Some(anchor) => adds.push(NodeAdd {
                    parent: anchor.parent,
                    next: anchor.next,
                    previous: anchor.previous,
                    tree,
                }),
                // A recording has one; what else has no place is of no use.
                None => document = document.or(Some(tree)),
            }
        }
        (document, adds)
    }

    /// Flattens a tree in document order. Its nodes lose their content.
    fn tree(&mut self, root: u32) -> NodeTree {
        let first_id = self.first_id;
        let mut nodes = Vec::new();
        // Nodes to be visited, each with the place of its parent.
        let mut open: Vec<(u32, Option<u32>)> = vec![(root, None)];
        while let Some((at, parent)) = open.pop() {
            let Some(node) = self.get(at) else { continue };
            let (first, next) = (node.first, node.next);
            if parent.is_some() && next != NONE {
                open.push((next, parent));
            }
            let place = u32::try_from(nodes.len()).ok();
            let content = std::mem::replace(&mut node.content, NodeContent::ShadowRoot);
            nodes.push(NodeRecord {
                id: Some(NodeId::from(first_id) + NodeId::from(at)),
                parent,
                in_shadow: false,
                content,
            });
            if first != NONE {
                open.push((first, place));
            }
        }
        NodeTree { nodes }
    }
}
