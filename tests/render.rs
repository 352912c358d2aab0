//! Laws of rendering, on the fixtures: the same frames on every run, by either way of taking pictures,
//! for any number of browsers, and when a browser dies on the way.

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use domreel::clip::{ClipOptions, Seconds};
use domreel::encode::{EncodeError, Encoder, Frame, Summary};
use domreel::format::{Input, ReadOptions, read};
use domreel::overlay::OutputSize;
use domreel::recording::Recording;
use domreel::render::{Choice, DrawingOptions, Progress, RenderOptions, Report, render};
use domreel::stage::{CaptureMethod, ReadyBrowsers, ReadyOptions};

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
        let first = frames.first().expect("a frame");
        Ok(Summary {
            width: first.pixels.width,
            height: first.pixels.height,
            frames: frames.len() as u64,
            duration_ms: frames.iter().map(|frame| frame.duration_ms).sum(),
            bytes: 0,
            traded: None,
        })
    }
}

fn fixture(name: &str) -> Recording {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    read(&[Input::Path(path)], &ReadOptions::default()).expect("a recording")
}

fn options(jobs: usize, capture: Option<CaptureMethod>) -> RenderOptions {
    let browser = common::browser();
    RenderOptions {
        clip: ClipOptions {
            hold: Seconds::from_milliseconds(100.0),
            ..ClipOptions::default()
        },
        choice: Choice::Range,
        size: OutputSize {
            width: Some(400),
            scale: None,
        },
        drawing: DrawingOptions {
            browser: browser.program,
            no_sandbox: browser.no_sandbox,
            capture,
            jobs,
            ready: None,
        },
        ..RenderOptions::default()
    }
}

fn frames(recording: &Recording, options: &RenderOptions, progress: &dyn Progress) -> (Vec<Frame>, Report) {
    let keeper = Keeper::default();
    let tab = &recording.tabs[0];
    let report = render(recording, tab, options, Box::new(keeper.clone()), progress).expect("a clip");
    let frames = std::mem::take(&mut *keeper.0.lock().expect("frames"));
    (frames, report)
}

fn assert_same(one: &[Frame], other: &[Frame], what: &str) {
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(
            (one.clip_ms, one.duration_ms),
            (other.clip_ms, other.duration_ms),
            "{what}: times of frame {at}"
        );
        assert!(
            one.pixels == other.pixels,
            "{what}: pixels of frame {at}, at {} ms",
            one.clip_ms
        );
    }
    assert_eq!(one.len(), other.len(), "{what}: number of frames");
}

#[test]
fn frames_depend_on_the_recording_alone() {
    for name in ["checkout.json.gz", "motion.json.gz", "frames.json.gz"] {
        let recording = fixture(name);
        let (first, _) = frames(&recording, &options(1, None), &());
        let (again, _) = frames(&recording, &options(1, None), &());
        assert_same(&first, &again, &format!("{name}, again"));
        let (parallel, report) = frames(&recording, &options(3, None), &());
        assert_same(&first, &parallel, &format!("{name}, {} browsers", report.jobs));
        let (screen, report) = frames(&recording, &options(2, Some(CaptureMethod::Screenshot)), &());
        assert_eq!(report.capture, "screenshot");
        assert_same(&first, &screen, &format!("{name}, pictures of the screen"));
    }
}

#[test]
fn kept_browsers_draw_the_same() {
    let kept = ReadyBrowsers::new(ReadyOptions {
        idle: 1,
        renders: 3,
        ..ReadyOptions::default()
    })
    .expect("threads");
    // Two sizes, each twice: the same page again, and another one in the same browser.
    for (name, renders) in [("checkout.json.gz", 2), ("motion.json.gz", 2)] {
        let recording = fixture(name);
        let cold = options(1, None);
        let mut warm = cold.clone();
        warm.drawing.ready = Some(kept.clone());
        let (first, _) = frames(&recording, &cold, &());
        for again in 0..renders {
            let (kept_frames, report) = frames(&recording, &warm, &());
            assert_eq!(report.restarts, 0);
            assert_same(
                &first,
                &kept_frames,
                &format!("{name} in a kept browser, {again}"),
            );
            // It is made ready in the background; after its last render it is not.
            wait_until(|| kept.idle() == 1 || (name, again) == ("motion.json.gz", 0));
        }
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !done() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(done(), "not within a minute");
}

/// Kills a browser when the first frames are there.
#[cfg(target_os = "linux")]
#[derive(Default)]
struct Killer {
    done: AtomicBool,
}

#[cfg(target_os = "linux")]
impl Progress for Killer {
    fn frame(&self, _clip_ms: u64, _length_ms: u64, frames: u64) {
        if frames >= 5 && !self.done.swap(true, Ordering::Relaxed) {
            let browser = children().into_iter().next().expect("a browser");
            rustix::process::kill_process(browser, rustix::process::Signal::KILL).expect("killed");
        }
    }
}

/// The browsers that this process has started.
#[cfg(target_os = "linux")]
fn children() -> Vec<rustix::process::Pid> {
    let me = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((head, tail)) = stat.rsplit_once(')') else {
            continue;
        };
        let parent = tail.split_whitespace().nth(1);
        let id = head.split_whitespace().next().and_then(|id| id.parse().ok());
        if parent == Some(&me) {
            found.extend(id.and_then(rustix::process::Pid::from_raw));
        }
    }
    found
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_browser_costs_no_frame() {
    // Its own process, so that no other test's browser is hit.
    if std::env::var_os("DOMREEL_TEST_KILL").is_none() {
        let status = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["a_killed_browser_costs_no_frame", "--exact"])
            .env("DOMREEL_TEST_KILL", "1")
            .status()
            .expect("a child");
        assert!(status.success());
        return;
    }
    let recording = fixture("checkout.json.gz");
    let (whole, _) = frames(&recording, &options(1, None), &());
    let (killed, report) = frames(&recording, &options(1, None), &Killer::default());
    assert_eq!(report.restarts, 1);
    assert_same(&whole, &killed, "after a restart");
}
