//! Datadog: RUM search for sessions, their views and events, and the segments of each view
//! (docs.datadoghq.com/api/latest/rum-replay-sessions and /rum).
//!
//! What the segments' answer looks like is not documented: a list at its top or under `data` or
//! `segments` is read, with the token of the next page under `paging` or `meta`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::http::{FetchError, Http};
use super::partial::Partial;
use super::what::Asked;
use super::{FetchOptions, Fetched, Session, Tokens, beside, file_name, segment, there, write};

const API_KEY: &str = "DD_API_KEY";
const APPLICATION_KEY: &str = "DD_APP_KEY";

/// Events in a page of a search, which is as many as the interface gives.
const PER_PAGE: usize = 1000;

pub(super) struct Api<'a> {
    http: &'a Http,
    base: String,
    api_key: String,
    application_key: String,
    since: String,
    until: String,
}

impl<'a> Api<'a> {
    pub(super) fn new(
        http: &'a Http,
        options: &FetchOptions,
        tokens: &Tokens,
        site: Option<&str>,
    ) -> Result<Self, FetchError> {
        let base = options
            .base
            .as_deref()
            .or(site)
            .unwrap_or("https://api.datadoghq.com");
        Ok(Api {
            http,
            base: base.trim_end_matches('/').to_owned(),
            api_key: tokens.get(API_KEY)?,
            application_key: tokens.get(APPLICATION_KEY)?,
            // Replays are kept for 30 days.
            since: options.since.clone().unwrap_or_else(|| "now-30d".to_owned()),
            until: options.until.clone().unwrap_or_else(|| "now".to_owned()),
        })
    }

    fn headers(&self) -> [(&'static str, &str); 2] {
        [
            ("dd-api-key", &self.api_key),
            ("dd-application-key", &self.application_key),
        ]
    }

    /// Events that a query finds, until `enough` has seen enough of them.
    async fn search(
        &self,
        query: &str,
        enough: &mut (dyn FnMut(&Value) -> bool + Send),
    ) -> Result<(), FetchError> {
        let url = format!("{}/api/v2/rum/events/search", self.base);
        let mut cursor: Option<String> = None;
        for pages in 0.. {
            self.http.another_page(&url, pages)?;
            let mut page = json!({ "limit": PER_PAGE });
            if let (Some(cursor), Some(page)) = (&cursor, page.as_object_mut()) {
                page.insert("cursor".to_owned(), json!(cursor));
            }
            let body = json!({
                "filter": { "query": query, "from": self.since, "to": self.until },
                "sort": "timestamp",
                "page": page,
            });
            let found = self.http.post(&url, &self.headers(), &body).await?;
            let list = found
                .get("data")
                .and_then(Value::as_array)
                .ok_or_else(|| FetchError::unexpected(&url, "there is no list under ‘data’"))?;
            for event in list {
                if enough(event) {
                    return Ok(());
                }
            }
            cursor = found
                .pointer("/meta/page/after")
                .and_then(Value::as_str)
                .map(str::to_owned);
            if cursor.is_none() || list.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The sessions that are asked for.
    pub(super) async fn sessions(
        &self,
        asked: &Asked,
        options: &FetchOptions,
    ) -> Result<Vec<Session>, FetchError> {
        let session = |id: String| Session { id, about: None };
        let query = match asked {
            Asked::Id(id) => return Ok(vec![session(id.clone())]),
            Asked::Query(query) => format!("@session.has_replay:true {query}"),
        };
        let mut ids: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        self.search(query.trim(), &mut |event| {
            if let Some(id) = event
                .pointer("/attributes/attributes/session/id")
                .and_then(Value::as_str)
                && seen.insert(id.to_owned())
            {
                ids.push(id.to_owned());
            }
            ids.len() >= options.limit
        })
        .await?;
        Ok(ids.into_iter().map(session).collect())
    }

    /// The segments of all views of a session, and its events.
    pub(super) async fn fetch(&self, session: &Session, folder: &Path) -> Result<Fetched, FetchError> {
        let name = file_name(&session.id);
        let file = folder.join(format!("{name}.json"));
        let events_file = beside(&file, "rum.ndjson");
        if file.exists() {
            let events = Some(events_file).filter(|path| path.exists());
            return Ok(there(file, events.into_iter().collect()));
        }
        let mut views: Vec<String> = Vec::new();
        let mut lines = String::new();
        // An id is quoted: it must not become a part of the query's language.
        let id = session.id.replace(['"', '\\'], "");
        self.search(&format!("@session.id:\"{id}\""), &mut |event| {
            let Some(mut told) = event.pointer("/attributes/attributes").cloned() else {
                return false;
            };
            if let Some(view) = told.pointer("/view/id").and_then(Value::as_str)
                && !views.iter().any(|known| known == view)
            {
                views.push(view.to_owned());
            }
            if let (Some(told), Some(time)) = (told.as_object_mut(), event.pointer("/attributes/timestamp")) {
                told.entry("date").or_insert_with(|| time.clone());
            }
            lines.push_str(&format!("{told}\n"));
            false
        })
        .await?;
        if views.is_empty() {
            return Err(FetchError::NotFound {
                url: format!("{} session {}", self.base, session.id),
            });
        }
        let mut segments: Vec<Value> = Vec::new();
        let mut partials = Vec::new();
        for view in &views {
            let mut partial = Partial::open(folder, &format!("{name}-{}", file_name(view)))?;
            self.view(&session.id, view, &mut partial).await?;
            for page in partial.pages()? {
                let page: Value = serde_json::from_slice(&page).unwrap_or_default();
                segments.extend(list(&page).into_iter().flatten().cloned());
            }
            partials.push(partial);
        }
        write(&events_file, lines.as_bytes())?;
        write(&file, Value::Array(segments).to_string().as_bytes())?;
        for partial in partials {
            partial.remove();
        }
        Ok(Fetched {
            recording: file,
            events: vec![events_file],
            was_there: false,
        })
    }

    /// All pages of a view's segments. A view without a replay has none.
    async fn view(&self, session: &str, view: &str, partial: &mut Partial) -> Result<(), FetchError> {
        while partial.next.as_deref() != Some("") {
            self.http.another_page(&self.base, partial.count())?;
            let mut url = format!(
                "{}/api/v2/rum/replay/sessions/{}/views/{}/segments",
                self.base,
                segment(session),
                segment(view)
            );
            if let Some(paging) = &partial.next {
                url.push_str(&format!("?paging={}", segment(paging)));
            }
            let (page, answer) = match self.http.json(&url, &self.headers()).await {
                Ok(page) => page,
                Err(FetchError::NotFound { .. }) => return Ok(()),
                Err(error) => return Err(error),
            };
            if list(&page).is_none() {
                return Err(FetchError::unexpected(&url, "there are no segments in it"));
            }
            let next = ["/paging", "/meta/paging", "/meta/page/after"]
                .iter()
                .find_map(|pointer| page.pointer(pointer)?.as_str())
                .unwrap_or_default();
            partial.keep(&answer.body, next)?;
        }
        Ok(())
    }
}

/// The segments of an answer.
fn list(page: &Value) -> Option<&Vec<Value>> {
    page.as_array()
        .or_else(|| page.get("data")?.as_array())
        .or_else(|| page.get("segments")?.as_array())
        .or_else(|| page.pointer("/data/attributes/segments")?.as_array())
}
