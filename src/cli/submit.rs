//! Puts recordings into the queue.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use domreel::clip::Seconds;
use domreel::limits::Limits;
use domreel::worker::job::{Job, JobId, JobSpec, Source, State, Submission};
use domreel::worker::queue::Queue;
use domreel::worker::store::{Store, output_key};
use futures::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};

use super::Done;
use super::console::Console;
use super::failure::{Failure, Status};
use super::worker::options::{JobArgs, JobOptions};
use super::worker::place::PlaceArgs;
use super::worker::renderer::version;

/// Put recordings into the queue, to be rendered by workers
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel submit session.json                         prints the job's id
  domreel submit *.json --width 640 --speed 2 --wait  shows the progress of each, until all are done
  domreel submit s3://replays/a.json --key ticket-7   a second time it is the same job")]
pub(crate) struct SubmitArgs {
    /// Recordings: files, which are copied into the store, or URLs that the workers may fetch
    #[arg(value_name = "RECORDING", required = true)]
    recordings: Vec<String>,
    #[command(flatten)]
    options: JobArgs,
    #[command(flatten)]
    place: PlaceArgs,
    /// Jobs with a higher number are taken first, 0 to 100
    #[arg(long, value_name = "N", default_value_t = Submission::NORMAL, value_parser = clap::value_parser!(u8).range(..=100), help_heading = "Queue")]
    priority: u8,
    /// Not to be taken before so much time has passed
    #[arg(long, value_name = "TIME", default_value = "0", help_heading = "Queue")]
    delay: Seconds,
    /// A second submission with this key is the same job; with several recordings each has its own
    #[arg(long, value_name = "KEY", help_heading = "Queue")]
    key: Option<String>,
    /// Wait until all are finished, and show how far they are
    #[arg(long, help_heading = "Queue")]
    wait: bool,
}

pub(crate) fn run(args: &SubmitArgs, console: &Console) -> Done {
    JobOptions::read(&args.options.0, Limits::default())
        .map_err(|message| Failure::message(Status::Usage, message))?;
    let (runtime, queue, store) = args.place.open()?;
    runtime.block_on(async {
        let mut jobs = Vec::new();
        for (number, recording) in args.recordings.iter().enumerate() {
            jobs.push(submit(args, number, recording, &queue, &store).await?);
        }
        if !args.wait {
            return console.result(&jobs, || ids(&jobs));
        }
        let ids = jobs.iter().map(|job| wait(&queue, &job.id, console));
        let jobs = try_join_all(ids).await?;
        console.result(&jobs, || jobs.iter().map(line).collect::<Vec<_>>().join("\n"))?;
        finished(&jobs)
    })
}

async fn submit(
    args: &SubmitArgs,
    number: usize,
    recording: &str,
    queue: &Queue,
    store: &Store,
) -> Result<Job, Failure> {
    let file = Path::new(recording);
    let is_url = recording.contains("://") && !file.exists();
    let source = if is_url {
        Source::Url(recording.to_owned())
    } else if file.is_file() {
        store.put_recording(file).await?
    } else {
        let message = format!("{recording} is neither a file nor a URL");
        return Err(Failure::message(Status::Input, message));
    };
    let submission = Submission {
        spec: JobSpec {
            source,
            options: args.options.0.clone(),
        },
        priority: args.priority,
        delay_ms: args.delay.milliseconds() as u64,
        idempotency_key: args.key.as_ref().map(|key| match number {
            0 => key.clone(),
            _ => format!("{key}-{number}"),
        }),
        label: file
            .file_name()
            .map_or(recording.to_owned(), |name| name.to_string_lossy().into_owned()),
    };
    // What was made before needs no worker.
    let manifest = match &submission.spec.source {
        Source::Stored(hash) => {
            store
                .manifest(&output_key(hash, &submission.spec.options, &version()))
                .await?
        }
        Source::Url(_) => None,
    };
    Ok(queue.submit(submission, manifest.as_ref()).await?.job)
}

/// Shows a job's progress until it is finished.
async fn wait(queue: &Queue, id: &JobId, console: &Console) -> Result<Job, Failure> {
    let bar = console.bars().add(ProgressBar::new(1000));
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<20!} {bar:30} {percent:>3} %  {msg}")
    {
        bar.set_style(style.progress_chars("━╸ "));
    }
    let job = loop {
        let job = queue.get(id).await?;
        bar.set_prefix(job.label.clone());
        bar.set_position((job.progress * 1000.0) as u64);
        bar.set_message(stage_of(&job));
        bar.tick();
        if job.state.is_final() {
            break job;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    bar.finish_and_clear();
    Ok(job)
}

/// Where a job is, in a few words.
pub(super) fn stage_of(job: &Job) -> String {
    match (job.state, job.phase) {
        (State::Running, Some(phase)) => format!("{} {} frames", phase.name(), job.frames),
        (State::Queued, _) if job.attempts > 0 => format!("waits for attempt {}", job.attempts + 1),
        (state, _) => state.to_string(),
    }
}

fn ids(jobs: &[Job]) -> String {
    jobs.iter()
        .map(|job| job.id.to_string())
        .collect::<Vec<_>>()
        .join("\n")
}

fn line(job: &Job) -> String {
    let what = match (&job.failure, &job.manifest) {
        (_, Some(manifest)) => format!("clips/{}", manifest.key),
        (Some(failure), None) => failure.to_string(),
        (None, None) => String::new(),
    };
    format!("{}  {}  {}  {what}", job.id, job.state, job.label)
}

/// A failure if not all of them are done.
fn finished(jobs: &[Job]) -> Done {
    let rest = jobs.iter().filter(|job| job.state != State::Done).count();
    if rest == 0 {
        return Ok(());
    }
    Err(Failure::message(
        Status::Jobs,
        format!(
            "{rest} of {} jobs are not done; ‘domreel jobs show ID’ tells why",
            jobs.len()
        ),
    ))
}
