//! Style sheets as the stage needs them: the pointer's pseudo-classes as attributes that the stage
//! sets, and the recorded screen's size as that of the viewport.

use std::borrow::Cow;

/// Pseudo-classes and the attribute selectors of the same specificity that stand for them.
const PSEUDO_CLASSES: [(&str, &str); 2] = [("hover", "[domreel-hover]"), ("active", "[domreel-active]")];

/// Media features of the screen and those of the viewport that stand for them.
const MEDIA_FEATURES: [(&str, &str); 6] = [
    ("max-device-width", "max-width"),
    ("min-device-width", "min-width"),
    ("device-width", "width"),
    ("max-device-height", "max-height"),
    ("min-device-height", "min-height"),
    ("device-height", "height"),
];

/// Rewrites a style sheet or a rule.
pub(super) fn rewritten(css: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut scan = Scanner {
        bytes: css.as_bytes(),
        at: 0,
    };
    while let Some(found) = scan.next_candidate() {
        let (start, end, with) = found;
        let text = out.get_or_insert_with(|| String::with_capacity(css.len() + 64));
        text.push_str(css.get(copied..start).unwrap_or_default());
        text.push_str(with);
        copied = end;
    }
    match out {
        Some(mut text) => {
            text.push_str(css.get(copied..).unwrap_or_default());
            Cow::Owned(text)
        }
        None => Cow::Borrowed(css),
    }
}

/// Walks over CSS text, past strings, comments and addresses.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next place to rewrite: start, end and what goes there.
    fn next_candidate(&mut self) -> Option<(usize, usize, &'static str)> {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'"' | b'\'' => self.string(),
                b'/' if self.peek(1) == b'*' => self.comment(),
                b':' if self.peek(1) == b':' => self.at += 2,
                b':' => {
                    let start = self.at;
                    self.at += 1;
                    let name = self.identifier();
                    let known = PSEUDO_CLASSES
                        .iter()
                        .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
                    if let Some((_, attribute)) = known
                        && self.peek(0) != b'('
                    {
                        return Some((start, self.at, attribute));
                    }
                    self.at = start + 1;
                }
                byte if is_name(byte) => {
                    let start = self.at;
                    let name = self.identifier();
                    if name.eq_ignore_ascii_case(b"url") && self.peek(0) == b'(' {
                        self.address();
                        continue;
                    }
                    let end = self.at;
                    let feature = MEDIA_FEATURES
                        .iter()
                        .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
                    if let Some((_, width)) = feature {
                        return Some((start, end, width));
                    }
                }
                _ => self.at += 1,
            }
        }
        None
    }

    fn identifier(&mut self) -> &'a [u8] {
        let start = self.at;
        while is_name(self.peek(0)) && self.at < self.bytes.len() {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    fn string(&mut self) {
        let quote = self.peek(0);
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                // A string ends with its line, closed or not.
                byte if byte == quote || byte == b'\n' => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn comment(&mut self) {
        self.at += 2;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
    }

    /// `url(` without quotes holds everything up to the bracket.
    fn address(&mut self) {
        self.at += 1;
        while self.peek(0).is_ascii_whitespace() {
            self.at += 1;
        }
        if matches!(self.peek(0), b'"' | b'\'') {
            return;
        }
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b')' => return,
                _ => self.at += 1,
            }
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointers_classes_become_attributes() {
        for (given, expected) in [
            ("a:hover{color:red}", "a[domreel-hover]{color:red}"),
            (
                "a:not(:hover):ACTIVE b{}",
                "a:not([domreel-hover])[domreel-active] b{}",
            ),
            (
                "a:hover::before{content:':hover'}",
                "a[domreel-hover]::before{content:':hover'}",
            ),
            (".a\\:hover{}", ".a\\:hover{}"),
            (".a\\:hover:hover{}", ".a\\:hover[domreel-hover]{}"),
            ("a:hover-within{}", "a:hover-within{}"),
            (
                "/* a:hover */ b{background:url(data:hover)}",
                "/* a:hover */ b{background:url(data:hover)}",
            ),
            (
                "b{background:url(x:hover);c:\"it's :hover\"}",
                "b{background:url(x:hover);c:\"it's :hover\"}",
            ),
            ("@media (max-device-width: 9px){}", "@media (max-width: 9px){}"),
            ("é:hover{}", "é[domreel-hover]{}"),
            ("a:", "a:"),
            ("a\\", "a\\"),
        ] {
            assert_eq!(rewritten(given), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(css in "[a:hover/*\"'()\\\\ é\n{}-]{0,60}") {
            let once = rewritten(&css).into_owned();
            // What was rewritten has nothing left to rewrite.
            proptest::prop_assert_eq!(rewritten(&once).into_owned(), once);
        }
    }
}
