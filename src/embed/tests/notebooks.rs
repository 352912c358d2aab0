//! Notebooks, new and there already.

use serde_json::{Value, json};

use super::super::document::Part;
use super::super::notebook::{MARKER, Spot, cells, notebook, put_cells};
use super::*;

fn section(name: &str) -> Vec<Value> {
    let (_directory, clip) = clip(name);
    cells(&clip, "clip", "What the user saw", &Part::ALL).unwrap()
}

#[test]
fn a_new_notebook_is_as_it_should_be() {
    golden("notebook-gif.ipynb", &notebook(&section("clip.gif")));
    golden("notebook-mp4.ipynb", &notebook(&section("clip.mp4")));
}

/// As Jupyter writes them: one blank a level, keys in order.
fn there(minor: u32) -> String {
    format!(
        "{{\n \"cells\": [\n  {{\n   \"cell_type\": \"markdown\",\n   \"metadata\": {{}},\n   \"source\": [\n    \
         \"# Report\\n\",\n    \"é \\u00e9 1e5\"\n   ]\n  }},\n  {{\n   \"cell_type\": \"markdown\",\n   \"metadata\": \
         {{}},\n   \"source\": \"## Timeline\\n{MARKER}\"\n  }},\n  {{\n   \"cell_type\": \"markdown\",\n   \"metadata\": \
         {{}},\n   \"source\": \"## Lessons\"\n  }}\n ],\n \"metadata\": {{\"x\":   1.0}},\n \"nbformat\": 4,\n \
         \"nbformat_minor\": {minor}\n}}"
    )
}

#[test]
fn all_other_bytes_of_a_notebook_stay() {
    let new = section("clip.gif");
    let heading = |text: &str| Spot::Heading(text.to_owned());
    for (spot, at) in [
        (Spot::Marker, 1),
        (heading("report"), 3),
        (heading("timeline"), 2),
        (heading("Lessons"), 3),
    ] {
        let before = there(5);
        let after = put_cells(&before, "clip", &new, &spot).unwrap();
        let json: Value = serde_json::from_str(&after).unwrap();
        let found: Vec<Value> = json["cells"].as_array().unwrap()[at..at + 3].to_vec();
        assert_eq!(found, new, "{spot:?}");
        // What was put in is one piece.
        let common = before
            .bytes()
            .zip(after.bytes())
            .take_while(|(one, two)| one == two)
            .count();
        assert_eq!(
            after[after.len() - (before.len() - common)..],
            before[common..],
            "{spot:?}"
        );
        assert_eq!(put_cells(&after, "clip", &new, &spot).unwrap(), after, "{spot:?}");
    }
    assert!(put_cells(&there(5), "clip", &new, &heading("Nothing")).is_err());
}

#[test]
fn a_section_is_brought_up_to_date_in_its_place() {
    let first = put_cells(&there(5), "clip", &section("clip.gif"), &Spot::Marker).unwrap();
    let other = put_cells(&first, "other", &section("clip.gif"), &Spot::Marker).unwrap();
    let changed = put_cells(&first, "clip", &section("clip.mp4"), &Spot::Marker).unwrap();
    assert_ne!(changed, first);
    assert_eq!(
        put_cells(&changed, "clip", &section("clip.gif"), &Spot::Marker).unwrap(),
        first
    );
    assert!(other.len() > first.len());
}

#[test]
fn older_notebooks_have_no_ids() {
    let after = put_cells(&there(4), "clip", &section("clip.gif"), &Spot::Marker).unwrap();
    let json: Value = serde_json::from_str(&after).unwrap();
    assert!(
        json["cells"]
            .as_array()
            .unwrap()
            .iter()
            .all(|cell| cell.get("id").is_none())
    );
    assert_eq!(json["nbformat_minor"], 4);
    assert_eq!(
        put_cells(&after, "clip", &section("clip.gif"), &Spot::Marker).unwrap(),
        after
    );
}

#[test]
fn notebooks_of_any_shape_are_added_to() {
    for text in [
        "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}",
        "{\n    \"cells\": [],\n    \"metadata\": {},\n    \"nbformat\": 4,\n    \"nbformat_minor\": 5\n}\n",
        "{\"cells\":[{\"cell_type\":\"raw\",\"id\":\"a\",\"metadata\":{},\"source\":[]}],\"metadata\":{},\"nbformat\":4,\"nbformat_minor\":5}",
        "{\r\n  \"cells\": [\r\n    {\"cell_type\":\"raw\",\"id\":\"a\",\"metadata\":{},\"source\":[]}\r\n  ], \"metadata\":{},\"nbformat\":4,\"nbformat_minor\":5}",
    ] {
        let new = section("clip.gif");
        let after = put_cells(text, "clip", &new, &Spot::Marker).unwrap();
        let json: Value = serde_json::from_str(&after).unwrap();
        let cells = json["cells"].as_array().unwrap();
        assert_eq!(cells[cells.len() - 3..], new[..], "{text}");
        assert_eq!(
            put_cells(&after, "clip", &new, &Spot::Marker).unwrap(),
            after,
            "{text}"
        );
    }
}

#[test]
fn what_is_no_notebook_is_refused() {
    let deep = format!("{{\"cells\": [{}", "[".repeat(100_000));
    for text in [
        "",
        "[]",
        "{\"cells\": {}, \"nbformat\": 4}",
        "{\"cells\": [1], \"nbformat\": 4}",
        "{\"cells\": [], \"nbformat\": 3}",
        "{\"worksheets\": [], \"nbformat\": 3}",
        &deep,
    ] {
        assert!(
            put_cells(text, "clip", &[json!({})], &Spot::Marker).is_err(),
            "{}",
            text.len()
        );
    }
}
