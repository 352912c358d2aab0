//! The colours that the whole file shares.
//!
//! A table of its own costs a frame up to 768 bytes, often more than its pixels. So the first pictures
//! are looked at together before the file begins, and what changes in them gets one table; a frame takes
//! its own only if that is worth its bytes.

use super::Quality;
use super::area::Area;
use super::drawing::MAX_WITH_TRANSPARENT;
use super::histogram::Total;
use super::oklab::{Oklab, distance, oklab};
use super::palette::{Nearest, Palette};

/// Part of a picture above which an area is worth its own table.
const LARGE: f32 = 0.25;

/// The shared colours.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// sRGB, the commonest first, so that small frames get along with short codes.
    colours: Vec<[u8; 3]>,
    at: Vec<Oklab>,
}

/// Largest distance in Oklab that one colour may get: it is not seen in the edges of letters.
const WORST: f32 = 0.03;
/// Largest squared distance that the drawn pixels may get on average.
const MEAN: f32 = 4e-5;
/// Squared distance, summed over pixels, that a byte is worth.
const BYTE: f32 = 2e-4;
/// Pixels of one colour, with no other around them, from which on it is exact: the colour of a button or a background
/// is one that somebody chose.
const FLAT: u32 = 64;

impl Shared {
    /// Chooses colours for areas of pictures of so many pixels.
    pub(super) fn choose<'a>(areas: impl Iterator<Item = &'a Area> + Clone, pixels: usize) -> Self {
        let mut total = Total::default();
        areas.clone().for_each(|area| total.add(&area.histogram));
        if total.colours.len() > MAX_WITH_TRANSPARENT {
            total = Total::default();
            let small = |area: &&Area| area.drawn() as f32 <= LARGE * pixels as f32;
            areas.filter(small).for_each(|area| total.add(&area.histogram));
        }
        if total.colours.is_empty() {
            return Self::default();
        }
        let palette = Palette::choose(&total.colours, &total.counts, MAX_WITH_TRANSPARENT, 0.0);
        let mut used: Vec<(u64, [u8; 3])> = palette.colours.iter().map(|&colour| (0, colour)).collect();
        for (&entry, &count) in palette.entries.iter().zip(&total.counts) {
            used[usize::from(entry)].0 += u64::from(count);
        }
        used.sort_by_key(|&(count, _)| std::cmp::Reverse(count));
        let colours: Vec<[u8; 3]> = used.into_iter().map(|(_, colour)| colour).collect();
        Self {
            at: colours.iter().map(|&colour| oklab(colour)).collect(),
            colours,
        }
    }

    /// The table as it is written: the index that leaves a pixel, then the colours. Empty if there are none.
    pub(super) fn table(&self) -> Vec<u8> {
        if self.colours.is_empty() {
            return Vec::new();
        }
        [&[0; 3], self.colours.as_flattened()].concat()
    }

    /// The shared colours in place of an area's own ones, if what is lost is not worth a table.
    pub(super) fn stands_for(&self, area: &Area, own: &Palette, quality: Quality) -> Option<Palette> {
        let histogram = &area.histogram;
        if self.colours.is_empty() || histogram.colours.is_empty() {
            return None;
        }
        let nearest = Nearest::new(&self.at);
        let thrift = quality.thrift();
        let worst = thrift * WORST * WORST;
        let bytes = 3 * own.colours.len().next_power_of_two().max(2);
        let drawn: u32 = histogram.counts.iter().sum();
        let mut left = thrift * f32::min(bytes as f32 * BYTE, drawn as f32 * MEAN);
        let mut entries = Vec::with_capacity(histogram.colours.len());
        let flat = area.flat();
        let colours = histogram.colours.iter().zip(&histogram.counts).zip(&flat);
        for (((&colour, &count), &flat), &of_own) in colours.zip(&own.entries) {
            let at = oklab(colour);
            let entry = nearest.find(at);
            let own_colour = own.colours[usize::from(of_own)];
            let of_own = if own_colour == colour {
                0.0
            } else {
                distance(at, oklab(own_colour))
            };
            if self.colours[entry] != colour {
                let d = distance(at, self.at[entry]);
                let is_seen = d > worst || flat >= FLAT;
                if is_seen && d > of_own {
                    return None;
                }
                left -= (d - of_own) * count as f32;
            }
            entries.push(entry as u8);
        }
        (left >= 0.0).then(|| Palette {
            colours: self.colours.clone(),
            entries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::area::Nature;
    use super::super::histogram::Histogram;
    use super::*;

    fn greys(values: impl Iterator<Item = u8>) -> Histogram {
        Histogram::new(values.map(|grey| Some([grey; 3])))
    }

    fn shared(values: impl Iterator<Item = u8>) -> Shared {
        let colours: Vec<[u8; 3]> = values.map(|grey| [grey; 3]).collect();
        Shared {
            at: colours.iter().map(|&colour| oklab(colour)).collect(),
            colours,
        }
    }

    fn stands_for(shared: &Shared, histogram: Histogram, tolerance: u8) -> Option<Palette> {
        let quality = Quality {
            tolerance,
            ..Quality::default()
        };
        let own = Palette::choose(&histogram.colours, &histogram.counts, 256, quality.thrift());
        let area = Area {
            natures: vec![Nature::Resting; histogram.ids.len()],
            histogram,
            ..Area::nothing()
        };
        shared.stands_for(&area, &own, quality)
    }

    #[test]
    fn colours_that_are_near_are_shared() {
        let every_other = shared((0..=250).step_by(2));
        let found = stands_for(&every_other, greys(101..131), 5).unwrap();
        assert_eq!(found.colours, every_other.colours);
        for (entry, grey) in found.entries.into_iter().zip(101..131) {
            assert!(found.colours[usize::from(entry)][0].abs_diff(grey) <= 1);
        }
    }

    #[test]
    fn colours_that_are_far_keep_their_own_table() {
        let dark = shared(0..=99);
        assert!(stands_for(&dark, greys(40..140), 5).is_none());
        assert!(stands_for(&shared(0..=0), greys(200..=200), 30).is_none());
        assert!(stands_for(&Shared::default(), greys(1..=1), 5).is_none());
    }

    #[test]
    fn flat_colours_are_exact() {
        let histogram = greys([100; 80].into_iter().chain([90]));
        let mut area = Area {
            natures: vec![Nature::Flat; histogram.ids.len()],
            histogram,
            ..Area::nothing()
        };
        let own = Palette::choose(&area.histogram.colours, &area.histogram.counts, 256, 1.0);
        let near = shared([90, 101].into_iter());
        assert!(near.stands_for(&area, &own, Quality::default()).is_none());
        let same = shared([91, 100].into_iter());
        assert!(same.stands_for(&area, &own, Quality::default()).is_some());
        area.natures.fill(Nature::Resting);
        assert!(near.stands_for(&area, &own, Quality::default()).is_some());
    }

    #[test]
    fn without_tolerance_only_equal_colours_are_shared() {
        let every_other = shared((0..=250).step_by(2));
        assert!(stands_for(&every_other, greys(101..131), 0).is_none());
        assert!(stands_for(&every_other, greys((100..130).step_by(2)), 0).is_some());
    }
}
