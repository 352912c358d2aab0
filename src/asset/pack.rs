//! A recording and what it refers to, in one file that renders the same for ever.
//!
//! It is a ZIP: the recording's files as they were found, byte for byte, below `recording/`; assets below
//! `assets/`, each content once, named after its SHA-256; and first `domreel.json`, which tells what is
//! what and what could not be had. docs/pack.md describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

use super::fill::Looked;
use super::{Absent, Asset, AssetError, Assets, fill, zip};
use crate::digest::sha256;
use crate::limits::{Limit, Limits};
use crate::recording::Recording;

/// The file that tells what is in a pack.
const INDEX: &str = "domreel.json";

/// The version of the layout that is written, and the newest that is read.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Index {
    domreel_pack: u32,
    recording: Vec<String>,
    #[serde(default)]
    assets: Vec<Entry>,
    #[serde(default)]
    redirects: BTreeMap<String, String>,
    /// Only for people and other tools.
    #[serde(default, skip_deserializing)]
    missing: Vec<Absent>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    url: String,
    media_type: String,
    file: String,
}

/// What is in a pack.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// The recording's files, by name.
    pub recording: Vec<(String, Bytes)>,
    pub assets: Assets,
}

/// What of a recording went into a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackReport {
    /// Files of the recording.
    pub recording_files: usize,
    /// Addresses that have their content in the pack.
    pub assets: usize,
    /// What the recording refers to that could not be had.
    pub missing: Vec<Absent>,
}

/// Writes a pack: files of a recording by their names, and those of `assets` that `recording`, which was
/// read from them, refers to. The same input gives the same bytes.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(
    to: impl Write + Seek,
    files: &[(String, Bytes)],
    recording: &Recording,
    assets: &Assets,
) -> std::io::Result<PackReport> {
    let Looked {
        found,
        absent: missing,
    } = fill::looked(recording, assets);
    let mut contents: BTreeMap<String, &Asset> = BTreeMap::new();
    let mut entries = Vec::new();
    let mut redirects = BTreeMap::new();
    let mut done = BTreeSet::new();
    for (url, at) in &found {
        if url != at {
            redirects.insert(url.clone(), at.clone());
        }
        let parsed = Url::parse(at).ok();
        let Some((asset, _)) = parsed.as_ref().and_then(|at| assets.get(at)) else {
            continue;
        };
        if done.insert(at.clone()) {
            let file = format!("assets/{}", sha256(&asset.content));
            entries.push(Entry {
                url: at.clone(),
                media_type: asset.media_type.clone(),
                file: file.clone(),
            });
            contents.insert(file, asset);
        }
    }
    entries.sort_by(|one, two| one.url.cmp(&two.url));
    let named: Vec<(String, &Bytes)> = files
        .iter()
        .enumerate()
        .map(|(at, (name, bytes))| (file_name(at, name, files.len()), bytes))
        .collect();
    let report = PackReport {
        recording_files: named.len(),
        assets: entries.len(),
        missing: missing.clone(),
    };
    let index = Index {
        domreel_pack: VERSION,
        recording: named.iter().map(|(name, _)| name.clone()).collect(),
        assets: entries,
        redirects,
        missing,
    };
    let index = serde_json::to_vec_pretty(&index)?;
    let index = std::iter::once((INDEX, index.as_slice(), false));
    // What does not get smaller stays as it is.
    let is_packed = |name: &str, bytes: &[u8]| {
        bytes.starts_with(&[0x1f, 0x8b])
            || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
            || name.ends_with(".zst")
    };
    let recordings = named
        .iter()
        .map(|(name, bytes)| (name.as_str(), &bytes[..], !is_packed(name, bytes)));
    let contents = contents
        .iter()
        .map(|(file, asset)| (file.as_str(), &asset.content[..], shrinks(&asset.media_type)));
    zip::write(to, index.chain(recordings).chain(contents))?;
    Ok(report)
}

/// Names of recordings tell their order, and nothing but a plain name.
fn file_name(at: usize, name: &str, count: usize) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "._-+@ ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(120)
        .collect();
    let plain = match plain.trim_matches(['.', ' ']) {
        "" => "recording",
        plain => plain,
    };
    match count {
        1 => format!("recording/{plain}"),
        _ => format!("recording/{at:04}-{plain}"),
    }
}

fn shrinks(media_type: &str) -> bool {
    let packed = [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "font/woff",
        "video/",
        "audio/",
    ];
    !packed.iter().any(|packed| media_type.starts_with(packed))
}

/// Reads a pack; `None` when the ZIP is none.
///
/// # Errors
/// When the ZIP is damaged or beyond the limits, or the pack is of a later version.
pub(crate) fn open(bytes: &Bytes, name: &str, limits: &Limits) -> Result<Option<Packed>, AssetError> {
    // The name of the first file stands 30 bytes into a ZIP: others need not be unpacked to know.
    if !bytes
        .get(30..)
        .is_some_and(|rest| rest.starts_with(INDEX.as_bytes()))
    {
        return Ok(None);
    }
    let failed = |reason: String| AssetError::Zip {
        name: name.to_owned(),
        reason,
    };
    let files: BTreeMap<String, Bytes> = zip::entries(bytes.clone(), name, limits, Limit::AssetsSize)?
        .into_iter()
        .map(|entry| (entry.name, entry.bytes))
        .collect();
    let Some(index) = files.get(INDEX) else {
        return Ok(None);
    };
    let index: Index = serde_json::from_slice(index)
        .map_err(|error| failed(format!("{INDEX} in it cannot be read: {error}")))?;
    if index.domreel_pack > VERSION {
        return Err(failed(format!(
            "it was packed by a later domreel (layout {}): use that or a newer one",
            index.domreel_pack
        )));
    }
    let file = |wanted: &str| {
        let found = files.get(wanted).cloned();
        found.ok_or_else(|| failed(format!("{wanted} is not in it, though {INDEX} says so")))
    };
    let mut packed = Packed {
        assets: Assets::within(*limits),
        ..Packed::default()
    };
    for entry in &index.assets {
        if let Ok(url) = Url::parse(&entry.url) {
            packed
                .assets
                .insert(&url, Asset::new(file(&entry.file)?, &entry.media_type));
        }
    }
    for (from, to) in &index.redirects {
        if let (Ok(from), Ok(to)) = (Url::parse(from), Url::parse(to)) {
            packed.assets.redirect(&from, &to);
        }
    }
    packed.assets = packed.assets.told_as("pack");
    for source in &mut packed.assets.sources {
        source.name = name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    for name in &index.recording {
        packed.recording.push((name.clone(), file(name)?));
    }
    Ok(Some(packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_in_order() {
        assert_eq!(file_name(0, "../../etc/x.json", 1), "recording/x.json");
        assert_eq!(file_name(1, "C:\\a\\b:c.json", 2), "recording/0001-b_c.json");
        assert_eq!(file_name(0, "..", 1), "recording/recording");
    }

    #[test]
    fn other_zips_are_no_packs() {
        let mut out = std::io::Cursor::new(Vec::new());
        zip::write(&mut out, [("a.json", &b"{}"[..], true)]).unwrap();
        assert!(
            open(&out.into_inner().into(), "x.zip", &Limits::default())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn later_layouts_and_gaps_are_told() {
        for (index, expected) in [
            (r#"{"domreel_pack":2,"recording":[]}"#, "later domreel"),
            (
                r#"{"domreel_pack":1,"recording":["recording/x"]}"#,
                "recording/x is not in it",
            ),
            ("[]", "cannot be read"),
        ] {
            let mut out = std::io::Cursor::new(Vec::new());
            zip::write(&mut out, [(INDEX, index.as_bytes(), false)]).unwrap();
            let error = open(&out.into_inner().into(), "x.zip", &Limits::default())
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
