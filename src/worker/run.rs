//! A worker: takes jobs from the queue as long as it is wanted, several at once.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{RwLock, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use super::attempt::{Bench, Ended, remove_leftovers};
use super::job::{Class, JobError};
use super::metrics::Metrics;
use super::queue::{Claim, Lost, Queue, QueueError, Settled};
use super::renderer::{Progress, Renderer, Stop};
use super::store::Store;
use super::system;
use crate::limits::Limits;

/// How a worker runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Jobs at once.
    pub concurrency: usize,
    /// Where recordings and clips lie while they are worked on.
    pub directory: PathBuf,
    /// How often an idle worker looks for a job.
    pub poll: Duration,
    /// How long running jobs may go on after the worker was told to end.
    pub grace: Duration,
    /// What one job may use up.
    pub limits: Limits,
    /// No job is taken while less memory than this is available, in bytes.
    pub min_memory: u64,
    /// Ends when there is nothing left to do.
    pub until_idle: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            concurrency: system::default_concurrency(),
            directory: std::env::temp_dir(),
            poll: Duration::from_millis(250),
            grace: Duration::from_secs(25),
            limits: Limits::default(),
            min_memory: 256 << 20,
            until_idle: false,
        }
    }
}

/// Why a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Told,
    /// There was nothing left to do.
    Idle,
    /// Renderers that did not stop when told to hold all its places. It should be started anew.
    Exhausted,
}

/// Takes jobs from a queue and has them rendered.
pub struct Worker {
    bench: Bench,
    config: Config,
    name: String,
    draining: AtomicBool,
    abandoned: AtomicUsize,
    drain_now: watch::Sender<bool>,
}

impl Worker {
    /// A worker for this queue and store.
    pub fn new(
        queue: Queue,
        store: Store,
        renderer: Arc<dyn Renderer>,
        metrics: Arc<Metrics>,
        config: Config,
    ) -> Self {
        let bench = Bench {
            queue,
            store,
            renderer,
            metrics,
            limits: config.limits,
            directory: config.directory.clone(),
            company: Arc::new(RwLock::new(())),
        };
        Worker {
            bench,
            // A name is used once: the engine takes an old one for a worker that is still there.
            name: format!(
                "{}-{}-{}",
                system::host_name(),
                std::process::id(),
                ulid::Ulid::generate()
            ),
            config,
            draining: AtomicBool::new(false),
            abandoned: AtomicUsize::new(0),
            drain_now: watch::Sender::new(false),
        }
    }

    /// The name under which the queue knows this worker.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was told to end.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Runs until `shutdown` resolves; then lets running jobs finish for the grace period and hands
    /// the rest back.
    pub async fn run(self: &Arc<Self>, shutdown: impl Future<Output = ()>) -> Result<End, QueueError> {
        if let Err(error) = tokio::fs::create_dir_all(&self.config.directory).await {
            warn!(directory = %self.config.directory.display(), %error, "no working directory");
        }
        remove_leftovers(&self.config.directory);
        self.bench.queue.register(&self.name).await?;
        info!(
            worker = self.name,
            concurrency = self.config.concurrency,
            "worker ready"
        );
        let places = Arc::new(Semaphore::new(self.config.concurrency));
        let mut jobs = JoinSet::new();
        let end = tokio::select! {
            () = shutdown => End::Told,
            end = self.take_jobs(&places, &mut jobs) => end,
            () = self.supervise() => End::Told,
        };
        self.draining.store(true, Ordering::Relaxed);
        if end != End::Idle {
            self.drain(&mut jobs).await;
        }
        info!(worker = self.name, ?end, "worker ended");
        Ok(end)
    }

    /// Waits for running jobs; after the grace period they are handed back.
    async fn drain(self: &Arc<Self>, jobs: &mut JoinSet<()>) {
        info!(worker = self.name, running = jobs.len(), "worker drains");
        let finished = async { while jobs.join_next().await.is_some() {} };
        tokio::select! {
            () = finished => return,
            // Signs of life must go on while jobs do, and other workers' jobs need an observer.
            () = self.supervise() => {},
            () = tokio::time::sleep(self.config.grace) => {},
        }
        self.drain_now.send_replace(true);
        let grace = self.bench.queue.policy().stop_grace + Duration::from_secs(5);
        let handed_back = async { while jobs.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, handed_back).await.is_err() {
            warn!(
                worker = self.name,
                "jobs could not be handed back; others will take them over"
            );
        }
    }

    /// Signs of life for the worker itself, and a look at the other workers' jobs. Does not return.
    async fn supervise(&self) {
        let mut lost = Lost::default();
        let queue = &self.bench.queue;
        loop {
            match queue.take_over(&mut lost).await {
                Ok(taken) => {
                    for (job, settled) in taken {
                        self.bench.metrics.took_over();
                        self.bench.metrics.failed(Class::WorkerLost);
                        warn!(%job, ?settled, "taken from a worker that fell silent");
                    }
                }
                Err(error) => debug!(%error, "running jobs could not be looked at"),
            }
            if let Err(error) = queue.keep_alive(&self.name).await {
                debug!(%error, "no sign of life could be given");
                if matches!(error, QueueError::Row(_)) {
                    // The engine forgot us: its table of workers was cleaned up.
                    let _ = queue.register(&self.name).await;
                }
            }
            tokio::time::sleep(queue.policy().beat()).await;
        }
    }

    async fn take_jobs(self: &Arc<Self>, places: &Arc<Semaphore>, jobs: &mut JoinSet<()>) -> End {
        let mut pause = self.config.poll;
        loop {
            while jobs.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(places).acquire_owned().await else {
                error!(
                    worker = self.name,
                    "every place is held by a renderer that does not stop"
                );
                return End::Exhausted;
            };
            if system::available_memory().is_some_and(|free| free < self.config.min_memory)
                && !jobs.is_empty()
            {
                debug!("too little memory for another job");
                tokio::time::sleep(pause).await;
                continue;
            }
            match self.bench.queue.claim(&self.name).await {
                Ok(Some(claim)) => {
                    pause = self.config.poll;
                    let worker = Arc::clone(self);
                    let places = Arc::clone(places);
                    jobs.spawn(async move {
                        if !worker.work_on(claim).await {
                            // What was left behind still uses memory and processor: its place
                            // stays taken.
                            place.forget();
                            let lost = worker.abandoned.fetch_add(1, Ordering::Relaxed) + 1;
                            if lost >= worker.config.concurrency {
                                places.close();
                            }
                        }
                    });
                    continue;
                }
                Ok(None) => {
                    pause = self.config.poll;
                    if self.config.until_idle && jobs.is_empty() && self.is_idle().await {
                        return End::Idle;
                    }
                }
                Err(error) => {
                    warn!(%error, "no job could be taken; trying again");
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
            drop(place);
            tokio::time::sleep(pause).await;
        }
    }

    async fn is_idle(&self) -> bool {
        match self.bench.queue.depth().await {
            Ok(depth) => depth.due + depth.waiting + depth.running == 0,
            Err(_) => false,
        }
    }

    /// Works on a claim; `false` if it had to be left behind.
    async fn work_on(&self, mut claim: Claim) -> bool {
        let id = claim.job.id.clone();
        let progress = Progress::default();
        let metrics = &self.bench.metrics;
        metrics.attempt_began();
        info!(job = %id, attempt = claim.job.attempts + 1, "job taken");
        let mut drain_now = self.drain_now.subscribe();
        let ended = {
            let attempt = self.bench.attempt(&mut claim, &progress);
            tokio::pin!(attempt);
            let drain = async { drop(drain_now.wait_for(|now| *now).await) };
            tokio::select! {
                ended = &mut attempt => ended,
                () = drain => {
                    progress.request_stop(Stop::Drain);
                    attempt.await
                }
            }
        };
        let abandoned = matches!(ended, Ended::Abandoned(_));
        if abandoned {
            metrics.abandoned();
            warn!(job = %id, "the renderer does not stop; it is left behind");
        }
        let settled = self.settle(&claim, &ended).await;
        metrics.attempt_ended(result_name(&settled), &progress);
        match &settled {
            Settled::Done => info!(job = %id, "job done"),
            other => info!(job = %id, settled = ?other, "attempt ended"),
        }
        !abandoned
    }

    /// Tells the queue how an attempt ended; goes on trying while the database is away.
    async fn settle(&self, claim: &Claim, ended: &Ended) -> Settled {
        if let Some(error) = failure(ended, self.bench.queue.policy().stall) {
            self.bench.metrics.failed(error.class);
        }
        let mut pause = Duration::from_millis(200);
        loop {
            match self.try_settle(claim, ended).await {
                Ok(settled) => {
                    if matches!(ended, Ended::Done { from_store: true, .. }) {
                        self.bench.metrics.found_in_store();
                    }
                    return settled;
                }
                Err(error) => {
                    warn!(job = %claim.job.id, %error, "the queue could not be told how the job ended");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn try_settle(&self, claim: &Claim, ended: &Ended) -> Result<Settled, QueueError> {
        let queue = &self.bench.queue;
        match ended {
            Ended::Done { manifest, from_store } => queue.finish(claim, manifest, *from_store).await,
            Ended::Stopped(Stop::Lost) | Ended::Abandoned(Stop::Lost) => Ok(Settled::Lost),
            Ended::Stopped(Stop::Canceled) | Ended::Abandoned(Stop::Canceled) => {
                queue.finish_canceled(claim).await
            }
            Ended::Stopped(Stop::Drain) | Ended::Abandoned(Stop::Drain) => queue.hand_back(claim).await,
            ended => match failure(ended, queue.policy().stall) {
                Some(error) => queue.fail(claim, error).await,
                None => Ok(Settled::Lost),
            },
        }
    }
}

/// What an attempt failed of, if it did.
fn failure(ended: &Ended, stall: Duration) -> Option<JobError> {
    match ended {
        Ended::Failed(error) => Some(error.clone()),
        Ended::Stopped(Stop::Deadline) | Ended::Abandoned(Stop::Deadline) => Some(JobError::fatal(
            Class::Deadline,
            "the attempt took longer than a job may; choose a shorter range or fewer frames, or raise \
             --deadline",
        )),
        Ended::Stopped(Stop::Stalled) | Ended::Abandoned(Stop::Stalled) => Some(JobError::retryable(
            Class::Stalled,
            format!("no frame came for {} s", stall.as_secs_f64()),
        )),
        _ => None,
    }
}

fn result_name(settled: &Settled) -> &'static str {
    match settled {
        Settled::Done => "done",
        Settled::Again(_) => "again",
        Settled::Dead(_) => "dead",
        Settled::Canceled => "canceled",
        Settled::Lost => "lost",
    }
}
