//! Runs the encoders, each as a program of its own, and measures what it takes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// What a run took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Wall clock, seconds.
    pub wall_s: f64,
    /// Processor time, seconds.
    pub cpu_s: f64,
    /// Largest resident size, MB.
    pub memory_mb: f64,
}

/// Frames on disk, as the encoders get them.
pub struct Input<'a> {
    /// The PNG files in order.
    pub files: &'a [PathBuf],
    /// Where they are.
    pub directory: &'a Path,
    /// Frames a second.
    pub fps: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// domreel's encoder, run by this program's own `encode` command.
pub fn domreel(input: &Input, output: &Path, tolerance: u8) -> Result<Cost> {
    let mut command = vec![std::env::current_exe()?.display().to_string(), "encode".into(), tolerance.to_string()];
    command.extend([input.fps.to_string(), output.display().to_string(), input.directory.display().to_string()]);
    measured(&command)
}

/// gifski as it comes, at the size of the frames.
pub fn gifski(program: &str, input: &Input, output: &Path) -> Result<Cost> {
    let mut command: Vec<String> = [program, "--quiet", "--fps"].map(String::from).into();
    command.extend([input.fps.to_string(), "--width".into(), input.width.to_string()]);
    command.extend(["--height".into(), input.height.to_string()]);
    command.extend(["-o".into(), output.display().to_string()]);
    command.extend(input.files.iter().map(|file| file.display().to_string()));
    measured(&command)
}

/// ffmpeg with one palette for the whole clip and no dithering.
pub fn ffmpeg(program: &str, input: &Input, output: &Path) -> Result<Cost> {
    let filter = "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none";
    let mut command: Vec<String> = [program, "-loglevel", "error", "-y", "-framerate"].map(String::from).into();
    command.extend([input.fps.to_string(), "-pattern_type".into(), "glob".into(), "-i".into()]);
    command.push(format!("{}/*.png", input.directory.display()));
    command.extend(["-filter_complex".into(), filter.into(), output.display().to_string()]);
    measured(&command)
}

/// Runs a command under `time`, which every system has, and reads what that says.
fn measured(command: &[String]) -> Result<Cost> {
    let report = std::env::temp_dir().join(format!("gif-bench-{}.time", std::process::id()));
    let status = Command::new("/usr/bin/time")
        .args(["-f", "%e %U %S %M", "-o"])
        .arg(&report)
        .args(command)
        .stdout(std::process::Stdio::null())
        .status()
        .context("/usr/bin/time could not be started; it is the package `time`")?;
    ensure!(status.success(), "{} failed: {status}", command[0]);
    let text = std::fs::read_to_string(&report)?;
    std::fs::remove_file(&report)?;
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let [wall_s, user, system, kilobytes] = numbers[..] else {
        bail!("`time` reported {text:?}");
    };
    Ok(Cost { wall_s, cpu_s: user + system, memory_mb: kilobytes / 1024.0 })
}
