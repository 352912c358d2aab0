//! Submission, as every front end does it.

use super::job::{JobError, Source, Submission};
use super::queue::{Queue, QueueError, Submitted};
use super::renderer::Renderer;
use super::store::{Store, StoreError, output_key};

/// Why a job was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No recording could be rendered with these options.
    #[error(transparent)]
    Options(JobError),
    /// The recording is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue refused.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// So many jobs wait already.
    #[error("the queue is full: {0} jobs wait; submit it again later")]
    Full(u64),
}

/// Checks a job's options and puts it into the queue. If the clip is in the store already, the job
/// is done at once. While `most_waiting` jobs wait, no more are let in that would have to.
pub async fn submit(
    queue: &Queue,
    store: &Store,
    renderer: &dyn Renderer,
    submission: Submission,
    most_waiting: u64,
) -> Result<Submitted, SubmitError> {
    let options = &submission.spec.options;
    renderer.check(options).map_err(SubmitError::Options)?;
    let manifest = match &submission.spec.source {
        Source::Stored(recording) => {
            if !store.has_recording(recording).await? {
                return Err(StoreError::NoRecording(recording.clone()).into());
            }
            let key = output_key(recording, options, &renderer.version());
            store.manifest(&key).await?
        }
        // What is there now may differ from what was there then.
        Source::Url(_) => None,
    };
    let waits = manifest.is_none() && !queue.has_key(submission.idempotency_key.as_deref()).await?;
    if waits {
        let depth = queue.depth().await?;
        let waiting = depth.due + depth.waiting;
        if waiting >= most_waiting {
            return Err(SubmitError::Full(waiting));
        }
    }
    Ok(queue.submit(submission, manifest.as_ref()).await?)
}
