//! Isolation with a layer taken away, for tests that show that the others hold.

use std::path::PathBuf;

/// Layers of the isolation that are taken away. Nothing but tests may: no command line, variable or file
/// leads here.
#[derive(Debug, Clone, Default)]
pub struct Without {
    /// The content security policy.
    pub policy: bool,
    /// The refusal of every request.
    pub refusal: bool,
    /// The flags that leave the browser neither names nor a proxy that leads anywhere.
    pub network_flags: bool,
    /// The page script's own check of what it is given.
    pub page_check: bool,
    /// Where the browser logs what it does on the network.
    pub net_log: Option<PathBuf>,
}
