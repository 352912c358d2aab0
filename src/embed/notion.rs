//! Notion: the children of a page or block.

use serde_json::{Value, json};

use super::document::{Block, Inline, Picture};
use super::snippet::Content;
use super::words;

/// Longest piece of text, in characters.
const MOST_TEXT: usize = 2000;
/// Most children that one request can add.
const MOST_CHILDREN: usize = 100;

/// The body of a request that appends to a page (`PATCH /v1/blocks/ID/children`).
pub(super) fn children(content: &mut Content<'_>) -> String {
    if !content.is_hosted() {
        let file = content.file();
        content.notes.push(format!(
            "upload {file} (POST /v1/file_uploads, then send it) and give the upload's id with --file-id within an hour, \
             or a public address with --url, to have it shown"
        ));
    }
    let mut children: Vec<Value> = Vec::new();
    for block in content.blocks() {
        match &block {
            Block::Clip(picture) => match media(picture, content) {
                Some(media) => children.push(media),
                None => children.extend(nodes(&content.in_its_place())),
            },
            block => children.extend(nodes(block)),
        }
    }
    children.truncate(MOST_CHILDREN);
    format!("{:#}\n", json!({ "children": children }))
}

fn media(picture: &Picture, content: &Content<'_>) -> Option<Value> {
    let kind = if picture.video { "video" } else { "image" };
    let caption = rich(&[Inline::Text(picture.alt.clone())]);
    let file = match (&content.options.file_id, &content.options.url) {
        (Some(id), _) => json!({ "type": "file_upload", "file_upload": { "id": id }, "caption": caption }),
        (None, Some(url)) => json!({ "type": "external", "external": { "url": url }, "caption": caption }),
        (None, None) => return None,
    };
    Some(json!({ "object": "block", "type": kind, kind: file }))
}

fn nodes(block: &Block) -> Vec<Value> {
    let node = |kind: &str, inlines: &[Inline]| json!({ "object": "block", "type": kind, kind: { "rich_text": rich(inlines) } });
    let list = |kind: &str, items: &[Vec<Inline>]| items.iter().map(|item| node(kind, item)).collect();
    match block {
        Block::Heading(below, text) => {
            let kind = if *below <= 1 { "heading_2" } else { "heading_3" };
            vec![node(kind, &[Inline::Text(text.clone())])]
        }
        Block::Paragraph(inlines) => vec![node("paragraph", inlines)],
        Block::Marker => Vec::new(),
        Block::Clip(picture) => vec![node("paragraph", &[Inline::Text(picture.alt.clone())])],
        Block::Table { head, rows } => {
            let row = |cells: Vec<Value>| json!({ "object": "block", "type": "table_row", "table_row": { "cells": cells } });
            let names = head.iter().map(|name| rich(&[Inline::Text(name.clone())]));
            let mut all = vec![row(names.collect())];
            all.extend(
                rows.iter()
                    .map(|cells| row(cells.iter().map(|cell| rich(cell)).collect())),
            );
            vec![json!({
                "object": "block",
                "type": "table",
                "table": {
                    "table_width": head.len(), "has_column_header": true, "has_row_header": false, "children": all,
                },
            })]
        }
        Block::Numbered(items) => list("numbered_list_item", items),
        Block::Bulleted(items) => list("bulleted_list_item", items),
    }
}

fn rich(inlines: &[Inline]) -> Value {
    let texts: Vec<Value> = inlines
        .iter()
        .map(|inline| {
            let (text, annotations, link) = match inline {
                Inline::Text(text) => (text, json!({}), Value::Null),
                Inline::Strong(text) => (text, json!({ "bold": true }), Value::Null),
                Inline::Code(text) => (text, json!({ "code": true }), Value::Null),
                Inline::Link { text, url } => (text, json!({}), json!({ "url": url })),
            };
            let content: String = if text.chars().count() > MOST_TEXT {
                words::line(text, MOST_TEXT)
            } else {
                text.clone()
            };
            json!({ "type": "text", "text": { "content": content, "link": link }, "annotations": annotations })
        })
        .collect();
    Value::Array(texts)
}
