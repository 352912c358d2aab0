//! Sizes that a viewport can have.

/// Longest side of a viewport, in CSS pixels.
const MAX_SIDE: f64 = 16_384.0;

/// Largest area of a viewport, in CSS pixels: more than the largest screens have, and no more than a browser draws
/// within its memory.
const MAX_AREA: f64 = 40e6;

/// A viewport of whole CSS pixels: what is larger than any is cut, the height first. `None` for what is no size.
pub fn usable_viewport(width: f64, height: f64) -> Option<(u32, u32)> {
    if !(width >= 1.0 && height >= 1.0) {
        return None;
    }
    let width = width.round().min(MAX_SIDE);
    let height = height.round().min(MAX_SIDE).min((MAX_AREA / width).floor());
    Some((width as u32, height as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_cut() {
        assert_eq!(usable_viewport(1279.6, 800.0), Some((1280, 800)));
        assert_eq!(usable_viewport(390.0, 16_000.0), Some((390, 16_000)));
        assert_eq!(usable_viewport(1e5, 1e5), Some((16_384, 2441)));
        assert_eq!(usable_viewport(f64::INFINITY, 1.0), Some((16_384, 1)));
        for (width, height) in [(0.0, 5.0), (-5.0, 5.0), (5.0, f64::NAN)] {
            assert_eq!(usable_viewport(width, height), None);
        }
    }
}
