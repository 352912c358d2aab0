//! What a job is: which recording, which options, and what became of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Names one job. Sorts by the time of its submission.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(ulid::Ulid);

impl JobId {
    /// A new id that no other job has.
    pub fn generate() -> Self {
        JobId(ulid::Ulid::generate())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = NotAJobId;

    fn from_str(text: &str) -> Result<Self, NotAJobId> {
        text.parse().map(JobId).map_err(|_| NotAJobId)
    }
}

impl TryFrom<String> for JobId {
    type Error = NotAJobId;

    fn try_from(text: String) -> Result<Self, NotAJobId> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> String {
        id.to_string()
    }
}

/// A text that is no job id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job id has 26 letters and digits, as ‘domreel submit’ prints it")]
pub struct NotAJobId;

/// Where a job's recording is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the store, put there at submission; named by the SHA-256 of its bytes, in hexadecimal.
    Stored(String),
    /// At a URL that the workers can read.
    Url(String),
}

/// What is to be rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The recording.
    pub source: Source,
    /// Options of the renderer, by name; checked at submission.
    #[serde(default)]
    pub options: Map<String, Value>,
}

/// A job and how it is to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// What is to be rendered.
    pub spec: JobSpec,
    /// Jobs with a higher number are taken first, 0 to 100.
    pub priority: u8,
    /// Not to be taken before that many milliseconds from now.
    pub delay_ms: u64,
    /// A second submission with the same key is the same job.
    pub idempotency_key: Option<String>,
    /// What a person calls it, a file name for instance.
    pub label: String,
}

impl Submission {
    /// The priority of a job that asks for none.
    pub const NORMAL: u8 = 50;
    /// The highest priority.
    pub const HIGHEST: u8 = 100;
    /// The longest idempotency key, in bytes.
    pub const MAX_KEY: usize = 200;
    /// The longest label that is kept, in characters.
    pub const MAX_LABEL: usize = 200;

    /// Renders `spec` as soon as a worker is free.
    pub fn new(spec: JobSpec) -> Self {
        Submission {
            spec,
            priority: Self::NORMAL,
            delay_ms: 0,
            idempotency_key: None,
            label: String::new(),
        }
    }
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for a worker, for its time, or for the next attempt.
    Queued,
    /// A worker has it.
    Running,
    /// The clip is in the store.
    Done,
    /// Given up: a dead letter. Its failure says why.
    Dead,
    /// Called off by a person.
    Canceled,
}

impl State {
    /// All of them, in the order of a job's life.
    pub const ALL: [State; 5] = [
        State::Queued,
        State::Running,
        State::Done,
        State::Dead,
        State::Canceled,
    ];

    /// The name it has in the database, in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Dead => "dead",
            State::Canceled => "canceled",
        }
    }

    /// Whether nothing more happens to the job by itself.
    pub fn is_final(self) -> bool {
        matches!(self, State::Done | State::Dead | State::Canceled)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        State::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                let names: Vec<_> = State::ALL.iter().map(|state| state.name()).collect();
                format!("‘{text}’ is no state of a job: {}", names.join(", "))
            })
    }
}

/// What went wrong, as a kind that can be counted and decided upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The recording cannot be read, or is none.
    Recording,
    /// An option is not usable with this recording.
    Option,
    /// A limit of the worker was exceeded.
    Limit,
    /// The recording could not be fetched, or the clip not be stored.
    Storage,
    /// The browser died or did not answer.
    Browser,
    /// The encoder failed.
    Encode,
    /// The job took longer than it may.
    Deadline,
    /// No frame came for too long.
    Stalled,
    /// A bug: the renderer panicked.
    Panic,
    /// The worker's process died, or was cut off from the queue.
    WorkerLost,
    /// Anything else.
    Internal,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 11] = [
        Class::Recording,
        Class::Option,
        Class::Limit,
        Class::Storage,
        Class::Browser,
        Class::Encode,
        Class::Deadline,
        Class::Stalled,
        Class::Panic,
        Class::WorkerLost,
        Class::Internal,
    ];

    /// The name it has in JSON and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Class::Recording => "recording",
            Class::Option => "option",
            Class::Limit => "limit",
            Class::Storage => "storage",
            Class::Browser => "browser",
            Class::Encode => "encode",
            Class::Deadline => "deadline",
            Class::Stalled => "stalled",
            Class::Panic => "panic",
            Class::WorkerLost => "worker_lost",
            Class::Internal => "internal",
        }
    }

    /// Whether such a failure says something about the job rather than about the moment: it is
    /// held against the job like the death of its worker.
    pub fn is_crash(self) -> bool {
        matches!(self, Class::Panic | Class::WorkerLost)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{class}: {message}")]
pub struct JobError {
    /// The kind of failure.
    pub class: Class,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// Whether another attempt may do better.
    pub retryable: bool,
}

impl JobError {
    /// A failure that another attempt may not meet again.
    pub fn retryable(class: Class, message: impl Into<String>) -> Self {
        JobError {
            class,
            message: message.into(),
            retryable: true,
        }
    }

    /// A failure that every attempt would meet again.
    pub fn fatal(class: Class, message: impl Into<String>) -> Self {
        JobError {
            class,
            message: message.into(),
            retryable: false,
        }
    }
}

/// What a running job is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waits, in a worker, to be the only job there.
    Waiting,
    /// The recording comes from the store.
    Fetch,
    /// The recording is read and the frames are planned.
    Plan,
    /// Frames are captured, drawn upon and encoded.
    Render,
    /// The clip goes to the store.
    Publish,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Phase; 5] = [
        Phase::Waiting,
        Phase::Fetch,
        Phase::Plan,
        Phase::Render,
        Phase::Publish,
    ];

    /// The name it has in the database, in JSON and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Waiting => "waiting",
            Phase::Fetch => "fetch",
            Phase::Plan => "plan",
            Phase::Render => "render",
            Phase::Publish => "publish",
        }
    }

    /// The phase of that name.
    pub fn named(name: &str) -> Option<Self> {
        Phase::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

/// One file of a finished job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its name, relative to the job's outputs; `/` between directories.
    pub name: String,
    /// Its media type, `image/gif` for instance.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// What a finished job left in the store. Written last, so what it names is complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The outputs' key in the store; the same for the same recording, options and renderer.
    pub key: String,
    /// Version of the renderer.
    pub renderer: String,
    /// SHA-256 of the recording, in hexadecimal.
    pub recording: String,
    /// The options it was rendered with.
    pub options: Map<String, Value>,
    /// The files, the clip first.
    pub outputs: Vec<Output>,
    /// What the renderer has to say: length, frames, what the recording did not contain.
    pub report: Value,
}

/// A job as the queue knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What a person calls it.
    pub label: String,
    /// Where it is in its life.
    pub state: State,
    /// What is rendered.
    #[serde(flatten)]
    pub spec: JobSpec,
    /// Jobs with a higher number are taken first.
    pub priority: u8,
    /// Attempts that were begun, crashed ones too.
    pub attempts: u32,
    /// Attempts that took their worker with them or panicked.
    pub crashes: u32,
    /// The worker that has it, or had it last.
    pub worker: Option<String>,
    /// What its worker is busy with.
    pub phase: Option<Phase>,
    /// Frames made so far.
    pub frames: u64,
    /// Share of the clip that is made, 0 to 1.
    pub progress: f64,
    /// The last attempt's failure.
    pub failure: Option<JobError>,
    /// What it left in the store.
    pub manifest: Option<Manifest>,
    /// Whether its clip was there already.
    pub from_store: bool,
    /// When it was submitted, in milliseconds since 1970, by the queue's clock; as are the others.
    pub created_ms: i64,
    /// Not taken before this.
    pub run_at_ms: i64,
    /// When the last attempt began.
    pub started_ms: Option<i64>,
    /// When it became done, dead or canceled.
    pub finished_ms: Option<i64>,
    /// Grows with every change that a reader can see.
    pub revision: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_and_read() {
        let id = JobId::generate();
        assert_eq!(id.to_string().parse::<JobId>().unwrap(), id);
        for text in ["", "1", "../../etc/passwd", "ILOU", "01J00000000000000000000000U"] {
            assert!(text.parse::<JobId>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_those_of_json() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(state.name().parse(), Ok(state));
        }
        for class in Class::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.name());
        }
        assert!("lost".parse::<State>().unwrap_err().contains("canceled"));
    }
}
