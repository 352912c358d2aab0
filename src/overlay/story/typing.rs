//! What was typed, field by field.

use std::sync::Arc;

use super::{MOST_CUES, Span, TypingCue};
use crate::clip::TimeMap;
use crate::recording::{EventData, EventKind, NodeId, Tab};

/// Typing into one field that pauses for longer than this, in recording time, is told anew.
const PAUSE_MS: f64 = 3000.0;

/// How long the text stays after its last change, in clip time.
const AFTER_MS: f64 = 1500.0;

/// Most characters of a text that are shown: the last ones.
const MOST_CHARACTERS: usize = 44;

/// Values of one field, one after the other.
struct Typing {
    node: NodeId,
    values: Vec<(f64, Arc<str>)>,
}

pub(super) fn cues(tab: &Tab, map: &TimeMap) -> Vec<TypingCue> {
    let mut typings: Vec<Typing> = Vec::new();
    let first = tab.events.partition_point(|event| event.time < map.start());
    for event in tab
        .events
        .iter()
        .skip(first)
        .take_while(|event| event.time <= map.end())
    {
        if event.kind != EventKind::Input || map.leaves_out(event.time) {
            continue;
        }
        let Ok(data) = event.data() else { continue };
        let EventData::Input(input) = &*data else { continue };
        let (Some(text), None | Some(false)) = (&input.text, input.checked) else {
            continue;
        };
        let value = (event.time, Arc::clone(text));
        match typings.last_mut() {
            Some(typing) if typing.continues(input.target, event.time, text) => typing.values.push(value),
            _ => typings.push(Typing {
                node: input.target,
                values: vec![value],
            }),
        }
    }
    typings
        .iter()
        .filter_map(|typing| typing.cue(map))
        .take(MOST_CUES)
        .collect()
}

impl Typing {
    fn continues(&self, node: NodeId, time: f64, text: &str) -> bool {
        self.node == node
            && self.values.last().is_some_and(|(last, value)| {
                let grown = value.chars().count().abs_diff(text.chars().count());
                time - last <= PAUSE_MS && grown <= 3
            })
    }

    /// `None` when it was not typed: a choice, or a value that came at once.
    fn cue(&self, map: &TimeMap) -> Option<TypingCue> {
        let [(first, _), .., (last, text)] = self.values.as_slice() else {
            return None;
        };
        let text = masked(text);
        let characters: Vec<char> = text.chars().collect();
        let skipped = characters.len().saturating_sub(MOST_CHARACTERS);
        if characters.is_empty() {
            return None;
        }
        let steps = self.values.iter().map(|(time, value)| {
            let value = masked(value);
            let same = value
                .chars()
                .zip(&characters)
                .take_while(|(one, other)| one == *other)
                .count();
            (map.clip_at(*time), same.saturating_sub(skipped))
        });
        Some(TypingCue {
            span: Span {
                from: map.clip_at(*first),
                until: map.clip_at(*last) + AFTER_MS,
            },
            recording: *first,
            node: self.node,
            field: String::new(),
            steps: steps.collect(),
            text: characters.into_iter().skip(skipped).collect(),
        })
    }
}

/// Recorders replace what is secret by stars; bullets are what fields show.
fn masked(text: &str) -> String {
    if text.chars().all(|character| matches!(character, '*' | '•')) {
        "•".repeat(text.chars().count())
    } else {
        text.to_owned()
    }
}
