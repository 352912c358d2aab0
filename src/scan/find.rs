//! Which files are recordings, and which belong beside one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The files of one session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The recording, or its parts.
    pub recording: Vec<PathBuf>,
    /// Files beside it that tell of errors, requests and the like.
    pub events: Vec<PathBuf>,
}

impl Source {
    /// The path that messages name.
    pub fn path(&self) -> &Path {
        self.recording.first().map_or(Path::new(""), PathBuf::as_path)
    }
}

/// Parts of a name, behind its stem, that say that a file tells of events beside a recording.
const EVENT_NAMES: [&str; 6] = [".events.", ".errors.", ".rum.", ".otlp.", ".har.", ".console."];

/// Directories with such a name hold the parts of one session.
const SESSION_DIRECTORY: &str = ".session";

/// The sessions in `paths`, in the order of their names: every file is a recording of its own, but
/// for those of a directory that is called `….session`, and those that belong beside a recording:
/// they have its name up to the first dot, then `.events.`, `.errors.`, `.rum.`, `.otlp.` or `.har`.
/// Hidden files are passed over, links are not followed.
///
/// # Errors
/// When a path cannot be read.
pub fn find(paths: &[PathBuf]) -> io::Result<Vec<Source>> {
    let mut groups: BTreeMap<(PathBuf, String), Source> = BTreeMap::new();
    let mut add = |path: PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let source = groups.entry((folder, stem)).or_insert(Source {
            recording: Vec::new(),
            events: Vec::new(),
        });
        if is_events(&name) {
            source.events.push(path);
        } else {
            source.recording.push(path);
        }
    };
    for path in paths {
        if !path.is_dir() || is_session(path) {
            // Tells now what is not there.
            path.metadata().map_err(|error| naming(path, error))?;
            add(path.clone());
            continue;
        }
        let mut directories = vec![path.clone()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(&directory).map_err(|error| naming(&directory, error))? {
                let entry = entry.map_err(|error| naming(&directory, error))?;
                let kind = entry.file_type().map_err(|error| naming(&directory, error))?;
                let path = entry.path();
                if entry.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                if kind.is_dir() && !is_session(&path) {
                    directories.push(path);
                } else if kind.is_file() || kind.is_dir() {
                    add(path);
                }
            }
        }
    }
    let mut found = Vec::with_capacity(groups.len());
    for mut source in groups.into_values() {
        source.recording.sort();
        source.recording.dedup();
        source.events.sort();
        source.events.dedup();
        match source.recording.len() {
            // Its recording is elsewhere: nothing can be shown.
            0 => {}
            1 => found.push(source),
            // Recordings that share a stem share what stands beside them.
            _ => found.extend(source.recording.iter().map(|path| Source {
                recording: vec![path.clone()],
                events: source.events.clone(),
            })),
        }
    }
    found.sort();
    Ok(found)
}

/// One recording with the files that belong beside it, which stand in the same directory.
///
/// # Errors
/// When its directory cannot be read.
pub fn beside(path: &Path) -> io::Result<Source> {
    path.metadata().map_err(|error| naming(path, error))?;
    let stem = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut events = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| naming(folder, error))? {
        let entry = entry.map_err(|error| naming(folder, error))?;
        let other = entry.path();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_events(&entry.file_name().to_string_lossy()) && stem(&other) == stem(path) {
            events.push(other);
        }
    }
    events.sort();
    Ok(Source {
        recording: vec![path.to_owned()],
        events,
    })
}

fn is_session(path: &Path) -> bool {
    path.is_dir()
        && path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(SESSION_DIRECTORY))
}

fn is_events(name: &str) -> bool {
    let rest = name.find('.').map_or("", |dot| &name[dot..]).to_ascii_lowercase();
    // The last word counts too: `a.har`.
    let closed = format!("{rest}.");
    EVENT_NAMES.iter().any(|part| closed.contains(part))
}

fn naming(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_recording_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a.json",
            "a.events.json",
            "a.har",
            "b.jsonl",
            "c.rum.ndjson",
            ".hidden.json",
        ] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("d.session")).unwrap();
        std::fs::write(folder.path().join("d.session/1.json"), "x").unwrap();
        let found = find(&[folder.path().to_owned()]).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let names: Vec<(Vec<String>, Vec<String>)> = found
            .iter()
            .map(|source| {
                (
                    source.recording.iter().map(name).collect(),
                    source.events.iter().map(name).collect(),
                )
            })
            .collect();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            names,
            [
                (words(&["a.json"]), words(&["a.events.json", "a.har"])),
                (words(&["b.jsonl"]), words(&[])),
                (words(&["d.session"]), words(&[])),
            ]
        );
        assert!(find(&[folder.path().join("nothing")]).is_err());
    }
}
