//! Style sheets with what they refer to filled in: addresses as `data:` URLs, imports as blocks, so that
//! a sheet is complete when the page gets it and no place of a rule changes.

use std::fmt::Write as _;
use std::sync::Arc;

use super::fill::Filler;
use super::{AssetKind, resolved};
use crate::dom::css::{AddressKind, Reference, references};

/// How deep imports go.
const MOST_DEPTH: usize = 8;

impl Filler<'_> {
    /// A sheet, rule or declaration of the recording, filled in; `None` when it stays as it is.
    pub(super) fn css(&mut self, css: &Arc<str>, base: &str) -> Option<Arc<str>> {
        // Most declarations refer to nothing.
        if !may_refer(css) {
            return None;
        }
        let key = (Arc::clone(css), Arc::<str>::from(base));
        if let Some(known) = self.texts.get(&key) {
            return known.clone();
        }
        let filled: Option<Arc<str>> = self.filled(css, base, false, &mut Vec::new()).map(Arc::from);
        self.texts.insert(key, filled.clone());
        filled
    }

    /// The sheet at an address, with all that it imports; `None` if it is not there.
    pub(super) fn sheet(&mut self, url: &str, base: &str) -> Option<Arc<str>> {
        self.sheet_below(url, base, &mut Vec::new())
    }

    fn sheet_below(&mut self, url: &str, base: &str, above: &mut Vec<String>) -> Option<Arc<str>> {
        let url = resolved(url, base)?;
        if let Some(known) = self.sheets.get(url.as_str()) {
            return known.clone();
        }
        let Some((asset, at)) = self.assets.get(&url) else {
            self.is_absent(AssetKind::StyleSheet, &url);
            return None;
        };
        // What a server says instead of a sheet that is not there.
        if asset.media_type.starts_with("text/html") {
            self.is_absent(AssetKind::StyleSheet, &url);
            return None;
        }
        if above.len() >= MOST_DEPTH || above.iter().any(|above| above == at.as_str()) {
            return None;
        }
        let text = asset.text();
        self.is_used(AssetKind::StyleSheet, &url, &at, asset);
        above.push(at.as_str().to_owned());
        let filled = self.filled(&text, at.as_str(), true, above).unwrap_or(text);
        above.pop();
        let filled: Arc<str> = filled.into();
        // Within a circle of imports it is not what it is outside.
        if above.is_empty() {
            self.sheets.insert(url.into(), Some(Arc::clone(&filled)));
        }
        Some(filled)
    }

    /// Fills in a text whose addresses count from `base`. With `moves`, it goes where they would count
    /// from elsewhere: those that stay become absolute.
    fn filled(&mut self, css: &str, base: &str, moves: bool, above: &mut Vec<String>) -> Option<String> {
        let mut out: Option<String> = None;
        let mut copied = 0;
        for found in references(css) {
            let Some(with) = self.replacement(&found, base, moves, above) else {
                continue;
            };
            if !self.has_room(with.len()) {
                break;
            }
            let text = out.get_or_insert_with(|| String::with_capacity(css.len() + with.len()));
            text.push_str(css.get(copied..found.place.start).unwrap_or_default());
            text.push_str(&with);
            copied = found.place.end;
        }
        let mut text = out?;
        text.push_str(css.get(copied..).unwrap_or_default());
        Some(text)
    }

    fn replacement(
        &mut self,
        found: &Reference,
        base: &str,
        moves: bool,
        above: &mut Vec<String>,
    ) -> Option<String> {
        let kind = match found.kind {
            AddressKind::Sheet => {
                let conditions = found.import.as_deref()?;
                let sheet = self.sheet_below(&found.address, base, above)?;
                return Some(imported(&sheet, conditions));
            }
            AddressKind::Font => AssetKind::Font,
            AddressKind::Image => AssetKind::Image,
        };
        if let Some(data) = self.look(kind, &found.address, base) {
            return Some(format!("\"{data}\""));
        }
        let url = resolved(&found.address, base).filter(|_| moves)?;
        // The URL standard leaves no quotes and backslashes in an address.
        Some(format!("\"{}\"", url.as_str().replace(['"', '\\', '\n'], "")))
    }
}

fn may_refer(css: &str) -> bool {
    let bytes = css.as_bytes();
    memchr::memchr_iter(b'(', bytes).any(|at| {
        let before = bytes.get(..at).unwrap_or_default();
        let ends = |name: &[u8]| {
            let start = before.len().saturating_sub(name.len());
            before
                .get(start..)
                .is_some_and(|end| end.eq_ignore_ascii_case(name))
        };
        ends(b"url") || ends(b"image-set")
    }) || bytes.windows(7).any(|word| word.eq_ignore_ascii_case(b"@import"))
}

/// An imported sheet as the one rule that stands for its import.
fn imported(sheet: &str, conditions: &str) -> String {
    let mut rest = conditions.trim();
    let mut layer = None;
    let mut supports = None;
    if let Some((argument, behind)) = function(rest, "layer") {
        layer = Some(argument);
        rest = behind;
    } else if let Some(behind) = keyword(rest, "layer") {
        layer = Some("");
        rest = behind;
    }
    if let Some((argument, behind)) = function(rest, "supports") {
        supports = Some(argument);
        rest = behind;
    }
    let media = if rest.is_empty() { "all" } else { rest };
    let mut text = String::with_capacity(sheet.len() + 64);
    // Writing to a string cannot fail.
    let _ = write!(text, "@media {media} {{");
    let mut open = 1;
    if let Some(condition) = supports {
        let is_condition = condition.starts_with('(') || function(condition, "selector").is_some() || {
            let word = condition.split_whitespace().next().unwrap_or_default();
            word.eq_ignore_ascii_case("not")
        };
        let _ = match is_condition {
            true => write!(text, "@supports {condition} {{"),
            false => write!(text, "@supports ({condition}) {{"),
        };
        open += 1;
    }
    if let Some(name) = layer {
        let _ = write!(text, "@layer {name} {{");
        open += 1;
    }
    text.push('\n');
    text.push_str(&closed(sheet));
    text.push('\n');
    text.extend(std::iter::repeat_n('}', open));
    text
}

/// A sheet whose blocks, strings and comments are all closed, so that what follows is no part of it; one
/// that closes more than it opens ends there.
fn closed(css: &str) -> std::borrow::Cow<'_, str> {
    let bytes = css.as_bytes();
    let mut open: Vec<u8> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') => {
                at += 1;
                loop {
                    match bytes.get(at) {
                        Some(b'\\') => at += 1,
                        Some(b'\n') => break,
                        Some(byte) if byte == quote => break,
                        Some(_) => {}
                        None => {
                            open.push(*quote);
                            break;
                        }
                    }
                    at += 1;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                match memchr::memmem::find(rest, b"*/") {
                    Some(end) => at += end + 3,
                    None => return format!("{css}*/{}", ending(&open)).into(),
                }
            }
            b'{' => open.push(b'}'),
            b'(' => open.push(b')'),
            b'[' => open.push(b']'),
            closing @ (b'}' | b')' | b']') => {
                if open.last() == Some(closing) {
                    open.pop();
                } else if *closing == b'}' && !open.contains(&b'}') {
                    return css.get(..at).unwrap_or_default().into();
                }
            }
            _ => {}
        }
        at += 1;
    }
    match open.is_empty() {
        true => css.into(),
        false => format!("{css}{}", ending(&open)).into(),
    }
}

fn ending(open: &[u8]) -> String {
    open.iter().rev().map(|byte| char::from(*byte)).collect()
}

/// The argument of a function that a text begins with, and what stands behind it.
fn function<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let start = text.get(..name.len())?;
    let rest = text.get(name.len()..)?.strip_prefix('(')?;
    if !start.eq_ignore_ascii_case(name) {
        return None;
    }
    let mut depth = 1;
    let end = rest.find(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let (argument, behind) = rest.split_at_checked(end)?;
    Some((argument.trim(), behind.get(1..)?.trim_start()))
}

/// What stands behind a word that a text begins with.
fn keyword<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (start.eq_ignore_ascii_case(word) && ends).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{Asset, Assets};
    use super::*;

    fn assets(all: &[(&str, &str, &str)]) -> Assets {
        let mut assets = Assets::default();
        for (url, media_type, content) in all {
            let content = content.as_bytes().to_vec();
            assets.insert(&Url::parse(url).unwrap(), Asset::new(content, media_type));
        }
        assets
    }

    #[test]
    fn addresses_count_from_their_sheet() {
        let assets = assets(&[
            (
                "https://c.example/css/a.css",
                "text/css",
                "@import 'b.css' screen;x{background:url(../i.png)}",
            ),
            (
                "https://c.example/css/b.css",
                "text/css",
                "@font-face{src:url(f.woff2)}y{cursor:url(no.cur)}",
            ),
            ("https://c.example/i.png", "image/png", "i"),
            ("https://c.example/css/f.woff2", "font/woff2", "f"),
        ]);
        let mut filler = Filler::new(&assets);
        let sheet = filler.sheet("/css/a.css", "https://c.example/page").unwrap();
        let expected = "@media screen {\n@font-face{src:url(\"data:font/woff2;base64,Zg==\")}\
            y{cursor:url(\"https://c.example/css/no.cur\")}\n}x{background:url(\"data:image/png;base64,aQ==\")}";
        assert_eq!(&*sheet, expected);
        assert_eq!(filler.absent.len(), 1);
    }

    #[test]
    fn imports_are_one_rule_with_their_conditions() {
        for (conditions, expected) in [
            ("", "@media all {\na{}\n}"),
            ("print, screen", "@media print, screen {\na{}\n}"),
            ("layer(x.y) screen", "@media screen {@layer x.y {\na{}\n}}"),
            (
                "layer supports(display: grid)",
                "@media all {@supports (display: grid) {@layer  {\na{}\n}}}",
            ),
            (
                "supports(not (a: b))",
                "@media all {@supports not (a: b) {\na{}\n}}",
            ),
        ] {
            assert_eq!(imported("a{}", conditions), expected);
        }
    }

    #[test]
    fn a_sheet_ends_where_it_ends() {
        for (css, expected) in [
            ("a{b:c", "a{b:c}"),
            ("a{b:\"c", "a{b:\"c\"}"),
            ("a{}/* b", "a{}/* b*/"),
            ("a{}}b{}", "a{}"),
            ("a{b:url(\"}\")}", "a{b:url(\"}\")}"),
            ("a:not([b{c", "a:not([b{c}])"),
        ] {
            assert_eq!(closed(css), expected);
        }
    }

    #[test]
    fn circles_of_imports_end() {
        let assets = assets(&[
            ("https://c.example/a.css", "text/css", "@import 'b.css';a{}"),
            ("https://c.example/b.css", "text/css", "@import 'a.css';b{}"),
        ]);
        let sheet = Filler::new(&assets).sheet("https://c.example/a.css", "").unwrap();
        assert_eq!(&*sheet, "@media all {\n@import 'a.css';b{}\n}a{}");
    }

    #[test]
    fn what_refers_to_nothing_stays() {
        let assets = assets(&[("https://c.example/i.png", "image/png", "i")]);
        let mut filler = Filler::new(&assets);
        for css in [
            "a{color:red}",
            "a{b:url(#c)}",
            "a{b:url(data:,x)}",
            "a{b:calc(1px)}",
            "a{b:url(other.png)}",
        ] {
            assert_eq!(filler.css(&Arc::from(css), "https://c.example/"), None, "{css}");
        }
        let filled = filler.css(&Arc::from("a{b:image-set('i.png' 1x)}"), "https://c.example/");
        assert_eq!(
            filled.as_deref(),
            Some("a{b:image-set(\"data:image/png;base64,aQ==\" 1x)}")
        );
    }
}
