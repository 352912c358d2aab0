//! The file itself.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use super::drawing::Packed;
use super::shared::Shared;
use super::timing;
use super::{EncodeError, FORMAT, Repeat};

type File<W> = gif::Encoder<BufWriter<Counted<W>>>;

/// Writes packed frames.
pub(super) struct Output<W: Write> {
    state: State<W>,
    repeat: Repeat,
    frames: u64,
    duration_ms: u64,
}

enum State<W: Write> {
    Empty(W),
    Open(File<W>),
    /// An error came before the file could be opened.
    Lost,
}

/// A finished file.
pub(super) struct Written<W> {
    /// What was written to.
    pub output: W,
    /// Pictures in the file.
    pub frames: u64,
    /// How long the file plays, in milliseconds.
    pub duration_ms: u64,
    /// Its size.
    pub bytes: u64,
}

impl<W: Write> Output<W> {
    /// Writes to `output`, but nothing before the first frame.
    pub(super) fn new(output: W, repeat: Repeat) -> Self {
        Self {
            state: State::Empty(output),
            repeat,
            frames: 0,
            duration_ms: 0,
        }
    }

    /// Opens the file, of the given size in pixels, with the colours that its frames share.
    pub(super) fn open(&mut self, shared: &Shared, width: u16, height: u16) -> Result<(), EncodeError> {
        self.state
            .open(&shared.table(), width, height, self.repeat)
            .map_err(write_error)
    }

    /// Adds a picture that is drawn in `steps` and shown for `delay_cs` centiseconds, to a file that is open.
    pub(super) fn write(&mut self, steps: &[Packed], delay_cs: u64) -> Result<(), EncodeError> {
        let file = self.state.file().map_err(write_error)?;
        let nothing = Packed::nothing();
        let delays = timing::delays(delay_cs, steps.len());
        for (step, delay) in steps.iter().chain(std::iter::repeat(&nothing)).zip(delays) {
            file.write_lzw_pre_encoded_frame(&frame(step, delay))
                .map_err(write_error)?;
        }
        self.frames += 1;
        self.duration_ms += delay_cs * 10;
        Ok(())
    }

    /// Completes the file.
    pub(super) fn finish(self) -> Result<Written<W>, EncodeError> {
        let State::Open(file) = self.state else {
            return Err(EncodeError::NoFrames);
        };
        let counted = file.into_inner().map_err(write_error)?.into_inner();
        let mut counted = counted.map_err(|error| write_error(error.into_error().into()))?;
        counted.flush().map_err(|error| write_error(error.into()))?;
        let Counted { inner: output, bytes } = counted;
        Ok(Written {
            output,
            frames: self.frames,
            duration_ms: self.duration_ms,
            bytes,
        })
    }
}

impl<W: Write> State<W> {
    fn open(
        &mut self,
        table: &[u8],
        width: u16,
        height: u16,
        repeat: Repeat,
    ) -> Result<(), gif::EncodingError> {
        if let Self::Empty(_) = self
            && let Self::Empty(output) = std::mem::replace(self, Self::Lost)
        {
            let output = BufWriter::new(Counted {
                inner: output,
                bytes: 0,
            });
            let mut file = gif::Encoder::new(output, width, height, table)?;
            match repeat {
                Repeat::Forever => file.set_repeat(gif::Repeat::Infinite)?,
                Repeat::Times(0 | 1) => {}
                // The format counts the repetitions after the first time.
                Repeat::Times(times) => file.set_repeat(gif::Repeat::Finite(times - 1))?,
            }
            *self = Self::Open(file);
        }
        self.file().map(drop)
    }

    fn file(&mut self) -> Result<&mut File<W>, gif::EncodingError> {
        match self {
            Self::Open(file) => Ok(file),
            _ => Err(io::Error::other("nothing can be written after an error").into()),
        }
    }
}

fn write_error(error: gif::EncodingError) -> EncodeError {
    let source = match error {
        gif::EncodingError::Io(source) => source,
        other => io::Error::other(other),
    };
    EncodeError::Write {
        format: FORMAT,
        source,
    }
}

fn frame(packed: &Packed, delay: u16) -> gif::Frame<'_> {
    gif::Frame {
        delay,
        dispose: gif::DisposalMethod::Keep,
        transparent: packed.transparent,
        left: packed.rect.x as u16,
        top: packed.rect.y as u16,
        width: packed.rect.width as u16,
        height: packed.rect.height as u16,
        palette: packed.palette.as_ref().map(|palette| palette.concat()),
        buffer: Cow::Borrowed(&packed.lzw),
        ..gif::Frame::default()
    }
}

/// Counts the bytes that pass.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
