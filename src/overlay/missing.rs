//! Labels on regions of the page that the recording does not contain.

use super::atlas::{Atlas, SpriteId};
use super::cards;
use super::options::{OverlayOptions, Part};
use super::places::MissingKind;
use super::scene::Rect;
use super::scenery::Scenery;
use super::state::Mark;

/// Most regions that are labelled at one time.
const MOST_LABELS: usize = 40;

/// Draws the labels.
#[derive(Debug, Clone)]
pub(super) struct MissingLabels {
    labels: Vec<(MissingKind, SpriteId)>,
}

impl MissingLabels {
    /// `None` when they are not wanted.
    pub(super) fn new(options: &OverlayOptions, atlas: &mut Atlas) -> Option<MissingLabels> {
        options.shows(Part::Missing).then(|| MissingLabels {
            labels: MissingKind::ALL
                .map(|kind| (kind, atlas.add(cards::missing(kind))))
                .to_vec(),
        })
    }

    /// Draws them; nothing is asked of them but the places.
    pub(super) fn draw(&self, scenery: &Scenery<'_>, marks: &mut Vec<Mark>) {
        for missing in scenery.places.missing().iter().take(MOST_LABELS) {
            let Some(region) = scenery.visible(missing.place) else {
                continue;
            };
            // Icons and the like would be nothing but lines.
            if region.width.min(region.height) < 5 * scenery.metrics.font {
                continue;
            }
            hatch(region, scenery, marks);
            let label = self.labels.iter().find(|(kind, _)| *kind == missing.kind);
            let Some((_, label)) = label else { continue };
            let (width, height) = scenery.atlas.size(*label);
            let (room, tall) = (region.width.cast_signed(), region.height.cast_signed());
            if width <= room && height <= tall {
                let spot = (region.x + (room - width) / 2, region.y + (tall - height) / 2);
                marks.push(Mark::Sprite(*label, spot));
            }
        }
    }
}

/// A frame with thin slanting lines in it.
fn hatch(region: Rect, scenery: &Scenery<'_>, marks: &mut Vec<Mark>) {
    let (left, top) = (f64::from(region.x) + 0.5, f64::from(region.y) + 0.5);
    let (width, height) = (f64::from(region.width) - 1.0, f64::from(region.height) - 1.0);
    let mut line = |points: Vec<(f64, f64)>, opacity| {
        marks.push(Mark::Line {
            points,
            width: 1.0,
            color: scenery.theme.hatch,
            opacity,
        });
    };
    let step = f64::from(scenery.metrics.font);
    let mut at = step;
    while at < width + height {
        let from = ((at - height).max(0.0), at.min(height));
        let to = (at.min(width), (at - width).max(0.0));
        line(
            vec![(left + from.0, top + from.1), (left + to.0, top + to.1)],
            0.35,
        );
        at += step;
    }
    line(region.around(0.5), 0.8);
}
