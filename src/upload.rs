//! Clips go where a link leads to them: S3, Google Cloud Storage, Azure, a server that takes `PUT`, or a
//! directory.
//!
//! Credentials come from the environment alone, by their usual names. Servers need the feature `fetch`,
//! object stores the feature `cloud`.

use std::path::{Path, PathBuf};

use url::Url;

use crate::encode::output::write_file;
use crate::limits::{Hint, Limit, Limits};

/// Environment variable with the token that a server which takes `PUT` wants to see.
#[cfg(feature = "fetch")]
const TOKEN: &str = "DOMREEL_UPLOAD_TOKEN";

/// A place that files are uploaded to.
#[derive(Debug)]
pub struct Upload {
    place: Place,
    /// Address of the folder for readers, with a slash at its end.
    link: Url,
    limits: Limits,
}

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    /// A folder that takes `PUT`, with a slash at its end.
    #[cfg(feature = "fetch")]
    Server(reqwest::Client, Url),
    #[cfg(feature = "cloud")]
    Store(Box<dyn object_store::ObjectStore>, object_store::path::Path),
}

/// Why a file was not uploaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The address cannot be used.
    #[error("cannot upload to {url}: {reason}")]
    Url {
        /// The address, without anything that could be secret.
        url: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The file cannot be read.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The place did not take the file.
    #[error("{file} could not be uploaded: {reason}")]
    Refused {
        /// Which.
        file: String,
        /// What the place said, and what to do.
        reason: String,
    },
    /// The place took too long.
    #[error("{file} was not uploaded in time; {hint}; try again, or upload it by hand")]
    Late {
        /// Which.
        file: String,
        /// How long it may take.
        hint: Hint,
    },
}

impl Upload {
    /// The folder at `url`: `s3://BUCKET/FOLDER`, `gs://…`, `az://…`, `https://…`, `file:///…`. `public` is
    /// its address for readers, where that is another.
    ///
    /// # Errors
    /// When the address cannot be used, or no address for readers follows from it.
    pub fn open(url: &str, public: Option<&str>) -> Result<Upload, UploadError> {
        let wrong = |shown: &str, reason: String| UploadError::Url {
            url: shown.to_owned(),
            reason,
        };
        let parsed =
            Url::parse(url).map_err(|error| wrong("what --upload names", no_address(&error.to_string())))?;
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
            let reason = "it holds a name, password or query; credentials come from the environment alone";
            let shown = parsed.host_str().unwrap_or("what --upload names");
            return Err(wrong(shown, reason.to_owned()));
        }
        let parsed = with_slash(parsed);
        let shown = parsed.to_string();
        let link = match public {
            Some(public) => match Url::parse(public) {
                Ok(url) if matches!(url.scheme(), "http" | "https" | "file") => url,
                Ok(_) => return Err(wrong(public, no_address("readers need http or https"))),
                Err(error) => return Err(wrong(public, no_address(&error.to_string()))),
            },
            None => readers_address(&parsed).ok_or_else(|| {
                wrong(
                    &shown,
                    "give the address by which it is read with --public-url".to_owned(),
                )
            })?,
        };
        let place = match parsed.scheme() {
            "file" => parsed
                .to_file_path()
                .map(Place::Directory)
                .map_err(|()| "it is no path on this machine".to_owned()),
            "http" | "https" => server(parsed),
            _ => store(&parsed),
        };
        Ok(Upload {
            place: place.map_err(|reason| wrong(&shown, reason))?,
            link: with_slash(link),
            limits: Limits::default(),
        })
    }

    /// The same within other limits than the usual.
    pub fn within(self, limits: &Limits) -> Upload {
        Upload {
            limits: *limits,
            ..self
        }
    }

    /// Address of the folder for readers, with a slash at its end.
    pub fn folder(&self) -> &str {
        self.link.as_str()
    }

    /// Uploads a file, over one of its name; returns its address.
    ///
    /// # Errors
    /// When it cannot be read, or the place does not take it in time.
    pub async fn put(&self, path: &Path, media_type: &str) -> Result<String, UploadError> {
        let file = path.display().to_string();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = match tokio::fs::read(path).await {
            Ok(bytes) => bytes,
            Err(source) => return Err(UploadError::File { file, source }),
        };
        let put = self.place.put(&name, bytes, media_type);
        match tokio::time::timeout(self.limits.time(Limit::Upload), put).await {
            Ok(Ok(())) => Ok(inside(&self.link, &name).to_string()),
            Ok(Err(reason)) => Err(UploadError::Refused { file, reason }),
            Err(_) => Err(UploadError::Late {
                file,
                hint: self.limits.hint(Limit::Upload),
            }),
        }
    }
}

impl Place {
    async fn put(&self, name: &str, bytes: Vec<u8>, media_type: &str) -> Result<(), String> {
        // Without its type a browser saves a clip and does not show it; directories keep none.
        let _ = media_type;
        match self {
            Place::Directory(directory) => {
                std::fs::create_dir_all(directory)
                    .map_err(|error| format!("{}: {error}", directory.display()))?;
                write_file(&directory.join(name), &bytes).map_err(|error| error.to_string())
            }
            #[cfg(feature = "fetch")]
            Place::Server(client, folder) => put(client, inside(folder, name), bytes, media_type).await,
            #[cfg(feature = "cloud")]
            Place::Store(store, folder) => {
                use object_store::{Attribute, Attributes, PutOptions, PutPayload};
                let options = PutOptions {
                    attributes: Attributes::from_iter([(Attribute::ContentType, media_type.to_owned())]),
                    ..PutOptions::default()
                };
                let key = folder.clone().join(name);
                let put = store.put_opts(&key, PutPayload::from(bytes), options).await;
                put.map(|_| ()).map_err(|error| {
                    format!("{error}; are bucket and credentials in the environment the right ones?")
                })
            }
        }
    }
}

#[cfg(feature = "fetch")]
fn server(folder: Url) -> Result<Place, String> {
    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    crate::fetch::use_ring();
    let mut headers = HeaderMap::new();
    if let Ok(token) = std::env::var(TOKEN) {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| format!("{TOKEN} holds characters that no header can"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let client = reqwest::Client::builder()
        // A token must not follow to another server.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(30))
        .default_headers(headers)
        .user_agent(concat!("domreel/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Place::Server(client, folder))
}

#[cfg(not(feature = "fetch"))]
fn server(_: Url) -> Result<Place, String> {
    Err("this domreel was built without the feature ‘fetch’ and knows no servers".to_owned())
}

#[cfg(feature = "fetch")]
async fn put(client: &reqwest::Client, url: Url, bytes: Vec<u8>, media_type: &str) -> Result<(), String> {
    let request = client
        .put(url.clone())
        .header(reqwest::header::CONTENT_TYPE, media_type)
        .body(bytes);
    let status = match request.send().await {
        Ok(answer) => answer.status(),
        Err(error) => {
            let mut reason = format!("{url} cannot be reached");
            let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
            while let Some(error) = cause {
                reason = format!("{reason}: {error}");
                cause = error.source();
            }
            return Err(reason);
        }
    };
    let advice = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => "give the address that it redirects to",
        401 | 403 if std::env::var_os(TOKEN).is_some() => "does the token in DOMREEL_UPLOAD_TOKEN allow it?",
        401 | 403 => "put a token into the environment variable DOMREEL_UPLOAD_TOKEN",
        404 | 405 | 409 | 501 => "is there such a folder, and does the server take PUT?",
        413 => "make the clip smaller, with --max-size",
        _ => "try again, or upload it by hand",
    };
    Err(format!("{url} answered {status}; {advice}"))
}

#[cfg(feature = "cloud")]
fn store(url: &Url) -> Result<Place, String> {
    crate::worker::store::open_url(url)
        .map(|(store, folder)| Place::Store(store, folder))
        .map_err(|error| error.to_string())
}

#[cfg(not(feature = "cloud"))]
fn store(url: &Url) -> Result<Place, String> {
    Err(match url.scheme() {
        "s3" | "s3a" | "gs" | "az" | "azure" | "abfs" | "abfss" | "adl" => {
            "this domreel was built without object stores (cargo feature ‘cloud’)".to_owned()
        }
        scheme => no_address(&format!("{scheme}:// is not known")),
    })
}

fn no_address(reason: &str) -> String {
    format!("{reason}; give s3://BUCKET/FOLDER, gs://…, az://…, https://… or file:///…")
}

/// The address by which readers get what is uploaded.
fn readers_address(url: &Url) -> Option<Url> {
    let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
    let path = url.path();
    let bucket = url.host_str();
    let address = match url.scheme() {
        "s3" | "s3a" => match variable(&["AWS_ENDPOINT", "AWS_ENDPOINT_URL"]) {
            Some(endpoint) => format!("{}/{}{path}", endpoint.trim_end_matches('/'), bucket?),
            None => {
                let region = variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
                let region = region.unwrap_or_else(|| "us-east-1".to_owned());
                format!("https://{}.s3.{region}.amazonaws.com{path}", bucket?)
            }
        },
        "gs" => format!("https://storage.googleapis.com/{}{path}", bucket?),
        "az" | "azure" | "abfs" | "abfss" | "adl" => {
            let account = variable(&["AZURE_STORAGE_ACCOUNT_NAME"])?;
            format!("https://{account}.blob.core.windows.net/{}{path}", bucket?)
        }
        // What is not known is told when it is opened.
        _ => return Some(url.clone()),
    };
    Url::parse(&address).ok()
}

/// The address of a file in a folder.
fn inside(folder: &Url, name: &str) -> Url {
    let mut url = folder.clone();
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().push(name);
    }
    url
}

fn with_slash(mut url: Url) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> String {
        with_slash(readers_address(&Url::parse(url).unwrap()).unwrap()).to_string()
    }

    #[tokio::test]
    async fn a_directory_takes_files_and_tells_their_addresses() {
        let directory = tempfile::tempdir().unwrap();
        let clip = directory.path().join("my clip.gif");
        std::fs::write(&clip, "GIF89a").unwrap();
        let url = Url::from_file_path(directory.path().join("up")).unwrap();
        let upload = Upload::open(url.as_str(), None).unwrap();
        let link = upload.put(&clip, "image/gif").await.unwrap();
        assert_eq!(link, format!("{url}/my%20clip.gif"));
        let uploaded = directory.path().join("up/my clip.gif");
        assert_eq!(std::fs::read(uploaded).unwrap(), b"GIF89a");
        let upload = Upload::open(url.as_str(), Some("https://clips.example/a")).unwrap();
        assert_eq!(upload.folder(), "https://clips.example/a/");
        assert_eq!(
            upload.put(&clip, "image/gif").await.unwrap(),
            "https://clips.example/a/my%20clip.gif"
        );
        assert!(upload.put(Path::new("/no/such.gif"), "image/gif").await.is_err());
    }

    #[tokio::test]
    #[cfg(feature = "fetch")]
    async fn a_place_that_does_not_answer_in_time_is_given_up() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let clip = tempfile::NamedTempFile::new().unwrap();
        let limits = Limits::default().with(Limit::Upload, 20);
        let upload = Upload::open(&url, None).unwrap().within(&limits);
        let late = upload.put(clip.path(), "image/gif").await.unwrap_err();
        assert!(matches!(late, UploadError::Late { .. }), "{late}");
        assert!(late.to_string().contains("20ms, which --allow upload="), "{late}");
    }

    #[test]
    fn readers_get_an_address_of_the_web() {
        assert_eq!(address("https://clips.example/a"), "https://clips.example/a/");
        assert_eq!(
            address("gs://bucket/a/b"),
            "https://storage.googleapis.com/bucket/a/b/"
        );
        assert!(Upload::open("file:///tmp/clips", Some("s3://clips")).is_err());
    }

    #[test]
    fn no_secret_is_taken_from_an_address_or_told() {
        for url in [
            "https://me:secret@clips.example/",
            "https://clips.example/?token=secret",
        ] {
            let error = Upload::open(url, None).unwrap_err().to_string();
            assert!(error.contains("environment"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        for url in ["clips", "ftp://clips.example/"] {
            let error = Upload::open(url, None).unwrap_err().to_string();
            assert!(error.contains("file:///"), "{error}");
        }
    }

    #[cfg(not(feature = "cloud"))]
    #[test]
    fn object_stores_that_are_not_built_in_are_told() {
        let error = Upload::open("s3://clips/2026", None).unwrap_err().to_string();
        assert!(error.contains("feature ‘cloud’"), "{error}");
    }
}
