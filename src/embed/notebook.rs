//! Jupyter notebooks (nbformat 4): cells, new notebooks, and cells in notebooks that are there.
//!
//! A notebook that is there is never written anew: cells go in as text at their place, so that all
//! other bytes stay as they are.

use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::document::{self, Block, Part, Place};
use super::files::{ClipFiles, EmbedError};
use super::headings::headings;
use super::html::escaped;
use super::markdown::{self, markdown};
use super::place::{same_heading, spliced};
use crate::digest::sha256;

/// Where a section goes in a document that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Spot {
    /// Before the marker; at the end if there is none.
    #[default]
    Marker,
    /// At the end of what stands under the heading with this text.
    Heading(String),
}

/// What says in a document where clips go.
pub const MARKER: &str = "<!-- domreel -->";

/// The cells of a section: what there is to say, and the clip. `section` names it for the next time.
///
/// # Errors
/// When the clip cannot be read or shown.
pub fn cells(clip: &ClipFiles, section: &str, title: &str, parts: &[Part]) -> Result<Vec<Value>, EmbedError> {
    let manifest = &clip.manifest;
    let told = |wanted: &dyn Fn(Part) -> bool| {
        let parts: Vec<Part> = parts.iter().copied().filter(|part| wanted(*part)).collect();
        markdown(&document::blocks(manifest, &Place::default(), &parts), 2)
    };
    let mut first = markdown(&[Block::Heading(1, title.to_owned())], 1);
    let summary = told(&|part| part == Part::Summary);
    if !summary.is_empty() {
        first.push('\n');
        first.push_str(&summary);
    }
    let mut cells = vec![markdown_cell(section, 1, &first, None)];
    if parts.contains(&Part::Clip) {
        cells.push(clip_cell(clip, section)?);
    }
    let rest = told(&|part| !matches!(part, Part::Clip | Part::Summary));
    if !rest.is_empty() {
        cells.push(markdown_cell(section, 3, &rest, None));
    }
    Ok(cells)
}

fn clip_cell(clip: &ClipFiles, section: &str) -> Result<Value, EmbedError> {
    let manifest = &clip.manifest;
    let facts = &manifest.clip;
    let media_type = facts.media_type.as_deref().unwrap_or_default();
    let alt = &manifest.alt;
    if media_type.starts_with("image/") {
        // Notebooks know APNG by no other name, and browsers move it by this one.
        let media_type = if facts.format == "apng" {
            "image/png"
        } else {
            media_type
        };
        let name = document::relative_url(&facts.file);
        let source = format!("![{}](attachment:{name})\n", markdown::escaped(alt));
        let attachments = json!({ facts.file.clone(): { media_type: clip.clip()? } });
        return Ok(markdown_cell(section, 2, &source, Some(attachments)));
    }
    if !media_type.starts_with("video/") {
        return Err(EmbedError::Format {
            target: "a notebook",
            format: facts.format.clone(),
            instead: "render a clip of one file, like clip.gif",
        });
    }
    let video = format!(
        "<video controls playsinline width=\"{}\" height=\"{}\" style=\"max-width:100%;height:auto\" aria-label=\"{}\" \
         src=\"data:{media_type};base64,{}\"></video>",
        facts.width,
        facts.height,
        escaped(alt),
        clip.clip()?
    );
    let mut bundle = Map::new();
    if let Some(poster) = clip.poster() {
        bundle.insert("image/png".to_owned(), Value::String(poster));
    }
    // As lists of lines, as Jupyter writes them.
    bundle.insert("text/html".to_owned(), json!([video]));
    bundle.insert("text/plain".to_owned(), json!([alt]));
    Ok(json!({
        "cell_type": "code",
        "execution_count": null,
        "id": id(section, 2),
        "metadata": {
            "domreel": { "section": section },
            "jupyter": { "source_hidden": true },
            "tags": ["session-clip"],
        },
        "outputs": [{ "data": bundle, "metadata": {}, "output_type": "display_data" }],
        "source": [],
    }))
}

fn markdown_cell(section: &str, number: u8, source: &str, attachments: Option<Value>) -> Value {
    let mut cell = Map::new();
    if let Some(attachments) = attachments {
        cell.insert("attachments".to_owned(), attachments);
    }
    cell.insert("cell_type".to_owned(), json!("markdown"));
    cell.insert("id".to_owned(), json!(id(section, number)));
    cell.insert(
        "metadata".to_owned(),
        json!({ "domreel": { "section": section }, "tags": ["session-clip"] }),
    );
    let lines: Vec<&str> = source.trim_end_matches('\n').split_inclusive('\n').collect();
    cell.insert("source".to_owned(), json!(lines));
    Value::Object(cell)
}

/// The same for the same section, so that a second run changes nothing.
fn id(section: &str, number: u8) -> String {
    let digest = sha256(section.as_bytes());
    format!("domreel-{}-{number}", digest.get(..12).unwrap_or_default())
}

/// A notebook of these cells.
pub fn notebook(cells: &[Value]) -> String {
    // Without a kernel named, JupyterLab asks for one before it shows anything.
    let kernel = json!({ "display_name": "Python 3", "language": "python", "name": "python3" });
    let notebook = json!({
        "cells": cells,
        "metadata": { "kernelspec": kernel },
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    let mut text = indented(&notebook, 1);
    text.push('\n');
    text
}

/// A notebook of one cell of Markdown.
pub fn of_text(section: &str, markdown: &str) -> String {
    notebook(&[markdown_cell(section, 1, markdown, None)])
}

/// What of a notebook has to be known to add to it.
#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow)]
    cells: &'a RawValue,
    nbformat: u32,
    #[serde(default)]
    nbformat_minor: u32,
}

/// What of a cell has to be known.
#[derive(Deserialize)]
struct KnownCell {
    #[serde(default)]
    cell_type: String,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    metadata: KnownMetadata,
}

#[derive(Default, Deserialize)]
struct KnownMetadata {
    #[serde(default)]
    domreel: Option<KnownSection>,
}

#[derive(Deserialize)]
struct KnownSection {
    section: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Lines(Vec<String>),
}

impl Default for Source {
    fn default() -> Self {
        Source::Text(String::new())
    }
}

impl KnownCell {
    fn text(&self) -> String {
        match &self.source {
            Source::Text(text) => text.clone(),
            Source::Lines(lines) => lines.concat(),
        }
    }
}

/// Puts the cells of a section into a notebook: in place of those of the same section if there are
/// any, else at the spot. Every other byte stays.
///
/// # Errors
/// When it is no notebook of format 4, or the heading is not there.
pub fn put_cells(notebook: &str, section: &str, cells: &[Value], spot: &Spot) -> Result<String, EmbedError> {
    let wrong = |reason: String| EmbedError::Document {
        document: "the notebook".to_owned(),
        reason,
    };
    let known: Known<'_> = serde_json::from_str(notebook)
        .map_err(|error| wrong(format!("it is not what Jupyter writes: {error}")))?;
    if known.nbformat != 4 {
        let found = known.nbformat;
        return Err(wrong(format!(
            "it has format {found}; open and save it with Jupyter to get format 4"
        )));
    }
    let there: Vec<&RawValue> = serde_json::from_str(known.cells.get())
        .map_err(|error| wrong(format!("its cells are not a list: {error}")))?;
    let list = place(notebook, known.cells.get());
    let read: Vec<KnownCell> = there
        .iter()
        .enumerate()
        .map(|(at, cell)| {
            serde_json::from_str(cell.get())
                .map_err(|error| wrong(format!("cell {at} cannot be read: {error}")))
        })
        .collect::<Result<_, _>>()?;
    let indent = indentation(notebook, list, there.first().copied());
    let written: Vec<String> = cells
        .iter()
        .map(|cell| {
            let mut cell = cell.clone();
            // Cells have had ids since 4.5 only.
            if known.nbformat_minor < 5
                && let Some(cell) = cell.as_object_mut()
            {
                cell.remove("id");
            }
            indent.cell(&cell)
        })
        .collect();
    let own = |cell: &KnownCell| {
        cell.metadata
            .domreel
            .as_ref()
            .is_some_and(|known| known.section == section)
    };
    let mine: Vec<usize> = (0..read.len())
        .filter(|at| read.get(*at).is_some_and(own))
        .collect();
    if let (Some(first), Some(last)) = (mine.first(), mine.last()) {
        if last - first + 1 == mine.len() {
            let (Some(first), Some(last)) = (there.get(*first), there.get(*last)) else {
                return Err(wrong("its cells changed while they were read".to_owned()));
            };
            let (start, _) = place(notebook, first.get());
            let (_, end) = place(notebook, last.get());
            return Ok(spliced(notebook, start, end, &written.join(&indent.between())));
        }
        return Err(wrong(format!(
            "cells stand between those of the section ‘{section}’: move them, or delete the section's cells"
        )));
    }
    let at = spot_among(&read, spot).ok_or_else(|| {
        let heading = if let Spot::Heading(heading) = spot {
            heading.as_str()
        } else {
            ""
        };
        wrong(format!("it has no heading ‘{heading}’"))
    })?;
    let between = indent.between();
    let new = written.join(&between);
    if let Some(cell) = there.get(at) {
        let (start, _) = place(notebook, cell.get());
        return Ok(spliced(notebook, start, start, &format!("{new}{between}")));
    }
    match there.last() {
        Some(last) => {
            let (_, end) = place(notebook, last.get());
            Ok(spliced(notebook, end, end, &format!("{between}{new}")))
        }
        None => {
            let (start, end) = list;
            let list = format!("[{}{new}{}]", indent.before(), indent.after());
            Ok(spliced(notebook, start, end, &list))
        }
    }
}

/// The cell before which a section goes; as many as there are for the end.
fn spot_among(cells: &[KnownCell], spot: &Spot) -> Option<usize> {
    let is_text = |cell: &KnownCell| cell.cell_type == "markdown";
    match spot {
        Spot::Marker => {
            let marked = |cell: &KnownCell| is_text(cell) && cell.text().contains(MARKER);
            Some(cells.iter().position(marked).unwrap_or(cells.len()))
        }
        Spot::Heading(wanted) => {
            let headings = |cell: &KnownCell| -> Vec<(u8, String)> {
                if is_text(cell) {
                    headings(&cell.text())
                        .into_iter()
                        .map(|heading| (heading.level, heading.text))
                        .collect()
                } else {
                    Vec::new()
                }
            };
            let found = cells.iter().enumerate().find_map(|(at, cell)| {
                let level = headings(cell)
                    .into_iter()
                    .find(|(_, text)| same_heading(text, wanted))?
                    .0;
                Some((at, level))
            });
            let (at, level) = found?;
            let next = cells
                .iter()
                .skip(at + 1)
                .position(|cell| headings(cell).iter().any(|(found, _)| *found <= level));
            Some(next.map_or(cells.len(), |next| at + 1 + next))
        }
    }
}

/// Where a part of a text lies in it, in bytes.
fn place(text: &str, part: &str) -> (usize, usize) {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    (start, start + part.len())
}

/// How a notebook is indented.
struct Indentation {
    /// Blanks before a cell; `None` when all of it stands on one line.
    cell: Option<usize>,
    /// Blanks to a level.
    step: usize,
    line_end: &'static str,
}

/// As in the notebook's first cell; as Jupyter does where there is none.
fn indentation(notebook: &str, list: (usize, usize), first: Option<&RawValue>) -> Indentation {
    let line_end = if notebook.contains("\r\n") { "\r\n" } else { "\n" };
    let Some(first) = first else {
        let cell = notebook.contains('\n').then_some(2);
        return Indentation {
            cell,
            step: 1,
            line_end,
        };
    };
    let (start, _) = place(notebook, first.get());
    let before = notebook.get(list.0..start).unwrap_or_default();
    let cell = before.rfind('\n').map(|at| before.len() - at - 1);
    Indentation {
        cell,
        step: cell.map_or(1, |cell| (cell / 2).max(1)),
        line_end,
    }
}

impl Indentation {
    fn before(&self) -> String {
        match self.cell {
            Some(blanks) => format!("{}{}", self.line_end, " ".repeat(blanks)),
            None => String::new(),
        }
    }

    fn between(&self) -> String {
        match self.cell {
            Some(_) => format!(",{}", self.before()),
            None => ", ".to_owned(),
        }
    }

    fn after(&self) -> String {
        match self.cell {
            Some(blanks) => format!(
                "{}{}",
                self.line_end,
                " ".repeat(blanks.saturating_sub(self.step))
            ),
            None => String::new(),
        }
    }

    fn cell(&self, cell: &Value) -> String {
        match self.cell {
            Some(blanks) => {
                indented(cell, self.step).replace('\n', &format!("{}{}", self.line_end, " ".repeat(blanks)))
            }
            None => cell.to_string(),
        }
    }
}

/// JSON, indented by so many blanks a level.
fn indented(value: &Value, step: usize) -> String {
    let blanks = " ".repeat(step);
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(blanks.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // A value can always be written to memory.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(bytes).unwrap_or_default()
}
