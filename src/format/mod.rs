//! Bytes become recordings.
//!
//! ```text
//! files ──input──▶ bytes ──inflate──▶ JSON… ──detect──▶ a format's reader ──collector──▶ Recording
//! ```
//!
//! The kind of a file is found by its content and decided for the file as a whole: vendors give
//! the same numbers different meanings, so no single event tells. Events stay slices of the input
//! until somebody asks for their data. What is damaged is passed over and counted, and refused only
//! when nothing is left to show.
//!
//! | module | what it does |
//! |---|---|
//! | `input` | reads files, directories, ZIPs, packed recordings and standard input |
//! | `inflate` | gzip, zstd and zlib, found by content, bounded |
//! | `detect` | which format it is |
//! | `table` | rows of comma-separated values |
//! | `text` | recordings in text: JSON in strings, base64, bodies of forms |
//! | `json` | a pull reader that survives depth and damage |
//! | `rrweb` | rrweb's events in all their wrappings |
//! | `datadog` | Datadog's records, of browsers and mobile applications |
//! | `screen` | boxes on screens of mobile applications |
//! | `collector` | what readers put their findings into |
//! | `signals` | errors, requests and the like that stand in a recording |
//! | [`events`] | errors, requests and the like from files beside a recording |
//! | `beside` | whose such files are, and how their clock goes |

mod beside;
mod collector;
mod datadog;
mod detect;
mod error;
pub mod events;
mod highlight;
mod inflate;
mod input;
mod json;
mod name;
mod posthog;
mod rrweb;
mod screen;
mod sentry;
mod signals;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod text;

use bytes::Bytes;
use collector::Collector;
use detect::Detected;
use rrweb::Dialect;

pub use beside::{Joined, join_side_files};
pub use error::FormatError;
pub use input::Input;
pub use name::{FormatName, UnknownFormat};
pub use signals::telemetry;

use crate::asset::{self, Assets};
use crate::limits::{Limit, Limits};
use crate::recording::{Damage, DamageKind, Recording};

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The kind of recording; `None`: find out by content.
    pub format: Option<FormatName>,
    /// The first damage is an error.
    pub strict: bool,
    /// What is beyond these is left out and counted as damage. Memory needed is about [`Limit::Unpacked`] in
    /// the worst case.
    pub limits: Limits,
}

impl ReadOptions {
    /// The most bytes of one input, as it is stored.
    fn most_input(&self) -> u64 {
        self.limits.of(Limit::Input)
    }

    /// The most bytes of one input, decompressed.
    fn most_unpacked(&self) -> u64 {
        self.limits.of(Limit::Unpacked)
    }
}

/// Reads one session from one or several files.
///
/// # Errors
/// When something cannot be read at all, is not a recording, holds more than one session or no full
/// snapshot; in strict mode at the first damage.
pub fn read(inputs: &[Input], options: &ReadOptions) -> Result<Recording, FormatError> {
    let mut collector = Collector::new(options);
    let mut datadog = datadog::Session::default();
    let mut format = None;
    let mut names = Vec::new();
    let mut files = Vec::new();
    let mut assets = Assets::within(options.limits);
    for input in inputs {
        let mut sources = Vec::new();
        for source in input.load(options.most_input())? {
            sources.extend(source.unpacked(&options.limits, &mut assets)?);
        }
        for source in sources {
            collector.begin_file(&source.name);
            if let Some(cut) = &source.cut {
                collector.damage(cut.clone())?;
            }
            let bytes = source.bytes.clone();
            let (description, found) = rayon::join(
                || source.description(),
                || read_file(bytes, source.found, &mut datadog, &mut collector),
            );
            if let Some(found) = found? {
                format.get_or_insert(found);
                names.push(source.name);
                files.push(description);
            }
            collector.end_file();
        }
    }
    let Some(format) = format else {
        let path = inputs.iter().find_map(|input| match input {
            Input::Path(path) => Some(path.clone()),
            _ => None,
        });
        return Err(FormatError::NoRecording {
            path: path.unwrap_or_default(),
            found: "no file in it is one that domreel knows".to_owned(),
        });
    };
    collector.check_one_session()?;
    rrweb::finish(&mut collector)?;
    datadog.finish(&mut collector)?;
    let mut recording = collector.finish(format, files, names.join(", "))?;
    asset::fill(&mut recording, &assets);
    Ok(recording)
}

/// The files of one session as they are, and the assets of those that are packed: what
/// [packing](asset::pack) them needs. Files of directories and ZIPs that are no recordings are left out.
///
/// # Errors
/// When one cannot be read.
pub fn files(inputs: &[Input], options: &ReadOptions) -> Result<(Vec<(String, Bytes)>, Assets), FormatError> {
    let mut assets = Assets::within(options.limits);
    let mut files = Vec::new();
    for input in inputs {
        for source in input.load(options.most_input())? {
            for source in source.unpacked(&options.limits, &mut assets)? {
                let is_one = || {
                    let inflated = inflate::inflate(source.bytes.clone(), options.most_unpacked());
                    matches!(detect::detect(&inflated.bytes), Detected::Recording(_))
                };
                if !source.found || is_one() {
                    files.push((source.name, source.bytes));
                }
            }
        }
    }
    Ok((files, assets))
}

/// Reads one file; `None` when it is no recording and nobody said that it was one.
fn read_file(
    bytes: Bytes,
    only_found: bool,
    datadog: &mut datadog::Session,
    collector: &mut Collector<'_>,
) -> Result<Option<FormatName>, FormatError> {
    let limits = collector.options.limits;
    let limit = collector.options.most_input();
    if bytes.is_empty() && !only_found {
        let file = collector.file().to_owned();
        return Err(FormatError::Empty { file });
    }
    let whole = bytes.len() as u64;
    let bytes = if whole > limit {
        bytes.slice(..usize::try_from(limit).unwrap_or(usize::MAX))
    } else {
        bytes
    };
    let inflated = inflate::inflate(bytes, collector.options.most_unpacked());
    let format = match (collector.options.format, detect::detect(&inflated.bytes)) {
        (Some(format), _) | (None, Detected::Recording(format)) => format,
        (None, Detected::Other(_)) if only_found => return Ok(None),
        (None, Detected::Other(found)) => {
            let file = collector.file().to_owned();
            return Err(unrecognized(file, &inflated.bytes, found, &limits));
        }
    };
    if whole > limit {
        collector.damage(Damage {
            kind: DamageKind::Limit,
            event: None,
            offset: Some(limit),
            detail: format!(
                "the file has more bytes than it may: the rest was left out; {}",
                limits.hint(Limit::Input)
            ),
        })?;
    }
    if let Some(damage) = inflated.damage {
        collector.damage(damage)?;
    }
    read_format(format, &inflated.bytes, datadog, collector)?;
    Ok(Some(format))
}

/// Has a format's reader collect what `bytes` hold.
fn read_format(
    format: FormatName,
    bytes: &Bytes,
    datadog: &mut datadog::Session,
    collector: &mut Collector<'_>,
) -> Result<(), FormatError> {
    let instead = match format {
        FormatName::Rrweb | FormatName::Mixpanel | FormatName::Amplitude => {
            return rrweb::read(bytes, Dialect::default(), collector);
        }
        FormatName::Faro => {
            let dialect = Dialect {
                foreign: true,
                ..Dialect::default()
            };
            return rrweb::read(bytes, dialect, collector);
        }
        FormatName::PostHog => return posthog::read(bytes, collector),
        FormatName::Sentry => return sentry::read(bytes, collector),
        FormatName::Highlight => return highlight::read(bytes, collector),
        FormatName::Datadog => return datadog.read(bytes, collector),
        FormatName::OpenReplay => "export the session as a video from OpenReplay, or record it with rrweb",
        FormatName::Clarity => "record the session with rrweb, Datadog, PostHog or Sentry",
    };
    Err(FormatError::Unsupported {
        file: collector.file().to_owned(),
        format,
        instead,
    })
}

/// What a file is that is no recording: most often the events that belong beside one. Large ones are not
/// read once more to tell.
fn unrecognized(file: String, bytes: &[u8], found: &'static str, limits: &Limits) -> FormatError {
    let events = (bytes.len() <= limits.size(Limit::SideFile))
        .then(|| events::read_events(bytes).ok())
        .flatten();
    match events {
        Some(events) => FormatError::SideFile {
            file,
            found: events.format,
        },
        None => FormatError::Unrecognized {
            file,
            found: found.to_owned(),
        },
    }
}
