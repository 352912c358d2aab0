//! Where on the page is what the overlays speak of.

use crate::dom::{Handle, Page};
use crate::overlay::{KnownPlace, KnownPlaces, Missing, MissingKind, Overlay, PlaceBox};
use crate::stage::{FramePlace, Stage, StageError};

/// Asks the stage, which shows `page` with its `frames`, for what `overlay` will ask for at some clip
/// times.
///
/// # Errors
/// When the browser does not answer.
pub(super) async fn known(
    stage: &mut Stage,
    page: &Page,
    frames: &[FramePlace],
    overlay: &Overlay,
    times: impl Iterator<Item = f64>,
) -> Result<KnownPlaces, StageError> {
    let mut places = KnownPlaces::default();
    let mut elements = Vec::new();
    for clip_ms in times {
        elements.extend(overlay.elements_at(clip_ms));
        // Without frames, every document is the page.
        if frames.is_empty() {
            continue;
        }
        for node in overlay.wanted_at(clip_ms) {
            let document = page.document_of(node);
            if let Some(frame) = frames.iter().find(|frame| Some(frame.document) == document) {
                places.insert(
                    node,
                    KnownPlace {
                        document: (frame.x, frame.y),
                        scale: frame.scale,
                        element: None,
                    },
                );
            }
        }
    }
    elements.sort_unstable();
    elements.dedup();
    let handles: Vec<Handle> = elements.iter().filter_map(|node| page.handle_of(*node)).collect();
    if handles.is_empty() {
        return Ok(places);
    }
    for found in stage.boxes(&handles).await? {
        if let Some(node) = page.id_of(found.node) {
            places.set_element(
                node,
                PlaceBox {
                    x: found.x,
                    y: found.y,
                    width: found.width,
                    height: found.height,
                },
            );
        }
    }
    Ok(places)
}

/// What is in sight on the page but not in the recording, if `overlay` labels it.
///
/// # Errors
/// When the browser does not answer.
pub(super) async fn missing(stage: &mut Stage, overlay: &Overlay) -> Result<Vec<Missing>, StageError> {
    if !overlay.labels_missing() {
        return Ok(Vec::new());
    }
    let found = stage.missing().await?;
    let labelled = found.into_iter().filter_map(|found| {
        Some(Missing {
            kind: *MissingKind::ALL.get(found.kind)?,
            place: PlaceBox {
                x: found.x,
                y: found.y,
                width: found.width,
                height: found.height,
            },
        })
    });
    Ok(labelled.collect())
}
