//! How things are said in every document: times, kinds, addresses.

use super::manifest::MomentShown;
use crate::clip::offset_text;
pub(super) use crate::moment::address as page;

/// What kind of moment, as people read it: “Request failed (500)”.
pub(super) fn kind(moment: &MomentShown) -> String {
    match (moment.kind.as_str(), moment.status) {
        ("error", _) => "Error".to_owned(),
        ("handled-error", _) => "Handled error".to_owned(),
        ("request", Some(0) | None) => "Request without answer".to_owned(),
        ("request", Some(status)) => format!("Request failed ({status})"),
        ("rage-click", _) => "Rage click".to_owned(),
        ("dead-click", _) => "Dead click".to_owned(),
        ("error-click", _) => "Error click".to_owned(),
        ("marker", _) => "Marker".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// How much a moment matters to somebody who wants to know what broke: the less, the more.
pub(super) fn rank(moment: &MomentShown) -> u8 {
    match moment.kind.as_str() {
        "error" => 0,
        "request" => 1,
        "handled-error" => 2,
        "rage-click" => 3,
        "error-click" => 4,
        "dead-click" => 5,
        _ => 6,
    }
}

/// Whether a moment only says again what others show: a click that an error follows.
pub(super) fn follows(moment: &MomentShown) -> bool {
    moment.kind == "error-click" && moment.origin == "derived"
}

/// What happened, each thing once, with how often it did.
pub(super) fn distinct(moments: &[MomentShown]) -> Vec<(&MomentShown, usize)> {
    let mut rows: Vec<(&MomentShown, usize)> = Vec::new();
    let key = |moment: &MomentShown| (moment.kind.clone(), moment.status, moment.text.clone());
    let mut places = std::collections::BTreeMap::new();
    for moment in moments {
        let at = *places.entry(key(moment)).or_insert(rows.len());
        match rows.get_mut(at) {
            Some((_, count)) => *count += 1,
            None => rows.push((moment, 1)),
        }
    }
    rows
}

/// Milliseconds of a clip or session as `0:08`.
pub(super) fn clock(ms: f64) -> String {
    offset_text(ms)
}

/// How long, in words: `12 s`, `2 min 5 s`.
pub(super) fn length(ms: u64) -> String {
    match ms.saturating_add(500) / 1000 {
        0 => format!("{ms} ms"),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A time in UTC as tables show it, `2026-11-23 13:37:05`, from the manifest's `2026-11-23T13:37:05.123Z`.
pub(super) fn utc(iso: Option<&str>) -> String {
    let iso = iso.unwrap_or_default();
    iso.split('.').next().unwrap_or_default().replace('T', " ")
}

/// One line of at most `most` characters, without control characters.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
            count += 1;
        }
        for letter in word.chars() {
            if count + 1 >= most {
                line.push('…');
                return line;
            }
            line.push(letter);
            count += 1;
        }
    }
    line
}

/// A sentence's first letter in lower case, so that it can stand after “the user”.
pub(super) fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_what_nobody_reads() {
        assert_eq!(page("https://shop.example/cart?token=1#top"), "shop.example/cart");
        assert_eq!(page("http://localhost:8080/"), "localhost:8080");
        assert_eq!(page(""), "");
    }

    #[test]
    fn a_line_is_one_line_and_ends() {
        assert_eq!(line("a\n\tb\u{0}c  d", 40), "a b c d");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("äöü", 4), "äöü");
        assert_eq!(line("", 4), "");
    }

    #[test]
    fn lengths_are_told_in_words() {
        assert_eq!(length(400), "400 ms");
        assert_eq!(length(12_400), "12 s");
        assert_eq!(length(120_000), "2 min");
        assert_eq!(length(125_000), "2 min 5 s");
    }
}
