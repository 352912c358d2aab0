//! What a program called ffmpeg can write, if there is one: WebM, and MP4 by its encoder.
//!
//! It gets the clip as a lossless [APNG](super::apng) in a temporary file, which keeps every
//! frame's duration, and the chapters in its own text format. Nothing of it is part of domreel, and
//! nothing but these formats needs it.

use std::ffi::OsString;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::{NamedTempFile, TempPath};

use super::apng::ApngEncoder;
use super::gif::Repeat;
use super::{Chapter, EncodeError, Encoder, Frame, StreamEncoder, Summary};

/// What ffmpeg is to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Video {
    /// WebM with VP9.
    Webm,
    /// MP4 with H.264, by x264 if this ffmpeg has it.
    Mp4,
}

impl Video {
    fn name(self) -> &'static str {
        match self {
            Self::Webm => "WebM",
            Self::Mp4 => "MP4",
        }
    }

    fn arguments(self, quantiser: u8) -> Vec<String> {
        // The scales of the encoders differ; these are about as good as OpenH264 at the same number.
        let (codec, quality): (&[&str], _) = match self {
            Self::Webm => (
                &[
                    "-c:v",
                    "libvpx-vp9",
                    "-b:v",
                    "0",
                    "-deadline",
                    "good",
                    "-cpu-used",
                    "4",
                    "-row-mt",
                    "1",
                    "-tune-content",
                    "screen",
                    "-g",
                    "240",
                    "-f",
                    "webm",
                ],
                u32::from(quantiser) + 4,
            ),
            Self::Mp4 => (
                &[
                    "-c:v",
                    "libx264",
                    "-preset",
                    "medium",
                    "-g",
                    "240",
                    "-movflags",
                    "+faststart",
                    "-f",
                    "mp4",
                ],
                u32::from(quantiser),
            ),
        };
        let mut arguments: Vec<String> = codec.iter().map(|&a| a.to_owned()).collect();
        arguments.extend(["-crf".to_owned(), quality.to_string()]);
        arguments
    }
}

/// How ffmpeg is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FfmpegOptions {
    /// The program.
    pub program: PathBuf,
    /// What it writes.
    pub video: Video,
    /// [How exact](super::output::EncodeOptions::quantiser): 0 to 51, less is better and larger.
    pub quantiser: u8,
}

/// Collects a clip and has ffmpeg write it into a file of its own; see the [module](self).
pub struct FfmpegEncoder {
    options: FfmpegOptions,
    frames: ApngEncoder<BufWriter<NamedTempFile>>,
    chapters: Vec<Chapter>,
    output: PathBuf,
}

impl FfmpegEncoder {
    /// An encoder that overwrites `output` when it finishes.
    ///
    /// # Errors
    /// If the program does not start, or no temporary file can be made.
    pub fn new(output: &Path, options: FfmpegOptions) -> Result<Self, EncodeError> {
        let format = options.video.name();
        let started = command(&options.program)
            .arg("-version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if let Err(error) = started {
            return Err(EncodeError::Codec {
                format,
                reason: format!("{} does not start: {error}", options.program.display()),
            });
        }
        let spool = tempfile::Builder::new()
            .prefix("domreel-")
            .suffix(".apng")
            .tempfile();
        let spool = spool.map_err(|source| EncodeError::Write { format, source })?;
        Ok(Self {
            options,
            frames: ApngEncoder::new(BufWriter::new(spool), Repeat::Forever, None)?,
            chapters: Vec::new(),
            output: output.to_owned(),
        })
    }
}

impl Encoder for FfmpegEncoder {
    fn push(&mut self, frame: Frame) -> Result<(), EncodeError> {
        self.frames.push(frame)
    }

    fn set_chapters(&mut self, chapters: Vec<Chapter>) {
        self.chapters = chapters;
        self.chapters.sort_by_key(|chapter| chapter.clip_ms);
    }

    fn finish(self: Box<Self>) -> Result<Summary, EncodeError> {
        let Self {
            options,
            frames,
            chapters,
            output,
        } = *self;
        let format = options.video.name();
        let failed = |reason: String| EncodeError::Codec { format, reason };
        let (spool, mut summary) = frames.finish()?;
        let spool = spool
            .into_inner()
            .map_err(|error| failed(error.to_string()))?
            .into_temp_path();
        let chapters = chapter_file(&chapters, summary.duration_ms)
            .map_err(|source| EncodeError::Write { format, source })?;
        let mut command = command(&options.program);
        command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
        command.args(["-f", "apng", "-max_fps", "0", "-i"]).arg(&spool);
        command.args(["-f", "ffmetadata", "-i"]).arg(&chapters);
        command.args(["-map", "0:v", "-map_chapters", "1", "-fps_mode", "passthrough"]);
        command.args(["-enc_time_base", "1:1000", "-pix_fmt", "yuv420p", "-vf"]);
        command.arg("pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv");
        command.args([
            "-colorspace",
            "bt709",
            "-color_primaries",
            "bt709",
            "-color_trc",
            "bt709",
        ]);
        command.args(["-bitexact"]);
        command.args(options.video.arguments(options.quantiser));
        // A name that begins with a dash is no option.
        let mut to = OsString::from("file:");
        to.push(&output);
        command.arg(to);
        let ran = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .map_err(|error| failed(format!("{} does not start: {error}", options.program.display())))?;
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr);
            return Err(failed(format!(
                "ffmpeg stopped with {}: {}",
                ran.status,
                said.trim()
            )));
        }
        let written = std::fs::metadata(&output).map_err(|source| EncodeError::File {
            path: output.clone(),
            source,
        })?;
        (summary.width, summary.height) = (
            summary.width.next_multiple_of(2),
            summary.height.next_multiple_of(2),
        );
        summary.bytes = written.len();
        Ok(summary)
    }
}

/// What of our environment ffmpeg gets: what it needs to find its files. The rest may be secret.
const NEEDED: [&str; 7] = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SystemRoot",
];

/// The program, to be given arguments, with no more of our environment than it needs.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let needed = NEEDED
        .iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.env_clear().envs(needed);
    command
}

/// Chapters as ffmpeg reads them.
fn chapter_file(chapters: &[Chapter], length_ms: u64) -> std::io::Result<TempPath> {
    let mut file = tempfile::Builder::new()
        .prefix("domreel-")
        .suffix(".txt")
        .tempfile()?;
    writeln!(file, ";FFMETADATA1")?;
    let inside = chapters.iter().take_while(|chapter| chapter.clip_ms < length_ms);
    let ends = chapters
        .iter()
        .skip(1)
        .map(|next| next.clip_ms.min(length_ms))
        .chain([length_ms]);
    for (chapter, end) in inside.zip(ends) {
        writeln!(
            file,
            "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={end}",
            chapter.clip_ms
        )?;
        let mut title = String::new();
        for character in chapter.title.chars() {
            if matches!(character, '=' | ';' | '#' | '\\' | '\n') {
                title.push('\\');
            }
            title.push(character);
        }
        writeln!(file, "title={title}")?;
    }
    file.flush()?;
    Ok(file.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::testing::{clip, decoded_by_ffmpeg, durations_by_ffprobe, printed_by, psnr};
    use crate::pixmap::Pixmap;

    /// The left columns of a picture.
    fn cut(picture: &Pixmap, width: u32) -> Pixmap {
        let rows = picture.data.chunks_exact(picture.width as usize * 4).take(91);
        let data = rows.flat_map(|row| &row[..width as usize * 4]).copied().collect();
        Pixmap {
            width,
            height: 91,
            data,
        }
    }

    fn chapters() -> Vec<Chapter> {
        [(0, "Start; #1"), (500, "a = b\\c")]
            .map(|(clip_ms, title)| Chapter {
                clip_ms,
                title: title.into(),
            })
            .into()
    }

    #[test]
    fn a_video_has_the_frames_times_and_chapters() {
        if printed_by("ffmpeg", &["-version"]).is_none() {
            return;
        }
        for video in [Video::Webm, Video::Mp4] {
            let directory = tempfile::tempdir().unwrap();
            let output = directory.path().join("-clip");
            let options = FfmpegOptions {
                program: "ffmpeg".into(),
                video,
                quantiser: 20,
            };
            let mut encoder = FfmpegEncoder::new(&output, options).unwrap();
            encoder.set_chapters(chapters());
            let frames = clip(161, 91, 20);
            let mut clip_ms = 0;
            for (picture, duration_ms) in &frames {
                let frame = Frame {
                    pixels: picture.clone().into(),
                    clip_ms,
                    recording_ms: 0.0,
                    duration_ms: *duration_ms,
                };
                encoder.push(frame).unwrap();
                clip_ms += duration_ms;
            }
            let summary = Box::new(encoder).finish().unwrap();
            assert_eq!((summary.width, summary.height, summary.frames), (162, 92, 20));
            let path = output.to_str().unwrap();
            let pictures = decoded_by_ffmpeg(path, 162, 92).unwrap();
            assert_eq!(pictures.len(), 20);
            let left = |picture: &Pixmap| cut(picture, 160);
            assert!(psnr(&left(&pictures[13]), &left(&frames[13].0)) > 28.0);
            let durations = durations_by_ffprobe(path).unwrap();
            // WebM has no duration for its last frame.
            assert_eq!(
                durations[..19],
                frames[..19].iter().map(|(_, ms)| *ms).collect::<Vec<_>>()
            );
            let printed = printed_by(
                "ffprobe",
                &["-v", "error", "-show_chapters", "-of", "csv=p=0", path],
            );
            let printed = String::from_utf8(printed.unwrap()).unwrap();
            let titles: Vec<&str> = printed.lines().filter_map(|l| l.split(',').nth(6)).collect();
            assert_eq!(titles, ["Start; #1", "a = b\\c"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_program_does_not_get_our_environment() {
        // Cargo sets some for tests.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let output = command(Path::new("env")).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let names: Vec<&str> = printed
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0))
            .collect();
        assert!(names.contains(&"PATH"), "{names:?}");
        assert!(names.iter().all(|name| NEEDED.contains(name)), "{names:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let options = FfmpegOptions {
            program: "/no/such/ffmpeg".into(),
            video: Video::Webm,
            quantiser: 20,
        };
        let error = FfmpegEncoder::new(Path::new("clip.webm"), options).err().unwrap();
        assert!(error.to_string().contains("/no/such/ffmpeg"), "{error}");
    }
}
