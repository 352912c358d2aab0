//! What can be given up for a smaller file, least loss first.

use super::super::Format;
use super::super::gif::Quality;
use super::super::output::EncodeOptions;

/// One way to make the clip smaller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rung {
    /// Width and height, in percent of what was captured.
    pub percent: u32,
    /// Frames a second at most; `None`: all.
    pub fps: Option<u32>,
    /// How much worse the pictures are, from 0.
    pub worse: u8,
}

/// Percent, frames a second (0: all) and loss. Text of a page stays readable down to about half of
/// its size, so quality and frames go first until then.
const STEPS: [(u32, u32, u8); 18] = [
    (100, 0, 0),
    (100, 0, 1),
    (100, 15, 1),
    (100, 10, 1),
    (100, 10, 2),
    (85, 10, 1),
    (85, 8, 2),
    (75, 8, 2),
    (67, 8, 2),
    (67, 6, 3),
    (60, 6, 3),
    (50, 6, 3),
    (50, 4, 4),
    (42, 4, 4),
    (35, 3, 4),
    (30, 2, 4),
    (25, 2, 4),
    (20, 1, 4),
];

/// The rungs for a format; the first gives up nothing.
pub(super) fn rungs(format: Format, captured_fps: Option<u32>) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = Vec::new();
    for (percent, fps, worse) in STEPS {
        let rung = Rung {
            percent,
            fps: (fps > 0 && captured_fps.is_none_or(|captured| fps < captured)).then_some(fps),
            worse: if is_lossless(format) { 0 } else { worse },
        };
        if rungs.last() != Some(&rung) {
            rungs.push(rung);
        }
    }
    rungs
}

fn is_lossless(format: Format) -> bool {
    matches!(format, Format::Apng | Format::Webp | Format::Png)
}

impl Rung {
    /// Roughly the size of the file, compared with giving up nothing.
    pub(super) fn size(self, captured_fps: Option<u32>) -> f64 {
        let fewer = match (self.fps, captured_fps) {
            (Some(fps), captured) => (f64::from(fps) / f64::from(captured.unwrap_or(24).max(fps))).powf(0.7),
            (None, _) => 1.0,
        };
        (f64::from(self.percent) / 100.0).powf(1.6) * fewer * 0.8f64.powi(self.worse.into())
    }

    /// The options of an encoder for it.
    pub(super) fn options(self, options: &EncodeOptions) -> EncodeOptions {
        let worse = usize::from(self.worse).min(4);
        EncodeOptions {
            gif: Quality {
                colours: options.gif.colours.min([256, 128, 96, 64, 48][worse]),
                tolerance: options.gif.tolerance.max([0, 8, 11, 14, 18][worse]),
            },
            quantiser: options.quantiser.saturating_add(4 * self.worse).min(51),
            ..options.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_is_expected_to_be_smaller() {
        for format in Format::ALL {
            for fps in [None, Some(12), Some(24), Some(5)] {
                let rungs = rungs(format, fps);
                assert_eq!(
                    rungs[0],
                    Rung {
                        percent: 100,
                        fps: None,
                        worse: 0
                    }
                );
                let sizes: Vec<f64> = rungs.iter().map(|rung| rung.size(fps)).collect();
                assert!(
                    sizes.windows(2).all(|pair| pair[1] < pair[0]),
                    "{format:?} {fps:?} {sizes:?}"
                );
            }
        }
    }

    #[test]
    fn lossless_formats_give_up_no_quality() {
        assert!(rungs(Format::Webp, Some(12)).iter().all(|rung| rung.worse == 0));
    }
}
