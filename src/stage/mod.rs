//! A browser page that shows the recorded document at one recording time, and pictures of it.
//!
//! Nothing but this module speaks to Chromium. The page is built by `assets/stage/` from the
//! changes that `dom` gives out; it plays nothing by itself, runs no recorded script and can reach
//! no network: no script may run, every request is refused, the content security policy
//! allows nothing but data in the recording itself, and the process has neither name look-up nor a
//! way through its proxy.

mod browser;
mod capture;
mod error;
mod find;
mod guard;
mod install;
mod page;
mod ready;
mod sheet;
mod show;
mod wire;
mod without;

use std::sync::Arc;

use self::browser::Browser;
use self::capture::Camera;
use self::page::Page;
use self::ready::{Home, Used};

pub use self::capture::decode;
pub use self::wire::{SCRIPT, step_expression};
use crate::pixmap::Pixmap;

pub use self::browser::BrowserOptions;
pub(crate) use self::browser::needed_environment;
pub use self::error::StageError;
pub use self::find::{BROWSER_VARIABLE, BrowserChoice, NO_SANDBOX_VARIABLE, browser_version, is_root};
pub use self::install::InstallPlan;
pub use self::ready::{ReadyBrowsers, ReadyOptions};
pub use self::sheet::{SheetPicture, SpriteBox};
pub use self::show::{FramePlace, Look, MissingBox, NodeBox, Seen, Shown};

#[doc(hidden)]
pub use self::without::Without;

/// How pictures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMethod {
    /// Frames drawn on demand (`HeadlessExperimental.beginFrame`): `chromium-headless-shell` on Linux.
    BeginFrame,
    /// Pictures of the screen (`Page.captureScreenshot`): any Chromium or Chrome.
    Screenshot,
}

/// What a stage is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct StageOptions {
    /// The browser.
    pub browser: BrowserOptions,
    /// How pictures are taken; `None`: on demand where the browser can, of the screen otherwise.
    pub capture: Option<CaptureMethod>,
    /// Width of the page in CSS pixels: the widest viewport that will be shown.
    pub width: u32,
    /// Height of the page in CSS pixels: the highest viewport that will be shown.
    pub height: u32,
    /// Show pages with CSS animations and transitions off and without a caret.
    pub still: bool,
}

/// A browser page on which recorded documents are shown.
#[derive(Debug)]
pub struct Stage {
    camera: Camera,
    page: Page,
    sheet_ready: bool,
    script_ready: bool,
    still: bool,
    /// The last frame looked like the last picture.
    seen: bool,
    /// Where the browser goes when the stage is no longer needed; `None`: it ends.
    home: Option<Home>,
    /// Declared last: the page says goodbye before its browser goes.
    browser: Arc<Browser>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.take_back(Used::new(self));
        }
    }
}

impl Stage {
    /// Starts a browser and makes its page ready.
    ///
    /// # Errors
    /// When the browser cannot be started, refuses to run, or does not answer in time.
    pub async fn open(options: &StageOptions) -> Result<Self, StageError> {
        Self::start(options, false).await
    }

    /// As [`Stage::open`], in a browser context that can be thrown away without the browser.
    async fn open_apart(options: &StageOptions) -> Result<Self, StageError> {
        Self::start(options, true).await
    }

    /// As [`Stage::open`], without some of what isolates the page.
    ///
    /// # Errors
    /// As [`Stage::open`].
    #[doc(hidden)]
    pub async fn open_without(options: &StageOptions, without: Without) -> Result<Self, StageError> {
        let method = options.capture.unwrap_or(CaptureMethod::Screenshot);
        let browser = Browser::start_without(&options.browser, method, without).await?;
        Self::on(Arc::new(browser), options, method, false).await
    }

    async fn start(options: &StageOptions, apart: bool) -> Result<Self, StageError> {
        let start = |method| async move {
            let browser = Browser::start(&options.browser, method).await?;
            Self::on(Arc::new(browser), options, method, apart).await
        };
        match options.capture {
            Some(method) => start(method).await,
            None => match start(CaptureMethod::BeginFrame).await {
                Err(error) if error.may_lack_begin_frame() => {
                    tracing::debug!(%error, "no frames on demand: taking pictures of the screen");
                    start(CaptureMethod::Screenshot).await
                }
                opened => opened,
            },
        }
    }

    /// A stage in a browser that runs and has no other; `apart` in a context of its own.
    async fn on(
        browser: Arc<Browser>,
        options: &StageOptions,
        method: CaptureMethod,
        apart: bool,
    ) -> Result<Self, StageError> {
        let page = Page::open(
            &browser,
            method,
            (options.width, options.height),
            apart,
            options.browser.limits,
        )
        .await?;
        let mut camera = Camera::new(method);
        camera.warm_up(&page).await?;
        Ok(Stage {
            camera,
            page,
            sheet_ready: false,
            script_ready: false,
            still: options.still,
            seen: false,
            home: None,
            browser,
        })
    }

    /// How this stage takes its pictures.
    pub fn capture_method(&self) -> CaptureMethod {
        self.camera.method()
    }

    /// Process id of the browser, while it runs.
    pub fn browser_process(&self) -> Option<u32> {
        self.browser.process_id()
    }

    /// Evaluates an expression in the stage's page.
    ///
    /// # Errors
    /// When it throws, or the browser does not answer.
    pub async fn evaluate(&self, expression: String) -> Result<serde_json::Value, StageError> {
        self.page.evaluate("asking the page", expression).await
    }

    /// The page's pixels as they are now.
    ///
    /// # Errors
    /// When the browser does not answer, or its picture cannot be read.
    pub async fn shot(&mut self) -> Result<Pixmap, StageError> {
        decode(&self.png().await?)
    }

    /// The page's pixels as they are now, as the PNG that the browser makes of them: equal pixels,
    /// equal bytes.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn png(&mut self) -> Result<Vec<u8>, StageError> {
        let png = self.camera.png(&self.page).await?;
        self.seen = true;
        Ok(png)
    }

    /// Has [`is_changed`](Stage::is_changed) tell exactly of what changes from now on: without it, every change
    /// that is the first since a picture counts as one.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn watch(&mut self) -> Result<(), StageError> {
        if self.seen {
            self.camera.watch(&self.page).await?;
        }
        Ok(())
    }

    /// Whether the page may look different from the last picture of it. Costs a fraction of a picture, which
    /// pays where the page is likely to look the same.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn is_changed(&mut self) -> Result<bool, StageError> {
        if self.seen {
            self.seen = !self.camera.is_changed(&self.page).await?;
        }
        Ok(!self.seen)
    }
}
