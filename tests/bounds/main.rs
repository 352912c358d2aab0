//! Recordings and options that ask for too much: each ends in a picture or in an error with a name, within bounds
//! of time and memory. Inputs are generated here. Needs a browser.
//!
//! ```text
//! cargo test --test bounds                    what takes seconds
//! cargo test --test bounds -- --ignored --test-threads 1
//!                                             what takes minutes: a million nodes, a gigabyte of JSON, strings of 500 MB
//! ```

#[path = "../common/command.rs"]
mod command;
mod huge;
mod page;
mod times;

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::assert::Assert;
use command::{domreel, fixture};
use page::{adds, recording, text};

/// Nothing here may take longer, on however slow a machine.
const LONGEST: Duration = Duration::from_secs(1800);

/// Takes a picture of the last state of the recording in a file, with more options.
fn shoot(input: &Path, output: &Path, options: &[&str]) -> Assert {
    domreel()
        .timeout(LONGEST)
        .arg("shot")
        .arg(input)
        .args(["--at", "1.9", "-o"])
        .arg(output)
        .args(options)
        .assert()
}

/// Makes a picture of the last state; gives its size.
fn shot(folder: &Path, recording: &str) -> (u32, u32) {
    let (input, output) = (folder.join("in.json"), folder.join("out.png"));
    std::fs::write(&input, recording).unwrap();
    shoot(&input, &output, &[]).code(0);
    image::image_dimensions(&output).unwrap()
}

/// What an error says, as far as it is told.
fn told(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn viewports_that_nobody_has_are_cut_or_passed_over() {
    let (_keep, folder) = folder();
    // In CSS pixels, at most 16,384 a side and 40 million in all.
    let most = (40_000_000 / 16_384, 16_384);
    let of = |width, height| shot(&folder, &recording((width, height), &text(10, "hello"), ""));
    let (width, height) = of("100000", "100000");
    assert!(width <= 8192 && height <= 8192, "{width}×{height}");
    assert!(f64::from(width) * f64::from(height) <= f64::from(most.0) * f64::from(most.1));
    let (width, height) = of("100000", "10");
    assert!(width <= 8192 && height <= 200, "{width}×{height}");
    // What is no size leaves the usual one.
    for (width, height) in [
        ("-5", "-800"),
        ("0", "0"),
        ("\"1e9\"", "\"NaN\""),
        ("null", "null"),
        ("1e400", "1"),
    ] {
        let (width, height) = of(width, height);
        assert!(
            (100..=2000).contains(&width) && (100..=2000).contains(&height),
            "{width}×{height}"
        );
    }
}

#[test]
fn nodes_that_are_their_own_parents_are_passed_over() {
    let (_keep, folder) = folder();
    let node = |parent: usize, id: usize, inner: &str| {
        format!(
            r#"{{"parentId":{parent},"nextId":null,"node":{{"type":2,"tagName":"div","attributes":{{}},"id":{id},"childNodes":[{inner}]}}}}"#
        )
    };
    let within = r#"{"type":3,"textContent":"x","id":10}"#;
    let cyclic = [
        node(20, 20, ""),
        node(22, 21, ""),
        node(21, 22, ""),
        node(10, 3, within),
        node(3, 1, ""),
    ]
    .join(",");
    shot(
        &folder,
        &recording(("1280", "800"), &text(10, "hello"), &adds(&cyclic)),
    );
    // Ids that several nodes have.
    let body = [text(10, "a"), text(10, "b"), text(2, "c"), text(0, "d")].join(",");
    shot(&folder, &recording(("1280", "800"), &body, ""));
}

#[test]
fn ten_thousand_frames_are_shown() {
    let (_keep, folder) = folder();
    let body = page::elements("iframe", 10_000);
    shot(&folder, &recording(("1280", "800"), &body, ""));
}

#[test]
fn bombs_in_options_are_refused_or_harmless() {
    let selectors = [
        "div ".repeat(20_000),
        format!("{}a{}", ":not(".repeat(5000), ")".repeat(5000)),
    ];
    let patterns = [
        "((a{1000}){1000}){1000}".to_owned(),
        format!("{}a{}", "(".repeat(5000), ")".repeat(5000)),
    ];
    let options = selectors
        .iter()
        .map(|one| ("--mask", one, ""))
        .chain(patterns.iter().map(|one| ("--mask-text", one, "")));
    // What is only too large says so.
    let many = "div ".repeat(20_000);
    let large = r"\w{1000}".to_owned();
    let large = [
        ("--mask", &many, "--allow selector="),
        ("--mask-text", &large, "--allow regex="),
    ];
    for (option, value, part) in options.chain(large) {
        let assert = domreel()
            .timeout(LONGEST)
            .args(["inspect", &fixture("checkout.json.gz"), option, value])
            .assert()
            .code(2);
        let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(told.len() < 2000, "{} bytes are told of {option}", told.len());
        assert!(told.contains(part), "{told}");
    }
    domreel()
        .args(["inspect", &fixture("checkout.json.gz"), "--mask-text", large[1].1])
        .args(["--allow", "regex=64MiB"])
        .assert()
        .code(0);
    // Patterns that take ages where they are tried backwards and forwards.
    for (option, value) in [
        ("--mask-text", "(x+x+)+y"),
        ("--mask", "b * * * * * * * * * * * * * * *"),
    ] {
        domreel()
            .timeout(LONGEST)
            .args(["inspect", &fixture("checkout.json.gz"), option, value])
            .assert()
            .code(0);
    }
}

#[test]
fn a_hundred_thousand_levels_are_shown_as_deep_as_pages_go() {
    let (_keep, folder) = folder();
    shot(
        &folder,
        &recording(("1280", "800"), &page::nested("div", 100_000), ""),
    );
    let inspect = domreel()
        .arg("inspect")
        .arg(folder.join("in.json"))
        .assert()
        .code(0);
    let report = String::from_utf8_lossy(&inspect.get_output().stdout).into_owned();
    assert!(report.contains("--allow depth="), "{report}");
}

#[test]
fn pages_beyond_a_limit_are_cut_or_refused_by_name() {
    let (_keep, folder) = folder();
    let (input, output) = (folder.join("in.json"), folder.join("out.png"));
    let body = page::elements("i", 2000);
    std::fs::write(&input, recording(("1280", "800"), &body, "")).unwrap();
    let cut = shoot(&input, &output, &["--allow", "nodes=50"]).code(0);
    assert!(told(&cut).contains("--allow nodes="), "{}", told(&cut));
    let refused = shoot(&input, &output, &["--allow", "page=10kB"]).code(3);
    assert!(told(&refused).contains("--allow page="), "{}", told(&refused));
    let refused = shoot(&input, &output, &["--allow", "events=2", "--strict"]).code(6);
    assert!(told(&refused).contains("--allow events="), "{}", told(&refused));
    let refused = shoot(&input, &output, &["--allow", "noses=2"]).code(2);
    assert!(told(&refused).contains("nodes"), "{}", told(&refused));
}

/// A page that goes to the browser in several messages.
#[test]
fn large_pages_are_shown() {
    let (_keep, folder) = folder();
    shot(&folder, &recording(("1280", "800"), &page::titled(20), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_page_that_eats_memory_ends_with_an_error() {
    let (_keep, folder) = folder();
    let (input, output) = (folder.join("in.json"), folder.join("out.png"));
    let body = page::elements("i", 200_000);
    std::fs::write(&input, recording(("1280", "800"), &body, "")).unwrap();
    let ended = shoot(&input, &output, &["--allow", "browser-memory=320MiB"]).code(4);
    assert!(told(&ended).contains("--allow browser-"), "{}", told(&ended));
    assert!(!output.exists());
}
