use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dom::Page;
use crate::format::{Input, ReadOptions, read};
use crate::recording::{Attribute, EventData, InteractionKind, NodeContent, Recording};

fn open(records: &Value) -> Recording {
    let segment = json!({
        "session": {"id": "s"}, "view": {"id": "v"}, "application": {"id": "a"}, "source": "android",
        "index_in_view": 0, "start": 1000, "end": 9000, "records": records,
    });
    let input = Input::Bytes {
        name: "test".to_owned(),
        data: segment.to_string().into(),
    };
    read(&[input], &ReadOptions::default()).unwrap()
}

/// Plays everything; says what could not be decoded or applied.
fn faults(recording: &Recording) -> Vec<String> {
    let (mut page, mut changes) = (Page::new(), Vec::new());
    let mut faults: Vec<String> = recording
        .damage
        .examples()
        .iter()
        .map(ToString::to_string)
        .collect();
    for event in &recording.tabs[0].events {
        page.apply(&event.data().unwrap(), event.time, event.index, &mut changes);
    }
    faults.extend(page.take_damage().examples().iter().map(ToString::to_string));
    faults
}

fn snapshot() -> Value {
    json!({"type": 10, "timestamp": 1000, "data": {"wireframes": [
        {"id": 1, "x": 0, "y": 0, "width": 300, "height": 600, "type": "shape",
         "shapeStyle": {"backgroundColor": "#FFEEDDFF"}},
        {"id": 2, "x": 10, "y": 20, "width": 100, "height": 30, "type": "text", "text": "Pay",
         "textStyle": {"family": "Roboto;}", "size": 16, "color": "#00000080"}},
        {"id": 3, "x": 10, "y": 60, "width": 50, "height": 50, "type": "image", "mimeType": "image/png",
         "base64": "iVBORw0KGgo="},
    ]}})
}

fn meta() -> Value {
    json!({"type": 4, "timestamp": 1000, "data": {"width": 300, "height": 600}})
}

fn styles(recording: &Recording) -> Vec<String> {
    let events = recording.tabs[0].events.iter();
    let snapshot = events
        .filter_map(|event| match &*event.data().unwrap() {
            EventData::FullSnapshot(snapshot) => Some(snapshot.clone()),
            _ => None,
        })
        .next()
        .unwrap();
    let nodes = snapshot.tree.nodes.iter();
    nodes
        .filter_map(|node| match &node.content {
            NodeContent::Element { tag, attributes, .. } if &**tag == "div" => match attributes.first() {
                Some(Attribute::Plain { value, .. }) => value.as_deref().map(str::to_owned),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

#[test]
fn wireframes_become_boxes() {
    let recording = open(&json!([meta(), snapshot()]));
    assert_eq!(faults(&recording), Vec::<String>::new());
    let styles = styles(&recording);
    assert_eq!(styles.len(), 3);
    assert!(styles[0].contains("background:#FFEEDDFF"), "{}", styles[0]);
    assert!(
        styles[1].contains("left:10px;top:20px;width:100px;height:30px"),
        "{}",
        styles[1]
    );
    assert!(
        styles[1].contains("font-family:\"Roboto\", sans-serif;"),
        "{}",
        styles[1]
    );
    assert!(styles[1].contains("color:#00000080"), "{}", styles[1]);
    assert!(
        styles[2].contains("url(\"data:image/png;base64,iVBORw0KGgo=\")"),
        "{}",
        styles[2]
    );
}

#[test]
fn nothing_but_values_gets_into_styles() {
    let bad = "red;background:url(//a.test)";
    let recording = open(
        &json!([meta(), {"type": 10, "timestamp": 1000, "data": {"wireframes": [
            {"id": 1, "x": bad, "type": "image", "mimeType": bad, "base64": "AAAA", "border": {"color": bad, "width": 1},
             "shapeStyle": {"backgroundColor": bad, "backgroundGradient": {"stops": [{"color": bad}, {"color": bad}]}},
             "textStyle": {"family": bad, "color": bad}, "textPosition": {"alignment": {"horizontal": bad}}},
            {"id": 2, "type": "image", "base64": "\")", "mimeType": "image/png"},
        ]}}]),
    );
    for style in styles(&recording) {
        assert!(!style.contains("url("), "{style}");
        assert!(!style.contains("a.test)"), "{style}");
    }
}

#[test]
fn mutations_change_what_is_there() {
    let recording = open(
        &json!([meta(), snapshot(), {"type": 11, "timestamp": 2000, "data": {
            "source": 0,
            "updates": [{"id": 2, "type": "text", "text": "Paid", "x": 11}],
            "removes": [{"id": 3}],
            "adds": [
                {"wireframe": {"id": 7, "x": 0, "y": 0, "width": 1, "height": 1, "type": "shape"}},
                {"previousId": 1, "wireframe": {"id": 8, "x": 0, "y": 0, "width": 1, "height": 1, "type": "shape"}},
                {"previousId": 8, "wireframe": {"id": 9, "x": 0, "y": 0, "width": 1, "height": 1, "type": "shape"}},
            ],
        }}]),
    );
    assert_eq!(faults(&recording), Vec::<String>::new());
    let data = recording.tabs[0].events.last().unwrap().data().unwrap();
    let EventData::Mutation(mutation) = &*data else {
        panic!("{data:?}");
    };
    // Boxes are numbered from 10 by twos: 1 is 10, 2 is 12, 3 is 14.
    assert_eq!(mutation.removes[0].id, 14);
    assert_eq!(mutation.texts, [(13, "Paid".into())]);
    assert_eq!(mutation.attributes.len(), 1);
    let Attribute::Style(changed) = &mutation.attributes[0].1[0] else {
        panic!("{mutation:?}");
    };
    let changed: Vec<(&str, Option<&str>)> = changed
        .iter()
        .map(|style| (&*style.property, style.value.as_deref()))
        .collect();
    assert_eq!(changed, [("left", Some("11px"))]);
    // 7 goes below all, 8 and 9 between 1 and 2.
    let next: Vec<Option<i64>> = mutation.adds.iter().map(|add| add.next).collect();
    assert_eq!(next, [Some(10), Some(12), Some(12)]);
}

#[test]
fn fingers_touch_the_topmost_box() {
    let pointer = |kind: &str| json!({"source": 9, "pointerEventType": kind, "pointerType": "touch", "pointerId": 1, "x": 20, "y": 25});
    let recording = open(&json!([meta(), snapshot(),
        {"type": 11, "timestamp": 2000, "data": pointer("down")},
        {"type": 11, "timestamp": 2100, "data": pointer("up")},
    ]));
    let touches: Vec<_> = recording.tabs[0]
        .events
        .iter()
        .filter_map(|event| match &*event.data().unwrap() {
            EventData::Interaction(touch) => Some((touch.kind, touch.target, touch.position)),
            _ => None,
        })
        .collect();
    use InteractionKind::{Click, TouchEnd, TouchStart};
    let made = |kind| (kind, 12, Some((20.0, 25.0)));
    // Recorders tell of fingers, not of clicks.
    assert_eq!(touches, [made(TouchStart), made(TouchEnd), made(Click)]);
}

#[test]
fn what_is_not_there_is_damage() {
    let recording = open(
        &json!([meta(), snapshot(), {"type": 11, "timestamp": 2000, "data": {
            "source": 0, "removes": [{"id": 99}], "updates": [{"id": 98, "type": "shape"}],
        }}]),
    );
    let faults = faults(&recording);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("2 changes of wireframes"), "{faults:?}");
}

proptest! {
    /// Whatever comes and goes, the page that is made holds together.
    #[test]
    fn screens_hold_together(steps in proptest::collection::vec((0..3u8, 0..12i64, 0..12i64), 0..40)) {
        let records = steps.iter().map(|(what, id, other)| {
            let data = match what {
                0 => json!({"source": 0, "adds": [{"previousId": other, "wireframe": {"id": id, "type": "shape"}}]}),
                1 => json!({"source": 0, "removes": [{"id": id}], "adds": [{"wireframe": {"id": id, "type": "text"}}]}),
                _ => json!({"source": 0, "removes": [{"id": id}], "updates": [{"id": other, "x": id}]}),
            };
            json!({"type": 11, "timestamp": 2000, "data": data})
        });
        let mut all = vec![meta(), snapshot()];
        all.extend(records);
        let recording = open(&Value::Array(all));
        let (mut page, mut changes) = (Page::new(), Vec::new());
        for event in &recording.tabs[0].events {
            page.apply(&event.data().unwrap(), event.time, event.index, &mut changes);
        }
        prop_assert!(page.take_damage().examples().is_empty());
    }
}
