//! Finished pictures become a file.
//!
//! Every format is an [`Encoder`]: frames go in one by one, in the order they are shown, and bytes
//! leave as soon as the format allows. An encoder holds a bounded number of frames, so a clip's
//! length costs no memory, and [`Encoder::push`] blocks while the encoder is behind.
//!
//! | module | what it writes |
//! |---|---|
//! | [`gif`] | an animated GIF |
//! | [`apng`] | an animated PNG, lossless |
//! | [`webp`] | an animated WebP, lossless |
//! | `mp4` | a video in H.264; with the cargo feature `mp4` |
//! | [`ffmpeg`] | what a program called ffmpeg can write, if there is one |
//! | [`poster`] | one frame of a clip, as a PNG file |
//! | [`frames`] | a directory of PNG files with `frames.json` |
//! | [`fit`] | any of them within a number of bytes |
//! | [`output`] | the place a clip goes to, whole or not at all |

pub mod apng;
mod change;
pub mod ffmpeg;
pub mod fit;
mod format;
pub mod frames;
pub mod gif;
mod jobs;
mod merge;
#[cfg(feature = "mp4")]
pub mod mp4;
pub mod output;
mod patch;
pub mod poster;
mod spool;
#[cfg(test)]
pub(crate) mod testing;
pub mod webp;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::pixmap::Pixmap;
pub use format::Format;

/// One finished picture and how long it is shown.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The picture; all frames of a clip have the same size.
    pub pixels: Arc<Pixmap>,
    /// When it is shown first, in milliseconds of clip time.
    pub clip_ms: u64,
    /// What it shows: milliseconds of recording time since the recording's first event.
    pub recording_ms: f64,
    /// How long it is shown, in milliseconds of clip time.
    pub duration_ms: u64,
}

/// Takes the frames of one clip and writes its file.
pub trait Encoder: Send {
    /// Takes the next frame. Blocks while too much is waiting to be encoded.
    ///
    /// After an error the output is not usable and the encoder is to be dropped.
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError>;

    /// Says where the chapters of the clip begin. To be called before the first frame; formats
    /// without chapters ignore it.
    fn set_chapters(&mut self, _chapters: Vec<Chapter>) {}

    /// Says that the clip was stopped before its end, so that its place tells: a file is called
    /// `clip.partial.gif` instead of `clip.gif`, a list of frames says so. To be called before
    /// [`Encoder::finish`].
    fn set_partial(&mut self) {}

    /// Writes what is left and flushes the output.
    fn finish(self: Box<Self>) -> Result<Summary, EncodeError>;
}

/// Writes a clip as one stream of bytes; [`output::open`] makes an [`Encoder`] of it.
pub trait StreamEncoder: Send {
    /// Where the bytes go.
    type Output: Write;

    /// As [`Encoder::push`].
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError>;

    /// As [`Encoder::set_chapters`].
    fn set_chapters(&mut self, _chapters: Vec<Chapter>) {}

    /// Writes what is left, and gives the flushed output back.
    fn finish(self) -> Result<(Self::Output, Summary), EncodeError>
    where
        Self: Sized;
}

/// A place in a clip that a player can jump to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Where it begins, in milliseconds of clip time; it ends where the next one begins.
    pub clip_ms: u64,
    /// What a player shows for it.
    pub title: String,
}

/// What an encoder has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Width of the pictures, in pixels.
    pub width: u32,
    /// Height of the pictures, in pixels.
    pub height: u32,
    /// Pictures in the file; equal neighbours count once.
    pub frames: u64,
    /// How long the file plays, in milliseconds, by the durations it contains.
    pub duration_ms: u64,
    /// Bytes written, all files together.
    pub bytes: u64,
    /// What was given up for the file to fit; see [`fit`].
    pub traded: Option<fit::Traded>,
}

/// Why a clip could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The output ended before the first frame.
    #[error("there is no frame to encode; check that the chosen range of the recording is not empty")]
    NoFrames,
    /// A frame's data does not fit its width and height.
    #[error("frame {frame} has {found} bytes of pixels, its size {width}x{height} needs {expected}")]
    Malformed {
        /// Position of the frame in the clip, from 0.
        frame: u64,
        /// Width the frame claims, in pixels.
        width: u32,
        /// Height the frame claims, in pixels.
        height: u32,
        /// `width * height * 4`.
        expected: u64,
        /// Bytes there are.
        found: usize,
    },
    /// A frame differs in size from the first one.
    #[error(
        "frame {frame} is {found_width}x{found_height}, the frames before it {width}x{height}; all frames of a clip need one size"
    )]
    SizeChanged {
        /// Position of the frame in the clip, from 0.
        frame: u64,
        /// Width of the clip, in pixels.
        width: u32,
        /// Height of the clip, in pixels.
        height: u32,
        /// Width of this frame, in pixels.
        found_width: u32,
        /// Height of this frame, in pixels.
        found_height: u32,
    },
    /// The format cannot hold pictures of this size.
    #[error(
        "{width}x{height} pixels do not fit into {format} (1 to {max} a side); choose another width or scale"
    )]
    Size {
        /// Name of the format.
        format: &'static str,
        /// Width asked for, in pixels.
        width: u32,
        /// Height asked for, in pixels.
        height: u32,
        /// Longest side the format allows, in pixels.
        max: u32,
    },
    /// A frame is shown for longer than any clip can be.
    #[error(
        "frame {frame} is shown for {duration_ms} ms, more than the {max_ms} ms a {format} frame may last"
    )]
    TooLong {
        /// Position of the frame in the clip, from 0.
        frame: u64,
        /// How long it is to be shown, in milliseconds.
        duration_ms: u64,
        /// Longest duration, in milliseconds.
        max_ms: u64,
        /// Name of the format.
        format: &'static str,
    },
    /// The output refused bytes.
    #[error("the {format} output could not be written: {source}")]
    Write {
        /// Name of the format.
        format: &'static str,
        /// What the output said.
        source: io::Error,
    },
    /// A file could not be created, written or renamed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The format is made of several files.
    #[error("a clip in {format} is a directory and cannot be written to a stream; name one with -o")]
    NotAStream {
        /// Name of the format.
        format: &'static str,
    },
    /// A codec or program that makes the clip failed.
    #[error("the {format} could not be made: {reason}")]
    Codec {
        /// Name of the format.
        format: &'static str,
        /// What is known about it.
        reason: String,
    },
    /// No way was found to make the clip as small as it has to be.
    #[error(
        "the smallest file of this clip has {least_bytes} bytes, more than the {max_bytes} allowed; choose a shorter part of the recording, or a video"
    )]
    TooLarge {
        /// Bytes allowed.
        max_bytes: u64,
        /// Bytes of the smallest file that was made.
        least_bytes: u64,
    },
    /// This domreel cannot write the format by itself.
    #[error("domreel cannot write {format} by itself here; {instead}")]
    Unsupported {
        /// Name of the format.
        format: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A thread that encodes frames ended early, or none could be started.
    #[error("a thread of the {format} encoder stopped: {reason}")]
    Thread {
        /// Name of the format.
        format: &'static str,
        /// What is known about it.
        reason: String,
    },
}

/// Checks a clip's frames against each other: every frame is well formed and as large as the first.
#[derive(Debug, Default)]
pub(crate) struct FrameCheck {
    size: Option<(u32, u32)>,
    frames: u64,
}

impl FrameCheck {
    /// Accepts the next frame, or says what is wrong with it. Returns its position, from 0.
    ///
    /// `max_side` (pixels) is the limit of `format`.
    pub(crate) fn accept(
        &mut self,
        pixels: &Pixmap,
        format: &'static str,
        max_side: u32,
    ) -> Result<u64, EncodeError> {
        let (frame, Pixmap { width, height, data }) = (self.frames, pixels);
        let (width, height) = (*width, *height);
        let sides = 1..=max_side;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(EncodeError::Size {
                format,
                width,
                height,
                max: max_side,
            });
        }
        let expected = u64::from(width) * u64::from(height) * 4;
        if data.len() as u64 != expected {
            return Err(EncodeError::Malformed {
                frame,
                width,
                height,
                expected,
                found: data.len(),
            });
        }
        let size = *self.size.get_or_insert((width, height));
        if size != (width, height) {
            return Err(EncodeError::SizeChanged {
                frame,
                width: size.0,
                height: size.1,
                found_width: width,
                found_height: height,
            });
        }
        self.frames += 1;
        Ok(frame)
    }

    /// Width and height of the clip, in pixels, once there is a frame.
    pub(crate) fn size(&self) -> Option<(u32, u32)> {
        self.size
    }
}
