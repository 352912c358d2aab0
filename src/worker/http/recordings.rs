//! Uploads, what is in a recording, and still pictures of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path as UrlPath, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::SemaphorePermit;

use super::Service;
use super::error::ApiError;
use crate::limits::Limit;
use crate::worker::job::{JobError, Source};
use crate::worker::renderer::Renderer;
use crate::worker::store::StoreError;

/// `POST /v1/recordings`: the body is the recording.
pub(super) async fn upload(State(service): State<Service>, body: Body) -> Result<Response, ApiError> {
    let _place = place(&service)?;
    let max = service.0.options.limits.of(Limit::Input);
    let failed = |error| StoreError::File("the upload".to_owned(), error);
    let file = tempfile::Builder::new()
        .prefix("domreel-upload-")
        .tempfile_in(&service.0.options.directory)
        .map_err(failed)?;
    let mut writer = tokio::fs::File::from_std(file.reopen().map_err(failed)?);
    let mut stream = body.into_data_stream();
    let mut bytes = 0u64;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| ApiError::invalid(format!("the upload broke off: {error}")))?;
        bytes = bytes.saturating_add(piece.len() as u64);
        if bytes > max {
            return Err(ApiError::too_large("a recording", Limit::Input, max));
        }
        writer.write_all(&piece).await.map_err(failed)?;
    }
    writer.flush().await.map_err(failed)?;
    if bytes == 0 {
        return Err(ApiError::invalid("the body is empty; send the recording"));
    }
    let Source::Stored(recording) = service.0.store.put_recording(file.path()).await? else {
        return Err(ApiError::invalid("the recording was not stored"));
    };
    let location = [("location", format!("/v1/recordings/{recording}"))];
    let answer = json!({ "recording": recording, "bytes": bytes });
    Ok((StatusCode::CREATED, location, Json(answer)).into_response())
}

/// `GET /v1/recordings/{recording}`: what is in it.
pub(super) async fn inspect(
    State(service): State<Service>,
    UrlPath(recording): UrlPath<String>,
) -> Result<Json<Value>, ApiError> {
    let found = look(&service, &recording, |renderer, file| renderer.inspect(file)).await?;
    Ok(Json(found))
}

/// `GET /v1/recordings/{recording}/still?at_ms=…`: a picture of it at one time, with the options
/// that a clip would be made with.
pub(super) async fn still(
    State(service): State<Service>,
    UrlPath(recording): UrlPath<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let mut options = Map::new();
    let mut at_ms = 0.0;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name == "at_ms" {
            at_ms = value
                .parse()
                .ok()
                .filter(|at: &f64| at.is_finite() && *at >= 0.0)
                .ok_or_else(|| ApiError::invalid(format!("‘{value}’ is no time in milliseconds")))?;
        } else {
            options.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }
    let png = look(&service, &recording, move |renderer, file| {
        renderer.still(file, &options, at_ms)
    })
    .await?;
    let headers = [
        (CONTENT_TYPE, "image/png"),
        // The recording's name is its content.
        (CACHE_CONTROL, "private, max-age=3600"),
    ];
    Ok((headers, png).into_response())
}

/// Lets the renderer look at a recording, on a thread where it may block and panic.
async fn look<T: Send + 'static>(
    service: &Service,
    recording: &str,
    look: impl FnOnce(&dyn Renderer, &Path) -> Result<T, JobError> + Send + 'static,
) -> Result<T, ApiError> {
    let _place = place(service)?;
    let max = service.0.options.limits.of(Limit::Input);
    let file = service.0.cache.get(&service.0.store, recording, max).await?;
    let renderer = Arc::clone(&service.0.renderer);
    let looked = tokio::task::spawn_blocking(move || {
        catch_unwind(AssertUnwindSafe(|| look(renderer.as_ref(), &file.path())))
    })
    .await;
    match looked {
        Ok(Ok(found)) => Ok(found?),
        Ok(Err(_)) | Err(_) => Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "this recording breaks the renderer; that is a bug",
        )),
    }
}

fn place(service: &Service) -> Result<SemaphorePermit<'_>, ApiError> {
    service
        .0
        .busy
        .try_acquire()
        .map_err(|_| ApiError::busy("too many recordings are being read just now", 2))
}
