//! Runs the system's package manager.

use std::io::Write;
use std::process::{Command, Stdio};

use domreel::stage::InstallPlan;

use super::super::Done;
use super::super::console::Console;
use super::super::failure::{Failure, Status};

/// Runs every step of this system's plan. Their output goes to standard error.
pub(super) fn run(console: &Console) -> Done {
    let plan = InstallPlan::for_this_system();
    if plan.steps().is_empty() {
        return Err(Failure::message(Status::Browser, plan.advice()));
    }
    for step in plan.steps() {
        let Some((program, arguments)) = step.split_first() else {
            continue;
        };
        let line = step.join(" ");
        console.note(&format!("$ {line}"));
        let output = Command::new(program)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::from(std::io::stderr()))
            .status();
        match output {
            Ok(status) if status.success() => {}
            Ok(status) => {
                return Err(Failure::message(
                    Status::Browser,
                    format!("‘{line}’ failed with {status}"),
                ));
            }
            Err(error) if program == "sudo" && error.kind() == std::io::ErrorKind::NotFound => {
                let as_root = plan.to_string().replace("sudo ", "");
                return Err(Failure::message(
                    Status::Browser,
                    format!("installing needs root, and there is no sudo here: run ‘{as_root}’ as root"),
                ));
            }
            Err(error) => {
                return Err(Failure::message(
                    Status::Browser,
                    format!("‘{line}’ cannot be run: {error}"),
                ));
            }
        }
    }
    // Where the output of the steps and ours go to one terminal, they do not run into each other.
    std::io::stderr().flush().ok();
    Ok(())
}
