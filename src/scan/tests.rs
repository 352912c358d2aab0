//! Recordings of the same page by several recorders, scanned together.

use std::path::{Path, PathBuf};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn scanned(paths: &[PathBuf], cache: Option<PathBuf>) -> Scan {
    let options = ScanOptions {
        cache,
        ..ScanOptions::default()
    };
    scan(&find(paths).unwrap(), &options, &|_, _| {})
}

fn group<'g>(groups: &'g [Group], title: &str) -> &'g Group {
    let titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
    groups
        .iter()
        .find(|group| group.title == title)
        .unwrap_or_else(|| panic!("{title} is not among {titles:?}"))
}

#[test]
fn one_bug_in_recordings_of_several_recorders_is_one_group() {
    let paths = ["checkout.json.gz", "checkout-v1.json.gz", "checkout-ok.json.gz"].map(fixture);
    let scan = scanned(&paths, None);
    let groups = scan.groups(&Filter::default());
    let map = group(
        &groups,
        "TypeError: Cannot read properties of undefined (reading 'map')",
    );
    assert_eq!((map.sessions, map.users, map.sessions_without_user), (2, 0, 2));
    assert_eq!((map.occurrences, map.got_past), (8, 0));
    assert_eq!(map.place.as_deref(), Some("in showConfirmation at checkout.js"));
    assert_eq!(map.steps[0].name, "Clicked button ‘Place order’");
    assert_eq!(map.pages[0].name, "shop.example/checkout");
    assert_eq!(map.viewports[0].name, "1280×800");
    let request = group(&groups, "POST shop.example/api/orders 5xx");
    assert_eq!((request.sessions, request.occurrences), (1, 4));
    assert_eq!(scan.session_count(&Filter::default()), 3);
}

#[test]
fn so_many_problems_are_kept_as_may_be() {
    let mut options = ScanOptions::default();
    options.read.limits = options.read.limits.with(Limit::ScanProblems, 2);
    let scan = scan(
        &find(&[fixture("checkout.json.gz")]).unwrap(),
        &options,
        &|_, _| {},
    );
    let facts = &scan.sessions[0].facts;
    assert_eq!(facts.problems.len(), 2);
    assert!(facts.more_problems > 0 && facts.pages.len() <= 2);
    // With the same problems, whether it was read alone.
    options.read.limits = options.read.limits.with(Limit::ScanAlone, 0);
    let alone = super::scan(
        &find(&[fixture("checkout.json.gz")]).unwrap(),
        &options,
        &|_, _| {},
    );
    assert_eq!(alone.sessions, scan.sessions);
}

#[test]
fn damaged_recordings_do_not_stop_a_scan() {
    let scan = scanned(&[fixture("damaged")], None);
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut left_out: Vec<String> = scan.unreadable.iter().map(|file| name(&file.path)).collect();
    left_out.sort();
    assert_eq!(left_out, ["empty.json", "no-snapshot.json", "other.json"]);
    let damaged = scan
        .sessions
        .iter()
        .filter(|scanned| scanned.facts.damage > 0)
        .count();
    assert!(
        damaged >= 4 && scan.sessions.len() == 7,
        "{damaged} of {}",
        scan.sessions.len()
    );
}

#[test]
fn the_cache_changes_nothing_but_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [fixture("checkout.json.gz"), fixture("pages.json.gz")];
    let first = scanned(&paths, Some(folder.path().to_owned()));
    let second = scanned(&paths, Some(folder.path().to_owned()));
    assert_eq!((first.from_cache, second.from_cache), (0, 2));
    assert_eq!(first.sessions, second.sessions);
}

#[test]
fn users_come_from_files_beside_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    for (name, user) in [("a", "nora"), ("b", "nora"), ("c", "ole")] {
        std::fs::copy(
            fixture("checkout.json.gz"),
            folder.path().join(format!("{name}.json.gz")),
        )
        .unwrap();
        let line = format!(
            r#"{{"time":"2026-03-10T14:02:01Z","kind":"marker","message":"signed in","session":"{name}","user":"{user}","release":"7"}}"#
        );
        std::fs::write(folder.path().join(format!("{name}.events.ndjson")), line).unwrap();
    }
    let scan = scanned(&[folder.path().to_owned()], None);
    let all = Filter::default();
    assert_eq!((scan.session_count(&all), scan.user_count(&all)), (3, 2));
    let title = "POST shop.example/api/orders 5xx";
    let groups = scan.groups(&all);
    let request = group(&groups, title);
    assert_eq!(
        (request.users, request.sessions, request.sessions_without_user),
        (2, 3, 0)
    );
    assert_eq!(
        (request.releases[0].name.as_str(), request.releases[0].sessions),
        ("7", 3)
    );
    let only = Filter {
        user: Some("ole".to_owned()),
        ..Filter::default()
    };
    let filtered = scan.groups(&only);
    assert_eq!(group(&filtered, title).sessions, 1);
    assert_eq!(group(&filtered, title).id, request.id);
    let elsewhere = Filter {
        url: Some("/basket".to_owned()),
        ..Filter::default()
    };
    assert!(scan.groups(&elsewhere).is_empty());
}
