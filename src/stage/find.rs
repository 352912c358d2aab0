//! Which browser is used: the one that was named, or the best of those that are installed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::browser::needed_environment;
use super::{BrowserOptions, InstallPlan, StageError};
use crate::limits::Limits;

/// Environment variable that names the browser.
pub const BROWSER_VARIABLE: &str = "DOMREEL_BROWSER";

/// Environment variable that switches Chromium's sandbox off.
pub const NO_SANDBOX_VARIABLE: &str = "DOMREEL_NO_SANDBOX";

/// Entries of a cache directory that are looked at.
const MAX_CACHED: usize = 200;

/// Headless shells, as packages and downloads name them: they draw frames on demand.
const SHELL_NAMES: &[&str] = &[
    "chromium-headless-shell",
    "chrome-headless-shell",
    "headless_shell",
];

/// Browsers with a window, as packages name them.
const BROWSER_NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
];

/// Where distributions put the programs themselves. They come before the names on the `PATH`, which
/// are often scripts that add flags.
#[cfg(not(target_os = "macos"))]
const SHELL_PLACES: &[&str] = &[
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib64/chromium-browser/headless_shell",
    "/usr/lib/chromium-browser/headless_shell",
];
#[cfg(target_os = "macos")]
const SHELL_PLACES: &[&str] = &[];

#[cfg(not(target_os = "macos"))]
const BROWSER_PLACES: &[&str] = &[
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
];
#[cfg(target_os = "macos")]
const BROWSER_PLACES: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
];

/// Headless shells that test tools download, below the home directory: the part before and after the
/// directory that carries the version.
const CACHED: &[(&str, &str)] = &[
    (
        ".cache/puppeteer/chrome-headless-shell",
        "chrome-headless-shell-linux64/chrome-headless-shell",
    ),
    (
        ".cache/puppeteer/chrome-headless-shell",
        "chrome-headless-shell-mac-arm64/chrome-headless-shell",
    ),
    (
        ".cache/puppeteer/chrome-headless-shell",
        "chrome-headless-shell-mac-x64/chrome-headless-shell",
    ),
    (".cache/ms-playwright", "chrome-linux/headless_shell"),
    (
        ".cache/ms-playwright",
        "chrome-headless-shell-linux64/chrome-headless-shell",
    ),
    ("Library/Caches/ms-playwright", "chrome-mac/headless_shell"),
];

/// What the user said about the browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BrowserChoice {
    /// A path, or a name on the `PATH`; `None`: the best that is installed.
    pub program: Option<PathBuf>,
    /// Run it without Chromium's sandbox.
    pub no_sandbox: bool,
}

impl BrowserChoice {
    /// What `DOMREEL_BROWSER` and `DOMREEL_NO_SANDBOX` say.
    pub fn from_environment() -> Self {
        BrowserChoice {
            program: env::var_os(BROWSER_VARIABLE)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            no_sandbox: env::var_os(NO_SANDBOX_VARIABLE)
                .and_then(|value| value.into_string().ok())
                .is_some_and(|value| is_yes(&value)),
        }
    }

    /// The program to start. Headless shells come before other browsers.
    ///
    /// # Errors
    /// [`StageError::NoSuchBrowser`] when the named one is not there, [`StageError::NoBrowser`] when
    /// none is.
    pub fn find(&self) -> Result<PathBuf, StageError> {
        let path = search_path();
        match &self.program {
            Some(named) => named_program(named, &path).ok_or_else(|| StageError::NoSuchBrowser {
                program: named.clone(),
            }),
            None => {
                let home = env::var_os("HOME").map(PathBuf::from);
                candidates(&path, home.as_deref())
                    .find(|candidate| is_program(candidate))
                    .ok_or_else(|| StageError::NoBrowser {
                        install: InstallPlan::for_this_system().advice(),
                    })
            }
        }
    }

    /// How to start it at `scale` device pixels per CSS pixel.
    ///
    /// # Errors
    /// As [`BrowserChoice::find`]; [`StageError::SandboxAsRoot`] when this process is root's and the
    /// sandbox was not switched off.
    pub fn options(&self, scale: f64) -> Result<BrowserOptions, StageError> {
        let program = self.find()?;
        if is_root() && !self.no_sandbox {
            return Err(StageError::SandboxAsRoot);
        }
        Ok(BrowserOptions {
            program,
            no_sandbox: self.no_sandbox,
            scale,
            limits: Limits::default(),
        })
    }
}

/// Whether this process runs as root, where Chromium refuses its sandbox.
pub fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    return false;
}

/// What `program --version` says, on one line (`Chromium 140.0.7339.80`).
///
/// # Errors
/// When it cannot be started, does not answer `within` that time or says nothing.
pub async fn browser_version(program: &Path, within: Duration) -> Result<String, StageError> {
    let output = Command::new(program)
        .arg("--version")
        .env_clear()
        .envs(needed_environment())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(within, output)
        .await
        .map_err(|_| StageError::Deadline {
            what: "asking the browser for its version",
            after: within,
        })?
        .map_err(|source| StageError::Start {
            program: program.to_owned(),
            source,
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Wrappers may talk before the program does.
    let line = text
        .lines()
        .map(str::trim)
        .rfind(|line| line.contains(|c: char| c.is_ascii_digit()));
    match line {
        Some(line) if output.status.success() => Ok(line.chars().take(100).collect()),
        _ => Err(StageError::ended(program, &[])),
    }
}

fn is_yes(value: &str) -> bool {
    !matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "" | "0" | "no" | "n" | "false" | "f" | "off"
    )
}

fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// A bare name is looked up on the search path, as a shell does.
fn named_program(named: &Path, path: &[PathBuf]) -> Option<PathBuf> {
    let is_bare = named.components().count() == 1 && !named.as_os_str().is_empty();
    let here = || is_program(named).then(|| named.to_owned());
    if is_bare {
        on_path(named.as_os_str(), path)
            .find(|candidate| is_program(candidate))
            .or_else(here)
    } else {
        here()
    }
}

/// Where browsers may be, the best first.
fn candidates<'a>(path: &'a [PathBuf], home: Option<&'a Path>) -> impl Iterator<Item = PathBuf> + 'a {
    let places = |list: &'static [&'static str]| list.iter().map(PathBuf::from);
    let names = |list: &'static [&'static str]| list.iter().flat_map(|name| on_path(OsStr::new(*name), path));
    places(SHELL_PLACES)
        .chain(names(SHELL_NAMES))
        .chain(home.into_iter().flat_map(cached))
        .chain(places(BROWSER_PLACES))
        .chain(names(BROWSER_NAMES))
        .chain(home.into_iter().flat_map(own_browsers))
}

fn on_path<'a>(name: &'a OsStr, path: &'a [PathBuf]) -> impl Iterator<Item = PathBuf> + 'a {
    path.iter().map(move |directory| directory.join(name))
}

/// Browsers that one user has installed for themselves, as macOS allows.
fn own_browsers(home: &Path) -> impl Iterator<Item = PathBuf> {
    BROWSER_PLACES
        .iter()
        .map(move |place| home.join(place.trim_start_matches('/')))
}

/// Headless shells in the caches of test tools, newest version first.
fn cached(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (cache, program) in CACHED {
        let Ok(entries) = fs::read_dir(home.join(cache)) else {
            continue;
        };
        found.extend(
            entries
                .flatten()
                .take(MAX_CACHED)
                .map(|entry| entry.path())
                .filter_map(|directory| {
                    let program = directory.join(program);
                    let version = numbers(directory.file_name()?.to_str()?);
                    is_program(&program).then_some((version, program))
                }),
        );
    }
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, program)| program).collect()
}

/// The numbers in a name, so that `linux-140.0.2` comes after `linux-99.0.10`.
fn numbers(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(path) else {
        return false;
    };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    metadata.is_file() && may_run
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn first(path: &[PathBuf], home: &Path) -> Option<PathBuf> {
        candidates(path, Some(home))
            .filter(|candidate| candidate.starts_with(home))
            .find(|candidate| is_program(candidate))
    }

    #[test]
    fn a_headless_shell_comes_before_other_browsers() {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        let path = [bin.clone()];
        assert_eq!(first(&path, home.path()), None);
        program(&bin.join("google-chrome"), "");
        assert_eq!(first(&path, home.path()), Some(bin.join("google-chrome")));
        program(&bin.join("chromium"), "");
        assert_eq!(first(&path, home.path()), Some(bin.join("chromium")));
        program(&bin.join("chrome-headless-shell"), "");
        assert_eq!(first(&path, home.path()), Some(bin.join("chrome-headless-shell")));
    }

    #[test]
    fn the_newest_cached_shell_is_used() {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join(".cache/puppeteer/chrome-headless-shell");
        let shell = |version: &str| {
            cache
                .join(version)
                .join("chrome-headless-shell-linux64/chrome-headless-shell")
        };
        program(&shell("linux-99.0.1"), "");
        program(&shell("linux-140.0.1"), "");
        fs::create_dir_all(cache.join("linux-150.0.1")).unwrap();
        assert_eq!(first(&[], home.path()), Some(shell("linux-140.0.1")));
    }

    #[test]
    fn a_name_is_looked_up_and_a_path_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = [directory.path().to_owned()];
        let mine = directory.path().join("my-chromium");
        program(&mine, "");
        assert_eq!(named_program(Path::new("my-chromium"), &path), Some(mine.clone()));
        assert_eq!(named_program(&mine, &[]), Some(mine));
        assert_eq!(named_program(Path::new("./my-chromium"), &path), None);
        assert_eq!(named_program(Path::new(""), &path), None);
        fs::write(directory.path().join("notes"), "not a program").unwrap();
        assert_eq!(named_program(Path::new("notes"), &path), None);
    }

    #[test]
    fn a_named_browser_that_is_not_there_is_an_error() {
        let choice = BrowserChoice {
            program: Some("/nowhere/chromium".into()),
            no_sandbox: true,
        };
        let error = choice.options(1.0).unwrap_err();
        assert!(matches!(error, StageError::NoSuchBrowser { .. }), "{error}");
        assert!(error.to_string().contains("/nowhere/chromium"));
    }

    #[test]
    fn the_sandbox_stays_on_unless_told() {
        let directory = tempfile::tempdir().unwrap();
        let mine = directory.path().join("chromium");
        program(&mine, "");
        let choice = |no_sandbox| BrowserChoice {
            program: Some(mine.clone()),
            no_sandbox,
        };
        assert!(choice(true).options(1.0).unwrap().no_sandbox);
        match choice(false).options(1.0) {
            Ok(options) => assert!(!options.no_sandbox && !is_root()),
            Err(error) => assert!(matches!(error, StageError::SandboxAsRoot) && is_root()),
        }
    }

    #[test]
    fn yes_has_many_spellings() {
        for yes in ["1", "true", "yes", "on"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "0", "false", "No", "off"] {
            assert!(!is_yes(no), "{no}");
        }
    }

    #[tokio::test]
    async fn the_version_is_one_line() {
        const WITHIN: Duration = Duration::from_secs(30);
        let directory = tempfile::tempdir().unwrap();
        let talkative = directory.path().join("talkative");
        program(
            &talkative,
            "#!/bin/sh\necho 'loading flags'\necho ' Chromium 140.0.1 '\n",
        );
        assert_eq!(
            browser_version(&talkative, WITHIN).await.unwrap(),
            "Chromium 140.0.1"
        );
        let broken = directory.path().join("broken");
        program(&broken, "#!/bin/sh\nexit 3\n");
        let silent = directory.path().join("silent");
        program(&silent, "#!/bin/sh\nexec sleep 60\n");
        let soon = Duration::from_millis(100);
        assert!(matches!(
            browser_version(&silent, soon).await,
            Err(StageError::Deadline { after, .. }) if after == soon
        ));
        assert!(browser_version(&broken, WITHIN).await.is_err());
        assert!(matches!(
            browser_version(&directory.path().join("missing"), WITHIN).await,
            Err(StageError::Start { .. })
        ));
    }
}
