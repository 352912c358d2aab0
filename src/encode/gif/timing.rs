//! How long each picture of a GIF is shown.
//!
//! GIF counts in centiseconds, clips in milliseconds. Every picture ends at the centisecond
//! nearest to its true end, so the rounding of one is taken back by the next and the whole clip has
//! the right length. Browsers slow down pictures of less than two centiseconds to a tenth of a
//! second, so shorter ones give their time to the picture that follows.

use std::sync::Arc;

use crate::pixmap::Pixmap;

/// Shortest delay that browsers honour, in centiseconds.
pub(super) const MIN_DELAY_CS: u64 = 2;
/// Longest delay one GIF frame can hold, in centiseconds.
const MAX_DELAY_CS: u64 = u16::MAX as u64;
/// Longest time a picture may be shown, in milliseconds: a year. Each 655.35 s cost a frame.
pub(super) const MAX_DURATION_MS: u64 = 365 * 24 * 3600 * 1000;

/// A picture that differs from the one before it, with its final time.
#[derive(Debug)]
pub(super) struct Shown {
    /// The picture.
    pub pixels: Arc<Pixmap>,
    /// How long it is shown, in centiseconds; may exceed what one GIF frame can hold.
    pub delay_cs: u64,
}

/// Merges equal frames and gives each of the rest its time.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    held: Option<Arc<Pixmap>>,
    /// Begin of `held`, in centiseconds.
    start_cs: u64,
    /// End of `held`, in milliseconds.
    end_ms: u64,
}

impl Timeline {
    /// Takes the next frame; gives the one before it once it is known how long that is shown.
    pub(super) fn push(&mut self, pixels: Arc<Pixmap>, duration_ms: u64) -> Option<Shown> {
        let mut done = None;
        if let Some(held) = self.held.take() {
            if Arc::ptr_eq(&held, &pixels) || held.data == pixels.data {
                self.held = Some(held);
                self.end_ms = self.end_ms.saturating_add(duration_ms);
                return None;
            }
            let end_cs = to_cs(self.end_ms);
            if end_cs - self.start_cs >= MIN_DELAY_CS {
                done = Some(Shown {
                    pixels: held,
                    delay_cs: end_cs - self.start_cs,
                });
                self.start_cs = end_cs;
            }
        }
        self.held = Some(pixels);
        self.end_ms = self.end_ms.saturating_add(duration_ms);
        done
    }

    /// Gives the last picture, which is shown even if there is hardly any time for it.
    pub(super) fn finish(self) -> Option<Shown> {
        let delay_cs = (to_cs(self.end_ms) - self.start_cs).max(MIN_DELAY_CS);
        Some(Shown {
            pixels: self.held?,
            delay_cs,
        })
    }
}

fn to_cs(ms: u64) -> u64 {
    ms / 10 + u64::from(ms % 10 >= 5)
}

/// In how many steps a picture may be drawn that is shown for so many centiseconds: all but the
/// last take the shortest delay there is, and together at most half of the time.
pub(super) fn max_steps(delay_cs: u64) -> usize {
    (delay_cs / (2 * MIN_DELAY_CS)).min(2) as usize + 1
}

/// Splits a picture's time into delays that GIF frames can hold and browsers honour, in
/// centiseconds: at least as many as the steps it is drawn in, the first ones as short as can be.
pub(super) fn delays(delay_cs: u64, steps: usize) -> impl Iterator<Item = u16> {
    let first = MIN_DELAY_CS * steps.saturating_sub(1) as u64;
    let mut rest = delay_cs.saturating_sub(first);
    let last = std::iter::from_fn(move || {
        if rest == 0 {
            return None;
        }
        let delay = if rest <= MAX_DELAY_CS {
            rest
        } else {
            MAX_DELAY_CS.min(rest - MIN_DELAY_CS)
        };
        rest -= delay;
        u16::try_from(delay).ok()
    });
    std::iter::repeat_n(MIN_DELAY_CS as u16, steps.saturating_sub(1)).chain(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture(value: u8) -> Arc<Pixmap> {
        Arc::new(Pixmap {
            width: 1,
            height: 1,
            data: vec![value, 0, 0, 255],
        })
    }

    fn run(frames: &[(u8, u64)]) -> Vec<(u8, u64)> {
        let mut timeline = Timeline::default();
        let mut shown: Vec<Shown> = frames
            .iter()
            .filter_map(|&(value, ms)| timeline.push(picture(value), ms))
            .collect();
        shown.extend(timeline.finish());
        shown.iter().map(|s| (s.pixels.data[0], s.delay_cs)).collect()
    }

    #[test]
    fn equal_neighbours_merge() {
        assert_eq!(
            run(&[(1, 100), (1, 50), (2, 30), (1, 20)]),
            [(1, 15), (2, 3), (1, 2)]
        );
    }

    #[test]
    fn rounding_is_carried() {
        assert_eq!(run(&[(1, 83), (2, 83), (3, 84)]), [(1, 8), (2, 9), (3, 8)]);
    }

    #[test]
    fn too_short_frames_give_their_time_to_the_next() {
        assert_eq!(run(&[(1, 100), (2, 5), (3, 95)]), [(1, 10), (3, 10)]);
        assert_eq!(run(&[(1, 0), (2, 0)]), [(2, 2)]);
        assert_eq!(run(&[]), []);
    }

    #[test]
    fn long_times_split() {
        assert_eq!(delays(65_535, 1).collect::<Vec<_>>(), [65_535]);
        assert_eq!(delays(65_536, 1).collect::<Vec<_>>(), [65_534, 2]);
        assert_eq!(
            delays(200_000, 1).collect::<Vec<_>>(),
            [65_535, 65_535, 65_535, 3_395]
        );
        assert_eq!(delays(2, 1).collect::<Vec<_>>(), [2]);
        assert_eq!(delays(8, 3).collect::<Vec<_>>(), [2, 2, 4]);
    }

    proptest! {
        #[test]
        fn total_is_right_and_delays_are_honoured(
            frames in proptest::collection::vec((0u8..4, 0u64..400), 1..40),
        ) {
            let total_ms: u64 = frames.iter().map(|f| f.1).sum();
            let shown = run(&frames);
            let total_cs: u64 = shown.iter().map(|s| s.1).sum();
            let slack = if shown.last().is_some_and(|s| s.1 == MIN_DELAY_CS) { MIN_DELAY_CS } else { 0 };
            prop_assert!(total_cs >= to_cs(total_ms) && total_cs <= to_cs(total_ms) + slack);
            prop_assert!(shown.iter().all(|s| s.1 >= MIN_DELAY_CS));
        }

        #[test]
        fn every_frame_of_two_centiseconds_is_within_one(
            durations in proptest::collection::vec(20u64..3000, 1..40),
        ) {
            let frames: Vec<(u8, u64)> =
                durations.iter().enumerate().map(|(i, &ms)| (i as u8, ms)).collect();
            let shown = run(&frames);
            prop_assert_eq!(shown.len(), frames.len());
            for (shown, frame) in shown.iter().zip(&frames) {
                prop_assert!(shown.1.abs_diff(frame.1 / 10) <= 1, "{} cs for {} ms", shown.1, frame.1);
            }
        }

        #[test]
        fn splitting_keeps_the_sum(cs in 2u64..3_000_000, steps in 1usize..4) {
            let steps = steps.min(max_steps(cs));
            let parts: Vec<u16> = delays(cs, steps).collect();
            prop_assert!(parts.len() >= steps);
            prop_assert_eq!(parts.iter().map(|&d| u64::from(d)).sum::<u64>(), cs);
            prop_assert!(parts.iter().all(|&d| u64::from(d) >= MIN_DELAY_CS));
        }
    }
}
