//! Reading whole files: the fixtures, and more where `DOMREEL_RECORDINGS` names a directory.

mod damage;
mod sessions;
mod wrappings;

use std::path::Path;

use super::*;
use crate::recording::{DamageReport, EventKind};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

fn read_bytes(data: impl Into<bytes::Bytes>, options: &ReadOptions) -> Result<Recording, FormatError> {
    let input = Input::Bytes {
        name: "test".to_owned(),
        data: data.into(),
    };
    read(&[input], options)
}

fn strict() -> ReadOptions {
    ReadOptions {
        strict: true,
        ..ReadOptions::default()
    }
}

#[test]
fn every_fixture_is_read_without_damage() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if name.ends_with(".gz") || name.ends_with(".zst") {
            let recording =
                read(&[Input::Path(path)], &strict()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let tabs = if name.contains("windows") { 2 } else { 1 };
            assert!(
                recording.damage.is_empty() && recording.tabs.len() == tabs,
                "{name}"
            );
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} fixtures found");
}

#[test]
fn one_story_in_three_wrappings_is_the_same() {
    let kinds = |name: &str| {
        let recording = read_bytes(fixture(name), &strict()).unwrap();
        let events = &recording.tabs[0].events;
        events
            .iter()
            .map(|event| (event.time.to_bits(), event.kind))
            .collect::<Vec<_>>()
    };
    let plain = kinds("checkout.json.gz");
    assert_eq!(plain.len(), 263);
    assert_eq!(kinds("checkout-packed.json.gz"), plain);
    assert_eq!(kinds("checkout.ndjson.zst"), plain);
}

#[test]
fn kinds_and_times_are_known_without_decoding() {
    let recording = read_bytes(fixture("checkout.json.gz"), &strict()).unwrap();
    let events = &recording.tabs[0].events;
    assert_eq!(recording.format, "rrweb");
    assert!(events.is_sorted_by(|one, two| one.time <= two.time));
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!((count(EventKind::Meta), count(EventKind::FullSnapshot)), (1, 1));
    assert!(count(EventKind::Mutation) > 10 && count(EventKind::Interaction) > 10);
}

/// What a recording may lack by itself: parts that were not saved, a clock that was set, and the length that comes
/// of it. Anything else that is found fault with is the fault of who reads.
fn is_of_the_file(damage: &DamageReport) -> bool {
    let kinds: Vec<DamageKind> = damage.counts().map(|(kind, _)| kind).collect();
    kinds.iter().all(|kind| match kind {
        DamageKind::CutOff | DamageKind::ClockJump => true,
        DamageKind::Limit => kinds.contains(&DamageKind::ClockJump),
        _ => false,
    })
}

/// Where a person has more recordings: all of a directory is read, whatever is in it.
#[test]
fn every_recording_of_a_directory_is_read() {
    let Some(directory) = std::env::var_os("DOMREEL_RECORDINGS") else {
        return;
    };
    let mut directories = vec![std::path::PathBuf::from(directory)];
    let mut failed = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            match read(&[Input::Path(path.clone())], &ReadOptions::default()) {
                Ok(recording) => {
                    let events = recording.tabs.iter().flat_map(|tab| &tab.events);
                    let undecodable = events.filter(|event| event.data().is_err()).count();
                    if undecodable > 0 || !is_of_the_file(&recording.damage) {
                        failed.push(format!(
                            "{}: {undecodable} undecodable, {:?}",
                            path.display(),
                            recording.damage
                        ));
                    }
                }
                // Files beside recordings, parts of recordings, and notes are recognised as such.
                Err(FormatError::SideFile { .. } | FormatError::Unsupported { .. }) => {}
                Err(FormatError::NothingToShow { damage, .. })
                    if damage.is_empty() || damage.contains("without those that are missing before them") => {
                }
                Err(FormatError::Unrecognized { .. })
                    if path.extension().is_some_and(|name| name == "md") => {}
                Err(error) => failed.push(error.to_string()),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
