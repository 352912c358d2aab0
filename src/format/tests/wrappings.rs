//! One story in every wrapping that events are met in: read the same, whole or cut off.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use super::*;
use crate::recording::EventData;

/// The story, short enough to be cut at many places.
const STORY: &str = "pages.json.gz";

fn story() -> Vec<Value> {
    let bytes = inflate::inflate(fixture(STORY).into(), Limit::Unpacked.default()).bytes;
    serde_json::from_slice(&bytes).unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn lines(values: impl IntoIterator<Item = Value>) -> Vec<u8> {
    values
        .into_iter()
        .flat_map(|value| format!("{value}\n").into_bytes())
        .collect()
}

/// As PostHog compresses large fields.
fn cv(event: &Value) -> Value {
    let pack = |value: &Value| Value::String(latin1(&gzip(value.to_string().as_bytes())));
    let mut event = event.clone();
    match (event["type"].as_i64(), event["data"]["source"].as_i64()) {
        (Some(2), _) => event["data"] = pack(&event["data"]),
        (Some(3), Some(0)) => {
            for field in ["adds", "removes", "texts", "attributes"] {
                event["data"][field] = pack(&event["data"][field]);
            }
        }
        _ => return event,
    }
    event["cv"] = json!("2024-10");
    event
}

fn blob(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in lines.split_inclusive(|byte| *byte == b'\n') {
        let packed = snap::raw::Encoder::new().compress_vec(block).unwrap();
        out.extend(u32::try_from(packed.len()).unwrap().to_be_bytes());
        out.extend(packed);
    }
    out
}

fn envelope(events: &str, segment: u32) -> Vec<u8> {
    let mut recording = format!("{{\"segment_id\":{segment}}}\n").into_bytes();
    recording.extend(zlib(events));
    let mut out = format!(
        "{}\n{}\n{}\n{}\n",
        json!({"event_id": "e1", "sent_at": "2026-01-01T00:00:00Z", "sdk": {"name": "sentry.javascript.browser"}}),
        json!({"type": "replay_event"}),
        json!({"type": "replay_event", "replay_id": "r1", "release": "demo@1", "environment": "test"}),
        json!({"type": "replay_recording", "length": recording.len()}),
    )
    .into_bytes();
    out.extend(recording);
    out
}

fn wrappings() -> Vec<(FormatName, &'static str, Vec<u8>)> {
    use FormatName::*;
    let events = story();
    let text = Value::Array(events.clone()).to_string();
    let (first, second) = events.split_at(events.len() / 2);
    let two = [json!(first).to_string(), json!(second).to_string()];
    let packed: Vec<String> = events
        .iter()
        .map(|event| latin1(&zlib(&event.to_string())))
        .collect();
    let window = |event: &Value| json!(["w1", event]);
    let windowed = |event: &Value| {
        let mut event = event.clone();
        event["windowId"] = json!("w1");
        event
    };
    let blob_lines = lines(events.iter().map(window));
    let faro = |event: &Value| json!({"name": "faro.session_recording.event", "attributes": {"event": event.to_string()}});
    let other = json!({"name": "session_start", "attributes": {}});
    let faro_events: Vec<Value> = std::iter::once(other).chain(events.iter().map(faro)).collect();
    let highlight =
        json!({"session_secure_id": "s1", "messages": "{}", "events": {"events": events}, "errors": []});
    let segments: Vec<u8> = (0..)
        .zip(&two)
        .flat_map(|(number, events)| {
            let mut segment = format!("{{\"segment_id\":{number}}}\n").into_bytes();
            segment.extend(zlib(events));
            segment
        })
        .collect();
    vec![
        (Rrweb, "array", text.clone().into_bytes()),
        (Rrweb, "byte order mark", format!("\u{feff}{text}").into_bytes()),
        (Rrweb, "lines", lines(events.clone())),
        (Rrweb, "two arrays", two.join("\n").into_bytes()),
        (Rrweb, "events", json!({"events": events}).to_string().into_bytes()),
        (Rrweb, "data", json!({"session": {"id": 1}, "data": events}).to_string().into_bytes()),
        (Rrweb, "packed", json!(packed).to_string().into_bytes()),
        (Rrweb, "gzip", gzip(text.as_bytes())),
        (Rrweb, "gzip twice", gzip(&gzip(text.as_bytes()))),
        (Rrweb, "gzip members", two.iter().flat_map(|part| gzip(part.as_bytes())).collect()),
        (Rrweb, "zlib", zlib(&text)),
        (PostHog, "blob v2", blob_lines.clone()),
        (PostHog, "blob v2, compressed fields", lines(events.iter().map(|event| window(&cv(event))))),
        (PostHog, "blob v1", lines([json!({"window_id": "w1", "data": first}), json!({"window_id": "w1", "data": second})])),
        (PostHog, "snappy blocks", blob(&blob_lines)),
        (PostHog, "snappy", snap::raw::Encoder::new().compress_vec(&blob_lines).unwrap()),
        (PostHog, "export", json!({"version": "2023-04-28", "data": {"id": "s1", "snapshots": events.iter().map(windowed).collect::<Vec<_>>()}}).to_string().into_bytes()),
        (PostHog, "export of 2022", json!({"version": "2022-12-02", "data": {"person": {}, "snapshotsByWindowId": {"w1": events}}}).to_string().into_bytes()),
        (PostHog, "api", json!({"next": null, "snapshot_data_by_window_id": {"w1": events}}).to_string().into_bytes()),
        (PostHog, "ingestion", json!([
            {"event": "$snapshot", "properties": {"$snapshot_data": first, "$session_id": "s1", "$window_id": "w1"}},
            {"event": "$pageview", "properties": {"$session_id": "s1"}},
            {"event": "$snapshot", "properties": {"$snapshot_data": second, "$session_id": "s1", "$window_id": "w1"}},
        ]).to_string().into_bytes()),
        (Sentry, "download", json!([first, second]).to_string().into_bytes()),
        (Sentry, "segments", segments),
        (Sentry, "plain segment", format!("{{\"segment_id\":0}}\n{text}").into_bytes()),
        (Sentry, "envelopes", [envelope(&two[0], 0), envelope(&two[1], 1)].join(&b'\n')),
        (Highlight, "payload", highlight.to_string().into_bytes()),
        (Highlight, "request", json!({"operationName": "PushPayload", "variables": highlight}).to_string().into_bytes()),
        (Highlight, "compressed payload", json!({"variables": {
            "session_secure_id": "s1",
            "data": base64::engine::general_purpose::STANDARD.encode(gzip(highlight.to_string().as_bytes())),
        }}).to_string().into_bytes()),
        (Amplitude, "texts", json!({"version": 1, "events": events.iter().map(Value::to_string).collect::<Vec<_>>()}).to_string().into_bytes()),
        (Amplitude, "packed", json!({"version": 1, "events": packed.iter().map(|event| json!(event).to_string()).collect::<Vec<_>>()}).to_string().into_bytes()),
        (Faro, "payload", json!({"meta": {"session": {"id": "s1"}}, "events": faro_events}).to_string().into_bytes()),
    ]
}

/// Times, kinds and decoded data of the only tab.
fn content(recording: &Recording) -> Vec<(u64, EventKind, String)> {
    assert_eq!(recording.tabs.len(), 1);
    let decoded = |data: &EventData| format!("{data:?}");
    let events = recording.tabs[0].events.iter();
    events
        .map(|event| (event.time.to_bits(), event.kind, decoded(&event.data().unwrap())))
        .collect()
}

#[test]
fn the_story_is_the_same_in_every_wrapping() {
    let plain = content(&read_bytes(Value::Array(story()).to_string(), &strict()).unwrap());
    assert_eq!(plain.len(), 54);
    for (format, name, bytes) in wrappings() {
        let recording =
            read_bytes(bytes, &strict()).unwrap_or_else(|error| panic!("{format} {name}: {error}"));
        assert_eq!(recording.format, format.name(), "{name}");
        assert!(content(&recording) == plain, "{format} {name}");
        let tab = if format == FormatName::PostHog { "w1" } else { "" };
        assert_eq!(recording.tabs[0].id, tab, "{format} {name}");
    }
}

#[test]
fn what_stands_before_a_cut_is_read() {
    let plain = content(&read_bytes(Value::Array(story()).to_string(), &strict()).unwrap());
    for (format, name, bytes) in wrappings() {
        let options = ReadOptions {
            format: Some(format),
            ..ReadOptions::default()
        };
        let step = (bytes.len() / 24).max(1);
        let mut most = 0;
        for cut in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            let recording = match read_bytes(bytes[..cut].to_vec(), &options) {
                Ok(recording) => recording,
                Err(FormatError::NothingToShow { .. } | FormatError::Empty { .. }) => continue,
                Err(error) => panic!("{format} {name} cut at {cut}: {error}"),
            };
            let found = content(&recording);
            // Formats that hold all in one stretch that is compressed lose all of it at once.
            assert!(
                found.len() >= most,
                "{format} {name} cut at {cut}: less than before"
            );
            most = found.len();
            let other = found.iter().zip(&plain).find(|(one, two)| one != two);
            assert!(other.is_none(), "{format} {name} cut at {cut}: {other:?}");
        }
        let all_at_once = ["compressed payload", "snappy"].contains(&name);
        assert!(
            all_at_once || most + 2 >= plain.len(),
            "{format} {name}: only {most} events before the last cut"
        );
    }
}

#[test]
fn what_was_cut_off_is_told() {
    let bytes = Value::Array(story()).to_string().into_bytes();
    let cut = bytes.len() - 40;
    let recording = read_bytes(bytes[..cut].to_vec(), &ReadOptions::default()).unwrap();
    let damage = &recording.damage.examples()[0];
    assert_eq!(
        (damage.kind, damage.event, damage.offset),
        (DamageKind::CutOff, Some(53), Some(cut as u64))
    );
    let error = read_bytes(bytes[..cut].to_vec(), &strict()).unwrap_err();
    assert!(matches!(error, FormatError::Damaged { .. }), "{error}");
}
