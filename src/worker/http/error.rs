//! What went wrong, as JSON: `{"error": {"code": "…", "message": "…"}}`.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::warn;

use crate::limits::Limit;
use crate::worker::job::{Class, JobError};
use crate::worker::queue::QueueError;
use crate::worker::store::StoreError;
use crate::worker::submit::SubmitError;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after_s: Option<u32>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        ApiError {
            status,
            code,
            message: message.into(),
            retry_after_s: None,
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn unauthorized() -> Self {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "send the token that ‘domreel serve’ printed: ‘Authorization: Bearer TOKEN’",
        )
    }

    pub(super) fn too_large(what: &str, limit: Limit, max: u64) -> Self {
        let (max, name) = (limit.text(max), limit.name());
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("{what} may have {max}, which --allow {name}=… of ‘domreel serve’ changes"),
        )
    }

    /// Too much to do; it gets better by itself.
    pub(super) fn busy(message: impl Into<String>, retry_after_s: u32) -> Self {
        ApiError {
            retry_after_s: Some(retry_after_s),
            ..ApiError::new(StatusCode::TOO_MANY_REQUESTS, "busy", message)
        }
    }

    /// Something behind the service failed. The details are for the log, not for whoever asked.
    fn unavailable(error: &dyn std::error::Error) -> Self {
        warn!(%error, "a request could not be answered");
        ApiError {
            retry_after_s: Some(5),
            ..ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the queue or the store does not answer; try again",
            )
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        let message = error.to_string();
        match error {
            QueueError::NoJob(_) => ApiError::not_found(message),
            QueueError::Conflict(..) | QueueError::State(..) => {
                ApiError::new(StatusCode::CONFLICT, "conflict", message)
            }
            QueueError::Key => ApiError::invalid(message),
            QueueError::Url(..) | QueueError::Database(_) | QueueError::Row(_) => {
                ApiError::unavailable(&error)
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NoRecording(_) => ApiError::not_found(message),
            StoreError::Forbidden(_) => ApiError::new(StatusCode::FORBIDDEN, "forbidden", message),
            StoreError::TooLarge(max) => ApiError::too_large("a recording", Limit::Input, max),
            StoreError::Name(_) => ApiError::invalid(message),
            StoreError::Store(object_store::Error::NotFound { .. }) => {
                ApiError::not_found("there is no such output")
            }
            StoreError::Url(..)
            | StoreError::Store(_)
            | StoreError::File(..)
            | StoreError::OutputTooLarge(..)
            | StoreError::Damaged(_) => ApiError::unavailable(&error),
        }
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        match error.class {
            Class::Recording => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "recording", error.message),
            Class::Option => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "option", error.message),
            Class::Limit => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "limit", error.message),
            _ => ApiError::unavailable(&error),
        }
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Options(error) => error.into(),
            SubmitError::Store(error) => error.into(),
            SubmitError::Queue(error) => error.into(),
            SubmitError::Full(_) => ApiError::busy(error.to_string(), 30),
        }
    }
}

pub(super) async fn no_route() -> ApiError {
    ApiError::not_found("there is nothing here; /openapi.json tells what there is")
}

pub(super) async fn no_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "that cannot be done here; /openapi.json tells what can",
    )
}
