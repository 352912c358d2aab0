//! Two ways to a picture of the page, the same pixels from both.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chromiumoxide::cdp::browser_protocol::headless_experimental::{
    BeginFrameParams, BeginFrameReturns, ScreenshotParams, ScreenshotParamsFormat,
};
use chromiumoxide::cdp::browser_protocol::page::{CaptureScreenshotFormat, CaptureScreenshotParams};

use chromiumoxide::error::CdpError;
use tokio::time::timeout;

use super::page::Page;
use super::{CaptureMethod, StageError};
use crate::pixmap::Pixmap;

/// How long the first frame on demand may take before it counts as not there.
const PROBE_DEADLINE: Duration = Duration::from_secs(2);

/// How often a frame that came without a picture is asked for again.
const PICTURE_TRIES: usize = 5;

/// Takes pictures of a page by one method.
#[derive(Debug)]
pub(super) struct Camera {
    method: CaptureMethod,
    /// The next frame is told to be damaged whatever it shows: the one before had a picture.
    damaged: bool,
}

impl Camera {
    pub(super) fn new(method: CaptureMethod) -> Self {
        Camera {
            method,
            damaged: false,
        }
    }

    pub(super) fn method(&self) -> CaptureMethod {
        self.method
    }

    /// Draws the first frame, without which a page shows nothing.
    ///
    /// # Errors
    /// [`StageError::NoBeginFrame`] when the browser has no frames on demand.
    pub(super) async fn warm_up(&mut self, page: &Page) -> Result<(), StageError> {
        if self.method == CaptureMethod::BeginFrame {
            match timeout(PROBE_DEADLINE, self.begin_frame(page, false)).await {
                Ok(Ok(_)) => {}
                Ok(Err(StageError::Protocol(CdpError::Chrome(_)))) | Err(_) => {
                    return Err(StageError::NoBeginFrame);
                }
                Ok(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets the page lay itself out and decode what it needs, without a picture.
    pub(super) async fn tick(&mut self, page: &Page) -> Result<(), StageError> {
        match self.method {
            CaptureMethod::BeginFrame => self.begin_frame(page, false).await.map(drop),
            CaptureMethod::Screenshot => Ok(()),
        }
    }

    /// Has [`is_changed`](Camera::is_changed) tell of what changes from now on alone.
    pub(super) async fn watch(&mut self, page: &Page) -> Result<(), StageError> {
        if self.damaged {
            self.begin_frame(page, false).await?;
        }
        Ok(())
    }

    /// Whether the page may look different from the frame before, which is cheap to tell where frames are
    /// drawn on demand.
    pub(super) async fn is_changed(&mut self, page: &Page) -> Result<bool, StageError> {
        match self.method {
            CaptureMethod::BeginFrame => Ok(self.begin_frame(page, false).await?.has_damage),
            CaptureMethod::Screenshot => Ok(true),
        }
    }

    /// A lossless picture of the page as it is, as the browser's PNG.
    pub(super) async fn png(&mut self, page: &Page) -> Result<Vec<u8>, StageError> {
        let encoded = match self.method {
            CaptureMethod::BeginFrame => self.frame_with_picture(page).await?,
            CaptureMethod::Screenshot => {
                let capture = CaptureScreenshotParams {
                    format: Some(CaptureScreenshotFormat::Png),
                    optimize_for_speed: Some(true),
                    ..CaptureScreenshotParams::default()
                };
                page.call("taking a picture", capture).await?.data
            }
        };
        BASE64
            .decode(AsRef::<[u8]>::as_ref(&encoded))
            .map_err(|error| StageError::Picture {
                message: error.to_string(),
            })
    }

    async fn frame_with_picture(&mut self, page: &Page) -> Result<chromiumoxide::Binary, StageError> {
        for _ in 0..PICTURE_TRIES {
            // While the renderer starts, frames come without pictures.
            if let Some(data) = self.begin_frame(page, true).await?.screenshot_data {
                return Ok(data);
            }
        }
        Err(StageError::Picture {
            message: format!("none came in {PICTURE_TRIES} frames"),
        })
    }

    async fn begin_frame(&mut self, page: &Page, picture: bool) -> Result<BeginFrameReturns, StageError> {
        let screenshot = picture.then(|| ScreenshotParams {
            format: Some(ScreenshotParamsFormat::Png),
            optimize_for_speed: Some(true),
            ..ScreenshotParams::default()
        });
        let frame = BeginFrameParams {
            // Frames are due now: the browser would wait for later ones.
            screenshot,
            ..BeginFrameParams::default()
        };
        let drawn = page.call("drawing a frame", frame).await?;
        self.damaged = picture;
        Ok(drawn)
    }
}

/// Decodes a browser's PNG ([`Stage::png`](super::Stage::png)).
///
/// # Errors
/// When it is damaged.
pub fn decode(png: &[u8]) -> Result<Pixmap, StageError> {
    let unusable = |message: String| StageError::Picture { message };
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .map_err(|error| unusable(error.to_string()))?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    let is_plain = (info.color_type, info.bit_depth) == (png::ColorType::Rgb, png::BitDepth::Eight)
        && info.trns.is_none()
        && !info.interlaced;
    if !is_plain {
        let picture = image::load_from_memory_with_format(png, image::ImageFormat::Png)
            .map_err(|error| unusable(error.to_string()))?;
        return Ok(Pixmap {
            width,
            height,
            data: picture.into_rgba8().into_raw(),
        });
    }
    // As browsers write them. Made opaque row by row, which is quicker than to have that done.
    let stride = width as usize * 4;
    let mut data = Vec::with_capacity(stride.saturating_mul(height as usize));
    while let Some(row) = reader.next_row().map_err(|error| unusable(error.to_string()))? {
        let start = data.len();
        data.resize(start + stride, u8::MAX);
        for (pixel, color) in data[start..].chunks_exact_mut(4).zip(row.data().chunks_exact(3)) {
            pixel[..3].copy_from_slice(color);
        }
    }
    Ok(Pixmap { width, height, data })
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat, Luma, LumaA, Rgb, Rgba};

    use super::*;

    fn png(picture: DynamicImage) -> Vec<u8> {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, ImageFormat::Png).unwrap();
        file.into_inner()
    }

    #[test]
    fn every_kind_of_png_becomes_rgba() {
        let size = (3, 2);
        let shade = |x: u32, y: u32| (x * 40 + y * 7) as u8;
        let of = |pixel: &dyn Fn(u8) -> [u8; 4]| -> Vec<u8> {
            let places = (0..size.1).flat_map(|y| (0..size.0).map(move |x| shade(x, y)));
            places.flat_map(pixel).collect()
        };
        let rgb = image::RgbImage::from_fn(size.0, size.1, |x, y| Rgb([shade(x, y), 1, 2]));
        let rgba = image::RgbaImage::from_fn(size.0, size.1, |x, y| Rgba([shade(x, y), 1, 2, 9]));
        let gray = image::GrayImage::from_fn(size.0, size.1, |x, y| Luma([shade(x, y)]));
        let both = image::GrayAlphaImage::from_fn(size.0, size.1, |x, y| LumaA([shade(x, y), 9]));
        for (picture, expected) in [
            (DynamicImage::from(rgb), of(&|shade| [shade, 1, 2, 255])),
            (rgba.into(), of(&|shade| [shade, 1, 2, 9])),
            (gray.into(), of(&|shade| [shade, shade, shade, 255])),
            (both.into(), of(&|shade| [shade, shade, shade, 9])),
        ] {
            let decoded = decode(&png(picture)).unwrap();
            assert_eq!((decoded.width, decoded.height), size);
            assert_eq!(decoded.data, expected);
        }
    }

    #[test]
    fn a_damaged_png_is_an_error() {
        let file = png(image::RgbImage::new(30, 20).into());
        for end in [0, 8, 40, file.len() - 30] {
            assert!(decode(&file[..end]).is_err(), "{end} of {} bytes", file.len());
        }
    }
}
