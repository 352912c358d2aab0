//! Slack: a message in blocks. Rich text has no markup, so that nothing in it can be taken for one.

use serde_json::{Value, json};

use super::document::{Block, Inline, Picture};
use super::snippet::Content;
use super::words;

/// Longest header, alternative text and piece of text, in characters.
const MOST_HEADER: usize = 150;
const MOST_ALT: usize = 2000;
const MOST_TEXT: usize = 2900;
/// Most blocks of a message.
const MOST_BLOCKS: usize = 50;

/// The arguments of `chat.postMessage`, but for the channel.
pub(super) fn message(content: &mut Content<'_>) -> String {
    if !content.is_hosted() {
        let file = content.file();
        content.notes.push(format!(
            "upload {file} (files.getUploadURLExternal with its alternative text, files.completeUploadExternal) and give \
             its id with --file-id, or a public address with --url, to have it shown among the blocks"
        ));
    }
    let mut blocks: Vec<Value> = content
        .blocks()
        .iter()
        .map(|block| match block {
            Block::Clip(picture) => image(picture, content).unwrap_or_else(|| rich(&content.in_its_place())),
            Block::Heading(1, text) => json!({
                "type": "header",
                "text": { "type": "plain_text", "text": words::line(text, MOST_HEADER), "emoji": false },
            }),
            block => rich(block),
        })
        .collect();
    blocks.truncate(MOST_BLOCKS);
    let text = format!("{}: {}", content.title, content.clip.manifest.alt);
    // What notifications and screen readers tell.
    let message = json!({ "text": words::line(&text, MOST_TEXT), "blocks": blocks });
    format!("{message:#}\n")
}

/// Slack shows images only; a video is a link.
fn image(picture: &Picture, content: &Content<'_>) -> Option<Value> {
    let alt = words::line(&picture.alt, MOST_ALT);
    match (&content.options.file_id, &content.options.url) {
        (Some(id), _) if !picture.video => Some(json!({
            "type": "image", "slack_file": { "id": id }, "alt_text": alt,
        })),
        (_, Some(url)) if !picture.video => Some(json!({
            "type": "image", "image_url": url, "alt_text": alt,
        })),
        (_, Some(url)) => Some(rich(&Block::Paragraph(vec![Inline::Link {
            text: picture.file.clone(),
            url: url.clone(),
        }]))),
        _ => None,
    }
}

fn rich(block: &Block) -> Value {
    let elements = match block {
        Block::Heading(_, text) => vec![section(&[Inline::Strong(text.clone())])],
        Block::Paragraph(inlines) => vec![section(inlines)],
        Block::Marker => Vec::new(),
        Block::Clip(picture) => vec![section(&[Inline::Text(picture.alt.clone())])],
        Block::Table { rows, .. } => {
            let items: Vec<Vec<Inline>> = rows.iter().map(|row| joined(row)).collect();
            vec![list("bullet", &items)]
        }
        Block::Numbered(items) => vec![list("ordered", items)],
        Block::Bulleted(items) => vec![list("bullet", items)],
    };
    json!({ "type": "rich_text", "elements": elements })
}

/// A row of a table as one line: messages are too narrow for tables.
fn joined(row: &[Vec<Inline>]) -> Vec<Inline> {
    let mut line = Vec::new();
    for cell in row.iter().filter(|cell| !cell.is_empty()) {
        if !line.is_empty() {
            line.push(Inline::Text(" · ".to_owned()));
        }
        line.extend(cell.iter().cloned());
    }
    line
}

fn list(style: &str, items: &[Vec<Inline>]) -> Value {
    let items: Vec<Value> = items.iter().map(|item| section(item)).collect();
    json!({ "type": "rich_text_list", "style": style, "elements": items })
}

fn section(inlines: &[Inline]) -> Value {
    let texts: Vec<Value> = inlines
        .iter()
        .filter_map(|inline| match inline {
            Inline::Text(text) | Inline::Strong(text) | Inline::Code(text) if text.is_empty() => None,
            Inline::Text(text) => Some(json!({ "type": "text", "text": text })),
            Inline::Strong(text) => Some(json!({ "type": "text", "text": text, "style": { "bold": true } })),
            Inline::Code(text) => Some(json!({ "type": "text", "text": text, "style": { "code": true } })),
            Inline::Link { text, url } => Some(json!({ "type": "link", "url": url, "text": text })),
        })
        .collect();
    json!({ "type": "rich_text_section", "elements": texts })
}
