//! What each place takes: formats, bytes, width. A dated table, which a file of the user's can change.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use super::target::Target;
use crate::encode::Format;

const TABLE: &str = include_str!("../../assets/embed/targets.json");
/// How much of a limit is used, in percent: places count and round in their own ways.
const USED_PERCENT: u64 = 95;

/// What a place takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its name, as `--for` takes it.
    pub name: String,
    /// The form of its snippet.
    pub target: Target,
    /// Formats that it shows, the best first.
    pub formats: Vec<Format>,
    /// Most bytes that it takes of one file, as it says.
    pub max_bytes: u64,
    /// Width in which a page is still read there, in device pixels.
    pub width: u32,
}

/// Every place that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presets {
    /// When what domreel knows by itself was looked up, as `2026-11-23`.
    pub as_of: String,
    entries: Vec<Preset>,
}

/// Why there is no preset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// The user's file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The user's file is no table of targets.
    #[error("{place}: {reason}; docs/targets.md describes the file")]
    Malformed {
        /// Which.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// There is no such place.
    #[error("there is no target ‘{name}’; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All that there are.
        known: String,
    },
    /// The place does not show the format.
    #[error("{target} shows no {format}, but {formats}; name the clip accordingly, or give --format")]
    Format {
        /// The place.
        target: String,
        /// What was asked for.
        format: &'static str,
        /// What it shows.
        formats: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    as_of: String,
    targets: Vec<Entry>,
}

/// One line of a table. What is left out is as in the entry of that name before it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    snippet: Option<String>,
    formats: Option<Vec<String>>,
    max_bytes: Option<u64>,
    width: Option<u32>,
}

impl Presets {
    /// The table that is part of domreel, with what the file `own` changes or adds.
    ///
    /// # Errors
    /// When the file cannot be read or used.
    pub fn load(own: Option<&Path>) -> Result<Presets, PresetError> {
        let mut presets = Presets {
            as_of: String::new(),
            entries: Vec::new(),
        };
        presets.as_of = presets.add("the table of targets", TABLE)?;
        if let Some(path) = own {
            let text = std::fs::read_to_string(path).map_err(|source| PresetError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            presets.add(&path.display().to_string(), &text)?;
        }
        Ok(presets)
    }

    /// All names, in the order of the table.
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|preset| preset.name.as_str()).collect()
    }

    /// What the place of this name takes.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, name: &str) -> Result<&Preset, PresetError> {
        let found = self.entries.iter().find(|preset| preset.name == name);
        found.ok_or_else(|| PresetError::Unknown {
            name: name.to_owned(),
            known: self.names().join(", "),
        })
    }

    /// Adds the entries of a table; returns its date.
    fn add(&mut self, place: &str, text: &str) -> Result<String, PresetError> {
        let malformed = |reason: String| PresetError::Malformed {
            place: place.to_owned(),
            reason,
        };
        let file: File = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        for entry in file.targets {
            let name = entry.name.clone();
            let of_entry = |reason: String| malformed(format!("target ‘{name}’: {reason}"));
            let known = self.entries.iter().position(|preset| preset.name == name);
            let preset = self.changed(known, entry).map_err(of_entry)?;
            match known.and_then(|at| self.entries.get_mut(at)) {
                Some(place) => *place = preset,
                None => self.entries.push(preset),
            }
        }
        Ok(file.as_of)
    }

    /// An entry, on what there is by its name or by that of its snippet.
    fn changed(&self, known: Option<usize>, entry: Entry) -> Result<Preset, String> {
        let snippet = entry
            .snippet
            .map(|name| Target::from_str(&name).map_err(|error| error.to_string()))
            .transpose()?;
        let like = known.and_then(|at| self.entries.get(at)).or_else(|| {
            let snippet = snippet?;
            self.entries.iter().find(|preset| preset.name == snippet.name())
        });
        let formats = entry
            .formats
            .map(|names| {
                names
                    .iter()
                    .map(|name| format(name))
                    .collect::<Result<Vec<_>, _>>()
            })
            .transpose()?;
        let missing = |field: &str| format!("it is new and has no ‘{field}’");
        let preset = Preset {
            target: snippet
                .or(like.map(|like| like.target))
                .ok_or_else(|| missing("snippet"))?,
            formats: formats
                .or(like.map(|like| like.formats.clone()))
                .ok_or_else(|| missing("formats"))?,
            max_bytes: entry
                .max_bytes
                .or(like.map(|like| like.max_bytes))
                .ok_or_else(|| missing("max_bytes"))?,
            width: entry
                .width
                .or(like.map(|like| like.width))
                .ok_or_else(|| missing("width"))?,
            name: entry.name,
        };
        if preset.formats.is_empty() {
            return Err("‘formats’ is empty".to_owned());
        }
        if !(16..=8192).contains(&preset.width) {
            return Err("‘width’ is not from 16 to 8192".to_owned());
        }
        Ok(preset)
    }
}

impl Preset {
    /// The format of a clip for this place: the one that is `wanted`, or the best that domreel makes by
    /// itself.
    ///
    /// # Errors
    /// When the place does not show what is wanted.
    pub fn format(&self, wanted: Option<Format>) -> Result<Format, PresetError> {
        let needs_more =
            |format: &Format| *format == Format::Webm || (*format == Format::Mp4 && !cfg!(feature = "mp4"));
        let by_itself = |format: &Format| !needs_more(format);
        match wanted {
            Some(format) if self.formats.contains(&format) => Ok(format),
            Some(format) => Err(PresetError::Format {
                target: self.name.clone(),
                format: format.name(),
                formats: self
                    .formats
                    .iter()
                    .map(|f| f.name())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
            None => Ok(self
                .formats
                .iter()
                .copied()
                .find(by_itself)
                .unwrap_or(Format::Gif)),
        }
    }

    /// Most bytes of a file that is sure to be taken.
    pub fn aim_bytes(&self) -> u64 {
        (self.max_bytes / 100).saturating_mul(USED_PERCENT)
    }
}

fn format(name: &str) -> Result<Format, String> {
    let files = || {
        Format::ALL
            .into_iter()
            .filter(|format| format.extension().is_some())
    };
    files().find(|format| format.name() == name).ok_or_else(|| {
        let known: Vec<&str> = files().map(Format::name).collect();
        format!("there is no format ‘{name}’; there are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> Result<Presets, PresetError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Presets::load(Some(file.path()))
    }

    #[test]
    fn every_target_has_a_preset_of_its_name() {
        let presets = Presets::load(None).unwrap();
        for target in Target::ALL {
            assert_eq!(presets.get(target.name()).unwrap().target, target);
        }
        assert_eq!(presets.as_of.len(), "2026-11-23".len());
        let error = presets.get("word").unwrap_err().to_string();
        assert!(
            error.contains("‘word’") && error.contains("github-paid"),
            "{error}"
        );
    }

    #[test]
    fn the_best_format_is_taken_unless_another_is_wanted() {
        let presets = Presets::load(None).unwrap();
        let github = presets.get("github").unwrap();
        let best = if cfg!(feature = "mp4") {
            Format::Mp4
        } else {
            Format::Gif
        };
        assert_eq!(github.format(None).unwrap(), best);
        assert_eq!(github.format(Some(Format::Gif)).unwrap(), Format::Gif);
        let error = github.format(Some(Format::Apng)).unwrap_err().to_string();
        assert!(error.contains("github shows no apng, but mp4, gif"), "{error}");
        assert_eq!(github.aim_bytes(), 9_500_000);
    }

    #[test]
    fn a_file_changes_and_adds() {
        let presets = own(r#"{"targets": [{"name": "jira", "max_bytes": 50000000},
                {"name": "wiki", "snippet": "confluence", "formats": ["gif"], "width": 640}]}"#)
        .unwrap();
        let jira = presets.get("jira").unwrap();
        assert_eq!((jira.max_bytes, jira.width), (50_000_000, 800));
        let wiki = presets.get("wiki").unwrap();
        assert_eq!((wiki.target, wiki.width), (Target::Confluence, 640));
        assert_eq!(wiki.max_bytes, presets.get("confluence").unwrap().max_bytes);
    }

    #[test]
    fn a_file_that_is_none_is_told() {
        for (text, part) in [
            ("{", "EOF"),
            (
                r#"{"targets": [{"name": "x"}]}"#,
                "‘x’: it is new and has no ‘snippet’",
            ),
            (
                r#"{"targets": [{"name": "jira", "formats": ["doc"]}]}"#,
                "no format ‘doc’",
            ),
            (
                r#"{"targets": [{"name": "jira", "formats": []}]}"#,
                "‘formats’ is empty",
            ),
            (
                r#"{"targets": [{"name": "jira", "snippet": "word"}]}"#,
                "no target ‘word’",
            ),
            (r#"{"targets": [{"name": "jira", "bytes": 1}]}"#, "unknown field"),
        ] {
            let error = own(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Presets::load(Some(Path::new("/no/such/file"))).is_err());
    }
}
