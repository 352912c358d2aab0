//! What the machine has: processors, memory, a name.

use std::fs;
use std::path::Path;

/// Memory that a render with its browser takes, as a rule.
const MEMORY_PER_JOB: u64 = 768 << 20;

/// Jobs that this machine, or this container, can render at once.
pub(super) fn default_concurrency() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let by_memory = available_memory().map_or(cores, |free| {
        usize::try_from(free / MEMORY_PER_JOB).unwrap_or(cores)
    });
    cores.min(by_memory).max(1)
}

/// Memory that can still be used, in bytes: the machine's or the container's, whichever is less.
pub(super) fn available_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available_in_meminfo(&text));
    match (machine, available_in_group(Path::new("/sys/fs/cgroup"))) {
        (Some(machine), Some(group)) => Some(machine.min(group)),
        (machine, group) => machine.or(group),
    }
}

fn available_in_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What is left of a control group's limit; its file cache counts as free.
fn available_in_group(directory: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(directory.join(name)).ok();
    let limit: u64 = read("memory.max")?.trim().parse().ok()?;
    let used: u64 = read("memory.current")?.trim().parse().ok()?;
    let cache = read("memory.stat")
        .and_then(|text| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("inactive_file "))?;
            line.trim().parse::<u64>().ok()
        })
        .unwrap_or_default();
    Some(limit.saturating_sub(used.saturating_sub(cache)))
}

/// The machine's name, for the names of workers.
pub(super) fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "host".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   22000000 kB\n";
        assert_eq!(available_in_meminfo(text), Some(22_000_000 * 1024));
        assert_eq!(available_in_meminfo("MemAvailable: lots"), None);
    }

    #[test]
    fn a_groups_cache_counts_as_free() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write("memory.max", "1000\n");
        write("memory.current", "900\n");
        write("memory.stat", "anon 500\ninactive_file 300\n");
        assert_eq!(available_in_group(directory.path()), Some(400));
        write("memory.max", "max\n");
        assert_eq!(available_in_group(directory.path()), None);
    }
}
