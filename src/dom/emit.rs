//! The page, or a part of it, as changes for the stage.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::attributes::style_change;
use super::css::rewritten;
use super::markup::{is_shown, shown_tag};
use super::node::{Drawn, Element, Kind};
use super::page::Page;
use super::sheets::sheet_change;
use super::tree::{Key, Link};
use super::{Change, Handle, NewContent, NewNode, Range, STAGE, Sheet};
use crate::recording::Font;

impl Page {
    /// The whole page as changes, the first of them [`Change::Reset`].
    pub fn snapshot(&mut self) -> Vec<Change> {
        let mut out = Vec::new();
        if let Some((width, height)) = self.viewport {
            out.push(Change::Viewport { width, height });
        }
        out.push(Change::Reset);
        self.forget_copies(None);
        self.next_sheet = 0;
        self.newly_defined.clear();
        let Some(root) = self.tree.root else { return out };
        // However the page became what it is, its snapshot is the same.
        self.tree.number_anew(root);
        out.push(Change::Insert {
            parent: STAGE,
            before: None,
            nodes: self.new_nodes(root),
        });
        for name in &self.defined {
            out.push(Change::DefineElement {
                name: Arc::clone(name),
            });
        }
        for at in 0..self.fonts.len() {
            let font = self.fonts.get(at).cloned();
            out.extend(font.and_then(|font| self.font_change(&font)));
        }
        let all = self.tree.subtree(root);
        self.state_changes(&all, &mut out);
        out.extend(self.focus_change());
        out.extend(self.hover.and_then(|id| {
            let node = self.handle_of(id)?;
            Some(Change::Hover { node: Some(node) })
        }));
        out.extend(self.active.and_then(|id| {
            let node = self.handle_of(id)?;
            Some(Change::Active { node: Some(node) })
        }));
        if !self.selection.is_empty() {
            out.extend(self.selection_change());
        }
        out
    }

    /// Brings into the stage what an event added, after what it put out.
    pub(super) fn emit_fresh(&mut self, fresh: &[Key], known_to_stage: Handle, out: &mut Vec<Change>) {
        for node in std::mem::take(&mut self.pending_removals) {
            if node <= known_to_stage {
                out.push(Change::Remove { node });
            }
        }
        let mut unseen: FxHashSet<Key> = std::mem::take(&mut self.fresh_roots)
            .into_iter()
            .chain(fresh.iter().copied())
            .filter(|key| {
                self.tree
                    .handle(*key)
                    .is_some_and(|handle| handle > known_to_stage)
            })
            .collect();
        let mut tops: Vec<Key> = unseen
            .iter()
            .copied()
            .filter(|key| {
                let parent = self.tree.get(*key).and_then(|node| node.parent);
                parent.is_some_and(|parent| {
                    self.tree
                        .handle(parent)
                        .is_some_and(|handle| handle <= known_to_stage)
                })
            })
            .collect();
        tops.sort_unstable_by_key(|key| self.tree.handle(*key));
        for top in tops {
            self.insert(top, &unseen, out);
            unseen.remove(&top);
        }
        for name in std::mem::take(&mut self.newly_defined) {
            out.push(Change::DefineElement { name });
        }
    }

    /// Inserts a subtree that the stage does not have, before its next sibling that the stage has.
    fn insert(&mut self, top: Key, unseen: &FxHashSet<Key>, out: &mut Vec<Change>) {
        let next = |key: Key| self.tree.get(key).and_then(|node| node.next);
        let mut before = next(top);
        while let Some(key) = before {
            if !unseen.contains(&key) {
                break;
            }
            before = next(key);
        }
        out.push(Change::Insert {
            parent: self.parent_handle(top),
            before: before.and_then(|key| self.tree.handle(key)),
            nodes: self.new_nodes(top),
        });
        let all = self.tree.subtree(top);
        self.state_changes(&all, out);
    }

    /// Makes an element anew in the stage, because it is no longer what it was.
    pub(super) fn renew_sheet(&mut self, key: Key, out: &mut Vec<Change>) {
        let Some(node) = self.tree.handle(key) else { return };
        // Its text is the new sheet's.
        let texts: Vec<Key> = self.tree.children(key).collect();
        let css = self
            .tree
            .get(key)
            .and_then(|node| node.element()?.css_text.clone())
            .unwrap_or_default();
        for text in texts {
            self.tree.remove(text);
        }
        let born = self.tree.get(key).map_or(0.0, |node| node.born);
        let text = self.tree.create(None, Kind::Text(css), born);
        self.tree.attach(text, key, Link::Child, None);
        out.push(Change::Remove { node });
        self.tree.renew_handles(key);
        self.insert(key, &FxHashSet::default(), out);
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
        // The value of a list counts more than which of its options was marked.
        for key in keys {
            if let Some(node) = self.tree.get(*key)
                && let Some(selected) = node.element().and_then(|element| element.selected)
            {
                out.push(Change::Selected {
                    node: node.handle,
                    selected,
                });
            }
        }
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

    pub(super) fn focus_change(&self) -> Option<Change> {
        let (id, visible) = self.focus?;
        Some(Change::Focus {
            node: Some(self.handle_of(id)?),
            visible,
        })
    }

    pub(super) fn selection_change(&self) -> Option<Change> {
        let ranges = self
            .selection
            .iter()
            .filter_map(|range| {
                Some(Range {
                    start: self.handle_of(range.start)?,
                    start_offset: range.start_offset,
                    end: self.handle_of(range.end)?,
                    end_offset: range.end_offset,
                })
            })
            .collect();
        Some(Change::Select { ranges })
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
    element
        .attributes
        .iter()
        .filter(|(name, value)| is_shown(element, name, value))
        .map(|(name, value)| (Arc::clone(name), Arc::clone(value)))
        .collect()
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
    for drawn in &element.canvas {
        out.push(match drawn {
            Drawn::Picture(url) => Change::CanvasPicture {
                node,
                url: Arc::clone(url),
            },
            Drawn::Commands(context, commands) => Change::CanvasCommands {
                node,
                context: *context,
                commands: Arc::clone(commands),
            },
        });
    }
}
