//! The formats of clips.

use std::ffi::OsStr;
use std::path::Path;

/// A format of clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// An animated GIF.
    Gif,
    /// A directory of PNG frames with `frames.json`.
    Png,
    /// An animated PNG.
    Apng,
    /// An animated WebP.
    Webp,
    /// A video in H.264.
    Mp4,
    /// A video in VP9, which ffmpeg writes.
    Webm,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Gif,
        Self::Png,
        Self::Apng,
        Self::Webp,
        Self::Mp4,
        Self::Webm,
    ];

    /// The format that a file's name says: by its ending; a name without one is a directory of frames.
    pub fn of_name(path: &Path) -> Option<Format> {
        let Some(extension) = path.extension().and_then(OsStr::to_str) else {
            return Some(Self::Png);
        };
        let extension = extension.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == Some(&extension))
            .or_else(|| path.is_dir().then_some(Self::Png))
    }

    /// Its name, as options and reports give it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Png => "png",
            Self::Apng => "apng",
            Self::Webp => "webp",
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
        }
    }

    /// The ending of its files' names; none for directories.
    pub fn extension(self) -> Option<&'static str> {
        (self != Self::Png).then(|| self.name())
    }

    /// Its media type; none for directories.
    pub fn media_type(self) -> Option<&'static str> {
        match self {
            Self::Gif => Some("image/gif"),
            Self::Png => None,
            Self::Apng => Some("image/apng"),
            Self::Webp => Some("image/webp"),
            Self::Mp4 => Some("video/mp4"),
            Self::Webm => Some("video/webm"),
        }
    }

    /// Whether it is played by controls and has chapters, and not shown like an image.
    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Webm)
    }

    /// Frames a second at most, if nothing else is asked for.
    pub fn default_fps(self) -> f64 {
        if self.is_video() { 24.0 } else { 12.0 }
    }

    /// Width of the page's picture in device pixels, if nothing else is asked for; `None`: as recorded.
    pub fn default_width(self) -> Option<u32> {
        match self {
            Self::Gif | Self::Apng | Self::Webp => Some(800),
            Self::Mp4 | Self::Webm => Some(1280),
            Self::Png => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format() {
        for (name, format) in [
            ("a/clip.GIF", Some(Format::Gif)),
            ("a/frames", Some(Format::Png)),
            ("clip.apng", Some(Format::Apng)),
            ("clip.webp", Some(Format::Webp)),
            ("x.y/clip.mp4", Some(Format::Mp4)),
            ("clip.webm", Some(Format::Webm)),
            ("clip.png", None),
            ("a/clip.doc", None),
        ] {
            assert_eq!(Format::of_name(Path::new(name)), format, "{name}");
        }
        let directory = tempfile::Builder::new().suffix(".v2").tempdir().unwrap();
        assert_eq!(Format::of_name(directory.path()), Some(Format::Png));
    }
}
