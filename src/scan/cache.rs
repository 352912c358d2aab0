//! What earlier scans found, by the content of the files.
//!
//! ```text
//! CACHE/facts/3f/3f9a….json    {"version", "facts"}: named by the SHA-256 of what was read
//! CACHE/files.json             which content a path had, by its size and time of change
//! ```
//!
//! Everything in it can be thrown away at any time.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::facts::SessionFacts;
use super::find::Source;
use crate::digest::hexadecimal;
use crate::embed::beside::sha256_of;
use crate::limits::{Limit, Limits};

/// Goes up whenever the same recording would give other facts.
const VERSION: u32 = 5;

/// A file that was changed this shortly before it was looked at may change again without its time
/// telling, in nanoseconds.
const UNSETTLED: u128 = 2_000_000_000;

/// A cache of facts; everything about it that fails is a miss.
pub(super) struct Cache {
    folder: PathBuf,
    files: Mutex<BTreeMap<String, FileEntry>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FileEntry {
    size: u64,
    changed_ns: u128,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Files {
    version: u32,
    files: BTreeMap<String, FileEntry>,
}

#[derive(Serialize, Deserialize)]
struct Kept<F> {
    version: u32,
    facts: F,
}

impl Cache {
    pub(super) fn open(folder: &Path) -> Self {
        let files = std::fs::read(folder.join("files.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Files>(&bytes).ok())
            .filter(|files| files.version == VERSION)
            .map(|files| files.files)
            .unwrap_or_default();
        Cache {
            folder: folder.to_owned(),
            files: Mutex::new(files),
        }
    }

    /// The key of a session: of the content of all of its files, and of limits that are not the usual ones.
    pub(super) fn key(&self, source: &Source, limits: &Limits) -> io::Result<String> {
        let mut hash = Sha256::new();
        hash.update(format!("domreel facts {VERSION}"));
        let changed = |limit: &Limit| limits.of(*limit) != limit.default();
        for limit in Limit::ALL.into_iter().filter(changed) {
            hash.update(format!("\n{} {}", limit.name(), limits.of(limit)));
        }
        for (kind, paths) in [("recording", &source.recording), ("events", &source.events)] {
            for path in paths.iter().map(|path| content(path)) {
                for path in path? {
                    hash.update(format!("\n{kind} {}", self.file(&path)?));
                }
            }
        }
        Ok(hexadecimal(&hash.finalize()))
    }

    /// The hash of a file's content, read only if it may have changed.
    fn file(&self, path: &Path) -> io::Result<String> {
        let name = std::path::absolute(path)?.display().to_string();
        let metadata = path.metadata()?;
        let changed_ns = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |time| time.as_nanos());
        let size = metadata.len();
        if let Ok(files) = self.files.lock()
            && let Some(entry) = files.get(&name)
            && entry.size == size
            && entry.changed_ns == changed_ns
        {
            return Ok(entry.sha256.clone());
        }
        let sha256 = sha256_of(path)?;
        let now = std::time::SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_nanos());
        if let Ok(mut files) = self.files.lock()
            && changed_ns > 0
            && now.saturating_sub(changed_ns) > UNSETTLED
        {
            let sha256 = sha256.clone();
            files.insert(
                name,
                FileEntry {
                    size,
                    changed_ns,
                    sha256,
                },
            );
        }
        Ok(sha256)
    }

    pub(super) fn get(&self, key: &str) -> Option<SessionFacts> {
        let bytes = std::fs::read(self.path(key)).ok()?;
        let kept: Kept<SessionFacts> = serde_json::from_slice(&bytes).ok()?;
        (kept.version == VERSION).then_some(kept.facts)
    }

    pub(super) fn put(&self, key: &str, facts: &SessionFacts) {
        let kept = Kept {
            version: VERSION,
            facts,
        };
        if let Ok(json) = serde_json::to_vec(&kept) {
            let _ = replace(&self.path(key), &json);
        }
    }

    /// Keeps which content the files had.
    pub(super) fn close(self) {
        let files = Files {
            version: VERSION,
            files: self.files.into_inner().unwrap_or_default(),
        };
        if let Ok(json) = serde_json::to_vec(&files) {
            let _ = replace(&self.folder.join("files.json"), &json);
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        let folder = key.get(..2).unwrap_or("00");
        self.folder.join("facts").join(folder).join(format!("{key}.json"))
    }
}

/// Writes a file so that nobody ever sees half of it. What a loss of power leaves is a miss at worst: to wait for
/// the disk for each of thousands of small files would take longer than to read the recordings.
fn replace(path: &Path, bytes: &[u8]) -> Option<()> {
    let folder = path.parent()?;
    std::fs::create_dir_all(folder).ok()?;
    let mut file = tempfile::NamedTempFile::new_in(folder).ok()?;
    file.write_all(bytes).ok()?;
    file.persist(path).ok()?;
    Some(())
}

/// A file, or the files of a directory that is one session.
fn content(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => directories.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_not_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let source = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Source {
                recording: vec![path],
                events: Vec::new(),
            }
        };
        let cache = Cache::open(&folder.path().join("cache"));
        let limits = Limits::default();
        let one = cache.key(&source("a.json", "same"), &limits).unwrap();
        assert_eq!(one, cache.key(&source("b.json", "same"), &limits).unwrap());
        assert_ne!(one, cache.key(&source("c.json", "other"), &limits).unwrap());
        let others = limits.with(Limit::ScanProblems, 1);
        assert_ne!(one, cache.key(&source("a.json", "same"), &others).unwrap());
        let facts = SessionFacts {
            user: Some("u".to_owned()),
            ..SessionFacts::default()
        };
        assert_eq!(cache.get(&one), None);
        cache.put(&one, &facts);
        assert_eq!(cache.get(&one), Some(facts));
        // What another version wrote is not used.
        let path = cache.path(&one);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            &path,
            text.replace(&format!("\"version\":{VERSION}"), "\"version\":0"),
        )
        .unwrap();
        assert_eq!(cache.get(&one), None);
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let source = Source {
            recording: vec![path.clone()],
            events: Vec::new(),
        };
        let cache = Cache::open(&folder.path().join("cache"));
        std::fs::write(&path, "one").unwrap();
        let one = cache.key(&source, &Limits::default()).unwrap();
        std::fs::write(&path, "two").unwrap();
        assert_ne!(one, cache.key(&source, &Limits::default()).unwrap());
    }
}
