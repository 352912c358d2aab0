//! Replays of mobile applications: items of type `replay_video`, a map in `MessagePack` of what is told of the
//! replay, of the recording, and of a video.

use std::ops::Range;

use bytes::Bytes;

/// More names than such a map has.
const MOST_ENTRIES: usize = 16;

/// Where the parts stand that are known.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub event: Option<Bytes>,
    pub recording: Option<Bytes>,
    /// There is a video.
    pub video: bool,
    /// The map ends before it should.
    pub cut: bool,
}

/// Reads the map as far as it goes.
pub(super) fn parts(bytes: &Bytes) -> Parts {
    let mut parts = Parts::default();
    let mut reader = Reader { bytes, at: 0 };
    let mut read = || -> Option<()> {
        let entries = match reader.byte()? {
            tag @ 0x80..=0x8f => usize::from(tag & 0x0f),
            0xde => reader.number(2)?,
            0xdf => reader.number(4)?,
            _ => return None,
        };
        for _ in 0..entries.min(MOST_ENTRIES) {
            let key = reader.bytes()?;
            let value = reader.bytes()?;
            let value = bytes.slice(value);
            match bytes.get(key)? {
                b"replay_event" => parts.event = Some(value),
                b"replay_recording" => parts.recording = Some(value),
                b"replay_video" => parts.video = true,
                _ => {}
            }
        }
        Some(())
    };
    parts.cut = read().is_none();
    parts
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        (0..bytes).try_fold(0_usize, |number, _| Some(number << 8 | usize::from(self.byte()?)))
    }

    /// Where a text or a stretch of bytes stands.
    fn bytes(&mut self) -> Option<Range<usize>> {
        let length = match self.byte()? {
            tag @ 0xa0..=0xbf => usize::from(tag & 0x1f),
            0xc0 => 0,
            0xc4 | 0xd9 => self.number(1)?,
            0xc5 | 0xda => self.number(2)?,
            0xc6 | 0xdb => self.number(4)?,
            _ => return None,
        };
        let start = self.at;
        self.at = start.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        Some(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_far_as_they_go() {
        let map = b"\x83\xacreplay_event\xc4\x02{}\xb0replay_recording\xc5\x00\x04{}\n[\xacreplay_video\xc6\0\0\0\x03mp4";
        let bytes = Bytes::from_static(map);
        let whole = parts(&bytes);
        assert_eq!(whole.recording.as_deref(), Some(&b"{}\n["[..]));
        assert_eq!(whole.event.as_deref(), Some(&b"{}"[..]));
        assert!(whole.video && !whole.cut);
        for end in 0..map.len() {
            let cut = parts(&bytes.slice(..end));
            assert!(cut.cut && !cut.video, "{end}");
        }
    }
}
