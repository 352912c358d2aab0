//! Where recordings come from and clips go to: a directory, or a bucket at a URL.
//!
//! ```text
//! recordings/SHA256             a recording that was submitted
//! clips/KEY/clip.gif …          what was made of it
//! clips/KEY/manifest.json       written last: without it the rest does not count
//! ```
//!
//! `KEY` is a hash of the recording, the options and the renderer's version. So the same request
//! has the same key, and whoever makes it a second time, knowingly or after a crash, finds the clip.

use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

mod sources;
#[cfg(test)]
mod tests;

pub use sources::Sources;

use super::job::{Class, JobError, Manifest, Output, Source};
use super::renderer::{Progress, Rendered, RenderedFile};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL or directory names no store.
    #[error("‘{0}’ is not usable as a store: {1}")]
    Url(String, String),
    /// The store failed, or is not there; it may be later.
    #[error("the store: {0}")]
    Store(#[from] object_store::Error),
    /// A file of ours could not be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// What was read is longer than allowed.
    #[error("the recording has more than {0} bytes; cut it, or raise --allow input=…")]
    TooLarge(u64),
    /// What was made is longer than allowed.
    #[error(
        "the clip has {0} bytes, more than the {1} allowed; make it shorter or smaller, or raise --allow output=…"
    )]
    OutputTooLarge(u64, u64),
    /// The recording is not there.
    #[error("there is no recording at {0}")]
    NoRecording(String),
    /// The recording in the store is not the one it should be.
    #[error("the recording {0} in the store is damaged: its content has another hash; submit it again")]
    Damaged(String),
    /// URLs like this are not fetched.
    #[error("{0} may not be fetched; allow it with --allow-source")]
    Forbidden(String),
    /// The renderer named a file outside its directory.
    #[error("the renderer made a file with the unusable name ‘{0}’")]
    Name(String),
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::TooLarge(_) | StoreError::OutputTooLarge(..) => {
                JobError::fatal(Class::Limit, message)
            }
            StoreError::NoRecording(_) | StoreError::Damaged(_) | StoreError::Forbidden(_) => {
                JobError::fatal(Class::Recording, message)
            }
            StoreError::Name(_) => JobError::fatal(Class::Internal, message),
            StoreError::Url(..) | StoreError::Store(_) | StoreError::File(..) => {
                JobError::retryable(Class::Storage, message)
            }
        }
    }
}

/// A store of recordings and clips. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    root: Key,
    sources: Sources,
}

/// The key of the clip of a recording, made with these options by that version of the renderer.
///
/// The hash is taken over the options as JSON with sorted names, so their order does not matter.
pub fn output_key(recording: &str, options: &Map<String, Value>, renderer: &str) -> String {
    let mut hash = Sha256::new();
    for part in [
        "domreel clip 1",
        recording,
        renderer,
        &sorted(&Value::Object(options.clone())).to_string(),
    ] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

/// The same value with the names in every object sorted. `Value` is bounded in depth by its parser.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| name.as_str());
            entries
                .into_iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens what a URL points to; credentials come from the environment, by the vendors' usual names.
pub(crate) fn open_url(url: &Url) -> Result<(Box<dyn ObjectStore>, Key), object_store::Error> {
    #[cfg(feature = "cloud")]
    crate::fetch::use_ring();
    let variables = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
    object_store::parse_url_opts(url, variables)
}

impl Store {
    /// Bytes that are sent or read in one piece.
    const PIECE: usize = 8 << 20;

    /// Opens the store at `place`: a directory, which is created, or a URL.
    pub async fn open(place: &str, sources: Sources) -> Result<Self, StoreError> {
        let wrong = |what: String| StoreError::Url(place.to_owned(), what);
        let directory = match Url::parse(place) {
            Ok(url) if url.scheme() == "file" => url
                .to_file_path()
                .map_err(|()| wrong("it is not a local path".to_owned()))?,
            // One letter is a drive.
            Ok(url) if url.scheme().len() > 1 => {
                let (inner, root) = open_url(&url).map_err(|error| wrong(error.to_string()))?;
                return Ok(Store {
                    inner: Arc::from(inner),
                    root,
                    sources,
                });
            }
            _ => Path::new(place).to_owned(),
        };
        tokio::fs::create_dir_all(&directory)
            .await
            .map_err(|error| wrong(error.to_string()))?;
        let inner = LocalFileSystem::new_with_prefix(&directory)
            .map_err(|error| wrong(error.to_string()))?
            // A job is only done when its clip survives a loss of power.
            .with_fsync(true);
        Ok(Store {
            inner: Arc::new(inner),
            root: Key::default(),
            sources,
        })
    }

    /// Which URLs recordings may be fetched from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    fn key(&self, parts: &[&str]) -> Result<Key, StoreError> {
        let mut key = self.root.clone();
        for part in parts.iter().flat_map(|part| part.split('/')) {
            if part.is_empty() || part == "." || part == ".." || part.contains(['\\', '\0', '#']) {
                return Err(StoreError::Name(parts.join("/")));
            }
            key = key.join(part);
        }
        Ok(key)
    }

    /// Whether the store answers: looks for something that is not there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match self.inner.head(&self.key(&["ping"])?).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a recording into the store, unless it is there.
    pub async fn put_recording(&self, file: &Path) -> Result<Source, StoreError> {
        let (hash, _) = hash_file(file).await?;
        let key = self.key(&["recordings", &hash])?;
        if !self.has_recording(&hash).await? {
            self.upload(file, &key, &Progress::default()).await?;
        }
        Ok(Source::Stored(hash))
    }

    /// Whether a recording is in the store.
    pub async fn has_recording(&self, hash: &str) -> Result<bool, StoreError> {
        match self.inner.head(&self.key(&["recordings", hash])?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies a recording to the new file `to`; returns its hash. At most `max` bytes.
    pub async fn fetch(
        &self,
        source: &Source,
        to: &Path,
        max: u64,
        progress: &Progress,
    ) -> Result<String, StoreError> {
        let (name, got) = match source {
            Source::Stored(hash) => {
                let key = self.key(&["recordings", hash])?;
                (hash.clone(), self.inner.get(&key).await)
            }
            Source::Url(text) => {
                let url = self.sources.check(text)?;
                let got = match open_url(&url) {
                    Ok((store, key)) => store.get(&key).await,
                    Err(error) => Err(error),
                };
                (text.clone(), got)
            }
        };
        let got = match got {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(StoreError::NoRecording(name));
            }
            other => other?,
        };
        let failed = |error| StoreError::File(to.display().to_string(), error);
        let mut file = tokio::fs::File::create_new(to).await.map_err(failed)?;
        let mut hash = Sha256::new();
        let mut total = 0u64;
        let mut stream = got.into_stream();
        while let Some(piece) = stream.next().await {
            let piece = piece?;
            total = total.saturating_add(piece.len() as u64);
            if total > max {
                return Err(StoreError::TooLarge(max));
            }
            hash.update(&piece);
            file.write_all(&piece).await.map_err(failed)?;
            progress.alive();
        }
        file.flush().await.map_err(failed)?;
        let found = hexadecimal(&hash.finalize());
        match source {
            Source::Stored(expected) if *expected != found => Err(StoreError::Damaged(name)),
            _ => Ok(found),
        }
    }

    /// What is stored under an output key, if it is complete.
    pub async fn manifest(&self, key: &str) -> Result<Option<Manifest>, StoreError> {
        let got = match self.inner.get(&self.key(&["clips", key, "manifest.json"])?).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other?.bytes().await?,
        };
        // What this version cannot read is made again.
        Ok(serde_json::from_slice(&got).ok())
    }

    /// Puts the files of a finished clip into the store, the manifest last, unless another was faster.
    #[allow(clippy::too_many_arguments)]
    pub async fn publish(
        &self,
        key: &str,
        recording: &str,
        options: &Map<String, Value>,
        renderer: &str,
        directory: &Path,
        rendered: Rendered,
        max: u64,
        progress: &Progress,
    ) -> Result<Manifest, StoreError> {
        let outputs = describe(directory, rendered.files, max).await?;
        for output in &outputs {
            let to = self.key(&["clips", key, &output.name])?;
            self.upload(&directory.join(&output.name), &to, progress).await?;
        }
        let manifest = Manifest {
            key: key.to_owned(),
            renderer: renderer.to_owned(),
            recording: recording.to_owned(),
            options: options.clone(),
            outputs,
            report: rendered.report,
        };
        let json =
            serde_json::to_vec_pretty(&manifest).map_err(|error| StoreError::Name(error.to_string()))?;
        let to = self.key(&["clips", key, "manifest.json"])?;
        let create = PutOptions::from(PutMode::Create);
        match self
            .inner
            .put_opts(&to, PutPayload::from(json.clone()), create)
            .await
        {
            Ok(_) => Ok(manifest),
            Err(object_store::Error::AlreadyExists { .. }) => match self.manifest(key).await? {
                Some(first) => Ok(first),
                None => {
                    self.inner.put(&to, PutPayload::from(json)).await?;
                    Ok(manifest)
                }
            },
            // A store that cannot do ‘only if absent’: the content is the same either way.
            Err(object_store::Error::NotImplemented { .. }) => {
                self.inner.put(&to, PutPayload::from(json)).await?;
                Ok(manifest)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The content of one output, in pieces, and its size.
    pub async fn open_output(
        &self,
        key: &str,
        name: &str,
    ) -> Result<
        (
            u64,
            futures::stream::BoxStream<'static, object_store::Result<bytes::Bytes>>,
        ),
        StoreError,
    > {
        let got = self.inner.get(&self.key(&["clips", key, name])?).await?;
        Ok((got.meta.size, got.into_stream()))
    }

    /// Writes a file to the store; whole or not at all.
    async fn upload(&self, file: &Path, to: &Key, progress: &Progress) -> Result<(), StoreError> {
        let failed = |error| StoreError::File(file.display().to_string(), error);
        let mut source = tokio::fs::File::open(file).await.map_err(failed)?;
        let first = piece(&mut source).await.map_err(failed)?;
        if first.len() < Self::PIECE {
            self.inner.put(to, PutPayload::from(first)).await?;
            progress.alive();
            return Ok(());
        }
        let mut upload = self
            .inner
            .put_multipart_opts(to, PutMultipartOptions::default())
            .await?;
        let sent = send(&mut upload, &mut source, first, file, progress).await;
        match sent {
            Ok(()) => upload.complete().await.map(|_| ()).map_err(StoreError::from),
            Err(error) => {
                // Best effort: the error that matters is the first one.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }
}

async fn send(
    upload: &mut Box<dyn MultipartUpload>,
    source: &mut tokio::fs::File,
    first: Vec<u8>,
    file: &Path,
    progress: &Progress,
) -> Result<(), StoreError> {
    let mut next = first;
    while !next.is_empty() {
        upload.put_part(PutPayload::from(next)).await?;
        progress.alive();
        next = piece(source)
            .await
            .map_err(|error| StoreError::File(file.display().to_string(), error))?;
    }
    Ok(())
}

/// Up to [`Store::PIECE`] bytes; fewer only at the end of the file.
async fn piece(source: &mut tokio::fs::File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(Store::PIECE as u64).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

async fn hash_file(file: &Path) -> Result<(String, u64), StoreError> {
    let failed = |error| StoreError::File(file.display().to_string(), error);
    let mut source = tokio::fs::File::open(file).await.map_err(failed)?;
    let mut hash = Sha256::new();
    let mut total = 0u64;
    loop {
        let bytes = piece(&mut source).await.map_err(failed)?;
        if bytes.is_empty() {
            return Ok((hexadecimal(&hash.finalize()), total));
        }
        total = total.saturating_add(bytes.len() as u64);
        hash.update(&bytes);
    }
}

/// Sizes and hashes of the files that a renderer made.
async fn describe(directory: &Path, files: Vec<RenderedFile>, max: u64) -> Result<Vec<Output>, StoreError> {
    let mut outputs = Vec::with_capacity(files.len());
    let mut total = 0u64;
    for file in files {
        let plain = Path::new(&file.name)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || file.name == "manifest.json" {
            return Err(StoreError::Name(file.name));
        }
        let (sha256, bytes) = hash_file(&directory.join(&file.name)).await?;
        total = total.saturating_add(bytes);
        outputs.push(Output {
            name: file.name,
            media_type: file.media_type,
            bytes,
            sha256,
        });
    }
    if total > max {
        return Err(StoreError::OutputTooLarge(total, max));
    }
    Ok(outputs)
}
