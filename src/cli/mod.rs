//! What stands on the command line: one file a command, and what they share.

mod arenas;
mod assets;
mod attach;
mod beside;
mod browser;
mod clip;
mod compare;
mod config;
mod console;
mod docs;
mod doctor;
mod document;
mod elsewhere;
mod embed;
mod failure;
#[cfg(feature = "fetch")]
mod fetch;
mod file;
mod input;
mod inspect;
mod interrupt;
#[cfg(feature = "worker")]
mod jobs;
mod limits;
mod new;
mod pack;
mod pick;
mod picture;
mod postmortem;
mod progress;
mod redact;
mod render;
mod scan;
#[cfg(feature = "worker")]
mod serve;
mod shot;
mod storyboard;
#[cfg(feature = "worker")]
mod submit;
mod upload;
#[cfg(feature = "worker")]
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::console::Console;
use self::failure::{Failure, Status};

/// Turns a recorded web session into a clip: a GIF, a video, or frames.
///
/// Reads what rrweb's recorder writes, shows it in a headless Chromium that is cut off from the
/// network, and draws cursor, clicks, address and clocks into the picture.
#[derive(Debug, Parser)]
#[command(name = "domreel", version, arg_required_else_help = true, after_help = Status::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    /// Read how clips look, and limits, from this file; ‘none’: from no file [default: domreel.toml, where there is one]
    ///
    /// It sets options under Clip, Picture and Redaction by their long names (fps = 24), and limits in a section
    /// of their own ([limits] nodes = 2000000); what the command line says comes first.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Messages")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct GlobalArgs {
    /// Say nothing but errors, and show no progress
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub quiet: bool,
    /// Say more; again for still more (-vv, -vvv)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Messages")]
    pub verbose: u8,
    /// Print the result as JSON
    #[arg(long, global = true, help_heading = "Messages")]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(Box<render::RenderArgs>),
    Shot(Box<shot::ShotArgs>),
    Storyboard(Box<storyboard::StoryboardArgs>),
    Compare(Box<compare::CompareArgs>),
    Inspect(inspect::InspectArgs),
    Scan(scan::ScanArgs),
    #[cfg(feature = "fetch")]
    Fetch(fetch::FetchArgs),
    Embed(embed::EmbedArgs),
    Attach(Box<attach::AttachArgs>),
    New(new::NewArgs),
    Pack(pack::PackArgs),
    Pick(pick::PickArgs),
    Postmortem(Box<postmortem::PostmortemArgs>),
    #[cfg(feature = "worker")]
    Worker(worker::WorkerArgs),
    #[cfg(feature = "worker")]
    Submit(submit::SubmitArgs),
    #[cfg(feature = "worker")]
    Jobs(jobs::JobsArgs),
    #[cfg(feature = "worker")]
    Serve(serve::ServeArgs),
    Doctor(doctor::DoctorArgs),
    Completions(docs::CompletionsArgs),
    Man(docs::ManArgs),
}

/// The whole command line, as it is read, documented and completed.
pub(crate) fn command() -> clap::Command {
    Cli::command()
        .mut_subcommand("attach", attach::AttachArgs::adapt)
        .mut_subcommand("new", new::NewArgs::adapt)
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    // Wrong usage ends here, with code 2.
    let line: Vec<OsString> = std::env::args_os().collect();
    let read = |matches| Cli::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    let given = command().get_matches_from(&line);
    let mut cli = read(&given);
    let console = Console::new(cli.global);
    console.start_log();
    match config::completed(&line, &given, cli.config.as_deref()) {
        Ok(Some(whole)) => cli = read(&whole),
        Ok(None) => {}
        Err(failure) => {
            console.report(&failure);
            return failure.exit_code();
        }
    }
    let done = match cli.command {
        Command::Render(args) => render::run(&args, &console),
        Command::Shot(args) => shot::run(&args, &console),
        Command::Storyboard(args) => storyboard::run(&args, &console),
        Command::Compare(args) => compare::run(&args, &console),
        Command::Inspect(args) => inspect::run(&args, &console),
        Command::Scan(args) => scan::run(&args, &console),
        #[cfg(feature = "fetch")]
        Command::Fetch(args) => fetch::run(&args, &console),
        Command::Embed(args) => embed::run(&args, &console),
        Command::New(args) => new::run(&args, &console),
        Command::Pack(args) => pack::run(&args, &console),
        Command::Attach(args) => attach::run(&args, &console),
        Command::Pick(args) => pick::run(&args, &console),
        Command::Postmortem(args) => postmortem::run(&args, &console),
        #[cfg(feature = "worker")]
        Command::Worker(args) => worker::run(&args, &console),
        #[cfg(feature = "worker")]
        Command::Submit(args) => submit::run(&args, &console),
        #[cfg(feature = "worker")]
        Command::Jobs(args) => jobs::run(&args, &console),
        #[cfg(feature = "worker")]
        Command::Serve(args) => serve::run(&args, &console),
        Command::Doctor(args) => doctor::run(&args, &console),
        Command::Completions(args) => docs::completions(&args, &console),
        Command::Man(args) => docs::man(&args, &console),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console.report(&failure);
            failure.exit_code()
        }
    }
}

/// What a command returns.
type Done = Result<(), Failure>;

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
