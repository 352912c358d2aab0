//! A small manifest for tests, and what holds for all of them.

use serde_json::json;

use super::*;
use crate::embed::{alt, captions};

/// A checkout that fails, as a clip of 12 s.
pub(crate) fn checkout() -> Manifest {
    let mut manifest: Manifest = serde_json::from_value(json!({
        "manifest": 1,
        "program": {"name": "domreel", "version": "0.1.0"},
        "clip": {"file": "clip.gif", "format": "gif", "media_type": "image/gif", "width": 800, "height": 560,
                 "frames": 96, "bytes": 345_678, "duration_ms": 12_000, "sha256": "ab".repeat(32)},
        "beside": {"captions": "clip.vtt", "poster": "clip.png"},
        "recording": {"format": "rrweb", "session": "s-1", "tab": "",
                      "files": [{"name": "session.json", "bytes": 1000, "sha256": "cd".repeat(32)}],
                      "start_utc": "2026-11-23T13:37:05.000Z", "start_ms": 1_795_441_025_000.0,
                      "duration_ms": 67_000.0},
        "shown": {"asked": "around error", "from_ms": 40_000.0, "to_ms": 50_000.0,
                  "from_utc": "2026-11-23T13:37:45.000Z", "to_utc": "2026-11-23T13:37:55.000Z"},
        "time_map": [
            {"kind": "play", "clip_from_ms": 0.0, "clip_to_ms": 10_000.0, "at_from_ms": 40_000.0, "at_to_ms": 50_000.0},
            {"kind": "hold", "clip_from_ms": 10_000.0, "clip_to_ms": 12_000.0, "at_from_ms": 50_000.0, "at_to_ms": 50_000.0}
        ],
        "pages": [{"clip_ms": 0.0, "url": "https://shop.example/checkout?basket=7", "width": 1280.0, "height": 800.0}],
        "environment": {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", "release": "shop@1.4.2",
                        "environment": "production"},
        "moments": [
            {"kind": "request", "text": "POST https://shop.example/api/orders", "status": 500, "clip_ms": 4200.0,
             "at_ms": 44_200.0, "utc": "2026-11-23T13:37:49.200Z", "origin": "recorded"},
            {"kind": "error", "text": "TypeError: Cannot read properties of undefined (reading 'id|no')",
             "clip_ms": 4300.0, "at_ms": 44_300.0, "utc": "2026-11-23T13:37:49.300Z",
             "where": "placeOrder (checkout.js:40:7)", "page": "https://shop.example/checkout", "origin": "recorded"},
            {"kind": "rage-click", "text": "button ‘Place order’", "clip_ms": 7000.0, "at_ms": 47_000.0,
             "utc": "2026-11-23T13:37:52.000Z", "origin": "derived"}
        ],
        "moments_elsewhere": 2,
        "steps": [
            {"kind": "open", "text": "Opened https://shop.example/checkout?basket=7", "clip_ms": null, "at_ms": 0.0,
             "utc": "2026-11-23T13:37:05.000Z"},
            {"kind": "type", "text": "Typed 5 characters into field ‘Name <b>’", "clip_ms": 1500.0, "at_ms": 41_500.0,
             "utc": "2026-11-23T13:37:46.500Z"},
            {"kind": "click", "text": "Clicked button ‘Place order’", "clip_ms": 4000.0, "at_ms": 44_000.0,
             "utc": "2026-11-23T13:37:49.000Z"},
            {"kind": "click", "text": "Clicked button ‘Place order’ 4 times", "clip_ms": 6000.0, "at_ms": 46_000.0,
             "utc": "2026-11-23T13:37:51.000Z"}
        ],
        "missing": {"resources": [{"kind": "image", "url": "https://cdn.example/logo.png", "count": 1}]},
        "redactions": [{"rule": "card", "count": 3}],
        "drawn_with": {"browser": "Chromium 140.0.1", "capture": "begin-frame", "fonts": ["sans-serif: DejaVu Sans 2.37"]},
        "settings": {"fps": 12, "speed": 1.0}
    }))
    .unwrap();
    manifest.captions = captions::cues(&manifest, &[]);
    manifest.alt = alt::text(&manifest);
    manifest
}

#[test]
fn what_is_written_is_what_is_read() {
    let manifest = checkout();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.json");
    std::fs::write(&path, manifest.to_json()).unwrap();
    assert_eq!(Manifest::read(&path, &Limits::default()).unwrap(), manifest);
}

#[test]
fn other_files_are_told_from_manifests() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.json");
    for (text, reason) in [
        ("[]", "no manifest"),
        ("{\"manifest\": 1}", "missing field"),
        ("", "no manifest"),
        (
            &checkout()
                .to_json()
                .replacen("\"manifest\": 1", "\"manifest\": 9", 1),
            "its version is 9",
        ),
        (&"[".repeat(100_000), "no manifest"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Manifest::read(&path, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert!(Manifest::read(&directory.path().join("none.json"), &Limits::default()).is_err());
}

#[test]
fn the_alternative_text_tells_what_happens() {
    assert_eq!(
        checkout().alt,
        "12 s of a session on shop.example/checkout: the user typed 5 characters into field ‘Name <b>’ and \
         clicked button ‘Place order’. At 0:04 an error that nobody caught appears: TypeError: Cannot read \
         properties of undefined (reading 'id|no'); 1 failed request and 1 rage click more."
    );
    let mut calm = checkout();
    calm.moments.clear();
    calm.pages.clear();
    calm.steps.truncate(2);
    assert_eq!(
        alt::text(&calm),
        "12 s of a session: the user typed 5 characters into field ‘Name <b>’. No error and no failed request is shown."
    );
}
