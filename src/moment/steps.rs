//! What the person did, in words: steps that somebody else can follow.

use std::sync::Arc;

use super::hands::Hands;
use super::is_one_spot;
use crate::dom::{Description, Replay};
use crate::recording::{Event, EventData, EventKind, Input, InteractionKind, NodeId, Payload, Tab};

/// Clicks on one thing this close to each other are one step, in milliseconds of recording time.
const SAME_GESTURE: f64 = 1000.0;

/// Scrolling this far is a step, in CSS pixels.
const FAR: f64 = 200.0;

/// Scroll events this close to each other are one gesture, in milliseconds of recording time.
const SAME_SCROLL: f64 = 1500.0;

/// A click on a label chooses what it labels within this time, in milliseconds.
const AT_ONCE: f64 = 100.0;

/// Longest text of an option that a step names, in characters.
const LONGEST_VALUE: usize = 60;

/// Something that the person did.
#[derive(Debug, Clone, PartialEq)]
pub struct UserStep {
    /// When it began, in milliseconds since the Unix epoch.
    pub time: f64,
    /// In words: “Clicked button ‘Checkout’”. Never holds what was typed.
    pub text: String,
    /// The node it was done to, where there is one.
    pub node: Option<NodeId>,
    /// What kind of step.
    pub kind: UserStepKind,
}

/// What kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum UserStepKind {
    Open,
    Click,
    Type,
    Choose,
    Scroll,
    Resize,
}

impl UserStepKind {
    /// Its stable name, for reports.
    pub fn name(self) -> &'static str {
        match self {
            UserStepKind::Open => "open",
            UserStepKind::Click => "click",
            UserStepKind::Type => "type",
            UserStepKind::Choose => "choose",
            UserStepKind::Scroll => "scroll",
            UserStepKind::Resize => "resize",
        }
    }
}

/// The steps of `tab` in order of time, and descriptions of `nodes` at their times (for moments that
/// name a node but no words).
pub fn steps(tab: &Tab, nodes: &[(f64, NodeId)]) -> (Vec<UserStep>, Vec<Option<Description>>) {
    let mut writer = Writer::new(tab);
    let mut described = Vec::with_capacity(nodes.len());
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by(|one, two| nodes[*one].0.total_cmp(&nodes[*two].0));
    let mut wanted = order.iter().copied().peekable();
    for event in &tab.events {
        while let Some(at) = wanted.next_if(|at| nodes[*at].0 <= event.time) {
            described.push((at, writer.describe(nodes[at].0, nodes[at].1)));
        }
        // A full snapshot tells nothing unless it is of a tab that is gone back to: that is in the model.
        let told = event.kind != EventKind::FullSnapshot || matches!(event.payload, Payload::Decoded(_));
        if told
            && tells(event.kind)
            && let Ok(data) = event.data()
        {
            writer.take(event, &data);
        }
    }
    for at in wanted {
        described.push((at, writer.describe(nodes[at].0, nodes[at].1)));
    }
    described.sort_by_key(|(at, _)| *at);
    (
        writer.steps,
        described
            .into_iter()
            .map(|(_, description)| description)
            .collect(),
    )
}

fn tells(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Meta
            | EventKind::FullSnapshot
            | EventKind::Interaction
            | EventKind::Input
            | EventKind::Scroll
            | EventKind::ViewportResize
    )
}

struct Writer<'r> {
    replay: Replay<'r>,
    steps: Vec<UserStep>,
    href: Arc<str>,
    /// Clicks of the step that is being written, and the time of the last.
    clicks: (u32, f64),
    /// Where the last click was, in CSS pixels of the viewport of its document.
    spot: Option<(f64, f64)>,
    /// When a label, or what acts as one, was last clicked.
    label_clicked: f64,
    hands: Hands,
    /// The field that is typed into, and how many characters are in it.
    typing: Option<(NodeId, usize)>,
    scroll: Option<(NodeId, f64, f64)>,
    viewport: Option<(f64, f64)>,
}

impl<'r> Writer<'r> {
    fn new(tab: &'r Tab) -> Self {
        Writer {
            replay: Replay::new(tab),
            steps: Vec::new(),
            href: "".into(),
            clicks: (0, f64::NEG_INFINITY),
            spot: None,
            label_clicked: f64::NEG_INFINITY,
            hands: Hands::new(
                tab.events
                    .iter()
                    .any(|event| event.kind == EventKind::Interaction),
            ),
            typing: None,
            scroll: None,
            viewport: None,
        }
    }

    /// A node as it was just before `time`: what happens then may take it away.
    fn describe(&mut self, time: f64, node: NodeId) -> Option<Description> {
        self.replay.advance_to(time.next_down());
        self.replay.page().describe(node)
    }

    fn take(&mut self, event: &Event, data: &EventData) {
        match data {
            EventData::Meta(meta) => {
                self.viewport = Some((meta.width, meta.height));
                if self.href != meta.href {
                    self.href = Arc::clone(&meta.href);
                    self.hands.leave();
                    self.add(
                        event.time,
                        UserStepKind::Open,
                        None,
                        format!("Opened {}", meta.href),
                    );
                }
            }
            EventData::Resumed(_) => {
                self.hands.leave();
                let text = format!("Went back to the tab with {}", self.href);
                match self.steps.last_mut() {
                    // The same, told by the address before it.
                    Some(last) if last.kind == UserStepKind::Open && last.time == event.time => {
                        last.text = text
                    }
                    _ => self.add(event.time, UserStepKind::Open, None, text),
                }
            }
            EventData::Interaction(done) => {
                self.hands.take(done);
                let verb = match done.kind {
                    InteractionKind::Click if done.touch => "Tapped",
                    InteractionKind::Click => "Clicked",
                    InteractionKind::ContextMenu => "Right-clicked",
                    _ => return,
                };
                self.click(event.time, verb, done.target, done.position);
            }
            EventData::Input(input) => self.input(event.time, input),
            EventData::Scroll(scroll) => self.scroll(event.time, scroll.target, scroll.y),
            EventData::ViewportResize { width, height } => {
                let size = Some((*width, *height));
                if self.viewport != size {
                    self.viewport = size;
                    let text = format!("Resized the window to {width} × {height}");
                    match self.steps.last_mut() {
                        Some(last) if last.kind == UserStepKind::Resize => last.text = text,
                        _ => self.add(event.time, UserStepKind::Resize, None, text),
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, time: f64, kind: UserStepKind, node: Option<NodeId>, text: String) {
        self.scroll = None;
        self.steps.push(UserStep {
            time,
            text,
            node,
            kind,
        });
    }

    fn click(&mut self, time: f64, verb: &str, target: NodeId, position: Option<(f64, f64)>) {
        let described = self.describe(time, target);
        let node = described.as_ref().and_then(|known| known.node).unwrap_or(target);
        if self
            .steps
            .last()
            .is_some_and(|last| is_told(last, time, node, described.as_ref()))
        {
            return;
        }
        let is_label = described
            .as_ref()
            .is_some_and(|known| !matches!(known.role, "button" | "link" | "menu item" | "tab"));
        // A click on a label is one on what it labels, too: a moment later.
        let other = self.steps.last().is_some_and(|last| last.node != Some(node));
        if other && time - self.label_clicked <= AT_ONCE {
            let told = self.steps.len();
            self.forget_click(time, node, UserStepKind::Choose);
            if self.steps.len() < told {
                self.clicks = (0, f64::NEG_INFINITY);
            }
        } else if is_label {
            self.label_clicked = time;
        }
        if let Some(known) = &described {
            self.hands.click(time, known);
        }
        let what = described.map_or_else(|| "something".to_owned(), |known| known.to_string());
        // A button that is off while it waits lets clicks through to what is below it.
        let near = is_one_spot(position, std::mem::replace(&mut self.spot, position));
        let again = self.steps.last_mut().filter(|last| {
            last.kind == UserStepKind::Click
                && (last.node == Some(node) || near)
                && time - self.clicks.1 <= SAME_GESTURE
        });
        if let Some(last) = again {
            let (count, _) = self.clicks;
            let once = last
                .text
                .strip_suffix(&format!(" {count} times"))
                .unwrap_or(&last.text);
            last.text = format!("{once} {} times", count + 1);
            self.clicks = (count + 1, time);
        } else {
            self.clicks = (1, time);
            self.add(time, UserStepKind::Click, Some(node), format!("{verb} {what}"));
        }
    }

    fn input(&mut self, time: f64, input: &Input) {
        let Some(known) = self.describe(time, input.target) else {
            return;
        };
        let node = known.node.unwrap_or(input.target);
        let mine = self.hands.are_on(time, input.target, &known);
        let mut anew = false;
        let (kind, text) = match (known.role, input.checked, &input.text) {
            ("check box" | "option" | "list" | "slider", ..) if !mine => return,
            ("check box", Some(checked), _) => {
                let verb = if checked { "Checked" } else { "Unchecked" };
                (UserStepKind::Choose, format!("{verb} {known}"))
            }
            ("option", Some(true), _) => (UserStepKind::Choose, format!("Chose {known}")),
            ("option", ..) => return,
            ("list", ..) => {
                let chosen = input.text.as_deref().unwrap_or_default();
                let chosen: String = chosen.chars().take(LONGEST_VALUE).collect();
                let text = match is_masked(&chosen) {
                    true => format!("Chose an option in {known}"),
                    false => format!("Chose ‘{chosen}’ in {known}"),
                };
                (UserStepKind::Choose, text)
            }
            ("slider", ..) => (UserStepKind::Choose, format!("Moved {known}")),
            (_, _, Some(text)) => {
                let count = text.chars().count();
                let before = self.typing.take().filter(|(field, _)| *field == node);
                match before {
                    // What was typed went at once: the page took it.
                    Some((_, before)) if count == 0 && before > 1 => return,
                    None if count != 1 && !mine => return,
                    _ => self.typing = Some((node, count)),
                }
                anew = before.is_none_or(|(_, before)| count + 1 < before);
                // Some recorders show every value as three stars.
                let unknown = is_masked(text) && count == 3 && before.is_none_or(|(_, before)| before == 3);
                let text = match count {
                    _ if unknown => format!("Typed into {known}"),
                    0 => format!("Emptied {known}"),
                    1 => format!("Typed 1 character into {known}"),
                    _ => format!("Typed {count} characters into {known}"),
                };
                (UserStepKind::Type, text)
            }
            _ => return,
        };
        self.forget_click(time, node, kind);
        let goes_on = |last: &&mut UserStep| {
            last.kind == kind
                && last.node == Some(node)
                && match kind {
                    UserStepKind::Type => !anew,
                    _ => known.role == "slider",
                }
        };
        match self.steps.last_mut().filter(goes_on) {
            Some(last) => last.text = text,
            None => self.add(time, kind, Some(node), text),
        }
    }

    /// Leaves out the click that what comes now tells of: into the field that is typed into, on the box
    /// that it checks, on the label of that.
    fn forget_click(&mut self, time: f64, node: NodeId, kind: UserStepKind) {
        while let Some(last) = self.steps.last() {
            let of_label = kind == UserStepKind::Choose
                && last.time >= self.label_clicked
                && time - self.label_clicked <= AT_ONCE;
            if last.kind != UserStepKind::Click || !(last.node == Some(node) || of_label) {
                break;
            }
            self.steps.pop();
        }
    }

    fn scroll(&mut self, time: f64, target: NodeId, y: f64) {
        let (from, last) = match self.scroll {
            Some((node, last, from)) if node == target && time - last <= SAME_SCROLL => (from, last),
            _ => (y, time),
        };
        let begun = self.scroll.is_some_and(|(node, ..)| node == target) && last <= time;
        self.scroll = Some((target, time, from));
        if !begun || (y - from).abs() < FAR {
            return;
        }
        let text = if y > from { "Scrolled down" } else { "Scrolled up" };
        match self.steps.last() {
            Some(step) if step.kind == UserStepKind::Scroll && step.text == text => {}
            _ => {
                self.add(time, UserStepKind::Scroll, Some(target), text.to_owned());
                self.scroll = Some((target, time, y));
            }
        }
    }
}

/// Whether a value is nothing but what recorders put in its place.
fn is_masked(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|letter| matches!(letter, '*' | '•'))
}

/// Whether a click on something at a time is told already, by what it did: recorders differ in what
/// they tell first, and the end of a slider's way is a click on it.
fn is_told(last: &UserStep, time: f64, node: NodeId, known: Option<&Description>) -> bool {
    let same = last.node == Some(node);
    let role = known.map(|known| known.role);
    let of_option = || {
        let name = known
            .map(|known| known.name.as_str())
            .filter(|name| !name.is_empty());
        role == Some("option") && name.is_some_and(|name| last.text.contains(name))
    };
    let apart = time - last.time;
    last.kind == UserStepKind::Choose
        && (apart <= AT_ONCE && (same || of_option()) || same && role == Some("slider"))
}

#[cfg(test)]
mod tests;
