//! Where on the page is what the overlays speak of.

use std::collections::BTreeMap;

use crate::dom::{Handle, Page, Replay};
use crate::overlay::{KnownPlace, KnownPlaces, Missing, MissingKind, Overlay, PlaceBox, Wanted};
use crate::recording::{NodeId, Tab};
use crate::stage::{FramePlace, Stage, StageError};

/// Finds the frames of nodes that are no longer on the page: a link in a frame brings another document
/// there, and the pointer still rests where it was.
struct LostNodes<'t> {
    tab: &'t Tab,
    replay: Option<Replay<'t>>,
    /// The frame element of each node that was asked for; `None` for what was in no frame.
    owners: BTreeMap<(NodeId, u64), Option<NodeId>>,
}

impl LostNodes<'_> {
    /// The frame element in whose document a node was when it was on the page.
    fn owner(&mut self, wanted: Wanted) -> Option<NodeId> {
        let key = (wanted.node, wanted.since.to_bits());
        if let Some(known) = self.owners.get(&key) {
            return *known;
        }
        let replay = self.replay.get_or_insert_with(|| Replay::new(self.tab));
        // What happens at that very time may take it away.
        replay.seek(wanted.since.next_down());
        let page = replay.page();
        let document = page.document_of(wanted.node);
        let owner = document
            .and_then(|document| page.frame_owner(document))
            .and_then(|owner| page.id_of(owner));
        self.owners.insert(key, owner);
        owner
    }
}

/// Where the document of `wanted` is, which is or was in a frame; `None` for the page's own.
fn place(page: &Page, frames: &[FramePlace], lost: &mut LostNodes<'_>, wanted: Wanted) -> Option<KnownPlace> {
    let found = match page.document_of(wanted.node) {
        Some(document) => {
            // The top document is shown in no frame.
            page.frame_owner(document)?;
            frames.iter().find(|frame| frame.document == document)
        }
        None => {
            let owner = lost.owner(wanted)?;
            frames.iter().find(|frame| {
                let now = page.frame_owner(frame.document);
                now.and_then(|handle| page.id_of(handle)) == Some(owner)
            })
        }
    };
    Some(match found {
        Some(frame) => KnownPlace {
            document: (frame.x, frame.y),
            scale: frame.scale,
            element: None,
        },
        None => KnownPlace::NOWHERE,
    })
}

/// Knows of the page that a stage shows what the overlays need.
pub(super) struct Lookout<'t> {
    lost: LostNodes<'t>,
    missing: Vec<Missing>,
}

impl<'t> Lookout<'t> {
    /// For pages of `tab`.
    pub(super) fn new(tab: &'t Tab) -> Self {
        Lookout {
            lost: LostNodes {
                tab,
                replay: None,
                owners: BTreeMap::new(),
            },
            missing: Vec::new(),
        }
    }

    /// Looks at the page anew, after it has changed: what is in sight but not in the recording, if
    /// `overlay` labels it.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub(super) async fn look(&mut self, stage: &mut Stage, overlay: &Overlay) -> Result<(), StageError> {
        if !overlay.labels_missing() {
            return Ok(());
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
        self.missing = labelled.collect();
        Ok(())
    }

    /// Asks the stage, which shows `page` with its `frames`, for what `overlay` will ask for at some
    /// clip times.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub(super) async fn places(
        &mut self,
        stage: &mut Stage,
        page: &Page,
        frames: &[FramePlace],
        overlay: &Overlay,
        times: impl Iterator<Item = f64>,
    ) -> Result<KnownPlaces, StageError> {
        let mut places = KnownPlaces::default();
        places.set_missing(self.missing.clone());
        let mut elements = Vec::new();
        for clip_ms in times {
            elements.extend(overlay.elements_at(clip_ms).iter().map(|wanted| wanted.node));
            // Without frames, every document is the page.
            if frames.is_empty() {
                continue;
            }
            for wanted in overlay.wanted_at(clip_ms) {
                if let Some(place) = place(page, frames, &mut self.lost, wanted) {
                    places.insert(wanted.node, place);
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
                let place = PlaceBox {
                    x: found.x,
                    y: found.y,
                    width: found.width,
                    height: found.height,
                };
                places.set_element(node, place);
            }
        }
        Ok(places)
    }
}
