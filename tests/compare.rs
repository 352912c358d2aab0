//! `domreel compare`: a session that fails and a healthy one, side by side. Needs a browser.

#[path = "common/command.rs"]
mod command;

use serde_json::Value;

use command::{domreel, fixture};

#[test]
fn two_sessions_run_side_by_side_on_one_clock() {
    let directory = tempfile::tempdir().unwrap();
    let frames = directory.path().join("frames");
    let assert = domreel()
        .args([
            "compare",
            &fixture("checkout.json.gz"),
            &fixture("checkout-ok.json.gz"),
        ])
        .args([
            "--before", "1", "--after", "2", "--hold", "0.5", "--width", "640", "--json", "-o",
        ])
        .arg(&frames)
        .assert()
        .code(0);
    let made: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(made["step"], "Clicked button ‘Place order’");
    let width = made["width"].as_u64().unwrap();
    assert!((630..=640).contains(&width) && width.is_multiple_of(2), "{made}");
    // 1 s before the step, 2 s after it, and the end held for half a second and at least a frame; an error card may
    // want longer to be read.
    let clip_ms = made["clip_ms"].as_u64().unwrap();
    assert!((3400..=9000).contains(&clip_ms), "{made}");
    let listed: Value = serde_json::from_slice(&std::fs::read(frames.join("frames.json")).unwrap()).unwrap();
    let listed = listed["frames"].as_array().unwrap();
    let last = listed.last().unwrap()["file"].as_str().unwrap();
    let picture = image::open(frames.join(last)).unwrap().to_rgb8();
    assert_eq!(u64::from(picture.width()), width);
    // The left side shows the error and the right one does not.
    let red = |from: u32, to: u32| {
        picture
            .enumerate_pixels()
            .filter(|(x, y, _)| (from..to).contains(x) && *y > 60)
            .filter(|(_, _, pixel)| pixel.0 == [0xff, 0x5c, 0x5c])
            .count()
    };
    let middle = picture.width() / 2;
    assert!(red(0, middle) > 50, "{} red pixels on the left", red(0, middle));
    assert!(red(middle + 4, picture.width()) < red(0, middle) / 10);
}

#[test]
fn sessions_without_a_common_step_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let assert = domreel()
        .args([
            "compare",
            &fixture("checkout.json.gz"),
            &fixture("canvas.json.gz"),
            "-o",
        ])
        .arg(directory.path().join("clip.gif"))
        .assert()
        .code(2);
    let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(
        told.contains("no step in common") && told.contains("Place order"),
        "{told}"
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
