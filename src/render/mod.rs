//! The whole way from a recording to a clip, once, for every front end.
//!
//! ```text
//!            ┌─ browser ─ shots of piece 0 ─┐
//! Tab, Plan ─┼─ browser ─ shots of piece 1 ─┼─▶ composer ─frames─▶ encoder
//!            └─ browser ─ shots of piece 2 ─┘
//! ```
//!
//! All calls block; they make their own threads. Channels between them are bounded, so a slow
//! encoder slows the browsers down and memory does not grow with a clip's length.

mod ahead;
mod beginning;
mod capture;
mod chapters;
mod choose;
mod chunk;
mod compare;
mod compose;
mod error;
mod framing;
mod ground;
mod options;
mod places;
mod progress;
mod report;
mod still;
mod storyboard;
mod timings;

use std::thread;
use std::time::Instant;

use self::capture::{Job, Pool};
use self::chunk::Chunk;
use self::compose::{Composed, Composer};
use self::timings::milliseconds;
use crate::clip::{Clip, Plan};
use crate::dom::Fidelity;
use crate::encode::Encoder;
use crate::moment::{MomentKind, moments};
use crate::overlay::{Overlay, with_time_to_read};
use crate::recording::{Recording, Tab};
use crate::stage::CaptureMethod;

pub use self::choose::Choice;
pub use self::compare::{CompareOptions, Compared, Side, compare};
pub use self::error::RenderError;
pub use self::framing::{Crop, CropError, Framing};
pub use self::options::{DrawingOptions, RenderOptions};
pub use self::progress::{Phase, Progress};
pub use self::report::Report;
pub use self::still::{StillOptions, still};
pub use self::storyboard::{Storyboard, StoryboardOptions, storyboard};
pub use self::timings::{SegmentTimings, Timings};

/// Makes a clip of one tab of a recording.
///
/// # Errors
/// When there is nothing to show, the browser cannot be used or fails twice, or the clip cannot be
/// written. Nothing is left under the output's name then. A clip that was stopped before its end
/// ([`Progress::enough`]) is no error: the report says that it is partial, and its file's name does.
pub fn render(
    recording: &Recording,
    tab: &Tab,
    options: &RenderOptions,
    mut encoder: Box<dyn Encoder>,
    progress: &dyn Progress,
) -> Result<Report, RenderError> {
    let began = Instant::now();
    progress.phase(Phase::Starting);
    let (clip, chosen) = shown(recording, tab, options)?;
    encoder.set_chapters(chapters::chapters(&moments(tab, &recording.telemetry), &clip));
    let plan = Plan::new(tab, &clip);
    let scene = framing::scene(recording, tab, &clip, options)?;
    let overlay = Overlay::new(tab, &recording.telemetry, &clip, &scene, &options.overlay);
    let chunks = chunk::cut(&plan, tab);
    let job = Job {
        tab,
        plan: &plan,
        scene,
        overlay: &overlay,
        options,
        progress,
    };
    let jobs = jobs(options).min(chunks.len());
    let (pool, arrivals) = Pool::new(job, &chunks, jobs);
    let planned = began.elapsed();
    progress.phase(Phase::Rendering);
    let (composed, lacking) = thread::scope(|scope| {
        // What can be worked out while the browsers start. Without a thread for it, that is done later.
        let lacking = thread::Builder::new().spawn_scoped(scope, || {
            pool.play();
            Fidelity::of(tab, clip.map.start(), clip.map.end())
        });
        for at in 0..jobs {
            let started = thread::Builder::new()
                .name(format!("browser {at}"))
                .spawn_scoped(scope, {
                    let pool = &pool;
                    move || pool.work(at)
                });
            if let Err(error) = started {
                pool.stop();
                return Err(RenderError::Thread {
                    reason: error.to_string(),
                });
            }
        }
        let composed = Composer::new(job, &clip, encoder).run(&arrivals);
        pool.stop();
        // A browser that waits to be heard must not wait for ever.
        drop(arrivals);
        let composed = composed.map_err(|error| match error {
            RenderError::Cancelled => pool.error().unwrap_or(error),
            error => error,
        })?;
        Ok((composed, lacking.ok().and_then(|lacking| lacking.join().ok())))
    })?;
    progress.phase(Phase::Finishing);
    let (clip_ms, until) = match composed.stopped_at {
        Some(index) => plan.at(index),
        None => (plan.length(), clip.map.end()),
    };
    let fidelity = match lacking.filter(|_| composed.stopped_at.is_none()) {
        Some(lacking) => lacking,
        None => Fidelity::of(tab, clip.map.start(), until),
    };
    let mut report = Report {
        chosen,
        captured: composed.captured,
        clip_ms,
        recording_ms: until - clip.map.start(),
        partial: composed.stopped_at.is_some(),
        refused_changes: u64::from(pool.refused()),
        restarts: pool.restarts(),
        capture: match pool.capture_method() {
            CaptureMethod::BeginFrame => "begin-frame",
            CaptureMethod::Screenshot => "screenshot",
        },
        jobs,
        timings: Timings {
            plan_ms: milliseconds(planned),
            total_ms: milliseconds(began.elapsed()),
            segments: segments(&plan, &chunks, &pool, &composed),
            ..Timings::default()
        },
        clip: Some(clip),
        ..Report::default()
    };
    report.lacks(fidelity, recording.damage.clone());
    report.written(&composed.summary);
    Ok(report)
}

/// What was spent on each piece, by the browsers and where their pictures went.
fn segments(plan: &Plan, chunks: &[Chunk], pool: &Pool<'_>, composed: &Composed) -> Vec<SegmentTimings> {
    let segment = |(at, chunk): (usize, &Chunk)| {
        let (browser, mut spent) = pool.spent(at);
        if let Some(more) = composed.spent.get(at) {
            spent.merge(more);
        }
        let mut timings = SegmentTimings {
            browser,
            from_ms: chunk.first.clip_ms,
            until_ms: plan.at(chunk.grid.end).0.min(plan.length()),
            ..SegmentTimings::default()
        };
        spent.write_to(&mut timings);
        timings
    };
    chunks.iter().enumerate().map(segment).collect()
}

/// The part that is shown, and why, where the choice was not the user's.
fn shown(
    recording: &Recording,
    tab: &Tab,
    options: &RenderOptions,
) -> Result<(Clip, Option<String>), RenderError> {
    let (clip, chosen) = choose::choose(tab, &recording.telemetry, &options.clip, &options.choice)?;
    let clip = with_time_to_read(clip, tab, &recording.telemetry, &options.overlay);
    Ok((clip, chosen))
}

/// Clip time, in milliseconds, of the picture that tells most: soon after the first error, or what
/// else there is; in the middle if nothing happens.
///
/// # Errors
/// When there is nothing to show.
pub fn poster_ms(recording: &Recording, tab: &Tab, options: &RenderOptions) -> Result<u64, RenderError> {
    /// Cards have come in and the page has had time to show the error by then.
    const LATER_MS: f64 = 1000.0;
    let (clip, _) = shown(recording, tab, options)?;
    let all = moments(tab, &recording.telemetry);
    let told = all.iter().filter(|moment| {
        !matches!(moment.kind, MomentKind::View | MomentKind::Marker) && clip.map.shows(moment.time)
    });
    let length = clip.map.length() as f64;
    let at = match told.min_by_key(|moment| moment.kind) {
        Some(moment) => (clip.map.clip_at(moment.time) + LATER_MS).min(length),
        None => length / 2.0,
    };
    Ok(at as u64)
}

/// How many browsers work at once.
fn jobs(options: &RenderOptions) -> usize {
    match options.drawing.jobs {
        0 => thread::available_parallelism().map_or(1, usize::from).min(8),
        jobs => jobs.min(64),
    }
}
