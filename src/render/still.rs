//! Single pictures of a recording.

use super::capture::{arrive, picture, stage_options};
use super::places::Lookout;
use super::{RenderError, RenderOptions};
use crate::clip::{Clip, Plan, TimePoint};
use crate::dom::Replay;
use crate::overlay::{Overlay, Scene};
use crate::pixmap::Pixmap;
use crate::recording::{Recording, Tab};
use crate::stage::Stage;

/// Which pictures are wanted.
#[derive(Debug, Clone, Default)]
pub struct StillOptions {
    /// When; one picture for each.
    pub at: Vec<TimePoint>,
}

/// Takes pictures of one tab of a recording at single times; `take` gets them in the order of
/// `stills.at`. The clip of `options` says nothing here but where overlays count from.
///
/// # Errors
/// When there is nothing to show, the browser cannot be used or fails twice, or `take` fails.
pub fn still(
    recording: &Recording,
    tab: &Tab,
    options: &RenderOptions,
    stills: &StillOptions,
    mut take: impl FnMut(usize, Pixmap) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let clip = Clip::new(tab, &options.clip)?;
    let plan = Plan::new(tab, &clip);
    let scene = Scene::new(tab, &clip, options.size);
    let mut overlay = Overlay::new(tab, &recording.telemetry, &clip, &scene, &options.overlay);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RenderError::Thread {
            reason: error.to_string(),
        })?;
    runtime.block_on(async {
        let mut stage = Stage::open(&stage_options(scene, options)).await?;
        let mut pictures = Vec::new();
        for html in overlay.sheets() {
            pictures.push(stage.draw_sheet(&html).await?);
        }
        overlay.load(&pictures);
        let mut replay = Replay::new(tab);
        let mut lookout = Lookout::new(tab);
        for (index, at) in stills.at.iter().enumerate() {
            let recording_time = clip.resolve(*at);
            let shown = arrive(&mut stage, &mut replay, recording_time).await?;
            let page = picture(&stage.png().await?, scene)?;
            let clip_ms = clip.map.clip_at(recording_time).min(plan.length() as f64);
            let times = std::iter::once(clip_ms);
            lookout.look(&mut stage, &overlay).await?;
            let places = lookout
                .places(&mut stage, replay.page(), &shown.frames, &overlay, times)
                .await?;
            let state = overlay.state_at(clip_ms, &places);
            take(index, overlay.compose(&page, &state))?;
        }
        Ok(())
    })
}
