//! What a user can ask of a render.

use std::path::PathBuf;

use super::{Choice, Framing};
use crate::clip::ClipOptions;
use crate::overlay::{OutputSize, OverlayOptions};
use crate::stage::{CaptureMethod, ReadyBrowsers};

/// Everything that decides how a clip looks.
#[derive(Debug, Clone, Default)]
pub struct RenderOptions {
    /// Range, speed and idle time of the clip.
    pub clip: ClipOptions,
    /// Which part of the recording is shown.
    pub choice: Choice,
    /// How large.
    pub size: OutputSize,
    /// How much of the page.
    pub framing: Framing,
    /// What is drawn over it.
    pub overlay: OverlayOptions,
    /// Show pages with CSS animations and transitions off and without a caret.
    pub still: bool,
    /// What draws it.
    pub drawing: DrawingOptions,
}

/// What draws the pages. None of it changes a pixel.
#[derive(Debug, Clone, Default)]
pub struct DrawingOptions {
    /// The browser program.
    pub browser: PathBuf,
    /// Run the browser without Chromium's sandbox.
    pub no_sandbox: bool,
    /// How pictures are taken; `None`: the fastest way the browser has.
    pub capture: Option<CaptureMethod>,
    /// How many browsers work at once; 0: as many as pay for the clip on this machine.
    pub jobs: usize,
    /// Browsers that stay ready from one render to the next; `None`: each render starts its own and ends
    /// them.
    pub ready: Option<ReadyBrowsers>,
}
