//! The HTTP interface, held against its own description.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use super::*;
use crate::limits::Limit;
use crate::worker::job::{Class, JobError, JobSpec, Phase};
use crate::worker::policy::Policy;
use crate::worker::renderer::{Progress, Rendered, RenderedFile};
use crate::worker::run::{Config, Worker};
use crate::worker::store::Sources;

struct Fake;

impl Renderer for Fake {
    fn version(&self) -> String {
        "fake".to_owned()
    }

    fn check(&self, options: &Map<String, Value>) -> Result<(), JobError> {
        match options.contains_key("colour") {
            true => Err(JobError::fatal(Class::Option, "there is no option ‘colour’")),
            false => Ok(()),
        }
    }

    fn render(
        &self,
        _: &JobSpec,
        input: &Path,
        out: &Path,
        progress: &Progress,
    ) -> Result<Rendered, JobError> {
        progress.phase(Phase::Render);
        progress.frames(1, 1.0);
        std::fs::copy(input, out.join("clip.html")).unwrap();
        Ok(Rendered {
            files: vec![RenderedFile {
                name: "clip.html".to_owned(),
                media_type: "text/html".to_owned(),
            }],
            report: json!({ "frames": 1 }),
        })
    }

    fn inspect(&self, input: &Path) -> Result<Value, JobError> {
        match std::fs::read_to_string(input).unwrap().as_str() {
            "panic" => panic!("told to"),
            "bad" => Err(JobError::fatal(Class::Recording, "no event in it")),
            text => Ok(json!({ "text": text })),
        }
    }

    fn still(&self, _: &Path, options: &Map<String, Value>, at_ms: f64) -> Result<Vec<u8>, JobError> {
        self.check(options)?;
        Ok(format!("PNG {at_ms}").into_bytes())
    }
}

/// The service, and the description it is held against.
struct Client {
    service: Service,
    description: Value,
    _directory: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{:?}", String::from_utf8_lossy(&self.body)))
    }
}

impl Client {
    async fn new(change: impl FnOnce(&mut Options)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let policy = Policy {
            lease: Duration::from_millis(500),
            ..Policy::default()
        };
        let queue = Queue::open("sqlite://:memory:", policy).await.unwrap();
        let sources = Sources::new(vec!["s3://bucket/".parse().unwrap()]);
        let place = directory.path().join("store");
        let store = Store::open(place.to_str().unwrap(), sources).await.unwrap();
        let mut options = Options {
            token: Some(Token::new("secret")),
            max_queued: 100,
            limits: Limits::default().with(Limit::Input, 100),
            directory: directory.path().to_owned(),
        };
        change(&mut options);
        let service = Service::new(queue, store, Arc::new(Fake), Arc::default(), options);
        let description = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/serve/openapi.json"));
        Client {
            service,
            description: serde_json::from_str(description).unwrap(),
            _directory: directory,
        }
    }

    /// Sends a request with the token; the answer is what `route` of the description says.
    async fn send(&self, method: Method, route: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send_with(method, route, path, body, &[("authorization", "Bearer secret")])
            .await
    }

    async fn send_with(
        &self,
        method: Method,
        route: &str,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.service.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        };
        self.hold_to_description(&method, route, &answer);
        answer
    }

    fn hold_to_description(&self, method: &Method, route: &str, answer: &Answer) {
        let operation = &self.description["paths"][route][method.as_str().to_lowercase()];
        let status = answer.status.as_str();
        let described = &operation["responses"][status];
        assert!(
            described.is_object(),
            "{method} {route} answers {status}, which is not described"
        );
        let schema = &described["content"]["application/json"]["schema"];
        if schema.is_object() {
            self.check(schema, &answer.json(), &format!("{method} {route} {status}"));
        }
        for header in described["headers"].as_object().into_iter().flat_map(Map::keys) {
            assert!(
                answer.headers.contains_key(header),
                "{method} {route} {status} has no {header}"
            );
        }
    }

    /// As much of JSON Schema as the description uses.
    fn check(&self, schema: &Value, value: &Value, at: &str) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            return self.check(&self.description["components"]["schemas"][name], value, at);
        }
        if let Some(one_of) = schema["oneOf"].as_array() {
            let schema = if value.is_null() { &one_of[1] } else { &one_of[0] };
            return self.check(schema, value, at);
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds = match &schema["type"] {
            Value::String(kind) => vec![kind.as_str()],
            kinds => kinds
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect(),
        };
        assert!(kinds.contains(&kind), "{at}: {value} is not {kinds:?}");
        if let Some(allowed) = schema["enum"].as_array() {
            assert!(allowed.contains(value), "{at}: {value} is not among {allowed:?}");
        }
        for item in value.as_array().into_iter().flatten() {
            self.check(&schema["items"], item, &format!("{at}[]"));
        }
        let properties = schema["properties"].as_object();
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(value.get(name.as_str().unwrap()).is_some(), "{at} has no {name}");
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            let Some(properties) = properties else { continue };
            let schema = properties.get(name);
            assert!(schema.is_some(), "{at}.{name} is not described");
            self.check(schema.unwrap(), value, &format!("{at}.{name}"));
        }
    }

    async fn upload(&self, content: &'static str) -> String {
        let answer = self
            .send(Method::POST, "/v1/recordings", "/v1/recordings", content)
            .await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.json()["recording"].as_str().unwrap().to_owned()
    }

    async fn submit(&self, body: Value) -> Answer {
        self.send(Method::POST, "/v1/jobs", "/v1/jobs", body.to_string())
            .await
    }
}

/// Works off what is in the queue.
async fn work(client: &Client) {
    let inner = &client.service.0;
    let config = Config {
        concurrency: 1,
        poll: Duration::from_millis(10),
        min_memory: 0,
        until_idle: true,
        ..Config::default()
    };
    let (queue, store) = (inner.queue.clone(), inner.store.clone());
    let worker = Worker::new(
        queue,
        store,
        Arc::clone(&inner.renderer),
        Arc::clone(&inner.metrics),
        config,
    );
    Arc::new(worker).run(std::future::pending()).await.unwrap();
}

#[tokio::test]
async fn every_described_operation_exists_and_wants_the_token() {
    let client = Client::new(|_| ()).await;
    let mut operations = 0;
    for (route, methods) in client.description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = route
                .replace("{job}", "x")
                .replace("{recording}", "x")
                .replace("{name}", "x");
            let open = operation["security"].as_array().unwrap().is_empty();
            for headers in [
                &[][..],
                &[("authorization", "Bearer wrong")],
                &[("authorization", "Basic secret")],
            ] {
                let answer = client.send_with(method.clone(), route, &path, "", headers).await;
                let expected = if open {
                    StatusCode::OK
                } else {
                    StatusCode::UNAUTHORIZED
                };
                assert_eq!(answer.status, expected, "{method} {route}");
            }
            operations += 1;
        }
    }
    assert_eq!(operations, 13);
}

#[tokio::test]
async fn a_recording_becomes_a_clip() {
    let client = Client::new(|_| ()).await;
    let recording = client.upload("<b>hello</b>").await;
    let looked = client
        .send(
            Method::GET,
            "/v1/recordings/{recording}",
            &format!("/v1/recordings/{recording}"),
            "",
        )
        .await;
    assert_eq!(looked.json()["text"], "<b>hello</b>");
    let still = format!("/v1/recordings/{recording}/still?at_ms=1500&width=300");
    let still = client
        .send(Method::GET, "/v1/recordings/{recording}/still", &still, "")
        .await;
    assert_eq!(
        (still.status, still.body.as_slice()),
        (StatusCode::OK, &b"PNG 1500"[..])
    );

    let body = json!({"recording": recording, "options": {"width": 800}, "label": "a"});
    let submitted = client.submit(body.clone()).await;
    assert_eq!(submitted.status, StatusCode::ACCEPTED);
    let location = submitted.headers["location"].to_str().unwrap().to_owned();
    work(&client).await;
    let done = client
        .send(Method::GET, "/v1/jobs/{job}", &location, "")
        .await
        .json();
    assert_eq!((&done["state"], &done["frames"]), (&json!("done"), &json!(1)));

    let clip = format!("{location}/outputs/clip.html");
    let clip = client
        .send(Method::GET, "/v1/jobs/{job}/outputs/{name}", &clip, "")
        .await;
    assert_eq!(clip.body, b"<b>hello</b>");
    assert_eq!(
        clip.headers["content-security-policy"],
        "default-src 'none'; sandbox"
    );
    assert_eq!(clip.headers["x-content-type-options"], "nosniff");
    for name in ["manifest.json", "other.html", "..%2Fmanifest.json"] {
        let path = format!("{location}/outputs/{name}");
        let answer = client
            .send(Method::GET, "/v1/jobs/{job}/outputs/{name}", &path, "")
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }

    // The same request again is answered at once.
    let again = client.submit(body).await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(again.json()["state"], "done");
    let list = client
        .send(Method::GET, "/v1/jobs", "/v1/jobs?state=done&limit=10", "")
        .await;
    assert_eq!(list.json()["jobs"].as_array().unwrap().len(), 2);

    let metrics = client.send(Method::GET, "/metrics", "/metrics", "").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("domreel_queue_jobs{state=\"done\"} 2"),
        "{metrics}"
    );
}

#[tokio::test]
async fn wrong_submissions_are_told_why() {
    let client = Client::new(|_| ()).await;
    let recording = client.upload("x").await;
    for (body, status, part) in [
        (json!({}), 400, "name one recording"),
        (
            json!({"recording": recording, "url": "s3://bucket/a"}),
            400,
            "name one recording",
        ),
        (
            json!({"recording": recording, "option": {}}),
            400,
            "unknown field `option`",
        ),
        (json!({"recording": recording, "priority": 101}), 400, "0 to 100"),
        (
            json!({"recording": recording, "options": {"colour": "red"}}),
            422,
            "colour",
        ),
        (json!({"recording": "0".repeat(64)}), 404, "no recording"),
        (json!({"recording": "../../x"}), 400, "unusable name"),
        (
            json!({"url": "http://169.254.169.254/latest"}),
            403,
            "--allow-source",
        ),
        (json!({"url": "file:///etc/passwd"}), 403, "--allow-source"),
    ] {
        let answer = client.submit(body.clone()).await;
        assert_eq!(answer.status, status, "{body}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{body}: {message}");
    }
    let answer = client.submit(json!({"url": "s3://bucket/a.json"})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let long = client
        .send(Method::POST, "/v1/recordings", "/v1/recordings", "x".repeat(101))
        .await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    let long = client
        .submit(json!({"recording": recording, "label": "x".repeat(64 << 10)}))
        .await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    let message = long.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("64KiB, which --allow job="), "{message}");
    let empty = client
        .send(Method::POST, "/v1/recordings", "/v1/recordings", "")
        .await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    for query in ["state=lost", "limit=0", "limit=1001", "before=x", "page=2"] {
        let answer = client
            .send(Method::GET, "/v1/jobs", &format!("/v1/jobs?{query}"), "")
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn recordings_that_cannot_be_read_do_no_harm() {
    let client = Client::new(|_| ()).await;
    for (content, status) in [("bad", 422), ("panic", 500)] {
        let recording = client.upload(content).await;
        let path = format!("/v1/recordings/{recording}");
        let answer = client
            .send(Method::GET, "/v1/recordings/{recording}", &path, "")
            .await;
        assert_eq!(answer.status.as_u16(), status);
    }
    for query in ["at_ms=-1", "at_ms=NaN", "at_ms=x"] {
        let path = format!("/v1/recordings/x/still?{query}");
        let answer = client
            .send(Method::GET, "/v1/recordings/{recording}/still", &path, "")
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_key_makes_submission_idempotent() {
    let client = Client::new(|_| ()).await;
    let recording = client.upload("x").await;
    let headers = [
        ("authorization", "bearer secret"),
        ("idempotency-key", "ticket-7"),
    ];
    let body = json!({"recording": recording}).to_string();
    let send = |body: String| client.send_with(Method::POST, "/v1/jobs", "/v1/jobs", body, &headers);
    let first = send(body.clone()).await;
    let second = send(body).await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::ACCEPTED, StatusCode::OK)
    );
    assert_eq!(first.json()["id"], second.json()["id"]);
    let other = send(json!({"recording": recording, "options": {"width": 1}}).to_string()).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let client = Client::new(|options| options.max_queued = 1).await;
    let recording = client.upload("x").await;
    let first = client.submit(json!({"recording": recording})).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let second = client
        .submit(json!({"recording": recording, "options": {"width": 1}}))
        .await;
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(second.headers["retry-after"], "30");
}

#[tokio::test]
async fn a_full_queue_takes_what_it_has_already() {
    let client = Client::new(|options| options.max_queued = 1).await;
    let recording = client.upload("x").await;
    let headers = [
        ("authorization", "bearer secret"),
        ("idempotency-key", "ticket-7"),
    ];
    let body = json!({"recording": recording}).to_string();
    let send = || client.send_with(Method::POST, "/v1/jobs", "/v1/jobs", body.clone(), &headers);
    let first = send().await;
    let again = send().await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::ACCEPTED, StatusCode::OK)
    );
    assert_eq!(first.json()["id"], again.json()["id"]);
}

#[tokio::test]
async fn jobs_can_be_called_off_and_taken_up_again() {
    let client = Client::new(|_| ()).await;
    let recording = client.upload("x").await;
    let job = client.submit(json!({"recording": recording})).await.headers["location"].clone();
    let job = job.to_str().unwrap();
    let retried = client
        .send(Method::POST, "/v1/jobs/{job}/retry", &format!("{job}/retry"), "")
        .await;
    assert_eq!(retried.status, StatusCode::CONFLICT);
    let canceled = client.send(Method::DELETE, "/v1/jobs/{job}", job, "").await;
    assert_eq!(canceled.json()["state"], "canceled");
    // A stream of events about what is over has one event, and ends.
    let events = client
        .send(Method::GET, "/v1/jobs/{job}/events", &format!("{job}/events"), "")
        .await;
    let events = String::from_utf8(events.body).unwrap();
    assert_eq!(events.matches("event: job").count(), 1, "{events}");
    let retried = client
        .send(Method::POST, "/v1/jobs/{job}/retry", &format!("{job}/retry"), "")
        .await;
    assert_eq!(retried.json()["state"], "queued");
}

#[tokio::test]
async fn events_follow_a_job_to_its_end() {
    let client = Client::new(|_| ()).await;
    let recording = client.upload("x").await;
    let job = client.submit(json!({"recording": recording})).await.headers["location"].clone();
    let path = format!("{}/events", job.to_str().unwrap());
    let (events, ()) = futures::join!(
        client.send(Method::GET, "/v1/jobs/{job}/events", &path, ""),
        work(&client)
    );
    let events = String::from_utf8(events.body).unwrap();
    let states: Vec<String> = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| {
            serde_json::from_str::<Value>(data).unwrap()["state"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(states.first().map(String::as_str), Some("queued"));
    assert_eq!(states.last().map(String::as_str), Some("done"));
}

#[tokio::test]
async fn readiness_is_what_it_depends_on() {
    let client = Client::new(|_| ()).await;
    let ready = client.send(Method::GET, "/readyz", "/readyz", "").await;
    assert_eq!(ready.status, StatusCode::OK);
    client.service.end();
    let ending = client.send(Method::GET, "/readyz", "/readyz", "").await;
    assert_eq!(ending.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ending.json()["checks"]["running"], "it is shutting down");
    let alive = client.send(Method::GET, "/healthz", "/healthz", "").await;
    assert_eq!(alive.status, StatusCode::OK);
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let client = Client::new(|_| ()).await;
    for path in [
        "/",
        "/style.css",
        "/app.js",
        "/api.js",
        "/timeline.js",
        "/icon.svg",
        "/openapi.json",
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = client.service.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        for part in [
            "src=\"http",
            "href=\"http",
            "url(http",
            "@import",
            "style=\"",
            "onclick=",
        ] {
            assert!(!text.contains(part), "{path} contains {part}");
        }
    }
    let request = Request::get("/nowhere").body(Body::empty()).unwrap();
    let response = client.service.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}
