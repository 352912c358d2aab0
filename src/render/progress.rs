//! How far a render is.

/// What a render is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Planning frames and starting browsers.
    Starting,
    /// Drawing and encoding frames.
    Rendering,
    /// Writing what is left.
    Finishing,
}

/// Is told how far a render is, from several threads, and says whether it is still wanted.
pub trait Progress: Sync {
    /// A new phase begins.
    fn phase(&self, phase: Phase) {
        let _ = phase;
    }

    /// Frames up to `clip_ms` of `length_ms` (clip time) are finished; `frames` were made.
    fn frame(&self, clip_ms: u64, length_ms: u64, frames: u64) {
        let _ = (clip_ms, length_ms, frames);
    }

    /// The clip is to end with what has been drawn of it.
    fn enough(&self) -> bool {
        false
    }

    /// The render is to stop as soon as it can, and nothing of it is wanted.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Tells nobody.
impl Progress for () {}
