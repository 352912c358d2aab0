//! Makes one picture that tells a clip.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::clip::utc_iso;
use domreel::encode::EncodeError;
use domreel::encode::frames::png;
use domreel::encode::output::write_file;
use domreel::moment::{KeyFrame, KeyKind};
use domreel::redact::RedactionReport;
use domreel::render::{RenderOptions, Storyboard, StoryboardOptions, storyboard};
use serde::Serialize;

use super::Done;
use super::browser::BrowserArgs;
use super::clip::ClipArgs;
use super::console::Console;
use super::failure::Failure;
use super::input::{InputArgs, TabArgs, shown_tab, tell_redaction, warn_of_damage};
use super::picture::{CropArgs, OverlayArgs};
use super::render::drawing;

/// Make one picture of a recording's key frames, with times and texts
///
/// It tells what a clip tells where nothing moves: in PDF, e-mail and print. Shown are what the user did, what went wrong,
/// pages and markers; of many, those that matter most.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel storyboard session.json -o story.png
  domreel storyboard session.json --around error --title 'Checkout fails' --ticket SHOP-17 -o story.png
  domreel storyboard session.json --from 0:40 --to 1:05 --frames 4 --columns 2 -o story.png")]
pub(crate) struct StoryboardArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    tab: TabArgs,
    /// The PNG file, or ‘-’ for standard output
    #[arg(short, long, value_name = "PNG")]
    output: PathBuf,
    #[command(flatten)]
    board: BoardArgs,
    #[command(flatten)]
    clip: ClipArgs,
    #[command(flatten)]
    crop: CropArgs,
    #[command(flatten)]
    overlay: OverlayArgs,
    #[command(flatten)]
    browser: BrowserArgs,
}

/// How the pictures are arranged.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct BoardArgs {
    /// Most pictures, 1 to 48
    #[arg(long, value_name = "N", default_value_t = StoryboardOptions::default().frames as u8,
          value_parser = clap::value_parser!(u8).range(1..=StoryboardOptions::MOST_FRAMES as i64), help_heading = "Picture")]
    frames: u8,
    /// Pictures in a row, 1 to 12 [default: 3, of portrait pages 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=12), help_heading = "Picture")]
    columns: Option<u32>,
    /// Width of the whole in pixels, 320 to 8192 [default: 2000 when a row is full]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(320..=8192), help_heading = "Picture")]
    width: Option<u32>,
}

impl BoardArgs {
    fn options(self) -> StoryboardOptions {
        StoryboardOptions {
            frames: self.frames.into(),
            columns: self.columns,
            width: self.width,
        }
    }
}

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Made<'a> {
    /// Where it is; `-` for standard output.
    output: &'a Path,
    /// Width in pixels.
    width: u32,
    /// Height in pixels.
    height: u32,
    /// The pictures, in order.
    frames: Vec<FrameMade<'a>>,
    /// Why this part is shown, where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    /// What of the input could not be used, all of it counted.
    damage: u64,
    /// What was masked.
    redactions: RedactionReport,
}

#[derive(Debug, Serialize)]
struct FrameMade<'a> {
    /// When what it shows happened, in UTC.
    utc: Option<String>,
    /// What it shows, as kinds of moments and steps.
    kinds: Vec<&'static str>,
    /// The same in words.
    texts: Vec<&'a str>,
}

impl<'a> FrameMade<'a> {
    fn new(frame: &'a KeyFrame) -> Self {
        let kind = |kind| match kind {
            KeyKind::Begin => "begin",
            KeyKind::Step(kind) => kind.name(),
            KeyKind::Moment(kind) => kind.name(),
            KeyKind::End => "end",
        };
        FrameMade {
            utc: utc_iso(frame.time),
            kinds: frame.lines.iter().map(|line| kind(line.kind)).collect(),
            texts: frame.lines.iter().map(|line| &*line.text).collect(),
        }
    }
}

pub(crate) fn run(args: &StoryboardArgs, console: &Console) -> Done {
    let to_stdout = args.output.as_os_str() == "-";
    let drawing = drawing(&args.browser, 1)?;
    let choice = args.clip.choice();
    let recording = args
        .tab
        .choose(args.input.read_to_show(&choice, console)?, console)?;
    let tab = shown_tab(&recording)?;
    let options = RenderOptions {
        clip: args.clip.options(12),
        choice,
        framing: args.crop.framing(),
        overlay: args.input.overlay(&args.overlay)?,
        drawing,
        ..RenderOptions::default()
    };
    let made = storyboard(&recording, tab, &options, &args.board.options())?;
    if let Some(chosen) = &made.chosen {
        console.note(chosen);
    }
    let bytes = encoded(&made)?;
    if to_stdout {
        console.print(&bytes)?;
    } else {
        write_file(&args.output, &bytes)?;
    }
    let result = Made {
        output: &args.output,
        width: made.picture.width,
        height: made.picture.height,
        frames: made.frames.iter().map(FrameMade::new).collect(),
        chosen: made.chosen.clone(),
        damage: warn_of_damage(&recording, console),
        redactions: recording.redaction.clone(),
    };
    tell_redaction(&recording, console);
    console.finished(&result, to_stdout, || result.text())
}

/// The storyboard as a PNG.
pub(super) fn encoded(made: &Storyboard) -> Result<Vec<u8>, Failure> {
    let bytes = png(&made.picture).map_err(|source| EncodeError::Write {
        format: "png",
        source,
    })?;
    Ok(bytes)
}

impl Made<'_> {
    fn text(&self) -> String {
        let count = self.frames.len();
        let pictures = if count == 1 { "picture" } else { "pictures" };
        format!(
            "{}: {}×{}, {count} {pictures}",
            self.output.display(),
            self.width,
            self.height
        )
    }
}
