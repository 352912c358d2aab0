//! Finds the events of a file: in an array, one a line, in arrays of arrays, in the envelopes that
//! products put around them; past stretches that are damaged.
//!
//! Arrays and known envelopes are entered and left without meaning anything by themselves, so that
//! every way of wrapping and concatenating events is read by the same few lines. Events in text
//! are found by `text`, the way back after damage by `recover`.

mod recover;
mod text;

use bytes::Bytes;

use super::chunk::Piece;
use super::decode::decode;
use super::event::{Shallow, Unusable, is_event};
use super::packed::decode_compressed;
use crate::format::FormatError;
use crate::format::collector::Collector;
use crate::format::error::Stop;
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::Payload;

use text::begins_text;
pub(in crate::format) use text::finish;

/// Times below this are seconds where a recorder writes both; as milliseconds it is March 1973.
const SECONDS_END: f64 = 1e11;

/// Arrays and envelopes within each other; more than any product uses.
const MOST_LEVELS: usize = 16;

/// Damage may cost as many bytes of looking around as the input has, times this.
const SEARCHES: usize = 16;

/// How a product's recordings differ from rrweb's own.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::format) struct Dialect {
    /// Some times are in seconds.
    pub seconds: bool,
    /// Objects that are no events stand among the envelopes as a matter of course.
    pub foreign: bool,
}

/// Keys of envelopes under which events stand, or further envelopes, as they are or as text.
pub(in crate::format) const CONTAINERS: &[&str] = &[
    "events",
    "data",
    "snapshots",
    "recording",
    "rrweb_events",
    "rrwebEvents",
    "properties",
    "$snapshot_data",
    "$snapshot_items",
    "result",
    "batch",
    "results",
    "variables",
    "attributes",
    "snapshot_data",
    "payload",
    "rows",
];

/// Keys of envelopes under which one event stands, as text or as it is.
const TEXTS: &[&str] = &["event"];

/// Keys of envelopes under which events stand by tab.
const CONTAINERS_BY_WINDOW: &[&str] = &["snapshotsByWindowId", "snapshot_data_by_window_id"];

/// An array or envelope that is open.
struct Level {
    kind: LevelKind,
    /// The tab of what stands in it.
    tab: Option<usize>,
}

enum LevelKind {
    Array { first: bool },
    Envelope,
    Windows,
}

/// What an object turns out to be.
enum Shape {
    Event,
    Envelope {
        tab: Option<usize>,
    },
    /// A piece of events that were compressed together.
    Piece {
        tab: Option<usize>,
        piece: Piece,
    },
    Neither,
}

struct Walk<'a, 'c, 'o> {
    bytes: &'a Bytes,
    json: Json<'a>,
    levels: Vec<Level>,
    dialect: Dialect,
    collector: &'c mut Collector<'o>,
    /// Where the value that is being read begins.
    value_start: usize,
    /// The event that is being read.
    event: Option<u32>,
    /// The tab of what stands in nothing that tells one.
    outer: Option<usize>,
    /// In how many texts this text stands.
    texts: usize,
    /// The tab of the event before.
    last_tab: Option<usize>,
    /// How many bytes may still be looked through for the way back after damage.
    search_room: usize,
    /// There was damage: brackets may be left over.
    recovered: bool,
}

fn is_container(key: &str) -> bool {
    CONTAINERS.contains(&key) || CONTAINERS_BY_WINDOW.contains(&key)
}

/// Whether the object that comes next is an envelope, as far as it can be read.
fn holds_envelope(mut json: Json<'_>) -> bool {
    let mut look = || -> Result<bool, JsonError> {
        json.object()?;
        while let Some(key) = json.key()? {
            if is_container(&key) && matches!(json.kind()?, Kind::Array | Kind::Object) {
                return Ok(true);
            }
            json.pass()?;
        }
        Ok(false)
    };
    look().unwrap_or(false)
}

/// Collects all events of `bytes`.
pub(in crate::format) fn read(
    bytes: &Bytes,
    dialect: Dialect,
    collector: &mut Collector<'_>,
) -> Result<(), FormatError> {
    read_at(bytes, 0, dialect, collector)
}

/// Collects all events of `bytes` from byte `at` on.
pub(in crate::format) fn read_at(
    bytes: &Bytes,
    at: usize,
    dialect: Dialect,
    collector: &mut Collector<'_>,
) -> Result<(), FormatError> {
    read_within(bytes, at, dialect, collector, None, 0)
}

/// Collects all events of what stands in `texts` texts, in that tab.
fn read_within(
    bytes: &Bytes,
    at: usize,
    dialect: Dialect,
    collector: &mut Collector<'_>,
    outer: Option<usize>,
    texts: usize,
) -> Result<(), FormatError> {
    let mut walk = Walk {
        bytes,
        json: Json::at_offset(bytes, at),
        levels: Vec::new(),
        dialect,
        collector,
        value_start: 0,
        event: None,
        outer,
        texts,
        last_tab: None,
        search_room: bytes.len().saturating_mul(SEARCHES).saturating_add(1 << 16),
        recovered: false,
    };
    loop {
        match walk.step() {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(Stop::Format(error)) => return Err(error),
            Err(Stop::Json(error)) => {
                if !walk.recover(error)? {
                    return Ok(());
                }
            }
        }
    }
}

impl Walk<'_, '_, '_> {
    /// Reads one value, or goes one level up; says whether there is more.
    fn step(&mut self) -> Result<bool, Stop> {
        self.event = None;
        self.value_start = self.json.at();
        let Some(level) = self.levels.last_mut() else {
            if !self.json.more() {
                return Ok(false);
            }
            let bracket = matches!(self.bytes.get(self.json.at()), Some(b']' | b'}'));
            if bracket && self.recovered {
                self.json.seek(self.json.at() + 1);
                return Ok(true);
            }
            self.value(false)?;
            return Ok(true);
        };
        match &mut level.kind {
            LevelKind::Array { first } => {
                let first = std::mem::take(first);
                if self.json.element()? {
                    self.value(first)?;
                } else {
                    self.levels.pop();
                }
            }
            LevelKind::Envelope => match self.json.key()? {
                None => drop(self.levels.pop()),
                Some(key) if CONTAINERS_BY_WINDOW.contains(&&*key) && self.json.kind()? == Kind::Object => {
                    let tab = level.tab;
                    self.json.object()?;
                    self.enter(LevelKind::Windows, tab)?;
                }
                Some(key) if CONTAINERS.contains(&&*key) => match self.json.kind()? {
                    Kind::Array | Kind::Object => self.value(false)?,
                    Kind::String => self.container()?,
                    _ => self.json.pass()?,
                },
                Some(key) if TEXTS.contains(&&*key) => match self.json.kind()? {
                    Kind::Object if is_event(&mut self.json.clone()) => self.value(false)?,
                    Kind::String => self.text()?,
                    _ => self.json.pass()?,
                },
                Some(_) => self.json.pass()?,
            },
            LevelKind::Windows => match self.json.key()? {
                None => drop(self.levels.pop()),
                Some(window) => {
                    level.tab = Some(self.collector.tab(&window));
                    match self.json.kind()? {
                        Kind::Array => self.value(false)?,
                        _ => self.json.pass()?,
                    }
                }
            },
        }
        Ok(true)
    }

    fn enter(&mut self, kind: LevelKind, tab: Option<usize>) -> Result<(), Stop> {
        self.levels.push(Level { kind, tab });
        Ok(())
    }

    fn tab(&self) -> Option<usize> {
        self.levels.last().and_then(|level| level.tab).or(self.outer)
    }

    fn value(&mut self, first: bool) -> Result<(), Stop> {
        let kind = self.json.kind()?;
        self.value_start = self.json.at();
        let tab = self.tab();
        match kind {
            Kind::Array | Kind::Object if self.levels.len() >= MOST_LEVELS => {
                self.json.pass()?;
                self.not_an_event("arrays nested deeper than events ever stand")
            }
            Kind::Array => {
                self.json.array()?;
                self.enter(LevelKind::Array { first: true }, tab)
            }
            Kind::Object => match self.shape()? {
                Shape::Event => self.event(),
                Shape::Envelope { tab } => {
                    self.json.object()?;
                    self.enter(LevelKind::Envelope, tab)
                }
                Shape::Piece { tab, piece } => self.piece(tab, piece),
                Shape::Neither if self.dialect.foreign => Ok(self.json.pass()?),
                Shape::Neither => {
                    self.json.pass()?;
                    self.not_an_event("an object that is no event")
                }
            },
            Kind::String => self.string(first),
            Kind::Number | Kind::Bool | Kind::Null => {
                self.json.pass()?;
                self.not_an_event("a number or word where an event should stand")
            }
        }
    }

    fn not_an_event(&mut self, what: &str) -> Result<(), Stop> {
        let index = self.collector.next_index();
        Ok(self
            .collector
            .bad_event(index, self.value_start, what.to_owned())?)
    }

    /// Looks at the keys of the object that comes next. Events are told by their numeric `type`.
    fn shape(&mut self) -> Result<Shape, Stop> {
        let mut json = Json::at_offset(self.bytes, self.value_start);
        let mut holds = false;
        let (mut window, mut session) = (None, None);
        let mut piece = Piece::default();
        let mut look = || -> Result<bool, JsonError> {
            json.object()?;
            while let Some(key) = json.key()? {
                match &*key {
                    "type" if json.kind()? == Kind::Number => return Ok(true),
                    "window_id" | "windowId" | "$window_id" => window = json.string_or_none()?,
                    "$session_id" | "session_id" | "session_secure_id" | "replay_id" => {
                        session = json.string_or_none()?
                    }
                    "chunk_id" => piece.stretch = json.string_or_none()?.unwrap_or_default().into_owned(),
                    "chunk_index" => piece.place = json.integer_or_none()?.unwrap_or_default(),
                    "chunk_count" => piece.count = json.integer_or_none()?.unwrap_or_default(),
                    key if TEXTS.contains(&key) => {
                        // Any other text is passed over further down.
                        holds |= match json.kind()? {
                            Kind::String => true,
                            Kind::Object => is_event(&mut json.clone()),
                            _ => false,
                        };
                        json.pass()?;
                    }
                    key => {
                        let kind = json.kind()?;
                        holds |= match kind {
                            // An event has data too, and may be cut off before its type.
                            Kind::Object if key == "data" => holds_envelope(json.clone()),
                            Kind::Object | Kind::Array => is_container(key),
                            Kind::String => is_container(key) && begins_text(&json),
                            _ => false,
                        };
                        json.pass()?;
                    }
                }
            }
            Ok(false)
        };
        // What is damaged is entered all the same, for what stands before the damage.
        let whole = match look() {
            Ok(true) => return Ok(Shape::Event),
            Ok(false) if !holds && piece.stretch.is_empty() => return Ok(Shape::Neither),
            Ok(false) => true,
            Err(error) if !holds => {
                self.event = Some(self.collector.next_index());
                return Err(error.into());
            }
            Err(_) => false,
        };
        if let Some(session) = session {
            self.collector.session(&session);
        }
        let tab = match window {
            Some(window) => Some(self.collector.tab(&window)),
            // The tab may have stood behind the cut: most likely it is that of the events before.
            None => self.tab().or(self.last_tab.filter(|_| !whole)),
        };
        if !piece.stretch.is_empty() {
            return Ok(Shape::Piece { tab, piece });
        }
        Ok(Shape::Envelope { tab })
    }

    fn event(&mut self) -> Result<(), Stop> {
        let index = self.collector.next_index();
        self.event = Some(index);
        let shallow = Shallow::read(&mut self.json)?;
        let bytes = self.bytes.clone();
        self.add(index, &bytes, shallow)
    }

    fn add(&mut self, index: u32, bytes: &Bytes, shallow: Result<Shallow<'_>, Unusable>) -> Result<(), Stop> {
        let at = self.value_start;
        let shallow = match shallow {
            Ok(shallow) => shallow,
            Err(Unusable(reason)) => return Ok(self.collector.bad_event(index, at, reason)?),
        };
        let mut time = shallow.time;
        if self.dialect.seconds {
            time = time.map(|time| if time < SECONDS_END { time * 1000.0 } else { time });
        }
        if time.is_none() {
            let detail = "an event without a usable timestamp; shown at the time of the one before it";
            self.collector.bad_event(index, at, detail.to_owned())?;
        }
        let tab = match &shallow.window {
            Some(window) => self.collector.tab(window),
            None => self.tab().unwrap_or_else(|| self.collector.tab("")),
        };
        self.last_tab = Some(tab);
        if shallow.wireframes {
            self.collector.screens.insert(tab);
        }
        let payload = Payload::Encoded {
            bytes: bytes.slice(shallow.data),
            decode: if shallow.compressed {
                decode_compressed
            } else {
                decode
            },
            room: self.collector.event_room(),
        };
        self.collector.event(tab, index, time, shallow.kind, payload);
        Ok(())
    }
}
