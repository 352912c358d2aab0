//! Options about the browser.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use domreel::stage::{BrowserChoice, CaptureMethod};

/// Which browser draws, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrowserArgs {
    /// Chromium, Chrome or chrome-headless-shell to use: a path or a name on the PATH [env: DOMREEL_BROWSER]
    ///
    /// Without it, the usual names and places are searched; headless shells come first, because they
    /// draw frames on demand.
    #[arg(long, value_name = "PROGRAM", help_heading = "Browser")]
    browser: Option<PathBuf>,
    /// How pictures are taken
    #[arg(long, value_enum, default_value_t = Capture::Auto, help_heading = "Browser")]
    capture: Capture,
    /// Run the browser without Chromium's sandbox [env: DOMREEL_NO_SANDBOX=1]
    ///
    /// Needed as root and in containers without user namespaces. Recorded scripts never run and the
    /// browser has no network either way, but a recording that exploits a flaw in Chromium then
    /// has the rights of this user.
    #[arg(long, help_heading = "Browser")]
    no_sandbox: bool,
}

/// How pictures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Capture {
    /// On demand where the browser can, of the screen otherwise
    Auto,
    /// Frames drawn on demand: headless shells on Linux
    BeginFrame,
    /// Pictures of the screen: any Chromium or Chrome
    Screenshot,
}

impl BrowserArgs {
    /// What was chosen here, and in the environment where nothing was said here.
    pub(crate) fn choice(&self) -> BrowserChoice {
        let environment = BrowserChoice::from_environment();
        BrowserChoice {
            program: self.browser.clone().or(environment.program),
            no_sandbox: self.no_sandbox || environment.no_sandbox,
        }
    }

    pub(crate) fn capture(&self) -> Option<CaptureMethod> {
        match self.capture {
            Capture::Auto => None,
            Capture::BeginFrame => Some(CaptureMethod::BeginFrame),
            Capture::Screenshot => Some(CaptureMethod::Screenshot),
        }
    }
}

/// Name of a method of capture, as its option has it.
pub(crate) fn capture_name(method: CaptureMethod) -> &'static str {
    match method {
        CaptureMethod::BeginFrame => "begin-frame",
        CaptureMethod::Screenshot => "screenshot",
    }
}
