//! One rectangle that has changed: its colours, and what becomes of its pixels.

use super::histogram::{Histogram, NOT_COUNTED};
use crate::encode::change::Rect;
use crate::pixmap::Pixmap;

/// What is known of a rectangle once its picture is not needed any more.
#[derive(Debug)]
pub(super) struct Area {
    /// Where; not empty.
    pub rect: Rect,
    /// The colours of the pixels that have changed.
    pub histogram: Histogram,
    /// What becomes of each pixel, row by row.
    pub natures: Vec<Nature>,
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

impl Area {
    /// Looks at what changed in a rectangle, which is not nothing.
    pub(super) fn new(pictures: Pictures, rect: Rect) -> Self {
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
        let mut natures: Vec<Nature> = histogram
            .ids
            .iter()
            .map(|&id| {
                if id == NOT_COUNTED {
                    Nature::Still
                } else {
                    Nature::Moving
                }
            })
            .collect();
        mark_resting(pictures, rect, &mut natures);
        Self {
            rect,
            histogram,
            natures,
        }
    }

    /// Changes nothing, for time that does not fit into the frame before it.
    pub(super) fn nothing() -> Self {
        Self {
            rect: Rect::FIRST_PIXEL,
            histogram: Histogram {
                ids: vec![NOT_COUNTED],
                ..Histogram::default()
            },
            natures: vec![Nature::Still],
        }
    }

    /// Pixels that have changed.
    pub(super) fn drawn(&self) -> u64 {
        self.histogram.counts.iter().map(|&count| u64::from(count)).sum()
    }

    /// How many pixels of each colour are flat.
    pub(super) fn flat(&self) -> Vec<u32> {
        let mut flat = vec![0; self.histogram.colours.len()];
        let natures = self.histogram.ids.iter().zip(&self.natures);
        for (&id, _) in natures.filter(|(_, nature)| **nature == Nature::Flat) {
            if let Some(count) = flat.get_mut(id as usize) {
                *count += 1;
            }
        }
        flat
    }

    /// Roughly the bytes it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.natures.len() * 5 + self.histogram.colours.len() * 7
    }
}

fn rgb(pixel: &[u8]) -> [u8; 3] {
    [pixel[0], pixel[1], pixel[2]]
}

/// Finds the pixels that the next picture does not change again.
fn mark_resting(pictures: Pictures, rect: Rect, natures: &mut [Nature]) {
    let Pictures { now, next, .. } = pictures;
    let next = next.unwrap_or(now);
    let stride = now.width as usize * 4;
    let rows = rect
        .rows(now)
        .zip(rect.rows(next))
        .zip(natures.chunks_exact_mut(rect.width));
    for (y, ((row, next), natures)) in (rect.y..).zip(rows) {
        let row_at = |y: Option<usize>| {
            y.and_then(|y| now.data.get(y * stride..(y + 1) * stride))
                .map(|row| &row[rect.x * 4..])
        };
        let (above, below) = (
            row_at(y.checked_sub(1)).unwrap_or(row),
            row_at(Some(y + 1)).unwrap_or(row),
        );
        for (x, nature) in natures
            .iter_mut()
            .enumerate()
            .filter(|(_, nature)| **nature != Nature::Still)
        {
            let at = |row: &[u8], x: usize| -> Option<[u8; 3]> { row.get(x * 4..x * 4 + 4).map(rgb) };
            let colour = at(row, x);
            if at(next, x) != colour {
                continue;
            }
            let same = |row: &[u8], x: usize| at(row, x).is_none() || at(row, x) == colour;
            let flat = same(above, x) && same(below, x) && same(row, x.saturating_sub(1)) && same(row, x + 1);
            *nature = if flat { Nature::Flat } else { Nature::Resting };
        }
    }
}
