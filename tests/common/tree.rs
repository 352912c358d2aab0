//! Pages made by hand, as no recording needs to make them.

use std::sync::Arc;

use domreel::dom::{Change, Handle, Namespace, NewContent, NewNode, STAGE};

/// A subtree in document order.
#[derive(Default)]
pub struct Tree(pub Vec<NewNode>);

impl Tree {
    /// Adds a node below another one, by that one's place; gives its place.
    pub fn add(&mut self, handle: Handle, parent: Option<u32>, content: NewContent) -> u32 {
        self.0.push(NewNode {
            handle,
            parent,
            born: 1000.0,
            content,
        });
        self.0.len() as u32 - 1
    }

    pub fn html(
        &mut self,
        handle: Handle,
        parent: Option<u32>,
        tag: &str,
        attributes: &[(&str, &str)],
    ) -> u32 {
        self.add(handle, parent, element(Namespace::Html, tag, attributes))
    }

    pub fn text(&mut self, handle: Handle, parent: u32, text: &str) {
        self.add(handle, Some(parent), NewContent::Text(text.into()));
    }

    /// What a stage of 400×300 CSS pixels has to do to show it, and nothing else.
    pub fn shown(self) -> Vec<Change> {
        vec![
            Change::Viewport {
                width: 400,
                height: 300,
            },
            Change::Reset,
            Change::Insert {
                parent: STAGE,
                before: None,
                nodes: self.0,
            },
        ]
    }
}

pub fn element(namespace: Namespace, tag: &str, attributes: &[(&str, &str)]) -> NewContent {
    NewContent::Element {
        namespace,
        tag: tag.into(),
        attributes: attributes
            .iter()
            .map(|(name, value)| (Arc::from(*name), Arc::from(*value)))
            .collect(),
    }
}
