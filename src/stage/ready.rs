//! Browsers that stay ready from one recording to the next.
//!
//! Nothing of a recording outlives its stage: each is shown in a browser context of its own, which has
//! its own storage, cache and renderer process and is thrown away with it. The next page is opened
//! then, before anybody asks for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide::cdp::browser_protocol::browser::BrowserContextId;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::browser::Browser;
use super::{CaptureMethod, Stage, StageError, StageOptions};
use crate::limits::Limit;

/// What is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyOptions {
    /// So many browsers are kept at most while they have nothing to do.
    pub idle: usize,
    /// A browser is replaced after so many recordings.
    pub renders: u32,
    /// A browser is replaced when its processes hold more than so many bytes of memory of their own.
    /// Known on Linux only.
    pub bytes: u64,
}

impl Default for ReadyOptions {
    fn default() -> Self {
        ReadyOptions {
            idle: std::thread::available_parallelism().map_or(1, usize::from),
            renders: 100,
            bytes: 1 << 30,
        }
    }
}

/// Browsers that stay ready from one recording to the next. Clones share them; with the last one they
/// end.
#[derive(Debug, Clone)]
pub struct ReadyBrowsers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Where the browsers live: they must not end with the thread that happened to start them.
    runtime: Option<Runtime>,
    options: ReadyOptions,
    /// The one that was used last is last.
    idle: Mutex<VecDeque<Idle>>,
}

/// A stage that nobody has used, in a browser that may have shown other recordings.
#[derive(Debug)]
struct Idle {
    stage: Stage,
    options: StageOptions,
    renders: u32,
}

/// Where a stage goes when it is no longer needed.
#[derive(Debug)]
pub(super) struct Home {
    browsers: std::sync::Weak<Shared>,
    options: StageOptions,
    renders: u32,
}

impl ReadyBrowsers {
    /// Keeps browsers from now on; starts none yet.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(options: ReadyOptions) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("ready browsers")
            .enable_all()
            .build()?;
        Ok(ReadyBrowsers(Arc::new(Shared {
            runtime: Some(runtime),
            options,
            idle: Mutex::default(),
        })))
    }

    /// How many browsers wait for work.
    pub fn idle(&self) -> usize {
        self.0.idle().len()
    }

    /// An empty stage: a kept one, or one in a browser that is started for it. It comes back when it is
    /// dropped.
    ///
    /// # Errors
    /// As [`Stage::open`].
    pub async fn stage(&self, options: &StageOptions) -> Result<Stage, StageError> {
        let (mut stage, renders) = match self.0.take(options) {
            Some(idle) => {
                let renders = idle.renders;
                let kept = if idle.options == *options {
                    woken(idle.stage).await
                } else {
                    let renewal = renewed(Used::new(&idle.stage), options.clone());
                    drop(idle);
                    self.run(renewal).await
                };
                // Such browsers can be lost at any time: another is started then.
                match kept {
                    Ok(stage) => (stage, renders),
                    Err(error) => {
                        tracing::debug!(%error, "a kept browser was of no use");
                        (self.start(options).await?, 0)
                    }
                }
            }
            None => (self.start(options).await?, 0),
        };
        stage.home = Some(Home {
            browsers: Arc::downgrade(&self.0),
            options: options.clone(),
            renders: renders + 1,
        });
        Ok(stage)
    }

    async fn start(&self, options: &StageOptions) -> Result<Stage, StageError> {
        let options = options.clone();
        self.run(async move { Stage::open_apart(&options).await }).await
    }

    /// Does something where the browsers live.
    async fn run(
        &self,
        work: impl Future<Output = Result<Stage, StageError>> + Send + 'static,
    ) -> Result<Stage, StageError> {
        let Some(runtime) = &self.0.runtime else {
            return Err(StageError::Gone);
        };
        runtime.spawn(work).await.unwrap_or(Err(StageError::Gone))
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept stage that takes least to become what is wanted.
    fn take(&self, options: &StageOptions) -> Option<Idle> {
        let mut idle = self.idle();
        idle.retain(|kept| kept.stage.browser.is_connected());
        let same_browser =
            |kept: &StageOptions| kept.browser == options.browser && kept.capture == options.capture;
        let at = idle
            .iter()
            .rposition(|kept| kept.options == *options)
            .or_else(|| idle.iter().rposition(|kept| same_browser(&kept.options)))?;
        idle.remove(at)
    }

    /// Keeps a stage; the one that has waited longest makes room for it.
    fn keep(&self, stage: Idle) {
        let mut idle = self.idle();
        idle.push_back(stage);
        let surplus = idle.len().saturating_sub(self.options.idle);
        let dropped: Vec<Idle> = idle.drain(..surplus).collect();
        drop(idle);
        drop(dropped);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.idle().clear();
        // It may be dropped where blocking is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is left of a stage.
pub(super) struct Used {
    browser: Arc<Browser>,
    method: CaptureMethod,
    context: Option<BrowserContextId>,
}

impl Used {
    pub(super) fn new(stage: &Stage) -> Self {
        Used {
            browser: Arc::clone(&stage.browser),
            method: stage.capture_method(),
            context: stage.page.context(),
        }
    }
}

impl Home {
    /// Takes back what is left of a stage.
    pub(super) fn take_back(self, used: Used) {
        let Some(browsers) = self.browsers.upgrade() else {
            return;
        };
        let limits = browsers.options;
        if self.renders >= limits.renders || limits.idle == 0 {
            return;
        }
        let Some(runtime) = &browsers.runtime else { return };
        let back = self.browsers;
        runtime.spawn(async move {
            let process = used.browser.process_id();
            if process.and_then(memory).is_some_and(|bytes| bytes > limits.bytes) {
                tracing::debug!("a browser has grown too large to be kept");
                return;
            }
            let options = self.options;
            match renewed(used, options.clone()).await {
                Ok(stage) => {
                    if let Some(browsers) = back.upgrade() {
                        browsers.keep(Idle {
                            stage,
                            options,
                            renders: self.renders,
                        });
                    }
                }
                Err(error) => tracing::debug!(%error, "a used browser is not kept"),
            }
        });
    }
}

/// A stage that has waited to be used.
async fn woken(mut stage: Stage) -> Result<Stage, StageError> {
    if stage.capture_method() == CaptureMethod::BeginFrame {
        stage.page.set_clock().await?;
    }
    Ok(stage)
}

/// A stage in the browser of another one, of which nothing is left. It may take as long as a start.
async fn renewed(used: Used, options: StageOptions) -> Result<Stage, StageError> {
    let Used {
        browser,
        method,
        context,
    } = used;
    let within = options.browser.limits.time(Limit::BrowserStart);
    let renewal = async {
        if let Some(context) = context {
            browser.cdp.dispose_browser_context(context).await?;
        }
        Stage::on(browser, &options, method, true).await
    };
    match timeout(within, renewal).await {
        Ok(renewed) => renewed,
        Err(_) => Err(StageError::Deadline {
            what: "opening a page in a used browser",
            after: within,
        }),
    }
}

/// Bytes that the processes of a group hold and share with nobody.
#[cfg(target_os = "linux")]
fn memory(group: u32) -> Option<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        if !entry
            .file_name()
            .as_encoded_bytes()
            .iter()
            .all(u8::is_ascii_digit)
        {
            continue;
        }
        let read = |file| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let stat = read("stat");
        // The name, in parentheses, may have anything in it; the group is the third field behind it.
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        if fields.and_then(|mut fields| fields.nth(2)?.parse().ok()) != Some(group) {
            continue;
        }
        let status = read("status");
        let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = own.and_then(|own| own.split_whitespace().next()?.parse::<u64>().ok());
        bytes += kilobytes.unwrap_or(0) * 1024;
    }
    Some(bytes)
}

#[cfg(not(target_os = "linux"))]
fn memory(_group: u32) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn memory_is_that_of_a_process_group() {
        let mut sleeper = Command::new("sleep").arg("100").process_group(0).spawn().unwrap();
        let bytes = super::memory(sleeper.id()).unwrap();
        assert!((1..64 << 20).contains(&bytes), "{bytes}");
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        assert_eq!(super::memory(sleeper.id()), Some(0));
    }
}
