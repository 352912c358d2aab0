//! A clip that is there, with what lies beside it.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::beside::Extra;
use super::manifest::{Manifest, ManifestError};
use crate::limits::{Limit, Limits};

/// A clip and what is known about it.
#[derive(Debug, Clone)]
pub struct ClipFiles {
    /// Where the clip is.
    pub path: PathBuf,
    /// What is known about it.
    pub manifest: Manifest,
    /// How large it may be to be put into a document.
    pub limits: Limits,
}

/// Why a clip cannot be embedded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// There is nothing that tells of the clip.
    #[error("{} is needed, which tells what the clip shows: render it with --with manifest", path.display())]
    NoManifest {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The clip does not fit into the target.
    #[error("{target} shows no {format}: {instead}")]
    Format {
        /// The target.
        target: &'static str,
        /// The clip's format.
        format: String,
        /// What to do.
        instead: &'static str,
    },
    /// A document cannot be added to.
    #[error("{document}: {reason}")]
    Document {
        /// Its name.
        document: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl ClipFiles {
    /// The clip at `path`, by the manifest beside it, within `limits`.
    ///
    /// # Errors
    /// When there is no manifest, or it is something else or too large.
    pub fn open(path: &Path, limits: Limits) -> Result<ClipFiles, EmbedError> {
        let beside = Extra::Manifest.path(path);
        if !beside.exists() {
            return Err(EmbedError::NoManifest { path: beside });
        }
        Ok(ClipFiles {
            path: path.to_owned(),
            manifest: Manifest::read(&beside, &limits)?,
            limits,
        })
    }

    /// The clip's bytes in Base64.
    ///
    /// # Errors
    /// When it cannot be read, or is larger than [`Limit::Inline`].
    pub fn clip(&self) -> Result<String, EmbedError> {
        self.base64_of(&self.path)
    }

    /// The still picture in Base64, if there is one.
    pub fn poster(&self) -> Option<String> {
        let name = self.manifest.beside.poster.as_ref()?;
        // A name from a file leads nowhere else than beside it.
        let name = Path::new(name).file_name()?;
        self.base64_of(&self.path.with_file_name(name)).ok()
    }

    fn base64_of(&self, path: &Path) -> Result<String, EmbedError> {
        let unreadable = |source| EmbedError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            let error = io::Error::other("is no file; a clip of one file is needed");
            return Err(unreadable(error));
        }
        if metadata.len() > self.limits.of(Limit::Inline) {
            let hint = self.limits.hint(Limit::Inline);
            let error = io::Error::other(format!("too large to be put into a document: {hint}"));
            return Err(unreadable(error));
        }
        Ok(STANDARD.encode(std::fs::read(path).map_err(unreadable)?))
    }
}
