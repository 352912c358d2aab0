//! What the person did, in words: steps that somebody else can follow.

use std::sync::Arc;

use super::derive::SAME_SPOT;
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
                    self.add(
                        event.time,
                        UserStepKind::Open,
                        None,
                        format!("Opened {}", meta.href),
                    );
                }
            }
            EventData::Resumed(_) => {
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
        let chosen = self.steps.last().is_some_and(|last| {
            last.kind == UserStepKind::Choose && last.node == Some(node) && time - last.time <= AT_ONCE
        });
        if chosen {
            return;
        }
        let is_label = described
            .as_ref()
            .is_some_and(|known| !matches!(known.role, "button" | "link" | "menu item" | "tab"));
        // A click on a label is one on what it labels, too: a moment later.
        if is_label && time - self.label_clicked > AT_ONCE {
            self.label_clicked = time;
        }
        let what = described.map_or_else(|| "something".to_owned(), |known| known.to_string());
        // A button that is off while it waits lets clicks through to what is below it.
        let near = match (position, std::mem::replace(&mut self.spot, position)) {
            (Some((x, y)), Some((last_x, last_y))) => (x - last_x).hypot(y - last_y) <= SAME_SPOT,
            _ => false,
        };
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
        let (kind, text) = match (known.role, input.checked, &input.text) {
            ("check box", Some(checked), _) => {
                let verb = if checked { "Checked" } else { "Unchecked" };
                (UserStepKind::Choose, format!("{verb} {known}"))
            }
            ("option", Some(true), _) => (UserStepKind::Choose, format!("Chose {known}")),
            ("option", ..) => return,
            ("list", ..) => {
                let chosen = input.text.as_deref().unwrap_or_default();
                let chosen: String = chosen.chars().take(LONGEST_VALUE).collect();
                (UserStepKind::Choose, format!("Chose ‘{chosen}’ in {known}"))
            }
            ("slider", ..) => (UserStepKind::Choose, format!("Moved {known}")),
            (_, _, Some(text)) => {
                let count = text.chars().count();
                let text = match count {
                    0 => format!("Emptied {known}"),
                    1 => format!("Typed 1 character into {known}"),
                    _ => format!("Typed {count} characters into {known}"),
                };
                (UserStepKind::Type, text)
            }
            _ => return,
        };
        self.forget_click(time, node, kind);
        match self.steps.last_mut() {
            Some(last) if last.kind == kind && last.node == Some(node) && is_one_act(last, &text) => {
                last.text = text;
            }
            _ => self.add(time, kind, Some(node), text),
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

/// Whether a step on the same control goes on: letter by letter, or while a slider is drawn.
fn is_one_act(last: &UserStep, text: &str) -> bool {
    last.kind == UserStepKind::Type || last.text == text && text.starts_with("Moved ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::format::{Input as File, ReadOptions, read};

    /// The steps of events `(milliseconds, data)` on a page with a form.
    fn told(events: &[(u32, serde_json::Value)]) -> Vec<String> {
        let element = |id: u32, tag: &str, attributes: serde_json::Value, children: serde_json::Value| json!({"type": 2, "id": id, "tagName": tag, "attributes": attributes, "childNodes": children});
        let text = |id: u32, text: &str| json!([{"type": 3, "id": id, "textContent": text}]);
        let form = json!([
            element(4, "label", json!({"for": "terms"}), text(5, "Terms")),
            element(6, "input", json!({"type": "checkbox", "id": "terms"}), json!([])),
            element(7, "input", json!({"placeholder": "Name"}), json!([])),
            element(8, "select", json!({"aria-label": "Size"}), json!([])),
            element(9, "input", json!({"type": "range", "title": "Volume"}), json!([])),
            element(10, "button", json!({}), text(11, "All")),
        ]);
        let body = element(3, "body", json!({}), form);
        let node = json!({"type": 0, "id": 1, "childNodes": [element(2, "html", json!({}), json!([body]))]});
        let mut all = vec![
            json!({"type": 4, "timestamp": 1, "data": {"href": "https://a.example/", "width": 800, "height": 600}}),
            json!({"type": 2, "timestamp": 2, "data": {"node": node, "initialOffset": {"top": 0, "left": 0}}}),
        ];
        all.extend(
            events
                .iter()
                .map(|(time, data)| json!({"type": 3, "timestamp": time, "data": data})),
        );
        let file = File::Bytes {
            name: "form".to_owned(),
            data: json!(all).to_string().into_bytes().into(),
        };
        let recording = read(&[file], &ReadOptions::default()).unwrap();
        let (steps, _) = steps(&recording.tabs[0], &[]);
        steps.into_iter().skip(1).map(|step| step.text).collect()
    }

    fn click(id: u32) -> serde_json::Value {
        json!({"source": 2, "type": 2, "id": id, "x": 1, "y": 1})
    }

    fn input(id: u32, text: &str, checked: bool) -> serde_json::Value {
        json!({"source": 5, "id": id, "text": text, "isChecked": checked})
    }

    #[test]
    fn one_act_is_one_step() {
        let checked = "Checked check box ‘Terms’";
        let box_clicked = [(1000, click(6)), (1001, input(6, "on", true))];
        assert_eq!(told(&box_clicked), [checked]);
        let label_clicked = [(1000, click(4)), (1002, click(6)), (1003, input(6, "on", true))];
        assert_eq!(told(&label_clicked), [checked]);
        // Some recorders tell it the other way round.
        let late_click = [(1000, input(6, "on", true)), (1001, click(6))];
        assert_eq!(told(&late_click), [checked]);
        let typed = [
            (1000, click(7)),
            (9000, input(7, "A", false)),
            (9100, input(7, "Al", false)),
        ];
        assert_eq!(told(&typed), ["Typed 2 characters into field ‘Name’"]);
        let chosen = [(1000, click(8)), (3000, input(8, "L", false))];
        assert_eq!(told(&chosen), ["Chose ‘L’ in list ‘Size’"]);
        let near = [(1000, click(10)), (1200, click(3)), (1400, click(10))];
        assert_eq!(told(&near), ["Clicked button ‘All’ 3 times"]);
        let drawn = [
            (1000, click(9)),
            (1100, input(9, "2", false)),
            (1200, input(9, "3", false)),
        ];
        assert_eq!(told(&drawn), ["Moved slider ‘Volume’"]);
    }

    #[test]
    fn what_a_button_does_is_another_step() {
        let by_button = [(1000, click(10)), (1001, input(6, "on", true))];
        assert_eq!(
            told(&by_button),
            ["Clicked button ‘All’", "Checked check box ‘Terms’"]
        );
        let elsewhere = [(1000, click(7)), (4000, click(6)), (4001, input(6, "on", true))];
        assert_eq!(
            told(&elsewhere),
            ["Clicked field ‘Name’", "Checked check box ‘Terms’"]
        );
    }
}
