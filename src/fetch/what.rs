//! What is asked for.

use std::str::FromStr;

use url::Url;

/// How addresses of object stores begin.
pub const OBJECT_STORES: [&str; 5] = ["s3://", "gs://", "az://", "azure://", "file://"];

/// A product that keeps recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // They are products' names.
pub enum Product {
    Sentry,
    PostHog,
    Datadog,
}

/// Sessions of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The session of this id.
    Id(String),
    /// Those that a query finds, in the product's own language; an empty one finds all.
    Query(String),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file at an address.
    Url(String),
    /// An object of a store, or with a slash at the end those below it: `s3://BUCKET/PREFIX/`, `gs://…`, `az://…`,
    /// `file:///…`.
    Objects(String),
    /// `sentry:ORG/PROJECT/REPLAY`, `sentry:ORG/PROJECT?QUERY`, or a link.
    Sentry {
        /// Slug of the organization.
        org: String,
        /// Slug or number of the project; a link does not tell it.
        project: Option<String>,
        /// Which replays.
        asked: Asked,
    },
    /// `posthog:PROJECT/RECORDING`, `posthog:PROJECT?`, or a link.
    PostHog {
        /// Number of the project.
        project: String,
        /// Which recordings.
        asked: Asked,
        /// The server, where a link tells it.
        host: Option<String>,
    },
    /// `datadog:SESSION`, `datadog:?QUERY`, or a link.
    Datadog {
        /// Which sessions.
        asked: Asked,
        /// The site's interface (`https://api.datadoghq.eu`), where a link tells it.
        site: Option<String>,
    },
}

/// Something that names no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "‘{0}’ names no recording: use sentry:ORG/PROJECT/REPLAY, sentry:ORG/PROJECT?QUERY, posthog:PROJECT/RECORDING, \
     posthog:PROJECT?, datadog:SESSION, datadog:?QUERY, a link to a replay, or the address of a file or of an object store"
)]
pub struct UnknownWhat(String);

impl FromStr for What {
    type Err = UnknownWhat;

    fn from_str(text: &str) -> Result<Self, UnknownWhat> {
        let unknown = || UnknownWhat(text.to_owned());
        if text.starts_with("https://") || text.starts_with("http://") {
            let url = Url::parse(text).map_err(|_| unknown())?;
            return Ok(link(&url).unwrap_or_else(|| What::Url(text.to_owned())));
        }
        if OBJECT_STORES.iter().any(|scheme| text.starts_with(scheme)) {
            Url::parse(text).map_err(|_| unknown())?;
            return Ok(What::Objects(text.to_owned()));
        }
        let (product, rest) = text.split_once(':').ok_or_else(unknown)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (rest, None),
        };
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (product, parts.as_slice(), query) {
            ("sentry", [org, project], Some(query)) => Ok(What::Sentry {
                org: (*org).to_owned(),
                project: Some((*project).to_owned()),
                asked: Asked::Query(query),
            }),
            ("sentry", [org, project, id], None) => Ok(What::Sentry {
                org: (*org).to_owned(),
                project: Some((*project).to_owned()),
                asked: Asked::Id((*id).to_owned()),
            }),
            ("posthog", [project], Some(query)) => Ok(What::PostHog {
                project: (*project).to_owned(),
                asked: Asked::Query(query),
                host: None,
            }),
            ("posthog", [project, id], None) => Ok(What::PostHog {
                project: (*project).to_owned(),
                asked: Asked::Id((*id).to_owned()),
                host: None,
            }),
            ("datadog", [], Some(query)) => Ok(What::Datadog {
                asked: Asked::Query(query),
                site: None,
            }),
            ("datadog", [id], None) => Ok(What::Datadog {
                asked: Asked::Id((*id).to_owned()),
                site: None,
            }),
            _ => Err(unknown()),
        }
    }
}

/// A link to a replay, as the products' pages have it in the address line.
fn link(url: &Url) -> Option<What> {
    let host = url.host_str()?;
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    if let Some(org) = host.strip_suffix(".sentry.io") {
        let at = parts.iter().position(|part| *part == "replays")?;
        return Some(What::Sentry {
            org: org.to_owned(),
            project: None,
            asked: Asked::Id((*parts.get(at + 1)?).to_owned()),
        });
    }
    if host.ends_with(".posthog.com") {
        let at = parts.iter().position(|part| *part == "project")?;
        let in_query = || {
            let found = url.query_pairs().find(|(name, _)| name == "sessionRecordingId")?;
            Some(found.1.into_owned())
        };
        let in_path = || {
            let at = parts
                .iter()
                .position(|part| matches!(*part, "replay" | "recordings"))?;
            let id = parts.get(at + 1).filter(|id| id.len() >= 20)?;
            Some((*id).to_owned())
        };
        return Some(What::PostHog {
            project: (*parts.get(at + 1)?).to_owned(),
            asked: Asked::Id(in_query().or_else(in_path)?),
            host: Some(format!("https://{host}")),
        });
    }
    let site = host.strip_prefix("app.").unwrap_or(host);
    if matches!(site, "datadoghq.com" | "datadoghq.eu" | "ddog-gov.com") || site.ends_with(".datadoghq.com") {
        let at = parts.iter().position(|part| *part == "sessions")?;
        return Some(What::Datadog {
            asked: Asked::Id((*parts.get(at + 1)?).to_owned()),
            site: Some(format!("https://api.{site}")),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_sessions() {
        let of = |text: &str| text.parse::<What>().unwrap();
        assert_eq!(
            of("https://acme.sentry.io/explore/replays/38846b0c6fbb4ef3abf3e88a55c0549e/?query="),
            What::Sentry {
                org: "acme".to_owned(),
                project: None,
                asked: Asked::Id("38846b0c6fbb4ef3abf3e88a55c0549e".to_owned())
            }
        );
        let recording = "01a207e7-00dc-72f1-bcc5-9c1aaeb51163";
        let posthog = What::PostHog {
            project: "7".to_owned(),
            asked: Asked::Id(recording.to_owned()),
            host: Some("https://eu.posthog.com".to_owned()),
        };
        assert_eq!(
            of(&format!(
                "https://eu.posthog.com/project/7/replay/{recording}?t=3"
            )),
            posthog
        );
        assert_eq!(
            of(&format!(
                "https://eu.posthog.com/project/7/replay/home?sessionRecordingId={recording}"
            )),
            posthog
        );
        assert_eq!(
            of("https://app.datadoghq.eu/rum/replay/sessions/abc?seed=1"),
            What::Datadog {
                asked: Asked::Id("abc".to_owned()),
                site: Some("https://api.datadoghq.eu".to_owned())
            }
        );
        assert_eq!(
            of("s3://replays/2026/"),
            What::Objects("s3://replays/2026/".to_owned())
        );
        let file = "https://files.example/a.json.gz";
        assert_eq!(of(file), What::Url(file.to_owned()));
        assert_eq!(
            of("datadog:?@error.message:x"),
            What::Datadog {
                asked: Asked::Query("@error.message:x".to_owned()),
                site: None
            }
        );
        for wrong in [
            "",
            "a.json",
            "sentry:acme",
            "posthog:7",
            "amplitude:1",
            "ftp://x/y",
        ] {
            assert!(wrong.parse::<What>().is_err(), "{wrong}");
        }
    }
}
