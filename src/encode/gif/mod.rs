//! GIF, made for pictures of interfaces.
//!
//! ```text
//! push ─timing─▶ distinct pictures ─change─▶ areas ─palette─▶ drawings ─canvas─▶ drawings ─LZW─▶ file
//!                                 on all cores    on all cores        in order      on all cores  in order
//! ```
//!
//! Only the rectangle that changed is written. The file begins when enough pictures are known to choose one table of
//! colours for what changes; an area is drawn in these where the difference is too small to be seen, else in its own, which
//! are exact if they are few enough. What is of one colour is exact in either. With a tolerance of 0, all that has few
//! enough colours is exact. A pixel that stays the same in the source stays the same in the file.
//! The bytes do not depend on the number of threads.

mod area;
mod canvas;
mod drawing;
mod histogram;
mod lzw;
mod oklab;
mod output;
mod palette;
mod shared;
mod timing;

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::change::{self, Rect};
use super::jobs::{Jobs, Workers};
use super::{EncodeError, Frame, FrameCheck, StreamEncoder, Summary};
use crate::limits::{Limit, Limits};
use crate::pixmap::Pixmap;
use area::{Area, Pictures};
use canvas::Canvas;
use drawing::{Drawing, Packed};
use output::{Output, Written};
use shared::Shared;
use timing::{MAX_DURATION_MS, Shown, Timeline};

const FORMAT: &str = "GIF";
const MAX_SIDE: u32 = u16::MAX as u32;

/// How often a picture that moves plays: a GIF, an APNG, a WebP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// Again and again.
    #[default]
    Forever,
    /// So many times, at least once.
    Times(u16),
}

impl Repeat {
    /// How often, as formats write it that mean "for ever" by 0.
    pub(super) fn plays(self) -> u16 {
        match self {
            Self::Forever => 0,
            Self::Times(times) => times.max(1),
        }
    }
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
    /// How much is looked at before the file begins.
    pub limits: Limits,
}

/// How exact a GIF is. What a pixel is drawn with is always the nearest colour there is; less
/// quality means fewer colours, and that small differences are not drawn at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Most colours in one changed area: 2 to 256. Areas of fewer colours are exact, as far as `tolerance` says.
    pub colours: u16,
    /// How far, in steps of 255, a moving pixel may be from its colour before it is drawn again. A
    /// pixel that comes to rest is held to less than half of it, in an area of one colour to none. In proportion to it,
    /// colours may also be replaced by near ones that the file has already; at 0 none is.
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

    /// How much is done with colours that are near; 1 is the usual, 0 never.
    fn thrift(self) -> f32 {
        f32::from(self.tolerance) / f32::from(Self::default().tolerance)
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
    ahead: Ahead,
    /// The colours of the file, once it has begun.
    shared: Option<Arc<Shared>>,
    looking: Jobs<Picture>,
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
            ahead: Ahead::within(&options.limits),
            shared: None,
            looking: Jobs::default(),
            choosing: Jobs::default(),
            packing: Jobs::default(),
            output: Output::new(output, options.repeat),
        })
    }

    /// Starts the work on the picture held, whose neighbours are known now, after making room for it.
    fn look(&mut self, next: Option<Shown>) -> Result<(), EncodeError> {
        let Some(shown) = self.held.take() else {
            self.held = next;
            return Ok(());
        };
        while self.choose_next(self.looking.len() >= self.workers.backlog())? {}
        while self.draw_next(false)? {}
        while self.write_next(false)? {}
        let before = self.before.replace(Arc::clone(&shown.pixels));
        let after = next.as_ref().map(|next| Arc::clone(&next.pixels));
        self.looking.start(&self.workers, move || {
            let pictures = Pictures {
                before: before.as_deref(),
                now: &shown.pixels,
                next: after.as_deref(),
            };
            Picture {
                delay_cs: shown.delay_cs,
                areas: areas(pictures, shown.delay_cs),
            }
        });
        self.held = next;
        Ok(())
    }

    /// Moves the oldest picture on that was looked at; `wait` for it if need be. Says whether there was one.
    fn choose_next(&mut self, wait: bool) -> Result<bool, EncodeError> {
        let Some(picture) = self.looking.take(&self.workers, wait)? else {
            return Ok(false);
        };
        if self.shared.is_some() {
            self.choose(picture)?;
        } else if self.ahead.add(picture) {
            self.begin()?;
        }
        Ok(true)
    }

    /// Begins the file with the colours that the pictures so far have in common, and goes on with these.
    fn begin(&mut self) -> Result<(), EncodeError> {
        let (width, height) = self.check.size().unwrap_or_default();
        let ahead = std::mem::take(&mut self.ahead).pictures;
        let areas = ahead.iter().flat_map(|picture| &picture.areas);
        let shared = Shared::choose(areas, width as usize * height as usize);
        self.output.open(&shared, width as u16, height as u16)?;
        self.shared = Some(Arc::new(shared));
        ahead.into_iter().try_for_each(|picture| self.choose(picture))
    }

    /// Starts the choice of a picture's colours, after making room for it.
    fn choose(&mut self, picture: Picture) -> Result<(), EncodeError> {
        while self.draw_next(self.choosing.len() >= self.workers.backlog())? {}
        let quality = self.quality;
        let shared = self.shared.clone().unwrap_or_default();
        self.choosing.start(&self.workers, move || {
            let Picture { delay_cs, areas } = picture;
            let drawings = areas.iter().map(|area| Drawing::new(area, &shared, quality));
            (delay_cs, drawings.collect())
        });
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
        self.output.write(&packed, delay_cs)?;
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
            Some(shown) => self.look(Some(shown)),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<(W, Summary), EncodeError> {
        let last = std::mem::take(&mut self.timeline)
            .finish()
            .ok_or(EncodeError::NoFrames)?;
        self.look(Some(last))?;
        self.look(None)?;
        while self.choose_next(true)? {}
        if self.shared.is_none() {
            self.begin()?;
        }
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

/// What has to be drawn for a picture to be seen, and how long it is shown.
#[derive(Debug)]
struct Picture {
    /// In centiseconds.
    delay_cs: u64,
    /// At least one.
    areas: Vec<Area>,
}

/// Pictures that are looked at together before the file begins.
#[derive(Debug, Default)]
struct Ahead {
    pictures: Vec<Picture>,
    bytes: usize,
    /// How much is kept in memory.
    most_bytes: usize,
    /// How many are enough to know what comes again.
    most: usize,
}

impl Ahead {
    fn within(limits: &Limits) -> Self {
        Ahead {
            most_bytes: limits.size(Limit::GifAhead),
            most: limits.size(Limit::GifAheadPictures),
            ..Ahead::default()
        }
    }

    /// Adds a picture; says whether there are enough now.
    fn add(&mut self, picture: Picture) -> bool {
        self.bytes += picture.areas.iter().map(Area::bytes).sum::<usize>();
        self.pictures.push(picture);
        self.bytes >= self.most_bytes || self.pictures.len() >= self.most
    }
}

/// The areas of a picture that have to be drawn; at least one.
fn areas(pictures: Pictures, delay_cs: u64) -> Vec<Area> {
    let regions = match pictures.before {
        Some(before) => change::regions(before, pictures.now, timing::max_steps(delay_cs)),
        None => vec![Rect::whole(pictures.now)],
    };
    if regions.is_empty() {
        return vec![Area::nothing()];
    }
    regions
        .into_iter()
        .map(|rect| Area::new(pictures, rect))
        .collect()
}

#[cfg(test)]
mod tests;
