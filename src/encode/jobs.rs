//! Work on frames that is spread over cores and taken back in order.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use super::EncodeError;

/// Threads of one encoder.
pub(super) struct Workers {
    pool: rayon::ThreadPool,
    threads: usize,
    format: &'static str,
}

impl Workers {
    /// Starts so many threads, or as many as there are cores. `format` is for messages.
    pub(super) fn new(threads: Option<NonZeroUsize>, format: &'static str) -> Result<Self, EncodeError> {
        let threads = match threads {
            Some(threads) => threads.get(),
            None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(move |at| format!("{format}-{at}"))
            // The result is missed where it is waited for, which is an error there.
            .panic_handler(|_| {})
            .build()
            .map_err(|error| EncodeError::Thread {
                format,
                reason: error.to_string(),
            })?;
        Ok(Self {
            pool,
            threads,
            format,
        })
    }

    /// Jobs that one queue should hold, so that all threads have work and memory stays bounded.
    pub(super) fn backlog(&self) -> usize {
        self.threads + 2
    }
}

/// Jobs under way, oldest first.
pub(super) struct Jobs<T>(VecDeque<Receiver<T>>);

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Send + 'static> Jobs<T> {
    /// Number of jobs whose results were not taken yet.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Starts a job.
    pub(super) fn start(&mut self, workers: &Workers, work: impl FnOnce() -> T + Send + 'static) {
        let (sender, result) = sync_channel(1);
        // Nobody receives the result only if the encoder was dropped.
        workers.pool.spawn_fifo(move || drop(sender.send(work())));
        self.0.push_back(result);
    }

    /// Takes the result of the oldest job: if there is one, and it is done or `wait` says to wait.
    pub(super) fn take(&mut self, workers: &Workers, wait: bool) -> Result<Option<T>, EncodeError> {
        let Some(oldest) = self.0.front() else {
            return Ok(None);
        };
        let result = if wait {
            oldest.recv().map_err(|_| TryRecvError::Disconnected)
        } else {
            oldest.try_recv()
        };
        match result {
            Ok(result) => {
                self.0.pop_front();
                Ok(Some(result))
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(EncodeError::Thread {
                format: workers.format,
                reason: "it panicked, which is a mistake in domreel; please report it".into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let workers = Workers::new(NonZeroUsize::new(3), "test").unwrap();
        let mut jobs = Jobs::default();
        for at in 0..50u64 {
            jobs.start(&workers, move || {
                std::thread::sleep(std::time::Duration::from_micros(at * 37 % 500));
                at
            });
        }
        let results: Vec<u64> = std::iter::from_fn(|| jobs.take(&workers, true).unwrap()).collect();
        assert_eq!(results, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_is_an_error() {
        let workers = Workers::new(NonZeroUsize::new(1), "test").unwrap();
        let mut jobs: Jobs<()> = Jobs::default();
        jobs.start(&workers, || panic!("on purpose"));
        assert!(matches!(
            jobs.take(&workers, true),
            Err(EncodeError::Thread { format: "test", .. })
        ));
    }
}
