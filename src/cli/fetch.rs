//! Brings recordings from where products keep them.

use std::path::PathBuf;

use clap::Args;
use domreel::fetch::{FetchError, FetchOptions, Fetched, HttpOptions, Tokens, What, fetch};
use serde::Serialize;

use super::Done;
use super::console::Console;
use super::failure::{Failure, Status};
use super::limits::LimitArgs;

/// Bring recordings, and what is told of their sessions, from Sentry, PostHog, Datadog or an address
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel fetch https://acme.sentry.io/explore/replays/38846b0c6fbb4ef3abf3e88a55c0549e/ -o recordings/
  domreel fetch 'sentry:acme/shop?count_errors:>0' --since 2026-11-20T00:00:00Z --limit 500 -o recordings/
  domreel fetch posthog:12345/01a207e7-00dc-72f1-bcc5-9c1aaeb51163 -o recordings/
  domreel fetch 'datadog:?@error.message:*total*' -o recordings/
  domreel fetch s3://replays/2026-11/ -o recordings/

Tokens come from the environment, or from the file that --token-file names: SENTRY_AUTH_TOKEN, POSTHOG_API_KEY,
DD_API_KEY and DD_APP_KEY. Run the same command again after a failure: it goes on where it stopped.
See docs/fetch.md.")]
pub(crate) struct FetchArgs {
    /// What to fetch: a link to a replay, sentry:ORG/PROJECT/REPLAY, sentry:ORG/PROJECT?QUERY,
    /// posthog:PROJECT/RECORDING, posthog:PROJECT?, datadog:SESSION, datadog:?QUERY, the address of a file, or of an object store: s3://BUCKET/PREFIX/, gs://…, az://…
    #[arg(value_name = "WHAT", required = true)]
    what: Vec<What>,
    /// The directory that they go into
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// With a query: sessions that began then or later, as 2026-11-20T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// With a query: sessions that began before
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// With a query: at most so many sessions
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// The product's server, where it is not the usual one: https://eu.posthog.com, https://api.datadoghq.eu
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// A file with tokens, as lines of NAME=VALUE, that only its owner can read
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Serialize)]
struct FetchResult {
    fetched: Vec<Fetched>,
    failed: Vec<String>,
}

pub(crate) fn run(args: &FetchArgs, console: &Console) -> Done {
    let tokens = match &args.token_file {
        Some(path) => Tokens::with_file(path).map_err(|error| Failure::new(Status::Usage, error))?,
        None => Tokens::from_environment(),
    };
    let options = FetchOptions {
        base: args.base.clone(),
        since: args.since.clone(),
        until: args.until.clone(),
        limit: args.limit as usize,
        http: HttpOptions {
            limits: args.limits.limits(),
            ..HttpOptions::default()
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Internal, error))?;
    let mut result = FetchResult {
        fetched: Vec::new(),
        failed: Vec::new(),
    };
    let mut first: Option<FetchError> = None;
    for what in &args.what {
        let mut told = |done: Result<Fetched, FetchError>| match done {
            Ok(fetched) => {
                let how = if fetched.was_there { " (was there)" } else { "" };
                console.note(&format!("{}{how}", fetched.recording.display()));
                result.fetched.push(fetched);
            }
            Err(error) => {
                console.note(&error.to_string());
                result.failed.push(error.to_string());
                first.get_or_insert(error);
            }
        };
        if let Err(error) = runtime.block_on(fetch(what, &args.output, &options, &tokens, &mut told)) {
            told(Err(error));
        }
    }
    if let (Some(error), true) = (first, result.fetched.is_empty()) {
        return Err(Failure::new(Status::Input, error));
    }
    console.finished(&result, false, || {
        format!(
            "{} recordings in {}, {} failed",
            result.fetched.len(),
            args.output.display(),
            result.failed.len()
        )
    })
}
