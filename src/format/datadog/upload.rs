//! Bodies of uploads (`multipart/form-data`): a field `segment` that is a zlib stream, a field `event`
//! that repeats what the segment says of itself, and fields `image` with pictures named by their hash.

use bytes::Bytes;
use memchr::memmem;

use super::resources::Resources;
use crate::format::collector::Collector;
use crate::format::{FormatError, inflate};
use crate::recording::{Damage, DamageKind};

/// Most bytes that the headers of a part may take.
const MOST_HEADERS: usize = 16 << 10;

/// Whether the bytes are the body of an upload, or several.
pub(super) fn is_upload(bytes: &[u8]) -> bool {
    let head = bytes.get(..MOST_HEADERS).unwrap_or(bytes);
    head.starts_with(b"--") && memmem::find(head, b"Content-Disposition").is_some()
}

/// The decompressed segments of all bodies; pictures go into `resources`.
pub(super) fn read(
    bytes: &Bytes,
    resources: &mut Resources,
    collector: &mut Collector<'_>,
) -> Result<Vec<Bytes>, FormatError> {
    let mut segments = Vec::new();
    let mut rest: &[u8] = bytes;
    let mut ended = true;
    while rest.starts_with(b"--") {
        let end = memmem::find(rest, b"\n").unwrap_or(rest.len());
        let (boundary, behind) = rest.split_at(end);
        let boundary = boundary.trim_ascii_end();
        rest = behind;
        // The parts of one body; the boundary with two more hyphens ends it.
        let delimiter = [b"\r\n", boundary].concat();
        loop {
            let length = memmem::find(rest, &delimiter);
            let part = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
            self::part(&bytes.slice_ref(part), &mut segments, resources, collector)?;
            let Some(length) = length else {
                rest = &[];
                ended = false;
                break;
            };
            rest = rest.get(length + delimiter.len()..).unwrap_or_default();
            if let Some(next) = rest.strip_prefix(b"--") {
                rest = next.trim_ascii_start();
                break;
            }
        }
    }
    if !ended || !rest.is_empty() {
        collector.damage(Damage {
            kind: DamageKind::CutOff,
            event: None,
            offset: Some((bytes.len() - rest.len()) as u64),
            detail: "the upload has no end: what was behind is missing".to_owned(),
        })?;
    }
    Ok(segments)
}

/// Reads one part, from behind its boundary on.
fn part(
    part: &Bytes,
    segments: &mut Vec<Bytes>,
    resources: &mut Resources,
    collector: &mut Collector<'_>,
) -> Result<(), FormatError> {
    let head = part.get(..MOST_HEADERS.min(part.len())).unwrap_or_default();
    let Some(end) = memmem::find(head, b"\r\n\r\n") else {
        return Ok(());
    };
    let headers = String::from_utf8_lossy(head.get(..end).unwrap_or_default());
    let body = part.slice(end + 4..);
    match parameter(&headers, "name") {
        Some("segment") => {
            let inflated = inflate::inflate(body, collector.unpack_room());
            segments.push(collector.take_in(inflated)?);
        }
        Some("image") => {
            if let Some(name) = parameter(&headers, "filename") {
                resources.add(name, &body);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A parameter of the header that describes the part.
fn parameter<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    let mut parameters = headers.split([';', '\r', '\n']).map(str::trim);
    let value = parameters.find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"'))
}
