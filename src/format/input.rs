//! Where recordings come from.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use memchr::memmem;

use super::detect::{self, Detected};
use super::{FormatError, FormatName, inflate, posthog, text};
use crate::asset::{AssetError, Assets, har, pack, zip};
use crate::digest::sha256;
use crate::limits::{Limit, Limits};
use crate::recording::{Damage, DamageKind, SourceFile};

/// Where a recording, or a part of one, comes from.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file, or a directory with the files of one session.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes that are there already.
    Bytes {
        /// What messages call them.
        name: String,
        /// The bytes.
        data: Bytes,
    },
}

/// A file that was read.
pub(super) struct Source {
    /// What messages call it.
    pub name: String,
    pub bytes: Bytes,
    /// It was found in a directory, not named by anybody: it may be something else than a recording.
    pub found: bool,
    /// It is the last one that could be had of a ZIP: why there are no more.
    pub cut: Option<Damage>,
}

impl Source {
    /// What can be told of it when its bytes are gone.
    pub(super) fn description(&self) -> SourceFile {
        let path = Path::new(&self.name);
        let name = path
            .file_name()
            .map_or(self.name.as_str().into(), |name| name.to_string_lossy());
        SourceFile {
            name: name.into_owned(),
            bytes: self.bytes.len() as u64,
            sha256: sha256(&self.bytes),
        }
    }
}

impl Source {
    /// What is in it, if it is a packed recording or another ZIP; itself otherwise. The assets of a pack go
    /// to `assets`.
    ///
    /// # Errors
    /// When a ZIP that somebody named cannot be read.
    pub(super) fn unpacked(self, limits: &Limits, assets: &mut Assets) -> Result<Vec<Source>, FormatError> {
        if !zip::is_zip(&self.bytes) {
            let in_archive = if self.found {
                Vec::new()
            } else {
                self.in_archive(limits.of(Limit::Unpacked))
            };
            return Ok(if in_archive.is_empty() {
                vec![self]
            } else {
                in_archive
            });
        }
        let of = |(name, bytes), found| Source {
            name: format!("{}/{name}", self.name),
            bytes,
            found,
            cut: None,
        };
        // The list of the files is at the end: without it there is still what stands before.
        let cut = |error: AssetError| {
            let entries = zip::entries_before_cut(self.bytes.clone(), limits, Limit::Unpacked);
            let entries = entries
                .into_iter()
                .map(|entry| of((entry.name, entry.bytes), true));
            let mut sources: Vec<Source> = entries.collect();
            match sources.last_mut() {
                Some(last) => last.cut = Some(why_cut(&error)),
                None if self.found => {}
                None => return Err(error.into()),
            }
            Ok(sources)
        };
        match pack::open(&self.bytes, &self.name, limits) {
            Ok(Some(packed)) => {
                assets.add(packed.assets);
                return Ok(packed.recording.into_iter().map(|file| of(file, false)).collect());
            }
            Ok(None) => {}
            Err(error) => return cut(error),
        }
        match zip::entries(self.bytes.clone(), &self.name, limits, Limit::Unpacked) {
            Ok(mut entries) => {
                entries.sort_by(|one, two| one.name.cmp(&two.name));
                Ok(entries
                    .into_iter()
                    .map(|entry| of((entry.name, entry.bytes), true))
                    .collect())
            }
            Err(error) => cut(error),
        }
    }

    /// The recordings that a vendor's player fetched, or a recorder sent, in a HAR of it.
    fn in_archive(&self, limit: u64) -> Vec<Source> {
        /// The name that HARs begin with stands within so many bytes.
        const HEAD: usize = 256;
        let head = self.bytes.get(..HEAD).unwrap_or(&self.bytes);
        if self.bytes.len() as u64 > limit || memmem::find(head, b"\"log\"").is_none() {
            return Vec::new();
        }
        let recordings = |contents: Vec<Vec<u8>>| {
            let sources = (1..).zip(contents).map(|(number, content)| Source {
                name: format!("{}/{number}", self.name),
                bytes: content.into(),
                found: true,
                cut: None,
            });
            sources
                .filter(|source| source.is_surely_one(limit))
                .collect::<Vec<_>>()
        };
        let contents = har::contents(&self.bytes).unwrap_or_default();
        let answered = recordings(contents.answered);
        if answered.is_empty() {
            recordings(contents.sent)
        } else {
            answered
        }
    }

    /// Whether it is a recording, and not some data of a page that looks a little like one.
    fn is_surely_one(&self, limit: u64) -> bool {
        let bytes = inflate::inflate(self.bytes.clone(), limit).bytes;
        let has = |name: &str| memmem::find(&bytes, name.as_bytes()).is_some();
        let detected = detect::detect(&bytes);
        matches!(detected, Detected::Recording(format)
            if !matches!(format, FormatName::OpenReplay | FormatName::Clarity))
            && (has("\"timestamp\"")
                || has("\\\"timestamp\\\"")
                || text::is_quoted_in(&bytes)
                || posthog::is_blob(&bytes))
    }
}

/// Why what is behind a file of a ZIP is missing.
fn why_cut(error: &AssetError) -> Damage {
    let (kind, detail) = match error {
        AssetError::Beyond { what, hint, .. } => (
            DamageKind::Limit,
            format!("{what}: what is behind this file of it was left out; {hint}"),
        ),
        _ => (
            DamageKind::CutOff,
            "the ZIP is damaged: what is behind this file of it is missing".to_owned(),
        ),
    };
    Damage {
        kind,
        event: None,
        offset: None,
        detail,
    }
}

impl Input {
    /// Reads it: one source for a file, several for a directory, in the order of their names. No
    /// more than `limit` bytes of each, and one more to tell that there are more.
    pub(super) fn load(&self, limit: u64) -> Result<Vec<Source>, FormatError> {
        match self {
            Input::Stdin => {
                let bytes = all(std::io::stdin().lock(), 0, limit).map_err(FormatError::Stdin)?;
                Ok(vec![Source {
                    name: "standard input".to_owned(),
                    bytes,
                    found: false,
                    cut: None,
                }])
            }
            Input::Bytes { name, data } => Ok(vec![Source {
                name: name.clone(),
                bytes: data.clone(),
                found: false,
                cut: None,
            }]),
            Input::Path(path) if path.is_dir() => directory(path, limit),
            Input::Path(path) => Ok(vec![file(path, limit, false)?]),
        }
    }
}

fn file(path: &Path, limit: u64, found: bool) -> Result<Source, FormatError> {
    let read = || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        match at_once(&file, size.min(limit)) {
            Some(bytes) => Ok(bytes),
            None => all(file, size, limit),
        }
    };
    let bytes = read().map_err(|source| FormatError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(Source {
        name: path.display().to_string(),
        bytes,
        found,
        cut: None,
    })
}

/// A large file, read on all cores; `None` for smaller ones, and where it is not that long or longer.
#[cfg(unix)]
fn at_once(file: &File, size: u64) -> Option<Bytes> {
    use std::os::unix::fs::FileExt;

    use rayon::prelude::*;

    /// What one core reads at a time.
    const PART: usize = 8 << 20;
    let size = usize::try_from(size).ok().filter(|size| *size > PART)?;
    let mut bytes = vec![0; size];
    let read = |(at, part): (usize, &mut [u8])| file.read_exact_at(part, (at * PART) as u64);
    let read = bytes.par_chunks_mut(PART).enumerate().try_for_each(read);
    let is_all = read.is_ok() && matches!(file.read_at(&mut [0], size as u64), Ok(0));
    is_all.then(|| Bytes::from(bytes))
}

#[cfg(not(unix))]
fn at_once(_: &File, _: u64) -> Option<Bytes> {
    None
}

fn all(from: impl Read, size: u64, limit: u64) -> std::io::Result<Bytes> {
    let mut bytes = Vec::new();
    bytes.reserve_exact(usize::try_from(size.min(limit)).unwrap_or(0));
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Bytes::from(bytes))
}

/// The files of a directory, those in its directories included.
fn directory(path: &Path, limit: u64) -> Result<Vec<Source>, FormatError> {
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let unreadable = |source| FormatError::Unreadable {
            path: directory.clone(),
            source,
        };
        for entry in std::fs::read_dir(&directory).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            // Links are not followed: they may go round in a circle.
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() && !hidden {
                directories.push(entry.path());
            } else if kind.is_file() && !hidden {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files.iter().map(|path| file(path, limit, true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_are_read_whole_and_no_further_than_they_may() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("large");
        let content: Vec<u8> = (0..20_000_003u32).map(|at| (at >> 8) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        for (limit, length) in [
            (u64::MAX, 20_000_003),
            (20_000_003, 20_000_003),
            (19_000_000, 19_000_001),
        ] {
            let bytes = file(&path, limit, false).unwrap().bytes;
            assert_eq!(bytes.len(), length);
            assert!(content.starts_with(&bytes));
        }
    }
}
