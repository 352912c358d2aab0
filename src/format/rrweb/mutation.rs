//! Mutations of the document: nodes removed, added and changed.

use std::sync::Arc;

use super::attributes;
use super::decode::Decoded;
use super::tree::{self, Names};
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::{Attribute, Mutation, NodeAdd, NodeId, NodeRemoval};

/// Reads the data of a mutation, with no more added nodes than `room`. Entries that name no node are passed over.
pub(super) fn read(json: &mut Json<'_>, room: u32) -> Decoded<Mutation> {
    let mut mutation = Mutation::default();
    let mut names = Names::with_room(room);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "removes" => entries(json, &mut mutation.removes, removal)?,
            "adds" => entries(json, &mut mutation.adds, |json| add(json, &mut names))?,
            "texts" => entries(json, &mut mutation.texts, text)?,
            "attributes" => entries(json, &mut mutation.attributes, |json| changed(json, &mut names))?,
            "isAttachIframe" => mutation.attaches_frame = json.bool_or_none()? == Some(true),
            _ => json.pass()?,
        }
    }
    Ok(mutation)
}

/// Reads the objects of an array with `read`, which gives `None` for those that cannot be used.
pub(super) fn entries<'a, T>(
    json: &mut Json<'a>,
    into: &mut Vec<T>,
    mut read: impl FnMut(&mut Json<'a>) -> Result<Option<T>, JsonError>,
) -> Result<(), JsonError> {
    if json.kind()? != Kind::Array {
        return json.pass();
    }
    json.array()?;
    while json.element()? {
        if json.kind()? == Kind::Object {
            into.extend(read(json)?);
        } else {
            json.pass()?;
        }
    }
    Ok(())
}

fn removal(json: &mut Json<'_>) -> Result<Option<NodeRemoval>, JsonError> {
    let (mut parent, mut id, mut in_shadow) = (None, None, false);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "parentId" => parent = tree::id(json)?,
            "id" => id = tree::id(json)?,
            "isShadow" => in_shadow = json.bool_or_none()? == Some(true),
            _ => json.pass()?,
        }
    }
    Ok(id.map(|id| NodeRemoval {
        parent: parent.unwrap_or(-1),
        id,
        in_shadow,
    }))
}

fn add(json: &mut Json<'_>, names: &mut Names) -> Result<Option<NodeAdd>, JsonError> {
    let (mut parent, mut next, mut previous, mut tree) = (None, None, None, None);
    let mut told_next = false;
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "parentId" => parent = tree::id(json)?,
            "nextId" => {
                // Old recorders write -1 for a sibling that they had not numbered yet.
                let id = json.integer_or_none()?;
                told_next = id != Some(-1);
                next = id.filter(|id| *id >= 0);
            }
            "previousId" => previous = tree::id(json)?,
            "node" if json.kind()? == Kind::Object && names.has_room() => {
                tree = Some(tree::read(json, names)?)
            }
            _ => json.pass()?,
        }
    }
    let previous = previous.filter(|_: &NodeId| !told_next);
    Ok(parent.zip(tree).map(|(parent, tree)| NodeAdd {
        parent,
        next,
        previous,
        tree,
    }))
}

fn changed(json: &mut Json<'_>, names: &mut Names) -> Result<Option<(NodeId, Vec<Attribute>)>, JsonError> {
    let (mut id, mut changed) = (None, Vec::new());
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => id = tree::id(json)?,
            "attributes" if json.kind()? == Kind::Object => {
                attributes::read(json, names, attributes::Of::Mutation, &mut changed)?;
            }
            _ => json.pass()?,
        }
    }
    Ok(id.map(|id| (id, changed)))
}

fn text(json: &mut Json<'_>) -> Result<Option<(NodeId, Arc<str>)>, JsonError> {
    let (mut id, mut value) = (None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => id = tree::id(json)?,
            "value" => value = json.scalar()?,
            _ => json.pass()?,
        }
    }
    Ok(id.map(|id| (id, Arc::from(value.as_deref().unwrap_or_default()))))
}
