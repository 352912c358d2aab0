//! Draws what overlays are made of, in colours that suit the page.

use super::capture::{arrive, picture};
use super::places::Lookout;
use super::timings::Spent;
use crate::dom::Replay;
use crate::overlay::{Overlay, Scene, ThemeChoice};
use crate::recording::Tab;
use crate::stage::{Stage, StageError};

/// Draws what an overlay is made of, in colours that stand out from the page of recording time `time`
/// where the page decides on them; `None`: of the overlay's own time. The stage is to show nothing yet,
/// and to be brought anew to where it is wanted; a copy of the replay goes there from where that is.
pub(super) async fn prepare(
    stage: &mut Stage,
    (tab, replay): (&Tab, &Replay<'_>),
    overlay: &mut Overlay,
    scene: Scene,
    time: Option<f64>,
) -> Result<(), StageError> {
    if let Some(own) = overlay.undecided_at() {
        let (nothing, spent) = (std::iter::empty(), &mut Spent::default());
        let mut lookout = Lookout::new(tab, overlay);
        let mut replay = replay.clone();
        arrive(
            stage,
            &mut replay,
            time.unwrap_or(own),
            &mut lookout,
            nothing,
            spent,
        )
        .await?;
        let page = picture(&stage.png().await?, scene)?;
        overlay.decide(ThemeChoice::beside(&page));
    }
    let mut pictures = Vec::new();
    for html in overlay.sheets() {
        pictures.push(stage.draw_sheet(&html).await?);
    }
    overlay.load(&pictures);
    Ok(())
}
