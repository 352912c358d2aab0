//! Pixels, as every step from the stage to the encoders passes them on.

use fast_image_resize as fir;

/// A picture: RGBA8, row-major, rows without padding (stride = `width * 4`), opaque unless said
/// otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixmap {
    /// Width in device pixels.
    pub width: u32,
    /// Height in device pixels.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub data: Vec<u8>,
}

impl Pixmap {
    /// The same picture at another size; it must be opaque.
    ///
    /// # Errors
    /// What is wrong with the picture or the size.
    pub(crate) fn scaled(&self, width: u32, height: u32) -> Result<Pixmap, String> {
        self.part_scaled((0, 0), (self.width, self.height), width, height)
    }

    /// The part that begins at `from` and is of that `size`, at another size; it must be opaque.
    ///
    /// # Errors
    /// What is wrong with the picture, the part or the size.
    pub(crate) fn part_scaled(
        &self,
        from: (u32, u32),
        size: (u32, u32),
        width: u32,
        height: u32,
    ) -> Result<Pixmap, String> {
        let source = fir::images::ImageRef::new(self.width, self.height, &self.data, fir::PixelType::U8x4)
            .map_err(|error| error.to_string())?;
        let mut scaled = fir::images::Image::new(width, height, fir::PixelType::U8x4);
        // Catmull-Rom keeps text sharper than linear filters do, and rings less than Lanczos.
        let options = fir::ResizeOptions::new()
            .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::CatmullRom))
            .use_alpha(false)
            .crop(from.0.into(), from.1.into(), size.0.into(), size.1.into());
        fir::Resizer::new()
            .resize(&source, &mut scaled, &options)
            .map_err(|error| error.to_string())?;
        Ok(Pixmap {
            width,
            height,
            data: scaled.into_vec(),
        })
    }
}
