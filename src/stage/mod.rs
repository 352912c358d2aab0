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
mod sheet;
mod show;
mod wire;

use self::browser::Browser;
use self::capture::Camera;
use self::page::Page;

pub use self::capture::decode;
use crate::pixmap::Pixmap;

pub use self::browser::BrowserOptions;
pub use self::error::StageError;
pub use self::find::{BROWSER_VARIABLE, BrowserChoice, NO_SANDBOX_VARIABLE, browser_version, is_root};
pub use self::install::InstallPlan;
pub use self::sheet::{SheetPicture, SpriteBox};
pub use self::show::{FramePlace, MissingBox, NodeBox, Shown};

/// How pictures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMethod {
    /// Frames drawn on demand (`HeadlessExperimental.beginFrame`): `chromium-headless-shell` on Linux.
    BeginFrame,
    /// Pictures of the screen (`Page.captureScreenshot`): any Chromium or Chrome.
    Screenshot,
}

/// What a stage is to be.
#[derive(Debug, Clone)]
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
    /// Declared last: the page says goodbye before its browser goes.
    browser: Browser,
}

impl Stage {
    /// Starts a browser and makes its page ready.
    ///
    /// # Errors
    /// When the browser cannot be started, refuses to run, or does not answer in time.
    pub async fn open(options: &StageOptions) -> Result<Self, StageError> {
        match options.capture {
            Some(method) => Self::open_with(options, method).await,
            None => match Self::open_with(options, CaptureMethod::BeginFrame).await {
                Err(error) if error.may_lack_begin_frame() => {
                    tracing::debug!(%error, "no frames on demand: taking pictures of the screen");
                    Self::open_with(options, CaptureMethod::Screenshot).await
                }
                opened => opened,
            },
        }
    }

    async fn open_with(options: &StageOptions, method: CaptureMethod) -> Result<Self, StageError> {
        let browser = Browser::start(&options.browser, method).await?;
        let page = Page::open(&browser, method, options.width, options.height).await?;
        let mut camera = Camera::new(method);
        camera.warm_up(&page).await?;
        Ok(Stage {
            camera,
            page,
            sheet_ready: false,
            script_ready: false,
            still: options.still,
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
        self.camera.png(&self.page).await
    }
}
