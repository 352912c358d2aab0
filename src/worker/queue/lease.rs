//! What workers do: claim a job, keep it, settle it, and take over those of dead workers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Queue, QueueError, Row, Tx, columns, deliver, on, read, to_json};
use crate::worker::job::{Class, Job, JobError, JobId, Manifest, Phase, State};
use crate::worker::policy::Verdict;
use crate::worker::renderer::Snapshot;

/// A job that a worker has been given.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// Which giving-out of the job this is.
    run: i64,
}

impl Claim {
    /// Whether an attempt of this job has taken its worker with it, or panicked. Such a job runs
    /// alone, so that if it does it again it takes no innocent job with it.
    pub fn is_suspect(&self) -> bool {
        self.job.crashes > 0
    }
}

/// What the queue says to a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// Go on.
    Held,
    /// A person called the job off.
    Cancel,
    /// The job is not this worker's any more.
    Lost,
}

/// What became of a job that was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is done.
    Done,
    /// It waits for another attempt.
    Again(Duration),
    /// It is a dead letter, for this reason.
    Dead(JobError),
    /// It is called off.
    Canceled,
    /// It was not this worker's any more; nothing changed.
    Lost,
}

/// The observer's side of leases: which running jobs have been silent for how long.
///
/// Silence is measured by the observer's own steady clock, from one look to the next. No clock time
/// of any machine is compared with another's, so clocks that are off do no harm.
#[derive(Debug, Default)]
pub struct Lost {
    seen: HashMap<(JobId, i64), (i64, Instant)>,
}

impl Queue {
    /// Tells the engine that a worker of this name begins. Names must be new.
    pub async fn register(&self, worker: &str) -> Result<(), QueueError> {
        let mut tx = self.database.begin().await?;
        tx.register(worker).await?;
        tx.commit().await
    }

    /// A worker's own sign of life, for whoever looks at the engine's list of workers.
    pub async fn keep_alive(&self, worker: &str) -> Result<(), QueueError> {
        let mut tx = self.database.begin().await?;
        tx.keep_alive(worker).await?;
        tx.commit().await
    }

    /// Gives the next due job to `worker`, if there is one.
    pub async fn claim(&self, worker: &str) -> Result<Option<Claim>, QueueError> {
        // Most looks find nothing, and should hold up nobody who writes.
        if !self.has_due().await? {
            return Ok(None);
        }
        let mut tx = self.database.begin().await?;
        let claim = loop {
            let Some(delivery) = tx.fetch(worker).await? else {
                break None;
            };
            let taken = match &delivery.job {
                Some(id) => take(&mut tx, id, &delivery.entry, worker).await?,
                None => None,
            };
            match taken {
                Some(claim) => break Some(claim),
                None => tx.close(&delivery.entry, worker, Ok(())).await?,
            }
        };
        tx.commit().await?;
        Ok(claim)
    }

    async fn has_due(&self) -> Result<bool, QueueError> {
        let mut tx = self.database.begin_read().await?;
        let now = tx.now_ms().await?;
        let found: Option<i64> = on!(&mut tx, c => sqlx::query_scalar(
            "SELECT 1 FROM domreel_jobs WHERE state = 'queued' AND run_at_ms <= $1 LIMIT 1",
        )
        .bind(now)
        .fetch_optional(c)
        .await
        .map(|row: Option<i32>| row.map(i64::from)))?;
        tx.commit().await?;
        Ok(found.is_some())
    }

    /// Counts an attempt: from here on the job answers for what happens to its worker.
    pub async fn begin(&self, claim: &mut Claim) -> Result<Beat, QueueError> {
        let mut tx = self.database.begin().await?;
        let now = tx.now_ms().await?;
        on!(&mut tx, c => sqlx::query(
            "UPDATE domreel_jobs SET begun = 1, attempts = attempts + 1, started_ms = $3, \
             revision = revision + 1 \
             WHERE id = $1 AND run = $2 AND state = 'running' AND begun = 0",
        )
        .bind(claim.job.id.to_string())
        .bind(claim.run)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
        let row = read(&mut tx, &claim.job.id).await?;
        tx.commit().await?;
        let beat = beat_of(&row, claim);
        if beat != Beat::Lost {
            claim.job = row.into_job()?;
        }
        Ok(beat)
    }

    /// A running job's sign of life, and how far it is.
    pub async fn beat(&self, claim: &Claim, progress: Snapshot) -> Result<Beat, QueueError> {
        let mut tx = self.database.begin().await?;
        on!(&mut tx, c => sqlx::query(
            "UPDATE domreel_jobs SET beat = beat + 1, phase = $3, frames = $4, progress = $5, \
             revision = revision + 1 WHERE id = $1 AND run = $2 AND state = 'running'",
        )
        .bind(claim.job.id.to_string())
        .bind(claim.run)
        .bind(progress.phase.name())
        .bind(i64::try_from(progress.frames).unwrap_or(i64::MAX))
        .bind((progress.share * 1000.0) as i64)
        .execute(c)
        .await
        .map(|_| ()))?;
        let row = read(&mut tx, &claim.job.id).await;
        tx.commit().await?;
        match row {
            Ok(row) => Ok(beat_of(&row, claim)),
            Err(QueueError::NoJob(_)) => Ok(Beat::Lost),
            Err(error) => Err(error),
        }
    }

    /// The job is done: `manifest` is in the store.
    pub async fn finish(
        &self,
        claim: &Claim,
        manifest: &Manifest,
        from_store: bool,
    ) -> Result<Settled, QueueError> {
        let mut tx = self.database.begin().await?;
        let now = tx.now_ms().await?;
        let frames = manifest.report.get("frames").and_then(serde_json::Value::as_i64);
        let done = on!(&mut tx, c => sqlx::query(
            "UPDATE domreel_jobs SET state = 'done', manifest = $3, from_store = $4, \
             finished_ms = $5, failure = NULL, phase = NULL, frames = COALESCE($6, frames), \
             progress = 1000, revision = revision + 1 \
             WHERE id = $1 AND run = $2 AND state = 'running'",
        )
        .bind(claim.job.id.to_string())
        .bind(claim.run)
        .bind(to_json(manifest)?)
        .bind(i64::from(from_store))
        .bind(now)
        .bind(frames)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        if done == 0 {
            return Ok(Settled::Lost);
        }
        close(&mut tx, &claim.job.id, Ok(())).await?;
        tx.commit().await?;
        Ok(Settled::Done)
    }

    /// The attempt failed; the policy decides what follows.
    pub async fn fail(&self, claim: &Claim, error: JobError) -> Result<Settled, QueueError> {
        let mut tx = self.database.begin().await?;
        let row = lock(&mut tx, &claim.job.id, claim.run).await?;
        let settled = match row {
            Some(row) => self.settle(&mut tx, row, error).await?,
            None => Settled::Lost,
        };
        tx.commit().await?;
        Ok(settled)
    }

    /// The attempt ended because the job is called off.
    pub async fn finish_canceled(&self, claim: &Claim) -> Result<Settled, QueueError> {
        let mut tx = self.database.begin().await?;
        let Some(row) = lock(&mut tx, &claim.job.id, claim.run).await? else {
            return Ok(Settled::Lost);
        };
        end(&mut tx, &row, State::Canceled, None).await?;
        close(&mut tx, &claim.job.id, Err("canceled".to_owned())).await?;
        tx.commit().await?;
        Ok(Settled::Canceled)
    }

    /// Gives the job back as if it had not been taken: the worker is going away.
    pub async fn hand_back(&self, claim: &Claim) -> Result<Settled, QueueError> {
        let mut tx = self.database.begin().await?;
        let Some(row) = lock(&mut tx, &claim.job.id, claim.run).await? else {
            return Ok(Settled::Lost);
        };
        if row.cancel != 0 {
            drop(tx);
            return self.finish_canceled(claim).await;
        }
        close(&mut tx, &claim.job.id, Err("handed back".to_owned())).await?;
        let attempts = row.attempts - row.begun;
        requeue(&mut tx, &row, attempts, row.crashes, Duration::ZERO, None).await?;
        tx.commit().await?;
        Ok(Settled::Again(Duration::ZERO))
    }

    /// Looks at all running jobs and takes those of silent workers from them. To be called every
    /// [`beat`](crate::worker::policy::Policy::beat). Returns what became of each.
    pub async fn take_over(&self, lost: &mut Lost) -> Result<Vec<(JobId, Settled)>, QueueError> {
        let looked = self.running().await;
        let running = match looked {
            Ok(running) => running,
            Err(error) => {
                // While the database is away nobody can give a sign of life.
                lost.seen.clear();
                return Err(error);
            }
        };
        let now = Instant::now();
        let silence = self.policy.silence();
        let mut silent = Vec::new();
        let mut seen = HashMap::with_capacity(running.len());
        for (id, run, beat) in running {
            let id: JobId = id
                .parse()
                .map_err(|_| QueueError::Row(format!("‘{id}’ is no job id")))?;
            let since = match lost.seen.get(&(id.clone(), run)) {
                Some((old, since)) if *old == beat => *since,
                _ => now,
            };
            if now.duration_since(since) >= silence {
                silent.push((id.clone(), run, beat));
            }
            seen.insert((id, run), (beat, since));
        }
        lost.seen = seen;
        let mut settled = Vec::new();
        for (id, run, beat) in silent {
            if let Some(what) = self.take_from_silent(&id, run, beat).await? {
                settled.push((id, what));
            }
        }
        Ok(settled)
    }

    async fn running(&self) -> Result<Vec<(String, i64, i64)>, QueueError> {
        let mut tx = self.database.begin_read().await?;
        let rows = on!(&mut tx, c => sqlx::query_as(
            "SELECT id, run, beat FROM domreel_jobs WHERE state = 'running' ORDER BY id",
        )
        .fetch_all(c)
        .await)?;
        tx.commit().await?;
        Ok(rows)
    }

    async fn take_from_silent(&self, id: &JobId, run: i64, beat: i64) -> Result<Option<Settled>, QueueError> {
        let mut tx = self.database.begin().await?;
        let settled = match lock(&mut tx, id, run).await? {
            Some(row) if row.beat == beat => {
                let worker = row.worker.clone().unwrap_or_default();
                let settled = if row.cancel != 0 {
                    end(&mut tx, &row, State::Canceled, None).await?;
                    close(&mut tx, id, Err("canceled".to_owned())).await?;
                    Settled::Canceled
                } else if row.begun == 0 {
                    // It had not begun, so it has nothing to do with what became of the worker.
                    close(&mut tx, id, Err("worker lost".to_owned())).await?;
                    requeue(&mut tx, &row, row.attempts, row.crashes, Duration::ZERO, None).await?;
                    Settled::Again(Duration::ZERO)
                } else {
                    let error = JobError::retryable(
                        Class::WorkerLost,
                        format!(
                            "worker {worker} fell silent during the {} phase: it was killed, crashed or \
                             lost its connection",
                            row.phase.as_deref().unwrap_or(Phase::Fetch.name())
                        ),
                    );
                    self.settle(&mut tx, row, error).await?
                };
                Some(settled)
            }
            _ => None,
        };
        tx.commit().await?;
        Ok(settled)
    }

    /// Settles a failed attempt of a job whose row is locked.
    async fn settle(&self, tx: &mut Tx, row: Row, error: JobError) -> Result<Settled, QueueError> {
        let id: JobId = row
            .id
            .parse()
            .map_err(|_| QueueError::Row(format!("‘{}’ is no job id", row.id)))?;
        close(tx, &id, Err(error.to_string())).await?;
        if row.cancel != 0 {
            end(tx, &row, State::Canceled, None).await?;
            return Ok(Settled::Canceled);
        }
        let crashes = row.crashes + i64::from(error.class.is_crash());
        let verdict = self.policy.after_failure(
            &id,
            error.clone(),
            u32::try_from(row.attempts).unwrap_or(u32::MAX),
            u32::try_from(crashes).unwrap_or(u32::MAX),
        );
        Ok(match verdict {
            Verdict::Again(wait) => {
                requeue(tx, &row, row.attempts, crashes, wait, Some(&error)).await?;
                Settled::Again(wait)
            }
            Verdict::Dead(reason) => {
                end(tx, &Row { crashes, ..row }, State::Dead, Some(&reason)).await?;
                Settled::Dead(reason)
            }
        })
    }
}

fn beat_of(row: &Row, claim: &Claim) -> Beat {
    if row.run != claim.run || row.state != State::Running.name() {
        Beat::Lost
    } else if row.cancel != 0 {
        Beat::Cancel
    } else {
        Beat::Held
    }
}

/// Gives the job to `worker` if `entry` is the one that stands for it.
async fn take(tx: &mut Tx, id: &JobId, entry: &str, worker: &str) -> Result<Option<Claim>, QueueError> {
    let taken = on!(tx, c => sqlx::query(
        "UPDATE domreel_jobs SET state = 'running', run = run + 1, begun = 0, beat = 0, worker = $3, \
         phase = 'waiting', frames = 0, progress = 0, revision = revision + 1 \
         WHERE id = $1 AND delivery = $2 AND state = 'queued'",
    )
    .bind(id.to_string())
    .bind(entry)
    .bind(worker)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if taken == 0 {
        return Ok(None);
    }
    let row = read(tx, id).await?;
    let run = row.run;
    Ok(Some(Claim {
        job: row.into_job()?,
        run,
    }))
}

/// The job's row, kept from changing, if the job is still in that run.
async fn lock(tx: &mut Tx, id: &JobId, run: i64) -> Result<Option<Row>, QueueError> {
    // An update that changes nothing locks the row in either engine.
    Ok(on!(tx, c => sqlx::query_as(concat!(
        "UPDATE domreel_jobs SET run = run WHERE id = $1 AND run = $2 AND state = 'running' \
         RETURNING ", columns!()
    ))
    .bind(id.to_string())
    .bind(run)
    .fetch_optional(c)
    .await)?)
}

/// Closes the entry of a job that a worker holds.
async fn close(tx: &mut Tx, id: &JobId, result: Result<(), String>) -> Result<(), QueueError> {
    let row = read(tx, id).await?;
    tx.close(&row.delivery, row.worker.as_deref().unwrap_or_default(), result)
        .await
}

/// Puts a running job back into the queue, for a time from now.
async fn requeue(
    tx: &mut Tx,
    row: &Row,
    attempts: i64,
    crashes: i64,
    wait: Duration,
    failure: Option<&JobError>,
) -> Result<(), QueueError> {
    let id: JobId = row
        .id
        .parse()
        .map_err(|_| QueueError::Row(format!("‘{}’ is no job id", row.id)))?;
    let now = tx.now_ms().await?;
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let run_at = now.saturating_add(wait);
    on!(tx, c => sqlx::query(
        "UPDATE domreel_jobs SET state = 'queued', attempts = $2, crashes = $3, run_at_ms = $4, \
         failure = COALESCE($5, failure), phase = NULL, revision = revision + 1 WHERE id = $1",
    )
    .bind(&row.id)
    .bind(attempts)
    .bind(crashes)
    .bind(run_at)
    .bind(failure.map(to_json).transpose()?)
    .execute(c)
    .await
    .map(|_| ()))?;
    deliver(tx, &id, row.priority, run_at, now).await
}

/// Ends a running job.
async fn end(tx: &mut Tx, row: &Row, state: State, failure: Option<&JobError>) -> Result<(), QueueError> {
    let now = tx.now_ms().await?;
    on!(tx, c => sqlx::query(
        "UPDATE domreel_jobs SET state = $2, crashes = $3, finished_ms = $4, \
         failure = COALESCE($5, failure), phase = NULL, revision = revision + 1 WHERE id = $1",
    )
    .bind(&row.id)
    .bind(state.name())
    .bind(row.crashes)
    .bind(now)
    .bind(failure.map(to_json).transpose()?)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}
