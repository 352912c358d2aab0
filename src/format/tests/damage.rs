//! Damage of every kind: what is whole is read, what is not is told, and nothing takes the program down.

use proptest::prelude::*;

use super::*;
use crate::recording::{DamageReport, EventData};

const META: &str =
    r#"{"type":4,"data":{"href":"https://a.example/","width":800,"height":600},"timestamp":1000}"#;
const SNAPSHOT: &str = r#"{"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[{"type":2,"tagName":"html","attributes":{},"childNodes":[],"id":2}]},"initialOffset":{"left":0,"top":0}},"timestamp":1001}"#;

fn scroll(time: impl std::fmt::Display) -> String {
    format!(r#"{{"type":3,"data":{{"source":3,"id":2,"x":0,"y":40}},"timestamp":{time}}}"#)
}

fn lenient(text: &str) -> Recording {
    read_bytes(text.to_owned(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn times(recording: &Recording) -> Vec<f64> {
    recording.tabs[0].events.iter().map(|event| event.time).collect()
}

fn kinds_of_damage(report: &DamageReport) -> Vec<(DamageKind, u64)> {
    report.counts().collect()
}

#[test]
fn a_bad_event_is_passed_over_and_counted() {
    for bad in [
        "null",
        "17",
        r#""no event""#,
        r#"{"type":3,"timestamp":1002}"#,
        r#"{"type":3,"data":{"source":99},"timestamp":1002}"#,
        r#"{"type":3,"data":{},"timestamp":1002}"#,
        r#"{"type":99,"data":{},"timestamp":1002}"#,
        r#"{"type":5,"data":[],"timestamp":1002}"#,
        r#"{"timestamp":1002}"#,
        r#"{"type":2,"cv":"2031-01","data":"","timestamp":1002}"#,
    ] {
        let recording = lenient(&format!("[{META},{SNAPSHOT},{bad},{}]", scroll(1003)));
        assert_eq!(times(&recording), [1000.0, 1001.0, 1003.0], "{bad}");
        assert_eq!(
            kinds_of_damage(&recording.damage),
            [(DamageKind::BadEvent, 1)],
            "{bad}"
        );
        assert_eq!(recording.damage.examples()[0].event, Some(2), "{bad}");
        let last = recording.tabs[0].events.last().unwrap();
        assert_eq!(last.index, 3, "{bad}");
    }
}

#[test]
fn reading_goes_on_behind_broken_syntax() {
    let good = scroll(1003);
    for broken in [
        r#"{"type":3,"data":{"source":3,"id":2,"x"#,
        r#"{"type":3,"data":{"source":3,"id":2]},"timestamp":1002}"#,
        r#"{"type":3,"data":{"source":5,"id":2,"text":"no end},"timestamp":1002}"#,
        "%%%% lost block %%%%",
        r#"}}]"#,
    ] {
        let array = format!("[{META},\n{SNAPSHOT},\n{broken},\n{good}]");
        let lines = format!("{META}\n{SNAPSHOT}\n{broken}\n{good}\n");
        let envelope = format!("{{\"events\":{broken}[{META},{SNAPSHOT},{good}]}}");
        for text in [array, lines, envelope] {
            let recording = lenient(&text);
            assert_eq!(times(&recording).last(), Some(&1003.0), "{text}");
            assert!(
                kinds_of_damage(&recording.damage).contains(&(DamageKind::Syntax, 1)),
                "{text}"
            );
            let error = read_bytes(text.clone(), &strict()).unwrap_err();
            assert!(matches!(error, FormatError::Damaged { .. }), "{error}");
        }
    }
}

#[test]
fn a_lost_line_does_not_cost_the_tab() {
    let line = |event: &str| format!("[\"w1\",{event}]\n");
    let text = [
        line(META),
        line(SNAPSHOT),
        line("{\"type\":3,\"da"),
        line(&scroll(1003)),
        line(&scroll(1004)),
    ]
    .concat();
    let recording = lenient(&text);
    assert_eq!(recording.tabs.len(), 1);
    assert_eq!(times(&recording), [1000.0, 1001.0, 1003.0, 1004.0]);
}

#[test]
fn odd_times_are_read_or_replaced() {
    let events = [
        scroll("\"1002\""),
        scroll("\"1970-01-01T00:00:01.003Z\""),
        scroll("1004.25"),
        scroll("NaN"),
        scroll("-5"),
        scroll("1e300"),
        scroll("null"),
        scroll("1005"),
    ];
    let recording = lenient(&format!("[{META},{SNAPSHOT},{}]", events.join(",")));
    let replaced = 1004.25;
    assert_eq!(
        times(&recording),
        [
            1000.0, 1001.0, 1002.0, 1003.0, replaced, replaced, replaced, replaced, replaced, 1005.0
        ]
    );
    assert_eq!(kinds_of_damage(&recording.damage), [(DamageKind::BadEvent, 4)]);
}

#[test]
fn events_without_any_time_before_them_begin_with_the_first_that_has_one() {
    let timeless = META.replace("1000", "null");
    let recording = lenient(&format!("[{timeless},{SNAPSHOT}]"));
    assert_eq!(times(&recording), [1001.0, 1001.0]);
    assert_eq!(recording.tabs[0].events[0].kind, EventKind::Meta);
}

#[test]
fn events_are_sorted_by_time_and_else_keep_their_order() {
    let recording = lenient(&format!(
        "[{},{META},{SNAPSHOT},{},{}]",
        scroll(1001),
        scroll(1001),
        scroll(900)
    ));
    let order: Vec<_> = recording.tabs[0]
        .events
        .iter()
        .map(|event| (event.time, event.index))
        .collect();
    assert_eq!(
        order,
        [(900.0, 4), (1000.0, 1), (1001.0, 0), (1001.0, 2), (1001.0, 3)]
    );
}

#[test]
fn a_page_without_a_size_gets_one() {
    let size = |text: String| match &*lenient(&text).tabs[0].events[0].data().unwrap() {
        crate::recording::EventData::Meta(meta) => (meta.width, meta.height),
        other => panic!("{other:?}"),
    };
    assert_eq!(size(format!("[{SNAPSHOT}]")), (1280.0, 720.0));
    let resize = r#"{"type":3,"data":{"source":4,"width":500,"height":400},"timestamp":2000}"#;
    assert_eq!(size(format!("[{SNAPSHOT},{resize}]")), (500.0, 400.0));
}

#[test]
fn without_a_full_snapshot_there_is_nothing_to_show() {
    let error = read_bytes(format!("[{META},{},5]", scroll(1003)), &ReadOptions::default()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("no full snapshot among its 2 events"),
        "{message}"
    );
    assert!(message.contains("(event 2, byte"), "{message}");
}

#[test]
fn strict_reading_finds_damage_that_shows_only_when_decoded() {
    let bad = r#"{"type":3,"data":{"source":3,"x":0},"timestamp":1003}"#;
    let text = format!("[{META},{SNAPSHOT},{bad}]");
    assert_eq!(lenient(&text).tabs[0].events.len(), 3);
    let error = read_bytes(text, &strict()).unwrap_err().to_string();
    assert!(
        error.contains(r#"no usable "id""#) && error.contains("event 2"),
        "{error}"
    );
}

#[test]
fn clocks_that_jump_are_told() {
    let recording = read_bytes(fixture("damaged/clock.json"), &ReadOptions::default()).unwrap();
    let jumps = recording
        .damage
        .counts()
        .find(|(kind, _)| *kind == DamageKind::ClockJump);
    assert_eq!(jumps, Some((DamageKind::ClockJump, 2)));
}

#[test]
fn depth_costs_nothing() {
    let depth = 100_000;
    let node = r#"{"type":2,"tagName":"i","attributes":{},"id":3,"childNodes":["#;
    let nested = format!("{}{}", node.repeat(depth), "]}".repeat(depth));
    let snapshot = SNAPSHOT.replace(
        r#""childNodes":[],"id":2"#,
        &format!(r#""childNodes":[{nested}],"id":2"#),
    );
    let recording = lenient(&format!("[{META},{snapshot}]"));
    let data = recording.tabs[0].events[1].data().unwrap();
    match &*data {
        crate::recording::EventData::FullSnapshot(full) => assert_eq!(full.tree.nodes.len(), depth + 2),
        other => panic!("{other:?}"),
    }
    let arrays = format!("[{META},{SNAPSHOT},{}{}]", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(lenient(&arrays).tabs[0].events.len(), 2);
    // Every other event is open to the end of the file.
    let open = format!("{}{{\"type\":1,\"x\":[", scroll(1002)).repeat(1_000);
    let recording = lenient(&format!("[{META},{SNAPSHOT},{open}"));
    assert!(kinds_of_damage(&recording.damage).contains(&(DamageKind::Limit, 1)));
    let unclosed = format!("[{META},{SNAPSHOT},{}", r#"{"data":"#.repeat(depth));
    assert_eq!(lenient(&unclosed).tabs[0].events.len(), 2);
}

#[test]
fn what_decompresses_too_far_is_left_out() {
    let text = format!("{META}\n{SNAPSHOT}\n{}", " ".repeat(1 << 20));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    let options = ReadOptions {
        limits: Limits::default().with(Limit::Unpacked, 10_000),
        ..ReadOptions::default()
    };
    let recording = read_bytes(gzip.finish().unwrap(), &options).unwrap();
    assert_eq!(recording.tabs[0].events.len(), 2);
    assert_eq!(kinds_of_damage(&recording.damage), [(DamageKind::Limit, 1)]);
}

/// A recording with bytes changed, taken out or put in at some places.
fn damaged(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let whole = inflate::inflate(fixture(name).into(), Limit::Unpacked.default()).bytes;
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0_usize..400);
    proptest::collection::vec(edit, 1..8).prop_map(move |edits| {
        let mut bytes = whole.to_vec();
        for (place, byte, length) in edits {
            let place = place.index(bytes.len());
            match length {
                0..100 => bytes[place] = byte,
                100..200 => bytes.insert(place, byte),
                _ => drop(bytes.drain(place..(place + length).min(bytes.len()))),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_bytes_never_take_the_program_down(
        bytes in prop_oneof![damaged("pages.json.gz"), damaged("posthog-mobile.ndjson.gz")]
    ) {
        if let Ok(recording) = read_bytes(bytes, &ReadOptions::default()) {
            for event in recording.tabs.iter().flat_map(|tab| &tab.events) {
                event.data().ok();
            }
            for tab in &recording.tabs {
                prop_assert!(tab.events.is_sorted_by(|one, two| one.time <= two.time));
            }
        }
    }

    #[test]
    fn a_damaged_byte_costs_few_events(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = inflate::inflate(fixture("pages.json.gz").into(), Limit::Unpacked.default()).bytes.to_vec();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        match read_bytes(bytes, &ReadOptions::default()) {
            Ok(recording) => {
                let events: usize = recording.tabs.iter().map(|tab| tab.events.len()).sum();
                prop_assert!(events >= 52, "{events} of 54 at {place}");
            }
            // The first bytes tell what it is.
            Err(FormatError::Unrecognized { .. }) => prop_assert!(place < 10, "{place}"),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

/// What is not read of a ZIP because of a limit says so, and is not taken for damage.
#[test]
fn a_zip_beyond_a_limit_names_it() {
    let text = inflate::inflate(fixture("checkout.json.gz").into(), 1 << 30).bytes;
    let files = [("a.json", &text[..], true), ("b.txt", b"more", true)];
    let mut zip = std::io::Cursor::new(Vec::new());
    crate::asset::zip::write(&mut zip, files).unwrap();
    let zip = zip.into_inner();
    for (limit, value) in [(Limit::Unpacked, 60_000), (Limit::Assets, 1)] {
        let options = ReadOptions {
            limits: Limits::default().with(limit, value),
            ..ReadOptions::default()
        };
        let recording = read_bytes(zip.clone(), &options).unwrap();
        let named = format!("--allow {}=", limit.name());
        let told = |damage: &Damage| damage.kind == DamageKind::Limit && damage.detail.contains(&named);
        assert!(recording.damage.examples().iter().any(told), "{named}");
    }
}

/// What was compressed by itself within an event, and what was compressed together and cut.
#[test]
fn compressed_parts_and_pieces_are_bounded() {
    let packed: String = {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let node = r#"{"node":{"type":0,"id":1,"childNodes":[]},"initialOffset":{"left":0,"top":0}}"#;
        std::io::Write::write_all(&mut out, format!("{node}{}", " ".repeat(4000)).as_bytes()).unwrap();
        out.finish()
            .unwrap()
            .iter()
            .map(|byte| char::from(*byte))
            .collect()
    };
    let events = serde_json::json!([
        {"type": 4, "timestamp": 1000, "data": {"href": "x", "width": 8, "height": 8}},
        {"type": 2, "timestamp": 1001, "cv": "2024-10", "data": packed},
    ]);
    for (kib, reads) in [(8, true), (2, false)] {
        let options = ReadOptions {
            limits: Limits::default().with(Limit::Part, kib << 10),
            ..ReadOptions::default()
        };
        let recording = read_bytes(events.to_string(), &options).unwrap();
        let snapshot = recording.tabs[0].events[1].data();
        assert_eq!(snapshot.is_ok(), reads);
        if let Err(error) = snapshot {
            assert!(
                error
                    .to_string()
                    .contains("allowed is 2KiB, which --allow part=…"),
                "{error}"
            );
        }
    }
    let piece = |place: usize| {
        let data = serde_json::json!({"chunk_id": "c1", "chunk_index": place, "chunk_count": 9,
            "compression": "gzip-base64", "has_full_snapshot": true, "data": "H4sI"});
        serde_json::json!({"event": "$snapshot", "properties": {"$session_id": "s1", "$window_id": "w1",
            "$snapshot_data": data}})
    };
    let pieces = serde_json::Value::Array((0..3).map(piece).collect()).to_string();
    let beyond = |most| {
        let options = ReadOptions {
            limits: Limits::default().with(Limit::Pieces, most),
            ..ReadOptions::default()
        };
        let mut report = Vec::new();
        match read_bytes(pieces.clone(), &options) {
            Ok(recording) => report.extend(
                recording
                    .damage
                    .examples()
                    .iter()
                    .map(|damage| damage.detail.clone()),
            ),
            Err(error) => report.push(error.to_string()),
        }
        report.iter().any(|detail| detail.contains("--allow pieces="))
    };
    assert!(beyond(2) && !beyond(3));
}

/// A few megabytes of compressed events are not decoded to gigabytes of nodes.
#[test]
fn no_more_nodes_are_decoded_than_a_page_may_have() {
    let node = r#"{"type":2,"id":9,"tagName":"p","attributes":{},"childNodes":[]}"#;
    let nodes = [node; 50].join(",");
    let add = format!(r#"{{"parentId":1,"nextId":null,"node":{node}}}"#);
    let adds = [add.as_str(); 50].join(",");
    let events = format!(
        r#"[{META},{{"type":2,"timestamp":1000,"data":{{"node":{{"type":0,"id":1,"childNodes":[{nodes}]}}}}}},
        {{"type":3,"timestamp":1001,"data":{{"source":0,"removes":[],"texts":[],"attributes":[],"adds":[{adds}]}}}}]"#
    );
    let options = ReadOptions {
        limits: Limits::default().with(Limit::Nodes, 10),
        ..ReadOptions::default()
    };
    let recording = read_bytes(events, &options).unwrap();
    let counts = recording.tabs[0]
        .events
        .iter()
        .map(|event| match &*event.data().unwrap() {
            EventData::FullSnapshot(snapshot) => snapshot.tree.nodes.len(),
            EventData::Mutation(mutation) => mutation.adds.len(),
            _ => 0,
        });
    // One more, so that the page is known to be cut.
    assert_eq!(counts.collect::<Vec<_>>(), [0, 11, 11]);
}
