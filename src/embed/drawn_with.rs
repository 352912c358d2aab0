//! Which browser and which fonts draw pictures, for the manifest.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::manifest::DrawnWith;
use crate::limits::{Limit, Limits};
use crate::stage::{browser_version, needed_environment};

/// The families that pages ask for where they name no font that is there.
const FAMILIES: [&str; 4] = ["sans-serif", "serif", "monospace", "emoji"];

/// How long fontconfig may take for one family.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks the browser for its version and fontconfig for the fonts. What does not answer is left out:
/// a clip is no worse for it.
pub async fn drawn_with(browser: &Path, limits: &Limits) -> DrawnWith {
    let mut fonts = Vec::new();
    for family in FAMILIES {
        if let Some(font) = font(family).await {
            fonts.push(format!("{family}: {font}"));
        }
    }
    DrawnWith {
        browser: browser_version(browser, limits.time(Limit::BrowserStart))
            .await
            .ok(),
        capture: String::new(),
        fonts,
    }
}

/// The font that a family stands for on this system, with its version.
async fn font(family: &str) -> Option<String> {
    let output = Command::new("fc-match")
        .args(["--format", "%{family[0]}|%{fontversion}", family])
        .env_clear()
        .envs(needed_environment())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, output).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| named(&text))?
}

/// `DejaVu Sans|155320` as `DejaVu Sans 2.37`: fontconfig gives versions in 65536ths.
fn named(answer: &str) -> Option<String> {
    let (name, version) = answer.trim().split_once('|')?;
    let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    if name.is_empty() {
        return None;
    }
    match version.parse::<u32>() {
        Ok(version) if version > 0 => Some(format!("{name} {:.2}", f64::from(version) / 65536.0)),
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_have_names_and_versions() {
        assert_eq!(named("DejaVu Sans|155320\n").as_deref(), Some("DejaVu Sans 2.37"));
        assert_eq!(named("Fixed|").as_deref(), Some("Fixed"));
        assert_eq!(named("|12"), None);
        assert_eq!(named(""), None);
    }

    #[tokio::test]
    async fn a_browser_that_is_not_there_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let drawn_with = drawn_with(&directory.path().join("none"), &Limits::default()).await;
        assert_eq!(drawn_with.browser, None);
    }
}
