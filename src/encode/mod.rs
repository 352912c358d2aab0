//! Finished pictures become a file.

use std::sync::Arc;

use crate::pixmap::Pixmap;

/// One finished picture and how long it is shown.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The picture; all frames of a clip have the same size.
    pub pixels: Arc<Pixmap>,
    /// When it is shown first, in milliseconds of clip time.
    pub clip_ms: u64,
    /// What it shows: milliseconds of recording time since the recording's first event.
    pub recording_ms: f64,
    /// How long it is shown, in milliseconds of clip time.
    pub duration_ms: u64,
}
