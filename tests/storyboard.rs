//! Storyboards of real recordings.

#[path = "common/command.rs"]
mod command;

use domreel::clip::{Clip, ClipOptions};
use domreel::format::{Input, ReadOptions, read};
use domreel::moment::{KeyKind, MomentKind, UserStepKind, key_frames};
use serde_json::Value;

use command::{domreel, fixture};

#[test]
fn the_error_and_what_led_there_come_first() {
    let input = Input::Path(fixture("checkout.json.gz").into());
    let recording = read(&[input], &ReadOptions::default()).unwrap();
    let tab = &recording.tabs[0];
    let clip = Clip::new(tab, &ClipOptions::default()).unwrap();
    let frames = |most| key_frames(tab, &recording.telemetry, &clip.map, most);
    let two = frames(2);
    let [before, after] = &two[..] else {
        panic!("{two:?}")
    };
    assert_eq!(before.lines[0].kind, KeyKind::Step(UserStepKind::Click));
    assert_eq!(before.lines[0].text, "Clicked button ‘Place order’");
    let is_error = |kind| kind == KeyKind::Moment(MomentKind::Error);
    assert!(after.lines.iter().any(|line| is_error(line.kind)), "{after:?}");
    assert!(after.lines.iter().any(|line| line.place.is_some()), "{after:?}");
    // The page has had time to show it.
    assert!(after.picture > after.time + 500.0, "{after:?}");

    for most in [1, 5, 9, 40] {
        let frames = frames(most);
        assert!(frames.len() <= most);
        assert!(
            frames
                .iter()
                .any(|frame| frame.lines.iter().any(|line| is_error(line.kind)))
        );
        for pair in frames.windows(2) {
            assert!(
                pair[0].picture < pair[1].time && pair[1].time <= pair[1].picture,
                "{pair:?}"
            );
        }
    }
}

/// Needs a browser.
#[test]
fn a_storyboard_is_one_picture() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("story.png");
    let assert = domreel()
        .args(["storyboard", &fixture("checkout.json.gz"), "--around", "error"])
        .args([
            "--frames",
            "3",
            "--columns",
            "2",
            "--width",
            "600",
            "--title",
            "It fails",
            "--json",
            "-o",
        ])
        .arg(&path)
        .assert()
        .code(0);
    let made: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(made["width"], 600);
    let frames = made["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 3);
    assert!(
        frames
            .iter()
            .any(|frame| frame["kinds"].as_array().unwrap().contains(&"error".into()))
    );
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(
        (Value::from(info.width), Value::from(info.height)),
        (made["width"].clone(), made["height"].clone())
    );
    // The shop's green is in the pictures, on a ground of white.
    let channels = info.color_type.samples();
    let count = |is: fn(&[u8]) -> bool| pixels.chunks_exact(channels).filter(|pixel| is(pixel)).count();
    let total = (info.width * info.height) as usize;
    assert!(count(|pixel| pixel[..3] == [255, 255, 255]) > total / 4);
    assert!(count(|pixel| pixel[1] > 80 && pixel[0] < 60) > 200);
}
