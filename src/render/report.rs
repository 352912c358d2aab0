//! What a render did.

use serde::Serialize;

use super::Timings;
use std::collections::BTreeMap;

use crate::clip::Clip;
use crate::dom::{Fidelity, MissingShown};
use crate::encode::Summary;
use crate::encode::fit::Traded;
use crate::recording::DamageReport;

/// What a render did, for people and scripts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The part that was shown; `None` where nothing was.
    #[serde(skip)]
    pub clip: Option<Clip>,
    /// Which part was chosen and why, where that was not the user's choice.
    pub chosen: Option<String>,
    /// Width of the clip in device pixels.
    pub width: u32,
    /// Height of the clip in device pixels.
    pub height: u32,
    /// Frames in the file.
    pub frames: u64,
    /// Pictures of the page that were taken.
    pub captured: u64,
    /// Length of the clip in milliseconds of clip time.
    pub clip_ms: u64,
    /// Whether it was stopped before its end; lengths are those of what there is.
    pub partial: bool,
    /// Recording time that it shows or folds, in milliseconds.
    pub recording_ms: f64,
    /// Bytes written.
    pub bytes: u64,
    /// What was given up for the file to be as small as it had to be.
    pub traded: Option<Traded>,
    /// Changes that the page refused.
    pub refused_changes: u64,
    /// What the pages that are shown refer to but the recording does not contain.
    pub missing: Vec<MissingShown>,
    /// How much more is missing.
    pub missing_more: usize,
    /// What of the recording could not be used, by kind: `unknown-node`, `clock-jump` …
    pub unused: BTreeMap<&'static str, u64>,
    /// Browsers that had to be started again.
    pub restarts: u32,
    /// How pictures were taken.
    pub capture: &'static str,
    /// Browsers that worked at once.
    pub jobs: usize,
    /// Where the time went.
    pub timings: Timings,
}

impl Report {
    pub(super) fn lacks(&mut self, fidelity: Fidelity, mut damage: DamageReport) {
        damage.merge(fidelity.damage);
        self.unused = damage
            .counts()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| (kind.name(), count))
            .collect();
        self.missing = fidelity.resources;
        self.missing_more = fidelity.resources_more;
    }

    pub(super) fn written(&mut self, summary: &Summary) {
        self.width = summary.width;
        self.height = summary.height;
        self.frames = summary.frames;
        self.bytes = summary.bytes;
        self.traded = summary.traded;
    }
}
