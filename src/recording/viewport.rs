//! Sizes that a viewport can have.

use crate::limits::{Limit, Limits};

/// A viewport of whole CSS pixels: what is larger than [`Limit::Viewport`] and [`Limit::ViewportArea`] allow is cut,
/// the height first. `None` for what is no size.
pub fn usable_viewport(width: f64, height: f64, limits: &Limits) -> Option<(u32, u32)> {
    if !(width >= 1.0 && height >= 1.0) {
        return None;
    }
    // Never none at all, whatever the limits are.
    let side = limits.of(Limit::Viewport).clamp(1, u64::from(u32::MAX)) as f64;
    let area = limits.of(Limit::ViewportArea).max(1) as f64;
    let width = width.round().min(side).min(area);
    let height = height.round().min(side).min((area / width).floor());
    Some((width as u32, height as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_cut() {
        let usable_viewport = |width, height| usable_viewport(width, height, &Limits::default());
        assert_eq!(usable_viewport(1279.6, 800.0), Some((1280, 800)));
        assert_eq!(usable_viewport(390.0, 16_000.0), Some((390, 16_000)));
        assert_eq!(usable_viewport(1e5, 1e5), Some((16_384, 2441)));
        assert_eq!(usable_viewport(f64::INFINITY, 1.0), Some((16_384, 1)));
        for (width, height) in [(0.0, 5.0), (-5.0, 5.0), (5.0, f64::NAN)] {
            assert_eq!(usable_viewport(width, height), None);
        }
    }
}
