//! What was done, clicked and typed into, in the words of the page itself.

use super::{MOST_CUES, NoteKind, Span, StepCue, Story};
use crate::clip::Clip;
use crate::dom::Description;
use crate::moment::{UserStepKind, steps};
use crate::recording::{EventKind, NodeId, Tab};

/// How long a step is shown, in clip time.
const STEP_MS: f64 = 5000.0;

/// Names the targets of a story, from the page as it was right before each, and adds the steps of the
/// user. Nodes inside of a control become the control. What was typed into secret fields becomes bullets.
pub(super) fn name(tab: &Tab, clip: &Clip, story: &mut Story) {
    let mut asked: Vec<(f64, NodeId)> = Vec::new();
    let mut askers = Vec::new();
    for (index, cue) in story.errors.iter().enumerate() {
        if let Some(cause) = &cue.cause {
            asked.push((cause.time, cause.node));
            askers.push(Asker::Error(index));
        }
    }
    for (index, cue) in story.frustrations.iter().enumerate() {
        if let Some(node) = cue.node {
            asked.push((cue.recording, node));
            askers.push(Asker::Frustration(index));
        }
    }
    for (index, cue) in story.typing.iter().enumerate() {
        asked.push((cue.recording, cue.node));
        askers.push(Asker::Typing(index));
    }
    let (steps, found) = steps(&part_of(tab, clip), &asked);
    for ((asker, (_, node)), found) in askers.iter().zip(asked).zip(found) {
        if let Some(found) = found {
            asker.tell(story, node, &found);
        }
    }
    story.typing.retain(|cue| !cue.text.is_empty());
    let told = steps.into_iter().filter(|step| {
        // Pages have their own names, and typing is shown as it goes on.
        let telling = matches!(
            step.kind,
            UserStepKind::Click | UserStepKind::Choose | UserStepKind::Resize
        );
        telling && clip.map.shows(step.time)
    });
    story.steps = told
        .take(MOST_CUES)
        .map(|step| {
            let from = clip.map.clip_at(step.time);
            StepCue {
                span: Span {
                    from,
                    until: from + STEP_MS,
                },
                text: step.text.into(),
            }
        })
        .collect();
    super::one_at_a_time(&mut story.steps, |cue| &mut cue.span);
    // What was done in a tab is not told in the next one.
    let switches = story.notes.iter().filter(|note| note.kind == NoteKind::Tab);
    let switches: Vec<f64> = switches.map(|note| note.span.from).collect();
    let steps = story.steps.iter_mut().map(|cue| &mut cue.span);
    for span in steps.chain(story.typing.iter_mut().map(|cue| &mut cue.span)) {
        let next = switches.partition_point(|switch| *switch <= span.from);
        span.until = switches
            .get(next)
            .map_or(span.until, |next| span.until.min(*next));
    }
}

/// The events of a tab that the clip's pages come from: deep in a long session, not all of it.
fn part_of(tab: &Tab, clip: &Clip) -> Tab {
    let end = tab.events.partition_point(|event| event.time <= clip.map.end());
    let start = tab.events.partition_point(|event| event.time <= clip.map.start());
    let before = tab.events.get(..start).unwrap_or_default();
    let snapshot = before
        .iter()
        .rposition(|event| event.kind == EventKind::FullSnapshot)
        .unwrap_or(0);
    let meta = before
        .get(..snapshot)
        .and_then(|before| before.iter().rposition(|event| event.kind == EventKind::Meta))
        .unwrap_or(snapshot);
    Tab {
        id: tab.id.clone(),
        events: tab.events.get(meta..end).unwrap_or_default().to_vec(),
        limits: tab.limits,
    }
}

/// Who wants to know.
enum Asker {
    Error(usize),
    Frustration(usize),
    Typing(usize),
}

impl Asker {
    fn tell(&self, story: &mut Story, node: NodeId, found: &Description) {
        let control = found.node.unwrap_or(node);
        match self {
            Asker::Error(index) => {
                let cause = story.errors.get_mut(*index).and_then(|cue| cue.cause.as_mut());
                if let Some(cause) = cause {
                    cause.node = control;
                    cause.role = Some(found.role);
                    // Beside a recording, it may be called by its tag.
                    if !found.name.is_empty() {
                        cause.name = Some(found.name.as_str().into());
                    }
                }
            }
            Asker::Frustration(index) => {
                if let Some(cue) = story.frustrations.get_mut(*index) {
                    cue.node = Some(control);
                }
            }
            Asker::Typing(index) => {
                if let Some(cue) = story.typing.get_mut(*index) {
                    cue.field.clone_from(&found.name);
                    // Its value changes, but nobody types it: it is told as a step.
                    if matches!(found.role, "slider" | "list" | "option" | "check box") {
                        cue.text.clear();
                    } else if found.secret {
                        cue.text = "•".repeat(cue.text.chars().count());
                    }
                }
            }
        }
    }
}
