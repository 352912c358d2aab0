//! Why no clip can be made of a recording.

use super::OptionError;

/// Why the part that was asked for cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// The tab has no full snapshot.
    #[error("the recording has no full snapshot, so there is nothing to show")]
    NoPicture,
    /// The range begins after the last event.
    #[error("--from {from} is after the end of the session ({session})")]
    FromAfterEnd {
        /// The option's value.
        from: String,
        /// The session's length, first and last time.
        session: String,
    },
    /// The range ends before the first event.
    #[error("--to {to} is before the start of the session ({session})")]
    ToBeforeStart {
        /// The option's value.
        to: String,
        /// The session's length, first and last time.
        session: String,
    },
    /// The range ends before it begins.
    #[error("the range is empty: --from {from} is after --to {to}")]
    Backwards {
        /// The option's value.
        from: String,
        /// The option's value.
        to: String,
    },
    /// The range ends before the page is known.
    #[error(
        "nothing is known of the page before its first full snapshot at {picture}: choose --to {picture} or later, not {to}"
    )]
    BeforePicture {
        /// The option's value.
        to: String,
        /// Session time of the first full snapshot.
        picture: String,
    },
    /// The clip would be too long.
    #[error(
        "the clip would be {length} long, more than {limit}: choose a part with --from and --to, \
         let it run faster with --speed, or fold more with --idle"
    )]
    TooLong {
        /// Length of the clip.
        length: String,
        /// What is allowed.
        limit: String,
    },
    /// An option is out of its bounds.
    #[error(transparent)]
    Option(#[from] OptionError),
}
