//! Single pictures of a recording.

use super::capture::{arrive, open_stage, picture};
use super::places::Lookout;
use super::timings::Spent;
use super::{RenderError, RenderOptions, framing, ground};
use crate::clip::{Clip, Plan, TimePoint};
use crate::dom::Replay;
use crate::overlay::{Overlay, Scene};
use crate::pixmap::Pixmap;
use crate::recording::{DamageReport, Recording, Tab};

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
) -> Result<DamageReport, RenderError> {
    let clip = Clip::new(tab, &options.clip)?;
    let length = Plan::new(tab, &clip).length() as f64;
    let at = |at: &TimePoint| {
        let page = clip.resolve(*at);
        let clip_ms = clip.map.clip_at(page).min(length);
        Still { page, clip_ms }
    };
    let at: Vec<Still> = stills.at.iter().map(at).collect();
    let scene = framing::scene(recording, tab, &clip, options)?;
    let overlay = Overlay::new(tab, &recording.telemetry, &clip, &scene, &options.overlay);
    blocking(take_pictures(tab, overlay, scene, options, &at, &mut take))
}

/// A picture of a clip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Still {
    /// Recording time of the page.
    pub page: f64,
    /// Clip time of what is drawn over it, in milliseconds.
    pub clip_ms: f64,
}

/// Takes pictures of a scene with an overlay; `take` gets them in the order of `at`. Gives what of the recording
/// could not be shown.
pub(super) async fn take_pictures(
    tab: &Tab,
    mut overlay: Overlay,
    scene: Scene,
    options: &RenderOptions,
    at: &[Still],
    take: &mut impl FnMut(usize, Pixmap) -> Result<(), RenderError>,
) -> Result<DamageReport, RenderError> {
    let mut stage = open_stage(scene, tab.limits, options).await?;
    let first = at.first().map(|still| still.page);
    let mut replay = Replay::new(tab);
    ground::prepare(&mut stage, (tab, &replay), &mut overlay, scene, first).await?;
    let mut lookout = Lookout::new(tab, &overlay);
    for (index, still) in at.iter().enumerate() {
        let times = std::iter::once(still.clip_ms);
        let spent = &mut Spent::default();
        let arrived = arrive(
            &mut stage,
            &mut replay,
            still.page,
            &mut lookout,
            times.clone(),
            spent,
        );
        let frames = arrived.await?.frames;
        let page = picture(&stage.png().await?, scene)?;
        let places = lookout.places(&mut stage, replay.page(), &frames, times);
        let places = places.await?;
        let state = overlay.state_at(still.clip_ms, &places);
        take(index, overlay.compose(&page, &state))?;
    }
    Ok(replay.damage().clone())
}

/// Waits for work with browsers on this thread.
pub(super) fn blocking<T>(work: impl Future<Output = Result<T, RenderError>>) -> Result<T, RenderError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RenderError::Thread {
            reason: error.to_string(),
        })?;
    runtime.block_on(work)
}
