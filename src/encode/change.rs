//! What differs between two pictures, and where.

use crate::pixmap::Pixmap;

/// A rectangle of pixels; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    /// Left edge.
    pub x: usize,
    /// Top edge.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Rect {
    /// The first pixel: the least that can be drawn where nothing changes.
    pub(super) const FIRST_PIXEL: Self = Self {
        x: 0,
        y: 0,
        width: 1,
        height: 1,
    };

    /// The whole of a picture.
    pub(super) fn whole(pixels: &Pixmap) -> Self {
        Self {
            x: 0,
            y: 0,
            width: pixels.width as usize,
            height: pixels.height as usize,
        }
    }

    /// The smallest rectangle inside this one that holds every pixel of it in which the two pictures differ.
    ///
    /// `None` if there is no such pixel. Both pictures have the same size.
    pub(super) fn changed(self, before: &Pixmap, after: &Pixmap) -> Option<Self> {
        let rows = || self.rows(before).zip(self.rows(after)).enumerate();
        let top = rows().find(|(_, (b, a))| b != a)?.0;
        let (mut bottom, mut left, mut right) = (top, self.width, 0);
        for (y, (b, a)) in rows().skip(top).filter(|(_, (b, a))| b != a) {
            bottom = y;
            let differs = |(b, a): (&[u8], &[u8])| b != a;
            let (b_left, a_left) = (&b[..left * 4], &a[..left * 4]);
            if let Some(x) = b_left
                .chunks_exact(4)
                .zip(a_left.chunks_exact(4))
                .position(differs)
            {
                left = x;
            }
            let (b_right, a_right) = (&b[right * 4..], &a[right * 4..]);
            if let Some(x) = b_right
                .chunks_exact(4)
                .zip(a_right.chunks_exact(4))
                .rposition(differs)
            {
                right += x + 1;
            }
        }
        Some(Self {
            x: self.x + left,
            y: self.y + top,
            width: right - left,
            height: bottom + 1 - top,
        })
    }

    /// The pixels of each of its rows in a picture, 4 bytes each.
    pub(super) fn rows<'a>(self, pixels: &'a Pixmap) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let stride = pixels.width as usize * 4;
        let rows = pixels.data.chunks_exact(stride).skip(self.y).take(self.height);
        rows.map(move |row| &row[self.x * 4..(self.x + self.width) * 4])
    }

    fn area(self) -> usize {
        self.width * self.height
    }
}

/// Side of the squares in which changes are counted to find the gaps between them, in pixels.
const TILE: usize = 8;
/// Bytes that a frame takes beside its pixels.
const FRAME_BYTES: f32 = 24.0;
/// Bytes that have to be saved for a picture to be drawn in two steps.
const WORTH_BYTES: f32 = 100.0;

/// The rectangles in which two pictures differ, the one with the most changed pixels first; none if they are equal.
///
/// One rectangle is the rule. Changes far apart (a cursor and a clock) are drawn separately if that
/// is worth it, as the still pixels between them are not free. There are at most `max` parts.
pub(super) fn regions(before: &Pixmap, after: &Pixmap, max: usize) -> Vec<Rect> {
    let Some(rect) = Rect::whole(after).changed(before, after) else {
        return Vec::new();
    };
    if max <= 1 || cost(rect.area(), 0) < FRAME_BYTES + WORTH_BYTES {
        return vec![rect];
    }
    let tiles = Tiles::new(before, after, rect);
    let mut parts = vec![tiles.whole()];
    while parts.len() < max {
        let splits = parts
            .iter()
            .enumerate()
            .filter_map(|(at, part)| Some((at, tiles.split(*part)?)));
        let Some((at, split)) = splits.reduce(|a, b| if b.1.saved > a.1.saved { b } else { a }) else {
            break;
        };
        parts[at] = split.parts[0];
        parts.push(split.parts[1]);
    }
    parts.sort_by_key(|&part| std::cmp::Reverse(tiles.changed(part)));
    parts
        .into_iter()
        .filter_map(|part| tiles.pixels(part).changed(before, after))
        .collect()
}

/// Roughly the bytes that the still pixels of a rectangle take, and its frame: LZW needs a code for each of 1, 2, 3, … pixels in a row.
fn cost(area: usize, changed: usize) -> f32 {
    FRAME_BYTES + ((area.saturating_sub(changed) * 2) as f32).sqrt() * 1.2
}

/// How many pixels of each tile of a rectangle have changed.
struct Tiles {
    rect: Rect,
    columns: usize,
    rows: usize,
    counts: Vec<u8>,
}

/// Two parts instead of one, in tiles, and roughly the bytes saved by it.
struct Split {
    parts: [Rect; 2],
    saved: f32,
}

impl Tiles {
    fn new(before: &Pixmap, after: &Pixmap, rect: Rect) -> Self {
        let (columns, rows) = (rect.width.div_ceil(TILE), rect.height.div_ceil(TILE));
        let mut counts = vec![0; columns * rows];
        for (y, (before, after)) in rect.rows(before).zip(rect.rows(after)).enumerate() {
            if before == after {
                continue;
            }
            let counts = &mut counts[y / TILE * columns..][..columns];
            let tiles = before.chunks(TILE * 4).zip(after.chunks(TILE * 4));
            for (count, (before, after)) in counts.iter_mut().zip(tiles).filter(|(_, (b, a))| b != a) {
                let pixels = before.chunks_exact(4).zip(after.chunks_exact(4));
                *count += pixels.filter(|(b, a)| b != a).count() as u8;
            }
        }
        Self {
            rect,
            columns,
            rows,
            counts,
        }
    }

    fn whole(&self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.columns,
            height: self.rows,
        }
    }

    /// The pixels that tiles stand for.
    fn pixels(&self, tiles: Rect) -> Rect {
        let (x, y) = (tiles.x * TILE, tiles.y * TILE);
        Rect {
            x: self.rect.x + x,
            y: self.rect.y + y,
            width: (tiles.width * TILE).min(self.rect.width - x),
            height: (tiles.height * TILE).min(self.rect.height - y),
        }
    }

    fn changed(&self, part: Rect) -> usize {
        let rows = self
            .counts
            .chunks_exact(self.columns)
            .skip(part.y)
            .take(part.height);
        rows.flat_map(|row| &row[part.x..part.x + part.width])
            .map(|&count| usize::from(count))
            .sum()
    }

    fn is_changed(&self, x: usize, y: usize) -> bool {
        self.counts[y * self.columns + x] > 0
    }

    /// The smallest part inside `part` with all its changes.
    fn tight(&self, part: Rect) -> Option<Rect> {
        let Rect { x, y, width, height } = part;
        let row = |y: &usize| (x..x + width).any(|x| self.is_changed(x, *y));
        let column = |x: &usize| (y..y + height).any(|y| self.is_changed(*x, y));
        let (top, bottom) = ((y..y + height).find(row)?, (y..y + height).rfind(row)?);
        let (left, right) = ((x..x + width).find(column)?, (x..x + width).rfind(column)?);
        Some(Rect {
            x: left,
            y: top,
            width: right + 1 - left,
            height: bottom + 1 - top,
        })
    }

    fn bytes(&self, part: Rect) -> f32 {
        cost(self.pixels(part).area(), self.changed(part))
    }

    /// The best cut through a part along a row or column without changes, if one is worth it.
    fn split(&self, part: Rect) -> Option<Split> {
        let Rect { x, y, width, height } = part;
        let row_is_free = |y: &usize| !(x..x + width).any(|x| self.is_changed(x, *y));
        let column_is_free = |x: &usize| !(y..y + height).any(|y| self.is_changed(*x, y));
        let across = (y + 1..y + height).filter(row_is_free).map(|cut| {
            [
                Rect {
                    height: cut - y,
                    ..part
                },
                Rect {
                    y: cut,
                    height: y + height - cut,
                    ..part
                },
            ]
        });
        let down = (x + 1..x + width).filter(column_is_free).map(|cut| {
            [
                Rect {
                    width: cut - x,
                    ..part
                },
                Rect {
                    x: cut,
                    width: x + width - cut,
                    ..part
                },
            ]
        });
        let whole = self.bytes(part);
        across
            .chain(down)
            .filter_map(|[a, b]| {
                let parts = [self.tight(a)?, self.tight(b)?];
                let saved = whole - self.bytes(parts[0]) - self.bytes(parts[1]);
                (saved >= WORTH_BYTES).then_some(Split { parts, saved })
            })
            .reduce(|best, split| if split.saved > best.saved { split } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture(width: u32, height: u32) -> Pixmap {
        Pixmap {
            width,
            height,
            data: vec![7; width as usize * height as usize * 4],
        }
    }

    proptest! {
        #[test]
        fn rectangle_is_tight(
            (width, height, points) in (1u32..40, 1u32..30).prop_flat_map(|(w, h)| {
                (Just(w), Just(h), proptest::collection::vec((0..w, 0..h), 0..5))
            }),
        ) {
            let before = picture(width, height);
            let mut after = before.clone();
            for &(x, y) in &points {
                after.data[((y * width + x) * 4 + 2) as usize] = 9;
            }
            let expected = points.iter().map(|p| p.0).min().map(|left| {
                let right = points.iter().map(|p| p.0).max().unwrap();
                let top = points.iter().map(|p| p.1).min().unwrap();
                let bottom = points.iter().map(|p| p.1).max().unwrap();
                Rect {
                    x: left as usize,
                    y: top as usize,
                    width: (right - left + 1) as usize,
                    height: (bottom - top + 1) as usize,
                }
            });
            prop_assert_eq!(Rect::whole(&after).changed(&before, &after), expected);
            if let Some(rect) = expected {
                prop_assert_eq!(rect.rows(&after).count(), rect.height);
                prop_assert!(rect.rows(&after).all(|row| row.len() == rect.width * 4));
            }
        }

        #[test]
        fn regions_hold_every_change(
            (width, height, points) in (1u32..400, 1u32..300).prop_flat_map(|(w, h)| {
                (Just(w), Just(h), proptest::collection::vec((0..w, 0..h), 0..12))
            }),
            max in 1usize..4,
        ) {
            let before = picture(width, height);
            let mut after = before.clone();
            for &(x, y) in &points {
                after.data[((y * width + x) * 4) as usize] = 8;
            }
            let regions = regions(&before, &after, max);
            prop_assert!(regions.len() <= max);
            prop_assert_eq!(regions.is_empty(), points.is_empty());
            for (x, y) in points {
                let (x, y) = (x as usize, y as usize);
                let holding = regions.iter().filter(|r| {
                    (r.x..r.x + r.width).contains(&x) && (r.y..r.y + r.height).contains(&y)
                });
                prop_assert_eq!(holding.count(), 1);
            }
        }
    }

    #[test]
    fn a_cursor_and_a_clock_are_two_regions() {
        let before = picture(800, 528);
        let mut after = before.clone();
        let mut fill = |x: usize, y: usize, width: usize, height: usize| {
            for row in after.data.chunks_exact_mut(800 * 4).skip(y).take(height) {
                row[x * 4..(x + width) * 4].fill(1);
            }
        };
        fill(100, 100, 20, 30);
        fill(600, 510, 50, 12);
        fill(605, 524, 3, 4);
        let regions = regions(&before, &after, 3);
        assert_eq!(
            regions,
            [
                Rect {
                    x: 600,
                    y: 510,
                    width: 50,
                    height: 18
                },
                Rect {
                    x: 100,
                    y: 100,
                    width: 20,
                    height: 30
                },
            ]
        );
    }

    #[test]
    fn changes_side_by_side_are_one_region() {
        let before = picture(300, 200);
        let mut after = before.clone();
        for at in [0, 40, 90, 300 * 50 + 20] {
            after.data[at * 4] = 1;
        }
        assert_eq!(regions(&before, &after, 3).len(), 1);
    }
}
