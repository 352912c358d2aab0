//! Facts about the page that change in the course of a recording.

use crate::clip::Clip;
use crate::limits::Limits;
use crate::recording::{EventData, EventKind, Tab, usable_viewport};

/// A value that changes from time to time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct History<T> {
    /// Recording time from which on a value holds, ascending.
    entries: Vec<(f64, T)>,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        History { entries: Vec::new() }
    }
}

impl<T: PartialEq> History<T> {
    fn push(&mut self, time: f64, value: T) {
        if self.entries.last().is_none_or(|(_, last)| *last != value) {
            self.entries.push((time, value));
        }
    }
}

impl<T> History<T> {
    /// The value at a recording time; before the first one, the first.
    pub(super) fn at(&self, recording: f64) -> Option<&T> {
        let after = self.entries.partition_point(|(time, _)| *time <= recording);
        self.entries.get(after.saturating_sub(1)).map(|(_, value)| value)
    }

    /// The first recording time after `recording` at which the value changes.
    pub(super) fn next_change(&self, recording: f64) -> Option<f64> {
        let changes = self.entries.get(1..)?;
        let after = changes.partition_point(|(time, _)| *time <= recording);
        changes.get(after).map(|(time, _)| *time)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The same history with other values.
    pub(super) fn map<U: PartialEq>(&self, mut value: impl FnMut(&T) -> U) -> History<U> {
        let mut mapped = History::default();
        for (time, old) in &self.entries {
            mapped.push(*time, value(old));
        }
        mapped
    }
}

/// Size of a viewport in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Viewport {
    /// Width.
    pub(super) width: f64,
    /// Height.
    pub(super) height: f64,
}

impl Viewport {
    /// A viewport of whole pixels, no larger than any can be; `None` for sizes that none can have.
    pub(super) fn new(width: f64, height: f64, limits: &Limits) -> Option<Viewport> {
        let (width, height) = usable_viewport(width, height, limits)?;
        Some(Viewport {
            width: width.into(),
            height: height.into(),
        })
    }
}

/// What a clip shows of pages and their viewports.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pages {
    pub(super) addresses: History<String>,
    pub(super) viewports: History<Viewport>,
}

impl Pages {
    /// Reads the pages of `clip` from the tab that the clip was made from.
    pub(super) fn new(tab: &Tab, clip: &Clip) -> Pages {
        let (from, to) = (clip.map.start(), clip.map.end());
        let mut pages = Pages::default();
        let first = tab.events.partition_point(|event| event.time <= from);
        let before = tab.events.get(..first).unwrap_or_default();
        // What holds at the start was said at some time before.
        let meta = before
            .iter()
            .rposition(|event| event.kind == EventKind::Meta)
            .unwrap_or(first);
        for event in tab.events.get(meta..).unwrap_or_default() {
            if event.time > to {
                break;
            }
            if !event.kind.tells_viewport() {
                continue;
            }
            let size = match event.data().as_deref() {
                Ok(EventData::Meta(meta)) => {
                    pages.addresses.push(event.time, meta.href.to_string());
                    Viewport::new(meta.width, meta.height, &tab.limits)
                }
                Ok(EventData::ViewportResize { width, height }) => {
                    Viewport::new(*width, *height, &tab.limits)
                }
                _ => None,
            };
            if let Some(size) = size {
                pages.viewports.push(event.time, size);
            }
        }
        pages
    }

    /// Every viewport that is shown, in order.
    pub(super) fn viewports(&self) -> impl Iterator<Item = Viewport> {
        self.viewports.values().copied()
    }
}
