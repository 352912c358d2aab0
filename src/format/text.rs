//! Recordings that stand in text: JSON in a string of JSON, as columns of databases have it, or what is compressed
//! in base64; bodies of forms, as browsers send them.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use memchr::memmem;

use super::inflate::{self, Inflated};

/// Reads what is cut off, too.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Text shorter than this is no recording.
const LEAST: usize = 12;

/// Text with recordings within text with recordings goes no deeper.
pub(super) const MOST_TEXTS: usize = 4;

/// How base64 begins of gzip, zstd, zlib in its four ways, and of JSON: `{"`, `[{`, `[[`.
const STARTS: [&[u8]; 9] = [
    b"H4sI", b"KLUv", b"eJ", b"eN", b"eF", b"eA", b"eyJ", b"W3s", b"W1t",
];

/// How many of them are of what is compressed.
const COMPRESSED: usize = 6;

/// Whether text may hold more than a word, by how it begins.
pub(super) fn may_hold(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    matches!(text.first(), Some(b'{' | b'[')) || is_base64(text)
}

/// Whether text may be base64 of something that is read.
fn is_base64(text: &[u8]) -> bool {
    text.len() >= LEAST && STARTS.iter().any(|start| text.starts_with(start))
}

/// Whether something compressed stands in base64 in a string of JSON.
pub(super) fn is_quoted_in(json: &[u8]) -> bool {
    STARTS
        .iter()
        .take(COMPRESSED)
        .any(|start| memmem::find(json, &[b"\"", *start].concat()).is_some())
}

/// What text holds, decompressed to no more than `limit` bytes: itself where it is JSON; `None` where it is just a
/// word.
pub(super) fn open(text: &str, limit: u64) -> Option<Inflated> {
    let text = text.trim_start();
    if text.starts_with(['{', '[']) {
        let end = text.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
        return Some(Inflated {
            bytes: Bytes::copy_from_slice(text.as_bytes().get(..end)?),
            damage: None,
        });
    }
    let inflated = inflate::inflate(from_base64(text.as_bytes())?.into(), limit);
    let first = inflated.bytes.trim_ascii_start().first();
    matches!(first, Some(b'{' | b'[')).then_some(inflated)
}

/// The bytes that text in base64 stands for, as far as it goes, if they may be read further.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    if !is_base64(text) {
        return None;
    }
    let letters = text.iter().filter(|letter| !letter.is_ascii_whitespace());
    let mut letters: Vec<u8> = letters
        .map(|letter| match letter {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    while letters.last() == Some(&b'=') {
        letters.pop();
    }
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    LENIENT.decode(letters).ok()
}

/// The field `data` of the body of a form, as it was before it was written for the form.
pub(super) fn from_form(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields = body.split(|byte| *byte == b'&').take(16);
    // What follows the first name tells a form from other text.
    let value = fields.find_map(|field| field.strip_prefix(b"data="))?;
    let mut plain = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        let hex = (byte == b'%').then(|| value.get(at + 1..at + 3)).flatten();
        let hex = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        at += if hex.is_some() { 3 } else { 1 };
        plain.push(hex.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    // A plus in base64 that was not written for a form has become a space.
    if is_base64(&plain) {
        plain
            .iter_mut()
            .filter(|byte| **byte == b' ')
            .for_each(|byte| *byte = b'+');
        return from_base64(&plain);
    }
    matches!(plain.trim_ascii_start().first(), Some(b'{' | b'[' | 0x1f)).then_some(plain)
}

/// Whether bytes are the body of a form with a field `data`.
pub(super) fn is_form(body: &[u8]) -> bool {
    let head = body.get(..256).unwrap_or(body);
    let name = head.split(|byte| *byte == b'=').next().unwrap_or_default();
    head.starts_with(b"data=")
        || name.len() < 64
            && name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            && memmem::find(head, b"&data=").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_nothing() {
        for word in [
            "",
            "eJ",
            "eyJ",
            "hello world, hello",
            "eJ is how it begins",
            "H4sIAAAA",
            "xyz{",
        ] {
            assert!(open(word, 1000).is_none(), "{word}");
        }
        let json = open(" [1,2]", 4).unwrap();
        assert_eq!(&*json.bytes, b"[1,2");
    }

    #[test]
    fn forms_are_read_as_they_were_written() {
        assert_eq!(
            from_form(b"data=%5B%7B%22a+b%22%3A1%7D%5D").unwrap(),
            br#"[{"a b":1}]"#
        );
        assert_eq!(
            from_form(b"ip=1&data=eyJhIjoiYiJ9ICAg&x=1").unwrap(),
            br#"{"a":"b"}   "#
        );
        assert_eq!(from_form(b"data=eyJhIjoiYiJ9ICA%3D").unwrap(), br#"{"a":"b"}  "#);
        assert!(from_form(b"data=hello").is_none());
        assert!(is_form(b"ip=1&data=") && !is_form(b"{\"a\":\"b&data=\"}"));
    }
}
