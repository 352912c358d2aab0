//! Where on the page is what the overlays speak of.

use std::collections::BTreeMap;

use crate::dom::{Handle, Page, Replay};
use crate::overlay::{KnownPlace, KnownPlaces, Missing, MissingKind, Overlay, PlaceBox, Wanted};
use crate::recording::{NodeId, Tab};
use crate::stage::{FramePlace, Look, Seen, Stage, StageError};

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
    overlay: &'t Overlay,
    lost: LostNodes<'t>,
    missing: Vec<Missing>,
    /// The boxes of what was asked for since the page changed; `None` for what has none.
    boxes: BTreeMap<Handle, Option<PlaceBox>>,
}

impl<'t> Lookout<'t> {
    /// For pages of `tab`, and what `overlay` draws over them.
    pub(super) fn new(tab: &'t Tab, overlay: &'t Overlay) -> Self {
        Lookout {
            overlay,
            lost: LostNodes {
                tab,
                replay: None,
                owners: BTreeMap::new(),
            },
            missing: Vec::new(),
            boxes: BTreeMap::new(),
        }
    }

    /// Whether what is missing is looked for.
    pub(super) fn wants_missing(&self) -> bool {
        self.overlay.labels_missing()
    }

    /// The nodes of `page` whose boxes the overlay will ask for at some clip times; ascending.
    pub(super) fn wanted(&self, page: &Page, times: impl Iterator<Item = f64>) -> Vec<Handle> {
        let mut nodes = Vec::new();
        for clip_ms in times {
            let wanted = self.overlay.elements_at(clip_ms);
            nodes.extend(wanted.iter().map(|wanted| wanted.node));
        }
        let mut handles: Vec<Handle> = nodes.iter().filter_map(|node| page.handle_of(*node)).collect();
        handles.sort_unstable();
        handles.dedup();
        handles
    }

    /// The page has changed, and this was seen of it; the nodes in `asked` were looked for.
    pub(super) fn saw_anew(&mut self, seen: &Seen, asked: &[Handle]) {
        let labelled = seen.missing.iter().filter_map(|found| {
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
        self.boxes.clear();
        self.learn(seen, asked);
    }

    fn learn(&mut self, seen: &Seen, asked: &[Handle]) {
        self.boxes.extend(asked.iter().map(|node| (*node, None)));
        for found in &seen.boxes {
            let place = PlaceBox {
                x: found.x,
                y: found.y,
                width: found.width,
                height: found.height,
            };
            self.boxes.insert(found.node, Some(place));
        }
    }

    /// Where what the overlay will ask for at some clip times is on the stage, which shows `page` with
    /// its `frames`. Asks the stage for what was not seen yet.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub(super) async fn places(
        &mut self,
        stage: &mut Stage,
        page: &Page,
        frames: &[FramePlace],
        times: impl Iterator<Item = f64> + Clone,
    ) -> Result<KnownPlaces, StageError> {
        let wanted = self.wanted(page, times.clone());
        let unknown = |node: &Handle| !self.boxes.contains_key(node);
        let unknown: Vec<Handle> = wanted.iter().copied().filter(unknown).collect();
        if !unknown.is_empty() {
            let look = Look {
                missing: false,
                boxes: &unknown,
            };
            let seen = stage.look(&look).await?;
            self.learn(&seen, &unknown);
        }
        let mut places = KnownPlaces::default();
        places.set_missing(self.missing.clone());
        // Without frames, every document is the page.
        if !frames.is_empty() {
            for wanted in times.flat_map(|clip_ms| self.overlay.wanted_at(clip_ms)) {
                if let Some(place) = place(page, frames, &mut self.lost, wanted) {
                    places.insert(wanted.node, place);
                }
            }
        }
        for handle in wanted {
            let found = self.boxes.get(&handle).copied().flatten();
            if let Some((place, node)) = found.zip(page.id_of(handle)) {
                places.set_element(node, place);
            }
        }
        Ok(places)
    }
}
