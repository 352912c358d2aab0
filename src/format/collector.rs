//! What the readers of all formats put their findings into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use super::inflate::Inflated;
use super::rrweb::Chunks;
use super::{FormatError, FormatName, ReadOptions, posthog, telemetry};
use crate::limits::{Limit, Limits};
use crate::recording::{
    Damage, DamageKind, DamageReport, Event, EventData, EventKind, EventRoom, Meta, Payload, Recording,
    SessionContext, SourceFile, Tab, Telemetry,
};
use crate::redact::RedactionReport;

/// The greatest time that a date can have in a browser, in milliseconds since the Unix epoch.
const LAST_TIME: f64 = 8.64e15;

/// What Sentry's SDKs for mobile applications record instead of pages.
pub(super) const VIDEO: &str = "a video of a mobile application, as Sentry's mobile SDKs record it";

/// Viewport of a page of which nothing tells it, in CSS pixels.
const USUAL_VIEWPORT: (f64, f64) = (1280.0, 720.0);

/// Collects the events of one session, from one file or several.
pub(crate) struct Collector<'a> {
    pub options: &'a ReadOptions,
    /// The file that is being read, for messages.
    file: String,
    tabs: Vec<Tab>,
    places: FxHashMap<String, usize>,
    damage: DamageReport,
    next_index: u32,
    /// How many events there were when the file began.
    events_before: usize,
    /// Files that gave events.
    files_with_events: BTreeSet<String>,
    /// Sessions that files told of, and the files.
    sessions: BTreeMap<String, Vec<String>>,
    /// Signals that stand in the input beside the events.
    pub telemetry: Telemetry,
    /// Pieces of events, which are read when all files have been.
    pub(super) chunks: Chunks,
    /// Tabs that show screens of mobile applications, as wireframes among rrweb's events.
    pub screens: BTreeSet<usize>,
    /// What the input shows that is not drawn, in a few words.
    pub not_shown: Option<&'static str>,
    /// The same event may have been sent twice.
    pub repeats: bool,
    /// Bytes that unpacking made so far.
    unpacked: u64,
    /// How many events there are, and how many came beyond what is allowed.
    count: u64,
    beyond: u64,
}

impl<'a> Collector<'a> {
    pub(super) fn new(options: &'a ReadOptions) -> Self {
        Collector {
            options,
            file: String::new(),
            tabs: Vec::new(),
            places: FxHashMap::default(),
            damage: DamageReport::default(),
            next_index: 0,
            events_before: 0,
            files_with_events: BTreeSet::new(),
            sessions: BTreeMap::new(),
            telemetry: Telemetry::default(),
            chunks: Chunks::default(),
            screens: BTreeSet::new(),
            not_shown: None,
            repeats: false,
            unpacked: 0,
            count: 0,
            beyond: 0,
        }
    }

    /// What comes now is from `file`.
    pub(super) fn begin_file(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    /// All of the file has been read.
    pub(super) fn end_file(&mut self) {
        // Pieces of events are put together only when all files have been read.
        let found = self.events() + self.chunks.pieces();
        if found > self.events_before {
            self.files_with_events.insert(self.file.clone());
        }
        self.events_before = found;
    }

    /// The file that is being read.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// Position in the input of the event that begins now.
    pub(crate) fn next_index(&mut self) -> u32 {
        let index = self.next_index;
        self.next_index = self.next_index.saturating_add(1);
        index
    }

    /// The tab of that name; the empty name where the recording knows only one.
    pub(crate) fn tab(&mut self, id: &str) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = self.tabs.len();
        self.tabs.push(Tab {
            id: id.to_owned(),
            events: Vec::new(),
            limits: self.options.limits,
        });
        self.places.insert(id.to_owned(), place);
        place
    }

    /// Adds an event. One without a usable time gets that of the event before it in its tab.
    pub(crate) fn event(
        &mut self,
        tab: usize,
        index: u32,
        time: Option<f64>,
        kind: EventKind,
        payload: Payload,
    ) {
        if self.count >= self.options.limits.of(Limit::Events) {
            self.beyond += 1;
            return;
        }
        if let Some(tab) = self.tabs.get_mut(tab) {
            self.count += 1;
            let before = tab.events.last().map(|event| event.time);
            tab.events.push(Event {
                time: time.or(before).unwrap_or(f64::NAN),
                index,
                kind,
                payload,
            });
        }
    }

    /// Counts damage.
    ///
    /// # Errors
    /// When damage is not to be tolerated.
    pub(crate) fn damage(&mut self, damage: Damage) -> Result<(), FormatError> {
        if self.options.strict {
            return Err(FormatError::Damaged {
                file: self.file.clone(),
                damage,
            });
        }
        self.damage.add(damage);
        Ok(())
    }

    /// Counts an event that cannot be used.
    pub(crate) fn bad_event(&mut self, index: u32, offset: usize, detail: String) -> Result<(), FormatError> {
        self.damage(Damage {
            kind: DamageKind::BadEvent,
            event: Some(index),
            offset: Some(offset as u64),
            detail,
        })
    }

    /// What comes now is of the session with this id.
    pub(crate) fn session(&mut self, id: &str) {
        let files = self.sessions.entry(id.to_owned()).or_default();
        if files.last() != Some(&self.file) {
            files.push(self.file.clone());
        }
    }

    /// Checks that all that was read is one session. Only files with events matter.
    pub(super) fn check_one_session(&self) -> Result<(), FormatError> {
        let files = &self.files_with_events;
        let named: BTreeSet<&String> = self.sessions.values().flatten().collect();
        let nameless: Vec<&String> = files.iter().filter(|file| !named.contains(file)).collect();
        let reason = if self.sessions.len() > 1 {
            "there is more than one session here; give the files of one of them"
        } else if files.len() > 1 && !nameless.is_empty() {
            "it cannot be told whether these files are one session, for not all of them name it; if they are, \
             concatenate them into one file"
        } else {
            return Ok(());
        };
        let sessions = self.sessions.iter();
        let mut found: Vec<String> = sessions
            .map(|(id, files)| format!("  session {id}: {}", files.join(", ")))
            .collect();
        found.extend(nameless.iter().map(|file| format!("  no session named: {file}")));
        Err(FormatError::NotOneSession {
            reason: reason.to_owned(),
            found,
        })
    }

    /// How many events there are so far.
    pub(super) fn events(&self) -> usize {
        self.tabs.iter().map(|tab| tab.events.len()).sum()
    }

    /// How many bytes may still be unpacked.
    pub(crate) fn unpack_room(&self) -> u64 {
        self.options.most_unpacked().saturating_sub(self.unpacked)
    }

    /// How much is decoded of an event.
    pub(crate) fn event_room(&self) -> EventRoom {
        let limits = self.options.limits;
        let most = |value| u32::try_from(value).unwrap_or(u32::MAX);
        EventRoom {
            nodes: most(limits.of(Limit::Nodes).saturating_add(1)),
            part_kib: most(limits.of(Limit::Part) >> 10),
        }
    }

    /// The limits that hold.
    pub(super) fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// So many bytes were unpacked.
    pub(crate) fn unpacked(&mut self, bytes: usize) {
        self.unpacked = self.unpacked.saturating_add(bytes as u64);
    }

    /// Counts what was unpacked, and tells what was wrong with it.
    pub(super) fn take_in(&mut self, inflated: Inflated) -> Result<Bytes, FormatError> {
        self.unpacked(inflated.bytes.len());
        if let Some(damage) = inflated.damage {
            self.damage(damage)?;
        }
        Ok(inflated.bytes)
    }

    /// Puts everything in order.
    pub(super) fn finish(
        mut self,
        format: FormatName,
        sources: Vec<SourceFile>,
        files: String,
    ) -> Result<Recording, FormatError> {
        for tab in &mut self.tabs {
            let first = tab
                .events
                .iter()
                .map(|event| event.time)
                .find(|time| !time.is_nan());
            for event in tab.events.iter_mut().take_while(|event| event.time.is_nan()) {
                event.time = first.unwrap_or(0.0);
            }
            tab.events.sort_by(|one, two| one.time.total_cmp(&two.time));
            if self.repeats {
                drop_repeats(&mut tab.events);
            }
        }
        for tab in std::mem::take(&mut self.screens) {
            let events = self.tabs.get_mut(tab).map(|tab| &mut tab.events);
            for damage in events.map(posthog::draw_screens).unwrap_or_default() {
                self.damage(damage)?;
            }
        }
        for jump in self.tabs.iter().flat_map(clock_jumps) {
            self.damage.add(jump);
        }
        self.check_limits()?;
        self.tabs.retain(|tab| !tab.events.is_empty());
        self.tabs.sort_by(|one, two| {
            let start = |tab: &Tab| tab.start().unwrap_or(f64::INFINITY);
            start(one).total_cmp(&start(two))
        });
        if self.options.strict {
            self.check_payloads()?;
        }
        if !self.tabs.iter().any(Tab::has_picture) {
            return Err(self.nothing_to_show(files));
        }
        if let Some(what) = self.not_shown {
            self.damage(Damage {
                kind: DamageKind::NotShown,
                event: None,
                offset: None,
                detail: format!("it also holds {what}, which domreel does not show"),
            })?;
        }
        let mut all = telemetry(&self.tabs);
        let session = match &*self.sessions.keys().collect::<Vec<_>>() {
            [only] => Some(only.as_str().into()),
            _ => None,
        };
        all.merge(self.telemetry);
        all.context.fill_from(SessionContext {
            session,
            ..SessionContext::default()
        });
        self.tabs.iter_mut().for_each(give_viewport);
        Ok(Recording {
            tabs: self.tabs,
            telemetry: all,
            damage: self.damage,
            format: format.name(),
            sources,
            assets: crate::asset::Filled::default(),
            redaction: RedactionReport::default(),
        })
    }

    /// Tells what there is too much of.
    fn check_limits(&mut self) -> Result<(), FormatError> {
        let limits = &self.options.limits;
        let mut told = Vec::new();
        if self.beyond > 0 {
            let hint = limits.hint(Limit::Events);
            told.push(format!("the last {} events were left out; {hint}", self.beyond));
        }
        let longest = limits.of(Limit::Session);
        for tab in &self.tabs {
            let length = tab.end().unwrap_or_default() - tab.start().unwrap_or_default();
            if length > longest as f64 {
                let hours = length / 3_600_000.0;
                let hint = limits.hint(Limit::Session);
                told.push(format!("a tab is {hours:.1} hours long; {hint}"));
            }
        }
        for detail in told {
            self.damage(Damage {
                kind: DamageKind::Limit,
                event: None,
                offset: None,
                detail,
            })?;
        }
        Ok(())
    }

    /// Payloads are read when they are needed; who wants to know of all damage has to wait for it.
    fn check_payloads(&mut self) -> Result<(), FormatError> {
        let bad = self.tabs.iter().flat_map(|tab| &tab.events).find_map(|event| {
            let error = event.data().err()?;
            Some((event.index, error))
        });
        let Some((index, error)) = bad else {
            return Ok(());
        };
        self.damage(Damage {
            kind: DamageKind::BadEvent,
            event: Some(index),
            offset: None,
            detail: error.to_string(),
        })
    }

    /// What is shown instead of a page, if that is known.
    fn instead_of_page(&self) -> Option<&'static str> {
        let videos = |event: &Event| {
            event.kind == EventKind::Custom
                && event
                    .data()
                    .is_ok_and(|data| matches!(&*data, EventData::Custom { tag, .. } if &**tag == "video"))
        };
        let mut events = self.tabs.iter().flat_map(|tab| &tab.events);
        self.not_shown.or_else(|| events.any(videos).then_some(VIDEO))
    }

    fn nothing_to_show(&self, file: String) -> FormatError {
        if let Some(what) = self.instead_of_page() {
            return FormatError::NotShown { file, what };
        }
        let count: u64 = self.damage.counts().map(|(_, count)| count).sum();
        let damage = match self.damage.examples() {
            [] => String::new(),
            [first, ..] if count == 1 => format!(", and there is damage: {first}"),
            [first, ..] => format!(", and there is damage in {count} places, first: {first}"),
        };
        FormatError::NothingToShow {
            file,
            events: self.events(),
            damage,
        }
    }
}

/// Drops events that are the same as one before at the same time.
fn drop_repeats(events: &mut Vec<Event>) {
    let mut time = f64::NAN;
    let mut seen = FxHashSet::default();
    events.retain(|event| {
        if event.time != time {
            time = event.time;
            seen.clear();
        }
        match &event.payload {
            Payload::Encoded { bytes, .. } => seen.insert((event.kind, bytes.clone())),
            Payload::Decoded(_) => true,
        }
    });
}

/// Some recorders leave out the Meta event, without which a page has no size: the first size that
/// the tab has later is taken, or a usual one.
fn give_viewport(tab: &mut Tab) {
    let known = |event: &Event| event.kind.tells_viewport();
    let Some(place) = tab
        .events
        .iter()
        .position(|event| event.kind == EventKind::FullSnapshot)
    else {
        return;
    };
    let (before, after) = tab.events.split_at(place);
    let (Some(snapshot), false) = (after.first(), before.iter().any(known)) else {
        return;
    };
    let size = after
        .iter()
        .filter(|event| known(event))
        .find_map(|event| match *event.data().ok()? {
            EventData::Meta(Meta { width, height, .. }) | EventData::ViewportResize { width, height } => {
                Some((width, height))
            }
            _ => None,
        });
    let (width, height) = size.unwrap_or(USUAL_VIEWPORT);
    let meta = EventData::Meta(Meta {
        href: "".into(),
        width,
        height,
    });
    let event = Event {
        time: snapshot.time,
        index: snapshot.index,
        kind: EventKind::Meta,
        payload: Payload::Decoded(Arc::new(meta)),
    };
    tab.events.insert(place, event);
}

/// A time that a date can have.
pub(crate) fn usable_time(time: f64) -> Option<f64> {
    (0.0..=LAST_TIME).contains(&time).then_some(time)
}

/// Gaps that no session has: the recorder's clock was set, or some times are wrong.
fn clock_jumps(tab: &Tab) -> Vec<Damage> {
    const LONGEST_GAP: f64 = 24.0 * 3_600_000.0;
    let pairs = tab.events.windows(2).filter_map(|pair| match pair {
        [one, next] if next.time - one.time > LONGEST_GAP => Some((next, next.time - one.time)),
        _ => None,
    });
    pairs
        .map(|(event, gap)| Damage {
            kind: DamageKind::ClockJump,
            event: Some(event.index),
            offset: None,
            detail: format!("the clock jumps by {:.1} days", gap / (24.0 * 3_600_000.0)),
        })
        .collect()
}
