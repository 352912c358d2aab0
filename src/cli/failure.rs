//! Why a command failed, and the exit code that says so.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use domreel::clip::ClipError;
use domreel::encode::EncodeError;
use domreel::format::FormatError;
use domreel::redact::Redaction;
use domreel::render::RenderError;
use domreel::stage::StageError;
use serde::Serialize;

use super::interrupt::Interrupt;

/// Classes of failure. The numbers are stable: scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// Something that should not happen, or that the system would not give.
    Internal = 1,
    /// Options that make no sense together, or not with this recording.
    Usage = 2,
    /// The input cannot be read, or has nothing to show.
    Input = 3,
    /// The browser is not there, does not work or was lost twice.
    Browser = 4,
    /// The result could not be written.
    Output = 5,
    /// The input is damaged, and damage was not to be tolerated.
    Damaged = 6,
    /// Jobs of a queue that are not done.
    #[cfg(feature = "worker")]
    Jobs = 7,
    /// The clip is made and could not be uploaded.
    Upload = 8,
    /// A worker that has to be started anew.
    #[cfg(feature = "worker")]
    Exhausted = 70,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Status {
    /// The paragraph of the help that documents the codes.
    pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    a mistake in domreel, or something the system would not give
  2    wrong usage
  3    the input cannot be read or has nothing to show
  4    the browser is missing or failed; ‘domreel doctor’ says what to do
  5    the output could not be written
  6    the input is damaged, and --strict was given
  7    jobs of the queue are not done
  8    the clip could not be uploaded; it is where it was made
  70   the worker has to be started anew
  130  stopped with Ctrl-C";
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    status: Status,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(status: Status, error: impl Into<anyhow::Error>) -> Self {
        Failure {
            status,
            error: error.into(),
        }
    }

    /// A failure that is told in a sentence.
    pub(crate) fn message(status: Status, message: impl Into<String>) -> Self {
        Failure::new(status, anyhow::Error::msg(message.into()))
    }

    /// The same, told without what is to be masked.
    pub(crate) fn redacted(self, redaction: &Redaction) -> Self {
        let told = self.to_string();
        let masked = redaction.text(&told);
        match masked == told {
            true => self,
            false => Failure::message(self.status, masked),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status as u8)
    }

    /// Whether whoever read our output stopped reading: nobody is left to be told.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    /// The error, and those causes that its own text does not tell yet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.error.to_string();
        f.write_str(&told)?;
        for cause in self.error.chain().skip(1).map(<dyn Error>::to_string) {
            if !told.contains(&cause) {
                write!(f, ": {cause}")?;
                told = cause;
            }
        }
        Ok(())
    }
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        let status = match error {
            StageError::TooMuch { .. } => Status::Input,
            _ => Status::Browser,
        };
        Failure::new(status, error)
    }
}

impl From<ClipError> for Failure {
    fn from(error: ClipError) -> Self {
        let status = match error {
            ClipError::NoPicture => Status::Input,
            _ => Status::Usage,
        };
        Failure::new(status, error)
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Clip(error) => error.into(),
            RenderError::Stage(error) => error.into(),
            RenderError::Encode(error) => error.into(),
            RenderError::Cancelled => Interrupt::failure(),
            RenderError::Tab { .. }
            | RenderError::Around(_)
            | RenderError::Crop { .. }
            | RenderError::NoSameStep { .. } => Failure::new(Status::Usage, error),
            error => Failure::new(Status::Internal, error),
        }
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        let status = match error {
            FormatError::Damaged { .. } => Status::Damaged,
            _ => Status::Input,
        };
        Failure::new(status, error)
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Failure::new(Status::Output, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let error = EncodeError::File {
            path: "clip.gif".into(),
            source: std::io::Error::other("no space"),
        };
        assert_eq!(Failure::from(error).to_string(), "clip.gif: no space");
        let error = anyhow::Error::new(std::io::Error::other("no space")).context("no clip");
        assert_eq!(
            Failure::new(Status::Output, error).to_string(),
            "no clip: no space"
        );
    }

    #[test]
    fn every_code_is_documented() {
        for status in [
            Status::Internal,
            Status::Usage,
            Status::Input,
            Status::Browser,
            Status::Output,
            Status::Damaged,
            #[cfg(feature = "worker")]
            Status::Jobs,
            Status::Upload,
            #[cfg(feature = "worker")]
            Status::Exhausted,
            Status::Interrupted,
        ] {
            let code = format!("\n  {:<4} ", status as u8);
            assert!(Status::HELP.contains(&code), "{code}");
        }
    }
}
