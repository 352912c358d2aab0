//! The steps of a render that need no browser, each alone: parse, DOM apply, snapshot, compose, GIF.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use domreel::clip::{Clip, ClipOptions};
use domreel::dom::Replay;
use domreel::encode::gif::{GifEncoder, GifOptions};
use domreel::encode::{Frame, StreamEncoder};
use domreel::format::{Input, ReadOptions, read};
use domreel::overlay::{NoFrames, OutputSize, Overlay, OverlayOptions, Scene};
use domreel::pixmap::Pixmap;
use domreel::recording::{Payload, Recording};

const RECORDING: &str = "../../fixtures/checkout.json.gz";

fn recording() -> Recording {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDING);
    read(&[Input::Path(path)], &ReadOptions::default()).expect("a recording")
}

/// Bytes of the events' data, decompressed.
fn bytes(recording: &Recording) -> u64 {
    let events = recording.tabs.iter().flat_map(|tab| &tab.events);
    let sizes = events.map(|event| match &event.payload {
        Payload::Encoded { bytes, .. } => bytes.len() as u64,
        Payload::Decoded(_) => 0,
    });
    sizes.sum()
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(bytes(&recording())));
    group.bench_function("decompress and read", |bench| bench.iter(|| black_box(recording())));
    let recording = recording();
    group.bench_function("decode every event", |bench| {
        bench.iter(|| {
            for event in recording.tabs.iter().flat_map(|tab| &tab.events) {
                let _ = black_box(event.data());
            }
        });
    });
    group.finish();
}

fn dom(criterion: &mut Criterion) {
    let recording = recording();
    let tab = &recording.tabs[0];
    let (start, end) = (tab.events[0].time, tab.events[tab.events.len() - 1].time);
    let mut group = criterion.benchmark_group("dom");
    group.bench_function("apply", |bench| {
        bench.iter_batched(
            || {
                let mut replay = Replay::new(tab);
                replay.seek(start);
                replay
            },
            |mut replay| black_box(replay.advance_to(end)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("snapshot", |bench| {
        let mut replay = Replay::new(tab);
        replay.seek(end);
        bench.iter(|| black_box(replay.seek(end)));
    });
    group.finish();
}

/// A page of text-like noise; `shift` moves a part of it.
fn page(width: u32, height: u32, shift: u32) -> Pixmap {
    let mut data = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let moved = (200..260).contains(&y);
            let x = if moved { x + shift } else { x };
            let ink = (x * 7 + y * 13) % 17 < 3 && y % 20 < 12;
            data.extend(if ink { [40, 44, 60, 255] } else { [250, 250, 252, 255] });
        }
    }
    Pixmap { width, height, data }
}

fn overlay(criterion: &mut Criterion) {
    let recording = recording();
    let tab = &recording.tabs[0];
    let clip = Clip::new(tab, &ClipOptions::default()).expect("a clip");
    let size = OutputSize {
        width: Some(800),
        scale: None,
    };
    let scene = Scene::new(tab, &clip, size);
    let overlay = Overlay::new(tab, &recording.telemetry, &clip, &scene, &OverlayOptions::default());
    let (width, height) = scene.page_size();
    let page = page(width, height, 0);
    let state = overlay.state_at(2000.0, &NoFrames);
    criterion.bench_function("overlay/state", |bench| {
        bench.iter(|| black_box(overlay.state_at(black_box(2000.0), &NoFrames)));
    });
    criterion.bench_function("overlay/compose", |bench| {
        bench.iter(|| black_box(overlay.compose(&page, &state)));
    });
}

fn gif(criterion: &mut Criterion) {
    let frames: Vec<Arc<Pixmap>> = (0..12).map(|at| Arc::new(page(800, 500, at * 3))).collect();
    let mut group = criterion.benchmark_group("gif");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.sample_size(20);
    group.bench_function("12 frames", |bench| {
        bench.iter(|| {
            let mut encoder = GifEncoder::new(Vec::new(), GifOptions::default()).expect("an encoder");
            for (at, pixels) in frames.iter().enumerate() {
                let frame = Frame {
                    pixels: Arc::clone(pixels),
                    clip_ms: at as u64 * 80,
                    recording_ms: 0.0,
                    duration_ms: 80,
                };
                encoder.push(frame).expect("a frame");
            }
            black_box(encoder.finish().expect("a file"))
        });
    });
    group.finish();
}

criterion_group!(benches, parse, dom, overlay, gif);
criterion_main!(benches);
