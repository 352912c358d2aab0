//! Makes a clip.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use domreel::dom::missing_in_words;
use domreel::embed::beside::Extra;
use domreel::embed::manifest::Manifest;
use domreel::encode::output::{EncodeOptions, Format, Target, open, partial_name};
use domreel::redact::RedactionReport;
use domreel::render::{DrawingOptions, RenderOptions, Report, render};
use serde::Serialize;

use super::Done;
use super::beside::{self, BesideArgs};
use super::browser::BrowserArgs;
use super::clip::ClipArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::input::{InputArgs, TabArgs, tell_redaction, warn_of_damage};
use super::interrupt::Interrupt;
use super::picture::{FramingArgs, OverlayArgs, SizeArgs};
use super::progress::RenderBar;

/// Make a clip of a recording: a GIF, or a directory of PNG frames
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel render session.json -o clip.gif
  domreel render session.json --around error -o clip.gif
  domreel render session.json.gz --from 0:40 --to 1:05 -o clip.gif
  domreel render session.json --from 13:37:05Z --speed 2 --idle off --width 1280 -o clip.gif
  domreel render session.json --around error -o clip.gif --with manifest,vtt,poster
  domreel render session.json -o frames/             PNG files and frames.json
  cat session.json | domreel render - -o - > clip.gif

The first Ctrl-C ends the clip there and calls it clip.partial.gif; the second one gives it up.")]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    tab: TabArgs,
    /// Where the clip goes: a file, a directory for PNG frames, or ‘-’ for standard output
    // No value means that ‘attach’ chooses the place.
    #[arg(short, long, value_name = "OUT", required = true)]
    output: Option<PathBuf>,
    #[command(flatten)]
    beside: BesideArgs,
    /// Format of the clip [default: what the name of OUT says]
    #[arg(long, value_enum)]
    format: Option<ClipFormat>,
    #[command(flatten)]
    clip: ClipArgs,
    #[command(flatten)]
    size: SizeArgs,
    #[command(flatten)]
    framing: FramingArgs,
    #[command(flatten)]
    overlay: OverlayArgs,
    #[command(flatten)]
    browser: BrowserArgs,
    /// How many browsers work at once [default: as many as there are cores, 8 at most]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Browser")]
    jobs: Option<u8>,
    /// Tell where the time went: a table of the steps of each piece of the clip
    #[arg(long, help_heading = "Messages")]
    timings: bool,
}

/// Formats of clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ClipFormat {
    /// An animated GIF
    Gif,
    /// A directory of PNG frames with frames.json
    Png,
}

impl ClipFormat {
    pub(crate) fn format(self) -> Format {
        match self {
            ClipFormat::Gif => Format::Gif,
            ClipFormat::Png => Format::Png,
        }
    }
}

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Made<'a> {
    /// Where it is; `-` for standard output.
    output: &'a Path,
    format: &'static str,
    /// Clip time made in a unit of wall-clock time.
    speed: f64,
    elapsed_ms: u64,
    #[serde(flatten)]
    report: Report,
    /// What of the input could not be used, all of it counted.
    damage: u64,
    /// What was masked.
    redactions: RedactionReport,
}

pub(crate) fn run(args: &RenderArgs, console: &Console) -> Done {
    let began = Instant::now();
    let Some(output) = args.output() else {
        return Err(Failure::message(
            Status::Usage,
            "name a place for the clip with --output",
        ));
    };
    let clip = make(args, output, &args.beside.extras(), console)?;
    let elapsed = began.elapsed();
    let report = clip.report;
    let result = Made {
        output,
        format: clip.format.name(),
        speed: report.clip_ms as f64 / 1000.0 / elapsed.as_secs_f64().max(0.001),
        elapsed_ms: elapsed.as_millis() as u64,
        damage: clip.damage,
        redactions: clip.redactions,
        report,
    };
    console.finished(&result, output.as_os_str() == "-", || result.text())
}

/// A clip that was made.
pub(super) struct Clip {
    format: Format,
    report: Report,
    /// What of the input could not be used, all of it counted.
    damage: u64,
    /// What was masked.
    redactions: RedactionReport,
    /// What is known about it, where that was asked for.
    pub(super) manifest: Option<Manifest>,
}

impl RenderArgs {
    /// Where the clip goes, if that was said.
    pub(super) fn output(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    /// The files that are to be written beside the clip.
    pub(super) fn extras(&self) -> Vec<Extra> {
        self.beside.extras()
    }

    /// What the recording is called, without folders and endings.
    pub(super) fn recording_name(&self) -> String {
        self.input.name()
    }

    /// The format that was asked for.
    pub(super) fn format(&self) -> Option<Format> {
        self.format.map(ClipFormat::format)
    }
}

/// Makes the clip that was asked for, and the files beside it.
pub(super) fn make(
    args: &RenderArgs,
    output: &Path,
    extras: &[Extra],
    console: &Console,
) -> Result<Clip, Failure> {
    beside::check(output, extras, &args.input)?;
    let (target, format) = target(output, args.format)?;
    let drawing = drawing(&args.browser, args.jobs.map_or(0, usize::from))?;
    let interrupt = Interrupt::listen()?;
    let choice = args.clip.choice();
    let began = Instant::now();
    let recording = args.input.read_to_show(&choice, console)?;
    let parsed = began.elapsed();
    let tab = args.tab.choose(&recording, console)?;
    let options = RenderOptions {
        clip: args.clip.options(format.default_fps() as u32),
        choice,
        size: args.size.size(format.default_width()),
        framing: args.framing.framing(),
        overlay: args.input.overlay(&args.overlay)?,
        still: false,
        drawing,
    };
    let encoder = open(&target, format, &EncodeOptions::default())?;
    let encoder = beside::with_poster(encoder, output, extras, (&recording, tab), &options)?;
    let bar = RenderBar::new(console, interrupt).keeping_what_is_there();
    let rendered = render(&recording, tab, &options, encoder, &bar);
    drop(bar);
    let mut report = rendered?;
    if report.partial {
        return Err(stopped(output, format, &report));
    }
    report.timings.parse_ms = parsed.as_secs_f64() * 1000.0;
    if args.timings {
        console.say(&report.timings.to_string());
    }
    if let Some(chosen) = &report.chosen {
        console.note(chosen);
    }
    let manifest = if extras.is_empty() {
        None
    } else {
        beside::write_storyboard(output, extras, (&recording, tab), &options)?;
        Some(beside::describe(
            output,
            format,
            extras,
            (&recording, tab),
            &options,
            &report,
        )?)
    };
    tell_redaction(&recording, console);
    Ok(Clip {
        format,
        damage: warn_of_damage(&recording, console),
        redactions: recording.redaction.clone(),
        report,
        manifest,
    })
}

/// The clip ends where Ctrl-C was pressed; nothing is written beside it.
fn stopped(output: &Path, format: Format, report: &Report) -> Failure {
    let place = match (output.as_os_str() == "-", format) {
        (true, _) => "what was written".to_owned(),
        (false, Format::Png) => output.display().to_string(),
        (false, _) => partial_name(output).display().to_string(),
    };
    let seconds = report.clip_ms as f64 / 1000.0;
    Failure::message(
        Status::Interrupted,
        format!("stopped: {place} holds the first {seconds:.1} s of the clip"),
    )
}

impl Made<'_> {
    fn text(&self) -> String {
        let report = &self.report;
        format!(
            "{}: {}×{}, {} frames, {:.1} s, {} in {:.1} s ({:.1}× real time)",
            self.output.display(),
            report.width,
            report.height,
            report.frames,
            report.clip_ms as f64 / 1000.0,
            size(report.bytes),
            self.elapsed_ms as f64 / 1000.0,
            self.speed,
        ) + &lacking(report)
    }
}

/// What the pictures lack, as lines below the one about the clip.
fn lacking(report: &Report) -> String {
    let missing = missing_in_words(&report.missing, report.missing_more);
    let mut text = match missing.is_empty() {
        true => "\nnothing is missing".to_owned(),
        false => format!("\nmissing: {missing} (‘domreel inspect’ lists them)"),
    };
    let unused = report.unused.iter();
    let unused: Vec<String> = unused
        .map(|(kind, count)| format!("{count} {}", kind.replace('-', " ")))
        .collect();
    if !unused.is_empty() {
        text += &format!("\nnot used: {}", unused.join(", "));
    }
    if report.refused_changes > 0 {
        text += &format!("\n{} changes could not be shown", report.refused_changes);
    }
    text
}

/// What draws, from options and environment.
pub(super) fn drawing(browser: &BrowserArgs, jobs: usize) -> Result<DrawingOptions, Failure> {
    let found = browser.choice().options(1.0)?;
    Ok(DrawingOptions {
        browser: found.program,
        no_sandbox: found.no_sandbox,
        capture: browser.capture(),
        jobs,
        ready: None,
    })
}

/// Where the clip goes, and in which format.
pub(super) fn target(output: &Path, format: Option<ClipFormat>) -> Result<(Target, Format), Failure> {
    let format = format.map(ClipFormat::format);
    if output.as_os_str() == "-" {
        return Ok((Target::Stdout, format.unwrap_or(Format::Gif)));
    }
    let format = format.or_else(|| Format::of_name(output)).ok_or_else(|| {
        Failure::message(
            Status::Usage,
            format!(
                "the name {} tells no format that domreel writes: end it in .gif, name a directory for PNG \
                 frames, or give --format",
                output.display()
            ),
        )
    })?;
    Ok((Target::Path(output.to_owned()), format))
}

/// A number of bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_comes_before_the_name() {
        let format = |name: &str, format| target(Path::new(name), format).map(|(_, format)| format).ok();
        assert_eq!(format("clip.gif", None), Some(Format::Gif));
        assert_eq!(format("clip.gif", Some(ClipFormat::Png)), Some(Format::Png));
        assert_eq!(format("frames", None), Some(Format::Png));
        assert_eq!(format("-", None), Some(Format::Gif));
        assert_eq!(format("clip.doc", None), None);
        assert_eq!(format("clip.doc", Some(ClipFormat::Gif)), Some(Format::Gif));
    }

    #[test]
    fn a_dash_is_standard_output() {
        assert_eq!(target(Path::new("-"), None).unwrap().0, Target::Stdout);
        assert_eq!(
            target(Path::new("./-"), Some(ClipFormat::Gif)).unwrap().0,
            Target::Path("./-".into())
        );
    }

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(45_600), "46 kB");
        assert_eq!(size(1_250_000), "1.2 MB");
    }
}
