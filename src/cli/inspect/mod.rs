//! Tells what is in a recording.

mod summary;
mod text;

use clap::Args;

use self::summary::Summary;
use super::Done;
use super::console::Console;
use super::input::{InputArgs, all_damage};

/// Tell what is in a recording: tabs, pages, length, events, errors, idle time, damage
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel inspect session.json
  zcat session.json.gz | domreel inspect -
  domreel inspect session.json --json | jq '.tabs[0].moments[] | select(.kind == \"error\")'

The fields of --json are described in docs/inspect.md.")]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &InspectArgs, console: &Console) -> Done {
    let recording = args.input.read()?;
    let damage = all_damage(&recording);
    let summary = Summary::of(&recording, &damage);
    console.result(&summary, || text::text(&summary))
}

/// What ‘--json’ prints.
#[cfg(feature = "worker")]
pub(crate) fn to_json(recording: &domreel::recording::Recording) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(Summary::of(recording, &all_damage(recording)))
}
