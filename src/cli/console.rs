//! What is said on the terminal: results on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::GlobalArgs;
use super::failure::{Failure, Status};

/// Environment variable that says in detail what is logged (`domreel=debug,chromiumoxide=info`).
const LOG_VARIABLE: &str = "DOMREEL_LOG";

/// The terminal, and how much the user wants to read on it.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    global: GlobalArgs,
    bars: MultiProgress,
}

impl Console {
    pub(crate) fn new(global: GlobalArgs) -> Self {
        let target = if global.quiet || !io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        Console {
            global,
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Where progress bars go.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Sends log lines to standard error, above any progress bar.
    pub(crate) fn start_log(&self) {
        let level = match (self.global.quiet, self.global.verbose) {
            (true, _) => "error",
            (false, 0) => "warn,chromiumoxide=off",
            (false, 1) => "warn,domreel=info,chromiumoxide=off",
            (false, 2) => "warn,domreel=debug,chromiumoxide=warn",
            (false, _) => "debug,domreel=trace",
        };
        let filter = std::env::var(LOG_VARIABLE)
            .ok()
            .and_then(|wanted| wanted.parse().ok())
            .unwrap_or_else(|| EnvFilter::new(level));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(LogWriter(self.bars.clone()))
            .with_ansi(io::stderr().is_terminal())
            .with_target(self.global.verbose > 1)
            .without_time()
            .init();
    }

    /// Tells something that is neither result nor error.
    pub(crate) fn note(&self, text: &str) {
        if !self.global.quiet {
            self.say(text);
        }
    }

    /// Prints a result, as text or as the JSON that was asked for.
    pub(crate) fn result(&self, json: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let mut printed = if self.global.json {
            serde_json::to_string_pretty(json).map_err(|error| Failure::new(Status::Internal, error))?
        } else {
            text()
        };
        if !printed.ends_with('\n') {
            printed.push('\n');
        }
        self.print(printed.as_bytes())
    }

    /// Tells what was made. JSON goes to standard output, or to standard error where `stdout_is_taken`
    /// by what was made; the sentence is a note.
    pub(crate) fn finished(
        &self,
        json: &impl Serialize,
        stdout_is_taken: bool,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match (self.global.json, stdout_is_taken) {
            (true, false) => self.result(json, text),
            (true, true) => {
                let json =
                    serde_json::to_string(json).map_err(|error| Failure::new(Status::Internal, error))?;
                self.say(&json);
                Ok(())
            }
            (false, _) => {
                self.note(&text());
                Ok(())
            }
        }
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| {
                Failure::new(
                    Status::Output,
                    anyhow::Error::new(error).context("cannot write to the standard output"),
                )
            })
    }

    /// Tells why there is no result.
    pub(crate) fn report(&self, failure: &Failure) {
        if failure.is_broken_pipe() {
            return;
        }
        if self.global.json {
            let json = serde_json::json!({
                "error": {
                    "kind": failure.status(),
                    "exit_code": failure.status() as u8,
                    "message": failure.to_string(),
                }
            });
            self.say(&json.to_string());
        } else {
            self.say(&format!("domreel: {failure}"));
        }
    }

    /// Writes a line to standard error. There is nowhere to tell that this failed.
    pub(crate) fn say(&self, text: &str) {
        let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        self.bars.suspend(|| {
            let _ = writeln!(io::stderr(), "{text}");
        });
    }
}

/// Text of a recording as it may stand on a terminal: one line, not endless, and without the control
/// characters that a terminal would obey.
pub(crate) fn shown(text: &str, most_characters: usize) -> String {
    let mut characters = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control());
    let mut shown: String = characters.by_ref().take(most_characters).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Standard error, with progress bars out of the way while a line is written.
struct LogWriter(MultiProgress);

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_text_cannot_talk_to_the_terminal() {
        assert_eq!(shown("a\u{1b}]0;title\u{7}\r\nb", 40), "a]0;title  b");
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(shown("abc", 3), "abc");
    }
}
