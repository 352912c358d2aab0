//! Datadog RUM events (schemas of the repository `rum-events-format`). Durations are nanoseconds.

use std::sync::Arc;

use serde_json::Value;

use super::{at, number, signal, small, stack, text, time};
use crate::recording::{
    ConsoleLevel, ConsoleLine, ErrorReport, ErrorSource, Frustration, FrustrationKind, PageView, Request,
    SessionContext, SignalKind, StackFrame, Telemetry, UserAction,
};

const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

pub(super) fn knows(entry: &Value) -> bool {
    at(entry, &["_dd", "format_version"]).is_some()
        || (entry.get("application").is_some() && entry.get("view").is_some())
}

pub(super) fn read(entry: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let when = time(entry.get("date")?)?;
    let kind = entry.get("type")?.as_str()?;
    telemetry.context.fill_from(SessionContext {
        session: text(entry, &["session", "id"]),
        user: text(entry, &["usr", "id"]).or_else(|| text(entry, &["usr", "anonymous_id"])),
        service: text(entry, &["service"]),
        release: text(entry, &["version"]),
        environment: None,
        user_agent: None,
    });
    let id = text(entry, &[kind, "id"]);
    let found = match kind {
        "error" => failure(entry.get("error")?)?,
        "resource" => SignalKind::Request(request(entry.get("resource")?)?),
        "action" => {
            let action = entry.get("action")?;
            let target = text(action, &["target", "name"]);
            for frustration in frustrations(action, target.as_ref()) {
                telemetry
                    .signals
                    .push(signal(when, id.clone(), SignalKind::Frustration(frustration)));
            }
            SignalKind::Action(UserAction {
                kind: text(action, &["type"])?,
                target,
                selector: text(entry, &["_dd", "action", "target", "selector"]),
            })
        }
        // Every version of a view repeats it: the first one is when it was entered.
        "view"
            if at(entry, &["_dd", "document_version"])
                .and_then(Value::as_u64)
                .unwrap_or(1)
                <= 1 =>
        {
            SignalKind::View(PageView {
                url: text(entry, &["view", "url"])?,
                title: text(entry, &["view", "name"]),
            })
        }
        _ => return Some(()),
    };
    telemetry.signals.push(signal(when, id, found));
    Some(())
}

/// An error event: what the console said and failed requests are errors to this system, and become
/// what they are to every other.
fn failure(error: &Value) -> Option<SignalKind> {
    match at(error, &["source"]).and_then(Value::as_str) {
        Some("console") => Some(SignalKind::Console(ConsoleLine {
            level: ConsoleLevel::Error,
            text: text(error, &["message"])?,
            stack: trace(error),
        })),
        Some("network") if error.get("resource").is_some() => {
            error.get("resource").and_then(request).map(SignalKind::Request)
        }
        _ => report(error).map(SignalKind::Error),
    }
}

fn trace(error: &Value) -> Vec<StackFrame> {
    let trace = text(error, &["stack"]).or_else(|| text(error, &["handling_stack"]));
    trace.map(|trace| stack::parse(trace.lines())).unwrap_or_default()
}

fn report(error: &Value) -> Option<ErrorReport> {
    let source = match at(error, &["source"]).and_then(Value::as_str) {
        Some("network") => ErrorSource::Network,
        Some("report" | "agent") => ErrorSource::Report,
        Some("custom" | "logger") => ErrorSource::Custom,
        _ => ErrorSource::Exception,
    };
    let handled = match at(error, &["handling"]).and_then(Value::as_str) {
        Some("handled") => Some(true),
        Some("unhandled") => Some(false),
        _ => None,
    };
    Some(ErrorReport {
        message: text(error, &["message"])?,
        error_type: text(error, &["type"]),
        source,
        handled,
        stack: trace(error),
    })
}

fn request(resource: &Value) -> Option<Request> {
    let status: Option<u16> = small(resource, &["status_code"]);
    Some(Request {
        method: text(resource, &["method"]),
        url: text(resource, &["url"])?,
        status: status.filter(|status| *status != 0),
        duration: number(resource, &["duration"])
            .map(|nanoseconds| nanoseconds / NANOSECONDS_PER_MILLISECOND),
        initiator: text(resource, &["type"]),
        no_answer: status == Some(0),
    })
}

fn frustrations(action: &Value, target: Option<&Arc<str>>) -> Vec<Frustration> {
    let types = at(action, &["frustration", "type"]).and_then(Value::as_array);
    let kinds = types
        .into_iter()
        .flatten()
        .filter_map(|kind| match kind.as_str()? {
            "rage_click" | "rage_tap" => Some(FrustrationKind::RageClick),
            "dead_click" => Some(FrustrationKind::DeadClick),
            "error_click" | "error_tap" => Some(FrustrationKind::ErrorClick),
            _ => None,
        });
    kinds
        .map(|kind| Frustration {
            kind,
            node: None,
            target: target.cloned(),
            position: None,
            clicks: 1,
        })
        .collect()
}
