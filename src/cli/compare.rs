//! Puts a session that fails and a healthy one side by side.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::clip::{Clip, ClipOptions, Seconds, Speed, utc_text};
use domreel::format::ReadOptions;
use domreel::moment::{Around, moments};
use domreel::recording::{Recording, Tab};
use domreel::redact::RedactionReport;
use domreel::render::{CompareOptions, Compared, RenderOptions, Side, compare};
use domreel::scan::{beside, read_redacted};
use serde::Serialize;

use super::Done;
use super::browser::BrowserArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::file::{self, ClipFormat, EncoderArgs, FileArgs};
use super::input::{as_seen, shown_tab, tell_redaction, warn_of_damage};
use super::interrupt::Interrupt;
use super::limits::LimitArgs;
use super::picture::OverlayArgs;
use super::progress::{RenderBar, WholeOrNothing};
use super::redact::RedactArgs;
use super::render::{drawing, size};

/// Show a session that fails and a healthy one side by side, on one clock
///
/// Both are aligned at the last step before the problem that both have. The one that has less to show before or after
/// it stands still. Idle time is not folded.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel compare failing.json healthy.json -o compare.gif
  domreel compare failing.json healthy.json --step \"‘Pay now’\" --before 6 --after 5 -o compare.gif
  domreel pick error-3f9a1c recordings/             names a session that fails, and a healthy one

Files beside a recording are read as ‘domreel scan’ does: failing.json and failing.events.ndjson.")]
pub(crate) struct CompareArgs {
    /// The recording of the session that fails: a file, or a directory called ….session
    #[arg(value_name = "FAILING")]
    failing: PathBuf,
    /// The recording of a session that went well
    #[arg(value_name = "HEALTHY")]
    healthy: PathBuf,
    /// Where the clip goes: a file, a directory for PNG frames, or ‘-’ for standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Format of the clip [default: what the name of OUT says]
    #[arg(long, value_enum)]
    format: Option<ClipFormat>,
    /// Align at the last step that has these words [default: the last before the problem that both have]
    #[arg(long, value_name = "WORDS", help_heading = "Clip")]
    step: Option<String>,
    /// The problem in FAILING: a moment as --around of ‘domreel render’ takes it [default: the first error]
    #[arg(long, value_name = "MOMENT", help_heading = "Clip")]
    around: Option<Around>,
    /// Begin so long before the step
    #[arg(long, value_name = "TIME", default_value_t = CompareOptions::default().before, help_heading = "Clip")]
    before: Seconds,
    /// End so long after the step [default: when both pages have settled]
    #[arg(long, value_name = "TIME", help_heading = "Clip")]
    after: Option<Seconds>,
    /// How many times faster than recorded, 0.1 to 100
    #[arg(long, value_name = "FACTOR", default_value_t = ClipOptions::default().speed, help_heading = "Clip")]
    speed: Speed,
    /// Hold the last frame for so many seconds
    #[arg(long, value_name = "TIME", default_value_t = ClipOptions::default().hold, help_heading = "Clip")]
    hold: Seconds,
    /// Most frames a second, 1 to 120 [default: 12]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(ClipOptions::MAX_FPS)),
          help_heading = "Clip")]
    fps: Option<u32>,
    /// Width of both pictures together in device pixels
    #[arg(long, value_name = "PIXELS", default_value_t = CompareOptions::default().width,
          value_parser = clap::value_parser!(u32).range(200..=8192), help_heading = "Picture")]
    width: u32,
    #[command(flatten)]
    overlay: OverlayArgs,
    #[command(flatten)]
    redact: RedactArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    browser: BrowserArgs,
    /// How many browsers work at once, half of them on each side [default: as many as there are cores, 8 at most]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Browser")]
    jobs: Option<u8>,
}

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Made<'a> {
    /// Where it is; `-` for standard output.
    output: &'a Path,
    format: &'static str,
    width: u32,
    height: u32,
    frames: u64,
    clip_ms: u64,
    bytes: u64,
    /// The step at which both are aligned, in words.
    step: &'a str,
    /// When it is in the one and in the other, in milliseconds since the Unix epoch.
    step_ms: [f64; 2],
    /// Pictures of the page that were taken of the one and of the other.
    captured: [u64; 2],
    /// What of the inputs could not be used, all of it counted.
    damage: u64,
    /// What was masked in the one and in the other.
    redactions: [RedactionReport; 2],
}

pub(crate) fn run(args: &CompareArgs, console: &Console) -> Done {
    let file = FileArgs::of_format(args.format);
    let (target, named) = file::target(&args.output, &file)?;
    let plan = file.plan(named, &EncoderArgs::default(), args.limits.limits())?;
    let drawing = drawing(&args.browser, args.jobs.map_or(0, usize::from))?;
    let interrupt = Interrupt::listen()?;
    let failing = read(args, &args.failing)?;
    let healthy = read(args, &args.healthy)?;
    let tabs = [shown_tab(&failing)?, shown_tab(&healthy)?];
    let labels = [
        label(&args.failing, &failing, tabs[0]),
        label(&args.healthy, &healthy, tabs[1]),
    ];
    let options = CompareOptions {
        problem: problem(args, &failing, tabs[0])?,
        step: args.step.clone(),
        before: args.before,
        after: args.after,
        width: args.width,
    };
    let mut overlay = args.overlay.options();
    let redaction = args.redact.redaction(args.limits.limits())?;
    redaction.apply_to_overlay(&mut overlay);
    let render = RenderOptions {
        clip: ClipOptions {
            speed: args.speed,
            hold: args.hold,
            fps: args.fps.unwrap_or(plan.default_fps()),
            ..ClipOptions::default()
        },
        overlay,
        drawing,
        ..RenderOptions::default()
    };
    let encoder = plan.open(&target, render.clip.fps)?;
    let bar = RenderBar::new(console, interrupt);
    let side = |at: usize, recording| Side {
        recording,
        tab: tabs[at],
        label: &labels[at],
    };
    let compared = compare(
        [side(0, &failing), side(1, &healthy)],
        &options,
        &render,
        encoder,
        &WholeOrNothing(&bar),
    );
    drop(bar);
    let Compared {
        step,
        sides,
        summary,
        clip_ms,
    } = compared?;
    for recording in [&failing, &healthy] {
        tell_redaction(recording, console);
    }
    let made = Made {
        output: &args.output,
        format: plan.format.name(),
        width: summary.width,
        height: summary.height,
        frames: summary.frames,
        clip_ms,
        bytes: summary.bytes,
        step: &step.text,
        step_ms: [step.times.0, step.times.1],
        captured: sides.map(|side| side.captured),
        damage: warn_of_damage(&failing, console).saturating_add(warn_of_damage(&healthy, console)),
        redactions: [failing.redaction.clone(), healthy.redaction.clone()],
    };
    console.finished(&made, args.output.as_os_str() == "-", || {
        format!(
            "{}: {}×{}, {} frames, {:.1} s, {}; aligned at “{}”",
            made.output.display(),
            made.width,
            made.height,
            made.frames,
            made.clip_ms as f64 / 1000.0,
            size(made.bytes),
            made.step
        )
    })
}

fn read(args: &CompareArgs, path: &Path) -> Result<Recording, Failure> {
    let redaction = args.redact.redaction(args.limits.limits())?;
    let source = beside(path).map_err(|error| Failure::new(Status::Input, error))?;
    let options = ReadOptions {
        limits: args.limits.limits(),
        ..ReadOptions::default()
    };
    let recording = read_redacted(&source, &options, &redaction)
        .map_err(|error| Failure::from(error).redacted(&redaction))?;
    Ok(as_seen(recording)?.0)
}

/// When the problem is that was asked for.
fn problem(args: &CompareArgs, failing: &Recording, tab: &Tab) -> Result<Option<f64>, Failure> {
    let usage = |error| Failure::new(Status::Usage, anyhow::Error::new(error));
    match &args.around {
        None => Ok(None),
        Some(Around::Time(point)) => {
            let options = ClipOptions {
                max_length: Seconds::from_milliseconds(f64::MAX),
                ..ClipOptions::default()
            };
            Ok(Some(Clip::new(tab, &options)?.resolve(*point)))
        }
        Some(around) => {
            let moments = moments(tab, &failing.telemetry);
            let chosen = around.choose(&moments, &tab.limits).map_err(usage)?;
            Ok(chosen.first().map(|moment| moment.time))
        }
    }
}

/// Which session it is: its id or its file, its user, and when it began.
fn label(path: &Path, recording: &Recording, tab: &Tab) -> String {
    let context = &recording.telemetry.context;
    let name = match &context.session {
        Some(session) => format!("session {session}"),
        None => path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let user = context.user.as_ref().map(|user| format!("user {user}"));
    let when = tab.start().and_then(utc_text);
    [Some(name), user, when]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}
