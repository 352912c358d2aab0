//! What was not recorded, supplied: every way in which a page refers to something, by both ways of capture.

#[path = "common/command.rs"]
#[allow(dead_code)]
mod command;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use command::domreel;
use serde_json::{Value, json};

type Colour = [u8; 3];

const RED: Colour = [255, 0, 0];
const GREEN: Colour = [0, 255, 0];
const BLUE: Colour = [0, 0, 255];
const YELLOW: Colour = [255, 255, 0];
const PURPLE: Colour = [255, 0, 255];
const CYAN: Colour = [0, 255, 255];

/// A picture of one colour.
fn png(colour: Colour) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 20, 20);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&colour.repeat(400)).unwrap();
    writer.finish().unwrap();
    out
}

const SHEET: &str = "@import 'more.css' screen; body { margin: 0 } \
    .b { width: 20px; height: 20px; display: block; transition: all 1s; overflow: hidden } \
    .relative { background-image: url(../img/green.png) } .t { background: #0ff } .t:hover { background: #000 }";
const MORE: &str = ".imported { background: url('/img/green.png') }";
const SPRITE: &str = "<svg xmlns='http://www.w3.org/2000/svg'><symbol id='s' viewBox='0 0 20 20'>\
    <rect width='20' height='20' fill='#f0f'/></symbol></svg>";

/// What the page should show, from the top, in boxes of 20 pixels.
const SHOWN: [Colour; 9] = [RED, GREEN, GREEN, BLUE, YELLOW, PURPLE, RED, BLUE, CYAN];

fn recording() -> Value {
    let mut next = 10;
    let mut element = |tag: &str, attributes: Value, children: Vec<Value>| {
        next += 1;
        let svg = matches!(tag, "svg" | "use" | "image");
        json!({"type": 2, "id": next, "tagName": tag, "attributes": attributes, "childNodes": children, "isSVG": svg})
    };
    let sprite = element("use", json!({"href": "/sprite.svg#s"}), vec![]);
    let image = element(
        "image",
        json!({"xlink:href": "https://cdn.test/red.png", "width": "20", "height": "20"}),
        vec![],
    );
    let source = element(
        "source",
        json!({"srcset": "no.avif", "type": "image/avif"}),
        vec![],
    );
    let yellow = element("img", json!({"class": "b", "src": "rel/yellow.png"}), vec![]);
    let set = "https://cdn.test/no.png 2x, https://cdn.test/blue.png 1x";
    let body = vec![
        element(
            "img",
            json!({"class": "b", "src": "https://cdn.test/red.png"}),
            vec![],
        ),
        element("div", json!({"class": "b relative"}), vec![]),
        element("div", json!({"class": "b imported"}), vec![]),
        element(
            "img",
            json!({"class": "b", "src": "https://cdn.test/no.png", "srcset": set}),
            vec![],
        ),
        element("picture", json!({}), vec![source, yellow]),
        element("svg", json!({"class": "b", "viewBox": "0 0 20 20"}), vec![sprite]),
        element(
            "svg",
            json!({"class": "b", "width": "20", "height": "20"}),
            vec![image],
        ),
        element(
            "div",
            json!({"class": "b", "style": "background: url(\"https://cdn.test/blue.png\")"}),
            vec![],
        ),
        element("div", json!({"class": "b t"}), vec![]),
        element(
            "iframe",
            json!({"class": "b", "src": "https://shop.test/frame.html"}),
            vec![],
        ),
    ];
    let first = body[0]["id"].clone();
    let link = element(
        "link",
        json!({"rel": "stylesheet", "href": "/css/app.css?v=1"}),
        vec![],
    );
    let script = element("script", json!({"src": "https://cdn.test/script.js"}), vec![]);
    let head = element("head", json!({}), vec![link, script]);
    let body = element("body", json!({}), body);
    let html = element("html", json!({}), vec![head, body]);
    let doctype = json!({"type": 1, "id": 2, "name": "html", "publicId": "", "systemId": ""});
    json!([
        {"type": 4, "timestamp": 1000, "data": {"href": "https://shop.test/dir/page", "width": 400, "height": 200}},
        {"type": 2, "timestamp": 1001, "data": {"node": {"type": 0, "id": 1, "childNodes": [doctype, html]},
            "initialOffset": {"left": 0, "top": 0}}},
        {"type": 3, "timestamp": 2000, "data": {"source": 0, "texts": [], "removes": [], "adds": [],
            "attributes": [{"id": first, "attributes": {"src": "https://cdn.test/moved.png"}}]}},
        {"type": 3, "timestamp": 4000, "data": {"source": 3, "id": 1, "x": 0, "y": 0}}
    ])
}

/// Addresses, media types and contents.
fn contents() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let script = b"<script>document.body.remove()</script>".to_vec();
    vec![
        ("https://shop.test/css/app.css?v=1", "text/css", SHEET.into()),
        ("https://shop.test/css/more.css", "text/css", MORE.into()),
        ("https://shop.test/img/green.png", "image/png", png(GREEN)),
        ("https://cdn.test/red.png", "image/png", png(RED)),
        ("https://cdn.test/blue.png", "image/png", png(BLUE)),
        ("https://shop.test/dir/rel/yellow.png", "image/png", png(YELLOW)),
        ("https://shop.test/sprite.svg", "image/svg+xml", SPRITE.into()),
        ("https://shop.test/frame.html", "text/html", script.clone()),
        ("https://cdn.test/script.js", "text/javascript", script),
    ]
}

fn har() -> Value {
    let entry = |url: &str, response: Value| json!({"startedDateTime": "2026-01-01T00:00:00Z", "request": {"method": "GET", "url": url}, "response": response});
    let mut entries: Vec<Value> = contents()
        .iter()
        .map(|(url, media_type, content)| {
            let content =
                json!({"mimeType": media_type, "encoding": "base64", "text": BASE64.encode(content)});
            entry(url, json!({"status": 200, "redirectURL": "", "content": content}))
        })
        .collect();
    let moved = json!({"status": 302, "redirectURL": "/blue.png", "content": {}});
    entries.push(entry("https://cdn.test/moved.png", moved));
    json!({"log": {"version": "1.2", "entries": entries}})
}

fn shot(directory: &Path, arguments: &[&str]) -> image::RgbaImage {
    let out = directory.join("shot.png");
    let mut command = domreel();
    command
        .arg("shot")
        .args(arguments)
        .args(["--overlay", "none", "-o"])
        .arg(&out);
    command.current_dir(directory).assert().success();
    image::open(&out).unwrap().to_rgba8()
}

/// The colours of the boxes.
fn shown(picture: &image::RgbaImage) -> Vec<Colour> {
    let colour = |at: usize| {
        let [red, green, blue, _] = picture.get_pixel(10, 20 * at as u32 + 10).0;
        [red, green, blue]
    };
    (0..SHOWN.len()).map(colour).collect()
}

#[test]
fn pages_have_what_they_refer_to() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("in.json"), recording().to_string()).unwrap();
    std::fs::write(at("page.har"), har().to_string()).unwrap();
    for (url, _, content) in contents() {
        let path = at("mirror").join(url.trim_start_matches("https://"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    // Without them, nothing of it is there.
    let bare = shown(&shot(directory.path(), &["in.json", "--at", "0.5"]));
    assert!(!bare.contains(&RED) && !bare.contains(&CYAN), "{bare:?}");
    let mut pictures = Vec::new();
    for method in ["begin-frame", "screenshot"] {
        let arguments = [
            "in.json",
            "--assets",
            "page.har",
            "--at",
            "0.5",
            "--capture",
            method,
        ];
        pictures.push(shot(directory.path(), &arguments));
    }
    pictures.push(shot(
        directory.path(),
        &["in.json", "--assets", "mirror", "--at", "0.5"],
    ));
    domreel()
        .current_dir(directory.path())
        .args([
            "--json", "pack", "in.json", "--assets", "page.har", "-o", "packed",
        ])
        .assert()
        .success();
    std::fs::remove_file(at("page.har")).unwrap();
    pictures.push(shot(directory.path(), &["packed", "--at", "0.5"]));
    assert_eq!(shown(&pictures[0]), SHOWN);
    assert!(pictures.iter().all(|picture| *picture == pictures[0]));
    // A redirection, in a mutation.
    let later = shown(&shot(directory.path(), &["packed", "--at", "1.5"]));
    assert_eq!(later[0], BLUE);
}

#[test]
fn manifests_and_packs_tell_what_there_was() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("in.json"), recording().to_string()).unwrap();
    std::fs::write(at("page.har"), har().to_string()).unwrap();
    let pack = |out: &str| {
        let mut command = domreel();
        command.current_dir(directory.path());
        let arguments = ["--json", "pack", "in.json", "--assets", "page.har", "-o", out];
        let output = command
            .args(arguments)
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        serde_json::from_slice::<Value>(&output).unwrap()
    };
    let report = pack("one");
    pack("two");
    assert_eq!(
        std::fs::read(at("one")).unwrap(),
        std::fs::read(at("two")).unwrap()
    );
    assert_eq!(report["assets"], 7);
    let missing: Vec<&str> = report["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["url"].as_str().unwrap())
        .collect();
    assert_eq!(
        missing,
        ["https://cdn.test/no.png", "https://shop.test/dir/no.avif"]
    );
    let arguments = [
        "render", "one", "-o", "clip.gif", "--width", "200", "--to", "1.5", "--with", "manifest",
    ];
    domreel()
        .current_dir(directory.path())
        .args(arguments)
        .assert()
        .success();
    let manifest: Value = serde_json::from_slice(&std::fs::read(at("clip.json")).unwrap()).unwrap();
    assert_eq!(manifest["assets"]["sources"][0]["kind"], "pack");
    assert_eq!(manifest["assets"]["used"].as_array().unwrap().len(), 7);
    let left: Vec<&Value> = manifest["missing"]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert!(left.iter().all(|one| one["kind"] == "frame"), "{left:?}");
}

#[test]
fn what_cannot_be_used_is_told() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("in.json"), recording().to_string()).unwrap();
    std::fs::write(directory.path().join("no.har"), "{}").unwrap();
    std::fs::write(directory.path().join("no.zip"), "PK\u{3}\u{4}broken").unwrap();
    for (assets, expected) in [
        ("no.har", "holds no assets"),
        ("no.zip", "damaged"),
        ("absent", "absent"),
    ] {
        let mut command = domreel();
        command.current_dir(directory.path());
        let arguments = ["inspect", "in.json", "--assets", assets];
        let output = command
            .args(arguments)
            .assert()
            .code(3)
            .get_output()
            .stderr
            .clone();
        let told = String::from_utf8_lossy(&output).into_owned();
        assert!(told.contains(expected), "{assets}: {told}");
    }
}
