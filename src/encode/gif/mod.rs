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

mod change;
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

use super::jobs::{Jobs, Workers};
use super::{EncodeError, Encoder, Frame, FrameCheck, Summary};
use crate::pixmap::Pixmap;
use drawing::{Canvas, Drawing, Packed};
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
    /// Threads that encode; all cores if not given. The file is the same for any number.
    pub threads: Option<NonZeroUsize>,
}

/// Writes a GIF; see the [module](self).
pub struct GifEncoder<W: Write + Send> {
    check: FrameCheck,
    timeline: Timeline,
    workers: Workers,
    before: Option<Arc<Pixmap>>,
    canvas: Option<Canvas>,
    choosing: Jobs<(u64, Option<Drawing>)>,
    packing: Jobs<(u64, Packed)>,
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
            before: None,
            canvas: None,
            choosing: Jobs::default(),
            packing: Jobs::default(),
            output: Output::new(output, options.repeat),
        })
    }

    /// Takes the next frame, as [`Encoder::push`] does.
    pub fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
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
            Some(shown) => self.choose(shown),
            None => Ok(()),
        }
    }

    /// Writes what is left and gives the output back.
    pub fn finish(mut self) -> Result<(W, Summary), EncodeError> {
        let last = std::mem::take(&mut self.timeline)
            .finish()
            .ok_or(EncodeError::NoFrames)?;
        self.choose(last)?;
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
            },
        ))
    }

    /// Starts the work on a picture, after making room for it.
    fn choose(&mut self, shown: Shown) -> Result<(), EncodeError> {
        while self.draw_next(self.choosing.len() >= self.workers.backlog())? {}
        while self.write_next(false)? {}
        let before = self.before.replace(Arc::clone(&shown.pixels));
        self.choosing.start(&self.workers, move || {
            (shown.delay_cs, Drawing::new(before.as_deref(), &shown.pixels))
        });
        Ok(())
    }

    /// Moves the oldest picture on whose colours are chosen; `wait` for it if need be. Says whether there was one.
    fn draw_next(&mut self, wait: bool) -> Result<bool, EncodeError> {
        let Some((delay_cs, drawing)) = self.choosing.take(&self.workers, wait)? else {
            return Ok(false);
        };
        while self.packing.len() >= self.workers.backlog() {
            self.write_next(true)?;
        }
        let first = self.canvas.is_none();
        let (width, height) = self.check.size().unwrap_or_default();
        let canvas = self
            .canvas
            .get_or_insert_with(|| Canvas::new(width as usize, height as usize));
        let mut drawing = drawing.unwrap_or_else(Drawing::nothing);
        canvas.draw(&mut drawing, first);
        self.packing
            .start(&self.workers, move || (delay_cs, drawing.pack()));
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

impl<W: Write + Send> Encoder for GifEncoder<W> {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        GifEncoder::push(self, frame)
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        GifEncoder::finish(*self).map(|(_, summary)| summary)
    }
}

#[cfg(test)]
mod tests;
