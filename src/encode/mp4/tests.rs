use super::*;
use crate::encode::testing::{clip, decoded_by_ffmpeg, durations_by_ffprobe, flat, play, printed_by, psnr};

fn encoder() -> Mp4Encoder<Vec<u8>> {
    Mp4Encoder::new(Vec::new(), 22).unwrap()
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".mp4").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn ffmpeg_sees_the_frames_and_their_times() {
    let frames = clip(161, 91, 40);
    let (bytes, summary) = play(encoder(), &frames);
    assert_eq!((summary.width, summary.height, summary.frames), (162, 92, 40));
    assert_eq!(summary.bytes, bytes.len() as u64);
    let file = file(&bytes);
    let path = file.path().to_str().unwrap();
    let Some(durations) = durations_by_ffprobe(path) else {
        return;
    };
    assert_eq!(durations, frames.iter().map(|(_, ms)| *ms).collect::<Vec<_>>());
    let Some(pictures) = decoded_by_ffmpeg(path, 162, 92) else {
        return;
    };
    assert_eq!(pictures.len(), frames.len());
    for (at, ((source, _), decoded)) in frames.iter().zip(&pictures).enumerate() {
        let mut shown = flat(161, 91, [0; 3]);
        let rows = shown.data.chunks_exact_mut(161 * 4);
        for (row, decoded) in rows.zip(decoded.data.chunks_exact(162 * 4)) {
            row.copy_from_slice(&decoded[..161 * 4]);
        }
        let psnr = psnr(source, &shown);
        assert!(psnr > 28.0, "frame {at}: {psnr} dB");
    }
}

#[test]
fn it_is_what_every_player_takes() {
    let (bytes, _) = play(encoder(), &clip(160, 90, 6));
    let moov = bytes.windows(4).position(|w| w == b"moov").unwrap();
    let mdat = bytes.windows(4).position(|w| w == b"mdat").unwrap();
    assert!(moov < mdat, "the index comes first");
    let file = file(&bytes);
    let entries = "stream=codec_name,pix_fmt,color_range,color_space,color_primaries,has_b_frames,duration";
    let arguments = ["-v", "error", "-show_entries", entries, "-of", "csv=p=0"];
    let arguments = [&arguments[..], &[file.path().to_str().unwrap()]].concat();
    let Some(text) = printed_by("ffprobe", &arguments) else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.trim(), "h264,0,yuv420p,tv,bt709,bt709,0.540000");
}

#[test]
fn chapters_are_told_and_begin_with_a_key_frame() {
    let mut encoder = encoder();
    encoder.set_chapters(vec![
        Chapter {
            clip_ms: 2000,
            title: "Error: ü 💥".into(),
        },
        Chapter {
            clip_ms: 500,
            title: "Click on Pay".into(),
        },
        Chapter {
            clip_ms: 1 << 40,
            title: "after the end".into(),
        },
    ]);
    let (bytes, _) = play(encoder, &clip(160, 90, 30));
    let file = file(&bytes);
    let path = file.path().to_str().unwrap();
    let arguments = ["-v", "error", "-show_chapters", "-of", "csv=p=0", path];
    let Some(text) = printed_by("ffprobe", &arguments) else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    let chapters: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let told: Vec<(&str, &str)> = chapters.iter().map(|c| (c[3], c[6])).collect();
    assert_eq!(
        told,
        [
            ("0.000000", "Start"),
            ("0.500000", "Click on Pay"),
            ("2.000000", "Error: ü 💥")
        ]
    );
    let arguments = ["-v", "error", "-select_streams", "v", "-skip_frame", "nokey"];
    let arguments = [
        &arguments[..],
        &["-show_entries", "frame=pts_time", "-of", "csv=p=0", path],
    ]
    .concat();
    let keys = String::from_utf8(printed_by("ffprobe", &arguments).unwrap()).unwrap();
    let keys: Vec<f64> = keys
        .lines()
        .map(|k| k.trim_end_matches(',').parse().unwrap())
        .collect();
    for chapter in [0.5, 2.0] {
        assert!(
            keys.iter().any(|key| (chapter - 0.16..=chapter).contains(key)),
            "{keys:?}"
        );
    }
}

#[test]
fn a_player_need_not_decode_for_long_to_seek() {
    let frames: Vec<_> = clip(64, 48, 60).into_iter().map(|(p, _)| (p, 1000)).collect();
    let mut encoder = encoder();
    for (at, (picture, duration_ms)) in frames.into_iter().enumerate() {
        encoder
            .push(Frame {
                pixels: picture.into(),
                clip_ms: at as u64 * 1000,
                recording_ms: 0.0,
                duration_ms,
            })
            .unwrap();
    }
    let keys: Vec<usize> = (0..)
        .zip(&encoder.samples)
        .filter(|(_, s)| s.key)
        .map(|(at, _)| at)
        .collect();
    assert!(keys.windows(2).all(|pair| pair[1] - pair[0] <= 10), "{keys:?}");
    assert!(keys.len() <= 12, "{keys:?}");
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    let frames = clip(160, 90, 12);
    assert!(play(encoder(), &frames).0 == play(encoder(), &frames).0);
}

#[test]
fn one_small_picture_is_a_video() {
    let (bytes, summary) = play(encoder(), &[(flat(3, 5, [200, 0, 0]), 0)]);
    assert_eq!((summary.width, summary.height), (16, 16));
    let file = file(&bytes);
    let Some(pictures) = decoded_by_ffmpeg(file.path().to_str().unwrap(), 16, 16) else {
        return;
    };
    assert_eq!(pictures.len(), 1);
    assert!(psnr(&pictures[0], &flat(16, 16, [200, 0, 0])) > 35.0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let push = |width, height, duration_ms| {
        encoder().push(Frame {
            pixels: flat(width, height, [1; 3]).into(),
            clip_ms: 0,
            recording_ms: 0.0,
            duration_ms,
        })
    };
    for (width, height) in [(4000, 100), (2200, 2200)] {
        let error = push(width, height, 10).unwrap_err();
        assert!(matches!(error, EncodeError::Size { .. }), "{error}");
    }
    let error = push(10, 10, u64::MAX).unwrap_err();
    assert!(matches!(error, EncodeError::TooLong { .. }), "{error}");
    assert!(matches!(encoder().finish(), Err(EncodeError::NoFrames)));
}
