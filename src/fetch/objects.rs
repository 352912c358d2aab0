//! Recordings in an object store: `s3://BUCKET/PREFIX/`, `gs://…`, `az://…`, or a directory as `file:///…/`.
//!
//! Credentials come from the environment, by the vendors' usual names.

use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, parse_url_opts};
use url::Url;

use super::{FetchError, FetchOptions, Fetched, file_name, write};
use crate::limits::Limit;

/// Where the names of variables begin that hold credentials: others are none of a store's business.
const VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Fetches an object, or those below an address that ends in a slash: [`FetchOptions::limit`] at most. What is there
/// already in the same size is not fetched again.
pub(super) async fn fetch(
    address: &str,
    folder: &Path,
    options: &FetchOptions,
    told: &mut dyn FnMut(Result<Fetched, FetchError>),
) -> Result<(), FetchError> {
    let failed = |reason: String| FetchError::Store {
        url: address.to_owned(),
        reason,
    };
    let url = Url::parse(address).map_err(|error| failed(error.to_string()))?;
    let variables = std::env::vars()
        .filter(|(name, _)| VARIABLES.iter().any(|begin| name.starts_with(begin)))
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let (store, key) = parse_url_opts(&url, variables).map_err(|error| failed(error.to_string()))?;
    let found: Vec<ObjectMeta> = if address.ends_with('/') {
        let listed = store.list(Some(&key)).take(options.limit.max(1));
        let mut listed: Vec<ObjectMeta> = listed
            .try_collect()
            .await
            .map_err(|error| failed(error.to_string()))?;
        listed.sort_by(|one, two| one.location.cmp(&two.location));
        listed
    } else {
        vec![
            store
                .head(&key)
                .await
                .map_err(|error| failed(error.to_string()))?,
        ]
    };
    for object in found {
        told(one(&*store, &key, &object, folder, options).await);
    }
    Ok(())
}

async fn one(
    store: &dyn ObjectStore,
    below: &Key,
    object: &ObjectMeta,
    folder: &Path,
    options: &FetchOptions,
) -> Result<Fetched, FetchError> {
    let failed = |reason: String| FetchError::Store {
        url: object.location.to_string(),
        reason,
    };
    let mut recording: PathBuf = folder.to_owned();
    let parts: Vec<String> = match object.location.prefix_match(below) {
        Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect(),
        None => Vec::new(),
    };
    // An object that was named itself has nothing below it.
    let own = object.location.filename().unwrap_or("recording").to_owned();
    let parts = if parts.is_empty() { vec![own] } else { parts };
    recording.extend(parts.iter().map(|part| file_name(part)));
    if recording.metadata().is_ok_and(|there| there.len() == object.size) {
        return Ok(super::there(recording, Vec::new()));
    }
    let limits = &options.http.limits;
    if object.size > limits.of(Limit::FetchSize) {
        return Err(FetchError::TooMuch {
            url: object.location.to_string(),
            what: "the object is too large",
            hint: limits.hint(Limit::FetchSize),
        });
    }
    if let Some(parent) = recording.parent() {
        std::fs::create_dir_all(parent).map_err(|source| FetchError::file(parent, source))?;
    }
    let got = store
        .get(&object.location)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let bytes = got.bytes().await.map_err(|error| failed(error.to_string()))?;
    write(&recording, &bytes)?;
    Ok(Fetched {
        recording,
        events: Vec::new(),
        was_there: false,
    })
}
