//! The self-contained page in a browser: it plays, and its moments lead to their times.

#[path = "common/command.rs"]
mod command;
#[path = "common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::page::Page;
use futures::StreamExt;
use serde_json::Value;

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

#[tokio::test(flavor = "multi_thread")]
async fn moments_lead_to_their_times() {
    let directory = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    let found = common::browser();
    let mut config = BrowserConfig::builder()
        .chrome_executable(&found.program)
        .user_data_dir(profile.path());
    if found.no_sandbox {
        config = config.no_sandbox();
    }
    let (mut browser, mut handler) = Browser::launch(config.build().unwrap()).await.unwrap();
    tokio::spawn(async move { while handler.next().await.is_some() {} });
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
