//! Sentry: replays of an organization, their recording segments in pages, and the errors beside them
//! (docs.sentry.io/api/replays).

use std::path::Path;

use serde_json::Value;

use super::http::{Answer, FetchError, Http};
use super::partial::Partial;
use super::what::Asked;
use super::{
    FetchOptions, Fetched, Session, Tokens, about, beside, file_name, segment, there, write, write_about,
};

const TOKEN: &str = "SENTRY_AUTH_TOKEN";

/// Segments, and replays of a list, in a page.
const PER_PAGE: usize = 100;

pub(super) struct Api<'a> {
    http: &'a Http,
    base: String,
    org: String,
    project: Option<&'a str>,
    authorization: String,
}

impl<'a> Api<'a> {
    pub(super) fn new(
        http: &'a Http,
        options: &FetchOptions,
        tokens: &Tokens,
        org: &str,
        project: Option<&'a str>,
    ) -> Result<Self, FetchError> {
        let base = options.base.as_deref().unwrap_or("https://sentry.io");
        Ok(Api {
            http,
            base: format!("{}/api/0", base.trim_end_matches('/')),
            org: segment(org),
            project,
            authorization: format!("Bearer {}", tokens.get(TOKEN)?),
        })
    }

    async fn get(&self, path: &str) -> Result<(Value, Answer), FetchError> {
        let url = format!("{}{path}", self.base);
        self.http
            .json(&url, &[("authorization", &self.authorization)])
            .await
    }

    /// The replays that are asked for.
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
        let mut sessions = Vec::new();
        let mut cursor = String::new();
        for pages in 0.. {
            self.http.another_page(&self.base, pages)?;
            let mut parameters = url::form_urlencoded::Serializer::new(String::new());
            parameters.append_pair("per_page", &PER_PAGE.min(options.limit.max(1)).to_string());
            parameters.append_pair("query", query);
            // An organization's list knows projects by their slug too.
            for (name, value) in [
                ("projectSlug", self.project),
                ("start", options.since.as_deref()),
                ("end", options.until.as_deref()),
                (
                    "cursor",
                    Some(cursor.as_str()).filter(|cursor| !cursor.is_empty()),
                ),
            ] {
                if let Some(value) = value {
                    parameters.append_pair(name, value);
                }
            }
            let path = format!("/organizations/{}/replays/?{}", self.org, parameters.finish());
            let (page, answer) = self.get(&path).await?;
            let list = page
                .get("data")
                .and_then(Value::as_array)
                .ok_or_else(|| FetchError::unexpected(&path, "there is no list under ‘data’"))?;
            for replay in list {
                if let Some(id) = replay.get("id").and_then(Value::as_str) {
                    sessions.push(Session {
                        id: id.to_owned(),
                        about: None,
                    });
                }
            }
            match next(&answer) {
                Some(next) if sessions.len() < options.limit => cursor = next,
                _ => break,
            }
        }
        sessions.truncate(options.limit);
        Ok(sessions)
    }

    /// The recording of a replay, and what is told of it.
    pub(super) async fn fetch(&self, session: &Session, folder: &Path) -> Result<Fetched, FetchError> {
        let name = file_name(&session.id);
        let file = folder.join(format!("{name}.json"));
        let errors_file = beside(&file, "errors.json");
        if file.exists() {
            let events = [beside(&file, "events.ndjson"), errors_file];
            return Ok(there(
                file,
                events.into_iter().filter(|path| path.exists()).collect(),
            ));
        }
        let path = format!("/organizations/{}/replays/{}/", self.org, segment(&session.id));
        let (details, _) = self.get(&path).await?;
        let details = details.get("data").unwrap_or(&details);
        let number = match details.get("project_id") {
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        let project = number.as_deref().or(self.project).ok_or_else(|| {
            FetchError::unexpected(&path, "it names no project: use sentry:ORG/PROJECT/REPLAY")
        })?;
        let project = segment(project);
        let mut partial = Partial::open(folder, &name)?;
        while partial.next.as_deref() != Some("") {
            self.http.another_page(&self.base, partial.count())?;
            let mut path = format!(
                "/projects/{}/{project}/replays/{}/recording-segments/?per_page={PER_PAGE}&download=true",
                self.org,
                segment(&session.id)
            );
            if let Some(cursor) = &partial.next {
                path.push_str(&format!("&cursor={}", segment(cursor)));
            }
            let (page, answer) = self.get(&path).await?;
            if !page.is_array() {
                return Err(FetchError::unexpected(&path, "it is no array of segments"));
            }
            partial.keep(&answer.body, &next(&answer).unwrap_or_default())?;
        }
        let mut segments: Vec<Value> = Vec::new();
        for page in partial.pages()? {
            if let Ok(Value::Array(page)) = serde_json::from_slice(&page) {
                segments.extend(page);
            }
        }
        let mut events = write_about(&file, Some(&told(details, &session.id)))?;
        let errors = self.errors(details, &project).await;
        if !errors.is_empty() {
            write(&errors_file, Value::Array(errors).to_string().as_bytes())?;
            events.push(errors_file);
        }
        // Last: where it is, the rest is too.
        write(&file, Value::Array(segments).to_string().as_bytes())?;
        partial.remove();
        Ok(Fetched {
            recording: file,
            events,
            was_there: false,
        })
    }

    /// The error events that a replay names. One that is not there any more is left out.
    async fn errors(&self, details: &Value, project: &str) -> Vec<Value> {
        let ids = details.get("error_ids").and_then(Value::as_array);
        let mut errors = Vec::new();
        for id in ids
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .take(self.http.most_errors())
        {
            let path = format!("/projects/{}/{project}/events/{}/", self.org, segment(id));
            match self.get(&path).await {
                Ok((event, _)) => errors.push(event),
                Err(error) => tracing::warn!(%error, "an error event is left out"),
            }
        }
        errors
    }
}

/// What the details of a replay tell of its session.
fn told(details: &Value, id: &str) -> Value {
    let text = |pointer: &str| details.pointer(pointer).and_then(Value::as_str);
    let user = ["/user/id", "/user/email", "/user/username"]
        .into_iter()
        .find_map(text);
    let browser = match (text("/browser/name"), text("/browser/version")) {
        // As the user agents of browsers put it.
        (Some(name), Some(version)) => Some(format!("{}/{version}", name.replace(' ', ""))),
        _ => None,
    };
    about(
        details.get("started_at"),
        id,
        &[
            ("user", user),
            ("release", text("/releases/0")),
            ("environment", text("/environment")),
            ("user_agent", browser.as_deref()),
        ],
    )
}

/// The cursor of the next page, from the `Link` header; `None` on the last page.
fn next(answer: &Answer) -> Option<String> {
    let links = answer.headers.get("link")?.to_str().ok()?;
    let next = links
        .split(',')
        .find(|link| link.contains("rel=\"next\"") && link.contains("results=\"true\""))?;
    let cursor = next.split("cursor=\"").nth(1)?;
    Some(cursor.split('"').next()?.to_owned()).filter(|cursor| !cursor.is_empty())
}
