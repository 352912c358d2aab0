//! Whole sessions: what is read, and that the page it makes holds together.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::dom::Page;
use crate::format::{FormatError, Input, ReadOptions, read};
use crate::recording::{DamageKind, EventKind, FrustrationKind, Origin, Recording, SignalKind, Tab};

/// Applies all events; gives the last page, and what could not be decoded or applied.
fn play(tab: &Tab) -> (Page, Vec<String>) {
    let mut page = Page::new();
    let mut faults = Vec::new();
    let mut changes = Vec::new();
    for event in &tab.events {
        match event.data() {
            Ok(data) => page.apply(&data, event.time, event.index, &mut changes),
            Err(error) => faults.push(format!("event {}: {error}", event.index)),
        }
        changes.clear();
    }
    faults.extend(page.take_damage().examples().iter().map(ToString::to_string));
    (page, faults)
}

fn open(data: impl Into<Bytes>) -> Result<Recording, FormatError> {
    let input = Input::Bytes {
        name: "test".to_owned(),
        data: data.into(),
    };
    read(&[input], &ReadOptions::default())
}

/// The segments of a fixture.
fn segments(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn zlib(segment: &Value) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(segment.to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn upload(segment: &Value, boundary: &str) -> Vec<u8> {
    let mut body = Vec::new();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"segment\"; filename=\"a-1\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&zlib(segment));
    let tail = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"event\"; filename=\"blob\"\r\n\
         Content-Type: application/json\r\n\r\n{{\"raw_segment_size\":1}}\r\n--{boundary}--\r\n"
    );
    body.extend_from_slice(tail.as_bytes());
    body
}

/// What happens when, whatever the events are called in the file.
fn story(recording: &Recording) -> Vec<(u64, EventKind)> {
    let events = recording.tabs.iter().flat_map(|tab| &tab.events);
    events.map(|event| (event.time.to_bits(), event.kind)).collect()
}

/// The text on the page at the end.
fn text(tab: &Tab) -> String {
    let (mut page, faults) = play(tab);
    assert!(faults.is_empty(), "{faults:?}");
    let mut text = String::new();
    for change in page.snapshot() {
        let changes = format!("{change:?}");
        for piece in changes.split("Text(\"").skip(1) {
            text.push_str(piece.split("\")").next().unwrap_or_default());
        }
    }
    text
}

#[test]
fn all_wrappings_tell_the_same_story() {
    let segments = segments("datadog-widgets-v7.json.gz");
    let array = open(json!(segments).to_string()).unwrap();
    let story_of_array = story(&array);
    assert!(array.damage.is_empty() && story_of_array.len() > 400);
    let assert_same = |data: Vec<u8>, what: &str| {
        let recording = open(data).unwrap();
        assert_eq!(story(&recording), story_of_array, "{what}");
        assert!(recording.damage.is_empty(), "{what}: {:?}", recording.damage);
        assert_eq!(recording.format, "datadog");
    };
    let lines: Vec<String> = segments.iter().map(|segment| format!("{segment}\n")).collect();
    assert_same(lines.concat().into_bytes(), "lines");
    let backwards: Vec<&Value> = segments.iter().rev().collect();
    assert_same(json!(backwards).to_string().into_bytes(), "last first");
    let twice: Vec<&Value> = segments.iter().flat_map(|segment| [segment, segment]).collect();
    assert_same(json!(twice).to_string().into_bytes(), "all twice");
    let pretty = serde_json::to_string_pretty(&segments).unwrap();
    assert_same(pretty.into_bytes(), "pretty");
    let answer = json!({"data": {"type": "segments", "attributes": {"segments": segments}}});
    assert_same(answer.to_string().into_bytes(), "an API's answer");
    assert_same(segments.iter().flat_map(zlib).collect(), "zlib streams");
    let uploads = segments
        .iter()
        .enumerate()
        .map(|(at, segment)| upload(segment, &format!("WebKitFormBoundary{at}")));
    assert_same(uploads.flatten().collect(), "uploads");
}

#[test]
fn bare_records_are_a_session() {
    let segments = segments("datadog-checkout-v7.json.gz");
    let records: Vec<&Value> = segments
        .iter()
        .flat_map(|segment| segment["records"].as_array().unwrap())
        .collect();
    let bare = open(json!(records).to_string()).unwrap();
    assert_eq!(story(&bare), story(&open(json!(segments).to_string()).unwrap()));
    assert!(bare.damage.is_empty(), "{:?}", bare.damage);
    let object = open(json!({ "records": records }).to_string()).unwrap();
    assert_eq!(story(&object), story(&bare));
}

#[test]
fn both_encodings_show_the_same_page() {
    let tree = open(json!(segments("datadog-checkout-v5.json.gz")).to_string()).unwrap();
    let changes = open(json!(segments("datadog-checkout-v7.json.gz")).to_string()).unwrap();
    let text_of_tree = text(&tree.tabs[0]);
    assert!(text_of_tree.contains("Place order"), "{text_of_tree}");
    let words = |text: &str| {
        let words = text.split(|character: char| !character.is_alphanumeric());
        words.map(ToOwned::to_owned).collect::<BTreeSet<String>>()
    };
    assert_eq!(words(&text_of_tree), words(&text(&changes.tabs[0])));
}

#[test]
fn recorded_frustrations_are_signals() {
    let recording = open(json!(segments("datadog-checkout-v5.json.gz")).to_string()).unwrap();
    let frustrations: Vec<_> = recording
        .telemetry
        .signals
        .iter()
        .filter(|signal| signal.origin == Origin::Recorded)
        .filter_map(|signal| match &signal.kind {
            SignalKind::Frustration(frustration) => Some(frustration),
            _ => None,
        })
        .collect();
    let rage = frustrations
        .iter()
        .find(|frustration| frustration.kind == FrustrationKind::RageClick)
        .unwrap();
    assert!(
        rage.node.is_some() && rage.position.is_some() && rage.clicks >= 3,
        "{rage:?}"
    );
}

#[test]
fn what_follows_a_missing_segment_is_not_guessed() {
    let whole = segments("datadog-widgets-v7.json.gz");
    let mut changes = whole.clone();
    changes.remove(2);
    let recording = open(json!(changes).to_string()).unwrap();
    let damage: Vec<String> = recording
        .damage
        .examples()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(damage[0].contains("segment 2 of view"), "{damage:?}");
    assert!(damage[1].contains("cannot be understood"), "{damage:?}");
    let mutations = |recording: &Recording, view: &Value| {
        let from = view["start"].as_f64().unwrap();
        let events = recording.tabs[0].events.iter();
        events
            .filter(|event| event.kind == EventKind::Mutation && event.time >= from)
            .count()
    };
    assert_eq!(mutations(&recording, &whole[3]), 0);
    // The next view begins anew.
    let last = whole
        .iter()
        .rfind(|segment| segment["index_in_view"] == 0)
        .unwrap();
    let begins = |event: &&crate::recording::Event| {
        event.kind == EventKind::FullSnapshot && event.time >= last["start"].as_f64().unwrap()
    };
    assert_eq!(recording.tabs[0].events.iter().filter(begins).count(), 1);
}

#[test]
fn a_cut_off_recording_is_read_as_far_as_it_goes() {
    let text = json!(segments("datadog-checkout-v7.json.gz")).to_string();
    let whole = story(&open(text.clone()).unwrap());
    for share in [0.5, 0.8, 0.999] {
        let length = text.floor_char_boundary((text.len() as f64 * share) as usize);
        let cut = open(text[..length].to_owned()).unwrap();
        assert!(!cut.damage.is_empty());
        let story = story(&cut);
        let records = text[..length].matches(r#""timestamp":"#).count();
        assert!(story.len() + 1 >= records, "{} of {records}", story.len());
        assert_eq!(story, whole[..story.len()], "at {share}");
        let (_, faults) = play(&cut.tabs[0]);
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn a_damaged_line_costs_itself() {
    let mut lines: Vec<String> = segments("datadog-checkout-v5.json.gz")
        .iter()
        .map(Value::to_string)
        .collect();
    let whole = story(&open(lines.join("\n")).unwrap()).len();
    let middle = lines[3].len() / 2;
    lines[3].truncate(middle);
    let recording = open(lines.join("\n")).unwrap();
    let left = story(&recording).len();
    assert!(left > whole - 50 && left < whole, "{left} of {whole}");
    assert!(!recording.damage.is_empty());
}

#[test]
fn views_that_overlap_are_tabs() {
    let segment = |view: &str, from: u64, until: u64| {
        let page = json!({"type": 0, "id": 1, "childNodes": [
            {"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": []}]});
        json!({"view": {"id": view}, "session": {"id": "s"}, "index_in_view": 0, "start": from, "end": until,
            "source": "browser", "records": [
            {"type": 4, "timestamp": from, "data": {"href": "", "width": 100, "height": 100}},
            {"type": 2, "timestamp": from, "data": {"node": page, "initialOffset": {"left": 0, "top": 0}}},
            {"type": 7, "timestamp": until}]})
    };
    let session = json!([
        segment("a", 0, 60_000),
        segment("b", 30_000, 90_000),
        segment("c", 60_000, 70_000),
        segment("d", 69_500, 75_000),
    ]);
    let recording = open(session.to_string()).unwrap();
    let tabs: Vec<(&str, usize)> = recording
        .tabs
        .iter()
        .map(|tab| (tab.id.as_str(), tab.events.len()))
        .collect();
    assert_eq!(tabs, [("a", 9), ("b", 3)]);
    // The end of "c" is recorded after the beginning of "d", and put before it.
    let kinds: Vec<EventKind> = recording.tabs[0].events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds[5..7], [EventKind::Ignored, EventKind::Meta]);
}

#[test]
fn depth_costs_no_stack() {
    let deep = "{\"data\":".repeat(100_000);
    let nodes = format!(
        r#"[{{"type":2,"timestamp":1,"format":0,"data":{{"node":{}{}}}}}]"#,
        r#"{"type":2,"tagName":"i","id":1,"adoptedStyleSheets":[],"childNodes":["#.repeat(100_000),
        "]}".repeat(100_000)
    );
    let change = format!(
        r##"[{{"type":2,"timestamp":1,"format":1,"data":[[1,[null,"#document"],[1,{}{}]]]}}]"##,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(open(deep.clone()).is_err());
    assert!(open(format!("[{{\"type\":7,\"timestamp\":1}},{deep}")).is_err());
    let recording = open(nodes).unwrap();
    assert!(recording.tabs[0].events[0].data().is_ok());
    assert!(open(change).is_ok());
}

/// Files below a directory.
fn files(directory: PathBuf) -> Vec<PathBuf> {
    let mut directories = vec![directory];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Those of this format are read without damage, but for segments that were not saved, and nothing in them refers
/// to what is not there.
#[track_caller]
fn assert_all_play(directory: PathBuf) -> usize {
    let mut failed = Vec::new();
    let mut count = 0;
    for path in files(directory) {
        let Ok(recording) = read(&[Input::Path(path.clone())], &ReadOptions::default()) else {
            continue;
        };
        if recording.format != "datadog" {
            continue;
        }
        count += 1;
        let mut faults: Vec<String> = recording
            .damage
            .examples()
            .iter()
            .filter(|damage| damage.kind != DamageKind::CutOff)
            .map(ToString::to_string)
            .collect();
        faults.extend(recording.tabs.iter().flat_map(|tab| play(tab).1));
        if !faults.is_empty() {
            failed.push(format!("{}:\n  {}", path.display(), faults.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    count
}

#[test]
fn every_datadog_fixture_plays() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    assert!(assert_all_play(fixtures) >= 4);
}

/// Where a person has more recordings.
#[test]
fn every_datadog_recording_of_a_directory_plays() {
    if let Some(directory) = std::env::var_os("DOMREEL_RECORDINGS") {
        assert_all_play(directory.into());
    }
}
