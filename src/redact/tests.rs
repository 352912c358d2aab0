//! Secrets are planted in all places that a recording has, and sought in all that leaves it.

use super::*;
use crate::dom::Replay;
use crate::format::{Input, ReadOptions, read};
use crate::recording::{
    ConsoleLevel, ConsoleLine, ErrorReport, Origin, PageView, Payload, Request, Signal, SignalKind,
    UserAction,
};

const CARD: &str = "4111 1111 1111 1111";

/// A page with secrets in every kind of place.
fn events() -> String {
    r##"[
    {"type":4,"timestamp":1000,"data":{"href":"https://a.example/?card=4111%201111%201111%201111&u=Ada%20Lovelace","width":800,"height":600}},
    {"type":2,"timestamp":1000,"data":{"initialOffset":{"top":0,"left":0},"node":{"type":0,"id":1,"childNodes":[
      {"type":2,"id":2,"tagName":"html","attributes":{},"childNodes":[
        {"type":2,"id":3,"tagName":"head","attributes":{},"childNodes":[
          {"type":2,"id":4,"tagName":"title","attributes":{},"childNodes":[{"type":3,"id":5,"textContent":"Ada Lovelace's cart"}]},
          {"type":2,"id":6,"tagName":"style","attributes":{"_cssText":".a::after{content:'4111 1111 1111 1111'}"},"childNodes":[]},
          {"type":2,"id":7,"tagName":"script","attributes":{},"childNodes":[{"type":3,"id":8,"textContent":"state={card:'4111111111111111'}"}]}]},
        {"type":2,"id":9,"tagName":"body","attributes":{},"childNodes":[
          {"type":2,"id":10,"tagName":"p","attributes":{"title":"4111-1111-1111-1111","data-n":"4111111111111111"},"childNodes":[
            {"type":3,"id":11,"textContent":"4111 1111"},
            {"type":2,"id":12,"tagName":"b","attributes":{},"childNodes":[{"type":3,"id":13,"textContent":" 1111 1111"}]}]},
          {"type":2,"id":14,"tagName":"section","attributes":{"class":"private box","title":"Countess"},"childNodes":[
            {"type":3,"id":15,"textContent":"Ada Lovelace"},
            {"type":2,"id":16,"tagName":"img","attributes":{"src":"data:image/png;base64,QURBTE9WRUxBQ0U=","alt":"Portrait of Ada"},"childNodes":[]},
            {"type":2,"id":17,"tagName":"input","attributes":{"value":"12 Baker Street","placeholder":"Address"},"childNodes":[]},
            {"type":2,"id":18,"tagName":"canvas","attributes":{"rr_dataURL":"data:image/png;base64,TE9WRUxBQ0U="},"childNodes":[]}]},
          {"type":2,"id":20,"tagName":"input","attributes":{"type":"password","value":"hunter22"},"childNodes":[]},
          {"type":2,"id":21,"tagName":"input","attributes":{"type":"text"},"childNodes":[]},
          {"type":2,"id":22,"tagName":"canvas","attributes":{},"childNodes":[]},
          {"type":2,"id":23,"tagName":"p","attributes":{},"childNodes":[{"type":3,"id":24,"textContent":"later hidden"}]},
          {"type":2,"id":25,"tagName":"p","attributes":{},"childNodes":[{"type":3,"id":26,"textContent":"Total 42"}]}
        ]}]}]}}},
    {"type":3,"timestamp":1100,"data":{"source":5,"id":20,"text":"hunter22!","isChecked":false}},
    {"type":3,"timestamp":1200,"data":{"source":5,"id":21,"text":"4111 1111 1111 11","isChecked":false}},
    {"type":3,"timestamp":1300,"data":{"source":5,"id":21,"text":"4111 1111 1111 1111","isChecked":false}},
    {"type":3,"timestamp":1350,"data":{"source":0,"adds":[],"removes":[],"texts":[],"attributes":[{"id":20,"attributes":{"type":"text","value":"hunter22!"}}]}},
    {"type":3,"timestamp":1400,"data":{"source":0,"removes":[],"attributes":[],"texts":[{"id":15,"value":"Augusta Byron"}],
      "adds":[{"parentId":9,"nextId":null,"node":{"type":2,"id":30,"tagName":"div","attributes":{},"childNodes":[]}},
              {"parentId":30,"nextId":null,"node":{"type":3,"id":31,"textContent":"4111"}},
              {"parentId":9,"nextId":null,"node":{"type":2,"id":32,"tagName":"div","attributes":{},"childNodes":[]}},
              {"parentId":32,"nextId":null,"node":{"type":3,"id":33,"textContent":"1111"}},
              {"parentId":9,"nextId":null,"node":{"type":2,"id":34,"tagName":"div","attributes":{},"childNodes":[]}},
              {"parentId":34,"nextId":null,"node":{"type":3,"id":35,"textContent":"1111"}},
              {"parentId":9,"nextId":null,"node":{"type":2,"id":36,"tagName":"div","attributes":{},"childNodes":[]}},
              {"parentId":36,"nextId":null,"node":{"type":3,"id":37,"textContent":"1111"}}]}},
    {"type":3,"timestamp":1500,"data":{"source":9,"id":22,"type":0,"commands":[
      {"property":"fillText","args":["4111",1,2]},{"property":"fillText","args":["1111",1,2]},
      {"property":"fillText","args":["1111",1,2]},{"property":"fillText","args":["1111",1,2]}]}},
    {"type":3,"timestamp":1500,"data":{"source":9,"id":18,"type":0,"commands":[{"property":"fillText","args":["Lovelace",1,2]}]}},
    {"type":3,"timestamp":1600,"data":{"source":0,"adds":[],"removes":[],"texts":[],"attributes":[{"id":23,"attributes":{"class":"private"}}]}},
    {"type":3,"timestamp":1650,"data":{"source":0,"adds":[],"removes":[],"texts":[],"attributes":[{"id":14,"attributes":{"style":{"background-image":"url(ada.png)"}}},{"id":10,"attributes":{"aria-label":"token=s3cr3t-v4lue"}}]}},
    {"type":5,"timestamp":1700,"data":{"tag":"user","payload":{"name":"Ada Lovelace","card":4111111111111111}}},
    {"type":6,"timestamp":1800,"data":{"plugin":"rrweb/console@1","payload":{"level":"error","trace":[],"payload":["\"pay \\u0034111 1111 1111 1111\""]}}},
    {"type":3,"timestamp":9000,"data":{"source":3,"id":1,"x":0,"y":5}}
    ]"##
    .to_owned()
}

fn signal(kind: SignalKind) -> Signal {
    Signal {
        time: 1500.0,
        tab: None,
        id: None,
        origin: Origin::SideFile,
        kind,
    }
}

fn recording() -> Recording {
    let input = Input::Bytes {
        name: "a.json".to_owned(),
        data: events().into(),
    };
    let mut recording = read(&[input], &ReadOptions::default()).unwrap();
    let signals = [
        SignalKind::Error(ErrorReport {
            message: "no stock for Ada Lovelace at 12 Baker Street".into(),
            ..ErrorReport::default()
        }),
        SignalKind::Console(ConsoleLine {
            level: ConsoleLevel::Error,
            text: "card 4111 1111 1111 1111, password hunter22!".into(),
            stack: Vec::new(),
        }),
        SignalKind::Request(Request {
            method: None,
            url: "https://a.example/pay?name=Ada+Lovelace&card=4111%2D1111%2D1111%2D1111".into(),
            status: None,
            duration: None,
            initiator: None,
            no_answer: true,
        }),
        SignalKind::Action(UserAction {
            kind: "click".into(),
            target: Some("Portrait of Ada".into()),
            selector: None,
        }),
        SignalKind::View(PageView {
            url: "https://a.example/Ada%20Lovelace".into(),
            title: Some("Augusta Byron".into()),
        }),
    ];
    recording.telemetry.signals.extend(signals.map(signal));
    recording.telemetry.context.user = Some("Ada Lovelace".into());
    recording
}

fn redacted(options: &RedactOptions) -> Recording {
    let mut recording = recording();
    Redaction::new(options).unwrap().apply(&mut recording);
    recording
}

fn strict() -> RedactOptions {
    RedactOptions {
        mask: vec![".private".to_owned()],
        mask_text: vec!["Tot.l".to_owned()],
        ..RedactOptions::default()
    }
}

/// All that leaves a recording, as one text: what the stage gets at every time, played and sought, all
/// events and all that is known beside them.
fn all(recording: &Recording) -> String {
    let mut told = format!("{:?}\n", recording.telemetry);
    for tab in &recording.tabs {
        for event in &tab.events {
            told.push_str(&format!("{:?}\n", event.data().unwrap()));
            let mut replay = Replay::new(tab);
            told.push_str(&format!("{:?}\n", replay.seek(event.time)));
        }
        let mut replay = Replay::new(tab);
        told.push_str(&format!("{:?}\n", replay.advance_to(f64::MAX)));
    }
    told
}

#[test]
fn no_secret_leaves_a_recording() {
    let before = all(&recording());
    let after = all(&redacted(&strict()));
    for secret in [
        "4111",
        "1111 11",
        "Lovelace",
        "Portrait",
        "Baker",
        "Countess",
        "Augusta",
        "hunter22",
        "later hidden",
        "ada.png",
        "QURBTE9WRUxBQ0U",
        "TE9WRUxBQ0U",
        "s3cr3t",
        "Total",
    ] {
        assert!(before.contains(secret), "{secret} was not planted");
        let place = after.find(secret).map(|at| {
            let before: String = after[..at].chars().rev().take(200).collect();
            before.chars().rev().collect::<String>() + secret
        });
        assert_eq!(place, None, "{secret}");
    }
    assert!(after.contains("private box"), "what is not secret stays");
}

#[test]
fn cards_and_tokens_are_masked_unless_that_is_off() {
    let told = all(&redacted(&RedactOptions::default()));
    assert!(!told.contains("4111"));
    assert!(!told.contains("s3cr3t"));
    assert!(told.contains("Lovelace") && told.contains("Total 42"));
    let off = RedactOptions {
        presets: Vec::new(),
        ..RedactOptions::default()
    };
    let told = all(&redacted(&off));
    assert!(told.contains(CARD));
    assert!(!told.contains("hunter22"), "passwords always are");
}

#[test]
fn the_report_counts_and_tells_nothing() {
    let options = RedactOptions {
        mask: vec![".private".to_owned(), "#nowhere".to_owned()],
        mask_text: vec!["Ada Lovelace".to_owned()],
        ..RedactOptions::default()
    };
    let report = redacted(&options).redaction;
    let count = |name: &str| report.rules.iter().find(|rule| rule.rule == name).unwrap().count;
    assert_eq!(count("password"), 1);
    assert_eq!(count(".private"), 2);
    assert_eq!(count("#nowhere"), 0);
    assert!(count("text 1") > 3 && count("card") > 5);
    let idle: Vec<_> = report.idle().map(|rule| rule.rule.as_str()).collect();
    assert_eq!(idle, ["#nowhere"]);
    assert!(!serde_json::to_string(&report).unwrap().contains("Lovelace"));
}

#[test]
fn what_is_drawn_is_the_same_again_and_again() {
    assert!(all(&redacted(&strict())) == all(&redacted(&strict())));
    let mut twice = redacted(&strict());
    let once = all(&twice);
    Redaction::new(&strict()).unwrap().apply(&mut twice);
    assert!(all(&twice) == once);
}

#[test]
fn selectors_meet_what_they_mean() {
    for (selector, secret, meets) in [
        ("section > input", "12 Baker", true),
        ("body section", "Lovelace", true),
        ("html > section", "Augusta", false),
        ("[title^=Count i]", "Augusta", true),
        ("section:not(.box)", "Augusta", false),
        ("p:not([title])", "Total 42", true),
        ("img, p", "later hidden", true),
        ("P[data-n]", "later hidden", false),
        ("html>body *", "Total 42", true),
    ] {
        let options = RedactOptions {
            mask: vec![selector.to_owned()],
            ..RedactOptions::default()
        };
        assert_eq!(!all(&redacted(&options)).contains(secret), meets, "{selector}");
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for selector in [
        "",
        " ",
        ",",
        "a,",
        "a >",
        "> a",
        "a + b",
        "a ~ b",
        "a:hover",
        "a::before",
        "[a",
        "[a=",
        "[a='x]",
        ".",
        "#",
        "a:not(b c)",
        ":is(a)",
        "a||b",
        "a}b",
        "\\",
    ] {
        let options = RedactOptions {
            mask: vec![selector.to_owned()],
            ..RedactOptions::default()
        };
        assert!(Redaction::new(&options).is_err(), "{selector}");
    }
    for text in ["(", "(?=a)", "(a{1000}){1000}"] {
        let options = RedactOptions {
            mask_text: vec![text.to_owned()],
            ..RedactOptions::default()
        };
        assert!(Redaction::new(&options).is_err(), "{text}");
    }
}

#[test]
fn how_large_rules_are_is_a_limit_with_a_name() {
    let with = |limit, value, mask: &str, text: &str| {
        let options = RedactOptions {
            mask: vec![mask.to_owned()],
            mask_text: vec![text.to_owned()],
            limits: Limits::default().with(limit, value),
            ..RedactOptions::default()
        };
        Redaction::new(&options)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let (long, large) = ("a, ".repeat(2000) + "a", r"\w{1000}");
    assert_eq!(with(Limit::Selector, 10_000, &long, "b"), Ok(()));
    let told = with(Limit::Selector, 6000, &long, "b").unwrap_err();
    assert!(told.contains("6000, which --allow selector="), "{told}");
    assert_eq!(with(Limit::Regex, 64 << 20, "a", large), Ok(()));
    let told = with(Limit::Regex, 1 << 20, "a", large).unwrap_err();
    assert!(told.contains("1MiB, which --allow regex="), "{told}");
}

#[test]
fn so_much_is_sought_elsewhere_as_may_be() {
    let mut known = Known::within(10);
    for text in ["secret", "other", "four"] {
        known.add(text);
    }
    assert!(known.is_cut());
    let patterns = [];
    let masker = Masker::new(&patterns, known);
    let masked = masker.masked("secret, other, four", Context::Beside, Fill::Letter);
    assert_eq!(masked.as_deref(), Some("xxxxxx, other, xxxx"));
}

#[test]
fn what_the_user_writes_on_a_clip_is_masked_too() {
    let mut options = OverlayOptions {
        title: Some(format!("Card {CARD} fails")),
        ..OverlayOptions::default()
    };
    Redaction::new(&RedactOptions::default())
        .unwrap()
        .apply_to_overlay(&mut options);
    assert_eq!(options.title.as_deref(), Some("Card •••• •••• •••• •••• fails"));
}

#[test]
fn a_deep_page_is_no_trouble() {
    let mut nodes = String::new();
    const DEPTH: usize = 20_000;
    for id in 2..DEPTH {
        nodes.push_str(&format!(
            r#"{{"type":2,"id":{id},"tagName":"b","attributes":{{"class":"x"}},"childNodes":["#
        ));
    }
    nodes.push_str(&"]}".repeat(DEPTH - 2));
    let events = format!(
        r#"[{{"type":4,"timestamp":1,"data":{{"href":"","width":8,"height":8}}}},{{"type":2,"timestamp":1,"data":{{"initialOffset":{{"top":0,"left":0}},"node":{{"type":0,"id":1,"childNodes":[{nodes}]}}}}}},{{"type":3,"timestamp":2,"data":{{"source":3,"id":1,"x":0,"y":5}}}}]"#
    );
    let input = Input::Bytes {
        name: "a.json".to_owned(),
        data: events.into(),
    };
    let mut recording = read(&[input], &ReadOptions::default()).unwrap();
    let options = RedactOptions {
        mask: vec!["b.x".to_owned()],
        ..RedactOptions::default()
    };
    Redaction::new(&options).unwrap().apply(&mut recording);
    assert!(recording.redaction.rules.iter().any(|rule| rule.count > 1000));
}

#[test]
fn events_with_nothing_secret_stay_as_they_were_recorded() {
    let text = |id: u32, value: &str| {
        format!(
            r#"{{"type":3,"timestamp":{},"data":{{"source":0,"adds":[],"removes":[],"attributes":[],"texts":[{{"id":{id},"value":"{value}"}}]}}}}"#,
            2000 + id
        )
    };
    let snapshot = |time: u32| {
        format!(
            r#"{{"type":2,"timestamp":{time},"data":{{"initialOffset":{{"top":0,"left":0}},"node":{{"type":0,"id":1,"childNodes":[{{"type":2,"id":2,"tagName":"html","attributes":{{}},"childNodes":[{{"type":3,"id":3,"textContent":"hello"}},{{"type":3,"id":4,"textContent":"there"}}]}}]}}}}}}"#
        )
    };
    let link = r#"{"type":3,"timestamp":3000,"data":{"source":0,"adds":[],"removes":[],"texts":[],"attributes":[{"id":2,"attributes":{"lang":"token=s3cr3t-v4lue"}}]}}"#;
    let events = [
        snapshot(1000),
        text(3, "Total 42"),
        link.to_owned(),
        snapshot(4000),
        text(4, "sk_live_0123456789abcdef").replace("2004", "4004"),
        text(3, "Total 43").replace("2003", "4005"),
    ];
    let input = Input::Bytes {
        name: "a.json".to_owned(),
        data: format!("[{}]", events.join(",")).into_bytes().into(),
    };
    let mut recording = read(&[input], &ReadOptions::default()).unwrap();
    Redaction::new(&RedactOptions::default())
        .unwrap()
        .apply(&mut recording);
    let is_rewritten = |event: &crate::recording::Event| match event.payload {
        Payload::Decoded(_) => true,
        Payload::Encoded { .. } => false,
    };
    // The first is the viewport, which these events do not tell.
    let events = recording.tabs[0].events.iter().skip(1);
    let rewritten: Vec<bool> = events.map(is_rewritten).collect();
    // What comes to hold a token held nothing to be seen before.
    assert_eq!(rewritten, [false, false, true, true, true, false]);
}
