//! Options about what a recording refers to but does not contain.

use std::path::PathBuf;

use clap::Args;
use domreel::asset::{self, Assets};
#[cfg(feature = "fetch")]
use domreel::asset::{AllowedHost, NetOptions, fetch_absent};
use domreel::limits::Limits;
use domreel::recording::Recording;

use super::failure::{Failure, Status};

/// Where pictures, fonts and style sheets come from that were not recorded.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AssetArgs {
    /// Pictures, fonts and style sheets that the recording refers to: a directory (host/path?query, as ‘wget -x’
    /// makes it), a ZIP of one, or a HAR with contents; again for more
    ///
    /// They are found by their whole address, query included. Scripts and documents are never used.
    #[arg(long, value_name = "DIR|HAR|ZIP", help_heading = "Assets")]
    assets: Vec<PathBuf>,
    /// Fetch what is missing from exactly this host: cdn.example.com, or with a port; again for more
    ///
    /// domreel fetches itself, without cookies and credentials; the browser stays cut off. Addresses of this
    /// machine, its network and of cloud metadata are refused, whatever name leads to them.
    #[cfg(feature = "fetch")]
    #[arg(long, value_name = "HOST", help_heading = "Assets")]
    allow_host: Vec<AllowedHost>,
}

impl AssetArgs {
    /// Whether anything was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        #[cfg(feature = "fetch")]
        if !self.allow_host.is_empty() {
            return false;
        }
        self.assets.is_empty()
    }

    /// The assets that were named, and those that `recording` refers to and allowed hosts have.
    ///
    /// # Errors
    /// When a file that was named cannot be used. What hosts do not give, or `limits` not allow, stays missing.
    pub(crate) fn assets(
        &self,
        recording: &Recording,
        known: Assets,
        limits: &Limits,
    ) -> Result<Assets, Failure> {
        let mut assets =
            Assets::read(&self.assets, limits).map_err(|error| Failure::new(Status::Input, error))?;
        assets.add(known);
        #[cfg(not(feature = "fetch"))]
        let _ = recording;
        #[cfg(feature = "fetch")]
        if !self.allow_host.is_empty() {
            let absent = asset::absent(recording, &assets);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::new(Status::Internal, error))?;
            let options = NetOptions {
                limits: *limits,
                ..NetOptions::default()
            };
            assets.add(runtime.block_on(fetch_absent(&absent, &self.allow_host, &options)));
        }
        Ok(assets)
    }

    /// Puts into a recording what it refers to.
    ///
    /// # Errors
    /// When a file that was named cannot be used.
    pub(crate) fn fill(&self, recording: &mut Recording, limits: &Limits) -> Result<(), Failure> {
        if !self.is_empty() {
            let assets = self.assets(recording, Assets::default(), limits)?;
            asset::fill(recording, &assets);
        }
        Ok(())
    }
}
