//! Clicks and touches, each once, however many events tell of it.

use super::Spot;
use super::path::from_keyboard;
use crate::clip::TimeMap;
use crate::recording::{Interaction, InteractionKind};

/// Events of one gesture (down, up, click, double click) come within this time of each other…
const GESTURE_MS: f64 = 1000.0;

/// …and within this distance, in CSS pixels.
const GESTURE_PX: f64 = 24.0;

/// Clip time that a press is seen for at least.
const SHORTEST_MS: f64 = 180.0;

/// Clip time that a ripple takes…
const RIPPLE_MS: f64 = 600.0;

/// …or more, so that at low frame rates it is still seen in so many frames.
const RIPPLE_FRAMES: f64 = 5.0;

/// Most ripples at one time: in a fast clip of many clicks, the newest.
const MOST_RIPPLES: usize = 8;

/// A button or finger that went down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Press {
    pub(super) spot: Spot,
    finger: bool,
    /// Clip time at which it went down.
    pub(super) down: f64,
    /// Clip time until which it is shown as down.
    up: f64,
}

/// All presses of a clip.
#[derive(Debug, Clone, Default)]
pub(super) struct Presses {
    /// Ascending by `down`.
    presses: Vec<Press>,
    ripple_ms: f64,
}

/// Finds gestures in the events of a recording, which come in the order of their time.
#[derive(Debug, Default)]
pub(super) struct PressBuilder {
    gestures: Vec<Gesture>,
}

#[derive(Debug)]
struct Gesture {
    spot: Spot,
    finger: bool,
    down: f64,
    up: Option<f64>,
    /// Its click has come: the next one is another gesture's.
    clicked: bool,
}

impl PressBuilder {
    pub(super) fn interaction(&mut self, time: f64, interaction: &Interaction) {
        use InteractionKind::*;
        let spot = interaction
            .position
            .filter(|position| !from_keyboard(interaction, *position))
            .and_then(|(x, y)| Spot::new(interaction.target, time, x, y));
        match (interaction.kind, spot) {
            // After a touch, browsers tell of a mouse that is not there.
            (MouseDown, Some(spot)) if self.last_is(time, spot, |last| last.finger && !last.clicked) => {}
            (MouseDown, Some(spot)) => self.begin(time, spot, interaction.touch),
            (TouchStart, Some(spot)) => self.begin(time, spot, true),
            (MouseUp | TouchEnd | TouchCancel, _) => {
                if let Some(last) = self.gestures.last_mut() {
                    last.up.get_or_insert(time);
                }
            }
            (Click | ContextMenu, Some(spot)) => self.click(time, spot, interaction.touch),
            _ => {}
        }
    }

    fn begin(&mut self, down: f64, spot: Spot, finger: bool) {
        self.gestures.push(Gesture {
            spot,
            finger,
            down,
            up: None,
            clicked: false,
        });
    }

    fn click(&mut self, time: f64, spot: Spot, finger: bool) {
        // A click on a label is followed by one on its control, at the same time.
        let repeated = |last: &Gesture| last.clicked && time - last.up.unwrap_or(last.down) < 20.0;
        if self.last_is(time, spot, repeated) {
            return;
        }
        if !self.last_is(time, spot, |last| !last.clicked) {
            self.begin(time, spot, finger);
        }
        if let Some(last) = self.gestures.last_mut() {
            last.clicked = true;
            last.up.get_or_insert(time);
        }
    }

    /// Whether the last gesture is near in time and place, and as asked.
    fn last_is(&self, time: f64, spot: Spot, as_asked: impl Fn(&Gesture) -> bool) -> bool {
        self.gestures.last().is_some_and(|last| {
            time - last.up.unwrap_or(last.down) <= GESTURE_MS
                && last.spot.is_near(spot, GESTURE_PX)
                && as_asked(last)
        })
    }

    pub(super) fn build(self, map: &TimeMap, fps: u32) -> Presses {
        let press = |gesture: &Gesture| {
            let down = map.clip_at(gesture.down);
            // A button whose release was not recorded is not held for ever.
            let up = gesture.up.map_or(down, |up| map.clip_at(up));
            Press {
                spot: gesture.spot,
                finger: gesture.finger,
                down,
                up: up.max(down + SHORTEST_MS),
            }
        };
        Presses {
            presses: self.gestures.iter().map(press).collect(),
            ripple_ms: RIPPLE_MS.max(RIPPLE_FRAMES * 1000.0 / f64::from(fps.max(1))),
        }
    }
}

impl Presses {
    /// The last press at or before a clip time.
    fn last_at(&self, clip_ms: f64) -> Option<&Press> {
        self.begun_at(clip_ms).last()
    }

    fn begun_at(&self, clip_ms: f64) -> &[Press] {
        let after = self.presses.partition_point(|press| press.down <= clip_ms);
        self.presses.get(..after).unwrap_or_default()
    }

    /// The finger that is down at a clip time.
    pub(super) fn finger_at(&self, clip_ms: f64) -> Option<&Press> {
        self.last_at(clip_ms)
            .filter(|press| press.finger && clip_ms < press.up)
    }

    /// Whether a mouse button is down at a clip time.
    pub(super) fn button_down_at(&self, clip_ms: f64) -> bool {
        self.last_at(clip_ms)
            .is_some_and(|press| !press.finger && clip_ms < press.up)
    }

    /// The presses whose ripples are seen at a clip time, oldest first, with the share of the ripple's
    /// time that has passed.
    pub(super) fn rippling_at(&self, clip_ms: f64) -> impl Iterator<Item = (&Press, f64)> {
        let begun = self.begun_at(clip_ms);
        let newest = begun
            .get(begun.len().saturating_sub(MOST_RIPPLES)..)
            .unwrap_or_default();
        newest
            .iter()
            .map(move |press| (press, (clip_ms - press.down) / self.ripple_ms))
            .filter(|(_, age)| *age < 1.0)
    }

    /// The first clip time from `clip_ms` on at which something looks different: `clip_ms` itself
    /// while there are ripples.
    pub(super) fn next_change(&self, clip_ms: f64) -> Option<f64> {
        if self.rippling_at(clip_ms).next().is_some() {
            return Some(clip_ms);
        }
        let released = self
            .last_at(clip_ms)
            .map(|press| press.up)
            .filter(|up| *up > clip_ms);
        let after = self.presses.partition_point(|press| press.down <= clip_ms);
        let next = self.presses.get(after).map(|press| press.down);
        [released, next].into_iter().flatten().min_by(f64::total_cmp)
    }
}
