//! The page at one recording time, and how events change it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::node::{Kind, SheetOp};
use super::tree::{Key, Tree};
use super::{Change, Handle, STAGE};
use crate::recording::{
    Damage, DamageKind, DamageReport, EventData, FullSnapshot, Input, Interaction, InteractionKind,
    MediaAction, MediaInteraction, NodeId, PointerKind, SelectionRange,
};

/// Longest side of a viewport, in CSS pixels.
const MAX_SIDE: f64 = 16_384.0;

/// A key press this long after the pointer was pressed no longer belongs to it, in milliseconds.
const POINTER_FOCUS: f64 = 300.0;

/// A constructed style sheet as recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Constructed {
    pub(super) ops: Vec<SheetOp>,
    /// The copies that the stage has, by document.
    pub(super) copies: Vec<(Key, u32)>,
}

/// The page at one recording time: its tree and all state beside it.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub(super) tree: Tree,
    pub(super) viewport: Option<(u32, u32)>,
    pub(super) href: Arc<str>,
    pub(super) sheets: FxHashMap<i64, Constructed>,
    pub(super) next_sheet: u32,
    /// Element names registered, in order.
    pub(super) defined: Vec<Arc<str>>,
    /// Fonts added, in order.
    pub(super) fonts: Vec<crate::recording::Font>,
    pub(super) focus: Option<(NodeId, bool)>,
    pub(super) hover: Option<NodeId>,
    pub(super) active: Option<NodeId>,
    pub(super) selection: Vec<SelectionRange>,
    pointer_pressed: f64,
    /// Nodes that the event being applied puts out of the stage before what it brings.
    pub(super) pending_removals: Vec<Handle>,
    /// Shadow roots that the event being applied implies.
    pub(super) fresh_roots: Vec<Key>,
    /// Element names that the event being applied registers.
    pub(super) newly_defined: Vec<Arc<str>>,
    pub(super) damage: DamageReport,
    /// The event that is being applied, for reports.
    pub(super) event: u32,
}

impl Page {
    /// A page with nothing on it.
    pub fn new() -> Self {
        Page::default()
    }

    /// Viewport in CSS pixels; `None` while the recording has not told it.
    pub fn viewport(&self) -> Option<(u32, u32)> {
        self.viewport
    }

    /// Address of the page; empty while the recording has not told it.
    pub fn href(&self) -> &str {
        &self.href
    }

    /// What of the recording could not be applied.
    pub fn damage(&self) -> &DamageReport {
        &self.damage
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.tree.len()
    }

    /// The stage's number for a recorded node, while it is on the page.
    pub fn handle_of(&self, id: NodeId) -> Option<Handle> {
        self.tree.handle(self.tree.key(id)?)
    }

    /// The recorded number of a node of the stage, where it has one.
    pub fn id_of(&self, handle: Handle) -> Option<NodeId> {
        self.tree.get(self.tree.key_of_handle(handle)?)?.id
    }

    /// The stage's number for the document that a recorded node is in; a document is in itself.
    pub fn document_of(&self, id: NodeId) -> Option<Handle> {
        let document = self.tree.document_of(self.tree.key(id)?)?;
        self.tree.handle(document)
    }

    /// Applies event number `index` of a recording, which happened at `time` (milliseconds since the
    /// Unix epoch), and adds to `out` what the stage has to do.
    pub fn apply(&mut self, data: &EventData, time: f64, index: u32, out: &mut Vec<Change>) {
        self.event = index;
        match data {
            EventData::Meta(meta) => {
                self.href = Arc::clone(&meta.href);
                self.resize(meta.width, meta.height, out);
            }
            EventData::ViewportResize { width, height } => self.resize(*width, *height, out),
            EventData::FullSnapshot(snapshot) => {
                self.load(snapshot, time);
                out.extend(self.snapshot());
            }
            EventData::Mutation(mutation) => self.mutate(mutation, time, out),
            EventData::PointerMove(path) => {
                if path.kind == PointerKind::Mouse
                    && let Some(last) = path.samples.last()
                {
                    self.point_at(last.target, out);
                }
            }
            EventData::Interaction(done) => self.interact(done, time, out),
            EventData::Scroll(scroll) => {
                if let Some(key) = self.known(scroll.target)
                    && let Some(node) = self.tree.get_mut(key)
                {
                    node.scroll = Some((scroll.x, scroll.y));
                    out.push(Change::Scroll {
                        node: node.handle,
                        x: scroll.x,
                        y: scroll.y,
                    });
                }
            }
            EventData::Input(input) => self.input(input, out),
            EventData::MediaInteraction(media) => self.media(media, time, out),
            EventData::StyleSheetRules(rules) => self.sheet_rules(rules, out),
            EventData::StyleDeclaration(declaration) => self.sheet_declaration(declaration, out),
            EventData::CanvasMutation(canvas) => self.draw(canvas, out),
            EventData::Font(font) => {
                self.fonts.push(font.clone());
                out.extend(self.font_change(font));
            }
            EventData::Selection(ranges) => {
                self.selection.clone_from(ranges);
                out.extend(self.selection_change());
            }
            EventData::AdoptedStyleSheets(adopted) => self.adopt(adopted, out),
            EventData::CustomElement { name } => {
                if !self.defined.contains(name) {
                    self.defined.push(Arc::clone(name));
                    out.push(Change::DefineElement {
                        name: Arc::clone(name),
                    });
                }
            }
            EventData::DomContentLoaded
            | EventData::Load
            | EventData::Custom { .. }
            | EventData::Plugin { .. }
            | EventData::Annotation(_)
            | EventData::Ignored => {}
        }
    }

    /// The pointer is over a node; `None`-like ids leave it where it was.
    pub(super) fn point_at(&mut self, id: NodeId, out: &mut Vec<Change>) {
        let handle = self.handle_of(id);
        if self.hover == Some(id) || handle.is_none() {
            return;
        }
        self.hover = Some(id);
        out.push(Change::Hover { node: handle });
    }

    fn resize(&mut self, width: f64, height: f64, out: &mut Vec<Change>) {
        if !(width >= 1.0 && height >= 1.0) {
            return;
        }
        if width > MAX_SIDE || height > MAX_SIDE {
            self.report(
                DamageKind::Limit,
                format!("a viewport of {width}x{height} is cut to {MAX_SIDE}"),
            );
        }
        let side = |length: f64| length.min(MAX_SIDE).round() as u32;
        let size = (side(width), side(height));
        if self.viewport != Some(size) {
            self.viewport = Some(size);
            out.push(Change::Viewport {
                width: size.0,
                height: size.1,
            });
        }
    }

    /// Begins the page anew.
    fn load(&mut self, snapshot: &FullSnapshot, time: f64) {
        self.tree = Tree::default();
        self.sheets.clear();
        self.next_sheet = 0;
        self.defined.clear();
        self.fonts.clear();
        self.focus = None;
        self.hover = None;
        self.active = None;
        self.selection.clear();
        if let Some(root) = self.grow(&snapshot.tree, None, time) {
            self.tree.root = Some(root);
            let (x, y) = snapshot.scroll;
            if let Some(node) = self.tree.get_mut(root)
                && (x != 0.0 || y != 0.0)
            {
                node.scroll = Some((x, y));
            }
        }
    }

    fn interact(&mut self, done: &Interaction, time: f64, out: &mut Vec<Change>) {
        use InteractionKind::*;
        match done.kind {
            Focus => {
                if self.known(done.target).is_none() {
                    return;
                }
                let by_pointer = time - self.pointer_pressed < POINTER_FOCUS && self.pointer_pressed > 0.0;
                let visible = !by_pointer || self.takes_text(done.target);
                self.focus = Some((done.target, visible));
                out.extend(self.focus_change());
            }
            Blur => {
                if self.focus.is_some_and(|(target, _)| target == done.target) {
                    self.focus = None;
                    out.push(Change::Focus {
                        node: None,
                        visible: false,
                    });
                }
            }
            MouseDown | TouchStart => {
                self.pointer_pressed = time;
                self.point_at(done.target, out);
                self.press(Some(done.target), out);
            }
            MouseUp | TouchEnd | TouchCancel => {
                self.point_at(done.target, out);
                self.press(None, out);
            }
            Click | DoubleClick | ContextMenu => {
                if done.position.is_some() {
                    self.point_at(done.target, out);
                }
            }
            TouchMoveDeparted => {}
        }
    }

    fn press(&mut self, id: Option<NodeId>, out: &mut Vec<Change>) {
        let handle = id.and_then(|id| self.handle_of(id));
        if handle.is_none() && self.active.is_none() {
            return;
        }
        self.active = id.filter(|_| handle.is_some());
        out.push(Change::Active { node: handle });
    }

    fn takes_text(&self, id: NodeId) -> bool {
        let element = self.tree.key(id).and_then(|key| self.tree.get(key)?.element());
        element.is_some_and(|element| match &*element.tag {
            "textarea" => true,
            "input" => {
                let kind = element.attribute("type").map_or("text", |kind| &**kind);
                !matches!(
                    kind,
                    "button"
                        | "submit"
                        | "reset"
                        | "checkbox"
                        | "radio"
                        | "range"
                        | "color"
                        | "file"
                        | "image"
                )
            }
            _ => element
                .attribute("contenteditable")
                .is_some_and(|value| &**value != "false"),
        })
    }

    fn input(&mut self, input: &Input, out: &mut Vec<Change>) {
        let Some(key) = self.known(input.target) else {
            return;
        };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        let Some(element) = node.element_mut() else { return };
        let kind = element.attribute("type").map(|kind| kind.to_ascii_lowercase());
        let toggles = &*element.tag == "input" && matches!(kind.as_deref(), Some("checkbox" | "radio"));
        if toggles {
            if let Some(checked) = input.checked {
                element.checked = Some(checked);
                out.push(Change::Checked {
                    node: handle,
                    checked,
                });
                if checked && kind.as_deref() == Some("radio") {
                    self.uncheck_others(key);
                }
            }
            return;
        }
        let is_list = &*element.tag == "select";
        if let Some(value) = &input.text {
            element.value = Some(Arc::clone(value));
            out.push(Change::Value {
                node: handle,
                value: Arc::clone(value),
            });
        }
        if is_list {
            // What was marked before says nothing any more.
            for key in self.tree.subtree(key) {
                if let Some(option) = self.tree.get_mut(key).and_then(|node| node.element_mut()) {
                    option.selected = None;
                }
            }
        }
        for id in input.selected_options.iter().flatten() {
            if let Some(option) = self.tree.key(*id).and_then(|key| self.tree.get_mut(key)) {
                let handle = option.handle;
                if let Some(element) = option.element_mut() {
                    element.selected = Some(true);
                    out.push(Change::Selected {
                        node: handle,
                        selected: true,
                    });
                }
            }
        }
    }

    /// A browser lets one radio button of a group be checked: so does the state held here.
    fn uncheck_others(&mut self, checked: Key) {
        let element = self.tree.get(checked).and_then(|node| node.element());
        let Some(name) = element.and_then(|element| element.attribute("name")).cloned() else {
            return;
        };
        let Some(document) = self.tree.document_of(checked) else {
            return;
        };
        for key in self.tree.subtree(document) {
            if key == checked {
                continue;
            }
            if let Some(element) = self.tree.get_mut(key).and_then(|node| node.element_mut())
                && element.checked == Some(true)
                && element.attribute("name") == Some(&name)
            {
                element.checked = Some(false);
            }
        }
    }

    fn media(&mut self, done: &MediaInteraction, time: f64, out: &mut Vec<Change>) {
        let Some(key) = self.known(done.target) else {
            return;
        };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        let Some(element) = node.element_mut() else { return };
        let mut state = element.media.unwrap_or_default();
        // What has played since counts, where the event does not tell a position.
        if done.time.is_none() && state.playing == Some(true) {
            let rate = state.rate.unwrap_or(1.0);
            state.time = state.time.map(|known| known + (time - state.at) / 1000.0 * rate);
        }
        state.at = time;
        state.time = done.time.or(state.time);
        state.volume = done.volume.or(state.volume);
        state.muted = done.muted.or(state.muted);
        state.looping = done.looping.or(state.looping);
        state.rate = done.rate.or(state.rate);
        match done.action {
            MediaAction::Play => state.playing = Some(true),
            MediaAction::Pause => state.playing = Some(false),
            MediaAction::Seek | MediaAction::Volume | MediaAction::Rate => {}
        }
        element.media = Some(state);
        out.push(Change::Media { node: handle, state });
    }

    /// The node with that id, or a note that there is none.
    pub(super) fn known(&mut self, id: NodeId) -> Option<Key> {
        let key = self.tree.key(id);
        if key.is_none() {
            self.report(DamageKind::UnknownNode, format!("node {id} is not on the page"));
        }
        key
    }

    pub(super) fn report(&mut self, kind: DamageKind, detail: String) {
        self.damage.add(Damage {
            kind,
            event: Some(self.event),
            offset: None,
            detail,
        });
    }

    /// The handle under which children of a parent are inserted.
    pub(super) fn parent_handle(&self, key: Key) -> Handle {
        self.tree
            .get(key)
            .and_then(|node| node.parent)
            .and_then(|parent| self.tree.handle(parent))
            .unwrap_or(STAGE)
    }

    pub(super) fn is_text(&self, key: Key) -> bool {
        matches!(self.tree.get(key).map(|node| &node.kind), Some(Kind::Text(_)))
    }
}
