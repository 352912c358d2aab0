//! Recordings and options that ask for too much: each ends in a picture or in an error with a name, within bounds
//! of time and memory. Inputs are generated here. Needs a browser.
//!
//! ```text
//! cargo test --test bounds                    what takes seconds
//! cargo test --test bounds -- --ignored       a million nodes, a million mouse moves
//! ```

#[path = "common/command.rs"]
mod command;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use command::{domreel, fixture};

/// Nothing here may take longer, on however slow a machine.
const LONGEST: Duration = Duration::from_secs(600);

const START: u64 = 1_773_151_320_000;

/// A recording of two seconds: a page with this body, and these events in the middle of it.
fn recording(viewport: (&str, &str), body: &str, events: &str) -> String {
    let (width, height) = viewport;
    let (second, last) = (START + 1, START + 2000);
    format!(
        r#"[{{"type":4,"data":{{"href":"https://a.example/","width":{width},"height":{height}}},"timestamp":{START}}},
{{"type":2,"data":{{"node":{{"type":0,"id":1,"childNodes":[{{"type":2,"tagName":"html","attributes":{{}},"id":2,"childNodes":[
{{"type":2,"tagName":"body","attributes":{{}},"id":3,"childNodes":[{body}]}}]}}]}},"initialOffset":{{"top":0,"left":0}}}},"timestamp":{second}}},
{events}{{"type":3,"data":{{"source":3,"id":1,"x":0,"y":0}},"timestamp":{last}}}]"#
    )
}

fn text(id: usize, text: &str) -> String {
    format!(
        r#"{{"type":2,"tagName":"p","attributes":{{}},"id":{id},"childNodes":[{{"type":3,"textContent":"{text}","id":{}}}]}}"#,
        id + 1
    )
}

/// A change of the page's nodes half a second after its begin.
fn adds(adds: &str) -> String {
    let time = START + 500;
    format!(
        r#"{{"type":3,"timestamp":{time},"data":{{"source":0,"removes":[],"texts":[],"attributes":[],"adds":[{adds}]}}}},"#
    )
}

/// Makes a picture of the last state; gives its size.
fn shot(folder: &Path, recording: &str) -> (u32, u32) {
    let (input, output) = (folder.join("in.json"), folder.join("out.png"));
    std::fs::write(&input, recording).unwrap();
    domreel()
        .timeout(LONGEST)
        .arg("shot")
        .arg(&input)
        .args(["--at", "1.9", "-o"])
        .arg(&output)
        .assert()
        .code(0);
    image::image_dimensions(&output).unwrap()
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
    let mut body = String::new();
    for id in 10..10_010 {
        let _ = write!(
            body,
            r#"{}{{"type":2,"tagName":"iframe","attributes":{{}},"childNodes":[],"id":{id}}}"#,
            if id == 10 { "" } else { "," }
        );
    }
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
        .map(|one| ("--mask", one))
        .chain(patterns.iter().map(|one| ("--mask-text", one)));
    for (option, value) in options {
        let assert = domreel()
            .timeout(LONGEST)
            .args(["inspect", &fixture("checkout.json.gz"), option, value])
            .assert()
            .code(2);
        let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(told.len() < 2000, "{} bytes are told of {option}", told.len());
    }
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
#[ignore = "takes minutes"]
fn a_million_nodes_are_shown_or_told() {
    let (_keep, folder) = folder();
    let mut body = String::new();
    for id in 10..1_000_010 {
        let _ = write!(
            body,
            r#"{}{{"type":2,"tagName":"i","attributes":{{}},"childNodes":[],"id":{id}}}"#,
            if id == 10 { "" } else { "," }
        );
    }
    shot(&folder, &recording(("1280", "800"), &body, ""));
}

#[test]
#[ignore = "takes minutes"]
fn a_million_mouse_moves_are_shown() {
    let (_keep, folder) = folder();
    let mut moves = String::new();
    for batch in 0..4000_u64 {
        let time = START + 10 + batch * 1980 / 4000;
        let _ = write!(
            moves,
            r#"{{"type":3,"timestamp":{time},"data":{{"source":1,"positions":["#
        );
        for at in 0..250_u64 {
            let (x, y) = (batch * at % 1280, (batch + at) % 800);
            let comma = if at == 0 { "" } else { "," };
            let _ = write!(moves, r#"{comma}{{"x":{x},"y":{y},"id":10,"timeOffset":-{at}}}"#);
        }
        moves.push_str("]}},");
    }
    let input = folder.join("in.json");
    std::fs::write(&input, recording(("1280", "800"), &text(10, "hello"), &moves)).unwrap();
    domreel()
        .timeout(LONGEST)
        .arg("render")
        .arg(&input)
        .arg("-o")
        .arg(folder.join("clip.gif"))
        .assert()
        .code(0);
}
