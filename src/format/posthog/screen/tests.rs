use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dom::Page;
use crate::format::screen::BODY;
use crate::format::{Input, ReadOptions, read};
use crate::recording::{EventData, EventKind, InteractionKind, Recording};

fn open(events: &[Value]) -> Recording {
    let lines: Vec<String> = events
        .iter()
        .map(|event| json!(["w", event]).to_string())
        .collect();
    let input = Input::Bytes {
        name: "test".to_owned(),
        data: lines.join("\n").into(),
    };
    read(&[input], &ReadOptions::default()).unwrap()
}

fn meta() -> Value {
    json!({"type": 4, "timestamp": 1000, "data": {"href": "Home", "width": 300, "height": 600}})
}

fn snapshot(wireframes: Value) -> Value {
    json!({"type": 2, "timestamp": 1000, "data": {"wireframes": wireframes, "initialOffset": {"top": 0, "left": 0}}})
}

fn change(time: u32, data: Value) -> Value {
    let mut data = data;
    data["source"] = json!(0);
    json!({"type": 3, "timestamp": time, "data": data})
}

/// Attributes and texts of the page after all events, in their order, and what was damaged.
fn shown(recording: &Recording) -> (String, Vec<String>) {
    let (mut page, mut changes) = (Page::new(), Vec::new());
    let damage = recording.damage.examples().iter();
    let mut damage: Vec<String> = damage.map(ToString::to_string).collect();
    for event in &recording.tabs[0].events {
        page.apply(&event.data().unwrap(), event.time, event.index, &mut changes);
    }
    damage.extend(page.take_damage().examples().iter().map(ToString::to_string));
    let mut html = String::new();
    let root = page.view(BODY).expect("a page");
    for node in root.subtree() {
        for (name, value) in node.attributes() {
            html.push_str(&format!(" {name}=\"{value}\""));
        }
        if let Some(text) = node.text() {
            html.push_str(&format!(">{text}<"));
        }
    }
    (html, damage)
}

#[track_caller]
fn markup(events: &[Value]) -> String {
    let (html, damage) = shown(&open(events));
    assert_eq!(damage, Vec::<String>::new());
    html
}

/// Whether texts stand in the page, in that order.
#[track_caller]
fn assert_order(html: &str, texts: &[&str]) {
    let places: Vec<_> = texts.iter().map(|text| html.find(text)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?} in {html}"
    );
}

fn row(id: i64, words: &str) -> Value {
    json!({"id": id, "x": 0, "y": id, "width": "100vw", "height": 40, "type": "div", "style": {},
           "childWireframes": [text(id + 1, words)]})
}

fn text(id: i64, words: &str) -> Value {
    json!({"id": id, "x": 10, "y": 10, "width": 100, "height": 20, "type": "text", "text": words})
}

#[test]
fn wireframes_become_boxes() {
    let html = markup(&[
        meta(),
        snapshot(json!([
            {"id": 1, "type": "rectangle", "width": "100vw", "height": "50%",
             "style": {"backgroundColor": "#FFEEDD", "borderColor": "#001122", "borderWidth": "2", "borderRadius": "9px"}},
            {"id": 2, "type": "text", "x": 10, "y": 20, "width": 80, "height": 60, "text": "Pay <now>",
             "style": {"color": "rgb(1,2,3)", "fontSize": "18px", "fontFamily": "Inter;}", "verticalAlign": "bottom",
                       "horizontalAlign": "right", "paddingLeft": 4}},
            {"id": 3, "type": "screenshot", "width": 9, "height": 9, "base64": "data:image/webp;base64,UklG\nRg=="},
            {"id": 4, "type": "web_view", "width": 9, "height": 9, "url": "https://a.test"},
        ])),
    ]);
    for part in [
        "width:300px;height:300px;background:#FFEEDD;border-radius:9px",
        "border:2px solid #001122",
        "left:10px;top:20px;width:80px;height:60px",
        "padding:0px 0px 0px 4px",
        "font-size:18px;color:rgb(1,2,3);text-align:right;justify-content:flex-end;white-space:pre-wrap",
        "data:image/webp;base64,UklGRg==",
        "https://a.test",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("Inter;"), "{html}");
}

#[test]
fn nothing_but_values_gets_into_styles() {
    let bad = "red;background:url(//evil.test)";
    let html = markup(&[
        meta(),
        snapshot(
            json!([{"id": 1, "x": bad, "width": bad, "type": "input", "inputType": "toggle", "base64": bad, "style": {
            "color": bad, "backgroundColor": bad, "backgroundImage": bad, "backgroundSize": bad, "borderWidth": bad,
            "borderColor": bad, "fontSize": bad, "fontFamily": bad, "verticalAlign": bad, "paddingTop": bad}}]),
        ),
    ]);
    assert!(!html.contains("url("), "{html}");
}

#[test]
fn controls_say_what_they_are_and_passwords_nothing() {
    let control = |id, kind, more: Value| {
        let mut control = json!({"id": id, "type": "input", "inputType": kind, "disabled": false, "width": 99, "height": 30});
        for (key, value) in more.as_object().unwrap() {
            control[key] = value.clone();
        }
        control
    };
    let html = markup(&[
        meta(),
        snapshot(json!([
            control(1, "password", json!({"value": "hunter2"})),
            control(2, "checkbox", json!({"checked": true, "label": "Terms"})),
            control(3, "button", json!({"value": "Buy"})),
            control(
                4,
                "progress",
                json!({"value": 1, "max": 4, "style": {"bar": "horizontal", "color": "#123456"}})
            ),
            control(
                5,
                "progress",
                json!({"value": 2, "max": 3, "style": {"bar": "rating"}})
            ),
            control(6, "select", json!({"value": "Blue", "options": ["Blue"]})),
        ])),
        change(
            1500,
            json!({"updates": [{"parentId": 1, "wireframe": control(1, "password", json!({"value": "hunter23"}))}]}),
        ),
    ]);
    assert!(!html.contains("hunter2"), "{html}");
    for part in [
        "••••",
        "role=\"checkbox\"",
        "Terms",
        "role=\"button\"",
        "#123456 25%",
        "★★☆",
        "Blue ▾",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn mutations_change_what_is_there() {
    let first = [
        meta(),
        snapshot(json!([row(100, "One"), row(200, "Two"), row(300, "Three")])),
    ];
    let html = markup(&first);
    assert_order(&html, &["One", "Two", "Three"]);

    // What changes stays where it is, what comes is on top, and what goes takes along what is in it.
    let changed = change(
        1500,
        json!({
            "removes": [{"parentId": 0, "id": 300}, {"parentId": 300, "id": 301}],
            "updates": [{"parentId": 0, "wireframe": row(100, "Uno")}, {"parentId": 200, "wireframe": text(201, "Dos")}],
            "adds": [{"parentId": 0, "wireframe": row(400, "Four")}, {"parentId": 400, "wireframe": text(401, "Four")}],
        }),
    );
    let html = markup(&[&first[..], &[changed]].concat());
    assert_order(&html, &["Uno", "Dos", "Four"]);
    assert!(!html.contains("Three") && !html.contains("One"), "{html}");
    assert_eq!(html.matches("Four").count(), 1, "{html}");
}

#[test]
fn what_is_in_a_box_that_is_written_anew_is_not_lost() {
    let mut grown = row(100, "Uno");
    grown["childWireframes"] = json!([text(101, "Uno"), text(102, "Added"), text(201, "Moved")]);
    let changed = change(
        1500,
        json!({
            "adds": [{"parentId": 100, "wireframe": text(102, "Added")}],
            "updates": [{"parentId": 0, "wireframe": grown}],
        }),
    );
    let html = markup(&[
        meta(),
        snapshot(json!([row(100, "One"), row(200, "Two")])),
        changed,
    ]);
    assert_order(&html, &["Uno", "Added", "Moved"]);
    assert!(!html.contains("Two"), "{html}");
}

#[test]
fn keyboards_come_and_go() {
    let keyboard = |time: u32, payload: Value| json!({"type": 5, "timestamp": time, "data": {"tag": "keyboard", "payload": payload}});
    let begin = [
        meta(),
        snapshot(json!([row(100, "One")])),
        keyboard(1100, json!({"open": true, "height": 200})),
        change(
            1200,
            json!({"adds": [{"parentId": 0, "wireframe": row(200, "Two")}]}),
        ),
    ];
    let html = markup(&begin);
    // It stays on top.
    assert_order(
        &html,
        &["One", "Two", "top:400px;width:300px;height:200px", "Keyboard"],
    );
    let html = markup(&[&begin[..], &[keyboard(1300, json!({"open": false}))]].concat());
    assert!(!html.contains("Keyboard"), "{html}");
    // Other custom events stay what they are.
    let other = json!({"type": 5, "timestamp": 1300, "data": {"tag": "note", "payload": {"open": true}}});
    let recording = open(&[&begin[..], &[other]].concat());
    let kinds = recording.tabs[0].events.iter().map(|event| event.kind);
    assert_eq!(kinds.filter(|kind| *kind == EventKind::Custom).count(), 1);
}

#[test]
fn taps_are_clicks_on_the_topmost_box() {
    let touch = |time: u32, kind: u8, y: i64| json!({"type": 3, "timestamp": time, "data": {"source": 2, "type": kind, "id": 0, "x": 20, "y": y}});
    let recording = open(&[
        meta(),
        snapshot(json!([
            {"id": 1, "type": "rectangle", "width": 300, "height": 600},
            {"id": 2, "type": "input", "inputType": "button", "value": "Pay", "x": 10, "y": 500, "width": 100, "height": 40},
        ])),
        touch(1500, 7, 520),
        touch(1600, 9, 521),
        touch(2500, 7, 520),
        touch(2600, 9, 20),
    ]);
    let touches: Vec<_> = recording.tabs[0]
        .events
        .iter()
        .filter_map(|event| match &*event.data().unwrap() {
            EventData::Interaction(touch) => Some((touch.kind, touch.target)),
            _ => None,
        })
        .collect();
    use InteractionKind::{Click, TouchEnd, TouchStart};
    // Boxes are numbered from 10 by fours. The second touch went elsewhere.
    assert_eq!(
        touches,
        [
            (TouchStart, 14),
            (TouchEnd, 14),
            (Click, 14),
            (TouchStart, 14),
            (TouchEnd, 10)
        ]
    );
}

#[test]
fn what_is_not_there_is_damage_with_its_event() {
    let recording = open(&[
        meta(),
        snapshot(json!([row(100, "One")])),
        change(
            1500,
            json!({"removes": [{"id": 7}], "adds": [{"parentId": 0}, 3]}),
        ),
        json!({"type": 3, "timestamp": 1600, "data": {"source": 2, "type": 99, "id": 0}}),
        change(
            1700,
            json!({"updates": [{"parentId": 0, "wireframe": row(100, "Uno")}]}),
        ),
    ]);
    let (html, damage) = shown(&recording);
    assert!(html.contains("Uno"), "{html}");
    assert_eq!(damage.len(), 2, "{damage:?}");
    assert!(
        damage[0].contains("3 changes of wireframes") && damage[0].contains("event 2"),
        "{damage:?}"
    );
    assert!(damage[1].contains("event 3"), "{damage:?}");
}

#[test]
fn screens_and_pages_take_turns() {
    let page = json!({"type": 2, "timestamp": 2000, "data": {"initialOffset": {"top": 0, "left": 0}, "node":
        {"type": 0, "id": 1, "childNodes": [{"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [
            {"type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [{"type": 3, "id": 4, "textContent": "Page"}]}]}]}}});
    let text = json!({"type": 3, "timestamp": 2100, "data": {"source": 0, "texts": [{"id": 4, "value": "Web"}],
        "attributes": [], "removes": [], "adds": []}});
    let recording = open(&[meta(), snapshot(json!([row(100, "One")])), page, text]);
    let (mut page, mut changes) = (Page::new(), Vec::new());
    for event in &recording.tabs[0].events {
        page.apply(&event.data().unwrap(), event.time, event.index, &mut changes);
    }
    assert!(page.take_damage().is_empty());
    assert_eq!(
        page.view(4).and_then(|node| node.text().cloned()).as_deref(),
        Some("Web")
    );
}

#[test]
fn depth_costs_no_stack() {
    let mut deep = text(1, "deep");
    for id in 2..100 {
        deep = json!({"id": id, "type": "div", "width": 9, "height": 9, "childWireframes": [deep]});
    }
    let adds: Vec<Value> = (1000..3000)
        .map(
            |id| json!({"parentId": id - 1, "wireframe": {"id": id, "type": "div", "width": 9, "height": 9}}),
        )
        .collect();
    let events = [
        meta(),
        snapshot(json!([deep])),
        change(1500, json!({"adds": adds})),
        change(1600, json!({"removes": [{"id": 1000}]})),
    ];
    // How deep a page may be is told by the page.
    let (html, _) = shown(&open(&events));
    assert!(!html.contains(">deep<"), "{html}");
}

proptest! {
    /// Whatever comes and goes, the page that is made holds together.
    #[test]
    fn screens_hold_together(steps in proptest::collection::vec(
        proptest::collection::vec((0..3u8, 0..6i64, 0..6i64, 0..6i64), 1..6), 0..12,
    )) {
        let mut events = vec![meta(), snapshot(json!([row(0, "a"), row(2, "b")]))];
        for step in steps {
            let mut data = json!({"adds": [], "removes": [], "updates": []});
            for (what, id, parent, child) in step {
                let wireframe = json!({"id": id, "type": "div", "width": 9, "height": 9,
                    "childWireframes": [text(child, "c"), text(id, "d")]});
                let plain = text(id, "e");
                let (list, entry) = match what {
                    0 => ("adds", json!({"parentId": parent, "wireframe": wireframe})),
                    1 => ("removes", json!({"id": id})),
                    _ if child % 2 == 0 => ("updates", json!({"parentId": parent, "wireframe": plain})),
                    _ => ("updates", json!({"parentId": parent, "wireframe": wireframe})),
                };
                data[list].as_array_mut().unwrap().push(entry);
            }
            events.push(change(1500, data));
        }
        let recording = open(&events);
        let (mut page, mut changes) = (Page::new(), Vec::new());
        for event in &recording.tabs[0].events {
            page.apply(&event.data().unwrap(), event.time, event.index, &mut changes);
        }
        let damage = page.take_damage();
        prop_assert!(damage.examples().is_empty(), "{:?}", damage.examples());
    }
}
