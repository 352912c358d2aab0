//! Looks after the jobs of a queue.

use std::path::{Component, Path, PathBuf};

use clap::{Args, Subcommand};
use domreel::clip::Seconds;
use domreel::encode::output::write_file;
use domreel::worker::job::{Job, JobId, State};
use domreel::worker::queue::{Filter, Queue};
use domreel::worker::store::Store;
use futures::TryStreamExt;
use serde_json::json;

use super::Done;
use super::console::Console;
use super::failure::{Failure, Status};
use super::submit::stage_of;
use super::worker::place::PlaceArgs;

/// List, show, fetch, retry, cancel and forget jobs
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel jobs                          the newest jobs
  domreel jobs list --state dead        the dead letters
  domreel jobs show ID                  all about one, and why it failed
  domreel jobs retry --dead             all dead letters, once more
  domreel jobs fetch ID -o clips        its files, into a directory")]
pub(crate) struct JobsArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List jobs, newest first
    List {
        /// Only those in this state: queued, running, done, dead or canceled
        #[arg(long, value_name = "STATE")]
        state: Option<State>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Show all that is known about a job
    Show {
        /// The job
        #[arg(value_name = "ID")]
        id: JobId,
    },
    /// Copy a finished job's files from the store
    Fetch {
        /// The job
        #[arg(value_name = "ID")]
        id: JobId,
        /// Directory for the files
        #[arg(short, long, value_name = "DIR", default_value = ".")]
        output: PathBuf,
    },
    /// Put dead or canceled jobs back into the queue
    Retry {
        /// The jobs
        #[arg(value_name = "ID", required_unless_present = "dead")]
        ids: Vec<JobId>,
        /// All dead letters
        #[arg(long, conflicts_with = "ids")]
        dead: bool,
    },
    /// Call jobs off
    Cancel {
        /// The jobs
        #[arg(value_name = "ID", required = true)]
        ids: Vec<JobId>,
    },
    /// Forget jobs that are finished; their clips stay in the store
    Prune {
        /// Those that have been finished for longer than this
        #[arg(long, value_name = "TIME", default_value = "10080min")]
        older: Seconds,
    },
}

pub(crate) fn run(args: &JobsArgs, console: &Console) -> Done {
    let (runtime, queue, store) = args.place.open()?;
    runtime.block_on(async {
        let listed = Action::List {
            state: None,
            limit: Filter::default().limit,
        };
        let done = act(args.action.as_ref().unwrap_or(&listed), &queue, &store, console).await;
        queue.close().await;
        done
    })
}

async fn act(action: &Action, queue: &Queue, store: &Store, console: &Console) -> Done {
    match action {
        Action::List { state, limit } => {
            let filter = Filter {
                state: *state,
                limit: *limit,
                ..Filter::default()
            };
            let jobs = queue.list(&filter).await?;
            console.result(&jobs, || table(&jobs))
        }
        Action::Show { id } => {
            let job = queue.get(id).await?;
            console.result(&job, || described(&job))
        }
        Action::Fetch { id, output } => fetch(queue, store, id, output, console).await,
        Action::Retry { ids, dead } => {
            let ids = if *dead {
                dead_letters(queue).await?
            } else {
                ids.clone()
            };
            let mut jobs = Vec::new();
            for id in &ids {
                jobs.push(queue.retry(id).await?);
            }
            console.result(&jobs, || table(&jobs))
        }
        Action::Cancel { ids } => {
            let mut jobs = Vec::new();
            for id in ids {
                jobs.push(queue.cancel(id).await?);
            }
            console.result(&jobs, || table(&jobs))
        }
        Action::Prune { older } => {
            let forgotten = queue.prune(older.milliseconds() as u64).await?;
            console.result(&json!({ "forgotten": forgotten }), || {
                format!("{forgotten} jobs forgotten")
            })
        }
    }
}

async fn dead_letters(queue: &Queue) -> Result<Vec<JobId>, Failure> {
    let filter = Filter {
        state: Some(State::Dead),
        limit: u32::MAX,
        ..Filter::default()
    };
    Ok(queue.list(&filter).await?.into_iter().map(|job| job.id).collect())
}

async fn fetch(queue: &Queue, store: &Store, id: &JobId, output: &Path, console: &Console) -> Done {
    let job = queue.get(id).await?;
    let Some(manifest) = &job.manifest else {
        let message = format!("job {id} is {} and has no files", job.state);
        return Err(Failure::message(Status::Jobs, message));
    };
    let mut files = Vec::new();
    for file in &manifest.outputs {
        let name = Path::new(&file.name);
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            let message = format!("the store names a file ‘{}’, which is no name", file.name);
            return Err(Failure::message(Status::Internal, message));
        }
        let to = output.join(name);
        let failed =
            |error: std::io::Error| Failure::message(Status::Output, format!("{}: {error}", to.display()));
        if let Some(directory) = to.parent() {
            std::fs::create_dir_all(directory).map_err(failed)?;
        }
        let (_, pieces) = store.open_output(&manifest.key, &file.name).await?;
        let pieces: Vec<_> = pieces
            .try_collect()
            .await
            .map_err(|error| Failure::new(Status::Internal, error))?;
        write_file(&to, &pieces.concat())?;
        files.push(to);
    }
    console.result(&files, || {
        files
            .iter()
            .map(|file| file.display().to_string())
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn table(jobs: &[Job]) -> String {
    let line = |job: &Job| {
        format!(
            "{}  {:<8}  {:>3} %  {:<24}  {}",
            job.id,
            job.state,
            (job.progress * 100.0) as u8,
            job.label,
            job.failure
                .as_ref()
                .map_or_else(|| stage_of(job), ToString::to_string),
        )
    };
    match jobs {
        [] => "no jobs".to_owned(),
        jobs => jobs.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

fn described(job: &Job) -> String {
    let mut lines = vec![
        format!("job       {}", job.id),
        format!("label     {}", job.label),
        format!("state     {}", stage_of(job)),
        format!(
            "recording {}",
            serde_json::to_string(&job.spec.source).unwrap_or_default()
        ),
        format!(
            "options   {}",
            serde_json::to_string(&job.spec.options).unwrap_or_default()
        ),
        format!(
            "attempts  {} ({} took their worker with them)",
            job.attempts, job.crashes
        ),
        format!("progress  {:.0} %, {} frames", job.progress * 100.0, job.frames),
    ];
    lines.extend(job.worker.iter().map(|worker| format!("worker    {worker}")));
    lines.extend(job.failure.iter().map(|failure| format!("failure   {failure}")));
    for output in job.manifest.iter().flat_map(|manifest| &manifest.outputs) {
        lines.push(format!("output    {} ({} bytes)", output.name, output.bytes));
    }
    lines.join("\n")
}
