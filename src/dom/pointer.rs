//! What is pointed at: the pointer, the button that is held, the keyboard focus, the selection. They
//! stay right when what they point at leaves the page.

use super::node::Kind;
use super::page::Page;
use super::tree::Key;
use super::{Change, Range};
use crate::recording::{DamageKind, Interaction, InteractionKind, NodeId, SelectionRange};

/// A focus that comes this long after the pointer was pressed or released is the pointer's doing, in
/// milliseconds.
const POINTER_FOCUS: f64 = 300.0;

/// What is pointed at in a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Pointing {
    pub(super) hover: Option<Target>,
    pub(super) active: Option<Target>,
    /// What has the focus, and whether it shows.
    pub(super) focus: Option<(Key, bool)>,
    pub(super) selection: Vec<Selected>,
    /// When the pointer was last pressed or released.
    pressed: Option<f64>,
    /// What the event being applied has upset.
    upset: Upset,
}

/// The node that the pointer was over, and the one that it is over since that has left the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    id: NodeId,
    pub(super) key: Key,
}

/// A selected range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selected {
    start: Key,
    end: Key,
    recorded: SelectionRange,
}

#[derive(Debug, Clone, Copy, Default)]
struct Upset {
    hover: bool,
    active: bool,
    focus: bool,
    selection: bool,
}

impl Pointing {
    /// `gone` is no longer where it was; `above` is what it hung below.
    pub(super) fn leaves(&mut self, gone: Key, above: Option<Key>) {
        let move_up = |target: &mut Option<Target>| {
            let Some(id) = target.filter(|target| target.key == gone).map(|target| target.id) else {
                return false;
            };
            *target = above.map(|key| Target { id, key });
            true
        };
        self.upset.hover |= move_up(&mut self.hover);
        self.upset.active |= move_up(&mut self.active);
        if self.focus.is_some_and(|(focus, _)| focus == gone) {
            self.focus = None;
            self.upset.focus = true;
        }
        let before = self.selection.len();
        self.selection
            .retain(|range| range.start != gone && range.end != gone);
        self.upset.selection |= self.selection.len() < before;
    }

    /// A browser collapses ranges in text that is replaced.
    pub(super) fn text_changes(&mut self, key: Key) {
        self.upset.selection |= self
            .selection
            .iter()
            .any(|range| range.start == key || range.end == key);
    }
}

impl Page {
    /// The pointer is over a node; an id that is not on the page leaves it where it was.
    pub(super) fn point_at(&mut self, id: NodeId, out: &mut Vec<Change>) {
        let Some(key) = self.tree.key(id) else { return };
        let target = Some(Target { id, key });
        if self.pointing.hover != target {
            self.pointing.hover = target;
            out.extend(self.hover_change());
        }
    }

    fn press(&mut self, id: NodeId, out: &mut Vec<Change>) {
        if let Some(key) = self.tree.key(id) {
            self.pointing.active = Some(Target { id, key });
            out.extend(self.active_change());
        }
    }

    fn release(&mut self, out: &mut Vec<Change>) {
        if self.pointing.active.take().is_some() {
            out.push(Change::Active { node: None });
        }
    }

    pub(super) fn interact(&mut self, done: &Interaction, time: f64, out: &mut Vec<Change>) {
        use InteractionKind::*;
        match done.kind {
            Focus => {
                let Some(key) = self.known(done.target) else {
                    return;
                };
                let by_pointer = self
                    .pointing
                    .pressed
                    .is_some_and(|pressed| time - pressed < POINTER_FOCUS);
                self.pointing.focus = Some((key, !by_pointer || self.takes_text(key)));
                out.extend(self.focus_change());
            }
            Blur => {
                let target = self.tree.key(done.target);
                if self.pointing.focus.is_some_and(|(key, _)| Some(key) == target) {
                    self.pointing.focus = None;
                    out.push(Change::Focus {
                        node: None,
                        visible: false,
                    });
                }
            }
            MouseDown | TouchStart => {
                self.pointing.pressed = Some(time);
                self.point_at(done.target, out);
                self.press(done.target, out);
            }
            MouseUp | TouchEnd | TouchCancel => {
                self.pointing.pressed = Some(time);
                self.point_at(done.target, out);
                self.release(out);
            }
            // A finger that begins to scroll presses nothing any more.
            TouchMoveDeparted => self.release(out),
            Click | DoubleClick | ContextMenu => {
                // One that the keyboard made has no place.
                if done.position.is_some() {
                    self.pointing.pressed = Some(time);
                    self.point_at(done.target, out);
                }
            }
        }
    }

    /// Whether a click into an element means to type into it.
    fn takes_text(&self, key: Key) -> bool {
        let Some(Kind::Element(element)) = self.tree.get(key).map(|node| &node.kind) else {
            return false;
        };
        match &*element.tag {
            "textarea" => true,
            "input" => !element.input_type().is_some_and(|kind| {
                matches!(
                    &*kind,
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
            }),
            _ => element
                .attribute("contenteditable")
                .is_some_and(|value| &**value != "false"),
        }
    }

    pub(super) fn select(&mut self, ranges: &[SelectionRange], out: &mut Vec<Change>) {
        let before = self.pointing.selection.len();
        self.pointing.selection = ranges
            .iter()
            .filter_map(|range| {
                Some(Selected {
                    start: self.tree.key(range.start)?,
                    end: self.tree.key(range.end)?,
                    recorded: *range,
                })
            })
            .collect();
        let unknown = ranges.len() - self.pointing.selection.len();
        if unknown > 0 {
            self.report(
                DamageKind::UnknownNode,
                format!("{unknown} selected ranges are not on the page"),
            );
        }
        if before > 0 || !self.pointing.selection.is_empty() {
            out.push(self.selection_change());
        }
    }

    /// Tells the stage what is pointed at now, where the event just applied has upset that.
    pub(super) fn point_anew(&mut self, out: &mut Vec<Change>) {
        let upset = std::mem::take(&mut self.pointing.upset);
        let back = |target: Option<Target>, page: &Page| {
            target.map(|target| Target {
                key: page.tree.key(target.id).unwrap_or(target.key),
                ..target
            })
        };
        if upset.hover {
            self.pointing.hover = back(self.pointing.hover, self);
            out.push(self.hover_change().unwrap_or(Change::Hover { node: None }));
        }
        if upset.active {
            self.pointing.active = back(self.pointing.active, self);
            out.push(self.active_change().unwrap_or(Change::Active { node: None }));
        }
        if upset.focus {
            out.push(Change::Focus {
                node: None,
                visible: false,
            });
        }
        if upset.selection {
            out.push(self.selection_change());
        }
    }

    /// What is pointed at, for a stage that does not know.
    pub(super) fn pointing_changes(&mut self, out: &mut Vec<Change>) {
        self.pointing.upset = Upset::default();
        out.extend(self.focus_change());
        out.extend(self.hover_change());
        out.extend(self.active_change());
        if !self.pointing.selection.is_empty() {
            out.push(self.selection_change());
        }
    }

    fn focus_change(&self) -> Option<Change> {
        let (key, visible) = self.pointing.focus?;
        let node = Some(self.tree.handle(key)?);
        Some(Change::Focus { node, visible })
    }

    fn hover_change(&self) -> Option<Change> {
        let node = Some(self.tree.handle(self.pointing.hover?.key)?);
        Some(Change::Hover { node })
    }

    fn active_change(&self) -> Option<Change> {
        let node = Some(self.tree.handle(self.pointing.active?.key)?);
        Some(Change::Active { node })
    }

    fn selection_change(&self) -> Change {
        let range = |selected: &Selected| {
            Some(Range {
                start: self.tree.handle(selected.start)?,
                start_offset: selected.recorded.start_offset,
                end: self.tree.handle(selected.end)?,
                end_offset: selected.recorded.end_offset,
            })
        };
        Change::Select {
            ranges: self.pointing.selection.iter().filter_map(range).collect(),
        }
    }
}
