//! Pages of a recording that are there already, so that a fetch goes on where it stopped.

use std::path::{Path, PathBuf};

use super::http::FetchError;
use super::write;

/// Pages of a recording that is not whole yet, in `FOLDER/.partial/NAME/`.
pub(super) struct Partial {
    folder: PathBuf,
    pages: usize,
    /// Where the next page begins, as the server named it; `None` before the first.
    pub(super) next: Option<String>,
}

impl Partial {
    /// What an earlier run left.
    pub(super) fn open(folder: &Path, name: &str) -> Result<Partial, FetchError> {
        let folder = folder.join(".partial").join(name);
        std::fs::create_dir_all(&folder).map_err(|source| FetchError::file(&folder, source))?;
        let mut partial = Partial {
            folder,
            pages: 0,
            next: None,
        };
        // The place of the next page is written after its page: both are there, or the page is asked for again.
        while let Ok(next) = std::fs::read_to_string(partial.path(partial.pages, "next")) {
            partial.next = Some(next);
            partial.pages += 1;
        }
        Ok(partial)
    }

    fn path(&self, page: usize, kind: &str) -> PathBuf {
        self.folder.join(format!("{page:05}.{kind}"))
    }

    /// How many pages are there.
    pub(super) fn count(&self) -> usize {
        self.pages
    }

    /// Keeps a page, and where the next one begins.
    pub(super) fn keep(&mut self, page: &[u8], next: &str) -> Result<(), FetchError> {
        write(&self.path(self.pages, "page"), page)?;
        write(&self.path(self.pages, "next"), next.as_bytes())?;
        self.next = Some(next.to_owned());
        self.pages += 1;
        Ok(())
    }

    /// All pages, in their order.
    pub(super) fn pages(&self) -> Result<Vec<Vec<u8>>, FetchError> {
        (0..self.pages)
            .map(|page| {
                let path = self.path(page, "page");
                std::fs::read(&path).map_err(|source| FetchError::file(&path, source))
            })
            .collect()
    }

    /// Throws the pages away: the recording is whole.
    pub(super) fn remove(self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(above) = self.folder.parent() {
            // Fails while another recording is not whole.
            let _ = std::fs::remove_dir(above);
        }
    }
}
