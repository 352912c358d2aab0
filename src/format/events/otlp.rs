//! OpenTelemetry logs and spans as OTLP JSON (one `ExportLogsServiceRequest` or
//! `ExportTraceServiceRequest` an entry, as collectors write them to files).

use std::sync::Arc;

use serde_json::Value;

use super::{at, error_from_text, signal, stack, text, time};
use crate::recording::{
    ConsoleLevel, ConsoleLine, ErrorReport, ErrorSource, Request, SessionContext, SignalKind, Telemetry,
};

/// Severity numbers from here on are warnings, errors (OpenTelemetry log data model).
const WARN: u64 = 13;
const ERROR: u64 = 17;

/// Status code of a span that failed.
const STATUS_ERROR: u64 = 2;

pub(super) fn knows(entry: &Value) -> bool {
    entry.get("resourceLogs").is_some_and(Value::is_array)
        || entry.get("resourceSpans").is_some_and(Value::is_array)
}

pub(super) fn read(entry: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let nested = |outer: &'static str, scopes: &'static str, records: &'static str| {
        let list = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        list(entry, outer)
            .into_iter()
            .map(move |resource| {
                let records: Vec<Value> = list(&resource, scopes)
                    .iter()
                    .flat_map(|scope| list(scope, records))
                    .collect();
                (resource, records)
            })
            .collect::<Vec<_>>()
    };
    for (resource, records) in nested("resourceLogs", "scopeLogs", "logRecords") {
        context(&resource, telemetry);
        for record in &records {
            // A record without a time or a body tells nothing.
            let _ = log(record, telemetry);
        }
    }
    for (resource, spans) in nested("resourceSpans", "scopeSpans", "spans") {
        context(&resource, telemetry);
        for record in &spans {
            let _ = span(record, telemetry);
        }
    }
    Some(())
}

fn context(resource: &Value, telemetry: &mut Telemetry) {
    let Some(resource) = resource.get("resource") else {
        return;
    };
    let named = |name| attribute(resource, name);
    telemetry.context.fill_from(SessionContext {
        session: named("session.id"),
        user: named("user.id").or_else(|| named("enduser.id")),
        service: named("service.name"),
        release: named("service.version"),
        environment: named("deployment.environment.name").or_else(|| named("deployment.environment")),
        user_agent: named("user_agent.original"),
    });
}

fn log(record: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let when = time(
        record
            .get("timeUnixNano")
            .or_else(|| record.get("observedTimeUnixNano"))?,
    )?;
    let id = text(record, &["spanId"]);
    let body = record.get("body").and_then(any_value);
    let severity = record
        .get("severityNumber")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let kind = match exception(record) {
        Some(report) => SignalKind::Error(report),
        None if severity >= ERROR => SignalKind::Error(error_from_text(&body?, ErrorSource::Custom)),
        None => {
            let level = if severity >= WARN {
                ConsoleLevel::Warn
            } else {
                ConsoleLevel::Info
            };
            SignalKind::Console(ConsoleLine {
                level,
                text: body?,
                stack: Vec::new(),
            })
        }
    };
    telemetry.signals.push(signal(when, id, kind));
    Some(())
}

fn span(span: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let start = time(span.get("startTimeUnixNano")?)?;
    let id = text(span, &["spanId"]);
    for event in span.get("events").and_then(Value::as_array).into_iter().flatten() {
        let when = event.get("timeUnixNano").and_then(time).unwrap_or(start);
        if let Some(report) = exception(event) {
            telemetry
                .signals
                .push(signal(when, id.clone(), SignalKind::Error(report)));
        }
    }
    let url = attribute(span, "url.full").or_else(|| attribute(span, "http.url"))?;
    let status = attribute(span, "http.response.status_code").or_else(|| attribute(span, "http.status_code"));
    let status = status.and_then(|status| status.parse().ok());
    let end = span.get("endTimeUnixNano").and_then(time);
    let failed = at(span, &["status", "code"]).and_then(Value::as_u64) == Some(STATUS_ERROR);
    let request = Request {
        method: attribute(span, "http.request.method").or_else(|| attribute(span, "http.method")),
        url,
        status,
        duration: end.map(|end| (end - start).max(0.0)),
        initiator: None,
        no_answer: status.is_none() && failed,
    };
    telemetry
        .signals
        .push(signal(start, id, SignalKind::Request(request)));
    Some(())
}

/// The exception that a log record or a span's event tells of (semantic conventions `exception.*`).
fn exception(record: &Value) -> Option<ErrorReport> {
    let error_type = attribute(record, "exception.type");
    let message = attribute(record, "exception.message");
    if error_type.is_none() && message.is_none() {
        return None;
    }
    let trace = attribute(record, "exception.stacktrace");
    Some(ErrorReport {
        message: message.or_else(|| error_type.clone())?,
        error_type,
        source: ErrorSource::Exception,
        handled: attribute(record, "exception.escaped").map(|escaped| &*escaped != "true"),
        stack: trace.map(|trace| stack::parse(trace.lines())).unwrap_or_default(),
    })
}

/// An attribute's value as text.
fn attribute(record: &Value, name: &str) -> Option<Arc<str>> {
    let attributes = record.get("attributes")?.as_array()?;
    let named = attributes
        .iter()
        .find(|one| one.get("key").and_then(Value::as_str) == Some(name))?;
    any_value(named.get("value")?)
}

/// An OTLP `AnyValue` as text. 64-bit numbers are strings in OTLP JSON.
fn any_value(value: &Value) -> Option<Arc<str>> {
    let inner = ["stringValue", "intValue", "doubleValue", "boolValue"]
        .iter()
        .find_map(|key| value.get(key))?;
    Some(match inner {
        Value::String(text) => Arc::from(text.as_str()),
        other => Arc::from(other.to_string()),
    })
}
