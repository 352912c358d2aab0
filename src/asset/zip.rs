//! ZIP files, read within bounds: how many entries, how large each is and all of them together, how much
//! they grow. Paths are names only: nothing is ever unpacked to disk.

use std::io::{Cursor, Read, Seek, Write};

use bytes::Bytes;
use zip::read::read_zipfile_from_stream;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::AssetError;
use crate::limits::{Limit, Limits};

/// The most that DEFLATE can make of one byte: what says to grow more lies.
const MOST_GROWTH: u64 = 1032;

/// A file of an archive.
pub(crate) struct Entry {
    /// Its path, with slashes, without `.` and `..`.
    pub name: String,
    pub bytes: Bytes,
}

/// Whether bytes are those of a ZIP.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The files of an archive, in its order. `together` is the limit for the bytes of all of them.
///
/// # Errors
/// When it is damaged, encrypted or beyond the limits.
pub(crate) fn entries(
    bytes: Bytes,
    archive: &str,
    limits: &Limits,
    together: Limit,
) -> Result<Vec<Entry>, AssetError> {
    let failed = |reason: String| AssetError::Zip {
        name: archive.to_owned(),
        reason,
    };
    let beyond = |what, limit| AssetError::Beyond {
        name: archive.to_owned(),
        what,
        hint: limits.hint(limit),
    };
    let damaged = |error: &dyn std::fmt::Display| failed(format!("the ZIP is damaged or encrypted: {error}"));
    let size = bytes.len() as u64;
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if zip.len() > limits.size(Limit::Assets) {
        let what = format!("the ZIP has {} files", zip.len());
        return Err(beyond(what, Limit::Assets));
    }
    let mut left = limits.of(together).min(size.saturating_mul(MOST_GROWTH));
    let mut entries = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).map_err(|error| damaged(&error))?;
        let name = file.name().map_err(|error| damaged(&error))?;
        let Some(name) = plain_path(&name).filter(|_| file.is_file()) else {
            continue;
        };
        let mut content = Vec::new();
        // What it says of its size is not believed.
        let mut bounded = file.by_ref().take(left.saturating_add(1));
        bounded
            .read_to_end(&mut content)
            .map_err(|error| damaged(&error))?;
        left = left.checked_sub(content.len() as u64).ok_or_else(|| {
            let what = "the files in the ZIP are too large together".to_owned();
            beyond(what, together)
        })?;
        entries.push(Entry {
            name,
            bytes: content.into(),
        });
    }
    Ok(entries)
}

/// The files of an archive whose end, and with it the list of them, is missing: as many as there are, and
/// of the last what there is of it. `together` is the limit for the bytes of all of them.
pub(crate) fn entries_before_cut(bytes: Bytes, limits: &Limits, together: Limit) -> Vec<Entry> {
    let most = limits.size(Limit::Assets);
    let mut left = limits
        .of(together)
        .min((bytes.len() as u64).saturating_mul(MOST_GROWTH));
    let mut rest = Cursor::new(bytes);
    let mut entries = Vec::new();
    while entries.len() < most && left > 0 {
        let Ok(Some(mut file)) = read_zipfile_from_stream(&mut rest) else {
            break;
        };
        let name = file.name().ok().and_then(|name| plain_path(&name));
        let mut content = Vec::new();
        let whole = file.by_ref().take(left).read_to_end(&mut content).is_ok();
        left -= content.len() as u64;
        if let Some(name) = name.filter(|_| !content.is_empty()) {
            entries.push(Entry {
                name,
                bytes: content.into(),
            });
        }
        if !whole {
            break;
        }
    }
    entries
}

/// A path without tricks; `None` for one that leads anywhere but down.
fn plain_path(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let is_plain = !name.starts_with('/') && !parts.contains(&"..") && !name.contains('\0');
    (is_plain && !parts.is_empty()).then(|| parts.join("/"))
}

/// Writes files as a ZIP: the same files, the same bytes.
///
/// # Errors
/// When `to` cannot be written.
pub(crate) fn write<'e>(
    to: impl Write + Seek,
    files: impl IntoIterator<Item = (&'e str, &'e [u8], bool)>,
) -> std::io::Result<()> {
    let mut zip = ZipWriter::new(to);
    for (name, bytes, compress) in files {
        let method = match compress {
            true => CompressionMethod::Deflated,
            false => CompressionMethod::Stored,
        };
        let options = SimpleFileOptions::default().compression_method(method);
        let options = options.last_modified_time(zip::DateTime::default());
        zip.start_file(name, options).map_err(std::io::Error::other)?;
        zip.write_all(bytes)?;
    }
    zip.finish().map_err(std::io::Error::other)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zip: Bytes, limits: &Limits) -> Result<Vec<Entry>, AssetError> {
        entries(zip, "x.zip", limits, Limit::AssetsSize)
    }

    fn before_cut(zip: Bytes, most: u64) -> Vec<Entry> {
        let limits = Limits::default().with(Limit::Unpacked, most);
        entries_before_cut(zip, &limits, Limit::Unpacked)
    }

    fn made(files: &[(&str, &[u8])]) -> Bytes {
        let mut out = Cursor::new(Vec::new());
        write(&mut out, files.iter().map(|(name, bytes)| (*name, *bytes, true))).unwrap();
        Bytes::from(out.into_inner())
    }

    #[test]
    fn what_was_written_is_read() {
        let zip = made(&[("a/b.txt", b"one"), ("c", b"")]);
        assert!(is_zip(&zip));
        let read = read(zip, &Limits::default()).unwrap();
        let names: Vec<&str> = read.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a/b.txt", "c"]);
        assert_eq!(&read[0].bytes[..], b"one");
    }

    #[test]
    fn paths_lead_down_only() {
        for (name, plain) in [
            ("a/./b", Some("a/b")),
            ("a\\b", Some("a/b")),
            ("../a", None),
            ("a/../../b", None),
            ("/etc/passwd", None),
            ("..\\a", None),
            ("", None),
        ] {
            assert_eq!(plain_path(name).as_deref(), plain, "{name}");
        }
    }

    #[test]
    fn what_stands_before_a_cut_is_read() {
        let noise: Vec<u8> = (0..5000_u32)
            .flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let zip = made(&[("a/b.txt", b"one"), ("../c", b"two"), ("d", &noise)]);
        for cut in 0..zip.len() {
            let read = before_cut(zip.slice(..cut), 1 << 20);
            let mut read = read.iter();
            if let Some(first) = read.next() {
                assert_eq!(first.name, "a/b.txt");
                assert!(b"one".starts_with(&first.bytes));
            }
            if let Some(last) = read.next() {
                assert_eq!(last.name, "d");
                assert!(noise.starts_with(&last.bytes));
            }
            assert!(read.next().is_none());
        }
        let read = before_cut(zip.slice(..zip.len() - 30), 1 << 20);
        assert_eq!((read.len(), read[1].bytes.len()), (2, noise.len()));
        assert_eq!(before_cut(zip, 10)[1].bytes.len(), 4);
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0; 4 << 20];
        let zip = made(&[("a", &zeros), ("b", &zeros)]);
        assert!(zip.len() < 20_000);
        let limited = |limit, value| read(zip.clone(), &Limits::default().with(limit, value));
        assert!(limited(Limit::AssetsSize, 9 << 20).is_ok());
        assert!(limited(Limit::Assets, 2).is_ok());
        for (limit, value) in [(Limit::AssetsSize, 6 << 20), (Limit::Assets, 1)] {
            let error = limited(limit, value).err().unwrap().to_string();
            assert!(error.contains(&format!("--allow {}=", limit.name())), "{error}");
        }
    }

    #[test]
    fn damage_is_told() {
        let mut zip = made(&[("a", b"content that is long enough")]).to_vec();
        for cut in [4, zip.len() / 2, zip.len() - 1] {
            assert!(read(Bytes::copy_from_slice(&zip[..cut]), &Limits::default()).is_err());
        }
        zip[40] ^= 0xff;
        assert!(read(zip.into(), &Limits::default()).is_err());
    }
}
