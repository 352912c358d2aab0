//! `domreel scan` and `domreel pick` on sessions of which the truth is known (benches/sessions).

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

fn shop() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop")
}

fn domreel(arguments: &[&str]) -> Value {
    let sessions = shop().join("sessions");
    let done = Command::cargo_bin("domreel")
        .unwrap()
        .args(arguments)
        .arg(sessions)
        .args(["--no-cache", "--json"])
        .assert()
        .success();
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

#[test]
fn every_figure_is_the_generator_s() {
    let truth: Value = serde_json::from_slice(&std::fs::read(shop().join("truth.json")).unwrap()).unwrap();
    let scan = domreel(&["scan"]);
    assert_eq!(scan["sessions"], truth["sessions"]);
    assert_eq!(scan["users"], truth["users"]);
    for kind in ["error", "request"] {
        let groups: Vec<&Value> = scan["groups"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|group| group["kind"] == kind)
            .collect();
        let known = truth[format!("{kind}s")].as_array().unwrap();
        assert_eq!(groups.len(), known.len(), "{kind}");
        for one in known {
            // “GET /api/vouchers/SPRING26” is known by its folder: ids in a route are stars.
            let title = one["title"].as_str().unwrap();
            let part = title.strip_prefix("GET ").unwrap_or(title);
            let part = part
                .strip_prefix("POST ")
                .unwrap_or(part)
                .trim_end_matches("SPRING26");
            let group = groups
                .iter()
                .find(|group| group["title"].as_str().unwrap().contains(part))
                .unwrap_or_else(|| panic!("{title} is not found"));
            for figure in ["sessions", "users", "occurrences", "got_past"] {
                assert_eq!(group[figure], one[figure], "{figure} of {title}");
            }
            assert_eq!(group["sessions_without_user"], 0);
        }
    }
}

#[test]
fn different_ways_into_a_problem_are_picked() {
    let one = domreel(&["pick", "reading 'number'"]);
    let picked = one["picked"].as_array().unwrap();
    assert_eq!(picked.len(), 1);
    assert!(
        picked[0]["reasons"]
            .to_string()
            .contains("Clicked button ‘Pay now’"),
        "{picked:?}"
    );
    let three = domreel(&["pick", "reading 'number'", "-n", "3", "--diverse"]);
    let picked = three["picked"].as_array().unwrap();
    assert_eq!(picked.len(), 3);
    assert!(
        picked[1]["reasons"][0]
            .as_str()
            .unwrap()
            .starts_with("differs from the first")
    );
}

#[test]
fn a_group_that_is_not_there_is_told_with_those_that_are() {
    Command::cargo_bin("domreel")
        .unwrap()
        .args(["pick", "no such thing"])
        .arg(shop().join("sessions"))
        .arg("--no-cache")
        .assert()
        .code(2)
        .stderr(predicates::str::contains("reading 'number'"));
}

#[cfg(feature = "worker")]
#[test]
fn recordings_of_a_queue_are_scanned_and_brought_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let recording = shop().join("sessions/s00025.json.gz");
    Command::cargo_bin("domreel")
        .unwrap()
        .arg("submit")
        .args([&recording, &recording])
        .arg("--data")
        .arg(&data)
        .assert()
        .success();
    let queue = format!("sqlite://{}", data.join("jobs.db").display());
    let scan = || -> Value {
        let done = Command::cargo_bin("domreel")
            .unwrap()
            .args(["scan", &queue, "--json", "--cache"])
            .arg(folder.path().join("cache"))
            .assert()
            .success();
        serde_json::from_slice(&done.get_output().stdout).unwrap()
    };
    assert_eq!(scan()["sessions"], 1);
    let again = scan();
    assert_eq!((&again["sessions"], &again["from_cache"]), (&1.into(), &1.into()));
    Command::cargo_bin("domreel")
        .unwrap()
        .args(["scan", &queue, "--no-cache"])
        .assert()
        .code(2);
    Command::cargo_bin("domreel")
        .unwrap()
        .args(["scan", "sqlite://no/such/jobs.db", "--cache"])
        .arg(folder.path().join("cache"))
        .assert()
        .code(3);
}
