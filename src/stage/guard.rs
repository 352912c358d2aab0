//! What is left when this process is killed and cannot clean up any more: a browser, and its profile.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Waits for its input to end, which happens however this process ends; then kills a process group
/// and removes a directory.
const SCRIPT: &str = r#"read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2""#;

/// A small process that outlives this one if it is killed, and cleans up after it.
#[derive(Debug)]
pub(super) struct Guard(Option<Child>);

impl Guard {
    /// Guards a process group, by its leader's id, and a directory. Without a shell there is no
    /// guard, which matters only if this process is killed.
    pub(super) fn new(leader: u32, directory: &Path) -> Self {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "domreel-guard"])
            .arg(leader.to_string())
            .arg(directory)
            .env_clear()
            .envs(super::browser::needed_environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // A Ctrl-C on the terminal must not end it before us.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Guard(command.spawn().ok())
    }
}

impl Drop for Guard {
    /// There is nothing left to guard. It is killed, for closing its input would make it act.
    fn drop(&mut self) {
        if let Some(guard) = &mut self.0 {
            let _ = guard.kill();
            let _ = guard.wait();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep")
            .arg("1000")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn what_a_killed_process_leaves_is_cleared_away() {
        let mut sleeper = sleeper();
        let directory = tempfile::tempdir().unwrap();
        let mut guard = Guard::new(sleeper.id(), directory.path());
        // As the kernel does to a process that is killed.
        let mut shell = guard.0.take().unwrap();
        drop(shell.stdin.take());
        assert!(!sleeper.wait().unwrap().success());
        shell.wait().unwrap();
        assert!(!directory.path().exists());
    }

    #[test]
    fn an_orderly_end_harms_nothing() {
        let mut sleeper = sleeper();
        let directory = tempfile::tempdir().unwrap();
        drop(Guard::new(sleeper.id(), directory.path()));
        assert!(sleeper.try_wait().unwrap().is_none());
        assert!(directory.path().exists());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }
}
