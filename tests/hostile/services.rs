//! The same secrets, where domreel talks to others: `fetch`, `submit`, `worker`, `jobs` and `serve`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use super::secrets::{PLANTED, Running, assert_clean, assert_folder_clean, planted, recording};

/// A server that says back, in an error, whatever it was sent: headers with tokens too.
struct Echo {
    port: u16,
    heard: Arc<Mutex<String>>,
}

impl Echo {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(String::new()));
        let all = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = vec![0; 1 << 16];
                let length = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                all.lock().unwrap().push_str(&request);
                let _ = write!(
                    stream,
                    "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{request}",
                    request.len()
                );
            }
        });
        Echo { port, heard }
    }
}

impl Running {
    /// A line of its output, as soon as it comes.
    fn line(&mut self) -> String {
        let output = self.child.stdout.as_mut().unwrap();
        let (mut line, mut byte) = (Vec::new(), [0]);
        while output.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.extend(byte);
        }
        String::from_utf8(line).unwrap()
    }

    /// Asks it to end.
    fn stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }
}

#[test]
fn fetch_tells_its_tokens_to_nobody_but_the_server() {
    let echo = Echo::start();
    let directory = tempfile::tempdir().unwrap();
    let base = format!("http://127.0.0.1:{}", echo.port);
    for what in ["sentry:acme/shop?x:1", "posthog:7?x=1", "datadog:?x:1"] {
        let arguments = ["-vvv", "--json", "fetch", what, "--base", &base, "-o", "out"];
        let running = Running::start(directory.path(), &arguments);
        let output = running.assert_clean(what);
        assert!(!output.status.success(), "{what}");
    }
    let heard = echo.heard.lock().unwrap().clone();
    assert!(heard.contains(PLANTED), "no token was sent: {heard}");
    if directory.path().join("out").exists() {
        assert_folder_clean(directory.path(), &[]);
    }
}

/// Asks a server, with the planted token or without, and gives all that it says.
fn ask(address: &str, path: &str, token: Option<&str>) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let token = token
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{token}Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn queues_and_servers_tell_no_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    std::fs::write(folder.join("in.json"), recording()).unwrap();
    for arguments in [
        &["-vvv", "submit", "in.json", "--width", "320"][..],
        &["-vvv", "worker", "--until-idle", "--jobs", "1"],
        &["-vvv", "jobs", "--json", "list"],
    ] {
        let output = Running::start(folder, arguments).assert_clean(arguments[1]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {told}", arguments[1]);
    }
    let mut server = Running::start(
        folder,
        &["-vvv", "serve", "--listen", "127.0.0.1:0", "--jobs", "0"],
    );
    let line = server.line();
    assert_clean("the page's address", line.as_bytes());
    let address = line
        .trim()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let token = planted(104);
    assert!(ask(&address, "/v1/jobs", None).starts_with("HTTP/1.1 401"));
    let jobs = ask(&address, "/v1/jobs", Some(&token));
    assert!(
        jobs.starts_with("HTTP/1.1 200") && jobs.contains("\"done\""),
        "{jobs}"
    );
    for path in [
        "/",
        "/openapi.json",
        "/v1/jobs",
        "/v1/nothing",
        "/metrics",
        "/healthz",
        "/readyz",
    ] {
        assert_clean(path, ask(&address, path, Some(&token)).as_bytes());
        // Nor what was tried in vain.
        assert_clean(path, ask(&address, path, Some(&planted(21))).as_bytes());
    }
    server.stop();
    server.assert_clean("serve");
    // The queue's store keeps recordings as they are.
    assert_folder_clean(&folder.join("domreel-data"), &["recordings"]);
    let kept = folder.join("domreel-data/store/recordings");
    assert!(kept.is_dir(), "recordings are kept elsewhere");
}
