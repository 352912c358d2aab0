//! GIF, made for pictures of interfaces.
//!
//! ```text
//! push ─timing─▶ distinct pictures ─change, palette─▶ drawings ─canvas─▶ drawings ─LZW─▶ file
//!                                    on all cores      in order          on all cores  in order
//! ```
//!
//! Only the rectangle that changed is written, in its own exact colours if it has few enough of
//! them, and a pixel that stays the same in the source stays the same in the file.
//! The bytes do not depend on the number of threads.

mod canvas;
mod drawing;
mod histogram;
mod lzw;
mod oklab;
mod output;
mod palette;
mod timing;

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::change::{self, Rect};
use super::jobs::{Jobs, Workers};
use super::{EncodeError, Frame, FrameCheck, StreamEncoder, Summary};
use crate::pixmap::Pixmap;
use canvas::Canvas;
use drawing::{Drawing, Packed, Pictures};
use output::{Output, Written};
use timing::{MAX_DURATION_MS, Shown, Timeline};

const FORMAT: &str = "GIF";
const MAX_SIDE: u32 = u16::MAX as u32;

/// How often a GIF plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// Again and again.
    #[default]
    Forever,
    /// So many times, at least once.
    Times(u16),
}

/// What can be chosen about a GIF.
#[derive(Debug, Clone, Default)]
pub struct GifOptions {
    /// How often it plays.
    pub repeat: Repeat,
    /// How exact it is.
    pub quality: Quality,
    /// Threads that encode; all cores if not given. The file is the same for any number.
    pub threads: Option<NonZeroUsize>,
}

/// How exact a GIF is. What a pixel is drawn with is always the nearest colour there is; less
/// quality means fewer colours, and that small differences are not drawn at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Most colours in one changed area: 2 to 256. Areas of fewer colours are exact.
    pub colours: u16,
    /// How far, in steps of 255, a moving pixel may be from its colour before it is drawn again. A
    /// pixel that comes to rest is held to less than half of it, in an area of one colour to none.
    pub tolerance: u8,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            colours: 256,
            tolerance: 5,
        }
    }
}

impl Quality {
    fn colours(self) -> usize {
        usize::from(self.colours.clamp(2, 256))
    }

    /// Largest squared difference for a pixel that changes again.
    fn moving(self) -> u32 {
        u32::from(self.tolerance).pow(2)
    }

    /// Largest squared difference for a pixel that stays.
    fn resting(self) -> u32 {
        (u32::from(self.tolerance) * 2 / 5).pow(2)
    }
}

/// Writes a GIF; see the [module](self).
pub struct GifEncoder<W: Write + Send> {
    check: FrameCheck,
    timeline: Timeline,
    workers: Workers,
    quality: Quality,
    before: Option<Arc<Pixmap>>,
    held: Option<Shown>,
    canvas: Option<Canvas>,
    choosing: Jobs<(u64, Vec<Drawing>)>,
    packing: Jobs<(u64, Vec<Packed>)>,
    output: Output<W>,
}

impl<W: Write + Send> GifEncoder<W> {
    /// An encoder that writes to `output`; nothing is written before the first frame is complete.
    pub fn new(output: W, options: GifOptions) -> Result<Self, EncodeError> {
        let workers = Workers::new(options.threads, FORMAT)?;
        Ok(Self {
            check: FrameCheck::default(),
            timeline: Timeline::default(),
            workers,
            quality: options.quality,
            before: None,
            held: None,
            canvas: None,
            choosing: Jobs::default(),
            packing: Jobs::default(),
            output: Output::new(output, options.repeat),
        })
    }

    /// Starts the work on the picture held, whose neighbours are known now, after making room for it.
    fn choose(&mut self, next: Option<Shown>) -> Result<(), EncodeError> {
        let Some(shown) = self.held.take() else {
            self.held = next;
            return Ok(());
        };
        while self.draw_next(self.choosing.len() >= self.workers.backlog())? {}
        while self.write_next(false)? {}
        let before = self.before.replace(Arc::clone(&shown.pixels));
        let after = next.as_ref().map(|next| Arc::clone(&next.pixels));
        let quality = self.quality;
        self.choosing.start(&self.workers, move || {
            let pictures = Pictures {
                before: before.as_deref(),
                now: &shown.pixels,
                next: after.as_deref(),
            };
            (shown.delay_cs, drawings(pictures, shown.delay_cs, quality))
        });
        self.held = next;
        Ok(())
    }

    /// Moves the oldest picture on whose colours are chosen; `wait` for it if need be. Says whether there was one.
    fn draw_next(&mut self, wait: bool) -> Result<bool, EncodeError> {
        let Some((delay_cs, mut drawings)) = self.choosing.take(&self.workers, wait)? else {
            return Ok(false);
        };
        while self.packing.len() >= self.workers.backlog() {
            self.write_next(true)?;
        }
        let (width, height) = self.check.size().unwrap_or_default();
        let canvas = self
            .canvas
            .get_or_insert_with(|| Canvas::new(width as usize, height as usize));
        for drawing in &mut drawings {
            canvas.draw(drawing, self.quality);
        }
        self.packing.start(&self.workers, move || {
            (delay_cs, drawings.into_iter().map(Drawing::pack).collect())
        });
        Ok(true)
    }

    /// Writes the oldest frame that is compressed; `wait` for it if need be. Says whether there was one.
    fn write_next(&mut self, wait: bool) -> Result<bool, EncodeError> {
        let Some((delay_cs, packed)) = self.packing.take(&self.workers, wait)? else {
            return Ok(false);
        };
        let (width, height) = self.check.size().unwrap_or_default();
        self.output
            .write(&packed, delay_cs, width as u16, height as u16)?;
        Ok(true)
    }
}

impl<W: Write + Send> StreamEncoder for GifEncoder<W> {
    type Output = W;

    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        let Frame {
            pixels, duration_ms, ..
        } = frame;
        let frame = self.check.accept(&pixels, FORMAT, MAX_SIDE)?;
        if duration_ms > MAX_DURATION_MS {
            return Err(EncodeError::TooLong {
                frame,
                duration_ms,
                max_ms: MAX_DURATION_MS,
                format: FORMAT,
            });
        }
        match self.timeline.push(pixels, duration_ms) {
            Some(shown) => self.choose(Some(shown)),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<(W, Summary), EncodeError> {
        let last = std::mem::take(&mut self.timeline)
            .finish()
            .ok_or(EncodeError::NoFrames)?;
        self.choose(Some(last))?;
        self.choose(None)?;
        while self.draw_next(true)? {}
        while self.write_next(true)? {}
        let (width, height) = self.check.size().unwrap_or_default();
        let Written {
            output,
            frames,
            duration_ms,
            bytes,
        } = self.output.finish()?;
        Ok((
            output,
            Summary {
                width,
                height,
                frames,
                duration_ms,
                bytes,
                traded: None,
            },
        ))
    }
}

/// What has to be drawn for a picture to be seen; at least one drawing.
fn drawings(pictures: Pictures, delay_cs: u64, quality: Quality) -> Vec<Drawing> {
    let regions = match pictures.before {
        Some(before) => change::regions(before, pictures.now, timing::max_steps(delay_cs)),
        None => vec![Rect::whole(pictures.now)],
    };
    if regions.is_empty() {
        return vec![Drawing::nothing()];
    }
    regions
        .into_iter()
        .map(|rect| Drawing::new(pictures, rect, quality))
        .collect()
}

#[cfg(test)]
mod tests;
