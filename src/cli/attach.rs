//! Puts a clip, and what there is to say about it, into a document that is there.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::embed::ClipFiles;

use super::Done;
use super::console::Console;
use super::document::{Document, SectionArgs, stem};
use super::failure::{Failure, Status};
use super::render::{self, RenderArgs, Work};

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
  domreel attach session.json --around error --format mp4 --max-size 5MB --to postmortem.md

The section goes before ‘<!-- domreel -->’, under the heading that --under names, or to the end.")]
pub(crate) struct AttachArgs {
    /// The document: .md, .html or .ipynb
    #[arg(long = "to", value_name = "FILE", help_heading = "Document")]
    document: PathBuf,
    #[command(flatten)]
    section: SectionArgs,
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

pub(crate) fn run(args: &AttachArgs, console: &Console) -> Done {
    // What cannot be added to is better known before the clip is made.
    let document = Document::open(&args.document)?;
    let work = match args.render.output() {
        Some(output) => args.render.work(output)?,
        None => beside_document(args)?,
    };
    let extras = render::for_a_document(args.render.extras(), work.plan.format);
    args.render.upload.check(&work.target, work.plan.format)?;
    let made = render::make(&args.render, &work, &extras, console)?;
    let Some(manifest) = made.manifest else {
        return Err(Failure::message(
            Status::Internal,
            "there is no manifest of the clip",
        ));
    };
    let clip = ClipFiles {
        path: work.output,
        manifest,
        limits: args.render.limits(),
    };
    let uploaded = args.render.upload.send(&clip, &clip.limits)?;
    document.put(&args.section, &clip, uploaded.as_ref(), console)
}

/// `postmortem-session.gif` beside `postmortem.md`.
fn beside_document(args: &AttachArgs) -> Result<Work, Failure> {
    let name = format!("{}-{}", stem(&args.document), args.render.recording_name());
    let folder = args.document.parent().unwrap_or(Path::new(""));
    args.render.work_in(folder, &name)
}
