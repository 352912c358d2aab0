//! Which part of a recording is shown, and when.
//!
//! ```text
//! Tab + ClipOptions ──▶ Clip { origin, TimeMap } ──▶ Plan ──▶ Tick, Tick, Tick …
//! ```
//!
//! Two clocks run through this crate. *Recording time* is milliseconds since the Unix epoch, as in
//! [`Event::time`](crate::recording::Event::time). *Clip time* is milliseconds since the clip's first
//! frame. The [`TimeMap`] leads from one to the other; the [`Plan`] says at which clip times a frame
//! can differ from the one before.
//!
//! A clip begins with the first full snapshot at or before its range, so that it never begins blank,
//! and ends with its last picture held. Stretches in which neither the user nor the page does
//! anything are folded: little clip time, much recording time.

mod error;
mod idle;
mod options;
mod plan;
mod time_map;
mod time_point;

pub use self::error::ClipError;
pub use self::options::{ClipOptions, Idle, OptionError, Seconds, Speed};
pub use self::plan::{Plan, Tick};
pub use self::time_map::{Segment, SegmentKind, TimeMap};
pub use self::time_point::{TimePoint, TimePointError, offset_text, utc_iso, utc_text};

use std::ops::Range;

use self::idle::Fold;
use self::time_map::TimeMapBuilder;
use self::time_point::Span;
use crate::recording::{AROUND_SESSION, EventKind, Tab};

/// The part of a tab that is shown, and how its time becomes clip time.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Recording time of the session's first event: what session clocks count from.
    pub origin: f64,
    /// Recording time of the session's last event.
    pub session_end: f64,
    /// Recording time to clip time and back.
    pub map: TimeMap,
    /// Most frames a second of clip time.
    pub fps: u32,
}

impl Clip {
    /// Chooses what `options` ask for from `tab`.
    ///
    /// # Errors
    /// When the tab has no full snapshot, the range holds nothing that can be shown, an option is out
    /// of its bounds, or the clip would be longer than [`ClipOptions::max_length`].
    pub fn new(tab: &Tab, options: &ClipOptions) -> Result<Clip, ClipError> {
        Clip::of_parts(tab, options, &[])
    }

    /// Makes a clip of these parts of a tab (recording times in milliseconds since the Unix epoch, in
    /// order and apart from each other) whatever range `options` has; of that range if there are none.
    ///
    /// # Errors
    /// When there is nothing to show, or the clip would be too long.
    pub fn of_parts(tab: &Tab, options: &ClipOptions, parts: &[Range<f64>]) -> Result<Clip, ClipError> {
        options.check()?;
        let (Some(origin), Some(session_end)) = (tab.start(), tab.end()) else {
            return Err(ClipError::NoPicture);
        };
        let picture = tab
            .events
            .iter()
            .find(|event| event.kind == EventKind::FullSnapshot)
            .ok_or(ClipError::NoPicture)?
            .time;
        let session = Span {
            start: origin,
            end: session_end,
        };
        let parts = match parts {
            [] => {
                let (from, to) = range(session, picture, options)?;
                vec![from..to]
            }
            parts => parts
                .iter()
                .map(|part| part.start.max(picture)..part.end.min(session_end))
                .filter(|part| part.start < part.end)
                .collect(),
        };
        let (begin, end) = match (parts.first(), parts.last()) {
            (Some(first), Some(last)) => (first.start, last.end),
            _ => return Err(ClipError::NoPicture),
        };
        let told = Range {
            start: if begin <= picture {
                origin - AROUND_SESSION
            } else {
                begin
            },
            end: if end >= session_end {
                end + AROUND_SESSION
            } else {
                end
            },
        };

        let mut map = TimeMapBuilder::new(begin);
        let fold_ms = options.fold.milliseconds();
        let speed = options.speed.factor();
        for part in parts {
            map.cut_until(part.start, fold_ms);
            for Fold { start, end } in idle::folds(tab, part.start, part.end, options) {
                map.play_until(start, speed);
                map.fold_until(end, fold_ms);
            }
            map.play_until(part.end, speed);
        }

        let limit = options.max_length.milliseconds();
        if map.clip_ms() > limit {
            return Err(ClipError::TooLong {
                length: offset_text(map.clip_ms()),
                limit: offset_text(limit),
            });
        }
        Ok(Clip {
            origin,
            session_end,
            map: map.hold(options.hold.milliseconds(), options.fps).telling(told),
            fps: options.fps,
        })
    }

    /// The recording time that `point` means, in milliseconds since the Unix epoch, or the nearest at
    /// which this clip has a picture.
    pub fn resolve(&self, point: TimePoint) -> f64 {
        let session = Span {
            start: self.origin,
            end: self.session_end,
        };
        point.resolve(session).clamp(self.map.start(), self.map.end())
    }

    /// Milliseconds of recording time since the session's first event.
    pub fn since_origin(&self, recording: f64) -> f64 {
        recording - self.origin
    }

    /// Clip time, in milliseconds, at which a recording time is shown; `None` when it is not.
    pub fn shown(&self, recording: f64) -> Option<f64> {
        let folded =
            |segment: &Segment| matches!(segment.kind, SegmentKind::Fold { .. }) && segment.holds(recording);
        let shown = self.map.shows(recording) && !self.map.segments().iter().any(folded);
        shown.then(|| self.map.clip_at(recording))
    }
}

/// Start and end of what is shown, in recording time.
fn range(session: Span, picture: f64, options: &ClipOptions) -> Result<(f64, f64), ClipError> {
    let from = options.from.map_or(session.start, |point| point.resolve(session));
    let to = options.to.map_or(session.end, |point| point.resolve(session));
    let given = |point: Option<TimePoint>| point.map(|point| point.to_string()).unwrap_or_default();
    if from > session.end {
        return Err(ClipError::FromAfterEnd {
            from: given(options.from),
            session: session.to_string(),
        });
    }
    if to < session.start {
        return Err(ClipError::ToBeforeStart {
            to: given(options.to),
            session: session.to_string(),
        });
    }
    if from > to {
        return Err(ClipError::Backwards {
            from: given(options.from),
            to: given(options.to),
        });
    }
    if to < picture {
        return Err(ClipError::BeforePicture {
            to: given(options.to),
            picture: offset_text(picture - session.start),
        });
    }
    Ok((from.max(picture), to.min(session.end)))
}

#[cfg(test)]
mod tests;
