//! The records of one view become events.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::change::{Applied, Changes};
use super::mobile::{Drawn, Screen};
use super::record::Record;
use super::resources::Resources;
use super::tree;
use crate::format::FormatError;
use crate::format::collector::Collector;
use crate::format::json::{Json, JsonError, Kind};
use crate::format::rrweb;
use crate::recording::{
    Damage, DamageKind, DecodeError, EventData, EventKind, EventRoom, Frustration, FrustrationKind,
    Interaction, Origin, Payload, Signal, SignalKind,
};

/// A decoded event.
pub(super) type Decoded = (EventKind, EventData);

/// An event that is not in a tab yet.
#[derive(Debug)]
pub(super) struct Timed {
    pub time: Option<f64>,
    pub index: u32,
    pub kind: EventKind,
    pub payload: Payload,
}

/// What goes on counting from view to view.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The number of the next constructed sheet.
    pub next_sheet: i64,
    /// How many bytes of strings and pictures may still be referred to.
    pub room: u64,
}

impl Numbers {
    pub(super) fn new(room: u64) -> Self {
        Numbers { next_sheet: 1, room }
    }
}

/// How the page is being written.
enum Page {
    /// There was no full snapshot yet.
    Unknown,
    Tree,
    Changes(Box<Changes>),
    /// As wireframes of a mobile application.
    Screen(Box<Screen>),
    /// As changes of which some are lost: what follows cannot be understood before the next full
    /// snapshot.
    Lost,
}

/// A view that is being read.
pub(super) struct View<'a> {
    tab: Option<Arc<str>>,
    resources: &'a Resources,
    numbers: &'a mut Numbers,
    page: Page,
    events: Vec<Timed>,
    /// Interactions by the numbers under which frustrations refer to them.
    interactions: FxHashMap<i64, Record>,
    /// Records that could not be used because others are lost.
    unusable: u64,
    /// How much is decoded of a record.
    event_room: EventRoom,
}

/// Why a record was not used.
enum Refused {
    Unusable(String),
    Format(FormatError),
}

impl From<FormatError> for Refused {
    fn from(error: FormatError) -> Self {
        Refused::Format(error)
    }
}

impl From<DecodeError> for Refused {
    fn from(error: DecodeError) -> Self {
        Refused::Unusable(format!("a record that cannot be used: {error}"))
    }
}

impl From<JsonError> for Refused {
    fn from(error: JsonError) -> Self {
        DecodeError::from(error).into()
    }
}

fn unusable(reason: impl Into<String>) -> Result<(), Refused> {
    Err(Refused::Unusable(reason.into()))
}

impl<'a> View<'a> {
    pub(super) fn new(
        tab: Option<Arc<str>>,
        resources: &'a Resources,
        numbers: &'a mut Numbers,
        event_room: EventRoom,
    ) -> Self {
        View {
            tab,
            resources,
            numbers,
            page: Page::Unknown,
            events: Vec::new(),
            interactions: FxHashMap::default(),
            unusable: 0,
            event_room,
        }
    }

    /// Takes the next record.
    pub(super) fn record(
        &mut self,
        record: Record,
        collector: &mut Collector<'_>,
    ) -> Result<(), FormatError> {
        // What a web view within a mobile application shows is a page of its own, with numbers of its
        // own; the application's screen has a box there.
        if record.in_web_view {
            return Ok(());
        }
        if record.after_gap && matches!(self.page, Page::Changes(_)) {
            self.leave_changes();
            self.page = Page::Lost;
        }
        let (index, offset) = (record.index, record.offset);
        match self.read(record, collector) {
            Ok(()) => Ok(()),
            Err(Refused::Format(error)) => Err(error),
            Err(Refused::Unusable(reason)) => collector.bad_event(index, offset, reason),
        }
    }

    fn read(&mut self, record: Record, collector: &mut Collector<'_>) -> Result<(), Refused> {
        let shape = Json::new(&record.data).kind().ok();
        let number = record.number;
        match (number, shape) {
            (2, Some(Kind::Array)) => self.change_snapshot(&record, collector),
            (2, Some(Kind::Object)) if record.format == 0 => self.tree_snapshot(record),
            (2, Some(Kind::Object)) => unusable("a full snapshot in a format of which nothing is known"),
            (3, Some(Kind::Object)) => self.incremental(record),
            (4, Some(Kind::Object)) => {
                self.encoded(record, EventKind::Meta);
                Ok(())
            }
            (12, Some(Kind::Array)) => self.changes(&record, collector),
            (10, Some(Kind::Object)) => self.screen_snapshot(&record, collector),
            (11, Some(Kind::Object)) => self.screen_change(&record, collector),
            (9, Some(Kind::Object)) => self.frustration(&record, collector),
            (6, Some(Kind::Object)) => {
                self.focus(&record, collector);
                Ok(())
            }
            // Focus, the end of the view, and pinch zoom, which moves the picture and not the page.
            (6..=8, _) => {
                self.decoded(&record, (EventKind::Ignored, EventData::Ignored));
                Ok(())
            }
            (2 | 3 | 4 | 9 | 10 | 11 | 12, _) => unusable(format!("a record of type {number} without data")),
            _ => unusable(format!("a record of unknown type {number}")),
        }
    }

    /// The page got the focus, or lost it.
    fn focus(&mut self, record: &Record, collector: &mut Collector<'_>) {
        #[derive(serde::Deserialize)]
        struct Focus {
            has_focus: bool,
        }
        let told = serde_json::from_slice(&record.data).ok();
        if let (Some(time), Some(Focus { has_focus })) = (record.time, told) {
            collector.telemetry.signals.push(Signal {
                time,
                tab: self.tab.clone(),
                id: None,
                origin: Origin::Recorded,
                kind: SignalKind::Visible(has_focus),
            });
        }
        self.decoded(record, (EventKind::Ignored, EventData::Ignored));
    }

    fn encoded(&mut self, record: Record, kind: EventKind) {
        self.events.push(Timed {
            time: record.time,
            index: record.index,
            kind,
            payload: Payload::Encoded {
                bytes: record.data,
                decode: tree::decode,
                room: self.event_room,
            },
        });
    }

    fn decoded(&mut self, record: &Record, event: Decoded) {
        self.events.push(Timed::decoded(record.time, record.index, event));
    }

    // ---- pages as trees ----

    fn tree_snapshot(&mut self, record: Record) -> Result<(), Refused> {
        self.leave_changes();
        self.page = Page::Tree;
        self.with_adoptions(record, EventKind::FullSnapshot);
        Ok(())
    }

    fn incremental(&mut self, record: Record) -> Result<(), Refused> {
        let Some(source) = rrweb::source(&record.data, 0)? else {
            return unusable("an incremental snapshot without a source");
        };
        /// Where a pointer was or what it did; rrweb gives the number to canvases.
        const POINTER_INTERACTION: i64 = 9;
        let kind = match source {
            // Browsers write what pointers do as other records too.
            POINTER_INTERACTION => EventKind::Ignored,
            source => match rrweb::incremental_kind(source).filter(|_| source <= 8) {
                Some(kind) => kind,
                None => return unusable(format!("an incremental snapshot of unknown source {source}")),
            },
        };
        match kind {
            EventKind::Mutation => self.with_adoptions(record, kind),
            EventKind::Interaction => {
                if let Some(id) = record.id {
                    self.interactions.insert(id, record.clone());
                }
                self.encoded(record, kind);
            }
            kind => self.encoded(record, kind),
        }
        Ok(())
    }

    /// Adds a record of nodes, and what they adopt.
    fn with_adoptions(&mut self, record: Record, kind: EventKind) {
        let adoptions = tree::adoptions(&record.data, &mut self.numbers.next_sheet);
        let (time, index) = (record.time, record.index);
        self.encoded(record, kind);
        let adoptions = adoptions.into_iter();
        self.events
            .extend(adoptions.map(|event| Timed::decoded(time, index, event)));
    }

    // ---- pages as changes ----

    /// Keeps what goes on counting.
    fn leave_changes(&mut self) {
        match &self.page {
            Page::Changes(changes) => {
                self.numbers.next_sheet = changes.next_sheet();
                self.numbers.room = changes.room();
            }
            Page::Screen(screen) => self.numbers.room = screen.room(),
            Page::Unknown | Page::Tree | Page::Lost => {}
        }
    }

    fn change_snapshot(&mut self, record: &Record, collector: &mut Collector<'_>) -> Result<(), Refused> {
        self.leave_changes();
        self.page = Page::Lost;
        let mut changes = Box::new(Changes::new(self.numbers.next_sheet, self.numbers.room));
        let applied = changes.snapshot(&record.data, self.resources)?;
        self.page = Page::Changes(changes);
        self.applied(record, applied, collector)
    }

    fn changes(&mut self, record: &Record, collector: &mut Collector<'_>) -> Result<(), Refused> {
        let Page::Changes(changes) = &mut self.page else {
            self.unusable += 1;
            return Ok(());
        };
        match changes.changes(&record.data, self.resources) {
            Ok(applied) => self.applied(record, applied, collector),
            Err(error) => {
                // How many nodes and strings it would have brought is not known.
                self.leave_changes();
                self.page = Page::Lost;
                Err(error.into())
            }
        }
    }

    fn applied(
        &mut self,
        record: &Record,
        applied: Applied,
        collector: &mut Collector<'_>,
    ) -> Result<(), Refused> {
        if let Some((what, count)) = applied.fault {
            let more = match count {
                1 => String::new(),
                count => format!(", and {} more like it", count - 1),
            };
            collector.bad_event(record.index, record.offset, format!("{what}{more}"))?;
        }
        for event in applied.events {
            self.decoded(record, event);
        }
        Ok(())
    }

    // ---- screens ----

    fn screen_snapshot(&mut self, record: &Record, collector: &mut Collector<'_>) -> Result<(), Refused> {
        self.leave_changes();
        let mut screen = Box::new(Screen::new(self.numbers.room));
        let drawn = screen.snapshot(&record.data, self.resources)?;
        self.page = Page::Screen(screen);
        self.drawn(record, drawn, collector)
    }

    fn screen_change(&mut self, record: &Record, collector: &mut Collector<'_>) -> Result<(), Refused> {
        let Page::Screen(screen) = &mut self.page else {
            self.unusable += 1;
            return Ok(());
        };
        let drawn = screen.incremental(&record.data, record.time, self.resources)?;
        self.drawn(record, drawn, collector)
    }

    fn drawn(&mut self, record: &Record, drawn: Drawn, collector: &mut Collector<'_>) -> Result<(), Refused> {
        if drawn.unknown > 0 {
            let what = format!("{} changes of wireframes that are not there", drawn.unknown);
            collector.bad_event(record.index, record.offset, what)?;
        }
        self.decoded(record, drawn.event);
        if let Some(click) = drawn.click {
            self.decoded(record, click);
        }
        Ok(())
    }

    // ---- frustrations ----

    fn frustration(&mut self, record: &Record, collector: &mut Collector<'_>) -> Result<(), Refused> {
        let (mut kinds, mut ids) = (Vec::new(), Vec::new());
        let mut json = Json::new(&record.data);
        json.object()?;
        while let Some(key) = json.key()? {
            match (&*key, json.kind()?) {
                ("frustrationTypes", Kind::Array) => {
                    json.array()?;
                    while json.element()? {
                        kinds.extend(json.string_or_none()?.and_then(|kind| frustration_kind(&kind)));
                    }
                }
                ("recordIds", Kind::Array) => {
                    json.array()?;
                    while json.element()? {
                        ids.extend(json.integer_or_none()?);
                    }
                }
                _ => json.pass()?,
            }
        }
        let first = ids.iter().find_map(|id| self.interactions.get(id));
        let click = first.and_then(|click| {
            match tree::decode(EventKind::Interaction, &click.data, EventRoom::NONE) {
                Ok(EventData::Interaction(click)) => Some(click),
                _ => None,
            }
        });
        let (node, position) = click.map_or((None, None), |Interaction { target, position, .. }| {
            (Some(target), position)
        });
        let time = first.and_then(|click| click.time).or(record.time);
        for kind in kinds {
            let frustration = Frustration {
                kind,
                node,
                target: None,
                position,
                clicks: u32::try_from(ids.len()).unwrap_or(u32::MAX).max(1),
            };
            collector.telemetry.signals.push(Signal {
                time: time.unwrap_or(0.0),
                tab: self.tab.clone(),
                id: None,
                origin: Origin::Recorded,
                kind: SignalKind::Frustration(frustration),
            });
        }
        Ok(())
    }

    /// All events of the view.
    pub(super) fn finish(mut self, collector: &mut Collector<'_>) -> Result<Vec<Timed>, FormatError> {
        self.leave_changes();
        if self.unusable > 0 {
            collector.damage(Damage {
                kind: DamageKind::BadEvent,
                event: None,
                offset: None,
                detail: format!(
                    "{} records of changes cannot be understood without those that are missing before them",
                    self.unusable
                ),
            })?;
        }
        Ok(self.events)
    }
}

fn frustration_kind(name: &str) -> Option<FrustrationKind> {
    match name {
        "rage_click" | "rage_tap" => Some(FrustrationKind::RageClick),
        "dead_click" => Some(FrustrationKind::DeadClick),
        "error_click" | "error_tap" => Some(FrustrationKind::ErrorClick),
        _ => None,
    }
}
