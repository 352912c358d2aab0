//! `fetch` against a local server that answers as the products' documents say, failures included.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domreel::fetch::{FetchError, FetchOptions, Fetched, HttpOptions, Tokens, What, fetch};
use domreel::format::ReadOptions;
use domreel::limits::{Limit, Limits};
use domreel::recording::Recording;
use domreel::scan::{Source, read_source};
use serde_json::{Value, json};

const REPLAY: &str = "38846b0c6fbb4ef3abf3e88a55c0549e";
const SECRET: &str = "s3cr3t";

/// What the server was asked, how often, and what it is to do wrong.
#[derive(Default)]
struct Server {
    asked: Mutex<BTreeMap<String, usize>>,
    /// The address that fails, how often, and how.
    fails: Mutex<Vec<(&'static str, usize, Failing)>>,
}

#[derive(Clone, Copy)]
enum Failing {
    Status(u16),
    /// With `Retry-After` in seconds.
    TooMany(u64),
    /// JSON that ends in the middle, with a length that says it is whole.
    Cut,
    /// The connection ends in the middle of the body.
    BreaksOff,
}

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_end(&mut json)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// The failing checkout in two halves.
fn halves() -> (Vec<Value>, Vec<Value>) {
    let Value::Array(mut events) = fixture("checkout.json.gz") else {
        panic!("the fixture is an array")
    };
    let rest = events.split_off(events.len() / 2);
    (events, rest)
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn serve(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string();
    *server.asked.lock().unwrap().entry(url.clone()).or_default() += 1;
    let failing = {
        let mut fails = server.fails.lock().unwrap();
        let at = fails
            .iter()
            .position(|(part, left, _)| *left > 0 && url.contains(part));
        at.map(|at| {
            fails[at].1 -= 1;
            fails[at].2
        })
    };
    match failing {
        Some(Failing::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
        Some(Failing::TooMany(seconds)) => {
            return (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, seconds.to_string())],
            )
                .into_response();
        }
        Some(Failing::Cut) => return "[[{\"type\":4,\"data".into_response(),
        Some(Failing::BreaksOff) => {
            let parts: [Result<Bytes, std::io::Error>; 2] = [
                Ok(Bytes::from_static(b"[[{\"type\"")),
                Err(std::io::Error::other("gone")),
            ];
            return Body::from_stream(futures::stream::iter(parts)).into_response();
        }
        None => {}
    }
    if !is_known(&parts.headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    sentry(&url)
        .or_else(|| posthog(&url))
        .or_else(|| datadog(&url, &body))
        .unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

fn is_known(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
    is("authorization", &format!("Bearer {SECRET}"))
        || (is("dd-api-key", SECRET) && is("dd-application-key", SECRET))
}

fn sentry(url: &str) -> Option<Response> {
    let rest = url.strip_prefix("/api/0")?;
    let linked = |value: Value, results: bool| {
        let link = format!(
            "<https://x/>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", <https://x/>; rel=\"next\"; \
             results=\"{results}\"; cursor=\"0:100:0\""
        );
        ([(header::LINK, link)], value.to_string()).into_response()
    };
    if rest.starts_with("/organizations/acme/replays/?") {
        return Some(linked(json!({ "data": [{ "id": REPLAY }] }), false));
    }
    if rest == format!("/organizations/acme/replays/{REPLAY}/") {
        return Some(answer(&json!({ "data": {
            "id": REPLAY, "project_id": "7", "started_at": "2026-03-10T14:02:00Z", "environment": "production",
            "releases": ["shop@1.9.0"], "user": { "id": "u1" }, "browser": { "name": "Chrome", "version": "142.0" },
            "error_ids": ["e1", "gone"],
        }})));
    }
    if rest == "/projects/acme/7/events/e1/" {
        return Some(answer(&json!({
            "eventID": "e1", "platform": "javascript", "dateCreated": "2026-03-10T14:02:23Z", "title": "TypeError",
            "entries": [{ "type": "exception", "data": { "values": [{ "type": "TypeError", "value": "no receipt" }] } }],
        })));
    }
    let (one, two) = halves();
    let segments = rest.strip_prefix(&format!("/projects/acme/7/replays/{REPLAY}/recording-segments/?"))?;
    Some(if segments.contains("cursor=0%3A100%3A0") {
        linked(json!([two]), false)
    } else {
        linked(json!([one]), true)
    })
}

fn posthog(url: &str) -> Option<Response> {
    let rest = url.strip_prefix("/api/projects/7/session_recordings/")?;
    let entry = json!({ "id": "r1", "distinct_id": "u2", "start_time": "2026-03-10T14:02:00Z" });
    if rest.starts_with('?') {
        return Some(answer(&json!({ "results": [entry], "has_next": false })));
    }
    let (one, two) = halves();
    let lines = |events: Vec<Value>| {
        let lines: String = events
            .iter()
            .map(|event| format!("{}\n", json!(["w1", event])))
            .collect();
        lines.into_response()
    };
    match rest {
        "r1/" => Some(answer(&entry)),
        "r1/snapshots?blob_v2=true" => Some(answer(&json!({ "sources": [
            { "source": "blob_v2", "blob_key": "0" }, { "source": "blob_v2", "blob_key": "1" }
        ]}))),
        "r1/snapshots?source=blob_v2&start_blob_key=0&end_blob_key=0" => Some(lines(one)),
        "r1/snapshots?source=blob_v2&start_blob_key=1&end_blob_key=1" => Some(lines(two)),
        _ => None,
    }
}

fn datadog(url: &str, body: &Value) -> Option<Response> {
    let Value::Array(mut segments) = fixture("datadog-checkout-v5.json.gz") else {
        panic!("the fixture is an array")
    };
    let session = "00000000-0000-4000-8000-000000000001";
    if url == "/api/v2/rum/events/search" {
        let event = json!({ "type": "rum", "attributes": { "timestamp": "2026-03-10T14:02:10Z", "attributes": {
            "type": "error", "application": { "id": "a" }, "session": { "id": session }, "view": { "id": "v1" },
            "usr": { "id": "u3" }, "version": "1.9.0", "error": { "message": "no receipt", "source": "source", "id": "e" },
        }}});
        let second = body.pointer("/page/cursor").is_some();
        let page = if second {
            json!({})
        } else {
            json!({ "page": { "after": "c2" } })
        };
        return Some(answer(&json!({ "data": [event], "meta": page })));
    }
    let rest = url.strip_prefix(&format!(
        "/api/v2/rum/replay/sessions/{session}/views/v1/segments"
    ))?;
    let last = segments.pop().unwrap();
    Some(match rest {
        "" => answer(&json!({ "data": segments, "paging": "p2" })),
        "?paging=p2" => answer(&json!({ "data": [last] })),
        _ => return None,
    })
}

struct Run {
    folder: tempfile::TempDir,
    server: Arc<Server>,
    base: String,
    limits: Limits,
}

impl Run {
    async fn new(fails: &[(&'static str, usize, Failing)]) -> Run {
        let server = Arc::new(Server::default());
        *server.fails.lock().unwrap() = fails.to_vec();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(serve).with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Run {
            folder: tempfile::tempdir().unwrap(),
            server,
            base,
            limits: Limits::default().with(Limit::FetchTries, 3),
        }
    }

    async fn fetch_with(&self, what: &str, secret: &str) -> Result<Vec<Fetched>, FetchError> {
        let names = ["SENTRY_AUTH_TOKEN", "POSTHOG_API_KEY", "DD_API_KEY", "DD_APP_KEY"];
        let tokens = Tokens::of(&names.map(|name| (name, secret)));
        let options = FetchOptions {
            base: Some(self.base.clone()),
            limit: 10,
            http: HttpOptions {
                backoff: Duration::from_millis(1),
                limits: self.limits,
            },
            ..FetchOptions::default()
        };
        let what: What = what.parse().unwrap();
        let mut all = Ok(Vec::new());
        let mut told = |done: Result<Fetched, FetchError>| match (&mut all, done) {
            (Ok(all), Ok(fetched)) => all.push(fetched),
            (all, Err(error)) => *all = Err(error),
            _ => {}
        };
        fetch(&what, self.folder.path(), &options, &tokens, &mut told).await?;
        all
    }

    async fn fetch(&self, what: &str) -> Result<Vec<Fetched>, FetchError> {
        self.fetch_with(what, SECRET).await
    }

    fn asked(&self, part: &str) -> usize {
        let asked = self.server.asked.lock().unwrap();
        asked
            .iter()
            .filter(|(url, _)| url.contains(part))
            .map(|(_, count)| count)
            .sum()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

fn read(fetched: &Fetched) -> Recording {
    let source = Source {
        recording: vec![fetched.recording.clone()],
        events: fetched.events.clone(),
    };
    read_source(&source, &ReadOptions::default()).unwrap()
}

fn context(recording: &Recording) -> (Option<&str>, Option<&str>) {
    let context = &recording.telemetry.context;
    (context.user.as_deref(), context.release.as_deref())
}

#[tokio::test]
async fn sentry_replays_come_with_their_errors_and_users() {
    let run = Run::new(&[
        (
            "recording-segments/?per_page=100&download=true",
            1,
            Failing::TooMany(0),
        ),
        ("cursor=", 1, Failing::Cut),
        ("cursor=", 1, Failing::BreaksOff),
    ])
    .await;
    let fetched = run.fetch(&format!("sentry:acme/shop/{REPLAY}")).await.unwrap();
    assert_eq!(
        run.names(),
        [
            format!("{REPLAY}.errors.json"),
            format!("{REPLAY}.events.ndjson"),
            format!("{REPLAY}.json")
        ]
    );
    let recording = read(&fetched[0]);
    assert_eq!(recording.tabs[0].events.len(), 263);
    assert_eq!(context(&recording), (Some("u1"), Some("shop@1.9.0")));
    assert!(
        recording
            .telemetry
            .signals
            .iter()
            .any(|signal| signal.id.as_deref() == Some("e1"))
    );
    // A second time nothing is asked for.
    let before = run.asked("");
    assert!(run.fetch(&format!("sentry:acme/shop/{REPLAY}")).await.unwrap()[0].was_there);
    assert_eq!(run.asked(""), before);
    let found = run.fetch("sentry:acme/shop?count_errors:>0").await.unwrap();
    assert_eq!(found[0].recording, fetched[0].recording);
}

#[tokio::test]
async fn a_fetch_goes_on_where_it_stopped() {
    let run = Run::new(&[("cursor=", 3, Failing::Status(502))]).await;
    let what = format!("sentry:acme/shop/{REPLAY}");
    let failed = run.fetch(&what).await.unwrap_err();
    assert!(
        matches!(failed, FetchError::Status { status: 502, .. }),
        "{failed}"
    );
    assert_eq!(run.names(), [".partial"]);
    let first_pages = run.asked("segments") - run.asked("cursor=");
    let fetched = run.fetch(&what).await.unwrap();
    assert_eq!(
        run.asked("segments") - run.asked("cursor="),
        first_pages,
        "the first page was asked for again"
    );
    assert_eq!(read(&fetched[0]).tabs[0].events.len(), 263);
    assert!(!run.names().contains(&".partial".to_owned()));
}

#[tokio::test]
async fn failures_say_what_to_do_and_no_secrets() {
    let what = format!("sentry:acme/shop/{REPLAY}");
    let run = Run::new(&[]).await;
    let refused = run.fetch_with(&what, "wr0ng").await.unwrap_err();
    assert!(
        matches!(refused, FetchError::Refused { status: 401, .. }),
        "{refused}"
    );
    assert!(!refused.to_string().contains("wr0ng"));
    let not_there = run.fetch("sentry:acme/shop/nothing").await.unwrap_err();
    assert!(matches!(not_there, FetchError::NotFound { .. }), "{not_there}");
    let missing = run.fetch_with(&what, "").await.unwrap_err();
    assert!(missing.to_string().contains("SENTRY_AUTH_TOKEN"), "{missing}");
    let busy = Run::new(&[("/replays/", 1, Failing::TooMany(86_400))]).await;
    let too_many = busy.fetch(&what).await.unwrap_err();
    assert!(
        matches!(too_many, FetchError::TooMany { seconds: 86_400, .. }),
        "{too_many}"
    );
    assert!(too_many.to_string().contains("--allow fetch-wait="), "{too_many}");
    assert_eq!(busy.asked(""), 1);
    let broken = Run::new(&[("segments", 9, Failing::Cut)]).await;
    let cut = broken.fetch(&what).await.unwrap_err();
    assert!(matches!(cut, FetchError::Unexpected { .. }), "{cut}");
    assert_eq!(broken.asked("segments"), 3);
}

#[tokio::test]
async fn limits_hold_and_are_named() {
    for (limit, value) in [
        (Limit::FetchSize, 100),
        (Limit::FetchPages, 1),
        (Limit::FetchAnswer, 0),
    ] {
        let mut run = Run::new(&[]).await;
        run.limits = run.limits.with(limit, value);
        let failed = run
            .fetch(&format!("sentry:acme/shop/{REPLAY}"))
            .await
            .unwrap_err()
            .to_string();
        assert!(failed.contains(&format!("--allow {}=", limit.name())), "{failed}");
    }
    let mut once = Run::new(&[("segments", 9, Failing::Cut)]).await;
    once.limits = once.limits.with(Limit::FetchTries, 1);
    once.fetch(&format!("sentry:acme/shop/{REPLAY}"))
        .await
        .unwrap_err();
    assert_eq!(once.asked("segments"), 1);
    for (milliseconds, fetched) in [(999, false), (1000, true)] {
        let mut waits = Run::new(&[("segments", 1, Failing::TooMany(1))]).await;
        waits.limits = waits.limits.with(Limit::FetchWait, milliseconds);
        let done = waits.fetch(&format!("sentry:acme/shop/{REPLAY}")).await;
        assert_eq!(done.is_ok(), fetched, "{milliseconds}");
    }
    let mut none = Run::new(&[]).await;
    none.limits = none.limits.with(Limit::FetchErrors, 0);
    none.fetch(&format!("sentry:acme/shop/{REPLAY}")).await.unwrap();
    assert!(!none.names().contains(&format!("{REPLAY}.errors.json")));
}

#[tokio::test]
async fn posthog_recordings_come_blob_by_blob() {
    let run = Run::new(&[("start_blob_key=1", 1, Failing::Cut)]).await;
    let fetched = run.fetch("posthog:7/r1").await.unwrap();
    assert_eq!(run.names(), ["r1.events.ndjson", "r1.jsonl"]);
    let recording = read(&fetched[0]);
    assert_eq!(
        (recording.format, recording.tabs[0].events.len()),
        ("posthog", 263)
    );
    assert_eq!(context(&recording).0, Some("u2"));
    let all = Run::new(&[]).await;
    assert_eq!(all.fetch("posthog:7?").await.unwrap().len(), 1);
    assert_eq!(all.asked("r1/snapshots"), 3);
}

#[tokio::test]
async fn datadog_sessions_come_view_by_view() {
    let run = Run::new(&[("paging=p2", 1, Failing::TooMany(0))]).await;
    let fetched = run.fetch("datadog:?@type:error").await.unwrap();
    let recording = read(&fetched[0]);
    assert_eq!(
        (recording.format, context(&recording)),
        ("datadog", (Some("u3"), Some("1.9.0")))
    );
    let Value::Array(segments) = fixture("datadog-checkout-v5.json.gz") else {
        panic!("the fixture is an array")
    };
    let written: Value = serde_json::from_slice(&std::fs::read(&fetched[0].recording).unwrap()).unwrap();
    assert_eq!(written, Value::Array(segments));
}

#[tokio::test]
async fn files_come_from_their_addresses_and_without_tokens() {
    let run = Run::new(&[("/files/", 1, Failing::Status(503))]).await;
    // The server answers 401 to whoever has no token: none was sent.
    let refused = run
        .fetch(&format!("{}/files/a.json?key=1", run.base))
        .await
        .unwrap_err();
    assert!(matches!(refused, FetchError::Refused { .. }), "{refused}");
    assert!(!refused.to_string().contains("key=1"));
    assert_eq!(run.asked("/files/"), 2);
}

#[test]
#[cfg(unix)]
fn a_file_of_tokens_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("tokens");
    std::fs::write(&path, "SENTRY_AUTH_TOKEN=x\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(
        Tokens::with_file(&path)
            .unwrap_err()
            .to_string()
            .contains("chmod 600")
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!format!("{:?}", Tokens::with_file(&path).unwrap()).contains('x'));
}

#[cfg(feature = "worker")]
#[tokio::test]
async fn objects_come_from_a_store_with_what_stands_beside_them() {
    let run = Run::new(&[]).await;
    let bucket = tempfile::tempdir().unwrap();
    std::fs::create_dir(bucket.path().join("day")).unwrap();
    for name in ["day/a.json", "day/a.events.ndjson", "b.json"] {
        std::fs::write(bucket.path().join(name), name).unwrap();
    }
    let address = format!("file://{}/", bucket.path().display());
    let fetched = run.fetch(&address).await.unwrap();
    assert_eq!(fetched.len(), 3);
    assert!(fetched.iter().all(|fetched| !fetched.was_there));
    let there = std::fs::read_to_string(run.folder.path().join("day/a.events.ndjson")).unwrap();
    assert_eq!(there, "day/a.events.ndjson");
    let again = run.fetch(&address).await.unwrap();
    assert!(again.iter().all(|fetched| fetched.was_there));
    let missing = run.fetch(&format!("{address}c.json")).await.unwrap_err();
    assert!(matches!(missing, FetchError::Store { .. }), "{missing}");
}
