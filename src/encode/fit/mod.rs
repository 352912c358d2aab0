//! A clip within a number of bytes, with as little loss as that takes.
//!
//! The frames are captured once, encoded as they come, and kept in a temporary file as well. Only if the
//! clip is too large as it is, settings that give up more and more (colours, frames, size) are tried, the one first that should
//! just fit by the size of the file before; what is given up is [told](Traded).

mod ladder;
mod reduce;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::TempDir;

use self::ladder::Rung;
use self::reduce::{Scaler, Thinner};
use super::output::{EncodeOptions, Target, open, partial_name};
use super::spool::Spool;
use super::{Chapter, EncodeError, Encoder, Format, Frame, Summary};

/// Most attempts; each takes as long as encoding does.
const MAX_ATTEMPTS: u32 = 6;
/// Part of the limit that an attempt aims at, as its size is not known before.
const AIM: f64 = 0.93;

/// What a clip has to fit into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitOptions {
    /// Most bytes of the file.
    pub max_bytes: u64,
    /// Frames a second that are captured at most, to know when fewer are fewer.
    pub captured_fps: Option<u32>,
}

/// What was given up for a clip to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Traded {
    /// Width and height, in percent of what was captured.
    pub scale_percent: u32,
    /// Frames a second at most; `None`: all of them.
    pub fps: Option<u32>,
    /// Most colours in one changed area of a GIF; `None`: as many as asked for.
    pub colours: Option<u16>,
    /// H.264's quantiser for a video; `None`: as asked for.
    pub quantiser: Option<u8>,
    /// Bytes of the file if nothing is given up.
    pub from_bytes: u64,
    /// How often the clip was encoded.
    pub attempts: u32,
}

impl fmt::Display for Traded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut given_up = Vec::new();
        if self.scale_percent < 100 {
            given_up.push(format!("{} % of its size", self.scale_percent));
        }
        if let Some(fps) = self.fps {
            given_up.push(format!("at most {fps} frames a second"));
        }
        if let Some(colours) = self.colours {
            given_up.push(format!("{colours} colours in a changed area"));
        }
        if let Some(quantiser) = self.quantiser {
            given_up.push(format!("quantiser {quantiser}"));
        }
        f.write_str(&given_up.join(", "))
    }
}

/// Collects a clip and writes it so that it fits; see the [module](self).
pub struct FitEncoder {
    /// Makes the clip as it is, while frames come in.
    first: Option<Box<dyn Encoder>>,
    spool: Spool,
    /// Where attempts lie: beside the place of the clip, so that its file need only be renamed.
    directory: TempDir,
    target: Target,
    format: Format,
    options: EncodeOptions,
    fit: FitOptions,
    chapters: Vec<Chapter>,
}

impl FitEncoder {
    /// An encoder that writes to `target`, as [`open`] does.
    ///
    /// # Errors
    /// If the place cannot be written to, or `format` is not one file.
    pub fn new(
        target: Target,
        format: Format,
        options: EncodeOptions,
        fit: FitOptions,
    ) -> Result<Self, EncodeError> {
        if format == Format::Png {
            return Err(EncodeError::Unsupported {
                format: "a directory of frames within a number of bytes",
                instead: "choose a format of one file",
            });
        }
        let directory = directory_for(&target)?;
        // A place or program that is not there is known before the capture.
        let first = open(&Target::Path(attempt_path(&directory, 1)), format, &options)?;
        Ok(Self {
            first: Some(first),
            spool: Spool::new()?,
            directory,
            target,
            format,
            options,
            fit,
            chapters: Vec::new(),
        })
    }

    /// Encodes all frames as a rung says, into a file.
    fn attempt(&mut self, rung: Rung, path: &Path) -> Result<Summary, EncodeError> {
        if let Some(first) = self.first.take() {
            return first.finish();
        }
        let options = rung.options(&self.options);
        let mut encoder = open(&Target::Path(path.to_owned()), self.format, &options)?;
        encoder.set_chapters(self.chapters.clone());
        let scaler = Scaler::new(self.spool.size().unwrap_or((1, 1)), rung.percent);
        let mut thinner = Thinner::new(rung.fps);
        let mut push = |mut frame: Frame| {
            frame.pixels = scaler.scale(&frame.pixels)?;
            encoder.push(frame)
        };
        for frame in self.spool.replay() {
            if let Some(frame) = thinner.push(frame?) {
                push(frame)?;
            }
        }
        thinner.finish().map_or(Ok(()), push)?;
        encoder.finish()
    }

    /// The best file that fits, and what it cost.
    fn search(&mut self) -> Result<(PathBuf, Summary), EncodeError> {
        let rungs = ladder::rungs(self.format, self.fit.captured_fps);
        let expected: Vec<f64> = rungs
            .iter()
            .map(|rung| rung.size(self.fit.captured_fps))
            .collect();
        let aim = self.fit.max_bytes as f64 * AIM;
        let mut best: Option<(usize, PathBuf, Summary)> = None;
        // All rungs before this one are too large.
        let mut lowest = 0;
        let mut from_bytes = 0;
        let mut attempts = 0;
        let mut at = 0;
        let mut least = u64::MAX;
        while let Some(&rung) = rungs.get(at) {
            attempts += 1;
            let path = attempt_path(&self.directory, attempts);
            let summary = self.attempt(rung, &path)?;
            if at == 0 {
                from_bytes = summary.bytes;
            }
            least = least.min(summary.bytes);
            let size = summary.bytes as f64;
            let scale = size / expected[at];
            if summary.bytes <= self.fit.max_bytes {
                if let Some((_, worse, _)) = best.replace((at, path, summary)) {
                    remove(&worse)?;
                }
            } else {
                lowest = at + 1;
                remove(&path)?;
            }
            let highest = best.as_ref().map_or(rungs.len(), |best| best.0);
            if lowest >= highest || (attempts >= MAX_ATTEMPTS && best.is_some()) {
                break;
            }
            // The first rung that should fit by what the last attempt has shown; if all attempts are used up, the last one.
            let open = lowest..highest;
            at = match open.clone().find(|&at| expected[at] * scale <= aim) {
                Some(at) if attempts < MAX_ATTEMPTS => at,
                None if best.is_some() => break,
                _ => open.end - 1,
            };
        }
        let Some((at, path, mut summary)) = best else {
            return Err(EncodeError::TooLarge {
                max_bytes: self.fit.max_bytes,
                least_bytes: least,
            });
        };
        let rung = rungs[at];
        if at > 0 {
            let options = rung.options(&self.options);
            summary.traded = Some(Traded {
                scale_percent: rung.percent,
                fps: rung.fps,
                colours: (self.format == Format::Gif && options.gif.colours < self.options.gif.colours)
                    .then_some(options.gif.colours),
                quantiser: (self.format.is_video() && options.quantiser > self.options.quantiser)
                    .then_some(options.quantiser),
                from_bytes,
                attempts,
            });
        }
        Ok((path, summary))
    }
}

impl Encoder for FitEncoder {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        if let Some(first) = &mut self.first {
            first.push(frame.clone())?;
        }
        self.spool.push(frame)
    }

    fn set_chapters(&mut self, chapters: Vec<Chapter>) {
        if let Some(first) = &mut self.first {
            first.set_chapters(chapters.clone());
        }
        self.chapters = chapters;
    }

    fn set_partial(&mut self) {
        if let Target::Path(path) = &mut self.target {
            *path = partial_name(path);
        }
    }

    fn finish(mut self: Box<Self>) -> Result<Summary, EncodeError> {
        self.spool.finish()?;
        let (file, summary) = self.search()?;
        let put = || match &self.target {
            Target::Path(path) => std::fs::rename(&file, path),
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                io::copy(&mut std::fs::File::open(&file)?, &mut stdout)?;
                io::Write::flush(&mut stdout)
            }
        };
        put().map_err(|source| match &self.target {
            Target::Path(path) => EncodeError::File {
                path: path.clone(),
                source,
            },
            Target::Stdout => EncodeError::Write {
                format: self.format.name(),
                source,
            },
        })?;
        Ok(summary)
    }
}

fn directory_for(target: &Target) -> Result<TempDir, EncodeError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".domreel-");
    let Target::Path(path) = target else {
        return builder.tempdir().map_err(|source| EncodeError::File {
            path: std::env::temp_dir(),
            source,
        });
    };
    let beside = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    builder.tempdir_in(beside).map_err(|source| EncodeError::File {
        path: path.clone(),
        // A missing directory speaks for itself; the temporary one's name would tell nothing.
        source: std::fs::metadata(beside).err().unwrap_or(source),
    })
}

fn attempt_path(directory: &TempDir, attempt: u32) -> PathBuf {
    directory.path().join(attempt.to_string())
}

fn remove(path: &Path) -> Result<(), EncodeError> {
    std::fs::remove_file(path).map_err(|source| EncodeError::File {
        path: path.to_owned(),
        source,
    })
}
