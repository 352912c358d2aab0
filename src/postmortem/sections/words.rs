//! Blocks and words that all sections use.

use crate::embed::document::{Block, Inline, text};
use crate::scan::{Group, ProblemKind, Share};

/// Stands for `@` where somebody is meant to be mentioned; recorded text never has it.
const MENTION: char = '\u{e000}';

/// Somebody who is mentioned, whose name is made of plain characters only.
pub(super) fn mention(name: &str) -> Inline {
    text(format!("{MENTION}{}", name.trim_start_matches('@')))
}

/// Writes mentions the way a target does: `written` gets each name, without a sign.
pub fn with_mentions(text: &str, written: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(MENTION);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Markdown puts a stroke before what it would take for its own, and something unseen behind other signs.
        let in_name = |c: char| c.is_ascii_alphanumeric() || "@._/-\\\u{2060}".contains(c);
        let end = part.find(|c| !in_name(c)).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        out.push_str(&written(&name.replace(['\\', '\u{2060}'], "")));
        out.push_str(rest);
    }
    out
}

pub(super) fn heading(name: &str) -> Block {
    Block::Heading(1, name.to_owned())
}

pub(super) fn paragraph(sentences: &str) -> Block {
    Block::Paragraph(vec![text(clean(sentences))])
}

/// Text of recordings must not mention anybody.
pub(super) fn clean(text: &str) -> String {
    text.replace(MENTION, "")
}

pub(super) fn cell(content: impl AsRef<str>) -> Vec<Inline> {
    vec![text(clean(content.as_ref()))]
}

pub(super) fn code(content: &str) -> Inline {
    Inline::Code(clean(content))
}

pub(super) fn table(head: &[&str], rows: Vec<Vec<Vec<Inline>>>) -> Block {
    Block::Table {
        head: head.iter().map(|name| (*name).to_owned()).collect(),
        rows,
    }
}

/// A count and its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

pub(super) fn percent(part: usize, whole: usize) -> String {
    match (part, whole) {
        (_, 0) => "0 %".to_owned(),
        (part, whole) if part > 0 && part * 100 < whole => "less than 1 %".to_owned(),
        // Rounded down: “100 %” means all.
        (part, whole) => format!("{} %", part * 100 / whole),
    }
}

pub(super) fn all_or(part: usize, whole: usize) -> String {
    if part == whole {
        format!("all {whole}")
    } else {
        format!("{part} of {whole}")
    }
}

pub(super) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

pub(super) fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// “Clicked button ‘Pay’” within a sentence.
pub(super) fn uncapitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

pub(super) fn first(shares: &[Share]) -> Option<&Share> {
    shares.first().filter(|share| share.name != "unknown")
}

pub(super) fn affected(group: &Group) -> String {
    match (group.users, group.sessions_without_user) {
        (0, _) => counted(group.sessions, "session"),
        (users, 0) => format!(
            "{} in {}",
            counted(users, "user"),
            counted(group.sessions, "session")
        ),
        (users, unknown) => format!(
            "{} (and {} whose user is not known) in {}",
            counted(users, "user"),
            counted(unknown, "session"),
            counted(group.sessions, "session")
        ),
    }
}

/// The problem as a thing one can talk about.
pub(super) fn problem_name(group: &Group) -> String {
    match group.kind {
        ProblemKind::Request => format!("failing {}", group.title),
        _ => group.title.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::{html, markdown};

    #[test]
    fn mentions_survive_what_formats_do_to_text() {
        let block = Block::Paragraph(vec![
            mention("@team_pay"),
            text(", "),
            mention("ann@shop.example"),
            text(" and @nobody"),
        ]);
        let written = |name: &str| format!("<{name}>");
        let told = with_mentions(&markdown(std::slice::from_ref(&block), 1), written);
        assert_eq!(told.trim(), "<team_pay>, <ann@shop.example> and @\u{2060}nobody");
        let told = with_mentions(&html(&[block], 1), written);
        assert_eq!(told.trim(), "<p><team_pay>, <ann@shop.example> and @nobody</p>");
    }
}
