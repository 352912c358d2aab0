//! Where the time of a render goes.

use std::future::Future;
use std::time::{Duration, Instant};

use serde::Serialize;
use tracing::{Instrument, Span};

/// Where the time of a render went, in milliseconds of wall-clock time. Pieces are worked on at once,
/// so their times add up to more than the render took.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Timings {
    /// Reading the recording. 0 where that was somebody else's work.
    pub parse_ms: f64,
    /// Choosing the clip, its frames and what is drawn over them.
    pub plan_ms: f64,
    /// From the first look at the recording to the finished file, reading it not included.
    pub total_ms: f64,
    /// The pieces of the clip, in its order.
    pub segments: Vec<SegmentTimings>,
}

/// Where the time of one piece of a clip went, in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SegmentTimings {
    /// Which browser drew it, from 0.
    pub browser: usize,
    /// Where it begins, in milliseconds of clip time.
    pub from_ms: u64,
    /// Where it ends, in milliseconds of clip time.
    pub until_ms: u64,
    /// Pictures that the browser took of the page.
    pub pictures: u64,
    /// Applying events to the page in memory.
    pub replay_ms: f64,
    /// Starting the browser and bringing its page to where it has to be.
    pub stage_ms: f64,
    /// Drawing the page and taking its picture.
    pub draw_ms: f64,
    /// Decoding pictures, on threads of their own.
    pub decode_ms: f64,
    /// Drawing what is over the page.
    pub overlay_ms: f64,
    /// Handing frames to the encoder; the encoder's own threads do not count.
    pub encode_ms: f64,
    /// Waiting: a browser for its pictures to be taken away, the encoder for pictures.
    pub wait_ms: f64,
}

/// What a thread of the renderer can be busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Replay,
    Stage,
    Draw,
    Decode,
    Overlay,
    Encode,
    Wait,
}

impl Work {
    pub(super) fn span(self) -> Span {
        match self {
            Work::Replay => tracing::trace_span!("replay"),
            Work::Stage => tracing::trace_span!("stage"),
            Work::Draw => tracing::trace_span!("draw"),
            Work::Decode => tracing::trace_span!("decode"),
            Work::Overlay => tracing::trace_span!("overlay"),
            Work::Encode => tracing::trace_span!("encode"),
            Work::Wait => tracing::trace_span!("wait"),
        }
    }
}

/// Time spent on one piece of a clip so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    times: [Duration; 7],
    pub pictures: u64,
}

impl Spent {
    pub(super) fn add(&mut self, work: Work, time: Duration) {
        if let Some(sum) = self.times.get_mut(work as usize) {
            *sum += time;
        }
    }

    /// Does some work and counts its time.
    pub(super) fn on<T>(&mut self, work: Work, what: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work.span().in_scope(what);
        self.add(work, begun.elapsed());
        done
    }

    /// Waits for some work and counts the time until it is done.
    pub(super) async fn until<T>(&mut self, work: Work, what: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let done = what.instrument(work.span()).await;
        self.add(work, begun.elapsed());
        done
    }

    /// Takes over what another thread spent on the same piece.
    pub(super) fn merge(&mut self, other: &Spent) {
        for (sum, more) in self.times.iter_mut().zip(other.times) {
            *sum += more;
        }
        self.pictures += other.pictures;
    }

    pub(super) fn write_to(&self, timings: &mut SegmentTimings) {
        let ms = |work: Work| {
            let time = self.times.get(work as usize).copied().unwrap_or_default();
            milliseconds(time)
        };
        timings.pictures = self.pictures;
        timings.replay_ms = ms(Work::Replay);
        timings.stage_ms = ms(Work::Stage);
        timings.draw_ms = ms(Work::Draw);
        timings.decode_ms = ms(Work::Decode);
        timings.overlay_ms = ms(Work::Overlay);
        timings.encode_ms = ms(Work::Encode);
        timings.wait_ms = ms(Work::Wait);
    }
}

/// A time in milliseconds, to the microsecond.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// One line a piece, and one for their sum.
impl std::fmt::Display for Timings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "parse {:.0} ms, plan {:.0} ms, then {:.0} ms:",
            self.parse_ms,
            self.plan_ms,
            (self.total_ms - self.plan_ms).max(0.0)
        )?;
        write!(
            f,
            "{:>17} {:>7} {:>8}  replay   stage    draw  decode overlay  encode    wait",
            "clip time", "browser", "pictures"
        )?;
        let mut sum = SegmentTimings::default();
        for segment in &self.segments {
            let seconds = |ms: u64| ms as f64 / 1000.0;
            let time = format!(
                "{:.1}–{:.1} s",
                seconds(segment.from_ms),
                seconds(segment.until_ms)
            );
            write!(f, "\n{time:>17} {:>7} {:>8}", segment.browser, segment.pictures)?;
            for (ms, sum) in segment.times().into_iter().zip(sum.times_mut()) {
                write!(f, " {ms:>7.0}")?;
                *sum += ms;
            }
            sum.pictures += segment.pictures;
        }
        write!(f, "\n{:>17} {:>7} {:>8}", "sum", "", sum.pictures)?;
        for ms in sum.times() {
            write!(f, " {ms:>7.0}")?;
        }
        Ok(())
    }
}

impl SegmentTimings {
    fn times(&self) -> [f64; 7] {
        let mut copy = self.clone();
        copy.times_mut().map(|time| *time)
    }

    fn times_mut(&mut self) -> [&mut f64; 7] {
        [
            &mut self.replay_ms,
            &mut self.stage_ms,
            &mut self.draw_ms,
            &mut self.decode_ms,
            &mut self.overlay_ms,
            &mut self.encode_ms,
            &mut self.wait_ms,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_threads_add_up() {
        let mut browser = Spent::default();
        browser.add(Work::Draw, Duration::from_millis(30));
        browser.pictures = 2;
        let mut composer = Spent::default();
        composer.add(Work::Decode, Duration::from_millis(4));
        composer.add(Work::Draw, Duration::from_micros(500));
        composer.merge(&browser);
        let mut timings = SegmentTimings::default();
        composer.write_to(&mut timings);
        assert_eq!(
            (timings.draw_ms, timings.decode_ms, timings.pictures),
            (30.5, 4.0, 2)
        );
        let table = Timings {
            segments: vec![timings],
            ..Timings::default()
        }
        .to_string();
        let sum = table.lines().last().unwrap_or_default();
        assert_eq!(
            sum.split_whitespace().collect::<Vec<_>>(),
            ["sum", "2", "0", "0", "30", "4", "0", "0", "0"]
        );
    }
}
