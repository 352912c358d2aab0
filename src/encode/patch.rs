//! What is drawn over a picture to make the next one of it, for formats with transparency.

use super::change::Rect;
use crate::pixmap::Pixmap;

/// A part of a picture, transparent where the picture before it shows through.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// Where it is drawn.
    pub rect: Rect,
    /// RGBA8, row by row.
    pub data: Vec<u8>,
}

impl Patch {
    /// What changes from one picture to the next, both of one size; the whole picture if there is
    /// none before it. Its left and upper edges are multiples of `grid` pixels.
    pub(super) fn new(before: Option<&Pixmap>, now: &Pixmap, grid: usize) -> Self {
        let Some(before) = before else {
            let opaque = now.data.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2], 255]);
            return Self {
                rect: Rect::whole(now),
                data: opaque.collect(),
            };
        };
        let Some(mut rect) = Rect::whole(now).changed(before, now) else {
            return Self::nothing();
        };
        let (right, bottom) = (rect.x + rect.width, rect.y + rect.height);
        (rect.x, rect.y) = (rect.x / grid * grid, rect.y / grid * grid);
        (rect.width, rect.height) = (right - rect.x, bottom - rect.y);
        let mut data = Vec::with_capacity(rect.width * rect.height * 4);
        for (before, now) in rect.rows(before).zip(rect.rows(now)) {
            for (before, now) in before.chunks_exact(4).zip(now.chunks_exact(4)) {
                data.extend(if before == now {
                    [0; 4]
                } else {
                    [now[0], now[1], now[2], 255]
                });
            }
        }
        Self { rect, data }
    }

    /// Changes nothing, for time that does not fit into the frame before it.
    pub(super) fn nothing() -> Self {
        Self {
            rect: Rect::FIRST_PIXEL,
            data: vec![0; 4],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_opaque() {
        let before = Pixmap {
            width: 6,
            height: 4,
            data: vec![255; 6 * 4 * 4],
        };
        let mut now = before.clone();
        for at in [6 + 3, 2 * 6 + 4] {
            now.data[at * 4] = 9;
        }
        let patch = Patch::new(Some(&before), &now, 2);
        let Rect { x, y, width, height } = patch.rect;
        assert_eq!((x, y, width, height), (2, 0, 3, 3));
        let opaque: Vec<usize> = (0..9).filter(|at| patch.data[at * 4 + 3] == 255).collect();
        assert_eq!(opaque, [4, 8]);
        assert_eq!(patch.data[16..20], [9, 255, 255, 255]);
        assert_eq!(Patch::new(Some(&now), &now, 1), Patch::nothing());
        assert_eq!(Patch::new(None, &now, 1).data, now.data);
    }
}
