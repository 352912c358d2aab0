//! Where jobs, recordings and clips are.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::worker::policy::Policy;
use domreel::worker::queue::{Queue, QueueError};
use domreel::worker::store::{Sources, Store, StoreError};
use url::Url;

use super::runtime;
use crate::cli::failure::{Failure, Status};

/// Which queue, which store.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Directory of the queue's file and of the store, where nothing else is said
    #[arg(
        long,
        value_name = "DIR",
        default_value = "domreel-data",
        env = "DOMREEL_DATA",
        help_heading = "Place"
    )]
    data: PathBuf,
    /// The queue: sqlite://FILE, or postgres://USER@HOST/DATABASE for many machines [default: DIR/jobs.db]
    #[arg(
        long,
        value_name = "URL",
        env = "DOMREEL_QUEUE",
        hide_env_values = true,
        help_heading = "Place"
    )]
    queue: Option<String>,
    /// The store of recordings and clips: a directory, or a URL like s3://BUCKET/PREFIX [default: DIR/store]
    ///
    /// Credentials for URLs come from the environment, by their usual names (AWS_ACCESS_KEY_ID,
    /// GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME …).
    #[arg(
        long,
        value_name = "PLACE",
        env = "DOMREEL_STORE",
        hide_env_values = true,
        help_heading = "Place"
    )]
    store: Option<String>,
}

impl PlaceArgs {
    pub(crate) async fn queue(&self, policy: Policy) -> Result<Queue, Failure> {
        let file = || format!("sqlite://{}", self.data.join("jobs.db").display());
        let url = self.queue.clone().unwrap_or_else(file);
        Ok(Queue::open(&url, policy).await?)
    }

    pub(crate) async fn store(&self, sources: Sources) -> Result<Store, Failure> {
        let directory = || self.data.join("store").display().to_string();
        let place = self.store.clone().unwrap_or_else(directory);
        Ok(Store::open(&place, sources).await?)
    }

    /// Queue and store, for commands that do not work on jobs themselves.
    pub(crate) fn open(&self) -> Result<(tokio::runtime::Runtime, Queue, Store), Failure> {
        let runtime = runtime()?;
        let (queue, store) = runtime.block_on(async {
            let queue = self.queue(Policy::default()).await?;
            let store = self.store(Sources::default()).await?;
            Ok::<_, Failure>((queue, store))
        })?;
        Ok((runtime, queue, store))
    }

    /// Where files lie while they are worked on: beside the data, because `/tmp` is memory on some
    /// machines.
    pub(crate) fn work_directory(&self, chosen: Option<&Path>) -> PathBuf {
        chosen.map_or_else(|| self.data.join("work"), Path::to_owned)
    }
}

/// Which URLs may be fetched.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceArgs {
    /// Fetch recordings from URLs below this one; again for more [default: from none]
    ///
    /// Only what is named is ever fetched, so that nobody who can submit a job can make this machine
    /// ask others on its own network.
    #[arg(
        long = "allow-source",
        value_name = "URL",
        env = "DOMREEL_ALLOW_SOURCE",
        value_delimiter = ',',
        help_heading = "Place"
    )]
    allow_source: Vec<Url>,
}

impl SourceArgs {
    pub(crate) fn sources(&self) -> Sources {
        Sources::new(self.allow_source.clone())
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        let status = match error {
            QueueError::NoJob(_) | QueueError::Conflict(..) | QueueError::State(..) | QueueError::Key => {
                Status::Usage
            }
            QueueError::Url(..) => Status::Usage,
            QueueError::Database(_) | QueueError::Row(_) => Status::Internal,
        };
        Failure::new(status, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Url(..) | StoreError::Forbidden(_) => Status::Usage,
            StoreError::NoRecording(_) | StoreError::TooLarge(_) | StoreError::Damaged(_) => Status::Input,
            StoreError::Store(_)
            | StoreError::File(..)
            | StoreError::OutputTooLarge(..)
            | StoreError::Name(_) => Status::Internal,
        };
        Failure::new(status, error)
    }
}
