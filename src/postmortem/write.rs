//! The document in the formats that are written: Markdown, HTML, a Jupyter notebook, and the body of
//! a Datadog notebook (`datadog`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::merge::{Merged, digest, merge};
use super::sections::{Section, with_mentions};
use crate::digest::sha256;
use crate::embed::document::Block;
use crate::embed::{html, markdown, notebook};

mod datadog;

const STYLE: &str = include_str!("../../assets/embed/page.css");

/// Kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFormat {
    /// Markdown, with clips and chart in files beside it.
    Markdown,
    /// One HTML file that needs nothing else.
    Html,
    /// A Jupyter notebook (nbformat 4.5) that needs nothing else.
    Notebook,
    /// The body of Datadog's `POST /api/v1/notebooks`.
    Datadog,
}

/// A picture that a document shows, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its name in the document.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// In base64.
    pub base64: String,
}

/// Why a document that is there cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no notebook of this kind: {0}; write to another file, or move it away")]
pub struct NotANotebook(String);

/// The document, with what a person changed in `existing` left alone. `media` is used by notebooks.
///
/// # Errors
/// When `existing` should be a notebook and is none.
pub fn write(
    format: DocumentFormat,
    sections: &[Section],
    media: &[Media],
    existing: Option<&str>,
) -> Result<Merged, NotANotebook> {
    match format {
        DocumentFormat::Markdown => {
            let texts = named(sections, |blocks| {
                with_mentions(&markdown(blocks, 1), in_markdown)
            });
            Ok(merge(existing, &texts))
        }
        DocumentFormat::Html => Ok(page(sections, existing)),
        DocumentFormat::Notebook => cells(sections, media, existing),
        DocumentFormat::Datadog => datadog::body(sections, existing),
    }
}

fn named(sections: &[Section], as_text: impl Fn(&[Block]) -> String) -> Vec<(String, String)> {
    sections
        .iter()
        .map(|section| (section.name.to_owned(), as_text(&section.blocks)))
        .collect()
}

fn page(sections: &[Section], existing: Option<&str>) -> Merged {
    let texts = named(sections, |blocks| with_mentions(&html(blocks, 1), in_html));
    let mut merged = merge(existing, &texts);
    if existing.is_none() {
        merged.text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; media-src data:; \
             style-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Post-mortem</title>\n<style>\n{STYLE}table{{border-collapse:collapse}}\
             td,th{{padding:.25em .9em .25em 0;text-align:left;vertical-align:top;overflow-wrap:break-word}}\
             td code{{overflow-wrap:anywhere}}.mention{{color:var(--accent);font-weight:600}}</style>\n</head>\n<body>\n<main>\n{}</main>\n\
             </body>\n</html>\n",
            merged.text
        );
    }
    merged
}

/// How Markdown mentions: GitHub, GitLab and their like tell whoever is called so; a person's address is written to.
fn in_markdown(name: &str) -> String {
    match name.contains('@') {
        true => format!("[{name}](mailto:{name})"),
        false => format!("@{name}"),
    }
}

/// HTML mentions nobody by itself: it shows who is meant, and leads to an address.
fn in_html(name: &str) -> String {
    match name.contains('@') {
        true => format!("<a class=\"mention\" href=\"mailto:{name}\">{name}</a>"),
        false => format!("<span class=\"mention\">@{name}</span>"),
    }
}

/// Notebooks mention nobody either.
fn in_notebook(name: &str) -> String {
    match name.contains('@') {
        true => in_markdown(name),
        false => format!("**@{name}**"),
    }
}

/// What is known of a cell that was written by an earlier run.
struct Known {
    /// Its section.
    name: String,
    /// A person changed nothing.
    untouched: bool,
}

/// Puts fresh cells into the place of those that nobody changed; `written` are the sections that there ever were.
fn merge_cells(
    old: Vec<Value>,
    fresh: Vec<(&'static str, Value)>,
    written: &BTreeSet<String>,
    known: impl Fn(&Value) -> Option<Known>,
    merged: &mut Merged,
) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::with_capacity(old.len());
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for cell in old {
        let Some(Known { name, untouched }) = known(&cell) else {
            all.push(cell);
            continue;
        };
        match fresh.iter().find(|(fresh, _)| *fresh == name) {
            Some((_, new)) if untouched => all.push(new.clone()),
            _ => {
                if !untouched {
                    merged.kept.push(name.clone());
                }
                all.push(cell);
            }
        }
        places.insert(name, all.len());
    }
    let mut at = 0;
    for (name, new) in fresh {
        if let Some(place) = places.get(name) {
            at = *place;
        } else if written.contains(name) {
            merged.left_out.push(name.to_owned());
        } else {
            all.insert(at, new);
            at += 1;
            for place in places.values_mut().filter(|place| **place >= at) {
                *place += 1;
            }
        }
    }
    all
}

/// Cells of a notebook: one a section, each of which knows the digest of what was written.
fn cells(sections: &[Section], media: &[Media], existing: Option<&str>) -> Result<Merged, NotANotebook> {
    let mut merged = Merged::default();
    let fresh: Vec<(&'static str, Value)> = sections
        .iter()
        .map(|section| (section.name, cell(section, media)))
        .collect();
    let Some(existing) = existing else {
        let cells: Vec<Value> = fresh.into_iter().map(|(_, cell)| cell).collect();
        merged.text = with_written(&notebook::notebook(&cells), sections, &BTreeSet::new())?;
        return Ok(merged);
    };
    let mut document: Value =
        serde_json::from_str(existing).map_err(|error| NotANotebook(error.to_string()))?;
    let written: BTreeSet<String> = document
        .pointer("/metadata/domreel/written")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let old = document
        .get_mut("cells")
        .and_then(Value::as_array_mut)
        .ok_or_else(|| NotANotebook("it has no cells".to_owned()))?;
    let known = |cell: &Value| {
        let name = cell
            .pointer("/metadata/domreel/section")
            .and_then(Value::as_str)?;
        let known = cell.pointer("/metadata/domreel/digest").and_then(Value::as_str);
        Some(Known {
            name: name.to_owned(),
            untouched: known == Some(digest(&source(cell)).as_str()),
        })
    };
    let all = merge_cells(std::mem::take(old), fresh, &written, known, &mut merged);
    *old = all;
    let text = serde_json::to_string(&document).map_err(|error| NotANotebook(error.to_string()))?;
    merged.text = with_written(&text, sections, &written)?;
    Ok(merged)
}

/// Notes in a notebook which sections were ever written into it.
fn with_written(text: &str, sections: &[Section], before: &BTreeSet<String>) -> Result<String, NotANotebook> {
    let wrong = |error: serde_json::Error| NotANotebook(error.to_string());
    let mut document: Value = serde_json::from_str(text).map_err(wrong)?;
    let mut names: BTreeSet<&str> = before.iter().map(String::as_str).collect();
    names.extend(sections.iter().map(|section| section.name));
    let Some(object) = document.as_object_mut() else {
        return Err(NotANotebook("it is no object".to_owned()));
    };
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("domreel".to_owned(), json!({ "written": names }));
    }
    let mut text = serde_json::to_string_pretty(&document).map_err(wrong)?;
    text.push('\n');
    Ok(text)
}

fn source(cell: &Value) -> String {
    match cell.get("source") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn cell(section: &Section, media: &[Media]) -> Value {
    let text = with_mentions(&markdown(&section.blocks, 1), in_notebook);
    let text = text.trim_matches('\n');
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut cell = json!({
        "cell_type": "markdown",
        "id": format!("domreel-{}", sha256(section.name.as_bytes()).get(..12).unwrap_or_default()),
        "metadata": { "domreel": { "section": section.name, "digest": digest(text) } },
        "source": lines,
    });
    let attachments: serde_json::Map<String, Value> = media
        .iter()
        .filter(|media| text.contains(&format!("attachment:{}", media.name)))
        .map(|media| {
            (
                media.name.clone(),
                json!({ media.media_type.clone(): media.base64 }),
            )
        })
        .collect();
    if let (false, Some(cell)) = (attachments.is_empty(), cell.as_object_mut()) {
        cell.insert("attachments".to_owned(), Value::Object(attachments));
    }
    cell
}
