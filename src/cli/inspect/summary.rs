//! What is in a recording, as data. The names of all fields are stable: scripts rely on them.

use std::collections::BTreeMap;

use domreel::clip::{Clip, ClipOptions, SegmentKind, utc_text};
use domreel::dom::{Fidelity, MissingShown};
use domreel::recording::{Damage, DamageReport, Event, EventData, Recording, Tab, follow, visits};
use domreel::redact::RedactionReport;
use serde::Serialize;

use super::told::{GroupSummary, MomentSummary, StepSummary, Told};

/// A whole recording.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Which kind of file it is (`rrweb`).
    pub format: &'static str,
    /// The tabs, in the order of their first event.
    pub tabs: Vec<TabSummary>,
    /// The session as the user saw it, from tab to tab, if that was more than one of them.
    pub followed: Option<TabSummary>,
    /// Where the user was, if that was in more than one of them.
    pub visits: Vec<VisitSummary>,
    /// Who, where and with what, as far as the recording tells.
    pub context: BTreeMap<&'static str, String>,
    /// What could not be used.
    pub damage: DamageSummary,
    /// What was masked.
    pub redactions: RedactionReport,
}

/// A stay in one tab, until the next one.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct VisitSummary {
    /// Number of the tab, from 1, as `--tab` takes it.
    pub tab: usize,
    /// When it began, since the Unix epoch.
    pub from_ms: f64,
    /// The same as a date.
    pub from: Option<String>,
}

/// One tab.
#[derive(Debug, Serialize)]
pub(super) struct TabSummary {
    /// The recorder's name for it; empty when there is only one.
    pub id: String,
    /// Whether there is a full snapshot, without which nothing can be shown.
    pub has_picture: bool,
    /// First event, in milliseconds since the Unix epoch.
    pub start_ms: f64,
    /// The same as `2026-11-23 13:37:05 UTC`.
    pub start: Option<String>,
    /// From the first event to the last.
    pub duration_ms: f64,
    /// How many events there are.
    pub events: usize,
    /// How many of each kind.
    pub events_by_kind: BTreeMap<String, usize>,
    /// Addresses and sizes in the order in which they were recorded.
    pub pages: Vec<PageSummary>,
    /// Stretches without activity that a render folds.
    pub idle: IdleSummary,
    /// Errors, failed requests, signs of frustration and markers, in the order of time.
    pub moments: Vec<MomentSummary>,
    /// Those that are the same but for their time, in the order of the first of each.
    pub groups: Vec<GroupSummary>,
    /// What the user did, in the order of time.
    pub steps: Vec<StepSummary>,
    /// What the pages refer to but the recording does not contain.
    pub missing: MissingSummary,
    /// Length of a clip of all of it, as ‘render’ makes it without options; `null` if it makes none.
    pub clip_ms: Option<u64>,
}

/// What the pages of a tab refer to but the recording does not contain.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct MissingSummary {
    /// By kind and address.
    pub resources: Vec<MissingShown>,
    /// How many more there are.
    pub resources_more: usize,
}

/// A page, or the same page in another size.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct PageSummary {
    /// Since the tab's first event.
    pub at_ms: f64,
    /// Its address.
    pub url: String,
    /// Width of the viewport in CSS pixels.
    pub width: f64,
    /// Height of the viewport in CSS pixels.
    pub height: f64,
}

/// Time without activity.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct IdleSummary {
    /// How many stretches.
    pub stretches: usize,
    /// All of them together.
    pub total_ms: f64,
    /// The longest one.
    pub longest_ms: f64,
}

/// What could not be used.
#[derive(Debug, Default, Serialize)]
pub(super) struct DamageSummary {
    /// All of it.
    pub total: u64,
    /// How many of each kind.
    pub by_kind: BTreeMap<String, u64>,
    /// The first few of each kind.
    pub examples: Vec<DamageExample>,
}

/// One thing that could not be used.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct DamageExample {
    /// Its kind.
    pub kind: String,
    /// Position of the event in the input, from 0.
    pub event: Option<u32>,
    /// Byte offset in the decompressed input.
    pub offset: Option<u64>,
    /// What was found.
    pub detail: String,
}

impl Summary {
    pub(super) fn of(recording: &Recording) -> Self {
        let context = &recording.telemetry.context;
        let known = [
            ("session", &context.session),
            ("user", &context.user),
            ("service", &context.service),
            ("release", &context.release),
            ("environment", &context.environment),
            ("user_agent", &context.user_agent),
        ];
        let mut visits = visits(recording);
        if visits.iter().all(|visit| visit.tab == visits[0].tab) {
            visits.clear();
        }
        let followed = (!visits.is_empty()).then(|| follow(recording));
        let mut damage = recording.damage.clone();
        let mut tabs = Vec::with_capacity(recording.tabs.len());
        for tab in &recording.tabs {
            let fidelity = Fidelity::of_all(tab);
            damage.merge(fidelity.damage.clone());
            tabs.push(TabSummary::of(tab, recording, fidelity));
        }
        Summary {
            followed: followed.and_then(|session| {
                let tab = session.tabs.first()?;
                Some(TabSummary::of(tab, &session, Fidelity::of_all(tab)))
            }),
            visits: visits
                .iter()
                .map(|visit| VisitSummary {
                    tab: visit.tab + 1,
                    from_ms: visit.from,
                    from: utc_text(visit.from),
                })
                .collect(),
            format: recording.format,
            tabs,
            context: known
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_ref()?.to_string())))
                .collect(),
            damage: DamageSummary::of(&damage),
            redactions: recording.redaction.clone(),
        }
    }
}

impl TabSummary {
    fn of(tab: &Tab, recording: &Recording, fidelity: Fidelity) -> Self {
        let start_ms = tab.start().unwrap_or_default();
        let mut events_by_kind = BTreeMap::new();
        for event in &tab.events {
            *events_by_kind.entry(kebab(event.kind)).or_default() += 1;
        }
        let clip = Clip::new(tab, &ClipOptions::default()).ok();
        let told = Told::of(tab, recording, start_ms);
        TabSummary {
            id: tab.id.clone(),
            has_picture: tab.has_picture(),
            start_ms,
            start: utc_text(start_ms),
            duration_ms: tab.end().unwrap_or_default() - start_ms,
            events: tab.events.len(),
            events_by_kind,
            pages: pages(tab, start_ms),
            idle: clip.as_ref().map(IdleSummary::of).unwrap_or_default(),
            moments: told.moments,
            groups: told.groups,
            steps: told.steps,
            missing: MissingSummary::of(fidelity),
            clip_ms: clip.map(|clip| clip.map.length()),
        }
    }
}

/// Where the address or the size of the page changes.
fn pages(tab: &Tab, start_ms: f64) -> Vec<PageSummary> {
    let mut pages: Vec<PageSummary> = Vec::new();
    let looked_at = |event: &&Event| event.kind.tells_viewport();
    for event in tab.events.iter().filter(looked_at) {
        let Ok(data) = event.data() else {
            continue;
        };
        let last = pages.last();
        let (url, width, height) = match &*data {
            EventData::Meta(meta) => (meta.href.to_string(), meta.width, meta.height),
            EventData::ViewportResize { width, height } => (
                last.map(|page| page.url.clone()).unwrap_or_default(),
                *width,
                *height,
            ),
            _ => continue,
        };
        let is_new = last.is_none_or(|page| page.url != url || page.width != width || page.height != height);
        if is_new {
            pages.push(PageSummary {
                at_ms: event.time - start_ms,
                url,
                width,
                height,
            });
        }
    }
    pages
}

impl MissingSummary {
    fn of(fidelity: Fidelity) -> Self {
        MissingSummary {
            resources: fidelity.resources,
            resources_more: fidelity.resources_more,
        }
    }
}

impl IdleSummary {
    fn of(clip: &Clip) -> Self {
        let mut idle = IdleSummary::default();
        for segment in clip.map.segments() {
            if let SegmentKind::Fold { skipped_ms } = segment.kind {
                idle.stretches += 1;
                idle.total_ms += skipped_ms;
                idle.longest_ms = idle.longest_ms.max(skipped_ms);
            }
        }
        idle
    }
}

impl DamageSummary {
    pub(super) fn of(report: &DamageReport) -> Self {
        DamageSummary {
            total: report
                .counts()
                .map(|(_, count)| count)
                .fold(0, u64::saturating_add),
            by_kind: report
                .counts()
                .map(|(kind, count)| (kind.name().to_owned(), count))
                .collect(),
            examples: report.examples().iter().map(DamageExample::of).collect(),
        }
    }
}

impl DamageExample {
    fn of(damage: &Damage) -> Self {
        DamageExample {
            kind: damage.kind.name().to_owned(),
            event: damage.event,
            offset: damage.offset,
            detail: damage.detail.clone(),
        }
    }
}

/// The name of a kind as JSON and people read it: `full-snapshot`.
fn kebab(kind: impl std::fmt::Debug) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domreel::recording::{DamageKind, EventKind, Meta, Payload};

    use super::*;

    fn event(time: f64, kind: EventKind, data: EventData) -> Event {
        Event {
            time,
            index: 0,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        }
    }

    fn meta(time: f64, href: &str, width: f64) -> Event {
        let meta = Meta {
            href: href.into(),
            width,
            height: 600.0,
        };
        event(time, EventKind::Meta, EventData::Meta(meta))
    }

    fn resize(time: f64, width: f64) -> Event {
        let data = EventData::ViewportResize { width, height: 600.0 };
        event(time, EventKind::ViewportResize, data)
    }

    #[test]
    fn pages_are_told_where_they_change() {
        let tab = Tab {
            id: String::new(),
            events: vec![
                meta(1000.0, "https://a.example/", 800.0),
                meta(2000.0, "https://a.example/", 800.0),
                resize(3000.0, 800.0),
                resize(4000.0, 500.0),
                meta(5000.0, "https://b.example/", 500.0),
            ],
            ..Tab::default()
        };
        let seen: Vec<(f64, String, f64)> = pages(&tab, 1000.0)
            .into_iter()
            .map(|page| (page.at_ms, page.url, page.width))
            .collect();
        assert_eq!(
            seen,
            [
                (0.0, "https://a.example/".to_owned(), 800.0),
                (3000.0, "https://a.example/".to_owned(), 500.0),
                (4000.0, "https://b.example/".to_owned(), 500.0),
            ]
        );
    }

    #[test]
    fn a_recording_without_a_picture_has_no_clip() {
        let recording = Recording {
            tabs: vec![Tab {
                id: "one".to_owned(),
                events: vec![meta(1000.0, "https://a.example/", 800.0)],
                ..Tab::default()
            }],
            format: "rrweb",
            ..Recording::default()
        };
        let summary = Summary::of(&recording);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["tabs"][0]["has_picture"], false);
        assert_eq!(json["tabs"][0]["clip_ms"], serde_json::Value::Null);
        assert_eq!(json["tabs"][0]["events_by_kind"]["meta"], 1);
        assert_eq!(json["tabs"][0]["start"], "1970-01-01 00:00:01 UTC");
        assert_eq!(json["damage"]["total"], 0);
    }

    #[test]
    fn names_of_kinds_are_stable() {
        for (kind, name) in [
            (EventKind::DomContentLoaded, "dom-content-loaded"),
            (EventKind::FullSnapshot, "full-snapshot"),
            (EventKind::PointerMove, "pointer-move"),
            (EventKind::StyleSheetRules, "style-sheet-rules"),
        ] {
            assert_eq!(kebab(kind), name);
        }
        for kind in [DamageKind::CutOff, DamageKind::UnknownNode, DamageKind::ClockJump] {
            assert_eq!(kebab(kind), kind.name());
        }
    }

    #[test]
    fn damage_is_counted() {
        let mut report = DamageReport::default();
        for event in 0..7 {
            report.add(Damage {
                kind: DamageKind::BadEvent,
                event: Some(event),
                offset: None,
                detail: "no type".to_owned(),
            });
        }
        let damage = DamageSummary::of(&report);
        assert_eq!(damage.total, 7);
        assert_eq!(damage.by_kind["bad-event"], 7);
        assert_eq!(damage.examples.len(), 5);
    }
}
