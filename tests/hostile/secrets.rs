//! Secrets are planted in the environment and in a recording, and sought in everything that is written: outputs,
//! files beside them, logs at their loudest, errors, arguments and environments of the processes that are started.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::json;

/// What must be found nowhere begins with this.
pub(crate) const PLANTED: &str = "PLANTEDsecret";

pub(crate) fn planted(number: u32) -> String {
    format!("{PLANTED}{number}abcdefgh")
}

const VARIABLES: [&str; 8] = [
    "SENTRY_AUTH_TOKEN",
    "POSTHOG_API_KEY",
    "DD_API_KEY",
    "DD_APP_KEY",
    "DOMREEL_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "GITHUB_TOKEN",
];

/// A command that runs with all variables set, and what other processes have of them.
pub(crate) struct Running {
    pub(crate) child: Child,
    done: Arc<AtomicBool>,
    leaks: Arc<Mutex<Vec<String>>>,
    watcher: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domreel"));
        command
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        for (number, name) in (100..).zip(VARIABLES) {
            command.env(name, planted(number));
        }
        if domreel::stage::is_root() {
            command.env("DOMREEL_NO_SANDBOX", "1");
        }
        let child = command.spawn().unwrap();
        let own = [child.id(), std::process::id()];
        let (done, leaks) = <(Arc<AtomicBool>, Arc<Mutex<Vec<String>>>)>::default();
        let watcher = {
            let (done, leaks) = (Arc::clone(&done), Arc::clone(&leaks));
            std::thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    watch(&own, &leaks);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            })
        };
        Running {
            child,
            done,
            leaks,
            watcher,
        }
    }

    /// Waits for its end, and finds no secret in what it wrote or started others with.
    pub(crate) fn assert_clean(self, told: &str) -> Output {
        let output = self.child.wait_with_output().unwrap();
        self.done.store(true, Ordering::Relaxed);
        self.watcher.join().unwrap();
        assert_clean(&format!("the output of {told}"), &output.stdout);
        assert_clean(&format!("the log of {told}"), &output.stderr);
        assert_eq!(*self.leaks.lock().unwrap(), Vec::<String>::new(), "{told}");
        output
    }
}

/// Looks at what processes were started with, where the system shows that.
fn watch(own: &[u32], leaks: &Mutex<Vec<String>>) {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten() {
        let id = process.file_name().to_string_lossy().parse::<u32>();
        let Ok(id) = id else { continue };
        let read = |file: &str| std::fs::read(process.path().join(file)).unwrap_or_default();
        let told = |bytes: &[u8]| memchr::memmem::find(bytes, PLANTED.as_bytes()).is_some();
        let is_own = own.contains(&id);
        // In this order: what has an environment has a command too, unless it is gone since.
        let (environment, command) = (read("environ"), read("cmdline"));
        // Between fork and exec a child still is the program itself.
        let is_copy = command.is_empty() || command.windows(7).any(|word| word == b"domreel");
        if told(&command) || (!is_own && !is_copy && told(&environment)) {
            leaks
                .lock()
                .unwrap()
                .push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
}

pub(crate) fn recording() -> String {
    let secret = planted;
    let page = format!(
        "https://joe:{}@shop.test/cart?access_token={}",
        secret(1),
        secret(2)
    );
    let image = format!("http://joe:{}@localhost/x.png?signature={}", secret(3), secret(4));
    let events = json!([
        {"type": 4, "timestamp": 1000, "data": {"href": page, "width": 400, "height": 300}},
        {"type": 2, "timestamp": 1001, "data": {"node": {"type": 0, "id": 1, "childNodes": [
            {"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [
              {"type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [
                {"type": 3, "id": 4, "textContent": format!("api_key={} and more", secret(5))},
                {"type": 2, "id": 5, "tagName": "input", "attributes": {"type": "password"}, "childNodes": []},
                {"type": 2, "id": 6, "tagName": "img", "attributes": {"src": image}, "childNodes": []},
                {"type": 2, "id": 7, "tagName": "a", "attributes": {"href": format!("/x?token={}", secret(6))},
                 "childNodes": [{"type": 3, "id": 8, "textContent": "Go"}]}]}]}]},
            "initialOffset": {"left": 0, "top": 0}}},
        {"type": 3, "timestamp": 1500, "data": {"source": 5, "id": 5, "text": secret(7), "isChecked": false}},
        {"type": 3, "timestamp": 1600, "data": {"source": 2, "type": 2, "id": 7, "x": 5, "y": 5}},
        {"type": 6, "timestamp": 1700, "data": {"plugin": "rrweb/console@1", "payload": {"level": "error",
            "trace": [], "payload": [format!("\"failed: authorization={}\"", secret(8))]}}},
        {"type": 3, "timestamp": 3000, "data": {"source": 3, "id": 1, "x": 0, "y": 0}}
    ]);
    events.to_string()
}

pub(crate) fn assert_clean(what: &str, bytes: &[u8]) {
    if let Some(at) = memchr::memmem::find(bytes, PLANTED.as_bytes()) {
        let around = &bytes[at.saturating_sub(200)..(at + 60).min(bytes.len())];
        panic!("a secret in {what}: {}", String::from_utf8_lossy(around));
    }
}

/// Finds no secret in the files of a folder, those in folders of some names excepted.
pub(crate) fn assert_folder_clean(folder: &Path, but: &[&str]) {
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let path = file.path();
        if !path.is_dir() {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        } else if !but.iter().any(|name| path.ends_with(name)) {
            assert_folder_clean(&path, but);
        }
    }
}

#[test]
fn secrets_are_written_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("in.json");
    std::fs::write(&input, recording()).unwrap();
    let out = directory.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let input = input.to_str().unwrap();
    let commands: &[&[&str]] = &[
        &[
            "-vvv", "render", input, "-o", "clip.gif", "--width", "320", "--with", "all",
        ],
        &["-vvv", "--json", "inspect", input],
        &["-vvv", "render", input, "-o", "clip.gif", "--around", "error:99"],
        &["-vvv", "new", "postmortem", input, "-o", "postmortem.md"],
        &["-vvv", "--json", "embed", "clip.gif", "--for", "notebook"],
        #[cfg(feature = "fetch")]
        &[
            "-vvv",
            "--json",
            "pack",
            input,
            "--allow-host",
            "localhost",
            "-o",
            "../packed",
        ],
    ];
    for arguments in commands {
        let told = arguments[1..3].join(" ");
        let output = Running::start(&out, arguments).assert_clean(&told);
        // Not all of them have something to tell.
        assert!(
            !output.stderr.is_empty() || !told.starts_with("render"),
            "{told} logs nothing"
        );
    }
    assert!(out.join("clip.gif").exists(), "no clip was made");
    assert_folder_clean(&out, &[]);
}
