//! What the pages of a clip refer to but the recording does not contain.

use super::Missing;
use crate::clip::Clip;
use crate::dom::Fidelity;
use crate::recording::{DamageReport, Tab};

/// What the pictures of a clip lack. `damage`: what reading the recording came upon.
pub(super) fn missing(tab: &Tab, clip: &Clip, damage: &DamageReport, refused_changes: u64) -> Missing {
    let fidelity = Fidelity::of(tab, clip.map.start(), clip.map.end());
    let mut damage = damage.clone();
    damage.merge(fidelity.damage);
    Missing {
        resources: fidelity.resources,
        resources_more: fidelity.resources_more,
        refused_changes,
        damage: damage
            .counts()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| (kind.name().to_owned(), count))
            .collect(),
    }
}
