//! Secrets: from the environment, or from a file that nobody else can read; never from the command line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::http::FetchError;

/// Secrets by the name of their environment variable.
#[derive(Clone, Default)]
pub struct Tokens {
    file: BTreeMap<String, String>,
    environment: bool,
}

/// Why a file of secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("{path} holds secrets, and others can read it: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
    },
}

impl Tokens {
    /// The environment's.
    pub fn from_environment() -> Tokens {
        Tokens {
            file: BTreeMap::new(),
            environment: true,
        }
    }

    /// Those of a file, lines of `NAME=VALUE`; the environment's come before them.
    ///
    /// # Errors
    /// When it cannot be read, or others can read it.
    pub fn with_file(path: &Path) -> Result<Tokens, TokensError> {
        let unreadable = |source| TokensError::Unreadable {
            path: path.to_owned(),
            source,
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().map_err(unreadable)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(TokensError::Open {
                    path: path.to_owned(),
                });
            }
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let file = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Tokens {
            file,
            environment: true,
        })
    }

    /// Secrets that are given by name, without a look at the environment.
    pub fn of(secrets: &[(&str, &str)]) -> Tokens {
        Tokens {
            file: secrets
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            environment: false,
        }
    }

    /// The secret of that name.
    pub(super) fn get(&self, name: &'static str) -> Result<String, FetchError> {
        let environment = || std::env::var(name).ok().filter(|_| self.environment);
        environment()
            .or_else(|| self.file.get(name).cloned())
            .filter(|value| !value.is_empty())
            .ok_or(FetchError::NoToken { name })
    }
}

/// Tells names only.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.file.keys()).finish()
    }
}
