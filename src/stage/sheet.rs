//! Pieces of our own HTML, drawn by the browser for the overlays: its shaping, its fonts, its emoji.

use serde::Deserialize;

use super::{Stage, StageError};
use crate::pixmap::Pixmap;

const SCRIPT: &str = include_str!("../../assets/sheet.js");

/// A sheet may be this many times as high as the stage; what is below is not drawn.
const MAX_PAGES: u32 = 64;

/// A sheet of HTML as the browser draws it, twice, so that what is transparent can be told: whatever
/// differs between the two grounds lets the ground through.
#[derive(Debug, Clone)]
pub struct SheetPicture {
    /// Drawn on black.
    pub on_black: Pixmap,
    /// Drawn on white.
    pub on_white: Pixmap,
    /// The elements with a `data-sprite` attribute, in document order.
    pub sprites: Vec<SpriteBox>,
}

/// Where on a sheet a sprite is, in device pixels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "(String, f64, f64, f64, f64)")]
pub struct SpriteBox {
    /// Value of the `data-sprite` attribute.
    pub name: String,
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl From<(String, f64, f64, f64, f64)> for SpriteBox {
    fn from((name, x, y, width, height): (String, f64, f64, f64, f64)) -> Self {
        SpriteBox {
            name,
            x,
            y,
            width,
            height,
        }
    }
}

impl Stage {
    /// Draws `html`, in which one CSS pixel is one device pixel, above whatever the stage shows. It
    /// is trusted: text from outside must be escaped. What is wider than the stage is cut off.
    ///
    /// # Errors
    /// When the browser does not answer, or a picture cannot be read.
    pub async fn draw_sheet(&mut self, html: &str) -> Result<SheetPicture, StageError> {
        if !self.sheet_ready {
            self.page
                .evaluate("preparing the overlays", SCRIPT.to_owned())
                .await?;
            self.sheet_ready = true;
        }
        let html = serde_json::Value::from(html).to_string();
        let (on_black, sprites) = self.draw_on("black", &html).await?;
        let (on_white, _) = self.draw_on("white", &html).await?;
        self.page
            .evaluate("removing the overlays", "domreelSheet.hide()".to_owned())
            .await?;
        Ok(SheetPicture {
            on_black,
            on_white,
            sprites,
        })
    }

    /// Draws the sheet on one ground, as many stage heights of it as hold sprites.
    async fn draw_on(&mut self, ground: &str, html: &str) -> Result<(Pixmap, Vec<SpriteBox>), StageError> {
        let mut whole = Pixmap {
            width: 0,
            height: 0,
            data: Vec::new(),
        };
        loop {
            let show = format!("domreelSheet.show({html},{ground:?},{})", whole.height);
            let sprites = self.page.evaluate("drawing the overlays", show).await?;
            let sprites: Vec<SpriteBox> =
                serde_json::from_value(sprites).map_err(|error| StageError::Script {
                    message: error.to_string(),
                })?;
            let part = self.shot().await?;
            let step = part.height;
            whole.width = part.width;
            whole.height += part.height;
            whole.data.extend_from_slice(&part.data);
            let bottom = sprites
                .iter()
                .map(|sprite| sprite.y + sprite.height)
                .fold(0.0, f64::max);
            if f64::from(whole.height) >= bottom || whole.height >= step.saturating_mul(MAX_PAGES) {
                return Ok((whole, sprites));
            }
        }
    }
}
