//! The command makes clips and pictures. These tests need a browser.

#[path = "common/command.rs"]
mod command;

use std::path::Path;

use serde_json::Value;

use command::{domreel, fixture};

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

fn png_size(path: &Path) -> (u32, u32) {
    let info = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()))
        .read_info()
        .unwrap();
    (info.info().width, info.info().height)
}

#[test]
fn doctor_tries_the_browser() {
    let assert = domreel().args(["doctor", "--json"]).assert().code(0);
    let diagnosis = json(&assert.get_output().stdout);
    assert_eq!(diagnosis["ok"], true);
    assert!(["begin-frame", "screenshot"].contains(&diagnosis["capture"].as_str().unwrap()));
    assert!(diagnosis["version"].as_str().unwrap().contains('.'));
    assert!(diagnosis["missing_fonts"].is_array());
}

#[test]
fn a_clip_is_made_and_described() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.gif");
    let assert = domreel()
        .args(["render", &fixture("damaged/whole.json"), "--json", "-o"])
        .arg(&path)
        .assert()
        .code(0);
    let made = json(&assert.get_output().stdout);
    assert_eq!(made["format"], "gif");
    assert_eq!(made["width"], 640);
    assert_eq!(made["damage"], 0);
    // Four seconds of session, and two of the last frame.
    assert_eq!(made["clip_ms"], 6000);
    assert_eq!(made["bytes"], std::fs::metadata(&path).unwrap().len());
    // Nothing but the clip is left.
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn files_beside_a_clip_tell_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.gif");
    let render = || {
        domreel()
            .args(["render", &fixture("damaged/whole.json"), "--with", "all", "-o"])
            .arg(&path)
            .assert()
            .code(0);
        std::fs::read(path.with_extension("json")).unwrap()
    };
    let manifest = json(&render());
    assert_eq!(manifest["manifest"], 1);
    assert_eq!(manifest["clip"]["duration_ms"], 6000);
    assert_eq!(manifest["clip"]["bytes"], std::fs::metadata(&path).unwrap().len());
    assert_eq!(manifest["recording"]["files"][0]["name"], "whole.json");
    assert_eq!(
        manifest["recording"]["files"][0]["sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    assert_eq!(
        manifest["time_map"].as_array().unwrap().last().unwrap()["clip_to_ms"],
        6000.0
    );
    let poster = directory
        .path()
        .join(manifest["beside"]["poster"].as_str().unwrap());
    let size = (
        manifest["clip"]["width"].as_u64(),
        manifest["clip"]["height"].as_u64(),
    );
    let (width, height) = png_size(&poster);
    assert_eq!(size, (Some(width.into()), Some(height.into())));
    assert!(
        std::fs::read_to_string(path.with_extension("vtt"))
            .unwrap()
            .starts_with("WEBVTT")
    );
    let storyboard = directory
        .path()
        .join(manifest["beside"]["storyboard"].as_str().unwrap());
    assert!(png_size(&storyboard).0 >= 1000);
    let alt = std::fs::read_to_string(path.with_extension("txt")).unwrap();
    assert_eq!(alt.trim_end(), manifest["alt"].as_str().unwrap());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 7);
    // The same again gives the same, over its own files.
    assert_eq!(json(&render()), manifest);
}

#[test]
fn a_recording_is_not_overwritten_by_a_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("session.json");
    std::fs::copy(fixture("damaged/whole.json"), &recording).unwrap();
    domreel()
        .arg("render")
        .arg(&recording)
        .args(["--with", "manifest", "-o"])
        .arg(directory.path().join("session.gif"))
        .assert()
        .code(2);
    assert_eq!(
        std::fs::read(&recording).unwrap(),
        std::fs::read(fixture("damaged/whole.json")).unwrap()
    );
}

#[test]
fn a_clip_goes_to_standard_output_alone() {
    let assert = domreel()
        .args(["render", &fixture("damaged/whole.json"), "-o", "-", "--json"])
        .assert()
        .code(0);
    let output = assert.get_output();
    assert!(output.stdout.starts_with(b"GIF89a") && output.stdout.ends_with(b";"));
    assert_eq!(json(&output.stderr)["bytes"], output.stdout.len());
}

#[test]
fn a_recording_that_is_cut_off_renders_up_to_the_cut() {
    let directory = tempfile::tempdir().unwrap();
    let assert = domreel()
        .args(["render", &fixture("damaged/cut-off.json"), "--json", "-o"])
        .arg(directory.path().join("frames"))
        .assert()
        .code(0);
    let output = assert.get_output();
    assert_eq!(json(&output.stdout)["damage"], 1);
    assert_eq!(json(&output.stdout)["clip_ms"], 5000);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cut off"));
    let frames = json(&std::fs::read(directory.path().join("frames/frames.json")).unwrap());
    assert_eq!(frames["duration_ms"], 5000);
}

#[test]
fn pictures_have_the_size_that_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let shot = |name: &str, options: &[&str]| {
        let path = directory.path().join(name);
        domreel()
            .args(["shot", &fixture("damaged/whole.json"), "--overlay", "none", "-o"])
            .arg(&path)
            .args(options)
            .assert()
            .code(0);
        path
    };
    let path = shot("one.png", &["--at", "2"]);
    assert_eq!(png_size(&path), (640, 400));
    let path = shot("small.png", &["--at", "14:02:02Z", "--width", "320"]);
    assert_eq!(png_size(&path), (320, 200));
    shot(
        "many.png",
        &["--at", "1.5", "--at", "3.9", "--scale", "0.5", "--still"],
    );
    let (first, second) = (
        directory.path().join("many-1.png"),
        directory.path().join("many-2.png"),
    );
    assert_eq!(png_size(&first), (320, 200));
    assert_ne!(std::fs::read(first).unwrap(), std::fs::read(second).unwrap());
}

#[test]
fn a_range_outside_of_the_session_is_wrong_usage() {
    domreel()
        .args([
            "render",
            &fixture("damaged/whole.json"),
            "--from",
            "5:00",
            "-o",
            "never.gif",
        ])
        .assert()
        .code(2)
        .stdout("");
}

#[test]
fn a_place_that_cannot_be_written_to_is_5() {
    domreel()
        .args([
            "render",
            &fixture("damaged/whole.json"),
            "-o",
            "/nowhere/clip.gif",
        ])
        .assert()
        .code(5)
        .stdout("")
        .stderr(predicates::str::contains("/nowhere/clip.gif"));
}
