//! A new run leaves alone what a person changed.
//!
//! Every section stands between two comments, the first of which has a digest of what was written:
//!
//! ```text
//! <!-- domreel:section impact 3f9a1c… -->
//! …
//! <!-- domreel:section-end impact -->
//! ```
//!
//! A section whose text still has that digest is written anew; one that a person changed is kept, and
//! so is everything outside of sections. A section that a person took out does not come back: the
//! list of all sections that were ever written stands in a comment at the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::sha256;

const BEGIN: &str = "<!-- domreel:section ";
const END: &str = "<!-- domreel:section-end ";
const WRITTEN: &str = "<!-- domreel:written ";

/// A document and what became of the sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// The document.
    pub text: String,
    /// Sections that were kept because a person had changed them.
    pub kept: Vec<String>,
    /// Sections that a person had taken out.
    pub left_out: Vec<String>,
}

/// Writes `sections` (names and texts, in their order) into `existing`, if there is a document.
pub fn merge(existing: Option<&str>, sections: &[(String, String)]) -> Merged {
    let Some(existing) = existing.filter(|text| text.contains(BEGIN)) else {
        return Merged {
            text: whole(existing.unwrap_or_default(), sections),
            ..Merged::default()
        };
    };
    let mut merged = Merged::default();
    let fresh: BTreeMap<&str, &str> = sections
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let mut there = BTreeSet::new();
    let mut rest = existing;
    // Where a section ends in the new text, for those that are to follow it.
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(found) = next(rest) {
        merged.text.push_str(found.before);
        match fresh.get(found.name) {
            Some(text) if found.is_untouched() => merged.text.push_str(&section(found.name, text)),
            _ => {
                if !found.is_untouched() {
                    merged.kept.push(found.name.to_owned());
                }
                merged.text.push_str(found.whole);
            }
        }
        there.insert(found.name.to_owned());
        ends.insert(found.name.to_owned(), merged.text.len());
        rest = found.after;
    }
    let written: BTreeSet<String> = existing
        .rfind(WRITTEN)
        .and_then(|at| existing.get(at + WRITTEN.len()..))
        .and_then(|rest| rest.split(" -->").next())
        .map(|names| names.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default();
    let mut previous: Option<&str> = None;
    for (name, text) in sections {
        if there.contains(name) {
            previous = Some(name);
        } else if written.contains(name) {
            merged.left_out.push(name.clone());
        } else {
            // A section that earlier versions did not have comes behind the one it follows.
            let at = previous.and_then(|name| ends.get(name).copied()).unwrap_or(0);
            let new = format!("\n{}", section(name, text));
            merged.text.insert_str(at, &new);
            for end in ends.values_mut().filter(|end| **end >= at) {
                *end += new.len();
            }
            ends.insert(name.clone(), at + new.len());
            previous = Some(name);
        }
    }
    let names: BTreeSet<&str> = sections
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(written.iter().map(String::as_str))
        .collect();
    let list = list(names.into_iter());
    // The list stays where it is.
    let place = rest.rfind(WRITTEN).and_then(|at| {
        let length = rest.get(at..)?.find("-->")? + "-->".len();
        Some((rest.get(..at)?, rest.get(at + length..)?))
    });
    match place {
        Some((before, after)) => {
            merged.text.push_str(before);
            merged.text.push_str(list.trim_end());
            merged.text.push_str(after);
        }
        None => {
            merged.text.push_str(rest);
            merged.text.push_str(&list);
        }
    }
    merged
}

fn whole(before: &str, sections: &[(String, String)]) -> String {
    let mut text = before.to_owned();
    for (name, content) in sections {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&section(name, content));
    }
    let names: BTreeSet<&str> = sections.iter().map(|(name, _)| name.as_str()).collect();
    text.push('\n');
    text.push_str(&list(names.into_iter()));
    text
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("{WRITTEN}{} -->\n", names.collect::<Vec<_>>().join(" "))
}

fn section(name: &str, text: &str) -> String {
    let text = text.trim_matches('\n');
    format!("{BEGIN}{name} {} -->\n{text}\n{END}{name} -->\n", digest(text))
}

/// A digest of a text as editors leave it: without regard to line ends and blanks at them.
pub(super) fn digest(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    sha256(lines.join("\n").as_bytes()).chars().take(16).collect()
}

struct Found<'t> {
    before: &'t str,
    name: &'t str,
    digest: &'t str,
    text: &'t str,
    /// With its comments.
    whole: &'t str,
    after: &'t str,
}

impl Found<'_> {
    fn is_untouched(&self) -> bool {
        digest(self.text) == self.digest
    }
}

/// The next section of a text. One without an end is no section.
fn next(text: &str) -> Option<Found<'_>> {
    let mut from = 0;
    loop {
        let begin = from + text.get(from..)?.find(BEGIN)?;
        from = begin + BEGIN.len();
        let head = text.get(from..)?;
        let Some((name, digest)) = head.split(" -->").next().and_then(|head| head.split_once(' ')) else {
            continue;
        };
        let content = from + name.len() + 1 + digest.len() + " -->".len();
        let end_mark = format!("{END}{name} -->");
        let Some(length) = text.get(content..).and_then(|rest| rest.find(&end_mark)) else {
            continue;
        };
        let end = content + length;
        let mut after = end + end_mark.len();
        if text.get(after..).is_some_and(|rest| rest.starts_with('\n')) {
            after += 1;
        }
        return Some(Found {
            before: text.get(..begin)?,
            name,
            digest,
            text: text.get(content..end)?,
            whole: text.get(begin..after)?,
            after: text.get(after..)?,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sections(texts: &[(&str, &str)]) -> Vec<(String, String)> {
        texts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn only_untouched_sections_are_written_anew() {
        let first = merge(None, &sections(&[("a", "one"), ("b", "two"), ("c", "three")])).text;
        let edited = first.replace("two", "two, and what I know") + "\nMy own words.\n";
        let edited = format!("Read this first.\n\n{edited}");
        let second = merge(
            Some(&edited),
            &sections(&[("a", "ONE"), ("b", "TWO"), ("c", "THREE")]),
        );
        assert_eq!(second.kept, ["b"]);
        for text in [
            "Read this first.",
            "ONE",
            "two, and what I know",
            "THREE",
            "My own words.",
        ] {
            assert!(second.text.contains(text), "{text} in {}", second.text);
        }
        assert!(!second.text.contains("TWO") && !second.text.contains("one\n"));
        // Kept as long as it differs from what was written.
        let third = merge(
            Some(&second.text),
            &sections(&[("a", "1"), ("b", "2"), ("c", "3")]),
        );
        assert_eq!(third.kept, ["b"]);
        assert!(third.text.contains("two, and what I know"));
    }

    #[test]
    fn nothing_changes_when_nothing_changed() {
        let given = sections(&[("a", "one"), ("b", "two")]);
        let first = merge(None, &given).text;
        assert_eq!(merge(Some(&first), &given).text, first);
        let windows = first.replace('\n', "\r\n");
        assert_eq!(merge(Some(&windows), &given).kept, [""; 0]);
    }

    #[test]
    fn what_was_taken_out_stays_out_and_what_is_new_comes_in() {
        let first = merge(None, &sections(&[("a", "one"), ("b", "two"), ("c", "three")])).text;
        let from = first.find("<!-- domreel:section b").unwrap();
        let to = first.find("<!-- domreel:section c").unwrap();
        let mut edited = first.clone();
        edited.replace_range(from..to, "");
        let given = sections(&[("a", "one"), ("b", "two"), ("new", "fresh"), ("c", "three")]);
        let second = merge(Some(&edited), &given);
        assert_eq!(second.left_out, ["b"]);
        assert!(!second.text.contains("two"));
        let place = |text: &str| second.text.find(text).unwrap();
        assert!(place("one") < place("fresh") && place("fresh") < place("three"));
        assert_eq!(merge(Some(&second.text), &given).left_out, ["b"]);
    }

    proptest! {
        #[test]
        fn no_document_is_too_strange(text in ".{0,200}", cut in 0usize..400) {
            let given = sections(&[("a", "one"), ("b", "two")]);
            let mut document = merge(None, &given).text;
            let cut = (0..=cut.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
            document.insert_str(cut, &text);
            let merged = merge(Some(&document), &given).text;
            prop_assert!(merge(Some(&merged), &given).text.contains("domreel:written"));
        }
    }
}
