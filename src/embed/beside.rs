//! The files beside a clip.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::document::{self, Part, Place};
use super::manifest::{Beside, Manifest};
use super::{markdown, web_vtt};
use crate::digest::hexadecimal;
use crate::encode::EncodeError;
use crate::encode::output::write_file;

/// A file beside a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// `clip.json`: all that is known about it.
    Manifest,
    /// `clip.vtt`: captions as WebVTT.
    Vtt,
    /// `clip.txt`: alternative text.
    Alt,
    /// `clip.png`: a still picture.
    Poster,
    /// `clip.steps.md`: steps to reproduce.
    Steps,
    /// `clip.storyboard.png`: key frames with times and texts.
    Storyboard,
}

impl Extra {
    /// All of them.
    pub const ALL: [Extra; 6] = [
        Extra::Manifest,
        Extra::Vtt,
        Extra::Alt,
        Extra::Poster,
        Extra::Steps,
        Extra::Storyboard,
    ];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Extra::Manifest => "manifest",
            Extra::Vtt => "vtt",
            Extra::Alt => "alt",
            Extra::Poster => "poster",
            Extra::Steps => "steps",
            Extra::Storyboard => "storyboard",
        }
    }

    /// Where it goes for a clip at `clip`: the same place, with another ending.
    pub fn path(self, clip: &Path) -> PathBuf {
        clip.with_extension(match self {
            Extra::Manifest => "json",
            Extra::Vtt => "vtt",
            Extra::Alt => "txt",
            Extra::Poster => "png",
            Extra::Steps => "steps.md",
            Extra::Storyboard => "storyboard.png",
        })
    }
}

/// The names of the files that a manifest tells of, for a clip at `clip`.
pub fn names(clip: &Path, extras: &[Extra]) -> Beside {
    let name = |extra: Extra| {
        extras
            .contains(&extra)
            .then(|| Some(extra.path(clip).file_name()?.to_string_lossy().into_owned()))
            .flatten()
    };
    Beside {
        captions: name(Extra::Vtt),
        alt: name(Extra::Alt),
        poster: name(Extra::Poster),
        steps: name(Extra::Steps),
        storyboard: name(Extra::Storyboard),
    }
}

/// Writes the files that are made of the manifest alone: all but pictures. Each is whole or not there.
///
/// # Errors
/// When one cannot be written.
pub fn write(manifest: &Manifest, clip: &Path, extras: &[Extra]) -> Result<(), EncodeError> {
    for extra in extras {
        let text = match extra {
            Extra::Manifest => manifest.to_json(),
            Extra::Vtt => web_vtt(manifest),
            Extra::Alt => format!("{}\n", manifest.alt),
            Extra::Steps => steps_to_reproduce(manifest),
            Extra::Poster | Extra::Storyboard => continue,
        };
        write_file(&extra.path(clip), text.as_bytes())?;
    }
    Ok(())
}

/// Steps to reproduce, what happened then, and where, as Markdown.
pub fn steps_to_reproduce(manifest: &Manifest) -> String {
    let parts = [Part::Summary, Part::Moments, Part::Steps, Part::Environment];
    let mut blocks = vec![document::Block::Heading(1, document::title(manifest))];
    blocks.extend(document::blocks(manifest, &Place::default(), &parts));
    markdown(&blocks, 0)
}

/// SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            count => hash.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::manifest::tests::checkout;
    use crate::limits::Limits;

    #[test]
    fn files_are_named_after_the_clip() {
        let path = |extra: Extra| extra.path(Path::new("a.b/clip.gif"));
        assert_eq!(path(Extra::Manifest), Path::new("a.b/clip.json"));
        assert_eq!(path(Extra::Steps), Path::new("a.b/clip.steps.md"));
        assert_eq!(Extra::Poster.path(Path::new("frames/")), Path::new("frames.png"));
        let names = names(Path::new("a/clip.gif"), &[Extra::Vtt]);
        assert_eq!(names.captions.as_deref(), Some("clip.vtt"));
        assert_eq!(names.poster, None);
    }

    #[test]
    fn all_files_are_written() {
        let directory = tempfile::tempdir().unwrap();
        let clip = directory.path().join("clip.gif");
        write(&checkout(), &clip, &Extra::ALL).unwrap();
        let read = |extra: Extra| std::fs::read_to_string(extra.path(&clip)).unwrap();
        assert_eq!(
            Manifest::read(&Extra::Manifest.path(&clip), &Limits::default()).unwrap(),
            checkout()
        );
        assert!(read(Extra::Vtt).starts_with("WEBVTT\n"));
        assert_eq!(read(Extra::Alt), format!("{}\n", checkout().alt));
        assert!(read(Extra::Steps).contains("1. Opened `https://shop.example/checkout?basket=7`\n"));
        assert!(!Extra::Poster.path(&clip).exists() && !Extra::Storyboard.path(&clip).exists());
    }

    #[test]
    fn a_file_has_the_digest_of_its_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.gif");
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(sha256_of(&path).unwrap(), crate::digest::sha256(b"abc"));
    }
}
