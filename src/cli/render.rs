//! Makes a clip.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use domreel::dom::missing_in_words;
use domreel::embed::ClipFiles;
use domreel::embed::beside::Extra;
use domreel::embed::manifest::Manifest;
use domreel::encode::output::{Format, Target, partial_name};
use domreel::limits::Limits;
use domreel::redact::RedactionReport;
use domreel::render::{DrawingOptions, RenderOptions, Report, render};
use serde::Serialize;

use super::Done;
use super::arenas;
use super::beside::{self, BesideArgs};
use super::browser::BrowserArgs;
use super::clip::ClipArgs;
use super::console::Console;
use super::embed;
use super::failure::{Failure, Status};
use super::file::{self, EncoderArgs, FileArgs, FilePlan};
use super::input::{InputArgs, TabArgs, shown_tab, tell_redaction, warn_of_damage};
use super::interrupt::Interrupt;
use super::picture::{FramingArgs, OverlayArgs, SizeArgs};
use super::progress::RenderBar;
use super::upload::UploadArgs;

/// Make a clip of a recording: a GIF, a video, an animated picture, or a directory of PNG frames
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel render session.json -o clip.gif
  domreel render session.json --around error -o clip.gif
  domreel render session.json.gz --from 0:40 --to 1:05 -o clip.gif
  domreel render session.json --from 13:37:05Z --speed 2 --idle off --width 1280 -o clip.gif
  domreel render session.json --around error -o clip.gif --with manifest,vtt,poster
  domreel render session.json --around error -o clip.mp4 --max-size 2MB
  domreel render session.json --for github -o clip   clip.mp4 of at most 10 MB, and clip.github.md
  domreel render session.json --for jira -o clip     clip.gif and clip.jira.json
  domreel render session.json --for jira -o clip --upload s3://clips/2026 --public-url https://clips.example/2026
  domreel render session.json -o frames/             PNG files and frames.json
  cat session.json | domreel render - -o - > clip.gif

The first Ctrl-C ends the clip there and calls it clip.partial.gif; the second one gives it up.")]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    tab: TabArgs,
    /// Where the clip goes: a file (.gif, .mp4, .webp, .apng, .webm), a directory for PNG frames, or ‘-’ for
    /// standard output
    // No value means that ‘attach’ chooses the place.
    #[arg(short, long, value_name = "OUT", required = true)]
    output: Option<PathBuf>,
    #[command(flatten)]
    beside: BesideArgs,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    pub(super) upload: UploadArgs,
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

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Made<'a> {
    /// Where it is; `-` for standard output.
    output: &'a Path,
    format: &'static str,
    /// Where the snippet is, if there is one.
    snippet: Option<PathBuf>,
    /// Where the clip has been uploaded to, if it has.
    link: Option<String>,
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
    arenas::share_freed_memory();
    let began = Instant::now();
    let Some(output) = args.output() else {
        return Err(Failure::message(
            Status::Usage,
            "name a place for the clip with --output",
        ));
    };
    let to_stdout = output.as_os_str() == "-";
    let work = args.work(output)?;
    let mut extras = args.extras();
    let target = work.plan.preset.as_ref().map(|preset| preset.target);
    let target = target.filter(|_| !to_stdout);
    args.upload.check(&work.target, work.plan.format)?;
    if target.is_some() || args.upload.is_wanted() {
        extras = for_a_document(extras, work.plan.format);
    }
    let clip = make(args, &work, &extras, console)?;
    let elapsed = began.elapsed();
    let report = clip.report;
    let output = &work.output;
    let (mut snippet, mut uploaded) = (None, None);
    if let Some(manifest) = clip.manifest {
        let files = ClipFiles {
            path: output.clone(),
            manifest,
            limits: args.limits(),
        };
        uploaded = args.upload.send(&files, &files.limits)?;
        if let Some(target) = target {
            snippet = Some(embed::write_beside(target, &files, uploaded.as_ref(), console)?);
        }
    }
    let result = Made {
        output,
        format: work.plan.format.name(),
        snippet,
        link: uploaded.map(|uploaded| uploaded.clip),
        speed: report.clip_ms as f64 / 1000.0 / elapsed.as_secs_f64().max(0.001),
        elapsed_ms: elapsed.as_millis() as u64,
        damage: clip.damage,
        redactions: clip.redactions,
        report,
    };
    console.finished(&result, to_stdout, || result.text())
}

/// A clip that was made.
pub(super) struct Clip {
    report: Report,
    /// What of the input could not be used, all of it counted.
    damage: u64,
    /// What was masked.
    redactions: RedactionReport,
    /// What is known about it, where that was asked for.
    pub(super) manifest: Option<Manifest>,
}

/// Where a clip goes and what its file is.
pub(super) struct Work {
    pub(super) output: PathBuf,
    pub(super) target: Target,
    pub(super) plan: FilePlan,
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

    /// How much the recording and the clip may come to.
    pub(super) fn limits(&self) -> Limits {
        self.input.limits()
    }

    /// What the recording is called, without folders and endings.
    pub(super) fn recording_name(&self) -> String {
        self.input.name()
    }

    /// The clip for a place.
    ///
    /// # Errors
    /// When its name tells no format, or what is asked for does not go together.
    pub(super) fn work(&self, output: &Path) -> Result<Work, Failure> {
        let (mut target, named) = file::target(output, &self.file)?;
        let plan = self.file.plan(named, &self.encoder, self.limits())?;
        let mut output = output.to_owned();
        // What is made for a place goes by a name that the place knows.
        if let (Target::Path(path), None, Some(_)) = (&mut target, named, &plan.preset)
            && let (None, Some(extension)) = (path.extension(), plan.format.extension())
        {
            path.set_extension(extension);
            output.clone_from(path);
        }
        Ok(Work { output, target, plan })
    }

    /// The clip in a folder, of the format that was asked for: a GIF if none was.
    ///
    /// # Errors
    /// When what is asked for does not go together.
    pub(super) fn work_in(&self, folder: &Path, name: &str) -> Result<Work, Failure> {
        let plan = self.file.plan(None, &self.encoder, self.limits())?;
        let output = folder.join(match plan.format.extension() {
            Some(extension) => format!("{name}.{extension}"),
            None => name.to_owned(),
        });
        Ok(Work {
            target: Target::Path(output.clone()),
            output,
            plan,
        })
    }
}

/// The files beside a clip that documents are made of, and what else was asked for.
pub(super) fn for_a_document(mut extras: Vec<Extra>, format: Format) -> Vec<Extra> {
    // Sections and snippets are made of the one and show the other.
    extras.extend([Extra::Manifest, Extra::Poster]);
    if format.is_video() {
        extras.push(Extra::Vtt);
    }
    extras.sort_unstable();
    extras.dedup();
    extras
}

/// Makes the clip that was asked for, and the files beside it.
pub(super) fn make(
    args: &RenderArgs,
    work: &Work,
    extras: &[Extra],
    console: &Console,
) -> Result<Clip, Failure> {
    let Work { output, target, plan } = work;
    beside::check(output, extras, &args.input)?;
    let drawing = drawing(&args.browser, args.jobs.map_or(0, usize::from))?;
    let interrupt = Interrupt::listen()?;
    let choice = args.clip.choice();
    let began = Instant::now();
    let recording = args.input.read_to_show(&choice, console)?;
    let parsed = began.elapsed();
    let recording = args.tab.choose(recording, console)?;
    let tab = shown_tab(&recording)?;
    let options = RenderOptions {
        clip: args.clip.options(plan.default_fps()),
        choice,
        size: args.size.size(plan.default_width()),
        framing: args.framing.framing(),
        overlay: args.input.overlay(&args.overlay)?,
        still: false,
        drawing,
    };
    let encoder = plan.open(target, options.clip.fps)?;
    let encoder = beside::with_poster(encoder, output, extras, (&recording, tab), &options)?;
    let bar = RenderBar::new(console, interrupt).keeping_what_is_there();
    let rendered = render(&recording, tab, &options, encoder, &bar);
    drop(bar);
    let mut report = rendered?;
    if report.partial {
        return Err(stopped(output, plan.format, &report));
    }
    report.timings.parse_ms = parsed.as_secs_f64() * 1000.0;
    if args.timings {
        console.say(&report.timings.to_string());
    }
    if let Some(chosen) = &report.chosen {
        console.note(chosen);
    }
    if let Some(traded) = &report.traded {
        console.note(&format!(
            "to be small enough, the clip was given {traded}; without, it has {}",
            size(traded.from_bytes)
        ));
    }
    let manifest = if extras.is_empty() {
        None
    } else {
        beside::write_storyboard(output, extras, (&recording, tab), &options)?;
        Some(beside::describe(
            output,
            plan.format,
            extras,
            (&recording, tab),
            &options,
            &report,
        )?)
    };
    tell_redaction(&recording, console);
    Ok(Clip {
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
            + &self
                .link
                .as_ref()
                .map_or(String::new(), |link| format!("\nuploaded: {link}"))
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
    fn sizes_are_told_in_the_unit_that_fits() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(45_600), "46 kB");
        assert_eq!(size(1_250_000), "1.2 MB");
    }
}
