//! highlight.io (LaunchDarkly Observability): the payloads that its SDK sends.
//!
//! A payload holds rrweb's events, and beside them the console's lines and the requests, each as
//! JSON in a string, and the errors (`sdk/client/src/graph/operators/mutation.gql` of highlight).
//! Newer SDKs send the payload compressed, in a string of a payload.

use bytes::Bytes;
use serde_json::Value;

use super::collector::Collector;
use super::events::error_from_text;
use super::json::{Json, JsonError, Kind};
use super::rrweb::{self, Dialect};
use super::{FormatError, signals, stack, text};
use crate::recording::{
    ConsoleLine, ErrorSource, Origin, Request, Signal, SignalKind, StackFrame, Telemetry,
};

const DIALECT: Dialect = Dialect {
    seconds: false,
    foreign: true,
};

/// Collects all events, and what stands beside them.
pub(super) fn read(bytes: &Bytes, collector: &mut Collector<'_>) -> Result<(), FormatError> {
    rrweb::read(bytes, DIALECT, collector)?;
    let mut found = Beside::default();
    let mut json = Json::new(bytes);
    // What is damaged has been told of by the walk over the events.
    while json.more() && found.value(&mut json).is_ok() {}
    for packed in std::mem::take(&mut found.packed) {
        // The walk has taken the events out of it, and told of damage.
        let Some(inflated) = text::open(&packed, collector.unpack_room()) else {
            let index = collector.next_index();
            collector.bad_event(index, 0, "a compressed payload that is not base64".to_owned())?;
            continue;
        };
        let mut json = Json::new(&inflated.bytes);
        while json.more() && found.value(&mut json).is_ok() {}
    }
    let signals = found.signals;
    collector.telemetry.merge(Telemetry {
        signals,
        ..Telemetry::default()
    });
    Ok(())
}

/// What stands beside the events.
#[derive(Default)]
struct Beside {
    signals: Vec<Signal>,
    /// Payloads that are compressed.
    packed: Vec<String>,
}

impl Beside {
    /// Reads a payload, or an array of them.
    fn value(&mut self, json: &mut Json<'_>) -> Result<(), JsonError> {
        match json.kind()? {
            Kind::Array => {
                json.array()?;
                while json.element()? {
                    match json.kind()? {
                        Kind::Object => self.payload(json)?,
                        _ => json.pass()?,
                    }
                }
                Ok(())
            }
            Kind::Object => self.payload(json),
            _ => json.pass(),
        }
    }

    fn payload(&mut self, json: &mut Json<'_>) -> Result<(), JsonError> {
        let mut in_variables = false;
        json.object()?;
        loop {
            let Some(key) = json.key()? else {
                if !std::mem::take(&mut in_variables) {
                    return Ok(());
                }
                continue;
            };
            match (&*key, json.kind()?) {
                // The variables of a GraphQL request are the payload.
                ("variables", Kind::Object) if !in_variables => {
                    json.object()?;
                    in_variables = true;
                }
                ("data", Kind::String) => self.packed.push(json.string()?.into_owned()),
                ("messages", Kind::String) => self.list(&json.string()?, "messages", message),
                ("resources", Kind::String) => self.list(&json.string()?, "resources", request),
                ("errors", Kind::Array) => {
                    let errors = json.raw()?;
                    let errors: Vec<Value> = serde_json::from_str(errors.get()).unwrap_or_default();
                    self.signals.extend(errors.iter().filter_map(error));
                }
                _ => json.pass()?,
            }
        }
    }

    /// Reads `{"<name>": […]}`.
    fn list(&mut self, text: &str, name: &str, read: fn(&Value) -> Option<Signal>) {
        let list: Value = serde_json::from_str(text).unwrap_or_default();
        let entries = list.get(name).and_then(Value::as_array);
        self.signals
            .extend(entries.into_iter().flatten().filter_map(read));
    }
}

fn signal(time: f64, kind: SignalKind) -> Option<Signal> {
    time.is_finite().then_some(Signal {
        time,
        tab: None,
        id: None,
        origin: Origin::Recorded,
        kind,
    })
}

/// A console line: `{type, time, value, trace?}`, the value a text or the arguments.
fn message(line: &Value) -> Option<Signal> {
    let value = line.get("value")?;
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = match value {
        Value::Array(words) => words.iter().map(word).collect::<Vec<_>>().join(" "),
        value => word(value),
    };
    let level = signals::level(line.get("type").and_then(Value::as_str).unwrap_or("log"));
    let kind = SignalKind::Console(ConsoleLine {
        level,
        text: text.into(),
        stack: frames(line.get("trace")),
    });
    signal(line.get("time")?.as_f64()?, kind)
}

fn request(resource: &Value) -> Option<Signal> {
    let number = |key| resource.get(key).and_then(Value::as_f64);
    let start = number("startTimeAbs")?;
    let duration = number("responseEndAbs").map(|end| (end - start).max(0.0));
    let pair = resource.get("requestResponsePairs");
    let text = |pointer| pair?.pointer(pointer)?.as_str();
    let status = pair
        .and_then(|pair| pair.pointer("/response/status"))
        .and_then(Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok());
    let kind = SignalKind::Request(Request {
        method: text("/request/verb").map(Into::into),
        url: text("/request/url")
            .or_else(|| resource.get("name")?.as_str())?
            .into(),
        status: status.filter(|status| *status != 0),
        duration,
        initiator: resource
            .get("initiatorType")
            .and_then(Value::as_str)
            .map(Into::into),
        no_answer: status == Some(0),
    });
    signal(start, kind)
}

fn error(error: &Value) -> Option<Signal> {
    let text = error.get("event")?.as_str()?;
    let source = match error.get("type").and_then(Value::as_str) {
        Some("console.error") => ErrorSource::Console,
        Some("unhandledrejection") => ErrorSource::UnhandledRejection,
        Some("custom") => ErrorSource::Custom,
        _ => ErrorSource::Exception,
    };
    let mut report = error_from_text(text, source);
    report.stack = frames(error.get("stackTrace"));
    let time = error
        .get("timestamp")?
        .as_str()?
        .parse::<jiff::Timestamp>()
        .ok()?;
    signal(time.as_millisecond() as f64, SignalKind::Error(report))
}

/// A stack as text, as lines or as objects.
fn frames(stack: Option<&Value>) -> Vec<StackFrame> {
    match stack {
        Some(Value::String(text)) => stack::parse(text.lines()),
        Some(Value::Array(frames)) => frames.iter().flat_map(frame).collect(),
        _ => Vec::new(),
    }
}

fn frame(frame: &Value) -> Vec<StackFrame> {
    if let Some(line) = frame.as_str() {
        return stack::parse([line]);
    }
    let text = |key| frame.get(key).and_then(Value::as_str).map(Into::into);
    let number = |key| {
        let number = frame.get(key)?.as_u64()?;
        u32::try_from(number).ok()
    };
    vec![StackFrame {
        function: text("functionName"),
        file: text("fileName"),
        line: number("lineNumber"),
        column: number("columnNumber"),
        in_app: None,
    }]
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::format::ReadOptions;

    const PAYLOAD: &str = r#"{"session_secure_id":"s1",
        "messages":"{\"messages\":[{\"type\":\"warn\",\"time\":5000,\"value\":[\"slow\",3]}]}",
        "resources":"{\"resources\":[{\"name\":\"/api\",\"initiatorType\":\"fetch\",\"startTimeAbs\":4000,\"responseEndAbs\":4100.5,\"requestResponsePairs\":{\"request\":{\"verb\":\"POST\",\"url\":\"/api\"},\"response\":{\"status\":500}}}]}",
        "errors":[{"event":"TypeError: no","type":"window.onerror","timestamp":"1970-01-01T00:00:06Z",
            "stackTrace":[{"fileName":"a.js","lineNumber":3,"columnNumber":7,"functionName":"pay"}]}],
        "events":{"events":[{"type":4,"data":{"href":"","width":1,"height":1},"timestamp":3000},
            {"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[]}},"timestamp":3000}]}}"#;

    fn signals(text: &str) -> Vec<(f64, String)> {
        let options = ReadOptions {
            strict: true,
            ..ReadOptions::default()
        };
        let mut collector = Collector::new(&options);
        read(&Bytes::copy_from_slice(text.as_bytes()), &mut collector).unwrap();
        assert_eq!(collector.events(), 2);
        let signals = collector.telemetry.signals;
        signals
            .iter()
            .map(|signal| (signal.time, describe(&signal.kind)))
            .collect()
    }

    fn describe(kind: &SignalKind) -> String {
        match kind {
            SignalKind::Console(line) => format!("{:?} {}", line.level, line.text),
            SignalKind::Request(request) => {
                format!("{:?} {} {:?}", request.method, request.url, request.status)
            }
            SignalKind::Error(error) => format!(
                "{:?} {} {:?}",
                error.error_type, error.message, error.stack[0].line
            ),
            other => format!("{other:?}"),
        }
    }

    fn expected() -> Vec<(f64, String)> {
        vec![
            (4000.0, "Some(\"POST\") /api Some(500)".to_owned()),
            (5000.0, "Warn slow 3".to_owned()),
            (6000.0, "Some(\"TypeError\") no Some(3)".to_owned()),
        ]
    }

    #[test]
    fn lines_requests_and_errors_stand_beside_the_events() {
        assert_eq!(signals(PAYLOAD), expected());
        let request = format!("{{\"operationName\":\"PushPayload\",\"variables\":{PAYLOAD},\"query\":\"\"}}");
        assert_eq!(signals(&request), expected());
    }

    #[test]
    fn payloads_may_be_compressed() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(PAYLOAD.as_bytes()).unwrap();
        let data = STANDARD.encode(gzip.finish().unwrap());
        let text = format!("{{\"variables\":{{\"session_secure_id\":\"s1\",\"data\":\"{data}\"}}}}");
        assert_eq!(signals(&text), expected());
    }
}
