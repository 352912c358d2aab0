//! PostHog's recordings: exports, snapshot blobs and ingestion bodies.
//!
//! The events are rrweb's, some with compressed fields, and carry the id of the window they are
//! from; every window is a tab. All JSON shapes are read by the walk over rrweb's family; what is
//! left is the blobs that storage keeps, and the screens of mobile applications (`screen`, `wireframe`),
//! which stand in the events as wireframes.

mod screen;
mod wireframe;

use bytes::Bytes;
use snap::raw::{Decoder, decompress_len};

use super::FormatError;
use super::collector::Collector;
use super::rrweb::{self, Dialect};
use crate::recording::{Damage, DamageKind};

pub(super) use screen::draw as draw_screens;

const DIALECT: Dialect = Dialect {
    seconds: false,
    foreign: true,
};

/// Collects all events.
pub(super) fn read(bytes: &Bytes, collector: &mut Collector<'_>) -> Result<(), FormatError> {
    // Its SDK sends events again when it is not sure that they arrived.
    collector.repeats = true;
    if !is_blob(bytes) {
        return rrweb::read(bytes, DIALECT, collector);
    }
    let mut lines = Vec::new();
    let mut rest: &[u8] = bytes;
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        let room = collector.unpack_room().saturating_sub(lines.len() as u64);
        match block(&mut rest, room) {
            Ok(text) => lines.extend_from_slice(&text),
            Err(fault) => {
                let (kind, detail) = match fault {
                    Fault::CutOff => (DamageKind::CutOff, "the last block of the blob is cut off"),
                    Fault::Damaged => (
                        DamageKind::Syntax,
                        "a block of the blob is damaged; the rest was left out",
                    ),
                    Fault::TooLarge => (
                        DamageKind::Limit,
                        "the blob is too large when unpacked; the rest was left out",
                    ),
                };
                collector.damage(Damage {
                    kind,
                    event: None,
                    offset: Some(offset as u64),
                    detail: detail.to_owned(),
                })?;
                break;
            }
        }
        if lines.last().is_some_and(|last| *last != b'\n') {
            lines.push(b'\n');
        }
    }
    collector.unpacked(lines.len());
    rrweb::read(&Bytes::from(lines), DIALECT, collector)
}

enum Fault {
    CutOff,
    Damaged,
    TooLarge,
}

/// Takes a block off the front: its length in four bytes and that much snappy, or, when that does
/// not fit, snappy to the end.
fn block(rest: &mut &[u8], room: u64) -> Result<Vec<u8>, Fault> {
    let (packed, behind) = match framed(rest) {
        Some((packed, behind)) => (packed, behind),
        None if rest.first_chunk::<4>().is_some_and(|length| length[0] == 0) => return Err(Fault::CutOff),
        None => (*rest, &[][..]),
    };
    let length = decompress_len(packed).map_err(|_| Fault::Damaged)?;
    if length as u64 > room {
        return Err(Fault::TooLarge);
    }
    *rest = behind;
    Decoder::new().decompress_vec(packed).map_err(|_| Fault::Damaged)
}

fn framed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (length > 0).then(|| rest.split_at_checked(length)).flatten()
}

/// Whether bytes are blocks of snappy with JSON lines in them.
pub(super) fn is_blob(bytes: &[u8]) -> bool {
    let packed = framed(bytes).map_or(bytes, |(packed, _)| packed);
    let first = packed.first().copied().unwrap_or_default();
    if matches!(first, b'{' | b'[' | b'"' | b' ' | b'\n' | 0xef) && framed(bytes).is_none() {
        return false;
    }
    // What snappy makes of the first bytes: a length, then a literal with the beginning of the JSON.
    let Ok(length) = decompress_len(packed) else {
        return false;
    };
    let prefix = packed
        .iter()
        .position(|byte| byte & 0x80 == 0)
        .map_or(0, |place| place + 1);
    let tag = packed.get(prefix).copied().unwrap_or(1);
    let extra = match tag >> 2 {
        60.. => usize::from((tag >> 2) - 59),
        _ => 0,
    };
    let begins = packed.get(prefix + 1 + extra).copied();
    length > 2 && tag & 3 == 0 && matches!(begins, Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_told_from_text() {
        let packed = snap::raw::Encoder::new()
            .compress_vec(br#"["a",{"type":4,"data":{},"timestamp":1}]"#)
            .unwrap();
        assert!(is_blob(&packed));
        let mut framed = u32::try_from(packed.len()).unwrap().to_be_bytes().to_vec();
        framed.extend(&packed);
        assert!(is_blob(&framed));
        for text in ["{\"type\":4}", "[[{", "hello", "", "\u{feff}{}"] {
            assert!(!is_blob(text.as_bytes()), "{text}");
        }
    }
}
