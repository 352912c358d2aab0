//! Style sheets as the stage needs them: the pointer's pseudo-classes as attributes that the stage
//! sets, and the recorded screen's size as that of the viewport.

use std::borrow::Cow;

/// Pseudo-classes and the attribute selectors of the same specificity that stand for them.
const PSEUDO_CLASSES: [(&str, &str); 2] = [("hover", "[domreel-hover]"), ("active", "[domreel-active]")];

/// Media features of the screen and those of the viewport that stand for them.
const MEDIA_FEATURES: [(&str, &str); 9] = [
    ("max-device-width", "max-width"),
    ("min-device-width", "min-width"),
    ("device-width", "width"),
    ("max-device-height", "max-height"),
    ("min-device-height", "min-height"),
    ("device-height", "height"),
    ("max-device-aspect-ratio", "max-aspect-ratio"),
    ("min-device-aspect-ratio", "min-aspect-ratio"),
    ("device-aspect-ratio", "aspect-ratio"),
];

/// Rewrites a style sheet or a rule.
pub(super) fn rewritten(css: &str) -> Cow<'_, str> {
    rewritten_from(css, Place::Sheet)
}

/// Rewrites a list of media queries.
pub(super) fn rewritten_media(media: &str) -> Cow<'_, str> {
    rewritten_from(media, Place::MediaPrelude)
}

fn rewritten_from(css: &str, place: Place) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut scan = Scanner::new(css, place);
    while let Some(token) = scan.next() {
        let Token::Replace { start, end, with } = token else {
            continue;
        };
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

/// What an address in a style sheet is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressKind {
    /// Another sheet, imported.
    Sheet,
    /// A font.
    Font,
    /// A picture, or what else a declaration can refer to.
    Image,
}

/// The addresses in a style sheet, a rule or a declaration, as written.
pub(super) fn addresses(css: &str) -> Vec<(AddressKind, String)> {
    let mut found = Vec::new();
    let mut scan = Scanner::new(css, Place::Sheet);
    let mut in_font = false;
    while let Some(token) = scan.next() {
        match token {
            Token::FontFace => in_font = true,
            Token::BlockEnd => in_font = false,
            Token::Address { start, end, imported } => {
                let kind = match (imported, in_font) {
                    (true, _) => AddressKind::Sheet,
                    (false, true) => AddressKind::Font,
                    (false, false) => AddressKind::Image,
                };
                found.push((kind, plain_address(css.get(start..end).unwrap_or_default())));
            }
            Token::Replace { .. } => {}
        }
    }
    found
}

/// An address in a style sheet, and where it stands.
pub(crate) struct Reference {
    /// What it is of.
    pub(crate) kind: AddressKind,
    /// It, without quotes and escapes.
    pub(crate) address: String,
    /// Where it stands, quotes included; of an import, where the whole rule stands.
    pub(crate) place: std::ops::Range<usize>,
    /// Of an import that counts: what stands behind the address. Those after other rules do not count.
    pub(crate) import: Option<String>,
}

/// The addresses in a style sheet, a rule or a declaration, in order.
pub(crate) fn references(css: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut scan = Scanner::new(css, Place::Sheet);
    let mut in_font = false;
    let mut after_rules = false;
    while let Some(token) = scan.next() {
        match token {
            Token::FontFace => in_font = true,
            Token::BlockEnd => {
                in_font = false;
                after_rules = true;
            }
            Token::Address { start, end, imported } => {
                let address = plain_address(css.get(start..end).unwrap_or_default());
                if !imported {
                    let kind = if in_font {
                        AddressKind::Font
                    } else {
                        AddressKind::Image
                    };
                    found.push(Reference {
                        kind,
                        address,
                        place: start..end,
                        import: None,
                    });
                    continue;
                }
                let has_block = scan.block_follows();
                let stop = scan.at.min(css.len());
                let behind = css.get(end..stop).unwrap_or_default().trim_start();
                // The bracket of `url(…)`.
                let written = css.get(scan.import_start..start).unwrap_or_default();
                let behind = match written.ends_with('(') {
                    true => behind.strip_prefix(')').unwrap_or(behind),
                    false => behind,
                };
                let rule_end = stop + usize::from(css.as_bytes().get(stop) == Some(&b';'));
                found.push(Reference {
                    kind: AddressKind::Sheet,
                    address,
                    place: scan.import_start..rule_end,
                    import: (!has_block && !after_rules).then(|| behind.trim().to_owned()),
                });
            }
            Token::Replace { .. } => {}
        }
    }
    found
}

/// An address without its quotes and escapes.
fn plain_address(written: &str) -> String {
    let quotes: &[char] = &['"', '\''];
    written.trim().trim_matches(quotes).replace('\\', "")
}

/// In what the scanner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between rules or in a block: a selector or a declaration.
    Sheet,
    /// After `@media` or `@import`: media queries.
    MediaPrelude,
    /// After another at-rule's name.
    OtherPrelude,
}

/// Something found.
enum Token {
    /// A stretch that has to read otherwise.
    Replace {
        start: usize,
        end: usize,
        with: &'static str,
    },
    /// An address, with its quotes if it has some.
    Address {
        start: usize,
        end: usize,
        imported: bool,
    },
    /// `@font-face`.
    FontFace,
    /// `}`.
    BlockEnd,
}

/// Walks over CSS text, past strings, comments and addresses.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    place: Place,
    /// The prelude is that of `@import`.
    imports: bool,
    /// Where the last `@import` begins.
    import_start: usize,
    /// Brackets open since `image-set(`, its own included; strings right in there are addresses.
    set_depth: u32,
    /// A pseudo-element stands right before: what follows is about it, and attributes may not.
    after_element: bool,
    /// Up to here it is known whether a selector or a declaration goes on.
    judged_to: usize,
    in_selector: bool,
}

impl<'a> Scanner<'a> {
    fn new(css: &'a str, place: Place) -> Self {
        Scanner {
            bytes: css.as_bytes(),
            at: 0,
            place,
            imports: false,
            import_start: 0,
            set_depth: 0,
            after_element: false,
            judged_to: 0,
            in_selector: false,
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Option<Token> {
        while self.at < self.bytes.len() {
            let start = self.at;
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'"' | b'\'' => {
                    self.string();
                    if self.imports || self.set_depth == 1 {
                        return Some(self.address_from(start));
                    }
                }
                b'/' if self.peek(1) == b'*' => self.comment(),
                b'@' => {
                    self.at += 1;
                    let name = self.identifier().to_ascii_lowercase();
                    self.imports = name == b"import";
                    self.import_start = if self.imports { start } else { self.import_start };
                    self.place = match name.as_slice() {
                        b"media" | b"import" | b"custom-media" => Place::MediaPrelude,
                        // Its prelude is selectors.
                        b"scope" => Place::Sheet,
                        _ => Place::OtherPrelude,
                    };
                    if name == b"font-face" {
                        return Some(Token::FontFace);
                    }
                }
                byte @ (b'{' | b';' | b'}') => {
                    self.at += 1;
                    self.place = Place::Sheet;
                    self.imports = false;
                    self.set_depth = 0;
                    self.after_element = false;
                    if byte == b'}' {
                        return Some(Token::BlockEnd);
                    }
                }
                b':' if self.peek(1) == b':' => self.pseudo_element(),
                b':' => {
                    if let Some(token) = self.pseudo_class() {
                        return Some(token);
                    }
                }
                byte if is_name(byte) => {
                    if let Some(token) = self.word() {
                        return Some(token);
                    }
                }
                byte => {
                    match byte {
                        b'(' if self.set_depth > 0 => self.set_depth += 1,
                        b')' => self.set_depth = self.set_depth.saturating_sub(1),
                        _ => {}
                    }
                    self.at += 1;
                    self.after_element = false;
                }
            }
        }
        None
    }

    fn pseudo_element(&mut self) {
        self.at += 2;
        let name = self.identifier();
        let has_selector = name.eq_ignore_ascii_case(b"slotted") || name.eq_ignore_ascii_case(b"cue");
        if self.peek(0) == b'(' && !has_selector {
            self.brackets();
        }
        self.after_element = true;
    }

    fn pseudo_class(&mut self) -> Option<Token> {
        let start = self.at;
        self.at += 1;
        let name = self.identifier();
        let known = PSEUDO_CLASSES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        let Some((_, attribute)) = known else {
            // In a declaration a value stands here.
            self.at = start + 1;
            return None;
        };
        let stands_alone = self.peek(0) != b'(';
        let rewrites =
            stands_alone && !self.after_element && self.place == Place::Sheet && self.is_selector(start);
        rewrites.then_some(Token::Replace {
            start,
            end: self.at,
            with: attribute,
        })
    }

    fn word(&mut self) -> Option<Token> {
        let start = self.at;
        let name = self.identifier();
        if name.eq_ignore_ascii_case(b"url") && self.peek(0) == b'(' {
            self.at += 1;
            let start = self.at;
            self.address();
            // The bracket that closes it is still to come.
            self.set_depth += u32::from(self.set_depth > 0);
            return Some(self.address_from(start));
        }
        let is_set =
            name.eq_ignore_ascii_case(b"image-set") || name.eq_ignore_ascii_case(b"-webkit-image-set");
        if is_set && self.peek(0) == b'(' && self.set_depth == 0 {
            self.at += 1;
            self.set_depth = 1;
        }
        if self.place != Place::MediaPrelude {
            return None;
        }
        let (_, with) = MEDIA_FEATURES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()))?;
        Some(Token::Replace {
            start,
            end: self.at,
            with,
        })
    }

    fn address_from(&mut self, start: usize) -> Token {
        // What follows the address of an import is media queries.
        let imported = std::mem::take(&mut self.imports);
        Token::Address {
            start,
            end: self.at.min(self.bytes.len()),
            imported,
        }
    }

    /// Whether what goes on at `start` is a selector: a block follows before the declaration ends.
    fn is_selector(&mut self, start: usize) -> bool {
        if start >= self.judged_to {
            let mut ahead = Scanner {
                bytes: self.bytes,
                at: start,
                ..*self
            };
            self.in_selector = ahead.block_follows();
            self.judged_to = ahead.at;
        }
        self.in_selector
    }

    fn block_follows(&mut self) -> bool {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'"' | b'\'' => self.string(),
                b'/' if self.peek(1) == b'*' => self.comment(),
                b'{' => return true,
                b';' | b'}' => return false,
                byte if is_name(byte) => {
                    let name = self.identifier();
                    if name.eq_ignore_ascii_case(b"url") && self.peek(0) == b'(' {
                        self.at += 1;
                        self.address();
                    }
                }
                _ => self.at += 1,
            }
        }
        false
    }

    fn identifier(&mut self) -> &'a [u8] {
        let start = self.at.min(self.bytes.len());
        while is_name(self.peek(0)) && self.at < self.bytes.len() {
            self.at += 1;
        }
        self.bytes.get(start..self.at).unwrap_or_default()
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

    /// Up to the bracket that closes this one.
    fn brackets(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 1,
                b'(' => depth += 1,
                b')' if depth <= 1 => {
                    self.at += 1;
                    return;
                }
                b')' => depth -= 1,
                // None of these can stand in there: the bracket was never closed.
                b'{' | b'}' | b';' => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// `url(` without quotes holds everything up to the bracket.
    fn address(&mut self) {
        while self.peek(0).is_ascii_whitespace() {
            self.at += 1;
        }
        if matches!(self.peek(0), b'"' | b'\'') {
            self.string();
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
            (".a\\:hover:hover{}", ".a\\:hover[domreel-hover]{}"),
            ("é:hover{}", "é[domreel-hover]{}"),
            (
                "@media (hover:hover){a:hover{}}",
                "@media (hover:hover){a[domreel-hover]{}}",
            ),
            (
                "a{&:hover{b:c}d:e}a:active{}",
                "a{&[domreel-hover]{b:c}d:e}a[domreel-active]{}",
            ),
            (
                "a,::slotted(b:hover),c:hover{}",
                "a,::slotted(b[domreel-hover]),c[domreel-hover]{}",
            ),
            (
                "a::part(x):hover,b:hover{}",
                "a::part(x):hover,b[domreel-hover]{}",
            ),
            (
                "@scope (a:hover){b:hover{}}",
                "@scope (a[domreel-hover]){b[domreel-hover]{}}",
            ),
            (
                "a:hover /* ; */ b[c=';']{}",
                "a[domreel-hover] /* ; */ b[c=';']{}",
            ),
        ] {
            assert_eq!(rewritten(given), expected);
        }
    }

    #[test]
    fn what_only_looks_like_them_stays() {
        for css in [
            ".a\\:hover{}",
            "a:hover-within{}",
            "/* a:hover{} */ b{background:url(data:hover)}",
            "b{background:url(x:hover{});c:\"it's :hover{}\"}",
            "a{animation:hover 1s;grid-area:active}",
            "a{animation-name:active}",
            "::-webkit-scrollbar-thumb:hover{}",
            "@media (any-hover:hover) and (hover:hover){}",
            "@supports selector(:hover){}",
            ".max-device-width{--device-width:1}",
            "a:",
            "a\\",
            "::",
            "@",
            "a::part(",
        ] {
            assert_eq!(rewritten(css), css);
        }
    }

    #[test]
    fn the_screen_is_the_viewport() {
        for (given, expected) in [
            (
                "@media (max-device-width: 9px){a{}}",
                "@media (max-width: 9px){a{}}",
            ),
            (
                "@import \"a.css\" (min-device-height:9px);",
                "@import \"a.css\" (min-height:9px);",
            ),
        ] {
            assert_eq!(rewritten(given), expected);
        }
        assert_eq!(
            rewritten_media("screen and (device-width < 9px)"),
            "screen and (width < 9px)"
        );
    }

    #[test]
    fn addresses_are_found_with_what_they_are_of() {
        let css = "@import url(a.css) screen;@import 'b.css';
            @font-face{font-family:x;src:local('y'),url( \"c.woff2\" ) format('woff2')}
            a{background:url(d\\(1.png),url('#e')}b{content:'url(f)'}";
        let expected = [
            (AddressKind::Sheet, "a.css"),
            (AddressKind::Sheet, "b.css"),
            (AddressKind::Font, "c.woff2"),
            (AddressKind::Image, "d(1.png"),
            (AddressKind::Image, "#e"),
        ];
        assert_eq!(
            addresses(css),
            expected.map(|(kind, address)| (kind, address.to_owned()))
        );
    }

    #[test]
    fn references_tell_where_they_stand() {
        let css = "@charset 'x';@import url(a.css) layer(b) screen;@import 'c.css';d{e:url( \"f\" )}@import 'g';\
            h{i:image-set(\"j\" 1x type('k'), url(l) 2x, 'm' 3x) 'n'}";
        let found: Vec<_> = references(css)
            .into_iter()
            .map(|found| (found.address, css[found.place].to_owned(), found.import))
            .collect();
        let expected = [
            (
                "a.css",
                "@import url(a.css) layer(b) screen;",
                Some("layer(b) screen"),
            ),
            ("c.css", "@import 'c.css';", Some("")),
            ("f", " \"f\"", None),
            ("g", "@import 'g';", None),
            ("j", "\"j\"", None),
            ("l", "l", None),
            ("m", "'m'", None),
        ];
        assert_eq!(
            found,
            expected.map(|(address, place, import)| {
                (address.to_owned(), place.to_owned(), import.map(str::to_owned))
            })
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(css in "[a:hover/*\"'()\\\\ é@;\n{}-]{0,60}") {
            let once = rewritten(&css).into_owned();
            // What was rewritten has nothing left to rewrite.
            proptest::prop_assert_eq!(rewritten(&once).into_owned(), once);
            addresses(&css);
            for found in references(&css) {
                proptest::prop_assert!(css.get(found.place).is_some());
            }
        }
    }
}
