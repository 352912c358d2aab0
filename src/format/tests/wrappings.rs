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

/// A zlib stream that is not ended.
fn flushed(text: &str) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
    out.get_ref().clone()
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

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// What PostHog's SDK sends: two batches of events, and another event.
fn ingestion(first: &[Value], second: &[Value]) -> Value {
    json!([
        {"event": "$snapshot", "properties": {"$snapshot_data": first, "$session_id": "s1", "$window_id": "w1"}},
        {"event": "$pageview", "properties": {"$session_id": "s1"}},
        {"event": "$snapshot", "properties": {"$snapshot_data": second, "$session_id": "s1", "$window_id": "w1"}},
    ])
}

/// As browsers send it in a form.
fn form(text: &str) -> Vec<u8> {
    let escaped = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    format!("ip=1&data={}&_=17", escaped.collect::<String>()).into_bytes()
}

/// As PostHog kept them until 2023: compressed together in UTF-16, and cut into pieces, which come in any order.
fn chunks(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(units).collect();
    let packed = base64(&gzip(&wide)).into_bytes();
    let pieces: Vec<&[u8]> = packed.chunks(packed.len().div_ceil(3)).collect();
    let piece = |place: usize| {
        json!({"event": "$snapshot", "properties": {"$session_id": "s1", "$window_id": "w1", "$snapshot_data": {
            "chunk_id": "c1", "chunk_index": place, "chunk_count": 3, "compression": "gzip-base64",
            "has_full_snapshot": true, "data": std::str::from_utf8(pieces[place]).unwrap(),
        }}})
    };
    lines([piece(1), piece(0), piece(2)])
}

/// As databases export their tables.
fn table(head: &str, rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let rows = rows
        .into_iter()
        .map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(","));
    std::iter::once(head.to_owned())
        .chain(rows)
        .flat_map(|row| format!("{row}\r\n").into_bytes())
        .collect()
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
        (Rrweb, "rows", lines(events.iter().map(|event| json!({"id": 7, "event": event})))),
        (Rrweb, "UTF-16", text.encode_utf16().fold(vec![0xff, 0xfe], |mut bytes, unit| { bytes.extend(unit.to_le_bytes()); bytes })),
        (Rrweb, "packed", json!(packed).to_string().into_bytes()),
        (Rrweb, "gzip", gzip(text.as_bytes())),
        (Rrweb, "gzip twice", gzip(&gzip(text.as_bytes()))),
        (Rrweb, "gzip members", two.iter().flat_map(|part| gzip(part.as_bytes())).collect()),
        (Rrweb, "zlib", zlib(&text)),
        (Rrweb, "row with text", json!({"id": 7, "session_id": "s1", "events": text}).to_string().into_bytes()),
        (Rrweb, "rows with text", lines(two.iter().map(|events| json!({"id": 7, "data": events})))),
        (Rrweb, "rows of a query", json!({"rows": two.iter().map(|events| json!({"payload": events})).collect::<Vec<_>>()}).to_string().into_bytes()),
        (Rrweb, "columns of events", lines(events.iter().map(|event| {
            let mut row = event.clone();
            row["id"] = json!(7);
            row["data"] = json!(event["data"].to_string());
            row
        }))),
        (Rrweb, "table of events", table("id,event,note", events.iter().map(|event| vec!["7".to_owned(), event.to_string(), "so, \"so\"".to_owned()]))),
        (Rrweb, "table of fields", table("\"timestamp\",\"type\",\"data\"", events.iter().map(|event| {
            vec![event["timestamp"].to_string(), event["type"].to_string(), event["data"].to_string()]
        }))),
        (Rrweb, "texts of arrays", json!(two).to_string().into_bytes()),
        (Rrweb, "base64 of gzip", base64(&gzip(text.as_bytes())).into_bytes()),
        (Rrweb, "text in base64", json!({"data": base64(&zlib(&text))}).to_string().into_bytes()),
        (PostHog, "table", table("session_id,window_id,snapshot_data", events.iter().map(|event| {
            vec!["s1".to_owned(), "w1".to_owned(), cv(event).to_string()]
        }))),
        (PostHog, "form", form(&ingestion(first, second).to_string())),
        (PostHog, "form with base64", form(&base64(ingestion(first, second).to_string().as_bytes()))),
        (PostHog, "chunks", chunks(&text)),
        (PostHog, "blob v2", blob_lines.clone()),
        (PostHog, "blob v2, compressed fields", lines(events.iter().map(|event| window(&cv(event))))),
        (PostHog, "blob v1", lines([json!({"window_id": "w1", "data": first}), json!({"window_id": "w1", "data": second})])),
        (PostHog, "snappy blocks", blob(&blob_lines)),
        (PostHog, "snappy", snap::raw::Encoder::new().compress_vec(&blob_lines).unwrap()),
        (PostHog, "export", json!({"version": "2023-04-28", "data": {"id": "s1", "snapshots": events.iter().map(windowed).collect::<Vec<_>>()}}).to_string().into_bytes()),
        (PostHog, "export of 2022", json!({"version": "2022-12-02", "data": {"person": {}, "snapshotsByWindowId": {"w1": events}}}).to_string().into_bytes()),
        (PostHog, "api", json!({"next": null, "snapshot_data_by_window_id": {"w1": events}}).to_string().into_bytes()),
        (PostHog, "ingestion", ingestion(first, second).to_string().into_bytes()),
        (PostHog, "stored batch", json!({"event": "$snapshot_items", "properties": {"$window_id": "w1", "$snapshot_items": events}}).to_string().into_bytes()),
        (Sentry, "envelope without lengths", [
            b"{\"event_id\":\"e1\"}\n{\"type\":\"replay_event\"}\n{\"replay_id\":\"r1\",\"type\":\"replay_event\"}\n{\"type\":\"replay_recording\"}\n{\"segment_id\":0}\n".to_vec(),
            zlib(&text),
        ].concat()),
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

/// Cuts bytes at places all over them: each time what stands before is read, and that the rest is missing
/// is told, unless the cut is where one thing ends and the next begins (`seams`).
fn check_cuts(name: &str, bytes: &[u8], options: &ReadOptions, seams: &[usize], least: usize) {
    let whole = content(&read_bytes(bytes.to_vec(), options).unwrap());
    let step = (bytes.len() / 24).max(1);
    let mut cuts: Vec<usize> = (0..bytes.len())
        .step_by(step)
        .chain(seams.iter().copied())
        .collect();
    cuts.push(bytes.len() - 1);
    cuts.sort_unstable();
    let mut most = 0;
    for cut in cuts {
        let recording = match read_bytes(bytes[..cut].to_vec(), options) {
            Ok(recording) => recording,
            Err(FormatError::NothingToShow { .. } | FormatError::Empty { .. }) => continue,
            Err(error) => panic!("{name} cut at {cut}: {error}"),
        };
        let found = content(&recording);
        // Formats that hold all in one stretch that is compressed lose all of it at once.
        assert!(found.len() >= most, "{name} cut at {cut}: less than before");
        most = found.len();
        // Segments may overlap: then what is missing is of before the last event.
        let mut rest = whole.iter();
        let other = found.iter().find(|one| !rest.any(|other| *one == other));
        assert!(other.is_none(), "{name} cut at {cut}: {other:?}");
        assert!(
            found.len() == whole.len() || !recording.damage.is_empty() || seams.contains(&cut),
            "{name} cut at {cut}: nothing is told behind {:?}",
            String::from_utf8_lossy(&bytes[cut.saturating_sub(60)..cut])
        );
    }
    assert!(most >= least, "{name}: only {most} events before the last cut");
}

#[test]
fn what_stands_before_a_cut_is_read() {
    for (format, name, bytes) in wrappings() {
        let options = ReadOptions {
            format: Some(format),
            ..ReadOptions::default()
        };
        let all_at_once = [
            "compressed payload",
            "snappy",
            "row with text",
            "rows with text",
            "rows of a query",
            "texts of arrays",
            "text in base64",
            "chunks",
        ]
        .contains(&name);
        let least = if all_at_once { 0 } else { story().len() - 2 };
        check_cuts(&format!("{format} {name}"), &bytes, &options, &[], least);
    }
}

/// A segment as it is uploaded, with what comes beside it.
fn upload(segment: &Value) -> Vec<u8> {
    let part = |name: &str, kind: &str, content: &[u8]| {
        let head = format!(
            "--b7\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let zipped = zlib(&segment.to_string());
    let event = json!({"session": segment["session"], "raw_segment_size": 1});
    [
        part("segment", "application/octet-stream", &zipped),
        part("event", "application/json", event.to_string().as_bytes()),
        b"--b7--\r\n".to_vec(),
    ]
    .concat()
}

fn zip<'b>(files: impl IntoIterator<Item = (&'b str, &'b [u8])>) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let files = files.into_iter().map(|(name, bytes)| (name, bytes, true));
    crate::asset::zip::write(&mut out, files).unwrap();
    out.into_inner()
}

/// An archive of requests, with what was answered in base64.
fn har(answers: &[Vec<u8>]) -> Vec<u8> {
    let entry = |content: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(content);
        json!({
            "request": {"method": "GET", "url": "https://app.example/segments"},
            "response": {"status": 200, "content": {"text": text, "encoding": "base64"}},
        })
    };
    let entries: Vec<Value> = answers.iter().map(|answer| entry(answer)).collect();
    json!({"log": {"version": "1.2", "entries": entries}})
        .to_string()
        .into_bytes()
}

fn datadog_segments() -> Vec<Value> {
    let packed = fixture("datadog-checkout-v7.json.gz");
    let bytes = inflate::inflate(packed.into(), Limit::Unpacked.default()).bytes;
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn the_traffic_of_a_player_holds_its_recording() {
    let segments = datadog_segments();
    let mut answers = vec![b"{\"user\":{\"type\":1}}".to_vec()];
    answers.extend(segments.iter().map(|segment| zlib(&segment.to_string())));
    let whole = content(&read_bytes(json!(segments).to_string(), &strict()).unwrap());
    assert!(content(&read_bytes(har(&answers), &strict()).unwrap()) == whole);
    // That of a page holds none.
    let error = read_bytes(har(&answers[..1]), &strict()).unwrap_err();
    assert!(matches!(error, FormatError::SideFile { .. }), "{error}");
    // Not looked into when that is beyond the limit.
    let mut short = strict();
    short.limits = short.limits.with(Limit::SideFile, 10);
    let error = read_bytes(har(&answers[..1]), &short).unwrap_err();
    assert!(matches!(error, FormatError::Unrecognized { .. }), "{error}");
}

/// A segment whose records have their data as text.
fn with_texts(segment: &Value) -> Value {
    let mut segment = segment.clone();
    for record in segment["records"].as_array_mut().unwrap() {
        if let Some(data) = record.get_mut("data") {
            *data = json!(data.to_string());
        }
    }
    segment
}

#[test]
fn segments_in_tables_are_read() {
    let segments = datadog_segments();
    let whole = content(&read_bytes(json!(segments).to_string(), &strict()).unwrap());
    let rows = segments
        .iter()
        .map(|segment| vec!["v".to_owned(), segment.to_string()]);
    let recording = read_bytes(table("view_id,segment", rows), &strict()).unwrap();
    assert!(content(&recording) == whole);
}

#[test]
fn segments_in_base64_are_read_where_they_stand() {
    let segments = datadog_segments();
    let whole = content(&read_bytes(json!(segments).to_string(), &strict()).unwrap());
    let texts: Vec<String> = segments
        .iter()
        .map(|segment| base64(&zlib(&segment.to_string())))
        .collect();
    let each = |key: &str| -> Vec<Value> { texts.iter().map(|text| json!({ key: text })).collect() };
    for (name, wrapped) in [
        ("array", json!(texts)),
        ("segments", json!({"segments": texts})),
        ("list", json!({"data": each("segment"), "meta": {}})),
        (
            "attributes",
            json!({"data": [{"id": "v", "attributes": {"segments": texts}}]}),
        ),
        (
            "columns of records",
            Value::Array(segments.iter().map(with_texts).collect()),
        ),
        (
            "text",
            json!({"data": segments.iter().map(Value::to_string).collect::<Vec<_>>()}),
        ),
    ] {
        let recording =
            read_bytes(wrapped.to_string(), &strict()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(content(&recording) == whole, "{name}");
        assert_eq!(recording.format, "datadog", "{name}");
    }
    // As a player has them answered.
    let answer = json!({"data": each("segment")}).to_string().into_bytes();
    assert!(content(&read_bytes(har(&[answer]), &strict()).unwrap()) == whole);
}

#[test]
fn missing_pieces_are_told_once() {
    let text = Value::Array(story()).to_string();
    let pieces = chunks(&text);
    // The first and last of three, in the order in which they are sent.
    let kept: Vec<&[u8]> = pieces.split_inclusive(|byte| *byte == b'\n').take(2).collect();
    let recording = read_bytes(kept.concat(), &ReadOptions::default()).unwrap();
    let counts: Vec<_> = recording.damage.counts().collect();
    assert!(
        counts.contains(&(DamageKind::CutOff, 2)) || counts.contains(&(DamageKind::CutOff, 1)),
        "{counts:?}"
    );
    let whole = content(&read_bytes(pieces.clone(), &strict()).unwrap());
    let found = content(&recording);
    assert!(!found.is_empty() && found.len() < whole.len() && whole.starts_with(&found));
}

#[test]
fn videos_of_mobile_applications_are_told() {
    let meta = json!({"type": 4, "timestamp": 1000, "data": {"href": "app", "width": 400, "height": 800}});
    let custom =
        json!({"type": 5, "timestamp": 1002, "data": {"tag": "video", "payload": {"duration": 5000}}});
    let events = json!([meta, custom]).to_string();
    let text = |text: &[u8]| {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[0xc6][..], &length, text].concat()
    };
    let recording = format!("{{\"segment_id\":0}}\n{events}");
    let map = [
        &[0x83][..],
        &text(b"replay_event"),
        &text(br#"{"type":"replay_event","replay_id":"r1"}"#),
        &text(b"replay_recording"),
        &text(recording.as_bytes()),
        &text(b"replay_video"),
        &text(&[0; 300]),
    ]
    .concat();
    let header = format!(
        "{{\"event_id\":\"e1\",\"sdk\":{{}},\"sent_at\":\"\"}}\n{{\"type\":\"replay_video\",\"length\":{}}}\n",
        map.len()
    );
    let item = [header.as_bytes(), &map].concat();
    let download = json!([[meta, custom]]).to_string().into_bytes();
    for (name, bytes) in [("item", item), ("download", download)] {
        let error = read_bytes(bytes, &ReadOptions::default()).unwrap_err();
        assert!(matches!(error, FormatError::NotShown { .. }), "{name}: {error}");
        assert!(
            error.to_string().contains("a video of a mobile application"),
            "{name}: {error}"
        );
    }
}

/// Where each of these ends when they stand one behind the other.
fn seams(parts: &[Vec<u8>]) -> Vec<usize> {
    let ends = parts.iter().scan(0, |end, part| {
        *end += part.len();
        Some(*end)
    });
    ends.collect()
}

#[test]
fn segments_are_read_up_to_a_cut() {
    for fixture_name in ["datadog-checkout-v5.json.gz", "datadog-checkout-v7.json.gz"] {
        let bytes = inflate::inflate(fixture(fixture_name).into(), Limit::Unpacked.default()).bytes;
        let segments: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
        // With the names in the order of this program, as all below.
        let bytes = json!(segments).to_string();
        let whole = content(&read_bytes(bytes.clone(), &strict()).unwrap());
        let zipped: Vec<Vec<u8>> = segments
            .iter()
            .map(|segment| zlib(&segment.to_string()))
            .collect();
        // As they are when the recorder was stopped: without checksum, or flushed but not ended.
        let open: Vec<Vec<u8>> = zipped
            .iter()
            .map(|zipped| zipped[..zipped.len() - 4].to_vec())
            .collect();
        let uploads: Vec<Vec<u8>> = segments.iter().map(upload).collect();
        let each = segments.iter().map(|segment| format!("{segment}\n").into_bytes());
        let each: Vec<Vec<u8>> = each.collect();
        let last = segments.last().unwrap()["records"].as_array().unwrap().len();
        for (name, parts, lost) in [
            ("lines", &each, 2),
            ("zlib", &zipped, 2),
            ("uploads", &uploads, 2),
            ("gzip", &vec![gzip(bytes.as_bytes())], last + 2),
        ] {
            let bytes = parts.concat();
            let found = content(&read_bytes(bytes.clone(), &strict()).unwrap());
            let other = found.iter().zip(&whole).find(|(one, two)| one != two);
            assert!(
                found == whole,
                "{name}: {} of {} events, {other:?}",
                found.len(),
                whole.len()
            );
            let name = format!("{fixture_name} {name}");
            check_cuts(
                &name,
                &bytes,
                &ReadOptions::default(),
                &seams(parts),
                whole.len() - lost,
            );
        }
        let flushed: Vec<Vec<u8>> = segments
            .iter()
            .map(|segment| flushed(&segment.to_string()))
            .collect();
        for (name, parts) in [("without checksums", open), ("flushed", flushed)] {
            let read = read_bytes(parts.concat(), &ReadOptions::default()).unwrap();
            assert!(content(&read) == whole, "{name}");
            // The last one has no next one behind it that would show that it is whole.
            let damage: u64 = read.damage.counts().map(|(_, count)| count).sum();
            assert_eq!(damage, u64::from(name != "flushed"), "{name}: {:?}", read.damage);
        }
    }
}

#[test]
fn a_zip_without_its_end_is_read_as_far_as_it_goes() {
    let text = Value::Array(story()).to_string();
    let whole = read_bytes(zip([("a.json", text.as_bytes())]), &strict()).unwrap();
    let zipped = zip([("a.json", text.as_bytes()), ("notes.txt", b"seen on Monday")]);
    for share in [0.5, 0.8, 0.97] {
        let cut = (zipped.len() as f64 * share) as usize;
        let recording = read_bytes(zipped[..cut].to_vec(), &ReadOptions::default()).unwrap();
        let (found, whole) = (content(&recording), content(&whole));
        assert!(
            !found.is_empty() && whole.starts_with(&found),
            "{} events at {share}",
            found.len()
        );
        let told = recording
            .damage
            .examples()
            .iter()
            .any(|damage| damage.detail.contains("ZIP"));
        assert!(told, "{:?}", recording.damage);
    }
    let error = read_bytes(zipped[..20].to_vec(), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("ZIP"), "{error}");
}

#[test]
fn screens_of_applications_are_read_up_to_a_cut() {
    let text = inflate::inflate(
        fixture("posthog-mobile.ndjson.gz").into(),
        Limit::Unpacked.default(),
    )
    .bytes;
    let lines: Vec<Vec<u8>> = text
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let whole = content(&read_bytes(text.clone(), &strict()).unwrap());
    let events: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_slice::<Value>(line).unwrap()[1].clone())
        .collect();
    let plain = json!(events).to_string().into_bytes();
    let blob = blob(&text);
    for (name, bytes, seams) in [
        ("lines", text.to_vec(), seams(&lines)),
        ("plain", plain, Vec::new()),
        ("blob", blob, Vec::new()),
    ] {
        check_cuts(name, &bytes, &ReadOptions::default(), &seams, whole.len() - 2);
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
