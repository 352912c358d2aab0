//! `--upload`, into a directory and to a server that takes `PUT`. These tests need a browser.

#[path = "common/command.rs"]
mod command;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use command::{domreel, fixture};

const TOKEN: &str = "s3cr3t";

/// What the server was sent: media types and bytes, by path.
type Kept = Arc<Mutex<BTreeMap<String, (String, Vec<u8>)>>>;

async fn keep(
    State(kept): State<Kept>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name| headers.get(name).map_or("", |value| value.to_str().unwrap());
    if method != Method::PUT {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    if header("authorization") != format!("Bearer {TOKEN}") {
        return StatusCode::UNAUTHORIZED;
    }
    let sent = (header("content-type").to_owned(), body.to_vec());
    kept.lock().unwrap().insert(uri.path().to_owned(), sent);
    StatusCode::CREATED
}

/// A server that takes `PUT` from who has the token; its address.
fn server(kept: &Kept) -> (tokio::runtime::Runtime, String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(keep).with_state(kept.clone());
    let router = router.layer(DefaultBodyLimit::disable());
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (runtime, address)
}

/// Makes a short clip and uploads it into the directory; what was printed.
fn render(clip: &Path, upload: &Path) -> String {
    let done = domreel()
        .args(["render", &fixture("damaged/whole.json"), "--for", "github", "-o"])
        .arg(clip)
        .arg("--upload")
        .arg(format!("file://{}", upload.display()))
        .args(["--public-url", "https://clips.example/2026"])
        .assert()
        .code(0);
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

#[test]
fn what_is_uploaded_is_what_texts_link_to() {
    let directory = tempfile::tempdir().unwrap();
    let clip = directory.path().join("clip.gif");
    let upload = directory.path().join("public/2026");
    let told = render(&clip, &upload);
    let link = "https://clips.example/2026/clip.gif";
    assert!(told.contains(&format!("uploaded: {link}")), "{told}");
    let bytes = std::fs::read(&clip).unwrap();
    assert_eq!(std::fs::read(upload.join("clip.gif")).unwrap(), bytes);
    assert!(upload.join("clip.png").exists());
    let text = std::fs::read_to_string(directory.path().join("clip.github.md")).unwrap();
    assert!(text.contains(link), "{text}");

    let kept = Kept::default();
    let (_runtime, address) = server(&kept);
    let embed = |token: &str, address: &str, to: &[&str]| {
        let mut command = domreel();
        command.arg("embed").arg(&clip).args(to);
        command.args(["--upload", &format!("{address}/a b")]);
        command.env("DOMREEL_UPLOAD_TOKEN", token).assert()
    };
    // To the wrong ones it is said what to do, and no document is changed.
    let document = directory.path().join("report.md");
    std::fs::write(&document, "# Report\n").unwrap();
    let to = ["--into", document.to_str().unwrap()];
    let failed = embed("wr0ng", &address, &to).code(8);
    let told = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(
        told.contains("401") && told.contains("DOMREEL_UPLOAD_TOKEN"),
        "{told}"
    );
    assert!(!told.contains("wr0ng"), "{told}");
    assert_eq!(std::fs::read_to_string(&document).unwrap(), "# Report\n");
    assert!(kept.lock().unwrap().is_empty());

    embed(TOKEN, &address, &to).code(0);
    let text = std::fs::read_to_string(&document).unwrap();
    assert!(text.contains(&format!("{address}/a%20b/clip.gif")), "{text}");
    let done = embed(TOKEN, &address, &["--for", "slack"]).code(0);
    let snippet = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(
        snippet.contains(&format!("{address}/a%20b/clip.gif")),
        "{snippet}"
    );
    let kept = kept.lock().unwrap();
    assert_eq!(kept["/a%20b/clip.gif"], ("image/gif".to_owned(), bytes));
    assert_eq!(kept["/a%20b/clip.png"].0, "image/png");
}

#[test]
fn what_cannot_be_uploaded_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let frames = directory.path().join("frames/");
    let upload = format!("file://{}/up", directory.path().display());
    for (output, upload, told) in [
        (Path::new("-"), upload.as_str(), "one file"),
        (&frames, upload.as_str(), "one file"),
        (&frames, "ftp://clips.example", "https://"),
        (&frames, "https://me:s3cr3t@clips.example", "environment"),
    ] {
        let mut command = domreel();
        command.args(["render", &fixture("damaged/whole.json"), "--upload", upload]);
        command.args(["--format", if output == Path::new("-") { "gif" } else { "png" }]);
        let failed = command.arg("-o").arg(output).assert().code(2);
        let error = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert!(error.contains(told), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
    assert!(!frames.exists());
}
