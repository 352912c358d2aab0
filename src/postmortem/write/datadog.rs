//! The body of a Datadog notebook.
//!
//! Its cells have no place for notes of ours, and what is not known there is refused. So each ends in a definition of a
//! link that leads nowhere, which Markdown does not show: it names the section and the digest of what was written.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Known, NotANotebook, merge_cells};
use crate::embed::document::{Block, Inline, text};
use crate::embed::markdown;
use crate::postmortem::merge::{Merged, digest};
use crate::postmortem::sections::{Section, with_mentions};

/// Begins the line that names a section.
const MARK: &str = "[domreel]: # \"section ";

/// Longest name that the interface takes, in characters.
const LONGEST_NAME: usize = 80;

/// The body of `POST /api/v1/notebooks`. `existing` may be such a body, or what the interface answered: what a person
/// changed in its cells is left alone.
pub(super) fn body(sections: &[Section], existing: Option<&str>) -> Result<Merged, NotANotebook> {
    let mut merged = Merged::default();
    let names: Vec<&str> = sections.iter().map(|section| section.name).collect();
    let mut document = match existing {
        None => blank(),
        Some(existing) => serde_json::from_str(existing).map_err(|error| NotANotebook(error.to_string()))?,
    };
    let old = document
        .pointer("/data/attributes/cells")
        .and_then(Value::as_array)
        .ok_or_else(|| NotANotebook("it has no cells".to_owned()))?
        .clone();
    let mut written: BTreeSet<String> = BTreeSet::new();
    for cell in &old {
        let marked = mark(source(cell)).map(|(_, _, names)| names).unwrap_or_default();
        written.extend(marked.split(' ').map(str::to_owned));
    }
    let all: BTreeSet<&str> = names
        .iter()
        .copied()
        .chain(written.iter().map(String::as_str))
        .collect();
    let all: Vec<&str> = all.into_iter().filter(|name| !name.is_empty()).collect();
    let fresh: Vec<(&'static str, Value)> = sections
        .iter()
        .map(|section| (section.name, cell(section, &all)))
        .collect();
    let known = |cell: &Value| {
        let (content, head, _) = mark(source(cell))?;
        let (name, known) = head.split_once(' ')?;
        Some(Known {
            name: name.to_owned(),
            untouched: known == digest(content),
        })
    };
    let cells = merge_cells(old, fresh, &written, known, &mut merged);
    if let Some(attributes) = document
        .pointer_mut("/data/attributes")
        .and_then(Value::as_object_mut)
    {
        attributes.insert("cells".to_owned(), cells.into());
        // A name that a person gave stays.
        if let (None, Some(title)) = (existing, title(sections)) {
            attributes.insert("name".to_owned(), title.into());
        }
    }
    merged.text = format!("{document:#}\n");
    Ok(merged)
}

fn blank() -> Value {
    json!({
        "data": {
            "type": "notebooks",
            "attributes": {
                "name": "Post-mortem",
                "status": "published",
                "metadata": { "type": "postmortem", "is_template": false, "take_snapshots": false },
                "time": { "live_span": "1w" },
                "cells": [],
            },
        },
    })
}

fn title(sections: &[Section]) -> Option<String> {
    sections.iter().find_map(|section| match section.blocks.first() {
        Some(Block::Heading(0, title)) => Some(title.chars().take(LONGEST_NAME).collect()),
        _ => None,
    })
}

fn source(cell: &Value) -> &str {
    cell.pointer("/attributes/definition/text")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A cell's text without the line that names its section; section and digest; all sections that were written.
fn mark(text: &str) -> Option<(&str, &str, &str)> {
    let (content, mark) = text.rsplit_once(MARK)?;
    let mark = mark.split('"').next()?;
    let (head, names) = mark.split_once(" of ")?;
    Some((content, head, names))
}

/// Markdown only, and pictures by their address only.
fn cell(section: &Section, all: &[&str]) -> Value {
    let by_address = |block: &Block| match block {
        Block::Clip(picture) if !picture.src.starts_with("https://") => Block::Paragraph(vec![
            text("(Upload "),
            Inline::Code(picture.file.clone()),
            text(" to where your colleagues’ browsers reach it, and show it here)"),
        ]),
        block => block.clone(),
    };
    let blocks: Vec<Block> = section.blocks.iter().map(by_address).collect();
    // Handles of people there are their addresses; of teams and channels, names.
    let told = with_mentions(&markdown(&blocks, 1), |name| format!("@{name}"));
    let told = told.trim_matches('\n');
    let told = format!(
        "{told}\n\n{MARK}{} {} of {}\"\n",
        section.name,
        digest(told),
        all.join(" ")
    );
    json!({
        "type": "notebook_cells",
        "attributes": { "definition": { "type": "markdown", "text": told } },
    })
}
