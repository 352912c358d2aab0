//! What is known of an event without decoding it: kind, time, where its data stands.

use std::borrow::Cow;
use std::ops::Range;

use crate::format::collector::usable_time;
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::EventKind;

/// PostHog's name for the one way in which it compresses fields of events.
const KNOWN_COMPRESSION: &str = "2024-10";

/// An event of which only the outside has been read.
#[derive(Debug)]
pub(in crate::format) struct Shallow<'a> {
    pub kind: EventKind,
    /// In the unit in which it stands there; `None` when it is not usable.
    pub time: Option<f64>,
    /// Where its data stands.
    pub data: Range<usize>,
    /// Some of its data is compressed.
    pub compressed: bool,
    /// It shows wireframes of an application instead of a page.
    pub wireframes: bool,
    /// The tab it says it is from.
    pub window: Option<Cow<'a, str>>,
}

/// Why an event cannot be used though it is whole.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::format) struct Unusable(pub String);

impl<'a> Shallow<'a> {
    /// Reads the object that comes next.
    pub(in crate::format) fn read(json: &mut Json<'a>) -> Result<Result<Self, Unusable>, JsonError> {
        let (mut number, mut time, mut data, mut window, mut compression) = (None, None, None, None, None);
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "type" => number = json.integer_or_none()?,
                "timestamp" => time = read_time(json)?,
                "data" => data = Some((json.kind()?, json.skip()?)),
                "windowId" | "window_id" => window = json.string_or_none()?,
                "cv" => compression = json.string_or_none()?,
                _ => json.pass()?,
            }
        }
        Self::new(json, number, time, data, window, compression)
    }

    fn new(
        json: &Json<'a>,
        number: Option<i64>,
        time: Option<f64>,
        data: Option<(Kind, Range<usize>)>,
        window: Option<Cow<'a, str>>,
        compression: Option<Cow<'a, str>>,
    ) -> Result<Result<Self, Unusable>, JsonError> {
        let unusable = |reason: String| Ok(Err(Unusable(reason)));
        let Some(number) = number else {
            return unusable("an event without a type".to_owned());
        };
        if let Some(other) = compression.as_deref().filter(|cv| *cv != KNOWN_COMPRESSION) {
            return unusable(format!("an event compressed in an unknown way (cv {other:?})"));
        }
        let (shape, data) = data.unwrap_or((Kind::Null, 0..0));
        let whole = shape == Kind::String;
        if matches!(number, 2..=6 | 8) && shape != Kind::Object && !whole {
            return unusable(format!("an event of type {number} without data"));
        }
        let kind = match number {
            0 => EventKind::DomContentLoaded,
            1 => EventKind::Load,
            2 => EventKind::FullSnapshot,
            3 => {
                let source = if whole {
                    let text = Json::at_offset(json.text(), data.start).string()?;
                    source(text.as_bytes(), 0).unwrap_or_default()
                } else {
                    source(json.text(), data.start)?
                };
                match source.map(incremental_kind) {
                    Some(Some(kind)) => kind,
                    Some(None) => {
                        let source = source.unwrap_or_default();
                        return unusable(format!("an incremental snapshot of unknown source {source}"));
                    }
                    None => return unusable("an incremental snapshot without a source".to_owned()),
                }
            }
            4 => EventKind::Meta,
            5 => EventKind::Custom,
            6 => EventKind::Plugin,
            // Assets: no recorder writes them and no player shows them.
            7 => EventKind::Ignored,
            8 => EventKind::Annotation,
            _ => return unusable(format!("an event of unknown type {number}")),
        };
        let wireframes = number == 2 && !whole && begins_with_wireframes(json.text(), data.start);
        Ok(Ok(Shallow {
            kind,
            time,
            wireframes,
            data,
            compressed: whole || compression.is_some(),
            window,
        }))
    }
}

/// Whether the data of a full snapshot, which stands at byte `at`, is of an application's screen.
pub(in crate::format) fn begins_with_wireframes(text: &[u8], at: usize) -> bool {
    let look = || -> Result<bool, JsonError> {
        let mut json = Json::at_offset(text, at);
        json.object()?;
        while let Some(key) = json.key()? {
            match &*key {
                "wireframes" => return Ok(true),
                "node" => return Ok(false),
                _ => json.pass()?,
            }
        }
        Ok(false)
    };
    look().unwrap_or(false)
}

/// The `source` in the data of an incremental snapshot, which stands at byte `at`.
pub(in crate::format) fn source(text: &[u8], at: usize) -> Result<Option<i64>, JsonError> {
    let mut json = Json::at_offset(text, at);
    json.object()?;
    while let Some(key) = json.key()? {
        if &*key == "source" {
            return json.integer_or_none();
        }
        json.pass()?;
    }
    Ok(None)
}

/// What an incremental snapshot of that source is.
pub(in crate::format) fn incremental_kind(source: i64) -> Option<EventKind> {
    Some(match source {
        0 => EventKind::Mutation,
        1 | 6 | 12 => EventKind::PointerMove,
        2 => EventKind::Interaction,
        3 => EventKind::Scroll,
        4 => EventKind::ViewportResize,
        5 => EventKind::Input,
        7 => EventKind::MediaInteraction,
        8 => EventKind::StyleSheetRules,
        9 => EventKind::CanvasMutation,
        10 => EventKind::Font,
        // Console lines of recorders before 1.0.
        11 => EventKind::Ignored,
        13 => EventKind::StyleDeclaration,
        14 => EventKind::Selection,
        15 => EventKind::AdoptedStyleSheets,
        16 => EventKind::CustomElement,
        _ => return None,
    })
}

/// A time as a number, as digits in a string or as a date in a string.
fn read_time(json: &mut Json<'_>) -> Result<Option<f64>, JsonError> {
    let time = match json.kind()? {
        Kind::Number => json.number_or_none()?,
        Kind::String => {
            let text = json.string()?;
            let text = text.trim();
            let date = || {
                text.parse::<jiff::Timestamp>()
                    .ok()
                    .map(|date| date.as_millisecond() as f64)
            };
            text.parse().ok().or_else(date)
        }
        _ => {
            json.pass()?;
            None
        }
    };
    Ok(time.and_then(usable_time))
}

/// Whether the object that comes next is an event: for finding the way back after damage, so it has
/// to refuse nodes and other objects at little cost.
pub(in crate::format) fn is_event(json: &mut Json<'_>) -> bool {
    const KEYS: &[&str] = &[
        "type",
        "timestamp",
        "data",
        "delay",
        "windowId",
        "window_id",
        "sessionId",
        "cv",
        "v",
        "_sid",
    ];
    let mut look = || -> Result<bool, JsonError> {
        json.object()?;
        let (mut typed, mut timed) = (false, false);
        while let Some(key) = json.key()? {
            match &*key {
                "type" if json.kind()? == Kind::Number => typed = true,
                "timestamp" if json.kind()? == Kind::Number => timed = true,
                "type" | "timestamp" => return Ok(false),
                key if KEYS.contains(&key) => {}
                _ => return Ok(false),
            }
            json.pass()?;
        }
        Ok(typed && timed)
    };
    look().unwrap_or(false)
}
