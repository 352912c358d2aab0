//! Events that were compressed one by one.
//!
//! rrweb's packer (`packages/packer/src/pack.ts`) makes of an event a string whose characters are
//! the bytes of a zlib stream. PostHog does the same with gzip to single fields of large events
//! (`cv`).

use std::io::Read;

use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::decode::decode;
use crate::format::json::{Json, Kind};
use crate::recording::{DecodeError, EventData, EventKind, EventRoom};

/// Why a compressed string could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    #[error("a packed event that holds a character which is no byte")]
    NotBytes,
    #[error("a packed event that is damaged ({0})")]
    Damaged(std::io::Error),
    #[error("a packed event that becomes larger than what may be unpacked")]
    TooLarge,
}

/// Whether a string is an event of the packer.
pub(super) fn is_packed(text: &str) -> bool {
    text.starts_with('x')
}

/// Whether a string is a field compressed by PostHog.
fn is_compressed_field(text: &str) -> bool {
    text.starts_with("\u{1f}\u{8b}")
}

/// Decompresses a string whose characters are bytes, to no more than `limit` bytes.
pub(super) fn unpack(text: &str, limit: u64) -> Result<Vec<u8>, UnpackError> {
    let bytes = text.chars().map(|character| u8::try_from(u32::from(character)));
    let bytes: Vec<u8> = bytes
        .collect::<Result<_, _>>()
        .map_err(|_| UnpackError::NotBytes)?;
    let mut out = Vec::new();
    let room = limit.saturating_add(1);
    let read = if bytes.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(&*bytes).take(room).read_to_end(&mut out)
    } else {
        ZlibDecoder::new(&*bytes).take(room).read_to_end(&mut out)
    };
    read.map_err(UnpackError::Damaged)?;
    if out.len() as u64 > limit {
        return Err(UnpackError::TooLarge);
    }
    Ok(out)
}

/// Decodes data of which the whole or some fields are compressed.
pub(super) fn decode_compressed(
    kind: EventKind,
    bytes: &[u8],
    room: EventRoom,
) -> Result<EventData, DecodeError> {
    let mut whole = Vec::new();
    let mut json = Json::new(bytes);
    if json.kind()? == Kind::String {
        let text = json.clone().string()?;
        // A column of a database may have it as text.
        if text.trim_start().starts_with('{') {
            return decode(kind, text.as_bytes(), room);
        }
        unpack_into(&mut json, &mut whole, room)?;
        return decode(kind, &whole, room);
    }
    whole.push(b'{');
    json.object()?;
    while let Some(key) = json.key()? {
        if whole.len() > 1 {
            whole.push(b',');
        }
        whole.extend_from_slice(serde_json::to_string(&key).unwrap_or_default().as_bytes());
        whole.push(b':');
        if json.kind()? == Kind::String {
            unpack_into(&mut json, &mut whole, room)?;
        } else {
            whole.extend_from_slice(bytes.get(json.skip()?).unwrap_or_default());
        }
    }
    whole.push(b'}');
    decode(kind, &whole, room)
}

/// Appends what a string holds compressed, or the string itself when it is not.
fn unpack_into(json: &mut Json<'_>, out: &mut Vec<u8>, room: EventRoom) -> Result<(), DecodeError> {
    let at = json.at();
    let raw = json.skip()?;
    let mut again = Json::at_offset(json.text(), raw.start);
    let text = again.string()?;
    if is_compressed_field(&text) {
        let left = room.part_bytes().saturating_sub(out.len() as u64);
        let unpacked = unpack(&text, left).map_err(|error| DecodeError {
            reason: match error {
                UnpackError::TooLarge => format!("{error}; {}", room.part_hint()),
                error => error.to_string(),
            },
            at,
        })?;
        out.extend_from_slice(&unpacked);
    } else {
        out.extend_from_slice(json.text().get(raw).unwrap_or_default());
    }
    Ok(())
}
