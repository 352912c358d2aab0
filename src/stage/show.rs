//! Brings the recorded page into the stage and on in time.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{CaptureMethod, Stage, StageError, wire};
use crate::dom::{Change, Handle, Step};
use crate::limits::Limit;

/// Time of the page's own clock that goes by between two looks at what is not ready: loading a film
/// waits for timers.
const GRANT_MS: f64 = 5.0;

/// Pause between two looks at what is not ready.
const READY_PAUSE: Duration = Duration::from_millis(2);

/// What is to be told of a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look<'a> {
    /// What is in sight but not in the recording. Shadow roots are not searched.
    pub missing: bool,
    /// Boxes of those of these nodes that are shown.
    pub boxes: &'a [Handle],
}

/// What was seen on a page.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// What is in sight but not in the recording.
    pub missing: Vec<MissingBox>,
    /// Boxes of the nodes that were asked for and are shown.
    pub boxes: Vec<NodeBox>,
}

/// The page after a step.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Shown {
    /// So many animations are under way: the page looks different a moment later.
    pub running: u32,
    /// So many of those came with the snapshot: they may have begun before it.
    #[serde(rename = "fromSnapshot")]
    pub from_snapshot: u32,
    /// So many pictures, fonts or films are still being decoded.
    pending: u32,
    /// There are films, which wait for frames and for the page's clock.
    slow: bool,
    /// So many changes could not be carried out.
    pub failed: u32,
    /// What the first of those were, for the log.
    pub errors: Vec<String>,
    /// Where the documents of frames are.
    pub frames: Vec<FramePlace>,
    /// What was looked at.
    #[serde(flatten)]
    pub seen: Seen,
}

/// What was not ready, after a while.
#[derive(Deserialize)]
struct Settled {
    /// So much still is not.
    pending: u32,
    /// What is seen when all is.
    #[serde(flatten)]
    seen: Seen,
}

/// Where the viewport of a frame's document is in the page, in CSS pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "(Handle, f64, f64, f64)")]
pub struct FramePlace {
    /// The document.
    pub document: Handle,
    /// Its left edge.
    pub x: f64,
    /// Its top edge.
    pub y: f64,
    /// CSS pixels of the page per CSS pixel of the document.
    pub scale: f64,
}

impl From<(Handle, f64, f64, f64)> for FramePlace {
    fn from((document, x, y, scale): (Handle, f64, f64, f64)) -> Self {
        FramePlace {
            document,
            x,
            y,
            scale,
        }
    }
}

/// The box of a node in CSS pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "(Handle, f64, f64, f64, f64)")]
pub struct NodeBox {
    /// The node.
    pub node: Handle,
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl From<(Handle, f64, f64, f64, f64)> for NodeBox {
    fn from((node, x, y, width, height): (Handle, f64, f64, f64, f64)) -> Self {
        NodeBox {
            node,
            x,
            y,
            width,
            height,
        }
    }
}

/// Something that the recording refers to but does not contain.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "(usize, f64, f64, f64, f64)")]
pub struct MissingBox {
    /// What it is: position in [`MissingKind::ALL`](crate::overlay::MissingKind::ALL).
    pub kind: usize,
    /// Left edge in CSS pixels of the page.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl From<(usize, f64, f64, f64, f64)> for MissingBox {
    fn from((kind, x, y, width, height): (usize, f64, f64, f64, f64)) -> Self {
        MissingBox {
            kind,
            x,
            y,
            width,
            height,
        }
    }
}

impl Stage {
    /// Carries out `steps` and leaves the page as it is at recording time `to` (milliseconds since the
    /// Unix epoch), ready for [`Stage::shot`].
    ///
    /// # Errors
    /// When the browser does not answer. Changes that the page refuses are counted, not errors.
    pub async fn step(&mut self, steps: &[Step], to: f64) -> Result<Shown, StageError> {
        self.step_and_look(steps, to, &Look::default()).await
    }

    /// As [`Stage::step`], and looks at the page then, in one call.
    ///
    /// # Errors
    /// As [`Stage::step`].
    pub async fn step_and_look(
        &mut self,
        steps: &[Step],
        to: f64,
        look: &Look<'_>,
    ) -> Result<Shown, StageError> {
        self.prepare().await?;
        let call = self
            .hand_over(steps, |list| wire::step_call(list, to, look))
            .await?;
        let mut shown: Shown = read(self.page.evaluate("changing the page", call).await?)?;
        if shown.failed > 0 {
            tracing::debug!(failed = shown.failed, errors = ?shown.errors, "the page refused changes");
        }
        if shown.pending > 0 {
            shown.seen = self.settle(shown.slow, to, look).await?;
        }
        Ok(shown)
    }

    /// The `call` about `steps`: what is too long for one message is handed over in several before.
    async fn hand_over(
        &self,
        steps: &[Step],
        call: impl FnOnce(&str) -> String,
    ) -> Result<String, StageError> {
        let list = wire::list(steps);
        let limits = &self.page.limits;
        if list.len() > limits.size(Limit::Page) {
            return Err(StageError::TooMuch {
                bytes: list.len(),
                hint: limits.hint(Limit::Page),
            });
        }
        let mut changes = steps.iter().flat_map(|step| &step.changes);
        let anew = changes.any(|change| matches!(change, Change::Reset));
        self.page.weighs(list.len(), anew);
        if list.len() <= wire::PIECE {
            return Ok(call(&list));
        }
        let (pieces, name) = wire::pieces(&list);
        for piece in pieces {
            self.page.evaluate("changing the page", piece).await?;
        }
        Ok(call(name))
    }

    /// Waits for pictures, fonts and films to get ready, and looks at the page then. What is not `slow` may be
    /// ready by now.
    async fn settle(&mut self, slow: bool, to: f64, look: &Look<'_>) -> Result<Seen, StageError> {
        let begun = Instant::now();
        let deadline = self.page.limits.time(Limit::BrowserReady);
        let mut rests = slow;
        loop {
            if rests {
                if self.capture_method() == CaptureMethod::BeginFrame {
                    self.page.grant_time(GRANT_MS).await?;
                }
                self.seen = false;
                self.camera.tick(&self.page).await?;
                tokio::time::sleep(READY_PAUSE).await;
            }
            rests = true;
            // What does not get ready costs its time once, not with every frame.
            let patience = begun.elapsed() < deadline;
            let call = wire::settle_call(to, patience, look);
            let settled: Settled = read(self.page.evaluate("waiting for pictures", call).await?)?;
            if settled.pending == 0 || !patience {
                return Ok(settled.seen);
            }
        }
    }

    /// Looks at the page as it is.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn look(&mut self, look: &Look<'_>) -> Result<Seen, StageError> {
        self.prepare().await?;
        read(
            self.page
                .evaluate("looking at the page", wire::look_call(look))
                .await?,
        )
    }

    /// Loads the page script, once.
    async fn prepare(&mut self) -> Result<(), StageError> {
        if !self.script_ready {
            self.page
                .evaluate(
                    "preparing the page",
                    wire::script(!self.browser.without.page_check),
                )
                .await?;
            if self.still {
                self.page
                    .evaluate("preparing the page", "domreel.beStill()".to_owned())
                    .await?;
            }
            self.script_ready = true;
        }
        Ok(())
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: serde_json::Value) -> Result<T, StageError> {
    serde_json::from_value(answer).map_err(|error| StageError::Script {
        message: error.to_string(),
    })
}
