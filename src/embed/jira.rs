//! Jira: the Atlassian Document Format (Cloud), and wiki markup (Data Center).

use serde_json::{Value, json};

use super::document::{Block, Inline, Picture};
use super::snippet::Content;

/// A document in the Atlassian Document Format.
pub(super) fn document(content: &mut Content<'_>) -> String {
    if !content.is_hosted() {
        let file = content.file();
        content.notes.push(format!(
            "attach {file} to the issue (POST /rest/api/3/issue/KEY/attachments), then give its Media Services id with \
             --file-id, or a public address with --url, to have it shown in the text"
        ));
    }
    let nodes: Vec<Value> = content
        .blocks()
        .iter()
        .map(|block| match block {
            Block::Clip(picture) => media(picture, content).unwrap_or_else(|| node(&content.in_its_place())),
            block => node(block),
        })
        .collect();
    let document = json!({ "type": "doc", "version": 1, "content": nodes });
    format!("{document:#}\n")
}

/// The clip. Nothing is shown that has no size.
fn media(picture: &Picture, content: &Content<'_>) -> Option<Value> {
    let attributes = match (&content.options.file_id, &content.options.url) {
        (Some(id), _) => json!({
            "type": "file", "id": id, "collection": "",
            "width": picture.width, "height": picture.height, "alt": picture.alt,
        }),
        (None, Some(url)) => json!({
            "type": "external", "url": url,
            "width": picture.width, "height": picture.height, "alt": picture.alt,
        }),
        (None, None) => return None,
    };
    Some(json!({
        "type": "mediaSingle",
        "attrs": { "layout": "center" },
        "content": [{ "type": "media", "attrs": attributes }],
    }))
}

fn node(block: &Block) -> Value {
    let list = |kind: &str, items: &[Vec<Inline>]| {
        let items: Vec<Value> = items
            .iter()
            .map(|item| json!({ "type": "listItem", "content": [paragraph(item)] }))
            .collect();
        json!({ "type": kind, "content": items })
    };
    match block {
        Block::Heading(below, text) => json!({
            "type": "heading",
            "attrs": { "level": below.saturating_add(1).clamp(1, 6) },
            "content": [{ "type": "text", "text": text }],
        }),
        Block::Paragraph(inlines) => paragraph(inlines),
        Block::Marker => paragraph(&[]),
        Block::Clip(picture) => paragraph(&[Inline::Text(picture.alt.clone())]),
        Block::Table { head, rows } => {
            let head: Vec<Value> = head
                .iter()
                .map(|name| cell("tableHeader", &[Inline::Text(name.clone())]))
                .collect();
            let mut all = vec![json!({ "type": "tableRow", "content": head })];
            all.extend(rows.iter().map(|row| {
                let cells: Vec<Value> = row.iter().map(|inlines| cell("tableCell", inlines)).collect();
                json!({ "type": "tableRow", "content": cells })
            }));
            json!({
                "type": "table",
                "attrs": { "isNumberColumnEnabled": false, "layout": "default" },
                "content": all,
            })
        }
        Block::Numbered(items) => list("orderedList", items),
        Block::Bulleted(items) => list("bulletList", items),
    }
}

fn cell(kind: &str, inlines: &[Inline]) -> Value {
    json!({ "type": kind, "attrs": {}, "content": [paragraph(inlines)] })
}

fn paragraph(inlines: &[Inline]) -> Value {
    // Text nodes must not be empty.
    let texts: Vec<Value> = inlines
        .iter()
        .filter_map(|inline| match inline {
            Inline::Text(text) | Inline::Strong(text) | Inline::Code(text) if text.is_empty() => None,
            Inline::Text(text) => Some(json!({ "type": "text", "text": text })),
            Inline::Strong(text) => {
                Some(json!({ "type": "text", "text": text, "marks": [{ "type": "strong" }] }))
            }
            Inline::Code(text) => {
                Some(json!({ "type": "text", "text": text, "marks": [{ "type": "code" }] }))
            }
            Inline::Link { text, url } => {
                let text = if text.is_empty() { url } else { text };
                let link = json!({ "type": "link", "attrs": { "href": url } });
                Some(json!({ "type": "text", "text": text, "marks": [link] }))
            }
        })
        .collect();
    json!({ "type": "paragraph", "content": texts })
}

/// Wiki markup. The clip is shown by its name, as soon as it is attached to the issue.
pub(super) fn wiki(content: &mut Content<'_>) -> String {
    if content.options.url.is_none() {
        let file = content.file();
        content.notes.push(format!(
            "attach {file} to the issue: the text shows it by its name"
        ));
    }
    let mut out = String::new();
    for block in content.blocks() {
        if !out.is_empty() {
            out.push('\n');
        }
        match block {
            Block::Heading(below, text) => {
                out.push_str(&format!(
                    "h{}. {}\n",
                    below.saturating_add(1).clamp(1, 6),
                    escaped(&text)
                ));
            }
            Block::Paragraph(inlines) => out.push_str(&format!("{}\n", line(&inlines))),
            Block::Marker => {}
            Block::Clip(picture) => {
                let source = content.options.url.as_deref().unwrap_or(&picture.file);
                let name = source.replace(['!', '|', '\n', '\r'], "");
                let clip = match (picture.video, &content.options.url) {
                    (false, _) => format!("!{name}|width={}!\n", picture.width),
                    (true, None) => format!("[^{name}]\n"),
                    (true, Some(_)) => format!("[{}|{name}]\n", escaped(&picture.file)),
                };
                out.push_str(&clip);
            }
            Block::Table { head, rows } => {
                let names: Vec<String> = head.iter().map(|name| escaped(name)).collect();
                out.push_str(&format!("||{}||\n", names.join("||")));
                for row in rows {
                    // An empty cell has to hold something, or it becomes the mark of a heading.
                    let cells: Vec<String> = row
                        .iter()
                        .map(|cell| match line(cell) {
                            empty if empty.is_empty() => " ".to_owned(),
                            text => text,
                        })
                        .collect();
                    out.push_str(&format!("|{}|\n", cells.join("|")));
                }
            }
            Block::Numbered(items) => {
                for item in items {
                    out.push_str(&format!("# {}\n", line(&item)));
                }
            }
            Block::Bulleted(items) => {
                for item in items {
                    out.push_str(&format!("* {}\n", line(&item)));
                }
            }
        }
    }
    out
}

fn line(inlines: &[Inline]) -> String {
    inlines
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) => escaped(text),
            Inline::Strong(text) => format!("*{}*", escaped(text)),
            Inline::Code(text) => format!("{{{{{}}}}}", escaped(text)),
            Inline::Link { text, url } => {
                format!("[{}|{}]", escaped(text), url.replace(['|', ']', '\n'], ""))
            }
        })
        .collect()
}

/// Text that stays text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("&#92;"),
            '{' | '}' | '[' | ']' | '|' | '*' | '_' | '+' | '^' | '~' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn recorded_text_stays_text() {
        assert_eq!(
            super::escaped("{code} a|b *c* \\ !x!"),
            "\\{code\\} a\\|b \\*c\\* &#92; \\!x\\!"
        );
    }
}
