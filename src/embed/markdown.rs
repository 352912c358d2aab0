//! Markdown, as GitHub, GitLab, Linear, Datadog and most wikis read it.

use super::document::{Block, Inline, Picture};
use super::notebook::MARKER;

/// Blocks as Markdown; headings begin below a heading of `level` (0: the document has none above).
pub fn markdown(blocks: &[Block], level: u8) -> String {
    markdown_with(blocks, level, &clip)
}

/// The same with a clip in another form.
pub(super) fn markdown_with(blocks: &[Block], level: u8, clip: &dyn Fn(&Picture) -> String) -> String {
    let mut out = String::new();
    for block in blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        match block {
            Block::Heading(below, text) => {
                let hashes = "#".repeat(usize::from(level.saturating_add(*below).clamp(1, 6)));
                out.push_str(&format!("{hashes} {}\n", escaped(text)));
            }
            Block::Paragraph(inlines) => {
                out.push_str(&line(inlines));
                out.push('\n');
            }
            Block::Marker => out.push_str(&format!("{MARKER}\n")),
            Block::Clip(picture) => out.push_str(&clip(picture)),
            Block::Table { head, rows } => table(head, rows, &mut out),
            Block::Numbered(items) => {
                for (number, item) in (1..).zip(items) {
                    out.push_str(&format!("{number}. {}\n", line(item)));
                }
            }
            Block::Bulleted(items) => {
                for item in items {
                    out.push_str(&format!("- {}\n", line(item)));
                }
            }
        }
    }
    out
}

/// A clip: an image, or a poster that leads to the video.
fn clip(picture: &Picture) -> String {
    let alt = escaped(&picture.alt);
    match &picture.poster {
        Some(poster) if picture.video => {
            format!("[![{alt}]({poster})]({})\n", destination(&picture.src))
        }
        _ if picture.video => format!("[{alt}]({})\n", destination(&picture.src)),
        _ => format!("![{alt}]({})\n", destination(&picture.src)),
    }
}

/// A clip on GitHub. A video is played where a reference to it, without alternative text, is all there is
/// in a paragraph and the file is uploaded with the text; or where its address stands alone.
pub(super) fn clip_on_github(picture: &Picture) -> String {
    match (picture.video, picture.src.contains("://")) {
        (true, false) => format!("![]({})\n", destination(&picture.src)),
        (true, true) => format!("{}\n", destination(&picture.src)),
        (false, _) => clip(picture),
    }
}

/// A clip on GitLab, which plays what is written like an image and is a video.
pub(super) fn clip_on_gitlab(picture: &Picture) -> String {
    format!("![{}]({})\n", escaped(&picture.alt), destination(&picture.src))
}

/// An address that ends where it should.
fn destination(url: &str) -> String {
    url.replace(' ', "%20")
        .replace('(', "%28")
        .replace(')', "%29")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace(['\n', '\r'], "")
}

fn table(head: &[String], rows: &[Vec<Vec<Inline>>], out: &mut String) {
    let names: Vec<String> = head.iter().map(|name| escaped(name)).collect();
    out.push_str(&format!("| {} |\n", names.join(" | ")));
    out.push_str(&format!("|{}\n", "---|".repeat(head.len())));
    for row in rows {
        // In a cell, a bar ends the cell even within code.
        let cells: Vec<String> = row
            .iter()
            .map(|cell| run(cell).replace("\\|", "|").replace('|', "\\|"))
            .collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

/// Text on a line of its own: one that begins like a list or a heading would become one.
fn line(inlines: &[Inline]) -> String {
    let out = run(inlines);
    let number = out.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let digits = out.len() - number.len();
    match out.chars().next() {
        Some('#' | '+' | '-' | '=') => format!("\\{out}"),
        _ if digits > 0 && number.starts_with(['.', ')']) => {
            format!("{}\\{number}", out.get(..digits).unwrap_or_default())
        }
        _ => out,
    }
}

fn run(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.push_str(&escaped(text)),
            Inline::Strong(text) => out.push_str(&format!("**{}**", escaped(text.trim()))),
            Inline::Code(text) => out.push_str(&code(text)),
            Inline::Link { text, url } => {
                out.push_str(&format!("[{}]({})", escaped(text), destination(url)));
            }
        }
    }
    out
}

/// A code span, with as many backticks as its content asks for.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let mut longest = 0;
    let mut run = 0;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text that stays text: no formatting, no tags, and nobody is mentioned by it.
pub(super) fn escaped(text: &str) -> String {
    /// Keeps `@name` and `#12` from becoming mentions, and is not seen.
    const JOINER: char = '\u{2060}';
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(letter);
            }
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            '@' | '#' | '!' if letters.peek().is_some_and(|next| next.is_alphanumeric()) => {
                out.push(letter);
                out.push(JOINER);
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::document::text;

    #[test]
    fn recorded_text_stays_text() {
        assert_eq!(
            escaped("a*b_[c](d) <e> & \\"),
            "a\\*b\\_\\[c\\](d) \\<e\\> &amp; \\\\"
        );
        assert_eq!(escaped("@you #1 a@b.c"), "@\u{2060}you #\u{2060}1 a@\u{2060}b.c");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(line(&[text("- no list")]), "\\- no list");
        assert_eq!(line(&[text("12. no list")]), "12\\. no list");
        assert_eq!(line(&[text("12 s")]), "12 s");
    }

    #[test]
    fn bars_do_not_end_cells() {
        let cell = vec![text("a|b"), Inline::Code("c|d".to_owned())];
        let table = Block::Table {
            head: vec!["H".to_owned()],
            rows: vec![vec![cell]],
        };
        assert_eq!(markdown(&[table], 0), "| H |\n|---|\n| a\\|b`c\\|d` |\n");
    }
}
