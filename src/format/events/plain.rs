//! The format that any system can write: one object a line, with `time` (RFC 3339, or a number that
//! counts from 1970), `kind` and what belongs to that kind:
//!
//! | kind | fields |
//! |---|---|
//! | `error` | `message`, `type`, `stack`, `handled` |
//! | `console` | `message`, `level` |
//! | `request` | `url`, `method`, `status`, `duration` (ms) |
//! | `action` | `message`: what was done, `target` |
//! | `rage-click`, `dead-click`, `error-click` | `target` |
//! | `view` | `url`, `title` |
//! | `marker`, `caption` | `message` |
//! | `session` | nothing more: who and what the session is |
//!
//! `id`, `tab`, `session`, `user`, `release`, `environment` and `user_agent` may stand in every line.

use serde_json::Value;

use super::{error_from_text, number, signal, small, stack, text, time};
use crate::recording::{
    ConsoleLevel, ConsoleLine, ErrorReport, ErrorSource, Frustration, FrustrationKind, PageView, Request,
    SessionContext, SignalKind, Telemetry, UserAction,
};

pub(super) fn knows(entry: &Value) -> bool {
    entry.get("time").is_some() && entry.get("kind").is_some_and(Value::is_string)
}

pub(super) fn read(entry: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let when = time(entry.get("time")?)?;
    telemetry.context.fill_from(SessionContext {
        session: text(entry, &["session"]),
        user: text(entry, &["user"]),
        release: text(entry, &["release"]),
        environment: text(entry, &["environment"]),
        user_agent: text(entry, &["user_agent"]),
        ..SessionContext::default()
    });
    let message = text(entry, &["message"]);
    let frustration = |kind| {
        let clicks = small(entry, &["clicks"]).unwrap_or(1);
        SignalKind::Frustration(Frustration {
            kind,
            node: None,
            target: text(entry, &["target"]),
            position: None,
            clicks,
        })
    };
    let kind = match entry.get("kind")?.as_str()? {
        "error" => SignalKind::Error(error(entry, &message?)),
        "console" => SignalKind::Console(ConsoleLine {
            level: level(entry),
            text: message?,
            stack: Vec::new(),
        }),
        "request" => {
            let status = small(entry, &["status"]).filter(|status| *status != 0);
            SignalKind::Request(Request {
                method: text(entry, &["method"]),
                url: text(entry, &["url"])?,
                status,
                duration: number(entry, &["duration"]),
                initiator: None,
                no_answer: status.is_none(),
            })
        }
        "action" => SignalKind::Action(UserAction {
            kind: message?,
            target: text(entry, &["target"]),
            selector: None,
        }),
        "rage-click" => frustration(FrustrationKind::RageClick),
        "dead-click" => frustration(FrustrationKind::DeadClick),
        "error-click" => frustration(FrustrationKind::ErrorClick),
        "view" => SignalKind::View(PageView {
            url: text(entry, &["url"])?,
            title: text(entry, &["title"]),
        }),
        "marker" => SignalKind::Marker(message?),
        "caption" => SignalKind::Caption(message),
        // Tells who and what the session is, and nothing that happened.
        "session" => return Some(()),
        _ => return None,
    };
    let mut signal = signal(when, text(entry, &["id"]), kind);
    signal.tab = text(entry, &["tab"]);
    telemetry.signals.push(signal);
    Some(())
}

fn error(entry: &Value, message: &str) -> ErrorReport {
    let mut report = error_from_text(message, ErrorSource::Exception);
    report.error_type = text(entry, &["type"]).or(report.error_type);
    report.handled = entry.get("handled").and_then(Value::as_bool).or(report.handled);
    report.stack = text(entry, &["stack"])
        .map(|trace| stack::parse(trace.lines()))
        .unwrap_or_default();
    report
}

fn level(entry: &Value) -> ConsoleLevel {
    match entry.get("level").and_then(Value::as_str) {
        Some("debug" | "trace") => ConsoleLevel::Debug,
        Some("info") => ConsoleLevel::Info,
        Some("warn" | "warning") => ConsoleLevel::Warn,
        Some("error") => ConsoleLevel::Error,
        _ => ConsoleLevel::Log,
    }
}
