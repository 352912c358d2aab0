//! Brings recordings, and what is told of their sessions, from where products keep them.
//!
//! | module | what it does |
//! |---|---|
//! | `what` | what is asked for: names, links copied from a browser, queries |
//! | `tokens` | secrets, from the environment or a file that nobody else can read |
//! | `http` | requests with limits, patience and plain errors |
//! | `partial` | pages that are there already, so that a fetch goes on where it stopped |
//! | `sentry`, `posthog`, `datadog` | the products' interfaces |
//! | `objects` | object stores (feature `worker`) |

mod datadog;
mod http;
#[cfg(feature = "worker")]
mod objects;
mod partial;
mod posthog;
mod sentry;
mod tokens;
mod what;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use self::http::use_ring;
pub use self::http::{FetchError, HttpOptions};
pub use self::tokens::{Tokens, TokensError};
pub use self::what::{OBJECT_STORES, Product, UnknownWhat, What};

use self::http::Http;
use crate::encode::output::write_file;

/// How to fetch.
#[derive(Debug, Clone, Default)]
pub struct FetchOptions {
    /// The product's server, where it is not the usual one: `https://eu.posthog.com`.
    pub base: Option<String>,
    /// With queries: only sessions that began then or later, RFC 3339.
    pub since: Option<String>,
    /// With queries: only sessions that began before, RFC 3339.
    pub until: Option<String>,
    /// With queries: at most so many sessions.
    pub limit: usize,
    /// How requests are made.
    pub http: HttpOptions,
}

/// A recording that is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Its file.
    pub recording: PathBuf,
    /// Files beside it.
    pub events: Vec<PathBuf>,
    /// It was there before.
    pub was_there: bool,
}

/// A session that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    /// Its id in the product.
    id: String,
    /// Who and what, as far as a list of sessions tells: a line of plain events.
    about: Option<Value>,
}

/// Fetches `what` into `folder`. `told` is called with each recording, or why it is not there; a failure of
/// one does not stop the others.
///
/// # Errors
/// When nothing can be asked for at all: the query fails, or a token is missing.
pub async fn fetch(
    what: &What,
    folder: &Path,
    options: &FetchOptions,
    tokens: &Tokens,
    told: &mut dyn FnMut(Result<Fetched, FetchError>),
) -> Result<(), FetchError> {
    let http = Http::new(&options.http, matches!(what, What::Url(_)))?;
    std::fs::create_dir_all(folder).map_err(|source| FetchError::file(folder, source))?;
    match what {
        What::Url(url) => {
            told(plain(&http, url, folder).await);
            Ok(())
        }
        What::Objects(address) => {
            #[cfg(feature = "worker")]
            return objects::fetch(address, folder, options, told).await;
            #[cfg(not(feature = "worker"))]
            Err(FetchError::Store {
                url: address.clone(),
                reason: "this domreel was built without the feature ‘worker’".to_owned(),
            })
        }
        What::Sentry { org, project, asked } => {
            let api = sentry::Api::new(&http, options, tokens, org, project.as_deref())?;
            for session in api.sessions(asked, options).await? {
                told(api.fetch(&session, folder).await);
            }
            Ok(())
        }
        What::PostHog { project, asked, host } => {
            let api = posthog::Api::new(&http, options, tokens, project, host.as_deref())?;
            for session in api.sessions(asked, options).await? {
                told(api.fetch(&session, folder).await);
            }
            Ok(())
        }
        What::Datadog { asked, site } => {
            let api = datadog::Api::new(&http, options, tokens, site.as_deref())?;
            for session in api.sessions(asked, options).await? {
                told(api.fetch(&session, folder).await);
            }
            Ok(())
        }
    }
}

/// A file at an address.
async fn plain(http: &Http, url: &str, folder: &Path) -> Result<Fetched, FetchError> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let file = folder.join(file_name(if name.is_empty() { "recording" } else { name }));
    if file.exists() {
        return Ok(there(file, Vec::new()));
    }
    let bytes = http.bytes(url, &[]).await?;
    write(&file, &bytes)?;
    Ok(Fetched {
        recording: file,
        events: Vec::new(),
        was_there: false,
    })
}

fn there(recording: PathBuf, events: Vec<PathBuf>) -> Fetched {
    Fetched {
        recording,
        events,
        was_there: true,
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FetchError> {
    write_file(path, bytes).map_err(|error| FetchError::file(path, std::io::Error::other(error.to_string())))
}

/// A name that a server gave, as the name of a file: no folders, nothing hidden.
fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .take(120)
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    match plain.trim_start_matches('.') {
        "" => "recording".to_owned(),
        name => name.to_owned(),
    }
}

/// Part of the path of an address.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// Writes what is known of a session beside its recording, if anything is.
fn write_about(recording: &Path, about: Option<&Value>) -> Result<Vec<PathBuf>, FetchError> {
    let Some(about) = about else {
        return Ok(Vec::new());
    };
    let path = beside(recording, "events.ndjson");
    write(&path, format!("{about}\n").as_bytes())?;
    Ok(vec![path])
}

/// The name of a file beside a recording.
fn beside(recording: &Path, ending: &str) -> PathBuf {
    let name = recording.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    recording.with_file_name(format!("{stem}.{ending}"))
}

/// A line of plain events that tells who and what a session was.
fn about(time: Option<&Value>, session: &str, known: &[(&str, Option<&str>)]) -> Value {
    let mut line = json!({
        "time": time.cloned().unwrap_or_else(|| json!("1970-01-01T00:00:01Z")),
        "kind": "session",
        "session": session,
    });
    for (name, value) in known {
        if let (Some(value), Some(line)) = (value, line.as_object_mut()) {
            line.insert((*name).to_owned(), json!(value));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(file_name(".hidden"), "hidden");
        assert_eq!(file_name("…"), "_");
        assert_eq!(segment("a/b c?d"), "a%2Fb%20c%3Fd");
    }
}
