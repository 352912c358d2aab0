//! Animated PNG: every pixel exact, good where little changes.
//!
//! The file says at its start how many frames it has, so they wait in a temporary file until that is
//! known. Format: the PNG specification, third edition, chunks `acTL`, `fcTL` and `fdAT`.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::change::Rect;
use super::gif::Repeat;
use super::jobs::{Jobs, Workers};
use super::merge::Merger;
use super::patch::Patch;
use super::{EncodeError, Frame, FrameCheck, StreamEncoder, Summary};
use crate::pixmap::Pixmap;

const FORMAT: &str = "APNG";
const MAX_SIDE: u32 = u16::MAX as u32;
/// Longest time of one frame in the file, in milliseconds; longer ones are followed by empty ones.
const MAX_DELAY_MS: u64 = u16::MAX as u64;
/// Longest time of a frame of the clip, in milliseconds: no more than 100 empty ones.
const MAX_DURATION_MS: u64 = 100 * MAX_DELAY_MS;
const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Writes an animated PNG; see the [module](self).
pub struct ApngEncoder<W: Write + Send> {
    output: W,
    repeat: Repeat,
    check: FrameCheck,
    merger: Merger,
    workers: Workers,
    before: Option<Arc<Pixmap>>,
    packing: Jobs<(Rect, u64, io::Result<Vec<u8>>)>,
    chunks: Chunks<BufWriter<File>>,
    /// Frames in the file, with those that only take time.
    written: u32,
    sequence: u32,
    frames: u64,
    duration_ms: u64,
}

impl<W: Write + Send> ApngEncoder<W> {
    /// An encoder that writes to `output` once all frames are there. `threads`: all cores if not
    /// given; the file is the same for any number.
    ///
    /// # Errors
    /// If no temporary file can be made, or no thread started.
    pub fn new(output: W, repeat: Repeat, threads: Option<NonZeroUsize>) -> Result<Self, EncodeError> {
        let spool = tempfile::tempfile().map_err(write_error)?;
        Ok(Self {
            output,
            repeat,
            check: FrameCheck::default(),
            merger: Merger::default(),
            workers: Workers::new(threads, FORMAT)?,
            before: None,
            packing: Jobs::default(),
            chunks: Chunks {
                output: BufWriter::new(spool),
                bytes: 0,
            },
            written: 0,
            sequence: 0,
            frames: 0,
            duration_ms: 0,
        })
    }

    fn pack(&mut self, frame: Frame) -> Result<(), EncodeError> {
        while self.write_next(self.packing.len() >= self.workers.backlog())? {}
        let before = self.before.replace(Arc::clone(&frame.pixels));
        self.packing.start(&self.workers, move || {
            let patch = Patch::new(before.as_deref(), &frame.pixels, 1);
            (patch.rect, frame.duration_ms, compress(&patch))
        });
        Ok(())
    }

    /// Writes the oldest frame; `wait` for it if need be. Says whether there was one.
    fn write_next(&mut self, wait: bool) -> Result<bool, EncodeError> {
        let Some((rect, duration_ms, data)) = self.packing.take(&self.workers, wait)? else {
            return Ok(false);
        };
        let mut data = data.map_err(write_error)?;
        self.frames += 1;
        self.duration_ms += duration_ms;
        let (mut rect, mut rest) = (rect, duration_ms);
        loop {
            let delay = rest.min(MAX_DELAY_MS);
            self.write_frame(rect, delay as u16, &data).map_err(write_error)?;
            rest -= delay;
            if rest == 0 {
                return Ok(true);
            }
            let nothing = Patch::nothing();
            rect = nothing.rect;
            data = compress(&nothing).map_err(write_error)?;
        }
    }

    fn write_frame(&mut self, rect: Rect, delay_ms: u16, data: &[u8]) -> io::Result<()> {
        let mut control = Vec::with_capacity(26);
        control.extend(self.next_in_sequence());
        for value in [rect.width, rect.height, rect.x, rect.y] {
            control.extend((value as u32).to_be_bytes());
        }
        control.extend(delay_ms.to_be_bytes());
        control.extend(1000u16.to_be_bytes());
        // Left as it is before the next frame, which is blended over it.
        control.extend([0, 1]);
        self.chunks.write(b"fcTL", &[&control])?;
        if self.written == 0 {
            self.chunks.write(b"IDAT", &[data])?;
        } else {
            let sequence = self.next_in_sequence();
            self.chunks.write(b"fdAT", &[&sequence, data])?;
        }
        self.written += 1;
        Ok(())
    }

    fn next_in_sequence(&mut self) -> [u8; 4] {
        let number = self.sequence.to_be_bytes();
        self.sequence += 1;
        number
    }
}

impl<W: Write + Send> StreamEncoder for ApngEncoder<W> {
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
        let end = || {
            let mut spool = self.chunks.output.into_inner()?;
            spool.rewind()?;
            self.output.write_all(&SIGNATURE)?;
            let mut chunks = Chunks {
                output: &mut self.output,
                bytes: SIGNATURE.len() as u64 + self.chunks.bytes,
            };
            // 8 bits of red, green, blue and alpha, not interlaced.
            chunks.write(
                b"IHDR",
                &[&width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0]],
            )?;
            let plays = u32::from(self.repeat.plays()).to_be_bytes();
            chunks.write(b"acTL", &[&self.written.to_be_bytes(), &plays])?;
            io::copy(&mut spool, &mut chunks.output)?;
            chunks.write(b"IEND", &[])?;
            chunks.output.flush()?;
            io::Result::Ok(chunks.bytes)
        };
        let bytes = end().map_err(write_error)?;
        let summary = Summary {
            width,
            height,
            frames: self.frames,
            duration_ms: self.duration_ms,
            bytes,
            traded: None,
        };
        Ok((self.output, summary))
    }
}

/// The chunks of a PNG file.
struct Chunks<W> {
    output: W,
    bytes: u64,
}

impl<W: Write> Chunks<W> {
    fn write(&mut self, kind: &[u8; 4], data: &[&[u8]]) -> io::Result<()> {
        let length: usize = data.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.output.write_all(&length.to_be_bytes())?;
        let mut crc = crc32fast::Hasher::new();
        for part in std::iter::once(&kind[..]).chain(data.iter().copied()) {
            crc.update(part);
            self.output.write_all(part)?;
        }
        self.output.write_all(&crc.finalize().to_be_bytes())?;
        self.bytes += u64::from(length) + 12;
        Ok(())
    }
}

/// The compressed pixels of a PNG picture of the same size.
fn compress(patch: &Patch) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, patch.rect.width as u32, patch.rect.height as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&patch.data)?;
    writer.finish()?;
    let mut rest = file.get(SIGNATURE.len()..).unwrap_or_default();
    let mut data = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        if after.starts_with(b"IDAT") {
            data.extend_from_slice(after.get(4..4 + length).unwrap_or_default());
        }
        rest = after.get(length + 8..).unwrap_or_default();
    }
    Ok(data)
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
            ApngEncoder::new(Vec::new(), Repeat::Forever, None).unwrap(),
            frames,
        )
    }

    /// The canvas after each frame and how long it is shown, as the `png` crate reads the file.
    fn decode(file: &[u8]) -> Decoded {
        let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
        let info = reader.info();
        let frames = info.animation_control.unwrap().num_frames;
        let (width, height) = (info.width, info.height);
        let mut canvas = flat(width, height, [0; 3]);
        let mut shown = Decoded::default();
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        for _ in 0..frames {
            reader.next_frame(&mut buffer).unwrap();
            let control = *reader.info().frame_control().unwrap();
            assert_eq!(control.dispose_op, png::DisposeOp::None);
            let rows = buffer.chunks_exact(control.width as usize * 4);
            for (y, row) in rows.take(control.height as usize).enumerate() {
                for (x, pixel) in row.chunks_exact(4).enumerate().filter(|(_, p)| p[3] == 255) {
                    let (x, y) = (x + control.x_offset as usize, y + control.y_offset as usize);
                    let at = (y * width as usize + x) * 4;
                    canvas.data[at..at + 4].copy_from_slice(pixel);
                }
            }
            let ms = u64::from(control.delay_num) * 1000 / u64::from(control.delay_den);
            shown.push((canvas.clone(), ms));
        }
        shown
    }

    #[test]
    fn pictures_and_times_come_back() {
        let frames = clip(70, 50, 24);
        let (file, summary) = encode(&frames);
        assert_same(&decode(&file), &frames, 0);
        assert_eq!((summary.frames, summary.bytes), (24, file.len() as u64));
        assert_eq!(summary.duration_ms, frames.iter().map(|(_, ms)| ms).sum::<u64>());
    }

    #[test]
    fn plays_as_often_as_asked() {
        for (repeat, plays) in [
            (Repeat::Forever, 0),
            (Repeat::Times(1), 1),
            (Repeat::Times(300), 300),
        ] {
            let encoder = ApngEncoder::new(Vec::new(), repeat, None).unwrap();
            let (file, _) = play(encoder, &[(flat(2, 2, [1; 3]), 50), (flat(2, 2, [2; 3]), 50)]);
            let reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
            assert_eq!(reader.info().animation_control().unwrap().num_plays, plays);
        }
    }

    #[test]
    fn long_times_are_split() {
        let frames = [(flat(3, 3, [1; 3]), 150_000), (flat(3, 3, [2; 3]), 40)];
        let (file, summary) = encode(&frames);
        let shown = decode(&file);
        let times: Vec<(u8, u64)> = shown.iter().map(|(p, ms)| (p.data[0], *ms)).collect();
        assert_eq!(times, [(1, 65_535), (1, 65_535), (1, 18_930), (2, 40)]);
        assert_eq!((summary.frames, summary.duration_ms), (2, 150_040));
    }

    #[test]
    fn threads_do_not_change_the_file() {
        let frames = clip(70, 50, 24);
        let files = [1, 3].map(|threads| {
            play(
                ApngEncoder::new(Vec::new(), Repeat::Forever, NonZeroUsize::new(threads)).unwrap(),
                &frames,
            )
            .0
        });
        assert!(files[0] == files[1]);
    }

    #[test]
    fn no_frames_is_an_error() {
        let encoder = ApngEncoder::new(Vec::new(), Repeat::Forever, None).unwrap();
        assert!(matches!(encoder.finish(), Err(EncodeError::NoFrames)));
    }
}
