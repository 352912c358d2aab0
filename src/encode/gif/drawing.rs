//! One rectangle on its way into the file: what is drawn in it, in which colours, and where it may be left out.

use super::Quality;
use super::histogram::{Histogram, NOT_COUNTED};
use super::lzw::{self, Choices};
use super::palette::Palette;
use crate::encode::change::Rect;
use crate::pixmap::Pixmap;

/// Entries a palette has at most when one index is needed for "leave what is there".
pub(super) const MAX_WITH_TRANSPARENT: usize = 255;

/// What one GIF frame draws over the ones before it.
#[derive(Debug)]
pub(super) struct Drawing {
    /// Where.
    pub rect: Rect,
    /// The colours used, sRGB; at most 255 if a pixel can be left as it is, else 256.
    pub palette: Vec<[u8; 3]>,
    /// The pixels of the rectangle, row by row.
    pub pixels: Vec<Pixel>,
}

/// How a pixel may be written. At least one of the two ways is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pixel {
    /// Its palette entry.
    pub entry: u8,
    /// It may be drawn with its entry.
    pub draw: bool,
    /// It may be left as it is on the canvas.
    pub leave: bool,
    /// How much the canvas may differ for the pixel to be left, before the canvas decides it.
    pub nature: Nature,
}

/// What becomes of a pixel, and so how exact it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// It has not changed.
    Still,
    /// It changes again in the next picture.
    Moving,
    /// It has changed and stays for longer than this picture, among pixels of other colours.
    Resting,
    /// As `Resting`, but in an area of one colour, where a difference would be seen for longest.
    Flat,
}

impl Pixel {
    const STILL: Self = Self {
        entry: 0,
        draw: false,
        leave: true,
        nature: Nature::Still,
    };
}

/// The pictures around the one that is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pictures<'a> {
    /// Shown before it; `None` for the first, of which everything is drawn.
    pub before: Option<&'a Pixmap>,
    /// The one to draw.
    pub now: &'a Pixmap,
    /// Shown after it; `None` for the last.
    pub next: Option<&'a Pixmap>,
}

impl Drawing {
    /// Chooses the colours for what changed in a rectangle, which is not nothing.
    pub(super) fn new(pictures: Pictures, rect: Rect, quality: Quality) -> Self {
        let now = || rect.rows(pictures.now).flat_map(|row| row.chunks_exact(4));
        let histogram = match pictures.before {
            Some(before) => {
                let before = rect.rows(before).flat_map(|row| row.chunks_exact(4));
                Histogram::new(
                    now()
                        .zip(before)
                        .map(|(now, before)| (now != before).then(|| rgb(now))),
                )
            }
            None => Histogram::new(now().map(|pixel| Some(rgb(pixel)))),
        };
        let some_still = histogram.ids.contains(&NOT_COUNTED);
        let max = MAX_WITH_TRANSPARENT + usize::from(!some_still);
        let palette = Palette::choose(&histogram.colours, &histogram.counts, max.min(quality.colours()));
        let mut pixels: Vec<Pixel> = histogram
            .ids
            .iter()
            .map(|&id| match palette.entries.get(id as usize) {
                Some(&entry) => Pixel {
                    entry,
                    draw: true,
                    leave: false,
                    nature: Nature::Moving,
                },
                None => Pixel::STILL,
            })
            .collect();
        mark_resting(pictures, rect, &mut pixels);
        Self {
            rect,
            palette: palette.colours,
            pixels,
        }
    }

    /// Changes nothing, for time that does not fit into the frame before it.
    pub(super) fn nothing() -> Self {
        let rect = Rect {
            x: 0,
            y: 0,
            width: 1,
            height: 1,
        };
        Self {
            rect,
            palette: Vec::new(),
            pixels: vec![Pixel::STILL],
        }
    }

    /// Compresses the pixels.
    pub(super) fn pack(self) -> Packed {
        let transparent = self
            .pixels
            .iter()
            .any(|pixel| pixel.leave)
            .then_some(self.palette.len().min(MAX_WITH_TRANSPARENT) as u8);
        let used = self.palette.len() + usize::from(transparent.is_some());
        let min_code_size = used.next_power_of_two().trailing_zeros().clamp(2, 8) as u8;
        let mut lzw = Vec::new();
        let choices = Drawn {
            pixels: &self.pixels,
            transparent: transparent.unwrap_or(0),
        };
        lzw::encode(&choices, min_code_size, &mut lzw);
        Packed {
            rect: self.rect,
            palette: self.palette,
            transparent,
            lzw,
        }
    }
}

fn rgb(pixel: &[u8]) -> [u8; 3] {
    [pixel[0], pixel[1], pixel[2]]
}

/// Finds the pixels that the next picture does not change again.
fn mark_resting(pictures: Pictures, rect: Rect, pixels: &mut [Pixel]) {
    let Pictures { now, next, .. } = pictures;
    let next = next.unwrap_or(now);
    let stride = now.width as usize * 4;
    let rows = rect
        .rows(now)
        .zip(rect.rows(next))
        .zip(pixels.chunks_exact_mut(rect.width));
    for (y, ((row, next), pixels)) in (rect.y..).zip(rows) {
        let row_at = |y: Option<usize>| {
            y.and_then(|y| now.data.get(y * stride..(y + 1) * stride))
                .map(|row| &row[rect.x * 4..])
        };
        let (above, below) = (
            row_at(y.checked_sub(1)).unwrap_or(row),
            row_at(Some(y + 1)).unwrap_or(row),
        );
        for (x, pixel) in pixels
            .iter_mut()
            .enumerate()
            .filter(|(_, pixel)| pixel.nature != Nature::Still)
        {
            let at = |row: &[u8], x: usize| -> Option<[u8; 3]> { row.get(x * 4..x * 4 + 4).map(rgb) };
            let colour = at(row, x);
            if at(next, x) != colour {
                continue;
            }
            let same = |row: &[u8], x: usize| at(row, x).is_none() || at(row, x) == colour;
            let flat = same(above, x) && same(below, x) && same(row, x.saturating_sub(1)) && same(row, x + 1);
            pixel.nature = if flat { Nature::Flat } else { Nature::Resting };
        }
    }
}

struct Drawn<'a> {
    pixels: &'a [Pixel],
    transparent: u8,
}

impl Choices for Drawn<'_> {
    fn len(&self) -> usize {
        self.pixels.len()
    }

    fn visit(&self, at: usize, mut visit: impl FnMut(u8, f32)) {
        let pixel = self.pixels[at];
        if pixel.leave {
            visit(self.transparent, 0.0);
        }
        if pixel.draw {
            visit(pixel.entry, 0.0);
        }
    }
}

/// A GIF frame ready to be written.
#[derive(Debug)]
pub(super) struct Packed {
    /// Where it is drawn.
    pub rect: Rect,
    /// Its colours, sRGB.
    pub palette: Vec<[u8; 3]>,
    /// The index that leaves a pixel as it is.
    pub transparent: Option<u8>,
    /// Minimum code size and LZW codes.
    pub lzw: Vec<u8>,
}
