//! Tables of comma-separated values, as databases and warehouses export them: each row becomes an object
//! with the names of the columns, and is read on as rows in JSON are.

use std::ops::Range;

use bytes::Bytes;

use super::inflate::{Inflated, too_large};
use super::json::Json;
use super::text;
use crate::recording::{Damage, DamageKind};

/// Columns in which recordings stand.
const RECORDINGS: [&str; 10] = [
    "snapshot_data",
    "$snapshot_data",
    "snapshots",
    "data",
    "event",
    "events",
    "payload",
    "properties",
    "records",
    "segment",
];

/// Columns with numbers, which stay numbers.
const NUMBERS: [&str; 2] = ["type", "timestamp"];

/// The longest first line, and the most columns.
const LONGEST_HEAD: usize = 4096;
const MOST_COLUMNS: usize = 100;

/// The rows of a table as objects of JSON, a line each, no more than about `limit` bytes; `None` where it is no
/// table with recordings.
pub(super) fn to_lines(bytes: &Bytes, limit: u64) -> Option<Inflated> {
    let head = bytes.get(..LONGEST_HEAD).unwrap_or(bytes);
    let end = head.iter().position(|byte| *byte == b'\n')?;
    let first = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let first = first.trim_start_matches('\u{feff}').trim_end();
    // Before anything else, for most files are none.
    if first.is_empty() || !first.bytes().all(is_of_head) {
        return None;
    }
    let separator = [b',', b';', b'\t']
        .into_iter()
        .find(|byte| first.as_bytes().contains(byte))
        .unwrap_or(b',');
    let names: Vec<&str> = first
        .split(char::from(separator))
        .map(|name| name.trim_matches('"').trim())
        .take(MOST_COLUMNS)
        .collect();
    let holds = |name: &str| RECORDINGS.contains(&name);
    if !names.iter().any(|name| holds(name)) {
        return None;
    }
    let mut at = end + 1;
    let mut lines = Vec::new();
    let mut found = false;
    let mut cut = None;
    while at < bytes.len() && (lines.len() as u64) < limit {
        let offset = at;
        let (cells, open) = row(bytes, &mut at, separator);
        let parts = |(name, cell): (&&str, &Range<usize>)| {
            let cell = value(bytes.get(cell.clone()).unwrap_or_default());
            let is_json = cell.is_empty() || cell.starts_with(['{', '[']);
            holds(name) && is_json && Json::new(cell.as_bytes()).pass().is_err()
        };
        let last = at > bytes.len();
        if last && (open || cells.len() < names.len() || names.iter().zip(&cells).any(parts)) {
            cut = Some(offset);
            // Where rows are events, part of one is none.
            if names.contains(&"type") {
                break;
            }
        }
        let named = names.iter().zip(&cells);
        found |= named.clone().any(|(name, cell)| {
            let cell = bytes.get(cell.clone()).unwrap_or_default();
            holds(name) && text::may_hold(cell.strip_prefix(b"\"").unwrap_or(cell))
        });
        // The first row tells what it is.
        if !found {
            return None;
        }
        let start = lines.len();
        for (name, cell) in named {
            let cell = value(bytes.get(cell.clone()).unwrap_or_default());
            lines.push(if lines.len() == start { b'{' } else { b',' });
            lines.extend(serde_json::to_vec(name).ok()?);
            lines.push(b':');
            match NUMBERS.contains(name) && cell.parse::<f64>().is_ok_and(f64::is_finite) {
                true => lines.extend(cell.bytes()),
                false => lines.extend(serde_json::to_vec(&cell).ok()?),
            }
        }
        lines.extend(b"}\n");
    }
    let damage = |kind, offset: usize, detail| Damage {
        kind,
        event: None,
        offset: Some(offset as u64),
        detail,
    };
    let rest = (at < bytes.len()).then(|| damage(DamageKind::Limit, at, too_large(limit)));
    let cut = cut.map(|at| {
        let detail = "cut off: the table ends in the middle of a row".to_owned();
        damage(DamageKind::CutOff, at, detail)
    });
    found.then(|| Inflated {
        bytes: lines.into(),
        damage: rest.or(cut),
    })
}

fn is_of_head(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.' | b'"' | b' ' | b',' | b';' | b'\t')
}

/// Where the cells of the row stand that begins at `at`, quotes included, and whether the last one
/// goes on; `at` goes behind it.
fn row(bytes: &[u8], at: &mut usize, separator: u8) -> (Vec<Range<usize>>, bool) {
    let mut cells = Vec::new();
    let (mut begin, mut quoted) = (*at, false);
    while let Some(&byte) = bytes.get(*at) {
        match byte {
            // A quote within quotes is written twice, and so ends and begins again.
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if byte == separator && !quoted => {
                if cells.len() < MOST_COLUMNS {
                    cells.push(begin..*at);
                }
                begin = *at + 1;
            }
            _ => {}
        }
        *at += 1;
    }
    cells.push(begin..*at);
    *at += 1;
    (cells, quoted)
}

/// What is written in a cell.
fn value(cell: &[u8]) -> String {
    let cell = String::from_utf8_lossy(cell);
    let cell = cell.trim_end_matches('\r');
    match cell.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').unwrap_or(rest).replace("\"\"", "\""),
        None => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(table: &str) -> Option<String> {
        let lines = to_lines(&Bytes::copy_from_slice(table.as_bytes()), 1 << 20)?;
        Some(String::from_utf8(lines.bytes.to_vec()).unwrap())
    }

    #[test]
    fn rows_become_objects() {
        let table = "\u{feff}session_id,\"kind\",timestamp,data\r\ns1,3,4,\"{\"\"a\"\":\"\"x,\ny\"\"}\"\r\ns1,,,\"{\"\"b\"\":1";
        assert_eq!(
            lines(table).unwrap(),
            concat!(
                r#"{"session_id":"s1","kind":"3","timestamp":4,"data":"{\"a\":\"x,\ny\"}"}"#,
                "\n",
                r#"{"session_id":"s1","kind":"","timestamp":"","data":"{\"b\":1"}"#,
                "\n",
            )
        );
        assert_eq!(
            lines("events;n\n\"[{}]\";7\n").unwrap(),
            "{\"events\":\"[{}]\",\"n\":\"7\"}\n"
        );
    }

    #[test]
    fn other_text_is_no_table() {
        for other in [
            "",
            "events",
            "events\n",
            "events\nhello\n",
            "{\"events\":\n[]}",
            "name,age\n\"{\"\"a\"\":1}\",3\n",
            "[1,\n2]",
        ] {
            assert_eq!(lines(other), None, "{other}");
        }
    }

    #[test]
    fn no_more_comes_out_than_may() {
        let table = format!("data\n{}", "\"[{}]\"\n".repeat(1000));
        let all = to_lines(&table.clone().into(), 1 << 20).unwrap();
        let some = to_lines(&table.into(), 100).unwrap();
        assert!(all.damage.is_none());
        assert!(all.bytes.starts_with(&some.bytes) && some.bytes.len() < 120);
        assert_eq!(some.damage.unwrap().kind, DamageKind::Limit);
    }
}
