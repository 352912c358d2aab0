//! One rectangle on its way into the file: what is drawn in it, in which colours, and where it may be left out.

use super::Quality;
use super::area::{Area, Nature};
use super::lzw::{self, Choices};
use super::palette::Palette;
use super::shared::Shared;
use crate::encode::change::Rect;

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
    /// The colours are those that the file has for all, which need not be written again.
    pub shared: bool,
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

impl Pixel {
    const STILL: Self = Self {
        entry: 0,
        draw: false,
        leave: true,
        nature: Nature::Still,
    };
}

impl Drawing {
    /// Chooses the colours for what changed in a rectangle: those of the file, or its own.
    pub(super) fn new(area: &Area, shared: &Shared, quality: Quality) -> Self {
        let Area {
            rect,
            histogram,
            natures,
        } = area;
        let some_still = natures.contains(&Nature::Still);
        let max = MAX_WITH_TRANSPARENT + usize::from(!some_still);
        let max = max.min(quality.colours());
        let own = Palette::choose(&histogram.colours, &histogram.counts, max, quality.thrift());
        let (palette, is_shared) = match shared.stands_for(area, &own, quality) {
            Some(shared) => (shared, true),
            None => (own, false),
        };
        let pixels = histogram.ids.iter().zip(natures);
        let pixels = pixels.map(|(&id, &nature)| match palette.entries.get(id as usize) {
            Some(&entry) => Pixel {
                entry,
                draw: true,
                leave: false,
                nature,
            },
            None => Pixel::STILL,
        });
        Self {
            rect: *rect,
            pixels: pixels.collect(),
            palette: palette.colours,
            shared: is_shared,
        }
    }

    /// Compresses the pixels.
    pub(super) fn pack(self) -> Packed {
        let leaves = self.pixels.iter().any(|pixel| pixel.leave);
        // In the shared table, the colours begin after the index that leaves a pixel.
        let (first, transparent) = if self.shared {
            (1, 0)
        } else {
            (0, self.palette.len().min(MAX_WITH_TRANSPARENT) as u8)
        };
        let drawn = self.pixels.iter().filter(|pixel| pixel.draw);
        let most = drawn
            .map(|pixel| pixel.entry.saturating_add(first))
            .max()
            .unwrap_or(0);
        let most = if leaves { most.max(transparent) } else { most };
        let min_code_size = (8 - most.leading_zeros()).clamp(2, 8) as u8;
        let choices = Drawn {
            pixels: &self.pixels,
            first,
            transparent,
        };
        let mut lzw = Vec::new();
        lzw::encode(&choices, min_code_size, &mut lzw);
        Packed {
            rect: self.rect,
            palette: (!self.shared).then_some(self.palette),
            transparent: leaves.then_some(transparent),
            lzw,
        }
    }
}

struct Drawn<'a> {
    pixels: &'a [Pixel],
    /// The index of the first colour.
    first: u8,
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
            visit(pixel.entry + self.first, 0.0);
        }
    }
}

/// A GIF frame ready to be written.
#[derive(Debug)]
pub(super) struct Packed {
    /// Where it is drawn.
    pub rect: Rect,
    /// Its colours, sRGB; `None` for those of the file.
    pub palette: Option<Vec<[u8; 3]>>,
    /// The index that leaves a pixel as it is.
    pub transparent: Option<u8>,
    /// Minimum code size and LZW codes.
    pub lzw: Vec<u8>,
}

impl Packed {
    /// Changes nothing, for time that does not fit into the frame before it.
    pub(super) fn nothing() -> Self {
        Drawing {
            rect: Rect::FIRST_PIXEL,
            palette: Vec::new(),
            pixels: vec![Pixel::STILL],
            shared: true,
        }
        .pack()
    }
}
