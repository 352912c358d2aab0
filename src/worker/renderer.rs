//! What the worker needs of a renderer, and how the two talk while it works.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::sync::watch;

use super::job::{JobError, JobSpec, Phase};

/// Turns one recording into files. Called from several threads at once.
pub trait Renderer: Send + Sync + 'static {
    /// Changes whenever the same recording and options may give other bytes.
    fn version(&self) -> String;

    /// Refuses options that no recording could be rendered with.
    fn check(&self, options: &Map<String, Value>) -> Result<(), JobError>;

    /// Renders the recording at `input` into files in the empty directory `out_dir`.
    ///
    /// Blocks. Reports each frame to `progress`, and returns soon after [`Progress::stop`] says so;
    /// what it returns then does not matter.
    fn render(
        &self,
        job: &JobSpec,
        input: &Path,
        out_dir: &Path,
        progress: &Progress,
    ) -> Result<Rendered, JobError>;

    /// What can be told about a recording without rendering it: its length and its moments, for
    /// people to choose from. JSON that the web page understands.
    fn inspect(&self, input: &Path) -> Result<Value, JobError>;

    /// A picture of the recording at `at_ms` of recording time, as PNG, made with the options that a
    /// clip would be made with.
    fn still(&self, input: &Path, options: &Map<String, Value>, at_ms: f64) -> Result<Vec<u8>, JobError>;

    /// Whether a render could begin now: a browser starts, say. `Err` says what is missing.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What a renderer made.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The files in the output directory, the clip first.
    pub files: Vec<RenderedFile>,
    /// What there is to say about the clip.
    pub report: Value,
}

/// One file that a renderer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Path relative to the output directory, `/` between directories.
    pub name: String,
    /// `image/gif`, for instance.
    pub media_type: String,
}

/// Why an attempt is to end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A person called the job off.
    Canceled,
    /// It took longer than it may.
    Deadline,
    /// No frame came for too long.
    Stalled,
    /// The queue gave the job to another worker.
    Lost,
    /// The worker is going away; the job goes back to the queue.
    Drain,
}

/// Carries progress from a renderer to its worker, and the wish to stop the other way.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<Inner>,
    captures: AtomicU64,
    captures_saved: AtomicU64,
    browser_restarts: AtomicU64,
    stop: watch::Sender<Option<Stop>>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    frames: u64,
    share: f64,
    last_sign: Instant,
    phase_began: Instant,
    phase_times: Vec<(Phase, Duration)>,
}

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// What it is busy with.
    pub phase: Phase,
    /// Frames made.
    pub frames: u64,
    /// Share of the clip that is made, 0 to 1.
    pub share: f64,
    /// When it last gave a sign of progress.
    pub last_sign: Instant,
}

impl Default for Progress {
    fn default() -> Self {
        let now = Instant::now();
        Progress(Arc::new(Shared {
            state: Mutex::new(Inner {
                phase: Phase::Waiting,
                frames: 0,
                share: 0.0,
                last_sign: now,
                phase_began: now,
                phase_times: Vec::new(),
            }),
            captures: AtomicU64::new(0),
            captures_saved: AtomicU64::new(0),
            browser_restarts: AtomicU64::new(0),
            stop: watch::Sender::new(None),
        }))
    }
}

impl Progress {
    fn update(&self, change: impl FnOnce(&mut Inner)) {
        // A panic elsewhere leaves plain numbers behind, so a poisoned lock is as good as another.
        let mut inner = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut inner);
        inner.last_sign = Instant::now();
    }

    /// Another phase begins.
    pub fn phase(&self, phase: Phase) {
        self.update(|inner| {
            if inner.phase != phase {
                let now = Instant::now();
                let spent = now.duration_since(inner.phase_began);
                inner.phase_times.push((inner.phase, spent));
                inner.phase_began = now;
                inner.phase = phase;
            }
        });
    }

    /// So many frames are made, and that share (0 to 1) of the clip. Feeds the watchdog, whether or
    /// not the numbers changed.
    pub fn frames(&self, frames: u64, share: f64) {
        self.update(|inner| {
            inner.frames = frames;
            inner.share = if share.is_nan() {
                0.0
            } else {
                share.clamp(0.0, 1.0)
            };
        });
    }

    /// A sign of life from work that makes no frames: bytes that moved, for instance.
    pub fn alive(&self) {
        self.update(|_| {});
    }

    /// So many more pictures were taken of the page, and so many frames needed none, because the
    /// page had not changed.
    pub fn captures(&self, made: u64, saved: u64) {
        self.0.captures.fetch_add(made, Ordering::Relaxed);
        self.0.captures_saved.fetch_add(saved, Ordering::Relaxed);
    }

    /// A browser had to be replaced.
    pub fn browser_restarted(&self) {
        self.0.browser_restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// Why the renderer is to stop, if it is.
    pub fn stop(&self) -> Option<Stop> {
        *self.0.stop.borrow()
    }

    /// Returns once the renderer is to stop.
    pub async fn stopped(&self) -> Stop {
        let mut receiver = self.0.stop.subscribe();
        loop {
            if let Some(stop) = *receiver.borrow_and_update() {
                return stop;
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Tells the renderer to stop. The first reason stands.
    pub(super) fn request_stop(&self, reason: Stop) {
        self.0.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert(reason);
            first
        });
    }

    /// How far the attempt is.
    pub fn snapshot(&self) -> Snapshot {
        let inner = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            phase: inner.phase,
            frames: inner.frames,
            share: inner.share,
            last_sign: inner.last_sign,
        }
    }

    /// Time spent in each phase so far, the present one included.
    pub(super) fn phase_times(&self) -> Vec<(Phase, Duration)> {
        let inner = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times = inner.phase_times.clone();
        times.push((inner.phase, inner.phase_began.elapsed()));
        times
    }

    /// Captures made, captures saved, browsers replaced.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (
            self.0.captures.load(Ordering::Relaxed),
            self.0.captures_saved.load(Ordering::Relaxed),
            self.0.browser_restarts.load(Ordering::Relaxed),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_to_stop_stands() {
        let progress = Progress::default();
        assert_eq!(progress.stop(), None);
        let waiting = tokio::spawn({
            let progress = progress.clone();
            async move { progress.stopped().await }
        });
        progress.request_stop(Stop::Canceled);
        progress.request_stop(Stop::Deadline);
        assert_eq!(progress.stop(), Some(Stop::Canceled));
        assert_eq!(waiting.await.unwrap(), Stop::Canceled);
    }

    #[test]
    fn every_phase_has_its_time() {
        let progress = Progress::default();
        progress.phase(Phase::Fetch);
        progress.phase(Phase::Render);
        progress.phase(Phase::Render);
        let phases: Vec<_> = progress
            .phase_times()
            .into_iter()
            .map(|(phase, _)| phase)
            .collect();
        assert_eq!(phases, [Phase::Waiting, Phase::Fetch, Phase::Render]);
    }

    #[test]
    fn frames_are_signs_of_life() {
        let progress = Progress::default();
        let before = progress.snapshot().last_sign;
        progress.frames(3, 0.3);
        let now = progress.snapshot();
        assert_eq!((now.frames, now.share), (3, 0.3));
        progress.frames(4, f64::NAN);
        assert_eq!(progress.snapshot().share, 0.0);
        assert!(now.last_sign >= before);
    }
}
