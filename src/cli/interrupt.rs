//! Ctrl-C: the first one asks for an orderly end, the second one for one without a result, which has
//! two seconds to come; the third one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::failure::{Failure, Status};

/// How long the second Ctrl-C leaves for clearing up.
const CLEARING_UP: Duration = Duration::from_secs(2);

/// Knows how often Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Begins to listen; until then Ctrl-C ends the process. Listens until the process ends.
    ///
    /// # Errors
    /// When the system gives no thread or no signal.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let pressed = Arc::new(AtomicU8::new(0));
        let seen = Arc::clone(&pressed);
        let failed = |error: std::io::Error| Failure::new(Status::Internal, error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        // From here on no signal ends the process by itself.
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new().map_err(failed)?
        };
        let listen = move || {
            runtime.block_on(async {
                let mut wanted = signals.next().await;
                while wanted {
                    if seen.fetch_add(1, Ordering::Relaxed) > 0 {
                        // Files that have no name yet are removed meanwhile.
                        let _ = tokio::time::timeout(CLEARING_UP, signals.next()).await;
                        std::process::exit(i32::from(Status::Interrupted as u8));
                    }
                    wanted = signals.next().await;
                }
            });
        };
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(listen)
            .map_err(failed)?;
        Ok(Interrupt(pressed))
    }

    /// Whether the work is to stop.
    pub(crate) fn is_pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Whether nothing is wanted of the work any more.
    pub(crate) fn is_pressed_twice(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }

    /// What a command that was stopped returns.
    pub(crate) fn failure() -> Failure {
        Failure::message(Status::Interrupted, "stopped")
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn pressed(&self) {
        while !self.is_pressed() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// Ctrl-C and, where there is such a thing, requests to terminate.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one; false when none can come any more.
    async fn next(&mut self) -> bool {
        tokio::select! {
            signal = self.interrupt.recv() => signal.is_some(),
            signal = self.terminate.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals)
    }

    /// Waits for the next one; false when none can come any more.
    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
