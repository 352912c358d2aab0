//! Clips and programs for the encoders' tests.

use std::process::Command;
use std::sync::Arc;

use super::{Frame, StreamEncoder, Summary};
use crate::pixmap::Pixmap;

/// Pictures and how long each is shown, in milliseconds.
pub(crate) type Decoded = Vec<(Pixmap, u64)>;

/// A picture of one colour.
pub(crate) fn flat(width: u32, height: u32, [r, g, b]: [u8; 3]) -> Pixmap {
    Pixmap {
        width,
        height,
        data: [r, g, b, 255].repeat(width as usize * height as usize),
    }
}

/// A box that moves over a pattern, `count` frames that all differ.
pub(crate) fn clip(width: u32, height: u32, count: u32) -> Decoded {
    (0..count)
        .map(|at| {
            let mut picture = flat(width, height, [240; 3]);
            let left = at * (width - width / 4) / count;
            for (pixel, [x, y]) in picture
                .data
                .chunks_exact_mut(4)
                .zip((0..height).flat_map(|y| (0..width).map(move |x| [x, y])))
            {
                if y < height / 3 {
                    pixel[..3].copy_from_slice(&[(x * 3) as u8, (y * 5) as u8, 128]);
                }
                if (left..left + width / 4).contains(&x) && y > height / 4 {
                    pixel[..3].copy_from_slice(&[30, (at * 9) as u8, 60]);
                }
            }
            (picture, 40 + u64::from(at % 5) * 30)
        })
        .collect()
}

/// Encodes pictures.
pub(crate) fn play<E: StreamEncoder>(mut encoder: E, frames: &[(Pixmap, u64)]) -> (E::Output, Summary) {
    let mut clip_ms = 0;
    for (picture, duration_ms) in frames {
        encoder
            .push(Frame {
                pixels: Arc::new(picture.clone()),
                clip_ms,
                recording_ms: clip_ms as f64,
                duration_ms: *duration_ms,
            })
            .unwrap();
        clip_ms += duration_ms;
    }
    encoder.finish().unwrap()
}

/// What a program prints; nothing, with a message, if there is no such program.
pub(crate) fn printed_by(program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        eprintln!("skipped: there is no {program}");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    Some(output.stdout)
}

/// The pictures of a clip as ffmpeg decodes them, each once.
pub(crate) fn decoded_by_ffmpeg(path: &str, width: u32, height: u32) -> Option<Vec<Pixmap>> {
    let arguments = [
        "-v",
        "error",
        "-i",
        path,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
    ];
    let arguments = [&arguments[..], &["-pix_fmt", "rgba", "-"]].concat();
    let pictures = printed_by("ffmpeg", &arguments)?;
    let pictures = pictures.chunks_exact(width as usize * height as usize * 4);
    Some(
        pictures
            .map(|data| Pixmap {
                width,
                height,
                data: data.to_vec(),
            })
            .collect(),
    )
}

/// The frames' durations, in milliseconds, as ffprobe reads them from when each is shown; for the
/// last one, what it is told of it.
pub(crate) fn durations_by_ffprobe(path: &str) -> Option<Vec<u64>> {
    let entries = "packet=pts_time,duration_time";
    let arguments = [
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
        path,
    ];
    let text = String::from_utf8(printed_by("ffprobe", &arguments)?).unwrap();
    // What is not known is printed as N/A.
    let ms = |seconds: &str| (seconds.parse::<f64>().unwrap_or(0.0) * 1000.0).round() as u64;
    let mut times: Vec<(u64, u64)> = text
        .lines()
        .map(|line| line.split_once(',').unwrap())
        .map(|(at, duration)| (ms(at), ms(duration.trim_end_matches(','))))
        .collect();
    times.sort_unstable();
    let between = times.windows(2).map(|pair| pair[1].0 - pair[0].0);
    Some(between.chain(times.last().map(|last| last.1)).collect())
}

/// Fails if a clip came back with other pictures or times; a channel may be off by `tolerance`.
pub(crate) fn assert_same(decoded: &[(Pixmap, u64)], expected: &[(Pixmap, u64)], tolerance: u8) {
    let times = |clip: &[(Pixmap, u64)]| clip.iter().map(|(_, ms)| *ms).collect::<Vec<_>>();
    assert_eq!(times(decoded), times(expected));
    for (at, ((a, _), (b, _))) in decoded.iter().zip(expected).enumerate() {
        assert_eq!((a.width, a.height), (b.width, b.height));
        let off = a.data.iter().zip(&b.data).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(tolerance), "frame {at} is off by {off:?}");
    }
}

/// How far two pictures are apart: PSNR in decibels.
pub(crate) fn psnr(a: &Pixmap, b: &Pixmap) -> f64 {
    assert_eq!(a.data.len(), b.data.len());
    let error: u64 = a
        .data
        .iter()
        .zip(&b.data)
        .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
        .sum();
    let mean = error as f64 / (a.data.len() as f64 * 0.75);
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}
