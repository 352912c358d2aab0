//! Each layer of the isolation is taken away alone: the others still hold. With all of them gone, the same
//! recording gets out, which shows that the canary hears.

use domreel::dom::{Handle, Namespace, NewContent, Step};
use domreel::stage::{CaptureMethod, Without};

use super::canary::Canary;
use super::tree::{Tree, element};
use super::{BOTH, looked_up, open, read_events, recording, show, steps, untouched};

async fn holds(name: &str, without: Without, unsanitised: bool) {
    let canary = Canary::new();
    let directory = tempfile::tempdir().unwrap();
    let hostile = match unsanitised {
        true => raw_steps(canary.port),
        false => steps(&read_events(&recording::events(canary.port))),
    };
    for method in BOTH {
        let log = directory.path().join(format!("{method:?}.json"));
        let without = Without {
            net_log: Some(log.clone()),
            ..without.clone()
        };
        let mut stage = open(method, &without).await;
        let marks = show(&mut stage, &hostile).await;
        drop(stage);
        assert_eq!(marks, untouched(), "without {name}, {method:?}");
        assert_eq!(canary.heard(), Vec::<String>::new(), "without {name}, {method:?}");
        assert!(
            !looked_up(&log, recording::NAMES),
            "without {name}, {method:?}: a name was looked up"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_policy() {
    let without = Without {
        policy: true,
        ..Without::default()
    };
    holds("the policy", without, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_refusal_of_requests() {
    let without = Without {
        refusal: true,
        ..Without::default()
    };
    holds("the refusal", without, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_flags_that_cut_the_network_off() {
    let without = Without {
        network_flags: true,
        ..Without::default()
    };
    holds("the flags", without, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_check_in_the_page() {
    let without = Without {
        page_check: true,
        ..Without::default()
    };
    holds("the check", without, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sanitising() {
    holds("sanitising", Without::default(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_in_the_way_the_canary_hears() {
    let canary = Canary::new();
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log.json");
    let without = Without {
        policy: true,
        refusal: true,
        network_flags: true,
        page_check: true,
        net_log: Some(log.clone()),
    };
    let mut stage = open(CaptureMethod::Screenshot, &without).await;
    let steps = raw_steps(canary.port);
    // It may well end in another page.
    for step in &steps {
        let _ = stage.step(std::slice::from_ref(step), step.time).await;
    }
    for _ in 0..200 {
        if !canary.heard().is_empty() && looked_up(&log, recording::NAMES) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!(
        "heard: {:?}, looked up: {}",
        canary.heard(),
        looked_up(&log, recording::NAMES)
    );
}

/// The number of the node that comes next.
fn next(tree: &Tree) -> Handle {
    tree.0.len() as Handle + 1
}

/// Changes as no recording makes them: what sanitising takes out is still in there.
fn raw_steps(port: u16) -> Vec<Step> {
    let url = format!("http://127.0.0.1:{port}/raw");
    let name = format!("http://raw.{}/x", recording::NAMES);
    let code = format!("top.pwned=1;window.pwned=1;new Image().src='{url}'");
    let mut tree = Tree::default();
    let html = |tree: &mut Tree, parent, tag, attributes: &[(&str, &str)]| {
        tree.html(next(tree), parent, tag, attributes)
    };
    let document = tree.add(1, None, NewContent::Document { quirks: false });
    let root = html(&mut tree, Some(document), "html", &[]);
    let head = html(&mut tree, Some(root), "head", &[]);
    for rel in [
        "preconnect",
        "dns-prefetch",
        "prefetch",
        "preload",
        "modulepreload",
        "stylesheet",
        "icon",
    ] {
        html(
            &mut tree,
            Some(head),
            "link",
            &[("rel", rel), ("href", &name), ("as", "script")],
        );
        html(
            &mut tree,
            Some(head),
            "link",
            &[("rel", rel), ("href", &url), ("as", "image")],
        );
    }
    let refresh = format!("3;url={url}");
    html(
        &mut tree,
        Some(head),
        "meta",
        &[("http-equiv", "refresh"), ("content", &refresh)],
    );
    let body = html(&mut tree, Some(root), "body", &[("onload", &code)]);
    for namespace in [Namespace::Html, Namespace::Svg] {
        let script = tree.add(next(&tree), Some(body), element(namespace, "script", &[]));
        tree.text(next(&tree), script, &code);
        let sources = [("src", url.as_str()), ("href", &url)];
        tree.add(next(&tree), Some(body), element(namespace, "script", &sources));
    }
    let javascript = format!("javascript:{code}");
    let srcdoc = format!("<script>{code}</script>");
    let page = format!("data:text/html,<script>{code}</script>");
    for attributes in [
        [("src", javascript.as_str())],
        [("src", page.as_str())],
        [("src", url.as_str())],
        [("srcdoc", srcdoc.as_str())],
    ] {
        html(&mut tree, Some(body), "iframe", &attributes);
    }
    html(&mut tree, Some(body), "object", &[("data", &url)]);
    html(&mut tree, Some(body), "embed", &[("src", &url)]);
    let broken = [("src", "data:image/png;base64,broken"), ("onerror", &code)];
    html(&mut tree, Some(body), "img", &broken);
    html(&mut tree, Some(body), "img", &[("src", &url)]);
    html(&mut tree, Some(body), "img", &[("src", &name)]);
    html(&mut tree, Some(body), "video", &[("src", &url), ("autoplay", "")]);
    let changes = tree.shown();
    vec![Step {
        time: 1000.0,
        changes,
    }]
}
