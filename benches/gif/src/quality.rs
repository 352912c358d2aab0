//! How near a GIF is to the frames it was made of.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use domreel::pixmap::Pixmap;
use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use rayon::prelude::*;

/// Frames of equal length; equal neighbours are the same picture.
pub struct Sequence {
    /// One for each tick.
    pub ticks: Vec<Arc<Pixmap>>,
    /// Length of a tick in milliseconds.
    pub tick_ms: u64,
}

impl Sequence {
    /// Positions of the ticks whose picture differs from the one before.
    pub fn distinct(&self) -> Vec<usize> {
        (0..self.ticks.len()).filter(|&at| at == 0 || !Arc::ptr_eq(&self.ticks[at], &self.ticks[at - 1])).collect()
    }
}

/// What was measured over a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Quality {
    /// PSNR over RGB in dB, mean and worst tick; 99 for exact.
    pub psnr: (f64, f64),
    /// SSIMULACRA2, mean and worst of the pictures looked at.
    pub ssimulacra2: (f64, f64),
    /// Pixels that are still in the source and change in the GIF, in millionths.
    pub flicker_ppm: f64,
    /// How long the GIF plays, in milliseconds.
    pub duration_ms: u64,
    /// Frames in the file.
    pub frames: usize,
}

/// SSIMULACRA2's half of the work that depends on the source only.
pub struct References(Vec<(usize, Ssimulacra2Reference)>);

impl References {
    /// Looks at `count` of the distinct pictures, evenly spread, or at all if there are fewer.
    pub fn new(sequence: &Sequence, count: usize) -> Result<Self> {
        let distinct = sequence.distinct();
        let count = count.clamp(1, distinct.len());
        let chosen: Vec<usize> = (0..count).map(|at| distinct[at * distinct.len() / count]).collect();
        let references = chosen.par_iter().map(|&at| {
            let rgb = rgb(&sequence.ticks[at].data);
            Ok((at, Ssimulacra2Reference::new(&slice(&rgb, &sequence.ticks[at])?)?))
        });
        Ok(Self(references.collect::<Result<_>>()?))
    }
}

fn rgb(rgba: &[u8]) -> Vec<u8> {
    rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
}

fn slice<'a>(rgb: &'a [u8], size: &Pixmap) -> Result<PixelSlice<'a>> {
    let stride = size.width as usize * 3;
    PixelSlice::new(rgb, size.width, size.height, stride, PixelDescriptor::RGB8_SRGB)
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// Decodes a GIF and compares it with its source.
pub fn measure(file: &Path, source: &Sequence, references: &References) -> Result<Quality> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let mut gif = Player::new(&bytes)?;
    let (mut psnr_sum, mut psnr_worst) = (0.0, f64::MAX);
    let mut flickering = 0u64;
    let mut before: Option<(Arc<Pixmap>, Vec<u8>)> = None;
    let mut scored = references.0.iter().peekable();
    let mut pairs = Vec::new();
    for (at, tick) in source.ticks.iter().enumerate() {
        gif.seek(at as u64 * source.tick_ms + source.tick_ms / 2)?;
        let shown = &gif.canvas;
        ensure!(shown.len() == tick.data.len(), "{} has another size than its source", file.display());
        let psnr = psnr(&tick.data, shown);
        psnr_sum += psnr;
        psnr_worst = f64::min(psnr_worst, psnr);
        if let Some((source_before, shown_before)) = &before {
            flickering += flicker(source_before, tick, shown_before, shown);
        }
        if let Some((_, reference)) = scored.next_if(|(wanted, _)| *wanted == at) {
            pairs.push((reference, rgb(shown), tick));
        }
        before = Some((Arc::clone(tick), shown.clone()));
    }
    let scores = pairs
        .par_iter()
        .map(|(reference, shown, tick)| Ok(reference.compare(&slice(shown, tick)?)?))
        .collect::<Result<Vec<f64>>>()?;
    gif.seek(u64::MAX)?;
    let ticks = source.ticks.len();
    let pixels = source.ticks[0].data.len() / 4 * (ticks - 1).max(1);
    Ok(Quality {
        psnr: (psnr_sum / ticks as f64, psnr_worst),
        ssimulacra2: (
            scores.iter().sum::<f64>() / scores.len() as f64,
            scores.iter().copied().fold(f64::MAX, f64::min),
        ),
        flicker_ppm: flickering as f64 * 1e6 / pixels as f64,
        duration_ms: gif.end_ms,
        frames: gif.frames,
    })
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let error: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    let samples = a.len() as f64 * 0.75;
    if error == 0 { 99.0 } else { (10.0 * (255.0 * 255.0 * samples / error as f64).log10()).min(99.0) }
}

fn flicker(source_before: &Arc<Pixmap>, source: &Arc<Pixmap>, shown_before: &[u8], shown: &[u8]) -> u64 {
    let sources = source_before.data.chunks_exact(4).zip(source.data.chunks_exact(4));
    let shown = shown_before.chunks_exact(4).zip(shown.chunks_exact(4));
    sources.zip(shown).filter(|((a, b), (c, d))| a == b && c != d).count() as u64
}

/// Shows a GIF at a time, going forward.
struct Player<'a> {
    decoder: gif::Decoder<&'a [u8]>,
    canvas: Vec<u8>,
    width: usize,
    end_ms: u64,
    frames: usize,
}

impl<'a> Player<'a> {
    fn new(file: &'a [u8]) -> Result<Self> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let decoder = options.read_info(file)?;
        let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
        let canvas = [0, 0, 0, 255].repeat(width * height);
        Ok(Self { decoder, canvas, width, end_ms: 0, frames: 0 })
    }

    fn seek(&mut self, at_ms: u64) -> Result<()> {
        while self.end_ms <= at_ms {
            let Some(frame) = self.decoder.read_next_frame()? else {
                return Ok(());
            };
            ensure!(
                matches!(frame.dispose, gif::DisposalMethod::Keep | gif::DisposalMethod::Any),
                "a disposal method that this program does not know"
            );
            let (left, top) = (usize::from(frame.left), usize::from(frame.top));
            for (y, row) in frame.buffer.chunks_exact(usize::from(frame.width) * 4).enumerate() {
                let start = ((top + y) * self.width + left) * 4;
                for (shown, pixel) in self.canvas[start..].chunks_exact_mut(4).zip(row.chunks_exact(4)) {
                    if pixel[3] != 0 {
                        shown.copy_from_slice(pixel);
                    }
                }
            }
            self.end_ms += u64::from(frame.delay) * 10;
            self.frames += 1;
        }
        Ok(())
    }
}
