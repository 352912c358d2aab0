//! Two sessions side by side on one clock, aligned at the same step.
//!
//! ```text
//! session that fails ──render──▶ frames ─┐
//!                                        ├─▶ joiner ─frames─▶ encoder
//! healthy session ─────render──▶ frames ─┘
//! ```
//!
//! Each is rendered once, as any clip is. The one that has less to show before or after the step stands still
//! there, so that both are as long.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::capture::open_stage;
use super::still::blocking;
use super::{Choice, Phase, Progress, RenderError, RenderOptions, Report, jobs, render};
use crate::clip::{Clip, ClipOptions, Idle, Seconds};
use crate::encode::{EncodeError, Encoder, Frame, Summary};
use crate::limits::Limits;
use crate::moment::{MomentKind, PartOptions, SameStep, UserStep, moments, part_around, same_step, steps};
use crate::overlay::{OutputSize, OverlayOptions, Scene, SideBySide, SideHead};
use crate::recording::{Recording, Tab};

/// Frames of a side that may wait for the other.
const WAITING: usize = 16;

/// The clock shows at least so often where it is, in milliseconds of clip time.
const CLOCK_MS: u64 = 500;

/// How often a side that waits for frames sees whether it is still wanted.
const PATIENCE: Duration = Duration::from_millis(200);

/// The pictures are no higher than this part of the width of both.
const HIGHEST: f64 = 0.75;

/// One of two sessions.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its recording.
    pub recording: &'a Recording,
    /// The tab that is shown.
    pub tab: &'a Tab,
    /// What it is called above its picture.
    pub label: &'a str,
}

/// How two sessions are put side by side.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// When the problem is, in milliseconds since the Unix epoch; `None`: at the first error, or what else went wrong.
    pub problem: Option<f64>,
    /// Align at a step with these words; `None`: at the last one before the problem that both sessions have.
    pub step: Option<String>,
    /// How long before the step it begins, in recording time.
    pub before: Seconds,
    /// How long after the step it ends, in recording time; `None`: when both pages have settled.
    pub after: Option<Seconds>,
    /// Width of both together in pixels, about.
    pub width: u32,
}

impl Default for CompareOptions {
    fn default() -> Self {
        CompareOptions {
            problem: None,
            step: None,
            before: Seconds::from_milliseconds(4000.0),
            after: None,
            width: 1280,
        }
    }
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The step at which both are aligned.
    pub step: SameStep,
    /// What the renders of both did.
    pub sides: [Report; 2],
    /// What was written.
    pub summary: Summary,
    /// Length of the clip in milliseconds.
    pub clip_ms: u64,
}

/// Puts `failing` on the left and `healthy` on the right. Of `options`, the choice and the size have no effect, and
/// idle time is not folded: both run on one clock.
///
/// # Errors
/// When the two have no step in common, and as [`render`] does.
pub fn compare(
    [failing, healthy]: [Side<'_>; 2],
    compared: &CompareOptions,
    options: &RenderOptions,
    encoder: Box<dyn Encoder>,
    progress: &dyn Progress,
) -> Result<Compared, RenderError> {
    progress.phase(Phase::Starting);
    let step = aligned(failing, healthy, compared)?;
    let times = [step.times.0, step.times.1];
    let tabs = [failing.tab, healthy.tab];
    let parts = [0, 1].map(|at| part(tabs[at], times[at], compared));
    // Both end when the later one does.
    let problem = compared.problem.or_else(|| problem(failing)).unwrap_or(times[0]);
    let settled = match compared.after {
        Some(after) => after.milliseconds(),
        None => {
            let most = PartOptions::default();
            let end = |tab, time, step: f64| part_around(tab, time, &most).end - step;
            let ends = [
                end(tabs[0], problem.max(times[0]), times[0]),
                end(tabs[1], times[1], times[1]),
            ];
            ends[0].max(ends[1]).min(most.max.milliseconds())
        }
    };
    let speed = options.clip.speed.factor();
    let clip = ClipOptions {
        idle: Idle::Keep,
        ..options.clip
    };
    let begins = [0, 1].map(|at| (times[at] - parts[at]).max(0.0) / speed);
    let earliest = begins[0].max(begins[1]);
    let plain = OverlayOptions {
        title: None,
        ticket: None,
        link: None,
        ..options.overlay.clone()
    };
    let each = [0, 1].map(|at| {
        let mut each = RenderOptions {
            clip,
            choice: Choice::Part(parts[at]..times[at] + settled.max(1.0)),
            overlay: plain.clone(),
            ..options.clone()
        };
        each.drawing.jobs = jobs(options).div_ceil(2);
        each
    });
    let sizes = sizes(tabs, &each, compared.width)?;
    let [one, two] = [0, 1].map(|at| RenderOptions {
        size: sizes[at],
        ..each[at].clone()
    });
    let delays = begins.map(|begin| earliest - begin);
    let (to_left, left) = sync_channel(WAITING);
    let (to_right, right) = sync_channel(WAITING);
    let quiet = Quiet(progress);
    progress.phase(Phase::Rendering);
    thread::scope(|scope| {
        let quiet = &quiet;
        let start = |side: Side<'_>, options: RenderOptions, frames: SyncSender<Frame>| {
            render(
                side.recording,
                side.tab,
                &options,
                Box::new(Forward::new(frames)),
                quiet,
            )
        };
        let first = scope.spawn(move || start(failing, one, to_left));
        let second = scope.spawn(move || start(healthy, two, to_right));
        let joiner = Joiner {
            feeds: [left, right],
            delays,
            earliest,
            speed,
            fps: clip.fps,
            labels: [failing.label, healthy.label],
            step: &step.text,
            options,
            limits: failing.tab.limits,
            progress,
        };
        let joined = joiner.run(encoder);
        let thread = || RenderError::Thread {
            reason: "one of the two sides ended early".to_owned(),
        };
        let reports =
            [first.join(), second.join()].map(|done| done.map_err(|_| thread()).and_then(|done| done));
        match (joined, reports) {
            (Ok((summary, clip_ms)), [Ok(one), Ok(two)]) => Ok(Compared {
                step: step.clone(),
                sides: [one, two],
                summary,
                clip_ms,
            }),
            // What ended a side comes before what the other side and the joiner make of it.
            (joined, sides) => {
                let mut errors: Vec<RenderError> = sides.into_iter().filter_map(Result::err).collect();
                let worst = errors.iter().position(|error| !is_echo(error));
                match (worst, joined) {
                    (Some(at), _) => Err(errors.swap_remove(at)),
                    (None, Err(error)) => Err(error),
                    (None, Ok(_)) => Err(errors.pop().unwrap_or(RenderError::Cancelled)),
                }
            }
        }
    })
}

/// Whether a side only ended because the joiner or the user did.
fn is_echo(error: &RenderError) -> bool {
    matches!(
        error,
        RenderError::Cancelled | RenderError::Encode(EncodeError::Thread { .. })
    )
}

/// The step at which both are aligned.
fn aligned(failing: Side<'_>, healthy: Side<'_>, options: &CompareOptions) -> Result<SameStep, RenderError> {
    let done = |side: Side<'_>| -> Vec<UserStep> { steps(side.tab, &[]).0 };
    let (ours, theirs) = (done(failing), done(healthy));
    let before = match (&options.step, options.problem.or_else(|| problem(failing))) {
        (None, Some(time)) => time,
        _ => f64::INFINITY,
    };
    let wanted = options.step.as_deref();
    same_step(&ours, before, &theirs, wanted).ok_or_else(|| {
        let listed = |steps: &[UserStep]| {
            let texts: Vec<&str> = steps
                .iter()
                .rev()
                .take(6)
                .map(|step| step.text.as_str())
                .collect();
            texts.into_iter().rev().collect::<Vec<_>>().join("; ")
        };
        RenderError::NoSameStep {
            failing: listed(&ours),
            healthy: listed(&theirs),
        }
    })
}

/// When something first went wrong, what is worst first.
fn problem(side: Side<'_>) -> Option<f64> {
    moments(side.tab, &side.recording.telemetry)
        .into_iter()
        .filter(|moment| !matches!(moment.kind, MomentKind::View | MomentKind::Marker))
        .min_by(|one, two| one.kind.cmp(&two.kind).then(one.time.total_cmp(&two.time)))
        .map(|moment| moment.time)
}

/// Where a side begins: as long before its step as asked for, if there is a picture then.
fn part(tab: &Tab, step: f64, options: &CompareOptions) -> f64 {
    let first = tab
        .events
        .iter()
        .find(|event| event.kind == crate::recording::EventKind::FullSnapshot)
        .map_or(step, |event| event.time);
    (step - options.before.milliseconds()).max(first).min(step)
}

/// Sizes of both, so that their pictures are equally high and together as wide as asked for.
fn sizes(tabs: [&Tab; 2], options: &[RenderOptions; 2], width: u32) -> Result<[OutputSize; 2], RenderError> {
    let mut scenes = Vec::with_capacity(2);
    for (tab, options) in tabs.into_iter().zip(options) {
        let Choice::Part(part) = &options.choice else {
            continue;
        };
        let clip = Clip::of_parts(tab, &options.clip, std::slice::from_ref(part))?;
        scenes.push(Scene::new(tab, &clip, OutputSize::default()));
    }
    let [one, two] = scenes[..] else {
        return Err(RenderError::Cancelled);
    };
    let room = f64::from(width.max(64).saturating_sub(SideBySide::GAP));
    let aspect = |scene: Scene| f64::from(scene.width.max(1)) / f64::from(scene.height.max(1));
    let height = (room / (aspect(one) + aspect(two))).min(room * HIGHEST);
    Ok([one, two].map(|scene| OutputSize {
        width: None,
        // Nothing is enlarged.
        scale: Some((height / f64::from(scene.height.max(1))).min(1.0)),
    }))
}

/// Hands frames on.
struct Forward {
    frames: SyncSender<Frame>,
    count: u64,
    size: (u32, u32),
    end_ms: u64,
}

impl Forward {
    fn new(frames: SyncSender<Frame>) -> Self {
        Forward {
            frames,
            count: 0,
            size: (0, 0),
            end_ms: 0,
        }
    }
}

impl Encoder for Forward {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.count += 1;
        self.size = (frame.pixels.width, frame.pixels.height);
        self.end_ms = frame.clip_ms + frame.duration_ms;
        self.frames.send(frame).map_err(|_| EncodeError::Thread {
            format: "comparison",
            reason: "nobody takes its frames any more".to_owned(),
        })
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        Ok(Summary {
            width: self.size.0,
            height: self.size.1,
            frames: self.count,
            duration_ms: self.end_ms,
            bytes: 0,
            traded: None,
        })
    }
}

/// Passes on only whether the clip is still wanted.
struct Quiet<'a>(&'a dyn Progress);

impl Progress for Quiet<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Joins the frames of both sides.
struct Joiner<'a> {
    feeds: [Receiver<Frame>; 2],
    /// Clip time by which each begins later, in milliseconds.
    delays: [f64; 2],
    /// Clip time of the step, in milliseconds.
    earliest: f64,
    speed: f64,
    fps: u32,
    labels: [&'a str; 2],
    step: &'a str,
    options: &'a RenderOptions,
    limits: Limits,
    progress: &'a dyn Progress,
}

/// What a side shows now, and until when.
struct Now {
    frame: Frame,
    end_ms: u64,
}

impl Joiner<'_> {
    fn run(self, mut encoder: Box<dyn Encoder>) -> Result<(Summary, u64), RenderError> {
        let (Some(one), Some(two)) = (self.next(0)?, self.next(1)?) else {
            return Err(RenderError::Cancelled);
        };
        let picture = self.picture(&one, &two)?;
        let mut now = [one, two];
        let mut over = [false; 2];
        let (mut clip_ms, mut frames) = (0, 0);
        let mut current: Option<Frame> = None;
        loop {
            if self.progress.cancelled() {
                return Err(RenderError::Cancelled);
            }
            let since = (clip_ms as f64 - self.earliest) * self.speed;
            let pixels = Arc::new(picture.compose([&now[0].frame.pixels, &now[1].frame.pixels], since));
            if current.as_ref().is_none_or(|frame| frame.pixels != pixels) {
                let next = Frame {
                    pixels,
                    clip_ms,
                    recording_ms: now[0].frame.recording_ms,
                    duration_ms: 0,
                };
                frames += self.flush(&mut encoder, current.replace(next), clip_ms)?;
            }
            // The next change of either side, or of the clock.
            let tick = clip_ms / CLOCK_MS * CLOCK_MS + CLOCK_MS;
            let ends: Vec<u64> = (now.iter().zip(over))
                .filter(|(_, over)| !over)
                .map(|(now, _)| now.end_ms)
                .collect();
            let Some(last) = ends.iter().copied().max() else {
                break;
            };
            let next = ends
                .iter()
                .copied()
                .min()
                .unwrap_or(last)
                .min(self.snapped(tick as f64));
            clip_ms = next.max(clip_ms + 1);
            for at in [0, 1] {
                while !over[at] && now[at].end_ms <= clip_ms {
                    match self.next(at)? {
                        Some(frame) => now[at] = frame,
                        None => over[at] = true,
                    }
                }
            }
            self.progress.frame(clip_ms, last, frames);
        }
        let end = now[0].end_ms.max(now[1].end_ms);
        self.progress.phase(Phase::Finishing);
        self.flush(&mut encoder, current, end)?;
        Ok((encoder.finish()?, end))
    }

    fn flush(
        &self,
        encoder: &mut Box<dyn Encoder>,
        frame: Option<Frame>,
        until: u64,
    ) -> Result<u64, RenderError> {
        let Some(mut frame) = frame else { return Ok(0) };
        frame.duration_ms = until.saturating_sub(frame.clip_ms);
        encoder.push(frame)?;
        Ok(1)
    }

    /// The next frame of a side in the time of both; `None` when there are no more.
    fn next(&self, at: usize) -> Result<Option<Now>, RenderError> {
        loop {
            match self.feeds[at].recv_timeout(PATIENCE) {
                Ok(frame) => {
                    let end_ms = self.snapped((frame.clip_ms + frame.duration_ms) as f64 + self.delays[at]);
                    return Ok(Some(Now { frame, end_ms }));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if self.progress.cancelled() => {
                    return Err(RenderError::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The nearest point of the clip's grid: both sides change there, so that no frame is too short to be seen.
    fn snapped(&self, clip_ms: f64) -> u64 {
        let fps = f64::from(self.fps);
        ((clip_ms * fps / 1000.0).round() * 1000.0 / fps).round() as u64
    }

    /// Has what stands above both drawn.
    fn picture(&self, one: &Now, two: &Now) -> Result<SideBySide, RenderError> {
        let head = |at: usize, now: &Now| SideHead {
            kind: if at == 0 { "Failing" } else { "Healthy" },
            label: self.labels[at],
            failing: at == 0,
            size: (now.frame.pixels.width, now.frame.pixels.height),
        };
        let mut picture = SideBySide::new(self.step, &[head(0, one), head(1, two)], &self.options.overlay);
        let (width, height) = picture.size();
        let scene = Scene::whole(width, height, 1.0);
        let sheet = blocking(async {
            let mut stage = open_stage(scene, self.limits, self.options).await?;
            Ok(stage.draw_sheet(picture.sheet()).await?)
        })?;
        picture.load(&sheet);
        Ok(picture)
    }
}
