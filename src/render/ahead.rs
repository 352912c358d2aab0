//! Work on pictures that is done before its result is needed, on threads of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use super::RenderError;
use super::capture::{Arrivals, Shot, picture};
use super::timings::{Spent, Work};
use crate::overlay::Scene;
use crate::pixmap::Pixmap;
use crate::stage::StageError;

/// Something that another thread works out.
pub(super) struct Coming<T>(Receiver<(T, Duration)>);

impl<T: Send + 'static> Coming<T> {
    /// Starts to work it out.
    pub(super) fn start(work: Work, what: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(1);
        rayon::spawn_fifo(move || {
            let begun = Instant::now();
            // A panic here would end the process; a missing result is an error where it is waited for.
            let done = catch_unwind(AssertUnwindSafe(|| work.span().in_scope(what)));
            if let Ok(done) = done {
                // Nobody waits for it any more when the clip has failed elsewhere.
                let _ = sender.send((done, begun.elapsed()));
            }
        });
        Coming(receiver)
    }

    /// Waits for it; counts the time that it took as that kind of work.
    pub(super) fn wait(self, work: Work, spent: &mut Spent) -> Result<T, RenderError> {
        let came = spent.on(Work::Wait, || self.0.recv());
        let (done, time) = came.map_err(|_| RenderError::Thread {
            reason: "it panicked, which is a mistake in domreel; please report it".to_owned(),
        })?;
        spent.add(work, time);
        Ok(done)
    }
}

/// So many pictures are worked on ahead: enough for all cores, and few enough for memory to be bounded.
pub(super) fn most_ahead() -> usize {
    rayon::current_num_threads() + 2
}

/// What comes next in a clip.
pub(super) enum Next {
    /// A point of the clip, and the page's new picture, if it has one.
    Shot(Shot, Option<Pixmap>),
    /// A piece of the clip is complete.
    EndOfPiece,
}

enum Waiting {
    Shot(Shot, Option<Coming<Result<Pixmap, StageError>>>),
    EndOfPiece,
    Failed(RenderError),
}

/// What the browsers send, in the order of the clip, decoded ahead.
pub(super) struct Ahead<'a> {
    arrivals: &'a Arrivals,
    scene: Scene,
    /// The piece whose shots are taken.
    piece: usize,
    waiting: VecDeque<Waiting>,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(arrivals: &'a Arrivals, scene: Scene) -> Self {
        Ahead {
            arrivals,
            scene,
            piece: 0,
            waiting: VecDeque::new(),
        }
    }

    /// What comes next; `None` after the last piece.
    ///
    /// # Errors
    /// What ended a browser's work, or a picture that cannot be read.
    pub(super) fn next(&mut self, spent: &mut Spent) -> Result<Option<Next>, RenderError> {
        while self.waiting.len() < most_ahead() {
            let Some(shots) = self.arrivals.shots.get(self.piece) else {
                break;
            };
            let shot = match shots.try_recv() {
                Err(TryRecvError::Empty) if !self.waiting.is_empty() => break,
                Err(TryRecvError::Empty) => spent.on(Work::Wait, || shots.recv()).ok(),
                Err(TryRecvError::Disconnected) => None,
                Ok(shot) => Some(shot),
            };
            self.waiting.push_back(match shot {
                Some(Ok(shot)) => self.decoded(shot),
                Some(Err(error)) => Waiting::Failed(error),
                None => {
                    self.piece += 1;
                    Waiting::EndOfPiece
                }
            });
        }
        Ok(match self.waiting.pop_front() {
            None => None,
            Some(Waiting::Failed(error)) => return Err(error),
            Some(Waiting::EndOfPiece) => {
                self.arrivals.composed.fetch_add(1, Ordering::Relaxed);
                Some(Next::EndOfPiece)
            }
            Some(Waiting::Shot(shot, None)) => Some(Next::Shot(shot, None)),
            Some(Waiting::Shot(shot, Some(page))) => {
                let page = page.wait(Work::Decode, spent)??;
                Some(Next::Shot(shot, Some(page)))
            }
        })
    }

    fn decoded(&self, mut shot: Shot) -> Waiting {
        let scene = self.scene;
        let page = shot
            .picture
            .take()
            .map(|png| Coming::start(Work::Decode, move || picture(&png, scene)));
        Waiting::Shot(shot, page)
    }
}
