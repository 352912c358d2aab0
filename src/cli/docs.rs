//! Completions for shells, and manual pages: both made from the command line's own description.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;
use domreel::encode::EncodeError;

use super::console::Console;
use super::failure::{Failure, Status};
use super::{Done, command};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  domreel completions bash > ~/.local/share/bash-completion/completions/domreel\n  \
                  domreel completions zsh > ~/.zfunc/_domreel"
)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

/// Write manual pages, one a command, or print the first of them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  domreel man | man -l -\n  domreel man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Directory for the pages; without it the page of the program is printed
    directory: Option<PathBuf>,
}

pub(crate) fn completions(args: &CompletionsArgs, console: &Console) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "domreel", &mut script);
    console.print(&script)
}

pub(crate) fn man(args: &ManArgs, console: &Console) -> Done {
    let mut command = command();
    command.build();
    match &args.directory {
        None => console.print(&page(&command)?),
        Some(directory) => {
            write(directory, &command)?;
            for sub in command.get_subcommands() {
                write(directory, sub)?;
            }
            Ok(())
        }
    }
}

fn write(directory: &Path, command: &clap::Command) -> Done {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = directory.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).map_err(|source| EncodeError::File { path, source }.into())
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::new(Status::Internal, error))?;
    Ok(page)
}
