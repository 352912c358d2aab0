//! Picks the sessions that show a problem best.

use std::fmt::Write;

use clap::Args;
use domreel::clip::utc_text;
use domreel::scan::{PickOptions, Picked, beside, healthy, pick};
use serde::Serialize;

use super::Done;
use super::console::{Console, shown};
use super::failure::{Failure, Status};
use super::scan::{SetArgs, chosen};

/// Healthy sessions that are named.
const MOST_HEALTHY: usize = 3;

/// Pick the session that shows a problem best, and say why
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel scan recordings/                          lists the groups
  domreel pick error-3f9a1c recordings/
  domreel pick \"reading 'total'\" recordings/ -n 3 --diverse

The fields of --json are described in docs/scan.md.")]
pub(crate) struct PickArgs {
    /// The problem: the id of a group of ‘domreel scan’, the beginning of an id, or a part of its title
    #[arg(value_name = "GROUP")]
    group: String,
    #[command(flatten)]
    set: SetArgs,
    /// How many sessions
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    count: u16,
    /// Pick sessions that ran into it in different ways
    #[arg(long)]
    diverse: bool,
}

#[derive(Debug, Serialize)]
struct PickResult<'a> {
    group: &'a str,
    title: &'a str,
    sessions: usize,
    picked: &'a [Picked],
    /// Sessions that went well on the same page, the most alike first: what the first can be seen beside.
    healthy: Vec<String>,
}

pub(crate) fn run(args: &PickArgs, console: &Console) -> Done {
    let (scan, filter) = args.set.scan(console)?;
    let groups = scan.groups(&filter);
    let group = chosen(&groups, &args.group)?;
    let options = PickOptions {
        count: usize::from(args.count),
        diverse: args.diverse,
        ..PickOptions::default()
    };
    let picked = pick(&scan, group, &options);
    if picked.is_empty() {
        return Err(Failure::message(
            Status::Input,
            format!("no session of {} has anything to show", group.id),
        ));
    }
    let healthy: Vec<String> = picked
        .first()
        .map(|first| healthy(&scan, group, first, MOST_HEALTHY))
        .into_iter()
        .flatten()
        .map(|scanned| scanned.source.path().display().to_string())
        .collect();
    let result = PickResult {
        group: &group.id,
        title: &group.title,
        sessions: group.sessions,
        picked: &picked,
        healthy,
    };
    console.result(&result, || text(&result))
}

fn text(result: &PickResult<'_>) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{}  {} ({} sessions)",
        result.group,
        shown(result.title, 100),
        result.sessions
    );
    for picked in result.picked {
        let time = utc_text(picked.time_ms as f64).unwrap_or_default();
        let _ = writeln!(text, "\n{}\n  score {}, at {time}", picked.path, picked.score);
        for reason in &picked.reasons {
            let _ = writeln!(text, "  + {}", shown(reason, 200));
        }
        for drawback in &picked.drawbacks {
            let _ = writeln!(text, "  - {}", shown(drawback, 200));
        }
        let events: String = picked
            .events
            .iter()
            .map(|path| format!(" --events {}", quoted(path)))
            .collect();
        let around = time.replace(" UTC", "Z").replace(' ', "T");
        let _ = writeln!(
            text,
            "  domreel render {}{events} --around {around} -o clip.gif",
            quoted(&picked.path)
        );
    }
    if let (Some(picked), Some(healthy)) = (result.picked.first(), result.healthy.first()) {
        let found = beside(std::path::Path::new(&picked.path)).map(|source| source.events.len());
        // The command finds only what stands beside the recording.
        if found.is_ok_and(|found| found == picked.events.len()) {
            let time = utc_text(picked.time_ms as f64).unwrap_or_default();
            let around = time.replace(" UTC", "Z").replace(' ', "T");
            let _ = writeln!(
                text,
                "\nbeside a session that went well\n  domreel compare {} {} --around {around} -o compare.gif",
                quoted(&picked.path),
                quoted(healthy)
            );
        }
    }
    text
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
