//! At which times of a clip a frame can differ from the one before.

use super::{Clip, SegmentKind, TimeMap};
use crate::recording::{Event, EventData, EventKind, Tab};

/// The frames of a clip: made one after the other, because whether the page animates by itself is
/// known only when it is shown.
///
/// Frames begin on a grid of clip time, `fps` to a second, but not at every point of it: only where
/// an event touches the page, the page animates, or an overlay changes. A frame lasts until the next
/// one begins, so the durations of all frames add up to the clip's length.
#[derive(Debug, Clone)]
pub struct Plan {
    map: TimeMap,
    grid: Grid,
    /// Index of the last point of the grid that can have a frame: where the last picture is reached.
    last: u64,
    /// Recording times at which the page can change, ascending.
    page_times: Vec<f64>,
}

/// A time at which a frame begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// Which point of the clip's grid it is.
    pub index: u64,
    /// Milliseconds of clip time.
    pub clip_ms: u64,
    /// Recording time of the page that is shown, in milliseconds since the Unix epoch. Stands still
    /// while time is folded.
    pub recording: f64,
    /// Something that can change the page happened since the tick before.
    pub page_events: bool,
}

impl Plan {
    /// Plans the frames of `clip`, which was made from `tab`.
    pub fn new(tab: &Tab, clip: &Clip) -> Plan {
        let grid = Grid { fps: clip.fps };
        Plan {
            last: grid.first_from(clip.map.play_length()),
            page_times: page_times(tab, clip.map.start(), clip.map.end()),
            map: clip.map.clone(),
            grid,
        }
    }

    /// The clip's first frame.
    pub fn first(&self) -> Tick {
        Tick {
            index: 0,
            clip_ms: 0,
            recording: self.map.picture_at(0.0),
            page_events: true,
        }
    }

    /// The next frame after `tick`, or `None` when the clip shows nothing new until its end.
    ///
    /// `animating`: the page, as it is at `tick`, moves by itself. `overlay_change`: the first clip
    /// time at which overlays may look different than at `tick`
    /// (`Overlay::next_change`).
    pub fn after(&self, tick: &Tick, animating: bool, overlay_change: Option<f64>) -> Option<Tick> {
        let next = tick.index + 1;
        let by_itself = if animating { self.first_moving(next) } else { None };
        let by_event = self
            .event_after(tick.recording)
            .map(|time| self.first_showing(time));
        let by_overlay = overlay_change.map(|clip_ms| self.grid.first_from(clip_ms));
        let index = [by_itself, by_event, by_overlay]
            .into_iter()
            .flatten()
            .map(|index| index.max(next))
            .min()
            .filter(|index| *index <= self.last)?;
        let clip_ms = self.grid.at(index);
        let recording = self.map.picture_at(clip_ms as f64);
        Some(Tick {
            index,
            clip_ms,
            recording,
            page_events: self
                .event_after(tick.recording)
                .is_some_and(|time| time <= recording),
        })
    }

    /// How long the frame of `tick` is shown, in milliseconds of clip time; never 0. `next` is what
    /// [`Plan::after`] gave.
    pub fn shown_for(&self, tick: &Tick, next: Option<&Tick>) -> u64 {
        next.map_or(self.map.length(), |next| next.clip_ms)
            .saturating_sub(tick.clip_ms)
    }

    /// Index of the last point of the clip's grid at which the page can change.
    pub fn last_index(&self) -> u64 {
        self.last
    }

    /// Index of the first point of the clip's grid after its end: up to there, overlays can change
    /// while the last picture is held.
    pub fn end_index(&self) -> u64 {
        self.grid.first_from(self.map.length() as f64).max(self.last + 1)
    }

    /// The point `index` of the clip's grid: its clip time in milliseconds and the recording time of
    /// the page shown there, in milliseconds since the Unix epoch.
    pub fn at(&self, index: u64) -> (u64, f64) {
        let clip_ms = self.grid.at(index);
        (clip_ms, self.map.picture_at(clip_ms as f64))
    }

    /// Length of the clip in milliseconds.
    pub fn length(&self) -> u64 {
        self.map.length()
    }

    /// The first event that can change the page after a recording time.
    fn event_after(&self, recording: f64) -> Option<f64> {
        let after = self.page_times.partition_point(|time| *time <= recording);
        self.page_times.get(after).copied()
    }

    /// The first tick that shows the page as it was at or after a recording time.
    fn first_showing(&self, recording: f64) -> u64 {
        let mut index = self.grid.first_from(self.map.clip_at(recording));
        // Between the two clocks lies rounding, so the tick may be a hair too early.
        while index < self.last && self.map.picture_at(self.grid.at(index) as f64) < recording {
            index += 1;
        }
        index
    }

    /// The first tick from `index` on at which the page's own time runs.
    fn first_moving(&self, index: u64) -> Option<u64> {
        let mut index = index;
        while index < self.last {
            let segment = self.map.segment_at(self.grid.at(index) as f64);
            match segment.kind {
                SegmentKind::Play => return Some(index),
                SegmentKind::Fold { .. } | SegmentKind::Cut { .. } | SegmentKind::Hold => {
                    index = self.grid.first_from(segment.clip.end).max(index + 1);
                }
            }
        }
        Some(self.last)
    }
}

/// Recording times in `from..=to` at which the page can change, ascending.
fn page_times(tab: &Tab, from: f64, to: f64) -> Vec<f64> {
    let mut times = Vec::new();
    let first = tab.events.partition_point(|event| event.time <= from);
    for event in tab
        .events
        .iter()
        .skip(first)
        .filter(|event| event.kind.touches_page())
    {
        // An event with pointer positions comes up to half a second after the first of them.
        if event.kind == EventKind::PointerMove {
            times.extend(sample_times(event));
        } else if event.time > to {
            break;
        }
        times.push(event.time);
    }
    times.retain(|time| *time > from && *time <= to);
    times.sort_unstable_by(f64::total_cmp);
    times.dedup();
    times
}

/// When the pointer was at the positions that an event holds; empty when it cannot be read.
fn sample_times(event: &Event) -> Vec<f64> {
    match event.data().as_deref() {
        Ok(EventData::PointerMove(path)) => path
            .samples
            .iter()
            .map(|sample| event.time + sample.offset)
            .collect(),
        _ => Vec::new(),
    }
}

/// Points of clip time, `fps` to a second, at whole milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) fps: u32,
}

impl Grid {
    /// Clip time of a point, in milliseconds.
    pub(super) fn at(self, index: u64) -> u64 {
        let fps = u64::from(self.fps);
        index.saturating_mul(1000).saturating_add(fps / 2) / fps
    }

    /// The first point at or after a clip time.
    pub(super) fn first_from(self, clip_ms: f64) -> u64 {
        let mut index = (clip_ms * f64::from(self.fps) / 1000.0).floor().max(0.0) as u64;
        while (self.at(index) as f64) < clip_ms {
            index += 1;
        }
        index
    }
}
