//! The page as it is where a clip begins, played once for all browsers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dom::Replay;
use crate::recording::Tab;

/// A tab that is played to where a clip begins, for a number of browsers that go on from there.
pub(super) struct Beginning<'t> {
    tab: &'t Tab,
    time: f64,
    state: Mutex<State<'t>>,
}

struct State<'t> {
    replay: Option<Replay<'t>>,
    /// So many browsers have not taken theirs.
    left: usize,
}

impl<'t> Beginning<'t> {
    /// At recording time `time`, for so many browsers.
    pub(super) fn new(tab: &'t Tab, time: f64, browsers: usize) -> Self {
        Beginning {
            tab,
            time,
            state: Mutex::new(State {
                replay: None,
                left: browsers,
            }),
        }
    }

    /// Plays up to there, while the browsers start.
    pub(super) fn play(&self) {
        drop(self.played());
    }

    /// What one browser goes on from. The last one leaves nothing behind.
    pub(super) fn take(&self) -> Replay<'t> {
        let mut state = self.played();
        state.left = state.left.saturating_sub(1);
        let replay = match state.left {
            0 => state.replay.take(),
            _ => state.replay.clone(),
        };
        replay.unwrap_or_else(|| Replay::new(self.tab))
    }

    /// Whoever comes first plays, and the others wait for it.
    fn played(&self) -> MutexGuard<'_, State<'t>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.replay.is_none() && state.left > 0 {
            let mut replay = Replay::new(self.tab);
            replay.go_to(self.time);
            state.replay = Some(replay);
        }
        state
    }
}
