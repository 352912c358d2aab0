//! The HTTP front end: recordings in, clips out, and a page for people.
//!
//! Whatever is under `/v1` and the metrics need the token; health, the page and the description of
//! the interface do not. Everything that is served is part of the binary or of the store.
//!
//! | file | what it answers |
//! |---|---|
//! | `recordings.rs` | uploads, what is in a recording, still pictures of it |
//! | `jobs.rs` | submit, look, cancel, retry, outputs |
//! | `events.rs` | a job's progress as it happens |
//! | `health.rs` | whether it lives, whether it can work, what it counted |
//! | `page.rs` | the page and the description of the interface |
//! | `auth.rs` | who may |
//! | `error.rs` | what went wrong, as JSON |

mod auth;
mod cache;
mod error;
mod events;
mod health;
mod jobs;
mod page;
mod recordings;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, watch};

use self::cache::Cache;
use super::metrics::Metrics;
use super::queue::Queue;
use super::renderer::Renderer;
use super::store::Store;
use crate::limits::{Limit, Limits};

pub use auth::Token;

/// How the service behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who may; `None`: whoever can connect.
    pub token: Option<Token>,
    /// Jobs that may wait before more are refused.
    pub max_queued: u64,
    /// What one recording may use up.
    pub limits: Limits,
    /// Where uploads lie while they arrive.
    pub directory: PathBuf,
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    queue: Queue,
    store: Store,
    renderer: Arc<dyn Renderer>,
    metrics: Arc<Metrics>,
    options: Options,
    /// Recordings that people look at.
    cache: Cache,
    /// Uploads and looks into recordings at once; more are asked to come back.
    busy: Semaphore,
    ready: Mutex<Option<(Instant, Result<(), String>)>>,
    ending: watch::Sender<bool>,
}

impl Service {
    /// Requests at once that read or write whole recordings.
    const HEAVY: usize = 8;

    /// A service over this queue and store.
    pub fn new(
        queue: Queue,
        store: Store,
        renderer: Arc<dyn Renderer>,
        metrics: Arc<Metrics>,
        options: Options,
    ) -> Self {
        Service(Arc::new(Inner {
            cache: Cache::new(options.directory.clone()),
            queue,
            store,
            renderer,
            metrics,
            options,
            busy: Semaphore::new(Self::HEAVY),
            ready: Mutex::new(None),
            ending: watch::Sender::new(false),
        }))
    }

    /// All routes.
    pub fn router(&self) -> Router {
        let protected = Router::new()
            .route("/v1/recordings", post(recordings::upload))
            .route("/v1/recordings/{recording}", get(recordings::inspect))
            .route("/v1/recordings/{recording}/still", get(recordings::still))
            .route("/v1/jobs", post(jobs::submit).get(jobs::list))
            .route("/v1/jobs/{job}", get(jobs::show).delete(jobs::cancel))
            .route("/v1/jobs/{job}/retry", post(jobs::retry))
            .route("/v1/jobs/{job}/events", get(events::stream))
            .route("/v1/jobs/{job}/outputs/{*name}", get(jobs::output))
            .merge(self.watching())
            .route_layer(axum::middleware::from_fn_with_state(self.clone(), auth::check));
        page::routes()
            .merge(health::routes())
            .merge(protected)
            .fallback(error::no_route)
            .method_not_allowed_fallback(error::no_method)
            // Uploads have a limit of their own.
            .layer(DefaultBodyLimit::max(self.0.options.limits.size(Limit::Job)))
            .layer(axum::middleware::map_response(page::harden))
            .with_state(self.clone())
    }

    /// Only health and metrics: for a worker that takes no requests.
    pub fn watch_router(&self) -> Router {
        health::routes()
            .merge(self.watching())
            .fallback(error::no_route)
            .with_state(self.clone())
    }

    fn watching(&self) -> Router<Service> {
        Router::new().route("/metrics", get(health::metrics))
    }

    /// Serves `router` until `shutdown` resolves and what is being answered is answered.
    pub async fn serve(
        &self,
        listener: TcpListener,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let ending = self.clone();
        axum::serve(listener, router)
            .with_graceful_shutdown(async move {
                shutdown.await;
                ending.end();
            })
            .await
    }

    /// From now on it is not ready, and streams of events end.
    pub fn end(&self) {
        self.0.ending.send_replace(true);
    }
}
