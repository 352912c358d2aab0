//! Frames without what changes nothing: equal neighbours are one frame, and one without time is none.

use std::sync::Arc;

use super::Frame;

/// Holds the frame whose duration is not final yet.
#[derive(Debug, Default)]
pub(super) struct Merger {
    held: Option<Frame>,
    passed: bool,
}

impl Merger {
    /// Takes the next frame. Returns the one before it once that is final.
    pub(super) fn push(&mut self, frame: Frame) -> Option<Frame> {
        let Some(held) = &mut self.held else {
            self.held = Some(frame);
            return None;
        };
        if Arc::ptr_eq(&held.pixels, &frame.pixels) || held.pixels == frame.pixels {
            held.duration_ms = held.duration_ms.saturating_add(frame.duration_ms);
            return None;
        }
        let done = self.held.replace(frame)?;
        if done.duration_ms == 0 {
            return None;
        }
        self.passed = true;
        Some(done)
    }

    /// The last frame, if it is ever shown, or the only one.
    pub(super) fn finish(&mut self) -> Option<Frame> {
        let last = self.held.take()?;
        (last.duration_ms > 0 || !self.passed).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixmap::Pixmap;

    fn merged(frames: &[(u8, u64)]) -> Vec<(u8, u64, u64)> {
        let mut merger = Merger::default();
        let mut clip_ms = 0;
        let mut out = Vec::new();
        for &(value, duration_ms) in frames {
            let pixels = Arc::new(Pixmap {
                width: 1,
                height: 1,
                data: vec![value; 4],
            });
            out.extend(merger.push(Frame {
                pixels,
                clip_ms,
                recording_ms: 0.0,
                duration_ms,
            }));
            clip_ms += duration_ms;
        }
        out.extend(merger.finish());
        out.iter()
            .map(|f| (f.pixels.data[0], f.clip_ms, f.duration_ms))
            .collect()
    }

    #[test]
    fn equal_neighbours_are_one_frame() {
        assert_eq!(
            merged(&[(1, 10), (1, 20), (2, 5), (1, 7)]),
            [(1, 0, 30), (2, 30, 5), (1, 35, 7)]
        );
    }

    #[test]
    fn frames_without_time_are_none() {
        assert_eq!(merged(&[(1, 0), (2, 10), (3, 0)]), [(2, 0, 10)]);
        assert_eq!(merged(&[(1, 0), (2, 0)]), [(2, 0, 0)]);
        assert_eq!(merged(&[]), []);
    }
}
