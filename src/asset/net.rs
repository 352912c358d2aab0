//! Fetches assets from hosts that the user allows, by this program, never by the browser.
//!
//! A host is allowed exactly, not with its subdomains. Names are looked up once, every address they have
//! has to be [public](super::address), and the connection goes to one of those that were looked at; each
//! redirection is judged like a first address. Nothing is sent but the request: no cookies, no
//! credentials, no referrer, no proxy that would do the looking up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, redirect};
use url::{Host, Url};

use super::address::is_public;
use super::fill::absent_in_sheet;
use super::{Absent, Asset, AssetKind, AssetSource, Assets};
use crate::limits::{Hint, Limit, Limits};

/// A host from which assets may be fetched: `cdn.example.com`, or with its port `cdn.example.com:8443`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllowedHost {
    host: String,
    /// `None`: the usual ones of HTTP and HTTPS.
    port: Option<u16>,
}

/// Why that is no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "‘{0}’ is not a host: write its name alone, with a port if it is an unusual one (cdn.example.com, cdn.example.com:8443)"
)]
pub struct HostError(String);

impl FromStr for AllowedHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let wrong = || HostError(text.to_owned());
        let url = Url::parse(&format!("http://{text}/")).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?.to_owned();
        let is_alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && !text.contains(['/', '*', '@', '?', '#']);
        if !is_alone || !is_plain {
            return Err(wrong());
        }
        // The port that a URL leaves out as the usual one may have been meant alone.
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Ok(AllowedHost {
            host,
            port: url.port().or(port.filter(|port| *port == 80)),
        })
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl AllowedHost {
    fn allows(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let usual = match url.scheme() {
            "http" => 80,
            "https" => 443,
            _ => return false,
        };
        url.host_str() == Some(&self.host) && port == Some(self.port.unwrap_or(usual))
    }
}

/// Looks names up for tests, which have no network but this machine's.
type TestNames = BTreeMap<String, SocketAddr>;

/// How assets are fetched.
#[derive(Debug, Clone, Default)]
pub struct NetOptions {
    /// How many, how large, and how long it may take.
    pub limits: Limits,
    /// Stands for the look-up of names and for the judgement on their addresses, in tests alone: no
    /// command line, variable or file leads here.
    #[doc(hidden)]
    pub test_names: Option<TestNames>,
}

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
enum NotFetched {
    #[error("its host is not allowed")]
    Host,
    #[error("it has a name or password in it")]
    Credentials,
    #[error("{0} is not a public address")]
    Private(IpAddr),
    #[error("the server answered {0}")]
    Status(u16),
    #[error("too many redirections; {0}")]
    Redirects(Hint),
    #[error("it is too large; {0}")]
    Large(Hint),
    #[error("no answer in time; {0}")]
    Late(Hint),
    #[error("the server cannot be reached, or its name does not lead to public addresses alone")]
    Unreachable,
}

/// Fetches those of `absent` that are on allowed hosts, and what fetched style sheets refer to there.
/// What cannot be fetched stays absent and is logged; the rest of the work goes on.
pub async fn fetch_absent(absent: &[Absent], hosts: &[AllowedHost], options: &NetOptions) -> Assets {
    let limits = &options.limits;
    let mut assets = Assets::within(*limits);
    let Some(client) = client(options) else {
        return assets;
    };
    let begun = Instant::now();
    let mut left = limits.size(Limit::HostSize);
    let mut seen: BTreeSet<Absent> = absent.iter().cloned().collect();
    let mut queue: std::collections::VecDeque<Absent> = seen.iter().cloned().collect();
    let mut count = 0;
    let mut by_host: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(wanted) = queue.pop_front() {
        let Ok(url) = Url::parse(&wanted.url) else {
            continue;
        };
        if !hosts.iter().any(|host| host.allows(&url)) {
            continue;
        }
        let rest = limits.time(Limit::HostTime).saturating_sub(begun.elapsed());
        let ends = match () {
            () if count >= limits.size(Limit::HostAssets) => Some(Limit::HostAssets),
            () if left == 0 => Some(Limit::HostSize),
            () if rest.is_zero() => Some(Limit::HostTime),
            () => None,
        };
        if let Some(limit) = ends {
            let hint = limits.hint(limit);
            tracing::warn!("{count} assets were fetched, the rest stays missing; {hint}");
            break;
        }
        count += 1;
        let one = Fetch {
            client: &client,
            hosts,
            options,
            left,
        };
        let (limit, time) = tighter(
            limits.time(Limit::HostAnswer),
            Limit::HostAnswer,
            rest,
            Limit::HostTime,
        );
        let done = tokio::time::timeout(time, one.run(url.clone(), wanted.kind)).await;
        match done.unwrap_or(Err(NotFetched::Late(limits.hint(limit)))) {
            Ok((asset, at)) => {
                left = left.saturating_sub(asset.content.len());
                *by_host
                    .entry(url.host_str().unwrap_or_default().to_owned())
                    .or_default() += 1;
                assets.redirect(&url, &at);
                assets.insert(&at, asset);
                if wanted.kind == AssetKind::StyleSheet {
                    let more = absent_in_sheet(&url, &assets);
                    queue.extend(more.into_iter().filter(|more| seen.insert(more.clone())));
                }
            }
            Err(error) => tracing::warn!(url = %told(&url), %error, "an asset was not fetched"),
        }
    }
    assets.sources = by_host
        .into_iter()
        .map(|(name, count)| AssetSource {
            kind: "host".to_owned(),
            name,
            count,
        })
        .collect();
    assets
}

/// The smaller of two values, and the limit that it is of.
fn tighter<T: PartialOrd>(one: T, its: Limit, other: T, of_other: Limit) -> (Limit, T) {
    match one <= other {
        true => (its, one),
        false => (of_other, other),
    }
}

/// An address as it may stand in a log: without what may be secret in it.
fn told(url: &Url) -> String {
    let path: String = url.path().chars().take(120).collect();
    format!("{}://{}{path}", url.scheme(), url.host_str().unwrap_or_default())
}

fn client(options: &NetOptions) -> Option<Client> {
    crate::fetch::use_ring();
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("domreel/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(Public {
            names: options.test_names.clone(),
        }))
        .build()
        .inspect_err(|error| tracing::warn!(%error, "assets cannot be fetched"))
        .ok()
}

/// Looks names up and gives out public addresses alone: the connection goes to what was judged.
struct Public {
    names: Option<TestNames>,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.names.as_ref().map(|names| names.get(name.as_str()).copied());
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = match known {
                Some(known) => known.into_iter().collect(),
                None => {
                    let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
                    // One that is not public makes the name one that may lead anywhere.
                    if let Some(private) = found.iter().find(|found| !is_public(found.ip())) {
                        return Err(NotFetched::Private(private.ip()).into());
                    }
                    found
                }
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

struct Fetch<'f> {
    client: &'f Client,
    hosts: &'f [AllowedHost],
    options: &'f NetOptions,
    /// Bytes that all may have together from here on.
    left: usize,
}

impl Fetch<'_> {
    /// Fetches one asset; gives also the address at which it really is.
    async fn run(&self, mut url: Url, kind: AssetKind) -> Result<(Asset, Url), NotFetched> {
        url.set_fragment(None);
        let limits = &self.options.limits;
        let (limit, most) = tighter(
            limits.size(Limit::Asset),
            Limit::Asset,
            self.left,
            Limit::HostSize,
        );
        for _ in 0..=limits.of(Limit::AssetRedirects) {
            self.check(&url)?;
            let accept = match kind {
                AssetKind::StyleSheet => "text/css,*/*;q=0.1",
                AssetKind::Image => "image/*,*/*;q=0.8",
                AssetKind::Font | AssetKind::Media => "*/*",
            };
            let request = self.client.get(url.clone()).header(ACCEPT, accept);
            let mut response = request.send().await.map_err(|_| NotFetched::Unreachable)?;
            // Pinned by the resolver already; this holds should that ever not be so.
            if let Some(peer) = response.remote_addr()
                && self.options.test_names.is_none()
                && !is_public(peer.ip())
            {
                return Err(NotFetched::Private(peer.ip()));
            }
            let status = response.status();
            if status.is_redirection() {
                let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                let to = to.and_then(|to| url.join(to).ok());
                url = to.ok_or(NotFetched::Status(status.as_u16()))?;
                url.set_fragment(None);
                continue;
            }
            if !status.is_success() {
                return Err(NotFetched::Status(status.as_u16()));
            }
            let media_type = response
                .headers()
                .get(CONTENT_TYPE)
                .and_then(|told| told.to_str().ok());
            let media_type = media_type.unwrap_or_default().to_owned();
            let mut content = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|_| NotFetched::Unreachable)? {
                if content.len() + chunk.len() > most {
                    return Err(NotFetched::Large(limits.hint(limit)));
                }
                content.extend_from_slice(&chunk);
            }
            return Ok((Asset::new(content, &media_type), url));
        }
        Err(NotFetched::Redirects(limits.hint(Limit::AssetRedirects)))
    }

    /// Whether that address may be asked at all. Names are judged when they are looked up.
    fn check(&self, url: &Url) -> Result<(), NotFetched> {
        if !self.hosts.iter().any(|host| host.allows(url)) {
            return Err(NotFetched::Host);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotFetched::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(NotFetched::Host),
        };
        match is_public(address) {
            true => Ok(()),
            false => Err(NotFetched::Private(address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(host: &str, url: &str) -> bool {
        let host: AllowedHost = host.parse().unwrap();
        host.allows(&Url::parse(url).unwrap())
    }

    #[test]
    fn exactly_that_host_is_allowed() {
        assert!(allows("cdn.example.com", "https://cdn.example.com/x"));
        assert!(allows("CDN.example.com", "http://cdn.example.com:80/x"));
        assert!(allows("cdn.example.com:8443", "https://cdn.example.com:8443/x"));
        for url in [
            "https://example.com/",
            "https://a.cdn.example.com/",
            "https://cdn.example.com.evil.example/",
            "https://cdn.example.com:8443/",
            "ftp://cdn.example.com/",
            "https://evil.example/?cdn.example.com",
            "https://cdn.example.com@evil.example/",
        ] {
            assert!(!allows("cdn.example.com", url), "{url}");
        }
        assert!(!allows("cdn.example.com:8443", "https://cdn.example.com/"));
    }

    #[test]
    fn hosts_are_names_alone() {
        for text in [
            "",
            "*",
            "*.example.com",
            "https://a.example",
            "a.example/x",
            "u@a.example",
            "a b",
            "a.example:x",
        ] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
        let told = |text: &str| text.parse::<AllowedHost>().unwrap().to_string();
        assert_eq!(told("A.example:443"), "a.example:443");
        assert_eq!(told("[2606:4700::1]"), "[2606:4700::1]");
    }

    /// In whatever notation it stands: an allowed host that is an address of this machine or network.
    #[test]
    fn addresses_of_this_network_are_never_asked() {
        let options = NetOptions::default();
        let client = client(&options).unwrap();
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "[::ffff:a9fe:a9fe]",
            "10.0.0.1",
            "192.168.0.1",
            "100.64.0.1",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[64:ff9b::a9fe:a9fe]",
            "①②⑦.⓪.⓪.①",
        ] {
            let hosts = [host.parse().unwrap()];
            let fetch = Fetch {
                client: &client,
                hosts: &hosts,
                options: &options,
                left: 1,
            };
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            let refused = fetch.check(&url);
            assert!(
                matches!(refused, Err(NotFetched::Private(_))),
                "{host}: {refused:?}"
            );
        }
    }

    /// A server that takes connections and says nothing.
    #[tokio::test]
    async fn an_answer_has_its_time() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let options = NetOptions {
            limits: Limits::default().with(Limit::HostAnswer, 200),
            test_names: Some(TestNames::from([("cdn.example".to_owned(), address)])),
        };
        let absent = Absent {
            url: format!("http://cdn.example:{}/a.png", address.port()),
            kind: AssetKind::Image,
        };
        let hosts = [format!("cdn.example:{}", address.port()).parse().unwrap()];
        let begun = Instant::now();
        let assets = fetch_absent(&[absent], &hosts, &options).await;
        assert!(assets.is_empty());
        assert!(silent.accept().await.is_ok());
        // The default is thirty seconds.
        assert!(begun.elapsed() < Limits::default().time(Limit::HostAnswer));
    }

    #[tokio::test]
    async fn names_that_lead_to_this_machine_are_not_found() {
        let resolver = Public { names: None };
        let found = resolver.resolve("localhost".parse().unwrap()).await;
        assert!(found.is_err());
    }
}
