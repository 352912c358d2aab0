//! What the pages of a clip refer to but the recording does not contain.

use std::collections::BTreeMap;

use super::{Missing, MissingShown};
use crate::clip::Clip;
use crate::dom::{Page, Replay, ResourceKind};
use crate::recording::{DamageReport, EventKind, Tab};

/// Most pages of a clip that are looked at.
const MOST_PAGES: usize = 40;
/// Most resources that are named.
const MOST_RESOURCES: usize = 200;
/// Longest address that is told, in characters.
const LONGEST_URL: usize = 300;

/// Looks at each page of a clip as it is last shown. `damage`: what reading the recording came upon.
pub(super) fn missing(tab: &Tab, clip: &Clip, damage: &DamageReport, refused_changes: u64) -> Missing {
    let mut replay = Replay::new(tab);
    let mut resources: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    for time in last_times(tab, clip) {
        replay.seek(time);
        for (key, count) in counted(replay.page()) {
            let most = resources.entry(key).or_default();
            *most = count.max(*most);
        }
    }
    let mut damage = damage.clone();
    damage.merge(replay.damage().clone());
    Missing {
        resources_more: resources.len().saturating_sub(MOST_RESOURCES),
        resources: resources
            .into_iter()
            .take(MOST_RESOURCES)
            .map(|((kind, url), count)| MissingShown {
                kind: kind.to_owned(),
                url,
                count,
            })
            .collect(),
        refused_changes,
        damage: damage
            .counts()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| (kind.name().to_owned(), count))
            .collect(),
    }
}

/// Recording times right before a page goes, and the clip's end.
fn last_times(tab: &Tab, clip: &Clip) -> Vec<f64> {
    let (start, end) = (clip.map.start(), clip.map.end());
    let mut times: Vec<f64> = tab
        .events
        .iter()
        .filter(|event| event.kind == EventKind::FullSnapshot && event.time > start && event.time < end)
        .map(|event| event.time.next_down())
        .take(MOST_PAGES)
        .collect();
    times.push(end);
    times
}

fn counted(page: &Page) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    for resource in page.missing_resources() {
        let url = resource.url.chars().take(LONGEST_URL).collect();
        *counts.entry((name(resource.kind), url)).or_default() += 1;
    }
    counts
}

fn name(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Image => "image",
        ResourceKind::StyleSheet => "style-sheet",
        ResourceKind::Font => "font",
        ResourceKind::Media => "media",
        ResourceKind::Frame => "frame",
        ResourceKind::Canvas => "canvas",
        ResourceKind::Blocked => "blocked",
    }
}
