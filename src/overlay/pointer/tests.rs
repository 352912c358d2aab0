use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::clip::{ClipOptions, Idle};
use crate::recording::{
    Event, FullSnapshot, Interaction, InteractionKind, NodeTree, Payload, PointerKind, PointerPath,
    PointerSample,
};

const START: f64 = 1_773_151_320_000.0;

fn event(at: f64, kind: EventKind, data: EventData) -> Event {
    Event {
        time: START + at,
        index: 0,
        kind,
        payload: Payload::Decoded(Arc::new(data)),
    }
}

fn moves(kind: PointerKind, positions: &[(f64, f64, f64)]) -> Vec<Event> {
    let path = |(at, x, y): &(f64, f64, f64)| {
        let sample = PointerSample {
            x: *x,
            y: *y,
            target: 1,
            offset: 0.0,
        };
        let path = PointerPath {
            kind,
            samples: vec![sample],
        };
        event(*at, EventKind::PointerMove, EventData::PointerMove(path))
    };
    positions.iter().map(path).collect()
}

fn pressed(at: f64, kind: InteractionKind, x: f64, y: f64) -> Event {
    let interaction = Interaction {
        kind,
        target: 1,
        position: Some((x, y)),
        touch: false,
    };
    event(at, EventKind::Interaction, EventData::Interaction(interaction))
}

/// The pointer of a tab with these events and 10 s of time, of which none is folded.
fn pointer(events: Vec<Event>) -> Pointer {
    pointer_from(None, events)
}

/// The same in a clip that begins at that time.
fn pointer_from(from: Option<&str>, events: Vec<Event>) -> Pointer {
    let tab = tab(events);
    let options = ClipOptions {
        idle: Idle::Keep,
        from: from.map(|time| time.parse().expect("a time")),
        ..ClipOptions::default()
    };
    Pointer::new(
        &tab,
        &Clip::new(&tab, &options).expect("there is something to show"),
    )
}

/// A tab with these events and 10 s of time.
fn tab(events: Vec<Event>) -> Tab {
    let snapshot = FullSnapshot {
        tree: NodeTree::default(),
        scroll: (0.0, 0.0),
    };
    let mut tab = Tab::default();
    tab.events.push(event(
        0.0,
        EventKind::FullSnapshot,
        EventData::FullSnapshot(snapshot),
    ));
    tab.events.extend(events);
    tab.events.push(event(10_000.0, EventKind::Load, EventData::Load));
    tab.events.sort_by(|one, other| one.time.total_cmp(&other.time));
    tab
}

fn at(pointer: &Pointer, clip_ms: f64) -> PointerState {
    pointer.at(clip_ms, &mut |_, x, y| (x, y))
}

fn spot(pointer: &Pointer, clip_ms: f64) -> Option<(f64, f64)> {
    at(pointer, clip_ms).cursor.map(|cursor| (cursor.x, cursor.y))
}

#[test]
fn after_a_rest_the_pointer_leaves_just_before_it_arrives() {
    let pointer = pointer(moves(
        PointerKind::Mouse,
        &[(1000.0, 10.0, 10.0), (4000.0, 110.0, 10.0)],
    ));
    assert_eq!(spot(&pointer, 900.0), None);
    assert_eq!(spot(&pointer, 1000.0), Some((10.0, 10.0)));
    assert_eq!(spot(&pointer, 3800.0), Some((10.0, 10.0)));
    assert_eq!(spot(&pointer, 4000.0), Some((110.0, 10.0)));
    assert_eq!(pointer.next_change(2000.0), Some(3850.0));
    assert_eq!(pointer.next_change(5000.0), None);
}

#[test]
fn what_is_clicked_between_two_parts_makes_no_ripple() {
    let clicks = [1000.0, 5000.0, 5500.0].map(|time| pressed(time, InteractionKind::Click, 50.0, 60.0));
    let tab = tab(clicks.to_vec());
    let parts = [START..START + 2000.0, START + 7000.0..START + 9000.0];
    let clip = Clip::of_parts(&tab, &ClipOptions::default(), &parts).unwrap();
    let pointer = Pointer::new(&tab, &clip);
    let ripples = |clip_ms: f64| at(&pointer, clip_ms).ripples.len();
    assert_eq!(ripples(1100.0), 1);
    assert!((1900..4000).all(|clip_ms| ripples(f64::from(clip_ms)) == 0));
}

#[test]
fn a_click_is_one_ripple_however_many_events_tell_of_it() {
    use InteractionKind::*;
    let kinds = [MouseDown, MouseUp, Click, DoubleClick];
    let pointer = pointer(kinds.map(|kind| pressed(1000.0, kind, 50.0, 60.0)).to_vec());
    let state = at(&pointer, 1100.0);
    assert_eq!(state.ripples.len(), 1);
    assert_eq!((state.ripples[0].x, state.ripples[0].y), (50.0, 60.0));
    assert!(state.cursor.is_some_and(|cursor| cursor.pressed));
    assert!(at(&pointer, 1900.0).ripples.is_empty());
    assert!(at(&pointer, 1900.0).cursor.is_some_and(|cursor| !cursor.pressed));
}

#[test]
fn a_click_from_the_keyboard_moves_nothing() {
    let mut events = moves(PointerKind::Mouse, &[(500.0, 40.0, 40.0)]);
    events.push(pressed(1000.0, InteractionKind::Click, 0.0, 0.0));
    let pointer = pointer(events);
    assert_eq!(spot(&pointer, 1100.0), Some((40.0, 40.0)));
    assert!(at(&pointer, 1100.0).ripples.is_empty());
}

#[test]
fn a_finger_is_seen_while_it_is_down_and_leaves_a_trail() {
    use InteractionKind::*;
    let mut events = moves(PointerKind::Touch, &[(1100.0, 50.0, 80.0), (1200.0, 50.0, 110.0)]);
    events.push(pressed(1000.0, TouchStart, 50.0, 50.0));
    events.push(pressed(1400.0, TouchEnd, 50.0, 120.0));
    let pointer = pointer(events);
    let cursor = at(&pointer, 1250.0).cursor.expect("a finger");
    assert!(cursor.finger && cursor.pressed);
    assert!(cursor.trail.len() > 2, "{:?}", cursor.trail);
    assert_eq!(spot(&pointer, 1500.0), None);
}

#[test]
fn the_mouse_that_browsers_make_up_after_a_touch_is_not_seen() {
    use InteractionKind::*;
    let kinds = [TouchStart, TouchEnd, MouseDown, MouseUp, Click];
    let mut events: Vec<Event> = kinds
        .iter()
        .zip(0..)
        .map(|(kind, step)| pressed(1000.0 + 50.0 * f64::from(step), *kind, 50.0, 60.0))
        .collect();
    events.extend(moves(PointerKind::Mouse, &[(1080.0, 50.0, 60.0)]));
    let whole = pointer(events.clone());
    assert_eq!(at(&whole, 1300.0).ripples.len(), 1);
    assert_eq!(spot(&whole, 2000.0), None);
    // Nor in a clip that begins after it.
    assert_eq!(spot(&pointer_from(Some("3"), events), 500.0), None);
}

#[test]
fn positions_that_are_no_numbers_are_left_out() {
    let pointer = pointer(moves(
        PointerKind::Mouse,
        &[
            (500.0, 40.0, 40.0),
            (600.0, f64::NAN, 1.0),
            (700.0, f64::INFINITY, 1.0),
        ],
    ));
    assert_eq!(spot(&pointer, 2000.0), Some((40.0, 40.0)));
}

#[test]
fn what_moves_like_a_finger_but_never_went_down_is_a_mouse() {
    let pointer = pointer(moves(
        PointerKind::Touch,
        &[(500.0, 40.0, 40.0), (600.0, 50.0, 40.0)],
    ));
    let cursor = at(&pointer, 2000.0).cursor.expect("a pointer");
    assert!(!cursor.finger);
    assert_eq!((cursor.x, cursor.y), (50.0, 40.0));
}

#[test]
fn what_is_nowhere_is_not_drawn() {
    let pointer = pointer(vec![pressed(1000.0, InteractionKind::Click, 50.0, 60.0)]);
    let state = pointer.at(1100.0, &mut |_, _, _| (f64::NAN, f64::NAN));
    assert_eq!(state, PointerState::default());
}

proptest! {
    /// The way goes through every sample and stays within the box of the two around it.
    #[test]
    fn the_way_is_true_to_its_samples(
        steps in prop::collection::vec((1.0..700.0f64, 0.0..800.0f64, 0.0..600.0f64), 2..12),
        share in 0.0..1.0f64,
    ) {
        let mut time = 100.0;
        let positions: Vec<(f64, f64, f64)> = steps.iter().map(|(pause, x, y)| {
            time += pause;
            (time, *x, *y)
        }).collect();
        let pointer = pointer(moves(PointerKind::Mouse, &positions));
        for pair in positions.windows(2) {
            let [(start, x, y), (end, next_x, next_y)] = pair else { unreachable!() };
            let (found_x, found_y) = spot(&pointer, *start).expect("a position");
            prop_assert!((found_x - x).abs() < 1e-2 && (found_y - y).abs() < 1e-2);
            let (found_x, found_y) = spot(&pointer, start + share * (end - start)).expect("a position");
            prop_assert!((x.min(*next_x) - 1e-6..=x.max(*next_x) + 1e-6).contains(&found_x));
            prop_assert!((y.min(*next_y) - 1e-6..=y.max(*next_y) + 1e-6).contains(&found_y));
        }
    }
}
