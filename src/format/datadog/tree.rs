//! Pages written as trees: full snapshots of recorder versions 4 to 6, and incremental snapshots of
//! all versions. They are rrweb's but for shadow roots, which are nodes here, and for constructed
//! style sheets, which stand on the document or shadow root that adopts them.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use super::sheets::{in_media, sheet_events};
use super::view::Decoded;
use crate::format::json::{Json, JsonError, Kind};
use crate::format::rrweb;
use crate::recording::{DecodeError, EventData, EventKind, EventRoom, NodeContent, NodeId, NodeTree};

/// Decodes the data of a full or incremental snapshot of a known kind.
pub(super) fn decode(kind: EventKind, bytes: &[u8], room: EventRoom) -> Result<EventData, DecodeError> {
    let mut data = rrweb::decode(kind, bytes, room)?;
    match &mut data {
        EventData::FullSnapshot(snapshot) => define_hosts(&mut snapshot.tree),
        EventData::Mutation(mutation) => {
            for add in &mut mutation.adds {
                define_hosts(&mut add.tree);
            }
        }
        _ => {}
    }
    Ok(data)
}

/// Only elements that were defined can have a shadow root, if they have names of their own.
fn define_hosts(tree: &mut NodeTree) {
    for at in 0..tree.nodes.len() {
        let host = tree
            .nodes
            .get(at)
            .filter(|node| node.content == NodeContent::ShadowRoot)
            .and_then(|root| root.parent);
        if let Some(host) = host
            && let Some(host) = tree.nodes.get_mut(host as usize)
            && let NodeContent::Element { tag, custom, .. } = &mut host.content
        {
            *custom = tag.contains('-');
        }
    }
}

/// The name of the field that holds constructed sheets.
const ADOPTED: &str = "adoptedStyleSheets";

/// The events by which documents and shadow roots in a snapshot adopt their constructed sheets,
/// numbered from `next_sheet` on.
pub(super) fn adoptions(bytes: &[u8], next_sheet: &mut i64) -> Vec<Decoded> {
    if memmem::find(bytes, ADOPTED.as_bytes()).is_none() {
        return Vec::new();
    }
    let mut events = Vec::new();
    // What cannot be read is told of when the snapshot itself is decoded.
    for (root, sheets) in adopting(bytes).unwrap_or_default() {
        let mut new = Vec::new();
        read_sheets(&mut Json::at_offset(bytes, sheets.start), &mut new).ok();
        let new: Vec<(i64, Arc<str>)> = new
            .into_iter()
            .map(|text| {
                let number = *next_sheet;
                *next_sheet = next_sheet.saturating_add(1);
                (number, text)
            })
            .collect();
        let numbers = new.iter().map(|(number, _)| *number).collect();
        events.extend(sheet_events(root, numbers, new));
    }
    events
}

/// An object or array that is being read.
enum Open {
    Array,
    Object {
        id: Option<NodeId>,
        sheets: Option<Range<usize>>,
    },
}

/// All objects with constructed sheets, wherever they stand: their ids, and where the sheets are.
fn adopting(bytes: &[u8]) -> Result<Vec<(NodeId, Range<usize>)>, JsonError> {
    let mut found = Vec::new();
    let mut json = Json::new(bytes);
    let mut open = Vec::new();
    enter(&mut json, &mut open)?;
    while let Some(level) = open.last_mut() {
        match level {
            Open::Array => {
                if json.element()? {
                    enter(&mut json, &mut open)?;
                } else {
                    open.pop();
                }
            }
            Open::Object { id, sheets } => match json.key()?.as_deref() {
                Some("id") => *id = json.integer_or_none()?,
                Some(ADOPTED) => *sheets = Some(json.skip()?),
                Some(_) => enter(&mut json, &mut open)?,
                None => {
                    found.extend(id.zip(sheets.take()));
                    open.pop();
                }
            },
        }
    }
    Ok(found)
}

fn enter(json: &mut Json<'_>, open: &mut Vec<Open>) -> Result<(), JsonError> {
    match json.kind()? {
        Kind::Array => {
            json.array()?;
            open.push(Open::Array);
        }
        Kind::Object => {
            json.object()?;
            open.push(Open::Object {
                id: None,
                sheets: None,
            });
        }
        _ => json.pass()?,
    }
    Ok(())
}

/// The texts of `[{cssRules: […], media?: […], disabled?: true}]`.
fn read_sheets(json: &mut Json<'_>, texts: &mut Vec<Arc<str>>) -> Result<(), JsonError> {
    if json.kind()? != Kind::Array {
        return Ok(());
    }
    json.array()?;
    while json.element()? {
        if json.kind()? != Kind::Object {
            json.pass()?;
            continue;
        }
        let (mut rules, mut media, mut disabled) = (String::new(), String::new(), false);
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "cssRules" => join(json, "\n", &mut rules)?,
                "media" => join(json, ", ", &mut media)?,
                "disabled" => disabled = json.bool_or_none()? == Some(true),
                _ => json.pass()?,
            }
        }
        if disabled {
            rules.clear();
        }
        texts.push(in_media(&rules, &media));
    }
    Ok(())
}

/// Joins an array of strings.
fn join(json: &mut Json<'_>, between: &str, into: &mut String) -> Result<(), JsonError> {
    if json.kind()? != Kind::Array {
        return json.pass();
    }
    json.array()?;
    while json.element()? {
        if let Some(text) = json.string_or_none()? {
            if !into.is_empty() {
                into.push_str(between);
            }
            into.push_str(&text);
        }
    }
    Ok(())
}
