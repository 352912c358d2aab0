//! Who may: whoever has the token.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Service;
use super::error::ApiError;

/// The secret that requests have to bring along. Kept as a hash, so that it appears in no output and
/// a comparison tells nothing about how much of a guess was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// A token that is `secret`.
    pub fn new(secret: &str) -> Self {
        Token(Sha256::digest(secret).into())
    }

    /// A secret that nobody can guess.
    pub fn generate() -> String {
        // Two ids, of 80 random bits each.
        let random = format!("{}{}", ulid::Ulid::generate(), ulid::Ulid::generate());
        Sha256::digest(random)
            .iter()
            .take(20)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

pub(super) async fn check(State(service): State<Service>, request: Request, next: Next) -> Response {
    let Some(token) = &service.0.options.token else {
        return next.run(request).await;
    };
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| Token::new(secret.trim()));
    if given.as_ref() == Some(token) {
        next.run(request).await
    } else {
        ApiError::unauthorized().into_response()
    }
}
