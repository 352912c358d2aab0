//! Clips in documents, by the command. These tests need a browser.

#[path = "common/command.rs"]
mod command;

use std::path::Path;

use command::{domreel, fixture};

/// Attaches a recording to a document and returns what the document is then.
fn attach(document: &Path, more: &[&str]) -> String {
    domreel()
        .args(["attach", &fixture("damaged/whole.json"), "--to"])
        .arg(document)
        .args(more)
        .assert()
        .code(0);
    std::fs::read_to_string(document).unwrap()
}

#[test]
fn a_second_run_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text, shown) in [
        (
            "report.md",
            "# Report\n\n<!-- domreel -->\n\n## Rest\n",
            "](report-whole.gif)",
        ),
        (
            "report.html",
            "<!DOCTYPE html>\n<body><h1>Report</h1>\n</body>\n",
            "src=\"report-whole.gif\"",
        ),
        (
            "report.ipynb",
            "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}\n",
            "attachment:report-whole.gif",
        ),
    ] {
        let document = directory.path().join(name);
        std::fs::write(&document, text).unwrap();
        let once = attach(&document, &[]);
        assert!(once.contains(shown), "{name}: {once}");
        assert!(document.with_file_name("report-whole.gif").exists());
        let written = std::fs::metadata(&document).unwrap().modified().unwrap();
        assert_eq!(attach(&document, &[]), once, "{name}");
        assert_eq!(std::fs::metadata(&document).unwrap().modified().unwrap(), written);
    }
}

#[test]
fn other_options_change_the_section_in_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let document = directory.path().join("report.md");
    std::fs::write(&document, "# Report\n\n## Timeline\n\n## Rest\n").unwrap();
    let once = attach(&document, &["--under", "timeline"]);
    let twice = attach(
        &document,
        &["--under", "timeline", "--until", "2", "--section-title", "Ours"],
    );
    assert!(twice.contains("### Ours\n"), "{twice}");
    assert_eq!(twice.matches("domreel:begin").count(), 1);
    let rest = |text: &str| text.split("<!-- domreel:end").nth(1).map(str::to_owned);
    assert_eq!(rest(&once), rest(&twice));
    assert!(twice.find("### Ours") < twice.find("## Rest"));
}

#[test]
fn a_post_mortem_is_begun_and_gets_its_clip() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["report.md", "report.html", "report.ipynb"] {
        let document = directory.path().join(name);
        let begin = |code| {
            domreel()
                .args(["new", "postmortem", &fixture("damaged/whole.json"), "-o"])
                .arg(&document)
                .assert()
                .code(code);
        };
        begin(0);
        let text = std::fs::read_to_string(&document).unwrap();
        assert!(
            text.contains("Action items") && text.contains("<!-- domreel -->"),
            "{text}"
        );
        // What somebody has begun to write is not written over.
        begin(2);
        let with_clip = attach(&document, &[]);
        assert!(with_clip.contains("report-whole.gif"), "{with_clip}");
        assert_eq!(attach(&document, &[]), with_clip);
    }
    domreel().args(["new", "postmortem"]).assert().code(0);
}

#[test]
fn what_was_typed_stands_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let document = directory.path().join("report.md");
    std::fs::write(&document, "# Report\n").unwrap();
    domreel()
        .args([
            "attach",
            &fixture("checkout.json.gz"),
            "--around",
            "error",
            "--with",
            "all",
            "--to",
        ])
        .arg(&document)
        .assert()
        .code(0);
    let typed = typed_in(&fixture("checkout.json.gz"));
    assert!(!typed.is_empty());
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        assert!(
            text.contains("Typed") || !text.contains("Steps to reproduce"),
            "{}",
            path.display()
        );
        for typed in &typed {
            assert!(!text.contains(typed.as_str()), "{typed} in {}", path.display());
        }
    }
}

/// What the user of a recording typed into fields, as far as it is long enough to be told from chance.
fn typed_in(recording: &str) -> Vec<String> {
    use domreel::recording::EventData;
    let input = domreel::format::Input::Path(recording.into());
    let recording = domreel::format::read(&[input], &Default::default()).unwrap();
    let events = recording.tabs.iter().flat_map(|tab| &tab.events);
    let mut typed: Vec<String> = events
        .filter_map(|event| match event.data().as_deref() {
            Ok(EventData::Input(input)) if input.checked != Some(true) => {
                input.text.as_deref().map(str::to_owned)
            }
            _ => None,
        })
        .filter(|text| text.len() >= 8 && text.chars().any(|letter| letter != '*'))
        .collect();
    typed.sort();
    typed.dedup();
    typed
}

#[test]
fn what_cannot_be_added_to_is_told_first() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("report.docx");
    std::fs::write(&other, "").unwrap();
    for (document, code) in [(other, 2), (directory.path().join("none.md"), 3)] {
        domreel()
            .args(["attach", &fixture("damaged/whole.json"), "--to"])
            .arg(&document)
            .assert()
            .code(code);
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn every_target_gets_a_snippet() {
    let directory = tempfile::tempdir().unwrap();
    let clip = directory.path().join("clip.gif");
    domreel()
        .args([
            "render",
            &fixture("damaged/whole.json"),
            "--with",
            "manifest",
            "-o",
        ])
        .arg(&clip)
        .assert()
        .code(0);
    for target in domreel::embed::Target::ALL {
        domreel()
            .arg("embed")
            .arg(&clip)
            .args(["--for", target.name()])
            .assert()
            .code(0);
    }
    let page = std::fs::read_to_string(clip.with_extension("html")).unwrap();
    assert!(page.contains("data:image/gif;base64,R0lG"));
    assert!(clip.with_extension("ipynb").exists());
    // An own document, and again: nothing changes.
    let document = directory.path().join("report.md");
    std::fs::write(&document, "# Report\n").unwrap();
    let into = || {
        domreel()
            .arg("embed")
            .arg(&clip)
            .arg("--into")
            .arg(&document)
            .assert()
            .code(0);
        std::fs::read_to_string(&document).unwrap()
    };
    let once = into();
    assert!(once.contains("](clip.gif)"), "{once}");
    assert_eq!(into(), once);
    domreel().arg("embed").arg(&clip).assert().code(2);
    std::fs::remove_file(clip.with_extension("json")).unwrap();
    domreel()
        .arg("embed")
        .arg(&clip)
        .args(["--for", "html"])
        .assert()
        .code(3);
}
