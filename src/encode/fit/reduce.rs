//! Frames made smaller and fewer.

use std::sync::Arc;

use super::super::{EncodeError, Frame};
use crate::pixmap::Pixmap;

/// Makes pictures smaller.
#[derive(Debug)]
pub(super) struct Scaler {
    width: u32,
    height: u32,
}

impl Scaler {
    /// For pictures of a size that are to have so many percent of it, at least a pixel.
    pub(super) fn new((width, height): (u32, u32), percent: u32) -> Self {
        let part = |side: u32| (u64::from(side) * u64::from(percent)).div_ceil(100).max(1) as u32;
        Self {
            width: part(width),
            height: part(height),
        }
    }

    pub(super) fn scale(&self, picture: &Arc<Pixmap>) -> Result<Arc<Pixmap>, EncodeError> {
        let Self { width, height, .. } = *self;
        if (picture.width, picture.height) == (width, height) {
            return Ok(Arc::clone(picture));
        }
        let scaled = picture
            .scaled(width, height)
            .map_err(|reason| EncodeError::Codec {
                format: "smaller picture",
                reason,
            })?;
        Ok(Arc::new(scaled))
    }
}

/// Leaves out frames so that at most one begins in each step of a grid. What a step shows last is
/// what is seen of it; the clip lasts as long as before.
#[derive(Debug)]
pub(super) struct Thinner {
    fps: Option<u32>,
    held: Option<Frame>,
}

impl Thinner {
    /// At most `fps` frames a second; as many as there are if not given.
    pub(super) fn new(fps: Option<u32>) -> Self {
        Self { fps, held: None }
    }

    /// Takes a frame, and returns the one before it if it stays.
    pub(super) fn push(&mut self, mut frame: Frame) -> Option<Frame> {
        let step = |ms: u64| {
            self.fps
                .map_or(ms, |fps| ms.saturating_mul(u64::from(fps)) / 1000)
        };
        let Some(held) = self.held.take() else {
            self.held = Some(frame);
            return None;
        };
        if step(held.clip_ms) == step(frame.clip_ms) {
            frame.clip_ms = held.clip_ms;
            frame.duration_ms = frame.duration_ms.saturating_add(held.duration_ms);
            self.held = Some(frame);
            return None;
        }
        self.held = Some(frame);
        Some(held)
    }

    /// The last frame.
    pub(super) fn finish(self) -> Option<Frame> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::testing::flat;

    #[test]
    fn a_flat_picture_stays_flat_at_any_size() {
        let picture = Arc::new(flat(97, 53, [10, 200, 90]));
        for (percent, size) in [(100, (97, 53)), (50, (49, 27)), (33, (33, 18)), (1, (1, 1))] {
            let scaled = Scaler::new((97, 53), percent).scale(&picture).unwrap();
            assert_eq!(*scaled, flat(size.0, size.1, [10, 200, 90]));
        }
    }

    #[test]
    fn thinning_keeps_the_length_and_what_is_seen_last() {
        let mut thinner = Thinner::new(Some(5));
        let mut kept = Vec::new();
        for at in 0..20u64 {
            kept.extend(thinner.push(Frame {
                pixels: Arc::new(flat(1, 1, [at as u8; 3])),
                clip_ms: at * 80,
                recording_ms: 0.0,
                duration_ms: 80,
            }));
        }
        kept.extend(thinner.finish());
        let kept: Vec<(u64, u64, u8)> = kept
            .iter()
            .map(|f| (f.clip_ms, f.duration_ms, f.pixels.data[0]))
            .collect();
        assert_eq!(kept[..3], [(0, 240, 2), (240, 160, 4), (400, 240, 7)]);
        assert_eq!(kept.iter().map(|f| f.1).sum::<u64>(), 1600);
        assert!(kept.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0));
    }
}
