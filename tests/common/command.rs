//! The command, as tests call it.

use assert_cmd::Command;

/// The command, allowed to run its browser as root: what it shows here is this project's own.
pub fn domreel() -> Command {
    let mut command = Command::cargo_bin("domreel").unwrap();
    command.env_remove("DOMREEL_LOG");
    if domreel::stage::is_root() {
        command.env("DOMREEL_NO_SANDBOX", "1");
    }
    command
}

/// Path of a recording in `fixtures/`.
pub fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}
