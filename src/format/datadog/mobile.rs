//! Screens of mobile applications become documents: a positioned box for each wireframe, in the order
//! in which they are drawn.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::resources::Resources;
use super::view::Decoded;
use super::wireframe::Wireframe;
use crate::format::json::{Json, JsonError, Kind};
use crate::format::screen::{self, BODY, FIRST, Look, Taps, attribute, element, list, record};
use crate::recording::{
    Attribute, EventData, EventKind, Interaction, InteractionKind, Mutation, NodeAdd, NodeContent, NodeId,
    NodeRemoval, NodeTree, PointerKind, PointerPath, PointerSample,
};

/// Boxes that are looked at to tell what was touched.
const LOOKED_AT: usize = 10_000;

/// The screen, as far as it has been read.
#[derive(Debug)]
pub(super) struct Screen {
    /// By the recorder's numbers.
    shown: FxHashMap<i64, Shown>,
    first: Option<i64>,
    last: Option<i64>,
    next_node: NodeId,
    taps: Taps,
    /// How many bytes of uploaded pictures may still be referred to.
    room: u64,
}

/// A wireframe on the screen.
#[derive(Debug)]
struct Shown {
    node: NodeId,
    wireframe: Wireframe,
    look: Look,
    /// What is drawn right below it.
    previous: Option<i64>,
    /// What is drawn right above it.
    next: Option<i64>,
}

/// What was made of a record.
#[derive(Debug)]
pub(super) struct Drawn {
    pub event: Decoded,
    /// What came of it at once.
    pub click: Option<Decoded>,
    /// How many changes were of wireframes that are not there.
    pub unknown: usize,
}

impl Drawn {
    fn of(kind: EventKind, data: EventData) -> Self {
        Drawn {
            event: (kind, data),
            click: None,
            unknown: 0,
        }
    }
}

impl Screen {
    pub(super) fn new(room: u64) -> Self {
        Screen {
            shown: FxHashMap::default(),
            first: None,
            last: None,
            next_node: FIRST,
            taps: Taps::default(),
            room,
        }
    }

    pub(super) fn room(&self) -> u64 {
        self.room
    }

    /// Reads a full snapshot.
    pub(super) fn snapshot(&mut self, data: &[u8], resources: &Resources) -> Result<Drawn, JsonError> {
        let mut tree = screen::document();
        let mut json = Json::new(data);
        json.object()?;
        while let Some(key) = json.key()? {
            match (&*key, json.kind()?) {
                ("wireframes", Kind::Array) => {
                    json.array()?;
                    while json.element()? {
                        let Some(id) = self.read(None, &mut json, resources)? else {
                            continue;
                        };
                        self.insert(id, self.last);
                        if let Some(shown) = self.shown.get(&id) {
                            push(&mut tree, shown, Some(3));
                        }
                    }
                }
                _ => json.pass()?,
            }
        }
        let snapshot = screen::snapshot(tree);
        Ok(Drawn::of(
            EventKind::FullSnapshot,
            EventData::FullSnapshot(snapshot),
        ))
    }

    /// Reads an incremental snapshot.
    pub(super) fn incremental(
        &mut self,
        data: &[u8],
        time: Option<f64>,
        resources: &Resources,
    ) -> Result<Drawn, JsonError> {
        let mut source = None;
        let mut json = Json::new(data);
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "source" => source = json.integer_or_none()?,
                _ => json.pass()?,
            }
        }
        let mut json = Json::new(data);
        match source {
            Some(0) => self.mutation(&mut json, resources),
            Some(2) => self.touches(&mut json, time),
            Some(4) => resize(&mut json),
            Some(9) => self.pointer(&mut json, time),
            // Layers, which composite what is drawn by itself.
            _ => Ok(Drawn::of(EventKind::Ignored, EventData::Ignored)),
        }
    }

    fn mutation(&mut self, json: &mut Json<'_>, resources: &Resources) -> Result<Drawn, JsonError> {
        let mut mutation = Mutation::default();
        let mut unknown = 0;
        let (mut adds, mut removes, mut updates) = (None, None, None);
        json.object()?;
        while let Some(key) = json.key()? {
            let place = (json.kind()? == Kind::Array).then(|| json.at());
            match &*key {
                "adds" => adds = place,
                "removes" => removes = place,
                "updates" => updates = place,
                _ => {}
            }
            json.pass()?;
        }
        // Whatever the order they are written in, what goes goes first.
        if list(json, removes)? {
            while json.element()? {
                let id = removed(json)?;
                match id.and_then(|id| self.remove(id)) {
                    Some(node) => mutation.removes.push(NodeRemoval {
                        parent: BODY,
                        id: node,
                        in_shadow: false,
                    }),
                    None => unknown += 1,
                }
            }
        }
        if list(json, adds)? {
            while json.element()? {
                unknown += usize::from(!self.add(json, resources, &mut mutation)?);
            }
        }
        if list(json, updates)? {
            while json.element()? {
                unknown += usize::from(!self.update(json, resources, &mut mutation)?);
            }
        }
        Ok(Drawn {
            event: (EventKind::Mutation, EventData::Mutation(mutation)),
            click: None,
            unknown,
        })
    }

    /// Says whether what it refers to is there.
    fn add(
        &mut self,
        json: &mut Json<'_>,
        resources: &Resources,
        mutation: &mut Mutation,
    ) -> Result<bool, JsonError> {
        let (mut previous, mut added) = (None, None);
        if json.kind()? != Kind::Object {
            json.pass()?;
            return Ok(false);
        }
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "previousId" => previous = json.integer_or_none()?,
                "wireframe" => added = self.read(None, json, resources)?,
                _ => json.pass()?,
            }
        }
        let Some(id) = added else { return Ok(false) };
        let known = previous.is_none_or(|previous| previous != id && self.shown.contains_key(&previous));
        self.insert(id, if known { previous } else { self.last });
        let Some(shown) = self.shown.get(&id) else {
            return Ok(false);
        };
        let next = shown.next.and_then(|next| self.shown.get(&next));
        let mut tree = NodeTree::default();
        push(&mut tree, shown, None);
        mutation.adds.push(NodeAdd {
            parent: BODY,
            next: next.map(|next| next.node),
            previous: None,
            tree,
        });
        Ok(known)
    }

    /// Says whether the wireframe is there.
    fn update(
        &mut self,
        json: &mut Json<'_>,
        resources: &Resources,
        mutation: &mut Mutation,
    ) -> Result<bool, JsonError> {
        let at = json.at();
        let mut head = Wireframe::default();
        let id = head.read(json, resources, 0)?.id;
        let Some((id, shown)) = id.and_then(|id| Some((id, self.shown.get(&id)?))) else {
            return Ok(false);
        };
        let (node, old) = (shown.node, shown.look.clone());
        let old_caption = shown.wireframe.caption();
        let after = json.at();
        json.seek(at);
        self.read(Some(id), json, resources)?;
        json.seek(after);
        let Some(shown) = self.shown.get(&id) else {
            return Ok(false);
        };
        let changed = shown.look.changed(&old);
        if !changed.is_empty() {
            mutation.attributes.push((node, vec![Attribute::Style(changed)]));
        }
        let caption = shown.wireframe.caption();
        if caption != old_caption {
            mutation.texts.push((node + 1, caption));
        }
        Ok(true)
    }

    /// Reads a wireframe that is new, or what is new of one that is there.
    fn read(
        &mut self,
        known: Option<i64>,
        json: &mut Json<'_>,
        resources: &Resources,
    ) -> Result<Option<i64>, JsonError> {
        let room = self.room;
        if let Some(shown) = known.and_then(|id| self.shown.get_mut(&id)) {
            let head = shown.wireframe.read(json, resources, room)?;
            shown.look = shown.wireframe.look();
            self.room = room.saturating_sub(head.repeated);
            return Ok(known);
        }
        let mut wireframe = Wireframe::default();
        let head = wireframe.read(json, resources, room)?;
        self.room = room.saturating_sub(head.repeated);
        // A second wireframe of the same number would leave two boxes of which one never goes.
        let Some(id) = head.id.filter(|id| !self.shown.contains_key(id)) else {
            return Ok(None);
        };
        let node = self.next_node;
        self.next_node = self.next_node.saturating_add(2);
        self.shown.insert(
            id,
            Shown {
                node,
                look: wireframe.look(),
                wireframe,
                previous: None,
                next: None,
            },
        );
        Ok(Some(id))
    }

    /// Links a wireframe in after another; below all others if there is none.
    fn insert(&mut self, id: i64, previous: Option<i64>) {
        let next = match previous {
            Some(previous) => self.shown.get(&previous).and_then(|shown| shown.next),
            None => self.first,
        };
        self.link(previous, Some(id));
        self.link(Some(id), next);
    }

    /// Makes two neighbours; none is the end.
    fn link(&mut self, below: Option<i64>, above: Option<i64>) {
        match below {
            Some(id) => {
                if let Some(shown) = self.shown.get_mut(&id) {
                    shown.next = above;
                }
            }
            None => self.first = above,
        }
        match above {
            Some(id) => {
                if let Some(shown) = self.shown.get_mut(&id) {
                    shown.previous = below;
                }
            }
            None => self.last = below,
        }
    }

    fn remove(&mut self, id: i64) -> Option<NodeId> {
        let shown = self.shown.remove(&id)?;
        self.link(shown.previous, shown.next);
        Some(shown.node)
    }

    /// The topmost box at a point.
    fn at(&self, x: f64, y: f64) -> NodeId {
        let shown = |id: Option<i64>| id.and_then(|id| self.shown.get(&id));
        let mut from_above = std::iter::successors(shown(self.last), |above| shown(above.previous));
        from_above
            .by_ref()
            .take(LOOKED_AT)
            .find(|shown| shown.look.contains(x, y))
            .map_or(BODY, |shown| shown.node)
    }

    fn touches(&self, json: &mut Json<'_>, time: Option<f64>) -> Result<Drawn, JsonError> {
        let mut samples = Vec::new();
        json.object()?;
        while let Some(key) = json.key()? {
            match (&*key, json.kind()?) {
                ("positions", Kind::Array) => {
                    json.array()?;
                    while json.element()? {
                        let touch = Touch::read(json)?;
                        let (Some(x), Some(y)) = (touch.x, touch.y) else {
                            continue;
                        };
                        let offset = touch
                            .time
                            .zip(time)
                            .map_or(0.0, |(at, time)| (at - time).min(0.0));
                        samples.push(PointerSample {
                            x,
                            y,
                            target: self.at(x, y),
                            offset,
                        });
                    }
                }
                _ => json.pass()?,
            }
        }
        samples.sort_by(|one, two| one.offset.total_cmp(&two.offset));
        Ok(path(samples))
    }

    fn pointer(&mut self, json: &mut Json<'_>, time: Option<f64>) -> Result<Drawn, JsonError> {
        let touch = Touch::read(json)?;
        let (Some(x), Some(y)) = (touch.x, touch.y) else {
            return Ok(Drawn::of(EventKind::Ignored, EventData::Ignored));
        };
        let target = self.at(x, y);
        let kind = match (touch.down, touch.mouse) {
            (Some(true), false) => InteractionKind::TouchStart,
            (Some(false), false) => InteractionKind::TouchEnd,
            (Some(true), true) => InteractionKind::MouseDown,
            (Some(false), true) => InteractionKind::MouseUp,
            (None, _) => {
                return Ok(path(vec![PointerSample {
                    x,
                    y,
                    target,
                    offset: 0.0,
                }]));
            }
        };
        let interaction = Interaction {
            kind,
            target,
            position: Some((x, y)),
            touch: !touch.mouse,
        };
        let event = |touch| (EventKind::Interaction, EventData::Interaction(touch));
        let click = self.taps.follow(&interaction, time);
        Ok(Drawn {
            event: event(interaction),
            click: click.map(event),
            unknown: 0,
        })
    }
}

/// What a finger did.
#[derive(Default)]
struct Touch {
    x: Option<f64>,
    y: Option<f64>,
    time: Option<f64>,
    /// It came down, or went up; else it moved.
    down: Option<bool>,
    mouse: bool,
}

impl Touch {
    fn read(json: &mut Json<'_>) -> Result<Self, JsonError> {
        let mut touch = Touch::default();
        if json.kind()? != Kind::Object {
            json.pass()?;
            return Ok(touch);
        }
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "x" => touch.x = json.number_or_none()?,
                "y" => touch.y = json.number_or_none()?,
                "timestamp" => touch.time = json.number_or_none()?,
                "pointerType" => touch.mouse = json.string_or_none()?.as_deref() == Some("mouse"),
                "pointerEventType" => {
                    touch.down = match json.string_or_none()?.as_deref() {
                        Some("down") => Some(true),
                        Some("up") => Some(false),
                        _ => None,
                    }
                }
                _ => json.pass()?,
            }
        }
        Ok(touch)
    }
}

fn path(samples: Vec<PointerSample>) -> Drawn {
    let path = PointerPath {
        kind: PointerKind::Touch,
        samples,
    };
    Drawn::of(EventKind::PointerMove, EventData::PointerMove(path))
}

fn resize(json: &mut Json<'_>) -> Result<Drawn, JsonError> {
    let (mut width, mut height) = (None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "width" => width = json.number_or_none()?,
            "height" => height = json.number_or_none()?,
            _ => json.pass()?,
        }
    }
    Ok(match (width, height) {
        (Some(width), Some(height)) => Drawn::of(
            EventKind::ViewportResize,
            EventData::ViewportResize { width, height },
        ),
        _ => Drawn::of(EventKind::Ignored, EventData::Ignored),
    })
}

/// `{"id": 1}`.
fn removed(json: &mut Json<'_>) -> Result<Option<i64>, JsonError> {
    let mut id = None;
    if json.kind()? != Kind::Object {
        json.pass()?;
        return Ok(None);
    }
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => id = json.integer_or_none()?,
            _ => json.pass()?,
        }
    }
    Ok(id)
}

/// Appends a wireframe's box and what is written in it.
fn push(tree: &mut NodeTree, shown: &Shown, parent: Option<u32>) {
    let Ok(place) = u32::try_from(tree.nodes.len()) else {
        return;
    };
    let style = attribute("style", &shown.look.css("absolute"));
    tree.nodes
        .push(record(shown.node, parent, element("div", vec![style])));
    let caption: Arc<str> = shown.wireframe.caption();
    tree.nodes
        .push(record(shown.node + 1, Some(place), NodeContent::Text(caption)));
}

#[cfg(test)]
mod tests;
