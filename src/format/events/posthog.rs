//! PostHog product events: exceptions, rage and dead clicks, page views, captured clicks.

use std::sync::Arc;

use serde_json::Value;

use super::{at, signal, small, text, time};
use crate::recording::{
    ErrorReport, ErrorSource, Frustration, FrustrationKind, PageView, SessionContext, SignalKind, StackFrame,
    Telemetry, UserAction,
};

pub(super) fn knows(entry: &Value) -> bool {
    entry.get("event").is_some_and(Value::is_string) && entry.get("properties").is_some_and(Value::is_object)
}

pub(super) fn read(entry: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let when = time(entry.get("timestamp")?)?;
    let properties = entry.get("properties")?;
    telemetry.context.fill_from(SessionContext {
        session: text(properties, &["$session_id"]),
        user: text(entry, &["distinct_id"]).or_else(|| text(properties, &["distinct_id"])),
        service: None,
        release: None,
        environment: None,
        user_agent: text(properties, &["$raw_user_agent"]),
    });
    let kind = match entry.get("event")?.as_str()? {
        "$exception" => SignalKind::Error(exception(properties)?),
        "$rageclick" => SignalKind::Frustration(frustration(FrustrationKind::RageClick, properties, 3)),
        "$dead_click" => SignalKind::Frustration(frustration(FrustrationKind::DeadClick, properties, 1)),
        "$pageview" => SignalKind::View(PageView {
            url: text(properties, &["$current_url"])?,
            title: text(properties, &["title"]),
        }),
        "$autocapture" => SignalKind::Action(UserAction {
            kind: text(properties, &["$event_type"])?,
            target: element_text(properties),
            selector: None,
        }),
        name if !name.starts_with('$') => SignalKind::Action(UserAction {
            kind: "custom".into(),
            target: Some(name.into()),
            selector: None,
        }),
        _ => return Some(()),
    };
    // A dead click is known only some time after it: its own time stands beside.
    let when = at(properties, &["$dead_click_event_timestamp"])
        .and_then(time)
        .unwrap_or(when);
    let mut signal = signal(when, text(entry, &["uuid"]), kind);
    signal.tab = text(properties, &["$window_id"]);
    telemetry.signals.push(signal);
    Some(())
}

fn exception(properties: &Value) -> Option<ErrorReport> {
    let exception = at(properties, &["$exception_list"])
        .and_then(Value::as_array)?
        .first()?;
    let frames = at(exception, &["stacktrace", "frames"]).and_then(Value::as_array);
    let mechanism = at(exception, &["mechanism", "type"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(ErrorReport {
        message: text(exception, &["value"]).or_else(|| text(exception, &["type"]))?,
        error_type: text(exception, &["type"]),
        source: if mechanism.contains("rejection") {
            ErrorSource::UnhandledRejection
        } else {
            ErrorSource::Exception
        },
        handled: at(exception, &["mechanism", "handled"]).and_then(Value::as_bool),
        // PostHog, like Sentry, lists the innermost call last.
        stack: frames.into_iter().flatten().rev().map(frame).collect(),
    })
}

fn frame(frame: &Value) -> StackFrame {
    StackFrame {
        function: text(frame, &["function"]).filter(|name| &**name != "?"),
        file: text(frame, &["filename"]),
        line: small(frame, &["lineno"]),
        column: small(frame, &["colno"]),
        in_app: at(frame, &["in_app"]).and_then(Value::as_bool),
    }
}

fn frustration(kind: FrustrationKind, properties: &Value, clicks: u32) -> Frustration {
    Frustration {
        kind,
        node: None,
        target: element_text(properties),
        position: None,
        clicks,
    }
}

/// The text of the element that was clicked, or else its tag.
fn element_text(properties: &Value) -> Option<Arc<str>> {
    let element = at(properties, &["$elements"])
        .and_then(Value::as_array)
        .and_then(|elements| elements.first());
    text(properties, &["$el_text"])
        .or_else(|| text(element?, &["$el_text"]))
        .or_else(|| text(element?, &["tag_name"]))
}
