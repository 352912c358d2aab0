//! `domreel postmortem` on sessions of which the truth is known (benches/sessions), without clips: no
//! browser is needed.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn shop() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop")
}

/// Writes the document; returns what is told of it.
fn write(output: &Path, more: &[&str]) -> Value {
    let done = Command::cargo_bin("domreel")
        .unwrap()
        .arg("postmortem")
        .arg(shop().join("sessions"))
        .args(["--no-cache", "--no-clips", "--json", "-o"])
        .arg(output)
        .args(more)
        .assert()
        .success();
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

/// What is true of the error that most users met.
fn truth() -> (Value, Value) {
    let truth: Value = serde_json::from_slice(&fs::read(shop().join("truth.json")).unwrap()).unwrap();
    let errors = truth["errors"].as_array().unwrap();
    let worst = errors.iter().max_by_key(|error| error["users"].as_u64()).unwrap();
    (truth.clone(), worst.clone())
}

#[test]
fn the_figures_are_the_generator_s() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("pm.md");
    let made = write(&output, &["--owner", "checkout=@team-payments"]);
    let (truth, worst) = truth();
    assert_eq!(
        (&made["users"], &made["sessions"]),
        (&worst["users"], &worst["sessions"])
    );
    let text = fs::read_to_string(&output).unwrap();
    for row in [
        format!("| Users | {} | of {} known |", worst["users"], truth["users"]),
        format!("| Sessions | {} | of {} ", worst["sessions"], truth["sessions"]),
        format!("| Occurrences | {} |", worst["occurrences"]),
        format!("| Got past it | {} |", worst["got_past"]),
    ] {
        assert!(text.contains(&row), "{row} is not there");
    }
    assert!(text.contains("| @team-payments |"));
    assert!(
        text.contains("“POST plants.example/api/orders 5xx” came before it"),
        "{text}"
    );
    // The table behind the chart adds up to the whole.
    let sum: u64 = text
        .lines()
        .filter(|line| line.starts_with("| 2026-") && line.matches('|').count() == 6)
        .filter_map(|line| line.split('|').nth(5)?.trim().parse::<u64>().ok())
        .sum();
    assert_eq!(Some(sum), worst["occurrences"].as_u64());
    let chart = fs::read_to_string(folder.path().join("pm-files/impact.svg")).unwrap();
    assert!(chart.starts_with("<svg ") && chart.contains("Users affected"));
}

#[test]
fn what_a_person_wrote_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (name, open) in [
        ("pm.md", "## Open questions"),
        ("pm.html", "<h2>Open questions</h2>"),
    ] {
        let output = folder.path().join(name);
        write(&output, &[]);
        let first = fs::read_to_string(&output).unwrap();
        assert_eq!(write(&output, &[])["kept"], serde_json::json!([]));
        assert_eq!(
            fs::read_to_string(&output).unwrap(),
            first,
            "a second run changes nothing"
        );
        let edited = first.replace(open, &format!("{open}\n\nWho is on call?\n"));
        fs::write(&output, format!("{edited}\nMy own words.\n")).unwrap();
        let told = write(&output, &["--owner", "checkout=@team-payments"]);
        assert_eq!(told["kept"], serde_json::json!(["questions"]));
        let second = fs::read_to_string(&output).unwrap();
        for text in ["Who is on call?", "My own words.", "@team-payments"] {
            assert!(second.contains(text), "{text} is not there");
        }
    }
}

#[test]
fn cells_that_a_person_changed_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("pm.ipynb");
    write(&output, &[]);
    let mut notebook: Value = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
    assert_eq!(
        (&notebook["nbformat"], &notebook["nbformat_minor"]),
        (&4.into(), &5.into())
    );
    let cells = notebook["cells"].as_array_mut().unwrap();
    let count = cells.len();
    let own = serde_json::json!({ "cell_type": "markdown", "id": "mine", "metadata": {}, "source": ["My own words."] });
    cells.insert(1, own);
    cells[2]["source"] = serde_json::json!(["A better summary."]);
    cells.pop();
    fs::write(&output, notebook.to_string()).unwrap();
    let told = write(&output, &[]);
    assert_eq!(told["kept"], serde_json::json!(["summary"]));
    assert_eq!(told["left_out"], serde_json::json!(["provenance"]));
    let notebook: Value = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
    let cells = notebook["cells"].as_array().unwrap();
    assert_eq!(cells.len(), count);
    assert_eq!(cells[1]["source"][0], "My own words.");
    assert_eq!(cells[2]["source"][0], "A better summary.");
}

#[test]
fn cells_of_a_datadog_notebook_that_a_person_changed_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("pm.json");
    write(&output, &["--owner", "checkout=@team-payments"]);
    let first = fs::read_to_string(&output).unwrap();
    assert_eq!(
        write(&output, &["--owner", "checkout=@team-payments"])["kept"],
        serde_json::json!([])
    );
    assert_eq!(fs::read_to_string(&output).unwrap(), first);
    let mut body: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(body["data"]["type"], "notebooks");
    let cells = body["data"]["attributes"]["cells"].as_array_mut().unwrap();
    let text = |cell: &Value| {
        cell["attributes"]["definition"]["text"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(cells.iter().all(|cell| cell["type"] == "notebook_cells"));
    assert!(cells.iter().any(|cell| text(cell).contains("@team-payments: **")));
    let summary = text(&cells[1]).replace("## Summary", "## Summary\n\nIt was the stock service.");
    cells[1]["attributes"]["definition"]["text"] = summary.into();
    let count = cells.len();
    cells.pop();
    fs::write(&output, body.to_string()).unwrap();
    let told = write(&output, &["--owner", "checkout=@shop"]);
    assert_eq!(told["kept"], serde_json::json!(["summary"]));
    assert_eq!(told["left_out"], serde_json::json!(["provenance"]));
    let body: Value = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
    let cells = body["data"]["attributes"]["cells"].as_array().unwrap();
    assert_eq!(cells.len(), count - 1);
    assert!(text(&cells[1]).contains("It was the stock service."));
    assert!(cells.iter().any(|cell| text(cell).contains("@shop: **")));
}

#[test]
fn owners_are_mentioned_as_the_target_does() {
    let folder = tempfile::tempdir().unwrap();
    let owners = folder.path().join("OWNERS");
    fs::write(&owners, "# who answers\n/checkout  @team_pay ann@shop.example\n").unwrap();
    for (name, team, person) in [
        (
            "pm.md",
            "@team_pay,",
            "[ann@shop.example](mailto:ann@shop.example)",
        ),
        (
            "pm.html",
            "<span class=\"mention\">@team_pay</span>,",
            "<a class=\"mention\" href=\"mailto:ann@shop.example\">ann@shop.example</a>",
        ),
        ("pm.ipynb", "**@team_pay**,", "mailto:ann@shop.example"),
        ("pm.json", "@team_pay,", "@ann@shop.example"),
    ] {
        let output = folder.path().join(name);
        write(&output, &["--owners", owners.to_str().unwrap()]);
        let text = fs::read_to_string(&output).unwrap();
        assert!(text.contains(team) && text.contains(person), "{name}: {text}");
        // Releases with an @ in their names mention nobody.
        assert!(!text.contains("shop@1.9.0") || name == "pm.html");
    }
}

#[test]
fn every_figure_can_be_counted_again() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("pm.md");
    write(&output, &[]);
    let text = fs::read_to_string(&output).unwrap();
    assert!(text.contains("`pm-files/figures.json`"), "{text}");
    let told: Value =
        serde_json::from_slice(&fs::read(folder.path().join("pm-files/figures.json")).unwrap()).unwrap();
    let (truth, worst) = truth();
    let sessions = told["sessions"].as_array().unwrap();
    assert_eq!(Some(sessions.len() as u64), truth["sessions"].as_u64());
    let times = |session: &Value| session["occurrences_ms"].as_array().unwrap().len() as u64;
    let met: Vec<&Value> = sessions.iter().filter(|session| times(session) > 0).collect();
    let users: std::collections::BTreeSet<&str> = met
        .iter()
        .filter_map(|session| session["user"].as_str())
        .collect();
    let count = |value: usize| Some(value as u64);
    assert_eq!(count(met.len()), worst["sessions"].as_u64());
    assert_eq!(count(users.len()), worst["users"].as_u64());
    assert_eq!(
        Some(met.iter().map(|session| times(session)).sum()),
        worst["occurrences"].as_u64()
    );
    let past = met.iter().filter(|session| session["got_past"] == true).count();
    assert_eq!(count(past), worst["got_past"].as_u64());
    for figure in told["figures"].as_array().unwrap() {
        assert!(figure["rule"].is_string(), "{figure}");
    }
}

#[test]
fn a_file_of_somebody_else_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("notes.md");
    fs::write(&output, "My notes\n").unwrap();
    Command::cargo_bin("domreel")
        .unwrap()
        .arg("postmortem")
        .arg(shop().join("sessions"))
        .args(["--no-cache", "--no-clips", "-o"])
        .arg(&output)
        .assert()
        .code(2);
    assert_eq!(fs::read_to_string(&output).unwrap(), "My notes\n");
}
