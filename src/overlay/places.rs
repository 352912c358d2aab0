//! Where recorded nodes are on the page, which is known only while the page is shown.

use std::collections::BTreeMap;

use crate::recording::NodeId;

/// A box in CSS pixels of the page's viewport.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PlaceBox {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A node that overlays speak of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// The node.
    pub node: NodeId,
    /// Recording time at which it was on the page for certain; it need not be any more.
    pub since: f64,
}

/// Answers where recorded nodes are at the time that is drawn.
pub trait Places {
    /// Leads a position in the viewport of the document that `node` is in to the viewport of the
    /// page, both in CSS pixels. What was in a frame that is no longer there is nowhere: not finite.
    fn to_page(&self, node: NodeId, position: (f64, f64)) -> (f64, f64);

    /// Where an element is; `None` when it is not on the page, or it is not known where.
    fn element(&self, node: NodeId) -> Option<PlaceBox>;

    /// Regions of the page that the recording does not contain.
    fn missing(&self) -> &[Missing] {
        &[]
    }
}

/// A region of the page that the recording does not contain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing {
    /// Where.
    pub place: PlaceBox,
    /// What would be there.
    pub kind: MissingKind,
}

/// What a recording can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingKind {
    /// The document of a frame, mostly one of another site.
    Frame,
    /// What was drawn on a canvas.
    Canvas,
    /// A picture.
    Image,
    /// A film.
    Video,
}

impl MissingKind {
    /// All kinds.
    pub const ALL: [MissingKind; 4] = [
        MissingKind::Frame,
        MissingKind::Canvas,
        MissingKind::Image,
        MissingKind::Video,
    ];
}

/// The places of a page without frames, of whose elements nothing is known: a position in it is a
/// position on the page.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFrames;

impl Places for NoFrames {
    fn to_page(&self, _node: NodeId, position: (f64, f64)) -> (f64, f64) {
        position
    }

    fn element(&self, _node: NodeId) -> Option<PlaceBox> {
        None
    }
}

/// Places that were asked of the stage for the nodes that [`Overlay::wanted_at`](super::Overlay::wanted_at)
/// names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownPlaces {
    nodes: BTreeMap<NodeId, KnownPlace>,
    missing: Vec<Missing>,
}

/// Where one node is; by default in the page's own document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownPlace {
    /// Where the viewport of the node's document begins, in CSS pixels of the page's viewport.
    pub document: (f64, f64),
    /// CSS pixels of the page to one of the node's document.
    pub scale: f64,
    /// Where the element is, if it is on the page.
    pub element: Option<PlaceBox>,
}

impl KnownPlace {
    /// The place of what was in a frame that is no longer there.
    pub const NOWHERE: KnownPlace = KnownPlace {
        document: (f64::NAN, f64::NAN),
        scale: 1.0,
        element: None,
    };
}

impl Default for KnownPlace {
    fn default() -> Self {
        KnownPlace {
            document: (0.0, 0.0),
            scale: 1.0,
            element: None,
        }
    }
}

impl KnownPlaces {
    /// Notes where a node is.
    pub fn insert(&mut self, node: NodeId, place: KnownPlace) {
        self.nodes.insert(node, place);
    }

    /// Notes the regions that the recording does not contain.
    pub fn set_missing(&mut self, missing: Vec<Missing>) {
        self.missing = missing;
    }

    /// Notes where an element is, whatever document it is in.
    pub fn set_element(&mut self, node: NodeId, element: PlaceBox) {
        self.nodes.entry(node).or_default().element = Some(element);
    }
}

impl Places for KnownPlaces {
    fn to_page(&self, node: NodeId, (x, y): (f64, f64)) -> (f64, f64) {
        match self.nodes.get(&node) {
            Some(place) => (
                place.document.0 + x * place.scale,
                place.document.1 + y * place.scale,
            ),
            None => (x, y),
        }
    }

    fn element(&self, node: NodeId) -> Option<PlaceBox> {
        self.nodes.get(&node)?.element
    }

    fn missing(&self) -> &[Missing] {
        &self.missing
    }
}
