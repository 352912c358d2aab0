use serde_json::json;

use super::*;
use crate::format::{Input as File, ReadOptions, read};

/// The steps of events `(milliseconds, data)` on a page with a form.
fn told(events: &[(u32, serde_json::Value)]) -> Vec<String> {
    let element = |id: u32, tag: &str, attributes: serde_json::Value, children: serde_json::Value| json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children});
    let text = |id: u32, text: &str| json!([{"type": 3, "id": id, "textContent": text}]);
    let form = json!([
        element(4, "label", json!({"for": "terms"}), text(5, "Terms")),
        element(6, "input", json!({"type": "checkbox", "id": "terms"}), json!([])),
        element(7, "input", json!({"placeholder": "Name"}), json!([])),
        element(8, "select", json!({"aria-label": "Size"}), json!([])),
        element(9, "input", json!({"type": "range", "title": "Volume"}), json!([])),
        element(10, "button", json!({}), text(11, "All")),
    ]);
    let body = element(3, "body", json!({}), form);
    let node = json!({"type": 0, "id": 1, "childNodes": [element(2, "html", json!({}), json!([body]))]});
    let mut all = vec![
        json!({"type": 4, "timestamp": 1, "data": {"href": "https://a.example/", "width": 800, "height": 600}}),
        json!({"type": 2, "timestamp": 2, "data": {"node": node, "initialOffset": {"top": 0, "left": 0}}}),
    ];
    all.extend(
        events
            .iter()
            .map(|(time, data)| json!({"type": 3, "timestamp": time, "data": data})),
    );
    let file = File::Bytes {
        name: "form".to_owned(),
        data: json!(all).to_string().into_bytes().into(),
    };
    let recording = read(&[file], &ReadOptions::default()).unwrap();
    let (steps, _) = steps(&recording.tabs[0], &[]);
    steps.into_iter().skip(1).map(|step| step.text).collect()
}

fn click(id: u32) -> serde_json::Value {
    json!({"source": 2, "type": 2, "id": id, "x": 1, "y": 1})
}

fn input(id: u32, text: &str, checked: bool) -> serde_json::Value {
    json!({"source": 5, "id": id, "text": text, "isChecked": checked})
}

#[test]
fn one_act_is_one_step() {
    let checked = "Checked check box ‘Terms’";
    let box_clicked = [(1000, click(6)), (1001, input(6, "on", true))];
    assert_eq!(told(&box_clicked), [checked]);
    let label_clicked = [(1000, click(4)), (1002, click(6)), (1003, input(6, "on", true))];
    assert_eq!(told(&label_clicked), [checked]);
    // Some recorders tell it the other way round.
    let late_click = [(900, focus(6)), (1000, input(6, "on", true)), (1001, click(6))];
    assert_eq!(told(&late_click), [checked]);
    let typed = [
        (1000, click(7)),
        (9000, input(7, "A", false)),
        (9100, input(7, "Al", false)),
    ];
    assert_eq!(told(&typed), ["Typed 2 characters into field ‘Name’"]);
    let chosen = [(1000, click(8)), (3000, input(8, "L", false))];
    assert_eq!(told(&chosen), ["Chose ‘L’ in list ‘Size’"]);
    let near = [(1000, click(10)), (1200, click(3)), (1400, click(10))];
    assert_eq!(told(&near), ["Clicked button ‘All’ 3 times"]);
    let drawn = [
        (1000, focus(9)),
        (1100, input(9, "2", false)),
        (1200, input(9, "3", false)),
        (1900, click(9)),
    ];
    assert_eq!(told(&drawn), ["Moved slider ‘Volume’"]);
}

#[test]
fn a_click_on_a_label_is_one_on_what_it_labels() {
    // Masked: what it did is not told.
    let label_clicked = [(1000, click(4)), (1002, click(6))];
    assert_eq!(told(&label_clicked), ["Clicked check box ‘Terms’"]);
    let twice = [(1000, click(10)), (1900, click(7)), (1950, click(7))];
    assert_eq!(told(&twice), ["Clicked button ‘All’ 3 times"]);
    let replaced = [
        (1000, click(7)),
        (1100, input(7, "M", false)),
        (1200, input(7, "Mo", false)),
        (1300, input(7, "Mos", false)),
        (3000, click(7)),
        (3500, input(7, "S", false)),
    ];
    let typed = [
        "Typed 3 characters into field ‘Name’",
        "Typed 1 character into field ‘Name’",
    ];
    assert_eq!(told(&replaced), typed);
}

#[test]
fn what_is_masked_is_not_told() {
    let masked = |id| [(1000, click(id)), (1100, input(id, "***", false))];
    assert_eq!(told(&masked(7)), ["Typed into field ‘Name’"]);
    assert_eq!(told(&masked(8)), ["Chose an option in list ‘Size’"]);
    let by_letter = ["*", "**", "***"].map(|value| (1100, input(7, value, false)));
    let by_letter: Vec<_> = [(1000, click(7))].into_iter().chain(by_letter).collect();
    assert_eq!(told(&by_letter), ["Typed 3 characters into field ‘Name’"]);
}

#[test]
fn what_a_button_does_is_another_step() {
    let by_button = [(1000, click(10)), (1001, input(6, "on", true))];
    assert_eq!(told(&by_button), ["Clicked button ‘All’"]);
    let elsewhere = [(1000, click(7)), (4000, click(6)), (4001, input(6, "on", true))];
    assert_eq!(
        told(&elsewhere),
        ["Clicked field ‘Name’", "Checked check box ‘Terms’"]
    );
}

fn focus(id: u32) -> serde_json::Value {
    json!({"source": 2, "type": 5, "id": id})
}

#[test]
fn what_the_page_does_is_no_step() {
    let rendered = [
        (1000, click(10)),
        (1003, input(7, "", false)),
        (1004, input(9, "3", false)),
    ];
    assert_eq!(told(&rendered), ["Clicked button ‘All’"]);
    // A field that is emptied when Enter is pressed.
    let entered = [
        (1000, click(7)),
        (1100, input(7, "A", false)),
        (1200, input(7, "Al", false)),
        (1300, input(7, "", false)),
        (1400, input(6, "on", false)),
        (2100, input(7, "B", false)),
    ];
    let typed = [
        "Typed 2 characters into field ‘Name’",
        "Typed 1 character into field ‘Name’",
    ];
    assert_eq!(told(&entered), typed);
    let by_keys = [(1000, click(7)), (3000, focus(6)), (5000, input(6, "on", true))];
    assert_eq!(
        told(&by_keys),
        ["Clicked field ‘Name’", "Checked check box ‘Terms’"]
    );
    let emptied = [(1000, click(7)), (1500, focus(7)), (9000, input(7, "", false))];
    assert_eq!(told(&emptied), ["Emptied field ‘Name’"]);
}
