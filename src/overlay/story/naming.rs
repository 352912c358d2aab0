//! What was clicked and typed into, in the words of the page itself.

use super::Story;
use crate::dom::{Description, Replay};
use crate::recording::{NodeId, Tab};

/// Names the targets of a story, from the page as it was right before each. Nodes inside of a control
/// become the control. What was typed into secret fields becomes bullets.
pub(super) fn name(tab: &Tab, story: &mut Story) {
    let mut asked = Vec::new();
    for (index, cue) in story.errors.iter().enumerate() {
        if let Some(cause) = &cue.cause {
            asked.push((cause.time, cause.node, Asker::Error(index)));
        }
    }
    for (index, cue) in story.frustrations.iter().enumerate() {
        if let Some(node) = cue.node {
            asked.push((cue.recording, node, Asker::Frustration(index)));
        }
    }
    for (index, cue) in story.typing.iter().enumerate() {
        asked.push((cue.recording, cue.node, Asker::Typing(index)));
    }
    asked.sort_by(|one, other| one.0.total_cmp(&other.0));
    let Some((first, ..)) = asked.first() else { return };
    let mut replay = Replay::new(tab);
    replay.seek(before(*first));
    for (time, node, asker) in asked {
        replay.advance_to(before(time));
        let Some(found) = replay.page().describe(node) else {
            continue;
        };
        asker.tell(story, node, &found);
    }
}

/// What a click changes comes with the click's own time.
fn before(time: f64) -> f64 {
    time - 1.0
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
                    if cause.name.is_none() && !found.name.is_empty() {
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
                    if found.secret {
                        cue.text = "•".repeat(cue.text.chars().count());
                    }
                }
            }
        }
    }
}
