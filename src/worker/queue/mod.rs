//! The queue: jobs in an SQLite file or in PostgreSQL, and who has which.
//!
//! A job is a row of our own table; what workers fetch is an entry of `apalis`'s that points to it.
//! Both change in one transaction, so neither can be lost without the other. A job has one valid
//! entry at a time, and each time it is given out its `run` grows: whoever comes back with an older
//! number, because it was thought dead, changes nothing.
//!
//! | file | what it does |
//! |---|---|
//! | `mod.rs` | what people do: submit, look, cancel, retry |
//! | `lease.rs` | what workers do: claim, beat, finish, hand back, take over from the dead |
//! | `database.rs` | the two engines |

mod database;
mod lease;
mod row;
#[cfg(test)]
mod tests;

use database::{Database, Tx, on};
use row::{Row, columns};

pub use lease::{Beat, Claim, Lost, Settled};

use super::job::{Job, JobId, Manifest, State, Submission};
use super::policy::Policy;

/// Why the queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The URL names no queue.
    #[error("‘{0}’ is not usable as a queue: {1}")]
    Url(String, String),
    /// The database failed, or is not there; it may be later.
    #[error("the queue's database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that this version did not write.
    #[error("the queue contains what this version cannot read: {0}")]
    Row(String),
    /// No such job.
    #[error("there is no job {0}")]
    NoJob(JobId),
    /// The idempotency key belongs to a job that differs.
    #[error("the idempotency key ‘{0}’ was used for another job, {1}; use a new key")]
    Conflict(String, JobId),
    /// The job is not in a state for that.
    #[error("job {0} is {1}; {2}")]
    State(JobId, State, &'static str),
    /// The idempotency key is too long.
    #[error("an idempotency key has 1 to {max} bytes", max = Submission::MAX_KEY)]
    Key,
}

impl From<apalis_sqlite::Error> for QueueError {
    fn from(error: apalis_sqlite::Error) -> Self {
        match error {
            apalis_sqlite::Error::Database(error) => QueueError::Database(error),
            other => QueueError::Row(other.to_string()),
        }
    }
}

impl From<apalis_postgres::Error> for QueueError {
    fn from(error: apalis_postgres::Error) -> Self {
        match error {
            apalis_postgres::Error::Database(error) => QueueError::Database(error),
            other => QueueError::Row(other.to_string()),
        }
    }
}

/// A queue of jobs. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Queue {
    database: Database,
    policy: Policy,
}

/// What was submitted, and whether it is new.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// `false`: the same idempotency key had been used for it before.
    pub created: bool,
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those submitted before this one.
    pub before: Option<JobId>,
    /// At most that many.
    pub limit: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            state: None,
            before: None,
            limit: 50,
        }
    }
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Jobs that could be taken now.
    pub due: u64,
    /// Jobs that wait for their time or for another attempt.
    pub waiting: u64,
    /// Jobs that workers have.
    pub running: u64,
    /// Jobs that are done.
    pub done: u64,
    /// Dead letters.
    pub dead: u64,
    /// Jobs that were called off.
    pub canceled: u64,
    /// How long the oldest due job has been due, in milliseconds.
    pub oldest_due_ms: u64,
}

impl Queue {
    /// Opens the queue at `url` (`sqlite://FILE` or `postgres://USER@HOST/DATABASE`) and creates its
    /// tables where there are none.
    pub async fn open(url: &str, policy: Policy) -> Result<Self, QueueError> {
        Ok(Queue {
            database: Database::open(url).await?,
            policy,
        })
    }

    /// The rules it is run by.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        self.database.engine()
    }

    /// Closes the connections. Without it an SQLite file keeps its write-ahead log beside it.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), QueueError> {
        let mut tx = self.database.begin_read().await?;
        tx.now_ms().await?;
        tx.commit().await
    }

    /// Adds a job, or finds the one with the same idempotency key. With a `manifest` the job is done
    /// from the start: its clip was in the store.
    pub async fn submit(
        &self,
        submission: Submission,
        manifest: Option<&Manifest>,
    ) -> Result<Submitted, QueueError> {
        let key = submission.idempotency_key.as_deref();
        if key.is_some_and(|key| key.is_empty() || key.len() > Submission::MAX_KEY) {
            return Err(QueueError::Key);
        }
        let id = JobId::generate();
        let spec = to_json(&submission.spec)?;
        let priority = i64::from(submission.priority.min(Submission::HIGHEST));
        let label: String = submission.label.chars().take(Submission::MAX_LABEL).collect();
        let mut tx = self.database.begin().await?;
        let now = tx.now_ms().await?;
        let delay = i64::try_from(submission.delay_ms).unwrap_or(i64::MAX);
        let run_at = now.saturating_add(delay);
        let state = if manifest.is_some() {
            State::Done
        } else {
            State::Queued
        };
        let manifest = manifest.map(to_json).transpose()?;
        let inserted = on!(&mut tx, c => sqlx::query(
            "INSERT INTO domreel_jobs (id, idempotency_key, label, state, spec, priority, delivery, \
             manifest, from_store, created_ms, run_at_ms, finished_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10, $11) \
             ON CONFLICT (idempotency_key) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(key)
        .bind(&label)
        .bind(state.name())
        .bind(&spec)
        .bind(priority)
        .bind(manifest.as_deref())
        .bind(i64::from(manifest.is_some()))
        .bind(now)
        .bind(run_at)
        .bind(manifest.is_some().then_some(now))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        if inserted == 0 {
            let key = key.unwrap_or_default();
            let job = with_key(&mut tx, key).await?;
            tx.commit().await?;
            if job.spec != submission.spec {
                return Err(QueueError::Conflict(key.to_owned(), job.id));
            }
            return Ok(Submitted { job, created: false });
        }
        if state == State::Queued {
            deliver(&mut tx, &id, priority, run_at, now).await?;
        }
        let job = read(&mut tx, &id).await?.into_job()?;
        tx.commit().await?;
        Ok(Submitted { job, created: true })
    }

    /// Whether a job was submitted under an idempotency key; none was without one.
    pub async fn has_key(&self, key: Option<&str>) -> Result<bool, QueueError> {
        let Some(key) = key else { return Ok(false) };
        let mut tx = self.database.begin_read().await?;
        let found: Option<(i64,)> = on!(&mut tx, c => sqlx::query_as(
            "SELECT CAST(1 AS BIGINT) FROM domreel_jobs WHERE idempotency_key = $1"
        )
        .bind(key)
        .fetch_optional(c)
        .await)?;
        tx.commit().await?;
        Ok(found.is_some())
    }

    /// The job of that id.
    pub async fn get(&self, id: &JobId) -> Result<Job, QueueError> {
        let mut tx = self.database.begin_read().await?;
        let row = read(&mut tx, id).await?;
        tx.commit().await?;
        row.into_job()
    }

    /// Jobs, newest first.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Job>, QueueError> {
        let mut tx = self.database.begin_read().await?;
        let state = filter.state.map_or("", State::name);
        let before = filter.before.as_ref().map(JobId::to_string).unwrap_or_default();
        let rows: Vec<Row> = on!(&mut tx, c => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM domreel_jobs \
             WHERE ($1 = '' OR state = $1) AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
        ))
        .bind(state)
        .bind(before)
        .bind(i64::from(filter.limit))
        .fetch_all(c)
        .await)?;
        tx.commit().await?;
        rows.into_iter().map(Row::into_job).collect()
    }

    /// How full the queue is.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let mut tx = self.database.begin_read().await?;
        let now = tx.now_ms().await?;
        let rows: Vec<(String, i64, i64, i64)> = on!(&mut tx, c => sqlx::query_as(
            "SELECT state, count(*), \
             CAST(sum(CASE WHEN run_at_ms <= $1 THEN 1 ELSE 0 END) AS BIGINT), min(run_at_ms) \
             FROM domreel_jobs GROUP BY state",
        )
        .bind(now)
        .fetch_all(c)
        .await)?;
        tx.commit().await?;
        let mut depth = Depth::default();
        for (state, all, due, oldest) in rows {
            let all = u64::try_from(all).unwrap_or_default();
            match state.parse() {
                Ok(State::Queued) => {
                    depth.due = u64::try_from(due).unwrap_or_default();
                    depth.waiting = all.saturating_sub(depth.due);
                    depth.oldest_due_ms = u64::try_from(now.saturating_sub(oldest)).unwrap_or_default();
                }
                Ok(State::Running) => depth.running = all,
                Ok(State::Done) => depth.done = all,
                Ok(State::Dead) => depth.dead = all,
                Ok(State::Canceled) => depth.canceled = all,
                Err(_) => {}
            }
        }
        Ok(depth)
    }

    /// Calls a job off. A running one ends as soon as its worker hears of it.
    pub async fn cancel(&self, id: &JobId) -> Result<Job, QueueError> {
        let mut tx = self.database.begin().await?;
        let now = tx.now_ms().await?;
        on!(&mut tx, c => sqlx::query(
            "UPDATE domreel_jobs SET cancel = 1, revision = revision + 1, \
             finished_ms = CASE WHEN state = 'queued' THEN $2 ELSE finished_ms END, \
             state = CASE WHEN state = 'queued' THEN 'canceled' ELSE state END \
             WHERE id = $1 AND state IN ('queued', 'running')",
        )
        .bind(id.to_string())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
        let job = read(&mut tx, id).await?.into_job()?;
        tx.commit().await?;
        match job.state {
            State::Done | State::Dead => {
                Err(QueueError::State(job.id, job.state, "there is nothing to cancel"))
            }
            _ => Ok(job),
        }
    }

    /// Puts a dead or canceled job back, with all its attempts.
    pub async fn retry(&self, id: &JobId) -> Result<Job, QueueError> {
        let mut tx = self.database.begin().await?;
        let now = tx.now_ms().await?;
        let revived = on!(&mut tx, c => sqlx::query(
            "UPDATE domreel_jobs SET state = 'queued', cancel = 0, attempts = 0, crashes = 0, \
             phase = NULL, frames = 0, progress = 0, finished_ms = NULL, run_at_ms = $2, \
             revision = revision + 1 WHERE id = $1 AND state IN ('dead', 'canceled')",
        )
        .bind(id.to_string())
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        let row = read(&mut tx, id).await?;
        if revived == 0 {
            let job = row.into_job()?;
            return Err(QueueError::State(
                job.id,
                job.state,
                "only dead and canceled jobs can be retried",
            ));
        }
        deliver(&mut tx, id, row.priority, now, now).await?;
        tx.commit().await?;
        row.into_job()
    }

    /// Forgets jobs that have been finished for longer than `age_ms`; returns how many. Their clips
    /// stay in the store.
    pub async fn prune(&self, age_ms: u64) -> Result<u64, QueueError> {
        let mut tx = self.database.begin().await?;
        let age = i64::try_from(age_ms).unwrap_or(i64::MAX);
        let before = tx.now_ms().await?.saturating_sub(age);
        let forgotten = on!(&mut tx, c => sqlx::query(
            "DELETE FROM domreel_jobs \
             WHERE state IN ('done', 'dead', 'canceled') AND finished_ms <= $1",
        )
        .bind(before)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        tx.sweep_closed().await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, QueueError> {
    serde_json::to_string(value).map_err(|error| QueueError::Row(error.to_string()))
}

async fn read(tx: &mut Tx, id: &JobId) -> Result<Row, QueueError> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(concat!(
        "SELECT ", columns!(), " FROM domreel_jobs WHERE id = $1"
    ))
    .bind(id.to_string())
    .fetch_optional(c)
    .await)?;
    row.ok_or_else(|| QueueError::NoJob(id.clone()))
}

async fn with_key(tx: &mut Tx, key: &str) -> Result<Job, QueueError> {
    let row: Row = on!(tx, c => sqlx::query_as(concat!(
        "SELECT ", columns!(), " FROM domreel_jobs WHERE idempotency_key = $1"
    ))
    .bind(key)
    .fetch_one(c)
    .await)?;
    row.into_job()
}

/// Puts a new entry for the job into the queue, which makes any older one stale.
async fn deliver(
    tx: &mut Tx,
    id: &JobId,
    priority: i64,
    run_at_ms: i64,
    now_ms: i64,
) -> Result<(), QueueError> {
    // The engine counts in seconds. What is due now must not wait for the next one, and what is due
    // later must not come early.
    let run_at_s = if run_at_ms <= now_ms {
        now_ms.div_euclid(1000)
    } else {
        run_at_ms.saturating_add(999).div_euclid(1000)
    };
    let entry = tx.push(id, priority, run_at_s).await?;
    on!(tx, c => sqlx::query("UPDATE domreel_jobs SET delivery = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(entry)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
