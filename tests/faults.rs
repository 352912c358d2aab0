//! Machines that break while a clip is made: the browser dies, hangs or does not start, the disk is
//! full, the output's place goes away, the reader stops reading, Ctrl-C. Never a hang, never a half
//! file under the clip's name, always a message that says what to do.
#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(400);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Processor time after which a browser has drawn some frames, in hundredths of a second.
const DRAWN: u64 = 40;

/// `domreel render` of a recording that takes some time, by one browser.
fn command(recording: &str, output: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_domreel"));
    command
        .args([
            "render", "--json", "--jobs", "1", "--idle", "off", "--width", "320",
        ])
        .args(["--to", "16"])
        .arg(fixture(recording))
        .arg("-o")
        .arg(output)
        .env_remove("DOMREEL_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if domreel::stage::is_root() {
        command.env("DOMREEL_NO_SANDBOX", "1");
    }
    command
}

/// A render in progress.
struct Render {
    child: Child,
    directory: TempDir,
}

impl Render {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = command("checkout.json.gz", &directory.path().join("clip.gif"));
        let child = command.spawn().unwrap();
        Render { child, directory }
    }

    /// Starts one and waits until its browser has drawn for a while. Whether frames are written by then
    /// depends on the machine.
    fn drawing_under_way() -> Self {
        let mut render = Self::start();
        let until = Instant::now() + PATIENCE;
        while !render.renderers().iter().any(|process| process.ticks >= DRAWN) {
            assert!(render.child.try_wait().unwrap().is_none(), "ended too early");
            assert!(Instant::now() < until, "no browser draws");
            std::thread::sleep(Duration::from_millis(5));
        }
        render
    }

    /// Starts one and waits until some of its frames are written.
    fn under_way() -> Self {
        let mut render = Self::start();
        let until = Instant::now() + PATIENCE;
        let written = |entry: fs::DirEntry| entry.metadata().map(|file| file.len()).unwrap_or_default();
        while render.files().map(written).sum::<u64>() < 20_000 {
            assert!(render.child.try_wait().unwrap().is_none(), "ended too early");
            assert!(Instant::now() < until, "no frame comes");
            std::thread::sleep(Duration::from_millis(5));
        }
        render
    }

    fn files(&self) -> impl Iterator<Item = fs::DirEntry> {
        fs::read_dir(self.directory.path())
            .into_iter()
            .flatten()
            .flatten()
    }

    fn clip(&self) -> PathBuf {
        self.directory.path().join("clip.gif")
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its browser, if it has one now.
    fn try_browser(&self) -> Option<Process> {
        processes().into_iter().find(|process| {
            process.parent == self.child.id() && process.arguments.contains("--remote-debugging-port")
        })
    }

    fn browser(&self) -> Pid {
        Pid::from_raw(self.try_browser().expect("a browser").id.cast_signed()).unwrap()
    }

    /// The processes that draw its browser's pages.
    fn renderers(&self) -> Vec<Process> {
        let Some(browser) = self.try_browser() else {
            return Vec::new();
        };
        let is_one =
            |process: &Process| process.group == browser.id && process.arguments.contains("--type=renderer");
        processes().into_iter().filter(is_one).collect()
    }

    fn end(mut self) -> (Output, TempDir) {
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                let _ = self.child.kill();
                panic!("it hangs");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        (self.child.wait_with_output().unwrap(), self.directory)
    }
}

struct Process {
    id: u32,
    parent: u32,
    group: u32,
    /// Processor time that it has used, in hundredths of a second.
    ticks: u64,
    arguments: String,
}

fn processes() -> Vec<Process> {
    let read = |entry: fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ').skip(1);
        let parent = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        // The 14th and 15th field of all: user's and system's.
        let mut times = fields.skip(8).map(|field| field.parse::<u64>().ok());
        let ticks = times.next()?? + times.next()??;
        let arguments = fs::read(entry.path().join("cmdline")).ok()?;
        Some(Process {
            id,
            parent,
            group,
            ticks,
            arguments: String::from_utf8_lossy(&arguments).replace('\0', " "),
        })
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(read)
        .collect()
}

/// The clip as it is when nothing happens.
fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let (output, directory) = Render::start().end();
        assert!(output.status.success(), "{}", stderr(&output));
        fs::read(directory.path().join("clip.gif")).unwrap()
    })
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The message of the error that it ended with.
fn message(output: &Output, code: i32) -> String {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    let line = text
        .lines()
        .find(|line| line.starts_with("{\"error\""))
        .expect(&text);
    let error: Value = serde_json::from_str(line).unwrap();
    error["error"]["message"].as_str().unwrap().to_owned()
}

fn assert_replaced(render: Render) {
    let (output, directory) = render.end();
    assert!(output.status.success(), "{}", stderr(&output));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["restarts"], 1);
    assert_eq!(made["partial"], false);
    let clip = fs::read(directory.path().join("clip.gif")).unwrap();
    assert!(clip == whole(), "the clip differs from that of a quiet machine");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_killed_browser_is_replaced() {
    let render = Render::drawing_under_way();
    kill_process(render.browser(), Signal::KILL).unwrap();
    assert_replaced(render);
}

#[test]
fn a_stopped_browser_is_replaced() {
    let render = Render::drawing_under_way();
    kill_process(render.browser(), Signal::STOP).unwrap();
    assert_replaced(render);
}

#[test]
fn a_page_that_ran_out_of_memory_is_drawn_anew() {
    // What the kernel kills then is the process that draws.
    let render = Render::drawing_under_way();
    for drawing in render.renderers() {
        kill_process(Pid::from_raw(drawing.id.cast_signed()).unwrap(), Signal::KILL).unwrap();
    }
    assert_replaced(render);
}

#[test]
fn browsers_that_die_again_and_again_end_it() {
    let mut render = Render::start();
    let until = Instant::now() + PATIENCE;
    while render.child.try_wait().unwrap().is_none() && Instant::now() < until {
        if render
            .renderers()
            .iter()
            .any(|process| process.ticks >= DRAWN / 4)
            && let Some(browser) = render.try_browser()
            && let Some(browser) = Pid::from_raw(browser.id.cast_signed())
        {
            let _ = kill_process(browser, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let (output, directory) = render.end();
    let message = message(&output, 4);
    assert!(message.contains("--allow browser-restarts="), "{message}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn when_it_is_killed_itself_there_is_no_clip_and_no_browser_left() {
    let render = Render::drawing_under_way();
    let (browser, clip) = (render.browser(), render.clip());
    render.signal(Signal::KILL);
    let (output, _directory) = render.end();
    assert_eq!(output.status.code(), None);
    assert!(!clip.exists());
    let until = Instant::now() + PATIENCE;
    let is_alive = |process: &Process| process.group == browser.as_raw_nonzero().get().cast_unsigned();
    while processes().iter().any(is_alive) {
        assert!(Instant::now() < until, "its browser goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program to be taken for a browser.
fn script(directory: &Path, text: &str) -> PathBuf {
    let path = directory.join("browser");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_browser_that_cannot_be_used_is_named() {
    for (text, told) in [
        (
            "echo 'libnss3.so: cannot open shared object file' >&2; exit 127",
            "libnss3.so",
        ),
        // Something else that listens there, or nothing.
        (
            "echo 'DevTools listening on ws://127.0.0.1:1/devtools/browser/x' >&2; exec sleep 600",
            "browser",
        ),
        (
            "exec sleep 600",
            "longer than 10 s: the machine has too much to do, or this is no browser that works; --allow browser-start=",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let clip = directory.path().join("clip.gif");
        let child = command("checkout.json.gz", &clip)
            .args(["--allow", "browser-start=10s", "--browser"])
            .arg(script(directory.path(), text))
            .spawn()
            .unwrap();
        let (output, directory) = Render { child, directory }.end();
        let message = message(&output, 4);
        assert!(
            message.contains(told) && message.contains("domreel doctor"),
            "{message}"
        );
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "only the script is there"
        );
    }
}

/// Answers as a browser of that version, until nobody asks any more; gives its address.
fn browser_of_version(product: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut socket = tungstenite::accept(stream).unwrap();
        while let Ok(asked) = socket.read() {
            let Ok(asked) = serde_json::from_slice::<Value>(&asked.into_data()) else {
                continue;
            };
            let result = match asked["method"].as_str() {
                Some("Browser.getVersion") => {
                    serde_json::json!({"product": product, "protocolVersion": "1.3",
                    "revision": "", "userAgent": "", "jsVersion": ""})
                }
                _ => serde_json::json!({}),
            };
            let answer = serde_json::json!({"id": asked["id"], "result": result}).to_string();
            if socket.send(answer.into()).is_err() {
                return;
            }
        }
    });
    format!("ws://{address}/devtools/browser/x")
}

#[test]
fn a_browser_of_the_wrong_version_is_named() {
    for product in ["HeadlessChrome/99.0.4844.51", "Firefox/140.0"] {
        let directory = tempfile::tempdir().unwrap();
        let clip = directory.path().join("clip.gif");
        let address = browser_of_version(product);
        let text = format!("echo 'DevTools listening on {address}' >&2; exec sleep 600");
        let child = command("checkout.json.gz", &clip)
            .arg("--browser")
            .arg(script(directory.path(), &text))
            .spawn()
            .unwrap();
        let (output, directory) = Render { child, directory }.end();
        let message = message(&output, 4);
        assert!(
            message.contains(product) && message.contains("or newer is needed; update it"),
            "{message}"
        );
        assert!(!directory.path().join("clip.gif").exists());
    }
}

#[test]
fn what_never_settles_costs_its_time_once() {
    // A film without an end, a broken picture, and pictures out of sight that wait to be seen.
    let element = |id: u32, tag: &str, attributes: Value| serde_json::json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": []});
    let picture = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
    let mut body = element(4, "body", serde_json::json!({}));
    body["childNodes"] = serde_json::json!([
        {"type": 2, "id": 5, "tagName": "p", "attributes": {}, "childNodes": [{"type": 3, "id": 6, "textContent": "0"}]},
        element(7, "div", serde_json::json!({"style": "height: 30000px"})),
        element(8, "img", serde_json::json!({"src": picture, "loading": "lazy", "width": "9", "height": "9"})),
        element(9, "img", serde_json::json!({"src": "data:image/png;base64,AAAA"})),
        element(10, "video", serde_json::json!({"src": "data:video/mp4;base64,AAAA"})),
    ]);
    let mut html = element(3, "html", serde_json::json!({}));
    html["childNodes"] = serde_json::json!([body]);
    let mut events = vec![
        serde_json::json!({"type": 4, "timestamp": 1000, "data": {"href": "http://a.example/", "width": 640, "height": 400}}),
        serde_json::json!({"type": 2, "timestamp": 1000, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]},
            "initialOffset": {"left": 0, "top": 0}}}),
    ];
    let changes = 60;
    for change in 1..=changes {
        events.push(
            serde_json::json!({"type": 3, "timestamp": 1000 + 100 * change, "data": {"source": 0,
            "texts": [{"id": 6, "value": change.to_string()}], "attributes": [], "removes": [], "adds": []}}),
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("recording.json");
    fs::write(&recording, serde_json::to_vec(&events).unwrap()).unwrap();
    let began = Instant::now();
    let child = command(recording.to_str().unwrap(), &directory.path().join("clip.gif"))
        .spawn()
        .unwrap();
    let (output, _directory) = Render { child, directory }.end();
    assert!(output.status.success(), "{}", stderr(&output));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(made["captured"].as_u64().unwrap() > 40, "{made}");
    // Five seconds with every change would be five minutes.
    assert!(
        began.elapsed() < Duration::from_secs(120),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_full_disk_is_told() {
    // A limit on the size of files is a full disk that needs no rights. Browsers may write as they like.
    let directory = tempfile::tempdir().unwrap();
    let clip = directory.path().join("clip.gif");
    fs::write(&clip, "the clip of yesterday").unwrap();
    let browser = common::browser().program;
    let free = script(
        directory.path(),
        &format!("ulimit -S -f unlimited; exec {} \"$@\"", browser.display()),
    );
    let inner = command("checkout.json.gz", &clip);
    let mut outer = Command::new("/bin/sh");
    outer
        .args(["-c", "trap '' XFSZ; ulimit -S -f 64; exec \"$@\"", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .arg("--browser")
        .arg(free)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if domreel::stage::is_root() {
        outer.env("DOMREEL_NO_SANDBOX", "1");
    }
    let child = outer.spawn().unwrap();
    let (output, directory) = Render { child, directory }.end();
    let message = message(&output, 5);
    assert!(
        message.contains("clip.gif") || message.contains("output"),
        "{message}"
    );
    assert_eq!(fs::read(&clip).unwrap(), b"the clip of yesterday");
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        2,
        "clip and script"
    );

    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command("checkout.json.gz", Path::new("-"))
        .stdout(full)
        .spawn()
        .unwrap();
    let (output, _) = Render {
        child,
        directory: tempfile::tempdir().unwrap(),
    }
    .end();
    let message = self::message(&output, 5);
    assert!(message.contains("No space left"), "{message}");
}

#[test]
fn a_place_that_goes_away_is_told() {
    let render = Render::under_way();
    fs::remove_dir_all(render.directory.path()).unwrap();
    let clip = render.clip();
    let (output, _) = render.end();
    let message = message(&output, 5);
    assert!(message.contains(clip.to_str().unwrap()), "{message}");
    assert!(!clip.exists());
}

#[test]
fn a_place_that_may_not_be_written_to_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    // Root may write wherever there is something to write to.
    let place = if domreel::stage::is_root() {
        PathBuf::from("/proc")
    } else {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
        directory.path().to_owned()
    };
    let clip = place.join("clip.gif");
    // It is told before the browser is asked for anything.
    let child = command("checkout.json.gz", &clip)
        .args(["--browser", "/bin/false"])
        .spawn()
        .unwrap();
    let (output, _directory) = Render { child, directory }.end();
    let message = message(&output, 5);
    assert!(message.contains(clip.to_str().unwrap()), "{message}");
}

#[test]
fn a_reader_that_stops_reading_ends_it_quietly() {
    let mut child = command("checkout.json.gz", Path::new("-")).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 6];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"GIF89a");
    drop(stdout);
    let (output, _) = Render {
        child,
        directory: tempfile::tempdir().unwrap(),
    }
    .end();
    assert_eq!(output.status.code(), Some(5));
    assert!(!stderr(&output).contains("error"), "{}", stderr(&output));
}

#[test]
fn ctrl_c_keeps_what_is_there_and_says_so() {
    let render = Render::drawing_under_way();
    fs::write(render.clip(), "the clip of yesterday").unwrap();
    render.signal(Signal::INT);
    let (output, directory) = render.end();
    let message = message(&output, 130);
    assert!(message.contains("clip.partial.gif holds the first"), "{message}");
    let clip = directory.path().join("clip.gif");
    assert_eq!(fs::read(clip).unwrap(), b"the clip of yesterday");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    let partial = fs::File::open(directory.path().join("clip.partial.gif")).unwrap();
    let mut frames = 0;
    let mut time = 0;
    let mut reader = gif::DecodeOptions::new()
        .read_info(std::io::BufReader::new(partial))
        .unwrap();
    while let Some(frame) = reader.read_next_frame().unwrap() {
        frames += 1;
        time += u64::from(frame.delay) * 10;
    }
    assert!(frames > 0, "{frames} frames");
    assert!(time > 100 && time < 16_000, "{time} ms");
}

#[test]
fn ctrl_c_before_the_first_frame_leaves_nothing() {
    let mut render = Render::start();
    while render.files().count() == 0 {
        assert!(
            render.child.try_wait().unwrap().is_none(),
            "ended before it began"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    render.signal(Signal::INT);
    let (output, directory) = render.end();
    assert_eq!(output.status.code(), Some(130));
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().flatten().collect();
    // On a machine where the first frames were faster than this test.
    assert!(
        left.iter().all(|file| file.file_name() == "clip.partial.gif"),
        "{left:?}"
    );
}

#[test]
fn a_second_ctrl_c_gives_it_up() {
    let render = Render::drawing_under_way();
    // Two of one kind at once could count as one.
    render.signal(Signal::INT);
    render.signal(Signal::TERM);
    let (output, directory) = render.end();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn bytes_are_on_the_disk_before_they_have_their_name() {
    let directory = tempfile::tempdir().unwrap();
    let clip = directory.path().join("clip.gif");
    let trace = directory.path().join("trace");
    let inner = command("damaged/whole.json", &clip);
    let mut outer = Command::new("strace");
    outer
        .args([
            "-f",
            "--seccomp-bpf",
            "-y",
            "-e",
            "trace=fsync,fdatasync,rename,renameat,renameat2",
            "-o",
        ])
        .arg(&trace)
        .arg(inner.get_program())
        .args(inner.get_args())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if domreel::stage::is_root() {
        outer.env("DOMREEL_NO_SANDBOX", "1");
    }
    if !outer.status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: strace is not here or may not trace; install it to run this test");
        return;
    }
    let trace = fs::read_to_string(trace).unwrap();
    let at = |what: &dyn Fn(&str) -> bool| trace.lines().position(what);
    let renamed = at(&|line| line.contains("rename") && line.contains("clip.gif")).expect(&trace);
    let synced = at(&|line| line.contains("sync(") && line.contains(".part")).expect(&trace);
    assert!(synced < renamed, "{trace}");
}
