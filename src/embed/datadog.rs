//! Datadog: a notebook that is ready to be posted. Its interface takes Markdown and graphs, no images: a
//! clip is shown from its address.

use serde_json::{Value, json};

use super::document::{Block, Inline};
use super::markdown;
use super::snippet::Content;
use super::words;

/// Longest name of a notebook, in characters.
const MOST_NAME: usize = 80;

/// The body of `POST /api/v1/notebooks`.
pub(super) fn notebook(content: &mut Content<'_>) -> String {
    if content.options.url.is_none() {
        let file = content.file();
        content.notes.push(format!(
            "Datadog takes no files: upload {file} to where your colleagues' browsers reach it and give its address with --url"
        ));
    }
    let mut cells: Vec<Value> = Vec::new();
    let mut text: Vec<Block> = Vec::new();
    for block in content.blocks() {
        match block {
            Block::Clip(_) if content.options.url.is_none() => text.push(content.in_its_place()),
            Block::Clip(picture) if picture.video => text.push(Block::Paragraph(vec![Inline::Link {
                text: picture.file.clone(),
                url: picture.src.clone(),
            }])),
            // The clip has a cell of its own, so that it can be moved.
            Block::Clip(_) => {
                cells.extend(cell(&text));
                text.clear();
                cells.extend(cell(&[block]));
            }
            block => text.push(block),
        }
    }
    cells.extend(cell(&text));
    let shown = &content.clip.manifest.shown;
    let time = match (&shown.from_utc, &shown.to_utc) {
        (Some(from), Some(to)) => json!({ "start": from, "end": to, "live": false }),
        _ => json!({ "live_span": "1h" }),
    };
    let notebook = json!({
        "data": {
            "type": "notebooks",
            "attributes": {
                "name": words::line(&content.title, MOST_NAME),
                "status": "published",
                "metadata": { "type": "postmortem", "is_template": false, "take_snapshots": false },
                "time": time,
                "cells": cells,
            },
        },
    });
    format!("{notebook:#}\n")
}

fn cell(blocks: &[Block]) -> Option<Value> {
    let text = markdown(blocks, 1);
    (!text.trim().is_empty()).then(|| {
        json!({
            "type": "notebook_cells",
            "attributes": { "definition": { "type": "markdown", "text": text } },
        })
    })
}
