//! Pixels, as every step from the stage to the encoders passes them on.

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
