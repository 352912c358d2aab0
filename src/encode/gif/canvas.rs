//! What a viewer of the file sees after each frame.

use super::Quality;
use super::area::Nature;
use super::drawing::{Drawing, MAX_WITH_TRANSPARENT, Pixel};

/// Changes of colour that leaving a run of pixels has to save: flat runs take next to no bytes, and
/// what is left only interrupts what is drawn.
const MIN_CHANGES: usize = 4;

/// What the frames so far show.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    /// sRGB, row by row.
    colours: Vec<[u8; 3]>,
    /// Something was drawn already.
    drawn: bool,
}

impl Canvas {
    /// An empty canvas of the given size, in pixels.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            colours: vec![[0; 3]; width * height],
            drawn: false,
        }
    }

    /// Draws a frame, and decides for its pixels whether they have to be drawn, can be left, or both.
    ///
    /// Both ways show the same colour, so the canvas is what every decoder shows.
    pub(super) fn draw(&mut self, drawing: &mut Drawing, quality: Quality) {
        let Drawing {
            rect,
            palette,
            pixels,
            ..
        } = drawing;
        // With 256 entries there is no index for leaving a pixel.
        let can_leave = self.drawn && palette.len() <= MAX_WITH_TRANSPARENT;
        self.drawn = true;
        let mut entries = Entries { palette, last: None };
        let mut left: Vec<bool> = Vec::with_capacity(rect.width);
        let rows = self.colours.chunks_exact_mut(self.width).skip(rect.y);
        for (shown, pixels) in rows.zip(pixels.chunks_exact_mut(rect.width)) {
            let shown = &mut shown[rect.x..rect.x + rect.width];
            left.clear();
            left.extend(shown.iter().zip(&*pixels).map(|(&shown, pixel)| {
                let tolerance = match pixel.nature {
                    Nature::Still => return true,
                    Nature::Moving => quality.moving(),
                    Nature::Resting => quality.resting(),
                    Nature::Flat => 0,
                };
                can_leave && difference(shown, palette[usize::from(pixel.entry)]) <= tolerance
            }));
            drop_cheap_runs(&mut left, pixels);
            for ((shown, pixel), &left) in shown.iter_mut().zip(pixels).zip(&left) {
                let colour = palette.get(usize::from(pixel.entry)).copied().unwrap_or_default();
                if left || pixel.nature == Nature::Still {
                    let entry = entries.find(*shown);
                    *pixel = Pixel {
                        entry: entry.unwrap_or(0),
                        draw: entry.is_some(),
                        leave: true,
                        ..*pixel
                    };
                } else {
                    pixel.leave = can_leave && *shown == colour;
                    *shown = colour;
                }
            }
        }
    }
}

/// Draws what would be left although it is cheap to draw.
fn drop_cheap_runs(left: &mut [bool], pixels: &[Pixel]) {
    let mut pixels = pixels;
    for run in left.chunk_by_mut(|a, b| a == b) {
        let (of_run, rest) = pixels.split_at(run.len());
        pixels = rest;
        let changes = of_run.windows(2).filter(|pair| pair[0].entry != pair[1].entry);
        if run[0] && changes.count() < MIN_CHANGES {
            run.fill(false);
        }
    }
}

/// Squared difference of two colours, at most 255², for deciding whether one can stand for the other.
fn difference(a: [u8; 3], b: [u8; 3]) -> u32 {
    let [r, g, b] = [0, 1, 2].map(|at| u32::from(a[at].abs_diff(b[at])).pow(2));
    (2 * r + 4 * g + b) / 7
}

/// Looks up colours in a palette; neighbours are mostly the same.
struct Entries<'a> {
    palette: &'a [[u8; 3]],
    last: Option<([u8; 3], Option<u8>)>,
}

impl Entries<'_> {
    fn find(&mut self, colour: [u8; 3]) -> Option<u8> {
        match self.last {
            Some((last, entry)) if last == colour => entry,
            _ => {
                let entry = self
                    .palette
                    .iter()
                    .position(|&entry| entry == colour)
                    .map(|at| at as u8);
                self.last = Some((colour, entry));
                entry
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_runs_are_drawn() {
        let pixel = |entry| Pixel {
            entry,
            draw: true,
            leave: false,
            nature: Nature::Moving,
        };
        let pixels = [vec![1; 9], vec![0], vec![1, 2, 3, 4, 4], vec![1, 2, 1, 2, 2]].concat();
        let pixels: Vec<Pixel> = pixels.into_iter().map(pixel).collect();
        let mut left = [vec![true; 9], vec![false], vec![true; 10]].concat();
        let mut cheap = left.clone();
        drop_cheap_runs(&mut left, &pixels);
        assert_eq!(left, [vec![false; 10], vec![true; 10]].concat());
        cheap[15..].fill(false);
        drop_cheap_runs(&mut cheap, &pixels);
        assert_eq!(cheap, vec![false; 20]);
    }

    #[test]
    fn green_differs_most() {
        assert_eq!(difference([10, 20, 30], [10, 20, 30]), 0);
        assert_eq!(difference([0; 3], [255; 3]), 255 * 255);
        assert!(difference([0; 3], [0, 9, 0]) > difference([0; 3], [9, 0, 0]));
        assert!(difference([0; 3], [9, 0, 0]) > difference([0; 3], [0, 0, 9]));
    }
}
