//! Signs of frustration, read off the clicks of a recording by the published definitions.

use std::sync::Arc;

use super::clicks::{BY_LABEL, Click, RAGE_WINDOW, clicks, rage};
use super::{Moment, MomentKind, own_answer};
use crate::recording::{EventKind, FrustrationKind, NodeId, Origin, Tab};

/// A click after which nothing changes for this long is dead, in milliseconds of recording time.
const DEAD_WAIT: f64 = 1000.0;

/// What is drawn on a canvas is recorded now and then, so that an answer there comes this late, in milliseconds
/// of recording time.
const CANVAS_WAIT: f64 = 2500.0;

/// An error this soon after a click belongs to it, in milliseconds of recording time.
const ERROR_WAIT: f64 = 1000.0;

/// A file beside a recording tells of a click at most this long before or after the recorder does, in
/// milliseconds.
const TOLD_APART: f64 = 300.0;

/// A recorder that counts clicks over a longer time tells of all of them with the first, at most this
/// long before the rest, in milliseconds.
const COUNTING: f64 = 7000.0;

/// Finds the nodes of the signs that come from elsewhere, and in words only, by the clicks at their times.
pub(super) fn find_nodes(tab: &Tab, known: &mut [Moment]) {
    let nameless =
        |moment: &&mut Moment| matches!(moment.kind, MomentKind::Frustration(_)) && moment.node.is_none();
    let mut wanted = known.iter_mut().filter(nameless).peekable();
    if wanted.peek().is_none() {
        return;
    }
    let clicks = clicks(tab);
    for moment in wanted {
        let apart = |click: &Click| (click.time - moment.time).abs();
        let nearest = clicks.iter().min_by(|one, two| apart(one).total_cmp(&apart(two)));
        moment.node = nearest
            .filter(|click| apart(click) <= TOLD_APART)
            .map(|click| click.target);
    }
}

/// Puts the rage clicks that the source tells of to where their clicks are, and makes one of those that
/// are the same: some recorders tell of clicks that were only followed by a rage click, and of the click
/// on a label and that on its check box.
pub(super) fn settle(tab: &Tab, known: &mut Vec<Moment>) {
    let mut told: Vec<(FrustrationKind, f64)> = Vec::new();
    known.retain(|moment| {
        let MomentKind::Frustration(kind) = moment.kind else {
            return true;
        };
        let again = told
            .iter()
            .any(|(other, time)| *other == kind && (moment.time - time).abs() <= BY_LABEL);
        told.push((kind, moment.time));
        !again
    });
    let is_rage = |moment: &Moment| moment.kind == MomentKind::Frustration(FrustrationKind::RageClick);
    if !known.iter().any(is_rage) {
        return;
    }
    let groups = rage(&clicks(tab));
    for moment in known.iter_mut().filter(|moment| is_rage(moment)) {
        let later = groups.iter().find(|group| {
            let first = group.first().map_or(f64::INFINITY, |click| click.time);
            let same = moment
                .node
                .is_some_and(|node| group.iter().any(|click| click.target == node));
            same && (moment.time..=moment.time + COUNTING).contains(&first)
        });
        if let Some(first) = later.and_then(|group| group.first()) {
            moment.time = first.time;
        }
    }
    let mut seen: Vec<(f64, Option<NodeId>)> = Vec::new();
    known.retain(|moment| {
        if !is_rage(moment) {
            return true;
        }
        let again = seen.iter().any(|(time, node)| {
            node.is_some() && *node == moment.node && (moment.time - time).abs() <= RAGE_WINDOW
        });
        seen.push((moment.time, moment.node));
        !again
    });
}

/// The frustration signals that follow from the clicks of `tab`: dead and error clicks if the source
/// does not give that kind itself (`known`), rage clicks that it does not give.
pub(super) fn frustrations(tab: &Tab, known: &[Moment]) -> Vec<Moment> {
    let given = |kind: FrustrationKind| {
        known
            .iter()
            .any(|moment| moment.kind == MomentKind::Frustration(kind))
    };
    let clicks = clicks(tab);
    let rage = rage(&clicks);
    let mut found = Vec::new();
    let mut add = |kind: FrustrationKind, click: Click| {
        found.push(Moment {
            time: click.time,
            kind: MomentKind::Frustration(kind),
            text: "".into(),
            id: None,
            tab: (!tab.id.is_empty()).then(|| Arc::from(tab.id.as_str())),
            origin: Origin::Derived,
            page: None,
            node: Some(click.target),
            group: format!("{} {}", kind.name(), click.target).into(),
            signal: None,
        });
    };
    // Recorders lose the last ones when the page goes, and what they call one differs a little.
    let told = |group: &[Click]| {
        let from = group.first().map_or(0.0, |click| click.time) - RAGE_WINDOW;
        let to = group.last().map_or(0.0, |click| click.time) + RAGE_WINDOW;
        known.iter().any(|moment| {
            moment.kind == MomentKind::Frustration(FrustrationKind::RageClick)
                && (from..=to).contains(&moment.time)
        })
    };
    for group in rage.iter().filter(|group| !told(group)) {
        add(FrustrationKind::RageClick, group[0]);
    }
    let errors: Vec<f64> = known
        .iter()
        .filter(|moment| moment.kind == MomentKind::Error)
        .map(|moment| moment.time)
        .collect();
    let failing = |click: &Click| {
        let next = errors.partition_point(|time| *time < click.time);
        let Some(error) = errors.get(next).filter(|time| *time - click.time <= ERROR_WAIT) else {
            return false;
        };
        // It belongs to the last thing that was clicked.
        let later = clicks.partition_point(|other| other.time <= click.time);
        !clicks
            .iter()
            .skip(later)
            .take_while(|other| other.time <= *error)
            .any(|other| !other.same_target(click))
    };
    // The clicks of a rage click are one gesture.
    let single = |click: &Click| {
        !rage
            .iter()
            .any(|group| group.iter().skip(1).any(|other| other.time == click.time))
    };
    if !given(FrustrationKind::ErrorClick) {
        for click in clicks.iter().filter(|click| single(click) && failing(click)) {
            add(FrustrationKind::ErrorClick, *click);
        }
    }
    if !given(FrustrationKind::DeadClick) {
        let end = tab.end().unwrap_or_default();
        let mut dead: Vec<Click> = clicks
            .iter()
            .filter(|click| single(click) && !failing(click))
            // Whether something came after the end of the recording is not known.
            .filter(|click| click.time + DEAD_WAIT <= end && nothing_changed(tab, click))
            .copied()
            .collect();
        let asked: Vec<(f64, NodeId)> = dead.iter().map(|click| (click.time, click.target)).collect();
        for at in own_answer::answered(tab, &asked).into_iter().rev() {
            dead.remove(at);
        }
        for click in dead {
            add(FrustrationKind::DeadClick, click);
        }
    }
    found
}

/// Whether nothing changed from when the button went down. Menus open then, not when it comes up.
fn nothing_changed(tab: &Tab, click: &Click) -> bool {
    let from = click.time;
    // What is of the same millisecond is an answer, too: a box that is checked.
    let first = tab.events.partition_point(|event| event.time < click.pressed);
    !tab.events
        .iter()
        .skip(first)
        .take_while(|event| event.time <= from + CANVAS_WAIT)
        .any(|event| match event.kind {
            EventKind::CanvasMutation => true,
            kind => event.time <= from + DEAD_WAIT && changes_the_page(kind),
        })
}

/// What a person would see as an answer to a click.
fn changes_the_page(kind: EventKind) -> bool {
    use EventKind::*;
    matches!(
        kind,
        Meta | FullSnapshot
            | Mutation
            | Scroll
            | ViewportResize
            | Input
            | MediaInteraction
            | StyleSheetRules
            | StyleDeclaration
            | Font
            | AdoptedStyleSheets
            | Selection
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Event, EventData, Interaction, InteractionKind, Mutation, Payload};

    fn event(time: f64, kind: EventKind, data: EventData) -> Event {
        Event {
            time,
            index: 0,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        }
    }

    fn click(time: f64, target: NodeId) -> Event {
        let done = Interaction {
            kind: InteractionKind::Click,
            target,
            position: None,
            touch: false,
        };
        event(time, EventKind::Interaction, EventData::Interaction(done))
    }

    fn change(time: f64) -> Event {
        event(
            time,
            EventKind::Mutation,
            EventData::Mutation(Mutation::default()),
        )
    }

    /// A sign that the source tells of, on node 7.
    fn recorded(time: f64, kind: FrustrationKind) -> Moment {
        Moment {
            time,
            kind: MomentKind::Frustration(kind),
            text: "Pay".into(),
            id: None,
            tab: None,
            origin: Origin::Recorded,
            page: None,
            node: Some(7),
            group: "x".into(),
            signal: Some(0),
        }
    }

    fn kinds(events: Vec<Event>) -> Vec<(f64, FrustrationKind)> {
        let tab = Tab {
            id: String::new(),
            events,
            ..Tab::default()
        };
        let found = frustrations(&tab, &[]);
        found
            .iter()
            .filter_map(|moment| match moment.kind {
                MomentKind::Frustration(kind) => Some((moment.time, kind)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_label_and_its_check_box_are_one_click() {
        let twice = vec![click(0.0, 7), click(6.0, 8), click(3000.0, 9)];
        assert_eq!(kinds(twice), [(0.0, FrustrationKind::DeadClick)]);
        let pairs = (0..4).flat_map(|at| {
            let time = f64::from(at) * 250.0;
            [click(time, 7), click(time + 5.0, 8)]
        });
        assert_eq!(kinds(pairs.collect()), [(0.0, FrustrationKind::RageClick)]);
        let mut known = vec![
            recorded(0.0, FrustrationKind::DeadClick),
            recorded(6.0, FrustrationKind::DeadClick),
            recorded(6.0, FrustrationKind::ErrorClick),
            recorded(900.0, FrustrationKind::DeadClick),
        ];
        settle(&Tab::default(), &mut known);
        assert_eq!(
            known.iter().map(|moment| moment.time).collect::<Vec<_>>(),
            [0.0, 6.0, 900.0]
        );
    }

    #[test]
    fn four_clicks_in_a_second_are_rage() {
        let mut events: Vec<Event> = (0..4).map(|at| click(f64::from(at) * 250.0, 7)).collect();
        events.push(change(760.0));
        assert_eq!(kinds(events), [(0.0, FrustrationKind::RageClick)]);
        let slow = vec![
            click(0.0, 7),
            change(10.0),
            click(400.0, 7),
            click(800.0, 7),
            click(1200.0, 7),
            change(1210.0),
        ];
        assert_eq!(kinds(slow), []);
        let apart = vec![
            click(0.0, 7),
            click(100.0, 8),
            click(200.0, 7),
            click(300.0, 8),
            change(310.0),
        ];
        assert_eq!(kinds(apart), []);
    }

    #[test]
    fn clicks_on_what_takes_the_place_of_a_target_are_of_the_same_rage() {
        let at = |time: f64, target: NodeId, x: f64| {
            let done = Interaction {
                kind: InteractionKind::Click,
                target,
                position: Some((x, 100.0)),
                touch: false,
            };
            event(time, EventKind::Interaction, EventData::Interaction(done))
        };
        let near = vec![
            at(0.0, 7, 50.0),
            at(200.0, 8, 52.0),
            at(400.0, 7, 50.0),
            at(600.0, 8, 53.0),
            change(650.0),
        ];
        assert_eq!(kinds(near), [(0.0, FrustrationKind::RageClick)]);
        let apart = vec![
            at(0.0, 7, 50.0),
            at(200.0, 8, 90.0),
            at(400.0, 7, 50.0),
            at(600.0, 8, 90.0),
            change(650.0),
        ];
        assert_eq!(kinds(apart), []);
    }

    #[test]
    fn rage_is_where_its_clicks_are() {
        let tab = Tab {
            id: String::new(),
            events: [0.0, 3000.0, 3200.0, 3400.0, 3600.0]
                .map(|time| click(time, 7))
                .to_vec(),
            ..Tab::default()
        };
        let told = |time| recorded(time, FrustrationKind::RageClick);
        let mut known = vec![told(0.0), told(3010.0)];
        settle(&tab, &mut known);
        let times: Vec<f64> = known.iter().map(|moment| moment.time).collect();
        assert_eq!(times, [3000.0]);
    }

    #[test]
    fn rage_that_the_source_does_not_tell_of_is_found() {
        let rage = |from: f64| (0..4).map(move |at| click(from + f64::from(at) * 200.0, 7));
        let tab = Tab {
            id: String::new(),
            events: rage(0.0).chain(rage(9000.0)).chain([change(9700.0)]).collect(),
            ..Tab::default()
        };
        let told = recorded(600.0, FrustrationKind::RageClick);
        let found = frustrations(&tab, &[told]);
        let found: Vec<_> = found
            .iter()
            .filter(|moment| moment.kind == MomentKind::Frustration(FrustrationKind::RageClick))
            .map(|moment| moment.time)
            .collect();
        assert_eq!(found, [9000.0]);
    }

    #[test]
    fn an_error_belongs_to_the_last_thing_that_was_clicked() {
        let tab = Tab {
            id: String::new(),
            events: vec![
                click(0.0, 7),
                change(10.0),
                click(500.0, 8),
                change(510.0),
                change(2000.0),
            ],
            ..Tab::default()
        };
        let error = Moment {
            kind: MomentKind::Error,
            node: None,
            ..recorded(900.0, FrustrationKind::ErrorClick)
        };
        let found = frustrations(&tab, &[error]);
        let found: Vec<_> = found
            .iter()
            .map(|moment| (moment.time, moment.node, moment.kind))
            .collect();
        let error_click = MomentKind::Frustration(FrustrationKind::ErrorClick);
        assert_eq!(found, [(500.0, Some(8), error_click)]);
    }

    #[test]
    fn a_click_without_an_answer_is_dead() {
        let events = vec![
            click(0.0, 7),
            change(1500.0),
            click(2000.0, 7),
            change(2100.0),
            change(4000.0),
        ];
        assert_eq!(kinds(events), [(0.0, FrustrationKind::DeadClick)]);
        // The recording ends before it could be told.
        assert_eq!(kinds(vec![click(0.0, 7)]), []);
    }

    #[test]
    fn what_is_drawn_on_a_canvas_is_a_late_answer() {
        let drawn = |time| event(time, EventKind::CanvasMutation, EventData::Ignored);
        let events = |at| vec![click(0.0, 7), drawn(at), change(4000.0)];
        assert_eq!(kinds(events(1900.0)), []);
        assert_eq!(kinds(events(2600.0)), [(0.0, FrustrationKind::DeadClick)]);
    }

    #[test]
    fn what_changes_in_the_same_millisecond_is_an_answer() {
        let events = vec![click(0.0, 7), change(0.0), change(4000.0)];
        assert_eq!(kinds(events), []);
    }

    #[test]
    fn signs_told_in_words_find_their_clicks() {
        let tab = Tab {
            id: String::new(),
            events: vec![click(0.0, 3), click(900.0, 7), click(2000.0, 8)],
            ..Tab::default()
        };
        let told = |time| Moment {
            node: None,
            ..recorded(time, FrustrationKind::DeadClick)
        };
        let mut known = [
            told(850.0),
            told(1400.0),
            recorded(2000.0, FrustrationKind::DeadClick),
        ];
        find_nodes(&tab, &mut known);
        assert_eq!(known.map(|moment| moment.node), [Some(7), None, Some(7)]);
    }
}
