//! A row of the table of jobs, and the job it stands for.

use crate::worker::job::{Job, Phase};

use super::QueueError;

/// The columns that [`Row`] reads, in any order.
macro_rules! columns {
    () => {
        "id, label, state, spec, priority, delivery, run, begun, beat, cancel, attempts, crashes, worker, \
         phase, frames, progress, failure, manifest, from_store, created_ms, run_at_ms, started_ms, \
         finished_ms, revision"
    };
}
pub(super) use columns;

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) state: String,
    pub(super) spec: String,
    pub(super) priority: i64,
    pub(super) delivery: String,
    pub(super) run: i64,
    pub(super) begun: i64,
    pub(super) beat: i64,
    pub(super) cancel: i64,
    pub(super) attempts: i64,
    pub(super) crashes: i64,
    pub(super) worker: Option<String>,
    pub(super) phase: Option<String>,
    pub(super) frames: i64,
    pub(super) progress: i64,
    pub(super) failure: Option<String>,
    pub(super) manifest: Option<String>,
    pub(super) from_store: i64,
    pub(super) created_ms: i64,
    pub(super) run_at_ms: i64,
    pub(super) started_ms: Option<i64>,
    pub(super) finished_ms: Option<i64>,
    pub(super) revision: i64,
}

impl Row {
    pub(super) fn into_job(self) -> Result<Job, QueueError> {
        let id = self.id;
        let wrong = |column: &str, what: String| QueueError::Row(format!("job {id}, {column}: {what}"));
        let json = |column: &str, error: serde_json::Error| wrong(column, error.to_string());
        Ok(Job {
            label: self.label,
            state: self.state.parse().map_err(|error| wrong("state", error))?,
            spec: serde_json::from_str(&self.spec).map_err(|error| json("spec", error))?,
            priority: u8::try_from(self.priority).unwrap_or(u8::MAX),
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            crashes: u32::try_from(self.crashes).unwrap_or(u32::MAX),
            worker: self.worker,
            phase: self.phase.as_deref().and_then(Phase::named),
            frames: u64::try_from(self.frames).unwrap_or_default(),
            progress: self.progress.clamp(0, 1000) as f64 / 1000.0,
            failure: self
                .failure
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|error| json("failure", error))?,
            manifest: self
                .manifest
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|error| json("manifest", error))?,
            from_store: self.from_store != 0,
            created_ms: self.created_ms,
            run_at_ms: self.run_at_ms,
            started_ms: self.started_ms,
            finished_ms: self.finished_ms,
            revision: self.revision,
            id: id
                .parse()
                .map_err(|_| QueueError::Row(format!("‘{id}’ is no job id")))?,
        })
    }
}
