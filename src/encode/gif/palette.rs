//! The few colours a frame is drawn with, and which of them each of its colours becomes.
//!
//! As long as there are few enough, they are the frame's own. Otherwise the colours are split where
//! that takes away most of their variance in Oklab, the result is refined by k-means, and an entry
//! that mostly stands for one colour becomes exactly that colour, so that flat areas stay exact.

use super::oklab::{Oklab, oklab, srgb};

/// How much a group's error may be before it is split, for the square root of its weight and the cube
/// of the number of colours in the picture. A gradient that takes many pixels costs much to tell apart, and
/// among many colours it is seen least; letters are of few.
const UNSEEN: f32 = 4e-15;
/// Above this number of distinct colours (photographs), neighbours are taken together before the
/// search; the work would otherwise grow with the noise in the picture.
const MAX_POINTS: usize = 16_384;

/// A choice of colours.
#[derive(Debug)]
pub(super) struct Palette {
    /// The entries, sRGB.
    pub colours: Vec<[u8; 3]>,
    /// The entry that stands for each colour asked for, in their order.
    pub entries: Vec<u8>,
}

impl Palette {
    /// Chooses at most `max` (1 to 256) entries for colours of which `counts` says how often each is needed.
    ///
    /// `thrift` says how far to do with fewer where more of them would make the file larger and hardly be seen: 0 for
    /// not at all, 1 for the usual.
    pub(super) fn choose(colours: &[[u8; 3]], counts: &[u32], max: usize, thrift: f32) -> Self {
        if colours.len() <= max {
            let entries = (0..=u8::MAX).take(colours.len()).collect();
            return Self {
                colours: colours.to_vec(),
                entries,
            };
        }
        let exact: Vec<Point> = colours
            .iter()
            .zip(counts)
            .map(|(&colour, &count)| Point {
                at: oklab(colour),
                weight: weight(count),
            })
            .collect();
        let merged = (exact.len() > MAX_POINTS).then(|| merge(&exact));
        let points = merged.as_ref().map_or(&exact, |merged| &merged.points);
        let centres = split(points.clone(), max, thrift);
        // One round of k-means: what a second one gains is not worth its time.
        let centres = refine(points, &centres);
        let nearest = Nearest::new(&centres);
        let of_points: Vec<usize> = points.iter().map(|point| nearest.find(point.at)).collect();
        let groups: Vec<usize> = match &merged {
            Some(merged) => merged
                .cells
                .iter()
                .map(|&cell| of_points[cell as usize])
                .collect(),
            None => of_points,
        };
        settle(colours, counts, &exact, &centres, &groups)
    }
}

/// A colour or several taken together.
#[derive(Debug, Clone, Copy)]
struct Point {
    at: Oklab,
    weight: f32,
}

/// Rare colours count for more than their share: they are what small details are made of.
fn weight(count: u32) -> f32 {
    (count as f32).powf(0.9)
}

/// Points that stand for several colours each.
struct Merged {
    points: Vec<Point>,
    /// The point that stands for each colour.
    cells: Vec<u32>,
}

/// Takes together what lies in the same small cube of Oklab.
fn merge(points: &[Point]) -> Merged {
    let mut keyed: Vec<u64> = (0u64..)
        .zip(points)
        .map(|(index, point)| {
            // Steps of 1/128 in lightness and 1/192 in colour, which is finer than what the eye tells apart in a photograph.
            let [l, a, b] = point.at;
            let cell = [l * 128.0, (a + 0.5) * 192.0, (b + 0.5) * 192.0].map(|v| v.max(0.0) as u64);
            (cell[0] << 16 | cell[1] << 8 | cell[2]) << 32 | index
        })
        .collect();
    keyed.sort_unstable();
    let mut merged = Merged {
        points: Vec::new(),
        cells: vec![0; points.len()],
    };
    for same in keyed.chunk_by(|a, b| a >> 32 == b >> 32) {
        let same = same.iter().map(|&key| (key & u64::from(u32::MAX)) as usize);
        let weight: f32 = same.clone().map(|index| points[index].weight).sum();
        let mut at = [0.0; 3];
        for index in same {
            let point = points[index];
            (0..3).for_each(|axis| at[axis] += point.at[axis] * point.weight / weight);
            merged.cells[index] = merged.points.len() as u32;
        }
        merged.points.push(Point { at, weight });
    }
    merged
}

/// A group of points that is to get one entry, or to be split.
struct Group {
    points: Vec<Point>,
    centre: Oklab,
    weight: f32,
    /// Sum of squared distances from the centre.
    error: f32,
    /// The axis along which the points differ most.
    axis: usize,
}

impl Group {
    fn new(points: Vec<Point>) -> Self {
        let weight: f32 = points.iter().map(|p| p.weight).sum();
        let centre: Oklab =
            std::array::from_fn(|axis| points.iter().map(|p| p.at[axis] * p.weight).sum::<f32>() / weight);
        let spread: Oklab = std::array::from_fn(|axis| {
            points
                .iter()
                .map(|p| (p.at[axis] - centre[axis]).powi(2) * p.weight)
                .sum()
        });
        let axis = (0..3).fold(
            0,
            |best, axis| if spread[axis] > spread[best] { axis } else { best },
        );
        let error = if points.len() > 1 {
            spread.iter().sum()
        } else {
            0.0
        };
        Self {
            points,
            centre,
            weight,
            error,
            axis,
        }
    }

    /// Splits where the two parts together have the least error along the axis.
    fn split(mut self) -> (Self, Self) {
        let axis = self.axis;
        self.points.sort_by(|a, b| a.at[axis].total_cmp(&b.at[axis]));
        let offset = self.centre[axis];
        let (total_weight, total) = self.points.iter().fold((0.0, 0.0), |(weight, sum), p| {
            (
                weight + f64::from(p.weight),
                sum + f64::from(p.at[axis] - offset) * f64::from(p.weight),
            )
        });
        let (mut weight, mut sum) = (0.0, 0.0);
        let (mut best, mut best_gain) = (1, f64::NEG_INFINITY);
        for (at, pair) in (1..).zip(self.points.windows(2)) {
            weight += f64::from(pair[0].weight);
            sum += f64::from(pair[0].at[axis] - offset) * f64::from(pair[0].weight);
            let rest = total - sum;
            let gain = sum * sum / weight + rest * rest / (total_weight - weight);
            if gain > best_gain {
                (best, best_gain) = (at, gain);
            }
        }
        let upper = self.points.split_off(best);
        (Self::new(self.points), Self::new(upper))
    }
}

fn split(points: Vec<Point>, max: usize, thrift: f32) -> Vec<Oklab> {
    let mut groups = vec![Group::new(points)];
    let colours = groups[0].points.len().min(6000) as f32;
    let unseen = thrift * UNSEEN * colours.powi(3);
    // What covers more of the picture is its background, not a step of a gradient.
    let background = groups[0].weight * 0.5;
    while groups.len() < max {
        let mut worst = 0;
        for (at, group) in groups.iter().enumerate() {
            if group.error > groups[worst].error {
                worst = at;
            }
        }
        let group = &groups[worst];
        if group.points.len() < 2 || group.error == 0.0 {
            break;
        }
        if group.weight < background && group.error < unseen * group.weight.sqrt() {
            groups[worst].error = 0.0;
            continue;
        }
        let (lower, upper) = groups.swap_remove(worst).split();
        groups.push(lower);
        groups.push(upper);
    }
    groups.iter().map(|group| group.centre).collect()
}

/// One round of k-means.
fn refine(points: &[Point], centres: &[Oklab]) -> Vec<Oklab> {
    let nearest = Nearest::new(centres);
    let mut sums = vec![([0.0f32; 3], 0.0f32); centres.len()];
    for point in points {
        let (sum, weight) = &mut sums[nearest.find(point.at)];
        (0..3).for_each(|axis| sum[axis] += point.at[axis] * point.weight);
        *weight += point.weight;
    }
    sums.iter()
        .zip(centres)
        .map(|(&(sum, weight), &centre)| {
            if weight > 0.0 {
                sum.map(|v| v / weight)
            } else {
                centre
            }
        })
        .collect()
}

/// Makes entries of the centres, whose colours `groups` tells, and gives every colour its entry.
fn settle(
    colours: &[[u8; 3]],
    counts: &[u32],
    points: &[Point],
    centres: &[Oklab],
    groups: &[usize],
) -> Palette {
    let mut totals = vec![0u64; centres.len()];
    let mut commonest = vec![None; centres.len()];
    for ((&entry, &count), &colour) in groups.iter().zip(counts).zip(colours) {
        totals[entry] += u64::from(count);
        if commonest[entry].is_none_or(|(most, _)| count > most) {
            commonest[entry] = Some((count, colour));
        }
    }
    let mut entries: Vec<[u8; 3]> = centres
        .iter()
        .zip(totals.iter().zip(&commonest))
        .filter_map(|(&centre, (&total, &commonest))| {
            let (most, colour) = commonest?;
            Some(if u64::from(most) * 3 >= total {
                colour
            } else {
                srgb(centre)
            })
        })
        .collect();
    entries.sort_unstable();
    entries.dedup();
    let settled: Vec<Oklab> = entries.iter().map(|&entry| oklab(entry)).collect();
    let nearest = Nearest::new(&settled);
    let of_colours = points.iter().map(|point| nearest.find(point.at) as u8).collect();
    Palette {
        colours: entries,
        entries: of_colours,
    }
}

/// Finds the nearest of up to 256 colours by looking at all of them, several at a time.
///
/// That beats a tree here: there is no branch in it, and the compiler makes vector code of it.
pub(super) struct Nearest {
    /// Lightness, a and b, padded with colours that are far from all.
    axes: [[f32; 256]; 3],
    /// Number of colours, rounded up to `LANES`.
    padded: usize,
}

const LANES: usize = 8;

impl Nearest {
    /// At most 256 colours; at least one.
    pub(super) fn new(colours: &[Oklab]) -> Self {
        let axes = std::array::from_fn(|axis| {
            std::array::from_fn(|at| colours.get(at).map_or(1e6, |colour| colour[axis]))
        });
        Self {
            axes,
            padded: colours.len().min(256).next_multiple_of(LANES),
        }
    }

    /// Position of the nearest colour; differences of less than 1/30,000 do not count.
    pub(super) fn find(&self, [l, a, b]: Oklab) -> usize {
        let mut best = [f32::MAX; LANES];
        let lanes = |axis: usize| self.axes[axis][..self.padded].chunks_exact(LANES);
        for (at, ((ls, aa), bb)) in (0u32..).step_by(LANES).zip(lanes(0).zip(lanes(1)).zip(lanes(2))) {
            for lane in 0..LANES {
                let (dl, da, db) = (ls[lane] - l, aa[lane] - a, bb[lane] - b);
                // The position rides in the low bits of the distance, so that one minimum finds both.
                let distance = dl * dl + da * da + db * db + 1e-12;
                let packed = f32::from_bits((distance.to_bits() & !0xFF) | (at + lane as u32));
                best[lane] = if packed < best[lane] { packed } else { best[lane] };
            }
        }
        let best = best.into_iter().fold(f32::MAX, f32::min);
        (best.to_bits() & 0xFF) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::oklab::distance;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_colours_stay_exact() {
        let colours = [[1, 2, 3], [250, 251, 252], [250, 251, 253]];
        let palette = Palette::choose(&colours, &[5, 1, 90], 3, 1.0);
        assert_eq!(palette.colours, colours);
        assert_eq!(palette.entries, [0, 1, 2]);
    }

    #[test]
    fn a_flat_colour_among_many_stays_exact() {
        let mut colours: Vec<[u8; 3]> = (0..4000u32)
            .map(|i| [(i % 251) as u8, (i / 16) as u8, (i * 7 % 253) as u8])
            .collect();
        let mut counts = vec![1; colours.len()];
        colours.extend([[254, 255, 255], [255, 255, 255], [255, 254, 255]]);
        counts.extend([90_000, 400_000, 70_000]);
        let palette = Palette::choose(&colours, &counts, 255, 1.0);
        for (colour, &entry) in colours.iter().zip(&palette.entries).skip(4000) {
            assert_eq!(&palette.colours[usize::from(entry)], colour);
        }
    }

    #[test]
    fn a_photograph_is_near() {
        let colours: Vec<[u8; 3]> = (0..60_000u32)
            .map(|i| [(i % 200) as u8, (i / 300) as u8, ((i % 200) / 2 + i / 600) as u8])
            .collect();
        let palette = Palette::choose(&colours, &vec![1; colours.len()], 256, 1.0);
        let worst = colours
            .iter()
            .zip(&palette.entries)
            .map(|(&c, &e)| distance(oklab(c), oklab(palette.colours[usize::from(e)])).sqrt())
            .fold(0.0, f32::max);
        assert!(palette.colours.len() > 250 && worst < 0.1, "{worst}");
    }

    proptest! {
        #[test]
        fn nearest_is_nearest(
            colours in proptest::collection::vec(proptest::array::uniform3(any::<u8>()), 1..256),
            wanted in proptest::array::uniform3(any::<u8>()),
        ) {
            let colours: Vec<Oklab> = colours.into_iter().map(oklab).collect();
            let wanted = oklab(wanted);
            let found = Nearest::new(&colours).find(wanted);
            let best = colours.iter().map(|&c| distance(c, wanted)).fold(f32::MAX, f32::min);
            prop_assert!(distance(colours[found], wanted) <= best * 1.0002 + 1e-9);
        }

        #[test]
        fn every_colour_has_an_entry(
            colours in proptest::collection::hash_set(proptest::array::uniform3(any::<u8>()), 1..600),
            max in 1usize..=256,
        ) {
            let colours: Vec<[u8; 3]> = colours.into_iter().collect();
            let palette = Palette::choose(&colours, &vec![1; colours.len()], max, 1.0);
            prop_assert!(palette.colours.len() <= max);
            prop_assert_eq!(palette.entries.len(), colours.len());
            prop_assert!(palette.entries.iter().all(|&e| usize::from(e) < palette.colours.len()));
        }
    }
}
