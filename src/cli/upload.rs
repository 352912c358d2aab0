//! Options about where a clip is uploaded to.

use std::path::Path;

use clap::Args;
use domreel::embed::ClipFiles;
use domreel::encode::Format;
use domreel::encode::output::Target;
use domreel::limits::Limits;
use domreel::upload::Upload;

use super::failure::{Failure, Status};

/// Where the clip is uploaded to.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct UploadArgs {
    /// Upload clip, poster and captions to this folder and link to them there: s3://BUCKET/FOLDER, gs://…,
    /// az://…, https://… (PUT) or file:///…
    ///
    /// Credentials come from the environment, by their usual names (AWS_ACCESS_KEY_ID,
    /// GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME …; DOMREEL_UPLOAD_TOKEN is sent to servers as a bearer
    /// token). S3, Google and Azure need the cargo feature ‘cloud’.
    #[arg(long, value_name = "URL", help_heading = "Upload")]
    upload: Option<String>,
    /// Address of that folder for readers, where it is another
    #[arg(long, value_name = "URL", requires = "upload", help_heading = "Upload")]
    public_url: Option<String>,
}

/// Where an uploaded clip is.
#[derive(Debug, Clone)]
pub(crate) struct Uploaded {
    /// The clip's address.
    pub(crate) clip: String,
    /// That of its folder, with a slash at its end.
    pub(crate) folder: String,
}

impl UploadArgs {
    /// Whether there is something to upload to.
    pub(crate) fn is_wanted(&self) -> bool {
        self.upload.is_some()
    }

    /// Tells what will not work before the clip is made.
    ///
    /// # Errors
    /// When the address cannot be used, or the clip is not one file.
    pub(crate) fn check(&self, target: &Target, format: Format) -> Result<(), Failure> {
        if self.open()?.is_some() && (*target == Target::Stdout || format.extension().is_none()) {
            let message = "--upload sends one file: name one with --output, as clip.gif";
            return Err(Failure::message(Status::Usage, message));
        }
        Ok(())
    }

    fn open(&self) -> Result<Option<Upload>, Failure> {
        let url = self.upload.as_deref();
        url.map(|url| Upload::open(url, self.public_url.as_deref()))
            .transpose()
            .map_err(|error| Failure::new(Status::Usage, error))
    }

    /// Uploads a clip and what is shown with it, if that is wanted.
    ///
    /// # Errors
    /// When the address cannot be used, or a file is not taken.
    pub(crate) fn send(&self, clip: &ClipFiles, limits: &Limits) -> Result<Option<Uploaded>, Failure> {
        let Some(upload) = self.open()? else {
            return Ok(None);
        };
        let upload = upload.within(limits);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Status::Internal, error))?;
        let beside = &clip.manifest.beside;
        let sent = runtime.block_on(async {
            for (name, media_type) in [(&beside.poster, "image/png"), (&beside.captions, "text/vtt")] {
                // A name from a file leads nowhere else than beside it.
                if let Some(name) = name.as_ref().and_then(|name| Path::new(name).file_name()) {
                    upload.put(&clip.path.with_file_name(name), media_type).await?;
                }
            }
            let media_type = clip.manifest.clip.media_type.as_deref();
            upload
                .put(&clip.path, media_type.unwrap_or("application/octet-stream"))
                .await
        });
        let link = sent.map_err(|error| Failure::new(Status::Upload, error))?;
        let folder = upload.folder().to_owned();
        Ok(Some(Uploaded { clip: link, folder }))
    }
}
