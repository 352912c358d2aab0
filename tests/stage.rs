//! The page script, in a real browser, fed with changes made by hand.

mod common;
#[path = "common/small.rs"]
mod small;
#[path = "common/tree.rs"]
mod tree;

use std::sync::Arc;
use std::time::Duration;

use domreel::dom::{Change, MediaState, Namespace, NewContent, Sheet, Step};
use domreel::pixmap::Pixmap;
use domreel::recording::{CanvasContext, DialogMode};
use domreel::stage::{CaptureMethod, Stage};
use serde_json::{Value, json};
use small::small;
use tree::{Tree, element};

async fn stage() -> Stage {
    Stage::open(&small(None)).await.expect("a stage")
}

/// A page whose body, handle 4, has what `fill` puts there.
fn page(style: &str, fill: impl FnOnce(&mut Tree, u32)) -> Vec<Change> {
    let mut tree = Tree::default();
    let document = tree.add(1, None, NewContent::Document { quirks: false });
    tree.add(
        2,
        Some(document),
        NewContent::Doctype {
            name: "html".into(),
            public_id: "".into(),
            system_id: "".into(),
        },
    );
    let html = tree.html(3, Some(document), "html", &[]);
    let head = tree.html(5, Some(html), "head", &[]);
    let sheet = tree.html(6, Some(head), "style", &[]);
    tree.text(7, sheet, style);
    let body = tree.html(4, Some(html), "body", &[]);
    fill(&mut tree, body);
    tree.shown()
}

async fn show(stage: &mut Stage, time: f64, changes: Vec<Change>, to: f64) {
    let shown = stage.step(&[Step { time, changes }], to).await.expect("a step");
    assert_eq!(shown.failed, 0, "{:?}", shown.errors);
}

/// Evaluates an expression in which `d` is the recorded document.
async fn ask(stage: &Stage, expression: &str) -> Value {
    let within = format!("((d) => {expression})(document.querySelector('iframe').contentDocument)");
    stage.evaluate(within).await.expect("an answer")
}

#[tokio::test]
async fn markup_is_built_as_it_was() {
    let mut stage = stage().await;
    let changes = page("", |tree, body| {
        let svg = tree.add(
            10,
            Some(body),
            element(Namespace::Svg, "svg", &[("viewBox", "0 0 1 1")]),
        );
        tree.add(
            11,
            Some(svg),
            element(Namespace::Svg, "linearGradient", &[("xlink:href", "#a")]),
        );
        let host = tree.html(
            12,
            Some(body),
            "x-host",
            &[("@click", "1"), ("onclick", "alert(1)")],
        );
        let root = tree.add(13, Some(host), NewContent::ShadowRoot);
        tree.html(14, Some(root), "b", &[("id", "inner")]);
        let frame = tree.html(
            15,
            Some(body),
            "iframe",
            &[("sandbox", ""), ("src", "http://127.0.0.1/")],
        );
        let inner = tree.add(16, Some(frame), NewContent::Document { quirks: true });
        let inner_html = tree.html(17, Some(inner), "html", &[]);
        let inner_body = tree.html(18, Some(inner_html), "body", &[]);
        tree.text(19, inner_body, "inside");
        tree.add(20, Some(body), NewContent::Comment(" kept ".into()));
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    let found = ask(
        &stage,
        "[d.compatMode, d.doctype.name, d.querySelector('svg > *').localName, \
          d.querySelector('svg > *').href.baseVal, d.querySelector('x-host').getAttribute('@click'), \
          d.querySelector('x-host').hasAttribute('onclick'), \
          d.querySelector('x-host').shadowRoot.querySelector('#inner') !== null, \
          d.querySelector('iframe').contentDocument.compatMode, \
          d.querySelector('iframe').contentDocument.body.textContent, \
          d.querySelector('iframe').getAttribute('src'), d.body.lastChild.data]",
    )
    .await;
    assert_eq!(
        found,
        json!([
            "CSS1Compat",
            "html",
            "linearGradient",
            "#a",
            "1",
            false,
            true,
            "BackCompat",
            "inside",
            null,
            " kept "
        ])
    );
}

#[tokio::test]
async fn changes_are_carried_out() {
    let mut stage = stage().await;
    let changes = page("p { color: red }", |tree, body| {
        let paragraph = tree.html(10, Some(body), "p", &[]);
        tree.text(11, paragraph, "one");
        tree.html(12, Some(body), "input", &[("id", "field")]);
        tree.html(13, Some(body), "dialog", &[("open", "")]);
        let tall = tree.html(
            14,
            Some(body),
            "div",
            &[("style", "height:50px;width:50px;overflow:auto")],
        );
        tree.html(15, Some(tall), "div", &[("style", "height:500px")]);
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    let changes = vec![
        Change::Text {
            node: 11,
            text: "two".into(),
        },
        Change::Attribute {
            node: 10,
            name: "class".into(),
            value: Some("big".into()),
        },
        Change::InlineStyle {
            node: 10,
            property: "width".into(),
            value: Some("7px".into()),
            important: true,
        },
        Change::InsertRule {
            sheet: Sheet::Owner(6),
            rule: "@media all { .big { color: rgb(1, 2, 3) } }".into(),
            path: vec![1],
        },
        Change::InsertRule {
            sheet: Sheet::Owner(6),
            rule: "p.big { margin: 0px }".into(),
            path: vec![1, 0],
        },
        Change::RuleStyle {
            sheet: Sheet::Owner(6),
            path: vec![1, 0],
            property: "margin-left".into(),
            value: Some("9px".into()),
            important: false,
        },
        Change::Value {
            node: 12,
            value: "typed".into(),
        },
        Change::Dialog {
            node: 13,
            mode: Some(DialogMode::Modal),
        },
        Change::Scroll {
            node: 14,
            x: 0.0,
            y: 120.0,
        },
        Change::NewSheet {
            sheet: 1,
            document: 1,
            media: None,
            disabled: false,
        },
        Change::SheetText {
            sheet: Sheet::Constructed(1),
            text: "body { background: rgb(4, 5, 6) }".into(),
        },
        Change::Adopt {
            root: 1,
            sheets: vec![1],
        },
        Change::Hover { node: Some(11) },
    ];
    show(&mut stage, 1100.0, changes, 1200.0).await;
    let found = ask(
        &stage,
        "(() => { const p = d.querySelector('p'); const c = getComputedStyle(p); return [ \
          p.textContent, p.className, c.width, c.color, c.marginLeft, d.querySelector('#field').value, \
          d.querySelector('dialog').matches(':modal'), d.querySelector('body > div').scrollTop, \
          getComputedStyle(d.body).backgroundColor, \
          p.hasAttribute('domreel-hover') && d.body.hasAttribute('domreel-hover')] })()",
    )
    .await;
    assert_eq!(
        found,
        json!([
            "two",
            "big",
            "7px",
            "rgb(1, 2, 3)",
            "9px",
            "typed",
            true,
            120,
            "rgb(4, 5, 6)",
            true
        ])
    );
    let changes = vec![
        Change::Dialog { node: 13, mode: None },
        Change::Focus {
            node: Some(12),
            visible: false,
        },
        Change::Remove { node: 10 },
    ];
    show(&mut stage, 1300.0, changes, 1300.0).await;
    assert_eq!(ask(&stage, "d.activeElement.id").await, json!("field"));
    assert_eq!(ask(&stage, "d.querySelector('p')").await, Value::Null);
}

#[tokio::test]
async fn animations_stand_where_the_recording_is() {
    let mut stage = stage().await;
    let style = "@keyframes k { to { opacity: 0 } } b { animation: k 1s linear infinite } \
                 i { transition: margin-left 1s linear; margin-left: 0px } i.on { margin-left: 100px }";
    let changes = page(style, |tree, body| {
        tree.html(10, Some(body), "b", &[]);
        tree.html(11, Some(body), "i", &[]);
    });
    show(&mut stage, 1000.0, changes, 1250.0).await;
    let opacity = "getComputedStyle(d.querySelector('b')).opacity";
    assert_eq!(ask(&stage, opacity).await, json!("0.75"));
    let on = |value: &str| {
        vec![Change::Attribute {
            node: 11,
            name: "class".into(),
            value: Some(value.into()),
        }]
    };
    show(&mut stage, 1500.0, on("on"), 1750.0).await;
    let margin = "getComputedStyle(d.querySelector('i')).marginLeft";
    assert_eq!(ask(&stage, margin).await, json!("25px"));
    // Turned back half-way: the way back begins there and takes as long as the way so far.
    show(&mut stage, 2000.0, on(""), 2250.0).await;
    assert_eq!(ask(&stage, margin).await, json!("25px"));
    let shown = stage.step(&[], 3000.0).await.expect("a step");
    assert_eq!(ask(&stage, margin).await, json!("0px"));
    assert_eq!(shown.running, 1);
    assert_eq!(ask(&stage, opacity).await, json!("1"));
}

#[tokio::test]
async fn what_moves_in_shadow_roots_stands_too() {
    let mut stage = stage().await;
    let changes = page("", |tree, body| {
        let outer = tree.html(10, Some(body), "x-outer", &[]);
        let outer_root = tree.add(11, Some(outer), NewContent::ShadowRoot);
        let inner = tree.html(12, Some(outer_root), "x-inner", &[]);
        let inner_root = tree.add(13, Some(inner), NewContent::ShadowRoot);
        tree.html(14, Some(inner_root), "i", &[]);
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    // The sheet comes after what it is for: that is a transition.
    let changes = vec![
        Change::NewSheet {
            sheet: 1,
            document: 1,
            media: None,
            disabled: false,
        },
        Change::SheetText {
            sheet: Sheet::Constructed(1),
            text: "@keyframes k { to { opacity: 0 } } \
                   i { animation: k 1s linear infinite; transition: margin-left 1s linear; margin-left: 100px }"
                .into(),
        },
        Change::Adopt {
            root: 13,
            sheets: vec![1],
        },
    ];
    show(&mut stage, 2000.0, changes, 2000.0).await;
    let shown = stage.step(&[], 2250.0).await.expect("a step");
    assert_eq!(shown.running, 2);
    let style = "(() => { const i = d.querySelector('x-outer').shadowRoot.querySelector('x-inner') \
                 .shadowRoot.querySelector('i'); const s = getComputedStyle(i); \
                 return [s.opacity, s.marginLeft] })()";
    assert_eq!(ask(&stage, style).await, json!(["0.75", "25px"]));
    let shown = stage.step(&[], 3500.0).await.expect("a step");
    assert_eq!(ask(&stage, style).await, json!(["0.5", "100px"]));
    assert_eq!(shown.running, 1);
    show(&mut stage, 4000.0, vec![Change::Remove { node: 10 }], 4000.0).await;
    let shown = stage.step(&[], 4500.0).await.expect("a step");
    assert_eq!(shown.running, 0);
}

#[tokio::test]
async fn canvases_show_pictures_and_commands() {
    let mut stage = stage().await;
    let changes = page("", |tree, body| {
        tree.html(10, Some(body), "canvas", &[("width", "20"), ("height", "20")]);
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    // One red pixel.
    let url = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
    let commands = r##"[{"property":"fillStyle","args":["#00ff00"],"setter":true},
        {"property":"fillRect","args":[5,5,10,10]},{"property":"constructor","args":[]}]"##;
    let changes = vec![
        Change::CanvasPicture {
            node: 10,
            url: url.into(),
        },
        Change::CanvasCommands {
            node: 10,
            context: CanvasContext::TwoD,
            commands: serde_json::value::RawValue::from_string(commands.into())
                .map(Arc::from)
                .expect("json"),
        },
    ];
    show(&mut stage, 1100.0, changes, 1100.0).await;
    let pixel = |x: u32| {
        format!("Array.from(d.querySelector('canvas').getContext('2d').getImageData({x}, {x}, 1, 1).data)")
    };
    assert_eq!(ask(&stage, &pixel(0)).await, json!([255, 0, 0, 255]));
    assert_eq!(ask(&stage, &pixel(8)).await, json!([0, 255, 0, 255]));
}

#[tokio::test]
async fn names_that_hide_the_doms_own_do_no_harm() {
    let mut stage = stage().await;
    let changes = page("", |tree, body| {
        let form = tree.html(10, Some(body), "form", &[]);
        for (at, name) in [
            "appendChild",
            "insertBefore",
            "style",
            "nodeType",
            "parentNode",
            "firstChild",
        ]
        .iter()
        .enumerate()
        {
            tree.html(20 + at as u32, Some(form), "input", &[("name", name)]);
        }
        tree.html(11, Some(body), "img", &[("name", "defaultView")]);
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    let mut more = Tree::default();
    more.html(12, None, "b", &[]);
    let changes = vec![
        Change::InlineStyle {
            node: 10,
            property: "color".into(),
            value: Some("red".into()),
            important: false,
        },
        Change::Insert {
            parent: 10,
            before: Some(20),
            nodes: more.0,
        },
        Change::Media {
            node: 11,
            state: MediaState::default(),
        },
        Change::Hover { node: Some(12) },
        Change::Remove { node: 10 },
    ];
    let step = Step {
        time: 1100.0,
        changes,
    };
    let shown = stage.step(&[step], 1100.0).await.expect("a step");
    assert_eq!(shown.failed, 0, "{:?}", shown.errors);
    assert_eq!(ask(&stage, "d.querySelector('form')").await, Value::Null);
}

/// Pictures of a page with a marquee and players without their films: as it comes, much later, and with
/// sound off.
async fn pictures_of_movers(capture: Option<CaptureMethod>) -> [Pixmap; 3] {
    let mut stage = Stage::open(&small(capture)).await.expect("a stage");
    let changes = page("", |tree, body| {
        let marquee = tree.html(10, Some(body), "marquee", &[]);
        tree.text(11, marquee, "Sale");
        let video = [
            ("width", "200"),
            ("height", "100"),
            ("controls", ""),
            ("muted", ""),
        ];
        let with_sources = tree.html(12, Some(body), "video", &video);
        let source = [("src", "https://example.com/a.webm"), ("type", "video/webm")];
        tree.html(13, Some(with_sources), "source", &source);
        let with_source = [video.as_slice(), &[("src", "https://example.com/a.webm")]].concat();
        tree.html(14, Some(body), "video", &with_source);
        let audio = [("controls", ""), ("src", "/a.ogg")];
        tree.html(15, Some(body), "audio", &audio);
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    let first = stage.shot().await.expect("a picture");
    let networks = ask(
        &stage,
        "Array.from(d.querySelectorAll('video, audio'), (m) => m.networkState)",
    )
    .await;
    assert_eq!(networks, json!([0, 0, 0]), "nothing is looked for");
    tokio::time::sleep(Duration::from_millis(700)).await;
    show(&mut stage, 9000.0, Vec::new(), 9000.0).await;
    let later = stage.shot().await.expect("a picture");
    let quiet = Change::Media {
        node: 14,
        state: MediaState {
            muted: Some(true),
            ..MediaState::default()
        },
    };
    show(&mut stage, 9001.0, vec![quiet], 9001.0).await;
    [first, later, stage.shot().await.expect("a picture")]
}

#[tokio::test]
async fn what_moves_by_the_browsers_clock_stands_still() {
    let screen = pictures_of_movers(Some(CaptureMethod::Screenshot)).await;
    assert!(screen[0] == screen[1], "it moved");
    assert!(screen[1] != screen[2], "the controls do not show what is heard");
    let on_demand = pictures_of_movers(None).await;
    for (at, (screen, on_demand)) in screen.iter().zip(&on_demand).enumerate() {
        assert!(screen == on_demand, "picture {at}");
    }
}

/// Pictures are dear, so that the pointer has one taken only where a style shows it.
#[tokio::test]
async fn only_what_shows_is_a_change() {
    let mut stage = stage().await;
    let changes = page("b[domreel-hover] { color: red }", |tree, body| {
        for (handle, name) in [(10, "p"), (12, "i"), (14, "b")] {
            let element = tree.html(handle, Some(body), name, &[]);
            tree.text(handle + 1, element, "text");
        }
    });
    show(&mut stage, 1000.0, changes, 1000.0).await;
    assert!(stage.is_changed().await.expect("an answer"), "a new page");
    let mut before = stage.shot().await.expect("a picture");
    for (time, node, shows) in [
        (1001.0, Some(10), false),
        (1002.0, Some(12), false),
        (1003.0, Some(14), true),
        (1004.0, Some(14), false),
        (1005.0, None, true),
        (1006.0, Some(10), false),
    ] {
        stage.watch().await.expect("an answer");
        show(&mut stage, time, vec![Change::Hover { node }], time).await;
        let changed = stage.is_changed().await.expect("an answer");
        let now = stage.shot().await.expect("a picture");
        assert_eq!(now != before, shows, "{node:?}");
        // Without frames on demand every change counts.
        if stage.capture_method() == CaptureMethod::BeginFrame {
            assert_eq!(changed, shows, "{node:?}");
        }
        before = now;
    }
}
