//! Requests with limits, patience and plain errors.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use serde_json::Value;

use crate::limits::{Hint, Limit, Limits};

/// How requests are made.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Waited after the first failure, twice as long after each further one.
    pub backoff: Duration,
    /// How often a request is tried, how long and how large an answer may be, how long a server may ask us
    /// to wait, and how many pages there may be.
    pub limits: Limits,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            backoff: Duration::from_secs(1),
            limits: Limits::default(),
        }
    }
}

/// Why something could not be fetched. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No token.
    #[error("{name} is not set: put it into the environment, or into a file that --token-file names")]
    NoToken {
        /// The variable.
        name: &'static str,
    },
    /// The token is not accepted.
    #[error("{url}: the server refuses the token ({status}); check that it is valid and may read replays")]
    Refused {
        /// What was asked for.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// There is no such thing.
    #[error("{url}: not there (404); it may have expired, or belong to another project or server (--base)")]
    NotFound {
        /// What was asked for.
        url: String,
    },
    /// The server wants us to wait longer than we do, or again and again.
    #[error(
        "{url}: too many requests; the server wants {seconds} s of rest ({hint}). Run the same command again then: it goes on where it stopped"
    )]
    TooMany {
        /// What was asked for.
        url: String,
        /// How long.
        seconds: u64,
        /// How long it may be.
        hint: Hint,
    },
    /// More than is allowed.
    #[error("{url}: {what}; {hint}")]
    TooMuch {
        /// What was asked for.
        url: String,
        /// What there is too much of.
        what: &'static str,
        /// How much of it there may be.
        hint: Hint,
    },
    /// Another answer that is no success.
    #[error("{url}: the server answered {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
    },
    /// No answer, or not all of it.
    #[error("{url}: {reason}. Run the same command again: it goes on where it stopped")]
    Broken {
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// An answer that is not what the interface says.
    #[error("{url}: the answer is not what the interface should give: {reason}")]
    Unexpected {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An object store.
    #[error("{url}: {reason}")]
    Store {
        /// What was asked for.
        url: String,
        /// What it said.
        reason: String,
    },
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl FetchError {
    pub(super) fn file(path: &Path, source: std::io::Error) -> Self {
        FetchError::File {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn unexpected(url: &str, reason: impl Into<String>) -> Self {
        FetchError::Unexpected {
            url: shown(url),
            reason: reason.into(),
        }
    }
}

/// Has TLS use the one library for cryptography that there is.
pub(crate) fn use_ring() {
    // Fails when another one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Names and values of headers.
pub(super) type Headers<'a> = [(&'static str, &'a str)];

/// An answer.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) headers: HeaderMap,
}

pub(super) struct Http {
    client: Client,
    options: HttpOptions,
}

impl Http {
    /// With `follow`, redirections are followed; a token must not follow to another server.
    pub(super) fn new(options: &HttpOptions, follow: bool) -> Result<Http, FetchError> {
        use_ring();
        let client = Client::builder()
            .redirect(match follow {
                true => redirect::Policy::limited(5),
                false => redirect::Policy::none(),
            })
            .timeout(options.limits.time(Limit::FetchAnswer))
            .user_agent(concat!("domreel/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| FetchError::Broken {
                url: "the connection".to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Http {
            client,
            options: options.clone(),
        })
    }

    /// Whether one page more may be asked for, where `known` are there.
    pub(super) fn another_page(&self, url: &str, known: usize) -> Result<(), FetchError> {
        let limits = &self.options.limits;
        if known < limits.size(Limit::FetchPages) {
            return Ok(());
        }
        Err(FetchError::TooMuch {
            url: shown(url),
            what: "there are more pages than are fetched",
            hint: limits.hint(Limit::FetchPages),
        })
    }

    /// How many errors are fetched beside a recording.
    pub(super) fn most_errors(&self) -> usize {
        self.options.limits.size(Limit::FetchErrors)
    }

    pub(super) async fn bytes(&self, url: &str, headers: &Headers<'_>) -> Result<Vec<u8>, FetchError> {
        Ok(self.ask(Method::GET, url, headers, None, &|_| Ok(())).await?.body)
    }

    /// An answer whose body is JSON, and that.
    pub(super) async fn json(&self, url: &str, headers: &Headers<'_>) -> Result<(Value, Answer), FetchError> {
        self.json_of(Method::GET, url, headers, None).await
    }

    /// The answer to JSON that is posted.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &Headers<'_>,
        body: &Value,
    ) -> Result<Value, FetchError> {
        Ok(self.json_of(Method::POST, url, headers, Some(body)).await?.0)
    }

    async fn json_of(
        &self,
        method: Method,
        url: &str,
        headers: &Headers<'_>,
        body: Option<&Value>,
    ) -> Result<(Value, Answer), FetchError> {
        let is_json = |body: &[u8]| {
            serde_json::from_slice::<serde::de::IgnoredAny>(body)
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        let answer = self.ask(method, url, headers, body, &is_json).await?;
        let value = serde_json::from_slice(&answer.body)
            .map_err(|error| FetchError::unexpected(url, error.to_string()))?;
        Ok((value, answer))
    }

    /// Asks until there is an answer that `check` finds whole, or patience ends.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &Headers<'_>,
        body: Option<&Value>,
        check: &(dyn Fn(&[u8]) -> Result<(), String> + Sync),
    ) -> Result<Answer, FetchError> {
        let limits = &self.options.limits;
        let mut wait = self.options.backoff;
        let mut tried = 1;
        loop {
            let error = match self.once(method.clone(), url, headers, body).await {
                Ok(answer) => match check(&answer.body) {
                    Ok(()) => return Ok(answer),
                    Err(reason) => (FetchError::unexpected(url, reason), None),
                },
                Err(failed) => failed,
            };
            let (error, asked) = error;
            let again = matches!(
                &error,
                FetchError::Broken { .. } | FetchError::Unexpected { .. } | FetchError::TooMany { .. }
            ) || matches!(&error, FetchError::Status { status, .. } if *status >= 500);
            let pause = asked.unwrap_or(wait);
            if !again || tried >= limits.of(Limit::FetchTries) || pause > limits.time(Limit::FetchWait) {
                return Err(error);
            }
            tracing::info!(%error, ?pause, "trying again");
            tokio::time::sleep(pause).await;
            wait = wait.saturating_mul(2);
            tried += 1;
        }
    }

    /// Asks once; of a failure, how long the server wants us to wait.
    async fn once(
        &self,
        method: Method,
        url: &str,
        headers: &Headers<'_>,
        body: Option<&Value>,
    ) -> Result<Answer, (FetchError, Option<Duration>)> {
        let limits = &self.options.limits;
        let broken = |error: reqwest::Error| {
            let reason = match () {
                () if error.is_timeout() => {
                    format!("no answer in time; {}", limits.hint(Limit::FetchAnswer))
                }
                () if error.is_connect() => "the server cannot be reached".to_owned(),
                () => "the answer broke off".to_owned(),
            };
            let error = FetchError::Broken {
                url: shown(url),
                reason,
            };
            (error, None)
        };
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let mut response = request.send().await.map_err(broken)?;
        self.check_status(url, &response)?;
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > limits.size(Limit::FetchSize) {
                // Asking again would not make it smaller.
                let error = FetchError::TooMuch {
                    url: shown(url),
                    what: "the answer is too large",
                    hint: limits.hint(Limit::FetchSize),
                };
                return Err((error, None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { body, headers })
    }

    fn check_status(&self, url: &str, response: &Response) -> Result<(), (FetchError, Option<Duration>)> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let url = shown(url);
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (
                FetchError::Refused {
                    url,
                    status: status.as_u16(),
                },
                None,
            ),
            StatusCode::NOT_FOUND | StatusCode::GONE => (FetchError::NotFound { url }, None),
            StatusCode::TOO_MANY_REQUESTS => {
                let pause = rest(response.headers()).unwrap_or(self.options.backoff);
                let seconds = pause.as_secs();
                let hint = self.options.limits.hint(Limit::FetchWait);
                (FetchError::TooMany { url, seconds, hint }, Some(pause))
            }
            status => (
                FetchError::Status {
                    url,
                    status: status.as_u16(),
                },
                rest(response.headers()),
            ),
        })
    }
}

/// How long a server wants us to wait, in its own header or in Datadog's.
fn rest(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let seconds = seconds(RETRY_AFTER.as_str()).or_else(|| seconds("x-ratelimit-reset"))?;
    // Some send a time of day in seconds since 1970; nobody waits for that long.
    Some(Duration::from_secs(seconds))
}

/// An address without its query, which may hold secrets.
fn shown(url: &str) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
}
