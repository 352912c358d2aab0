//! RGB to the YUV 4:2:0 of BT.709 in limited range, which is what players take a video for.

use openh264::formats::YUVSource;

use crate::pixmap::Pixmap;

/// The planes of one picture.
#[derive(Debug, Default)]
pub(super) struct Planes {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

/// Weights of red, green and blue in Y, U and V, times 65,536, for samples of 16 to 235 (Y) and 16 to 240.
const Y: [i32; 3] = [11_966, 40_254, 4_064];
const U: [i32; 3] = [-6_596, -22_189, 28_785];
const V: [i32; 3] = [28_785, -26_145, -2_640];

fn sample(weights: [i32; 3], rgb: [i32; 3], offset: i32, shift: u32) -> u8 {
    let sum: i32 = weights.iter().zip(rgb).map(|(w, c)| w * c).sum();
    ((sum + (1 << (shift - 1))) >> shift)
        .saturating_add(offset)
        .clamp(0, 255) as u8
}

impl Planes {
    /// Takes over a picture; `width` and `height` are even and at least as large as it. What it
    /// lacks is filled with its last column and row.
    pub(super) fn fill(&mut self, picture: &Pixmap, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.y.resize(width * height, 0);
        self.u.resize(width * height / 4, 0);
        self.v.resize(width * height / 4, 0);
        let stride = picture.width as usize * 4;
        let last = picture.data.chunks_exact(stride).last().unwrap_or_default();
        let mut rows = picture.data.chunks_exact(stride);
        let luma = self.y.chunks_exact_mut(2 * width);
        let chroma = self
            .u
            .chunks_exact_mut(width / 2)
            .zip(self.v.chunks_exact_mut(width / 2));
        for (luma, (u, v)) in luma.zip(chroma) {
            let upper = rows.next().unwrap_or(last);
            let lower = rows.next().unwrap_or(upper);
            let (y_upper, y_lower) = luma.split_at_mut(width);
            let luma = y_upper.chunks_exact_mut(2).zip(y_lower.chunks_exact_mut(2));
            let mut upper = pairs(upper);
            let mut lower = pairs(lower);
            let mut four = [[[0; 3]; 2]; 2];
            for ((y_upper, y_lower), (u, v)) in luma.zip(u.iter_mut().zip(v)) {
                four = [
                    upper.next().unwrap_or([four[0][1]; 2]),
                    lower.next().unwrap_or([four[1][1]; 2]),
                ];
                for (row, out) in four.iter().zip([y_upper, y_lower]) {
                    for (&rgb, out) in row.iter().zip(out) {
                        *out = sample(Y, rgb, 16, 16);
                    }
                }
                let sum = std::array::from_fn(|axis| four.as_flattened().iter().map(|rgb| rgb[axis]).sum());
                *u = sample(U, sum, 128, 18);
                *v = sample(V, sum, 128, 18);
            }
        }
    }
}

/// The pixels of a row, two by two; the last stands for one that is missing.
fn pairs(row: &[u8]) -> impl Iterator<Item = [[i32; 3]; 2]> + '_ {
    let rgb = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2]].map(i32::from);
    row.chunks(8).filter_map(move |pair| {
        let first = rgb(pair.get(..4)?);
        Some([first, pair.get(4..8).map_or(first, rgb)])
    })
}

impl YUVSource for Planes {
    fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.width, self.width / 2, self.width / 2)
    }

    fn y(&self) -> &[u8] {
        &self.y
    }

    fn u(&self) -> &[u8] {
        &self.u
    }

    fn v(&self) -> &[u8] {
        &self.v
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(pixels: &[[u8; 3]], width: u32, to: (usize, usize)) -> Planes {
        let picture = Pixmap {
            width,
            height: pixels.len() as u32 / width,
            data: pixels.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect(),
        };
        let mut planes = Planes::default();
        planes.fill(&picture, to.0, to.1);
        planes
    }

    #[test]
    fn colours_are_those_of_bt709() {
        // Y, U and V of the colours at full intensity, as ITU-R BT.709 gives them for 8 bits.
        for (rgb, yuv) in [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
        ] {
            let planes = planes(&[rgb; 4], 2, (2, 2));
            assert_eq!(planes.y, [yuv[0]; 4]);
            assert_eq!((planes.u[0], planes.v[0]), (yuv[1], yuv[2]));
        }
    }

    #[test]
    fn a_missing_edge_repeats_the_last_one() {
        let white = [255; 3];
        let planes = planes(
            &[[0; 3], [0; 3], white, [0; 3], [0; 3], white, white, white, white],
            3,
            (6, 4),
        );
        let luma: Vec<&[u8]> = planes.y.chunks(6).collect();
        assert_eq!(luma[0], [16, 16, 235, 235, 235, 235]);
        assert_eq!(luma[2], [235; 6]);
        assert_eq!(luma[3], [235; 6]);
        assert!(planes.u.iter().chain(&planes.v).all(|&c| c == 128));
    }
}
