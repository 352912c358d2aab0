//! Several files, directories, and files that are no recordings.

use super::*;

fn named(name: &str, data: impl Into<bytes::Bytes>) -> Input {
    Input::Bytes {
        name: name.to_owned(),
        data: data.into(),
    }
}

fn read_named(files: &[(&str, String)]) -> Result<Recording, FormatError> {
    let inputs: Vec<Input> = files
        .iter()
        .map(|(name, text)| named(name, text.clone()))
        .collect();
    read(&inputs, &ReadOptions::default())
}

fn batch(session: &str, window: &str, from: u32) -> String {
    format!(
        r#"[{{"event":"$snapshot","properties":{{"$session_id":"{session}","$window_id":"{window}","$snapshot_data":[
        {{"type":4,"data":{{"href":"","width":1,"height":1}},"timestamp":{from}}},
        {{"type":2,"data":{{"node":{{"type":0,"id":1,"childNodes":[]}}}},"timestamp":{from}}}]}}}}]"#
    )
}

#[test]
fn files_of_one_session_are_one_recording() {
    let recording = read_named(&[
        ("2", batch("s", "w2", 5000)),
        ("1", batch("s", "w1", 1000)),
        ("3", batch("s", "w1", 9000)),
    ])
    .unwrap();
    let tabs: Vec<_> = recording
        .tabs
        .iter()
        .map(|tab| (tab.id.as_str(), tab.events.len()))
        .collect();
    assert_eq!(tabs, [("w1", 4), ("w2", 2)]);
    assert_eq!(recording.telemetry.context.session.as_deref(), Some("s"));
    assert!(
        recording.tabs[0]
            .events
            .is_sorted_by(|one, two| one.time <= two.time)
    );
}

#[test]
fn files_of_two_sessions_are_listed() {
    let error = read_named(&[("a.json", batch("s1", "w", 1)), ("b.json", batch("s2", "w", 1))]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("session s1: a.json") && text.contains("session s2: b.json"),
        "{text}"
    );
}

#[test]
fn files_that_name_no_session_are_not_taken_together() {
    let plain = || r#"[{"type":2,"data":{"node":{"type":0,"id":1}},"timestamp":1}]"#.to_owned();
    assert!(read_named(&[("a.json", plain())]).is_ok());
    let text = read_named(&[("a.json", plain()), ("b.json", plain())])
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("no session named: a.json") && text.contains("b.json"),
        "{text}"
    );
}

#[test]
fn pieces_of_events_are_of_a_session_too() {
    let piece = |session: &str| {
        format!(
            r#"{{"event":"$snapshot","properties":{{{session}"$window_id":"w","$snapshot_data":
            {{"chunk_id":"c","chunk_index":0,"chunk_count":2,"data":"eyJhIjoi"}}}}}}"#
        )
    };
    let text = read_named(&[("a.json", batch("s1", "w", 1)), ("b.json", piece(""))])
        .unwrap_err()
        .to_string();
    assert!(text.contains("no session named: b.json"), "{text}");
    assert!(
        read_named(&[
            ("a.json", batch("s1", "w", 1)),
            ("b.json", piece(r#""$session_id":"s1","#))
        ])
        .is_ok()
    );
}

#[test]
fn directories_are_searched_and_other_files_in_them_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("below");
    std::fs::create_dir(&below).unwrap();
    std::fs::write(directory.path().join("a.json"), batch("s", "w", 1)).unwrap();
    std::fs::write(below.join("b.json"), batch("s", "w", 2)).unwrap();
    std::fs::write(directory.path().join("README.md"), "# Notes").unwrap();
    std::fs::write(directory.path().join("empty"), "").unwrap();
    let recording = read(
        &[Input::Path(directory.path().to_owned())],
        &ReadOptions::default(),
    )
    .unwrap();
    assert_eq!(recording.tabs[0].events.len(), 4);
    std::fs::remove_file(directory.path().join("a.json")).unwrap();
    std::fs::remove_file(below.join("b.json")).unwrap();
    let error = read(
        &[Input::Path(directory.path().to_owned())],
        &ReadOptions::default(),
    )
    .unwrap_err();
    assert!(matches!(error, FormatError::NoRecording { .. }), "{error}");
}

#[test]
fn what_is_no_recording_is_told_apart() {
    let error = |text: &str| read_bytes(text.to_owned(), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error(""), FormatError::Empty { .. }));
    assert!(matches!(error("<html>"), FormatError::Unrecognized { .. }));
    assert!(matches!(error("[]"), FormatError::Unrecognized { .. }));
    let clarity = error(r#"{"e":["0.8.1",1],"a":[[0,5]],"p":[[0,6]]}"#);
    assert!(
        matches!(
            clarity,
            FormatError::Unsupported {
                format: FormatName::Clarity,
                ..
            }
        ),
        "{clarity}"
    );
    let rum = error(
        r#"{"type":"error","date":1700000000000,"session":{"id":"s"},"view":{"id":"v"},"application":{"id":"a"},"error":{"message":"no"},"_dd":{"format_version":2}}"#,
    );
    assert!(matches!(rum, FormatError::SideFile { .. }), "{rum}");
    let missing = read(&[Input::Path("/no/such/file".into())], &ReadOptions::default()).unwrap_err();
    assert!(missing.to_string().contains("/no/such/file"), "{missing}");
}

#[test]
fn events_sent_twice_count_once() {
    let twice = format!("{}\n{}", batch("s", "w", 7), batch("s", "w", 7));
    let recording = read_bytes(twice, &strict()).unwrap();
    assert_eq!(recording.tabs[0].events.len(), 2);
}

#[test]
fn an_envelope_tells_of_its_session() {
    let text = concat!(
        r#"{"event_id":"e","sent_at":"2026-01-01T00:00:00Z","sdk":{"name":"x"}}"#,
        "\n",
        r#"{"type":"replay_event"}"#,
        "\n",
        r#"{"type":"replay_event","replay_id":"r1","release":"demo@1","environment":"test","user":{"id":"u1"}}"#,
        "\n",
        r#"{"type":"replay_recording"}"#,
        "\n",
        r#"{"segment_id":0}"#,
        "\n",
        r#"[{"type":2,"data":{"node":{"type":0,"id":1}},"timestamp":1795428898000},{"type":5,"data":{"tag":"performanceSpan","payload":{}},"timestamp":1795428899.5}]"#,
    );
    let body = text.split_once(r#"{"segment_id":0}"#).unwrap().1.len() + r#"{"segment_id":0}"#.len();
    let text = text.replace(
        r#"{"type":"replay_recording"}"#,
        &format!(r#"{{"type":"replay_recording","length":{body}}}"#),
    );
    let recording = read_bytes(text, &strict()).unwrap();
    let context = &recording.telemetry.context;
    assert_eq!(context.session.as_deref(), Some("r1"));
    assert_eq!(context.release.as_deref(), Some("demo@1"));
    assert_eq!(context.user.as_deref(), Some("u1"));
    // Times in seconds are put right.
    assert_eq!(recording.tabs[0].events.last().unwrap().time, 1_795_428_899_500.0);
}
