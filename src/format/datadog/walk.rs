//! Finds the segments and records of a file: one a line, in arrays, in whatever a program that
//! fetched them has put around them; past stretches that are damaged.

use bytes::Bytes;
use memchr::memchr;

use super::record::{About, Record, Segment, begins};
use crate::format::FormatError;
use crate::format::collector::Collector;
use crate::format::error::Stop;
use crate::format::json::{Fault, Json, JsonError, Kind};
use crate::format::text;
use crate::recording::{Damage, DamageKind};

/// Arrays and envelopes within each other; more than any product uses.
const MOST_LEVELS: usize = 64;

/// Keys of envelopes under which segments or records stand, or further envelopes, as they are or as text.
const CONTAINERS: &[&str] = &[
    "segments",
    "records",
    "data",
    "attributes",
    "segment",
    "results",
    "content",
    "payload",
    "rows",
];

/// What is being read within what.
enum Level {
    Array,
    Envelope,
    /// The fields of a segment.
    Segment,
    /// The records of a segment.
    Records,
}

/// What an object turns out to be.
enum Shape {
    Record,
    Segment(About),
    Envelope,
    Neither,
}

struct Walk<'a, 'c, 'o> {
    bytes: &'a Bytes,
    json: Json<'a>,
    levels: Vec<Level>,
    collector: &'c mut Collector<'o>,
    segments: Vec<Segment>,
    /// The last of the segments takes the records that come now.
    open: bool,
    /// Records were lost since the last that was read.
    gap: bool,
    /// In how many texts this text stands.
    texts: usize,
    /// Where the value that is being read begins.
    value_start: usize,
    /// The record that is being read.
    record: Option<u32>,
    /// How many bytes may still be looked through for the way back after damage.
    search_room: usize,
}

/// Whether the string that comes next may hold segments.
fn begins_text(json: &Json<'_>) -> bool {
    text::may_hold(json.in_string())
}

/// Finds all segments of `bytes`. Records that stand outside of segments make segments that say
/// nothing of themselves.
pub(super) fn segments(bytes: &Bytes, collector: &mut Collector<'_>) -> Result<Vec<Segment>, FormatError> {
    let mut segments = segments_within(bytes, 0, collector)?;
    settle(&mut segments);
    Ok(segments)
}

/// Finds the segments of what stands in `texts` texts.
fn segments_within(
    bytes: &Bytes,
    texts: usize,
    collector: &mut Collector<'_>,
) -> Result<Vec<Segment>, FormatError> {
    let mut walk = Walk {
        bytes,
        json: Json::new(bytes),
        levels: Vec::new(),
        collector,
        segments: Vec::new(),
        open: false,
        gap: false,
        texts,
        value_start: 0,
        record: None,
        search_room: bytes.len().saturating_mul(4).saturating_add(1 << 16),
    };
    loop {
        match walk.step() {
            Ok(true) => {}
            Ok(false) => break,
            Err(Stop::Format(error)) => return Err(error),
            Err(Stop::Json(error)) => {
                if !walk.recover(error)? {
                    break;
                }
            }
        }
    }
    Ok(walk.segments)
}

impl Walk<'_, '_, '_> {
    /// Reads one value, or goes one level up; says whether there is more.
    fn step(&mut self) -> Result<bool, Stop> {
        self.record = None;
        self.value_start = self.json.at();
        match self.levels.last() {
            None => {
                if !self.json.more() {
                    return Ok(false);
                }
                self.value()?;
            }
            Some(Level::Array | Level::Records) => {
                if self.json.element()? {
                    self.value()?;
                } else {
                    self.levels.pop();
                }
            }
            Some(Level::Segment) => match self.json.key()? {
                None => {
                    self.levels.pop();
                    self.open = false;
                }
                Some(key) if key == "records" && self.json.kind()? == Kind::Array => {
                    self.json.array()?;
                    self.levels.push(Level::Records);
                }
                Some(_) => self.json.pass()?,
            },
            Some(Level::Envelope) => match self.json.key()? {
                None => drop(self.levels.pop()),
                Some(key) if CONTAINERS.contains(&&*key) => match self.json.kind()? {
                    Kind::Array | Kind::Object => self.value()?,
                    Kind::String if begins_text(&self.json) => self.value()?,
                    _ => self.json.pass()?,
                },
                Some(_) => self.json.pass()?,
            },
        }
        Ok(true)
    }

    fn value(&mut self) -> Result<(), Stop> {
        let kind = self.json.kind()?;
        self.value_start = self.json.at();
        match kind {
            Kind::Array | Kind::Object if self.levels.len() >= MOST_LEVELS => {
                self.json.pass()?;
                self.no_record("arrays nested deeper than records ever stand")?;
            }
            Kind::Array => {
                self.json.array()?;
                self.levels.push(Level::Array);
            }
            Kind::Object if matches!(self.levels.last(), Some(Level::Records)) => self.record()?,
            Kind::Object => match self.shape()? {
                Shape::Record => self.record()?,
                Shape::Segment(about) => {
                    if let Some(session) = &about.session {
                        self.collector.session(session);
                    }
                    self.segments.push(Segment {
                        about,
                        ..Segment::default()
                    });
                    self.open = true;
                    self.json.object()?;
                    self.levels.push(Level::Segment);
                }
                Shape::Envelope => {
                    self.json.object()?;
                    self.levels.push(Level::Envelope);
                }
                Shape::Neither => self.json.pass()?,
            },
            Kind::String if begins_text(&self.json) => self.text()?,
            Kind::String | Kind::Number | Kind::Bool | Kind::Null => {
                self.json.pass()?;
                self.no_record("a word or number where a record should stand")?;
            }
        }
        Ok(())
    }

    /// Reads the segments in text.
    fn text(&mut self) -> Result<(), Stop> {
        let text = self.json.string()?;
        let Some(opened) = text::open(&text, self.collector.unpack_room()) else {
            return Ok(self.no_record("a text that holds no segment")?);
        };
        if self.texts >= text::MOST_TEXTS {
            return Ok(self.no_record("text within text, deeper than segments ever stand")?);
        }
        let bytes = self.collector.take_in(opened)?;
        let segments = segments_within(&bytes, self.texts + 1, self.collector)?;
        self.segments.extend(segments);
        self.open = false;
        Ok(())
    }

    fn no_record(&mut self, what: &str) -> Result<(), FormatError> {
        let index = self.collector.next_index();
        self.gap = true;
        self.collector.bad_event(index, self.value_start, what.to_owned())
    }

    /// Looks at the keys of the object that comes next. What a segment says of itself may stand
    /// behind its records.
    fn shape(&mut self) -> Result<Shape, Stop> {
        let mut json = Json::at_offset(self.bytes, self.value_start);
        let mut about = About::default();
        let (mut records, mut holds) = (false, false);
        let mut look = || -> Result<bool, JsonError> {
            json.object()?;
            while let Some(key) = json.key()? {
                match &*key {
                    "type" if json.kind()? == Kind::Number => return Ok(true),
                    "records" => {
                        records |= json.kind()? == Kind::Array;
                        json.pass()?;
                    }
                    key => {
                        if !about.field(key, &mut json)? {
                            let inner = match json.kind()? {
                                Kind::Array | Kind::Object => true,
                                Kind::String => begins_text(&json),
                                _ => false,
                            };
                            let holder = inner && CONTAINERS.contains(&key);
                            // Records have data too: whether these are some, is told by what follows.
                            holds |= holder && key != "data";
                            json.pass()?;
                            holds |= holder;
                        }
                    }
                }
            }
            Ok(false)
        };
        match look() {
            Ok(true) => Ok(Shape::Record),
            // What is cut off is entered all the same: it is cut off further down.
            Err(error) if !records && !holds => Err(error.into()),
            _ if records => Ok(Shape::Segment(about)),
            _ if holds => Ok(Shape::Envelope),
            _ => Ok(Shape::Neither),
        }
    }

    fn record(&mut self) -> Result<(), Stop> {
        let index = self.collector.next_index();
        self.record = Some(index);
        let Some(mut record) = Record::read(&mut self.json, self.bytes, index)? else {
            self.gap = true;
            let detail = "a record whose type is no whole number".to_owned();
            return Ok(self.collector.bad_event(index, self.value_start, detail)?);
        };
        record.after_gap = std::mem::take(&mut self.gap);
        if record.time.is_none() {
            let detail = "a record without a usable timestamp; shown at the time of the one before it";
            self.collector
                .bad_event(index, self.value_start, detail.to_owned())?;
        }
        if !self.open {
            self.segments.push(Segment::default());
            self.open = true;
        }
        if let Some(segment) = self.segments.last_mut() {
            segment.records.push(record);
        }
        Ok(())
    }

    /// Notes the damage and goes to the next record or segment behind it; says whether there is one.
    fn recover(&mut self, error: JsonError) -> Result<bool, FormatError> {
        let found = self.next_start();
        let cut = error.fault == Fault::CutOff && found.is_none();
        let what = if self.record.is_some() {
            "the record"
        } else {
            "the file"
        };
        let detail = match found {
            _ if cut => format!("cut off: {what} ends in the middle"),
            Some(next) => {
                let lost = next.saturating_sub(self.value_start);
                format!("{what} is damaged, {error}; left out {lost} bytes")
            }
            None => format!("{what} is damaged, {error}; nothing behind it could be read"),
        };
        self.collector.damage(Damage {
            kind: if cut {
                DamageKind::CutOff
            } else {
                DamageKind::Syntax
            },
            event: self.record,
            offset: Some(error.at as u64),
            detail,
        })?;
        self.gap = true;
        if let (None, true, Some(segment)) = (found, self.open, self.segments.last_mut()) {
            segment.cut = true;
        }
        let Some(next) = found else { return Ok(false) };
        let line = next.checked_sub(1).and_then(|before| self.bytes.get(before)) == Some(&b'\n');
        if line {
            self.levels.clear();
            self.open = false;
        }
        self.json.seek(next);
        Ok(true)
    }

    /// The next place behind the beginning of the current value at which a record or segment begins.
    fn next_start(&mut self) -> Option<usize> {
        let text: &[u8] = self.bytes;
        let mut at = self.value_start.saturating_add(1);
        loop {
            let found = memchr(b'{', text.get(at..)?)?;
            at += found;
            let (begins, looked) = begins(text, at);
            if begins {
                return Some(at);
            }
            // A look may go to the end of the text; hostile input must not make that many.
            self.search_room = self.search_room.checked_sub(found.saturating_add(looked))?;
            at += 1;
        }
    }
}

/// Segments that lost what they said of themselves are most likely of the view of their neighbours.
fn settle(segments: &mut [Segment]) {
    const META: i64 = 4;
    let mut after = None;
    let mut next_named: Vec<Option<usize>> = Vec::with_capacity(segments.len());
    for (at, segment) in segments.iter().enumerate().rev() {
        next_named.push(after);
        if segment.about.view.is_some() {
            after = Some(at);
        }
    }
    next_named.reverse();
    let mut before: Option<About> = None;
    for (at, after) in next_named.into_iter().enumerate() {
        let after = after
            .and_then(|after| segments.get(after))
            .map(|next| next.about.clone());
        let Some(segment) = segments.get_mut(at) else {
            break;
        };
        if segment.about.view.is_none() {
            let begins_view = segment
                .records
                .first()
                .is_some_and(|record| record.number == META);
            let neighbour = match (before.take().filter(|_| !begins_view), after) {
                (Some(before), _) => Some((before, 1)),
                (None, Some(after)) if after.place > Some(0) => Some((after, -1)),
                _ => None,
            };
            if let Some((about, step)) = neighbour {
                let place = about.place.and_then(|place| place.checked_add(step));
                segment.about = About {
                    place,
                    start: None,
                    ..about
                };
            }
        }
        before = segment.about.view.is_some().then(|| segment.about.clone());
    }
}
