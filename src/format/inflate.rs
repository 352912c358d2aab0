//! Decompression, found by content and bounded.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use memchr::memmem;
use ruzstd::decoding::StreamingDecoder;

use super::{table, text};
use crate::limits::{Limit, Limits};
use crate::recording::{Damage, DamageKind};

/// Compressed files within compressed files.
const MOST_LAYERS: usize = 4;

/// The most that DEFLATE can make of one byte.
const DEFLATE_RATIO: u64 = 1032;

/// What came out.
pub(super) struct Inflated {
    pub bytes: Bytes,
    /// It is not all that went in.
    pub damage: Option<Damage>,
}

#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Zstd,
    Zlib,
}

impl Compression {
    fn of(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            // The two bytes of the header are a multiple of 31; no JSON begins with an "x".
            [first @ 0x78, second, ..] if u16::from_be_bytes([first, second]) % 31 == 0 => {
                Some(Compression::Zlib)
            }
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Zlib => "zlib",
        }
    }
}

/// Decompresses `bytes` for as long as they are compressed, or written as base64 or a form, to no more than
/// `limit` bytes; of tables, the rows as JSON. Streams that follow each other become one. What a damaged or cut-off stream still holds is used.
pub(super) fn inflate(bytes: Bytes, limit: u64) -> Inflated {
    let mut out = Inflated { bytes, damage: None };
    for _ in 0..MOST_LAYERS {
        let Some(compression) = Compression::of(&out.bytes) else {
            let written = if text::is_form(&out.bytes) {
                text::from_form(&out.bytes)
            } else {
                text::from_base64(&out.bytes)
            };
            let Some(written) = written else { break };
            out.bytes = written.into();
            continue;
        };
        let next = layer(&out.bytes, compression, limit);
        out.bytes = next.bytes;
        out.damage = out.damage.or(next.damage);
    }
    if let Some(text) = from_utf16(&out.bytes, limit) {
        out.bytes = text;
    }
    if let Some(lines) = table::to_lines(&out.bytes, limit) {
        out.bytes = lines.bytes;
        out.damage = out.damage.or(lines.damage);
    }
    out
}

/// Text in UTF-16 with its mark, as some shells write what goes into a file, as UTF-8.
fn from_utf16(bytes: &[u8], limit: u64) -> Option<Bytes> {
    let little = match bytes {
        [0xff, 0xff, ..] => return None,
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] => false,
        _ => return None,
    };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let pairs = bytes.get(2..).unwrap_or_default().as_chunks::<2>().0.iter();
    let units = pairs.map(|pair| match little {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    });
    let mut text = String::new();
    for letter in char::decode_utf16(units) {
        if text.len() >= most {
            break;
        }
        text.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Some(text.into())
}

/// Whether bytes are a compressed stream.
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    Compression::of(bytes).is_some()
}

/// Decompresses the first stream only; says how many bytes it takes.
pub(super) fn first(bytes: &[u8], limit: u64) -> (Inflated, usize) {
    let mut out = Vec::new();
    let mut rest = bytes;
    let mut damage = None;
    if let Some(compression) = Compression::of(bytes) {
        let result = stream(&mut rest, compression, limit, &mut out);
        damage = fault(
            result,
            compression,
            bytes.len() - rest.len(),
            rest.is_empty(),
            &out,
            limit,
        );
    }
    let used = if damage.is_some() {
        bytes.len()
    } else {
        bytes.len() - rest.len()
    };
    let bytes = Bytes::from(out);
    (Inflated { bytes, damage }, used)
}

fn layer(bytes: &[u8], compression: Compression, limit: u64) -> Inflated {
    let mut out = Vec::new();
    out.reserve_exact(expected_size(bytes, compression, limit));
    let mut rest = bytes;
    let mut damage = None;
    while let (None, Some(next)) = (&damage, Compression::of(rest)) {
        let result = stream(&mut rest, next, limit, &mut out);
        damage = fault(
            result,
            next,
            bytes.len() - rest.len(),
            rest.is_empty(),
            &out,
            limit,
        );
    }
    Inflated {
        bytes: Bytes::from(out),
        damage,
    }
}

/// Says that no more than `limit` bytes were taken.
pub(super) fn too_large(limit: u64) -> String {
    format!(
        "larger when decompressed than it may be: the rest was left out; {}",
        Limits::default()
            .with(Limit::Unpacked, limit)
            .hint(Limit::Unpacked)
    )
}

/// What is missing of a stream that was read up to byte `offset` of the compressed file.
fn fault(
    result: std::io::Result<()>,
    compression: Compression,
    offset: usize,
    at_end: bool,
    out: &[u8],
    limit: u64,
) -> Option<Damage> {
    let (kind, detail) = match result {
        Ok(()) if out.len() as u64 >= limit => (DamageKind::Limit, too_large(limit)),
        Ok(()) => return None,
        Err(error) => {
            let cut = error.kind() == std::io::ErrorKind::UnexpectedEof || at_end;
            let kind = if cut {
                DamageKind::CutOff
            } else {
                DamageKind::Syntax
            };
            let what = if cut { "is cut off" } else { "is damaged" };
            let name = compression.name();
            (
                kind,
                format!("the {name} stream {what} at byte {offset} of the compressed file"),
            )
        }
    };
    Some(Damage {
        kind,
        event: None,
        offset: Some(out.len() as u64),
        detail,
    })
}

/// Decompresses one stream and moves `rest` behind it.
fn stream(rest: &mut &[u8], compression: Compression, limit: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
    match compression {
        Compression::Gzip => append(GzDecoder::new(&mut *rest), limit, out),
        Compression::Zlib => zlib(rest, limit, out),
        Compression::Zstd => {
            let decoder = StreamingDecoder::new(&mut *rest);
            append(decoder.map_err(std::io::Error::other)?, limit, out)
        }
    }
}

/// Decompresses one zlib stream. A recorder that is stopped sends what it has flushed, without the end
/// of the stream or without its checksum, and the next stream may stand right behind.
fn zlib(rest: &mut &[u8], limit: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
    /// What flushing leaves at the end.
    const FLUSHED: &[u8] = b"\x00\x00\xff\xff";
    /// Places at which the next stream may stand that are tried.
    const MOST_TRIES: usize = 64;
    let (whole, before) = (*rest, out.len());
    let Err(error) = append(ZlibDecoder::new(&mut *rest), limit, out) else {
        return Ok(());
    };
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return if whole.ends_with(FLUSHED) {
            Ok(())
        } else {
            Err(error)
        };
    }
    let begins = |at: &usize| Compression::of(whole.get(*at..).unwrap_or_default()).is_some();
    let flushed = memmem::find_iter(whole, FLUSHED).map(|at| at + FLUSHED.len());
    for end in flushed.filter(begins).take(MOST_TRIES) {
        out.truncate(before);
        let unended = append(ZlibDecoder::new(whole.get(..end).unwrap_or_default()), limit, out);
        if unended.is_err_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof) {
            *rest = whole.get(end..).unwrap_or_default();
            return Ok(());
        }
    }
    out.truncate(before);
    let mut behind = whole.get(2..).unwrap_or_default();
    append(DeflateDecoder::new(&mut behind), limit, out)?;
    *rest = behind;
    match Compression::of(behind) {
        Some(_) => Ok(()),
        None => Err(error),
    }
}

fn append(mut from: impl Read, limit: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut chunk = [0; 1 << 16];
    loop {
        let room = usize::try_from(limit.saturating_sub(out.len() as u64)).unwrap_or(usize::MAX);
        let Some(chunk) = chunk
            .get_mut(..room.min(1 << 16))
            .filter(|chunk| !chunk.is_empty())
        else {
            return Ok(());
        };
        match from.read(chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => out.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// How large it may become, so that the memory for it is asked for once: gzip says so at its end.
/// The word is taken only as far as the compressed size makes it credible.
fn expected_size(bytes: &[u8], compression: Compression, limit: u64) -> usize {
    let told = match (compression, bytes.last_chunk::<4>()) {
        (Compression::Gzip, Some(size)) => u64::from(u32::from_le_bytes(*size)),
        _ => 0,
    };
    let credible = (bytes.len() as u64).saturating_mul(DEFLATE_RATIO).min(limit);
    usize::try_from(told.min(credible)).unwrap_or(0)
}
