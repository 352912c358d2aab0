//! Puts a recording and what it refers to into one file.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::asset::pack::{self, PackReport};
use domreel::encode::output::write_file;
use domreel::format::{FormatName, Input, ReadOptions, files, read};
use domreel::redact::{RedactOptions, Redaction};
use serde::Serialize;

use super::Done;
use super::assets::AssetArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::input::source;
use super::limits::LimitArgs;

/// Pack a recording with the pictures, fonts and style sheets that it refers to into one file
///
/// Every command reads the pack like the recording itself, and it renders the same for ever. It is a ZIP (see
/// docs/pack.md) and holds the recording as it is: nothing in it is masked.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel pack session.json --assets page.har -o session.domreel
  domreel pack session.json --allow-host cdn.example.com --allow-host www.example.com -o session.domreel
  domreel render session.domreel -o clip.gif")]
pub(crate) struct PackArgs {
    /// The recording: files of one session, a directory of them, a pack, or ‘-’ for standard input
    #[arg(value_name = "IN", required = true)]
    inputs: Vec<PathBuf>,
    /// Where the pack goes
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// What kind of recording it is, where that is not found: rrweb, datadog, posthog, sentry …
    #[arg(long, value_name = "KIND", help_heading = "Recording")]
    read_as: Option<FormatName>,
    #[command(flatten)]
    assets: AssetArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Serialize)]
struct Made<'a> {
    output: &'a Path,
    bytes: u64,
    #[serde(flatten)]
    report: PackReport,
}

pub(crate) fn run(args: &PackArgs, console: &Console) -> Done {
    let options = ReadOptions {
        format: args.read_as,
        limits: args.limits.limits(),
        ..ReadOptions::default()
    };
    let inputs: Vec<Input> = args.inputs.iter().map(|path| source(path)).collect();
    let (files, packed) = files(&inputs, &options)?;
    let copies: Vec<Input> = files
        .iter()
        .map(|(name, data)| Input::Bytes {
            name: name.clone(),
            data: data.clone(),
        })
        .collect();
    let recording = read(&copies, &options)?;
    let assets = args.assets.assets(&recording, packed, &options.limits)?;
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut report = pack::write(&mut bytes, &files, &recording, &assets)
        .map_err(|error| Failure::new(Status::Output, error))?;
    // The pack has the addresses as they are; on the screen they are in sight.
    let redaction =
        Redaction::new(&RedactOptions::default()).map_err(|error| Failure::new(Status::Internal, error))?;
    for one in &mut report.missing {
        one.url = redaction.text(&one.url);
    }
    let bytes = bytes.into_inner();
    write_file(&args.output, &bytes)?;
    let made = Made {
        output: &args.output,
        bytes: bytes.len() as u64,
        report,
    };
    console.finished(&made, false, || made.text())
}

impl Made<'_> {
    fn text(&self) -> String {
        /// Addresses that are told; --json tells all.
        const TOLD: usize = 10;
        let missing = &self.report.missing;
        let mut text = format!(
            "{}: {} assets, {} missing, {} bytes",
            self.output.display(),
            self.report.assets,
            missing.len(),
            self.bytes
        );
        for one in missing.iter().take(TOLD) {
            text.push_str(&format!("\n  missing {}: {}", one.kind.name(), one.url));
        }
        if missing.len() > TOLD {
            text.push_str(&format!("\n  and {} more", missing.len() - TOLD));
        }
        text
    }
}
