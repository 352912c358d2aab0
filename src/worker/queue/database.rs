//! Two engines behind one door: an SQLite file, or PostgreSQL.
//!
//! Every statement of ours is the same text for both; [`on!`] runs it on whichever it is. The
//! entries that workers fetch are `apalis`'s: its tables, its way of taking one without taking it
//! twice. We call its queries inside our own transactions, so that a job and its entry never differ.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use apalis_core::backend::TaskResult;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::status::Status;
use apalis_core::task::task_id::TaskId;
use apalis_core::worker::context::WorkerContext;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use super::QueueError;
use crate::worker::job::JobId;

/// Runs an expression on a transaction, whatever its engine: `on!(tx, c => query.execute(c).await)`.
macro_rules! on {
    ($tx:expr, $connection:ident => $run:expr) => {
        match $tx {
            $crate::worker::queue::database::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $run
            }
            $crate::worker::queue::database::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $run
            }
        }
    };
}
pub(super) use on;

/// The name under which `apalis` keeps our entries.
const QUEUE: &str = "domreel";
/// Longer than any statement takes on a database that works.
const BUSY: Duration = Duration::from_secs(10);

/// A pool of connections to one database.
#[derive(Debug, Clone)]
pub(super) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// An entry that was fetched.
pub(super) struct Delivery {
    /// The entry's own id.
    pub(super) entry: String,
    /// The job it stands for; `None`: it is none of ours.
    pub(super) job: Option<JobId>,
}

impl Database {
    /// Connects, and creates the tables where there are none.
    pub(super) async fn open(url: &str) -> Result<Self, QueueError> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme);
        let database = match scheme {
            Some("sqlite") => Self::open_sqlite(url).await?,
            Some("postgres" | "postgresql") => {
                let options = PgConnectOptions::from_str(url)
                    .map_err(|error| QueueError::Url(url.to_owned(), error.to_string()))?
                    .application_name("domreel");
                let pool = PgPoolOptions::new()
                    .max_connections(8)
                    .acquire_timeout(BUSY)
                    .connect_with(options)
                    .await?;
                Database::Postgres(pool)
            }
            _ => {
                return Err(QueueError::Url(
                    url.to_owned(),
                    "use sqlite://FILE or postgres://USER@HOST/DATABASE".to_owned(),
                ));
            }
        };
        database.migrate().await?;
        Ok(database)
    }

    async fn open_sqlite(url: &str) -> Result<Self, QueueError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| QueueError::Url(url.to_owned(), error.to_string()))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With a write-ahead log a loss of power must not lose a job that was acknowledged.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true);
        let in_memory = url.contains(":memory:");
        if let Some(directory) = options.get_filename().parent()
            && directory != Path::new("")
            && !in_memory
        {
            tokio::fs::create_dir_all(directory).await.map_err(|error| {
                QueueError::Url(url.to_owned(), format!("{}: {error}", directory.display()))
            })?;
        }
        let pool = SqlitePoolOptions::new()
            // Each connection to memory is a database of its own.
            .max_connections(if in_memory { 1 } else { 4 })
            .acquire_timeout(BUSY)
            .connect_with(options)
            .await?;
        Ok(Database::Sqlite(pool))
    }

    async fn migrate(&self) -> Result<(), QueueError> {
        // Processes that start together on a new SQLite file get into each other's way; whoever
        // comes second finds the work done.
        let mut last = Ok(());
        for pause in [0, 50, 200, 800, 3200] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            last = self.try_migrate().await;
            if last.is_ok() {
                break;
            }
        }
        last
    }

    async fn try_migrate(&self) -> Result<(), QueueError> {
        match self {
            Database::Sqlite(pool) => {
                // `SqliteStorage::setup` would also switch off waiting for the disk.
                apalis_sqlite::SqliteStorage::migrations()
                    .run(pool)
                    .await
                    .map_err(sqlx::Error::from)?;
            }
            Database::Postgres(pool) => {
                apalis_postgres::PostgresStorage::<()>::setup(pool).await?;
            }
        }
        let mut tx = self.begin().await?;
        if let Tx::Postgres(tx) = &mut tx {
            // `IF NOT EXISTS` is no protection against a second process at the same moment.
            sqlx::query("SELECT pg_advisory_xact_lock(724591803)")
                .execute(&mut **tx)
                .await?;
        }
        on!(&mut tx, c => sqlx::raw_sql(include_str!("schema.sql")).execute(c).await.map(|_| ()))?;
        tx.commit().await
    }

    /// Begins a transaction that is going to write.
    pub(super) async fn begin(&self) -> Result<Tx, QueueError> {
        Ok(match self {
            // A transaction that starts as a reader cannot become a writer once another has written.
            Database::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Database::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads, and so waits for no writer.
    pub(super) async fn begin_read(&self) -> Result<Tx, QueueError> {
        Ok(match self {
            Database::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
            Database::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    pub(super) fn engine(&self) -> &'static str {
        match self {
            Database::Sqlite(_) => "sqlite",
            Database::Postgres(_) => "postgres",
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Database::Sqlite(pool) => pool.close().await,
            Database::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub(super) async fn commit(self) -> Result<(), QueueError> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// The database's clock, in milliseconds since 1970. The only clock that jobs are kept by:
    /// those of workers and submitters may be off.
    pub(super) async fn now_ms(&mut self) -> Result<i64, QueueError> {
        Ok(match self {
            Tx::Sqlite(tx) => {
                sqlx::query_scalar("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)")
                    .fetch_one(&mut **tx)
                    .await?
            }
            Tx::Postgres(tx) => {
                sqlx::query_scalar("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")
                    .fetch_one(&mut **tx)
                    .await?
            }
        })
    }

    /// Makes the engine see `worker`; entries can only be locked by workers it knows.
    pub(super) async fn register(&mut self, worker: &str) -> Result<(), QueueError> {
        let context = WorkerContext::new(worker);
        match self {
            Tx::Sqlite(tx) => {
                let config = apalis_sqlite::Config::default().queue(QUEUE);
                apalis_sqlite::queries::register_worker(&mut **tx, &config, &context, "domreel").await?;
            }
            Tx::Postgres(tx) => {
                let now = sqlx::query_scalar::<_, i64>(
                    "SELECT CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)",
                )
                .fetch_one(&mut **tx)
                .await?;
                apalis_postgres::queries::register_worker(&mut **tx, QUEUE, &context, &now.into(), "domreel")
                    .await?;
            }
        }
        Ok(())
    }

    /// Says that `worker` is there, for whoever looks at the engine's list of workers.
    pub(super) async fn keep_alive(&mut self, worker: &str) -> Result<(), QueueError> {
        let context = WorkerContext::new(worker);
        match self {
            Tx::Sqlite(tx) => {
                let config = apalis_sqlite::Config::default().queue(QUEUE);
                apalis_sqlite::queries::keep_alive(&mut **tx, &config, &context).await?;
            }
            Tx::Postgres(tx) => {
                apalis_postgres::queries::keep_alive(&mut **tx, QUEUE, &context).await?;
            }
        }
        Ok(())
    }

    /// Puts an entry for `job` into the queue; returns the entry's id.
    pub(super) async fn push(
        &mut self,
        job: &JobId,
        priority: i64,
        run_at_s: i64,
    ) -> Result<String, QueueError> {
        let entry = ulid::Ulid::generate().to_string();
        let task = TaskBuilder::new(serde_json::to_vec(job).unwrap_or_default())
            .task_id(TaskId::from_string(entry.clone()))
            .priority(usize::try_from(priority).unwrap_or_default())
            .run_at_timestamp(u64::try_from(run_at_s).unwrap_or_default())
            // Attempts are the policy's business: an entry is delivered once.
            .max_attempts(1)
            .build();
        match self {
            Tx::Sqlite(tx) => {
                apalis_sqlite::queries::push_tasks(&mut **tx, QUEUE, &[task]).await?;
            }
            Tx::Postgres(tx) => {
                apalis_postgres::queries::push_tasks(&mut **tx, QUEUE, vec![task]).await?;
            }
        }
        Ok(entry)
    }

    /// Takes the next entry that is due, for `worker`. No other worker gets it.
    pub(super) async fn fetch(&mut self, worker: &str) -> Result<Option<Delivery>, QueueError> {
        let context = WorkerContext::new(worker);
        let tasks = match self {
            Tx::Sqlite(tx) => {
                let config = apalis_sqlite::Config::default().queue(QUEUE).batch_size(1);
                apalis_sqlite::queries::fetch_next(&mut **tx, &config, &context).await?
            }
            Tx::Postgres(tx) => {
                let config = apalis_postgres::Config::default().queue(QUEUE).batch_size(1);
                apalis_postgres::queries::fetch_next(&mut **tx, &config, &context).await?
            }
        };
        let Some(task) = tasks.into_iter().next() else {
            return Ok(None);
        };
        let entry = task.task_id().map(ToString::to_string).unwrap_or_default();
        let job = serde_json::from_slice(&task.args).ok();
        Ok(Some(Delivery { entry, job }))
    }

    /// Closes an entry that `worker` holds: it is not delivered again.
    pub(super) async fn close(
        &mut self,
        entry: &str,
        worker: &str,
        result: Result<(), String>,
    ) -> Result<(), QueueError> {
        let result = TaskResult {
            task_id: TaskId::from_string(entry),
            attempt: 1,
            // `Failed` would be taken up again by the engine's own rules.
            status: if result.is_ok() {
                Status::Done
            } else {
                Status::Killed
            },
            result: result.map(|()| Value::Null),
        };
        match self {
            Tx::Sqlite(tx) => {
                apalis_sqlite::queries::ack_tasks(&mut **tx, &[&result], worker).await?;
            }
            Tx::Postgres(tx) => {
                apalis_postgres::queries::handle_results(&mut **tx, &[&result], worker).await?;
            }
        }
        Ok(())
    }

    /// Removes entries that were closed, unless a job still points to them.
    pub(super) async fn sweep_closed(&mut self) -> Result<(), QueueError> {
        match self {
            Tx::Sqlite(tx) => {
                sqlx::query(
                    "DELETE FROM Jobs WHERE job_type = $1 AND status IN ('Done', 'Killed') \
                     AND id NOT IN (SELECT delivery FROM domreel_jobs)",
                )
                .bind(QUEUE)
                .execute(&mut **tx)
                .await?;
            }
            Tx::Postgres(tx) => {
                sqlx::query(
                    "DELETE FROM apalis.jobs WHERE job_type = $1 AND status IN ('Done', 'Killed') \
                     AND id NOT IN (SELECT delivery FROM domreel_jobs)",
                )
                .bind(QUEUE)
                .execute(&mut **tx)
                .await?;
            }
        }
        Ok(())
    }
}
