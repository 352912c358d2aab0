//! Segments in any order become views, and views become tabs, in order of time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record::Segment;
use super::resources::Resources;
use super::view::{Numbers, Timed, View};
use crate::format::FormatError;
use crate::format::collector::Collector;
use crate::recording::{Damage, DamageKind, Payload};

/// Views may overlap by so many milliseconds and be of one tab: what the page did last is recorded a
/// little after the next view began. Views of two tabs overlap by more, sooner or later.
const OVERLAP: f64 = 2000.0;

/// The segments of one view, in order.
#[derive(Default)]
struct Group {
    id: Option<Arc<str>>,
    segments: Vec<Segment>,
    /// When its first record was made.
    start: f64,
    /// When its last one was.
    end: f64,
}

/// Makes events of all segments.
pub(super) fn finish(
    segments: Vec<Segment>,
    resources: &Resources,
    collector: &mut Collector<'_>,
) -> Result<(), FormatError> {
    let mut groups = groups(segments);
    for group in &mut groups {
        put_in_order(group, collector)?;
        let times = || {
            let records = group.segments.iter().flat_map(|segment| &segment.records);
            records.filter_map(|record| record.time)
        };
        (group.start, group.end) = (
            times().fold(f64::INFINITY, f64::min),
            times().fold(f64::NEG_INFINITY, f64::max),
        );
    }
    groups.retain(|group| group.segments.iter().any(|segment| !segment.records.is_empty()));
    groups.sort_by(|one, two| one.start.total_cmp(&two.start));
    let mut numbers = Numbers::new(collector.unpack_room());
    let tabs = tabs(groups);
    let several = tabs.len() > 1;
    for tab in tabs {
        let name = tab.first().and_then(|group| group.id.as_deref());
        let name = name.filter(|_| several).unwrap_or_default().to_owned();
        let place = collector.tab(&name);
        let starts: Vec<f64> = tab.iter().map(|group| group.start).collect();
        for (at, group) in tab.into_iter().enumerate() {
            let tab_id: Option<Arc<str>> = several.then(|| Arc::from(name.as_str()));
            let mut view = View::new(tab_id, resources, &mut numbers, collector.event_room());
            for record in group.segments.into_iter().flat_map(|segment| segment.records) {
                view.record(record, collector)?;
            }
            // What comes late is of the view that it is from all the same.
            let until = starts.get(at + 1).copied().unwrap_or(f64::INFINITY);
            for Timed {
                time,
                index,
                kind,
                payload,
            } in view.finish(collector)?
            {
                let time = time.map(|time| time.min(until));
                collector.event(place, index, time, kind, payload);
            }
        }
    }
    Ok(())
}

/// Segments by view, in the order in which views come first.
fn groups(segments: Vec<Segment>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<Option<Arc<str>>, usize> = BTreeMap::new();
    for segment in segments {
        let id = segment.about.view.clone();
        let place = *places.entry(id.clone()).or_insert_with(|| {
            groups.push(Group {
                id,
                ..Group::default()
            });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.segments.push(segment);
        }
    }
    groups
}

/// Orders the segments of a view, drops those that came twice and notes which are missing.
fn put_in_order(group: &mut Group, collector: &mut Collector<'_>) -> Result<(), FormatError> {
    let start = |segment: &Segment| {
        let first = segment.records.iter().find_map(|record| record.time);
        segment.about.start.or(first).unwrap_or(0.0)
    };
    // Without numbers the order of the files and of what is in them is the best there is.
    if group.segments.iter().all(|segment| segment.about.place.is_some()) {
        group.segments.sort_by(|one, two| {
            let place = one.about.place.cmp(&two.about.place);
            let place = place.then(start(one).total_cmp(&start(two)));
            place.then(two.records.len().cmp(&one.records.len()))
        });
        // The longer one of two stands first.
        group.segments.dedup_by(|two, one| {
            one.about.place == two.about.place && start(one).total_cmp(&start(two)).is_eq()
        });
    }
    let mut expected = 0;
    let mut cut = false;
    let name = group.id.as_deref().unwrap_or_default().to_owned();
    for segment in &mut group.segments {
        if let Some(place) = segment.about.place {
            if place > expected {
                cut = true;
                let what = if place == expected + 1 {
                    format!("segment {expected} of view {name} is missing")
                } else {
                    format!("segments {expected} to {} of view {name} are missing", place - 1)
                };
                collector.damage(Damage {
                    kind: DamageKind::CutOff,
                    event: None,
                    offset: None,
                    detail: what,
                })?;
            }
            expected = place.saturating_add(1);
        }
        if let Some(first) = segment.records.first_mut() {
            first.after_gap |= cut;
            cut = false;
        }
        cut |= segment.cut;
    }
    Ok(())
}

/// Views by tab. A tab shows one view at a time, so that what overlaps is of two.
fn tabs(groups: Vec<Group>) -> Vec<Vec<Group>> {
    let mut tabs: Vec<Vec<Group>> = Vec::new();
    for group in groups {
        let end = |tab: &Vec<Group>| tab.last().map_or(f64::NEG_INFINITY, |last| last.end);
        let free = tabs.iter_mut().filter(|tab| end(tab) <= group.start + OVERLAP);
        // The one that showed something until just now.
        match free.max_by(|one, two| end(one).total_cmp(&end(two))) {
            Some(tab) => tab.push(group),
            None => tabs.push(vec![group]),
        }
    }
    tabs
}

impl Timed {
    /// An event that is decoded.
    pub(super) fn decoded(time: Option<f64>, index: u32, (kind, data): super::view::Decoded) -> Self {
        Timed {
            time,
            index,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        }
    }
}
