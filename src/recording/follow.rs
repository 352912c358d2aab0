//! Several tabs as one: what the user looked at, wherever that was.
//!
//! A followed session is a recording with one tab. Where the user goes to another one, that tab's page
//! begins as pages do, with a full snapshot or, when it had been there before, with the events that
//! made it ([`EventData::Resumed`]): node numbers mean something within one tab only.

use std::sync::Arc;

use super::{
    Event, EventData, EventKind, InteractionKind, Meta, Payload, PointerPath, Recording, Signal, SignalKind,
    Tab, TabSwitch,
};

/// A tab that opens and is left again within this time, in milliseconds, without a sign of the user in
/// it, opened in the background.
const GLANCE_MS: f64 = 1500.0;

/// Recorders send pointer positions at most this late, in milliseconds.
const POINTER_BATCH_MS: f64 = 600.0;

/// A stay in one tab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// Position of the tab in [`Recording::tabs`].
    pub tab: usize,
    /// When it began, in milliseconds since the Unix epoch; it ends where the next one begins.
    pub from: f64,
}

/// A sign that the user is in a tab.
#[derive(Clone, Copy)]
struct Sign {
    time: f64,
    tab: usize,
    /// The tab only opened.
    opens: bool,
}

/// Which of the tabs with a picture the user was in, and when. Empty when no tab has one.
pub fn visits(recording: &Recording) -> Vec<Visit> {
    let mut signs: Vec<Sign> = Vec::new();
    let shown = recording
        .tabs
        .iter()
        .enumerate()
        .filter(|(_, tab)| tab.has_picture());
    for (at, tab) in shown {
        signs.extend(opening(tab).map(|time| Sign {
            time,
            tab: at,
            opens: true,
        }));
        let told = recording.telemetry.signals.iter().filter(|signal| {
            signal.kind == SignalKind::Visible(true) && signal.tab.as_deref() == Some(&tab.id)
        });
        let told = told.map(|signal| signal.time);
        let opened = opening(tab).unwrap_or(f64::INFINITY);
        let done = tab.events.iter().flat_map(signs_of_user);
        signs.extend(told.chain(done).filter(|time| *time >= opened).map(|time| Sign {
            time,
            tab: at,
            opens: false,
        }));
    }
    signs.sort_by(|one, two| one.time.total_cmp(&two.time));
    let mut visits: Vec<Visit> = Vec::new();
    for (at, sign) in signs.iter().enumerate() {
        if visits.last().is_some_and(|last| last.tab == sign.tab) {
            continue;
        }
        let next = signs.get(at + 1);
        let glance = next.is_some_and(|next| next.tab != sign.tab && next.time - sign.time < GLANCE_MS);
        if sign.opens && glance && !visits.is_empty() {
            continue;
        }
        visits.push(Visit {
            tab: sign.tab,
            from: sign.time,
        });
    }
    visits
}

/// When a tab begins to show something.
fn opening(tab: &Tab) -> Option<f64> {
    let snapshot = tab
        .events
        .iter()
        .position(|event| event.kind == EventKind::FullSnapshot)?;
    let meta = tab
        .events
        .iter()
        .take(snapshot)
        .rfind(|event| event.kind == EventKind::Meta);
    meta.or(tab.events.get(snapshot)).map(|event| event.time)
}

/// When an event tells that the user was there.
fn signs_of_user(event: &Event) -> Vec<f64> {
    if !matches!(
        event.kind,
        EventKind::Interaction | EventKind::PointerMove | EventKind::Input
    ) {
        return Vec::new();
    }
    match event.data().as_deref() {
        // Leaving a window takes the focus away.
        Ok(EventData::Interaction(done)) if done.kind == InteractionKind::Blur => Vec::new(),
        Ok(EventData::PointerMove(path)) => {
            let offsets = [path.samples.first(), path.samples.last()];
            let times = offsets.into_iter().flatten().map(|sample| sample.offset.min(0.0));
            times.map(|offset| event.time + offset).collect()
        }
        Ok(_) => vec![event.time],
        Err(_) => Vec::new(),
    }
}

/// The session as the user saw it: one tab, made of the tabs that the user was in. What happened in
/// the others meanwhile is not shown; errors and the like that happened there are kept.
pub fn follow(recording: &Recording) -> Recording {
    let visits = visits(recording);
    let mut events = Vec::new();
    let mut switches = Vec::new();
    for (at, visit) in visits.iter().enumerate() {
        let Some(tab) = recording.tabs.get(visit.tab) else {
            continue;
        };
        let from = if at == 0 { f64::NEG_INFINITY } else { visit.from };
        let until = visits.get(at + 1).map_or(f64::INFINITY, |next| next.from);
        if at > 0 {
            let url = enter(tab, visit.from, &mut events);
            switches.push(Signal {
                time: visit.from,
                tab: None,
                id: None,
                origin: super::Origin::Derived,
                kind: SignalKind::Switch(TabSwitch {
                    number: visit.tab + 1,
                    of: recording.tabs.len(),
                    url,
                }),
            });
        }
        stay(tab, from, until, &mut events);
    }
    let mut telemetry = recording.telemetry.clone();
    telemetry.signals.retain_mut(|signal| {
        let here = tab_at(&visits, signal.time).and_then(|tab| recording.tabs.get(tab));
        let elsewhere = signal
            .tab
            .take()
            .is_some_and(|id| here.is_none_or(|tab| tab.id != *id));
        if let (SignalKind::Frustration(sign), true) = (&mut signal.kind, elsewhere) {
            sign.node = None;
            sign.position = None;
        }
        // The address of a page that is not shown.
        !(elsewhere && matches!(signal.kind, SignalKind::View(_)))
    });
    telemetry.signals.extend(switches);
    telemetry
        .signals
        .sort_by(|one, two| one.time.total_cmp(&two.time));
    Recording {
        tabs: vec![Tab {
            id: String::new(),
            events,
            limits: recording.tabs.first().map(|tab| tab.limits).unwrap_or_default(),
        }],
        telemetry,
        damage: recording.damage.clone(),
        format: recording.format,
        sources: recording.sources.clone(),
        assets: recording.assets.clone(),
        redaction: recording.redaction.clone(),
    }
}

fn tab_at(visits: &[Visit], time: f64) -> Option<usize> {
    let after = visits.partition_point(|visit| visit.from <= time);
    visits.get(after.saturating_sub(1)).map(|visit| visit.tab)
}

/// Brings the page of `tab` as it is right before `time`. Returns its address.
fn enter(tab: &Tab, time: f64, events: &mut Vec<Event>) -> Arc<str> {
    let end = tab.events.partition_point(|event| event.time < time);
    let before = tab.events.get(..end).unwrap_or_default();
    let mut meta: Option<Meta> = None;
    for event in before {
        if !event.kind.tells_viewport() {
            continue;
        }
        match (event.data().as_deref(), &mut meta) {
            (Ok(EventData::Meta(new)), _) => meta = Some(new.clone()),
            (Ok(EventData::ViewportResize { width, height }), Some(meta)) => {
                (meta.width, meta.height) = (*width, *height);
            }
            _ => {}
        }
    }
    let index = before
        .last()
        .or(tab.events.first())
        .map_or(0, |event| event.index);
    // Right before: what was done at that time was done to this page.
    let before_it = time.next_down();
    let mut bring = |kind, data| {
        events.push(Event {
            time: before_it,
            index,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        });
    };
    let url = match (&meta, tab.events.get(end)) {
        (Some(meta), _) => Arc::clone(&meta.href),
        // It opens now.
        (None, Some(first)) => match first.data().as_deref() {
            Ok(EventData::Meta(meta)) => Arc::clone(&meta.href),
            _ => "".into(),
        },
        (None, None) => "".into(),
    };
    if let Some(meta) = meta {
        bring(EventKind::Meta, EventData::Meta(meta));
    }
    if let Some(snapshot) = before
        .iter()
        // One that cannot be read begins no page.
        .rposition(|event| event.kind == EventKind::FullSnapshot && event.data().is_ok())
    {
        let made_by = before
            .iter()
            .skip(snapshot)
            .filter(|event| event.kind.touches_page());
        let made_by: Arc<[Event]> = made_by.cloned().collect();
        bring(EventKind::FullSnapshot, EventData::Resumed(made_by));
    }
    url
}

/// The events of `tab` from one time until another, with as much of the pointer's way as is of that
/// time.
fn stay(tab: &Tab, from: f64, until: f64, events: &mut Vec<Event>) {
    let first = tab.events.partition_point(|event| event.time < from);
    let rest = tab.events.get(first..).unwrap_or_default();
    for event in rest
        .iter()
        .take_while(|event| event.time < until + POINTER_BATCH_MS)
    {
        let batch = event.kind == EventKind::PointerMove
            && (event.time - POINTER_BATCH_MS < from || event.time >= until);
        if batch {
            events.extend(part_of_way(event, from, until));
        } else if event.time < until {
            events.push(event.clone());
        }
    }
}

/// The part of an event's pointer positions that is of `from..until`.
fn part_of_way(event: &Event, from: f64, until: f64) -> Option<Event> {
    let data = event.data().ok()?;
    let EventData::PointerMove(path) = &*data else {
        return None;
    };
    // As late as it can be and still be of that time.
    let time = event.time.min(until.next_down());
    let samples = path.samples.iter().filter_map(|sample| {
        let at = event.time + sample.offset.min(0.0);
        let mut sample = *sample;
        sample.offset = at - time;
        (from..until).contains(&at).then_some(sample)
    });
    let samples: Vec<_> = samples.collect();
    (!samples.is_empty()).then(|| Event {
        time,
        index: event.index,
        kind: event.kind,
        payload: Payload::Decoded(Arc::new(EventData::PointerMove(PointerPath {
            kind: path.kind,
            samples,
        }))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{DecodeError, FullSnapshot, Interaction, NodeTree, PointerKind, PointerSample};

    fn event(time: f64, kind: EventKind, data: EventData) -> Event {
        Event {
            time,
            index: 0,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        }
    }

    fn meta(time: f64, href: &str) -> Event {
        let meta = Meta {
            href: href.into(),
            width: 800.0,
            height: 600.0,
        };
        event(time, EventKind::Meta, EventData::Meta(meta))
    }

    fn snapshot(time: f64) -> Event {
        let snapshot = FullSnapshot {
            tree: NodeTree::default(),
            scroll: (0.0, 0.0),
        };
        event(time, EventKind::FullSnapshot, EventData::FullSnapshot(snapshot))
    }

    fn click(time: f64) -> Event {
        let done = Interaction {
            kind: InteractionKind::Click,
            target: 1,
            position: None,
            touch: false,
        };
        event(time, EventKind::Interaction, EventData::Interaction(done))
    }

    fn way(time: f64, offsets: &[f64]) -> Event {
        let sample = |offset: &f64| PointerSample {
            x: 0.0,
            y: 0.0,
            target: 1,
            offset: *offset,
        };
        let path = PointerPath {
            kind: PointerKind::Mouse,
            samples: offsets.iter().map(sample).collect(),
        };
        event(time, EventKind::PointerMove, EventData::PointerMove(path))
    }

    fn recording(tabs: Vec<Vec<Event>>) -> Recording {
        let tabs = tabs.into_iter().zip(["a", "b", "c"]).map(|(events, id)| Tab {
            id: id.to_owned(),
            events,
            ..Tab::default()
        });
        Recording {
            tabs: tabs.collect(),
            ..Recording::default()
        }
    }

    fn stays(recording: &Recording) -> Vec<(usize, f64)> {
        visits(recording)
            .iter()
            .map(|visit| (visit.tab, visit.from))
            .collect()
    }

    #[test]
    fn the_user_is_where_something_is_done() {
        let recording = recording(vec![
            vec![meta(0.0, "a"), snapshot(1.0), click(500.0), click(9000.0)],
            vec![meta(2000.0, "b"), snapshot(2001.0), click(6000.0)],
        ]);
        assert_eq!(stays(&recording), [(0, 0.0), (1, 2000.0), (0, 9000.0)]);
    }

    #[test]
    fn a_tab_that_opens_in_the_background_is_not_shown() {
        let recording = recording(vec![
            vec![meta(0.0, "a"), snapshot(1.0), click(1900.0), click(2500.0)],
            vec![meta(2000.0, "b"), snapshot(2001.0), click(8000.0)],
        ]);
        assert_eq!(stays(&recording), [(0, 0.0), (1, 8000.0)]);
    }

    #[test]
    fn what_the_recorder_says_counts() {
        let mut recording = recording(vec![
            vec![meta(0.0, "a"), snapshot(1.0), click(500.0)],
            vec![meta(2000.0, "b"), snapshot(2001.0)],
        ]);
        recording.telemetry.signals.push(Signal {
            time: 7000.0,
            tab: Some("a".into()),
            id: None,
            origin: crate::recording::Origin::Recorded,
            kind: SignalKind::Visible(true),
        });
        assert_eq!(stays(&recording), [(0, 0.0), (1, 2000.0), (0, 7000.0)]);
    }

    #[test]
    fn a_page_that_is_gone_back_to_is_brought_as_it_is() {
        let followed = follow(&recording(vec![
            vec![meta(0.0, "a"), snapshot(1.0), click(500.0), click(9000.0)],
            vec![meta(2000.0, "b"), snapshot(2001.0), click(6000.0)],
        ]));
        let [tab] = &followed.tabs[..] else {
            panic!("{} tabs", followed.tabs.len());
        };
        let seen: Vec<(f64, EventKind)> = tab.events.iter().map(|event| (event.time, event.kind)).collect();
        use EventKind::*;
        assert_eq!(
            seen,
            [
                (0.0, Meta),
                (1.0, FullSnapshot),
                (500.0, Interaction),
                (2000.0, Meta),
                (2001.0, FullSnapshot),
                (6000.0, Interaction),
                (9000.0_f64.next_down(), Meta),
                (9000.0_f64.next_down(), FullSnapshot),
                (9000.0, Interaction),
            ]
        );
        let resumed = tab.events[7].data().unwrap();
        let EventData::Resumed(events) = &*resumed else {
            panic!("{resumed:?}");
        };
        assert_eq!(events.len(), 2);
        let switches: Vec<_> = followed
            .telemetry
            .signals
            .iter()
            .map(|signal| &signal.kind)
            .collect();
        let switch = |number, url: &str| {
            SignalKind::Switch(TabSwitch {
                number,
                of: 2,
                url: url.into(),
            })
        };
        assert_eq!(switches, [&switch(2, "b"), &switch(1, "a")]);
    }

    #[test]
    fn what_cannot_be_read_begins_no_page_that_is_gone_back_to() {
        let mut unreadable = snapshot(700.0);
        unreadable.payload = Payload::Encoded {
            bytes: bytes::Bytes::from_static(b"{}"),
            room: crate::recording::EventRoom::NONE,
            decode: |_, _, _| {
                Err(DecodeError {
                    reason: "no usable \"node\"".to_owned(),
                    at: 0,
                })
            },
        };
        let followed = follow(&recording(vec![
            vec![
                meta(0.0, "a"),
                snapshot(1.0),
                click(500.0),
                unreadable,
                click(800.0),
                click(9000.0),
            ],
            vec![meta(2000.0, "b"), snapshot(2001.0), click(6000.0)],
        ]));
        let resumed = followed.tabs[0]
            .events
            .iter()
            .filter_map(|event| event.data().ok());
        let made_by: Vec<_> = resumed
            .filter_map(|data| match &*data {
                EventData::Resumed(events) => events.first().map(|event| (event.kind, event.time)),
                _ => None,
            })
            .collect();
        assert_eq!(made_by, [(EventKind::FullSnapshot, 1.0)]);
    }

    #[test]
    fn the_way_of_the_pointer_is_cut_where_the_user_leaves() {
        let followed = follow(&recording(vec![
            vec![
                meta(0.0, "a"),
                snapshot(1.0),
                click(1990.0),
                way(2300.0, &[-400.0, -300.0]),
            ],
            vec![
                meta(1950.0, "b"),
                snapshot(1951.0),
                click(2000.0),
                way(2400.0, &[-390.0]),
            ],
        ]));
        let ways: Vec<(f64, f64)> = followed.tabs[0]
            .events
            .iter()
            .filter_map(|event| match event.data().as_deref() {
                Ok(EventData::PointerMove(path)) => Some((event.time, event.time + path.samples[0].offset)),
                _ => None,
            })
            .collect();
        // The first way began before the other tab was gone to, the second after.
        assert_eq!(
            ways.iter().map(|(_, first)| *first).collect::<Vec<_>>(),
            [1900.0, 2010.0]
        );
        assert!(ways[0].0 < 2000.0);
    }
}
