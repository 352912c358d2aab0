//! Animated WebP, lossless: smaller than APNG, and shown by every browser.
//!
//! The container says at its start how long it is, so frames wait in a temporary file until that is
//! known. Format: Google's “WebP Container Specification”.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use image_webp::{ColorType, EncodingError, WebPEncoder as Picture};

use super::gif::Repeat;
use super::jobs::{Jobs, Workers};
use super::merge::Merger;
use super::patch::Patch;
use super::{EncodeError, Frame, FrameCheck, StreamEncoder, Summary};
use crate::pixmap::Pixmap;

const FORMAT: &str = "WebP";
/// Longest side of a lossless picture, in pixels.
const MAX_SIDE: u32 = 1 << 14;
/// Longest time of a frame, in milliseconds: 24 bits.
const MAX_DURATION_MS: u64 = (1 << 24) - 1;
/// Bytes of the container's head: `RIFF` and its length, `WEBP`, the chunks `VP8X` and `ANIM`.
const HEAD: u32 = 12 + 18 + 14;

/// Writes an animated WebP; see the [module](self).
pub struct WebpEncoder<W: Write + Send> {
    output: W,
    repeat: Repeat,
    check: FrameCheck,
    merger: Merger,
    workers: Workers,
    before: Option<Arc<Pixmap>>,
    packing: Jobs<(Patch, u64, Result<Vec<u8>, EncodingError>)>,
    spool: BufWriter<File>,
    spooled: u64,
    frames: u64,
    duration_ms: u64,
}

impl<W: Write + Send> WebpEncoder<W> {
    /// An encoder that writes to `output` once all frames are there. `threads`: all cores if not
    /// given; the file is the same for any number.
    ///
    /// # Errors
    /// If no temporary file can be made, or no thread started.
    pub fn new(output: W, repeat: Repeat, threads: Option<NonZeroUsize>) -> Result<Self, EncodeError> {
        Ok(Self {
            output,
            repeat,
            check: FrameCheck::default(),
            merger: Merger::default(),
            workers: Workers::new(threads, FORMAT)?,
            before: None,
            packing: Jobs::default(),
            spool: BufWriter::new(tempfile::tempfile().map_err(write_error)?),
            spooled: 0,
            frames: 0,
            duration_ms: 0,
        })
    }

    fn pack(&mut self, frame: Frame) -> Result<(), EncodeError> {
        while self.write_next(self.packing.len() >= self.workers.backlog())? {}
        let before = self.before.replace(Arc::clone(&frame.pixels));
        self.packing.start(&self.workers, move || {
            // Offsets are stored by half.
            let patch = Patch::new(before.as_deref(), &frame.pixels, 2);
            let chunk = compress(&patch);
            (patch, frame.duration_ms, chunk)
        });
        Ok(())
    }

    /// Writes the oldest frame; `wait` for it if need be. Says whether there was one.
    fn write_next(&mut self, wait: bool) -> Result<bool, EncodeError> {
        let Some((patch, duration_ms, data)) = self.packing.take(&self.workers, wait)? else {
            return Ok(false);
        };
        let data = data.map_err(|error| EncodeError::Codec {
            format: FORMAT,
            reason: error.to_string(),
        })?;
        let Patch { rect, data: pixels } = patch;
        let opaque = pixels.chunks_exact(4).all(|pixel| pixel[3] == 255);
        let mut head = Vec::with_capacity(24);
        head.extend(b"ANMF");
        head.extend((16 + data.len() as u32).to_le_bytes());
        let duration = duration_ms as usize;
        for value in [rect.x / 2, rect.y / 2, rect.width - 1, rect.height - 1, duration] {
            head.extend(&(value as u32).to_le_bytes()[..3]);
        }
        // Blended over the picture before it, except where nothing of that shows; and left there.
        head.push(if opaque { 2 } else { 0 });
        for part in [&head, &data] {
            self.spool.write_all(part).map_err(write_error)?;
            self.spooled += part.len() as u64;
        }
        self.frames += 1;
        self.duration_ms += duration_ms;
        Ok(true)
    }
}

impl<W: Write + Send> StreamEncoder for WebpEncoder<W> {
    type Output = W;

    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        let at = self.check.accept(&frame.pixels, FORMAT, MAX_SIDE)?;
        if frame.duration_ms > MAX_DURATION_MS {
            return Err(EncodeError::TooLong {
                frame: at,
                duration_ms: frame.duration_ms,
                max_ms: MAX_DURATION_MS,
                format: FORMAT,
            });
        }
        match self.merger.push(frame) {
            Some(frame) => self.pack(frame),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<(W, Summary), EncodeError> {
        if let Some(last) = self.merger.finish() {
            self.pack(last)?;
        }
        while self.write_next(true)? {}
        let (width, height) = self.check.size().ok_or(EncodeError::NoFrames)?;
        let too_large = || write_error(io::ErrorKind::FileTooLarge.into());
        let size = u32::try_from(u64::from(HEAD) - 8 + self.spooled).map_err(|_| too_large())?;
        let mut head = Vec::with_capacity(HEAD as usize);
        head.extend(b"RIFF");
        head.extend(size.to_le_bytes());
        head.extend(b"WEBPVP8X");
        head.extend(10u32.to_le_bytes());
        // Has an animation, and transparency in its frames.
        head.extend([0x12, 0, 0, 0]);
        for side in [width, height] {
            head.extend(&(side - 1).to_le_bytes()[..3]);
        }
        head.extend(b"ANIM");
        head.extend(6u32.to_le_bytes());
        // Background (white), and how often it plays.
        head.extend([255; 4]);
        head.extend(self.repeat.plays().to_le_bytes());
        let end = || {
            let mut spool = self.spool.into_inner()?;
            spool.rewind()?;
            self.output.write_all(&head)?;
            io::copy(&mut spool, &mut self.output)?;
            self.output.flush()
        };
        end().map_err(write_error)?;
        let summary = Summary {
            width,
            height,
            frames: self.frames,
            duration_ms: self.duration_ms,
            bytes: u64::from(size) + 8,
            traded: None,
        };
        Ok((self.output, summary))
    }
}

/// The chunk of a lossless picture.
fn compress(patch: &Patch) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let (width, height) = (patch.rect.width as u32, patch.rect.height as u32);
    Picture::new(&mut file).encode(&patch.data, width, height, ColorType::Rgba8)?;
    // A file of one picture is a container of one chunk.
    Ok(file.split_off(12))
}

fn write_error(source: io::Error) -> EncodeError {
    EncodeError::Write {
        format: FORMAT,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::testing::{Decoded, assert_same, clip, flat, play};

    fn encode(frames: &[(Pixmap, u64)]) -> (Vec<u8>, Summary) {
        play(
            WebpEncoder::new(Vec::new(), Repeat::Forever, None).unwrap(),
            frames,
        )
    }

    fn decode(file: &[u8]) -> Decoded {
        let mut decoder = image_webp::WebPDecoder::new(io::Cursor::new(file)).unwrap();
        assert!(decoder.is_animated());
        let (width, height) = decoder.dimensions();
        let mut shown = Decoded::default();
        for _ in 0..decoder.num_frames() {
            let mut data = vec![0; decoder.output_buffer_size().unwrap()];
            let ms = decoder.read_frame(&mut data).unwrap();
            shown.push((Pixmap { width, height, data }, u64::from(ms)));
        }
        shown
    }

    #[test]
    fn pictures_and_times_come_back() {
        let frames = clip(71, 51, 24);
        let (file, summary) = encode(&frames);
        // This decoder blends opaque pixels with an error of one; browsers do not.
        assert_same(&decode(&file), &frames, 1);
        assert_eq!((summary.frames, summary.bytes), (24, file.len() as u64));
        assert_eq!(summary.duration_ms, frames.iter().map(|(_, ms)| ms).sum::<u64>());
    }

    #[test]
    fn plays_as_often_as_asked() {
        use image_webp::LoopCount;
        for (repeat, plays) in [
            (Repeat::Forever, None),
            (Repeat::Times(1), Some(1)),
            (Repeat::Times(300), Some(300)),
        ] {
            let encoder = WebpEncoder::new(Vec::new(), repeat, None).unwrap();
            let (file, _) = play(encoder, &[(flat(2, 2, [1; 3]), 50), (flat(2, 2, [2; 3]), 50)]);
            let decoder = image_webp::WebPDecoder::new(io::Cursor::new(file)).unwrap();
            let found = match decoder.loop_count() {
                LoopCount::Forever => None,
                LoopCount::Times(times) => Some(times.get()),
            };
            assert_eq!(found, plays);
        }
    }

    #[test]
    fn times_that_do_not_fit_are_refused() {
        let mut encoder = WebpEncoder::new(Vec::new(), Repeat::Forever, None).unwrap();
        let error = encoder
            .push(Frame {
                pixels: Arc::new(flat(2, 2, [1; 3])),
                clip_ms: 0,
                recording_ms: 0.0,
                duration_ms: 1 << 24,
            })
            .unwrap_err();
        assert!(matches!(error, EncodeError::TooLong { frame: 0, .. }), "{error}");
    }

    #[test]
    fn no_frames_is_an_error() {
        let encoder = WebpEncoder::new(Vec::new(), Repeat::Forever, None).unwrap();
        assert!(matches!(encoder.finish(), Err(EncodeError::NoFrames)));
    }
}
