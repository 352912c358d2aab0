//! One frame on its way into the file: what is drawn, in which colours, and where it may be left out.

use super::change::Rect;
use super::histogram::{Histogram, NOT_COUNTED};
use super::lzw::{self, Choices};
use super::palette::Palette;
use crate::pixmap::Pixmap;

/// Entries a palette has at most when one index is needed for "leave what is there".
const MAX_WITH_TRANSPARENT: usize = 255;

/// What one frame draws over the ones before it.
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
}

impl Pixel {
    const STILL: Self = Self {
        entry: 0,
        draw: false,
        leave: true,
    };

    /// Whether it is to be the same colour as before.
    pub(super) fn is_still(self) -> bool {
        self == Self::STILL
    }
}

impl Drawing {
    /// Compares a picture with the one shown before it and chooses the colours for what changed.
    ///
    /// `None` if nothing did. Without a picture before it everything is drawn.
    pub(super) fn new(before: Option<&Pixmap>, after: &Pixmap) -> Option<Self> {
        let rect = match before {
            Some(before) => Rect::changed(before, after)?,
            None => Rect::whole(after),
        };
        let histogram = match before {
            Some(before) => Histogram::new(
                rect.rows(before)
                    .zip(rect.rows(after))
                    .flat_map(|(before, after)| before.chunks_exact(4).zip(after.chunks_exact(4)))
                    .map(|(before, after)| (before != after).then(|| rgb(after))),
            ),
            None => Histogram::new(
                rect.rows(after)
                    .flat_map(|row| row.chunks_exact(4))
                    .map(|p| Some(rgb(p))),
            ),
        };
        let some_still = histogram.ids.contains(&NOT_COUNTED);
        let max = MAX_WITH_TRANSPARENT + usize::from(!some_still);
        let palette = Palette::choose(&histogram.colours, &histogram.counts, max);
        let pixels = histogram
            .ids
            .iter()
            .map(|&id| match palette.entries.get(id as usize) {
                Some(&entry) => Pixel {
                    entry,
                    draw: true,
                    leave: false,
                },
                None => Pixel::STILL,
            })
            .collect();
        Some(Self {
            rect,
            palette: palette.colours,
            pixels,
        })
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

/// A frame ready to be written.
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

/// What the frames so far show.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    colours: Vec<[u8; 3]>,
}

impl Canvas {
    /// A canvas of the given size, in pixels.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            colours: vec![[0; 3]; width * height],
        }
    }

    /// Draws a frame, and marks in it what looks the same drawn or left.
    ///
    /// `first`: nothing has been drawn yet, so nothing can be left.
    pub(super) fn draw(&mut self, drawing: &mut Drawing, first: bool) {
        let Drawing {
            rect,
            palette,
            pixels,
        } = drawing;
        let mut last: ([u8; 3], Option<u8>) = ([0; 3], entry_of(palette, [0; 3]));
        let rows = self.colours.chunks_exact_mut(self.width).skip(rect.y);
        for (shown, pixels) in rows.zip(pixels.chunks_exact_mut(rect.width)) {
            for (shown, pixel) in shown[rect.x..].iter_mut().zip(pixels) {
                if pixel.is_still() {
                    if last.0 != *shown {
                        last = (*shown, entry_of(palette, *shown));
                    }
                    if let Some(entry) = last.1 {
                        *pixel = Pixel {
                            entry,
                            draw: true,
                            leave: true,
                        };
                    }
                } else {
                    let colour = palette[usize::from(pixel.entry)];
                    // With 256 entries there is no index for it.
                    pixel.leave = !first && palette.len() <= MAX_WITH_TRANSPARENT && *shown == colour;
                    *shown = colour;
                }
            }
        }
    }
}

fn entry_of(palette: &[[u8; 3]], colour: [u8; 3]) -> Option<u8> {
    palette
        .iter()
        .position(|&entry| entry == colour)
        .and_then(|at| u8::try_from(at).ok())
}
