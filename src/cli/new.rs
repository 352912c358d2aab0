//! Documents to begin with.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domreel::clip::{Clip, ClipOptions, Idle, Seconds};
use domreel::embed::manifest::{Beside, DrawnWith, Facts, Manifest};
use domreel::embed::{html, markdown, notebook, postmortem};
use domreel::encode::Format;
use domreel::encode::output::write_file;
use domreel::recording::Recording;
use domreel::render::{RenderOptions, Report};

use super::Done;
use super::console::Console;
use super::failure::{Failure, Status};
use super::input::{InputArgs, TabArgs, shown_tab};

/// Begin a document, with what a recording knows filled in
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(subcommand)]
    document: Document,
}

#[derive(Debug, Subcommand)]
enum Document {
    Postmortem(PostmortemArgs),
}

/// A post-mortem: summary, impact, timeline, trigger, causes, detection, resolution, lessons, actions
///
/// What a recording knows is filled in; the rest says what is to be written. No browser is needed. ‘domreel
/// attach’ puts a clip into it afterwards.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel new postmortem -o postmortem.md
  domreel new postmortem session.json --title 'Orders fail' -o postmortem.md
  domreel attach session.json --around error --to postmortem.md")]
struct PostmortemArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    tab: TabArgs,
    /// What it is about [default: the worst of what the recording shows]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Where it goes: .md, .html or .ipynb; or ‘-’ for Markdown on standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

impl NewArgs {
    /// The command as it is shown and read: a document can be begun without a recording.
    pub(crate) fn adapt(command: clap::Command) -> clap::Command {
        command.mut_subcommand("postmortem", |command| {
            command.mut_arg("inputs", |inputs| inputs.required(false))
        })
    }
}

pub(crate) fn run(args: &NewArgs, console: &Console) -> Done {
    let Document::Postmortem(args) = &args.document;
    let output = &args.output;
    let to_stdout = output.as_os_str() == "-";
    if !to_stdout && output.exists() && !args.force {
        let message = format!("{} is there already: --force writes over it", output.display());
        return Err(Failure::message(Status::Usage, message));
    }
    let extension = output
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let manifest = match args.input.is_empty() {
        true => None,
        false => Some(session_facts(&args.tab.choose(args.input.read()?, console)?)?),
    };
    let blocks = postmortem(manifest.as_ref(), args.title.as_deref());
    let written = match extension.as_str() {
        "md" | "markdown" => markdown(&blocks, 1),
        _ if to_stdout => markdown(&blocks, 1),
        "html" | "htm" => format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Post-mortem</title>\n</head>\n\
             <body>\n{}</body>\n</html>\n",
            html(&blocks, 1)
        ),
        "ipynb" => notebook::of_text("postmortem", &markdown(&blocks, 1)),
        _ => {
            return Err(Failure::message(
                Status::Usage,
                format!(
                    "{} names no kind of document: end it in .md, .html or .ipynb",
                    output.display()
                ),
            ));
        }
    };
    if to_stdout {
        return console.print(written.as_bytes());
    }
    write_file(output, written.as_bytes())?;
    let result = serde_json::json!({ "output": output });
    console.finished(&result, false, || output.display().to_string())
}

/// What is known of the whole session that its first tab shows, without a clip of it.
pub(super) fn session_facts(recording: &Recording) -> Result<Manifest, Failure> {
    let tab = shown_tab(recording)?;
    // All of it at its own speed, so that every time is one of the session.
    let options = RenderOptions {
        clip: ClipOptions {
            idle: Idle::Keep,
            max_length: Seconds::from_milliseconds(f64::MAX),
            ..ClipOptions::default()
        },
        ..RenderOptions::default()
    };
    let clip = Clip::new(tab, &options.clip)?;
    let report = Report {
        clip_ms: clip.map.play_length() as u64,
        clip: Some(clip),
        ..Report::default()
    };
    let facts = Facts {
        recording,
        tab,
        options: &options,
        report: &report,
        format: Format::Gif,
        file: "",
        sha256: None,
        beside: &Beside::default(),
        drawn_with: &DrawnWith::default(),
        redactions: &[],
    };
    Manifest::new(&facts).ok_or_else(|| Failure::message(Status::Internal, "the session has no clip"))
}
