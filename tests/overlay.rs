//! Overlays on real pages. These tests need a browser.

#[path = "common/command.rs"]
mod command;

use serde_json::Value;

use command::{domreel, fixture};

/// Renders the failing part of the checkout and gives the report and the frames' directory.
fn render(arguments: &[&str]) -> (Value, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let assert = domreel()
        .args([
            "render",
            &fixture("checkout.json.gz"),
            "--from",
            "22",
            "--to",
            "26.5",
        ])
        .args(["--width", "640", "--format", "png", "--json", "-o"])
        .arg(directory.path().join("frames"))
        .args(arguments)
        .assert()
        .code(0);
    (
        serde_json::from_slice(&assert.get_output().stdout).unwrap(),
        directory,
    )
}

fn number(report: &Value, name: &str) -> u64 {
    report[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {report}"))
}

#[test]
fn all_overlays_capture_no_more_pages_than_none() {
    let (plain, _) = render(&["--overlay", "none"]);
    let (full, _) = render(&[
        "--overlay",
        "full",
        "--caption",
        "23: It fails",
        "--title",
        "Checkout",
    ]);
    assert_eq!(number(&full, "captured"), number(&plain, "captured"));
    assert!(number(&full, "frames") > number(&plain, "frames"));
    assert!(number(&full, "height") > number(&plain, "height"));
}

#[test]
fn the_error_is_in_the_picture_until_the_end() {
    let red_pixels = |directory: &tempfile::TempDir| {
        let frames = std::fs::read_dir(directory.path().join("frames")).unwrap();
        let last = frames
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
            .max()
            .unwrap();
        let picture = image::open(last).unwrap().to_rgb8();
        // The colour of errors in the dark theme.
        picture
            .pixels()
            .filter(|pixel| pixel.0 == [0xff, 0x5c, 0x5c])
            .count()
    };
    let (_, full) = render(&["--hide", "marks,console,requests"]);
    let (_, hidden) = render(&["--hide", "marks,console,requests,badges,errors"]);
    assert!(red_pixels(&full) > 2000, "{}", red_pixels(&full));
    assert_eq!(red_pixels(&hidden), 0);
}
