//! Checks what a render needs, says what to do about each problem, and installs what is missing.

mod checks;
mod install;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Done;
use super::browser::BrowserArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::interrupt::Interrupt;

/// Check browser, capture, sandbox and fonts, and say what to do about each problem
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel doctor                     what is there, what is missing
  domreel doctor --install           install a browser and fonts with the system's package manager
  domreel doctor --json              for scripts; the exit code is 0 when clips can be rendered, 4 when not")]
pub(crate) struct DoctorArgs {
    /// Install what is missing with the system's package manager (apt, dnf, apk, pacman, brew)
    #[arg(long)]
    install: bool,
    #[command(flatten)]
    browser: BrowserArgs,
}

/// What was found. The names of its fields are stable.
#[derive(Debug, Default, Serialize)]
struct Diagnosis {
    /// Whether clips can be rendered.
    ok: bool,
    /// The browser program.
    browser: Option<PathBuf>,
    /// What it says its version is.
    version: Option<String>,
    /// How pictures are taken; `None` when none could be.
    capture: Option<&'static str>,
    /// `on`, `off` or `unavailable`.
    sandbox: Option<&'static str>,
    /// Scripts and symbols that there is no font for.
    missing_fonts: Vec<String>,
    /// None is installed, and none was named.
    #[serde(skip)]
    no_browser: bool,
    /// Every check, in the order in which they were made.
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    advice: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// Clips can be rendered, but could be better.
    Warning,
    /// Clips cannot be rendered.
    Problem,
}

impl Diagnosis {
    fn add(&mut self, name: &'static str, state: State, found: impl Into<String>, advice: Option<String>) {
        self.checks.push(Check {
            name,
            state,
            found: found.into(),
            advice,
        });
    }

    /// `Err` says why clips cannot be rendered.
    fn problem(&self) -> Result<(), String> {
        if self.ok {
            return Ok(());
        }
        let problem = self.checks.iter().find(|check| check.state == State::Problem);
        let found = problem.map_or("it does not work", |check| check.found.as_str());
        Err(format!("clips cannot be rendered here: {found}"))
    }

    /// Whether the package manager could make this better.
    fn wants_packages(&self) -> bool {
        self.no_browser || !self.missing_fonts.is_empty()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let mark = match check.state {
                State::Good => "✓",
                State::Warning => "!",
                State::Problem => "✗",
            };
            text += &format!("{mark} {:<8} {}\n", check.name, check.found);
            if let Some(advice) = &check.advice {
                text += &format!("           → {advice}\n");
            }
        }
        text += if self.ok {
            "\nReady to render.\n"
        } else {
            "\nNot ready to render: see ✗ above.\n"
        };
        text
    }
}

/// Whether clips can be rendered; what is missing if not. Takes as long as starting a browser.
#[cfg(feature = "worker")]
pub(crate) fn ready(browser: &BrowserArgs) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(checks::examine(browser)).problem()
}

pub(crate) fn run(args: &DoctorArgs, console: &Console) -> Done {
    let interrupt = Interrupt::listen()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Internal, error))?;
    let examine = || {
        runtime.block_on(async {
            tokio::select! {
                diagnosis = checks::examine(&args.browser) => Ok(diagnosis),
                () = interrupt.pressed() => Err(Interrupt::failure()),
            }
        })
    };
    let mut diagnosis = examine()?;
    if args.install {
        if diagnosis.wants_packages() {
            install::run(console)?;
            diagnosis = examine()?;
        } else {
            console.note("nothing to install");
        }
    }
    console.result(&diagnosis, || diagnosis.text())?;
    diagnosis
        .problem()
        .map_err(|problem| Failure::message(Status::Browser, problem))
}
