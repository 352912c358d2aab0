//! How far a render is, for a person at a terminal.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use domreel::render::{Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::console::Console;
use super::interrupt::Interrupt;

/// How often the bar is drawn while nothing happens.
const TICK: Duration = Duration::from_millis(120);

/// A bar with phase, frames, speed and time left. Hidden where nobody would see it.
pub(crate) struct RenderBar {
    bar: ProgressBar,
    interrupt: Interrupt,
    /// Whether the first Ctrl-C ends the clip early instead of giving it up.
    keeps: bool,
    /// When rendering began: speed and time left count from there, not from the browsers' start.
    began: Mutex<Option<Instant>>,
}

impl RenderBar {
    pub(crate) fn new(console: &Console, interrupt: Interrupt) -> Self {
        let bar = console.bars().add(ProgressBar::new(0));
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix:<10} {bar:30} {percent:>3} %  {msg}")
        {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.enable_steady_tick(TICK);
        RenderBar {
            bar,
            interrupt,
            keeps: false,
            began: Mutex::new(None),
        }
    }

    /// The first Ctrl-C ends the clip with what is there, the second one gives it up.
    pub(crate) fn keeping_what_is_there(mut self) -> Self {
        self.keeps = true;
        self
    }

    fn elapsed(&self) -> Duration {
        let mut began = self.began.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        began.get_or_insert_with(Instant::now).elapsed()
    }
}

/// The same for what is of no use in part: the first Ctrl-C gives it up.
pub(crate) struct WholeOrNothing<'a>(pub(crate) &'a RenderBar);

impl Progress for WholeOrNothing<'_> {
    fn phase(&self, phase: Phase) {
        self.0.phase(phase);
    }

    fn frame(&self, clip_ms: u64, length_ms: u64, frames: u64) {
        self.0.frame(clip_ms, length_ms, frames);
    }

    fn cancelled(&self) -> bool {
        self.0.enough() || self.0.cancelled()
    }
}

impl Drop for RenderBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for RenderBar {
    fn phase(&self, phase: Phase) {
        self.bar.set_prefix(match phase {
            Phase::Starting => "starting",
            Phase::Rendering => "rendering",
            Phase::Finishing => "finishing",
        });
        if phase == Phase::Rendering {
            self.elapsed();
        }
    }

    fn frame(&self, clip_ms: u64, length_ms: u64, frames: u64) {
        self.bar.set_length(length_ms);
        self.bar.set_position(clip_ms);
        self.bar
            .set_message(message(clip_ms, length_ms, frames, self.elapsed()));
    }

    fn enough(&self) -> bool {
        self.keeps && self.interrupt.is_pressed()
    }

    fn cancelled(&self) -> bool {
        match self.keeps {
            true => self.interrupt.is_pressed_twice(),
            false => self.interrupt.is_pressed(),
        }
    }
}

/// Frames, speed and time left.
fn message(clip_ms: u64, length_ms: u64, frames: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let done = clip_ms as f64 / 1000.0;
    let mut message = format!("{frames} frames");
    // The first moments say nothing about the rest.
    if seconds >= 0.5 && done > 0.0 {
        let left = length_ms.saturating_sub(clip_ms) as f64 / 1000.0 * seconds / done;
        message += &format!(" · {:.1}× real time · {} left", done / seconds, duration(left));
    }
    message
}

/// A length of time in words, for seconds that nobody needs exactly.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_and_time_left_come_from_clip_time() {
        let at = |ms| message(10_000, 40_000, 57, Duration::from_millis(ms));
        assert_eq!(at(100), "57 frames");
        assert_eq!(at(2_000), "57 frames · 5.0× real time · 6 s left");
        assert_eq!(at(50_000), "57 frames · 0.2× real time · 2 min 30 s left");
        assert_eq!(message(0, 40_000, 0, Duration::from_secs(3)), "0 frames");
    }
}
