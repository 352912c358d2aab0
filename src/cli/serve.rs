//! Serves recordings, jobs and clips over HTTP, with a page for people.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domreel::worker::http::{Options, Service, Token};
use domreel::worker::metrics::Metrics;
use domreel::worker::run::{End, Worker};

use super::Done;
use super::arenas;
use super::console::Console;
use super::failure::{Failure, Status};
use super::interrupt::Interrupt;
use super::worker::place::PlaceArgs;
use super::worker::{WorkArgs, ended, listen, runtime};

/// Serve the HTTP interface and the web page, and work on jobs
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel serve                            prints the address of the page, with its token
  domreel serve --jobs 0 --queue postgres://me@db/jobs --store s3://clips --listen 0.0.0.0:7080
  curl -H \"Authorization: Bearer $DOMREEL_TOKEN\" --data-binary @session.json http://127.0.0.1:7080/v1/recordings

The interface is described at /openapi.json.")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Where to listen
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:7080",
        help_heading = "HTTP"
    )]
    listen: SocketAddr,
    /// The secret that requests have to bring along [default: a new one, printed]
    #[arg(
        long,
        value_name = "SECRET",
        env = "DOMREEL_TOKEN",
        hide_env_values = true,
        help_heading = "HTTP"
    )]
    token: Option<String>,
    /// The same, from a file
    #[arg(long, value_name = "FILE", conflicts_with = "token", help_heading = "HTTP")]
    token_file: Option<PathBuf>,
    /// Let everybody in who can connect; only on this machine's own addresses
    #[arg(long, conflicts_with_all = ["token", "token_file"], help_heading = "HTTP")]
    no_token: bool,
    /// Jobs that may wait before more are refused
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = "HTTP")]
    max_queued: u64,
    #[command(flatten)]
    work: WorkArgs,
}

/// The shortest secret that is taken.
const SHORTEST_SECRET: usize = 16;

pub(crate) fn run(args: &ServeArgs, console: &Console) -> Done {
    arenas::share_freed_memory();
    let secret = args.secret()?;
    let interrupt = Interrupt::listen()?;
    let config = args.work.config(&args.place);
    let end = runtime()?.block_on(async {
        let queue = args.place.queue(args.work.policy()).await?;
        let store = args.place.store(args.work.sources.sources()).await?;
        let directory = &config.directory;
        tokio::fs::create_dir_all(directory)
            .await
            .map_err(|error| Failure::message(Status::Output, format!("{}: {error}", directory.display())))?;
        let renderer = Arc::new(args.work.renderer(config.concurrency));
        let metrics = Arc::new(Metrics::default());
        let options = Options {
            token: secret.as_deref().map(Token::new),
            max_queued: args.max_queued,
            limits: config.limits,
            directory: directory.clone(),
        };
        let service = Service::new(
            queue.clone(),
            store.clone(),
            renderer.clone(),
            Arc::clone(&metrics),
            options,
        );
        let listener = listen(args.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::new(Status::Internal, error))?;
        let page = match &secret {
            // After the ‘#’ it stays in the browser.
            Some(secret) if args.is_new_secret() => format!("http://{address}/#token={secret}"),
            _ => format!("http://{address}/"),
        };
        console.print(format!("{page}\n").as_bytes())?;
        let ending = interrupt.clone();
        let shutdown = async move { ending.pressed().await };
        let serve = service.serve(listener, service.router(), shutdown);
        let work = async {
            if args.work.jobs == Some(0) {
                interrupt.pressed().await;
                return Ok(End::Told);
            }
            let worker = Arc::new(Worker::new(queue.clone(), store, renderer, metrics, config));
            worker.run(interrupt.pressed()).await
        };
        let (served, worked) = tokio::join!(serve, work);
        queue.close().await;
        served.map_err(|error| Failure::new(Status::Internal, error))?;
        Ok::<_, Failure>(worked?)
    })?;
    ended(end)
}

impl ServeArgs {
    fn is_new_secret(&self) -> bool {
        self.token.is_none() && self.token_file.is_none()
    }

    fn secret(&self) -> Result<Option<String>, Failure> {
        let usage = |message: String| Failure::message(Status::Usage, message);
        if self.no_token {
            return if self.listen.ip().is_loopback() {
                Ok(None)
            } else {
                Err(usage(format!(
                    "without a token everybody who reaches {} could render and read recordings; leave out \
                     --no-token, or listen at 127.0.0.1",
                    self.listen
                )))
            };
        }
        let given = match &self.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| usage(format!("{}: {error}", file.display())))?;
                Some(text.trim().to_owned())
            }
            None => self.token.clone(),
        };
        match given {
            Some(secret) if secret.len() < SHORTEST_SECRET => Err(usage(format!(
                "the token is too easy to guess; use at least {SHORTEST_SECRET} characters"
            ))),
            Some(secret) => Ok(Some(secret)),
            None => Ok(Some(Token::generate())),
        }
    }
}
