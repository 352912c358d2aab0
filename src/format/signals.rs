//! Errors, requests and the like that stand in a recording itself: in the events of recorder
//! plugins, in custom events that recorders and applications write, and in annotations.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::events::error_from_text;
use super::stack;
use crate::recording::{
    Annotation, ConsoleLevel, ConsoleLine, ErrorSource, Event, EventData, EventKind, Frustration,
    FrustrationKind, Origin, PageView, Request, Signal, SignalKind, Tab, Telemetry,
};

/// Custom events that recorders write about themselves.
const RECORDER_NOISE: &[&str] = &[
    "options",
    "$remote_config_received",
    "$session_options",
    "$posthog_config",
    "$recording_started",
    "$session_id_change",
    "$session_starting",
    "$session_ending",
    "$url_changed",
    "browser online",
    "browser offline",
    "recording paused",
    "recording resumed",
    "sessionIdle",
    "sessionNoLongerIdle",
];

/// A click that led to nothing counts as dead only on what is there to be clicked (Sentry's rule).
const CLICKABLE: &[&str] = &["a", "button", "input"];

/// So many slow clicks in a row are a rage click (Sentry's rule).
const RAGE_CLICKS: u32 = 5;

/// Reads what `tabs` tell beside their pictures. Events that cannot be read tell nothing.
pub fn telemetry(tabs: &[Tab]) -> Telemetry {
    let mut signals = Vec::new();
    for tab in tabs {
        let id: Option<Arc<str>> = (!tab.id.is_empty()).then(|| Arc::from(tab.id.as_str()));
        for event in &tab.events {
            let begun = signals.len();
            read(event, &mut signals);
            for signal in signals.iter_mut().skip(begun) {
                signal.tab.clone_from(&id);
            }
        }
    }
    signals.sort_by(|one: &Signal, two| one.time.total_cmp(&two.time));
    Telemetry {
        signals,
        ..Telemetry::default()
    }
}

fn read(event: &Event, signals: &mut Vec<Signal>) {
    let telling = [
        EventKind::Meta,
        EventKind::Plugin,
        EventKind::Custom,
        EventKind::Annotation,
    ];
    if !telling.contains(&event.kind) {
        return;
    }
    let Ok(data) = event.data() else { return };
    match &*data {
        EventData::Meta(meta) => {
            let view = PageView {
                url: Arc::clone(&meta.href),
                title: None,
            };
            signals.push(recorded(event.time, SignalKind::View(view)));
        }
        EventData::Annotation(Annotation::Caption(text)) => {
            signals.push(recorded(event.time, SignalKind::Caption(text.clone())));
        }
        EventData::Annotation(Annotation::Marker(text)) => {
            signals.push(recorded(event.time, SignalKind::Marker(Arc::clone(text))));
        }
        EventData::Plugin { plugin, payload } => {
            if plugin.starts_with("rrweb/console@") {
                signals.extend(console_plugin(payload.get()).map(|kind| recorded(event.time, kind)));
            } else if plugin.starts_with("rrweb/network@") {
                network_plugin(event.time, payload.get(), signals);
            }
        }
        EventData::Custom { tag, payload } => match &**tag {
            "breadcrumb" => signals.extend(breadcrumb(event.time, payload.get())),
            "performanceSpan" => signals.extend(performance_span(payload.get())),
            "window visible" => signals.push(recorded(event.time, SignalKind::Visible(true))),
            "window hidden" => signals.push(recorded(event.time, SignalKind::Visible(false))),
            "$pageview" => signals.extend(page_view(event.time, payload.get())),
            tag if RECORDER_NOISE.contains(&tag) => {}
            tag => signals.push(recorded(event.time, SignalKind::Marker(Arc::from(tag)))),
        },
        _ => {}
    }
}

fn recorded(time: f64, kind: SignalKind) -> Signal {
    Signal {
        time,
        tab: None,
        id: None,
        origin: Origin::Recorded,
        kind,
    }
}

// ---- rrweb's plugins ----

#[derive(Deserialize)]
struct ConsolePayload {
    level: String,
    #[serde(default)]
    trace: Vec<String>,
    #[serde(default)]
    payload: Vec<Value>,
}

fn console_plugin(payload: &str) -> Option<SignalKind> {
    let payload: ConsolePayload = serde_json::from_str(payload).ok()?;
    let words: Vec<String> = payload.payload.iter().map(argument).collect();
    let text = words.join(" ");
    let stack = stack::parse(payload.trace.iter().map(String::as_str));
    let level = level(&payload.level);
    // The plugin listens to the window's errors too and writes them as the console shows them.
    if level == ConsoleLevel::Error && text.starts_with("Uncaught") {
        let mut report = error_from_text(&text, ErrorSource::Exception);
        report.stack = stack;
        return Some(SignalKind::Error(report));
    }
    Some(SignalKind::Console(ConsoleLine {
        level,
        text: text.into(),
        stack,
    }))
}

/// An argument of a console call: the plugin writes each as JSON in a string.
fn argument(argument: &Value) -> String {
    let Value::String(text) = argument else {
        return argument.to_string();
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(inner)) => inner,
        _ => text.clone(),
    }
}

/// The level of a console line by the name of its method.
pub(super) fn level(name: &str) -> ConsoleLevel {
    match name {
        "error" | "assert" => ConsoleLevel::Error,
        "warn" | "warning" => ConsoleLevel::Warn,
        "info" => ConsoleLevel::Info,
        "debug" | "trace" => ConsoleLevel::Debug,
        _ => ConsoleLevel::Log,
    }
}

#[derive(Deserialize)]
struct NetworkPayload {
    requests: Vec<NetworkRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NetworkRequest {
    name: String,
    method: Option<String>,
    status: Option<u16>,
    initiator_type: Option<String>,
    #[serde(default)]
    start_time: f64,
    #[serde(default)]
    end_time: f64,
}

/// The plugin's times count from the start of the page, which the event does not tell; it is sent
/// when its last request has ended.
fn network_plugin(time: f64, payload: &str, signals: &mut Vec<Signal>) {
    let Ok(payload) = serde_json::from_str::<NetworkPayload>(payload) else {
        return;
    };
    let last_end = payload
        .requests
        .iter()
        .map(|request| request.end_time)
        .fold(0.0, f64::max);
    for request in payload.requests {
        // Status is not told for requests to other origins: no answer is known only where the
        // request was the script's own.
        let own = matches!(
            request.initiator_type.as_deref(),
            Some("fetch" | "xmlhttprequest")
        );
        let status = request.status.filter(|status| *status != 0);
        let kind = SignalKind::Request(Request {
            method: request.method.map(Arc::from),
            url: request.name.into(),
            status,
            duration: Some((request.end_time - request.start_time).max(0.0)),
            initiator: request.initiator_type.map(Arc::from),
            no_answer: own && status.is_none(),
        });
        signals.push(recorded(time - (last_end - request.start_time).max(0.0), kind));
    }
}

// ---- Sentry's custom events ----

#[derive(Deserialize)]
struct Breadcrumb {
    category: Option<String>,
    message: Option<String>,
    level: Option<String>,
    #[serde(default)]
    data: Value,
}

fn breadcrumb(time: f64, payload: &str) -> Option<Signal> {
    let crumb: Breadcrumb = serde_json::from_str(payload).ok()?;
    let kind = match crumb.category.as_deref()? {
        "console" => SignalKind::Console(ConsoleLine {
            level: level(crumb.level.as_deref().unwrap_or("log")),
            text: crumb.message?.into(),
            stack: Vec::new(),
        }),
        "navigation" => {
            let to = crumb.data.get("to")?.as_str()?;
            SignalKind::View(PageView {
                url: to.into(),
                title: None,
            })
        }
        "ui.slowClickDetected" => slow_click(&crumb)?,
        "ui.multiClick" => click(&crumb, FrustrationKind::RageClick)?,
        _ => return None,
    };
    Some(recorded(time, kind))
}

/// Dead when the wait for a change ran out, on something that is there to be clicked.
fn slow_click(crumb: &Breadcrumb) -> Option<SignalKind> {
    let timed_out = crumb.data.get("endReason")?.as_str()? == "timeout";
    let tag = crumb
        .data
        .get("node")
        .and_then(|node| node.get("tagName"))
        .and_then(Value::as_str)?;
    if !timed_out || !CLICKABLE.contains(&tag) {
        return None;
    }
    let dead = click(crumb, FrustrationKind::DeadClick)?;
    match dead {
        SignalKind::Frustration(mut dead) if dead.clicks >= RAGE_CLICKS => {
            dead.kind = FrustrationKind::RageClick;
            Some(SignalKind::Frustration(dead))
        }
        dead => Some(dead),
    }
}

fn click(crumb: &Breadcrumb, kind: FrustrationKind) -> Option<SignalKind> {
    let node = crumb.data.get("node");
    let text = node
        .and_then(|node| node.get("textContent"))
        .and_then(Value::as_str)
        .map(str::trim);
    let clicks = crumb.data.get("clickCount").and_then(Value::as_u64).unwrap_or(1);
    Some(SignalKind::Frustration(Frustration {
        kind,
        node: crumb.data.get("nodeId").and_then(Value::as_i64),
        target: text.filter(|text| !text.is_empty()).map(Arc::from),
        position: None,
        clicks: u32::try_from(clicks).unwrap_or(u32::MAX),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PerformanceSpan {
    op: String,
    description: Option<String>,
    start_timestamp: f64,
    end_timestamp: f64,
    #[serde(default)]
    data: Value,
}

/// Spans tell their times in seconds.
fn performance_span(payload: &str) -> Option<Signal> {
    let span: PerformanceSpan = serde_json::from_str(payload).ok()?;
    let initiator = span.op.strip_prefix("resource.")?;
    let own = matches!(initiator, "fetch" | "xhr");
    let status = span
        .data
        .get("statusCode")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| *status != 0);
    let kind = SignalKind::Request(Request {
        method: span.data.get("method").and_then(Value::as_str).map(Arc::from),
        url: span.description?.into(),
        status,
        duration: Some(((span.end_timestamp - span.start_timestamp) * 1000.0).max(0.0)),
        initiator: Some(initiator.into()),
        no_answer: own && status.is_none(),
    });
    let time = span.start_timestamp * 1000.0;
    time.is_finite().then(|| recorded(time, kind))
}

/// PostHog's note of a page view.
fn page_view(time: f64, payload: &str) -> Option<Signal> {
    let payload: Value = serde_json::from_str(payload).ok()?;
    let url = payload
        .get("href")
        .or_else(|| payload.get("$current_url"))?
        .as_str()?;
    Some(recorded(
        time,
        SignalKind::View(PageView {
            url: url.into(),
            title: None,
        }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_plugin_lines_and_errors_are_told_apart() {
        let line = r#"{"level":"warn","trace":[],"payload":["\"slow\"","{\"ms\":3}"]}"#;
        let Some(SignalKind::Console(line)) = console_plugin(line) else {
            panic!("no line")
        };
        assert_eq!((line.level, &*line.text), (ConsoleLevel::Warn, "slow {\"ms\":3}"));
        let error = r#"{"level":"error","trace":["https://a.example/x.js:6:757"],"payload":["\"Uncaught TypeError: no\""]}"#;
        let Some(SignalKind::Error(error)) = console_plugin(error) else {
            panic!("no error")
        };
        assert_eq!(
            (error.error_type.as_deref(), &*error.message),
            (Some("TypeError"), "no")
        );
        assert_eq!(error.stack.first().and_then(|frame| frame.line), Some(6));
    }

    #[test]
    fn requests_end_with_the_plugin_event() {
        let payload = r#"{"requests":[{"name":"/a","startTime":100,"endTime":200,"status":200},
            {"name":"/b","method":"POST","initiatorType":"fetch","startTime":150,"endTime":250}]}"#;
        let mut signals = Vec::new();
        network_plugin(1000.0, payload, &mut signals);
        assert_eq!(
            signals.iter().map(|signal| signal.time).collect::<Vec<_>>(),
            [850.0, 900.0]
        );
        let failed =
            |signal: &Signal| matches!(&signal.kind, SignalKind::Request(request) if request.failed());
        assert_eq!(signals.iter().map(failed).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn slow_clicks_count_only_where_the_wait_ran_out() {
        let crumb = |reason: &str, tag: &str, clicks: u32| {
            let payload = format!(
                r#"{{"category":"ui.slowClickDetected","data":{{"endReason":"{reason}","nodeId":7,"clickCount":{clicks},
                "node":{{"tagName":"{tag}","textContent":"Pay"}}}}}}"#
            );
            breadcrumb(0.0, &payload).map(|signal| match signal.kind {
                SignalKind::Frustration(frustration) => frustration.kind,
                _ => panic!("no frustration"),
            })
        };
        assert_eq!(crumb("timeout", "button", 1), Some(FrustrationKind::DeadClick));
        assert_eq!(crumb("timeout", "button", 5), Some(FrustrationKind::RageClick));
        assert_eq!(crumb("mutation", "button", 1), None);
        assert_eq!(crumb("timeout", "div", 1), None);
    }

    #[test]
    fn spans_are_in_seconds() {
        let span = r#"{"op":"resource.fetch","description":"/api/checkout","startTimestamp":1795428929.898,
            "endTimestamp":1795428930.0322998,"data":{"method":"POST","statusCode":500}}"#;
        let signal = performance_span(span).unwrap();
        assert!((signal.time - 1_795_428_929_898.0).abs() < 0.01);
        let SignalKind::Request(request) = signal.kind else {
            panic!("no request")
        };
        assert!(request.failed() && (request.duration.unwrap() - 134.3).abs() < 0.1);
        assert_eq!(
            performance_span(r#"{"op":"memory","startTimestamp":1,"endTimestamp":1}"#),
            None
        );
    }
}
