//! Clips in a browser: every format plays, and in the self-contained page moments lead to their times.

#[path = "common/command.rs"]
mod command;
#[path = "common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::page::Page;
use domreel::encode::output::{EncodeOptions, Target, open};
use domreel::encode::{Format, Frame};
use domreel::pixmap::Pixmap;
use futures::StreamExt;
use serde_json::{Value, json};

use command::{domreel, fixture};

/// Makes a clip and its page; the page, and when the clip shows its first error, in milliseconds.
fn page_of(directory: &Path, name: &str) -> (PathBuf, f64) {
    let clip = directory.join(name);
    domreel()
        .args([
            "render",
            &fixture("checkout.json.gz"),
            "--around",
            "error",
            "--with",
            "manifest,poster",
            // Small: without optimisation, encoding video is slow.
            "--width",
            "320",
            "--fps",
            "4",
            "-o",
        ])
        .arg(&clip)
        .assert()
        .code(0);
    domreel()
        .arg("embed")
        .arg(&clip)
        .args(["--for", "html"])
        .assert()
        .code(0);
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(clip.with_extension("json")).unwrap()).unwrap();
    let moments = manifest["moments"].as_array().unwrap();
    let error = moments.iter().find(|moment| moment["kind"] == "error").unwrap();
    (clip.with_extension("html"), error["clip_ms"].as_f64().unwrap())
}

async fn js(page: &Page, script: &str) -> Value {
    let result = page.evaluate(format!("(() => {{ {script} }})()")).await.unwrap();
    result.into_value().unwrap_or(Value::Null)
}

/// Waits until an expression is true.
async fn until(page: &Page, expression: &str) {
    for _ in 0..600 {
        if js(page, &format!("return Boolean({expression})")).await == Value::Bool(true) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited too long for {expression}");
}

async fn launch(profile: &Path) -> Browser {
    let found = common::browser();
    let mut config = BrowserConfig::builder()
        .chrome_executable(&found.program)
        .user_data_dir(profile);
    if found.no_sandbox {
        config = config.no_sandbox();
    }
    let (browser, mut handler) = Browser::launch(config.build().unwrap()).await.unwrap();
    tokio::spawn(async move { while handler.next().await.is_some() {} });
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_lead_to_their_times() {
    let directory = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    let mut browser = launch(profile.path()).await;
    for name in ["clip.gif", "clip.mp4"] {
        if name == "clip.mp4" && !cfg!(feature = "mp4") {
            continue;
        }
        let (file, error_ms) = page_of(directory.path(), name);
        let page = browser
            .new_page(format!("file://{}", file.display()))
            .await
            .unwrap();
        until(&page, "document.documentElement.dataset.ready").await;
        // Images begin to play by themselves; what is looked at here has to stand still.
        js(
            &page,
            "const toggle = document.getElementById('toggle'); if (toggle?.textContent === 'Pause') toggle.click()",
        )
        .await;
        js(&page, &format!("location.hash = 't={}'", error_ms / 1000.0)).await;
        // The link led to the error, and its entry is the one that is marked.
        until(
            &page,
            "document.querySelector('button[aria-current] .bad')?.textContent.includes('Error:')",
        )
        .await;
        until(
            &page,
            "[...document.querySelectorAll('button[data-ms]')].every(button => !button.disabled)",
        )
        .await;
        until(
            &page,
            "[...document.querySelectorAll('.cues p')].some(cue => !cue.hidden)",
        )
        .await;
        // The first entry leads back.
        js(&page, "document.querySelector('button[data-ms]').click()").await;
        let first = "document.querySelector('button[data-ms]')";
        until(&page, &format!("{first}.hasAttribute('aria-current')")).await;
        if name == "clip.gif" {
            // It stands where it was led to, and plays when it is told to.
            let at = js(&page, "return Number(document.getElementById('slider').value)").await;
            until(&page, "document.getElementById('clip').localName === 'canvas'").await;
            js(&page, "document.getElementById('toggle').click()").await;
            until(
                &page,
                &format!("Number(document.getElementById('slider').value) > {at} + 200"),
            )
            .await;
            js(&page, "document.getElementById('toggle').click()").await;
            until(&page, "document.getElementById('toggle').textContent === 'Play'").await;
        } else {
            until(&page, "document.getElementById('clip').textTracks.length === 1").await;
            let first_ms = format!("Number({first}.dataset.ms)");
            until(
                &page,
                &format!("Math.abs(document.getElementById('clip').currentTime * 1000 - {first_ms}) < 60"),
            )
            .await;
        }
    }
    browser.close().await.unwrap();
}

/// What the clip of [`coloured`] shows: colour, and for how long in milliseconds.
const SHOWN: [([u8; 3], u64); 3] = [([200, 40, 30], 500), ([30, 160, 60], 1500), ([40, 60, 200], 1000)];

/// A file of a format that shows one colour after the other, as an address of its own; `None` without ffmpeg if it needs one.
fn coloured(format: Format) -> Option<String> {
    let mut options = EncodeOptions::default();
    if format == Format::Webm {
        let version = Command::new("ffmpeg")
            .arg("-version")
            .stdout(Stdio::null())
            .status();
        version.ok()?;
        options.ffmpeg = Some("ffmpeg".into());
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip");
    let mut encoder = open(&Target::Path(path.clone()), format, &options).unwrap();
    let mut clip_ms = 0;
    for ([r, g, b], duration_ms) in SHOWN {
        let pixels = Arc::new(Pixmap {
            width: 64,
            height: 48,
            data: [r, g, b, 255].repeat(64 * 48),
        });
        encoder
            .push(Frame {
                pixels,
                clip_ms,
                recording_ms: clip_ms as f64,
                duration_ms,
            })
            .unwrap();
        clip_ms += duration_ms;
    }
    encoder.finish().unwrap();
    let file = std::fs::read(path).unwrap();
    let media_type = format.media_type().unwrap();
    Some(format!(
        "data:{media_type};base64,{}",
        BASE64_STANDARD.encode(file)
    ))
}

/// Runs a script that gives a promise, and waits for what that gives.
async fn result_of(page: &Page, script: &str) -> Value {
    js(
        page,
        &format!("window.result = null; (async () => {{ {script} }})().then(r => window.result = r, e => window.result = String(e))"),
    )
    .await;
    until(page, "window.result !== null").await;
    js(page, "return window.result").await
}

fn assert_near(found: &Value, expected: [u8; 3], off: i64, what: &str) {
    for (found, expected) in found.as_array().unwrap().iter().zip(expected) {
        let found = found.as_i64().unwrap();
        assert!(
            (found - i64::from(expected)).abs() <= off,
            "{what}: {found}, not {expected}"
        );
    }
}

const PIXEL: &str = "const pixel = picture => { const canvas = new OffscreenCanvas(64, 48), context = canvas.getContext('2d'); \
                     context.drawImage(picture, 0, 0); return [...context.getImageData(32, 24, 1, 1).data].slice(0, 3) };";

#[tokio::test(flavor = "multi_thread")]
async fn every_format_plays_in_a_browser() {
    let directory = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    let mut browser = launch(profile.path()).await;
    // Decoders are there for pages that count as safe, as files do.
    let blank = directory.path().join("blank.html");
    std::fs::write(&blank, "<!doctype html><title>blank</title>").unwrap();
    let page = browser
        .new_page(format!("file://{}", blank.display()))
        .await
        .unwrap();
    for format in [Format::Mp4, Format::Webm] {
        if format == Format::Mp4 && !cfg!(feature = "mp4") {
            continue;
        }
        let Some(address) = coloured(format) else {
            continue;
        };
        let found = result_of(
            &page,
            &format!(
                "{PIXEL} const video = document.createElement('video'); video.muted = true; video.src = '{address}';
                const event = name => new Promise((good, bad) => {{ video['on' + name] = good; video.onerror = () => bad(video.error.message) }});
                await event('loadeddata');
                const pixels = [];
                for (const seconds of [0.2, 1.2, 2.6, 0.9]) {{
                    video.currentTime = seconds;
                    await event('seeked');
                    pixels.push(pixel(video));
                }}
                return {{ duration: video.duration, pixels }};"
            ),
        )
        .await;
        let name = format.name();
        let duration = found["duration"]
            .as_f64()
            .unwrap_or_else(|| panic!("{name}: {found}"));
        // WebM has no duration for its last frame.
        let least = if format == Format::Webm { 2.0 } else { 2.99 };
        assert!(duration >= least && duration <= 3.05, "{name} plays {duration} s");
        for (pixel, shown) in found["pixels"].as_array().unwrap().iter().zip([0, 1, 2, 1]) {
            assert_near(pixel, SHOWN[shown].0, 12, name);
        }
    }
    for format in [Format::Gif, Format::Webp, Format::Apng] {
        let address = coloured(format).unwrap();
        let (head, data) = address.split_once(',').unwrap();
        let media_type = head.trim_start_matches("data:").trim_end_matches(";base64");
        let found = result_of(
            &page,
            &format!(
                "{PIXEL} const data = Uint8Array.from(atob('{data}'), c => c.charCodeAt(0));
                const decoder = new ImageDecoder({{ type: '{media_type}', data }});
                await decoder.completed; await decoder.tracks.ready;
                const track = decoder.tracks.selectedTrack, frames = [];
                for (let frameIndex = 0; frameIndex < track.frameCount; frameIndex++) {{
                    const {{ image }} = await decoder.decode({{ frameIndex }});
                    frames.push([image.duration / 1000, pixel(image)]);
                }}
                return {{ forever: track.repetitionCount === Infinity, frames }};"
            ),
        )
        .await;
        let name = format.name();
        let frames = found["frames"]
            .as_array()
            .unwrap_or_else(|| panic!("{name}: {found}"));
        assert_eq!((frames.len(), &found["forever"]), (3, &json!(true)), "{name}");
        for (frame, (colour, duration_ms)) in frames.iter().zip(SHOWN) {
            assert_eq!(frame[0].as_f64(), Some(duration_ms as f64), "{name}");
            assert_near(&frame[1], colour, 0, name);
        }
    }
    browser.close().await.unwrap();
}
