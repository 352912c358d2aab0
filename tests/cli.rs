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
