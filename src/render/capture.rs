//! Takes the pictures of a clip's pages: several browsers, each on one piece of the clip at a time.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Instrument;

use super::beginning::Beginning;
use super::chunk::Chunk;
use super::places::Lookout;
use super::timings::{Spent, Work};
use super::{Progress, RenderError, RenderOptions, ground};
use crate::clip::{Plan, Tick};
use crate::dom::{Replay, Step};
use crate::limits::{Limit, Limits};
use crate::overlay::{KnownPlaces, Overlay, Scene};
use crate::pixmap::Pixmap;
use crate::recording::Tab;
use crate::stage::{self, BrowserOptions, CaptureMethod, Look, Shown, Stage, StageError, StageOptions};

/// Pictures of one piece that may wait to be composed.
const WAITING_SHOTS: usize = 128;

/// Pause between two looks at whether there is room for another piece.
const ROOM_PAUSE: Duration = Duration::from_millis(2);

/// A page is brought to a time from this many milliseconds of recording time before it, so that
/// transitions under way then have begun when they should; from its own beginning where that is nearer.
const RUN_UP: f64 = 3000.0;

/// The smallest scale that Chromium draws at; smaller pictures are made from that.
const LEAST_SCALE: f64 = 0.5;

/// The page at a point of the clip.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    /// When.
    pub tick: Tick,
    /// The browser's PNG; `None` when it is the same as the one before.
    pub picture: Option<Arc<Vec<u8>>>,
    /// Where what the overlays ask for is, until the next shot.
    pub places: KnownPlaces,
    /// Whether it is the last one of its piece of the clip.
    pub last: bool,
}

/// One browser, and the page that is played for it.
struct Hand<'t> {
    browser: Option<Stage>,
    /// `None` until the browser has started.
    replay: Option<Replay<'t>>,
    /// The page looked as before when it was last looked at, though something had changed.
    in_vain: bool,
    /// Time spent on the piece under way.
    spent: Spent,
}

/// What a browser has done for one point of the clip.
struct Taken {
    shown: Shown,
    /// The browser's PNG; `None` when the page cannot have changed.
    picture: Option<Vec<u8>>,
    places: KnownPlaces,
    /// The next point at which the page can change, in the same piece.
    next: Option<Tick>,
}

/// What a clip is made from.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub tab: &'a Tab,
    pub plan: &'a Plan,
    pub scene: Scene,
    pub overlay: &'a Overlay,
    pub options: &'a RenderOptions,
    pub progress: &'a dyn Progress,
}

type ShotSender = SyncSender<Result<Shot, RenderError>>;

/// What the browsers share.
pub(super) struct Pool<'a> {
    job: Job<'a>,
    chunks: &'a [Chunk],
    next: AtomicUsize,
    /// So many pieces are composed.
    composed: Arc<AtomicUsize>,
    /// So many pieces may be worked on or wait beyond the one that is composed.
    chunks_ahead: usize,
    senders: Vec<Mutex<Option<ShotSender>>>,
    /// Where the overlay goes when it can be drawn, until it does.
    prepared: Mutex<Option<SyncSender<Overlay>>>,
    beginning: Beginning<'a>,
    stopped: AtomicBool,
    /// What ended a browser's work first.
    error: Mutex<Option<RenderError>>,
    restarts: AtomicU32,
    refused: AtomicU32,
    screenshots: AtomicBool,
    /// Which browser worked on each piece, and the time it took.
    spent: Vec<Mutex<(usize, Spent)>>,
}

/// Where the pictures arrive: one channel a piece, in the order of the clip.
pub(super) struct Arrivals {
    pub shots: Vec<Receiver<Result<Shot, RenderError>>>,
    /// The overlay with its pictures.
    pub overlay: Receiver<Overlay>,
    /// So many pieces have been taken.
    pub composed: Arc<AtomicUsize>,
}

impl<'a> Pool<'a> {
    /// For `browsers` of them.
    pub(super) fn new(job: Job<'a>, chunks: &'a [Chunk], browsers: usize) -> (Self, Arrivals) {
        let (senders, shots) = chunks
            .iter()
            .map(|_| {
                let (sender, receiver) = sync_channel(WAITING_SHOTS);
                (Mutex::new(Some(sender)), receiver)
            })
            .unzip();
        let (overlay_sender, overlay) = sync_channel(1);
        let composed = Arc::new(AtomicUsize::new(0));
        let begins = chunks
            .first()
            .map_or(f64::NEG_INFINITY, |chunk| chunk.first.recording);
        let pool = Pool {
            job,
            chunks,
            next: AtomicUsize::new(0),
            composed: Arc::clone(&composed),
            chunks_ahead: browsers,
            senders,
            prepared: Mutex::new(Some(overlay_sender)),
            beginning: Beginning::new(job.tab, begins - RUN_UP, browsers),
            stopped: AtomicBool::new(false),
            error: Mutex::new(None),
            restarts: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            screenshots: AtomicBool::new(false),
            spent: chunks.iter().map(|_| Mutex::default()).collect(),
        };
        let arrivals = Arrivals {
            shots,
            overlay,
            composed,
        };
        (pool, arrivals)
    }

    /// Plays up to the beginning of the clip, which the browsers wait for.
    pub(super) fn play(&self) {
        self.beginning.play();
    }

    /// Lets every browser stop at its next frame.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn restarts(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> u32 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn capture_method(&self) -> CaptureMethod {
        match self.screenshots.load(Ordering::Relaxed) {
            true => CaptureMethod::Screenshot,
            false => CaptureMethod::BeginFrame,
        }
    }

    /// Which browser worked on a piece, and the time it took.
    pub(super) fn spent(&self, chunk: usize) -> (usize, Spent) {
        self.spent
            .get(chunk)
            .map(|spent| *lock(spent))
            .unwrap_or_default()
    }

    /// The work of browser `number`, from start to end. Blocks.
    pub(super) fn work(&self, number: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.browse(number)),
            Err(error) => {
                self.fail(RenderError::Thread {
                    reason: error.to_string(),
                });
                if let Some(sender) = self.senders.iter().find_map(|slot| lock(slot).take()) {
                    let _ = sender.send(Err(RenderError::Cancelled));
                }
            }
        }
    }

    async fn browse(&self, number: usize) {
        let mut hand = Hand {
            browser: None,
            replay: None,
            in_vain: false,
            spent: Spent::default(),
        };
        while let Some((at, chunk)) = self.take() {
            let Some(sender) = self.senders.get(at).and_then(|slot| lock(slot).take()) else {
                continue;
            };
            let span = tracing::debug_span!("segment", number = at, browser = number);
            let captured = self.capture(&mut hand, chunk, &sender).instrument(span).await;
            if let Some(spent) = self.spent.get(at) {
                *lock(spent) = (number, std::mem::take(&mut hand.spent));
            }
            if let Err(error) = captured {
                self.fail(error);
                // Nobody listens any more when the clip has failed elsewhere.
                let _ = sender.send(Err(RenderError::Cancelled));
            }
        }
    }

    /// Waits until the next piece is near enough to where the composer is: the pictures of those between
    /// wait in memory.
    fn wait_for_room(&self) {
        while self.next.load(Ordering::Relaxed) > self.composed.load(Ordering::Relaxed) + self.chunks_ahead
            && !self.stopped.load(Ordering::Relaxed)
            && !self.job.progress.enough()
            && !self.job.progress.cancelled()
        {
            std::thread::sleep(ROOM_PAUSE);
        }
    }

    fn take(&self) -> Option<(usize, &Chunk)> {
        self.wait_for_room();
        if self.job.progress.enough() {
            // Nobody takes the pieces that wait, and nobody is to wait for them.
            for slot in &self.senders {
                drop(lock(slot).take());
            }
            return None;
        }
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        self.chunks.get(at).map(|chunk| (at, chunk))
    }

    /// Ends all work. What the others end with then is no news.
    fn fail(&self, error: RenderError) {
        let mut slot = lock(&self.error);
        if !self.stopped.swap(true, Ordering::Relaxed) && slot.is_none() {
            *slot = Some(error);
        }
    }

    /// What ended a browser's work, if anything did.
    pub(super) fn error(&self) -> Option<RenderError> {
        lock(&self.error).take()
    }

    async fn open(&self) -> Result<Stage, StageError> {
        let stage = open_stage(self.job.scene, self.job.tab.limits, self.job.options).await?;
        if stage.capture_method() == CaptureMethod::Screenshot {
            self.screenshots.store(true, Ordering::Relaxed);
        }
        Ok(stage)
    }

    /// Takes the pictures of one piece and sends them.
    async fn capture(
        &self,
        hand: &mut Hand<'a>,
        chunk: &Chunk,
        sender: &ShotSender,
    ) -> Result<(), RenderError> {
        let mut next = Some(chunk.first);
        let mut shown: Option<Shown> = None;
        let mut last: Option<Arc<Vec<u8>>> = None;
        let mut lookout = Lookout::new(self.job.tab, self.job.overlay);
        while let Some(tick) = next {
            if self.stopped.load(Ordering::Relaxed) || self.job.progress.cancelled() {
                return Err(RenderError::Cancelled);
            }
            if self.job.progress.enough() {
                return Ok(());
            }
            let taken = match self.frame(hand, chunk, tick, shown.take(), &mut lookout).await {
                // What was shown is lost with the browser: the frame is made anew in another one.
                Err(error) if error.is_lost_browser() && self.may_restart() => {
                    tracing::warn!(%error, "starting the browser again");
                    hand.browser = None;
                    last = None;
                    self.frame(hand, chunk, tick, None, &mut lookout).await?
                }
                taken => taken?,
            };
            let Taken {
                shown: now,
                picture,
                places,
                next: after,
            } = taken;
            let picture = match picture {
                Some(png) if last.as_deref() == Some(&png) => {
                    hand.in_vain = true;
                    None
                }
                picture => picture.map(Arc::new),
            };
            if let Some(png) = &picture {
                last = Some(Arc::clone(png));
            }
            next = after;
            let shot = Shot {
                tick,
                picture,
                places,
                last: next.is_none(),
            };
            let sent = hand.spent.on(Work::Wait, || sender.send(Ok(shot)));
            if sent.is_err() {
                return Err(RenderError::Cancelled);
            }
            shown = Some(now);
        }
        Ok(())
    }

    fn may_restart(&self) -> bool {
        u64::from(self.restarts.fetch_add(1, Ordering::Relaxed))
            < self.job.tab.limits.of(Limit::BrowserRestarts)
    }

    /// Brings the page on to `tick`, from what was `shown` before or from nothing, and takes its
    /// picture if it can have changed.
    async fn frame(
        &self,
        hand: &mut Hand<'a>,
        chunk: &Chunk,
        tick: Tick,
        shown: Option<Shown>,
        lookout: &mut Lookout<'_>,
    ) -> Result<Taken, StageError> {
        let Hand {
            browser,
            replay,
            in_vain,
            spent,
        } = hand;
        let stage = match browser {
            Some(stage) => stage,
            None => browser.insert(spent.until(Work::Stage, self.open()).await?),
        };
        let replay = match replay {
            Some(replay) => replay,
            None => replay.insert(spent.on(Work::Replay, || self.beginning.take())),
        };
        // Colours can need a look at another page than the one that is shown.
        if shown.is_none() {
            spent.until(Work::Stage, self.prepare(stage, replay)).await?;
        }
        let plan = self.job.plan;
        let until = |moving: bool| {
            let next = plan.after(&tick, moving, None);
            let next = next.filter(|next| next.index < chunk.grid.end);
            (next, next.map_or(chunk.grid.end, |next| next.index))
        };
        let times = |until: u64| (tick.index..until).map(|index| plan.at(index).0 as f64);
        // Whether the page will move is not known yet: as before is a good guess.
        let (_, guess) = until(shown.as_ref().is_some_and(|shown| shown.running > 0));
        let (mut points, mut doubtful) = (false, false);
        let (shown, changed) = match shown {
            None => {
                let arrived = arrive(stage, replay, tick.recording, lookout, times(guess), spent);
                (arrived.await?, true)
            }
            Some(shown) => {
                let steps = spent.on(Work::Replay, || replay.advance_to(tick.recording));
                if steps.is_empty() && shown.running == 0 {
                    (shown, false)
                } else {
                    points = shown.running == 0 && steps.iter().all(Step::only_points);
                    doubtful = points || *in_vain;
                    let boxes = lookout.wanted(replay.page(), times(guess));
                    let look = Look {
                        missing: lookout.wants_missing(),
                        boxes: &boxes,
                    };
                    if doubtful {
                        spent.until(Work::Draw, stage.watch()).await?;
                    }
                    let step = stage.step_and_look(&steps, tick.recording, &look);
                    let shown = spent.until(Work::Stage, step).await?;
                    lookout.saw_anew(&shown.seen, &boxes);
                    (shown, true)
                }
            }
        };
        if changed {
            self.refused.fetch_add(shown.failed, Ordering::Relaxed);
        }
        // Pictures are dear: what looks as before needs none.
        let wanted = changed && (!doubtful || spent.until(Work::Draw, stage.is_changed()).await?);
        if changed && !points {
            *in_vain &= !wanted;
        }
        let picture = if wanted {
            spent.pictures += 1;
            Some(spent.until(Work::Draw, stage.png()).await?)
        } else {
            None
        };
        let (next, until) = until(shown.running > 0);
        let places = lookout.places(stage, replay.page(), &shown.frames, times(until));
        let places = spent.until(Work::Stage, places).await?;
        Ok(Taken {
            shown,
            picture,
            places,
            next,
        })
    }

    /// Draws what the overlay is made of, if no other browser does.
    async fn prepare(&self, stage: &mut Stage, replay: &Replay<'_>) -> Result<(), StageError> {
        let Some(sender) = lock(&self.prepared).take() else {
            return Ok(());
        };
        let Job { tab, scene, .. } = self.job;
        let mut overlay = self.job.overlay.clone();
        if let Err(error) = ground::prepare(stage, (tab, replay), &mut overlay, scene, None).await {
            // The next browser tries again.
            *lock(&self.prepared) = Some(sender);
            return Err(error);
        }
        // Nobody listens any more when the clip has failed elsewhere.
        let _ = sender.send(overlay);
        Ok(())
    }
}

/// The stage that draws a scene.
pub(super) async fn open_stage(
    scene: Scene,
    limits: Limits,
    options: &RenderOptions,
) -> Result<Stage, StageError> {
    let wanted = StageOptions {
        browser: BrowserOptions {
            program: options.drawing.browser.clone(),
            no_sandbox: options.drawing.no_sandbox,
            scale: scene.capture_scale().max(LEAST_SCALE),
            limits,
        },
        capture: options.drawing.capture,
        width: scene.width,
        height: scene.height,
        still: options.still,
    };
    match &options.drawing.ready {
        Some(browsers) => browsers.stage(&wanted).await,
        None => Stage::open(&wanted).await,
    }
}

/// The browser's picture at the size in which the scene wants it captured.
pub(super) fn picture(png: &[u8], scene: Scene) -> Result<Pixmap, StageError> {
    let page = stage::decode(png)?;
    let (width, height) = scene.captured_size();
    if scene.capture_scale() >= LEAST_SCALE || (page.width, page.height) == (width, height) {
        return Ok(page);
    }
    page.scaled(width, height)
        .map_err(|message| StageError::Picture { message })
}

/// Brings an empty stage to recording time `time`, as if the page had been played up to there, and
/// looks for what the overlay will ask for at some clip `times`.
pub(super) async fn arrive(
    stage: &mut Stage,
    replay: &mut Replay<'_>,
    time: f64,
    lookout: &mut Lookout<'_>,
    times: impl Iterator<Item = f64> + Clone,
    spent: &mut Spent,
) -> Result<Shown, StageError> {
    let mut run_up = RUN_UP;
    let page_start = replay.page_start_at(time);
    loop {
        let from = page_start.max(time - run_up);
        let steps = spent.on(Work::Replay, || {
            let mut steps = vec![replay.seek(from)];
            steps.extend(replay.advance_to(time));
            steps
        });
        let boxes = lookout.wanted(replay.page(), times.clone());
        let look = Look {
            missing: lookout.wants_missing(),
            boxes: &boxes,
        };
        let step = stage.step_and_look(&steps, time, &look);
        let shown = spent.until(Work::Stage, step).await?;
        // Animations that were under way at the snapshot began earlier than there: from a full
        // snapshot of the recording they begin with the page.
        if shown.from_snapshot == 0 || from <= page_start {
            lookout.saw_anew(&shown.seen, &boxes);
            return Ok(shown);
        }
        run_up *= 8.0;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A poisoned lock holds data that is still whole: nothing here panics half-way through.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
