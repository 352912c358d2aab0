//! Where the hands of the user are: what a control elsewhere is told to do, the page does by itself.

use crate::dom::Description;
use crate::recording::{Interaction, InteractionKind, NodeId};

/// A click on a label acts within this time, in milliseconds.
const ACTS: f64 = 1000.0;

/// The last click and the focus.
#[derive(Debug)]
pub(super) struct Hands {
    focus: Option<NodeId>,
    click: Option<(f64, Description)>,
    /// Not every recorder tells where they are.
    told: bool,
}

impl Hands {
    /// `told`: whether the recording says anything of clicks and the focus.
    pub(super) fn new(told: bool) -> Self {
        Hands {
            focus: None,
            click: None,
            told,
        }
    }

    /// Takes note of the focus.
    pub(super) fn take(&mut self, done: &Interaction) {
        match done.kind {
            InteractionKind::Focus => self.focus = Some(done.target),
            InteractionKind::Blur if self.focus == Some(done.target) => self.focus = None,
            _ => {}
        }
    }

    /// Takes note of a click on something.
    pub(super) fn click(&mut self, time: f64, on: &Description) {
        self.click = Some((time, on.clone()));
    }

    /// Takes note that another page is shown.
    pub(super) fn leave(&mut self) {
        (self.focus, self.click) = (None, None);
    }

    /// Whether they are on a control, `known` in words, or on what names it.
    pub(super) fn are_on(&self, time: f64, control: NodeId, known: &Description) -> bool {
        let clicked = self.click.as_ref().is_some_and(|(then, on)| {
            let names_it = !on.name.is_empty() && on.name == known.name;
            on.node == known.node || names_it && time - then <= ACTS
        });
        !self.told || clicked || self.focus == Some(control)
    }
}
