//! Elements that answer a click by themselves: with a caret, a list, a player's button or another page, of which
//! nothing need be recorded. A click on one of them is not dead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::recording::{Attribute, EventData, EventKind, NodeContent, NodeId, NodeRecord, NodeTree, Tab};

/// What is clicked can lie so deep in a link or an editor.
const LEVELS: usize = 16;

/// The target of a click, or what it lies in, of which nothing has been seen yet.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    click: usize,
    node: NodeId,
    levels: usize,
}

/// Positions of those of `clicks` (recording time and target, in order of time) that what was clicked answers by
/// itself. Reads a tab backwards from them, as far as where their targets came into the page.
pub(super) fn answered(tab: &Tab, clicks: &[(f64, NodeId)]) -> BTreeSet<usize> {
    let mut answered = BTreeSet::new();
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut earlier = clicks.iter().enumerate().rev().peekable();
    for event in tab.events.iter().rev() {
        while let Some((click, (_, node))) = earlier.next_if(|(_, (time, _))| *time >= event.time) {
            wanted.push(Wanted {
                click,
                node: *node,
                levels: LEVELS,
            });
        }
        if wanted.is_empty() {
            match earlier.peek() {
                Some(_) => continue,
                None => break,
            }
        }
        if !matches!(event.kind, EventKind::FullSnapshot | EventKind::Mutation) {
            continue;
        }
        match event.data().as_deref() {
            Ok(EventData::FullSnapshot(snapshot)) => {
                look(&snapshot.tree, None, &mut wanted, &mut answered);
                // What is not in the page is not known.
                wanted.clear();
            }
            Ok(EventData::Mutation(mutation)) => {
                // What comes with its parent stands after it, as a rule.
                for add in mutation.adds.iter().rev() {
                    look(&add.tree, Some(add.parent), &mut wanted, &mut answered);
                }
            }
            _ => {}
        }
    }
    answered
}

/// Looks for what is wanted in a tree that was put below `parent`.
fn look(tree: &NodeTree, parent: Option<NodeId>, wanted: &mut Vec<Wanted>, answered: &mut BTreeSet<usize>) {
    let ids: BTreeSet<NodeId> = wanted.iter().map(|one| one.node).collect();
    let places: BTreeMap<NodeId, &NodeRecord> = tree
        .nodes
        .iter()
        .filter_map(|record| Some((record.id.filter(|id| ids.contains(id))?, record)))
        .collect();
    if places.is_empty() {
        return;
    }
    wanted.retain_mut(|one| {
        let Some(mut record) = places.get(&one.node).copied() else {
            return true;
        };
        let mut is_target = one.levels == LEVELS;
        loop {
            if answers(record, is_target) {
                answered.insert(one.click);
                return false;
            }
            if one.levels == 0 {
                return false;
            }
            one.levels -= 1;
            is_target = false;
            match record.parent.and_then(|at| tree.nodes.get(at as usize)) {
                Some(above) => record = above,
                None => break,
            }
        }
        // The rest of the way up is in what was there before.
        parent.is_some_and(|parent| {
            one.node = parent;
            true
        })
    });
}

/// Whether an element answers a click on itself, or on something within it.
fn answers(record: &NodeRecord, is_target: bool) -> bool {
    let NodeContent::Element { tag, attributes, .. } = &record.content else {
        return false;
    };
    let attribute = |wanted: &str| {
        attributes.iter().find_map(|attribute| match attribute {
            Attribute::Plain { name, value } if **name == *wanted => value.as_ref().map(Arc::clone),
            _ => None,
        })
    };
    match &**tag {
        "a" => attribute("href").is_some_and(|href| leads_somewhere(&href)),
        "input" if is_target => {
            let kind = attribute("type").map(|kind| kind.to_ascii_lowercase());
            !matches!(
                kind.as_deref(),
                Some("checkbox" | "radio" | "button" | "submit" | "reset" | "image" | "range")
            )
        }
        "textarea" | "select" | "canvas" | "video" | "audio" if is_target => true,
        _ => attribute("contenteditable").is_some_and(|value| &*value != "false"),
    }
}

/// Whether a link has another place to go to than where it is, or a script.
fn leads_somewhere(href: &str) -> bool {
    let href = href.trim();
    !href.is_empty() && !href.ends_with('#') && !href.to_ascii_lowercase().starts_with("javascript:")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::format::{Input, ReadOptions, read};

    #[test]
    fn fields_links_and_editors_answer_by_themselves() {
        let element = |id: u32, tag: &str, attributes: Value, children: Value| json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children});
        let page = json!([
            element(3, "input", json!({"type": "email"}), json!([])),
            element(4, "input", json!({"type": "submit"}), json!([])),
            element(
                5,
                "a",
                json!({"href": "https://a.example/cart"}),
                json!([element(6, "b", json!({}), json!([]))])
            ),
            element(7, "a", json!({"href": "https://a.example/#"}), json!([])),
            element(8, "div", json!({"contenteditable": ""}), json!([])),
            element(9, "button", json!({}), json!([])),
        ]);
        let node = json!({"type": 0, "id": 1, "childNodes": [element(2, "body", json!({}), page)]});
        let add = |parent: u32, node: Value| json!({"parentId": parent, "nextId": null, "node": node});
        let events = json!([
            {"type": 4, "timestamp": 1, "data": {"href": "https://a.example/", "width": 800, "height": 600}},
            {"type": 2, "timestamp": 2, "data": {"node": node, "initialOffset": {"top": 0, "left": 0}}},
            {"type": 3, "timestamp": 500, "data": {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": [
                add(8, element(10, "p", json!({}), json!([]))),
                add(10, element(11, "i", json!({}), json!([]))),
                add(9, element(12, "i", json!({}), json!([]))),
                add(2, element(13, "textarea", json!({}), json!([]))),
            ]}},
        ]);
        let file = Input::Bytes {
            name: "page".to_owned(),
            data: events.to_string().into_bytes().into(),
        };
        let recording = read(&[file], &ReadOptions::default()).unwrap();
        let clicks: Vec<(f64, NodeId)> = [
            (100.0, 3),
            (110.0, 4),
            (120.0, 5),
            (130.0, 6),
            (140.0, 7),
            (150.0, 9),
        ]
        .into_iter()
        .chain([(600.0, 11), (610.0, 12), (620.0, 13), (630.0, 6), (640.0, 99)])
        .collect();
        let found = answered(&recording.tabs[0], &clicks);
        let found: Vec<NodeId> = found.into_iter().map(|at| clicks[at].1).collect();
        assert_eq!(found, [3, 5, 6, 11, 13, 6]);
    }
}
