//! Screens of mobile applications, as PostHog's SDKs record them: rrweb's events, with wireframes where
//! nodes would stand. The events of a tab become those of a page on which a box stands for each wireframe.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::wireframe::Wireframe;
use crate::format::json::{Json, JsonError, Kind};
use crate::format::rrweb;
use crate::format::screen::{self, BODY, FIRST, Taps, attribute, each, element, length, list, record};
use crate::recording::{
    Attribute, Damage, DamageKind, DecodeError, Event, EventData, EventKind, FullSnapshot, Meta, Mutation,
    NodeAdd, NodeContent, NodeId, NodeRemoval, NodeTree, Payload, StyleProperty,
};

/// Numbers that a box takes: its own, that of its text, of a line, and of what stands in the line beside
/// the text.
const NUMBERS: NodeId = 4;

/// Boxes that are looked at to tell what was touched.
const LOOKED_AT: usize = 2_000;

/// A screen of which nothing tells the size, in CSS pixels.
const USUAL_SCREEN: (f64, f64) = (400.0, 800.0);

/// Draws the events of a tab, which stand in order of time; gives what could not be drawn.
pub(in crate::format) fn draw(events: &mut Vec<Event>) -> Vec<Damage> {
    let mut artist = Artist {
        screen: None,
        size: USUAL_SCREEN,
        taps: Taps::default(),
        drawn: Vec::with_capacity(events.len()),
        damage: Vec::new(),
    };
    for event in std::mem::take(events) {
        let index = event.index;
        if let Err(error) = artist.event(event) {
            artist.bad(
                index,
                format!("an event of a screen that cannot be used: {error}"),
            );
        }
    }
    *events = artist.drawn;
    artist.damage
}

struct Artist {
    /// What is shown, unless it is a page.
    screen: Option<Screen>,
    size: (f64, f64),
    taps: Taps,
    drawn: Vec<Event>,
    damage: Vec<Damage>,
}

impl Artist {
    fn bad(&mut self, index: u32, detail: String) {
        self.damage.push(Damage {
            kind: DamageKind::BadEvent,
            event: Some(index),
            offset: None,
            detail,
        });
    }

    fn event(&mut self, event: Event) -> Result<(), DecodeError> {
        match event.kind {
            EventKind::Meta | EventKind::ViewportResize => {
                if let EventData::Meta(Meta { width, height, .. })
                | EventData::ViewportResize { width, height } = *event.data()?
                {
                    self.size = (width, height);
                }
                self.drawn.push(event);
            }
            EventKind::FullSnapshot => match &event.payload {
                Payload::Encoded { bytes, .. } if rrweb::begins_with_wireframes(bytes, 0) => {
                    let mut screen = Screen::default();
                    let snapshot = screen.snapshot(bytes, self.size)?;
                    self.screen = Some(screen);
                    self.push(&event, EventKind::FullSnapshot, EventData::FullSnapshot(snapshot));
                }
                _ => {
                    self.screen = None;
                    self.drawn.push(event);
                }
            },
            _ => match self.screen.take() {
                Some(mut screen) => {
                    let drawn = self.on_screen(event, &mut screen);
                    self.screen = Some(screen);
                    return drawn;
                }
                None => self.drawn.push(event),
            },
        }
        Ok(())
    }

    fn push(&mut self, event: &Event, kind: EventKind, data: EventData) {
        self.drawn.push(Event {
            kind,
            payload: Payload::Decoded(Arc::new(data)),
            ..event.clone()
        });
    }

    fn on_screen(&mut self, event: Event, screen: &mut Screen) -> Result<(), DecodeError> {
        match (event.kind, &event.payload) {
            (EventKind::Mutation, Payload::Encoded { bytes, .. }) => {
                let mut steps = Steps::default();
                let read = screen.mutation(bytes, self.size, &mut steps);
                // What came before the damage was taken in, so it has to be shown.
                let unknown = steps.unknown;
                for step in steps.finish() {
                    self.push(&event, EventKind::Mutation, EventData::Mutation(step));
                }
                if unknown > 0 {
                    self.bad(
                        event.index,
                        format!("{unknown} changes of wireframes that are not there"),
                    );
                }
                read?;
            }
            (EventKind::Custom, Payload::Encoded { bytes, .. }) => {
                let Some(keyboard) = keyboard(bytes, self.size)? else {
                    self.drawn.push(event);
                    return Ok(());
                };
                let mut steps = Steps::default();
                screen.show_keyboard(keyboard, &mut steps);
                for step in steps.finish() {
                    self.push(&event, EventKind::Mutation, EventData::Mutation(step));
                }
            }
            (EventKind::Interaction, _) => {
                let EventData::Interaction(mut touch) = EventData::clone(&*event.data()?) else {
                    return Ok(());
                };
                let at = |position| screen.at(position);
                touch.target = screen
                    .node(touch.target)
                    .or_else(|| touch.position.map(at))
                    .unwrap_or(BODY);
                let click = self.taps.follow(&touch, Some(event.time));
                // Who types hits the same place again and again.
                let click = click.filter(|click| Some(click.target) != screen.keyboard);
                for touch in std::iter::once(touch).chain(click) {
                    self.push(&event, EventKind::Interaction, EventData::Interaction(touch));
                }
            }
            (EventKind::PointerMove, _) => {
                let EventData::PointerMove(mut path) = EventData::clone(&*event.data()?) else {
                    return Ok(());
                };
                for sample in &mut path.samples {
                    sample.target = screen.node(sample.target).unwrap_or(BODY);
                }
                self.push(&event, EventKind::PointerMove, EventData::PointerMove(path));
            }
            // What else there is that changes pages names nodes, of which there are none.
            (kind, _) if kind.touches_page() => {}
            _ => self.drawn.push(event),
        }
        Ok(())
    }
}

/// What is on the screen.
#[derive(Default)]
struct Screen {
    shown: FxHashMap<NodeId, Shown>,
    /// By the recorder's numbers.
    nodes: FxHashMap<i64, NodeId>,
    /// What is in no other.
    first: Option<NodeId>,
    last: Option<NodeId>,
    made: NodeId,
    keyboard: Option<NodeId>,
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
struct Place {
    parent: Option<NodeId>,
    /// Before which it stands; behind all others if there is none.
    next: Option<NodeId>,
}

impl Screen {
    fn node(&self, id: i64) -> Option<NodeId> {
        self.nodes.get(&id).copied()
    }

    /// Reads a full snapshot.
    fn snapshot(&mut self, data: &[u8], size: (f64, f64)) -> Result<FullSnapshot, JsonError> {
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
    fn mutation(&mut self, data: &[u8], size: (f64, f64), steps: &mut Steps) -> Result<(), JsonError> {
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
    fn at(&self, (x, y): (f64, f64)) -> NodeId {
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

    fn show_keyboard(&mut self, keyboard: Keyboard, steps: &mut Steps) {
        match (keyboard, self.keyboard) {
            (Keyboard::Open(wireframe), Some(node)) => self.replace(node, wireframe, steps),
            (Keyboard::Open(wireframe), None) => {
                let place = Place {
                    parent: None,
                    next: None,
                };
                self.keyboard = self.add(wireframe, place, steps);
            }
            (Keyboard::Closed, Some(node)) => self.remove(node, steps),
            (Keyboard::Closed, None) => {}
        }
    }
}

/// What changes with one event, in as many mutations as it takes: within one, what goes goes before all
/// else is done.
#[derive(Default)]
struct Steps {
    done: Vec<Mutation>,
    now: Mutation,
    /// What the mutation that is being made adds, changes or names.
    used: FxHashSet<NodeId>,
    /// What the event added.
    fresh: FxHashSet<NodeId>,
    /// The recorder's numbers of what the event took away.
    gone: FxHashSet<i64>,
    /// How many changes were of what is not there.
    unknown: usize,
}

impl Steps {
    fn remove(&mut self, parent: Option<NodeId>, node: NodeId, all: &[NodeId]) {
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

    fn add(&mut self, place: Place, tree: NodeTree) {
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

    fn update(&mut self, node: NodeId, style: Vec<StyleProperty>, caption: Option<Arc<str>>) {
        self.used.insert(node);
        if !style.is_empty() {
            self.now.attributes.push((node, vec![Attribute::Style(style)]));
        }
        self.now.texts.extend(caption.map(|caption| (node + 1, caption)));
    }

    fn finish(mut self) -> Vec<Mutation> {
        self.done.push(self.now);
        self.done
    }
}

/// What an event says of the keyboard.
enum Keyboard {
    Open(Wireframe),
    Closed,
}

/// Reads a custom event; `None` when it is about something else.
fn keyboard(data: &[u8], size: (f64, f64)) -> Result<Option<Keyboard>, JsonError> {
    let (mut is_keyboard, mut open) = (false, None);
    let (mut x, mut y, mut width, mut height) = (None, None, None, 0.0);
    each(&mut Json::new(data), |key, json| {
        match key {
            "tag" => is_keyboard = json.string_or_none()?.as_deref() == Some("keyboard"),
            "payload" => each(json, |key, json| {
                match key {
                    "open" => open = json.bool_or_none()?,
                    "x" => x = json.number_or_none()?,
                    "y" => y = json.number_or_none()?,
                    "width" => width = json.number_or_none()?,
                    "height" => height = length(json)?,
                    _ => json.pass()?,
                }
                Ok(())
            })?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    let Some(open) = open.filter(|_| is_keyboard) else {
        return Ok(None);
    };
    if !open {
        return Ok(Some(Keyboard::Closed));
    }
    // Without a place it is at the bottom, as wide as the screen.
    let top = y.filter(|y| *y > 0.0).unwrap_or(size.1 - height);
    let width = width.filter(|width| *width > 0.0).unwrap_or(size.0);
    let rect = [x.unwrap_or(0.0), top, width, height];
    Ok(Some(Keyboard::Open(Wireframe::placeholder(rect, "Keyboard"))))
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

#[cfg(test)]
mod tests;
