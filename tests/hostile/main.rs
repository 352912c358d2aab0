//! Hostile recordings: nothing in them runs, nothing gets out, and taking one layer of the isolation away
//! changes nothing about that. SECURITY.md names these tests.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/small.rs"]
mod small;
#[path = "../common/tree.rs"]
mod tree;

#[cfg(feature = "fetch")]
mod allowed;
mod canary;
mod layers;
mod recording;
mod secrets;
#[cfg(all(feature = "fetch", feature = "worker"))]
mod services;
mod walls;

use std::path::Path;

use bytes::Bytes;
use domreel::dom::{Replay, Step};
use domreel::format::{Input, ReadOptions, read};
use domreel::recording::Recording;
use domreel::stage::{CaptureMethod, Stage, Without};
use serde_json::{Value, json};
use small::small;

pub(crate) const BOTH: [CaptureMethod; 2] = [CaptureMethod::BeginFrame, CaptureMethod::Screenshot];

/// A recording of these events.
pub(crate) fn read_events(events: &[Value]) -> Recording {
    let input = Input::Bytes {
        name: "hostile.json".to_owned(),
        data: Bytes::from(serde_json::to_vec(events).unwrap()),
    };
    read(&[input], &ReadOptions::default()).unwrap()
}

/// All of a recording as steps: the page at its first snapshot, then what happens.
pub(crate) fn steps(recording: &Recording) -> Vec<Step> {
    let mut replay = Replay::new(&recording.tabs[0]);
    let mut steps = vec![replay.seek(1001.0)];
    steps.extend(replay.advance_to(f64::MAX));
    steps
}

pub(crate) async fn open(method: CaptureMethod, without: &Without) -> Stage {
    Stage::open_without(&small(Some(method)), without.clone())
        .await
        .expect("a stage")
}

/// Shows steps, takes a picture, and gives time for whatever may still come. Then tells what scripts left
/// behind: nothing, or their marks.
pub(crate) async fn show(stage: &mut Stage, steps: &[Step]) -> Value {
    for step in steps {
        let to = step.time;
        stage.step(std::slice::from_ref(step), to).await.expect("a step");
    }
    stage.png().await.expect("a picture");
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    stage.png().await.expect("a picture");
    let marks = "[typeof pwned, location.href, document.querySelectorAll('iframe').length, \
                 Array.from(document.querySelectorAll('iframe'), (f) => typeof f.contentWindow.pwned).join()]";
    stage.evaluate(marks.to_owned()).await.expect("an answer")
}

/// What [`show`] tells when no script ran and nothing navigated.
pub(crate) fn untouched() -> Value {
    json!(["undefined", "http://replay.invalid/", 1, "undefined"])
}

/// Whether the browser's own log of its network tells that a name was looked up. Requests that are refused
/// before that stand there too.
pub(crate) fn looked_up(log: &Path, name: &str) -> bool {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    log.lines()
        .any(|line| line.contains(name) && line.contains("\"dns_query_types\""))
}
