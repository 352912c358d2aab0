//! Where a clip goes, and in which format: a file that appears under its name only when it is whole,
//! a directory of frames, or a stream.

use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::apng::ApngEncoder;
use super::ffmpeg::{FfmpegEncoder, FfmpegOptions, Video};
pub use super::format::Format;
use super::frames::FramesEncoder;
use super::gif::{GifEncoder, GifOptions, Quality, Repeat};
use super::webp::WebpEncoder;
use super::{Chapter, EncodeError, Encoder, Frame, StreamEncoder, Summary};
use crate::limits::Limits;

/// What can be chosen about a clip's file, whatever its format.
#[derive(Debug, Clone)]
pub struct EncodeOptions {
    /// How often a GIF, APNG or WebP plays.
    pub repeat: Repeat,
    /// How exact a GIF is.
    pub gif: Quality,
    /// How exact a video is: H.264's quantiser, 0 to 51; less is better and larger.
    pub quantiser: u8,
    /// Threads that encode; all cores if not given. No file depends on it, except those of ffmpeg.
    pub threads: Option<NonZeroUsize>,
    /// A program called ffmpeg that is to make the videos.
    pub ffmpeg: Option<PathBuf>,
    /// How much of a GIF is looked at before its file begins.
    pub limits: Limits,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            repeat: Repeat::default(),
            gif: Quality::default(),
            quantiser: 22,
            threads: None,
            ffmpeg: None,
            limits: Limits::default(),
        }
    }
}

impl EncodeOptions {
    /// The options for a quality of 0 to 100 percent, where 80 is the default.
    pub fn of_quality(percent: u8) -> Self {
        let defaults = Self::default();
        let below = 80u8.saturating_sub(percent);
        let above = percent.clamp(80, 100) - 80;
        let usual = defaults.gif.tolerance;
        Self {
            gif: Quality {
                colours: (256.0 / 2f64.powf(f64::from(below) / 27.0)).round() as u16,
                tolerance: (usual + below / 5).saturating_sub(above.div_ceil(20 / usual.max(1))),
            },
            quantiser: (defaults.quantiser + below * 3 / 10).saturating_sub(above * 3 / 5),
            ..defaults
        }
    }

    fn gif(&self) -> GifOptions {
        GifOptions {
            repeat: self.repeat,
            quality: self.gif,
            threads: self.threads,
            limits: self.limits,
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
/// When the place cannot be written to, the format does not fit a stream, or it needs what is not there.
pub fn open(
    target: &Target,
    format: Format,
    options: &EncodeOptions,
) -> Result<Box<dyn Encoder>, EncodeError> {
    let video = match format {
        Format::Webm => Some(Video::Webm),
        Format::Mp4 if options.ffmpeg.is_some() || cfg!(not(feature = "mp4")) => Some(Video::Mp4),
        _ => None,
    };
    match (target, video) {
        (Target::Path(path), Some(video)) => open_ffmpeg(path, format, video, options),
        (Target::Stdout, Some(_)) => Err(EncodeError::NotAStream {
            format: format.name(),
        }),
        (Target::Path(path), None) if format == Format::Png => {
            Ok(Box::new(FramesEncoder::new(path, options.threads)?))
        }
        (Target::Path(path), None) => {
            let place = Place::File(path.clone(), temporary(path)?);
            open_stream(BufWriter::new(place), format, options)
        }
        (Target::Stdout, None) => open_stream(BufWriter::new(Place::Stdout(io::stdout())), format, options),
    }
}

fn open_ffmpeg(
    path: &Path,
    format: Format,
    video: Video,
    options: &EncodeOptions,
) -> Result<Box<dyn Encoder>, EncodeError> {
    let Some(program) = options.ffmpeg.clone() else {
        return Err(EncodeError::Unsupported {
            format: format.name(),
            instead: "have an ffmpeg make it (--encoder ffmpeg), or choose another format",
        });
    };
    let file = temporary(path)?;
    let options = FfmpegOptions {
        program,
        video,
        quantiser: options.quantiser,
    };
    Ok(Box::new(FfmpegFile {
        encoder: FfmpegEncoder::new(file.path(), options)?,
        file,
        path: path.to_owned(),
        partial: false,
    }))
}

fn open_stream(
    output: BufWriter<Place>,
    format: Format,
    options: &EncodeOptions,
) -> Result<Box<dyn Encoder>, EncodeError> {
    Ok(match format {
        Format::Gif => Placed::new(GifEncoder::new(output, options.gif())?),
        Format::Apng => Placed::new(ApngEncoder::new(output, options.repeat, options.threads)?),
        Format::Webp => Placed::new(WebpEncoder::new(output, options.repeat, options.threads)?),
        #[cfg(feature = "mp4")]
        Format::Mp4 => Placed::new(super::mp4::Mp4Encoder::new(output, options.quantiser)?),
        _ => {
            return Err(EncodeError::NotAStream {
                format: format.name(),
            });
        }
    })
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

/// Where the bytes of a clip go.
enum Place {
    /// A file that gets its name when it is whole.
    File(PathBuf, NamedTempFile),
    Stdout(io::Stdout),
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(_, file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(_, file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

/// The name that a clip gets instead of `path` when it was stopped before its end.
pub fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(".partial");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// An encoder whose output is put into its place at the end.
struct Placed<E> {
    encoder: E,
    partial: bool,
}

impl<E> Placed<E> {
    fn new(encoder: E) -> Box<Self> {
        Box::new(Placed {
            encoder,
            partial: false,
        })
    }
}

impl<E: StreamEncoder<Output = BufWriter<Place>>> Encoder for Placed<E> {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.encoder.push(frame)
    }

    fn set_chapters(&mut self, chapters: Vec<Chapter>) {
        self.encoder.set_chapters(chapters);
    }

    fn set_partial(&mut self) {
        self.partial = true;
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let (output, summary) = self.encoder.finish()?;
        // What an encoder gives back is flushed.
        let (place, _) = output.into_parts();
        if let Place::File(path, file) = place {
            persist(file, &place_of(&path, self.partial))?;
        }
        Ok(summary)
    }
}

struct FfmpegFile {
    encoder: FfmpegEncoder,
    file: NamedTempFile,
    path: PathBuf,
    partial: bool,
}

impl Encoder for FfmpegFile {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.encoder.push(frame)
    }

    fn set_chapters(&mut self, chapters: Vec<Chapter>) {
        self.encoder.set_chapters(chapters);
    }

    fn set_partial(&mut self) {
        self.partial = true;
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let summary = Box::new(self.encoder).finish()?;
        persist(self.file, &place_of(&self.path, self.partial))?;
        Ok(summary)
    }
}

fn place_of(path: &Path, partial: bool) -> PathBuf {
    if partial {
        partial_name(path)
    } else {
        path.to_owned()
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
    sync(file.as_file()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Waits until the disk has a file's bytes. To be done before it is renamed: a name must never point
/// at a file that a loss of power leaves empty.
pub(super) fn sync(file: &std::fs::File) -> io::Result<()> {
    file.sync_data()
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
    fn a_file_appears_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.gif");
        let mut encoder = open(
            &Target::Path(path.clone()),
            Format::Gif,
            &EncodeOptions::default(),
        )
        .unwrap();
        encoder.push(frame()).unwrap();
        assert!(!path.exists());
        let summary = encoder.finish().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), summary.bytes);
    }

    #[test]
    fn a_stopped_clip_has_a_name_that_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.gif");
        std::fs::write(&path, "the clip of yesterday").unwrap();
        let mut encoder = open(
            &Target::Path(path.clone()),
            Format::Gif,
            &EncodeOptions::default(),
        )
        .unwrap();
        encoder.push(frame()).unwrap();
        encoder.set_partial();
        encoder.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"the clip of yesterday");
        let partial = std::fs::read(directory.path().join("clip.partial.gif")).unwrap();
        assert!(partial.starts_with(b"GIF89a"));
        assert_eq!(
            partial_name(Path::new("a/b.c.mp4")),
            Path::new("a/b.c.partial.mp4")
        );
        assert_eq!(partial_name(Path::new("clip")), Path::new("clip.partial"));
    }

    #[test]
    fn quality_goes_both_ways_from_the_default() {
        let of = |percent| {
            let options = EncodeOptions::of_quality(percent);
            (options.gif.colours, options.gif.tolerance, options.quantiser)
        };
        let usual = EncodeOptions::default();
        assert_eq!(of(80), (usual.gif.colours, usual.gif.tolerance, usual.quantiser));
        assert_eq!(of(100), (256, 0, 10));
        let all: Vec<_> = (0..=100).map(of).collect();
        assert!(
            all.windows(2)
                .all(|two| two[0].0 <= two[1].0 && two[0].1 >= two[1].1 && two[0].2 >= two[1].2)
        );
        assert!(all[0].0 >= 16 && all[0].2 <= 51);
    }

    #[test]
    fn an_abandoned_clip_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.gif");
        let mut encoder = open(&Target::Path(path), Format::Gif, &EncodeOptions::default()).unwrap();
        encoder.push(frame()).unwrap();
        drop(encoder);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_is_not_there_is_named() {
        let target = Target::Path(PathBuf::from("/no/such/directory/clip.gif"));
        let error = open(&target, Format::Gif, &EncodeOptions::default())
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("/no/such/directory/clip.gif"),
            "{error}"
        );
        assert!(!error.to_string().contains(".part"), "{error}");
    }
}
