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
    // The camera that moves needs none either: only what is too small to be seen in small pictures differs
    // in larger ones.
    let (close, _) = render(&["--overlay", "none", "--zoom", "auto"]);
    let finer = number(&close, "captured").abs_diff(number(&plain, "captured"));
    assert!(finer * 5 <= number(&plain, "captured"), "{close}");
    assert_eq!(number(&close, "height"), number(&plain, "height"));
    assert!(number(&close, "frames") > number(&plain, "frames"));
}

#[test]
fn a_part_of_the_page_is_shown_alone() {
    let directory = tempfile::tempdir().unwrap();
    let shot = |name: &str, crop: &[&str]| {
        let picture = directory.path().join(name);
        let mut command = domreel();
        command
            .args([
                "shot",
                &fixture("damaged/whole.json"),
                "--at",
                "3",
                "--overlay",
                "none",
            ])
            .args(crop)
            .arg("-o")
            .arg(&picture);
        (command.assert(), picture)
    };
    let pixels = |name, crop: &[&str]| {
        let (made, picture) = shot(name, crop);
        made.code(0);
        image::open(picture).unwrap().to_rgb8()
    };
    let whole = pixels("whole.png", &[]);
    let part = pixels("part.png", &["--crop", "10,20,120,60"]);
    assert_eq!(
        part,
        image::imageops::crop_imm(&whole, 10, 20, 120, 60).to_image()
    );
    let heading = pixels("heading.png", &["--crop", "h1"]);
    assert!(heading.height() < whole.height() / 2, "{}", heading.height());
    assert!(heading.pixels().any(|pixel| pixel != heading.get_pixel(0, 0)));
    for (wrong, told) in [
        ("a:hover", "selector"),
        (".nowhere", ".nowhere"),
        ("9000,0,10,10", "9000"),
    ] {
        let (refused, _) = shot("none.png", &["--crop", wrong]);
        refused.code(2).stderr(predicates::str::contains(told));
    }
}

#[test]
fn dark_pages_get_light_overlays_unless_dark_ones_are_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let bar = |recording: &str, theme: &[&str]| {
        let picture = directory.path().join("shot.png");
        let mut command = domreel();
        command.args(["shot", &fixture(recording), "--at", "3", "--width", "400", "-o"]);
        command.arg(&picture).args(theme).assert().code(0);
        let picture = image::open(picture).unwrap().to_rgb8();
        picture.get_pixel(2, picture.height() - 2).0[0]
    };
    assert!(bar("checkout.json.gz", &[]) < 0x40);
    assert!(bar("dark.json.gz", &[]) > 0xc0);
    assert!(bar("dark.json.gz", &["--theme", "dark"]) < 0x40);
}

/// A page that shows a name and a field with one, a click beside it, and an error that tells it.
const NAMED: &str = r#"[
    {"type":4,"timestamp":1000,"data":{"href":"https://a.example/u/Ada%20Lovelace","width":320,"height":200}},
    {"type":2,"timestamp":1001,"data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,"childNodes":[
        {"type":2,"id":2,"tagName":"html","attributes":{},"childNodes":[
            {"type":2,"id":3,"tagName":"button","attributes":{"class":"name","title":"Ada Lovelace"},"childNodes":[
                {"type":3,"id":4,"textContent":"Ada Lovelace"}]},
            {"type":2,"id":5,"tagName":"input","attributes":{"class":"name","value":""},"childNodes":[]}]}]}}},
    {"type":3,"timestamp":1500,"data":{"source":5,"id":5,"text":"Ada Lovelac","isChecked":false}},
    {"type":3,"timestamp":1600,"data":{"source":5,"id":5,"text":"Ada Lovelace","isChecked":false}},
    {"type":3,"timestamp":1900,"data":{"source":2,"type":2,"id":3,"x":20,"y":10}},
    {"type":6,"timestamp":2000,"data":{"plugin":"rrweb/console@1","payload":{"level":"error","trace":[],
        "payload":["\"no cart of Ada Lovelace, card 4111 1111 1111 1111\""]}}},
    {"type":3,"timestamp":3000,"data":{"source":3,"id":1,"x":0,"y":5}}]"#;

#[test]
fn what_is_masked_is_in_no_file_and_no_log() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("session.json");
    std::fs::write(&recording, NAMED).unwrap();
    let told = |mask: &[&str]| {
        let output = directory.path().join(format!("made-{}", mask.len()));
        std::fs::create_dir(&output).unwrap();
        let mut command = domreel();
        command
            .args([
                "render",
                "-vvv",
                "--json",
                "--with",
                "all",
                "--around",
                "error",
                "--caption",
            ])
            .args(["1: for Ada Lovelace", "--title", "Ada Lovelace", "--fps", "4"])
            .arg(&recording)
            .arg("-o")
            .arg(output.join("clip.gif"))
            .args(mask);
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "{said}");
        let mut told = said + &String::from_utf8_lossy(&done.stdout);
        for file in std::fs::read_dir(&output).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            told.push_str(&String::from_utf8_lossy(&bytes));
        }
        told
    };
    assert!(told(&["--redact", "none"]).contains("Lovelace"));
    let masked = told(&["--mask", ".name", "--mask-text", "(?i)ada.*?lovelace"]);
    for secret in ["Lovelac", "4111", "1111 11"] {
        let at = masked.find(secret);
        let around = at.map(|at| masked[..at].chars().rev().take(300).collect::<String>());
        assert_eq!(
            around.map(|text| text.chars().rev().collect::<String>()),
            None,
            "{secret}"
        );
    }
    assert!(masked.contains("no cart of"));
}

#[test]
fn what_is_masked_is_in_no_document_either() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("session.json");
    std::fs::write(&recording, NAMED).unwrap();
    let mask = ["--mask", ".name", "--mask-text", "(?i)ada.*?lovelace"];
    let told = |mask: &[&str], command: &[&str]| {
        let output = tempfile::tempdir_in(directory.path()).unwrap();
        let notebook = r#"{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}"#;
        for (document, text) in [
            ("a.md", "# A\n"),
            ("a.html", "<body></body>"),
            ("a.ipynb", notebook),
        ] {
            std::fs::write(output.path().join(document), text).unwrap();
        }
        let said = domreel()
            .current_dir(&output)
            .args(command)
            .args(["-vvv", "--json"])
            .arg(&recording)
            .args(mask)
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(0), "{command:?}: {log}");
        let mut told = log + &String::from_utf8_lossy(&said.stdout);
        for file in std::fs::read_dir(&output).unwrap() {
            let file = file.unwrap();
            told.push_str(&file.file_name().to_string_lossy());
            told.push_str(&String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()));
        }
        told
    };
    let documents: [&[&str]; 9] = [
        &["attach", "--fps", "2", "--around", "error", "--to", "a.md"],
        &["attach", "--fps", "2", "--around", "error", "--to", "a.html"],
        &["attach", "--fps", "2", "--around", "error", "--to", "a.ipynb"],
        &["render", "--fps", "2", "--for", "notebook", "-o", "clip"],
        &["render", "--fps", "2", "--for", "html", "-o", "clip"],
        &["render", "--fps", "2", "--for", "jira", "-o", "clip"],
        &["storyboard", "-o", "story.png"],
        &["new", "postmortem", "-o", "pm.md"],
        &["inspect"],
    ];
    let unmasked = told(&["--redact", "none"], documents[0]);
    assert!(unmasked.contains("Lovelace") && unmasked.contains("4111"));
    for command in documents {
        let told = told(&mask, command);
        for secret in ["Lovelac", "4111", "1111 11"] {
            assert!(!told.contains(secret), "{secret} in {command:?}: {told}");
        }
    }
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
