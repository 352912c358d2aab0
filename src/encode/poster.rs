//! A still picture of a clip, for what cannot play it.

use std::path::PathBuf;
use std::sync::Arc;

use super::frames::png;
use super::output::write_file;
use super::{Chapter, EncodeError, Encoder, Frame, Summary};
use crate::pixmap::Pixmap;

/// Writes one of the frames that pass through as a PNG file, beside the clip that another encoder makes.
pub struct PosterEncoder {
    encoder: Box<dyn Encoder>,
    path: PathBuf,
    at_ms: u64,
    picture: Option<Arc<Pixmap>>,
    partial: bool,
}

impl PosterEncoder {
    /// Passes frames on to `encoder` and writes the one shown at `at_ms` of clip time to `path`: the
    /// first one if the clip begins later, the last one if it ends earlier.
    pub fn new(encoder: Box<dyn Encoder>, path: PathBuf, at_ms: u64) -> Self {
        Self {
            encoder,
            path,
            at_ms,
            picture: None,
            partial: false,
        }
    }
}

impl Encoder for PosterEncoder {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        if self.picture.is_none() || frame.clip_ms <= self.at_ms {
            self.picture = Some(Arc::clone(&frame.pixels));
        }
        self.encoder.push(frame)
    }

    fn set_chapters(&mut self, chapters: Vec<Chapter>) {
        self.encoder.set_chapters(chapters);
    }

    /// A part of a clip has no poster.
    fn set_partial(&mut self) {
        self.partial = true;
        self.encoder.set_partial();
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let summary = self.encoder.finish()?;
        if let Some(picture) = self.picture
            && !self.partial
        {
            let file = png(&picture).map_err(|source| EncodeError::File {
                path: self.path.clone(),
                source,
            })?;
            write_file(&self.path, &file)?;
        }
        Ok(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Format;
    use crate::encode::output::{EncodeOptions, Target, open};
    use crate::encode::testing::flat;

    fn poster(at_ms: u64) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let target = Target::Path(directory.path().join("clip.gif"));
        let path = directory.path().join("clip.png");
        let gif = open(&target, Format::Gif, &EncodeOptions::default()).unwrap();
        let mut encoder = PosterEncoder::new(gif, path.clone(), at_ms);
        for at in 0..3 {
            encoder
                .push(Frame {
                    pixels: flat(4, 4, [at as u8; 3]).into(),
                    clip_ms: 100 + at * 100,
                    recording_ms: 0.0,
                    duration_ms: 100,
                })
                .unwrap();
        }
        Box::new(encoder).finish().unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn it_is_the_frame_at_that_time() {
        for (at_ms, frame) in [(0, 0), (199, 0), (200, 1), (u64::MAX, 2)] {
            assert!(poster(at_ms) == png(&flat(4, 4, [frame; 3])).unwrap(), "{at_ms}");
        }
    }
}
