//! What differs between two pictures.

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
    /// The whole of a picture.
    pub(super) fn whole(pixels: &Pixmap) -> Self {
        Self {
            x: 0,
            y: 0,
            width: pixels.width as usize,
            height: pixels.height as usize,
        }
    }

    /// The smallest rectangle that holds every pixel in which the two pictures differ.
    ///
    /// `None` if they are equal. Both have the same size.
    pub(super) fn changed(before: &Pixmap, after: &Pixmap) -> Option<Self> {
        let width = after.width as usize;
        let rows = || {
            before
                .data
                .chunks_exact(width * 4)
                .zip(after.data.chunks_exact(width * 4))
        };
        let y = rows().position(|(b, a)| b != a)?;
        let bottom = rows().rposition(|(b, a)| b != a)?;
        let (mut left, mut right) = (width, 0);
        for (b, a) in rows().take(bottom + 1).skip(y) {
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
            x: left,
            y,
            width: right - left,
            height: bottom + 1 - y,
        })
    }

    /// The pixels of each of its rows in a picture, 4 bytes each.
    pub(super) fn rows<'a>(&self, pixels: &'a Pixmap) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let Self { x, y, width, height } = *self;
        let stride = pixels.width as usize * 4;
        pixels
            .data
            .chunks_exact(stride)
            .skip(y)
            .take(height)
            .map(move |row| &row[x * 4..(x + width) * 4])
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
            prop_assert_eq!(Rect::changed(&before, &after), expected);
            if let Some(rect) = expected {
                prop_assert_eq!(rect.rows(&after).count(), rect.height);
                prop_assert!(rect.rows(&after).all(|row| row.len() == rect.width * 4));
            }
        }
    }
}
