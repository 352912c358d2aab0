//! The page at one recording time, and how events change it.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::mutation::Scratch;
use super::node::{Kind, SheetOp};
use super::pointer::Pointing;
use super::tree::{Key, Tree};
use super::{Change, Handle, STAGE};
use crate::limits::{Limit, Limits};
use crate::recording::{
    Damage, DamageKind, DamageReport, EventData, Font, FullSnapshot, NodeAdd, NodeContent, NodeId,
    PointerKind, Scroll, usable_viewport,
};

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
    /// Constructed sheets that were adopted before they were made.
    pub(super) awaited_sheets: FxHashSet<i64>,
    /// Element names registered, in order.
    pub(super) defined: Vec<Arc<str>>,
    pub(super) defined_names: FxHashSet<Arc<str>>,
    /// Fonts added, in order.
    pub(super) fonts: Vec<Font>,
    /// Documents whose frames have not come yet.
    pub(super) early: Vec<NodeAdd>,
    pub(super) pointing: Pointing,
    pub(super) scratch: Scratch,
    /// What it may come to.
    pub(super) limits: Limits,
    damage: DamageReport,
    /// The event that is being applied, for reports.
    event: u32,
    /// The stage gets the page as a whole later: what it would have to do on the way is not worked out.
    silent: bool,
}

impl Page {
    /// A page with nothing on it.
    pub fn new() -> Self {
        Page::default()
    }

    /// The same, within other limits than the usual.
    pub fn within(limits: Limits) -> Self {
        Page {
            limits,
            ..Page::default()
        }
    }

    /// Viewport in CSS pixels; `None` while the recording has not told it.
    pub fn viewport(&self) -> Option<(u32, u32)> {
        self.viewport
    }

    /// Address of the page; empty while the recording has not told it.
    pub fn href(&self) -> &str {
        &self.href
    }

    /// What of the events applied since the last call could not be.
    pub fn take_damage(&mut self) -> DamageReport {
        std::mem::take(&mut self.damage)
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

    /// The frame element that shows a document; `None` for the top document and for what is no document.
    pub fn frame_owner(&self, document: Handle) -> Option<Handle> {
        let key = self.tree.key_of_handle(document)?;
        let node = self.tree.get(key)?;
        matches!(node.kind, Kind::Document { .. })
            .then(|| self.tree.handle(node.parent?))
            .flatten()
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
                self.show_all(out);
            }
            EventData::Resumed(events) => {
                // Nothing of the tab that was shown before stays, whatever can be read of this one.
                self.begin();
                for event in events.iter() {
                    // What could not be read was told when it happened.
                    if let Ok(data) = event.data() {
                        self.apply_silently(&data, event.time, event.index);
                    }
                }
                self.damage = DamageReport::default();
                self.event = index;
                self.show_all(out);
            }
            EventData::Mutation(mutation) => self.mutate(mutation, time, out),
            EventData::PointerMove(path) => {
                if path.kind != PointerKind::Touch
                    && let Some(last) = path.samples.last()
                {
                    self.point_at(last.target, out);
                }
            }
            EventData::Interaction(done) => self.interact(done, time, out),
            EventData::Scroll(scroll) => self.scroll(scroll, out),
            EventData::Input(input) => self.input(input, out),
            EventData::MediaInteraction(media) => self.media(media, time, out),
            EventData::StyleSheetRules(rules) => self.sheet_rules(rules, time, out),
            EventData::StyleDeclaration(declaration) => self.sheet_declaration(declaration, out),
            EventData::CanvasMutation(canvas) => self.draw(canvas, out),
            EventData::Font(font) => {
                self.fonts.push(font.clone());
                out.extend(self.font_change(font));
            }
            EventData::Selection(ranges) => self.select(ranges, out),
            EventData::AdoptedStyleSheets(adopted) => self.adopt(adopted, out),
            EventData::CustomElement { name } => {
                if self.define(name) {
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

    /// Applies an event as [`Page::apply`] does, for a stage that gets the page by [`Page::snapshot`]
    /// before it is told of another change.
    pub(crate) fn apply_silently(&mut self, data: &EventData, time: f64, index: u32) {
        let before = std::mem::replace(&mut self.silent, true);
        self.apply(data, time, index, &mut Vec::new());
        self.silent = before;
    }

    /// The whole page, unless nobody listens.
    fn show_all(&mut self, out: &mut Vec<Change>) {
        if !self.silent {
            out.extend(self.snapshot());
        }
    }

    /// Whether changes need not be worked out.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    fn resize(&mut self, width: f64, height: f64, out: &mut Vec<Change>) {
        let Some(size) = usable_viewport(width, height, &self.limits) else {
            return;
        };
        // More than rounding was taken away.
        if width > f64::from(size.0) + 1.0 || height > f64::from(size.1) + 1.0 {
            self.report(
                DamageKind::Limit,
                format!(
                    "a viewport of {width}x{height} is cut to {}x{}; --allow viewport=… and viewport-area=… allow more",
                    size.0, size.1
                ),
            );
        }
        if self.viewport != Some(size) {
            self.viewport = Some(size);
            out.push(Change::Viewport {
                width: size.0,
                height: size.1,
            });
        }
    }

    /// Begins the page anew: only the viewport and the address outlive a page.
    fn begin(&mut self) {
        *self = Page {
            viewport: self.viewport,
            href: Arc::clone(&self.href),
            damage: std::mem::take(&mut self.damage),
            event: self.event,
            silent: self.silent,
            limits: self.limits,
            ..Page::default()
        };
    }

    /// Shows the page of a snapshot.
    fn load(&mut self, snapshot: &FullSnapshot, time: f64) {
        self.begin();
        let root = snapshot.tree.nodes.first();
        if !root.is_some_and(|root| matches!(root.content, NodeContent::Document { .. })) {
            self.report(
                DamageKind::BadEvent,
                "a full snapshot that is not of a document".to_owned(),
            );
            return;
        }
        self.grow(&snapshot.tree, None, time);
        self.scratch = Scratch::default();
        let (x, y) = snapshot.scroll;
        if let Some(root) = self.tree.root.and_then(|root| self.tree.get_mut(root))
            && (x != 0.0 || y != 0.0)
        {
            root.scroll = Some((x, y));
        }
    }

    fn scroll(&mut self, scroll: &Scroll, out: &mut Vec<Change>) {
        let Some(key) = self.known(scroll.target) else {
            return;
        };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        if matches!(node.kind, Kind::Element(_) | Kind::Document { .. }) {
            node.scroll = Some((scroll.x, scroll.y));
            out.push(Change::Scroll {
                node: node.handle,
                x: scroll.x,
                y: scroll.y,
            });
        }
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

    /// Tells that there is too much of something.
    pub(super) fn report_limit(&mut self, limit: Limit, what: &str) {
        let hint = self.limits.hint(limit);
        self.report(DamageKind::Limit, format!("{what}; {hint}"));
    }

    /// A text as far as it may be long.
    pub(super) fn bounded(&mut self, text: &Arc<str>) -> Arc<str> {
        let most = self.limits.size(Limit::Text);
        if text.len() <= most {
            return Arc::clone(text);
        }
        self.report_limit(Limit::Text, "a text is longer than it may be: the rest is cut");
        text.split_at(text.floor_char_boundary(most)).0.into()
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
