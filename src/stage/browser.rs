//! A Chromium process of our own: started with flags that make pictures repeatable and cut it off
//! from the network, spoken to through the DevTools protocol, killed when dropped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use chromiumoxide::error::CdpError;
use chromiumoxide::handler::HandlerConfig;
use futures::StreamExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::guard::Guard;
use super::{CaptureMethod, StageError, Without};
use crate::limits::{Limit, Limits};

/// The oldest browser that has all that the page script uses.
const OLDEST: u32 = 121;

/// How long a killed browser may take to be gone.
const EXIT_DEADLINE: Duration = Duration::from_secs(1);

/// Longer than anything is waited for.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Lines of the browser's own messages kept for an error report.
const KEPT_MESSAGES: usize = 12;

/// How to start a browser.
#[derive(Debug, Clone, PartialEq)]
pub struct BrowserOptions {
    /// The program.
    pub program: PathBuf,
    /// Run without Chromium's sandbox: needed as root, and in containers without user namespaces.
    pub no_sandbox: bool,
    /// Device pixels per CSS pixel of everything this browser draws.
    pub scale: f64,
    /// How long it may take and how much memory it may use.
    pub limits: Limits,
}

/// Flags that make every picture depend on the page alone.
const REPEATABLE: &[&str] = &[
    "--headless",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--disable-partial-raster",
    "--disable-checker-imaging",
    "--disable-gpu",
    "--num-raster-threads=1",
    // Makes no layers of what is only moved by translate3d() and the like: the pixels of a layer depend on
    // where it was when it was first drawn. Nothing else of this mode shows in a picture; scripts get the
    // memory back that it takes from them, and the heap of a large page is not gone through for each frame.
    "--enable-low-end-device-mode",
    "--js-flags=--max-old-space-size=4096 --no-optimize-for-size",
    "--mute-audio",
    "--lang=en-US",
    // Animated images stay on their first picture: their clock cannot be set.
    "--blink-settings=imageAnimationPolicy=2",
];

/// Flags that keep the browser from doing anything on its own.
const QUIET: &[&str] = &[
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-hang-monitor",
    "--disable-popup-blocking",
    "--disable-features=PaintHolding,Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,\
     AutofillServerCommunication,CertificateTransparencyComponentUpdater",
    "--password-store=basic",
    "--use-mock-keychain",
];

/// Flags that leave the page no way to any network: one of the layers that keep recordings in.
const CUT_OFF: &[&str] = &[
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=socks5://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
];

/// Flags for frames that are drawn when we say so.
const BEGIN_FRAME: &[&str] = &[
    "--enable-begin-frame-control",
    "--run-all-compositor-stages-before-draw",
    "--deterministic-mode",
];

/// Flags for pictures of whatever is on the screen, without waiting for a display's refresh.
const SCREENSHOT: &[&str] = &["--disable-frame-rate-limit", "--disable-gpu-vsync"];

/// A running browser. Its process is killed and its profile removed when this is dropped.
#[derive(Debug)]
pub(super) struct Browser {
    /// The protocol connection.
    pub(super) cdp: chromiumoxide::Browser,
    /// What does not isolate it: in tests alone.
    pub(super) without: Without,
    process: Child,
    /// Clears up if this process is killed.
    _guard: Option<Guard>,
    handler: JoinHandle<()>,
    /// Declared last: removed when the process is gone.
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser for one method of capture and connects to it.
    pub(super) async fn start(options: &BrowserOptions, method: CaptureMethod) -> Result<Self, StageError> {
        Self::start_without(options, method, Without::default()).await
    }

    /// The same without some of what isolates it.
    pub(super) async fn start_without(
        options: &BrowserOptions,
        method: CaptureMethod,
        without: Without,
    ) -> Result<Self, StageError> {
        let profile = tempfile::Builder::new()
            .prefix("domreel-profile-")
            .tempdir()
            .map_err(|source| StageError::Profile { source })?;
        let mut process = command(options, method, profile.path(), &without)
            .spawn()
            .map_err(|source| StageError::Start {
                program: options.program.clone(),
                source,
            })?;
        bound_memory(&process, options.limits.of(Limit::BrowserMemory));
        let start = options.limits.time(Limit::BrowserStart);
        let guard = process.id().map(|leader| Guard::new(leader, profile.path()));
        let stderr = process
            .stderr
            .take()
            .ok_or_else(|| StageError::ended(&options.program, &[]))?;
        let address = match timeout(start, devtools_address(stderr)).await {
            Ok(Ok(address)) => address,
            Ok(Err(messages)) => return Err(StageError::ended(&options.program, &messages)),
            Err(_) => {
                return Err(StageError::StartDeadline {
                    what: "starting the browser",
                    after: start,
                });
            }
        };
        let config = HandlerConfig {
            viewport: None,
            // The stage has deadlines of its own, which depend on what is asked.
            request_timeout: NEVER,
            ..HandlerConfig::default()
        };
        let connect = chromiumoxide::Browser::connect_with_config(address, config);
        let (cdp, mut handler) = timeout(start, connect)
            .await
            .map_err(|_| StageError::StartDeadline {
                what: "connecting to the browser",
                after: start,
            })??;
        // Messages that the protocol crate cannot read are of no interest. A connection that breaks ends the loop, and with
        // the handler all that waits for an answer.
        let is_broken = |error: &CdpError| !matches!(error, CdpError::InvalidMessage(..));
        let handler = tokio::spawn(async move {
            while let Some(heard) = handler.next().await {
                if heard.is_err_and(|error| is_broken(&error)) {
                    break;
                }
            }
        });
        let browser = Browser {
            cdp,
            without,
            process,
            _guard: guard,
            handler,
            _profile: profile,
        };
        browser.check_version(&options.program, start).await?;
        Ok(browser)
    }

    async fn check_version(&self, program: &Path, start: Duration) -> Result<(), StageError> {
        let version = timeout(start, self.cdp.version());
        let version = version.await.map_err(|_| StageError::StartDeadline {
            what: "asking the browser for its version",
            after: start,
        })??;
        if is_new_enough(&version.product) {
            return Ok(());
        }
        Err(StageError::Version {
            program: program.to_owned(),
            product: version.product.chars().take(100).collect(),
            oldest: OLDEST,
        })
    }

    /// Whether it can be spoken to, as far as is known.
    pub(super) fn is_connected(&self) -> bool {
        !self.handler.is_finished()
    }

    /// Process id, while it runs.
    pub(super) fn process_id(&self) -> Option<u32> {
        self.process.id()
    }
}

impl Drop for Browser {
    /// Killing ends all its processes; nothing in the profile is worth a clean exit. The profile can
    /// be removed only when they are gone, so this waits for them, briefly.
    fn drop(&mut self) {
        self.handler.abort();
        #[cfg(unix)]
        if let Some(leader) = self
            .process
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
        {
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
        let _ = self.process.start_kill();
        let begun = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && begun.elapsed() < EXIT_DEADLINE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Whether a browser that calls itself `product` (`HeadlessChrome/140.0.7339.80`) can be used.
fn is_new_enough(product: &str) -> bool {
    let version = product
        .split_once("Chrome/")
        .or_else(|| product.split_once("Chromium/"));
    version
        .and_then(|(_, version)| version.split('.').next()?.parse::<u32>().ok())
        .is_some_and(|major| major >= OLDEST)
}

/// What of our environment a browser gets: what it needs to find itself, its files and fonts. The rest may be
/// secret.
pub(crate) fn needed_environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_needed))
}

fn is_needed(name: &str) -> bool {
    let whole = [
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    ];
    let starts = ["LC_", "XDG_", "FONTCONFIG_", "FC_", "CHROME", "CHROMIUM", "NIX_"];
    whole.contains(&name) || starts.iter().any(|start| name.starts_with(start))
}

fn command(options: &BrowserOptions, method: CaptureMethod, profile: &Path, without: &Without) -> Command {
    let mut command = Command::new(&options.program);
    command.env_clear().envs(needed_environment());
    command.args(REPEATABLE).args(QUIET);
    if !without.network_flags {
        command.args(CUT_OFF);
    }
    if let Some(log) = &without.net_log {
        command.arg(format!("--log-net-log={}", log.display()));
    }
    command.args(match method {
        CaptureMethod::BeginFrame => BEGIN_FRAME,
        CaptureMethod::Screenshot => SCREENSHOT,
    });
    if options.no_sandbox {
        command.arg("--no-sandbox");
    }
    let mut profile_flag = std::ffi::OsString::from("--user-data-dir=");
    profile_flag.push(profile);
    command
        .arg(format!("--force-device-scale-factor={}", options.scale))
        .arg("--remote-debugging-port=0")
        .arg(profile_flag);
    // Those with windows would show a page of their own; the others begin without any, and sooner.
    if method == CaptureMethod::Screenshot {
        command.arg("about:blank");
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A Ctrl-C on the terminal is ours to handle; the browser must outlive it until we are done.
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// Bounds the memory of each process that the browser is made of: all of them inherit it.
#[cfg(target_os = "linux")]
fn bound_memory(process: &Child, bytes: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let id = process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    if let Err(error) = prlimit(id, Resource::Data, limit) {
        tracing::debug!(%error, "the browser's memory is not bounded");
    }
}

#[cfg(not(target_os = "linux"))]
fn bound_memory(_: &Child, _: u64) {}

/// Reads the browser's messages up to the one that tells the address of its DevTools socket.
///
/// # Errors
/// The last messages, when the browser ends first.
async fn devtools_address(stderr: ChildStderr) -> Result<String, Vec<String>> {
    let mut lines = BufReader::new(stderr).lines();
    let mut messages = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.trim().strip_prefix("DevTools listening on ") {
            let address = address.to_owned();
            // The pipe is read to its end, so that a talkative browser never blocks on it.
            tokio::spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    tracing::trace!(target: "domreel::chromium", "{line}");
                }
            });
            return Ok(address);
        }
        if messages.len() == KEPT_MESSAGES {
            messages.remove(0);
        }
        messages.push(line);
    }
    Err(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_browsers_and_others_are_refused() {
        for product in [
            "HeadlessChrome/140.0.7339.80",
            "Chrome/121.0.1.2",
            "Chromium/156.0.0.0",
        ] {
            assert!(is_new_enough(product), "{product}");
        }
        for product in [
            "HeadlessChrome/64.0.3282.0",
            "Chrome/120.9.9.9",
            "Firefox/140.0",
            "Chrome/",
            "",
        ] {
            assert!(!is_new_enough(product), "{product}");
        }
    }
}
