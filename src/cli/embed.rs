//! Prints what has a clip shown elsewhere.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domreel::embed::beside::sha256_of;
use domreel::embed::document::Part;
use domreel::embed::{ClipFiles, EmbedError, SnippetOptions, Target, snippet};
use domreel::encode::output::write_file;
use serde::Serialize;

use super::Done;
use super::console::Console;
use super::document::{Document, SectionArgs};
use super::failure::{Failure, Status};
use super::limits::LimitArgs;
use super::upload::{UploadArgs, Uploaded};

/// Print what has a clip shown in a document, ticket, notebook or chat
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel render session.json --around error -o clip.gif --with manifest,poster
  domreel embed clip.gif --for markdown
  domreel embed clip.gif --for html                      writes clip.html, which needs no other file
  domreel embed clip.gif --for notebook                  writes clip.ipynb
  domreel embed clip.gif --into analysis.ipynb
  domreel embed clip.gif --for jira --url https://files.example/clip.gif
  domreel embed clip.gif --for notion --upload s3://clips/2026 --public-url https://clips.example/2026
  domreel embed clip.gif --for github -o clip.md && gh issue comment 12 --body-file clip.md --attach clip.gif")]
pub(crate) struct EmbedArgs {
    /// The clip, with its manifest beside it (render --with manifest)
    clip: PathBuf,
    /// Where it is to be shown
    #[arg(long = "for", value_name = "TARGET", value_parser = target(), required_unless_present = "into")]
    target: Option<Target>,
    /// Put it into this document instead: .md, .html or .ipynb; what a run before has put there is brought up to date
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "url", "file_id", "output", "title"], help_heading = "Document")]
    into: Option<PathBuf>,
    #[command(flatten)]
    section: SectionArgs,
    /// The clip's address, where it has been uploaded
    #[arg(long, value_name = "URL", conflicts_with = "upload")]
    url: Option<String>,
    /// The id that Jira (Media Services), Slack or Notion gave the clip when it was uploaded there
    #[arg(long, value_name = "ID", conflicts_with_all = ["url", "upload"])]
    file_id: Option<String>,
    #[command(flatten)]
    upload: UploadArgs,
    /// The heading [default: the worst of what the clip shows]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Where it goes: a file, or ‘-’ for standard output [default: standard output; for html and notebook a
    /// file beside the clip]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

fn target() -> impl TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::ALL.map(Target::name)).try_map(|name| name.parse::<Target>())
}

pub(super) fn part() -> impl TypedValueParser<Value = Part> {
    PossibleValuesParser::new(Part::ALL.map(Part::name)).map(|name| {
        let known = Part::ALL.into_iter().find(|part| part.name() == name);
        known.unwrap_or(Part::Clip)
    })
}

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Embedded<'a> {
    target: &'static str,
    /// Where the snippet is; `null` when it is here.
    output: Option<&'a Path>,
    /// The snippet; `null` when it is in a file.
    snippet: Option<&'a str>,
    /// What is left to be done by hand.
    notes: &'a [String],
}

pub(crate) fn run(args: &EmbedArgs, console: &Console) -> Done {
    let clip = ClipFiles::open(&args.clip, args.limits.limits())?;
    warn_of_changes(&clip, console);
    let uploaded = args.upload.send(&clip, &clip.limits)?;
    if let Some(document) = &args.into {
        return Document::open(document)?.put(&args.section, &clip, uploaded.as_ref(), console);
    }
    if args.section.asks_for_document() {
        let message = "--under, --section and --section-title are about a document: name it with --into";
        return Err(Failure::message(Status::Usage, message));
    }
    let Some(target) = args.target else {
        return Err(Failure::message(
            Status::Usage,
            "name a target with --for, or a document with --into",
        ));
    };
    let options = SnippetOptions {
        url: args
            .url
            .clone()
            .or_else(|| uploaded.as_ref().map(|uploaded| uploaded.clip.clone())),
        folder: uploaded
            .as_ref()
            .map_or(String::new(), |uploaded| uploaded.folder.clone()),
        file_id: args.file_id.clone(),
        parts: args.section.parts.clone(),
        title: args.title.clone(),
    };
    let snippet = snippet(target, &clip, &options)?;
    let output = match &args.output {
        Some(output) if output.as_os_str() == "-" => None,
        Some(output) => Some(output.clone()),
        None if is_file(target) => Some(args.clip.with_extension(snippet.extension)),
        None => None,
    };
    if let Some(output) = &output {
        write_file(output, snippet.text.as_bytes())?;
    }
    for note in &snippet.notes {
        console.note(note);
    }
    let embedded = Embedded {
        target: target.name(),
        output: output.as_deref(),
        snippet: output.is_none().then_some(snippet.text.as_str()),
        notes: &snippet.notes,
    };
    match &output {
        Some(output) => console.finished(&embedded, false, || output.display().to_string()),
        None => console.result(&embedded, || snippet.text.clone()),
    }
}

/// Writes the snippet of a clip that was just made beside it: `clip.html`, `clip.ipynb`, `clip.jira.json`.
/// Tells what is left to be done, and returns where it is.
pub(super) fn write_beside(
    target: Target,
    clip: &ClipFiles,
    uploaded: Option<&Uploaded>,
    console: &Console,
) -> Result<PathBuf, Failure> {
    let options = SnippetOptions {
        url: uploaded.map(|uploaded| uploaded.clip.clone()),
        folder: uploaded.map_or(String::new(), |uploaded| uploaded.folder.clone()),
        ..SnippetOptions::default()
    };
    let snippet = snippet(target, clip, &options)?;
    let path = clip.path.with_extension(match is_file(target) {
        true => snippet.extension.to_owned(),
        false => format!("{target}.{}", snippet.extension),
    });
    write_file(&path, snippet.text.as_bytes())?;
    for note in &snippet.notes {
        console.note(note);
    }
    Ok(path)
}

/// Whether a snippet is a file that needs no other.
fn is_file(target: Target) -> bool {
    matches!(target, Target::Html | Target::Notebook)
}

/// A manifest that is of another clip tells something wrong.
fn warn_of_changes(clip: &ClipFiles, console: &Console) {
    let known = clip.manifest.clip.sha256.as_deref();
    if let (Some(known), Ok(found)) = (known, sha256_of(&clip.path))
        && known != found
    {
        console.note(&format!(
            "{} is not the clip that its manifest is about: what is said may not be what is shown",
            clip.path.display()
        ));
    }
}

impl From<EmbedError> for Failure {
    fn from(error: EmbedError) -> Self {
        let status = match error {
            EmbedError::NoManifest { .. } | EmbedError::Manifest(_) | EmbedError::Unreadable { .. } => {
                Status::Input
            }
            _ => Status::Usage,
        };
        Failure::new(status, error)
    }
}
