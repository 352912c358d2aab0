//! Laws of rendering, on the fixtures: the same frames on every run, by either way of taking pictures,
//! for any number of browsers, and when a browser dies on the way; and what is sought is what is played.
//!
//! Where `DOMREEL_RECORDINGS` names a directory, the laws are tried on every recording in it, too.

mod common;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use domreel::clip::{ClipOptions, Seconds, Speed, TimePoint};
use domreel::encode::{EncodeError, Encoder, Frame, Summary};
use domreel::format::{Input, ReadOptions, read};
use domreel::overlay::{Level, OutputSize, OverlayOptions};
use domreel::pixmap::Pixmap;
use domreel::recording::{Recording, Tab};
use domreel::render::{Choice, DrawingOptions, Progress, RenderOptions, Report, StillOptions, render, still};
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
    frames_of(recording, &recording.tabs[0], options, progress)
}

fn frames_of(
    recording: &Recording,
    tab: &Tab,
    options: &RenderOptions,
    progress: &dyn Progress,
) -> (Vec<Frame>, Report) {
    let keeper = Keeper::default();
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

/// Pictures of single times are the frames that a clip has there: what moves has its phase either way.
fn assert_stills(
    recording: &Recording,
    tab: &Tab,
    options: &RenderOptions,
    (played, report): (&[Frame], &Report),
    what: &str,
) {
    const STILLS: usize = 5;
    let map = &report.clip.as_ref().expect("a clip").map;
    let start = tab.start().expect("events");
    let chosen: Vec<&Frame> = played
        .iter()
        .step_by(played.len().div_ceil(STILLS).max(1))
        .collect();
    let times = chosen.iter().map(|frame| map.picture_at(frame.clip_ms as f64));
    let stills = StillOptions {
        at: times.map(|time| TimePoint::since_start(time - start)).collect(),
    };
    let mut pictures: Vec<Pixmap> = Vec::new();
    let take = |_, picture| {
        pictures.push(picture);
        Ok(())
    };
    still(recording, tab, options, &stills, take).expect("pictures");
    for (frame, picture) in chosen.iter().zip(&pictures) {
        assert!(
            *frame.pixels == *picture,
            "{what}: the picture of {} ms of the clip",
            frame.clip_ms
        );
    }
}

/// The page alone, and less often.
fn bare(jobs: usize, capture: Option<CaptureMethod>) -> RenderOptions {
    let mut options = options(jobs, capture);
    options.overlay = OverlayOptions {
        level: Level::None,
        ..OverlayOptions::default()
    };
    options.clip.fps = 4;
    options
}

#[test]
fn what_is_sought_is_what_is_played() {
    for name in ["motion.json.gz", "media.json.gz"] {
        let recording = fixture(name);
        let (played, report) = frames(&recording, &bare(1, None), &());
        assert_stills(
            &recording,
            &recording.tabs[0],
            &bare(1, None),
            (&played, &report),
            name,
        );
    }
}

/// Where a person has more recordings. What fails is told at the end, all of it.
#[test]
fn laws_hold_on_every_recording_of_a_directory() {
    let Some(directory) = std::env::var_os("DOMREEL_RECORDINGS") else {
        return;
    };
    let mut failed = Vec::new();
    for path in files_below(directory.into()) {
        let Ok(recording) = read(&[Input::Path(path.clone())], &ReadOptions::default()) else {
            continue;
        };
        for tab in recording.tabs.iter().filter(|tab| tab.has_picture()) {
            let name = format!("{} {}", path.display(), tab.id);
            eprintln!("{name}");
            let lawful = std::panic::catch_unwind(|| {
                let fast = |jobs, capture| {
                    let mut options = bare(jobs, capture);
                    options.clip.speed = Speed::new(10.0).expect("a speed");
                    options.clip.fps = 2;
                    options
                };
                let (first, report) = frames_of(&recording, tab, &fast(1, None), &());
                let (parallel, _) = frames_of(&recording, tab, &fast(3, None), &());
                assert_same(&first, &parallel, &format!("{name}, 3 browsers"));
                let screen = fast(1, Some(CaptureMethod::Screenshot));
                let (screen, _) = frames_of(&recording, tab, &screen, &());
                assert_same(&first, &screen, &format!("{name}, pictures of the screen"));
                assert_stills(&recording, tab, &fast(1, None), (&first, &report), &name);
            });
            if let Err(error) = lawful {
                let said = error.downcast_ref::<String>().cloned();
                failed.push(said.unwrap_or_else(|| name.clone()));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn files_below(directory: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory];
    while let Some(path) = open.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => found.push(path),
        }
    }
    found.sort();
    found
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
