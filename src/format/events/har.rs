//! HTTP archives (HAR 1.2), as browser dev tools export them.

use std::sync::Arc;

use serde_json::Value;

use super::{at, number, signal, text, time};
use crate::recording::{PageView, Request, SignalKind, Telemetry};

pub(super) fn knows(entry: &Value) -> bool {
    at(entry, &["log", "entries"]).is_some_and(Value::is_array)
}

pub(super) fn read(archive: &Value, telemetry: &mut Telemetry) -> Option<()> {
    for page in at(archive, &["log", "pages"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        // Dev tools put the page's address into its title.
        let (when, url) = (page.get("startedDateTime").and_then(time), text(page, &["title"]));
        if let (Some(when), Some(url)) = (when, url.filter(|url| url.contains("://"))) {
            telemetry.signals.push(signal(
                when,
                text(page, &["id"]),
                SignalKind::View(PageView { url, title: None }),
            ));
        }
    }
    for exchange in at(archive, &["log", "entries"])?.as_array()? {
        let when = exchange.get("startedDateTime").and_then(time);
        let url = text(exchange, &["request", "url"]);
        if let (Some(when), Some(url)) = (when, url) {
            telemetry
                .signals
                .push(signal(when, None, SignalKind::Request(request(exchange, url))));
        }
    }
    Some(())
}

fn request(exchange: &Value, url: Arc<str>) -> Request {
    let status = at(exchange, &["response", "status"])
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    Request {
        method: text(exchange, &["request", "method"]),
        url,
        status: status.filter(|status| *status != 0),
        duration: number(exchange, &["time"]).filter(|time| *time >= 0.0),
        initiator: text(exchange, &["_resourceType"]),
        // Dev tools write status 0 for a request that was blocked or got no answer.
        no_answer: status == Some(0),
    }
}
