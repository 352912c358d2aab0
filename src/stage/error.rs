//! What can go wrong between us and the browser.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chromiumoxide::error::CdpError;

use crate::limits::Hint;

/// Why the stage could not show or capture a page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// No browser is installed where one is looked for.
    #[error("no Chromium or Chrome is found: {install}")]
    NoBrowser {
        /// What to do about it.
        install: String,
    },
    /// The browser that was named is not there.
    #[error(
        "the browser {} is not there or is not a program: check --browser and DOMREEL_BROWSER, \
         or leave them out to use what is installed", program.display()
    )]
    NoSuchBrowser {
        /// What was named.
        program: PathBuf,
    },
    /// The browser program could not be started.
    #[error("cannot start the browser {}: {source}; ‘domreel doctor’ finds one that works", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The browser refused to run as root with its sandbox on.
    #[error(
        "Chromium does not run as root with its sandbox on: run domreel as another user, \
         or pass --no-sandbox (or set DOMREEL_NO_SANDBOX=1) where the machine is yours alone"
    )]
    SandboxAsRoot,
    /// The system gives the browser no way to a sandbox.
    #[error(
        "Chromium finds no usable sandbox on this system: enable unprivileged user namespaces or install \
         the package chromium-sandbox, or pass --no-sandbox (or set DOMREEL_NO_SANDBOX=1)"
    )]
    NoSandbox,
    /// The browser ended before it could be spoken to.
    #[error(
        "the browser {} ended right after its start: {messages}; ‘domreel doctor’ tells whether it works here",
        program.display()
    )]
    Ended {
        /// The program.
        program: PathBuf,
        /// Its last messages.
        messages: String,
    },
    /// The browser is older than what the page script needs, or is no Chromium.
    #[error(
        "the browser {} is {product}, which cannot be used: Chromium {oldest} or newer is needed; update \
         it, or name another one with --browser", program.display()
    )]
    Version {
        /// The program.
        program: PathBuf,
        /// What it calls itself.
        product: String,
        /// The oldest version that will do.
        oldest: u32,
    },
    /// No directory for the browser's profile could be made.
    #[error(
        "cannot make a temporary directory for the browser: {source}; set TMPDIR to a writable directory"
    )]
    Profile {
        /// What the system said.
        source: std::io::Error,
    },
    /// What talks to kept browsers has ended.
    #[error("the browsers that were kept ready are gone")]
    Gone,
    /// The browser did not start in time.
    #[error(
        "{what} took longer than {} s: the machine has too much to do, or this is no browser that works; --allow \
         browser-start=… waits longer, ‘domreel doctor’ tells whether it works here", after.as_secs()
    )]
    StartDeadline {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// The browser did not answer in time.
    #[error(
        "{what} took longer than {} s: the browser hangs, or the machine has too much to do; fewer \
         browsers at once (--jobs 1) need less, --allow browser-answer=… waits longer, ‘domreel doctor’ tells \
         whether it works here", after.as_secs()
    )]
    Deadline {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// The process that draws the page ended, as it does when memory runs out.
    #[error(
        "{what} failed, for the page's process ended, as it does when memory runs out or a page is nested too \
         deep for it: fewer browsers at once (--jobs 1) and a smaller picture need less memory, --allow \
         browser-memory=… allows more"
    )]
    Crashed {
        /// What was waited for.
        what: &'static str,
    },
    /// The browser ended.
    #[error(
        "the browser ended while it was needed, as it does when it is killed or memory runs out: fewer browsers at \
         once (--jobs 1) need less, --allow browser-restarts=… starts it again more often, ‘domreel doctor’ tells \
         whether it works here"
    )]
    Lost,
    /// The browser or its page answered with an error.
    #[error("the browser failed: {0}; ‘domreel doctor’ tells whether it works here")]
    Protocol(CdpError),
    /// Our own script failed in the page.
    #[error("the page could not be brought to the recorded state: {message}")]
    Script {
        /// What the browser said.
        message: String,
    },
    /// The page is made of more than a browser is to be given at once.
    #[error("a page is made of {bytes} bytes, pictures and styles in it included; {hint}")]
    TooMuch {
        /// How many.
        bytes: usize,
        /// What is allowed.
        hint: Hint,
    },
    /// A picture came that cannot be used.
    #[error("the browser's picture cannot be used: {message}")]
    Picture {
        /// Why.
        message: String,
    },
    /// The browser cannot draw frames on demand.
    #[error(
        "this browser has no HeadlessExperimental.beginFrame: use chromium-headless-shell, or --capture screenshot"
    )]
    NoBeginFrame,
}

impl From<CdpError> for StageError {
    fn from(error: CdpError) -> Self {
        match error {
            // Nobody is there any more who could answer.
            CdpError::ChannelSendError(_) | CdpError::Ws(_) => StageError::Lost,
            error => StageError::Protocol(error),
        }
    }
}

impl StageError {
    /// The browser ended with these messages on its standard error.
    pub(super) fn ended(program: &Path, messages: &[String]) -> Self {
        let all = messages.join("\n");
        if all.contains("Running as root without --no-sandbox") {
            StageError::SandboxAsRoot
        } else if all.contains("No usable sandbox") || all.contains("sandbox_host_linux") {
            StageError::NoSandbox
        } else {
            let messages = if all.is_empty() {
                "it said nothing".to_owned()
            } else {
                all
            };
            StageError::Ended {
                program: program.to_owned(),
                messages,
            }
        }
    }

    /// Whether the same browser may work with pictures of the screen instead of frames on demand.
    pub(super) fn may_lack_begin_frame(&self) -> bool {
        matches!(
            self,
            StageError::NoBeginFrame | StageError::Protocol(CdpError::Chrome(_))
        )
    }

    /// Whether a new browser may get further: this one died or stalled, it did not refuse.
    pub fn is_lost_browser(&self) -> bool {
        matches!(
            self,
            StageError::Deadline { .. }
                | StageError::StartDeadline { .. }
                | StageError::Crashed { .. }
                | StageError::Lost
                | StageError::Protocol(_)
                | StageError::Picture { .. }
        )
    }
}
