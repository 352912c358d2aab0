//! The headings of Markdown and HTML documents, and where they stand.

/// A heading of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// 1 to 6.
    pub(super) level: u8,
    pub(super) text: String,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Where what follows it begins.
    pub(super) end: usize,
}

/// A line of Markdown.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    /// It is part of a fenced block of code.
    pub(super) code: bool,
}

/// The lines of a Markdown document, with what is code in it.
pub(super) fn lines(document: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    let mut fence: Option<(char, usize)> = None;
    document.split_inclusive('\n').map(move |text| {
        let begun = start;
        start += text.len();
        let bare = text.trim_start_matches(' ');
        let indented = text.len() - bare.len() > 3;
        let letter = bare.chars().next().filter(|letter| matches!(letter, '`' | '~'));
        let run = letter.map_or(0, |letter| {
            bare.chars().take_while(|other| *other == letter).count()
        });
        let mut code = fence.is_some();
        match (fence, letter) {
            (None, Some(letter)) if run >= 3 && !indented => {
                fence = Some((letter, run));
                code = true;
            }
            (Some((open, length)), Some(letter))
                if letter == open
                    && run >= length
                    && bare.trim_end().chars().all(|other| other == letter) =>
            {
                fence = None;
            }
            _ => {}
        }
        Line {
            text,
            start: begun,
            code,
        }
    })
}

/// The headings of a Markdown document.
pub(super) fn headings(document: &str) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut above: Option<Line<'_>> = None;
    for line in lines(document) {
        if line.code {
            above = None;
            continue;
        }
        let bare = line.text.trim_start_matches(' ');
        let indented = line.text.len() - bare.len() > 3;
        let text = bare.trim();
        let level = text.chars().take_while(|letter| *letter == '#').count();
        let rest = text.get(level..).unwrap_or_default();
        let end = line.start + line.text.len();
        let underline = |letter: char| !text.is_empty() && text.chars().all(|other| other == letter);
        if !indented && (1..=6).contains(&level) && (rest.is_empty() || rest.starts_with([' ', '\t'])) {
            headings.push(Heading {
                level: level as u8,
                text: rest.trim().trim_end_matches('#').trim().to_owned(),
                start: line.start,
                end,
            });
            above = None;
            continue;
        }
        if let Some(title) = above
            .take()
            .filter(|_| !indented && (underline('=') || underline('-')))
        {
            headings.push(Heading {
                level: if underline('=') { 1 } else { 2 },
                text: title.text.trim().to_owned(),
                start: title.start,
                end,
            });
            continue;
        }
        let can_be_title = !indented && !text.is_empty() && !text.starts_with(['>', '|', '-', '*', '+', '<']);
        above = can_be_title.then_some(line);
    }
    headings
}

/// The headings of an HTML document.
pub(super) fn html_headings(document: &str) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut at = 0;
    // Searched without regard to case; ASCII letters keep their places.
    let lower = document.to_ascii_lowercase();
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + found;
        let rest = lower.get(start..).unwrap_or_default();
        let skip = |end: &str| {
            rest.find(end)
                .map_or(document.len(), |length| start + length + end.len())
        };
        if rest.starts_with("<!--") {
            at = skip("-->");
        } else if rest.starts_with("<script") {
            at = skip("</script");
        } else if rest.starts_with("<style") {
            at = skip("</style");
        } else if let Some(level @ b'1'..=b'6') = rest
            .strip_prefix("<h")
            .and_then(|rest| rest.as_bytes().first().copied())
            .filter(|_| {
                rest.as_bytes()
                    .get(3)
                    .is_some_and(|next| matches!(next, b'>' | b' ' | b'\n' | b'\t' | b'\r'))
            })
        {
            let close = format!("</h{}>", char::from(level));
            // One that never ends is none.
            let Some(length) = rest.find(&close) else {
                at = start + 1;
                continue;
            };
            let end = start + length + close.len();
            let inner = document.get(start..end).unwrap_or_default();
            headings.push(Heading {
                level: level - b'0',
                text: plain(inner),
                start,
                end,
            });
            at = end;
        } else {
            at = start + 1;
        }
    }
    headings
}

/// The text of a piece of HTML.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => in_tag = false,
            letter if !in_tag => text.push(letter),
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
