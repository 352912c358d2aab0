//! What is rare in recordings, from the recording to the page that is shown.

mod common;
#[path = "common/small.rs"]
mod small;

use domreel::dom::Replay;
use domreel::format::{Input, ReadOptions, read};
use domreel::stage::Stage;
use serde_json::{Value, json};
use small::small;

const BEGIN: u64 = 1_773_151_320_000;

/// An element of a recording, with nothing but tag, attributes and children.
fn element(id: u64, tag: &str, attributes: Value, children: Vec<Value>) -> Value {
    json!({ "type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children })
}

fn text(id: u64, text: &str) -> Value {
    json!({ "type": 3, "id": id, "textContent": text })
}

fn in_shadow(mut node: Value) -> Value {
    node["isShadow"] = true.into();
    node
}

/// A recording of a page with a sheet (5) and a body (6).
fn recording(css: &str, body: Vec<Value>, events: &[(u64, Value)]) -> String {
    let style = element(5, "style", json!({ "_cssText": css }), vec![]);
    let html = element(
        3,
        "html",
        json!({}),
        vec![
            element(4, "head", json!({}), vec![style]),
            element(6, "body", json!({}), body),
        ],
    );
    let doctype = json!({ "type": 1, "id": 2, "name": "html", "publicId": "", "systemId": "" });
    let node = json!({ "type": 0, "id": 1, "childNodes": [doctype, html] });
    let meta = json!({ "href": "https://a.example/", "width": 400, "height": 300 });
    let mut all = vec![
        json!({ "type": 4, "data": meta, "timestamp": BEGIN }),
        json!({ "type": 2, "data": { "node": node, "initialOffset": { "left": 0, "top": 0 } }, "timestamp": BEGIN + 1 }),
    ];
    for (at, data) in events {
        all.push(json!({ "type": 3, "data": data, "timestamp": BEGIN + at }));
    }
    Value::from(all).to_string()
}

fn mutation(removes: Value, adds: Value, attributes: Value) -> Value {
    json!({ "source": 0, "texts": [], "attributes": attributes, "removes": removes, "adds": adds })
}

fn add(parent: u64, node: Value) -> Value {
    json!({ "parentId": parent, "nextId": null, "node": node })
}

/// The document of a frame, with one paragraph in it.
fn framed(id: u64, quirks: bool, words: &str) -> Value {
    let body = element(id + 2, "body", json!({}), vec![text(id + 3, words)]);
    let html = element(id + 1, "html", json!({}), vec![body]);
    let mode = if quirks { "BackCompat" } else { "CSS1Compat" };
    let node = json!({ "type": 0, "id": id, "rootId": id, "compatMode": mode, "childNodes": [html] });
    let mut event = mutation(json!([]), json!([add(10, node)]), json!([]));
    event["isAttachIframe"] = true.into();
    event
}

/// What an expression is worth, in which `d` is the recorded document, so many milliseconds after the
/// recording began: sought, and played.
async fn ask(stage: &mut Stage, recording: &str, at: u64, expression: &str) -> Value {
    let bytes = Input::Bytes {
        name: "made".to_owned(),
        data: recording.to_owned().into(),
    };
    let recording = read(&[bytes], &ReadOptions::default()).expect("a recording");
    let tab = &recording.tabs[0];
    let (start, to) = ((BEGIN + 1) as f64, (BEGIN + at) as f64);
    let within = format!("((d) => {expression})(document.querySelector('iframe').contentDocument)");
    let mut answers = Vec::new();
    for from in [start, to] {
        let mut replay = Replay::new(tab);
        let mut steps = vec![replay.seek(from)];
        steps.extend(replay.advance_to(to));
        let shown = stage.step(&steps, to).await.expect("a step");
        assert_eq!(shown.failed, 0, "{:?}", shown.errors);
        answers.push(stage.evaluate(within.clone()).await.expect("an answer"));
    }
    assert_eq!(answers[0], answers[1], "played and sought: {expression}");
    answers.remove(0)
}

#[tokio::test]
async fn what_is_rare_is_shown() {
    let mut stage = Stage::open(&small(None)).await.expect("a stage");
    let stage = &mut stage;

    // The whole document is replaced.
    let new = [
        add(1, element(20, "html", json!({}), vec![])),
        add(20, element(21, "body", json!({}), vec![])),
        add(21, text(22, "another")),
    ];
    let replaced = mutation(json!([{ "parentId": 1, "id": 3 }]), json!(new), json!([]));
    let page = recording("", vec![text(10, "one")], &[(100, replaced)]);
    let told = ask(stage, &page, 50, "[d.body.textContent, d.compatMode]").await;
    assert_eq!(told, json!(["one", "CSS1Compat"]));
    let told = ask(stage, &page, 200, "[d.body.textContent, d.children.length]").await;
    assert_eq!(told, json!(["another", 1]));

    // A shadow root is scrolled before it has anything to scroll.
    let scroller = in_shadow(element(
        11,
        "div",
        json!({ "style": "height:50px;overflow:auto" }),
        vec![],
    ));
    let mut host = element(10, "x-host", json!({}), vec![scroller]);
    host["isShadowHost"] = true.into();
    let high = mutation(
        json!([]),
        json!([add(
            11,
            element(12, "p", json!({ "style": "height:900px" }), vec![])
        )]),
        json!([]),
    );
    let scroll = json!({ "source": 3, "id": 11, "x": 0, "y": 300 });
    let define = json!({ "source": 16, "define": { "name": "x-host" } });
    let page = recording("", vec![host], &[(10, scroll), (20, high), (30, define)]);
    let expression = "{ const h = d.querySelector('x-host'); return [h.shadowRoot.firstChild.scrollTop, h.matches(':defined')] }";
    assert_eq!(ask(stage, &page, 25, expression).await, json!([300, false]));
    assert_eq!(ask(stage, &page, 35, expression).await, json!([300, true]));

    // A frame's document comes before the frame, and is another one later.
    let frame = mutation(
        json!([]),
        json!([add(6, element(10, "iframe", json!({}), vec![]))]),
        json!([]),
    );
    let events = [
        (10, framed(30, true, "old")),
        (20, frame),
        (60, framed(40, false, "new")),
    ];
    let page = recording("", vec![], &events);
    let expression =
        "{ const i = d.querySelector('iframe').contentDocument; return [i.body.textContent, i.compatMode] }";
    assert_eq!(
        ask(stage, &page, 30, expression).await,
        json!(["old", "BackCompat"])
    );
    assert_eq!(
        ask(stage, &page, 70, expression).await,
        json!(["new", "CSS1Compat"])
    );

    // Rules within rules, a rule without a place, a sheet shared by two roots and replaced.
    let inside = in_shadow(element(12, "p", json!({ "class": "x" }), vec![]));
    let mut host = element(11, "x-host", json!({}), vec![inside]);
    host["isShadowHost"] = true.into();
    let body = vec![element(10, "p", json!({ "class": "x" }), vec![]), host];
    let sheet = json!([{ "styleId": 1, "rules": [{ "rule": ".x { top: 1px }", "index": 0 }] }]);
    let events = [
        (
            10,
            json!({ "source": 15, "id": 1, "styleIds": [1], "styles": sheet }),
        ),
        (20, json!({ "source": 15, "id": 11, "styleIds": [1] })),
        (
            30,
            json!({ "source": 8, "id": 5, "adds": [{ "rule": ".x { left: 2px }", "index": [0, 0, 1] }] }),
        ),
        (
            40,
            json!({ "source": 13, "id": 5, "index": [0, 0, 0], "set": { "property": "right", "value": "3px", "priority": "important" } }),
        ),
        (
            50,
            json!({ "source": 8, "styleId": 1, "replaceSync": ".x { top: 4px }" }),
        ),
        (
            60,
            json!({ "source": 8, "styleId": 1, "adds": [{ "rule": ".x { top: 5px }" }] }),
        ),
    ];
    let page = recording("@media all { @media all { .x { right: 1px } } }", body, &events);
    let expression = "{ const w = d.defaultView, s = w.getComputedStyle(d.querySelector('.x')), \
        t = w.getComputedStyle(d.querySelector('x-host').shadowRoot.querySelector('.x')); \
        return [s.top, t.top, s.left, s.right] }";
    assert_eq!(
        ask(stage, &page, 25, expression).await,
        json!(["1px", "1px", "auto", "1px"])
    );
    assert_eq!(
        ask(stage, &page, 55, expression).await,
        json!(["4px", "4px", "2px", "3px"])
    );
    // At the top, where the rule after it counts.
    assert_eq!(
        ask(stage, &page, 65, expression).await,
        json!(["4px", "4px", "2px", "3px"])
    );

    // How a dialog was open is told even when it closes.
    let open = json!([{ "id": 10, "attributes": { "open": "", "rr_open_mode": "modal" } }]);
    let close = json!([{ "id": 10, "attributes": { "open": null, "rr_open_mode": "non-modal" } }]);
    let events = [
        (10, mutation(json!([]), json!([]), open)),
        (20, mutation(json!([]), json!([]), close)),
    ];
    let page = recording(
        "",
        vec![element(10, "dialog", json!({}), vec![text(11, "asks")])],
        &events,
    );
    let expression = "{ const a = d.querySelector('dialog'); return [a.open, a.matches(':modal')] }";
    assert_eq!(ask(stage, &page, 15, expression).await, json!([true, true]));
    assert_eq!(ask(stage, &page, 25, expression).await, json!([false, false]));

    // Options, and a focus that the keyboard gave.
    let option = |id, value: &str, more: Value| {
        let mut attributes = json!({ "value": value });
        if more == true {
            attributes["selected"] = true.into();
        }
        element(id, "option", attributes, vec![text(id + 1, value)])
    };
    let several = element(
        10,
        "select",
        json!({ "multiple": true }),
        vec![
            option(11, "a", json!(false)),
            option(13, "b", json!(true)),
            option(15, "c", json!(true)),
        ],
    );
    let one = element(
        20,
        "select",
        json!({}),
        vec![option(21, "d", json!(false)), option(23, "e", json!(false))],
    );
    let events = [
        (
            10,
            json!({ "source": 5, "id": 20, "text": "e", "isChecked": false }),
        ),
        (20, json!({ "source": 2, "type": 5, "id": 20 })),
    ];
    let page = recording("", vec![several, one], &events);
    let expression = "{ const [m, o] = d.querySelectorAll('select'); \
        return [[...m.selectedOptions].map((x) => x.value).join(), o.value, o.matches(':focus-visible')] }";
    assert_eq!(ask(stage, &page, 30, expression).await, json!(["b,c", "e", true]));
}
