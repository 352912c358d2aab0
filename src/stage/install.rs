//! How this system gets a browser and fonts: the commands of its package manager.

use std::fmt;
use std::fs;
use std::path::Path;

use super::find::is_root;

/// The commands that install a browser, fonts for emoji and for Chinese, Japanese and Korean text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallPlan {
    system: System,
    steps: Vec<Vec<String>>,
}

/// What decides the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Apt,
    /// Ubuntu's package `chromium` is a snap.
    Snap,
    /// Ubuntu without snaps, as in containers: Google's own package (x86-64 only).
    ChromePackage,
    Dnf,
    Apk,
    Pacman,
    Brew,
    Unknown,
}

impl InstallPlan {
    /// The plan for the system this runs on.
    pub fn for_this_system() -> Self {
        let exists = |path: &str| Path::new(path).exists();
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let system = if cfg!(target_os = "macos") {
            System::Brew
        } else if !cfg!(target_os = "linux") {
            System::Unknown
        } else if exists("/usr/bin/apt-get") {
            apt_system(&release, exists("/run/snapd.socket"))
        } else if exists("/usr/bin/dnf") {
            System::Dnf
        } else if exists("/sbin/apk") || exists("/usr/bin/apk") {
            System::Apk
        } else if exists("/usr/bin/pacman") {
            System::Pacman
        } else {
            System::Unknown
        };
        Self::new(system, is_root())
    }

    fn new(system: System, as_root: bool) -> Self {
        let lines: &[&str] = match system {
            System::Apt => &[
                "apt-get update",
                "apt-get install -y --no-install-recommends chromium-headless-shell chromium-sandbox \
                 fonts-liberation fonts-noto-color-emoji fonts-noto-cjk",
            ],
            System::Snap => &[
                "apt-get update",
                "apt-get install -y --no-install-recommends fonts-liberation fonts-noto-color-emoji fonts-noto-cjk",
                "snap install chromium",
            ],
            System::ChromePackage => &[
                "apt-get update",
                "apt-get install -y --no-install-recommends ca-certificates curl fonts-liberation \
                 fonts-noto-color-emoji fonts-noto-cjk",
                // Not in /tmp, where others could put another package in its place.
                "curl -fsSL -o /var/cache/apt/archives/google-chrome.deb \
                 https://dl.google.com/linux/direct/google-chrome-stable_current_amd64.deb",
                "apt-get install -y --no-install-recommends /var/cache/apt/archives/google-chrome.deb",
            ],
            System::Dnf => &[
                "dnf install -y chromium-headless liberation-fonts google-noto-color-emoji-fonts google-noto-sans-cjk-fonts",
            ],
            System::Apk => &["apk add chromium font-liberation font-noto-emoji font-noto-cjk"],
            System::Pacman => {
                &["pacman -Sy --needed --noconfirm chromium ttf-liberation noto-fonts-emoji noto-fonts-cjk"]
            }
            System::Brew => &["brew install --cask chromium"],
            System::Unknown => &[],
        };
        let sudo = (!as_root && system != System::Brew).then_some("sudo");
        let steps = lines
            .iter()
            .map(|line| sudo.into_iter().chain(line.split_whitespace()))
            .map(|words| words.map(str::to_owned).collect())
            .collect();
        InstallPlan { system, steps }
    }

    /// The commands in order, each as program and arguments; empty where none are known.
    pub fn steps(&self) -> &[Vec<String>] {
        &self.steps
    }

    /// A sentence that says what to do.
    pub fn advice(&self) -> String {
        match self.system {
            System::Unknown => {
                "install Chromium, Chrome or chrome-headless-shell, or name one with --browser \
                                (or DOMREEL_BROWSER)"
                    .to_owned()
            }
            _ => format!("install one with ‘domreel doctor --install’, which runs: {self}"),
        }
    }
}

impl fmt::Display for InstallPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str(" && ")?;
            }
            f.write_str(&step.join(" "))?;
        }
        Ok(())
    }
}

/// Which way a system with `apt-get` goes. `release` is `/etc/os-release`.
fn apt_system(release: &str, has_snap: bool) -> System {
    let id = release
        .lines()
        .find_map(|line| line.strip_prefix("ID="))
        .map(|id| id.trim_matches('"'));
    match id {
        Some("ubuntu") if has_snap => System::Snap,
        Some("ubuntu") if cfg!(target_arch = "x86_64") => System::ChromePackage,
        Some("ubuntu") => System::Unknown,
        _ => System::Apt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_than_root_need_sudo() {
        let plan = InstallPlan::new(System::Apt, false);
        assert!(plan.steps().iter().all(|step| step[0] == "sudo"), "{plan}");
        let plan = InstallPlan::new(System::Apt, true);
        assert!(plan.steps().iter().all(|step| step[0] == "apt-get"), "{plan}");
        let plan = InstallPlan::new(System::Brew, false);
        assert_eq!(plan.steps()[0][0], "brew");
    }

    #[test]
    fn ubuntu_is_not_debian() {
        assert_eq!(apt_system("NAME=Debian\nID=debian\n", false), System::Apt);
        assert_eq!(apt_system("ID=ubuntu\nID_LIKE=debian\n", true), System::Snap);
        assert_ne!(apt_system("ID=\"ubuntu\"\n", false), System::Apt);
        assert_eq!(apt_system("", false), System::Apt);
    }

    #[test]
    fn advice_names_the_command_or_the_option() {
        let advice = InstallPlan::new(System::Pacman, true).advice();
        assert!(
            advice.contains("doctor --install") && advice.contains("pacman -Sy"),
            "{advice}"
        );
        assert!(
            InstallPlan::new(System::Unknown, true)
                .advice()
                .contains("--browser")
        );
    }
}
