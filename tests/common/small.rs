//! A small page, for tests of what is on it.

use domreel::stage::{CaptureMethod, StageOptions};

use super::common;

/// A stage of 400×300 CSS pixels; pictures are taken as the browser can where nothing is said.
pub fn small(capture: Option<CaptureMethod>) -> StageOptions {
    StageOptions {
        browser: common::browser(),
        capture,
        width: 400,
        height: 300,
        still: false,
    }
}
