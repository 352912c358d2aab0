//! What the pages of a part of a recording refer to but the recording does not contain.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Page, Replay};
use crate::recording::{DamageReport, EventKind, Tab};

/// Most pages that are looked at.
const MOST_PAGES: usize = 40;
/// How often the time in between is looked at: what comes and goes is not there at a page's end.
const LOOKS: u32 = 12;
/// Most resources that are named.
const MOST_RESOURCES: usize = 200;
/// Longest address that is told, in characters.
const LONGEST_URL: usize = 300;

/// What the pages of a part of a recording lack.
#[derive(Debug, Clone, Default)]
pub struct Fidelity {
    /// What is missing, by kind and address.
    pub resources: Vec<MissingShown>,
    /// How many more there are.
    pub resources_more: usize,
    /// What of the events up to the end of the part could not be used.
    pub damage: DamageReport,
}

/// Something that pages refer to but a recording does not contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingShown {
    /// `image`, `style-sheet`, `font`, `media`, `frame`, `canvas` or `blocked`.
    pub kind: String,
    /// Where it was, as recorded; empty when it has no address.
    pub url: String,
    /// How many places of one page it is missing at.
    pub count: usize,
}

impl Fidelity {
    /// Looks at the pages that a tab shows from `start` to `end` (milliseconds since the Unix epoch):
    /// at each right before it goes, at several times in between, and at the end.
    pub fn of(tab: &Tab, start: f64, end: f64) -> Self {
        let mut replay = Replay::new(tab);
        replay.seek(start);
        Self::played(replay, tab, start, end)
    }

    /// The same of all that a tab shows; none of its events is passed over.
    pub fn of_all(tab: &Tab) -> Self {
        let (Some(start), Some(end)) = (tab.start(), tab.end()) else {
            return Fidelity::default();
        };
        Self::played(Replay::new(tab), tab, start, end)
    }

    fn played(mut replay: Replay<'_>, tab: &Tab, start: f64, end: f64) -> Self {
        let mut resources: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
        for time in looks(tab, start, end) {
            replay.skip_to(time);
            for (key, count) in counted(replay.page()) {
                let most = resources.entry(key).or_default();
                *most = count.max(*most);
            }
        }
        Fidelity {
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
            damage: replay.damage().clone(),
        }
    }
}

/// When to look, in order.
fn looks(tab: &Tab, start: f64, end: f64) -> Vec<f64> {
    let mut times: Vec<f64> = tab
        .events
        .iter()
        .filter(|event| event.kind == EventKind::FullSnapshot && event.time > start && event.time < end)
        .map(|event| event.time.next_down())
        .take(MOST_PAGES)
        .collect();
    times.extend((1..LOOKS).map(|at| start + (end - start) * f64::from(at) / f64::from(LOOKS)));
    times.push(end);
    times.sort_by(f64::total_cmp);
    times
}

fn counted(page: &Page) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    for resource in page.missing_resources() {
        let url = resource.url.chars().take(LONGEST_URL).collect();
        *counts.entry((resource.kind.name(), url)).or_default() += 1;
    }
    counts
}

/// A number of missing things in words: “3 images, 1 font”; nothing for an empty list.
pub fn missing_in_words(resources: &[MissingShown], more: usize) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in resources {
        *counts.entry(&resource.kind).or_default() += match resource.url.is_empty() {
            // These are told apart by nothing.
            true => resource.count,
            false => 1,
        };
    }
    let mut told: Vec<String> = counts
        .into_iter()
        .map(|(kind, count)| match (kind, count) {
            ("canvas", 1) => "1 canvas".to_owned(),
            ("canvas", count) => format!("{count} canvases"),
            ("media", count) => format!("{count} media"),
            ("blocked", count) => format!("{count} blocked"),
            (kind, 1) => format!("1 {}", kind.replace('-', " ")),
            (kind, count) => format!("{count} {}s", kind.replace('-', " ")),
        })
        .collect();
    if more > 0 {
        told.push(format!("{more} more"));
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_counted_in_words() {
        let missing = |kind: &str, url: &str, count| MissingShown {
            kind: kind.to_owned(),
            url: url.to_owned(),
            count,
        };
        let resources = [
            missing("canvas", "", 2),
            missing("image", "https://a.example/1.png", 3),
            missing("image", "https://a.example/2.png", 1),
            missing("style-sheet", "https://a.example/a.css", 1),
        ];
        assert_eq!(
            missing_in_words(&resources, 4),
            "2 canvases, 2 images, 1 style sheet, 4 more"
        );
        assert_eq!(missing_in_words(&[], 0), "");
    }
}
