//! Why there is no clip.

use crate::clip::ClipError;
use crate::encode::EncodeError;
use crate::moment::AroundError;
use crate::stage::StageError;

/// Why a clip could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The recording has nothing to show, or not where it was looked for.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// The recording has no such moment.
    #[error(transparent)]
    Around(#[from] AroundError),
    /// The browser could not be used, or failed twice.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The clip could not be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The part of the page that was to be shown is not there.
    #[error("‘{part}’ cannot be shown: {found}")]
    Crop {
        /// What was asked for.
        part: String,
        /// What there is.
        found: String,
    },
    /// The recording has no such tab.
    #[error("there is no tab {wanted}; the recording has {found}")]
    Tab {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// Two sessions have no step at which they could be aligned.
    #[error(
        "the two sessions have no step in common before the problem; give another session, or a step with --step\n  \
         the one that fails: {failing}\n  the other: {healthy}"
    )]
    NoSameStep {
        /// The last steps of the one.
        failing: String,
        /// The last steps of the other.
        healthy: String,
    },
    /// A thread could not be started or ended early.
    #[error("a thread of the renderer stopped: {reason}")]
    Thread {
        /// What is known about it.
        reason: String,
    },
    /// Whoever asked for the clip no longer wants it.
    #[error("stopped before the clip was complete")]
    Cancelled,
}
