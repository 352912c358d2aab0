//! Compares domreel's GIF encoder with gifski and ffmpeg: size, quality, flicker, time, memory.
//!
//! ```console
//! cargo run --release --manifest-path benches/gif/Cargo.toml -- DIRECTORY…
//! ```
//!
//! Each directory holds the PNG frames of one sequence, of one size, shown for equal times in the
//! order of their names. See `benches/README.md`.

mod programs;
mod quality;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use domreel::encode::{Frame, StreamEncoder};
use domreel::encode::gif::{GifEncoder, GifOptions};
use domreel::pixmap::Pixmap;
use programs::{Cost, Input};
use quality::{Quality, References, Sequence};
use rayon::prelude::*;

const USAGE: &str = "usage: gif-bench [--fps 10] [--scores 40] [--tolerance 5] [--out DIR] [--gifski PATH] [--ffmpeg PATH]
                 [--only domreel,gifski,ffmpeg] [--reuse] DIRECTORY…

--scores  distinct pictures of each sequence for which SSIMULACRA2 is computed
--tolerance  of domreel's GIFs: how far colours may be off, 0 to 255
--out     where the GIFs are left (default: gif-bench in the system's temporary directory)
--reuse   take GIFs of other programs that are there already as they are";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|a| a == "encode").is_some() {
        return encode(arguments.collect());
    }
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().context(USAGE);
        match argument.as_str() {
            "--fps" => options.fps = value()?.parse()?,
            "--scores" => options.scores = value()?.parse()?,
            "--tolerance" => options.tolerance = value()?.parse()?,
            "--out" => options.out = value()?.into(),
            "--gifski" => options.gifski = value()?,
            "--ffmpeg" => options.ffmpeg = value()?,
            "--only" => options.only = value()?.split(',').map(String::from).collect(),
            "--reuse" => options.reuse = true,
            _ if argument.starts_with("--") => bail!("{USAGE}"),
            _ => options.directories.push(argument.into()),
        }
    }
    ensure!(!options.directories.is_empty(), "{USAGE}");
    fs::create_dir_all(&options.out)?;
    println!("| sequence | encoder | KB | SSIMULACRA2 mean / worst | PSNR mean / worst | flicker ppm | wall s | cpu s | MB |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    for directory in &options.directories {
        compare(directory, &options).with_context(|| directory.display().to_string())?;
    }
    Ok(())
}

struct Options {
    fps: u32,
    scores: usize,
    tolerance: u8,
    out: PathBuf,
    gifski: String,
    ffmpeg: String,
    only: Vec<String>,
    reuse: bool,
    directories: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fps: 10,
            scores: 40,
            tolerance: GifOptions::default().quality.tolerance,
            out: std::env::temp_dir().join("gif-bench"),
            gifski: "gifski".into(),
            ffmpeg: "ffmpeg".into(),
            only: ["domreel", "gifski", "ffmpeg"].map(String::from).into(),
            reuse: false,
            directories: Vec::new(),
        }
    }
}

/// Encodes one sequence with every program and prints a line of the table for each.
fn compare(directory: &Path, options: &Options) -> Result<()> {
    let files = png_files(directory)?;
    let sequence = Sequence { ticks: load(&files)?, tick_ms: u64::from(1000 / options.fps) };
    let references = References::new(&sequence, options.scores)?;
    let Pixmap { width, height, .. } = *sequence.ticks[0];
    let input = Input { files: &files, directory, fps: options.fps, width, height };
    let name = directory.components().rev().take(2).map(|c| c.as_os_str().to_string_lossy().into_owned());
    let name = name.collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/");
    for encoder in &options.only {
        let output = options.out.join(format!("{}-{encoder}.gif", name.replace('/', "-")));
        let kept = output.with_extension("cost");
        let cost = match encoder.as_str() {
            _ if options.reuse && encoder != "domreel" && kept.exists() => read_cost(&kept)?,
            "domreel" => programs::domreel(&input, &output, options.tolerance)?,
            "gifski" => programs::gifski(&options.gifski, &input, &output)?,
            "ffmpeg" => programs::ffmpeg(&options.ffmpeg, &input, &output)?,
            _ => bail!("{USAGE}"),
        };
        fs::write(&kept, format!("{} {} {}", cost.wall_s, cost.cpu_s, cost.memory_mb))?;
        let quality = quality::measure(&output, &sequence, &references)?;
        let expected = sequence.ticks.len() as u64 * sequence.tick_ms;
        ensure!(
            quality.duration_ms.abs_diff(expected) <= 10 || encoder != "domreel",
            "plays {} ms instead of {expected}",
            quality.duration_ms
        );
        print_line(&name, encoder, fs::metadata(&output)?.len(), quality, cost);
    }
    Ok(())
}

fn print_line(name: &str, encoder: &str, bytes: u64, quality: Quality, cost: Cost) {
    let Quality { psnr, ssimulacra2, flicker_ppm, .. } = quality;
    println!(
        "| {name} | {encoder} | {:.1} | {:.2} / {:.2} | {:.1} / {:.1} | {flicker_ppm:.0} | {:.2} | {:.2} | {:.0} |",
        bytes as f64 / 1000.0,
        ssimulacra2.0,
        ssimulacra2.1,
        psnr.0,
        psnr.1,
        cost.wall_s,
        cost.cpu_s,
        cost.memory_mb
    );
}

fn read_cost(path: &Path) -> Result<Cost> {
    let text = fs::read_to_string(path)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [wall_s, cpu_s, memory_mb] = numbers[..] else {
        bail!("{} is not what this program wrote", path.display());
    };
    Ok(Cost { wall_s, cpu_s, memory_mb })
}

/// `encode TOLERANCE FPS OUTPUT DIRECTORY`: domreel's encoder as a program, for a fair measurement.
fn encode(arguments: Vec<String>) -> Result<()> {
    let [tolerance, fps, output, directory] = &arguments[..] else {
        bail!("encode TOLERANCE FPS OUTPUT DIRECTORY");
    };
    let mut options = GifOptions::default();
    options.quality.tolerance = tolerance.parse()?;
    let duration_ms = 1000 / fps.parse::<u64>()?;
    let mut encoder = GifEncoder::new(File::create(output)?, options)?;
    // Decoded a few at a time, so that memory is the encoder's.
    for (chunk, files) in png_files(Path::new(directory))?.chunks(8).enumerate() {
        let pictures = files.par_iter().map(|file| read_png(file)).collect::<Result<Vec<_>>>()?;
        for (at, pixels) in pictures.into_iter().enumerate() {
            let clip_ms = (chunk * 8 + at) as u64 * duration_ms;
            encoder.push(Frame { pixels: Arc::new(pixels), clip_ms, recording_ms: clip_ms as f64, duration_ms })?;
        }
    }
    encoder.finish()?;
    Ok(())
}

fn png_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|e| e == "png"));
    files.sort();
    ensure!(!files.is_empty(), "there is no PNG file in {}", directory.display());
    Ok(files)
}

fn load(files: &[PathBuf]) -> Result<Vec<Arc<Pixmap>>> {
    let mut pictures: Vec<Arc<Pixmap>> =
        files.par_iter().map(|file| read_png(file).map(Arc::new)).collect::<Result<_>>()?;
    for at in 1..pictures.len() {
        if pictures[at] == pictures[at - 1] {
            pictures[at] = Arc::clone(&pictures[at - 1]);
        }
    }
    Ok(pictures)
}

fn read_png(path: &Path) -> Result<Pixmap> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info()?;
    let size = reader.output_buffer_size().context("a picture too large")?;
    let mut data = vec![0; size];
    let info = reader.next_frame(&mut data)?;
    data.truncate(info.buffer_size());
    ensure!(info.color_type == png::ColorType::Rgba, "{} is not a colour picture", path.display());
    Ok(Pixmap { width: info.width, height: info.height, data })
}
