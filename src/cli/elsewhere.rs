//! Recordings that are not files here: at an address, in a product, in a queue. They are brought into the cache, so
//! that a second scan brings only what is new.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::limits::Limits;

use super::console::Console;
use super::failure::{Failure, Status};

/// How recordings are brought.
#[derive(Debug, Clone, Args)]
pub(crate) struct ElsewhereArgs {
    /// With a query of a product: at most so many sessions
    #[cfg(feature = "fetch")]
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        help_heading = "Addresses and queues"
    )]
    limit: u32,
    /// The product's server, where it is not the usual one
    #[cfg(feature = "fetch")]
    #[arg(long, value_name = "URL", help_heading = "Addresses and queues")]
    base: Option<String>,
    /// A file with tokens, as lines of NAME=VALUE, that only its owner can read
    #[cfg(feature = "fetch")]
    #[arg(long, value_name = "FILE", help_heading = "Addresses and queues")]
    token_file: Option<PathBuf>,
    /// The store of a queue's recordings [default: ‘store’ beside the file of an SQLite queue]
    #[cfg(feature = "worker")]
    #[arg(
        long,
        value_name = "PLACE",
        env = "DOMREEL_STORE",
        hide_env_values = true,
        help_heading = "Addresses and queues"
    )]
    store: Option<String>,
}

/// How words begin that ‘fetch’ takes.
const ADDRESSES: [&str; 9] = [
    "https://", "http://", "sentry:", "posthog:", "datadog:", "s3://", "gs://", "az://", "file://",
];

/// What a word of the command line names.
enum Place<'a> {
    Path(&'a Path),
    /// What ‘fetch’ takes.
    #[cfg_attr(not(feature = "fetch"), allow(dead_code))]
    Address(&'a str),
    #[cfg_attr(not(feature = "worker"), allow(dead_code))]
    Queue(&'a str),
}

/// A file that is there is a file, whatever it is called.
fn place(path: &Path) -> Place<'_> {
    match path.to_str() {
        Some(_) | None if path.exists() => Place::Path(path),
        Some(text)
            if ["sqlite://", "postgres://", "postgresql://"]
                .iter()
                .any(|scheme| text.starts_with(scheme)) =>
        {
            Place::Queue(text)
        }
        Some(text) if ADDRESSES.iter().any(|scheme| text.starts_with(scheme)) => Place::Address(text),
        _ => Place::Path(path),
    }
}

impl ElsewhereArgs {
    /// The paths with what is elsewhere brought into `cache`, within `limits`.
    pub(crate) fn bring(
        &self,
        paths: &[PathBuf],
        cache: Option<&Path>,
        limits: &Limits,
        console: &Console,
    ) -> Result<Vec<PathBuf>, Failure> {
        let mut brought = Vec::with_capacity(paths.len());
        let folder = |kind: &str, name: &str| {
            let cache = cache.ok_or_else(|| {
                let message = "addresses and queues are scanned from the cache: leave --no-cache out";
                Failure::message(Status::Usage, message)
            })?;
            // A name that tells what it is, and is no other's.
            let plain: String = name
                .chars()
                .take(60)
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect();
            Ok::<_, Failure>(
                cache
                    .join(kind)
                    .join(format!("{plain}-{:016x}", fnv(name.as_bytes()))),
            )
        };
        for path in paths {
            match place(path) {
                Place::Path(path) => brought.push(path.to_owned()),
                Place::Address(what) => {
                    let folder = folder("fetched", what)?;
                    self.fetch(what, &folder, limits, console)?;
                    brought.push(folder);
                }
                Place::Queue(url) => {
                    let folder = folder("queues", url)?;
                    self.copy(url, &folder, console)?;
                    brought.push(folder);
                }
            }
        }
        Ok(brought)
    }

    #[cfg(feature = "fetch")]
    fn fetch(&self, what: &str, folder: &Path, limits: &Limits, console: &Console) -> Result<(), Failure> {
        use domreel::fetch::{FetchOptions, HttpOptions, Tokens, What, fetch};
        let what: What = what
            .parse()
            .map_err(|error| Failure::new(Status::Usage, anyhow::Error::new(error)))?;
        let tokens = match &self.token_file {
            Some(path) => Tokens::with_file(path).map_err(|error| Failure::new(Status::Usage, error))?,
            None => Tokens::from_environment(),
        };
        let options = FetchOptions {
            base: self.base.clone(),
            limit: self.limit as usize,
            http: HttpOptions {
                limits: *limits,
                ..HttpOptions::default()
            },
            ..FetchOptions::default()
        };
        let (mut there, mut first) = (0, None);
        let mut told = |done: Result<_, _>| match done {
            Ok(_) => there += 1,
            Err(error) => {
                console.note(&format!("{error}"));
                first.get_or_insert(error);
            }
        };
        let runtime = runtime()?;
        let asked = runtime.block_on(fetch(&what, folder, &options, &tokens, &mut told));
        if let Err(error) = asked {
            told(Err(error));
        }
        match (there, first) {
            (0, Some(error)) => Err(Failure::new(Status::Input, error)),
            _ => Ok(()),
        }
    }

    #[cfg(not(feature = "fetch"))]
    fn fetch(&self, what: &str, _: &Path, _: &Limits, _: &Console) -> Result<(), Failure> {
        let message = format!("{what}: this domreel was built without the feature ‘fetch’");
        Err(Failure::message(Status::Usage, message))
    }

    /// Copies the recordings that were submitted to a queue, each once.
    #[cfg(feature = "worker")]
    fn copy(&self, url: &str, folder: &Path, console: &Console) -> Result<(), Failure> {
        use std::collections::BTreeMap;

        use domreel::worker::job::Source;
        use domreel::worker::policy::Policy;
        use domreel::worker::queue::{Filter, Queue};
        use domreel::worker::renderer::Progress;
        use domreel::worker::store::{Sources, Store};
        let file = url.strip_prefix("sqlite://").map(Path::new);
        if let Some(file) = file.filter(|file| !file.exists()) {
            let message = format!("there is no queue at {}", file.display());
            return Err(Failure::message(Status::Input, message));
        }
        let beside = || Some(file?.with_file_name("store").display().to_string());
        let place = self.store.clone().or_else(beside).ok_or_else(|| {
            Failure::message(
                Status::Usage,
                "name the store of the queue's recordings with --store",
            )
        })?;
        std::fs::create_dir_all(folder).map_err(|error| Failure::new(Status::Output, error))?;
        runtime()?.block_on(async {
            let queue = Queue::open(url, Policy::default()).await?;
            let store = Store::open(&place, Sources::default()).await?;
            let all = Filter {
                limit: u32::MAX,
                ..Filter::default()
            };
            let jobs = queue.list(&all).await?;
            queue.close().await;
            let mut labels: BTreeMap<String, String> = BTreeMap::new();
            let mut passed = 0;
            for job in jobs {
                match job.spec.source {
                    Source::Stored(hash) => {
                        labels.entry(hash).or_insert(job.label);
                    }
                    Source::Url(_) => passed += 1,
                }
            }
            for (hash, label) in labels {
                let label: String = label
                    .chars()
                    .map(|c| {
                        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                            c
                        } else {
                            '_'
                        }
                    })
                    .collect();
                let name = format!("{}-{label}", hash.get(..16).unwrap_or(&hash));
                let to = folder.join(name);
                if to.exists() {
                    continue;
                }
                let part = folder.join(format!(".{hash}.part"));
                let _ = std::fs::remove_file(&part);
                match store
                    .fetch(&Source::Stored(hash), &part, u64::MAX, &Progress::default())
                    .await
                {
                    Ok(_) => {
                        std::fs::rename(&part, &to).map_err(|error| Failure::new(Status::Output, error))?
                    }
                    Err(error) => console.note(&format!("{label}: {error}")),
                }
            }
            if passed > 0 {
                console.note(&format!(
                    "passed over {passed} jobs whose recordings are at addresses: only the store is read"
                ));
            }
            Ok(())
        })
    }

    #[cfg(not(feature = "worker"))]
    fn copy(&self, url: &str, _: &Path, _: &Console) -> Result<(), Failure> {
        let message = format!("{url}: this domreel was built without the feature ‘worker’");
        Err(Failure::message(Status::Usage, message))
    }
}

#[cfg(any(feature = "fetch", feature = "worker"))]
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Internal, error))
}

/// A hash for names of directories (FNV-1a).
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        let kind = |text: &str| match place(Path::new(text)) {
            Place::Path(_) => "path",
            Place::Address(_) => "address",
            Place::Queue(_) => "queue",
        };
        assert_eq!(kind("recordings/"), "path");
        assert_eq!(kind("https://files.example/a.json"), "address");
        assert_eq!(kind("sentry:acme/shop?"), "address");
        assert_eq!(kind("sqlite://jobs.db"), "queue");
        assert_eq!(kind("postgres://me@host/jobs"), "queue");
    }
}
