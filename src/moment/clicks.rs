//! The clicks of a tab, and those that are rage.

use super::{distance, is_one_spot};
use crate::recording::{EventData, EventKind, InteractionKind, NodeId, Tab};

/// More than this many clicks on one target…
const RAGE_CLICKS: usize = 3;

/// …within this time are a rage click, in milliseconds of recording time.
pub(super) const RAGE_WINDOW: f64 = 1000.0;

/// What is clicked this soon after something else is clicked by it, not by a person: the check box of a
/// label. In milliseconds.
pub(super) const BY_LABEL: f64 = 50.0;

/// A button that is held longer than this is not what a click follows from, in milliseconds.
const LONGEST_PRESS: f64 = 2000.0;

/// Clicks farther apart are on different parts of one thing, such as fields of a game or keys in the picture of a
/// screen, in CSS pixels.
const ONE_PART: f64 = 60.0;

/// A click of the person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Click {
    pub(super) time: f64,
    /// When the button or finger went down.
    pub(super) pressed: f64,
    pub(super) target: NodeId,
    pub(super) position: Option<(f64, f64)>,
}

impl Click {
    /// Whether both are on one thing, as far as a person can tell.
    pub(super) fn same_target(&self, other: &Click) -> bool {
        let apart = distance(self.position, other.position).is_some_and(|pixels| pixels > ONE_PART);
        self.target == other.target && !apart || is_one_spot(self.position, other.position)
    }
}

/// All clicks of a tab, those on labels without those on their check boxes.
pub(super) fn clicks(tab: &Tab) -> Vec<Click> {
    let mut clicks = Vec::new();
    let mut pressed: Option<f64> = None;
    for event in tab
        .events
        .iter()
        .filter(|event| event.kind == EventKind::Interaction)
    {
        if let Ok(data) = event.data()
            && let EventData::Interaction(done) = &*data
        {
            match done.kind {
                InteractionKind::Click => {}
                InteractionKind::MouseDown | InteractionKind::TouchStart => {
                    // After a touch, browsers tell of a mouse that is not there; a drag ends in no click.
                    let goes_on = pressed.filter(|pressed| event.time - pressed <= LONGEST_PRESS);
                    pressed = goes_on.or(Some(event.time));
                    continue;
                }
                _ => continue,
            }
            let by_label = clicks.last().is_some_and(|last: &Click| {
                last.target != done.target && (0.0..=BY_LABEL).contains(&(event.time - last.time))
            });
            if by_label {
                continue;
            }
            let pressed = pressed
                .take()
                .filter(|pressed| event.time - pressed <= LONGEST_PRESS);
            clicks.push(Click {
                time: event.time,
                pressed: pressed.unwrap_or(event.time),
                target: done.target,
                position: done.position,
            });
        }
    }
    clicks
}

/// Groups of more than three clicks on one target within a second, each as long as it goes on.
///
/// What counts as the target is what the person sees: a button that becomes a spinner is the same.
pub(super) fn rage(clicks: &[Click]) -> Vec<Vec<Click>> {
    let mut groups = Vec::new();
    let mut run: Vec<Click> = Vec::new();
    let mut enraged = false;
    let mut close = |run: &mut Vec<Click>, enraged: &mut bool| {
        if std::mem::take(enraged) {
            groups.push(std::mem::take(run));
        }
        run.clear();
    };
    for click in clicks {
        if let Some(last) = run.last()
            && (!last.same_target(click) || click.time - last.time > RAGE_WINDOW)
        {
            close(&mut run, &mut enraged);
        }
        run.push(*click);
        if run.len() > RAGE_CLICKS {
            let first = run[run.len() - 1 - RAGE_CLICKS].time;
            enraged |= click.time - first <= RAGE_WINDOW;
        }
    }
    close(&mut run, &mut enraged);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taps(step: f64) -> Vec<Click> {
        let tap = |at: i32| Click {
            time: f64::from(at) * 200.0,
            pressed: f64::from(at) * 200.0,
            target: 7,
            position: Some((100.0, 100.0 + f64::from(at) * step)),
        };
        (0..5).map(tap).collect()
    }

    #[test]
    fn a_drag_long_before_is_not_where_a_click_began() {
        use crate::recording::{Event, Interaction, Payload};
        let event = |(time, kind)| Event {
            time,
            index: 0,
            kind: EventKind::Interaction,
            payload: Payload::Decoded(std::sync::Arc::new(EventData::Interaction(Interaction {
                kind,
                target: 7,
                position: None,
                touch: false,
            }))),
        };
        use InteractionKind::{Click, MouseDown};
        let tab = Tab {
            events: [(0.0, MouseDown), (5000.0, MouseDown), (5150.0, Click)]
                .map(event)
                .to_vec(),
            ..Tab::default()
        };
        assert_eq!(clicks(&tab)[0].pressed, 5000.0);
    }

    #[test]
    fn keys_in_a_picture_are_no_rage() {
        assert_eq!(rage(&taps(5.0)).len(), 1);
        assert_eq!(rage(&taps(80.0)).len(), 0);
    }
}
