//! Tells what is in a recording.

mod summary;
mod text;
mod told;

use clap::{Args, ValueEnum};
use domreel::embed::beside::steps_to_reproduce;

use self::summary::Summary;
use super::Done;
use super::console::Console;
use super::input::{InputArgs, TabArgs};
use super::new::session_facts;

/// Tell what is in a recording: tabs, pages, length, errors, what the user did, idle time, damage
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel inspect session.json
  zcat session.json.gz | domreel inspect -
  domreel inspect session.json --format md | pbcopy          steps to reproduce, for a ticket
  domreel inspect session.json --json | jq '.tabs[0].moments[] | select(.kind == \"error\")'

The fields of --json are described in docs/inspect.md.")]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    tab: TabArgs,
    /// How it is printed: as text (or JSON, with --json), or the steps to reproduce and what went wrong as Markdown
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Print::Text)]
    format: Print,
}

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Print {
    Text,
    Md,
}

pub(crate) fn run(args: &InspectArgs, console: &Console) -> Done {
    let recording = args.input.read()?;
    if args.format == Print::Md {
        let recording = args.tab.choose(recording, console)?;
        let facts = session_facts(&recording)?;
        return console.print(steps_to_reproduce(&facts).as_bytes());
    }
    let recording = args.tab.only(recording)?;
    let summary = Summary::of(&recording);
    console.result(&summary, || text::text(&summary))
}

/// What ‘--json’ prints.
#[cfg(feature = "worker")]
pub(crate) fn to_json(recording: &domreel::recording::Recording) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(Summary::of(recording))
}
