//! The command as a user meets it: arguments, messages, exit codes. No browser is needed.

use assert_cmd::Command;
use predicates::prelude::*;

fn domreel() -> Command {
    let mut command = Command::cargo_bin("domreel").unwrap();
    for variable in ["DOMREEL_BROWSER", "DOMREEL_NO_SANDBOX", "DOMREEL_LOG"] {
        command.env_remove(variable);
    }
    command
}

#[test]
fn help_documents_the_exit_codes() {
    domreel()
        .arg("--help")
        .assert()
        .code(0)
        .stdout(predicate::str::contains("Exit codes:").and(predicate::str::contains("130")));
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [
        &[][..],
        &["paint"],
        &["doctor", "--loud"],
        &["-q", "-v", "doctor"],
    ] {
        domreel().args(arguments).assert().code(2).stdout("");
    }
}

#[test]
fn a_browser_that_is_not_there_is_4() {
    domreel()
        .args(["doctor", "--browser", "/nowhere/chromium"])
        .assert()
        .code(4)
        .stdout(predicate::str::contains("✗ browser"))
        .stderr(predicate::str::contains("/nowhere/chromium"));
}

#[test]
fn the_environment_names_the_browser() {
    domreel()
        .arg("doctor")
        .env("DOMREEL_BROWSER", "/nowhere/from-the-environment")
        .assert()
        .code(4)
        .stderr(predicate::str::contains("/nowhere/from-the-environment"));
}

#[test]
fn without_any_browser_doctor_says_how_to_get_one() {
    let home = tempfile::tempdir().unwrap();
    let assert = domreel()
        .args(["doctor", "--json"])
        .env("PATH", home.path())
        .env("HOME", home.path())
        .assert();
    let diagnosis: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    // Where a distribution's own place holds a browser, it is found without the PATH.
    if diagnosis["browser"].is_null() {
        let assert = assert.code(4);
        assert_eq!(diagnosis["ok"], false);
        assert!(
            diagnosis["checks"][0]["advice"]
                .as_str()
                .unwrap()
                .contains("install")
        );
        let error: serde_json::Value = serde_json::from_slice(&assert.get_output().stderr).unwrap();
        assert_eq!(error["error"]["exit_code"], 4);
        assert_eq!(error["error"]["kind"], "browser");
    }
}

#[test]
fn installing_does_not_help_against_a_wrong_name() {
    domreel()
        .args(["doctor", "--install", "--browser", "/nowhere/chromium"])
        .assert()
        .code(4)
        .stderr(predicate::str::contains("nothing to install"));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let script = domreel().args(["completions", "bash"]).assert().code(0);
    assert!(String::from_utf8_lossy(&script.get_output().stdout).contains("doctor"));
    let directory = tempfile::tempdir().unwrap();
    domreel().arg("man").arg(directory.path()).assert().code(0);
    for page in ["domreel.1", "domreel-doctor.1"] {
        let text = std::fs::read_to_string(directory.path().join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    domreel()
        .args(["man", "/nowhere/at/all"])
        .assert()
        .code(5)
        .stderr(predicate::str::contains("/nowhere/at/all"));
}

/// A file of the fixtures.
fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What `inspect --json` says about a file of the fixtures.
fn inspect(name: &str) -> serde_json::Value {
    let assert = domreel()
        .args(["inspect", "--json", &fixture(name)])
        .assert()
        .code(0);
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn inspect_tells_what_is_in_a_recording() {
    let summary = inspect("checkout.json.gz");
    assert_eq!(summary["format"], "rrweb");
    let tab = &summary["tabs"][0];
    assert_eq!(tab["has_picture"], true);
    assert_eq!(tab["start"], "2026-03-10 14:02:00 UTC");
    assert_eq!(tab["events"], 263);
    assert_eq!(tab["pages"][0]["width"], 1280.0);
    assert!(
        tab["pages"][0]["url"].as_str().unwrap().starts_with("https://"),
        "{tab}"
    );
    assert_eq!(tab["events_by_kind"]["full-snapshot"], 1);
    assert!(tab["clip_ms"].as_u64().unwrap() > 10_000);
    assert_eq!(summary["damage"]["total"], 0);
    let moments = tab["moments"].as_array().unwrap();
    for kind in ["error", "request", "rage-click"] {
        assert!(
            moments.iter().any(|moment| moment["kind"] == kind),
            "{kind}: {moments:?}"
        );
    }
    let request = moments.iter().find(|moment| moment["kind"] == "request").unwrap();
    assert_eq!(request["status"], 500);
}

#[test]
fn what_is_tapped_in_an_application_is_told() {
    let summary = inspect("posthog-mobile.ndjson.gz");
    assert_eq!(summary["damage"]["total"], 0);
    let told = summary["tabs"][0].to_string();
    for step in [
        "‘Sign in’",
        "‘Leave at the door’",
        "‘Tomorrow, 8–10 h’",
        "‘Order’",
    ] {
        assert!(told.contains(step), "{step}: {told}");
    }
    for moment in summary["tabs"][0]["moments"].as_array().unwrap() {
        assert_eq!(moment["kind"], "request", "{moment}");
    }
    assert!(!summary.to_string().contains("grap"), "{summary}");
}

#[test]
fn one_session_is_the_same_in_every_wrapping() {
    let plain = inspect("checkout.json.gz");
    for name in ["checkout-packed.json.gz", "checkout.ndjson.zst"] {
        assert_eq!(inspect(name), plain, "{name}");
    }
}

#[test]
fn inspect_reads_standard_input() {
    domreel()
        .args(["inspect", "-"])
        .pipe_stdin(fixture("resize.json.gz"))
        .unwrap()
        .assert()
        .code(0)
        .stdout(predicate::str::contains("1440×900"));
}

#[test]
fn damage_is_counted_and_survived() {
    assert_eq!(inspect("damaged/whole.json")["damage"]["total"], 0);
    for (name, kind, at_least) in [
        ("cut-off.json", "cut-off", 1),
        ("cut-off.json.gz", "cut-off", 1),
        ("bad-lines.ndjson", "syntax", 1),
        ("bad-events.json", "bad-event", 4),
        ("unknown-nodes.json", "unknown-node", 1),
    ] {
        let summary = inspect(&format!("damaged/{name}"));
        assert_eq!(summary["tabs"][0]["has_picture"], true, "{name}");
        let count = summary["damage"]["by_kind"][kind].as_u64().unwrap_or(0);
        assert!(count >= at_least, "{name}: {}", summary["damage"]);
    }
}

#[test]
fn strict_makes_damage_6() {
    for name in [
        "cut-off.json",
        "bad-lines.ndjson",
        "bad-events.json",
        "unknown-nodes.json",
    ] {
        domreel()
            .args(["inspect", "--strict", &fixture(&format!("damaged/{name}"))])
            .assert()
            .code(6)
            .stdout("")
            .stderr(predicate::str::contains("(event ").and(predicate::str::contains("--strict")));
    }
    domreel()
        .args(["inspect", "--strict", &fixture("damaged/whole.json")])
        .assert()
        .code(0);
}

#[test]
fn input_that_shows_nothing_is_3() {
    for (name, says) in [
        ("damaged/no-snapshot.json", "full snapshot"),
        ("damaged/empty.json", "empty"),
        ("damaged/other.json", "not a recording"),
        ("README.md", "not a recording"),
        ("nowhere.json", "cannot read"),
    ] {
        for command in [&["inspect"][..], &["render", "-o", "never.gif", "--no-sandbox"]] {
            domreel()
                .args(command)
                .arg(fixture(name))
                .assert()
                .code(3)
                .stdout("")
                .stderr(predicate::str::contains(says));
        }
    }
}

#[test]
fn a_tree_of_any_depth_is_survived() {
    const DEPTH: usize = 100_000;
    let mut json = String::from(
        r#"[{"type":4,"timestamp":1,"data":{"href":"https://deep.example/","width":640,"height":400}},
        {"type":2,"timestamp":2,"data":{"initialOffset":{"left":0,"top":0},"node":{"type":0,"id":1,"childNodes":["#,
    );
    for id in 2..DEPTH + 2 {
        json += &format!(r#"{{"type":2,"tagName":"div","attributes":{{}},"id":{id},"childNodes":["#);
    }
    json += &"]}".repeat(DEPTH);
    json += "]}}}]";
    domreel()
        .args(["inspect", "-"])
        .write_stdin(json)
        .assert()
        .code(0);
}

#[test]
fn an_output_that_tells_no_format_is_wrong_usage() {
    domreel()
        .args(["render", &fixture("damaged/whole.json"), "-o", "clip.doc"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("clip.doc"));
}

#[test]
fn several_pictures_do_not_go_to_one_stream() {
    domreel()
        .args([
            "shot",
            &fixture("damaged/whole.json"),
            "--at",
            "1",
            "--at",
            "2",
            "-o",
            "-",
        ])
        .assert()
        .code(2)
        .stdout("");
}

/// A page that shows a name, and an error that tells it.
const NAMED: &str = r#"[
    {"type":4,"timestamp":1000,"data":{"href":"https://a.example/u/Ada%20Lovelace","width":800,"height":600}},
    {"type":2,"timestamp":1001,"data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,"childNodes":[
        {"type":2,"id":2,"tagName":"html","attributes":{},"childNodes":[
            {"type":2,"id":3,"tagName":"p","attributes":{"class":"name"},"childNodes":[
                {"type":3,"id":4,"textContent":"Ada Lovelace"}]}]}]}}},
    {"type":6,"timestamp":2000,"data":{"plugin":"rrweb/console@1","payload":{"level":"error","trace":[],
        "payload":["\"no cart of Ada Lovelace, card 4111 1111 1111 1111\""]}}},
    {"type":3,"timestamp":5000,"data":{"source":3,"id":1,"x":0,"y":5}}]"#;

#[test]
fn what_is_masked_is_told_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("session.json");
    std::fs::write(&path, NAMED).unwrap();
    let told = |arguments: &[&str]| {
        let mut command = domreel();
        command
            .args(["-v", "inspect", "--json"])
            .arg(&path)
            .args(arguments);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let plain = told(&["--redact", "none"]);
    assert!(plain.contains("Ada Lovelace") && plain.contains("4111"));
    let by_default = told(&[]);
    assert!(by_default.contains("Ada Lovelace") && !by_default.contains("1111"));
    for mask in [["--mask", "p.name"], ["--mask-text", "(?i)ada.*?lovelace"]] {
        let masked = told(&mask);
        assert!(
            !masked.contains("Lovelace") && !masked.contains("1111"),
            "{masked}"
        );
        assert!(masked.contains("no cart of"), "{masked}");
    }
}

#[test]
fn a_file_of_settings_is_read_and_its_mistakes_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = domreel();
        command
            .current_dir(directory.path())
            .args(["render", "nowhere.json", "-o", "clip.gif"])
            .args(arguments);
        command.assert()
    };
    std::fs::write(directory.path().join("domreel.toml"), "[clip]\nfsp = 12\n").unwrap();
    run(&[]).code(2).stderr(predicate::str::contains(
        "domreel.toml: there is no setting ‘fsp’",
    ));
    // With sound settings, what is missing is the recording, or the browser.
    let goes_on = || predicate::in_iter([3, 4]);
    run(&["--config", "none"]).code(goes_on());
    std::fs::write(
        directory.path().join("look.toml"),
        "width = 640\nhide = ['bar']\n",
    )
    .unwrap();
    run(&["--config", "look.toml"]).code(goes_on());
    run(&["--config", "other.toml"])
        .code(3)
        .stderr(predicate::str::contains("other.toml"));
}

#[test]
fn a_mask_that_cannot_be_used_is_2_before_anything_is_read() {
    for arguments in [["--mask", "p:hover"], ["--mask-text", "("], ["--redact", "names"]] {
        domreel()
            .args(["inspect", "/nowhere/session.json"])
            .args(arguments)
            .assert()
            .code(2)
            .stdout("");
    }
}
