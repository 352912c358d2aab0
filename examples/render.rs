//! Renders the first tab of a recording: `cargo run --example render -- recording.json clip.gif`.

use std::path::PathBuf;

use domreel::encode::output::{EncodeOptions, Format, Target, open};
use domreel::format::{Input, ReadOptions, read};
use domreel::overlay::OutputSize;
use domreel::render::{DrawingOptions, RenderOptions, render};
use domreel::stage::BrowserChoice;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(output)) = (args.next(), args.next()) else {
        return Err("usage: render RECORDING OUTPUT".into());
    };
    let format = Format::of_name(&output).ok_or("no format has that name")?;
    let recording = read(&[Input::Path(input)], &ReadOptions::default())?;
    let tab = recording.tabs.first().ok_or("nothing is recorded")?;
    let choice = BrowserChoice::from_environment();
    let options = RenderOptions {
        size: OutputSize {
            width: format.default_width(),
            scale: None,
        },
        drawing: DrawingOptions {
            browser: choice.find()?,
            no_sandbox: choice.no_sandbox,
            ..DrawingOptions::default()
        },
        ..RenderOptions::default()
    };
    let encoder = open(&Target::Path(output), format, &EncodeOptions::default())?;
    let begun = std::time::Instant::now();
    let report = render(&recording, tab, &options, encoder, &())?;
    println!(
        "{} in {:.2} s",
        serde_json::to_string(&report)?,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
