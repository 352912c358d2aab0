//! The page for people, and the description of the interface for programs. Both are in the binary.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Service;

/// The page loads nothing from elsewhere, runs nothing but its own script, and cannot be framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

macro_rules! asset {
    ($file:literal, $kind:literal) => {
        get(|| async {
            let content: &'static [u8] =
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/serve/", $file));
            let headers = [(CONTENT_TYPE, $kind), (CACHE_CONTROL, "no-cache")];
            (headers, content).into_response()
        })
    };
}

pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/", asset!("index.html", "text/html; charset=utf-8"))
        .route("/style.css", asset!("style.css", "text/css; charset=utf-8"))
        .route("/app.js", asset!("app.js", "text/javascript; charset=utf-8"))
        .route("/api.js", asset!("api.js", "text/javascript; charset=utf-8"))
        .route(
            "/timeline.js",
            asset!("timeline.js", "text/javascript; charset=utf-8"),
        )
        .route("/icon.svg", asset!("icon.svg", "image/svg+xml"))
        .route("/openapi.json", asset!("openapi.json", "application/json"))
}

/// Headers of every answer.
pub(super) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
    response
}
