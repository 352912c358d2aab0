use serde_json::json;

use super::*;
use crate::clip::{ClipOptions, Idle};
use crate::recording::{
    ConsoleLine, ErrorReport, ErrorSource, Event, FullSnapshot, Input, Interaction, NodeTree, Origin,
    PageView, Payload, Request, StackFrame, UserAction,
};

const START: f64 = 1_773_151_320_000.0;

/// A tab of 30 s with a click on node 7 at 10 s, as its recorder tells it.
fn tab() -> Tab {
    let mut tab = Tab::default();
    let mut add = |at: f64, kind, data| {
        tab.events.push(Event {
            time: START + at,
            index: 0,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        });
    };
    let snapshot = FullSnapshot {
        tree: NodeTree::default(),
        scroll: (0.0, 0.0),
    };
    add(0.0, EventKind::FullSnapshot, EventData::FullSnapshot(snapshot));
    add(
        10_000.0,
        EventKind::Interaction,
        EventData::Interaction(click(7, (30.0, 40.0))),
    );
    add(30_000.0, EventKind::Load, EventData::Load);
    tab
}

fn click(target: NodeId, position: (f64, f64)) -> Interaction {
    Interaction {
        kind: InteractionKind::Click,
        target,
        position: Some(position),
        touch: false,
    }
}

fn insert(tab: &mut Tab, at: f64, kind: EventKind, data: EventData) {
    tab.events.push(Event {
        time: START + at,
        index: 0,
        kind,
        payload: Payload::Decoded(Arc::new(data)),
    });
    tab.events.sort_by(|one, other| one.time.total_cmp(&other.time));
}

fn signal(at: f64, kind: SignalKind) -> Signal {
    Signal {
        time: START + at,
        tab: None,
        id: None,
        origin: Origin::Recorded,
        kind,
    }
}

fn error(message: &str) -> ErrorReport {
    let frame = |file: &str, in_app| StackFrame {
        function: Some("pay".into()),
        file: Some(file.into()),
        line: Some(12),
        column: Some(5),
        in_app,
    };
    ErrorReport {
        message: message.into(),
        error_type: Some("TypeError".into()),
        handled: Some(false),
        stack: vec![
            frame("https://cdn.example/lib.js", Some(false)),
            frame("https://shop.example/js/pay.js?v=2", Some(true)),
        ],
        ..ErrorReport::default()
    }
}

fn story_of(tab: &Tab, signals: Vec<Signal>) -> Story {
    story_with(tab, signals, &[])
}

fn story_with(tab: &Tab, signals: Vec<Signal>, captions: &[Caption]) -> Story {
    let options = ClipOptions {
        idle: Idle::Keep,
        ..ClipOptions::default()
    };
    let clip = Clip::new(tab, &options).expect("there is something to show");
    let telemetry = Telemetry {
        signals,
        ..Telemetry::default()
    };
    Story::new(tab, &telemetry, &clip, captions)
}

#[test]
fn what_is_told_in_one_part_ends_before_the_next() {
    let mut tab = tab();
    for (at, text) in [(12_000.0, "a"), (12_100.0, "ab")] {
        let input = Input {
            target: 3,
            text: Some(text.into()),
            checked: None,
            selected_options: None,
        };
        insert(&mut tab, at, EventKind::Input, EventData::Input(input));
    }
    let at = |at: f64, message: &str| signal(at, SignalKind::Error(error(message)));
    let again = |at: f64| signal(at, SignalKind::Error(error("again")));
    let signals = vec![
        at(3000.0, "one"),
        again(3500.0),
        at(15_000.0, "left out"),
        again(26_000.0),
        at(27_000.0, "two"),
    ];
    let telemetry = Telemetry {
        signals,
        ..Telemetry::default()
    };
    let parts = [START..START + 4000.0, START + 25_000.0..START + 28_000.0];
    let clip = Clip::of_parts(&tab, &ClipOptions::default(), &parts).unwrap();
    let cut = clip
        .map
        .segments()
        .iter()
        .find(|segment| matches!(segment.kind, SegmentKind::Cut { .. }));
    let cut = cut.unwrap().clip.start;
    let story = Story::new(&tab, &telemetry, &clip, &[]);
    let spans: Vec<(&str, Span)> = story.errors.iter().map(|cue| (&*cue.message, cue.span)).collect();
    assert_eq!(
        spans.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["one", "again", "two"]
    );
    assert_eq!(spans[0].1.until, cut);
    assert!(spans[1].1.until > cut && spans[2].1.until > cut, "{spans:?}");
    assert_eq!(story.typing, []);
}

#[test]
fn an_error_is_told_once_and_counted() {
    let signals = vec![
        signal(11_000.0, SignalKind::Error(error("x is 1"))),
        signal(12_000.0, SignalKind::Error(error("x is 2"))),
        signal(12_000.0, SignalKind::Error(error("another"))),
        signal(36_000.0, SignalKind::Error(error("after the end"))),
    ];
    let errors = story_of(&tab(), signals).errors;
    let [first, other] = &errors[..] else {
        panic!("{errors:?}")
    };
    assert_eq!(first.times, [11_000.0, 12_000.0]);
    assert_eq!(&*first.message, "x is 1");
    assert_eq!(&*other.message, "another");
    assert!(first.span.until >= 15_000.0);
    // The application's own code, not the library's.
    let place = first.place.as_ref().expect("a place");
    assert_eq!(
        (place.function.as_deref(), &*place.file),
        (Some("pay"), "pay.js:12:5")
    );
}

#[test]
fn an_error_has_the_click_before_it_and_its_name() {
    let action = UserAction {
        kind: "click".into(),
        target: Some("Pay".into()),
        selector: None,
    };
    let signals = vec![
        signal(10_080.0, SignalKind::Action(action)),
        signal(11_000.0, SignalKind::Error(error("soon"))),
        signal(25_000.0, SignalKind::Error(error("late"))),
    ];
    let errors = story_of(&tab(), signals).errors;
    let cause = errors[0].cause.as_ref().expect("a click");
    assert_eq!((cause.node, cause.position), (7, Some((30.0, 40.0))));
    assert_eq!(cause.name.as_deref(), Some("Pay"));
    assert_eq!(errors[1].cause, None);
}

#[test]
fn console_errors_are_lines_and_cards_only_where_nothing_else_tells() {
    let line = |level, text: &str| {
        SignalKind::Console(ConsoleLine {
            level,
            text: text.into(),
            stack: Vec::new(),
        })
    };
    let written = ErrorReport {
        source: ErrorSource::Console,
        ..error("bad")
    };
    let mut signals = vec![
        signal(1000.0, line(ConsoleLevel::Error, "bad")),
        signal(1000.0, SignalKind::Error(written)),
        signal(2000.0, line(ConsoleLevel::Error, "bad")),
        signal(3000.0, line(ConsoleLevel::Info, "fine")),
        signal(4000.0, line(ConsoleLevel::Warn, "bad")),
    ];
    let alone = story_of(&tab(), signals.clone());
    let [card] = &alone.errors[..] else {
        panic!("{:?}", alone.errors)
    };
    assert_eq!((&*card.error_type, &*card.message), ("TypeError", "bad"));
    let lines = alone.without_what_cards_tell().console;
    assert!(lines.is_empty(), "{lines:?}");

    signals.push(signal(5000.0, SignalKind::Error(error("thrown"))));
    let story = story_of(&tab(), signals);
    assert_eq!(story.errors.len(), 1);
    assert_eq!(&*story.errors[0].message, "thrown");
    let lines: Vec<_> = story
        .console
        .iter()
        .map(|cue| (cue.level, cue.times.len()))
        .collect();
    assert_eq!(lines, [(ConsoleLevel::Error, 2), (ConsoleLevel::Warn, 1)]);
}

#[test]
fn requests_are_told_when_they_end_and_without_secrets() {
    let request = |url: &str, status, duration| {
        SignalKind::Request(Request {
            method: Some("POST".into()),
            url: url.into(),
            status: Some(status),
            duration: Some(duration),
            initiator: None,
            no_answer: false,
        })
    };
    let signals = vec![
        signal(
            1000.0,
            request("https://shop.example/api/pay?token=1#x", 500, 800.0),
        ),
        signal(
            2000.0,
            request("https://shop.example/api/pay?token=2", 500, 300.0),
        ),
        signal(3000.0, request("https://shop.example/fine", 200, 20.0)),
        signal(4000.0, request("https://shop.example", 200, 9000.0)),
    ];
    let story = story_of(&tab(), signals);
    let told: Vec<_> = story
        .requests
        .iter()
        .map(|cue| (&*cue.path, cue.failed, cue.times.clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("/api/pay", true, vec![1800.0, 2300.0]),
            ("/", false, vec![13_000.0])
        ]
    );
    let marked = story
        .landmarks
        .iter()
        .filter(|mark| mark.kind == LandmarkKind::Request);
    assert_eq!(marked.count(), 2, "slow is no landmark");
}

#[test]
fn four_fast_clicks_are_a_rage_click_with_their_count() {
    let mut tab = tab();
    // A button that is off while it waits lets clicks through to what is below it.
    for (at, node) in [(10_200.0, 7), (10_400.0, 6), (10_600.0, 7), (10_800.0, 7)] {
        insert(
            &mut tab,
            at,
            EventKind::Interaction,
            EventData::Interaction(click(node, (31.0, 40.0))),
        );
    }
    let story = story_of(&tab, Vec::new());
    let [badge] = &story.frustrations[..] else {
        panic!("{:?}", story.frustrations)
    };
    assert_eq!(
        (badge.kind, badge.clicks, badge.node),
        (FrustrationKind::RageClick, 5, Some(7))
    );
    assert_eq!(badge.span.from, 10_600.0);
    assert_eq!(badge.position, Some((30.0, 40.0)));
}

#[test]
fn typing_is_told_letter_by_letter_and_choices_are_not() {
    let mut tab = tab();
    let mut input = |at: f64, target, text: &str, checked| {
        let input = Input {
            target,
            text: Some(text.into()),
            checked,
            selected_options: None,
        };
        insert(&mut tab, at, EventKind::Input, EventData::Input(input));
    };
    for (step, text) in ["A", "Ad", "Adx", "Ad", "Ada"].into_iter().enumerate() {
        input(1000.0 + 100.0 * step as f64, 3, text, Some(false));
    }
    input(5000.0, 4, "germany", Some(false));
    input(6000.0, 5, "on", Some(true));
    input(7000.0, 6, "*", None);
    input(7100.0, 6, "**", None);
    let story = story_of(&tab, Vec::new());
    let [name, secret] = &story.typing[..] else {
        panic!("{:?}", story.typing)
    };
    assert_eq!(name.text, "Ada");
    let counts: Vec<usize> = name.steps.iter().map(|step| step.1).collect();
    assert_eq!(counts, [1, 2, 2, 2, 3]);
    assert_eq!(secret.text, "••");
}

#[test]
fn a_slider_is_moved_and_not_typed_into() {
    let slider = json!({"type": 2, "id": 2, "tagName": "input", "childNodes": [],
        "attributes": {"type": "range", "title": "Volume"}});
    let page =
        json!({"node": {"type": 0, "id": 1, "childNodes": [slider]}, "initialOffset": {"top": 0, "left": 0}});
    let input = |time: u32, text: &str| {
        json!({"type": 3, "timestamp": time,
            "data": {"source": 5, "id": 2, "text": text, "isChecked": false}})
    };
    let events = json!([
        {"type": 4, "timestamp": 1, "data": {"href": "https://a.example/", "width": 800, "height": 600}},
        {"type": 2, "timestamp": 2, "data": page},
        {"type": 3, "timestamp": 900, "data": {"source": 2, "type": 5, "id": 2}},
        input(1000, "51"),
        input(1100, "52"),
        {"type": 3, "timestamp": 1200, "data": {"source": 2, "type": 2, "id": 2, "x": 1, "y": 1}},
    ]);
    let file = crate::format::Input::Bytes {
        name: "slider".to_owned(),
        data: events.to_string().into_bytes().into(),
    };
    let recording = crate::format::read(&[file], &Default::default()).unwrap();
    let story = story_of(&recording.tabs[0], Vec::new());
    assert_eq!(story.typing, []);
    let steps: Vec<&str> = story.steps.iter().map(|step| &*step.text).collect();
    assert_eq!(steps, ["Moved slider ‘Volume’"]);
}

#[test]
fn what_comes_shortly_before_or_after_the_recording_is_told_at_its_ends() {
    let failed = |message: &str| SignalKind::Error(error(message));
    let signals = vec![
        signal(-6000.0, failed("long before")),
        signal(-3000.0, failed("before")),
        signal(34_000.0, failed("after")),
        signal(36_000.0, failed("long after")),
    ];
    let told: Vec<_> = story_of(&tab(), signals)
        .errors
        .iter()
        .map(|cue| (cue.message.to_string(), cue.span.from))
        .collect();
    assert_eq!(told, [("before".to_owned(), 0.0), ("after".to_owned(), 30_000.0)]);
}

#[test]
fn pages_are_named_when_they_come_but_not_at_the_start() {
    let view = |url: &str, title: Option<&str>| {
        SignalKind::View(PageView {
            url: url.into(),
            title: title.map(Arc::from),
        })
    };
    let signals = vec![
        signal(0.0, view("https://shop.example/", None)),
        signal(5000.0, view("https://shop.example/cart?id=1", None)),
        signal(5000.0, view("https://shop.example/cart?id=1", None)),
        signal(6000.0, view("https://shop.example/pay", Some("Payment"))),
        signal(6500.0, SignalKind::Marker("deploy".into())),
    ];
    let notes = story_of(&tab(), signals).notes;
    let told: Vec<_> = notes
        .iter()
        .map(|note| (&*note.text, note.span.from, note.span.until))
        .collect();
    assert_eq!(
        told,
        [
            ("shop.example/cart", 5000.0, 6000.0),
            ("Payment", 6000.0, 6500.0),
            ("deploy", 6500.0, 8700.0)
        ]
    );
}

#[test]
fn captions_last_until_they_are_cleared() {
    let signals = vec![
        signal(1000.0, SignalKind::Caption(Some("one".into()))),
        signal(4000.0, SignalKind::Caption(Some("two".into()))),
        signal(9000.0, SignalKind::Caption(None)),
    ];
    let captions = story_of(&tab(), signals).captions;
    let told: Vec<_> = captions
        .iter()
        .map(|cue| (&*cue.text, cue.span.from, cue.span.until))
        .collect();
    assert_eq!(told, [("one", 1000.0, 4000.0), ("two", 4000.0, 9000.0)]);
}

#[test]
fn captions_of_a_recording_wait_for_given_ones() {
    let signals = vec![
        signal(1000.0, SignalKind::Caption(Some("one".into()))),
        signal(3200.0, SignalKind::Caption(Some("two".into()))),
        signal(3400.0, SignalKind::Caption(Some("three".into()))),
    ];
    let mine = "3: mine".parse().unwrap();
    let captions = story_with(&tab(), signals, &[mine]).captions;
    let [one, mine, three] = &captions[..] else {
        panic!("{captions:?}")
    };
    assert_eq!((&*one.text, one.span.until), ("one", 3000.0));
    assert_eq!((&*mine.text, mine.span.from), ("mine", 3000.0));
    assert!(mine.span.until > 4000.0, "{mine:?}");
    assert_eq!((&*three.text, three.span.from), ("three", mine.span.until));
}
