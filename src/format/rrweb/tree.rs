//! Serialized nodes (`packages/types/src/index.ts` of rrweb), of any depth without recursion.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::attributes;
use crate::format::json::{Fault, Json, JsonError, Kind};
use crate::recording::{Attribute, NodeContent, NodeId, NodeRecord, NodeTree};

/// Names that stand in a recording again and again, each kept once; and how many nodes may still come.
pub(super) struct Names {
    known: FxHashMap<Box<str>, Arc<str>>,
    room: u32,
}

impl Names {
    /// None yet, and so many nodes may come.
    pub(super) fn with_room(room: u32) -> Self {
        Names {
            known: FxHashMap::default(),
            room,
        }
    }

    /// Whether one more node may come.
    pub(super) fn has_room(&self) -> bool {
        self.room > 0
    }

    pub(super) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.known.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = Arc::from(name);
        self.known.insert(Box::from(&*name), Arc::clone(&name));
        name
    }
}

/// A node of which not all fields have been read.
#[derive(Default)]
struct Unfinished<'a> {
    /// Its place in the tree.
    index: usize,
    kind: Option<i64>,
    tag: Option<Cow<'a, str>>,
    attributes: Vec<Attribute>,
    text: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    public_id: Option<Cow<'a, str>>,
    system_id: Option<Cow<'a, str>>,
    svg: bool,
    custom: bool,
    quirks: bool,
}

/// Reads a node with all below it, as far as there is room.
pub(super) fn read(json: &mut Json<'_>, names: &mut Names) -> Result<NodeTree, JsonError> {
    let start = json.at();
    // Nodes get their places when they begin; what is not a node is taken out at the end. Most trees are one node.
    let mut nodes: Vec<NodeRecord> = Vec::with_capacity(1);
    let mut open: Vec<Unfinished<'_>> = Vec::with_capacity(1);
    let mut unusable: Vec<usize> = Vec::new();
    begin(json, &mut nodes, &mut open)?;
    names.room = names.room.saturating_sub(1);
    let mut among_children = false;
    while let Some(node) = open.last_mut() {
        if among_children {
            if !json.element()? {
                among_children = false;
            } else if json.kind()? == Kind::Object && names.has_room() {
                begin(json, &mut nodes, &mut open)?;
                names.room -= 1;
                among_children = false;
            } else {
                json.skip()?;
            }
            continue;
        }
        let Some(key) = json.key()? else {
            if let Some(node) = open.pop() {
                let index = node.index;
                match (node.content(names), nodes.get_mut(index)) {
                    (Some(content), Some(record)) => record.content = content,
                    _ => unusable.push(index),
                }
            }
            among_children = true;
            continue;
        };
        match &*key {
            "childNodes" if json.kind()? == Kind::Array => {
                json.array()?;
                among_children = true;
            }
            "attributes" if json.kind()? == Kind::Object => {
                attributes::read(json, names, attributes::Of::Tree, &mut node.attributes)?;
            }
            "type" => node.kind = json.integer_or_none()?,
            "id" => {
                let id = json.integer_or_none()?;
                // Negative numbers are the recorder's for nodes that it does not number.
                set(&mut nodes, node.index, |record| {
                    record.id = id.filter(|id| *id >= 0)
                });
            }
            "isShadow" => {
                let shadow = json.bool_or_none()? == Some(true);
                set(&mut nodes, node.index, |record| record.in_shadow = shadow);
            }
            "tagName" => node.tag = json.string_or_none()?,
            "textContent" => node.text = json.scalar()?,
            "name" => node.name = json.scalar()?,
            "publicId" => node.public_id = json.scalar()?,
            "systemId" => node.system_id = json.scalar()?,
            "isSVG" => node.svg = json.bool_or_none()? == Some(true),
            "isCustom" => node.custom = json.bool_or_none()? == Some(true),
            "compatMode" => node.quirks = json.string_or_none()?.as_deref() == Some("BackCompat"),
            _ => {
                json.skip()?;
            }
        }
    }
    let tree = if unusable.is_empty() {
        nodes
    } else {
        without(&unusable, nodes)
    };
    if tree.is_empty() {
        return Err(JsonError {
            at: start,
            fault: Fault::Expected("a node with a known type"),
        });
    }
    Ok(NodeTree { nodes: tree })
}

fn set(nodes: &mut [NodeRecord], index: usize, change: impl FnOnce(&mut NodeRecord)) {
    if let Some(record) = nodes.get_mut(index) {
        change(record);
    }
}

fn begin<'a>(
    json: &mut Json<'a>,
    nodes: &mut Vec<NodeRecord>,
    open: &mut Vec<Unfinished<'a>>,
) -> Result<(), JsonError> {
    json.object()?;
    let parent = open.last().and_then(|parent| u32::try_from(parent.index).ok());
    open.push(Unfinished {
        index: nodes.len(),
        ..Unfinished::default()
    });
    nodes.push(NodeRecord {
        id: None,
        parent,
        in_shadow: false,
        content: NodeContent::Document { quirks: false },
    });
    Ok(())
}

impl Unfinished<'_> {
    /// The node's content, if it is one.
    fn content(self, names: &mut Names) -> Option<NodeContent> {
        let text = |text: Option<Cow<'_, str>>| Arc::from(text.as_deref().unwrap_or_default());
        Some(match self.kind? {
            0 => NodeContent::Document { quirks: self.quirks },
            1 => NodeContent::Doctype {
                name: text(self.name),
                public_id: text(self.public_id),
                system_id: text(self.system_id),
            },
            2 => {
                let tag = self.tag.as_deref().filter(|tag| !tag.is_empty())?;
                NodeContent::Element {
                    tag: names.get(tag),
                    svg: self.svg,
                    custom: self.custom,
                    attributes: self.attributes,
                }
            }
            3 => NodeContent::Text(text(self.text)),
            4 => NodeContent::Cdata(text(self.text)),
            5 => NodeContent::Comment(text(self.text)),
            // Datadog's: fragments in documents are shadow roots.
            11 => NodeContent::ShadowRoot,
            _ => return None,
        })
    }
}

/// Takes out what is not a node, and all below it.
fn without(unusable: &[usize], nodes: Vec<NodeRecord>) -> Vec<NodeRecord> {
    let unusable: FxHashSet<usize> = unusable.iter().copied().collect();
    let mut kept = Vec::with_capacity(nodes.len());
    let mut places: Vec<Option<u32>> = Vec::with_capacity(nodes.len());
    for (index, mut node) in nodes.into_iter().enumerate() {
        let parent = node
            .parent
            .map(|parent| places.get(parent as usize).copied().flatten());
        // `None` within: the parent was taken out.
        let goes = unusable.contains(&index) || parent == Some(None);
        places.push(match goes {
            true => None,
            false => u32::try_from(kept.len()).ok(),
        });
        if !goes {
            node.parent = parent.flatten();
            kept.push(node);
        }
    }
    kept
}

/// A node's number, where one stands.
pub(super) fn id(json: &mut Json<'_>) -> Result<Option<NodeId>, JsonError> {
    Ok(json.integer_or_none()?.filter(|id| *id >= 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<NodeTree, JsonError> {
        read(&mut Json::new(text.as_bytes()), &mut Names::with_room(u32::MAX))
    }

    #[test]
    fn parents_come_first_whatever_the_order_of_keys() {
        let tree = tree(
            r#"{"childNodes":[{"name":"html","publicId":"","systemId":"","type":1,"id":2},
            {"childNodes":[{"childNodes":[],"tagName":"p","type":2,"id":4,"isShadow":true},{"type":3,"textContent":"x","id":-2}],
            "attributes":{"lang":"en"},"id":3,"tagName":"html","type":2}],"compatMode":"BackCompat","type":0,"id":1}"#,
        )
        .unwrap();
        let shape: Vec<_> = tree
            .nodes
            .iter()
            .map(|node| (node.id, node.parent, node.in_shadow))
            .collect();
        assert_eq!(
            shape,
            [
                (Some(1), None, false),
                (Some(2), Some(0), false),
                (Some(3), Some(0), false),
                (Some(4), Some(2), true),
                (None, Some(2), false)
            ]
        );
        assert_eq!(tree.nodes[0].content, NodeContent::Document { quirks: true });
        assert_eq!(tree.nodes[4].content, NodeContent::Text("x".into()));
    }

    #[test]
    fn unknown_nodes_go_with_all_below_them() {
        let tree = tree(
            r#"{"type":0,"id":1,"childNodes":[
            {"type":77,"id":2,"childNodes":[{"type":3,"id":3,"textContent":"a"}]}, 5,
            {"type":2,"tagName":"b","id":4,"childNodes":[{"type":3,"id":5,"textContent":"c"}]}]}"#,
        )
        .unwrap();
        let shape: Vec<_> = tree.nodes.iter().map(|node| (node.id, node.parent)).collect();
        assert_eq!(shape, [(Some(1), None), (Some(4), Some(0)), (Some(5), Some(1))]);
        assert!(super::tests::tree(r#"{"id":1}"#).is_err());
    }

    #[test]
    fn depth_costs_no_stack() {
        let depth = 100_000;
        let text = format!(
            "{}{}",
            r#"{"type":2,"tagName":"i","attributes":{},"childNodes":["#.repeat(depth),
            r#"],"id":1}"#.repeat(depth)
        );
        assert_eq!(tree(&text).unwrap().nodes.len(), depth);
    }
}
