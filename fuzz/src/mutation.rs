//! Real recordings, changed as their structure allows.

use std::io::Read;
use std::sync::OnceLock;

use arbitrary::{Result, Unstructured};
use domreel::recording::Recording;
use serde_json::{Value, json};

/// Recordings of the repository, small ones of each kind.
const FIXTURES: [&[u8]; 6] = [
    include_bytes!("../../fixtures/pages.json.gz"),
    include_bytes!("../../fixtures/frames.json.gz"),
    include_bytes!("../../fixtures/styles.json.gz"),
    include_bytes!("../../fixtures/datadog-checkout-v5.json.gz"),
    include_bytes!("../../fixtures/datadog-checkout-v7.json.gz"),
    include_bytes!("../../fixtures/posthog-mobile.ndjson.gz"),
];

/// Most changes to one recording.
const CHANGES: u8 = 24;

/// Changes a recording as `bytes` say, reads it and uses it.
pub fn mutate(bytes: &[u8]) {
    if let Some(recording) = recording(bytes) {
        super::use_all(&recording);
    }
}

/// A recording that is changed as `bytes` say, if it can still be read.
pub(super) fn recording(bytes: &[u8]) -> Option<Recording> {
    let mut source = Unstructured::new(bytes);
    let changed = changed(&mut source).ok()?;
    super::recording(None, &changed)
}

/// The first fixture as it is.
pub(super) fn unchanged() -> Option<Recording> {
    super::recording(None, fixtures().first()?.to_string().as_bytes())
}

fn fixtures() -> &'static [Value] {
    static READ: OnceLock<Vec<Value>> = OnceLock::new();
    READ.get_or_init(|| {
        let read = |bytes: &&[u8]| {
            let mut text = String::new();
            flate2::read::GzDecoder::new(*bytes)
                .read_to_string(&mut text)
                .expect("a fixture");
            let values = serde_json::Deserializer::from_str(&text).into_iter();
            let mut values: Vec<Value> = values.map(|value| value.expect("a fixture")).collect();
            match values.len() {
                1 => values.remove(0),
                _ => Value::Array(values),
            }
        };
        FIXTURES.iter().map(read).collect()
    })
}

fn changed(source: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut recording = source.choose(fixtures())?.clone();
    for _ in 0..source.int_in_range(1..=CHANGES)? {
        if source.is_empty() {
            break;
        }
        change(&mut recording, source, 0)?;
    }
    let mut text = recording.to_string().into_bytes();
    if source.arbitrary::<u8>()? == 0 {
        let end = source.int_in_range(0..=text.len())?;
        text.truncate(end);
    }
    Ok(text)
}

/// Goes down into a value and changes something there.
fn change(value: &mut Value, source: &mut Unstructured<'_>, depth: u32) -> Result<()> {
    let stop = depth > 2 && source.ratio(1, 4)?;
    match value {
        Value::Array(items) if !items.is_empty() && !stop => {
            let at = source.choose_index(items.len())?;
            match source.int_in_range(0..=11)? {
                0 if depth > 0 => drop(items.remove(at)),
                1 => {
                    let copy = items[at].clone();
                    let to = source.choose_index(items.len())?;
                    items.insert(to, copy);
                }
                2 => {
                    let to = source.choose_index(items.len())?;
                    items.swap(at, to);
                }
                _ => return change(&mut items[at], source, depth + 1),
            }
        }
        Value::Object(fields) if !fields.is_empty() && !stop => {
            let at = source.choose_index(fields.len())?;
            let Some(key) = fields.keys().nth(at).cloned() else {
                return Ok(());
            };
            match source.int_in_range(0..=15)? {
                0 => drop(fields.remove(&key)),
                _ => {
                    if let Some(inner) = fields.get_mut(&key) {
                        return change(inner, source, depth + 1);
                    }
                }
            }
        }
        Value::Number(number) => {
            let old = number.as_i64().unwrap_or_default();
            *value = match source.int_in_range(0..=5)? {
                0 => json!(source.arbitrary::<i64>()?),
                1 => json!(-old),
                2 => json!(old as f64 + 0.5),
                // An id of another node, a time a little off.
                _ => json!(old.wrapping_add(source.arbitrary::<i8>()?.into())),
            };
        }
        Value::String(text) => {
            let at = source.choose_index(text.len() + 1)?;
            if text.is_char_boundary(at) {
                text.truncate(at);
            }
        }
        _ => {
            *value = match source.int_in_range(0..=5)? {
                0 => Value::Null,
                1 => json!(source.arbitrary::<u16>()?),
                2 => json!("x"),
                3 => json!([]),
                4 => json!({}),
                _ => json!(true),
            };
        }
    }
    Ok(())
}
