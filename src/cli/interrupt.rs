//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::{Failure, Status};

/// Knows whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen; until then Ctrl-C ends the process. Listens until the process ends.
    ///
    /// # Errors
    /// When the system gives no thread or no signal.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let pressed = Arc::new(AtomicBool::new(false));
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
                while signals.next().await {
                    if seen.swap(true, Ordering::Relaxed) {
                        std::process::exit(i32::from(Status::Interrupted as u8));
                    }
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
        self.0.load(Ordering::Relaxed)
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
