//! Drawing on a picture.

use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, PixmapMut, Stroke, Transform};

use super::scene::Rect;
use super::theme::Color;
use crate::pixmap::Pixmap;

/// Draws on an opaque picture, which stays opaque. What is outside of the picture is not drawn.
#[derive(Debug)]
pub(super) struct Painter<'a> {
    out: &'a mut Pixmap,
}

impl<'a> Painter<'a> {
    /// `out` must hold `width * height * 4` bytes.
    pub(super) fn new(out: &'a mut Pixmap) -> Self {
        Painter { out }
    }

    /// The bytes of a row from `x` on, for at most `width` pixels, and how many pixels of it are left
    /// of the picture.
    fn row(&mut self, x: i32, y: i32, width: u32) -> Option<(usize, &mut [u8])> {
        let left = x.max(0);
        let right = x
            .saturating_add_unsigned(width)
            .min(i32::try_from(self.out.width).ok()?);
        let y = usize::try_from(y)
            .ok()
            .filter(|y| *y < self.out.height as usize)?;
        if left >= right {
            return None;
        }
        let start = y * self.out.width as usize;
        let bytes = (start + left as usize) * 4..(start + right as usize) * 4;
        Some((left.abs_diff(x) as usize, self.out.data.get_mut(bytes)?))
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, rect: Rect, color: Color) {
        for y in rect.y..rect.bottom() {
            if let Some((_, row)) = self.row(rect.x, y, rect.width) {
                for pixel in row.chunks_exact_mut(4) {
                    pixel.copy_from_slice(&[color.0, color.1, color.2, 255]);
                }
            }
        }
    }

    /// Copies the part of an opaque picture that begins at `from` into `rect`. Where the picture ends
    /// before `rect` does, what was there stays.
    pub(super) fn copy(&mut self, picture: &Pixmap, from: (i32, i32), rect: Rect) {
        let stride = picture.width as usize * 4;
        if stride == 0 {
            return;
        }
        let (left, top) = (from.0.max(0).unsigned_abs(), from.1.max(0).unsigned_abs());
        let width = rect.width.min(picture.width.saturating_sub(left));
        let rows = picture.data.chunks_exact(stride).skip(top as usize);
        for (y, source) in (rect.y..rect.bottom()).zip(rows) {
            if let Some((skipped, row)) = self.row(rect.x, y, width) {
                let start = (left as usize + skipped) * 4;
                if let Some(source) = source.get(start..start + row.len()) {
                    row.copy_from_slice(source);
                }
            }
        }
    }

    /// Blends a picture with straight alpha over what is there, its top left corner at `x`, `y`.
    pub(super) fn blend(&mut self, picture: &Pixmap, x: i32, y: i32) {
        self.blend_start(picture, x, y, picture.width);
    }

    /// As [`Painter::blend`], but no more than `width` pixels from the left of the picture.
    pub(super) fn blend_start(&mut self, picture: &Pixmap, x: i32, y: i32, width: u32) {
        let stride = picture.width as usize * 4;
        if stride == 0 {
            return;
        }
        for (y, source) in (y..).zip(picture.data.chunks_exact(stride)) {
            let Some((skipped, row)) = self.row(x, y, width.min(picture.width)) else {
                continue;
            };
            let source = source.chunks_exact(4).skip(skipped);
            for (under, over) in row.chunks_exact_mut(4).zip(source) {
                blend_pixel(under, over);
            }
        }
    }

    /// Fills a disc; `opacity` from 0 to 1.
    pub(super) fn disc(&mut self, (x, y): (f64, f64), radius: f64, color: Color, opacity: f64) {
        if let Some(circle) = PathBuilder::from_circle(x as f32, y as f32, radius as f32) {
            self.fill_path(&circle, color, opacity);
        }
    }

    /// Draws a ring, its line in the middle of which is at `radius`; `opacity` from 0 to 1.
    pub(super) fn ring(&mut self, (x, y): (f64, f64), radius: f64, width: f64, color: Color, opacity: f64) {
        if let Some(circle) = PathBuilder::from_circle(x as f32, y as f32, radius as f32) {
            self.stroke_path(&circle, width, color, opacity);
        }
    }

    /// Draws lines from point to point with round corners and ends.
    pub(super) fn line(&mut self, points: &[(f64, f64)], width: f64, color: Color, opacity: f64) {
        let mut builder = PathBuilder::new();
        for (index, (x, y)) in points.iter().enumerate() {
            match index {
                0 => builder.move_to(*x as f32, *y as f32),
                _ => builder.line_to(*x as f32, *y as f32),
            }
        }
        if let Some(line) = builder.finish() {
            self.stroke_path(&line, width, color, opacity);
        }
    }

    fn fill_path(&mut self, path: &Path, color: Color, opacity: f64) {
        let paint = paint(color, opacity);
        if let Some(mut canvas) = self.canvas() {
            canvas.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    fn stroke_path(&mut self, path: &Path, width: f64, color: Color, opacity: f64) {
        let paint = paint(color, opacity);
        let stroke = Stroke {
            width: width as f32,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(mut canvas) = self.canvas() {
            canvas.stroke_path(path, &paint, &stroke, Transform::identity(), None);
        }
    }

    /// The picture as the shape library sees it. It expects premultiplied alpha, which for an opaque
    /// picture is no different.
    fn canvas(&mut self) -> Option<PixmapMut<'_>> {
        PixmapMut::from_bytes(&mut self.out.data, self.out.width, self.out.height)
    }
}

fn paint(color: Color, opacity: f64) -> Paint<'static> {
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    paint.set_color_rgba8(
        color.0,
        color.1,
        color.2,
        (opacity.clamp(0.0, 1.0) * 255.0).round() as u8,
    );
    paint
}

fn blend_pixel(under: &mut [u8], over: &[u8]) {
    let ([red, green, blue, _], [over @ .., alpha]) = (under, over) else {
        return;
    };
    let alpha = u32::from(*alpha);
    for (under, over) in [red, green, blue].into_iter().zip(over) {
        let sum = u32::from(*over) * alpha + u32::from(*under) * (255 - alpha) + 127;
        *under = (sum / 255) as u8;
    }
}
