//! Recordings that people look at just now, as files.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Mutex;

use super::error::ApiError;
use crate::worker::job::Source;
use crate::worker::renderer::Progress;
use crate::worker::store::Store;

/// The last few recordings that were asked for. A file stays until nobody uses it.
pub(super) struct Cache {
    directory: PathBuf,
    files: Mutex<VecDeque<(String, Arc<Cached>)>>,
}

/// A recording's file; gone when dropped.
pub(super) struct Cached(TempDir);

impl Cached {
    pub(super) fn path(&self) -> PathBuf {
        recording_in(self.0.path())
    }
}

fn recording_in(directory: &Path) -> PathBuf {
    directory.join("recording")
}

impl Cache {
    /// Recordings that are kept.
    const KEPT: usize = 8;

    pub(super) fn new(directory: PathBuf) -> Self {
        Cache {
            directory,
            files: Mutex::new(VecDeque::new()),
        }
    }

    /// The recording of that hash, from the store if it is not here.
    pub(super) async fn get(
        &self,
        store: &Store,
        recording: &str,
        max: u64,
    ) -> Result<Arc<Cached>, ApiError> {
        // Held while fetching: whoever asks for the same one waits for it.
        let mut files = self.files.lock().await;
        if let Some(at) = files.iter().position(|(name, _)| name == recording)
            && let Some(found) = files.remove(at)
        {
            let file = Arc::clone(&found.1);
            files.push_back(found);
            return Ok(file);
        }
        let directory = tempfile::Builder::new()
            .prefix("domreel-look-")
            .tempdir_in(&self.directory)
            .map_err(|error| {
                crate::worker::store::StoreError::File(self.directory.display().to_string(), error)
            })?;
        let source = Source::Stored(recording.to_owned());
        let path = recording_in(directory.path());
        store.fetch(&source, &path, max, &Progress::default()).await?;
        let file = Arc::new(Cached(directory));
        files.push_back((recording.to_owned(), Arc::clone(&file)));
        if files.len() > Self::KEPT {
            files.pop_front();
        }
        Ok(file)
    }
}
