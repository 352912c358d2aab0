use super::*;
use crate::encode::gif::Quality;
use crate::encode::testing::clip;

fn fitted(max_bytes: u64, format: Format, directory: &Path) -> Result<Summary, EncodeError> {
    let target = Target::Path(directory.join("clip"));
    let fit = FitOptions {
        max_bytes,
        captured_fps: Some(12),
    };
    let mut encoder = FitEncoder::new(target, format, EncodeOptions::default(), fit).unwrap();
    let mut clip_ms = 0;
    for (picture, duration_ms) in clip(300, 200, 40) {
        encoder
            .push(Frame {
                pixels: picture.into(),
                clip_ms,
                recording_ms: 0.0,
                duration_ms,
            })
            .unwrap();
        clip_ms += duration_ms;
    }
    Box::new(encoder).finish()
}

fn length() -> u64 {
    clip(300, 200, 40).iter().map(|(_, ms)| ms).sum()
}

#[test]
fn what_fits_is_as_it_would_be_without_a_limit() {
    let directory = tempfile::tempdir().unwrap();
    let summary = fitted(1 << 30, Format::Gif, directory.path()).unwrap();
    assert_eq!(summary.traded, None);
    assert_eq!((summary.width, summary.frames), (300, 40));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn every_limit_that_can_be_kept_is_kept() {
    for format in [Format::Gif, Format::Webp, Format::Apng, Format::Mp4] {
        if format == Format::Mp4 && cfg!(not(feature = "mp4")) {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let whole = fitted(1 << 30, format, directory.path()).unwrap().bytes;
        let mut widths = Vec::new();
        for part in [90, 60, 35] {
            let max = whole * part / 100;
            let summary = fitted(max, format, directory.path()).unwrap();
            let bytes = std::fs::metadata(directory.path().join("clip")).unwrap().len();
            assert!(bytes <= max && bytes == summary.bytes, "{format:?} {bytes} {max}");
            assert_eq!(summary.duration_ms.abs_diff(length()) / 10, 0);
            let traded = summary.traded.unwrap();
            assert_eq!(traded.from_bytes, whole);
            assert!(traded.attempts <= MAX_ATTEMPTS + 1);
            assert!(!traded.to_string().is_empty());
            widths.push(summary.width);
        }
        assert!(widths.is_sorted_by(|a, b| a >= b), "{widths:?}");
    }
}

#[test]
fn a_limit_that_cannot_be_kept_is_an_error_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let error = fitted(100, Format::Gif, directory.path()).unwrap_err();
    assert!(
        matches!(error, EncodeError::TooLarge { max_bytes: 100, least_bytes } if least_bytes > 100),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_is_given_up_is_told() {
    let traded = Traded {
        scale_percent: 67,
        fps: Some(8),
        colours: Some(96),
        quantiser: None,
        from_bytes: 9,
        attempts: 2,
    };
    assert_eq!(
        traded.to_string(),
        "67 % of its size, at most 8 frames a second, 96 colours in a changed area"
    );
}

#[test]
fn less_than_the_user_asked_for_is_not_made_more() {
    let rung = ladder::rungs(Format::Gif, None)[1];
    let options = EncodeOptions {
        gif: Quality {
            colours: 16,
            tolerance: 30,
        },
        ..EncodeOptions::default()
    };
    assert_eq!(rung.options(&options).gif, options.gif);
}
