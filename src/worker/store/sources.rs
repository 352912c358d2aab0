//! Which URLs recordings may come from.

use url::Url;

use super::StoreError;

/// URLs that recordings may be fetched from. None, unless allowed.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Url>);

impl Sources {
    /// Allows what lies below each of `prefixes`: same scheme, host and port, and a path that begins
    /// with the same segments.
    pub fn new(prefixes: Vec<Url>) -> Self {
        Sources(prefixes)
    }

    /// The URL, if it may be fetched.
    pub fn check(&self, text: &str) -> Result<Url, StoreError> {
        let forbidden = || StoreError::Forbidden(text.to_owned());
        let url = Url::parse(text).map_err(|_| forbidden())?;
        let allowed = self.0.iter().any(|prefix| {
            let path = prefix.path().trim_end_matches('/');
            url.scheme() == prefix.scheme()
                && url.host_str() == prefix.host_str()
                && url.port_or_known_default() == prefix.port_or_known_default()
                && url.username().is_empty()
                && url
                    .path()
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if allowed { Ok(url) } else { Err(forbidden()) }
    }
}
