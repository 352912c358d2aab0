//! Memory of a program that has many threads.

/// Has the C library share freed memory between threads, so that a worker's memory stays level, and what reading a
/// recording leaves behind serves to draw it: as it comes, it keeps some of it apart for each thread, up to eight
/// times as many as there are cores. It reads how many from the environment when a program starts, so the program
/// starts itself again, once, in the same process.
///
/// Comes back where that is of no use, was done, is set otherwise by the user, or cannot be done.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn share_freed_memory() {
    use std::env;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if env::var_os(ARENAS).is_some() || env::var_os("GLIBC_TUNABLES").is_some() {
        return;
    }
    let mut arguments = env::args_os();
    let (Ok(program), Some(name)) = (env::current_exe(), arguments.next()) else {
        return;
    };
    let error = Command::new(program)
        .arg0(name)
        .args(arguments)
        .env(ARENAS, "2")
        .exec();
    tracing::debug!("cannot start again with {ARENAS}: {error}");
}

/// Other C libraries do without.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_freed_memory() {}
