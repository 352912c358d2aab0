//! The same promises with real clips: the program itself as the worker, Chromium as its browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use domreel::worker::job::{Job, JobId, JobSpec, State, Submission};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::scene::{Scene, WorkerProcess};

fn recording() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checkout.json.gz")
}

/// The clip as ‘domreel render’ makes it.
fn expected() -> &'static [u8] {
    static CLIP: OnceLock<Vec<u8>> = OnceLock::new();
    CLIP.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let clip = directory.path().join("clip.gif");
        let mut command = Command::new(env!("CARGO_BIN_EXE_domreel"));
        command
            .args([
                "render", "--quiet", "--to", "16", "--idle", "off", "--width", "320",
            ])
            .arg(recording())
            .arg("-o")
            .arg(&clip)
            .stdin(Stdio::null());
        if domreel::stage::is_root() {
            command.env("DOMREEL_NO_SANDBOX", "1");
        }
        assert!(command.status().unwrap().success());
        fs::read(clip).unwrap()
    })
}

async fn submit(scene: &Scene) -> JobId {
    let options = json!({"to": "16", "idle": "off", "width": 320});
    let submission = Submission::new(JobSpec {
        source: scene.store.put_recording(&recording()).await.unwrap(),
        options: options.as_object().cloned().unwrap_or_default(),
    });
    scene.queue.submit(submission, None).await.unwrap().job.id
}

/// A worker that has made some frames of the job.
async fn under_way(scene: &Scene, id: &JobId) -> WorkerProcess {
    let worker = scene.real_worker();
    scene.until(id, |job| job.frames >= 10).await;
    worker
}

/// The browsers of a worker.
fn browsers(worker: &WorkerProcess) -> Vec<Pid> {
    let is_browser = |process: &fs::DirEntry| {
        let parent = fs::read_to_string(process.path().join("stat"))
            .ok()
            .and_then(|stat| {
                let (_, fields) = stat.rsplit_once(") ")?;
                fields.split(' ').nth(1)?.parse::<u32>().ok()
            });
        let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
        parent == Some(worker.id()) && String::from_utf8_lossy(&arguments).contains("--remote-debugging-port")
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(is_browser);
    processes
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}

async fn assert_done(scene: &Scene, id: &JobId) -> Job {
    let done = scene.until_state(id, State::Done).await;
    assert!(
        scene.output(&done, "clip.gif").await == expected(),
        "the clip differs from that of a quiet machine"
    );
    done
}

pub(crate) async fn killed_worker_of_a_clip(scene: Scene) {
    let id = submit(&scene).await;
    let mut first = under_way(&scene, &id).await;
    let orphans = browsers(&first);
    assert!(!orphans.is_empty());
    first.kill();
    let _second = scene.real_worker();
    let done = assert_done(&scene, &id).await;
    assert_eq!((done.attempts, done.crashes), (2, 1));
    // What the first one's browsers were is gone with it.
    let until = Instant::now() + Duration::from_secs(60);
    while orphans
        .iter()
        .any(|id| test_kill_process(*id).is_ok() && !is_dead(*id))
    {
        assert!(Instant::now() < until, "its browsers go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a process is one that nobody has collected yet.
fn is_dead(id: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_none_or(|(_, state)| state.starts_with('Z'))
}

pub(crate) async fn killed_browser_of_a_clip(scene: Scene) {
    let id = submit(&scene).await;
    let worker = under_way(&scene, &id).await;
    for browser in browsers(&worker) {
        kill_process(browser, Signal::KILL).unwrap();
    }
    assert_done(&scene, &id).await;
}

pub(crate) async fn stopped_browser_of_a_clip(scene: Scene) {
    let id = submit(&scene).await;
    let worker = under_way(&scene, &id).await;
    for browser in browsers(&worker) {
        kill_process(browser, Signal::STOP).unwrap();
    }
    assert_done(&scene, &id).await;
}
