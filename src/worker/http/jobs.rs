//! Submit, look, cancel, retry, outputs.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Service;
use super::error::ApiError;
use crate::limits::Limit;
use crate::worker::job::{Job, JobId, JobSpec, NotAJobId, Source, Submission};
use crate::worker::queue::Filter;
use crate::worker::submit;

/// The body of a submission. What it does not know it refuses: a misspelt option is not ignored.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Hash of an uploaded recording.
    recording: Option<String>,
    /// Or where a recording is.
    url: Option<String>,
    #[serde(default)]
    options: Map<String, Value>,
    priority: Option<u8>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    label: String,
}

/// `POST /v1/jobs`
pub(super) async fn submit(
    State(service): State<Service>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let most = service.0.options.limits.of(Limit::Job);
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large("a job", Limit::Job, most),
        _ => ApiError::invalid("the body broke off"),
    })?;
    let request: Request = serde_json::from_slice(&body)
        .map_err(|error| ApiError::invalid(format!("the body is not a submission: {error}")))?;
    let source = match (request.recording, request.url) {
        (Some(recording), None) => Source::Stored(recording),
        (None, Some(url)) => {
            service.0.store.sources().check(&url)?;
            Source::Url(url)
        }
        _ => {
            return Err(ApiError::invalid(
                "name one recording: ‘recording’, as an upload gave it, or ‘url’",
            ));
        }
    };
    let priority = request.priority.unwrap_or(Submission::NORMAL);
    if priority > Submission::HIGHEST {
        return Err(ApiError::invalid("a priority is 0 to 100"));
    }
    let idempotency_key = headers
        .get("idempotency-key")
        .map(|key| key.to_str().map(str::to_owned))
        .transpose()
        .map_err(|_| ApiError::invalid("the Idempotency-Key is not plain text"))?;
    let submission = Submission {
        spec: JobSpec {
            source,
            options: request.options,
        },
        priority,
        delay_ms: request.delay_ms,
        idempotency_key,
        label: request.label,
    };
    let Service(inner) = &service;
    let submitted = submit::submit(
        &inner.queue,
        &inner.store,
        inner.renderer.as_ref(),
        submission,
        inner.options.max_queued,
    )
    .await?;
    let status = match (submitted.created, submitted.job.state.is_final()) {
        (true, false) => StatusCode::ACCEPTED,
        (true, true) => StatusCode::CREATED,
        (false, _) => StatusCode::OK,
    };
    let location = [("location", format!("/v1/jobs/{}", submitted.job.id))];
    Ok((status, location, Json(submitted.job)).into_response())
}

/// `GET /v1/jobs?state=…&before=…&limit=…`
pub(super) async fn list(
    State(service): State<Service>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let mut filter = Filter::default();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "state" => filter.state = Some(value.parse().map_err(ApiError::invalid)?),
            "before" => {
                let not_an_id = |error: NotAJobId| ApiError::invalid(error.to_string());
                filter.before = Some(value.parse().map_err(not_an_id)?);
            }
            "limit" => {
                filter.limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=1000).contains(limit))
                    .ok_or_else(|| ApiError::invalid("a limit is 1 to 1000"))?;
            }
            other => return Err(ApiError::invalid(format!("there is no parameter ‘{other}’"))),
        }
    }
    let jobs = service.0.queue.list(&filter).await?;
    Ok(Json(json!({ "jobs": jobs })))
}

/// `GET /v1/jobs/{job}`
pub(super) async fn show(
    State(service): State<Service>,
    Path(job): Path<String>,
) -> Result<Json<Job>, ApiError> {
    Ok(Json(service.0.queue.get(&id(&job)?).await?))
}

/// `DELETE /v1/jobs/{job}`
pub(super) async fn cancel(
    State(service): State<Service>,
    Path(job): Path<String>,
) -> Result<(StatusCode, Json<Job>), ApiError> {
    let job = service.0.queue.cancel(&id(&job)?).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// `POST /v1/jobs/{job}/retry`
pub(super) async fn retry(
    State(service): State<Service>,
    Path(job): Path<String>,
) -> Result<(StatusCode, Json<Job>), ApiError> {
    let job = service.0.queue.retry(&id(&job)?).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// `GET /v1/jobs/{job}/outputs/{name}`
pub(super) async fn output(
    State(service): State<Service>,
    Path((job, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let job = service.0.queue.get(&id(&job)?).await?;
    let output = job.manifest.as_ref().and_then(|manifest| {
        let output = manifest.outputs.iter().find(|output| output.name == name)?;
        Some((manifest.key.clone(), output.clone()))
    });
    let Some((key, output)) = output else {
        return Err(ApiError::not_found(format!(
            "job {} is {} and has no output ‘{name}’",
            job.id, job.state
        )));
    };
    let (bytes, content) = service.0.store.open_output(&key, &output.name).await?;
    let file_name: String = output
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let text = |text: String| HeaderValue::try_from(text).map_err(|_| ApiError::invalid("a header"));
    let mut response = Body::from_stream(content).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, text(output.media_type)?);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    headers.insert(
        CONTENT_DISPOSITION,
        text(format!("inline; filename=\"{file_name}\""))?,
    );
    // An output that is a document must not act in our name.
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    Ok(response)
}

pub(super) fn id(text: &str) -> Result<JobId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::not_found(format!("‘{text}’ is no job id")))
}
