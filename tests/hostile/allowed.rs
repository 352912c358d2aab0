//! With `--allow-host`: only what is allowed is asked, by this program, and redirections get nowhere else.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use domreel::asset::{Assets, NetOptions, absent, fetch_absent, fill};
use domreel::limits::{Limit, Limits};
use domreel::stage::Without;
use serde_json::json;

use super::canary::Canary;
use super::recording::{self, Builder};
use super::{BOTH, open, read_events, show, steps, untouched};

/// A server on this machine; gives the heads of the requests that it got.
fn serve(
    answer: impl Fn(&str) -> (String, Vec<u8>) + Send + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = Vec::new();
            let mut chunk = [0; 2048];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(count) if count > 0 => request.extend_from_slice(&chunk[..count]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            noted.lock().unwrap().push(request);
            let (head, body) = answer(&path);
            let head = format!(
                "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body));
        }
    });
    (address, asked)
}

/// A page with pictures at these addresses.
fn pictures(port: u16, urls: &[String]) -> domreel::recording::Recording {
    let mut build = Builder::new(port);
    let images = urls
        .iter()
        .map(|url| build.element("img", json!({"src": url}), vec![]))
        .collect();
    let body = build.element("body", json!({}), images);
    let html = build.element("html", json!({}), vec![body]);
    read_events(&[
        json!({"type": 4, "timestamp": 1000, "data": {"href": "https://page.test/", "width": 400, "height": 300}}),
        json!({"type": 2, "timestamp": 1001, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]},
            "initialOffset": {"left": 0, "top": 0}}}),
        json!({"type": 3, "timestamp": 2000, "data": {"source": 3, "id": 1, "x": 0, "y": 0}}),
    ])
}

fn names(address: SocketAddr) -> NetOptions {
    NetOptions {
        test_names: Some(BTreeMap::from([("cdn.test".to_owned(), address)])),
        ..NetOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_this_machine_are_never_asked_though_allowed() {
    let canary = Canary::new();
    let mut hostile = read_events(&recording::events(canary.port));
    let wanted = absent(&hostile, &Assets::default());
    assert!(wanted.len() > 40, "{}", wanted.len());
    // Whoever allows everything that the recording names allows nothing that is here.
    let mut hosts: Vec<_> = recording::addresses(canary.port)
        .iter()
        .filter_map(|address| address.strip_prefix("http://")?.split('/').next()?.parse().ok())
        // This machine may have a resolver that asks others for it.
        .filter(|host: &domreel::asset::AllowedHost| !host.to_string().contains("localtest"))
        .collect();
    hosts.push(format!("127.0.0.1:{}", canary.port).parse().unwrap());
    let assets = fetch_absent(&wanted, &hosts, &NetOptions::default()).await;
    assert_eq!(assets.len(), 0);
    fill(&mut hostile, &assets);
    for method in BOTH {
        let mut stage = open(method, &Without::default()).await;
        assert_eq!(show(&mut stage, &steps(&hostile)).await, untouched());
    }
    assert_eq!(canary.heard(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirections_are_judged_like_first_addresses() {
    let canary = Canary::new();
    let private = canary.port;
    let (server, asked) = serve(move |path| {
        let to = match path {
            "/private" => format!("http://127.0.0.1:{private}/"),
            "/mapped" => format!("http://[::ffff:7f00:1]:{private}/"),
            "/metadata" => "http://169.254.169.254/latest/".to_owned(),
            "/elsewhere" => "http://elsewhere.test/x.png".to_owned(),
            "/file" => "file:///etc/passwd".to_owned(),
            "/round" => "/round".to_owned(),
            "/user" => "http://user:password@cdn.test/x.png".to_owned(),
            "/moved" => "/x.png".to_owned(),
            _ => {
                return (
                    "200 OK\r\nContent-Type: image/png\r\nSet-Cookie: a=b".to_owned(),
                    b"png".to_vec(),
                );
            }
        };
        (
            format!("302 Found\r\nSet-Cookie: a=b\r\nLocation: {to}"),
            Vec::new(),
        )
    });
    let port = server.port();
    let paths = [
        "private",
        "mapped",
        "metadata",
        "elsewhere",
        "file",
        "round",
        "user",
        "moved",
        "x.png",
    ];
    let mut urls: Vec<String> = paths
        .iter()
        .map(|path| format!("http://cdn.test:{port}/{path}"))
        .collect();
    urls.push(format!("http://user:password@cdn.test:{port}/y.png"));
    let recording = pictures(port, &urls);
    let hosts: Vec<_> = [
        format!("cdn.test:{port}"),
        format!("127.0.0.1:{private}"),
        format!("[::ffff:7f00:1]:{private}"),
        "169.254.169.254".to_owned(),
    ]
    .iter()
    .map(|host| host.parse().unwrap())
    .collect();
    let assets = fetch_absent(&absent(&recording, &Assets::default()), &hosts, &names(server)).await;
    let has = |path: &str| assets.has(&format!("http://cdn.test:{port}/{path}"), "");
    assert!(has("x.png") && has("moved"));
    for path in &paths[..7] {
        assert!(!has(path), "{path}");
    }
    assert_eq!(canary.heard(), Vec::<String>::new());
    let asked = asked.lock().unwrap().join("\n").to_ascii_lowercase();
    for told in ["cookie", "authorization", "referer", "y.png"] {
        assert!(!asked.contains(told), "{told} in {asked}");
    }
    // The first, and as many as it may lead to.
    let most = 1 + Limit::AssetRedirects.default() as usize;
    assert_eq!(asked.matches("get /round ").count(), most);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold() {
    let (server, asked) = serve(|path| {
        let body = if path == "/large" {
            vec![0; 5000]
        } else {
            vec![0; 900]
        };
        ("200 OK\r\nContent-Type: image/png".to_owned(), body)
    });
    let port = server.port();
    let mut urls: Vec<String> = (0..20).map(|at| format!("http://cdn.test:{port}/{at}")).collect();
    urls.push(format!("http://cdn.test:{port}/large"));
    let wanted = absent(&pictures(port, &urls), &Assets::default());
    let hosts = [format!("cdn.test:{port}").parse().unwrap()];
    let limited = |limit, value| NetOptions {
        limits: Limits::default().with(limit, value),
        ..names(server)
    };
    let small = limited(Limit::Asset, 1000);
    let assets = fetch_absent(&wanted, &hosts, &small).await;
    assert_eq!(assets.len(), 20);
    assert!(!assets.has(&format!("http://cdn.test:{port}/large"), ""));
    let few = limited(Limit::HostAssets, 3);
    assert_eq!(fetch_absent(&wanted, &hosts, &few).await.len(), 3);
    let little = limited(Limit::HostSize, 2500);
    assert!(fetch_absent(&wanted, &hosts, &little).await.len() <= 2);
    let before = asked.lock().unwrap().len();
    let late = limited(Limit::HostTime, 0);
    assert_eq!(fetch_absent(&wanted, &hosts, &late).await.len(), 0);
    assert_eq!(fetch_absent(&wanted, &[], &names(server)).await.len(), 0);
    assert_eq!(asked.lock().unwrap().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_sheet_brings_what_it_refers_to() {
    let (server, _) = serve(|path| match path {
        "/a.css" => (
            "200 OK\r\nContent-Type: text/css".to_owned(),
            b"@import 'b.css';".to_vec(),
        ),
        "/b.css" => (
            "200 OK\r\nContent-Type: text/css".to_owned(),
            b"p{background:url(i.png)}".to_vec(),
        ),
        "/i.png" => ("200 OK\r\nContent-Type: image/png".to_owned(), b"png".to_vec()),
        _ => ("404 Not Found".to_owned(), Vec::new()),
    });
    let port = server.port();
    let wanted = domreel::asset::Absent {
        url: format!("http://cdn.test:{port}/a.css"),
        kind: domreel::asset::AssetKind::StyleSheet,
    };
    let hosts = [format!("cdn.test:{port}").parse().unwrap()];
    let assets = fetch_absent(&[wanted], &hosts, &names(server)).await;
    assert_eq!(assets.len(), 3);
}
