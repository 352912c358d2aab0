//! The store, in a directory.

use serde_json::json;

use super::*;

async fn store(sources: Sources) -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("store");
    let store = Store::open(place.to_str().unwrap(), sources).await.unwrap();
    (directory, store)
}

fn rendered(names: &[&str]) -> Rendered {
    let files = names.iter().map(|name| RenderedFile {
        name: (*name).to_owned(),
        media_type: "image/gif".to_owned(),
    });
    Rendered {
        files: files.collect(),
        report: json!({ "frames": 2 }),
    }
}

async fn publish(
    store: &Store,
    directory: &Path,
    rendered: Rendered,
    max: u64,
) -> Result<Manifest, StoreError> {
    let progress = Progress::default();
    let options = Map::new();
    store
        .publish("key", "hash", &options, "1", directory, rendered, max, &progress)
        .await
}

#[tokio::test]
async fn recordings_come_back_as_they_were() {
    let (directory, store) = store(Sources::default()).await;
    let file = directory.path().join("in");
    // More than one piece.
    let content = vec![7u8; Store::PIECE + 5];
    std::fs::write(&file, &content).unwrap();
    let source = store.put_recording(&file).await.unwrap();
    assert_eq!(store.put_recording(&file).await.unwrap(), source);
    let back = directory.path().join("back");
    let progress = Progress::default();
    let hash = store.fetch(&source, &back, u64::MAX, &progress).await.unwrap();
    assert_eq!(source, Source::Stored(hash.clone()));
    assert!(std::fs::read(&back).unwrap() == content);

    let long = store
        .fetch(&source, &directory.path().join("long"), 10, &progress)
        .await;
    assert!(matches!(long, Err(StoreError::TooLarge(10))), "{long:?}");

    let kept = directory.path().join("store/recordings").join(&hash);
    std::fs::write(kept, "other").unwrap();
    let damaged = store
        .fetch(&source, &directory.path().join("bad"), 10, &progress)
        .await;
    assert!(matches!(damaged, Err(StoreError::Damaged(_))), "{damaged:?}");

    let none = Source::Stored("0".repeat(64));
    let missing = store
        .fetch(&none, &directory.path().join("none"), 10, &progress)
        .await;
    assert!(matches!(missing, Err(StoreError::NoRecording(_))), "{missing:?}");
    let outside = Source::Stored("../../etc/passwd".to_owned());
    let refused = store
        .fetch(&outside, &directory.path().join("out"), 10, &progress)
        .await;
    assert!(matches!(refused, Err(StoreError::Name(_))), "{refused:?}");
}

#[tokio::test]
async fn a_clip_is_there_once_its_manifest_is() {
    let (directory, store) = store(Sources::default()).await;
    let made = directory.path().join("made");
    std::fs::create_dir_all(made.join("frames")).unwrap();
    std::fs::write(made.join("clip.gif"), "GIF").unwrap();
    std::fs::write(made.join("frames/1.png"), "PNG").unwrap();
    assert_eq!(store.manifest("key").await.unwrap(), None);
    let names = ["clip.gif", "frames/1.png"];
    let manifest = publish(&store, &made, rendered(&names), 100).await.unwrap();
    assert_eq!(store.manifest("key").await.unwrap(), Some(manifest.clone()));
    let (bytes, content) = store.open_output("key", "frames/1.png").await.unwrap();
    assert_eq!((bytes, content.count().await), (3, 1));

    // The first one stands.
    std::fs::write(made.join("more.gif"), "GIF").unwrap();
    let again = publish(&store, &made, rendered(&["clip.gif", "more.gif"]), 100).await;
    assert_eq!(again.unwrap(), manifest);
}

#[tokio::test]
async fn what_is_too_large_or_elsewhere_is_not_published() {
    let (directory, store) = store(Sources::default()).await;
    let made = directory.path().join("made");
    std::fs::create_dir_all(&made).unwrap();
    std::fs::write(made.join("clip.gif"), "GIF89a").unwrap();
    std::fs::write(directory.path().join("secret"), "s").unwrap();
    let large = publish(&store, &made, rendered(&["clip.gif"]), 5).await;
    assert!(
        matches!(large, Err(StoreError::OutputTooLarge(6, 5))),
        "{large:?}"
    );
    for name in ["../secret", "/etc/passwd", "manifest.json"] {
        let refused = publish(&store, &made, rendered(&[name]), 100).await;
        assert!(matches!(refused, Err(StoreError::Name(_))), "{refused:?}");
    }
    assert_eq!(store.manifest("key").await.unwrap(), None);
}

#[test]
fn only_allowed_urls_are_fetched() {
    let prefixes = ["s3://bucket/replays/", "https://files.example:8443"];
    let sources = Sources::new(prefixes.map(|url| url.parse().unwrap()).to_vec());
    for url in [
        "s3://bucket/replays/2026/a.json",
        "https://files.example:8443/a.json",
    ] {
        sources.check(url).unwrap();
    }
    for url in [
        "s3://bucket/other/a.json",
        "s3://bucket/replays/../other/a.json",
        "s3://bucket/replays-of-others/a.json",
        "s3://bucket2/replays/a.json",
        "https://files.example/a.json",
        "https://files.example.evil:8443/a.json",
        "https://files.example:8443@evil/a.json",
        "http://files.example:8443/a.json",
        "file:///etc/passwd",
        "/etc/passwd",
    ] {
        let refused = sources.check(url).unwrap_err().to_string();
        assert!(refused.contains("--allow-source"), "{url}: {refused}");
    }
}

#[test]
fn keys_tell_requests_apart() {
    let options = |text: &str| serde_json::from_str::<Map<_, _>>(text).unwrap();
    let key = output_key("a", &options(r#"{"x":1,"y":{"p":1,"q":2}}"#), "1");
    assert_eq!(
        key,
        output_key("a", &options(r#"{"y":{"q":2,"p":1},"x":1}"#), "1")
    );
    assert_eq!(key.len(), 64);
    for other in [
        output_key("b", &options(r#"{"x":1,"y":{"p":1,"q":2}}"#), "1"),
        output_key("a", &options(r#"{"x":2,"y":{"p":1,"q":2}}"#), "1"),
        output_key("a", &options(r#"{"x":1,"y":{"p":1,"q":2}}"#), "2"),
    ] {
        assert_ne!(key, other);
    }
}
