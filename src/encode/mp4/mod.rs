//! MP4 with H.264, for players, browsers and everything that refuses large GIFs.
//!
//! OpenH264 (built from its source, BSD licence) encodes; the pictures become YUV 4:2:0 with even
//! sides, as all decoders want it, which takes sharpness from coloured text. Frames keep their
//! durations. The index comes before the pictures, so that a page can play the file while it loads:
//! the pictures wait in a temporary file until it is known.
//!
//! One thread encodes, so that the bytes do not depend on the machine; a frame of 1280×720 takes
//! about 7 ms.

mod boxes;
#[cfg(test)]
mod tests;
mod yuv;

use std::io::{self, Seek, Write};

use mp4_atom::Avcc;
use openh264::encoder::{
    BitRate, Encoder as H264, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, QpRange,
    RateControlMode, UsageType, VuiConfig,
};
use openh264::{OpenH264API, Timestamp};

use self::boxes::{Movie, Sample};
use self::yuv::Planes;
use super::merge::Merger;
use super::{Chapter, EncodeError, Frame, FrameCheck, StreamEncoder, Summary};
use crate::pixmap::Pixmap;

const FORMAT: &str = "MP4";
/// Longest side OpenH264 encodes, in pixels. The other side may have 2160.
const MAX_SIDE: u32 = 3840;
const MAX_SHORT_SIDE: u32 = 2160;
/// Shortest side OpenH264 encodes, in pixels.
const MIN_SIDE: u32 = 16;
/// A player that seeks decodes from the last key frame on; so long apart they are at most, in milliseconds.
const KEY_EVERY_MS: u64 = 10_000;
/// Longest duration of a frame, in milliseconds.
const MAX_DURATION_MS: u64 = u32::MAX as u64;

/// Writes an MP4; see the [module](self).
pub struct Mp4Encoder<W: Write + Send> {
    output: W,
    check: FrameCheck,
    merger: Merger,
    h264: H264,
    planes: Planes,
    /// Samples that are encoded, one after the other.
    spool: io::BufWriter<std::fs::File>,
    samples: Vec<Sample>,
    avcc: Option<Avcc>,
    chapters: Vec<Chapter>,
    clip_ms: u64,
    last_key_ms: u64,
    bytes: u64,
}

impl<W: Write + Send> Mp4Encoder<W> {
    /// An encoder that writes to `output` once all frames are there. `quantiser` is H.264's, 0 to 51:
    /// less is better and larger; 6 more halve the size or so.
    ///
    /// # Errors
    /// If no temporary file can be made, or the codec does not start.
    pub fn new(output: W, quantiser: u8) -> Result<Self, EncodeError> {
        let quantiser = quantiser.min(51);
        let config = EncoderConfig::new()
            .usage_type(UsageType::ScreenContentRealTime)
            // The one mode that takes a quantiser, and prints nothing where frames must not be skipped.
            .rate_control_mode(RateControlMode::Bufferbased)
            .bitrate(BitRate::from_bps(100_000_000))
            .max_frame_rate(FrameRate::from_hz(60.0))
            .qp(QpRange::new(quantiser, quantiser))
            .skip_frames(false)
            .adaptive_quantization(false)
            .background_detection(false)
            .intra_frame_period(IntraFramePeriod::auto())
            .num_threads(1)
            .vui(VuiConfig::bt709());
        let h264 = H264::with_api_config(OpenH264API::from_source(), config).map_err(codec_error)?;
        Ok(Self {
            output,
            check: FrameCheck::default(),
            merger: Merger::default(),
            h264,
            planes: Planes::default(),
            spool: io::BufWriter::new(tempfile::tempfile().map_err(write_error)?),
            samples: Vec::new(),
            avcc: None,
            chapters: Vec::new(),
            clip_ms: 0,
            last_key_ms: 0,
            bytes: 0,
        })
    }

    fn encode(&mut self, frame: &Frame) -> Result<(), EncodeError> {
        let (width, height) = even(frame.pixels.width, frame.pixels.height);
        self.planes.fill(&frame.pixels, width as usize, height as usize);
        let end_ms = self.clip_ms + frame.duration_ms;
        let starts_chapter = self
            .chapters
            .iter()
            .any(|chapter| (self.clip_ms..end_ms).contains(&chapter.clip_ms));
        if !self.samples.is_empty() && (starts_chapter || end_ms - self.last_key_ms > KEY_EVERY_MS) {
            self.h264.force_intra_frame();
        }
        let stream = self
            .h264
            .encode_at(&self.planes, Timestamp::from_millis(self.clip_ms))
            .map_err(codec_error)?;
        let key = matches!(stream.frame_type(), FrameType::IDR);
        let mut sample = Vec::new();
        let mut parameters = [None, None];
        for layer in (0..stream.num_layers()).filter_map(|at| stream.layer(at)) {
            for unit in (0..layer.nal_count()).filter_map(|at| layer.nal_unit(at)) {
                let unit = without_start_code(unit);
                // Parameter sets have their place beside the samples.
                match unit.first().map(|header| header & 0x1F) {
                    Some(7) => parameters[0] = Some(unit.to_vec()),
                    Some(8) => parameters[1] = Some(unit.to_vec()),
                    _ => {
                        let size = u32::try_from(unit.len()).unwrap_or(u32::MAX);
                        sample.extend(size.to_be_bytes());
                        sample.extend(unit);
                    }
                }
            }
        }
        if sample.is_empty() {
            return Err(EncodeError::Codec {
                format: FORMAT,
                reason: format!("OpenH264 left out the frame at {} ms", self.clip_ms),
            });
        }
        if let ([Some(sps), Some(pps)], None) = (parameters, &self.avcc) {
            self.avcc = Some(Avcc::new(&sps, &pps).map_err(mux_error)?);
        }
        self.spool.write_all(&sample).map_err(write_error)?;
        if key {
            self.last_key_ms = self.clip_ms;
        }
        self.samples.push(Sample {
            size: u32::try_from(sample.len()).map_err(|_| write_error(io::ErrorKind::FileTooLarge.into()))?,
            duration_ms: u32::try_from(frame.duration_ms).unwrap_or(u32::MAX).max(1),
            key,
        });
        self.clip_ms = end_ms;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.output.write_all(bytes).map_err(write_error)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

impl<W: Write + Send> StreamEncoder for Mp4Encoder<W> {
    type Output = W;

    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        let at = self.check.accept(&frame.pixels, FORMAT, MAX_SIDE)?;
        let Pixmap { width, height, .. } = *frame.pixels;
        if width.min(height) > MAX_SHORT_SIDE {
            return Err(EncodeError::Size {
                format: FORMAT,
                width,
                height,
                max: MAX_SHORT_SIDE,
            });
        }
        if frame.duration_ms > MAX_DURATION_MS || self.clip_ms > MAX_DURATION_MS {
            return Err(EncodeError::TooLong {
                frame: at,
                duration_ms: frame.duration_ms,
                max_ms: MAX_DURATION_MS,
                format: FORMAT,
            });
        }
        match self.merger.push(frame) {
            Some(frame) => self.encode(&frame),
            None => Ok(()),
        }
    }

    fn set_chapters(&mut self, chapters: Vec<Chapter>) {
        self.chapters = chapters;
        self.chapters.sort_by_key(|chapter| chapter.clip_ms);
    }

    fn finish(mut self) -> Result<(W, Summary), EncodeError> {
        if let Some(last) = self.merger.finish() {
            self.encode(&last)?;
        }
        let (width, height) = self.check.size().ok_or(EncodeError::NoFrames)?;
        let (even_width, even_height) = even(width, height);
        let movie = Movie {
            width: even_width as u16,
            height: even_height as u16,
            avcc: self.avcc.take().ok_or_else(|| EncodeError::Codec {
                format: FORMAT,
                reason: "OpenH264 wrote no parameters".into(),
            })?,
            samples: std::mem::take(&mut self.samples),
            chapters: std::mem::take(&mut self.chapters),
        };
        let (before, after) = movie.encode().map_err(mux_error)?;
        self.write(&before)?;
        self.spool.flush().map_err(write_error)?;
        self.spool.rewind().map_err(write_error)?;
        self.bytes += io::copy(self.spool.get_mut(), &mut self.output).map_err(write_error)?;
        self.write(&after)?;
        self.output.flush().map_err(write_error)?;
        let summary = Summary {
            width: even_width,
            height: even_height,
            frames: movie.samples.len() as u64,
            duration_ms: movie.duration_ms(),
            bytes: self.bytes,
            traded: None,
        };
        Ok((self.output, summary))
    }
}

/// The size of the video for pictures of a size: chroma has half of it, so it is even.
fn even(width: u32, height: u32) -> (u32, u32) {
    [width, height]
        .map(|side| side.max(MIN_SIDE).next_multiple_of(2))
        .into()
}

/// A unit of the stream without the zeros and the one that mark its start.
fn without_start_code(unit: &[u8]) -> &[u8] {
    let zeros = unit.iter().take_while(|&&byte| byte == 0).count();
    match unit.get(zeros) {
        Some(1) if zeros >= 2 => &unit[zeros + 1..],
        _ => unit,
    }
}

fn write_error(source: io::Error) -> EncodeError {
    EncodeError::Write {
        format: FORMAT,
        source,
    }
}

fn codec_error(error: openh264::Error) -> EncodeError {
    EncodeError::Codec {
        format: FORMAT,
        reason: error.to_string(),
    }
}

fn mux_error(error: mp4_atom::Error) -> EncodeError {
    EncodeError::Codec {
        format: FORMAT,
        reason: error.to_string(),
    }
}
