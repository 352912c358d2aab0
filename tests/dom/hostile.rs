//! Recordings made to take forever or to fall over.

use std::sync::Arc;

use domreel::dom::{Change, Replay};
use domreel::limits::{Limit, Limits};
use domreel::recording::*;

use super::model::Model;

const MANY: i64 = 100_000;

fn element(tag: &str) -> NodeContent {
    NodeContent::Element {
        tag: tag.into(),
        svg: false,
        custom: false,
        attributes: Vec::new(),
    }
}

fn record(id: NodeId, parent: Option<u32>, content: NodeContent) -> NodeRecord {
    NodeRecord {
        id: Some(id),
        parent,
        in_shadow: false,
        content,
    }
}

/// Document 1, html 2, and what is given.
fn page(more: impl IntoIterator<Item = NodeRecord>) -> EventData {
    let mut nodes = vec![
        record(1, None, NodeContent::Document { quirks: false }),
        record(2, Some(0), element("html")),
    ];
    nodes.extend(more);
    EventData::FullSnapshot(FullSnapshot {
        tree: NodeTree { nodes },
        scroll: (0.0, 0.0),
    })
}

fn add(parent: NodeId, next: Option<NodeId>, id: NodeId) -> NodeAdd {
    NodeAdd {
        parent,
        next,
        previous: None,
        tree: NodeTree {
            nodes: vec![record(id, None, element("div"))],
        },
    }
}

fn mutation(adds: Vec<NodeAdd>) -> EventData {
    EventData::Mutation(Mutation {
        adds,
        ..Mutation::default()
    })
}

/// A tab of these events, one millisecond after each other, as deep as it likes.
fn tab(events: Vec<EventData>) -> Tab {
    let event = |(at, data): (usize, EventData)| Event {
        time: at as f64,
        index: at as u32,
        kind: match &data {
            EventData::FullSnapshot(_) => EventKind::FullSnapshot,
            EventData::Mutation(_) => EventKind::Mutation,
            EventData::Interaction(_) => EventKind::Interaction,
            other => panic!("{other:?}"),
        },
        payload: Payload::Decoded(Arc::new(data)),
    };
    Tab {
        id: String::new(),
        events: events.into_iter().enumerate().map(event).collect(),
        limits: Limits::default().with(Limit::Depth, u64::MAX),
    }
}

/// Plays all of it, holds the result against a snapshot, and gives what was damaged.
fn play(events: Vec<EventData>) -> (Vec<(DamageKind, u64)>, String) {
    play_tab(&tab(events))
}

fn play_tab(tab: &Tab) -> (Vec<(DamageKind, u64)>, String) {
    let mut replay = Replay::new(tab);
    let mut played = Model::default();
    for step in replay.advance_to(f64::MAX) {
        played.take(&step);
    }
    let mut sought = Model::default();
    sought.take(&Replay::new(tab).seek(f64::MAX));
    assert!(played.tell() == sought.tell(), "seeking and playing differ");
    (replay.damage().counts().collect(), played.tell())
}

#[test]
fn depth_costs_no_stack() {
    let deep = (0..MANY).map(|at| record(10 + at, Some(1 + at as u32), element("div")));
    let remove = EventData::Mutation(Mutation {
        removes: vec![NodeRemoval {
            parent: 2,
            id: 10,
            in_shadow: false,
        }],
        ..Mutation::default()
    });
    let click = EventData::Interaction(Interaction {
        kind: InteractionKind::MouseDown,
        target: 9 + MANY,
        position: None,
        touch: false,
    });
    let (damage, _) = play(vec![page(deep), click, remove]);
    assert_eq!(damage, []);
}

#[test]
fn what_is_beyond_a_limit_is_left_out_and_told() {
    let within = |limit: Limit, value: u64, events: Vec<EventData>| {
        let tab = tab(events);
        let limits = tab.limits.with(limit, value);
        play_tab(&Tab { limits, ..tab })
    };
    let nested = || (0..40).map(|at| record(10 + at, Some(1 + at as u32), element("div")));
    let (damage, told) = within(Limit::Depth, 12, vec![page(nested())]);
    assert_eq!(damage, [(DamageKind::Limit, 1)]);
    assert_eq!(told.matches("div").count(), 10);
    // Two halves, one of which is put into the other.
    let lower = (0..8).map(|at| {
        record(
            60 + at,
            Some(if at == 0 { 1 } else { 9 + at as u32 }),
            element("div"),
        )
    });
    let upper = (0..8).map(|at| record(10 + at, Some(1 + at as u32), element("div")));
    let halves = page(upper.chain(lower));
    let (damage, told) = within(Limit::Depth, 12, vec![halves, mutation(vec![add(17, None, 60)])]);
    assert!(damage.contains(&(DamageKind::Limit, 1)), "{damage:?}");
    assert_eq!(told.matches("div").count(), 8);
    let (damage, told) = within(Limit::Nodes, 22, vec![page(nested())]);
    assert_eq!(damage, [(DamageKind::Limit, 1)]);
    assert_eq!(told.matches("div").count(), 20);
    let text = NodeContent::Text("äöü and so on".into());
    let (damage, told) = within(Limit::Text, 5, vec![page([record(10, Some(1), text)])]);
    assert_eq!(damage, [(DamageKind::Limit, 1)]);
    assert!(told.contains("äö") && !told.contains('ü'), "{told}");
    let title = Attribute::Plain {
        name: "title".into(),
        value: Some("a long one".into()),
    };
    let long = NodeContent::Element {
        tag: "div".into(),
        svg: false,
        custom: false,
        attributes: vec![title],
    };
    let (damage, told) = within(Limit::Attribute, 5, vec![page([record(10, Some(1), long)])]);
    assert_eq!(damage, [(DamageKind::Limit, 1)]);
    assert!(told.contains("div") && !told.contains("title"), "{told}");
}

#[test]
fn adds_may_wait_for_each_other_in_any_order() {
    // Each before the one that comes after it in the list.
    let siblings = (0..MANY)
        .map(|at| add(2, Some(11 + at).filter(|next| *next < 10 + MANY), 10 + at))
        .collect();
    let (damage, _) = play(vec![page([]), mutation(siblings)]);
    assert_eq!(damage, []);
    // Each below the one that comes after it in the list.
    let nested = (0..MANY)
        .map(|at| add(if at + 1 == MANY { 2 } else { 11 + at }, None, 10 + at))
        .collect();
    let (damage, _) = play(vec![page([]), mutation(nested)]);
    assert_eq!(damage, []);
}

#[test]
fn adds_that_wait_for_each_other_in_a_circle_still_come() {
    let circle = (0..MANY)
        .map(|at| add(2, Some(10 + (at + 1) % MANY), 10 + at))
        .collect();
    let (damage, page) = play(vec![page([]), mutation(circle)]);
    assert_eq!(damage, []);
    assert_eq!(page.matches("Html div").count(), MANY as usize);
}

#[test]
fn orphans_are_counted() {
    let orphans = (0..MANY).map(|at| add(-5 - at, None, 10 + at)).collect();
    let (damage, _) = play(vec![page([]), mutation(orphans)]);
    assert_eq!(damage, [(DamageKind::Orphan, MANY as u64)]);
}

#[test]
fn the_same_node_over_and_over_is_one_node() {
    let same = (0..MANY).map(|_| add(2, None, 10)).collect();
    let (damage, page) = play(vec![page([]), mutation(same)]);
    assert_eq!(damage, [(DamageKind::DuplicateNode, MANY as u64 - 1)]);
    assert_eq!(page.matches("Html div").count(), 1);
}

#[test]
fn events_before_any_page_change_nothing() {
    let tab = tab(vec![mutation(vec![add(2, None, 10)])]);
    let step = Replay::new(&tab).seek(5.0);
    assert!(matches!(step.changes.as_slice(), [Change::Reset]));
}
