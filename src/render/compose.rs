//! Pages and overlays become frames, in the order of the clip.

use std::collections::VecDeque;
use std::sync::Arc;

use super::RenderError;
use super::ahead::{Ahead, Coming, Next, most_ahead};
use super::capture::{Arrivals, Job, Shot};
use super::timings::{Spent, Work};
use crate::clip::Clip;
use crate::encode::{Encoder, Frame, Summary};
use crate::overlay::{KnownPlaces, Overlay, State};
use crate::pixmap::Pixmap;

/// So many frames are known for their memory, to draw others in: as many as an encoder works on, and a few.
const KNOWN_FRAMES: usize = 10;

/// So many of them wait to be drawn in, at most.
const FREE_FRAMES: usize = 2;

/// Joins what the browsers send with the overlays and hands frames to the encoder.
pub(super) struct Composer<'a> {
    job: Job<'a>,
    clip: &'a Clip,
    overlay: Arc<Overlay>,
    encoder: Box<dyn Encoder>,
    /// The page as it is shown now.
    page: Option<Arc<Pixmap>>,
    places: KnownPlaces,
    state: Option<Arc<State>>,
    /// The next point of the clip's grid.
    next: u64,
    /// Frames that are being drawn, oldest first.
    drawing: VecDeque<Drawing>,
    /// The frame that lasts until something changes.
    current: Option<Frame>,
    /// The last frames, whose memory is used again when the encoder needs them no more: fresh memory costs
    /// as much as drawing.
    kept: VecDeque<Arc<Pixmap>>,
    frames: u64,
    captured: u64,
    /// Time spent on the piece under way.
    spent: Spent,
}

/// A frame that is being drawn.
struct Drawing {
    pixels: Coming<Pixmap>,
    clip_ms: u64,
    recording: f64,
}

/// What a composer has made.
pub(super) struct Composed {
    pub summary: Summary,
    /// Pictures of the page that differed from the one before.
    pub captured: u64,
    /// Time spent on each piece.
    pub spent: Vec<Spent>,
    /// The point of the clip's grid that it ends at, if it was stopped before its end.
    pub stopped_at: Option<u64>,
}

impl<'a> Composer<'a> {
    pub(super) fn new(job: Job<'a>, clip: &'a Clip, encoder: Box<dyn Encoder>) -> Self {
        Composer {
            job,
            clip,
            overlay: Arc::new(job.overlay.clone()),
            encoder,
            page: None,
            places: KnownPlaces::default(),
            state: None,
            next: 0,
            drawing: VecDeque::new(),
            current: None,
            kept: VecDeque::with_capacity(KNOWN_FRAMES + 1),
            frames: 0,
            captured: 0,
            spent: Spent::default(),
        }
    }

    /// Takes all pictures as they arrive and finishes the clip: with the last one that came, where
    /// it was stopped.
    ///
    /// # Errors
    /// Whatever ended a browser's or the encoder's work.
    pub(super) fn run(mut self, arrivals: &Arrivals) -> Result<Composed, RenderError> {
        let mut stopped = false;
        let mut spent = Vec::with_capacity(arrivals.shots.len());
        let mut whole = false;
        let mut ahead = Ahead::new(arrivals, self.job.scene);
        while let Some(next) = ahead.next(&mut self.spent)? {
            match next {
                Next::Shot(shot, page) => {
                    if self.job.progress.cancelled() {
                        return Err(RenderError::Cancelled);
                    }
                    whole = shot.last;
                    if self.page.is_none() {
                        self.take_overlay(arrivals)?;
                    }
                    self.take(shot, page)?;
                }
                Next::EndOfPiece => {
                    spent.push(std::mem::take(&mut self.spent));
                    // The next piece may not have begun.
                    if !std::mem::replace(&mut whole, false) {
                        if !self.job.progress.enough() {
                            return Err(RenderError::Thread {
                                reason: "a browser's pictures ended early".to_owned(),
                            });
                        }
                        stopped = true;
                        break;
                    }
                }
            }
        }
        // What is left belongs to the last piece.
        self.spent = spent.pop().unwrap_or_default();
        let mut length = self.job.plan.length();
        if stopped {
            if self.job.progress.cancelled() {
                return Err(RenderError::Cancelled);
            }
            length = length.min(self.job.plan.at(self.next).0);
            self.encoder.set_partial();
        } else {
            self.overlays_until(self.job.plan.end_index())?;
        }
        self.finish_drawings(0)?;
        self.flush(length)?;
        if stopped && self.frames == 0 {
            return Err(RenderError::Cancelled);
        }
        let summary = self.spent.on(Work::Encode, || self.encoder.finish())?;
        spent.push(self.spent);
        Ok(Composed {
            summary,
            captured: self.captured,
            spent,
            stopped_at: stopped.then_some(self.next),
        })
    }

    fn take_overlay(&mut self, arrivals: &Arrivals) -> Result<(), RenderError> {
        // It is sent before the first picture is taken.
        let overlay = arrivals.overlay.recv().map_err(|_| RenderError::Thread {
            reason: "no browser drew the overlays".to_owned(),
        })?;
        self.overlay = Arc::new(overlay);
        Ok(())
    }

    /// The page is as in `shot` from its tick on, and looks like `page`, if that is not as before.
    fn take(&mut self, shot: Shot, page: Option<Pixmap>) -> Result<(), RenderError> {
        self.overlays_until(shot.tick.index)?;
        self.places = shot.places;
        let mut changed = false;
        // Pieces of a clip begin with a picture that may be the last one's of the piece before.
        if let Some(page) = page.filter(|page| self.page.as_deref() != Some(page)) {
            self.page = Some(Arc::new(page));
            self.captured += 1;
            changed = true;
        }
        self.draw(shot.tick.index, changed)?;
        self.next = self.next.max(shot.tick.index + 1);
        Ok(())
    }

    /// Frames in which only overlays change, up to a point of the grid.
    fn overlays_until(&mut self, index: u64) -> Result<(), RenderError> {
        while self.next < index {
            let at = self.next;
            self.next += 1;
            self.draw(at, false)?;
        }
        Ok(())
    }

    /// Begins to draw a new frame at a point of the grid, if it looks different from the one before.
    fn draw(&mut self, index: u64, page_changed: bool) -> Result<(), RenderError> {
        let Some(page) = &self.page else { return Ok(()) };
        let (clip_ms, recording) = self.job.plan.at(index);
        let (overlay, places, before) = (&self.overlay, &self.places, self.state.as_deref());
        let state = self.spent.on(Work::Overlay, || {
            overlay.state_after(before, clip_ms as f64, places)
        });
        if !page_changed && self.state.as_deref() == Some(&state) {
            return Ok(());
        }
        let state = Arc::new(state);
        self.state = Some(Arc::clone(&state));
        let (overlay, page) = (Arc::clone(overlay), Arc::clone(page));
        let memory = self.free_memory();
        self.drawing.push_back(Drawing {
            pixels: Coming::start(Work::Overlay, move || overlay.compose_in(memory, &page, &state)),
            clip_ms,
            recording,
        });
        self.finish_drawings(most_ahead())
    }

    /// Hands on frames until so many are still being drawn.
    fn finish_drawings(&mut self, left: usize) -> Result<(), RenderError> {
        while self.drawing.len() > left {
            let Some(drawing) = self.drawing.pop_front() else {
                return Ok(());
            };
            let pixels = Arc::new(drawing.pixels.wait(Work::Overlay, &mut self.spent)?);
            self.keep(&pixels);
            if self.current.as_ref().is_some_and(|frame| frame.pixels == pixels) {
                continue;
            }
            self.flush(drawing.clip_ms)?;
            self.current = Some(Frame {
                pixels,
                clip_ms: drawing.clip_ms,
                recording_ms: self.clip.since_origin(drawing.recording),
                duration_ms: 0,
            });
        }
        Ok(())
    }

    fn keep(&mut self, frame: &Arc<Pixmap>) {
        let mut free = 0;
        self.kept.retain(|kept| {
            free += usize::from(is_free(kept));
            !is_free(kept) || free <= FREE_FRAMES
        });
        self.kept.push_back(Arc::clone(frame));
        if self.kept.len() > KNOWN_FRAMES {
            self.kept.pop_front();
        }
    }

    /// Memory of a frame that nobody needs any more, if there is one.
    fn free_memory(&mut self) -> Vec<u8> {
        let free = self.kept.iter().position(is_free);
        let frame = free.and_then(|at| self.kept.remove(at)).and_then(Arc::into_inner);
        frame.map(|frame| frame.data).unwrap_or_default()
    }

    /// The frame that is shown ends.
    fn flush(&mut self, clip_ms: u64) -> Result<(), RenderError> {
        if let Some(mut frame) = self.current.take() {
            frame.duration_ms = clip_ms.saturating_sub(frame.clip_ms);
            let encoder = &mut self.encoder;
            self.spent.on(Work::Encode, || encoder.push(frame))?;
            self.frames += 1;
            self.job
                .progress
                .frame(clip_ms, self.job.plan.length(), self.frames);
        }
        Ok(())
    }
}

/// Whether nobody else needs a frame.
fn is_free(frame: &Arc<Pixmap>) -> bool {
    Arc::strong_count(frame) == 1
}
