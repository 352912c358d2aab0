//! A job's progress as it happens: server-sent events, each the job as `GET` would show it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream::unfold;

use super::Service;
use super::error::ApiError;
use super::jobs::id;
use crate::worker::job::{Job, JobId};

/// How often the queue is looked at.
const PAUSE: Duration = Duration::from_millis(300);

struct Watched {
    service: Service,
    id: JobId,
    /// To be sent at once.
    first: Option<Job>,
    revision: i64,
    over: bool,
}

/// `GET /v1/jobs/{job}/events`: ends with the job.
pub(super) async fn stream(
    State(service): State<Service>,
    Path(job): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let id = id(&job)?;
    let first = service.0.queue.get(&id).await?;
    let watched = Watched {
        service,
        id,
        revision: first.revision,
        first: Some(first),
        over: false,
    };
    let events = unfold(watched, |mut watched| async move {
        let job = watched.next().await?;
        watched.over = job.state.is_final();
        let event = Event::default()
            .event("job")
            .id(job.revision.to_string())
            .json_data(&job)
            .unwrap_or_default();
        Some((Ok(event), watched))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Watched {
    /// The job after its next change; `None` when there will be none.
    async fn next(&mut self) -> Option<Job> {
        if let Some(job) = self.first.take() {
            return Some(job);
        }
        if self.over {
            return None;
        }
        let mut ending = self.service.0.ending.subscribe();
        loop {
            tokio::select! {
                _ = ending.wait_for(|ending| *ending) => return None,
                () = tokio::time::sleep(PAUSE) => {}
            }
            match self.service.0.queue.get(&self.id).await {
                Ok(job) if job.revision != self.revision => {
                    self.revision = job.revision;
                    return Some(job);
                }
                Ok(_) => {}
                Err(crate::worker::queue::QueueError::NoJob(_)) => return None,
                // The database may come back; the reader is told nothing meanwhile.
                Err(_) => {}
            }
        }
    }
}
