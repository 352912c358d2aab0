//! What every test needs: a queue on one engine, a store, workers as processes of their own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domreel::worker::job::{Job, JobId, JobSpec, State, Submission};
use domreel::worker::metrics::Metrics;
use domreel::worker::policy::Policy;
use domreel::worker::queue::{Filter, Queue};
use domreel::worker::run::{Config, End, Worker};
use domreel::worker::store::{Sources, Store};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::fake::Fake;
use crate::server::Postgres;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(400);

pub(crate) enum Engine {
    Sqlite,
    Postgres(Postgres),
}

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) url: String,
    directory: TempDir,
}

/// Short times, so that the tests are quick; the lease is what a loaded machine can still keep.
pub(crate) fn policy() -> Policy {
    Policy {
        backoff: Duration::from_millis(100),
        lease: Duration::from_secs(5),
        stall: Duration::from_secs(3),
        stop_grace: Duration::from_millis(500),
        ..Policy::default()
    }
}

impl Scene {
    pub(crate) async fn sqlite() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("jobs.db").display());
        Some(Self::new(Engine::Sqlite, url, directory).await)
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap()?;
        let url = postgres.url();
        let directory = tempfile::tempdir().unwrap();
        Some(Self::new(Engine::Postgres(postgres), url, directory).await)
    }

    async fn new(engine: Engine, url: String, directory: TempDir) -> Self {
        let until = Instant::now() + PATIENCE;
        let queue = loop {
            // A server that accepts connections may still be getting ready.
            match Queue::open(&url, policy()).await {
                Ok(queue) => break queue,
                Err(error) => assert!(Instant::now() < until, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let place = directory.path().join("store");
        let store = Store::open(place.to_str().unwrap(), Sources::default())
            .await
            .unwrap();
        Scene {
            engine,
            queue,
            store,
            url,
            directory,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where clips and recordings are.
    pub(crate) fn store_place(&self) -> PathBuf {
        self.path("store")
    }

    /// A job whose recording is `script`.
    pub(crate) async fn submission(&self, script: Value) -> Submission {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), script.to_string()).unwrap();
        Submission::new(JobSpec {
            source: self.store.put_recording(file.path()).await.unwrap(),
            options: Map::new(),
        })
    }

    pub(crate) async fn submit(&self, script: Value) -> JobId {
        let submission = self.submission(script).await;
        self.queue.submit(submission, None).await.unwrap().job.id
    }

    pub(crate) fn counts(&self, name: &str) -> (usize, usize) {
        Fake::counts(&self.path("log"), name)
    }

    pub(crate) fn worker(&self) -> WorkerProcess {
        self.worker_with(&[])
    }

    /// Starts a worker; `settings` are those of [`worker_process`].
    pub(crate) fn worker_with(&self, settings: &[(&str, &str)]) -> WorkerProcess {
        let work = self.path("work");
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "worker_process", "--ignored", "--nocapture"])
            .env("WORKER_QUEUE", &self.url)
            .env("WORKER_STORE", self.path("store"))
            .env("WORKER_LOG", self.path("log"))
            .env("WORKER_DIRECTORY", work)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        WorkerProcess(child)
    }

    /// The program itself as a worker, with its browsers.
    pub(crate) fn real_worker(&self) -> WorkerProcess {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domreel"));
        command
            .args(["worker", "--jobs", "1", "--lease", "5", "--min-memory", "0"])
            .args(["--queue", &self.url, "--store"])
            .arg(self.store_place())
            .arg("--work-dir")
            .arg(self.path("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if domreel::stage::is_root() {
            command.env("DOMREEL_NO_SANDBOX", "1");
        }
        WorkerProcess(command.spawn().unwrap())
    }

    /// Waits until `wanted` holds for the job.
    pub(crate) async fn until(&self, id: &JobId, wanted: impl Fn(&Job) -> bool) -> Job {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Ok(job) = self.queue.get(id).await {
                if wanted(&job) {
                    return job;
                }
                assert!(Instant::now() < until, "waited too long: {job:#?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn until_state(&self, id: &JobId, state: State) -> Job {
        let job = self
            .until(id, |job| job.state == state || job.state.is_final())
            .await;
        assert_eq!(job.state, state, "{job:#?}");
        job
    }

    /// Waits until the renderer works on the job.
    pub(crate) async fn until_rendering(&self, id: &JobId, name: &str) {
        let until = Instant::now() + PATIENCE;
        while self.counts(name).0 == 0 {
            let job = self.queue.get(id).await;
            assert!(Instant::now() < until, "waited too long: {job:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The clip of a job that is done, as it is in the store.
    pub(crate) async fn clip(&self, job: &Job) -> String {
        String::from_utf8(self.output(job, "clip.txt").await).unwrap()
    }

    /// A file of a job that is done, as it is in the store.
    pub(crate) async fn output(&self, job: &Job, name: &str) -> Vec<u8> {
        use futures::TryStreamExt;
        let key = &job.manifest.as_ref().unwrap().key;
        let (_, pieces) = self.store.open_output(key, name).await.unwrap();
        let pieces: Vec<_> = pieces.try_collect().await.unwrap();
        pieces.concat()
    }

    pub(crate) async fn all(&self) -> Vec<Job> {
        let filter = Filter {
            limit: 1000,
            ..Filter::default()
        };
        self.queue.list(&filter).await.unwrap()
    }

    /// Waits until every job is done, dead or canceled.
    pub(crate) async fn until_all_final(&self) -> Vec<Job> {
        let until = Instant::now() + PATIENCE;
        loop {
            let jobs = self.all().await;
            if jobs.iter().all(|job| job.state.is_final()) {
                return jobs;
            }
            assert!(
                Instant::now() < until,
                "waited too long: {:?}",
                self.queue.depth().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) fn script(name: &str, rest: Value) -> Value {
    let mut script = json!({ "name": name });
    let fields = rest.as_object().cloned().unwrap_or_default();
    script.as_object_mut().unwrap().extend(fields);
    script
}

/// A worker in a process of its own; killed when the test is over.
pub(crate) struct WorkerProcess(Child);

impl WorkerProcess {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Waits for the process to end by itself; its exit code, if it was not killed.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "the worker does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Exit code of a worker whose places are all held by renderers that do not stop.
pub(crate) const EXHAUSTED: i32 = 70;

/// What a [`WorkerProcess`] does.
pub(crate) async fn worker_process() -> i32 {
    let variable = |name: &str| std::env::var(format!("WORKER_{name}")).ok();
    let number = |name: &str| variable(name).and_then(|text| text.parse::<u64>().ok());
    // Held, so that a write beyond the limit is an error and not the end.
    let _too_large = number("FILE_LIMIT").map(|limit| {
        const XFSZ: i32 = 25;
        let kind = tokio::signal::unix::SignalKind::from_raw(XFSZ);
        let held = tokio::signal::unix::signal(kind).unwrap();
        let now = getrlimit(Resource::Fsize);
        let limit = Some(limit);
        setrlimit(
            Resource::Fsize,
            Rlimit {
                current: limit,
                ..now
            },
        )
        .unwrap();
        held
    });
    let policy = Policy {
        deadline: number("DEADLINE_MS").map_or(policy().deadline, Duration::from_millis),
        stall: number("STALL_MS").map_or(policy().stall, Duration::from_millis),
        ..policy()
    };
    let queue = Queue::open(&variable("QUEUE").unwrap(), policy).await.unwrap();
    let store = Store::open(&variable("STORE").unwrap(), Sources::default())
        .await
        .unwrap();
    let renderer = Arc::new(Fake {
        log: variable("LOG").unwrap().into(),
    });
    let config = Config {
        concurrency: number("CONCURRENCY").unwrap_or(1) as usize,
        directory: variable("DIRECTORY").unwrap().into(),
        poll: Duration::from_millis(50),
        grace: Duration::from_millis(number("GRACE_MS").unwrap_or(10_000)),
        min_memory: number("MIN_MEMORY").unwrap_or_default(),
        ..Config::default()
    };
    let worker = Arc::new(Worker::new(
        queue,
        store,
        renderer,
        Arc::new(Metrics::default()),
        config,
    ));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    let end = worker
        .run(async move {
            terminate.recv().await;
        })
        .await
        .unwrap();
    if end == End::Exhausted { EXHAUSTED } else { 0 }
}
