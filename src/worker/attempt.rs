//! One attempt at one job: from the store, through the renderer, back to the store, under watch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, oneshot};
use tracing::{debug, warn};

use super::job::{Class, JobError, JobSpec, Manifest, Phase};
use super::metrics::Metrics;
use super::queue::{Beat, Claim, Queue};
use super::renderer::{Progress, Rendered, Renderer, Stop};
use super::store::{Store, output_key};
use crate::limits::{Limit, Limits};

/// What attempts need from their worker.
pub(super) struct Bench {
    pub(super) queue: Queue,
    pub(super) store: Store,
    pub(super) renderer: Arc<dyn Renderer>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) limits: Limits,
    /// Where recordings and clips lie while they are worked on.
    pub(super) directory: PathBuf,
    /// Held for reading by every attempt, for writing by one that has to be alone.
    pub(super) company: Arc<RwLock<()>>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The clip is in the store.
    Done {
        manifest: Box<Manifest>,
        from_store: bool,
    },
    /// It failed.
    Failed(JobError),
    /// It was told to stop, and did.
    Stopped(Stop),
    /// It was told to stop and did not: its thread is left behind.
    Abandoned(Stop),
}

enum Company {
    #[allow(dead_code)]
    Shared(OwnedRwLockReadGuard<()>),
    #[allow(dead_code)]
    Alone(OwnedRwLockWriteGuard<()>),
}

impl Bench {
    /// Works on a claim until it is settled one way or another. Never waits for ever: a renderer that
    /// does not stop when told to is left behind.
    pub(super) async fn attempt(&self, claim: &mut Claim, progress: &Progress) -> Ended {
        let watched = claim.clone();
        let stop_grace = self.queue.policy().stop_grace;
        let overdue = async {
            let reason = progress.stopped().await;
            tokio::time::sleep(stop_grace).await;
            reason
        };
        tokio::select! {
            ended = self.work(claim, progress) => ended,
            () = self.keep(&watched, progress) => Ended::Stopped(Stop::Lost),
            () = self.watch(progress) => Ended::Stopped(Stop::Lost),
            reason = overdue => Ended::Abandoned(reason),
        }
    }

    async fn work(&self, claim: &mut Claim, progress: &Progress) -> Ended {
        let steps = async {
            let company = self.join(claim.is_suspect()).await;
            match self.begin(claim).await {
                Beat::Held => {}
                Beat::Cancel => progress.request_stop(Stop::Canceled),
                Beat::Lost => progress.request_stop(Stop::Lost),
            }
            self.fetch(&claim.job.spec, progress)
                .await
                .map(|found| (found, company))
        };
        let (found, _company) = tokio::select! {
            found = steps => match found {
                Ok(found) => found,
                Err(error) => return Ended::Failed(error),
            },
            reason = progress.stopped() => return Ended::Stopped(reason),
        };
        let made = match found {
            Found::InStore(manifest) => {
                return Ended::Done {
                    manifest,
                    from_store: true,
                };
            }
            Found::Recording(made) => made,
        };
        let rendered = self.render(&claim.job.spec, &made, progress).await;
        if let Some(reason) = progress.stop() {
            return Ended::Stopped(reason);
        }
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(error) => return Ended::Failed(error),
        };
        progress.phase(Phase::Publish);
        tokio::select! {
            manifest = self.publish(&claim.job.spec, &made, rendered, progress) => match manifest {
                Ok(manifest) => Ended::Done { manifest: Box::new(manifest), from_store: false },
                Err(error) => Ended::Failed(error),
            },
            reason = progress.stopped() => Ended::Stopped(reason),
        }
    }

    /// Waits until the attempt may run: beside others, or alone if it is suspected of killing workers.
    async fn join(&self, alone: bool) -> Company {
        if alone {
            Company::Alone(Arc::clone(&self.company).write_owned().await)
        } else {
            Company::Shared(Arc::clone(&self.company).read_owned().await)
        }
    }

    async fn begin(&self, claim: &mut Claim) -> Beat {
        loop {
            match self.queue.begin(claim).await {
                Ok(beat) => return beat,
                // Without a counted attempt a job that kills its worker could do so for ever.
                Err(error) => warn!(job = %claim.job.id, %error, "the attempt cannot begin yet"),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn fetch(&self, spec: &JobSpec, progress: &Progress) -> Result<Found, JobError> {
        progress.phase(Phase::Fetch);
        self.renderer.check(&spec.options)?;
        let directory = tempfile::Builder::new()
            .prefix(&directory_prefix(std::process::id()))
            .tempdir_in(&self.directory)
            .map_err(|error| {
                let place = self.directory.display();
                JobError::retryable(Class::Storage, format!("no room to work in {place}: {error}"))
            })?;
        let input = directory.path().join("recording");
        let recording = self
            .store
            .fetch(&spec.source, &input, self.limits.of(Limit::Input), progress)
            .await?;
        let key = output_key(&recording, &spec.options, &self.renderer.version());
        if let Some(manifest) = self.store.manifest(&key).await? {
            return Ok(Found::InStore(Box::new(manifest)));
        }
        Ok(Found::Recording(Made {
            directory: Arc::new(directory),
            recording,
            key,
        }))
    }

    /// Runs the renderer on a thread of its own, which can be left behind if it hangs.
    async fn render(&self, spec: &JobSpec, made: &Made, progress: &Progress) -> Result<Rendered, JobError> {
        progress.phase(Phase::Plan);
        let (done, result) = oneshot::channel();
        let renderer = Arc::clone(&self.renderer);
        let directory = Arc::clone(&made.directory);
        let spec = spec.clone();
        let progress = progress.clone();
        let run = move || {
            let input = directory.path().join("recording");
            let output = directory.path().join("output");
            let rendered = catch_unwind(AssertUnwindSafe(|| {
                std::fs::create_dir(&output).map_err(|error| {
                    let place = output.display();
                    JobError::retryable(Class::Storage, format!("{place}: {error}"))
                })?;
                renderer.render(&spec, &input, &output, &progress)
            }));
            let rendered = rendered.unwrap_or_else(|panic| {
                Err(JobError::retryable(
                    Class::Panic,
                    format!("the renderer panicked: {}", panic_message(panic.as_ref())),
                ))
            });
            // Nobody listens if the attempt was abandoned.
            let _ = done.send(rendered);
        };
        let handle = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("render".to_owned())
            .spawn(move || {
                // For renderers that drive a browser with `Handle::current`.
                let _runtime = handle.enter();
                run();
            })
            .map_err(|error| {
                JobError::retryable(Class::Internal, format!("no thread for the renderer: {error}"))
            })?;
        result.await.unwrap_or_else(|_| {
            Err(JobError::retryable(
                Class::Panic,
                "the renderer's thread ended without a result",
            ))
        })
    }

    async fn publish(
        &self,
        spec: &JobSpec,
        made: &Made,
        rendered: Rendered,
        progress: &Progress,
    ) -> Result<Manifest, JobError> {
        let directory = made.directory.path().join("output");
        let manifest = self
            .store
            .publish(
                &made.key,
                &made.recording,
                &spec.options,
                &self.renderer.version(),
                &directory,
                rendered,
                self.limits.of(Limit::Output),
                progress,
            )
            .await?;
        Ok(manifest)
    }

    /// Gives signs of life to the queue, and hears from it whether to go on. Does not return.
    async fn keep(&self, claim: &Claim, progress: &Progress) {
        // Not only for the lease: people watch the numbers.
        let beat = self.queue.policy().beat().min(Duration::from_secs(1));
        loop {
            tokio::time::sleep(beat).await;
            let timeout = self.queue.policy().lease;
            match tokio::time::timeout(timeout, self.queue.beat(claim, progress.snapshot())).await {
                Ok(Ok(Beat::Held)) => {}
                Ok(Ok(Beat::Cancel)) => progress.request_stop(Stop::Canceled),
                Ok(Ok(Beat::Lost)) => progress.request_stop(Stop::Lost),
                Ok(Err(error)) => debug!(job = %claim.job.id, %error, "no sign of life could be given"),
                Err(_) => debug!(job = %claim.job.id, "the queue's database does not answer"),
            }
        }
    }

    /// Stops an attempt that takes too long or does not move. Does not return.
    async fn watch(&self, progress: &Progress) {
        let policy = self.queue.policy();
        let tick = (policy.stall.min(policy.deadline) / 10)
            .clamp(Duration::from_millis(10), Duration::from_millis(500));
        let mut began = None;
        loop {
            tokio::time::sleep(tick).await;
            let snapshot = progress.snapshot();
            if snapshot.phase == Phase::Waiting {
                continue;
            }
            let began = *began.get_or_insert_with(Instant::now);
            if began.elapsed() > policy.deadline {
                progress.request_stop(Stop::Deadline);
            } else if snapshot.last_sign.elapsed() > policy.stall {
                progress.request_stop(Stop::Stalled);
            }
        }
    }
}

enum Found {
    InStore(Box<Manifest>),
    Recording(Made),
}

struct Made {
    directory: Arc<TempDir>,
    recording: String,
    key: String,
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn directory_prefix(process: u32) -> String {
    format!("domreel-job-{process}-")
}

/// Removes what processes that were killed left in the working directory.
pub(super) fn remove_leftovers(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix("domreel-job-"))
            .and_then(|rest| rest.split('-').next())
            .and_then(|process| process.parse::<i32>().ok())
            .and_then(rustix::process::Pid::from_raw);
        let Some(process) = process else {
            continue;
        };
        let own = u32::try_from(process.as_raw_nonzero().get()) == Ok(std::process::id());
        let alive = !own && rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH);
        // A process of our own number that left something is an earlier one.
        if !alive {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
