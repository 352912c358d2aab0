//! What is known of a record without decoding it, and the segments that records come in.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::format::collector::usable_time;
use crate::format::json::{Json, JsonError, Kind};

/// A record of which only the outside has been read.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// The recorder's number for the kind of record.
    pub number: i64,
    /// Milliseconds since the Unix epoch; `None` when it is not usable.
    pub time: Option<f64>,
    /// The number under which records of frustrations refer to it.
    pub id: Option<i64>,
    /// How a full snapshot is written: 0 as a tree, 1 as changes.
    pub format: i64,
    /// It was recorded within a web view of a mobile application.
    pub in_web_view: bool,
    /// Its data; empty when there is none.
    pub data: Bytes,
    /// Position in the input.
    pub index: u32,
    /// Byte offset in the (decompressed) file.
    pub offset: usize,
    /// Records right before it are lost.
    pub after_gap: bool,
}

/// A run of records of one view.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// What stood beside the records.
    pub about: About,
    /// In the order in which they were recorded.
    pub records: Vec<Record>,
    /// Its end is lost.
    pub cut: bool,
}

/// What a segment says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub session: Option<Arc<str>>,
    pub view: Option<Arc<str>>,
    /// Its place among the segments of the view, from 0.
    pub place: Option<i64>,
    pub start: Option<f64>,
    /// `browser`, or the platform of a mobile application.
    pub source: Option<Arc<str>>,
}

impl About {
    /// Reads one field; says whether it was one that says something. Else nothing was read.
    pub(super) fn field(&mut self, key: &str, json: &mut Json<'_>) -> Result<bool, JsonError> {
        match key {
            "session" => self.session = id(json)?,
            "view" => self.view = id(json)?,
            "index_in_view" => self.place = json.integer_or_none()?,
            "start" => self.start = json.number_or_none()?,
            "source" => self.source = json.string_or_none()?.map(|source| Arc::from(&*source)),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `{"id": "…"}`.
fn id(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    let mut id = None;
    if json.kind()? != Kind::Object {
        json.pass()?;
        return Ok(None);
    }
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => id = json.string_or_none()?.map(|id| Arc::from(&*id)),
            _ => json.pass()?,
        }
    }
    Ok(id)
}

impl Record {
    /// Reads the object that comes next, of a file with these bytes; `None` when it has no type.
    pub(super) fn read(json: &mut Json<'_>, bytes: &Bytes, index: u32) -> Result<Option<Self>, JsonError> {
        let (mut number, mut time, mut record_id, mut format) = (None, None, None, None);
        let mut in_web_view = false;
        let mut data: Range<usize> = 0..0;
        let mut written = None;
        json.kind()?;
        let offset = json.at();
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "type" => number = json.integer_or_none()?,
                "timestamp" => time = json.number_or_none()?.and_then(usable_time),
                // A column of a database may have it as text.
                "data" if json.kind()? == Kind::String => {
                    let text = json.string()?;
                    let begins = text.trim_start().starts_with(['{', '[']);
                    written = begins.then(|| Bytes::from(text.into_owned()));
                }
                "data" => data = json.skip()?,
                "format" => format = json.integer_or_none()?,
                "id" => record_id = json.integer_or_none()?,
                "slotId" => {
                    json.pass()?;
                    in_web_view = true;
                }
                _ => json.pass()?,
            }
        }
        Ok(number.map(|number| Record {
            number,
            time,
            id: record_id,
            format: format.unwrap_or(0),
            in_web_view,
            data: written.unwrap_or_else(|| bytes.slice(data)),
            index,
            offset,
            after_gap: false,
        }))
    }
}

/// Whether what stands at `at` looks like the beginning of a record or segment: for finding the way
/// back after damage, so it has to refuse nodes and other objects at little cost. Says also how many
/// bytes it had to look at.
pub(super) fn begins(text: &[u8], at: usize) -> (bool, usize) {
    let mut json = Json::at_offset(text, at);
    let mut look = || -> Result<bool, JsonError> {
        json.object()?;
        let (mut typed, mut timed) = (false, false);
        while let Some(key) = json.key()? {
            match &*key {
                "records" => return Ok(json.kind()? == Kind::Array),
                "type" if json.kind()? == Kind::Number => typed = true,
                "timestamp" if json.kind()? == Kind::Number => timed = true,
                "data" | "format" | "id" | "slotId" => {}
                "start" | "end" | "creation_reason" | "records_count" | "has_full_snapshot"
                | "index_in_view" | "source" | "application" | "session" | "view" => {}
                _ => return Ok(false),
            }
            json.pass()?;
        }
        Ok(typed && timed)
    };
    let begins = look().unwrap_or(false);
    (begins, json.at().saturating_sub(at).saturating_add(1))
}
