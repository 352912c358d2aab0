//! A directory of PNG files and `frames.json`, which says when each is shown.
//!
//! Every file is written under a temporary name and renamed when it is whole, and `frames.json`
//! comes last: where it is, everything it names is.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::jobs::{Jobs, Workers};
use super::output::sync;
use super::{EncodeError, Encoder, Frame, FrameCheck, Summary};
use crate::pixmap::Pixmap;

const FORMAT: &str = "PNG";
/// PNG itself allows more; a picture of that size would not fit into memory.
const MAX_SIDE: u32 = u16::MAX as u32;
/// Name of the list of frames.
const INDEX: &str = "frames.json";
/// Version of that list, raised when a reader of the old one would misread it.
const VERSION: u32 = 1;

/// The content of `frames.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameList {
    /// 1.
    pub version: u32,
    /// Width of every picture, in pixels.
    pub width: u32,
    /// Height of every picture, in pixels.
    pub height: u32,
    /// How long all of them are shown together, in milliseconds.
    pub duration_ms: u64,
    /// Whether the clip was stopped before its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// The pictures in the order they are shown.
    pub frames: Vec<ListedFrame>,
}

/// One picture of a [`FrameList`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedFrame {
    /// Name of its file, beside `frames.json`.
    pub file: String,
    /// When it is shown first, in milliseconds of clip time.
    pub clip_ms: u64,
    /// What it shows: milliseconds of recording time since the recording's first event.
    pub recording_ms: f64,
    /// How long it is shown, in milliseconds of clip time.
    pub duration_ms: u64,
}

/// Writes a directory of PNG frames; equal neighbours become one. See the [module](self).
pub struct FramesEncoder {
    directory: PathBuf,
    check: FrameCheck,
    workers: Workers,
    held: Option<(Arc<Pixmap>, ListedFrame)>,
    writing: Jobs<Result<u64, EncodeError>>,
    listed: Vec<ListedFrame>,
    bytes: u64,
    partial: bool,
}

impl FramesEncoder {
    /// Creates the directory if need be. Frames that an earlier run listed there are removed, other files stay.
    ///
    /// `threads`: all cores if not given; the files are the same for any number.
    pub fn new(directory: impl Into<PathBuf>, threads: Option<NonZeroUsize>) -> Result<Self, EncodeError> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(|source| file_error(&directory, source))?;
        remove_earlier(&directory)?;
        Ok(Self {
            directory,
            check: FrameCheck::default(),
            workers: Workers::new(threads, FORMAT)?,
            held: None,
            writing: Jobs::default(),
            listed: Vec::new(),
            bytes: 0,
            partial: false,
        })
    }

    /// Starts to write the picture held, whose duration is final now.
    fn write_held(&mut self) -> Result<(), EncodeError> {
        let Some((pixels, listed)) = self.held.take() else {
            return Ok(());
        };
        while self.collect(self.writing.len() >= self.workers.backlog())? {}
        let path = self.directory.join(&listed.file);
        self.listed.push(listed);
        self.writing.start(&self.workers, move || {
            let png = png(&pixels).map_err(|source| file_error(&path, source))?;
            write_whole(&path, &png)
        });
        Ok(())
    }

    /// Takes the result of the oldest file; `wait` for it if need be. Says whether there was one.
    fn collect(&mut self, wait: bool) -> Result<bool, EncodeError> {
        match self.writing.take(&self.workers, wait)? {
            Some(bytes) => self.bytes += bytes?,
            None => return Ok(false),
        }
        Ok(true)
    }
}

impl Encoder for FramesEncoder {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.check.accept(&frame.pixels, FORMAT, MAX_SIDE)?;
        if let Some((pixels, listed)) = &mut self.held
            && (Arc::ptr_eq(pixels, &frame.pixels) || pixels.data == frame.pixels.data)
        {
            listed.duration_ms = listed.duration_ms.saturating_add(frame.duration_ms);
            return Ok(());
        }
        self.write_held()?;
        let listed = ListedFrame {
            file: name(self.listed.len()),
            clip_ms: frame.clip_ms,
            recording_ms: frame.recording_ms,
            duration_ms: frame.duration_ms,
        };
        self.held = Some((frame.pixels, listed));
        Ok(())
    }

    fn set_partial(&mut self) {
        self.partial = true;
    }

    fn finish(mut self: Box<Self>) -> Result<Summary, EncodeError> {
        self.write_held()?;
        while self.collect(true)? {}
        // The list must not outlive, in a loss of power, what it names.
        for frame in &self.listed {
            let path = self.directory.join(&frame.file);
            let synced = fs::File::open(&path).and_then(|file| sync(&file));
            synced.map_err(|source| file_error(&path, source))?;
        }
        let (width, height) = self.check.size().ok_or(EncodeError::NoFrames)?;
        let frames = self.listed.len() as u64;
        let duration_ms = self
            .listed
            .iter()
            .fold(0, |sum: u64, f| sum.saturating_add(f.duration_ms));
        let list = FrameList {
            version: VERSION,
            width,
            height,
            duration_ms,
            partial: self.partial,
            frames: self.listed,
        };
        let path = self.directory.join(INDEX);
        let mut json = serde_json::to_vec_pretty(&list).map_err(|error| file_error(&path, error.into()))?;
        json.push(b'\n');
        let bytes = self.bytes + write_whole(&path, &json)?;
        Ok(Summary {
            width,
            height,
            frames,
            duration_ms,
            bytes,
            traded: None,
        })
    }
}

/// A picture as a PNG file, without its alpha: 8-bit RGB. The same pixels give the same bytes.
///
/// # Errors
/// If the data does not fit width and height, or either is 0.
pub fn png(pixels: &Pixmap) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    let rgb: Vec<u8> = pixels
        .data
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(file)
}

fn name(at: usize) -> String {
    format!("frame-{at:06}.png")
}

fn file_error(path: &Path, source: io::Error) -> EncodeError {
    EncodeError::File {
        path: path.into(),
        source,
    }
}

/// Writes a file so that nobody sees a part of it. Returns its size.
fn write_whole(path: &Path, content: &[u8]) -> Result<u64, EncodeError> {
    let write = || {
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .prefix(".domreel-")
            .tempfile_in(directory)?;
        file.write_all(content)?;
        make_readable(file.as_file())?;
        if path.ends_with(INDEX) {
            sync(file.as_file())?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(content.len() as u64)
    };
    write().map_err(|source| file_error(path, source))
}

/// Temporary files are private to their owner, which the files of a clip need not be.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

/// Removes the list and the frames of an earlier run, so that none is taken for one of this run.
fn remove_earlier(directory: &Path) -> Result<(), EncodeError> {
    let index = directory.join(INDEX);
    let earlier = match fs::read(&index) {
        Ok(json) => serde_json::from_slice::<FrameList>(&json),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(file_error(&index, source)),
    };
    // What is not our list is not ours to act on; it is replaced at the end.
    let Ok(earlier) = earlier else {
        return Ok(());
    };
    fs::remove_file(&index).map_err(|source| file_error(&index, source))?;
    for at in 0..earlier.frames.len() {
        let path = directory.join(name(at));
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(file_error(&path, source)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: u8) -> Arc<Pixmap> {
        let data = (0..6).flat_map(|at| [value, at, 0, 255]).collect();
        Arc::new(Pixmap {
            width: 3,
            height: 2,
            data,
        })
    }

    fn write(directory: &Path, frames: &[(u8, u64)]) -> Summary {
        let mut encoder = FramesEncoder::new(directory, None).unwrap();
        let mut clip_ms = 0;
        for &(value, duration_ms) in frames {
            let recording_ms = clip_ms as f64 * 2.5;
            encoder
                .push(Frame {
                    pixels: picture(value),
                    clip_ms,
                    recording_ms,
                    duration_ms,
                })
                .unwrap();
            clip_ms += duration_ms;
        }
        Box::new(encoder).finish().unwrap()
    }

    fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (
                    path.file_name().unwrap().to_str().unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                )
            })
            .collect();
        files.sort();
        files
    }

    fn decode(file: &[u8]) -> Pixmap {
        let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let data = rgb
            .chunks_exact(3)
            .flat_map(|p| [p[0], p[1], p[2], 255])
            .collect();
        Pixmap {
            width: info.width,
            height: info.height,
            data,
        }
    }

    #[test]
    fn pictures_and_times_come_back() {
        let directory = tempfile::tempdir().unwrap();
        let summary = write(directory.path(), &[(1, 100), (1, 50), (2, 80), (1, 20)]);
        let files = files(directory.path());
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "frame-000000.png",
                "frame-000001.png",
                "frame-000002.png",
                "frames.json"
            ]
        );
        for ((_, file), value) in files.iter().zip([1, 2, 1]) {
            assert_eq!(decode(file), *picture(value));
        }
        let list: FrameList = serde_json::from_slice(&files[3].1).unwrap();
        assert_eq!(
            (list.version, list.width, list.height, list.duration_ms),
            (1, 3, 2, 250)
        );
        let times: Vec<_> = list
            .frames
            .iter()
            .map(|f| (f.clip_ms, f.recording_ms, f.duration_ms))
            .collect();
        assert_eq!(times, [(0, 0.0, 150), (150, 375.0, 80), (230, 575.0, 20)]);
        let bytes = files.iter().map(|(_, file)| file.len() as u64).sum();
        assert_eq!(
            summary,
            Summary {
                width: 3,
                height: 2,
                frames: 3,
                duration_ms: 250,
                bytes,
                traded: None,
            }
        );
    }

    #[test]
    fn the_same_frames_give_the_same_bytes() {
        let frames: Vec<(u8, u64)> = (0..40).map(|at| (at, 30)).collect();
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(one.path(), &frames);
        write(two.path(), &frames);
        assert_eq!(files(one.path()), files(two.path()));
    }

    #[test]
    fn a_second_run_replaces_the_first_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let kept = directory.path().join("notes.txt");
        fs::write(&kept, "mine").unwrap();
        write(directory.path(), &[(1, 100), (2, 100), (3, 100)]);
        write(directory.path(), &[(4, 100)]);
        let names: Vec<String> = files(directory.path())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["frame-000000.png", "frames.json", "notes.txt"]);
        assert_eq!(decode(&files(directory.path())[0].1), *picture(4));
    }

    #[test]
    fn an_index_of_something_else_is_no_reason_to_remove_files() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("frame-000000.png"), "mine").unwrap();
        fs::write(directory.path().join(INDEX), r#"{"other": "program"}"#).unwrap();
        drop(FramesEncoder::new(directory.path(), None).unwrap());
        assert_eq!(files(directory.path()).len(), 2);
    }

    #[test]
    fn no_frames_is_an_error_and_leaves_no_index() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &[(1, 100)]);
        let encoder = FramesEncoder::new(directory.path(), None).unwrap();
        assert!(matches!(Box::new(encoder).finish(), Err(EncodeError::NoFrames)));
        assert!(files(directory.path()).is_empty());
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let error = FramesEncoder::new(file.join("frames"), None)
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
