//! Times that no session has.

use super::page::{START, recording, text};
use super::{LONGEST, domreel, folder};

/// Makes a clip of a page with an event at a time, as it stands in JSON.
fn render_with(time: &str) {
    let (_keep, folder) = folder();
    let event = format!(r#"{{"type":3,"data":{{"source":3,"id":1,"x":0,"y":5}},"timestamp":{time}}},"#);
    let input = folder.join("in.json");
    std::fs::write(&input, recording(("640", "400"), &text(10, "hello"), &event)).unwrap();
    let output = folder.join("clip.gif");
    domreel()
        .timeout(LONGEST)
        .args(["render", "--width", "320", "-o"])
        .arg(&output)
        .arg(&input)
        .assert()
        .code(0);
    let file = std::fs::File::open(&output).unwrap();
    let mut frames = gif::DecodeOptions::new().read_info(file).unwrap();
    let mut length = 0;
    while let Some(frame) = frames.next_frame_info().unwrap() {
        length += u64::from(frame.delay);
    }
    assert!(
        length < 120 * 100,
        "a clip of {length} hundredths of a second for {time}"
    );
}

#[test]
fn the_clock_may_jump() {
    const HOUR: u64 = 3_600_000;
    render_with(&(START + 150 * HOUR).to_string());
    render_with(&(START - 150 * HOUR).to_string());
    render_with(&(START + 10_000_000 * HOUR).to_string());
}

#[test]
fn what_is_no_time_is_passed_over() {
    for time in ["-5", "0", "\"NaN\"", "null", "1e400", "-1e308", "{}", "8.64e15"] {
        render_with(time);
    }
}
