//! Whole files, checked with an independent decoder.

use std::io;

use proptest::prelude::*;

use super::*;

const WIDTH: u32 = 13;
const HEIGHT: u32 = 9;

fn frame(pixels: Pixmap, duration_ms: u64) -> Frame {
    Frame {
        pixels: Arc::new(pixels),
        clip_ms: 0,
        recording_ms: 0.0,
        duration_ms,
    }
}

fn flat(width: u32, height: u32, colour: [u8; 3]) -> Pixmap {
    let [r, g, b] = colour;
    Pixmap {
        width,
        height,
        data: [r, g, b, 255].repeat(width as usize * height as usize),
    }
}

fn encode_with(frames: impl IntoIterator<Item = Frame>, options: GifOptions) -> (Vec<u8>, Summary) {
    let mut encoder = GifEncoder::new(Vec::new(), options).unwrap();
    frames.into_iter().for_each(|frame| encoder.push(frame).unwrap());
    encoder.finish().unwrap()
}

fn encode(frames: impl IntoIterator<Item = Frame>) -> (Vec<u8>, Summary) {
    encode_with(frames, GifOptions::default())
}

/// The canvas after each frame of the file, and the frame's delay in centiseconds.
fn decode(file: &[u8]) -> Vec<(Pixmap, u16)> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(file).unwrap();
    let mut canvas = flat(u32::from(decoder.width()), u32::from(decoder.height()), [0; 3]);
    let mut shown = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.dispose, gif::DisposalMethod::Keep);
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        for (y, row) in frame
            .buffer
            .chunks_exact(usize::from(frame.width) * 4)
            .enumerate()
        {
            for (x, pixel) in row.chunks_exact(4).enumerate() {
                if pixel[3] != 0 {
                    let at = ((top + y) * canvas.width as usize + left + x) * 4;
                    canvas.data[at..at + 4].copy_from_slice(pixel);
                }
            }
        }
        shown.push((canvas.clone(), frame.delay));
    }
    shown
}

/// Deterministic noise.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 24) as u8
    }
}

/// Pictures of more colours than a palette holds, of which a part changes each time.
fn photographs(width: u32, height: u32, count: usize) -> Vec<Pixmap> {
    let mut noise = Noise(7);
    let mut picture = flat(width, height, [0; 3]);
    for (at, pixel) in picture.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = (at as u32 % width, at as u32 / width);
        pixel[0] = (x * 255 / width) as u8;
        pixel[1] = (y * 255 / height) as u8;
        pixel[2] = noise.next() / 8;
    }
    let mut pictures = vec![picture];
    for step in 1..count {
        let mut picture = pictures[step - 1].clone();
        let top = (step as u32 * 5 % height) as usize;
        for row in picture
            .data
            .chunks_exact_mut(width as usize * 4)
            .skip(top)
            .take(height as usize / 3)
        {
            for pixel in row.chunks_exact_mut(4).skip(step % 4).step_by(2) {
                pixel[..3].rotate_left(1);
                pixel[1] ^= noise.next();
            }
        }
        pictures.push(picture);
    }
    pictures
}

#[test]
fn one_frame() {
    let (file, summary) = encode([frame(flat(3, 2, [9, 8, 7]), 1000)]);
    assert_eq!(decode(&file), [(flat(3, 2, [9, 8, 7]), 100)]);
    assert_eq!(
        summary,
        Summary {
            width: 3,
            height: 2,
            frames: 1,
            duration_ms: 1000,
            bytes: file.len() as u64,
            traded: None,
        }
    );
}

#[test]
fn smallest_and_odd_sizes() {
    for (width, height) in [(1, 1), (1, 700), (333, 1), (17, 31)] {
        let pictures = [[1, 2, 3], [3, 2, 1], [1, 2, 3]].map(|colour| flat(width, height, colour));
        let (file, _) = encode(pictures.iter().map(|p| frame(p.clone(), 40)));
        assert_eq!(decode(&file), pictures.map(|p| (p, 4)));
    }
}

#[test]
fn equal_frames_become_one() {
    let (file, summary) = encode([
        frame(flat(4, 4, [1; 3]), 30),
        frame(flat(4, 4, [1; 3]), 50),
        frame(flat(4, 4, [2; 3]), 20),
        frame(flat(4, 4, [2; 3]), 0),
    ]);
    assert_eq!(decode(&file), [(flat(4, 4, [1; 3]), 8), (flat(4, 4, [2; 3]), 2)]);
    assert_eq!((summary.frames, summary.duration_ms), (2, 100));
}

#[test]
fn no_time_at_all() {
    let (file, _) = encode([frame(flat(4, 4, [1; 3]), 0), frame(flat(4, 4, [2; 3]), 0)]);
    assert_eq!(decode(&file), [(flat(4, 4, [2; 3]), 2)]);
}

#[test]
fn long_delays_are_split() {
    let (file, summary) = encode([
        frame(flat(4, 4, [1; 3]), 2_000_000),
        frame(flat(4, 4, [2; 3]), 100),
    ]);
    let shown = decode(&file);
    let first: u64 = shown
        .iter()
        .filter(|(p, _)| p.data[0] == 1)
        .map(|(_, delay)| u64::from(*delay))
        .sum();
    assert_eq!(first, 200_000);
    assert_eq!(shown.len(), 5);
    assert_eq!((summary.frames, summary.duration_ms), (2, 2_000_100));
}

#[test]
fn loops_as_asked() {
    for (repeat, expected) in [
        (Repeat::Forever, gif::Repeat::Infinite),
        (Repeat::Times(1), gif::Repeat::Finite(0)),
        (Repeat::Times(3), gif::Repeat::Finite(2)),
    ] {
        let options = GifOptions {
            repeat,
            ..GifOptions::default()
        };
        let (file, _) = encode_with([frame(flat(2, 2, [1; 3]), 50)], options);
        let mut decoder = gif::DecodeOptions::new().read_info(&file[..]).unwrap();
        while decoder.next_frame_info().unwrap().is_some() {}
        assert_eq!(decoder.repeat(), expected);
    }
}

#[test]
fn threads_do_not_change_the_file() {
    let pictures = photographs(120, 90, 30);
    let files: Vec<Vec<u8>> = [1, 2, 5]
        .map(|threads| {
            let options = GifOptions {
                threads: NonZeroUsize::new(threads),
                ..GifOptions::default()
            };
            encode_with(pictures.iter().map(|p| frame(p.clone(), 80)), options).0
        })
        .into();
    assert!(files.iter().all(|file| *file == files[0]));
}

#[test]
fn still_pixels_never_change() {
    let pictures = photographs(120, 90, 30);
    let (file, _) = encode(pictures.iter().map(|p| frame(p.clone(), 80)));
    let shown = decode(&file);
    assert_eq!(shown.len(), pictures.len());
    for (source, shown) in pictures.windows(2).zip(shown.windows(2)) {
        let source = source[0].data.chunks_exact(4).zip(source[1].data.chunks_exact(4));
        let shown = shown[0]
            .0
            .data
            .chunks_exact(4)
            .zip(shown[1].0.data.chunks_exact(4));
        for ((before, after), (shown_before, shown_after)) in source.zip(shown) {
            assert!(before != after || shown_before == shown_after);
        }
    }
}

/// A picture of 250 colours, each of its own `hue`, of which neighbours are hard to tell apart.
fn colourful(hue: usize) -> Pixmap {
    let mut picture = flat(50, 5, [0; 3]);
    for (value, pixel) in (0u8..).zip(picture.data.chunks_exact_mut(4)) {
        pixel[..3].copy_from_slice(&[[value, 255 - value, 9], [9, value, 255 - value]][hue]);
    }
    picture
}

#[test]
fn pictures_of_few_colours_are_exact_whatever_the_others_have() {
    let pictures = [colourful(0), colourful(1), colourful(0)];
    let options = GifOptions {
        quality: Quality {
            tolerance: 0,
            ..Quality::default()
        },
        ..GifOptions::default()
    };
    let (file, _) = encode_with(pictures.iter().map(|p| frame(p.clone(), 80)), options);
    assert_eq!(decode(&file), pictures.map(|picture| (picture, 8)));
}

#[test]
fn small_changes_share_one_table() {
    let mut noise = Noise(3);
    let mut picture = flat(200, 100, [240; 3]);
    let mut frames = vec![frame(picture.clone(), 80)];
    for step in 0..60usize {
        for at in 0..40 {
            let at = (step * 300 + at * 5) * 4;
            let grey = noise.next();
            picture.data[at..at + 3].copy_from_slice(&[grey, grey, grey | 1]);
        }
        frames.push(frame(picture.clone(), 80));
    }
    let (file, _) = encode(frames);
    let mut decoder = gif::DecodeOptions::new().read_info(&file[..]).unwrap();
    let mut own = 0;
    while let Some(frame) = decoder.next_frame_info().unwrap() {
        own += usize::from(frame.palette.is_some());
    }
    assert!(own < 10, "{own} frames have a table of their own");
}

#[test]
fn more_pictures_than_are_looked_at_together() {
    let pictures: Vec<Pixmap> = (0..260)
        .map(|at| flat(2, 2, [at as u8, (at / 256) as u8, 7]))
        .collect();
    let (file, _) = encode(pictures.iter().map(|p| frame(p.clone(), 30)));
    let shown = decode(&file);
    assert_eq!(shown.len(), pictures.len());
    for (picture, (shown, _)) in pictures.iter().zip(shown) {
        let off = picture.data.iter().zip(&shown.data).map(|(a, b)| a.abs_diff(*b));
        assert!(off.max() <= Some(8));
    }
}

/// The table of the file has the colours of what was looked at before it began.
#[test]
fn as_much_is_looked_at_as_may_be() {
    let pictures = [[9; 3], [120, 4, 4], [4, 4, 200]].map(|colour| flat(8, 8, colour));
    let encoded = |limit, value| {
        let options = GifOptions {
            limits: Limits::default().with(limit, value),
            ..GifOptions::default()
        };
        encode_with(pictures.iter().map(|p| frame(p.clone(), 80)), options).0
    };
    let usual = encoded(Limit::GifAheadPictures, 3);
    let first = encoded(Limit::GifAheadPictures, 1);
    assert_ne!(first, usual);
    assert_eq!(encoded(Limit::GifAhead, 1), first);
}

#[test]
fn many_colours_stay_near() {
    let pictures = photographs(120, 90, 6);
    let (file, _) = encode(pictures.iter().map(|p| frame(p.clone(), 80)));
    for (picture, (shown, _)) in pictures.iter().zip(decode(&file)) {
        let error: u64 = picture
            .data
            .iter()
            .zip(&shown.data)
            .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
            .sum();
        let mean = error / picture.data.len() as u64;
        assert!(mean < 80, "mean squared error {mean}");
    }
}

#[test]
fn frames_that_do_not_fit_are_refused() {
    let mut encoder = GifEncoder::new(Vec::new(), GifOptions::default()).unwrap();
    encoder.push(frame(flat(4, 4, [1; 3]), 50)).unwrap();
    let error = encoder.push(frame(flat(4, 5, [1; 3]), 50)).unwrap_err();
    assert!(
        matches!(
            error,
            EncodeError::SizeChanged {
                frame: 1,
                found_height: 5,
                ..
            }
        ),
        "{error}"
    );
    let error = encoder.push(frame(flat(70_000, 1, [1; 3]), 50)).unwrap_err();
    assert!(matches!(error, EncodeError::Size { .. }), "{error}");
    let mut cut = flat(4, 4, [1; 3]);
    cut.data.pop();
    let error = encoder.push(frame(cut, 50)).unwrap_err();
    assert!(matches!(error, EncodeError::Malformed { .. }), "{error}");
    let error = encoder.push(frame(flat(4, 4, [1; 3]), u64::MAX)).unwrap_err();
    assert!(matches!(error, EncodeError::TooLong { .. }), "{error}");
}

#[test]
fn no_frames_is_an_error() {
    let encoder = GifEncoder::new(Vec::new(), GifOptions::default()).unwrap();
    assert!(matches!(encoder.finish(), Err(EncodeError::NoFrames)));
}

#[test]
fn a_failing_output_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = GifEncoder::new(Full, GifOptions::default()).unwrap();
    encoder.push(frame(flat(4, 4, [1; 3]), 50)).unwrap();
    let error = encoder.finish().map(|_| ()).unwrap_err();
    assert!(matches!(error, EncodeError::Write { .. }), "{error}");
}

proptest! {
    #[test]
    fn few_colours_come_back_exactly(
        frames in proptest::collection::vec(
            (proptest::collection::vec((0..WIDTH * HEIGHT, 0u8..40), 0..60), 20u64..3000),
            1..12,
        ),
    ) {
        let mut picture = flat(WIDTH, HEIGHT, [200, 100, 50]);
        let mut frames_in: Vec<(Pixmap, u64)> = Vec::new();
        for (points, ms) in frames {
            for (at, value) in points {
                let at = at as usize * 4;
                picture.data[at..at + 3].copy_from_slice(&[value, value.wrapping_mul(91), 255 - value]);
            }
            frames_in.push((picture.clone(), ms));
        }
        let (file, summary) = encode(frames_in.iter().map(|(p, ms)| frame(p.clone(), *ms)));
        let mut expected: Vec<(Pixmap, u64)> = Vec::new();
        for (picture, ms) in frames_in {
            match expected.last_mut() {
                Some((last, total)) if *last == picture => *total += ms,
                _ => expected.push((picture, ms)),
            }
        }
        let shown = decode(&file);
        prop_assert_eq!(shown.len(), expected.len());
        prop_assert_eq!(summary.frames, expected.len() as u64);
        for ((shown, delay), (picture, ms)) in shown.iter().zip(&expected) {
            prop_assert_eq!(shown, picture);
            prop_assert!(u64::from(*delay).abs_diff(ms / 10) <= 1);
        }
        let total: u64 = shown.iter().map(|(_, delay)| u64::from(*delay)).sum();
        let expected: u64 = expected.iter().map(|(_, ms)| ms).sum();
        prop_assert!((total * 10).abs_diff(expected) <= 5);
    }
}
