//! Why input could not be read as a recording.

use std::path::PathBuf;

use super::FormatName;
use super::json::JsonError;
use crate::recording::Damage;

/// Why input could not be read as a recording.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A file or directory could not be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Standard input could not be read.
    #[error("cannot read standard input: {0}")]
    Stdin(std::io::Error),
    /// A ZIP or packed recording that cannot be used.
    #[error(transparent)]
    Packed(#[from] crate::asset::AssetError),
    /// There is nothing in it.
    #[error("{file} is empty: nothing was recorded, or nothing was saved")]
    Empty {
        /// The file.
        file: String,
    },
    /// It is of no known kind.
    #[error(
        "{file} is not a recording that domreel knows: {found}. It reads rrweb (JSON, NDJSON, packed), \
         Datadog, PostHog, Sentry, highlight, Mixpanel, Amplitude and Grafana Faro, plain or compressed with \
         gzip, zstd, zlib or ZIP; --read-as names the kind when it is not found"
    )]
    Unrecognized {
        /// The file.
        file: String,
        /// What it is or begins with.
        found: String,
    },
    /// It is of a known kind that cannot be read.
    #[error("{file} is a {format} recording, which domreel does not read yet: {instead}")]
    Unsupported {
        /// The file.
        file: String,
        /// What it is.
        format: FormatName,
        /// What to do instead.
        instead: &'static str,
    },
    /// It tells what happened beside the page, not what the page looked like.
    #[error("{file} holds {found}, not a recording of the page: give it with --events, beside the recording")]
    SideFile {
        /// The file.
        file: String,
        /// What it holds.
        found: &'static str,
    },
    /// A file beside a recording cannot be used.
    #[error("{file} cannot be used as events beside the recording: {error}")]
    Events {
        /// The file.
        file: String,
        /// Why.
        error: super::events::EventsError,
    },
    /// It is damaged, and damage was not to be tolerated.
    #[error("{file}: {damage}; without --strict, what is undamaged is used")]
    Damaged {
        /// The file.
        file: String,
        /// The first damage.
        damage: Damage,
    },
    /// It shows something else than pages.
    #[error("{file} shows {what}: domreel shows recorded pages only; there is none in it")]
    NotShown {
        /// The file or files.
        file: String,
        /// What it shows.
        what: &'static str,
    },
    /// There is no full snapshot, so that no page can be shown.
    #[error(
        "{file}: nothing to show, for there is no full snapshot among its {events} events{damage}. A recording \
         has to begin with one; record from the start, or give the files with the earlier part too"
    )]
    NothingToShow {
        /// The file or files.
        file: String,
        /// How many events could be read.
        events: usize,
        /// What was damaged, as a clause, or nothing.
        damage: String,
    },
    /// The files given are not one session.
    #[error("{reason}:\n{}", found.join("\n"))]
    NotOneSession {
        /// Why they were not taken together.
        reason: String,
        /// What was found, a line each.
        found: Vec<String>,
    },
    /// A directory holds no recording.
    #[error("{}: no recording in this directory; {found}", path.display())]
    NoRecording {
        /// The directory.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
}

/// Why a walk over events or records stops where it is.
pub(super) enum Stop {
    /// What is being read is damaged here.
    Json(JsonError),
    /// Reading ends.
    Format(FormatError),
}

impl From<JsonError> for Stop {
    fn from(error: JsonError) -> Self {
        Stop::Json(error)
    }
}

impl From<FormatError> for Stop {
    fn from(error: FormatError) -> Self {
        Stop::Format(error)
    }
}
