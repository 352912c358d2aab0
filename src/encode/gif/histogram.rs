//! The colours of an area, and how many pixels have each.

/// Marks a pixel that has no colour because it is not counted.
pub(super) const NOT_COUNTED: u32 = u32::MAX;

/// The distinct colours of the pixels counted, in order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The colours, sRGB.
    pub colours: Vec<[u8; 3]>,
    /// How many pixels have each colour.
    pub counts: Vec<u32>,
    /// For every pixel looked at, the position of its colour, or [`NOT_COUNTED`].
    pub ids: Vec<u32>,
}

impl Histogram {
    /// Counts pixels; `None` stands for one that is not to be counted.
    pub(super) fn new(pixels: impl Iterator<Item = Option<[u8; 3]>>) -> Self {
        let mut histogram = Self::default();
        let mut slots = Slots::default();
        let mut last = ([0; 3], NOT_COUNTED);
        for pixel in pixels {
            let Some(colour) = pixel else {
                histogram.ids.push(NOT_COUNTED);
                continue;
            };
            if last.1 == NOT_COUNTED || last.0 != colour {
                last = (colour, slots.find(&mut histogram.colours, colour));
                if histogram.counts.len() < histogram.colours.len() {
                    histogram.counts.push(0);
                }
            }
            histogram.counts[last.1 as usize] += 1;
            histogram.ids.push(last.1);
        }
        histogram
    }
}

/// The colours of several areas, and how many pixels have each.
#[derive(Debug, Default)]
pub(super) struct Total {
    /// The colours, sRGB.
    pub colours: Vec<[u8; 3]>,
    /// How many pixels have each colour.
    pub counts: Vec<u32>,
    slots: Slots,
}

impl Total {
    /// Adds the pixels of an area.
    pub(super) fn add(&mut self, histogram: &Histogram) {
        for (&colour, &count) in histogram.colours.iter().zip(&histogram.counts) {
            let at = self.slots.find(&mut self.colours, colour) as usize;
            self.counts.resize(self.colours.len(), 0);
            self.counts[at] = self.counts[at].saturating_add(count);
        }
    }
}

/// Hash table from a colour to its position; a general map is several times slower, and this is
/// done for every pixel of every frame.
#[derive(Debug)]
struct Slots {
    /// Position in the colours plus one; zero is free. The length is a power of two.
    slots: Vec<u32>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { slots: vec![0; 1024] }
    }
}

impl Slots {
    fn find(&mut self, colours: &mut Vec<[u8; 3]>, colour: [u8; 3]) -> u32 {
        if colours.len() * 2 > self.slots.len() {
            self.slots = vec![0; self.slots.len() * 4];
            for (at, &colour) in (1..).zip(colours.iter()) {
                let slot = self.slot(colours, colour);
                self.slots[slot] = at;
            }
        }
        let slot = self.slot(colours, colour);
        if self.slots[slot] == 0 {
            colours.push(colour);
            self.slots[slot] = colours.len() as u32;
        }
        self.slots[slot] - 1
    }

    fn slot(&self, colours: &[[u8; 3]], colour: [u8; 3]) -> usize {
        let [r, g, b] = colour.map(u32::from);
        let hash = (r << 16 | g << 8 | b).wrapping_mul(0x9E37_79B1);
        let mut slot = (hash >> (32 - self.slots.len().trailing_zeros())) as usize;
        loop {
            match self.slots[slot] {
                0 => return slot,
                at if colours[at as usize - 1] == colour => return slot,
                _ => slot = (slot + 1) % self.slots.len(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn counts_like_a_map(
            pixels in proptest::collection::vec(proptest::option::of(proptest::array::uniform3(0u8..14)), 0..4000),
        ) {
            let histogram = Histogram::new(pixels.iter().copied());
            let mut expected: HashMap<[u8; 3], u32> = HashMap::new();
            pixels.iter().flatten().for_each(|&colour| *expected.entry(colour).or_default() += 1);
            let found: HashMap<[u8; 3], u32> =
                histogram.colours.iter().copied().zip(histogram.counts.iter().copied()).collect();
            prop_assert_eq!(histogram.colours.len(), expected.len());
            prop_assert_eq!(found, expected);
            let back: Vec<Option<[u8; 3]>> =
                histogram.ids.iter().map(|&id| histogram.colours.get(id as usize).copied()).collect();
            prop_assert_eq!(back, pixels);
        }
    }
}
