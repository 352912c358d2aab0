//! What happens to a job after an attempt: the one place that decides.
//!
//! | what happened | what follows |
//! |---|---|
//! | a failure that may pass | another attempt, later each time, until `max_attempts` |
//! | a failure that stays | dead letter at once |
//! | the worker died or the renderer panicked | another attempt, alone in its worker; dead letter after `max_crashes` |
//! | the worker drains | back to the queue as if it had not been taken |
//!
//! Attempts are counted when they begin, in the queue, so a dead worker cannot forget one.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::job::{Class, JobError, JobId};

/// The rules a queue is run by.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Attempts before a job that keeps failing is given up.
    pub max_attempts: u32,
    /// Attempts that may take their worker with them, or panic, before the job is given up.
    pub max_crashes: u32,
    /// Wait before the second attempt; doubles each time.
    pub backoff: Duration,
    /// The longest wait between two attempts, before jitter.
    pub max_backoff: Duration,
    /// How long a worker may be silent before its jobs go to others.
    pub lease: Duration,
    /// How long one attempt may take.
    pub deadline: Duration,
    /// How long an attempt may go without a frame or another sign of progress.
    pub stall: Duration,
    /// How long an attempt that was told to stop may take to do so before it is abandoned.
    pub stop_grace: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            max_attempts: 4,
            max_crashes: 2,
            backoff: Duration::from_secs(2),
            max_backoff: Duration::from_secs(300),
            lease: Duration::from_secs(30),
            deadline: Duration::from_secs(30 * 60),
            stall: Duration::from_secs(60),
            stop_grace: Duration::from_secs(10),
        }
    }
}

/// What becomes of a job after a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Another attempt, not before this time has passed.
    Again(Duration),
    /// A dead letter, for this reason.
    Dead(JobError),
}

impl Policy {
    /// What follows when the attempt number `attempts` of job `id` failed with `error`, `crashes`
    /// attempts having crashed, this one included.
    pub fn after_failure(&self, id: &JobId, error: JobError, attempts: u32, crashes: u32) -> Verdict {
        if !error.retryable {
            return Verdict::Dead(error);
        }
        if error.class.is_crash() && crashes >= self.max_crashes {
            let what = match error.class {
                Class::Panic => "panicked or took their worker with them",
                _ => "took their worker with them",
            };
            return Verdict::Dead(JobError::fatal(
                error.class,
                format!("given up: {crashes} attempts {what}; the last: {}", error.message),
            ));
        }
        if attempts >= self.max_attempts {
            return Verdict::Dead(JobError::fatal(
                error.class,
                format!("given up after {attempts} attempts; the last: {}", error.message),
            ));
        }
        Verdict::Again(self.wait(id, attempts))
    }

    /// The wait after attempt number `attempts`: doubled each time, up to a fourth more or less so
    /// that jobs that failed together do not come back together. The same for the same job.
    fn wait(&self, id: &JobId, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(30);
        let wait = self.backoff.saturating_mul(1 << doublings).min(self.max_backoff);
        let digest = Sha256::digest(format!("{id} {attempts}"));
        let share = f64::from(digest.first().copied().unwrap_or_default()) / 255.0;
        wait.mul_f64(0.75 + share / 2.0)
    }

    /// Time between two signs of life of a worker, and between two looks at those of others.
    ///
    /// A fifth, because it adds up: a dead worker's last sign is seen up to one interval late, three
    /// silent intervals are waited for, and the third is noticed up to one interval late.
    pub fn beat(&self) -> Duration {
        (self.lease / 5).max(Duration::from_millis(20))
    }

    /// Silence after which a worker counts as dead, as an observer measures it.
    pub fn silence(&self) -> Duration {
        self.beat() * 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaky() -> JobError {
        JobError::retryable(Class::Browser, "the browser died")
    }

    #[test]
    fn waits_double_up_to_a_bound_and_differ_between_jobs() {
        let policy = Policy::default();
        let id = JobId::generate();
        for (attempts, seconds) in [(1, 2.0), (2, 4.0), (3, 8.0), (12, 300.0), (u32::MAX, 300.0)] {
            let wait = policy.wait(&id, attempts).as_secs_f64();
            assert!(
                wait >= seconds * 0.749 && wait <= seconds * 1.251,
                "{attempts}: {wait}"
            );
            assert_eq!(wait, policy.wait(&id, attempts).as_secs_f64());
        }
        let waits: std::collections::BTreeSet<_> =
            (0..50).map(|_| policy.wait(&JobId::generate(), 1)).collect();
        assert!(waits.len() > 20, "{waits:?}");
    }

    #[test]
    fn what_may_pass_is_tried_again_until_the_last_attempt() {
        let policy = Policy::default();
        let id = JobId::generate();
        for attempts in 1..policy.max_attempts {
            let verdict = policy.after_failure(&id, flaky(), attempts, 0);
            assert!(matches!(verdict, Verdict::Again(_)), "{attempts}");
        }
        let Verdict::Dead(reason) = policy.after_failure(&id, flaky(), policy.max_attempts, 0) else {
            panic!("not given up");
        };
        assert!(reason.message.contains("4 attempts") && reason.message.contains("browser died"));
        assert!(!reason.retryable);
    }

    #[test]
    fn what_stays_is_given_up_at_once() {
        let error = JobError::fatal(Class::Recording, "no event in it");
        let verdict = Policy::default().after_failure(&JobId::generate(), error.clone(), 1, 0);
        assert_eq!(verdict, Verdict::Dead(error));
    }

    #[test]
    fn a_job_may_take_few_workers_with_it() {
        let policy = Policy::default();
        let id = JobId::generate();
        let lost = JobError::retryable(Class::WorkerLost, "worker a fell silent");
        assert!(matches!(
            policy.after_failure(&id, lost.clone(), 1, 1),
            Verdict::Again(_)
        ));
        let Verdict::Dead(reason) = policy.after_failure(&id, lost, 2, 2) else {
            panic!("not given up");
        };
        assert!(reason.message.contains("2 attempts took their worker with them"));
        // Crashes of old do not turn a browser's failure into a dead letter.
        assert!(matches!(
            policy.after_failure(&id, flaky(), 2, 2),
            Verdict::Again(_)
        ));
    }

    #[test]
    fn a_dead_worker_is_noticed_within_the_lease() {
        let policy = Policy::default();
        assert!(policy.beat() + policy.silence() + policy.beat() <= policy.lease);
    }
}
