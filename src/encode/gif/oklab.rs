//! sRGB to Oklab, the space in which palettes are chosen: equal distances look about equal.
//!
//! Matrices from Björn Ottosson, "A perceptual color space for image processing" (2020).

use std::sync::LazyLock;

/// A colour in Oklab: lightness 0 to 1, then green–red and blue–yellow.
pub(super) type Oklab = [f32; 3];

static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let v = value as f32 / 255.0;
        if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    })
});

/// Converts an sRGB colour.
pub(super) fn oklab([r, g, b]: [u8; 3]) -> Oklab {
    let [r, g, b] = [r, g, b].map(|v| LINEAR[usize::from(v)]);
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// Converts back; what lies outside sRGB is clamped.
pub(super) fn srgb([l, a, b]: Oklab) -> [u8; 3] {
    let lc = (l + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let mc = (l - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let sc = (l - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * lc - 3.307_711_6 * mc + 0.230_969_94 * sc,
        -1.268_438 * lc + 2.609_757_4 * mc - 0.341_319_38 * sc,
        -0.004_196_086_3 * lc - 0.703_418_6 * mc + 1.707_614_7 * sc,
    ]
    .map(|v| {
        let v = if v <= 0.003_130_8 {
            v * 12.92
        } else {
            1.055 * v.powf(1.0 / 2.4) - 0.055
        };
        (v * 255.0).round().clamp(0.0, 255.0) as u8
    })
}

/// Squared distance of two colours.
pub(super) fn distance(x: Oklab, y: Oklab) -> f32 {
    x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_have_no_colour() {
        for value in 0..=255 {
            let [l, a, b] = oklab([value; 3]);
            assert!(a.abs() < 1e-4 && b.abs() < 1e-4, "{value}: {a} {b}");
            assert!((-1e-6..1.0 + 1e-4).contains(&l));
        }
    }

    #[test]
    fn every_colour_comes_back() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    let colour = [r as u8, g as u8, b as u8];
                    assert_eq!(srgb(oklab(colour)), colour);
                }
            }
        }
    }

    #[test]
    fn known_values() {
        // The reference pairs of the article, from sRGB red and blue.
        for (colour, expected) in [
            ([255, 0, 0], [0.627_955, 0.224_863, 0.125_846]),
            ([0, 0, 255], [0.452_014, -0.032_457, -0.311_528]),
        ] {
            assert!(distance(oklab(colour), expected) < 1e-8, "{colour:?}");
        }
    }
}
