//! A pull reader of JSON over bytes that may be damaged.
//!
//! Recordings need three things that serde does not give at once: to pass over a value without
//! building it and without recursion, to know at which byte something went wrong, and to live with
//! what recorders write beyond the standard (lone surrogates, `NaN`, bytes that are not UTF-8).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::{memchr3, memmem};
use serde_json::value::RawValue;

/// Why JSON could not be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// Byte offset at which it was noticed.
    pub at: usize,
    /// What was the matter.
    pub fault: Fault,
}

/// What can be the matter with JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It ends in the middle of a value.
    CutOff,
    /// This should have stood there.
    Expected(&'static str),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Fault::CutOff => f.write_str("it ends in the middle of a value"),
            Fault::Expected(what) => write!(f, "expected {what}"),
        }
    }
}

/// Kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

/// Reads values one after another. After an error, [`Json::at`] is where it was noticed.
#[derive(Debug, Clone)]
pub(crate) struct Json<'a> {
    text: &'a [u8],
    at: usize,
    /// Closing brackets still to come; kept between values for its memory only.
    open: Vec<u8>,
}

type Result<T> = std::result::Result<T, JsonError>;

/// Most strings are no longer than so many bytes: looking at each is quicker than a search is begun.
const SHORT: usize = 16;

/// Whole numbers of no more digits than these are the same as `i64` and as `f64`.
const EXACT_DIGITS: usize = 15;

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self::at_offset(text, 0)
    }

    /// Reads `text` from byte `at` on.
    pub(crate) fn at_offset(text: &'a [u8], at: usize) -> Self {
        Json {
            text,
            at: at.min(text.len()),
            open: Vec::new(),
        }
    }

    /// The next byte to be read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes on reading at byte `at`.
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at.min(self.text.len());
    }

    /// The text behind the first quote of the string that comes next.
    pub(crate) fn in_string(&self) -> &'a [u8] {
        self.text().get(self.at() + 1..).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &'a [u8] {
        self.text
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fault(&self, expected: &'static str) -> JsonError {
        let fault = if self.at >= self.text.len() {
            Fault::CutOff
        } else {
            Fault::Expected(expected)
        };
        JsonError { at: self.at, fault }
    }

    fn cut_off(&mut self) -> JsonError {
        self.at = self.text.len();
        JsonError {
            at: self.at,
            fault: Fault::CutOff,
        }
    }

    fn spaces(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Passes over white space, and over what stands between the values of a stream: commas, byte
    /// order marks, record separators. Says whether anything is left.
    pub(crate) fn more(&mut self) -> bool {
        loop {
            self.spaces();
            match self.byte() {
                None => return false,
                Some(b',' | 0x1e | 0) => self.at += 1,
                Some(0xef) if self.rest().starts_with(b"\xef\xbb\xbf") => self.at += 3,
                Some(_) => return true,
            }
        }
    }

    /// What kind of value comes next.
    pub(crate) fn kind(&mut self) -> Result<Kind> {
        self.spaces();
        Ok(match self.byte() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => Kind::Number,
            _ => return Err(self.fault("a value")),
        })
    }

    fn token(&mut self, token: u8, expected: &'static str) -> Result<()> {
        self.spaces();
        if self.byte() != Some(token) {
            return Err(self.fault(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Enters an object; read its entries with [`Json::key`] until there is none.
    pub(crate) fn object(&mut self) -> Result<()> {
        self.token(b'{', "an object")
    }

    /// Enters an array; read its values as long as [`Json::element`] says so.
    pub(crate) fn array(&mut self) -> Result<()> {
        self.token(b'[', "an array")
    }

    /// The next key of the object; its value must be read or skipped before the next call. `None`
    /// leaves the object.
    pub(crate) fn key(&mut self) -> Result<Option<Cow<'a, str>>> {
        loop {
            self.spaces();
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(None);
                }
                Some(b'"') => break,
                _ => return Err(self.fault("a key or the end of the object")),
            }
        }
        let key = self.string()?;
        self.token(b':', "a colon")?;
        Ok(Some(key))
    }

    /// Whether the array has another value, which must be read or skipped before the next call. If
    /// not, leaves the array.
    pub(crate) fn element(&mut self) -> Result<bool> {
        loop {
            self.spaces();
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(false);
                }
                Some(_) => return Ok(true),
                None => return Err(self.fault("a value or the end of the array")),
            }
        }
    }

    /// Passes over the value that comes next; says where it stands. Needs no stack, however deep
    /// the value is.
    pub(crate) fn skip(&mut self) -> Result<Range<usize>> {
        let kind = self.kind()?;
        let start = self.at;
        match kind {
            Kind::String => {
                self.at += 1;
                self.pass_string()?;
            }
            Kind::Object | Kind::Array => self.pass_brackets()?,
            Kind::Bool | Kind::Null | Kind::Number => self.pass_word(),
        }
        Ok(start..self.at)
    }

    /// [`Json::skip`] where it does not matter what it was.
    pub(crate) fn pass(&mut self) -> Result<()> {
        self.skip().map(|_| ())
    }

    fn pass_word(&mut self) {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'));
        self.at += length.unwrap_or(rest.len());
    }

    /// From behind an opening quotation mark to behind the closing one. Says whether there were
    /// escapes.
    fn pass_string(&mut self) -> Result<bool> {
        let mut escapes = false;
        loop {
            // A line feed cannot stand in a string; where a line was cut off, it is what ends it.
            let rest = self.rest();
            let near = rest.iter().take(SHORT);
            let near = near
                .copied()
                .position(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
            let found = near.or_else(|| {
                let far = rest.get(SHORT..)?;
                memchr3(b'"', b'\\', b'\n', far).map(|found| found + SHORT)
            });
            let Some(found) = found else {
                return Err(self.cut_off());
            };
            self.at += found;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escapes);
                }
                Some(b'\\') => {
                    escapes = true;
                    self.at = (self.at + 2).min(self.text.len());
                }
                _ => return Err(self.fault("the end of the string")),
            }
        }
    }

    fn pass_brackets(&mut self) -> Result<()> {
        self.open.clear();
        loop {
            let rest = self.rest();
            let found = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'));
            let Some(found) = found else {
                return Err(self.cut_off());
            };
            self.at += found;
            let byte = self.byte();
            match byte {
                Some(b'{') => self.open.push(b'}'),
                Some(b'[') => self.open.push(b']'),
                Some(b'"') => {
                    self.at += 1;
                    self.pass_string()?;
                    continue;
                }
                _ => {
                    if self.open.pop() != byte {
                        return Err(self.fault("the other closing bracket"));
                    }
                }
            }
            self.at += 1;
            if self.open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Reads a string. Lone surrogates and bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>> {
        self.token(b'"', "a string")?;
        let start = self.at;
        let escapes = self.pass_string()?;
        let raw = self.text.get(start..self.at - 1).unwrap_or_default();
        Ok(if escapes {
            Cow::Owned(unescape(raw))
        } else {
            lossy(raw)
        })
    }

    /// Reads a number.
    pub(crate) fn number(&mut self) -> Result<f64> {
        if self.kind()? != Kind::Number {
            return Err(self.fault("a number"));
        }
        let start = self.at;
        self.pass_word();
        let word = std::str::from_utf8(self.text.get(start..self.at).unwrap_or_default()).unwrap_or_default();
        // "infinity" and "nan" of Rust's own reading are not what JSON has, but mean the same.
        word.parse().map_err(|_| JsonError {
            at: start,
            fault: Fault::Expected("a number"),
        })
    }

    /// Reads a number, or passes over something else.
    pub(crate) fn number_or_none(&mut self) -> Result<Option<f64>> {
        if self.kind()? == Kind::Number {
            return Ok(Some(self.number()?).filter(|number| number.is_finite()));
        }
        self.skip()?;
        Ok(None)
    }

    /// Reads a number that is whole, or passes over something else.
    pub(crate) fn integer_or_none(&mut self) -> Result<Option<i64>> {
        self.spaces();
        let rest = self.rest();
        let mut whole = 0;
        let mut digits = 0;
        while let Some(digit) = rest.get(digits).filter(|byte| byte.is_ascii_digit()) {
            digits += 1;
            if digits > EXACT_DIGITS {
                break;
            }
            whole = whole * 10 + i64::from(digit - b'0');
        }
        let ends = matches!(rest.get(digits), Some(b',' | b'}' | b']'));
        if (1..=EXACT_DIGITS).contains(&digits) && ends {
            self.at += digits;
            return Ok(Some(whole));
        }
        // `as` saturates; everything that recorders number fits.
        Ok(self
            .number_or_none()?
            .filter(|number| number.fract() == 0.0)
            .map(|number| number as i64))
    }

    /// Reads a string, or passes over something else.
    pub(crate) fn string_or_none(&mut self) -> Result<Option<Cow<'a, str>>> {
        if self.kind()? == Kind::String {
            return self.string().map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    /// Reads `true` or `false`, or passes over something else.
    pub(crate) fn bool_or_none(&mut self) -> Result<Option<bool>> {
        let range = self.skip()?;
        Ok(match self.text.get(range) {
            Some(b"true") => Some(true),
            Some(b"false") => Some(false),
            _ => None,
        })
    }

    /// Reads a string, a number or a truth value as text; `None` for `null`, arrays and objects.
    pub(crate) fn scalar(&mut self) -> Result<Option<Cow<'a, str>>> {
        match self.kind()? {
            Kind::String => self.string().map(Some),
            Kind::Number | Kind::Bool => {
                let range = self.skip()?;
                Ok(Some(String::from_utf8_lossy(
                    self.text.get(range).unwrap_or_default(),
                )))
            }
            Kind::Null | Kind::Array | Kind::Object => {
                self.skip()?;
                Ok(None)
            }
        }
    }

    /// The value that comes next as it stands, made such that other readers of JSON accept it too.
    pub(crate) fn raw(&mut self) -> Result<Box<RawValue>> {
        let range = self.skip()?;
        let start = range.start;
        let text = String::from_utf8_lossy(self.text.get(range).unwrap_or_default());
        RawValue::from_string(without_lone_surrogates(text)).map_err(|_| JsonError {
            at: start,
            fault: Fault::Expected("valid JSON"),
        })
    }
}

/// A text; what is not UTF-8 in it becomes U+FFFD.
fn lossy(raw: &[u8]) -> Cow<'_, str> {
    // The check alone is much quicker.
    match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(raw),
    }
}

/// Resolves the escapes of a JSON string.
fn unescape(raw: &[u8]) -> String {
    let text = lossy(raw);
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        let character = match chars.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => {
                let (character, length) = unicode_escape(after);
                out.push(character);
                rest = after.get(length..).unwrap_or_default();
                continue;
            }
            Some(other) => other,
            None => break,
        };
        out.push(character);
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// The character of `uXXXX` or `uXXXX\uXXXX`, and how many bytes that is.
fn unicode_escape(text: &str) -> (char, usize) {
    let unit = |from: usize| {
        let digits = text.get(from..from + 4)?;
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(1) else {
        return (char::REPLACEMENT_CHARACTER, 1);
    };
    if (0xd800..0xdc00).contains(&first)
        && text.get(5..7) == Some("\\u")
        && let Some(second) = unit(7).filter(|second| (0xdc00..0xe000).contains(second))
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 5)
}

/// Writes U+FFFD for the escapes of lone surrogates, which most readers of JSON refuse.
fn without_lone_surrogates(text: Cow<'_, str>) -> String {
    let suspicious = [&b"\\ud"[..], b"\\uD"];
    if suspicious
        .iter()
        .all(|escape| memmem::find(text.as_bytes(), escape).is_none())
    {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let length = if after.starts_with('u') {
            let (character, length) = unicode_escape(after);
            let written = after.get(..length).unwrap_or_default();
            let lone = character == char::REPLACEMENT_CHARACTER && !written.eq_ignore_ascii_case("ufffd");
            out.push_str(if lone { "\\ufffd" } else { "\\" });
            if !lone {
                out.push_str(written);
            }
            length
        } else {
            let length = after.chars().next().map_or(0, char::len_utf8);
            out.push('\\');
            out.push_str(after.get(..length).unwrap_or_default());
            length
        };
        rest = after.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}1{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000));
        assert_eq!(Json::new(deep.as_bytes()).skip(), Ok(0..deep.len()));
        let cut = Json::new(&deep.as_bytes()[..deep.len() - 1]).skip();
        assert_eq!(cut.unwrap_err().fault, Fault::CutOff);
    }

    #[test]
    fn faults_tell_where() {
        assert_eq!(Json::new(b"[1, {]").skip().unwrap_err().at, 5);
        assert_eq!(Json::new(b"{\"a\nb\":1}").skip().unwrap_err().at, 3);
        let mut json = Json::new(b"{\"a\" 1}");
        json.object().unwrap();
        assert_eq!(
            json.key().unwrap_err(),
            JsonError {
                at: 5,
                fault: Fault::Expected("a colon")
            }
        );
    }

    #[test]
    fn strings_that_other_readers_refuse_are_read() {
        let string = |text: &[u8]| Json::new(text).string().unwrap().into_owned();
        assert_eq!(string(br#""a\ud83d\ude00b""#), "a\u{1f600}b");
        assert_eq!(string(br#""a\ud83db\udc00""#), "a\u{fffd}b\u{fffd}");
        assert_eq!(string(br#""\u00e9\n\/\"\\\uZZ""#), "\u{e9}\n/\"\\\u{fffd}ZZ");
        assert_eq!(string(b"\"\xff\""), "\u{fffd}");
        let raw = Json::new(br#"{"a":"\ud83d\ude00\ud83d\\ud83d"}"#).raw().unwrap();
        assert_eq!(raw.get(), r#"{"a":"\ud83d\ude00\ufffd\\ud83d"}"#);
    }

    proptest! {
        #[test]
        fn reads_the_strings_that_serde_writes(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let read = Json::new(written.as_bytes()).string().unwrap().into_owned();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut json = Json::new(&bytes);
            while json.more() {
                let before = json.at();
                if json.raw().is_err() || json.at() == before {
                    json.seek(before + 1);
                }
            }
        }
    }
}
