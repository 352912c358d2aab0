//! The page, or a part of it, as changes for the stage.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::attributes::style_change;
use super::css::rewritten;
use super::node::{Element, Kind};
use super::page::Page;
use super::sanitize::{shown, shown_tag};
use super::sheets::sheet_change;
use super::tree::Key;
use super::{Change, Handle, NewContent, NewNode, STAGE, Sheet};
use crate::recording::Font;

impl Page {
    /// The whole page as changes, the first of them [`Change::Reset`].
    pub fn snapshot(&mut self) -> Vec<Change> {
        let mut out = vec![Change::Reset];
        if let Some((width, height)) = self.viewport {
            out.push(Change::Viewport { width, height });
        }
        self.forget_copies(None);
        self.next_sheet = 0;
        if let Some(root) = self.tree.root {
            // However the page became what it is, its snapshot is the same.
            self.tree.number_anew(root);
            out.push(Change::Insert {
                parent: STAGE,
                before: None,
                nodes: self.new_nodes(root),
            });
        }
        out.extend(self.defined.iter().map(|name| Change::DefineElement {
            name: Arc::clone(name),
        }));
        out.extend(self.fonts.iter().filter_map(|font| self.font_change(font)));
        let all = self
            .tree
            .root
            .map(|root| self.tree.subtree(root))
            .unwrap_or_default();
        self.state_changes(&all, &mut out);
        self.pointing_changes(&mut out);
        out
    }

    /// Brings into the stage what an event made, after what it put out.
    pub(super) fn emit_fresh(&mut self, known_to_stage: Handle, out: &mut Vec<Change>) {
        if self.is_silent() {
            self.scratch.removals.clear();
            self.scratch.fresh.clear();
            self.scratch.defined.clear();
            return;
        }
        for node in std::mem::take(&mut self.scratch.removals) {
            if node <= known_to_stage {
                out.push(Change::Remove { node });
            }
        }
        let is_new = |handle: Option<Handle>| handle.is_some_and(|handle| handle > known_to_stage);
        let mut unseen: FxHashSet<Key> = std::mem::take(&mut self.scratch.fresh)
            .into_iter()
            .filter(|key| is_new(self.tree.handle(*key)))
            .collect();
        let hangs_in_stage = |key: &Key| {
            let parent = self.tree.get(*key).and_then(|node| node.parent);
            parent.is_some_and(|parent| !is_new(self.tree.handle(parent)))
        };
        let mut tops: Vec<Key> = unseen.iter().copied().filter(hangs_in_stage).collect();
        tops.sort_unstable_by_key(|key| self.tree.handle(*key));
        for top in tops {
            // What comes among siblings that come too is put in with them, in their order.
            let (run, before) = self.run_around(top, &unseen);
            for key in run {
                unseen.remove(&key);
                self.insert(key, before, out);
            }
        }
        for name in std::mem::take(&mut self.scratch.defined) {
            out.push(Change::DefineElement { name });
        }
    }

    /// A node with the siblings around it that the stage does not have either, and the one after them;
    /// no nodes if the stage has it.
    fn run_around(&self, key: Key, unseen: &FxHashSet<Key>) -> (Vec<Key>, Option<Key>) {
        let is_unseen = |key: &Key| unseen.contains(key);
        let previous = |key: &Key| self.tree.get(*key)?.previous.filter(is_unseen);
        let next = |key: &Key| self.tree.get(*key)?.next;
        let start = Some(key).filter(is_unseen);
        let first = std::iter::successors(start, previous).last();
        let run: Vec<Key> = std::iter::successors(first, |key| next(key).filter(is_unseen)).collect();
        let after = run.last().and_then(next);
        (run, after)
    }

    /// Inserts a subtree that the stage does not have before one that it has.
    fn insert(&mut self, top: Key, before: Option<Key>, out: &mut Vec<Change>) {
        // Handles are given in the order in which nodes come to the stage.
        self.tree.renew_handles(top);
        out.push(Change::Insert {
            parent: self.parent_handle(top),
            before: before.and_then(|key| self.tree.handle(key)),
            nodes: self.new_nodes(top),
        });
        let all = self.tree.subtree(top);
        self.state_changes(&all, out);
    }

    fn new_nodes(&self, top: Key) -> Vec<NewNode> {
        let order = self.tree.subtree(top);
        let mut places = rustc_hash::FxHashMap::default();
        let mut nodes = Vec::with_capacity(order.len());
        for key in order {
            let Some(node) = self.tree.get(key) else { continue };
            let content = match &node.kind {
                Kind::Document { quirks } => NewContent::Document { quirks: *quirks },
                Kind::Doctype {
                    name,
                    public_id,
                    system_id,
                } => NewContent::Doctype {
                    name: Arc::clone(name),
                    public_id: Arc::clone(public_id),
                    system_id: Arc::clone(system_id),
                },
                Kind::Element(element) => NewContent::Element {
                    namespace: element.namespace,
                    tag: shown_tag(element),
                    attributes: shown_attributes(element),
                },
                Kind::ShadowRoot => NewContent::ShadowRoot,
                Kind::Text(text) => NewContent::Text(self.shown_text(key, text)),
                Kind::Cdata(text) => NewContent::Cdata(Arc::clone(text)),
                Kind::Comment(text) => NewContent::Comment(Arc::clone(text)),
            };
            let parent = match key == top {
                true => None,
                false => node.parent.and_then(|parent| places.get(&parent).copied()),
            };
            places.insert(key, nodes.len() as u32);
            nodes.push(NewNode {
                handle: node.handle,
                parent,
                born: node.born,
                content,
            });
        }
        nodes
    }

    /// The text of a text node; in a style sheet, as the stage needs it.
    pub(super) fn shown_text(&self, key: Key, text: &Arc<str>) -> Arc<str> {
        let parent = self.tree.get(key).and_then(|node| node.parent);
        let in_sheet = parent
            .and_then(|parent| self.tree.get(parent)?.element())
            .is_some_and(Element::is_sheet);
        match in_sheet {
            true => match rewritten(text) {
                std::borrow::Cow::Borrowed(_) => Arc::clone(text),
                std::borrow::Cow::Owned(css) => css.into(),
            },
            false => Arc::clone(text),
        }
    }

    /// State beside the markup of nodes that came into the stage.
    fn state_changes(&mut self, keys: &[Key], out: &mut Vec<Change>) {
        for key in keys {
            let Some(node) = self.tree.get(*key) else { continue };
            let handle = node.handle;
            if let Some(element) = node.element() {
                element_changes(handle, element, out);
            }
            if !node.adopted.is_empty() {
                self.adoption_change(*key, out);
            }
        }
        // Which options are selected counts more than the value of their list.
        for key in keys {
            let Some(node) = self.tree.get(*key) else { continue };
            if let Some(selected) = node.element().and_then(|element| element.selected) {
                out.push(Change::Selected {
                    node: node.handle,
                    selected,
                });
            }
        }
        // Scrolling needs the layout of all the rest.
        for key in keys {
            let Some(node) = self.tree.get(*key) else { continue };
            if let Some((x, y)) = node.scroll {
                out.push(Change::Scroll {
                    node: node.handle,
                    x,
                    y,
                });
            }
        }
    }

    pub(super) fn font_change(&self, font: &Font) -> Option<Change> {
        Some(Change::Font {
            document: self.tree.handle(self.tree.root?)?,
            family: Arc::clone(&font.family),
            source: font.source.clone(),
            descriptors: font.descriptors.as_deref().map(Arc::from),
        })
    }
}

fn shown_attributes(element: &Element) -> Vec<(Arc<str>, Arc<str>)> {
    let mut attributes: Vec<(Arc<str>, Arc<str>)> = element
        .attributes
        .iter()
        .filter_map(|(name, _)| Some((Arc::clone(name), shown(element, name)?)))
        .collect();
    if element.is_disabled_link() && element.attribute("media").is_none() {
        attributes.extend(shown(element, "media").map(|media| (Arc::from("media"), media)));
    }
    attributes
}

fn element_changes(node: Handle, element: &Element, out: &mut Vec<Change>) {
    out.extend(element.style.iter().map(|property| style_change(node, property)));
    out.extend(
        element
            .sheet
            .iter()
            .map(|op| sheet_change(Sheet::Owner(node), op)),
    );
    if let Some(value) = &element.value {
        out.push(Change::Value {
            node,
            value: Arc::clone(value),
        });
    }
    if let Some(checked) = element.checked {
        out.push(Change::Checked { node, checked });
    }
    if let Some(state) = element.media {
        out.push(Change::Media { node, state });
    }
    if let Some(mode) = element.dialog {
        out.push(Change::Dialog {
            node,
            mode: Some(mode),
        });
    }
    out.extend(element.canvas.changes(node));
}
