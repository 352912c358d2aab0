//! Whether it lives, whether it can work, and what it counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::Service;

/// How long the answer to ‘could a browser be started?’ holds: finding out costs a browser.
const BROWSER_CHECK: Duration = Duration::from_secs(30);
/// The longest that any check may take.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

/// The process answers.
async fn alive() -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// Jobs could be taken, rendered and stored.
async fn ready(State(service): State<Service>) -> Response {
    let inner = &service.0;
    let within = |name: &'static str| move |_| format!("{name} did not answer in time");
    let queue = async {
        let ping = tokio::time::timeout(TIMEOUT, inner.queue.ping()).await;
        ping.map_err(within("the queue"))?
            .map_err(|error| error.to_string())
    };
    let store = async {
        let ping = tokio::time::timeout(TIMEOUT, inner.store.ping()).await;
        ping.map_err(within("the store"))?
            .map_err(|error| error.to_string())
    };
    let renderer = async {
        let check = tokio::time::timeout(TIMEOUT, renderer_ready(&service)).await;
        check.map_err(within("the renderer"))?
    };
    let (queue, store, renderer) = futures::join!(queue, store, renderer);
    let ending = if *inner.ending.borrow() {
        Err("it is shutting down".to_owned())
    } else {
        Ok(())
    };
    let checks = [
        ("queue", queue),
        ("store", store),
        ("renderer", renderer),
        ("running", ending),
    ];
    let ok = checks.iter().all(|(_, result)| result.is_ok());
    let checks: Map<String, Value> = checks
        .into_iter()
        .map(|(name, result)| (name.to_owned(), json!(result.err().unwrap_or("ok".to_owned()))))
        .collect();
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({ "ok": ok, "checks": checks }))).into_response()
}

async fn renderer_ready(service: &Service) -> Result<(), String> {
    // Held while checking: however many ask, one browser is started.
    let mut last = service.0.ready.lock().await;
    if let Some((when, result)) = &*last
        && when.elapsed() < BROWSER_CHECK
        // A bad answer is asked for again, so that a repair shows at once.
        && result.is_ok()
    {
        return result.clone();
    }
    let renderer = Arc::clone(&service.0.renderer);
    let result = tokio::task::spawn_blocking(move || renderer.ready())
        .await
        .unwrap_or_else(|_| Err("the check panicked".to_owned()));
    *last = Some((Instant::now(), result.clone()));
    result
}

/// For Prometheus.
pub(super) async fn metrics(State(service): State<Service>) -> Response {
    // Without a database the rest is still worth having.
    let depth = service.0.queue.depth().await.ok();
    let text = service.0.metrics.text(depth);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], text).into_response()
}
