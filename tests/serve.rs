//! The web page in a real browser: a recording goes in, a clip comes out, with mouse and keyboard.
//!
//! With `DOMREEL_SCREENSHOTS=DIR` pictures of the page are left there, to be looked at.

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::dom::SetFileInputFilesParams;
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
};
use chromiumoxide::cdp::browser_protocol::network::{EventRequestWillBeSent, EventResponseReceived};
use chromiumoxide::page::{Page, ScreenshotParams};
use futures::StreamExt;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// `domreel serve` on a port of its own; stopped with the test.
struct Server {
    process: Child,
    /// Address of the page, with the token.
    url: String,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let browser = common::browser();
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_domreel"));
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--jobs",
                "2",
                "--grace",
                "1",
                "--data",
            ])
            .arg(directory.path())
            .arg("--browser")
            .arg(&browser.program)
            .env_remove("DOMREEL_TOKEN")
            .stdout(Stdio::piped());
        if browser.no_sandbox {
            command.arg("--no-sandbox");
        }
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        Server {
            process,
            url: url.trim().to_owned(),
            _directory: directory,
        }
    }

    fn origin(&self) -> &str {
        self.url.split_once("/#").unwrap().0
    }

    /// Asks it to end, and returns its exit code.
    fn stop(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The page, and hands on it.
struct Visitor {
    page: Page,
    screenshots: Option<PathBuf>,
}

impl Visitor {
    async fn js(&self, script: &str) -> Value {
        let script = format!("(async () => {{ {script} }})()");
        let result = self.page.evaluate(script.as_str()).await.unwrap();
        result.into_value().unwrap_or(Value::Null)
    }

    /// Waits until an expression is true.
    async fn until(&self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.js(&format!("return Boolean({expression})")).await != Value::Bool(true) {
            if Instant::now() > until {
                let text = self.js("return document.body.innerText").await;
                panic!(
                    "waited too long for {expression} on\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn visible(&self, id: &str) {
        self.until(&format!("document.getElementById('{id}').offsetParent"))
            .await;
    }

    async fn text(&self, id: &str) -> String {
        let text = self
            .js(&format!("return document.getElementById('{id}').textContent"))
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    async fn value(&self, id: &str) -> String {
        let value = self
            .js(&format!("return document.getElementById('{id}').value"))
            .await;
        value.as_str().unwrap_or_default().to_owned()
    }

    async fn upload(&self, file: &Path) {
        let input = self.page.find_element("#file").await.unwrap();
        let params = SetFileInputFilesParams::builder()
            .file(file.to_str().unwrap())
            .node_id(input.node_id)
            .build()
            .unwrap();
        self.page.execute(params).await.unwrap();
    }

    /// Clicks as soon as it can: what has just been found may move, or be another one a moment later.
    async fn click(&self, selector: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let clicked = match self.page.find_element(selector).await {
                Ok(element) => element.click().await.map(|_| ()),
                Err(error) => Err(error),
            };
            match clicked {
                Ok(()) => return,
                Err(error) => assert!(Instant::now() < until, "no click on {selector}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Drags with the mouse over the timeline, from one share of it to another.
    async fn drag(&self, from: f64, to: f64) {
        self.js("document.getElementById('track').scrollIntoView({ block: 'center' })")
            .await;
        let place = self
            .js(
                "const box = document.getElementById('track').getBoundingClientRect(); \
                 return [box.left, box.width, box.top + 10]",
            )
            .await;
        let number = |at: usize| place[at].as_f64().unwrap();
        for (kind, share) in [
            ("Moved", from),
            ("Pressed", from),
            ("Moved", (from + to) / 2.0),
            ("Moved", to),
            ("Released", to),
        ] {
            let event = format!(
                r#"{{"type": "mouse{kind}", "x": {}, "y": {}, "button": "left", "buttons": 1, "clickCount": 1}}"#,
                number(0) + number(1) * share,
                number(2)
            );
            let event: chromiumoxide::cdp::browser_protocol::input::DispatchMouseEventParams =
                serde_json::from_str(&event).unwrap();
            self.page.execute(event).await.unwrap();
        }
    }

    async fn size(&self, width: i64, height: i64) {
        let params = SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600);
        self.page.execute(params).await.unwrap();
    }

    async fn colours(&self, scheme: &str) {
        let feature = MediaFeature::new("prefers-color-scheme", scheme);
        self.page
            .execute(SetEmulatedMediaParams::builder().feature(feature).build())
            .await
            .unwrap();
    }

    async fn look(&self, name: &str) {
        if let Some(directory) = &self.screenshots {
            std::fs::create_dir_all(directory).unwrap();
            let params = ScreenshotParams::builder().build();
            let picture = directory.join(format!("{name}.png"));
            self.page.save_screenshot(params, picture).await.unwrap();
        }
    }

    /// Nothing sticks out to the side.
    async fn fits(&self) {
        let sticks_out = self
            .js("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
            .await;
        assert_eq!(sticks_out, false, "the page is wider than the window");
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_becomes_a_clip_on_the_page() {
    let mut server = Server::start();
    let browser = common::browser();
    let profile = tempfile::tempdir().unwrap();
    let mut config = BrowserConfig::builder()
        .chrome_executable(&browser.program)
        .user_data_dir(profile.path())
        .window_size(1280, 900);
    if browser.no_sandbox {
        config = config.no_sandbox();
    }
    let (mut chromium, mut events) = Browser::launch(config.build().unwrap()).await.unwrap();
    let handler = tokio::spawn(async move { while events.next().await.is_some() {} });
    let page = chromium.new_page("about:blank").await.unwrap();
    let mut requests = page.event_listener::<EventRequestWillBeSent>().await.unwrap();
    let mut responses = page.event_listener::<EventResponseReceived>().await.unwrap();
    let visitor = Visitor {
        page,
        screenshots: std::env::var_os("DOMREEL_SCREENSHOTS").map(PathBuf::from),
    };
    visitor.size(1280, 1300).await;
    visitor.page.goto(server.url.as_str()).await.unwrap();
    visitor.visible("drop").await;
    assert_eq!(
        visitor.js("return location.hash").await,
        "",
        "the token stays in the address"
    );
    visitor.look("1-empty").await;

    upload_and_choose(&visitor).await;
    render_and_copy(&visitor).await;
    on_a_phone(&visitor).await;
    without_token(&visitor, server.origin()).await;

    // Whatever was loaded came from the server, and nothing failed on the way but what was meant to.
    let origin = server.origin().to_owned();
    while let Ok(Some(request)) = tokio::time::timeout(Duration::from_millis(200), requests.next()).await {
        let url = &request.request.url;
        let own = url.starts_with(&origin) || url.starts_with("blob:") || url.starts_with("about:");
        assert!(own, "{url} was asked for");
    }
    while let Ok(Some(response)) = tokio::time::timeout(Duration::from_millis(200), responses.next()).await {
        let (url, status) = (&response.response.url, response.response.status);
        assert!(
            status < 400 || status == 401 || status == 429,
            "{url} answered {status}"
        );
    }
    chromium.close().await.unwrap();
    chromium.wait().await.unwrap();
    handler.await.unwrap();
    assert_eq!(server.stop(), Some(0));
}

async fn upload_and_choose(visitor: &Visitor) {
    visitor.upload(&fixture("checkout.json.gz")).await;
    visitor.visible("still").await;
    assert_eq!(visitor.text("recording-name").await, "checkout.json.gz");
    assert!(visitor.text("recording-facts").await.contains("rrweb · 0:32"));
    let size = visitor
        .js("return document.getElementById('still').naturalWidth")
        .await;
    assert_eq!(size, 800);
    visitor.look("2-recording").await;

    // The mouse: a range of a quarter of the session.
    visitor.drag(0.5, 0.75).await;
    let range = (visitor.value("from").await, visitor.value("to").await);
    assert!(
        range.0.starts_with("0:16.") && range.1.starts_with("0:24."),
        "{range:?}"
    );
    // The keyboard: two seconds more, a tenth less.
    visitor.js("document.getElementById('to-handle').focus()").await;
    let handle = visitor.page.find_element("#to-handle").await.unwrap();
    handle.press_key("ArrowRight").await.unwrap();
    handle.press_key("ArrowRight").await.unwrap();
    let to = visitor.value("to").await;
    assert!(to.starts_with("0:26."), "{to}");
    let spoken = visitor
        .js("return document.getElementById('to-handle').ariaValueText")
        .await;
    assert_eq!(spoken, to.as_str());

    // A moment: what led to the first error.
    visitor.click("#moments li:nth-child(4) button").await;
    assert_eq!(visitor.value("from").await, "0:15.1");
    visitor
        .until("!document.getElementById('screen').classList.contains('busy')")
        .await;
    visitor.look("3-range").await;
    // What is typed.
    visitor
        .js("const from = document.getElementById('from'); from.value = '21'; from.dispatchEvent(new Event('change'))")
        .await;
    assert_eq!(visitor.value("from").await, "0:21.0");
}

async fn render_and_copy(visitor: &Visitor) {
    visitor
        .js("document.querySelector('[name=width]').value = '480'")
        .await;
    visitor.click("#render").await;
    visitor.visible("result").await;
    visitor.until("document.getElementById('clip').complete").await;
    assert_eq!(
        visitor
            .js("return document.getElementById('clip').naturalWidth")
            .await,
        480
    );
    visitor.look("4-result").await;

    let clip = visitor
        .js("const api = await import('/api.js'); \
             const [job] = await api.jobs(); \
             const blob = await api.output(job.id, job.manifest.outputs[0].name); \
             return [document.getElementById('download').download, await blob.slice(0, 6).text()]")
        .await;
    assert_eq!(clip, serde_json::json!(["checkout.gif", "GIF89a"]));

    visitor
        .js("window.copied = null; \
             navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        .await;
    visitor.click("#copy").await;
    visitor.until("window.copied").await;
    let copied = visitor.js("return window.copied").await;
    let copied = copied.as_str().unwrap();
    assert!(
        copied.starts_with("![Recorded session checkout.json.gz"),
        "{copied}"
    );
    assert!(
        copied.contains("(checkout.gif)") && copied.contains("| Time | What | |"),
        "{copied}"
    );
    assert!(copied.contains("TypeError"), "{copied}");

    // What is rendered is in the list, and opens from there.
    visitor.click("#show-jobs").await;
    visitor.until("document.querySelector('.state.done')").await;
    // While jobs come and go, nothing is taken from under the hands of whoever is in the list.
    visitor
        .js(
            "window.row = document.querySelector('#job-list li'); row.querySelector('button').focus(); \
             document.getElementById('options').requestSubmit()",
        )
        .await;
    visitor
        .until("document.querySelectorAll('#job-list .state.done').length === 2")
        .await;
    let kept = visitor
        .js("return row.isConnected && row.previousSibling !== null && row.contains(document.activeElement)")
        .await;
    assert_eq!(kept, true);
    visitor.visible("result").await;
    visitor.look("5-jobs").await;
    visitor.click("#job-list button").await;
    visitor.until("document.getElementById('jobs').hidden").await;
    visitor.visible("result").await;
    assert_eq!(visitor.value("from").await, "0:21.0");
}

async fn on_a_phone(visitor: &Visitor) {
    visitor.size(390, 844).await;
    visitor.fits().await;
    // A full page of a phone is only drawn as one if its window is that high.
    visitor.size(390, 2400).await;
    visitor.look("6-phone").await;
    visitor.colours("dark").await;
    visitor.look("7-phone-dark").await;
    visitor.size(1280, 1300).await;
    visitor.fits().await;
    visitor.look("8-dark").await;
    visitor.colours("light").await;
}

async fn without_token(visitor: &Visitor, origin: &str) {
    visitor.js("sessionStorage.clear()").await;
    visitor.page.goto(format!("{origin}/?again")).await.unwrap();
    visitor
        .until("document.getElementById('token-dialog').open")
        .await;
    visitor.look("9-token").await;
}
