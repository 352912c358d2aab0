//! What is known about a clip, as a file beside it.
//!
//! The names of all fields are stable. Times called `clip_ms` are milliseconds of clip time; times
//! called `at_ms` are milliseconds of recording time since the session's first event; `utc` is the
//! same as a date. Nothing that was typed stands in a manifest, masked or not.

mod build;
mod missing;
mod settings;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::dom::MissingShown;

pub use self::build::Facts;
use crate::asset::Filled;
use crate::limits::{Limit, Limits};

/// A clip and all that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format: 1. It grows when a field's meaning changes, not when fields are added.
    pub manifest: u32,
    /// What made the clip.
    pub program: Program,
    /// The clip's file.
    pub clip: ClipFile,
    /// Names of the files that belong to the clip and lie beside it.
    #[serde(default)]
    pub beside: Beside,
    /// What was recorded.
    pub recording: RecordingFacts,
    /// Which part of it the clip shows.
    pub shown: Shown,
    /// How clip time becomes recording time, in order and without gaps.
    #[serde(default)]
    pub time_map: Vec<Stretch>,
    /// Recording time that the clip leaves out.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// The pages that the clip shows.
    #[serde(default)]
    pub pages: Vec<PageShown>,
    /// Where the session took place.
    #[serde(default)]
    pub environment: Environment,
    /// Errors, failed requests, signs of frustration and markers that the clip shows, in order.
    #[serde(default)]
    pub moments: Vec<MomentShown>,
    /// How many more there are in the recording.
    #[serde(default)]
    pub moments_elsewhere: usize,
    /// What the user did, up to the end of the clip.
    #[serde(default)]
    pub steps: Vec<StepTaken>,
    /// Steps before those, which are left out.
    #[serde(default)]
    pub steps_before: usize,
    /// What there is to read while the clip plays.
    #[serde(default)]
    pub captions: Vec<Cue>,
    /// What happens in the clip, in two sentences.
    #[serde(default)]
    pub alt: String,
    /// What the pictures lack.
    #[serde(default)]
    pub missing: Missing,
    /// What was put in of what the recording refers to but does not contain.
    #[serde(default)]
    pub assets: Filled,
    /// What was made unreadable before anything was drawn.
    #[serde(default)]
    pub redactions: Vec<Redaction>,
    /// What drew the pictures.
    #[serde(default)]
    pub drawn_with: DrawnWith,
    /// What was asked for.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name: `domreel`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A clip's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipFile {
    /// Its name, without folders.
    pub file: String,
    /// `gif`, `mp4`, …
    pub format: String,
    /// Its media type; `null` for directories of frames.
    pub media_type: Option<String>,
    /// In device pixels.
    pub width: u32,
    /// In device pixels.
    pub height: u32,
    /// Pictures in the file.
    pub frames: u64,
    /// Size of the file, of all of them for directories.
    pub bytes: u64,
    /// How long it plays.
    pub duration_ms: u64,
    /// SHA-256 of the file in hexadecimal digits; `null` for directories.
    pub sha256: Option<String>,
}

/// Names of files beside a clip; `null` for those that were not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// Captions as WebVTT.
    pub captions: Option<String>,
    /// Alternative text, plain.
    pub alt: Option<String>,
    /// A still picture.
    pub poster: Option<String>,
    /// Steps to reproduce, as Markdown.
    pub steps: Option<String>,
    /// Key frames with times and texts, in one picture.
    pub storyboard: Option<String>,
}

/// What was recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordingFacts {
    /// Which kind of recording: `rrweb`, `datadog`, …
    pub format: String,
    /// Its files, and those beside it that told something of it.
    pub files: Vec<FileFacts>,
    /// Id of the session in the system it comes from.
    pub session: Option<String>,
    /// Which tab; empty when the recording knows only one.
    pub tab: String,
    /// The session's first event.
    pub start_utc: Option<String>,
    /// The same in milliseconds since the Unix epoch.
    pub start_ms: f64,
    /// From the session's first event to its last.
    pub duration_ms: f64,
}

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its name, without folders.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// A part of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// What was asked for: `whole`, `range`, `around error`, `most worth seeing`.
    pub asked: String,
    /// Why this part, where the program chose it.
    pub why: Option<String>,
    /// Where it begins.
    pub from_ms: f64,
    /// Where it ends.
    pub to_ms: f64,
    /// Where it begins.
    pub from_utc: Option<String>,
    /// Where it ends.
    pub to_utc: Option<String>,
}

/// A stretch of a clip in which the relation of the two clocks is linear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// `play`, `fold` (nothing happened: left out), `cut` (not asked for: left out) or `hold` (a still picture).
    pub kind: String,
    /// Where it begins in clip time.
    pub clip_from_ms: f64,
    /// Where it ends in clip time.
    pub clip_to_ms: f64,
    /// Recording time at its beginning, since the session's first event.
    pub at_from_ms: f64,
    /// Recording time at its end.
    pub at_to_ms: f64,
}

/// Recording time that a clip leaves out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// `fold` or `cut`.
    pub kind: String,
    /// Where in the clip.
    pub clip_ms: f64,
    /// Where it begins in the recording.
    pub at_ms: f64,
    /// How much is left out.
    pub skipped_ms: f64,
}

/// A page, or the same in another size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageShown {
    /// When the clip shows it first.
    pub clip_ms: f64,
    /// Its address.
    pub url: String,
    /// Width of the viewport in CSS pixels.
    pub width: f64,
    /// Height of the viewport in CSS pixels.
    pub height: f64,
}

/// Where a session took place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// The user's browser, as it names itself.
    pub user_agent: Option<String>,
    /// The application or service.
    pub service: Option<String>,
    /// Its release or version.
    pub release: Option<String>,
    /// `production`, …
    pub environment: Option<String>,
}

/// Something worth seeing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MomentShown {
    /// `error`, `handled-error`, `request`, `rage-click`, `dead-click`, `error-click` or `marker`.
    pub kind: String,
    /// In words: the error's message, the request, what was clicked.
    pub text: String,
    /// Status of a failed request, 0 for no answer; `null` for anything else.
    pub status: Option<u16>,
    /// When the clip shows it.
    pub clip_ms: f64,
    /// When it happened.
    pub at_ms: f64,
    /// When it happened.
    pub utc: Option<String>,
    /// The place in the application's code, where known.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// Address of the page, where known.
    pub page: Option<String>,
    /// Its id in the system it comes from.
    pub id: Option<String>,
    /// `recorded`, `side-file` or `derived`.
    pub origin: String,
}

/// Something that the user did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepTaken {
    /// `open`, `click`, `type`, `choose`, `scroll` or `resize`.
    pub kind: String,
    /// In words. Never what was typed.
    pub text: String,
    /// When the clip shows it; `null` when it does not.
    pub clip_ms: Option<f64>,
    /// When it happened.
    pub at_ms: f64,
    /// When it happened.
    pub utc: Option<String>,
}

/// A text for a part of a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cue {
    /// Where it begins in clip time.
    pub from_ms: u64,
    /// Where it ends in clip time.
    pub to_ms: u64,
    /// What there is to read; one line for each thing that happened.
    pub text: String,
}

/// What pictures lack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Missing {
    /// What pages refer to but the recording does not contain.
    pub resources: Vec<MissingShown>,
    /// How many more there are.
    pub resources_more: usize,
    /// Changes that the page refused.
    pub refused_changes: u64,
    /// What of the recording could not be used, by kind.
    pub damage: BTreeMap<String, u64>,
}

impl Missing {
    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        *self == Missing::default()
    }
}

/// A rule that made things unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// Its name; never what it found.
    pub rule: String,
    /// How often it matched.
    pub count: u64,
}

/// What drew pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawnWith {
    /// The browser and its version.
    pub browser: Option<String>,
    /// `begin-frame` or `screenshot`.
    pub capture: String,
    /// The fonts that generic families stand for, with versions: `sans-serif: DejaVu Sans 2.37`.
    pub fonts: Vec<String>,
}

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is no manifest of a clip: {reason}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Manifest {
    /// The version that is written and read.
    pub const VERSION: u32 = 1;

    /// The file as it is written: indented, with a line end.
    pub fn to_json(&self) -> String {
        // All keys are strings and no value refuses to be written.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than [`Limit::Manifest`], or is something else.
    pub fn read(path: &Path, limits: &Limits) -> Result<Manifest, ManifestError> {
        let unreadable = |source| ManifestError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let malformed = |reason: String| ManifestError::Malformed {
            path: path.to_owned(),
            reason,
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > limits.of(Limit::Manifest) {
            return Err(malformed(format!(
                "it is too large: {}",
                limits.hint(Limit::Manifest)
            )));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        if manifest.manifest != Self::VERSION {
            let version = manifest.manifest;
            return Err(malformed(format!(
                "its version is {version}, and {} is known; use the domreel that wrote it",
                Self::VERSION
            )));
        }
        Ok(manifest)
    }
}
