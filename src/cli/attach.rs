//! Puts a clip, and what there is to say about it, into a document that is there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;
use domreel::embed::beside::Extra;
use domreel::embed::document::{self, Block, Part, Place};
use domreel::embed::notebook::{self, Spot};
use domreel::embed::place::{Language, put_section};
use domreel::embed::{ClipFiles, html, markdown};
use domreel::encode::Format;
use domreel::encode::output::write_file;
use serde::Serialize;

use super::Done;
use super::console::Console;
use super::failure::{Failure, Status};
use super::render::{self, RenderArgs};

/// Put a clip with errors, steps and environment into a Markdown or HTML document or a notebook
///
/// Takes all options of ‘render’; the end of a range is --until here. What was put in by a run before is
/// brought up to date in its place; nothing else of the document changes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel attach session.json --around error --to postmortem.md
  domreel attach session.json --from 0:40 --until 1:05 --to postmortem.md --under Timeline
  domreel attach session.json --auto --to analysis.ipynb
  domreel attach session.json --around request:5xx -o clips/order.mp4 --to report.html

The section goes before ‘<!-- domreel -->’, under the heading that --under names, or to the end.")]
pub(crate) struct AttachArgs {
    /// The document: .md, .html or .ipynb
    #[arg(long = "to", value_name = "FILE", help_heading = "Document")]
    document: PathBuf,
    /// Put it under the heading with this text
    #[arg(long, value_name = "HEADING", help_heading = "Document")]
    under: Option<String>,
    /// Name of the section, by which the next run finds it [default: the clip's name]
    #[arg(long, value_name = "NAME", help_heading = "Document")]
    section: Option<String>,
    /// Heading of the section [default: --title, or the worst of what the clip shows]
    #[arg(long, value_name = "TEXT", help_heading = "Document")]
    section_title: Option<String>,
    /// What is said: clip, summary, moments, steps, environment, source [default: all of them]
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = super::embed::part(), help_heading = "Document")]
    parts: Vec<Part>,
    #[command(flatten)]
    render: RenderArgs,
}

impl AttachArgs {
    /// The command as it is shown and read: what ‘render’ calls --to is a document here, and the place of
    /// the clip need not be named.
    pub(crate) fn adapt(command: clap::Command) -> clap::Command {
        command
            .mut_arg("to", |to| to.long("until"))
            .mut_arg("output", |output| {
                output.required(false).help(
                    "Where the clip goes [default: a GIF beside the document, named after document and recording]",
                )
            })
    }
}

/// Kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text(Language),
    Notebook,
}

/// What was done. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Attached<'a> {
    document: &'a Path,
    clip: &'a Path,
    section: &'a str,
    /// Whether the document is another than before.
    changed: bool,
}

pub(crate) fn run(args: &AttachArgs, console: &Console) -> Done {
    let kind = kind(&args.document)?;
    // What cannot be added to is better known before the clip is made.
    let before = std::fs::read_to_string(&args.document).map_err(|error| {
        let error = anyhow::Error::new(error).context(format!("cannot read {}", args.document.display()));
        Failure::new(Status::Input, error)
    })?;
    let output = match args.render.output() {
        Some(output) => output.to_owned(),
        None => beside_document(args),
    };
    let mut extras = args.render.extras();
    // The section is made of the one and shows the other.
    extras.extend([Extra::Manifest, Extra::Poster]);
    if Format::of_name(&output).is_some_and(Format::is_video) {
        extras.push(Extra::Vtt);
    }
    extras.sort_unstable();
    extras.dedup();
    let section = match &args.section {
        Some(section) => section.clone(),
        None => stem(&output),
    };
    let made = render::make(&args.render, &output, &extras, console)?;
    let Some(manifest) = made.manifest else {
        return Err(Failure::message(
            Status::Internal,
            "there is no manifest of the clip",
        ));
    };
    let clip = ClipFiles {
        path: output.clone(),
        manifest,
    };
    let after = put(args, kind, &before, &section, &clip)?;
    let changed = after != before;
    if changed {
        write_file(&args.document, after.as_bytes())?;
    }
    let attached = Attached {
        document: &args.document,
        clip: &output,
        section: &section,
        changed,
    };
    console.finished(&attached, false, || {
        let document = args.document.display();
        match changed {
            true => format!("{document}: shows {}", output.display()),
            false => format!("{document}: is up to date"),
        }
    })
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "md" | "markdown" | "mdx" | "qmd" => Ok(Kind::Text(Language::Markdown)),
        "html" | "htm" => Ok(Kind::Text(Language::Html)),
        "ipynb" => Ok(Kind::Notebook),
        _ => Err(Failure::message(
            Status::Usage,
            format!(
                "{} is no document that domreel can add to: use .md, .html or .ipynb, or paste what ‘domreel embed’ prints",
                path.display()
            ),
        )),
    }
}

/// `postmortem-session.gif` beside `postmortem.md`.
fn beside_document(args: &AttachArgs) -> PathBuf {
    let format = args.render.format().unwrap_or(Format::Gif);
    let name = format!("{}-{}", stem(&args.document), args.render.recording_name());
    let name = match format.extension() {
        Some(extension) => format!("{name}.{extension}"),
        None => name,
    };
    args.document.with_file_name(name)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The document with the section in it.
fn put(
    args: &AttachArgs,
    kind: Kind,
    before: &str,
    section: &str,
    clip: &ClipFiles,
) -> Result<String, Failure> {
    let parts = match args.parts.as_slice() {
        [] => Part::ALL.to_vec(),
        parts => parts.to_vec(),
    };
    let title = match &args.section_title {
        Some(title) => title.clone(),
        None => document::title(&clip.manifest),
    };
    let spot = match &args.under {
        Some(heading) => Spot::Heading(heading.clone()),
        None => Spot::Marker,
    };
    let language = match kind {
        Kind::Notebook => {
            let cells = notebook::cells(clip, section, &title, &parts)?;
            return Ok(notebook::put_cells(before, section, &cells, &spot)?);
        }
        Kind::Text(language) => language,
    };
    let place = Place {
        clip: None,
        folder: folder(&args.document, &clip.path),
    };
    let blocks = document::blocks(&clip.manifest, &place, &parts);
    let heading = [Block::Heading(1, title)];
    let content = |level: u8| {
        let below = level.saturating_add(1);
        match language {
            Language::Markdown => format!("{}\n{}", markdown(&heading, level), markdown(&blocks, below)),
            Language::Html => format!("{}{}", html(&heading, level), html(&blocks, below)),
        }
    };
    Ok(put_section(before, language, section, &spot, content)?)
}

/// The folder of the clip as seen from the document, with a slash at its end: relative where it can be.
fn folder(document: &Path, clip: &Path) -> String {
    let folder_of = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).canonicalize().ok()
    };
    let (Some(from), Some(to)) = (folder_of(document), folder_of(clip)) else {
        return String::new();
    };
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(one, two)| one == two)
        .count();
    let up = from.components().count() - shared;
    let mut folder = "../".repeat(up);
    for part in to.components().skip(shared) {
        folder.push_str(&document::relative_url(&part.as_os_str().to_string_lossy()));
        folder.push('/');
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clip_is_found_from_the_document() {
        let directory = tempfile::tempdir().unwrap();
        let docs = directory.path().join("docs");
        let clips = directory.path().join("my clips");
        std::fs::create_dir(&docs).unwrap();
        std::fs::create_dir(&clips).unwrap();
        let document = docs.join("a.md");
        assert_eq!(folder(&document, &docs.join("a.gif")), "");
        assert_eq!(folder(&document, &clips.join("a.gif")), "../my%20clips/");
        assert_eq!(
            folder(&directory.path().join("a.md"), &clips.join("a.gif")),
            "my%20clips/"
        );
    }

    #[test]
    fn documents_are_known_by_their_names() {
        assert_eq!(kind(Path::new("a.MD")).ok(), Some(Kind::Text(Language::Markdown)));
        assert_eq!(kind(Path::new("a.htm")).ok(), Some(Kind::Text(Language::Html)));
        assert_eq!(kind(Path::new("a.ipynb")).ok(), Some(Kind::Notebook));
        assert!(kind(Path::new("a.docx")).is_err());
    }
}
