//! The page as data, on real recordings: whatever way a time is reached, the page is the same.
//!
//! Runs over `fixtures/`, and over every recording below `DOMREEL_RECORDINGS` if that is set.

mod hostile;
mod model;
mod random;

use std::path::{Path, PathBuf};

use domreel::dom::Replay;
use domreel::format::{Input, ReadOptions, read};
use domreel::recording::{Recording, Tab};
use model::Model;

fn recordings() -> Vec<(PathBuf, Recording)> {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")];
    directories.extend(std::env::var_os("DOMREEL_RECORDINGS").map(PathBuf::from));
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(&directory)
            .expect("a directory")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        entries.sort();
        for path in entries {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if path.is_dir() {
                if !matches!(name, "pages" | "record" | "damaged") {
                    directories.push(path);
                }
            } else if name.contains(".json") || name.contains(".ndjson") {
                // What is no recording of its own is not asked of here.
                if let Ok(recording) = read(&[Input::Path(path.clone())], &ReadOptions::default()) {
                    found.push((path, recording));
                }
            }
        }
    }
    assert!(found.len() > 10, "only {} recordings found", found.len());
    found
}

fn times(tab: &Tab, count: u32) -> Vec<f64> {
    let (Some(start), Some(end)) = (tab.start(), tab.end()) else {
        return Vec::new();
    };
    (1..=count)
        .map(|at| start + (end - start) * f64::from(at) / f64::from(count))
        .collect()
}

#[test]
fn seeking_and_playing_meet() {
    for (path, recording) in recordings() {
        for tab in &recording.tabs {
            let mut playing = Replay::new(tab);
            for time in times(tab, 7) {
                playing.advance_to(time);
                let played = playing.seek(time);
                let sought = Replay::new(tab).seek(time);
                let place = format!("{} at {time}", path.display());
                assert_eq!(
                    format!("{:?}", played.changes),
                    format!("{:?}", sought.changes),
                    "{place}"
                );
            }
            // And back.
            let mut back = Replay::new(tab);
            for time in times(tab, 5).into_iter().rev() {
                let there = back.seek(time);
                let direct = Replay::new(tab).seek(time);
                assert_eq!(
                    format!("{there:?}"),
                    format!("{direct:?}"),
                    "{} at {time}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn what_changes_adds_up_to_the_page() {
    for (path, recording) in recordings() {
        for tab in &recording.tabs {
            let begun = tab.start().unwrap_or_default();
            let mut replay = Replay::new(tab);
            let mut stage = Model::default();
            stage.take(&replay.seek(begun));
            for time in times(tab, 25) {
                for step in replay.advance_to(time) {
                    stage.take(&step);
                }
                let mut sought = Model::default();
                sought.take(&Replay::new(tab).seek(time));
                let (played, sought) = (stage.tell(), sought.tell());
                if let Some((one, other)) = played
                    .lines()
                    .zip(sought.lines())
                    .find(|(one, other)| one != other)
                {
                    panic!("{} at {time}:\nplayed {one}\nsought {other}", path.display());
                }
                assert_eq!(
                    played.lines().count(),
                    sought.lines().count(),
                    "{}",
                    path.display()
                );
            }
        }
    }
}
