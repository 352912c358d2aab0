//! Works on jobs from a queue.

pub(super) mod options;
pub(super) mod place;
pub(super) mod renderer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domreel::clip::Seconds;
use domreel::stage::{ReadyBrowsers, ReadyOptions};
use domreel::worker::http::{Options, Service};
use domreel::worker::metrics::Metrics;
use domreel::worker::policy::Policy;
use domreel::worker::run::{Config, End, Worker};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use self::place::{PlaceArgs, SourceArgs};
use self::renderer::ChromiumRenderer;
use super::arenas;
use super::browser::BrowserArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::file::EncoderArgs;
use super::interrupt::Interrupt;
use super::limits::LimitArgs;
use super::{Done, GlobalArgs};

/// Work on jobs from a queue
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel worker                                           jobs in domreel-data, as many at once as fit
  domreel worker --queue postgres://me@db/jobs --store s3://clips --watch-on 0.0.0.0:9464
  domreel worker --until-idle                              end when there is nothing left to do

The first Ctrl-C (or SIGTERM) lets running jobs finish for the time of --grace and hands the rest back;
the second one ends at once. Exit code 70: renderers that did not stop hold every place; start it anew.")]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    work: WorkArgs,
    /// Answer /healthz, /readyz and /metrics here
    #[arg(long, value_name = "ADDRESS", help_heading = "Work")]
    watch_on: Option<SocketAddr>,
    /// End when there is nothing left to do
    #[arg(long, help_heading = "Work")]
    until_idle: bool,
}

/// How jobs are worked on.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Jobs at once [default: as many as there are cores, and 768 MiB of free memory for each]
    #[arg(short, long, value_name = "N", env = "DOMREEL_JOBS", value_parser = clap::value_parser!(u16).range(0..=256), help_heading = "Work")]
    pub(crate) jobs: Option<u16>,
    /// How long running jobs may go on after Ctrl-C
    #[arg(long, value_name = "TIME", default_value = "25", help_heading = "Work")]
    grace: Seconds,
    /// Where files lie while they are worked on [default: DIR/work]
    #[arg(long, value_name = "DIR", help_heading = "Work")]
    pub(crate) work_dir: Option<PathBuf>,
    /// Attempts before a job that keeps failing becomes a dead letter
    #[arg(long, value_name = "N", default_value_t = Policy::default().max_attempts, help_heading = "Limits")]
    max_attempts: u32,
    /// How long a job may take
    #[arg(long, value_name = "TIME", default_value = "30min", help_heading = "Limits")]
    deadline: Seconds,
    /// How long a job may go without a frame
    #[arg(long, value_name = "TIME", default_value = "60", help_heading = "Limits")]
    stall: Seconds,
    /// How long a worker may be silent before its jobs go to others
    #[arg(long, value_name = "TIME", default_value = "30", help_heading = "Limits")]
    lease: Seconds,
    /// Take no further job while less MiB of memory than this are free
    #[arg(long, value_name = "MIB", default_value_t = 256, help_heading = "Limits")]
    min_memory: u64,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
}

const MIB: u64 = 1 << 20;

fn duration(seconds: Seconds) -> Duration {
    Duration::from_secs_f64(seconds.milliseconds() / 1000.0)
}

impl WorkArgs {
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            max_attempts: self.max_attempts.max(1),
            deadline: duration(self.deadline),
            stall: duration(self.stall),
            lease: duration(self.lease),
            ..Policy::default()
        }
    }

    pub(crate) fn config(&self, place: &PlaceArgs) -> Config {
        let defaults = Config::default();
        Config {
            concurrency: self
                .jobs
                .map_or(defaults.concurrency, |jobs| usize::from(jobs.max(1))),
            directory: place.work_directory(self.work_dir.as_deref()),
            grace: duration(self.grace),
            limits: self.limits.limits(),
            min_memory: self.min_memory.saturating_mul(MIB),
            ..defaults
        }
    }

    /// The renderer for a worker that does `concurrency` jobs at once.
    pub(crate) fn renderer(&self, concurrency: usize) -> ChromiumRenderer {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        ChromiumRenderer {
            browser: self.browser.clone(),
            browsers: (cores / concurrency.max(1)).clamp(1, 8),
            ready: ready_browsers(cores.max(concurrency)),
            limits: self.limits.limits(),
            encoder: self.encoder.clone(),
            console: Console::new(GlobalArgs {
                quiet: true,
                verbose: 0,
                json: false,
            }),
        }
    }
}

/// Browsers that stay ready between jobs. Without them, each job starts its own.
fn ready_browsers(idle: usize) -> Option<ReadyBrowsers> {
    let options = ReadyOptions {
        idle,
        ..ReadyOptions::default()
    };
    ReadyBrowsers::new(options)
        .inspect_err(|error| tracing::warn!(%error, "browsers are not kept between jobs"))
        .ok()
}

/// A runtime for commands that talk to queue and store.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Internal, error))
}

pub(crate) fn run(args: &WorkerArgs, console: &Console) -> Done {
    arenas::share_freed_memory();
    let interrupt = Interrupt::listen()?;
    let config = Config {
        until_idle: args.until_idle,
        ..args.work.config(&args.place)
    };
    let end = runtime()?.block_on(async {
        let queue = args.place.queue(args.work.policy()).await?;
        let store = args.place.store(args.work.sources.sources()).await?;
        let renderer = Arc::new(args.work.renderer(config.concurrency));
        let metrics = Arc::new(Metrics::default());
        if let Some(address) = args.watch_on {
            let options = Options {
                token: None,
                max_queued: u64::MAX,
                limits: config.limits,
                directory: config.directory.clone(),
            };
            let service = Service::new(
                queue.clone(),
                store.clone(),
                renderer.clone(),
                Arc::clone(&metrics),
                options,
            );
            let listener = listen(address).await?;
            let ending = interrupt.clone();
            tokio::spawn(async move {
                let shutdown = async move { ending.pressed().await };
                service.serve(listener, service.watch_router(), shutdown).await
            });
        }
        console.note(&format!(
            "{} jobs at once from the {} queue",
            config.concurrency,
            queue.engine()
        ));
        let worker = Arc::new(Worker::new(queue.clone(), store, renderer, metrics, config));
        let end = worker.run(interrupt.pressed()).await?;
        queue.close().await;
        Ok::<_, Failure>(end)
    })?;
    ended(end)
}

/// What a worker's end means for the command's.
pub(super) fn ended(end: End) -> Done {
    match end {
        End::Told | End::Idle => Ok(()),
        End::Exhausted => Err(Failure::message(
            Status::Exhausted,
            "renderers that did not stop hold every place; start the worker anew",
        )),
    }
}

/// Listens at `address`.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::message(Status::Usage, format!("cannot listen at {address}: {error}")))
}
