//! Sentry error events, as the SDK sends and the API gives them.

use serde_json::Value;

use super::{at, signal, small, text, time};
use crate::recording::{ErrorReport, ErrorSource, SessionContext, SignalKind, StackFrame, Telemetry};

pub(super) fn knows(entry: &Value) -> bool {
    let sentry_id = entry.get("event_id").or_else(|| entry.get("eventID")).is_some();
    sentry_id
        && (entry.get("exception").is_some()
            || entry.get("entries").is_some()
            || entry.get("platform").is_some())
}

pub(super) fn read(entry: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let when = ["timestamp", "dateCreated", "datetime"]
        .iter()
        .find_map(|key| time(entry.get(key)?))?;
    telemetry.context.fill_from(SessionContext {
        session: text(entry, &["contexts", "replay", "replay_id"])
            .or_else(|| text(entry, &["tags", "replayId"])),
        user: ["id", "email", "username"]
            .iter()
            .find_map(|key| text(entry, &["user", key])),
        service: None,
        release: text(entry, &["release"]).or_else(|| text(entry, &["release", "version"])),
        environment: text(entry, &["environment"]),
        user_agent: text(entry, &["request", "headers", "User-Agent"]),
    });
    let id = text(entry, &["event_id"]).or_else(|| text(entry, &["eventID"]));
    // Exceptions that caused others stand before them; the last is the one that was reported.
    let values = at(entry, &["exception", "values"]).or_else(|| exception_entry(entry));
    let report = match values.and_then(Value::as_array).and_then(|values| values.last()) {
        Some(exception) => exception_report(exception)?,
        None => {
            let message = ["message", "title", "culprit"]
                .iter()
                .find_map(|key| text(entry, &[key]));
            ErrorReport {
                message: message.or_else(|| text(entry, &["message", "formatted"]))?,
                source: ErrorSource::Custom,
                handled: Some(true),
                ..ErrorReport::default()
            }
        }
    };
    telemetry
        .signals
        .push(signal(when, id, SignalKind::Error(report)));
    Some(())
}

/// The API's form: a list of entries, one of them the exception.
fn exception_entry(entry: &Value) -> Option<&Value> {
    let entries = entry.get("entries")?.as_array()?;
    let exception = entries
        .iter()
        .find(|one| one.get("type").and_then(Value::as_str) == Some("exception"))?;
    at(exception, &["data", "values"])
}

fn exception_report(exception: &Value) -> Option<ErrorReport> {
    let mechanism = at(exception, &["mechanism", "type"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let frames = at(exception, &["stacktrace", "frames"]).and_then(Value::as_array);
    Some(ErrorReport {
        message: text(exception, &["value"]).or_else(|| text(exception, &["type"]))?,
        error_type: text(exception, &["type"]),
        source: if mechanism.contains("onunhandledrejection") {
            ErrorSource::UnhandledRejection
        } else {
            ErrorSource::Exception
        },
        handled: at(exception, &["mechanism", "handled"]).and_then(Value::as_bool),
        // Sentry lists the innermost call last.
        stack: frames.into_iter().flatten().rev().map(frame).collect(),
    })
}

fn frame(frame: &Value) -> StackFrame {
    let function = text(frame, &["function"]).filter(|name| &**name != "?");
    StackFrame {
        function,
        file: text(frame, &["filename"]).or_else(|| text(frame, &["absPath"])),
        line: small(frame, &["lineno"]).or_else(|| small(frame, &["lineNo"])),
        column: small(frame, &["colno"]).or_else(|| small(frame, &["colNo"])),
        in_app: at(frame, &["in_app"])
            .or_else(|| at(frame, &["inApp"]))
            .and_then(Value::as_bool),
    }
}
