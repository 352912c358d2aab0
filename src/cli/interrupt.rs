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
        let listen = move || {
            runtime.block_on(async {
                while asked_to_stop().await.is_ok() {
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

/// Waits for Ctrl-C or, where there is such a thing, a request to terminate.
async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
