//! Writes down what a browser has to be told for the distinct page frames of a clip, for a loop that does
//! nothing else: `bench-frames RECORDING OUT.json [WIDTH [FPS]]`.

use std::path::PathBuf;

use anyhow::Context;
use domreel::clip::{Clip, ClipOptions, Plan};
use domreel::dom::Replay;
use domreel::format::{Input, ReadOptions, read};
use domreel::overlay::{OutputSize, Scene};
use domreel::stage::{BrowserChoice, SCRIPT, Stage, StageOptions, step_expression};
use serde::Serialize;

#[derive(Serialize)]
struct Frames {
    width: u32,
    height: u32,
    scale: f64,
    script: &'static str,
    /// For 1, 2, … browsers: the calls of each, one a frame.
    pieces: Vec<Vec<Vec<String>>>,
}

/// Browsers that share the frames at most.
const MOST: usize = 4;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1);
    let (Some(input), Some(output)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: bench-frames RECORDING OUT.json [WIDTH [FPS]]");
    };
    let mut number = |default: u32| {
        let given = args.next().and_then(|arg| arg.to_str()?.parse().ok());
        given.unwrap_or(default)
    };
    let (wide, fps) = (number(800), number(12));
    let recording = read(&[Input::Path(input.into())], &ReadOptions::default())?;
    let tab = recording.tabs.first().context("nothing is recorded")?;
    let options = ClipOptions {
        fps,
        ..ClipOptions::default()
    };
    let clip = Clip::new(tab, &options)?;
    let plan = Plan::new(tab, &clip);
    let size = OutputSize {
        width: Some(wide),
        scale: None,
    };
    let scene = Scene::new(tab, &clip, size);
    let scale = scene.scale.max(0.5);
    let stage = StageOptions {
        browser: BrowserChoice::from_environment().options(scale)?,
        capture: None,
        width: scene.width,
        height: scene.height,
        still: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let times = runtime.block_on(distinct(&stage, tab, &plan))?;
    let pieces = (1..=MOST)
        .map(|browsers| {
            let size = times.len().div_ceil(browsers).max(1);
            times.chunks(size).map(|times| calls(tab, times)).collect()
        })
        .collect();
    let frames = Frames {
        width: scene.width,
        height: scene.height,
        scale,
        script: SCRIPT,
        pieces,
    };
    let output = PathBuf::from(output);
    std::fs::write(&output, serde_json::to_vec(&frames)?)?;
    println!("{}: {} frames", output.display(), times.len());
    Ok(())
}

/// Recording times at which the page looks different from the time before.
async fn distinct(
    options: &StageOptions,
    tab: &domreel::recording::Tab,
    plan: &Plan,
) -> anyhow::Result<Vec<f64>> {
    let mut stage = Stage::open(options).await?;
    let mut replay = Replay::new(tab);
    let mut times = Vec::new();
    let mut last = Vec::new();
    let mut tick = Some(plan.first());
    while let Some(at) = tick {
        let steps = if times.is_empty() {
            vec![replay.seek(at.recording)]
        } else {
            replay.advance_to(at.recording)
        };
        let shown = stage.step(&steps, at.recording).await?;
        let picture = stage.png().await?;
        if picture != last {
            times.push(at.recording);
            last = picture;
        }
        tick = plan.after(&at, shown.running > 0, None);
    }
    Ok(times)
}

/// One call for each time.
fn calls(tab: &domreel::recording::Tab, times: &[f64]) -> Vec<String> {
    let mut replay = Replay::new(tab);
    let call = |(at, time): (usize, &f64)| {
        let steps = match at {
            0 => vec![replay.seek(*time)],
            _ => replay.advance_to(*time),
        };
        step_expression(&steps, *time)
    };
    times.iter().enumerate().map(call).collect()
}
