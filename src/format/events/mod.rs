//! Files beside a recording that tell what went wrong: errors, requests, console lines and actions
//! of other systems become the one [`Telemetry`] model.
//!
//! | module | what it reads |
//! |---|---|
//! | `datadog` | RUM events, NDJSON or JSON |
//! | `posthog` | product events |
//! | `sentry` | error events |
//! | `har` | HTTP archives of browser dev tools |
//! | `otlp` | OpenTelemetry logs and spans, OTLP JSON |
//! | `plain` | one `{"time","kind","message",…}` a line, which any system can write |

mod datadog;
mod har;
mod otlp;
mod plain;
mod posthog;
mod sentry;

use std::sync::Arc;

use serde_json::Value;

use super::stack;
use crate::recording::{ErrorReport, ErrorSource, Origin, Signal, SignalKind, Telemetry};

/// Why a file with events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// It is not JSON, nor JSON a line.
    #[error("it is neither JSON nor one JSON value a line (byte {offset}: {reason})")]
    NotJson {
        /// Where.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It is JSON of a kind that is not known.
    #[error(
        "it holds none of: Datadog RUM events, PostHog events, Sentry events, a HAR, OTLP logs or spans, \
         or lines of {{\"time\",\"kind\",\"message\"}}; found {found}"
    )]
    Unknown {
        /// What it begins with.
        found: String,
    },
}

/// What was read of a file with events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Events {
    /// What it tells.
    pub telemetry: Telemetry,
    /// Which kind of file it is, in words.
    pub format: &'static str,
    /// Entries that could not be used: no time, or not in the shape they should have.
    pub skipped: usize,
    /// The sessions that the signals are of, in their order; `None` for those that name none.
    sessions: Vec<Option<Arc<str>>>,
}

impl Events {
    /// Leaves out what is of other sessions than this one, if there is anything of this one. Returns
    /// how many signals that were.
    pub fn keep_session(&mut self, session: &str) -> usize {
        let same = |one: &Option<Arc<str>>| one.as_deref().is_none_or(|one| bare(one) == bare(session));
        let named = |one: &&Option<Arc<str>>| one.is_some();
        if !self.sessions.iter().filter(named).any(same) {
            return 0;
        }
        let before = self.telemetry.signals.len();
        let mut of = self.sessions.iter();
        self.telemetry.signals.retain(|_| of.next().is_none_or(same));
        self.sessions.retain(same);
        before - self.telemetry.signals.len()
    }
}

/// An id as all write it: some with hyphens, some without.
fn bare(id: &str) -> String {
    id.chars()
        .filter(|letter| *letter != '-')
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// A reader of one kind of entry.
struct Reader {
    format: &'static str,
    /// Whether an entry is of this kind.
    knows: fn(&Value) -> bool,
    /// Adds what an entry tells; `None` when it cannot be used. Entries that tell nothing of interest
    /// are used all the same.
    read: fn(&Value, &mut Telemetry) -> Option<()>,
}

const READERS: &[Reader] = &[
    Reader {
        format: "Datadog RUM events",
        knows: datadog::knows,
        read: datadog::read,
    },
    Reader {
        format: "Sentry events",
        knows: sentry::knows,
        read: sentry::read,
    },
    Reader {
        format: "PostHog events",
        knows: posthog::knows,
        read: posthog::read,
    },
    Reader {
        format: "HAR",
        knows: har::knows,
        read: har::read,
    },
    Reader {
        format: "OTLP",
        knows: otlp::knows,
        read: otlp::read,
    },
    Reader {
        format: "plain events",
        knows: plain::knows,
        read: plain::read,
    },
];

/// Reads a file with events; decompressed already.
///
/// # Errors
/// When it is no JSON, or none of the known kinds.
pub fn read_events(bytes: &[u8]) -> Result<Events, EventsError> {
    let (entries, bad_lines) = entries(bytes)?;
    let first_known = entries
        .iter()
        .find_map(|entry| READERS.iter().find(|reader| (reader.knows)(entry)));
    let Some(reader) = first_known else {
        let found = entries.first().map_or_else(|| "nothing".to_owned(), outline);
        return Err(EventsError::Unknown { found });
    };
    let mut events = Events {
        format: reader.format,
        skipped: bad_lines,
        ..Events::default()
    };
    let mut signals = Vec::new();
    for entry in &entries {
        let mut told = Telemetry::default();
        if !(reader.knows)(entry) || (reader.read)(entry, &mut told).is_none() {
            events.skipped += 1;
        }
        let session = told.context.session.clone();
        signals.extend(told.signals.into_iter().map(|signal| (signal, session.clone())));
        events.telemetry.context.fill_from(told.context);
    }
    signals.sort_by(|(one, _), (two, _)| one.time.total_cmp(&two.time));
    (events.telemetry.signals, events.sessions) = signals.into_iter().unzip();
    Ok(events)
}

/// The entries of a file: elements of an array, values of an object's list, or a value a line.
fn entries(bytes: &[u8]) -> Result<(Vec<Value>, usize), EventsError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(entries)) => return Ok((entries, 0)),
        Ok(Value::Object(mut object)) => {
            for list in ["events", "data", "results", "batch"] {
                if let Some(Value::Array(entries)) = object.get_mut(list) {
                    return Ok((std::mem::take(entries), 0));
                }
            }
            return Ok((vec![Value::Object(object)], 0));
        }
        Ok(_) | Err(_) => {}
    }
    let mut entries = Vec::new();
    let mut bad = 0;
    let mut first_error = None;
    let mut offset = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty() {
            match serde_json::from_slice::<Value>(line) {
                Ok(Value::Array(values)) => entries.extend(values),
                Ok(value) => entries.push(value),
                Err(error) => {
                    bad += 1;
                    first_error.get_or_insert((offset, error.to_string()));
                }
            }
        }
        offset += line.len() + 1;
    }
    match first_error {
        Some((offset, reason)) if entries.is_empty() => Err(EventsError::NotJson { offset, reason }),
        _ => Ok((entries, bad)),
    }
}

/// What a value looks like, for an error message: its keys, never its content.
fn outline(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let keys: Vec<&str> = object.keys().take(8).map(String::as_str).collect();
            format!("an object with {}", keys.join(", "))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::String(_) => "a string".to_owned(),
        _ => "a number or the like".to_owned(),
    }
}

// ---- what the readers share ----

/// The value at a path of keys.
fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// The text at a path of keys; an empty one counts as none.
fn text(value: &Value, path: &[&str]) -> Option<Arc<str>> {
    at(value, path)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(Arc::from)
}

/// The finite number at a path of keys.
fn number(value: &Value, path: &[&str]) -> Option<f64> {
    at(value, path)?.as_f64().filter(|number| number.is_finite())
}

/// A small whole number at a path of keys.
fn small<T: TryFrom<u64>>(value: &Value, path: &[&str]) -> Option<T> {
    T::try_from(at(value, path)?.as_u64()?).ok()
}

/// A time, in milliseconds since the Unix epoch: seconds, milliseconds, microseconds or nanoseconds
/// by their size, or an RFC 3339 text.
fn time(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.parse::<jiff::Timestamp>() {
            Ok(timestamp) => Some(timestamp.as_microsecond() as f64 / 1e3),
            Err(_) => text.parse().ok().and_then(epoch),
        },
        Value::Number(number) => number.as_f64().and_then(epoch),
        _ => None,
    }
}

/// Milliseconds of a number that counts from 1970, whatever its unit.
fn epoch(number: f64) -> Option<f64> {
    match number {
        n if !n.is_finite() || n <= 0.0 => None,
        n if n < 1e11 => Some(n * 1e3),
        n if n < 1e14 => Some(n),
        n if n < 1e17 => Some(n / 1e3),
        n => Some(n / 1e6),
    }
}

/// A signal of a side file.
fn signal(time: f64, id: Option<Arc<str>>, kind: SignalKind) -> Signal {
    Signal {
        time,
        tab: None,
        id,
        origin: Origin::SideFile,
        kind,
    }
}

/// An error of which only a text is known: `Type: message`, perhaps with the browser's `Uncaught`.
pub(crate) fn error_from_text(text: &str, source: ErrorSource) -> ErrorReport {
    let (rest, source, handled) = if let Some(rest) = text.strip_prefix("Uncaught (in promise) ") {
        (rest, ErrorSource::UnhandledRejection, Some(false))
    } else if let Some(rest) = text.strip_prefix("Uncaught ") {
        (rest, ErrorSource::Exception, Some(false))
    } else {
        (text, source, None)
    };
    let (error_type, message) = match rest.split_once(": ") {
        Some((name, message)) if is_type_name(name) => (Some(Arc::from(name)), message),
        _ => (None, rest),
    };
    ErrorReport {
        message: Arc::from(message),
        error_type,
        source,
        handled,
        stack: Vec::new(),
    }
}

/// Whether a word is the name of an error type, as programs give them.
fn is_type_name(name: &str) -> bool {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.'));
    plain && (name.ends_with("Error") || name.ends_with("Exception")) && name.len() <= 80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_known_by_their_size() {
        let milliseconds = 1_795_428_890_822.0;
        for text in [
            "1795428890.822",
            "1795428890822",
            "1795428890822000",
            "1795428890822000000",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert!((time(&value).unwrap() - milliseconds).abs() < 1.0, "{text}");
        }
        let text = Value::from("2026-11-23T10:14:50.822Z");
        assert_eq!(time(&text), Some(1_795_428_890_822.0));
        assert_eq!(time(&Value::from(0)), None);
        assert_eq!(time(&Value::from("yesterday")), None);
    }

    #[test]
    fn errors_are_taken_from_texts() {
        let report = error_from_text("Uncaught TypeError: x is undefined", ErrorSource::Console);
        assert_eq!(report.error_type.as_deref(), Some("TypeError"));
        assert_eq!(&*report.message, "x is undefined");
        assert_eq!(
            (report.source, report.handled),
            (ErrorSource::Exception, Some(false))
        );
        let report = error_from_text("checkout failed: HTTP 500", ErrorSource::Console);
        assert_eq!(
            (report.error_type, &*report.message),
            (None, "checkout failed: HTTP 500")
        );
    }

    #[test]
    fn what_is_not_known_is_described_by_its_keys() {
        let error = read_events(br#"{"secret":"s3cr3t"}"#).unwrap_err().to_string();
        assert!(
            error.contains("an object with secret") && !error.contains("s3cr3t"),
            "{error}"
        );
        assert!(matches!(
            read_events(b"nonsense"),
            Err(EventsError::NotJson { offset: 0, .. })
        ));
    }

    #[test]
    fn a_bad_line_is_counted() {
        let lines = b"{\"time\":1795428890822,\"kind\":\"error\",\"message\":\"a\"}\n{broken\n";
        let events = read_events(lines).unwrap();
        assert_eq!((events.telemetry.signals.len(), events.skipped), (1, 1));
    }
}
