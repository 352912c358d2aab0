//! Tables of comma-separated values, as databases and warehouses export them: each row becomes an object
//! with the names of the columns, and is read on as rows in JSON are.

use std::ops::Range;

use bytes::Bytes;
use serde_json::Value;

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

/// The rows of a table as objects of JSON, a line each, no more than `limit` bytes; `None` where it is no
/// table with recordings.
pub(super) fn to_lines(bytes: &Bytes, limit: u64) -> Option<Inflated> {
    let head = Head::read(bytes)?;
    let mut at = head.end + 1;
    let mut lines = Vec::new();
    let mut found = false;
    let mut missing = None;
    while at < bytes.len() {
        let offset = at;
        let (cells, open) = row(bytes, &mut at, head.separator);
        let cells: Vec<&[u8]> = cells.into_iter().filter_map(|cell| bytes.get(cell)).collect();
        // The first row tells what it is.
        found |= head.recordings(&cells).any(|cell| text::may_hold(unquoted(cell)));
        if !found {
            return None;
        }
        let longest: usize = cells.iter().map(|cell| longest_in_json(cell)).sum();
        if (lines.len() + head.longest + longest) as u64 > limit {
            missing = Some((DamageKind::Limit, offset, too_large(limit)));
            break;
        }
        if at > bytes.len() && (open || head.is_part(&cells)) {
            let detail = "cut off: the table ends in the middle of a row".to_owned();
            missing = Some((DamageKind::CutOff, offset, detail));
            // Where rows are events, part of one is none.
            if head.names.contains(&"type") {
                break;
            }
        }
        head.write(&cells, &mut lines);
    }
    found.then(|| Inflated {
        bytes: lines.into(),
        damage: missing.map(|(kind, offset, detail)| Damage {
            kind,
            event: None,
            offset: Some(offset as u64),
            detail,
        }),
    })
}

/// The first line.
struct Head<'a> {
    names: Vec<&'a str>,
    separator: u8,
    /// Where it ends.
    end: usize,
    /// What the names may take in a row of JSON.
    longest: usize,
}

impl<'a> Head<'a> {
    /// `None` where it is not that of a table with recordings.
    fn read(bytes: &'a [u8]) -> Option<Self> {
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
        let holds = names.iter().any(|name| RECORDINGS.contains(name));
        holds.then(|| Head {
            longest: names.iter().map(|name| name.len() + 8).sum(),
            names,
            separator,
            end,
        })
    }

    /// The cells of a row in which recordings stand.
    fn recordings<'c>(&self, cells: &'c [&[u8]]) -> impl Iterator<Item = &'c [u8]> {
        let named = self.names.iter().zip(cells);
        named
            .filter(|(name, _)| RECORDINGS.contains(name))
            .map(|(_, cell)| *cell)
    }

    /// Whether the end of a row is missing.
    fn is_part(&self, cells: &[&[u8]]) -> bool {
        let part = |cell: &[u8]| {
            let cell = value(cell);
            let is_json = cell.is_empty() || cell.starts_with(['{', '[']);
            is_json && Json::new(cell.as_bytes()).pass().is_err()
        };
        cells.len() < self.names.len() || self.recordings(cells).any(part)
    }

    /// Appends a row.
    fn write(&self, cells: &[&[u8]], lines: &mut Vec<u8>) {
        let fields = self.names.iter().zip(cells).map(|(name, cell)| {
            let cell = value(cell);
            let number = NUMBERS
                .contains(name)
                .then(|| serde_json::from_str::<serde_json::Number>(&cell).ok());
            let value = number.flatten().map_or(Value::String(cell), Value::Number);
            ((*name).to_owned(), value)
        });
        lines.extend(Value::Object(fields.collect()).to_string().into_bytes());
        lines.push(b'\n');
    }
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

fn unquoted(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\"").unwrap_or(cell)
}

/// The most bytes that a cell takes in JSON.
fn longest_in_json(cell: &[u8]) -> usize {
    let longest = |byte: &u8| match byte {
        0..0x20 => 6,
        b'"' | b'\\' => 2,
        0x80.. => 3,
        _ => 1,
    };
    cell.iter().map(longest).sum()
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
                r#"{"data":"{\"a\":\"x,\ny\"}","kind":"3","session_id":"s1","timestamp":4}"#,
                "\n",
                r#"{"data":"{\"b\":1","kind":"","session_id":"s1","timestamp":""}"#,
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
        assert!(all.bytes.starts_with(&some.bytes) && some.bytes.len() <= 100);
        assert_eq!(some.damage.unwrap().kind, DamageKind::Limit);
    }
}
