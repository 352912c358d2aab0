//! Changed recordings, drawn by a browser.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, OnceLock};

use domreel::clip::{ClipOptions, Seconds, Speed, TimePoint};
use domreel::encode::{EncodeError, Encoder, Frame, Summary};
use domreel::overlay::{Level, OutputSize, OverlayOptions};
use domreel::pixmap::Pixmap;
use domreel::recording::{Recording, Tab};
use domreel::render::{Choice, DrawingOptions, RenderOptions, StillOptions, render, still};
use domreel::stage::{ReadyBrowsers, ReadyOptions};

/// So much of a recording is drawn, in milliseconds of its time.
const DRAWN_MS: f64 = 12_000.0;

/// Pictures that are sought of each clip.
const SOUGHT: usize = 3;

/// Edges of curves may be smoothed otherwise, by what a browser drew before: such a share of all pixels, by more
/// than this in one channel.
const MOST_DIFFERING: f64 = 0.001;
const SMALL_DIFFERENCE: u8 = 8;

/// Changes a recording as `bytes` say and draws it: playing to a time and going there at once show the same.
pub fn draw(bytes: &[u8]) {
    static UNCHANGED: Once = Once::new();
    UNCHANGED.call_once(|| {
        // Without a browser, nothing would ever be found.
        let recording = super::mutation::unchanged().expect("a recording");
        compare(&recording, &recording.tabs[0]).expect("a clip");
    });
    let Some(recording) = super::mutation::recording(bytes) else {
        return;
    };
    let Some(tab) = recording.tabs.iter().find(|tab| tab.has_picture()) else {
        return;
    };
    if let Err(error) = compare(&recording, tab) {
        // What cannot be drawn is told, and no more than that.
        assert!(!error.is_empty());
    }
}

fn compare(recording: &Recording, tab: &Tab) -> Result<(), String> {
    let options = options(tab);
    let keeper = Keeper::default();
    let report =
        render(recording, tab, &options, Box::new(keeper.clone()), &()).map_err(|error| error.to_string())?;
    let played = std::mem::take(&mut *keeper.0.lock().expect("frames"));
    let map = &report.clip.as_ref().expect("a clip").map;
    let start = tab.start().expect("events");
    let chosen: Vec<&Frame> = played
        .iter()
        .step_by(played.len().div_ceil(SOUGHT).max(1))
        .collect();
    let times = chosen.iter().map(|frame| map.picture_at(frame.clip_ms as f64));
    let stills = StillOptions {
        at: times.map(|time| TimePoint::since_start(time - start)).collect(),
    };
    let mut sought: Vec<Pixmap> = Vec::new();
    let take = |_, picture| {
        sought.push(picture);
        Ok(())
    };
    still(recording, tab, &options, &stills, take).map_err(|error| error.to_string())?;
    for (frame, picture) in chosen.iter().zip(&sought) {
        let share = differing(&frame.pixels, picture);
        assert!(
            share <= MOST_DIFFERING,
            "{} ms of the clip: {share} of all pixels differ",
            frame.clip_ms
        );
    }
    Ok(())
}

/// Share of the pixels that clearly differ.
fn differing(one: &Pixmap, other: &Pixmap) -> f64 {
    if (one.width, one.height) != (other.width, other.height) {
        return 1.0;
    }
    let pixels = one.data.chunks_exact(4).zip(other.data.chunks_exact(4));
    let differ = |(one, other): &(&[u8], &[u8])| {
        let mut channels = one.iter().zip(*other);
        channels.any(|(one, other)| one.abs_diff(*other) > SMALL_DIFFERENCE)
    };
    let all = f64::from(one.width) * f64::from(one.height);
    pixels.filter(differ).count() as f64 / all
}

/// The page alone, small, fast, and not often.
fn options(tab: &Tab) -> RenderOptions {
    let start = tab.start().unwrap_or_default();
    RenderOptions {
        clip: ClipOptions {
            hold: Seconds::from_milliseconds(100.0),
            fps: 2,
            speed: Speed::new(4.0).expect("a speed"),
            ..ClipOptions::default()
        },
        choice: Choice::Part(start..start + DRAWN_MS),
        size: OutputSize {
            width: Some(320),
            scale: None,
        },
        overlay: OverlayOptions {
            level: Level::None,
            ..OverlayOptions::default()
        },
        drawing: DrawingOptions {
            browser: browser(),
            no_sandbox: std::env::var_os("DOMREEL_NO_SANDBOX").is_some(),
            jobs: 1,
            ready: Some(ready().clone()),
            ..DrawingOptions::default()
        },
        ..RenderOptions::default()
    }
}

/// What `DOMREEL_BROWSER` names, or Debian's.
fn browser() -> PathBuf {
    std::env::var_os("DOMREEL_BROWSER")
        .unwrap_or_else(|| "/usr/bin/chromium-headless-shell".into())
        .into()
}

/// One browser for all: thousands of pages are drawn one after the other.
fn ready() -> &'static ReadyBrowsers {
    static READY: OnceLock<ReadyBrowsers> = OnceLock::new();
    READY.get_or_init(|| {
        let options = ReadyOptions {
            idle: 1,
            ..ReadyOptions::default()
        };
        ReadyBrowsers::new(options).expect("threads")
    })
}

/// Keeps the frames of a clip.
#[derive(Clone, Default)]
struct Keeper(Arc<Mutex<Vec<Frame>>>);

impl Encoder for Keeper {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.0.lock().expect("frames").push(frame);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let frames = self.0.lock().expect("frames");
        let size = frames
            .first()
            .map_or((1, 1), |first| (first.pixels.width, first.pixels.height));
        Ok(Summary {
            width: size.0,
            height: size.1,
            frames: frames.len() as u64,
            duration_ms: frames.iter().map(|frame| frame.duration_ms).sum(),
            bytes: 0,
            traded: None,
        })
    }
}
