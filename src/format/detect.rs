//! Which kind of recording it is, by content alone.
//!
//! Envelopes tell by their keys. Bare events are looked at until one has what only one vendor
//! writes: Datadog numbers its records like rrweb its events, with other meanings.

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};

use super::json::{Json, JsonError, Kind};
use super::{FormatName, posthog, rrweb, text};

/// How many values of an array, or of the file, are looked at.
const VALUES: usize = 256;

/// How many bare events without a sign of their vendor make rrweb certain enough.
const PLAIN_EVENTS: usize = 32;

/// How many bytes are looked at for an event behind damage.
const LOOK_ANYWHERE: usize = 1 << 22;

/// How many envelopes are opened within each other.
const DEPTH: usize = 8;

/// What content looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detected {
    /// A recording.
    Recording(FormatName),
    /// Something else; what it begins like.
    Other(&'static str),
}

/// Looks at decompressed content.
pub(super) fn detect(bytes: &[u8]) -> Detected {
    if let Some(format) = binary(bytes) {
        return Detected::Recording(format);
    }
    let mut json = Json::new(bytes);
    if !json.more() {
        return Detected::Other("it is empty but for white space");
    }
    let first = json.kind();
    let mut look = Look::default();
    for _ in 0..VALUES {
        // What does not read as JSON ends the look, not the hope: signs before it count.
        let looked = look.value(bytes, json.at(), 0, 0);
        if looked.is_err() || look.done() || json.pass().is_err() || !json.more() {
            break;
        }
    }
    if look.certain.is_none() && look.plain_events == 0 {
        look.anywhere(bytes);
    }
    match (look.certain, look.plain_events, first) {
        (Some(format), ..) => Detected::Recording(format),
        (None, 1.., _) => Detected::Recording(FormatName::Rrweb),
        (None, 0, Ok(Kind::Object | Kind::Array | Kind::String)) => {
            Detected::Other("it is JSON, but holds no events of a known recorder")
        }
        (None, 0, _) => Detected::Other("it is neither JSON nor anything else that is known"),
    }
}

/// Formats that are not JSON.
fn binary(bytes: &[u8]) -> Option<FormatName> {
    // OpenReplay's files begin with seven bytes 255 and a version, or with a message's index and type.
    let index = bytes.first_chunk().map(|index| u64::from_le_bytes(*index));
    let openreplay = bytes.starts_with(&[0xff; 7]) || index.is_some_and(|index| index < 1 << 20);
    if openreplay && bytes.len() > 8 {
        return Some(FormatName::OpenReplay);
    }
    // The body of an upload: parts with headers, one of them with a segment or a picture.
    let head = bytes.get(..4096).unwrap_or(bytes);
    if head.starts_with(b"--") && memmem::find(head, b"Content-Disposition").is_some() {
        let part = |name: &[u8]| memmem::find(bytes, name).is_some();
        return (part(b"name=\"segment\"") || part(b"name=\"image\"")).then_some(FormatName::Datadog);
    }
    posthog::is_blob(bytes).then_some(FormatName::PostHog)
}

/// What was seen so far.
#[derive(Default)]
struct Look {
    certain: Option<FormatName>,
    plain_events: usize,
}

impl Look {
    fn done(&self) -> bool {
        self.certain.is_some() || self.plain_events >= PLAIN_EVENTS
    }

    /// Looks at the first event that stands anywhere: the beginning may be damaged.
    fn anywhere(&mut self, bytes: &[u8]) {
        let mut spent = 0;
        for place in memchr_iter(b'{', bytes) {
            let mut json = Json::at_offset(bytes, place);
            if rrweb::is_event(&mut json) {
                // It was read once already: it is whole.
                self.value(bytes, place, 0, 0).ok();
                return;
            }
            spent += json.at() - place;
            if spent > LOOK_ANYWHERE {
                return;
            }
        }
    }

    /// Looks at the value at byte `at`, which stands in so many arrays, at that depth.
    fn value(&mut self, bytes: &[u8], at: usize, arrays: usize, depth: usize) -> Result<(), JsonError> {
        if depth > DEPTH {
            return Ok(());
        }
        let mut json = Json::at_offset(bytes, at);
        match json.kind()? {
            Kind::Object => self.object(&Outline::of(bytes, at), bytes, arrays, depth),
            Kind::Array => self.array(&mut json, bytes, arrays, depth),
            Kind::String => {
                let text = json.string()?;
                if self.text(&text, depth) {
                    return Ok(());
                }
                // A packed event, or one written as text.
                self.plain_events += usize::from(text.starts_with(['x', '{']));
                Ok(())
            }
            Kind::Number | Kind::Bool | Kind::Null => Ok(()),
        }
    }

    /// Looks at what stands as text, or in base64; says whether that is a recording.
    fn text(&mut self, text: &str, depth: usize) -> bool {
        let Some(opened) = text::open(text, LOOK_ANYWHERE as u64) else {
            return false;
        };
        let before = self.plain_events;
        // As far as it can be read.
        self.value(&opened.bytes, 0, 0, depth + 1).ok();
        self.certain.is_some() || self.plain_events > before
    }

    fn array(
        &mut self,
        json: &mut Json<'_>,
        bytes: &[u8],
        arrays: usize,
        depth: usize,
    ) -> Result<(), JsonError> {
        json.array()?;
        let mut name_first = false;
        for place in 0..VALUES {
            if self.done() || !json.element()? {
                break;
            }
            let kind = json.kind()?;
            if place == 0 && kind == Kind::String {
                let text = Json::at_offset(bytes, json.at()).string()?;
                name_first = !text.starts_with(['x', '{', '"']);
            }
            if place == 1 && name_first && kind == Kind::Object && Outline::of(bytes, json.at()).is_event() {
                // ["<window>", event], a line each.
                self.certain = Some(FormatName::PostHog);
                break;
            }
            self.value(bytes, json.at(), arrays + 1, depth + 1)?;
            if !self.done() {
                json.pass()?;
            }
        }
        Ok(())
    }

    fn object(
        &mut self,
        outline: &Outline<'_>,
        bytes: &[u8],
        arrays: usize,
        depth: usize,
    ) -> Result<(), JsonError> {
        if outline.is_event() {
            self.certain = vendor_of_event(outline, bytes).or((arrays > 1).then_some(FormatName::Sentry));
            self.plain_events += 1;
            return Ok(());
        }
        self.certain = vendor_of_envelope(outline, bytes);
        for key in rrweb::CONTAINERS
            .iter()
            .chain(&["segments", "segment", "records", "event"])
        {
            let found = outline.get(key).filter(|_| !self.done());
            match found {
                Some((Kind::Array | Kind::Object, at)) => self.value(bytes, at, 0, depth + 1)?,
                Some((Kind::String, at)) => {
                    let text = Json::at_offset(bytes, at).string()?;
                    self.text(&text, depth);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The vendor whose mark a bare event has.
fn vendor_of_event(event: &Outline<'_>, bytes: &[u8]) -> Option<FormatName> {
    if event.has("windowId") || event.has("window_id") || event.has("cv") {
        return Some(FormatName::PostHog);
    }
    if event.has("slotId") || event.has("format") {
        return Some(FormatName::Datadog);
    }
    let data = match event.get("data") {
        Some((Kind::Object, at)) => Outline::of(bytes, at),
        _ => Outline::default(),
    };
    let number = event
        .get("type")
        .and_then(|(_, at)| Json::at_offset(bytes, at).number().ok())?;
    let datadog = match number as i64 {
        5 => {
            let tag = data.text("tag", bytes);
            return matches!(tag.as_deref(), Some("breadcrumb" | "performanceSpan"))
                .then_some(FormatName::Sentry);
        }
        6 => data.has("has_focus"),
        // A view's end; rrweb's assets have data.
        7 => !event.has("data"),
        8 => data.has("pageLeft") || data.has("offsetLeft"),
        9 => data.has("frustrationTypes"),
        2 if data.has("wireframes") => return Some(FormatName::PostHog),
        10 => data.has("wireframes"),
        11 | 12 => true,
        _ => false,
    };
    datadog.then_some(FormatName::Datadog)
}

/// The vendor whose envelope it is.
fn vendor_of_envelope(envelope: &Outline<'_>, bytes: &[u8]) -> Option<FormatName> {
    let is = |key, kind| envelope.get(key).is_some_and(|(found, _)| found == kind);
    let inner = |key| match envelope.get(key) {
        Some((Kind::Object, at)) => Outline::of(bytes, at),
        _ => Outline::default(),
    };
    let datadog = [
        "view",
        "session",
        "application",
        "start",
        "creation_reason",
        "records_count",
    ];
    let first_is_event = |key| {
        let first = |at| -> Result<bool, JsonError> {
            let mut json = Json::at_offset(bytes, at);
            json.array()?;
            Ok(json.element()? && Outline::of(bytes, json.at()).is_event())
        };
        envelope
            .get(key)
            .is_some_and(|(_, at)| first(at).unwrap_or(false))
    };
    if is("records", Kind::Array)
        && (datadog.iter().any(|key| envelope.has(key)) || first_is_event("records"))
    {
        return Some(FormatName::Datadog);
    }
    if is("e", Kind::Array) && (is("p", Kind::Array) || is("a", Kind::Array)) {
        return Some(FormatName::Clarity);
    }
    if envelope.has("session_secure_id") || inner("events").has("events") {
        return Some(FormatName::Highlight);
    }
    let data = inner("data");
    if envelope.has("chunk_id") && is("data", Kind::String)
        || envelope.has("snapshot_data_by_window_id")
        || envelope.has("window_id") && is("data", Kind::Array)
        || data.has("snapshots")
        || data.has("snapshotsByWindowId")
        || inner("properties").has("$snapshot_data")
        || inner("properties").has("$snapshot_items")
    {
        return Some(FormatName::PostHog);
    }
    let envelope_header =
        envelope.has("dsn") || envelope.has("sdk") && (envelope.has("sent_at") || envelope.has("event_id"));
    let kind = envelope.text("type", bytes);
    if envelope.has("segment_id") && envelope.keys.len() == 1
        || envelope_header && !envelope.has("exception") && !envelope.has("contexts")
        || matches!(
            kind.as_deref(),
            Some("replay_event" | "replay_recording" | "replay_video")
        )
    {
        return Some(FormatName::Sentry);
    }
    if envelope
        .text("name", bytes)
        .is_some_and(|name| name.starts_with("faro.session_recording."))
    {
        return Some(FormatName::Faro);
    }
    if let (true, Some((Kind::Array, at))) = (is("version", Kind::Number), envelope.get("events")) {
        let mut events = Json::at_offset(bytes, at);
        let strings =
            events.array().is_ok() && events.element() == Ok(true) && events.kind() == Ok(Kind::String);
        return strings.then_some(FormatName::Amplitude);
    }
    None
}

/// The keys of an object, and what stands at them.
#[derive(Default)]
struct Outline<'a> {
    keys: Vec<(Cow<'a, str>, Kind, usize)>,
}

impl<'a> Outline<'a> {
    /// As far as the object can be read.
    fn of(bytes: &'a [u8], at: usize) -> Self {
        let mut outline = Outline::default();
        let mut json = Json::at_offset(bytes, at);
        let mut read = || -> Result<(), JsonError> {
            json.object()?;
            while let Some(key) = json.key()? {
                let kind = json.kind()?;
                if outline.keys.len() < VALUES {
                    outline.keys.push((key, kind, json.at()));
                }
                json.pass()?;
            }
            Ok(())
        };
        // Cut off: what was read so far has to do.
        read().ok();
        outline
    }

    fn get(&self, key: &str) -> Option<(Kind, usize)> {
        let entry = self.keys.iter().find(|(name, ..)| name == key)?;
        Some((entry.1, entry.2))
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn text(&self, key: &str, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        match self.get(key)? {
            (Kind::String, at) => Json::at_offset(bytes, at).string().ok(),
            _ => None,
        }
    }

    /// Events are the objects with a number for a type.
    fn is_event(&self) -> bool {
        self.get("type").is_some_and(|(kind, _)| kind == Kind::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_format(text: &str, format: FormatName) {
        assert_eq!(detect(text.as_bytes()), Detected::Recording(format), "{text}");
    }

    #[test]
    fn formats_are_told_by_what_only_they_have() {
        use FormatName::*;
        assert_format(
            r#"[{"type":4,"data":{"href":"","width":1,"height":1},"timestamp":1}]"#,
            Rrweb,
        );
        assert_format(
            "\u{feff}{\"type\":0,\"timestamp\":1}\n{\"type\":1,\"timestamp\":1}",
            Rrweb,
        );
        assert_format(r#"{"events":[{"type":0,"timestamp":1}]}"#, Rrweb);
        assert_format(r#"["x\u009c…"]"#, Rrweb);
        assert_format(r#"[[{"type":0,"timestamp":1}]]"#, Sentry);
        assert_format(
            r#"[{"type":0},{"type":5,"data":{"tag":"breadcrumb","payload":{}},"timestamp":1}]"#,
            Sentry,
        );
        assert_format("{\"segment_id\":0}\nx…", Sentry);
        assert_format(
            "{\"event_id\":\"a\",\"sent_at\":\"\",\"sdk\":{}}\n{\"type\":\"replay_event\"}\n{}",
            Sentry,
        );
        assert_format(r#"["018f",{"type":4,"data":{},"timestamp":1}]"#, PostHog);
        assert_format(r#"{"window_id":"a","data":[]}"#, PostHog);
        assert_format(
            r#"{"version":"2023-04-28","data":{"id":"a","snapshots":[{"type":4"#,
            PostHog,
        );
        assert_format(
            r#"[{"event":"$snapshot","properties":{"$snapshot_data":[]}}]"#,
            PostHog,
        );
        assert_format(
            r#"[{"type":4,"data":{},"timestamp":1},{"type":2,"data":{"wireframes":[]},"timestamp":1}]"#,
            PostHog,
        );
        assert_format(r#"{"records":[],"view":{"id":"a"}}"#, Datadog);
        assert_format(
            r#"[{"type":4,"data":{},"timestamp":1},{"type":6,"data":{"has_focus":true},"timestamp":1}]"#,
            Datadog,
        );
        assert_format(r#"{"type":12,"data":[],"timestamp":1}"#, Datadog);
        assert_format(r#"{"session_secure_id":"a","events":{"events":[]}}"#, Highlight);
        assert_format(r#"{"version":1,"events":["{\"type\":4}"]}"#, Amplitude);
        assert_format(
            r#"{"meta":{},"events":[{"name":"session_start"},{"name":"faro.session_recording.event","attributes":{}}]}"#,
            Faro,
        );
        assert_format(r#"{"e":["0.7",1],"a":[[0,5]],"p":[]}"#, Clarity);
        assert_eq!(
            detect(b"\xff\xff\xff\xff\xff\xff\xff\xfe\0\0"),
            Detected::Recording(OpenReplay)
        );
    }

    #[test]
    fn other_things_are_no_recordings() {
        for other in [
            "",
            " \n",
            "<html>",
            "[]",
            "{}",
            r#"{"type":"error","date":1}"#,
            "3",
            "PK\u{3}\u{4}",
        ] {
            assert!(matches!(detect(other.as_bytes()), Detected::Other(_)), "{other}");
        }
    }

    #[test]
    fn depth_does_not_matter() {
        let deep = "[".repeat(100_000);
        assert!(matches!(detect(deep.as_bytes()), Detected::Other(_)));
        assert!(matches!(
            detect("{\"data\":".repeat(100_000).as_bytes()),
            Detected::Other(_)
        ));
    }
}
