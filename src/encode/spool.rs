//! A clip's frames in a temporary file, exactly as they are, to be encoded more than once.
//!
//! Only what changes from frame to frame is kept, compressed quickly, so that an hour of a page that
//! mostly rests takes little of the disk and next to nothing of the memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::change::Rect;
use super::merge::Merger;
use super::{EncodeError, Frame, FrameCheck};
use crate::pixmap::Pixmap;

const FORMAT: &str = "temporary";
const MAX_SIDE: u32 = u16::MAX as u32;

/// Frames that were captured.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    check: FrameCheck,
    merger: Merger,
    before: Option<Arc<Pixmap>>,
    entries: Vec<Entry>,
}

/// One frame, and where its change is in the file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    rect: Rect,
    offset: u64,
    size: usize,
    clip_ms: u64,
    recording_ms: f64,
    duration_ms: u64,
}

impl Spool {
    /// # Errors
    /// If no temporary file can be made.
    pub(super) fn new() -> Result<Self, EncodeError> {
        Ok(Self {
            file: tempfile::tempfile().map_err(spool_error)?,
            check: FrameCheck::default(),
            merger: Merger::default(),
            before: None,
            entries: Vec::new(),
        })
    }

    /// Takes the next frame.
    pub(super) fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.check.accept(&frame.pixels, FORMAT, MAX_SIDE)?;
        match self.merger.push(frame) {
            Some(frame) => self.write(&frame),
            None => Ok(()),
        }
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self) -> Result<(), EncodeError> {
        match self.merger.finish() {
            Some(last) => self.write(&last),
            None => Ok(()),
        }
    }

    /// Width and height of the frames, in pixels, once there is one.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.check.size()
    }

    fn write(&mut self, frame: &Frame) -> Result<(), EncodeError> {
        let now = &frame.pixels;
        let rect = match self.before.replace(Arc::clone(now)) {
            Some(before) => Rect::whole(now).changed(&before, now),
            None => Some(Rect::whole(now)),
        };
        let Some(rect) = rect else { return Ok(()) };
        let change = compress(rect, now).map_err(spool_error)?;
        let offset = self.file.seek(SeekFrom::End(0)).map_err(spool_error)?;
        self.file.write_all(&change).map_err(spool_error)?;
        self.entries.push(Entry {
            rect,
            offset,
            size: change.len(),
            clip_ms: frame.clip_ms,
            recording_ms: frame.recording_ms,
            duration_ms: frame.duration_ms,
        });
        Ok(())
    }

    /// All frames once more, from the first one on.
    pub(super) fn replay(&mut self) -> impl Iterator<Item = Result<Frame, EncodeError>> {
        let (width, height) = self.check.size().unwrap_or_default();
        let mut canvas = Pixmap {
            width,
            height,
            data: vec![255; width as usize * height as usize * 4],
        };
        let Self { file, entries, .. } = self;
        entries.iter().map(move |entry| {
            read(file, entry, &mut canvas).map_err(spool_error)?;
            Ok(Frame {
                pixels: Arc::new(canvas.clone()),
                clip_ms: entry.clip_ms,
                recording_ms: entry.recording_ms,
                duration_ms: entry.duration_ms,
            })
        })
    }
}

fn compress(rect: Rect, picture: &Pixmap) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, rect.width as u32, rect.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    let pixels = rect.rows(picture).flat_map(|row| row.chunks_exact(4));
    let rgb: Vec<u8> = pixels.flat_map(|p| [p[0], p[1], p[2]]).collect();
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(file)
}

/// Draws what an entry changes.
fn read(mut file: &File, entry: &Entry, canvas: &mut Pixmap) -> io::Result<()> {
    let mut change = vec![0; entry.size];
    file.seek(SeekFrom::Start(entry.offset))?;
    file.read_exact(&mut change)?;
    let mut reader = png::Decoder::new(io::Cursor::new(change)).read_info()?;
    let Rect { x, y, width, height } = entry.rect;
    let mut rgb = vec![0; width * height * 3];
    reader.next_frame(&mut rgb)?;
    let stride = canvas.width as usize * 4;
    let rows = canvas.data.chunks_exact_mut(stride).skip(y);
    for (row, rgb) in rows.zip(rgb.chunks_exact(width * 3)) {
        let row = &mut row[x * 4..(x + width) * 4];
        for (pixel, rgb) in row.chunks_exact_mut(4).zip(rgb.chunks_exact(3)) {
            pixel[..3].copy_from_slice(rgb);
        }
    }
    Ok(())
}

fn spool_error(source: impl Into<io::Error>) -> EncodeError {
    EncodeError::Write {
        format: FORMAT,
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::testing::{assert_same, clip};

    #[test]
    fn frames_come_back_as_often_as_asked() {
        let frames = clip(90, 60, 20);
        let mut spool = Spool::new().unwrap();
        let mut clip_ms = 0;
        for (picture, duration_ms) in &frames {
            spool
                .push(Frame {
                    pixels: picture.clone().into(),
                    clip_ms,
                    recording_ms: clip_ms as f64 * 2.0,
                    duration_ms: *duration_ms,
                })
                .unwrap();
            clip_ms += duration_ms;
        }
        spool.finish().unwrap();
        assert_eq!(spool.size(), Some((90, 60)));
        for _ in 0..2 {
            let back: Vec<Frame> = spool.replay().map(Result::unwrap).collect();
            let shown: Vec<_> = back
                .iter()
                .map(|f| ((*f.pixels).clone(), f.duration_ms))
                .collect();
            assert_same(&shown, &frames, 0);
            assert_eq!((back[2].clip_ms, back[2].recording_ms), (110, 220.0));
        }
    }
}
