//! Makes single pictures.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use domreel::clip::{ClipOptions, Idle, TimePoint};
use domreel::encode::EncodeError;
use domreel::encode::frames::png;
use domreel::encode::output::write_file;
use domreel::redact::RedactionReport;
use domreel::render::{Choice, RenderOptions, StillOptions, still};
use serde::Serialize;

use super::Done;
use super::browser::BrowserArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::input::{InputArgs, TabArgs, shown_tab, tell_redaction, warn_of_damage};
use super::picture::{FramingArgs, OverlayArgs, SizeArgs};
use super::render::drawing;

/// Take a picture of a recorded page at one time, or at several
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel shot session.json --at 52.5 -o shot.png
  domreel shot session.json --at 0:10 --at 0:52 -o shot.png      shot-1.png and shot-2.png
  domreel shot session.json --at 13:37:05Z --overlay none --still --scale 1 -o page.png")]
pub(crate) struct ShotArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    tab: TabArgs,
    /// When: seconds (12.5), 1:23, or a time in UTC (13:37:05Z, 2026-11-23T13:37:05Z); again for more pictures
    #[arg(long, value_name = "TIME", required = true)]
    at: Vec<TimePoint>,
    /// The PNG file, or ‘-’ for standard output; several pictures are numbered: shot-1.png, shot-2.png …
    #[arg(short, long, value_name = "PNG")]
    output: PathBuf,
    /// Show the page with CSS animations and transitions off and without a caret
    #[arg(long, help_heading = "Picture")]
    still: bool,
    #[command(flatten)]
    size: SizeArgs,
    #[command(flatten)]
    framing: FramingArgs,
    #[command(flatten)]
    overlay: OverlayArgs,
    #[command(flatten)]
    browser: BrowserArgs,
}

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Shots {
    pictures: Vec<Picture>,
    /// What of the input could not be used, all of it counted.
    damage: u64,
    /// What was masked.
    redactions: RedactionReport,
}

#[derive(Debug, Serialize)]
struct Picture {
    /// The file; `-` for standard output.
    output: PathBuf,
    /// The time that was asked for.
    at: String,
    /// Width in device pixels.
    width: u32,
    /// Height in device pixels.
    height: u32,
}

pub(crate) fn run(args: &ShotArgs, console: &Console) -> Done {
    let to_stdout = args.output.as_os_str() == "-";
    if to_stdout && args.at.len() > 1 {
        return Err(Failure::message(
            Status::Usage,
            "one picture can go to standard output, not several: give a file name with -o",
        ));
    }
    let drawing = drawing(&args.browser, 1)?;
    let mut recording = args.tab.choose(args.input.read()?, console)?;
    let tab = shown_tab(&recording)?;
    let options = RenderOptions {
        clip: ClipOptions {
            idle: Idle::Keep,
            max_length: "100000000".parse().unwrap_or(ClipOptions::default().max_length),
            ..ClipOptions::default()
        },
        choice: Choice::Range,
        size: args.size.size(None),
        framing: args.framing.framing(),
        overlay: args.input.overlay(&args.overlay)?,
        still: args.still,
        drawing,
    };
    let stills = StillOptions { at: args.at.clone() };
    let mut pictures = Vec::new();
    let damage = still(&recording, tab, &options, &stills, |index, picture| {
        let bytes = png(&picture).map_err(|source| EncodeError::Write {
            format: "png",
            source,
        })?;
        let made = Picture {
            output: numbered(&args.output, index, args.at.len()),
            at: args.at.get(index).map(TimePoint::to_string).unwrap_or_default(),
            width: picture.width,
            height: picture.height,
        };
        pictures.push((made, bytes));
        Ok(())
    })?;
    recording.damage.merge(damage);
    for (picture, bytes) in &pictures {
        if to_stdout {
            console.print(bytes)?;
        } else {
            write_file(&picture.output, bytes)?;
        }
    }
    let result = Shots {
        pictures: pictures.into_iter().map(|(picture, _)| picture).collect(),
        damage: warn_of_damage(&recording, console),
        redactions: recording.redaction.clone(),
    };
    tell_redaction(&recording, console);
    console.finished(&result, to_stdout, || result.text())
}

impl Shots {
    fn text(&self) -> String {
        let line = |picture: &Picture| {
            format!(
                "{}: {}×{}, at {}",
                picture.output.display(),
                picture.width,
                picture.height,
                picture.at
            )
        };
        self.pictures.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The name of one of `count` pictures: `shot.png`, or `shot-1.png` and so on.
fn numbered(output: &Path, index: usize, count: usize) -> PathBuf {
    if count == 1 {
        return output.to_owned();
    }
    let mut name = output.file_stem().map(OsString::from).unwrap_or_default();
    name.push(format!("-{}", index + 1));
    if let Some(ending) = output.extension() {
        name.push(".");
        name.push(ending);
    }
    output.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_pictures_are_numbered() {
        let name =
            |output: &str, index, count| numbered(Path::new(output), index, count).display().to_string();
        assert_eq!(name("a/shot.png", 0, 1), "a/shot.png");
        assert_eq!(name("a/shot.png", 0, 2), "a/shot-1.png");
        assert_eq!(name("a.b/shot", 9, 10), "a.b/shot-10");
    }
}
