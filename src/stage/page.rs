//! The one page of a browser: an empty document of ours, cut off from everything, in which
//! `assets/stage.js` builds what was recorded.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chromiumoxide::Command;
use chromiumoxide::cdp::browser_protocol::browser::BrowserContextId;
use chromiumoxide::cdp::browser_protocol::emulation::{
    EventVirtualTimeBudgetExpired, SetDeviceMetricsOverrideParams, SetFocusEmulationEnabledParams,
    SetVirtualTimePolicyParams, VirtualTimePolicy,
};
use chromiumoxide::cdp::browser_protocol::fetch::{
    self, ContinueRequestParams, EventRequestPaused, FailRequestParams, FulfillRequestParams, HeaderEntry,
    RequestPattern,
};
use chromiumoxide::cdp::browser_protocol::inspector;
use chromiumoxide::cdp::browser_protocol::network::{self, ErrorReason};
use chromiumoxide::cdp::browser_protocol::page::NavigateParams;
use chromiumoxide::cdp::browser_protocol::target::{CreateBrowserContextParams, CreateTargetParams};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use chromiumoxide::error::CdpError;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::browser::Browser;
use super::{CaptureMethod, StageError};
use crate::limits::{Limit, Limits};

/// Address of our own document. The name can never be looked up (RFC 6761).
const ADDRESS: &str = "http://replay.invalid/";

/// What the page may load: pictures, fonts, media and styles that are in the recording itself.
const POLICY: &str = "default-src 'none'; img-src data: blob:; font-src data: blob:; media-src data: blob:; \
                      style-src 'unsafe-inline' data: blob:; form-action 'none'; \
                      script-src 'none'; object-src 'none'; worker-src 'none'; connect-src 'none'";

/// Our document. The frame inherits policy and origin; its sandbox runs no script.
const DOCUMENT: &str =
    "<!doctype html><html><head><meta charset=utf-8><title>replay</title></head><body></body></html>";

/// The page's clock stands so far ahead of the browser's, in milliseconds: longer than a clip takes. More
/// would take the browser longer to get there.
const AHEAD_MS: f64 = 1e7;

/// A page may have waited so long before its clock is set again.
const MAY_BE_BEHIND: Duration = Duration::from_secs(1);

/// So much more time a call may take for each MiB that the page was made of.
const PER_MEBIBYTE: Duration = Duration::from_secs(1);

/// A page that is ready for the stage's script.
#[derive(Debug)]
pub(super) struct Page {
    page: chromiumoxide::Page,
    /// The browser context that is its alone, if it has one.
    context: Option<BrowserContextId>,
    refuser: JoinHandle<()>,
    watcher: JoinHandle<()>,
    /// Becomes true when the process that draws the page ends: it answers nothing from then on.
    crashed: watch::Receiver<bool>,
    /// How long things may take, and how much may be told.
    pub(super) limits: Limits,
    /// Bytes of what made the page what it is.
    weight: AtomicUsize,
    /// When the page's clock was stopped.
    stopped: Instant,
}

impl Page {
    /// Makes the page, of that width and height in CSS pixels; `apart` in a browser context of its own.
    pub(super) async fn open(
        browser: &Browser,
        method: CaptureMethod,
        (width, height): (u32, u32),
        apart: bool,
        limits: Limits,
    ) -> Result<Self, StageError> {
        let patience = limits.time(Limit::BrowserAnswer);
        let mut target = CreateTargetParams::new("about:blank");
        if apart {
            let context = CreateBrowserContextParams {
                dispose_on_detach: Some(true),
                ..CreateBrowserContextParams::default()
            };
            let context = browser.cdp.create_browser_context(context);
            target.browser_context_id = Some(deadline("opening a browser context", patience, context).await?);
        }
        let context = target.browser_context_id.clone();
        if method == CaptureMethod::BeginFrame {
            target.width = Some(i64::from(width));
            target.height = Some(i64::from(height));
            target.enable_begin_frame_control = Some(true);
        }
        let page = deadline("opening a page", patience, browser.cdp.new_page(target)).await?;
        if method == CaptureMethod::Screenshot {
            // Browsers with windows give targets no size of their own. A factor of 0 leaves the
            // browser's in place.
            let size = SetDeviceMetricsOverrideParams::new(i64::from(width), i64::from(height), 0.0, false);
            deadline("sizing the page", patience, page.execute(size)).await?;
        }
        let mut paused = deadline(
            "watching requests",
            patience,
            page.event_listener::<EventRequestPaused>(),
        )
        .await?;
        let everything = RequestPattern::builder().url_pattern("*").build();
        let intercept = fetch::EnableParams::builder().pattern(everything).build();
        deadline("intercepting requests", patience, page.execute(intercept)).await?;

        // Every request but that for our own document is refused.
        let answering = page.clone();
        let (has_policy, refuses) = (!browser.without.policy, !browser.without.refusal);
        let refuser = tokio::spawn(async move {
            let mut served = false;
            while let Some(request) = paused.next().await {
                let id = request.request_id.clone();
                if !served && request.request.url == ADDRESS {
                    served = true;
                    let _ = answering.execute(document(id, has_policy)).await;
                } else if !refuses {
                    let _ = answering.execute(ContinueRequestParams::new(id)).await;
                } else {
                    tracing::debug!(url = %shortened(&request.request.url), "refused a request");
                    let refusal = FailRequestParams::new(id, ErrorReason::BlockedByClient);
                    let _ = answering.execute(refusal).await;
                }
            }
        });
        let mut ends = deadline(
            "watching the page",
            patience,
            page.event_listener::<inspector::EventTargetCrashed>(),
        )
        .await?;
        deadline(
            "watching the page",
            patience,
            page.execute(inspector::EnableParams::default()),
        )
        .await?;
        let (crash, crashed) = watch::channel(false);
        let watcher = tokio::spawn(async move {
            if ends.next().await.is_some() {
                crash.send_replace(true);
            }
            // Its end would be taken for news.
            crash.closed().await;
        });
        let this = Page {
            page,
            context,
            refuser,
            watcher,
            crashed,
            limits,
            weight: AtomicUsize::new(0),
            stopped: Instant::now(),
        };
        this.call("loading the empty page", NavigateParams::new(ADDRESS))
            .await?;
        // Pictures of the screen would wait for ever: their frames end by that clock.
        if method == CaptureMethod::BeginFrame {
            this.stop_clock(AHEAD_MS).await?;
        }
        this.call("focusing the page", SetFocusEmulationEnabledParams::new(true))
            .await?;
        // The protocol crate listens to all of this; with data: URLs in it, it is most of the traffic.
        this.call("muting network events", network::DisableParams::default())
            .await?;
        Ok(this)
    }

    /// The browser context that is its alone.
    pub(super) fn context(&self) -> Option<BrowserContextId> {
        self.context.clone()
    }

    /// Sets the clock of a page that has waited to be used as far ahead as that of a new one.
    pub(super) async fn set_clock(&mut self) -> Result<(), StageError> {
        let behind = self.stopped.elapsed();
        if behind > MAY_BE_BEHIND {
            self.stop_clock(behind.as_secs_f64() * 1000.0).await?;
            self.stopped = Instant::now();
        }
        Ok(())
    }

    /// Stops the page's own clock, by which timers, carets and the animations of pictures go, in so many
    /// milliseconds of its own. It stops far ahead: a browser whose clock stands waits for ever for what is due
    /// after now.
    async fn stop_clock(&self, milliseconds: f64) -> Result<(), StageError> {
        let mut expired = deadline(
            "watching the page's clock",
            self.patience(),
            self.page.event_listener::<EventVirtualTimeBudgetExpired>(),
        )
        .await?;
        self.grant_time(milliseconds).await?;
        let ahead = async { Ok(expired.next().await) };
        deadline("stopping the page's clock", self.patience(), ahead).await?;
        Ok(())
    }

    /// Lets the page's own clock go on by some milliseconds.
    pub(super) async fn grant_time(&self, milliseconds: f64) -> Result<(), StageError> {
        let mut policy = SetVirtualTimePolicyParams::new(VirtualTimePolicy::Advance);
        policy.budget = Some(milliseconds);
        self.call("letting the page's clock go on", policy)
            .await
            .map(drop)
    }

    /// What the page is made of has so many bytes more; `anew`: so many in all.
    pub(super) fn weighs(&self, bytes: usize, anew: bool) {
        match anew {
            true => self.weight.store(bytes, Ordering::Relaxed),
            false => drop(self.weight.fetch_add(bytes, Ordering::Relaxed)),
        }
    }

    /// How long the browser may take for one answer: large pages take it longer.
    fn patience(&self) -> Duration {
        let mebibytes = u32::try_from(self.weight.load(Ordering::Relaxed) >> 20).unwrap_or(u32::MAX);
        let more = PER_MEBIBYTE.saturating_mul(mebibytes);
        self.limits.time(Limit::BrowserAnswer).saturating_add(more)
    }

    /// Calls a protocol method with the usual deadline.
    pub(super) async fn call<T: Command>(
        &self,
        what: &'static str,
        command: T,
    ) -> Result<T::Response, StageError> {
        let mut crashed = self.crashed.clone();
        tokio::select! {
            answer = deadline(what, self.patience(), self.page.execute(command)) => Ok(answer?.result),
            Ok(_) = crashed.wait_for(|crashed| *crashed) => Err(StageError::Crashed { what }),
        }
    }

    /// Evaluates an expression of ours and gives its value.
    ///
    /// # Errors
    /// [`StageError::Script`] when it throws.
    pub(super) async fn evaluate(
        &self,
        what: &'static str,
        expression: String,
    ) -> Result<serde_json::Value, StageError> {
        let mut evaluate = EvaluateParams::new(expression);
        evaluate.return_by_value = Some(true);
        evaluate.silent = Some(true);
        let answer = self.call(what, evaluate).await?;
        match answer.exception_details {
            Some(details) => {
                let thrown = details.exception.and_then(|object| object.description);
                Err(StageError::Script {
                    message: thrown.unwrap_or(details.text),
                })
            }
            None => Ok(answer.result.value.unwrap_or_default()),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.refuser.abort();
        self.watcher.abort();
    }
}

/// Answers the one request that is ours.
fn document(id: fetch::RequestId, has_policy: bool) -> FulfillRequestParams {
    let header = |name: &str, value: &str| HeaderEntry::new(name, value);
    let mut fulfil = FulfillRequestParams::new(id, 200);
    let mut headers = vec![
        header("Content-Type", "text/html; charset=utf-8"),
        header("Referrer-Policy", "no-referrer"),
    ];
    if has_policy {
        headers.push(header("Content-Security-Policy", POLICY));
    }
    fulfil.response_headers = Some(headers);
    fulfil.body = Some(BASE64.encode(DOCUMENT).into());
    fulfil
}

async fn deadline<T>(
    what: &'static str,
    patience: Duration,
    call: impl Future<Output = Result<T, CdpError>>,
) -> Result<T, StageError> {
    match timeout(patience, call).await {
        // The protocol crate has a deadline of its own.
        Ok(answer) if !matches!(answer, Err(CdpError::Timeout)) => answer.map_err(Into::into),
        _ => Err(StageError::Deadline {
            what,
            after: patience,
        }),
    }
}

/// A URL as it may stand in a log: without what may be secret in it, and not a page long.
fn shortened(url: &str) -> String {
    url.split(['?', '#'])
        .next()
        .unwrap_or_default()
        .chars()
        .take(120)
        .collect()
}
