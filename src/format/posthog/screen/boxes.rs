//! What is on a screen: boxes within boxes, in the order in which they are drawn.

use rustc_hash::FxHashMap;

use super::Keyboard;
use super::steps::Steps;
use crate::format::json::{Json, JsonError, Kind};
use crate::format::posthog::wireframe::Wireframe;
use crate::format::screen::{self, BODY, FIRST, attribute, each, element, list, record};
use crate::recording::{FullSnapshot, NodeContent, NodeId, NodeTree};

/// Numbers that a box takes: its own, that of its text, of a line, and of what stands in the line beside
/// the text.
const NUMBERS: NodeId = 4;

/// Boxes that are looked at to tell what was touched.
const LOOKED_AT: usize = 2_000;

/// What is on the screen.
#[derive(Default)]
pub(super) struct Screen {
    shown: FxHashMap<NodeId, Shown>,
    /// By the recorder's numbers.
    nodes: FxHashMap<i64, NodeId>,
    /// What is in no other.
    first: Option<NodeId>,
    last: Option<NodeId>,
    made: NodeId,
    pub keyboard: Option<NodeId>,
}

/// A box on the screen.
struct Shown {
    id: Option<i64>,
    /// As it is drawn; without what is in it.
    wireframe: Wireframe,
    parent: Option<NodeId>,
    previous: Option<NodeId>,
    next: Option<NodeId>,
    first: Option<NodeId>,
    last: Option<NodeId>,
}

/// Where a box is put.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub parent: Option<NodeId>,
    /// Before which it stands; behind all others if there is none.
    pub next: Option<NodeId>,
}

impl Screen {
    pub(super) fn node(&self, id: i64) -> Option<NodeId> {
        self.nodes.get(&id).copied()
    }

    /// Reads a full snapshot.
    pub(super) fn snapshot(&mut self, data: &[u8], size: (f64, f64)) -> Result<FullSnapshot, JsonError> {
        let mut tree = screen::document();
        let parent = u32::try_from(tree.nodes.len() - 1).ok();
        each(&mut Json::new(data), |key, json| {
            if key != "wireframes" || json.kind()? != Kind::Array {
                return json.pass();
            }
            json.array()?;
            while json.element()? {
                if let Some(wireframe) = Wireframe::read(json, size)? {
                    let place = Place {
                        parent: None,
                        next: None,
                    };
                    self.insert(wireframe, place, &mut tree, parent);
                }
            }
            Ok(())
        })?;
        Ok(screen::snapshot(tree))
    }

    /// Reads a change; what goes goes first, whatever the order they are written in.
    pub(super) fn mutation(
        &mut self,
        data: &[u8],
        size: (f64, f64),
        steps: &mut Steps,
    ) -> Result<(), JsonError> {
        let mut json = Json::new(data);
        let (mut adds, mut removes, mut updates) = (None, None, None);
        each(&mut json, |key, json| {
            let place = (json.kind()? == Kind::Array).then(|| json.at());
            match key {
                "adds" => adds = place,
                "removes" => removes = place,
                "updates" => updates = place,
                _ => {}
            }
            json.pass()
        })?;
        if list(&mut json, removes)? {
            while json.element()? {
                let mut id = None;
                each(&mut json, |key, json| {
                    match key {
                        "id" => id = json.integer_or_none()?,
                        _ => json.pass()?,
                    }
                    Ok(())
                })?;
                match id.and_then(|id| self.node(id)) {
                    Some(node) => self.remove(node, steps),
                    // What was in another that went is told, too.
                    None if id.is_some_and(|id| steps.gone.contains(&id)) => {}
                    None => steps.unknown += 1,
                }
            }
        }
        for at in [adds, updates] {
            if list(&mut json, at)? {
                while json.element()? {
                    self.change(&mut json, size, steps)?;
                }
            }
        }
        Ok(())
    }

    /// Reads a wireframe that is new, or what has become of one.
    fn change(&mut self, json: &mut Json<'_>, size: (f64, f64), steps: &mut Steps) -> Result<(), JsonError> {
        let (mut parent, mut wireframe) = (None, None);
        each(json, |key, json| {
            match key {
                "parentId" => parent = json.integer_or_none()?,
                "wireframe" => wireframe = Wireframe::read(json, size)?,
                _ => json.pass()?,
            }
            Ok(())
        })?;
        let Some(wireframe) = wireframe else {
            steps.unknown += 1;
            return Ok(());
        };
        let known = wireframe.id.and_then(|id| self.node(id));
        match known {
            // It came within another.
            Some(node) if steps.fresh.contains(&node) => {}
            Some(node) => self.replace(node, wireframe, steps),
            None => {
                let place = Place {
                    parent: parent.and_then(|parent| self.node(parent)),
                    next: None,
                };
                self.add(wireframe, place, steps);
            }
        }
        Ok(())
    }

    fn add(&mut self, wireframe: Wireframe, place: Place, steps: &mut Steps) -> Option<NodeId> {
        // The keyboard stays on top.
        let next = place.next.or(self.keyboard.filter(|_| place.parent.is_none()));
        let place = Place { next, ..place };
        // Something of the same number that stands elsewhere has moved.
        let mut moved = Vec::new();
        let mut inner: Vec<&Wireframe> = vec![&wireframe];
        while let Some(one) = inner.pop() {
            let known = one.id.and_then(|id| self.node(id));
            moved.extend(known.filter(|node| Some(*node) != place.parent));
            inner.extend(&one.children);
        }
        for node in moved {
            self.remove(node, steps);
        }
        if place
            .parent
            .is_some_and(|parent| !self.shown.contains_key(&parent))
        {
            steps.unknown += 1;
            return None;
        }
        let next = place.next.filter(|next| self.shown.contains_key(next));
        let place = Place { next, ..place };
        let mut tree = NodeTree::default();
        let node = self.insert(wireframe, place, &mut tree, None)?;
        steps.add(place, tree);
        Some(node)
    }

    /// Has a box look as it is said now.
    fn replace(&mut self, node: NodeId, wireframe: Wireframe, steps: &mut Steps) {
        let Some(shown) = self.shown.get_mut(&node) else {
            return;
        };
        let old = &shown.wireframe;
        let same_kind =
            old.role == wireframe.role && old.label == wireframe.label && old.mark == wireframe.mark;
        if same_kind && shown.first.is_none() && wireframe.children.is_empty() {
            let changed = wireframe.look.changed(&old.look);
            let caption = (wireframe.caption != old.caption).then(|| wireframe.caption.clone());
            steps.update(node, changed, caption);
            shown.wireframe = wireframe;
            return;
        }
        let place = Place {
            parent: shown.parent,
            next: shown.next,
        };
        self.remove(node, steps);
        self.add(wireframe, place, steps);
    }

    /// Puts a box in, with all that is in it, and appends its nodes to a tree. What there is already is
    /// left out.
    fn insert(
        &mut self,
        mut wireframe: Wireframe,
        place: Place,
        tree: &mut NodeTree,
        above: Option<u32>,
    ) -> Option<NodeId> {
        if wireframe.id.is_some_and(|id| self.nodes.contains_key(&id)) {
            return None;
        }
        let node = FIRST.saturating_add(self.made.saturating_mul(NUMBERS));
        self.made = self.made.saturating_add(1);
        let children = std::mem::take(&mut wireframe.children);
        let own = u32::try_from(tree.nodes.len()).ok();
        push(tree, node, &wireframe, above);
        if let Some(id) = wireframe.id {
            self.nodes.insert(id, node);
        }
        let previous = match place.next {
            Some(next) => self.shown.get(&next).and_then(|next| next.previous),
            None => self.ends(place.parent).1,
        };
        self.shown.insert(
            node,
            Shown {
                id: wireframe.id,
                wireframe,
                parent: place.parent,
                previous: None,
                next: None,
                first: None,
                last: None,
            },
        );
        self.link(place.parent, previous, Some(node));
        self.link(place.parent, Some(node), place.next);
        for child in children {
            let inside = Place {
                parent: Some(node),
                next: None,
            };
            self.insert(child, inside, tree, own);
        }
        Some(node)
    }

    /// The first and the last in a box, or on the screen.
    fn ends(&self, parent: Option<NodeId>) -> (Option<NodeId>, Option<NodeId>) {
        match parent {
            Some(parent) => self
                .shown
                .get(&parent)
                .map_or((None, None), |parent| (parent.first, parent.last)),
            None => (self.first, self.last),
        }
    }

    /// Makes two neighbours; none is the end.
    fn link(&mut self, parent: Option<NodeId>, one: Option<NodeId>, other: Option<NodeId>) {
        match (one, parent) {
            (Some(one), _) => {
                if let Some(shown) = self.shown.get_mut(&one) {
                    shown.next = other;
                }
            }
            (None, Some(parent)) => {
                if let Some(shown) = self.shown.get_mut(&parent) {
                    shown.first = other;
                }
            }
            (None, None) => self.first = other,
        }
        match (other, parent) {
            (Some(other), _) => {
                if let Some(shown) = self.shown.get_mut(&other) {
                    shown.previous = one;
                }
            }
            (None, Some(parent)) => {
                if let Some(shown) = self.shown.get_mut(&parent) {
                    shown.last = one;
                }
            }
            (None, None) => self.last = one,
        }
    }

    /// Takes a box away, with all that is in it.
    fn remove(&mut self, node: NodeId, steps: &mut Steps) {
        let Some(shown) = self.shown.get(&node) else {
            return;
        };
        let (parent, previous, next) = (shown.parent, shown.previous, shown.next);
        self.link(parent, previous, next);
        let (mut left, mut all) = (vec![node], Vec::new());
        while let Some(one) = left.pop() {
            let Some(shown) = self.shown.remove(&one) else {
                continue;
            };
            if let Some(id) = shown.id {
                self.nodes.remove(&id);
                steps.gone.insert(id);
            }
            all.push(one);
            let mut child = shown.first;
            while let Some(one) = child {
                left.push(one);
                child = self.shown.get(&one).and_then(|child| child.next);
            }
        }
        if self
            .keyboard
            .is_some_and(|keyboard| !self.shown.contains_key(&keyboard))
        {
            self.keyboard = None;
        }
        steps.remove(parent, node, &all);
    }

    /// The topmost box at a point: what is in a box is above it.
    pub(super) fn at(&self, (x, y): (f64, f64)) -> NodeId {
        let deepest = |mut node: NodeId| {
            while let Some(last) = self.shown.get(&node).and_then(|shown| shown.last) {
                node = last;
            }
            node
        };
        let below = |node: &NodeId| {
            let shown = self.shown.get(node)?;
            shown.previous.map(deepest).or(shown.parent)
        };
        std::iter::successors(self.last.map(deepest), below)
            .take(LOOKED_AT)
            .find(|node| {
                let shown = self.shown.get(node);
                shown.is_some_and(|shown| shown.wireframe.look.contains(x, y))
            })
            .unwrap_or(BODY)
    }

    pub(super) fn show_keyboard(&mut self, keyboard: Keyboard, steps: &mut Steps) {
        match (keyboard, self.keyboard) {
            (Keyboard::Open(wireframe), Some(node)) => self.replace(node, *wireframe, steps),
            (Keyboard::Open(wireframe), None) => {
                let place = Place {
                    parent: None,
                    next: None,
                };
                self.keyboard = self.add(*wireframe, place, steps);
            }
            (Keyboard::Closed, Some(node)) => self.remove(node, steps),
            (Keyboard::Closed, None) => {}
        }
    }
}

/// Appends a box, and what is written in it.
fn push(tree: &mut NodeTree, node: NodeId, wireframe: &Wireframe, parent: Option<u32>) {
    // What is in a box has its place on the screen, not in the box.
    let mut attributes = vec![attribute("style", &wireframe.look.css("fixed"))];
    attributes.extend(wireframe.role.map(|role| attribute("role", role)));
    attributes.extend(wireframe.label.iter().map(|label| attribute("aria-label", label)));
    let mut append = |node, parent, content| {
        let place = u32::try_from(tree.nodes.len()).ok();
        tree.nodes.push(record(node, parent, content));
        place
    };
    let mut inside = append(node, parent, element("div", attributes));
    if let Some(mark) = &wireframe.mark {
        let order = if mark.behind { "row-reverse" } else { "row" };
        let line = format!(
            "display:flex;flex-direction:{order};align-items:center;justify-content:{};gap:6px",
            if mark.behind {
                "space-between"
            } else {
                "flex-start"
            }
        );
        inside = append(node + 2, inside, element("span", vec![attribute("style", &line)]));
        append(
            node + 3,
            inside,
            element("span", vec![attribute("style", &mark.style)]),
        );
    }
    append(node + 1, inside, NodeContent::Text(wireframe.caption.clone()));
}
