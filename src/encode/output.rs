//! Where a clip goes, and in which format: a file that appears under its name only when it is whole,
//! a directory of frames, or a stream.

use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::frames::FramesEncoder;
use super::gif::{GifEncoder, GifOptions};
use super::{EncodeError, Encoder, Frame, Summary};

/// A format of clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// An animated GIF.
    Gif,
    /// A directory of PNG frames with `frames.json`.
    Png,
}

impl Format {
    /// The format that a file's name says: by its ending; a name without one is a directory of frames.
    pub fn of_name(path: &Path) -> Option<Format> {
        match path
            .extension()
            .and_then(OsStr::to_str)
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            Some("gif") => Some(Format::Gif),
            None => Some(Format::Png),
            Some(_) => path.is_dir().then_some(Format::Png),
        }
    }

    /// Its name, as options and reports give it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Gif => "gif",
            Format::Png => "png",
        }
    }

    /// Frames a second at most, if nothing else is asked for.
    pub fn default_fps(self) -> f64 {
        match self {
            Format::Gif | Format::Png => 12.0,
        }
    }

    /// Width of the page's picture in device pixels, if nothing else is asked for; `None`: as recorded.
    pub fn default_width(self) -> Option<u32> {
        match self {
            Format::Gif => Some(800),
            Format::Png => None,
        }
    }
}

/// Where a clip goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file, or a directory for formats of many files.
    Path(PathBuf),
    /// The standard output.
    Stdout,
}

/// An encoder for `format` that writes to `target`. A file is written beside its place under another
/// name and gets its own when it is whole; until then what was there before stays.
///
/// # Errors
/// When the place cannot be written to, or the format does not fit a stream.
pub fn open(target: &Target, format: Format, gif: GifOptions) -> Result<Box<dyn Encoder>, EncodeError> {
    match (format, target) {
        (Format::Gif, Target::Path(path)) => {
            let file = BufWriter::new(temporary(path)?);
            Ok(Box::new(GifFile {
                encoder: GifEncoder::new(file, gif)?,
                path: path.clone(),
            }))
        }
        (Format::Gif, Target::Stdout) => {
            let stdout = BufWriter::new(io::stdout());
            Ok(Box::new(GifStream {
                encoder: GifEncoder::new(stdout, gif)?,
            }))
        }
        (Format::Png, Target::Path(path)) => Ok(Box::new(FramesEncoder::new(path, gif.threads)?)),
        (Format::Png, Target::Stdout) => Err(EncodeError::NotAStream { format: "png" }),
    }
}

/// Writes `bytes` to `path` so that the file is whole or not there.
///
/// # Errors
/// When the place cannot be written to.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), EncodeError> {
    let mut file = temporary(path)?;
    file.write_all(bytes).map_err(|source| EncodeError::File {
        path: path.to_owned(),
        source,
    })?;
    persist(file, path)
}

struct GifFile {
    encoder: GifEncoder<BufWriter<NamedTempFile>>,
    path: PathBuf,
}

impl Encoder for GifFile {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.encoder.push(frame)
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let (file, summary) = self.encoder.finish()?;
        let failed = |source| EncodeError::File {
            path: self.path.clone(),
            source,
        };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        persist(file, &self.path)?;
        Ok(summary)
    }
}

struct GifStream {
    encoder: GifEncoder<BufWriter<io::Stdout>>,
}

impl Encoder for GifStream {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.encoder.push(frame)
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let (mut stdout, summary) = self.encoder.finish()?;
        stdout.flush().map_err(|source| EncodeError::Write {
            format: "gif",
            source,
        })?;
        Ok(summary)
    }
}

fn temporary(path: &Path) -> Result<NamedTempFile, EncodeError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".domreel-").suffix(".part");
    // The file's owner decides who may read it, as with any other program: the umask applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
        .tempfile_in(directory)
        .map_err(|source| EncodeError::File {
            path: path.to_owned(),
            // A missing directory speaks for itself; the temporary file's name would tell nothing.
            source: std::fs::metadata(directory).err().unwrap_or(source),
        })
}

fn persist(file: NamedTempFile, path: &Path) -> Result<(), EncodeError> {
    let failed = |source| EncodeError::File {
        path: path.to_owned(),
        source,
    };
    // The name must never point at a file that a loss of power leaves without its bytes.
    file.as_file().sync_data().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::pixmap::Pixmap;

    fn frame() -> Frame {
        let pixels = Arc::new(Pixmap {
            width: 2,
            height: 2,
            data: vec![255; 16],
        });
        Frame {
            pixels,
            clip_ms: 0,
            recording_ms: 0.0,
            duration_ms: 100,
        }
    }

    #[test]
    fn the_name_tells_the_format() {
        assert_eq!(Format::of_name(Path::new("a/clip.GIF")), Some(Format::Gif));
        assert_eq!(Format::of_name(Path::new("a/frames")), Some(Format::Png));
        assert_eq!(Format::of_name(Path::new("a/clip.doc")), None);
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.gif");
        let mut encoder = open(&Target::Path(path.clone()), Format::Gif, GifOptions::default()).unwrap();
        encoder.push(frame()).unwrap();
        assert!(!path.exists());
        let summary = encoder.finish().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), summary.bytes);
    }

    #[test]
    fn an_abandoned_clip_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.gif");
        let mut encoder = open(&Target::Path(path), Format::Gif, GifOptions::default()).unwrap();
        encoder.push(frame()).unwrap();
        drop(encoder);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_is_not_there_is_named() {
        let target = Target::Path(PathBuf::from("/no/such/directory/clip.gif"));
        let error = open(&target, Format::Gif, GifOptions::default()).err().unwrap();
        assert!(
            error.to_string().contains("/no/such/directory/clip.gif"),
            "{error}"
        );
        assert!(!error.to_string().contains(".part"), "{error}");
    }
}
