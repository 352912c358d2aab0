//! HTTP archives (HAR 1.2), as the dev tools of browsers export them “with content”.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use url::Url;

use super::{Asset, Assets};
use crate::limits::Limits;

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
    #[serde(default)]
    response: Response,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    method: String,
    url: String,
    #[serde(default, rename = "postData")]
    post_data: Option<Posted>,
}

#[derive(Deserialize)]
struct Posted {
    text: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    status: f64,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: Option<String>,
    headers: Vec<Header>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    mime_type: Option<String>,
    text: Option<String>,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        let header = self
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.as_str())
    }

    /// The whole content, if this is it.
    fn asset(&self) -> Option<Asset> {
        let is_whole = match self.status as u16 {
            200..=203 => true,
            // From the browser's cache.
            304 => true,
            206 => self.header("content-range").is_some_and(is_all),
            _ => false,
        };
        let text = self
            .content
            .text
            .as_deref()
            .filter(|text| is_whole && !text.is_empty())?;
        let is_base64 = |encoding: &str| encoding.eq_ignore_ascii_case("base64");
        let content = match self.content.encoding.as_deref().is_some_and(is_base64) {
            true => BASE64.decode(text).ok()?,
            false => text.as_bytes().to_vec(),
        };
        let told = self
            .content
            .mime_type
            .as_deref()
            .or_else(|| self.header("content-type"));
        let told = told.unwrap_or_default();
        // Text stands in the archive as Unicode, whatever it was sent as.
        let media_type = match self.content.encoding {
            Some(_) => told,
            None => told.split(';').next().unwrap_or_default(),
        };
        Some(Asset::new(content, media_type))
    }
}

/// Whether `bytes 0-99/100` tells of all there is.
fn is_all(range: &str) -> bool {
    let numbers = || {
        let (from, size) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (from, to) = from.split_once('-')?;
        Some((
            from.parse::<u64>().ok()?,
            to.parse::<u64>().ok()?,
            size.parse::<u64>().ok()?,
        ))
    };
    numbers().is_some_and(|(from, to, size)| from == 0 && to.checked_add(1) == Some(size))
}

/// The contents of an archive, in its order.
#[derive(Default)]
pub(crate) struct Contents {
    /// What was answered.
    pub answered: Vec<Vec<u8>>,
    /// What was sent.
    pub sent: Vec<Vec<u8>>,
}

/// The contents of an archive; `None` when it is none.
pub(crate) fn contents(bytes: &[u8]) -> Option<Contents> {
    let archive: Archive = serde_json::from_slice(bytes).ok()?;
    let Contents {
        mut answered,
        mut sent,
    } = Contents::default();
    for entry in archive.log.entries {
        answered.extend(entry.response.asset().map(|asset| asset.content.to_vec()));
        sent.extend(
            entry
                .request
                .post_data
                .and_then(|data| data.text)
                .map(String::into_bytes),
        );
    }
    Some(Contents { answered, sent })
}

/// Reads an archive; `None` when it is none. Nothing but addresses, contents and their types is kept.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Option<Assets> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let archive: Archive = serde_json::from_slice(bytes).ok()?;
    let mut assets = Assets::within(*limits);
    // The later answer to the same request is nearer to what the user saw last.
    for entry in archive.log.entries.iter().rev() {
        if !matches!(entry.request.method.as_str(), "GET" | "get" | "") {
            continue;
        }
        let Ok(url) = Url::parse(&entry.request.url) else {
            continue;
        };
        let response = &entry.response;
        if (300..400).contains(&(response.status as u16)) && response.status as u16 != 304 {
            let told = response.redirect_url.as_deref().filter(|to| !to.is_empty());
            let to = told.or_else(|| response.header("location"));
            if let Some(to) = to.and_then(|to| url.join(to).ok()) {
                assets.redirect(&url, &to);
            }
        } else if let Some(asset) = response.asset() {
            assets.insert(&url, asset);
        }
    }
    Some(assets.told_as("har"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_read_as_dev_tools_write_them() {
        let har = r#"{"log":{"version":"1.2","entries":[
            {"request":{"method":"GET","url":"https://a.example/a.css"},
             "response":{"status":200,"redirectURL":"","content":{"mimeType":"text/css; charset=iso-8859-1","text":"a{}é"}}},
            {"request":{"method":"GET","url":"https://a.example/b.png"},
             "response":{"status":304,"content":{"mimeType":"image/png","encoding":"base64","text":"AQI="}}},
            {"request":{"method":"GET","url":"https://a.example/old.png"},
             "response":{"status":302,"redirectURL":"/b.png","content":{}}},
            {"request":{"method":"GET","url":"https://a.example/part.mp4"},
             "response":{"status":206,"headers":[{"name":"Content-Range","value":"bytes 0-1/9"}],
             "content":{"mimeType":"video/mp4","encoding":"base64","text":"AQI="}}},
            {"request":{"method":"GET","url":"https://a.example/whole.mp4"},
             "response":{"status":206,"headers":[{"name":"content-range","value":"bytes 0-1/2"}],
             "content":{"mimeType":"video/mp4","encoding":"base64","text":"AQI="}}},
            {"request":{"method":"POST","url":"https://a.example/post"},
             "response":{"status":200,"content":{"text":"x"}}},
            {"request":{"method":"GET","url":"https://a.example/gone.png"},
             "response":{"status":404,"content":{"mimeType":"text/html","text":"gone"}}},
            {"request":{"method":"GET","url":"https://a.example/blocked.png"},"response":{"status":0,"content":{}}}
        ]}}"#;
        let assets = read(har.as_bytes(), &Limits::default()).unwrap();
        let get = |url: &str| {
            let found = assets.get(&Url::parse(url).unwrap());
            found.map(|(asset, _)| (asset.content.to_vec(), asset.media_type.clone()))
        };
        let css = get("https://a.example/a.css").unwrap();
        assert_eq!(css, ("a{}é".as_bytes().to_vec(), "text/css".to_owned()));
        let png = Some((vec![1, 2], "image/png".to_owned()));
        assert_eq!(get("https://a.example/b.png"), png);
        assert_eq!(get("https://a.example/old.png"), png);
        assert!(get("https://a.example/whole.mp4").is_some());
        for absent in ["part.mp4", "post", "gone.png", "blocked.png"] {
            assert_eq!(get(&format!("https://a.example/{absent}")), None, "{absent}");
        }
        assert!(read(b"{}", &Limits::default()).is_none());
        assert!(read(b"[1]", &Limits::default()).is_none());
    }
}
