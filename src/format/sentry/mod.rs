//! Sentry's recordings: downloads, stored segments and envelopes.
//!
//! The events are rrweb's, with some times in seconds. A download is an array of segments, each an
//! array of events. A segment as the browser sends it is a line `{"segment_id":N}` and then the
//! array, plain or as a zlib stream. An envelope holds such a segment as an item, beside items that
//! tell of the replay and of errors (`develop.sentry.dev/sdk/data-model/envelopes`). Mobile applications are
//! recorded as a video, which is not shown, with such a segment beside it (`video`).

mod video;

use bytes::Bytes;
use memchr::memchr;
use serde_json::Value;

use super::FormatError;
use super::collector::{Collector, VIDEO};
use super::events::read_events;
use super::inflate;
use super::json::{Json, JsonError, Kind};
use super::rrweb::{self, Dialect};
use crate::recording::{Damage, DamageKind, SessionContext};

const DIALECT: Dialect = Dialect {
    seconds: true,
    foreign: false,
};

/// Collects all events, and what else is told of the replay.
pub(super) fn read(bytes: &Bytes, collector: &mut Collector<'_>) -> Result<(), FormatError> {
    let mut at = 0;
    // A file may hold several segments or envelopes one behind the other.
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.trim_ascii().is_empty()) {
        let rest = bytes.slice_ref(rest);
        let mut json = Json::new(&rest);
        json.more();
        at += match Head::of(&mut json) {
            Head::Segment => segment(&rest, json.at(), collector)?,
            Head::Envelope => envelope(&rest, json.at(), collector)?,
            Head::ReplayEvents => {
                let range = json.skip().unwrap_or(json.at()..rest.len());
                let end = range.end;
                replay_events(rest.get(range).unwrap_or_default(), collector);
                end
            }
            Head::Events => return rrweb::read_at(bytes, at, DIALECT, collector),
        }
        .max(1);
    }
    Ok(())
}

/// What the next value begins.
enum Head {
    Segment,
    Envelope,
    /// What is told of a replay, or an array of that.
    ReplayEvents,
    Events,
}

impl Head {
    /// Passes over the header, if it is one.
    fn of(json: &mut Json<'_>) -> Self {
        let start = json.at();
        let mut look = || -> Result<Head, JsonError> {
            let (mut segment, mut others, mut head) = (false, 0, Head::Events);
            let mut named = false;
            if json.kind()? == Kind::Array {
                json.array()?;
                json.element()?;
            }
            if json.kind()? != Kind::Object {
                return Ok(head);
            }
            json.object()?;
            while let Some(key) = json.key()? {
                match &*key {
                    "segment_id" => segment = true,
                    "dsn" | "sdk" | "sent_at" => head = Head::Envelope,
                    "event_id" | "trace" => named = true,
                    "type" if json.kind()? == Kind::String => {
                        others += 1;
                        if json.string()? == "replay_event" {
                            return Ok(Head::ReplayEvents);
                        }
                        continue;
                    }
                    _ => others += 1,
                }
                json.pass()?;
            }
            Ok(if segment && others == 0 {
                Head::Segment
            } else if named && others == 0 {
                Head::Envelope
            } else {
                head
            })
        };
        let head = look().unwrap_or(Head::Events);
        if matches!(head, Head::Events | Head::ReplayEvents) {
            json.seek(start);
        }
        head
    }
}

/// Reads the events behind a segment's header line, which ends at `at`; says where they end.
fn segment(bytes: &Bytes, at: usize, collector: &mut Collector<'_>) -> Result<usize, FormatError> {
    let body = bytes.get(at..).unwrap_or_default();
    let at = at + usize::from(body.starts_with(b"\n"));
    let body = bytes.slice(at..);
    if !inflate::is_compressed(&body) {
        let mut json = Json::new(&body);
        let end = if json.pass().is_ok() {
            json.at()
        } else {
            body.len()
        };
        rrweb::read(&body.slice(..end), DIALECT, collector)?;
        return Ok(at + end);
    }
    let room = collector.unpack_room();
    let (inflated, used) = inflate::first(&body, room);
    let bytes = collector.take_in(inflated)?;
    rrweb::read(&bytes, DIALECT, collector)?;
    Ok(at + used)
}

/// Reads the items behind an envelope's header line, which ends at `at`; says where they end.
fn envelope(bytes: &Bytes, mut at: usize, collector: &mut Collector<'_>) -> Result<usize, FormatError> {
    loop {
        while bytes.get(at) == Some(&b'\n') {
            at += 1;
        }
        let mut json = Json::at_offset(bytes, at);
        if !json.more() {
            return Ok(bytes.len());
        }
        let Some(item) = Item::of(&mut json) else {
            // The next envelope of the file, or damage that is noticed there.
            return Ok(at);
        };
        let start = json.at() + usize::from(bytes.get(json.at()) == Some(&b'\n'));
        let rest = bytes.get(start..).unwrap_or_default();
        let line = memchr(b'\n', rest).unwrap_or(rest.len());
        // Without a length an item is a line; a recording's is two, and may be compressed.
        if let (None, "replay_recording") = (item.length, item.kind.as_str()) {
            let payload = bytes.slice(start..);
            let mut json = Json::new(&payload);
            at = match json.pass() {
                Ok(_) => start + segment(&payload, json.at(), collector)?,
                Err(_) => bytes.len(),
            };
            continue;
        }
        let length = item.length.unwrap_or(line);
        let payload = bytes.slice(start..start.saturating_add(length).min(bytes.len()));
        if length > payload.len() {
            collector.damage(Damage {
                kind: DamageKind::CutOff,
                event: None,
                offset: Some(bytes.len() as u64),
                detail: format!(
                    "cut off: {} bytes of an envelope's item are missing",
                    length - payload.len()
                ),
            })?;
        }
        match item.kind.as_str() {
            "replay_event" => replay_events(&payload, collector),
            "replay_recording" => {
                let mut json = Json::new(&payload);
                if json.pass().is_ok() {
                    segment(&payload, json.at(), collector)?;
                }
            }
            "replay_video" => {
                let parts = video::parts(&payload);
                if let Some(event) = parts.event {
                    replay_events(&event, collector);
                }
                if let Some(recording) = parts.recording {
                    let mut json = Json::new(&recording);
                    if json.pass().is_ok() {
                        segment(&recording, json.at(), collector)?;
                    }
                }
                // What is cut off was cut off at the video, most likely: it is the largest part.
                if parts.video || parts.cut {
                    collector.not_shown = Some(VIDEO);
                }
            }
            "event" => {
                if let Ok(events) = read_events(&payload) {
                    collector.telemetry.merge(events.telemetry);
                }
            }
            // Sessions, transactions and the like tell nothing that a clip shows.
            _ => {}
        }
        at = start + payload.len();
    }
}

/// The header of an envelope's item.
struct Item {
    kind: String,
    length: Option<usize>,
}

impl Item {
    fn of(json: &mut Json<'_>) -> Option<Self> {
        let start = json.at();
        let (mut kind, mut length) = (None, None);
        let mut read = || -> Result<(), JsonError> {
            json.object()?;
            while let Some(key) = json.key()? {
                match &*key {
                    "type" => kind = json.string_or_none()?,
                    "length" => length = json.integer_or_none()?,
                    _ => json.pass()?,
                }
            }
            Ok(())
        };
        let whole = read().is_ok();
        let Some(kind) = kind.filter(|_| whole) else {
            json.seek(start);
            return None;
        };
        Some(Item {
            kind: kind.into_owned(),
            length: length.and_then(|length| usize::try_from(length).ok()),
        })
    }
}

/// What items of type `replay_event`, one or an array of them, tell of the session.
fn replay_events(payload: &[u8], collector: &mut Collector<'_>) {
    match serde_json::from_slice::<Value>(payload) {
        Ok(Value::Array(events)) => events.iter().for_each(|event| replay_event(event, collector)),
        Ok(event) => replay_event(&event, collector),
        // They are beside the recording: what is missing of them is missing from no picture.
        Err(_) => {}
    }
}

fn replay_event(event: &Value, collector: &mut Collector<'_>) {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    if let Some(id) = text("/replay_id") {
        collector.session(id);
    }
    let arc = |pointer| text(pointer).filter(|text| !text.is_empty()).map(Into::into);
    collector.telemetry.context.fill_from(SessionContext {
        session: arc("/replay_id"),
        user: arc("/user/id")
            .or_else(|| arc("/user/email"))
            .or_else(|| arc("/user/username")),
        service: None,
        release: arc("/release"),
        environment: arc("/environment"),
        user_agent: arc("/request/headers/User-Agent"),
    });
}
