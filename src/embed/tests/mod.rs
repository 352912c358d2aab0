//! What every target gets, letter by letter, and what holds for documents that are there.
//!
//! `BLESS=1 cargo test --lib embed::` writes the golden files anew.

mod notebooks;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::beside::Extra;
use super::manifest::tests::checkout;
use super::*;
use crate::limits::{Limit, Limits};

/// A clip of a few bytes with a manifest beside it.
fn clip(name: &str) -> (TempDir, ClipFiles) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let mut manifest = checkout();
    manifest.clip.file = name.to_owned();
    if name.ends_with(".mp4") {
        manifest.clip.format = "mp4".to_owned();
        manifest.clip.media_type = Some("video/mp4".to_owned());
    }
    std::fs::write(&path, b"GIF89a").unwrap();
    std::fs::write(Extra::Poster.path(&path), b"\x89PNG").unwrap();
    std::fs::write(Extra::Manifest.path(&path), manifest.to_json()).unwrap();
    let files = ClipFiles::open(&path, Limits::default()).unwrap();
    (directory, files)
}

/// Compares with a file of the source tree.
fn golden(name: &str, text: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/embed/tests/golden")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}; BLESS=1 writes it anew");
}

#[test]
fn clips_and_manifests_are_bounded() {
    let (directory, mut clip) = clip("clip.gif");
    let path = directory.path().join("clip.gif");
    assert!(clip.clip().is_ok());
    clip.limits = clip.limits.with(Limit::Inline, 5);
    let error = clip.clip().unwrap_err().to_string();
    assert!(error.contains("--allow inline="), "{error}");
    let short = Limits::default().with(Limit::Manifest, 100);
    let error = ClipFiles::open(&path, short).unwrap_err().to_string();
    assert!(error.contains("--allow manifest="), "{error}");
}

#[test]
fn a_clip_without_a_manifest_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let error = ClipFiles::open(&directory.path().join("clip.gif"), Limits::default()).unwrap_err();
    assert!(error.to_string().contains("--with manifest"), "{error}");
}

#[test]
fn the_page_holds_everything_and_lets_nothing_else_run() {
    for name in ["clip.gif", "clip.mp4"] {
        let (_directory, mut clip) = clip(name);
        clip.manifest.moments[1].text = "</script><script>alert(1)</script>".to_owned();
        let page = page(&clip).unwrap();
        assert_eq!(page.matches("<script").count(), 1, "{name}");
        assert!(!page.contains("http-equiv=\"refresh\""));
        assert!(page.contains("data:image/png;base64,iVBORw=="), "{name}");
        assert!(page.contains("base64,R0lGODlh"), "{name}");
        assert!(page.contains("default-src 'none'"));
        for link in ["src=\"http", "href=", "url(", "@import"] {
            assert!(!page.contains(link), "{name}: {link}");
        }
        // The style and the player have tests of their own: a browser.
        let start = page.find("<style>").unwrap();
        let end = page.find("</style>").unwrap();
        let script = page.find("<script>").unwrap();
        let document = format!("{}{}", &page[..start], &page[end..script]);
        golden(&format!("page-{}.html", name.replace("clip.", "")), &document);
    }
}

#[test]
fn every_target_has_its_snippet() {
    let (_directory, clip) = clip("clip.gif");
    let hosted = SnippetOptions {
        url: Some("https://files.example/clip.gif".to_owned()),
        ..SnippetOptions::default()
    };
    let uploaded = SnippetOptions {
        file_id: Some("F0123".to_owned()),
        ..SnippetOptions::default()
    };
    for target in Target::ALL {
        if matches!(target, Target::Html | Target::Notebook) {
            continue;
        }
        for (name, options) in [
            ("", SnippetOptions::default()),
            ("-hosted", hosted.clone()),
            ("-uploaded", uploaded.clone()),
        ] {
            let takes_ids = matches!(target, Target::Jira | Target::Slack | Target::Notion);
            if name == "-uploaded" && !takes_ids {
                continue;
            }
            let snippet = snippet(target, &clip, &options).unwrap();
            golden(&format!("{target}{name}.{}", snippet.extension), &snippet.text);
            if snippet.extension == "json" {
                serde_json::from_str::<serde_json::Value>(&snippet.text).unwrap();
            }
            assert!(snippet.text.contains("TypeError"), "{target}");
            // Whoever has the clip elsewhere has nothing left to do.
            let needs_more = !name.is_empty() || target == Target::Markdown;
            assert_eq!(snippet.notes.is_empty(), needs_more, "{target}{name}");
        }
    }
}

#[test]
fn videos_are_shown_or_linked() {
    let (_directory, clip) = clip("clip.mp4");
    let hosted = SnippetOptions {
        url: Some("https://files.example/clip.mp4".to_owned()),
        ..SnippetOptions::default()
    };
    for target in Target::ALL {
        let snippet = snippet(target, &clip, &hosted).unwrap();
        let shown = snippet.text.contains("files.example/clip.mp4") || snippet.text.contains("video/mp4");
        assert!(shown, "{target}");
    }
}

#[test]
fn github_and_gitlab_play_videos() {
    let (_directory, clip) = clip("clip.mp4");
    let hosted = SnippetOptions {
        url: Some("https://files.example/clip.mp4".to_owned()),
        ..SnippetOptions::default()
    };
    let text = |target, options: &SnippetOptions| snippet(target, &clip, options).unwrap().text;
    let github = text(Target::Github, &SnippetOptions::default());
    assert!(github.contains("\n\n![](clip.mp4)\n\n"), "{github}");
    let github = text(Target::Github, &hosted);
    assert!(
        github.contains("\n\nhttps://files.example/clip.mp4\n\n"),
        "{github}"
    );
    let gitlab = text(Target::Gitlab, &hosted);
    assert!(
        gitlab.contains("](https://files.example/clip.mp4)\n\n"),
        "{gitlab}"
    );
}

#[test]
fn addresses_are_of_the_web() {
    let (_directory, clip) = clip("clip.gif");
    let options = SnippetOptions {
        url: Some("javascript:alert(1)".to_owned()),
        ..SnippetOptions::default()
    };
    assert!(snippet(Target::Markdown, &clip, &options).is_err());
}

#[test]
fn parts_can_be_left_out() {
    let (_directory, clip) = clip("clip.gif");
    let options = SnippetOptions {
        parts: vec![document::Part::Clip],
        title: Some("Ours".to_owned()),
        ..SnippetOptions::default()
    };
    let snippet = snippet(Target::Markdown, &clip, &options).unwrap();
    assert!(
        snippet.text.starts_with("## Ours\n\n![12 s of a session"),
        "{}",
        snippet.text
    );
    assert!(!snippet.text.contains("Environment"));
}

#[test]
fn a_post_mortem_says_what_is_known_and_asks_for_the_rest() {
    golden(
        "postmortem.md",
        &markdown(&postmortem(Some(&checkout()), None), 1),
    );
    let empty = markdown(&postmortem(None, Some("Orders fail")), 1);
    assert!(empty.starts_with("# Post-mortem: Orders fail\n"), "{empty}");
    for heading in [
        "Summary",
        "Impact",
        "Timeline",
        "Trigger",
        "Detection",
        "Resolution",
        "Lessons learned",
        "Action items",
        "Supporting information",
    ] {
        assert!(empty.contains(&format!("\n## {heading}\n")), "{heading}");
    }
}
