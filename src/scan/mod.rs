//! What went wrong in many recordings: how far a problem reaches, and in which sessions it can be
//! seen. No browser is needed.
//!
//! | module | what it does |
//! |---|---|
//! | `find` | which files are recordings, and which belong beside one |
//! | `facts` | what is kept of one session |
//! | `cache` | facts of earlier scans, by content |
//! | `groups` | the same problem in many sessions, counted |
//! | `pick` | the session that shows a problem best |
//! | `browser` | the browser that a user agent names |

mod browser;
mod cache;
mod facts;
mod find;
mod groups;
mod pick;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use self::cache::Cache;
pub use self::facts::{Problem, ProblemKind, SessionFacts, Visit};
pub use self::find::{Source, beside, find};
pub use self::groups::{Group, Member, Share};
pub use self::pick::{PickOptions, Picked, healthy, pick};
use crate::format::{FormatError, Input, ReadOptions, join_side_files, read};
use crate::limits::{Limit, Limits};
use crate::recording::Recording;
use crate::redact::{RedactError, RedactOptions, Redaction};

/// How to scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Where facts are kept between scans; `None`: nowhere.
    pub cache: Option<PathBuf>,
    /// How recordings are read. Default: the readers', with at most 512 MiB for each.
    pub read: ReadOptions,
}

impl Default for ScanOptions {
    fn default() -> Self {
        ScanOptions {
            cache: None,
            read: ReadOptions {
                limits: Limits::default().with(Limit::Unpacked, 512 << 20),
                ..ReadOptions::default()
            },
        }
    }
}

/// A session that was scanned.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// Its files.
    pub source: Source,
    /// What is known of it.
    pub facts: SessionFacts,
    /// Its id, or else its path.
    name: String,
}

impl Scanned {
    /// Its id, or else its path: two files with the same are one session.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A recording that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// It is something else than a recording, as far as can be told.
    pub is_other: bool,
}

/// What a scan found.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// The sessions, by the names of their files.
    pub sessions: Vec<Scanned>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// How many sessions were taken from the cache.
    pub from_cache: usize,
}

/// Which problems count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what happened then or later, in milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// Only on pages whose route contains this.
    pub url: Option<String>,
    /// Only what happened to this user.
    pub user: Option<String>,
}

impl Filter {
    fn takes(&self, sessions: &[Scanned], member: Member) -> bool {
        let Some(facts) = sessions.get(member.session).map(|scanned| &scanned.facts) else {
            return false;
        };
        let Some(problem) = facts.problems.get(member.problem) else {
            return false;
        };
        self.since_ms.is_none_or(|since| problem.time_ms >= since)
            && self
                .url
                .as_ref()
                .is_none_or(|url| problem.page.as_ref().is_some_and(|page| page.contains(url)))
            && self.takes_user(facts)
    }

    fn takes_user(&self, facts: &SessionFacts) -> bool {
        self.user.is_none() || self.user == facts.user
    }

    /// Whether a session counts, problem or not.
    pub fn takes_session(&self, facts: &SessionFacts) -> bool {
        self.since_ms.is_none_or(|since| facts.end_ms >= since)
            && self
                .url
                .as_ref()
                .is_none_or(|url| facts.pages.iter().any(|visit| visit.page.contains(url)))
            && self.takes_user(facts)
    }
}

impl Scan {
    /// What went wrong, in groups: those that affect most users first.
    pub fn groups(&self, filter: &Filter) -> Vec<Group> {
        groups::groups(&self.sessions, filter)
    }

    /// How many sessions there are; two files of one session are one.
    pub fn session_count(&self, filter: &Filter) -> usize {
        let names = self
            .sessions
            .iter()
            .filter(|scanned| filter.takes_session(&scanned.facts));
        names
            .map(Scanned::name)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    }

    /// How many users are known.
    pub fn user_count(&self, filter: &Filter) -> usize {
        let users = self
            .sessions
            .iter()
            .filter(|scanned| filter.takes_session(&scanned.facts));
        users
            .filter_map(|scanned| scanned.facts.user.as_deref())
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    }

    /// A problem and its session.
    pub fn problem(&self, member: Member) -> Option<(&Scanned, &Problem)> {
        let scanned = self.sessions.get(member.session)?;
        Some((scanned, scanned.facts.problems.get(member.problem)?))
    }
}

/// Scans `sources` on all cores. `done` is called with each that is done: how many were, and of how many.
pub fn scan(sources: &[Source], options: &ScanOptions, done: &(dyn Fn(usize, usize) + Sync)) -> Scan {
    let cache = options.cache.as_deref().map(Cache::open);
    let alone = Mutex::new(());
    let count = AtomicUsize::new(0);
    let results: Vec<(Result<SessionFacts, FormatError>, bool)> = sources
        .par_iter()
        .map(|source| {
            let result = one(source, options, cache.as_ref(), &alone);
            done(count.fetch_add(1, Ordering::Relaxed) + 1, sources.len());
            result
        })
        .collect();
    if let Some(cache) = cache {
        cache.close();
    }
    let mut scan = Scan::default();
    for (source, (result, cached)) in sources.iter().zip(results) {
        match result {
            Ok(facts) => {
                scan.from_cache += usize::from(cached);
                let name = facts
                    .session
                    .clone()
                    .unwrap_or_else(|| source.path().display().to_string());
                scan.sessions.push(Scanned {
                    source: source.clone(),
                    facts,
                    name,
                });
            }
            Err(error) => scan.unreadable.push(Unreadable {
                path: source.path().to_owned(),
                is_other: matches!(
                    error,
                    FormatError::Unrecognized { .. } | FormatError::NoRecording { .. }
                ),
                reason: error.to_string(),
            }),
        }
    }
    scan
}

fn one(
    source: &Source,
    options: &ScanOptions,
    cache: Option<&Cache>,
    alone: &Mutex<()>,
) -> (Result<SessionFacts, FormatError>, bool) {
    let limits = &options.read.limits;
    let key = cache.and_then(|cache| Some((cache, cache.key(source, limits).ok()?)));
    if let Some((cache, key)) = &key
        && let Some(facts) = cache.get(key)
    {
        return (Ok(facts), true);
    }
    // Those that are large are read one after another, so that memory stays bounded by the number of cores
    // times about ten times this, and one large recording.
    let large = limits.of(Limit::ScanAlone);
    let bytes: u64 = source
        .recording
        .iter()
        .filter_map(|path| path.metadata().ok())
        .map(|metadata| {
            if metadata.is_dir() {
                large.saturating_add(1)
            } else {
                metadata.len()
            }
        })
        .fold(0, u64::saturating_add);
    let _alone = (bytes > large).then(|| alone.lock());
    let facts = read_source(source, &options.read).map(|recording| SessionFacts::of(&recording));
    if let (Some((cache, key)), Ok(facts)) = (&key, &facts) {
        cache.put(key, facts);
    }
    (facts, false)
}

/// Reads a session with what files beside it tell of its time, and masks card numbers, tokens and passwords.
///
/// # Errors
/// When the recording or a file beside it cannot be read.
pub fn read_source(source: &Source, options: &ReadOptions) -> Result<Recording, FormatError> {
    match &*REDACTION {
        Ok(redaction) => read_redacted(source, options, redaction),
        // Better nothing than a secret.
        Err(_) => Ok(Recording::default()),
    }
}

/// As [`read_source`], but masks what `redaction` says.
///
/// # Errors
/// When the recording or a file beside it cannot be read.
pub fn read_redacted(
    source: &Source,
    options: &ReadOptions,
    redaction: &Redaction,
) -> Result<Recording, FormatError> {
    let inputs = |paths: &[PathBuf]| paths.iter().cloned().map(Input::Path).collect::<Vec<_>>();
    let mut recording = read(&inputs(&source.recording), options)?;
    join_side_files(&mut recording, &inputs(&source.events), 0.0, options)?;
    redaction.apply(&mut recording);
    Ok(recording)
}

/// What is masked in all that is scanned.
static REDACTION: LazyLock<Result<Redaction, RedactError>> =
    LazyLock::new(|| Redaction::new(&RedactOptions::default()));
