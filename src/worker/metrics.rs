//! What a worker counts, in the text format that Prometheus reads.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::job::{Class, Phase, State};
use super::queue::Depth;
use super::renderer::Progress;

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    jobs: Family<StateLabel, Gauge>,
    oldest_due: Gauge<f64, std::sync::atomic::AtomicU64>,
    attempts: Family<ResultLabel, Counter>,
    failures: Family<ClassLabel, Counter>,
    phases: Family<PhaseLabel, Histogram>,
    frames: Counter,
    captures: Counter,
    captures_saved: Counter,
    browser_restarts: Counter,
    from_store: Counter,
    running: Gauge,
    taken_over: Counter,
    abandoned: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: Named,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: Named,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabel {
    class: Named,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabel {
    phase: Named,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Named(&'static str);

impl EncodeLabelValue for Named {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), fmt::Error> {
        EncodeLabelValue::encode(&self.0, encoder)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        // 10 ms to 20 min.
        let phases = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(0.01, 2.0, 18))) as fn() -> Histogram,
        );
        let mut metrics = Metrics {
            registry: Registry::with_prefix("domreel"),
            jobs: Family::default(),
            oldest_due: Gauge::default(),
            attempts: Family::default(),
            failures: Family::default(),
            phases,
            frames: Counter::default(),
            captures: Counter::default(),
            captures_saved: Counter::default(),
            browser_restarts: Counter::default(),
            from_store: Counter::default(),
            running: Gauge::default(),
            taken_over: Counter::default(),
            abandoned: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "queue_jobs",
            "Jobs in the queue by state; ‘due’ could be taken now",
            self.jobs.clone(),
        );
        registry.register_with_unit(
            "queue_oldest_due",
            "How long the oldest due job has been due",
            Unit::Seconds,
            self.oldest_due.clone(),
        );
        registry.register(
            "attempts",
            "Attempts that ended, by result",
            self.attempts.clone(),
        );
        registry.register(
            "failures",
            "Attempts that failed, by class",
            self.failures.clone(),
        );
        registry.register_with_unit(
            "phase_duration",
            "Time that attempts spent in each phase",
            Unit::Seconds,
            self.phases.clone(),
        );
        registry.register("frames", "Frames made", self.frames.clone());
        registry.register("captures", "Pictures taken of a page", self.captures.clone());
        registry.register(
            "captures_saved",
            "Frames that needed no picture because the page had not changed",
            self.captures_saved.clone(),
        );
        registry.register(
            "browser_restarts",
            "Browsers that were replaced",
            self.browser_restarts.clone(),
        );
        registry.register(
            "clips_from_store",
            "Jobs whose clip was in the store already",
            self.from_store.clone(),
        );
        registry.register("running", "Jobs that this process works on", self.running.clone());
        registry.register(
            "jobs_taken_over",
            "Jobs taken from workers that fell silent",
            self.taken_over.clone(),
        );
        registry.register(
            "abandoned",
            "Attempts that did not stop when told to, and were left behind",
            self.abandoned.clone(),
        );
        // Present from the start, so that a rate over them is defined.
        for class in Class::ALL {
            drop(self.failures.get_or_create(&ClassLabel {
                class: Named(class.name()),
            }));
        }
        for result in ["done", "again", "dead", "canceled", "lost"] {
            drop(self.attempts.get_or_create(&ResultLabel {
                result: Named(result),
            }));
        }
    }

    /// Everything, as text; the queue's depth as given.
    pub fn text(&self, depth: Option<Depth>) -> String {
        if let Some(depth) = depth {
            let due = ("due", depth.due);
            let waiting = ("waiting", depth.waiting);
            let rest = [
                (State::Running.name(), depth.running),
                (State::Done.name(), depth.done),
                (State::Dead.name(), depth.dead),
                (State::Canceled.name(), depth.canceled),
            ];
            for (state, count) in [due, waiting].into_iter().chain(rest) {
                self.jobs
                    .get_or_create(&StateLabel { state: Named(state) })
                    .set(i64::try_from(count).unwrap_or(i64::MAX));
            }
            self.oldest_due.set(depth.oldest_due_ms as f64 / 1000.0);
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    pub(super) fn attempt_began(&self) {
        self.running.inc();
    }

    pub(super) fn attempt_ended(&self, result: &'static str, progress: &Progress) {
        self.running.dec();
        self.attempts
            .get_or_create(&ResultLabel {
                result: Named(result),
            })
            .inc();
        for (phase, time) in progress.phase_times() {
            self.phase(phase, time);
        }
        self.frames.inc_by(progress.snapshot().frames);
        let (captures, saved, restarts) = progress.counts();
        self.captures.inc_by(captures);
        self.captures_saved.inc_by(saved);
        self.browser_restarts.inc_by(restarts);
    }

    fn phase(&self, phase: Phase, time: Duration) {
        self.phases
            .get_or_create(&PhaseLabel {
                phase: Named(phase.name()),
            })
            .observe(time.as_secs_f64());
    }

    pub(super) fn failed(&self, class: Class) {
        self.failures
            .get_or_create(&ClassLabel {
                class: Named(class.name()),
            })
            .inc();
    }

    pub(super) fn found_in_store(&self) {
        self.from_store.inc();
    }

    pub(super) fn took_over(&self) {
        self.taken_over.inc();
    }

    pub(super) fn abandoned(&self) {
        self.abandoned.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_every_family() {
        let metrics = Metrics::default();
        let progress = Progress::default();
        progress.phase(Phase::Render);
        progress.frames(7, 1.0);
        metrics.attempt_began();
        metrics.attempt_ended("done", &progress);
        metrics.failed(Class::Browser);
        let text = metrics.text(Some(Depth {
            due: 3,
            oldest_due_ms: 1500,
            ..Depth::default()
        }));
        for line in [
            "domreel_queue_jobs{state=\"due\"} 3",
            "domreel_queue_oldest_due_seconds 1.5",
            "domreel_attempts_total{result=\"done\"} 1",
            "domreel_failures_total{class=\"browser\"} 1",
            "domreel_failures_total{class=\"stalled\"} 0",
            "domreel_phase_duration_seconds_count{phase=\"render\"} 1",
            "domreel_frames_total 7",
            "domreel_running 0",
        ] {
            assert!(text.contains(line), "{line} is missing from\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
