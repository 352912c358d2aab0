//! PostHog: the list of recordings, and the snapshots of each, blob by blob
//! (posthog.com/docs/session-replay/snapshot-api, which warns that it changes).

use std::path::Path;

use serde_json::Value;

use super::http::{FetchError, Http};
use super::partial::Partial;
use super::what::Asked;
use super::{
    FetchOptions, Fetched, Session, Tokens, about, beside, file_name, segment, there, write, write_about,
};

const TOKEN: &str = "POSTHOG_API_KEY";

/// Recordings in a page of the list.
const PER_PAGE: usize = 100;

pub(super) struct Api<'a> {
    http: &'a Http,
    base: String,
    authorization: String,
}

impl<'a> Api<'a> {
    pub(super) fn new(
        http: &'a Http,
        options: &FetchOptions,
        tokens: &Tokens,
        project: &str,
        host: Option<&str>,
    ) -> Result<Self, FetchError> {
        let base = options
            .base
            .as_deref()
            .or(host)
            .unwrap_or("https://us.posthog.com");
        Ok(Api {
            http,
            base: format!(
                "{}/api/projects/{}/session_recordings/",
                base.trim_end_matches('/'),
                segment(project)
            ),
            authorization: format!("Bearer {}", tokens.get(TOKEN)?),
        })
    }

    async fn get(&self, rest: &str) -> Result<Value, FetchError> {
        let url = format!("{}{rest}", self.base);
        Ok(self
            .http
            .json(&url, &[("authorization", &self.authorization)])
            .await?
            .0)
    }

    /// The recordings that are asked for. A query is added to the parameters of the list as it is.
    pub(super) async fn sessions(
        &self,
        asked: &Asked,
        options: &FetchOptions,
    ) -> Result<Vec<Session>, FetchError> {
        let query = match asked {
            Asked::Id(id) => {
                return Ok(vec![Session {
                    id: id.clone(),
                    about: None,
                }]);
            }
            Asked::Query(query) => query,
        };
        let mut sessions: Vec<Session> = Vec::new();
        for page in 0.. {
            self.http.another_page(&self.base, page)?;
            let mut parameters = url::form_urlencoded::Serializer::new(String::new());
            parameters.append_pair("limit", &PER_PAGE.min(options.limit.max(1)).to_string());
            parameters.append_pair("offset", &(page * PER_PAGE).to_string());
            for (name, value) in [("date_from", &options.since), ("date_to", &options.until)] {
                if let Some(value) = value {
                    parameters.append_pair(name, value);
                }
            }
            for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
                parameters.append_pair(&name, &value);
            }
            let found = self.get(&format!("?{}", parameters.finish())).await?;
            let list = found
                .get("results")
                .and_then(Value::as_array)
                .ok_or_else(|| FetchError::unexpected(&self.base, "there is no list under ‘results’"))?;
            sessions.extend(list.iter().filter_map(|recording| {
                let id = recording.get("id")?.as_str()?;
                Some(Session {
                    id: id.to_owned(),
                    about: Some(told(recording, id)),
                })
            }));
            let more = found
                .get("has_next")
                .and_then(Value::as_bool)
                .unwrap_or(!found["next"].is_null());
            if !more || list.is_empty() || sessions.len() >= options.limit {
                break;
            }
        }
        sessions.truncate(options.limit);
        Ok(sessions)
    }

    /// The snapshots of a recording, one event a line.
    pub(super) async fn fetch(&self, session: &Session, folder: &Path) -> Result<Fetched, FetchError> {
        let name = file_name(&session.id);
        let file = folder.join(format!("{name}.jsonl"));
        if file.exists() {
            let events = Some(beside(&file, "events.ndjson")).filter(|path| path.exists());
            return Ok(there(file, events.into_iter().collect()));
        }
        let id = segment(&session.id);
        let about = match &session.about {
            Some(about) => about.clone(),
            None => told(&self.get(&format!("{id}/")).await?, &session.id),
        };
        let sources = self.get(&format!("{id}/snapshots?blob_v2=true")).await?;
        let sources = sources
            .get("sources")
            .and_then(Value::as_array)
            .ok_or_else(|| FetchError::unexpected(&self.base, "there is no list under ‘sources’"))?;
        let mut partial = Partial::open(folder, &name)?;
        for source in sources.iter().skip(partial.count()) {
            let kind = source.get("source").and_then(Value::as_str).unwrap_or("blob_v2");
            let key = match source.get("blob_key") {
                Some(Value::String(key)) => key.clone(),
                Some(Value::Number(key)) => key.to_string(),
                _ => String::new(),
            };
            let key = segment(&key);
            let keys = match kind {
                "blob_v2" => format!("&start_blob_key={key}&end_blob_key={key}"),
                _ => format!("&blob_key={key}"),
            };
            let url = format!("{}{id}/snapshots?source={}{keys}", self.base, segment(kind));
            let headers = [("authorization", self.authorization.as_str())];
            let answer = self
                .http
                .ask(reqwest::Method::GET, &url, &headers, None, &whole)
                .await?;
            partial.keep(&answer.body, &key)?;
        }
        let mut lines = Vec::new();
        for page in partial.pages()? {
            lines.extend_from_slice(page.trim_ascii());
            lines.push(b'\n');
        }
        let events = write_about(&file, Some(&about))?;
        write(&file, &lines)?;
        partial.remove();
        Ok(Fetched {
            recording: file,
            events,
            was_there: false,
        })
    }
}

/// Whether an answer ends with a whole line of JSON: one that broke off does not.
fn whole(body: &[u8]) -> Result<(), String> {
    let last = body
        .trim_ascii()
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    if last.is_empty() {
        return Ok(());
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(last)
        .map(|_| ())
        .map_err(|error| format!("its last line is not whole: {error}"))
}

/// What a recording's entry tells of its session.
fn told(recording: &Value, id: &str) -> Value {
    let text = |pointer: &str| recording.pointer(pointer).and_then(Value::as_str);
    about(
        recording.get("start_time"),
        id,
        &[(
            "user",
            text("/distinct_id").or_else(|| text("/person/distinct_ids/0")),
        )],
    )
}
