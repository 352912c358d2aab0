//! Clips of small pictures.

use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use domreel::encode::gif::{GifEncoder, GifOptions, Quality};
use domreel::encode::{Frame, StreamEncoder};
use domreel::pixmap::Pixmap;

/// Encodes what `bytes` make, and reads it back.
pub fn gif(bytes: &[u8]) {
    let mut source = Unstructured::new(bytes);
    let _ = encoded(&mut source);
}

fn encoded(source: &mut Unstructured<'_>) -> Result<()> {
    let (width, height): (u32, u32) = (source.int_in_range(1..=40)?, source.int_in_range(1..=24)?);
    let options = GifOptions {
        threads: Some(std::num::NonZeroUsize::MIN),
        quality: Quality {
            colours: source.int_in_range(0..=300)?,
            tolerance: source.int_in_range(0..=40)?,
        },
        ..GifOptions::default()
    };
    let mut encoder = GifEncoder::new(Vec::new(), options).expect("an encoder");
    let mut pixels = vec![255; (width * height * 4) as usize];
    let mut clip_ms = 0;
    let mut frames = 0;
    while !source.is_empty() && frames < 12 {
        // A rectangle of noise or of one colour; what is not changed stays.
        let (left, top) = (
            source.int_in_range(0..=width - 1)?,
            source.int_in_range(0..=height - 1)?,
        );
        let (right, bottom) = (
            source.int_in_range(left..=width - 1)?,
            source.int_in_range(top..=height - 1)?,
        );
        let noise: bool = source.arbitrary()?;
        let colour: [u8; 3] = source.arbitrary()?;
        for y in top..=bottom {
            for x in left..=right {
                let at = ((y * width + x) * 4) as usize;
                let add = if noise { (x * 7 + y * 13) as u8 } else { 0 };
                for (channel, value) in colour.iter().enumerate() {
                    pixels[at + channel] = value.wrapping_add(add);
                }
            }
        }
        let duration_ms = u64::from(source.arbitrary::<u16>()?);
        let frame = Frame {
            pixels: Arc::new(Pixmap {
                width,
                height,
                data: pixels.clone(),
            }),
            clip_ms,
            recording_ms: clip_ms as f64,
            duration_ms,
        };
        encoder.push(frame).expect("a frame");
        clip_ms += duration_ms;
        frames += 1;
    }
    if frames == 0 {
        return Ok(());
    }
    let (bytes, summary) = encoder.finish().expect("a file");
    let mut read = gif::DecodeOptions::new();
    read.set_color_output(gif::ColorOutput::RGBA);
    let mut read = read.read_info(&bytes[..]).expect("a GIF");
    assert_eq!(
        (u32::from(read.width()), u32::from(read.height())),
        (width, height)
    );
    let mut found = 0;
    while let Some(frame) = read.read_next_frame().expect("a frame") {
        assert!(u32::from(frame.left) + u32::from(frame.width) <= width);
        assert!(u32::from(frame.top) + u32::from(frame.height) <= height);
        found += 1;
    }
    assert!(found >= 1 && summary.frames <= found);
    Ok(())
}
