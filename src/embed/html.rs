//! HTML: a fragment for documents that are there.

use super::document::{Block, Inline, Picture};
use super::notebook::MARKER;

/// Blocks as HTML; headings begin below a heading of `level` (0: the document has none above).
pub fn html(blocks: &[Block], level: u8) -> String {
    html_with(blocks, level, &clip)
}

/// The same with a clip in another form.
pub(super) fn html_with(blocks: &[Block], level: u8, clip: &dyn Fn(&Picture) -> String) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Heading(below, text) => {
                let level = level.saturating_add(*below).clamp(1, 6);
                out.push_str(&format!("<h{level}>{}</h{level}>\n", escaped(text)));
            }
            Block::Paragraph(inlines) => out.push_str(&format!("<p>{}</p>\n", line(inlines))),
            Block::Marker => out.push_str(&format!("{MARKER}\n")),
            Block::Clip(picture) => out.push_str(&clip(picture)),
            Block::Table { head, rows } => table(head, rows, &mut out),
            Block::Numbered(items) => list("ol", items, &mut out),
            Block::Bulleted(items) => list("ul", items, &mut out),
        }
    }
    out
}

/// A clip that does not move for those who do not want that.
fn clip(picture: &Picture) -> String {
    let alt = escaped(&picture.alt);
    let src = escaped(&picture.src);
    let size = format!("width=\"{}\" height=\"{}\"", picture.width, picture.height);
    let fluid = "style=\"max-width:100%;height:auto\"";
    let inner = if picture.video {
        let poster = picture
            .poster
            .as_ref()
            .map_or(String::new(), |poster| format!(" poster=\"{}\"", escaped(poster)));
        let track = picture.captions.as_ref().map_or(String::new(), |captions| {
            format!(
                "<track kind=\"captions\" src=\"{}\" label=\"Captions\" srclang=\"en\">",
                escaped(captions)
            )
        });
        format!(
            "<video controls playsinline preload=\"metadata\" src=\"{src}\"{poster} aria-label=\"{alt}\" {size} \
             {fluid}>{track}</video>"
        )
    } else {
        let image = format!("<img src=\"{src}\" alt=\"{alt}\" {size} {fluid}>");
        match &picture.poster {
            Some(poster) => format!(
                "<picture><source media=\"(prefers-reduced-motion: reduce)\" srcset=\"{}\">{image}</picture>",
                escaped(poster)
            ),
            None => image,
        }
    };
    format!("<figure>{inner}</figure>\n")
}

fn table(head: &[String], rows: &[Vec<Vec<Inline>>], out: &mut String) {
    let names: String = head
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escaped(name)))
        .collect();
    out.push_str(&format!("<table>\n<thead><tr>{names}</tr></thead>\n<tbody>\n"));
    for row in rows {
        let cells: String = row
            .iter()
            .map(|cell| format!("<td>{}</td>", line(cell)))
            .collect();
        out.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    out.push_str("</tbody>\n</table>\n");
}

fn list(tag: &str, items: &[Vec<Inline>], out: &mut String) {
    out.push_str(&format!("<{tag}>\n"));
    for item in items {
        out.push_str(&format!("<li>{}</li>\n", line(item)));
    }
    out.push_str(&format!("</{tag}>\n"));
}

fn line(inlines: &[Inline]) -> String {
    inlines
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) => escaped(text),
            Inline::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
            Inline::Code(text) => format!("<code>{}</code>", escaped(text)),
            Inline::Link { text, url } => {
                format!("<a href=\"{}\">{}</a>", escaped(safe(url)), escaped(text))
            }
        })
        .collect()
}

/// An address that leads to a page and does nothing else.
fn safe(url: &str) -> &str {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("http" | "https" | "mailto") => url,
        Some(scheme) if !scheme.contains(['/', '?', '#']) => "#",
        _ => url,
    }
}

/// Text for HTML and XML, in content and in quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no form for them at all.
            control if control.is_control() && !matches!(control, '\n' | '\t') => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_text_stays_text() {
        assert_eq!(
            escaped("<b a=\"x\" b='y'>&\u{1}"),
            "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;"
        );
        assert_eq!(safe("javascript:alert(1)"), "#");
        assert_eq!(safe("https://a.example/x:y"), "https://a.example/x:y");
        assert_eq!(safe("a/b?c=d:e"), "a/b?c=d:e");
    }
}
