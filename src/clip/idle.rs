//! Stretches in which nothing happens.

use super::{ClipOptions, Idle};
use crate::recording::{EventKind, Tab};

/// Recording time that stays unfolded after the last activity: transitions come to their end.
const LEAD_OUT_MS: f64 = 500.0;

/// Recording time that stays unfolded before the next activity: the eye finds its place.
const LEAD_IN_MS: f64 = 300.0;

/// An event with pointer positions holds those of about this time before it (rrweb sends them twice
/// a second).
const POINTER_BATCH_MS: f64 = 500.0;

/// A stretch to fold, in recording time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fold {
    pub(super) start: f64,
    pub(super) end: f64,
}

/// The stretches of `from..to` to fold, in order, apart from each other.
///
/// Activity is what the user or the DOM does; what plugins and the application only note down is
/// not. Start and end of the range count as activity, so that both are seen.
pub(super) fn folds(tab: &Tab, from: f64, to: f64, options: &ClipOptions) -> Vec<Fold> {
    let Idle::Above(threshold) = options.idle else {
        return Vec::new();
    };
    let threshold = threshold.milliseconds();
    let lead_out = LEAD_OUT_MS.min(threshold / 4.0);
    let lead_in = LEAD_IN_MS.min(threshold / 4.0);
    // Folding what would play in no more time than the fold itself takes saves nothing.
    let worth_it = options.fold.milliseconds() * options.speed.factor();

    let mut folds = Vec::new();
    let mut add = |quiet_from: f64, quiet_to: f64, lead_in: f64| {
        let fold = Fold {
            start: quiet_from + lead_out,
            end: quiet_to - lead_in,
        };
        if quiet_to - quiet_from > threshold && fold.end - fold.start > worth_it {
            folds.push(fold);
        }
    };
    let first = tab.events.partition_point(|event| event.time < from);
    let mut active_until = from;
    for event in tab.events.iter().skip(first).take_while(|event| event.time <= to) {
        if !event.kind.touches_page() {
            continue;
        }
        let begins = match event.kind {
            EventKind::PointerMove => event.time - POINTER_BATCH_MS,
            _ => event.time,
        };
        add(active_until, begins, lead_in);
        active_until = event.time;
    }
    add(active_until, to, 0.0);
    folds
}
