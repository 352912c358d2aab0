//! Whole sessions: what is read, and that the page it makes holds together.

use std::path::{Path, PathBuf};

use crate::dom::Page;
use crate::format::{Input, ReadOptions, read};
use crate::recording::{EventKind, Tab};

/// Applies all events; gives the last page, and what could not be decoded or applied.
fn play(tab: &Tab) -> (Page, Vec<String>) {
    let mut page = Page::new();
    let mut faults = Vec::new();
    let mut changes = Vec::new();
    for event in &tab.events {
        match event.data() {
            Ok(data) => page.apply(&data, event.time, event.index, &mut changes),
            Err(error) => faults.push(format!("event {}: {error}", event.index)),
        }
        changes.clear();
    }
    faults.extend(page.damage().examples().iter().map(ToString::to_string));
    (page, faults)
}

/// Files below a directory.
fn files(directory: PathBuf) -> Vec<PathBuf> {
    let mut directories = vec![directory];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Where a person has more recordings: those of this format are read without damage, and nothing in
/// them refers to what is not on the page.
#[test]
fn every_datadog_recording_of_a_directory_plays() {
    let Some(directory) = std::env::var_os("DOMREEL_RECORDINGS") else {
        return;
    };
    let mut failed = Vec::new();
    for path in files(directory.into()) {
        let Ok(recording) = read(&[Input::Path(path.clone())], &ReadOptions::default()) else {
            continue;
        };
        if recording.format != "datadog" {
            continue;
        }
        let mut faults: Vec<String> = recording
            .damage
            .examples()
            .iter()
            .map(ToString::to_string)
            .collect();
        for tab in &recording.tabs {
            let (page, more) = play(tab);
            let count = |kind| tab.events.iter().filter(|event| event.kind == kind).count();
            println!(
                "{}: tab {:?}, {} events, {} pages, {} nodes at the end, {} signals",
                path.display(),
                tab.id,
                tab.events.len(),
                count(EventKind::FullSnapshot),
                page.node_count(),
                recording.telemetry.signals.len(),
            );
            faults.extend(more);
        }
        if !faults.is_empty() {
            failed.push(format!("{}:\n  {}", path.display(), faults.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
