//! Media elements: what plays, from where, how fast.

use super::page::Page;
use super::{Change, MediaState};
use crate::recording::{Attribute, MediaAction, MediaInteraction};

impl Page {
    pub(super) fn media(&mut self, done: &MediaInteraction, time: f64, out: &mut Vec<Change>) {
        let Some(key) = self.known(done.target) else {
            return;
        };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        let Some(element) = node.element_mut().filter(|element| element.is_media()) else {
            return;
        };
        let mut state = at(element.media, time);
        state.time = done.time.filter(|time| time.is_finite()).or(state.time);
        state.volume = done.volume.or(state.volume);
        state.muted = done.muted.or(state.muted);
        state.looping = done.looping.or(state.looping);
        state.rate = done.rate.filter(|rate| rate.is_finite()).or(state.rate);
        match done.action {
            MediaAction::Play => state.playing = Some(true),
            MediaAction::Pause => state.playing = Some(false),
            MediaAction::Seek | MediaAction::Volume | MediaAction::Rate => {}
        }
        element.media = Some(state);
        out.push(Change::Media { node: handle, state });
    }
}

/// What an attribute says of a media element; `None` when it says nothing.
pub(super) fn said_by(attribute: &Attribute, known: Option<MediaState>, time: f64) -> Option<MediaState> {
    let mut state = at(known, time);
    match *attribute {
        Attribute::MediaPlaying(playing) => state.playing = Some(playing),
        Attribute::MediaTime(seconds) if seconds.is_finite() => state.time = Some(seconds),
        Attribute::MediaRate(rate) if rate.is_finite() => state.rate = Some(rate),
        Attribute::MediaMuted(muted) => state.muted = Some(muted),
        Attribute::MediaLoop(looping) => state.looping = Some(looping),
        Attribute::MediaVolume(volume) => state.volume = Some(volume),
        _ => return None,
    }
    Some(state)
}

/// A state as it is at a later time: what plays has gone on.
fn at(known: Option<MediaState>, time: f64) -> MediaState {
    let mut state = known.unwrap_or_default();
    if state.playing == Some(true) {
        let played = (time - state.at).max(0.0) / 1000.0 * state.rate.unwrap_or(1.0);
        state.time = state.time.map(|known| known + played);
    }
    state.at = time;
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plays_goes_on_at_its_rate() {
        let playing = MediaState {
            playing: Some(true),
            time: Some(10.0),
            at: 1000.0,
            rate: Some(2.0),
            ..MediaState::default()
        };
        let paused = said_by(&Attribute::MediaPlaying(false), Some(playing), 4000.0).unwrap_or_default();
        assert_eq!((paused.time, paused.playing), (Some(16.0), Some(false)));
        let later = said_by(&Attribute::MediaRate(1.0), Some(paused), 9000.0).unwrap_or_default();
        assert_eq!((later.time, later.at), (Some(16.0), 9000.0));
    }
}
