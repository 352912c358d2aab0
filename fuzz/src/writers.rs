//! Redaction, and what puts sections into documents.

use arbitrary::{Result, Unstructured};
use domreel::embed::notebook::{Spot, of_text, put_cells};
use domreel::embed::place::{Language, put_section};
use domreel::redact::{RedactOptions, Redaction};
use serde_json::json;

/// A page with a secret in a field, a text, an attribute and an address.
const SECRET: &str = "tok-7f3a9";
const PAGE: &str = r#"[
{"type":4,"data":{"href":"https://shop.example/?q=tok-7f3a9","width":800,"height":600},"timestamp":1},
{"type":2,"data":{"node":{"type":0,"id":1,"childNodes":[{"type":2,"tagName":"html","attributes":{},"id":2,"childNodes":[
{"type":2,"tagName":"body","attributes":{"title":"tok-7f3a9"},"id":3,"childNodes":[{"type":3,"textContent":"is tok-7f3a9","id":4},
{"type":2,"tagName":"input","attributes":{"value":"tok-7f3a9"},"childNodes":[],"id":5}]}]}]},"initialOffset":{"left":0,"top":0}},"timestamp":2},
{"type":3,"data":{"source":5,"id":5,"text":"tok-7f3a9","isChecked":false},"timestamp":3}]"#;

/// Masks with rules that `bytes` make; the page's secret is always one of them.
pub fn redact(bytes: &[u8]) {
    let mut source = Unstructured::new(bytes);
    let _ = redacted(&mut source);
}

fn redacted(source: &mut Unstructured<'_>) -> Result<()> {
    let options = RedactOptions {
        mask: source.arbitrary()?,
        mask_text: source.arbitrary()?,
        ..RedactOptions::default()
    };
    // Rules that cannot be used are an error, never a rule that does nothing.
    let usable = Redaction::new(&options).is_ok();
    let mut with_secret = options;
    with_secret.mask_text.push(SECRET.to_owned());
    let redaction = Redaction::new(&with_secret);
    assert_eq!(redaction.is_ok(), usable);
    let Ok(redaction) = redaction else {
        return Ok(());
    };
    let text: String = source.arbitrary()?;
    assert!(!redaction.text(&format!("{text} {SECRET}")).contains(SECRET));
    let mut recording = super::recording(None, PAGE.as_bytes()).expect("a recording");
    redaction.apply(&mut recording);
    for event in &recording.tabs[0].events {
        let told = format!("{:?}", event.data());
        assert!(!told.contains(SECRET), "{told}");
    }
    assert!(!format!("{:?}", recording.telemetry).contains(SECRET));
    super::use_all(&recording);
    Ok(())
}

/// Puts a section into a document twice: the second time changes nothing.
pub fn document(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let spot = match choice & 1 {
        0 => Spot::Marker,
        _ => Spot::Heading("Impact".to_owned()),
    };
    match choice >> 1 & 3 {
        0 => {
            let cells = [
                json!({"cell_type":"markdown","id":"domreel-a-1","metadata":{"domreel":"a"},"source":["x"]}),
            ];
            // A number beyond all numbers stays as it is.
            let is_plain = serde_json::from_str::<serde_json::Value>(text).is_ok();
            if let Ok(once) = put_cells(text, "a", &cells, &spot)
                && is_plain
            {
                serde_json::from_str::<serde_json::Value>(&once).expect("a notebook");
            }
        }
        1 => {
            let made = of_text("a", text);
            serde_json::from_str::<serde_json::Value>(&made).expect("a notebook");
        }
        language => {
            let language = if language == 2 {
                Language::Markdown
            } else {
                Language::Html
            };
            let put = |text: &str| put_section(text, language, "a", &spot, |level| format!("{level} x\n"));
            if let Ok(once) = put(text) {
                assert_eq!(put(&once).expect("its own section"), once);
            }
        }
    }
}
