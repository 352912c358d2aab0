//! Sections in documents that are there: found again, put in, and nothing else touched.
//!
//! A section stands between two comments with its name, so that a second run finds it.

use super::files::EmbedError;
use super::headings::{Heading, headings, html_headings, lines};
use super::notebook::{MARKER, Spot};

/// Languages of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
}

/// Puts a section into a document: in place of the one with this name if there is one, else at the
/// spot. `content` is asked for with the level of the heading above the section (0: none).
///
/// # Errors
/// When the heading is not there, or a section of this name does not end.
pub fn put_section(
    document: &str,
    language: Language,
    name: &str,
    spot: &Spot,
    content: impl FnOnce(u8) -> String,
) -> Result<String, EmbedError> {
    let wrong = |reason: String| EmbedError::Document {
        document: "the document".to_owned(),
        reason,
    };
    let name = section_name(name);
    let begin = format!("<!-- domreel:begin {name} -->");
    let end = format!("<!-- domreel:end {name} -->");
    let headings = headings_of(document, language);
    let mut line_end = if document.contains("\r\n") { "\r\n" } else { "\n" };
    let section = |level: u8, line_end: &str| {
        let content = content(level);
        let section = format!("{begin}\n{}\n{end}", content.trim_matches('\n'));
        section.replace('\n', line_end)
    };
    // Where a block of code never ends, so that everything below is code, the section still is one.
    if let Some(start) = find(document, language, &begin).or_else(|| document.find(&begin)) {
        let after = document.get(start..).unwrap_or_default();
        let Some(length) = after.find(&end) else {
            return Err(wrong(format!(
                "‘{begin}’ has no ‘{end}’ after it: add it, or delete both"
            )));
        };
        let range = start..start + length;
        // It keeps the level that it has; without headings of its own it has that of its spot.
        let own = headings.iter().find(|heading| range.contains(&heading.start));
        let level = match own {
            Some(heading) => heading.level.saturating_sub(1),
            None => match (spot, find(document, language, MARKER)) {
                (Spot::Marker, Some(_)) => level_before(document, language, start),
                _ => place(document, language, &headings, spot)
                    .map_or_else(|| level_above(&headings, start), |(_, level)| level),
            },
        };
        return Ok(spliced(
            document,
            start,
            range.end + end.len(),
            &section(level, line_end),
        ));
    }
    let (at, level) = place(document, language, &headings, spot).ok_or_else(|| match spot {
        Spot::Heading(wanted) => wrong(format!("it has no heading ‘{wanted}’")),
        Spot::Marker => wrong("it has no end".to_owned()),
    })?;
    let before = document.get(..at).unwrap_or_default();
    if before.ends_with('\r') {
        // With the first line end it becomes one of the other kind.
        line_end = "\r\n";
    }
    let new = section(level, line_end);
    let after = document.get(at..).unwrap_or_default();
    let blank = |count: usize| line_end.repeat(count);
    let ends = before
        .chars()
        .rev()
        .take_while(|letter| letter.is_ascii_whitespace())
        .filter(|letter| *letter == '\n')
        .count();
    let gap = if before.is_empty() {
        0
    } else {
        2_usize.saturating_sub(ends)
    };
    let below = if after.trim().is_empty() { 1 } else { 2 };
    let rest = if after.trim().is_empty() { "" } else { after };
    Ok(format!("{before}{}{new}{}{rest}", blank(gap), blank(below)))
}

/// Where a new section goes, in bytes, and the level of the heading that it is under; none if the
/// heading that is meant is not there.
fn place(document: &str, language: Language, headings: &[Heading], spot: &Spot) -> Option<(usize, u8)> {
    match spot {
        Spot::Heading(wanted) => {
            let index = headings
                .iter()
                .position(|heading| same_heading(&heading.text, wanted))?;
            let (found, below) = headings.get(index..)?.split_first()?;
            let at = match language {
                // Elements may end before the next heading: right below this one is inside of what it is in.
                Language::Html => found.end,
                Language::Markdown => below
                    .iter()
                    .find(|heading| heading.level <= found.level)
                    .map_or(document.len(), |heading| heading.start),
            };
            Some((at, found.level))
        }
        Spot::Marker => Some(match (find(document, language, MARKER), language) {
            (Some(at), _) => (at, level_before(document, language, at)),
            (None, Language::Html) => (end_of_body(document), 1),
            (None, Language::Markdown) => (document.len(), level_above(headings, document.len()).min(1)),
        }),
    }
}

fn headings_of(document: &str, language: Language) -> Vec<Heading> {
    match language {
        Language::Markdown => headings(document),
        Language::Html => html_headings(document),
    }
}

/// The level of the last heading of what stands before a place, as if that were all: a line or tag that a section
/// is put into ends there.
fn level_before(document: &str, language: Language, at: usize) -> u8 {
    let before = document.get(..at).unwrap_or_default();
    level_above(&headings_of(before, language), at)
}

/// The level of the heading that ends above a place; 0 if there is none.
fn level_above(headings: &[Heading], at: usize) -> u8 {
    let above = headings.iter().rev().find(|heading| heading.end <= at);
    above.map_or(0, |heading| heading.level)
}

/// A name that can stand in a comment.
fn section_name(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars().take(100) {
        match letter {
            '-' if plain.ends_with('-') => {}
            letter if letter.is_alphanumeric() || "-_.".contains(letter) => plain.push(letter),
            _ if plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
    }
    plain.trim_matches('-').to_owned()
}

/// Whether a heading is the one that is meant.
pub(super) fn same_heading(text: &str, wanted: &str) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches('#').trim().to_lowercase();
    bare(text) == bare(wanted)
}

/// Where something stands outside of code.
fn find(document: &str, language: Language, wanted: &str) -> Option<usize> {
    match language {
        Language::Html => document.find(wanted),
        Language::Markdown => lines(document)
            .filter(|line| !line.code)
            .find_map(|line| Some(line.start + line.text.find(wanted)?)),
    }
}

/// Where the body of an HTML document ends.
fn end_of_body(document: &str) -> usize {
    let lower = document.to_ascii_lowercase();
    lower
        .rfind("</body")
        .or_else(|| lower.rfind("</html"))
        .unwrap_or(document.len())
}

/// A text with a part of it, from one byte to another, replaced.
pub(super) fn spliced(text: &str, start: usize, end: usize, new: &str) -> String {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    format!("{before}{new}{after}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put(document: &str, language: Language, spot: &Spot, content: &str) -> String {
        let content = |level: u8| {
            let tag = usize::from(level) + 1;
            match language {
                Language::Markdown => format!("{} {content} {level}", "#".repeat(tag)),
                Language::Html => format!("<h{tag}>{content} {level}</h{tag}>"),
            }
        };
        put_section(document, language, "clip", spot, content).unwrap()
    }

    const SECTION: &str = "<!-- domreel:begin clip -->\n## New 1\n<!-- domreel:end clip -->";

    #[test]
    fn a_section_goes_before_the_marker_and_stays_there() {
        let document = "# Title\n\n```\n<!-- domreel -->\n```\n\n<!-- domreel -->\n\nRest\n";
        let first = put(document, Language::Markdown, &Spot::Marker, "New");
        assert_eq!(
            first,
            format!("# Title\n\n```\n<!-- domreel -->\n```\n\n{SECTION}\n\n<!-- domreel -->\n\nRest\n")
        );
        assert_eq!(put(&first, Language::Markdown, &Spot::Marker, "New"), first);
        let changed = put(&first, Language::Markdown, &Spot::Marker, "Other");
        assert_eq!(changed, first.replace("New", "Other"));
    }

    #[test]
    fn a_marker_in_a_heading_puts_the_section_under_it() {
        let document = "# Title\n\n## Clip <!-- domreel -->\n\nRest\n";
        let first = put(document, Language::Markdown, &Spot::Marker, "New");
        let section = SECTION.replace("## New 1", "### New 2");
        assert_eq!(
            first,
            format!("# Title\n\n## Clip \n\n{section}\n\n<!-- domreel -->\n\nRest\n")
        );
        assert_eq!(put(&first, Language::Markdown, &Spot::Marker, "New"), first);
        for document in [document, "Clip <!-- domreel -->\n===\n"] {
            let bare = |text: &str| {
                put_section(text, Language::Markdown, "clip", &Spot::Marker, |level| {
                    level.to_string()
                })
                .unwrap()
            };
            assert_eq!(bare(&bare(document)), bare(document));
        }
        // A tag that never ends is no heading, nor is it one with the section in it.
        let put = |text: &str| {
            put_section(text, Language::Html, "clip", &Spot::Marker, |level| {
                level.to_string()
            })
            .unwrap()
        };
        let once = put("<h3<!-- domreel -->");
        assert_eq!(put(&once), once);
    }

    #[test]
    fn a_section_goes_under_a_heading_or_to_the_end() {
        let document = "# A\n\ntext\n\n## b ##\n\ntext\n\nC\n=\n\nend";
        let spot = |heading: &str| Spot::Heading(heading.to_owned());
        let under = put(document, Language::Markdown, &spot("B"), "New");
        assert!(
            under.contains("text\n\n<!-- domreel:begin clip -->\n### New 2\n"),
            "{under}"
        );
        assert!(
            under.ends_with("<!-- domreel:end clip -->\n\nC\n=\n\nend"),
            "{under}"
        );
        let end = put(document, Language::Markdown, &Spot::Marker, "New");
        assert_eq!(end, format!("{document}\n\n{SECTION}\n"));
        let missing = put_section(document, Language::Markdown, "clip", &spot("D"), |_| {
            String::new()
        });
        assert!(missing.unwrap_err().to_string().contains("‘D’"));
    }

    #[test]
    fn html_has_its_own_places() {
        let document = "<html><body><!-- <h1>No</h1> --><H1 class=a>The <b>title</b> &amp; more</H1>\n<p>x</p></body></html>";
        let end = put(document, Language::Html, &Spot::Marker, "New");
        assert!(end.contains("<p>x</p>\n\n<!-- domreel:begin clip -->"), "{end}");
        assert!(
            end.ends_with("<!-- domreel:end clip -->\n\n</body></html>"),
            "{end}"
        );
        let under = put(
            document,
            Language::Html,
            &Spot::Heading("the title & more".to_owned()),
            "New",
        );
        assert!(
            under.contains("</H1>\n\n<!-- domreel:begin clip -->\n<h2>New 1</h2>\n"),
            "{under}"
        );
        assert!(
            put_section(
                document,
                Language::Html,
                "c",
                &Spot::Heading("No".to_owned()),
                |_| String::new()
            )
            .is_err()
        );
    }

    #[test]
    fn line_ends_are_the_document_s() {
        let document = "# A\r\n\r\ntext\r\n";
        let put = put(document, Language::Markdown, &Spot::Marker, "New\nline");
        assert_eq!(put.matches('\n').count(), put.matches("\r\n").count());
        assert!(put.starts_with(document));
        let half = "text\r";
        let put = |text: &str| {
            put_section(text, Language::Markdown, "clip", &Spot::Marker, |_| {
                "x\ny".to_owned()
            })
        };
        let once = put(half).unwrap();
        assert_eq!(put(&once).unwrap(), once);
    }

    #[test]
    fn a_section_without_an_end_is_told() {
        let document = "<!-- domreel:begin clip -->\n";
        let error = put_section(document, Language::Markdown, "clip", &Spot::Marker, |_| {
            String::new()
        });
        assert!(error.unwrap_err().to_string().contains("domreel:end clip"));
        assert_eq!(section_name("a -- b>\n<!c"), "a-b-c");
    }

    /// Such content does not say itself which level it has.
    #[test]
    fn content_without_headings_keeps_its_level() {
        let put = |document: &str, language, spot: &Spot| {
            put_section(document, language, "clip", spot, |level| {
                format!("level {level}\n")
            })
            .unwrap()
        };
        let heading = Spot::Heading("A".to_owned());
        for (document, language, spot, level) in [
            ("& \u{4}# Impact..ectellxt", Language::Html, &Spot::Marker, 1),
            ("<h3>A</h3> text", Language::Html, &Spot::Marker, 1),
            ("text", Language::Markdown, &Spot::Marker, 0),
            ("# A\n\n## B\n\ntext\n", Language::Markdown, &Spot::Marker, 1),
            ("# A\n\n## B\n\ntext\n", Language::Markdown, &heading, 1),
        ] {
            let once = put(document, language, spot);
            assert!(once.contains(&format!("\nlevel {level}\n")), "{once}");
            assert_eq!(put(&once, language, spot), once);
        }
    }

    proptest! {
        /// A second time changes nothing, and what was there stays.
        #[test]
        fn twice_is_once(
            parts in proptest::collection::vec(
                proptest::sample::select(vec!["# A\n", "text\n", "```\n", "\n", "B\n=\n", MARKER, "\r\n", "<h2>C</h2>", "ä"]),
                0..12,
            ),
            html in any::<bool>(),
            heading in any::<bool>(),
        ) {
            let document = parts.concat();
            let language = if html { Language::Html } else { Language::Markdown };
            let put = |document: &str| match heading {
                true => put(document, language, &Spot::Marker, "New"),
                false => put_section(document, language, "clip", &Spot::Marker, |level| level.to_string()).unwrap(),
            };
            let once = put(&document);
            prop_assert_eq!(&put(&once), &once);
            let start = once.find("<!-- domreel:begin").unwrap();
            let end = once.find("<!-- domreel:end clip -->").unwrap() + "<!-- domreel:end clip -->".len();
            let without: String = [&once[..start], &once[end..]].concat();
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&without), letters(&document));
        }
    }
}
