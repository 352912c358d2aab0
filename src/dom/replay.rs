//! A tab, played: the page at any time, and what changed on the way there.

use std::sync::OnceLock;

use super::page::Page;
use super::{Change, Step};
use crate::recording::{Damage, DamageKind, DamageReport, EventData, EventKind, NodeId, PointerKind, Tab};

/// Something that happens in a tab.
#[derive(Debug, Clone, Copy)]
struct Entry {
    time: f64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// The event at that place of the tab.
    Event(usize),
    /// The pointer was over a node.
    Hover(NodeId),
}

/// A tab that is played: the page as it is at one time, and the steps from there on.
#[derive(Debug, Clone)]
pub struct Replay<'r> {
    tab: &'r Tab,
    entries: Vec<Entry>,
    /// How many entries are applied.
    applied: usize,
    time: f64,
    page: Page,
    damage: DamageReport,
    /// Which entries have been applied at some time: their damage is counted.
    counted: Vec<bool>,
    /// The full snapshots by their places among the entries, and whether they can be read, as far as that
    /// was asked.
    snapshots: Vec<(usize, OnceLock<bool>)>,
}

impl<'r> Replay<'r> {
    /// A tab before its first event.
    pub fn new(tab: &'r Tab) -> Self {
        let entries = entries(tab);
        let snapshots = entries.iter().enumerate().filter(|(_, entry)| {
            matches!(entry.what, What::Event(at)
                if tab.events.get(at).is_some_and(|event| event.kind == EventKind::FullSnapshot))
        });
        Replay {
            tab,
            counted: vec![false; entries.len()],
            snapshots: snapshots.map(|(at, _)| (at, OnceLock::new())).collect(),
            entries,
            applied: 0,
            time: f64::NEG_INFINITY,
            page: Page::within(tab.limits),
            damage: DamageReport::default(),
        }
    }

    /// Recording time of the page, in milliseconds since the Unix epoch.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The page as it is.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// What of the events that were applied so far could not be: unknown ids, nodes that never got a
    /// place, payloads that cannot be read. What is applied again after going back counts once.
    pub fn damage(&self) -> &DamageReport {
        &self.damage
    }

    /// Time of the full snapshot that the page began with; minus infinity before the first.
    pub fn page_start(&self) -> f64 {
        self.start_of(self.applied)
    }

    /// Time of the full snapshot that the page at `time` begins with; minus infinity before the first.
    pub(crate) fn page_start_at(&self, time: f64) -> f64 {
        self.start_of(self.entries.partition_point(|entry| entry.time <= time))
    }

    fn start_of(&self, applied: usize) -> f64 {
        self.snapshot_before(applied)
            .and_then(|at| self.entries.get(at))
            .map_or(f64::NEG_INFINITY, |entry| entry.time)
    }

    /// Goes to `time`, forwards or back, and gives the whole page as it is then.
    pub fn seek(&mut self, time: f64) -> Step {
        self.go_to(time);
        Step {
            time,
            changes: self.page.snapshot(),
        }
    }

    /// As [`seek`](Replay::seek), for whoever asks for the page later.
    pub(crate) fn go_to(&mut self, time: f64) {
        let target = self.entries.partition_point(|entry| entry.time <= time);
        let snapshot = self.snapshot_before(target);
        let forwards = target >= self.applied && snapshot.is_none_or(|at| at < self.applied);
        if !forwards || self.applied == 0 {
            self.page = Page::within(self.tab.limits);
            if let Some(snapshot) = snapshot {
                self.learn_viewport(snapshot);
            }
            self.applied = snapshot.unwrap_or(0);
        }
        self.skip_to(time);
        self.time = time;
    }

    /// Plays on to `time`: what changed, one step for each time at which something did.
    pub fn advance_to(&mut self, time: f64) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        while let Some(entry) = self
            .entries
            .get(self.applied)
            .copied()
            .filter(|entry| entry.time <= time)
        {
            let mut changes = Vec::new();
            self.apply_next(Some(&mut changes));
            if changes.is_empty() {
                continue;
            }
            match steps.last_mut() {
                Some(step) if step.time == entry.time => step.changes.append(&mut changes),
                _ => steps.push(Step {
                    time: entry.time,
                    changes,
                }),
            }
        }
        self.time = self.time.max(time);
        steps
    }

    /// As [`advance_to`](Replay::advance_to), where nobody needs to know what changes.
    pub(crate) fn skip_to(&mut self, time: f64) {
        while self
            .entries
            .get(self.applied)
            .is_some_and(|entry| entry.time <= time)
        {
            self.apply_next(None);
        }
        self.time = self.time.max(time);
    }

    /// Plays on to the end: what of the events could not be applied.
    pub fn damage_of_all(mut self) -> DamageReport {
        self.skip_to(f64::INFINITY);
        self.damage
    }

    /// Without a list for them, changes are not worked out.
    fn apply_next(&mut self, changes: Option<&mut Vec<Change>>) {
        self.apply(self.applied, changes);
        self.applied += 1;
    }

    fn apply(&mut self, at: usize, changes: Option<&mut Vec<Change>>) {
        let Some(entry) = self.entries.get(at).copied() else {
            return;
        };
        let event = match entry.what {
            What::Hover(node) => {
                self.page.point_at(node, changes.unwrap_or(&mut Vec::new()));
                return;
            }
            What::Event(event) => event,
        };
        let Some(event) = self.tab.events.get(event) else {
            return;
        };
        // Its samples stand for a path of the pointer.
        if event.kind == EventKind::PointerMove || !event.kind.touches_page() {
            return;
        }
        let mut damage = DamageReport::default();
        match event.data() {
            Ok(data) => {
                match changes {
                    Some(changes) => self.page.apply(&data, entry.time, event.index, changes),
                    None => self.page.apply_silently(&data, entry.time, event.index),
                }
                damage = self.page.take_damage();
            }
            Err(error) => damage.add(Damage {
                kind: DamageKind::BadEvent,
                event: Some(event.index),
                offset: None,
                detail: error.to_string(),
            }),
        }
        let counted = self.counted.get_mut(at);
        if counted.is_some_and(|counted| !std::mem::replace(counted, true)) {
            self.damage.merge(damage);
        }
    }

    /// Place of the last full snapshot among the first `applied` entries. One that cannot be read
    /// begins no page.
    fn snapshot_before(&self, applied: usize) -> Option<usize> {
        let end = self.snapshots.partition_point(|(at, _)| *at < applied);
        let before = self.snapshots.iter().take(end).rev();
        let mut readable = before.filter(|(at, known)| *known.get_or_init(|| self.is_readable(*at)));
        readable.next().map(|(at, _)| *at)
    }

    fn is_readable(&self, at: usize) -> bool {
        match self.entries.get(at).map(|entry| entry.what) {
            Some(What::Event(at)) => self.tab.events.get(at).is_some_and(|event| event.data().is_ok()),
            _ => false,
        }
    }

    /// Address and viewport are told before the snapshot; nothing else outlives a page. All that
    /// tell of them are applied: the last may be one that says nothing usable.
    fn learn_viewport(&mut self, snapshot: usize) {
        for at in 0..snapshot {
            let kind = self.entries.get(at).and_then(|entry| self.kind(entry));
            if kind.is_some_and(EventKind::tells_viewport) {
                self.apply(at, None);
            }
        }
    }

    fn kind(&self, entry: &Entry) -> Option<EventKind> {
        match entry.what {
            What::Event(at) => self.tab.events.get(at).map(|event| event.kind),
            What::Hover(_) => None,
        }
    }
}

/// Everything that happens in a tab, in order of time. Pointer positions are recorded half a second
/// at once: each counts at its own time.
fn entries(tab: &Tab) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(tab.events.len());
    for (at, event) in tab.events.iter().enumerate() {
        if event.kind == EventKind::PointerMove
            && let Ok(data) = event.data()
            && let EventData::PointerMove(path) = &*data
            && path.kind != PointerKind::Touch
        {
            let samples = path.samples.iter().map(|sample| Entry {
                time: event.time + sample.offset.min(0.0),
                what: What::Hover(sample.target),
            });
            entries.extend(samples);
            continue;
        }
        entries.push(Entry {
            time: event.time,
            what: What::Event(at),
        });
    }
    entries.sort_by(|one, two| one.time.total_cmp(&two.time));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Input, ReadOptions, read};

    #[test]
    fn what_says_nothing_hides_nothing_before_it() {
        let events = r#"[
            {"type":4,"timestamp":1,"data":{"href":"https://a.example/","width":800,"height":600}},
            {"type":2,"timestamp":2,"data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,"childNodes":[
                {"type":2,"tagName":"html","attributes":{},"id":2,"childNodes":[]}]}}},
            {"type":3,"timestamp":3,"data":{"source":4,"width":-5,"height":0}},
            {"type":2,"timestamp":4,"data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,"childNodes":[
                {"type":2,"tagName":"html","attributes":{},"id":3,"childNodes":[]}]}}},
            {"type":2,"timestamp":5,"data":{"node":7}}]"#;
        let input = Input::Bytes {
            name: "page".to_owned(),
            data: events.as_bytes().to_vec().into(),
        };
        let recording = read(&[input], &ReadOptions::default()).unwrap();
        let tab = &recording.tabs[0];
        let changes = |replay: &mut Replay| format!("{:?}", replay.seek(9.0).changes);
        let mut played = Replay::new(tab);
        played.advance_to(9.0);
        let sought = changes(&mut Replay::new(tab));
        assert_eq!(sought, changes(&mut played));
        assert!(sought.contains("html") && sought.contains("800"), "{sought}");
        assert_eq!(played.page_start(), 4.0);
    }

    #[test]
    fn a_tab_that_cannot_be_read_does_not_show_the_one_before() {
        let events = r#"[
            {"type":4,"timestamp":1,"windowId":"a","data":{"href":"https://a.example/","width":800,"height":600}},
            {"type":2,"timestamp":2,"windowId":"b","data":{"node":7}},
            {"type":2,"timestamp":3,"windowId":"a","data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,
                "childNodes":[{"type":2,"tagName":"html","attributes":{},"id":2,"childNodes":[]}]}}},
            {"type":3,"timestamp":9000,"windowId":"a","data":{"source":2,"type":2,"id":2,"x":1,"y":1}},
            {"type":3,"timestamp":60000,"windowId":"b","data":{"source":2,"type":2,"id":2,"x":1,"y":1}},
            {"type":3,"timestamp":61000,"windowId":"b","data":{"source":2,"type":2,"id":2,"x":1,"y":1}}]"#;
        let input = Input::Bytes {
            name: "page".to_owned(),
            data: events.as_bytes().to_vec().into(),
        };
        let recording = read(&[input], &ReadOptions::default()).unwrap();
        let mut page = Page::within(recording.tabs[0].limits);
        let mut changes = Vec::new();
        for event in recording.tabs.iter().flat_map(|tab| &tab.events) {
            if let Ok(data) = event.data() {
                page.apply(&data, event.time, event.index, &mut changes);
            }
        }
        assert!(format!("{:?}", page.snapshot()).contains("html"));
        page.apply(&EventData::Resumed([].into()), 70000.0, 9, &mut changes);
        assert!(!format!("{:?}", page.snapshot()).contains("html"));
    }

    #[test]
    fn an_option_that_comes_selected_counts_whether_or_not_anybody_looks() {
        let events = r#"[
            {"type":4,"timestamp":1,"data":{"href":"https://a.example/","width":800,"height":600}},
            {"type":2,"timestamp":2,"data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,"childNodes":[
                {"type":2,"tagName":"select","attributes":{},"id":2,"childNodes":[
                    {"type":2,"tagName":"option","attributes":{"value":"a"},"id":3,"childNodes":[]}]}]}}},
            {"type":3,"timestamp":3,"data":{"source":5,"id":2,"text":"a","isChecked":false}},
            {"type":3,"timestamp":4,"data":{"source":0,"texts":[],"attributes":[],"removes":[],"adds":[
                {"parentId":2,"nextId":null,"node":
                    {"type":2,"tagName":"option","attributes":{"value":"b","selected":""},"id":4,"childNodes":[]}}]}},
            {"type":3,"timestamp":5,"data":{"source":0,"texts":[],"attributes":[],"adds":[],
                "removes":[{"parentId":2,"id":4}]}}]"#;
        let input = Input::Bytes {
            name: "page".to_owned(),
            data: events.as_bytes().to_vec().into(),
        };
        let recording = read(&[input], &ReadOptions::default()).unwrap();
        let tab = &recording.tabs[0];
        for time in [3.0, 4.0, 5.0] {
            let mut played = Replay::new(tab);
            played.advance_to(time);
            let played = format!("{:?}", played.seek(time).changes);
            assert_eq!(
                format!("{:?}", Replay::new(tab).seek(time).changes),
                played,
                "at {time}"
            );
            assert_eq!(played.contains("Value"), time < 4.0, "at {time}: {played}");
        }
    }
}
