//! What tests that draw share.

use std::path::PathBuf;

use domreel::limits::Limits;
use domreel::stage::BrowserOptions;

/// The browser to test with: `DOMREEL_BROWSER`, or one in the usual places.
pub fn browser() -> BrowserOptions {
    let named = std::env::var_os("DOMREEL_BROWSER").map(PathBuf::from);
    let usual = [
        "/usr/lib/chromium/chromium-headless-shell",
        "/usr/bin/chromium-headless-shell",
        "/usr/bin/chromium",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|path| path.exists());
    BrowserOptions {
        program: named.or(usual).expect("a browser: set DOMREEL_BROWSER"),
        no_sandbox: std::env::var_os("DOMREEL_NO_SANDBOX").is_some() || rustix::process::geteuid().is_root(),
        scale: 1.0,
        limits: Limits::default(),
    }
}
