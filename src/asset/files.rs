//! Directories of files that are named after their addresses: `host/path?query`, as `wget -x` and
//! `wget -p` make them.

use std::path::Path;

use bytes::Bytes;
use url::Url;

use super::{Asset, Assets};
use crate::limits::{Limit, Limits};

/// Reads a directory. Links are not followed; what `limits` do not allow is left out.
pub(super) fn read(root: &Path, limits: &Limits) -> std::io::Result<Assets> {
    let mut entries = Vec::new();
    let mut beyond = Assets::within(*limits);
    let mut left = limits.of(Limit::AssetsSize);
    let mut directories = vec![(root.to_owned(), String::new())];
    while let Some((directory, prefix)) = directories.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let entry = entry?;
            let name = entry.file_name();
            // A name that is not Unicode is none of an address.
            let Some(name) = name.to_str() else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                directories.push((entry.path(), path + "/"));
            } else if kind.is_file() {
                let size = entry.metadata()?.len();
                if size > limits.of(Limit::Asset) {
                    beyond.left_out(Limit::Asset);
                } else if size > left {
                    beyond.left_out(Limit::AssetsSize);
                } else if entries.len() >= limits.size(Limit::Assets) {
                    beyond.left_out(Limit::Assets);
                } else {
                    left -= size;
                    entries.push((path, Bytes::from(std::fs::read(entry.path())?)));
                }
            }
        }
    }
    Ok(of_entries(entries, limits).told_as("directory"))
}

/// Assets of files by their paths, with slashes.
pub(super) fn of_entries(mut entries: Vec<(String, Bytes)>, limits: &Limits) -> Assets {
    entries.sort_by(|one, two| one.0.cmp(&two.0));
    let around = folder_around(&entries).map(str::to_owned);
    let mut assets = Assets::within(*limits);
    for (path, content) in entries {
        let path = match &around {
            Some(folder) => path.strip_prefix(folder.as_str()).unwrap_or(&path),
            None => &path,
        };
        let asset = Asset::new(content, media_type(path));
        for url in urls(path) {
            assets.insert_key(url, asset.clone());
        }
    }
    assets
}

/// The one folder that everything is in, if it is no host: who zips a directory often zips that too.
fn folder_around(entries: &[(String, Bytes)]) -> Option<&str> {
    let (first, _) = entries.first()?;
    let end = first.find('/')? + 1;
    let folder = first.get(..end)?;
    let is_host = folder.contains('.') || folder.contains(':') || folder == "localhost/";
    let is_around = !is_host && entries.iter().all(|(path, _)| path.starts_with(folder));
    is_around.then_some(folder)
}

/// The addresses, without scheme, that a file may be of.
fn urls(path: &str) -> Vec<String> {
    let mut names = vec![path.to_owned()];
    // The page of a directory.
    if let Some(directory) = path
        .strip_suffix("index.html")
        .filter(|directory| directory.ends_with('/'))
    {
        names.push(directory.to_owned());
    }
    // Where file names have no question marks, wget writes “@”; a path may have that too.
    if !path.contains('?')
        && let Some(at) = path
            .find('/')
            .and_then(|host| Some(host + path.get(host..)?.rfind('@')?))
    {
        let mut name = path.to_owned();
        name.replace_range(at..=at, "?");
        names.push(name);
    }
    let address = |name: &String| {
        // A slash at the start would make what follows the host.
        if name.starts_with(['/', '?']) {
            return None;
        }
        let url = Url::parse(&format!("http://{}", name.replace('#', "%23"))).ok()?;
        // Nothing in a file's name leads out of its host.
        if url.username() != "" || url.password().is_some() || url.host_str().is_none_or(str::is_empty) {
            return None;
        }
        Some(url.as_str().trim_start_matches("http:").to_owned())
    };
    let mut urls: Vec<String> = names.iter().filter_map(address).collect();
    urls.dedup();
    urls
}

/// What a name says of its content.
fn media_type(path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let ending = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "css" => "text/css",
        "html" | "htm" | "php" => "text/html",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "ico" => "image/x-icon",
        "svg" => "image/svg+xml",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets(paths: &[&str]) -> Assets {
        of_entries(
            paths
                .iter()
                .map(|path| ((*path).to_owned(), Bytes::from_static(b"x")))
                .collect(),
            &Limits::default(),
        )
    }

    fn has(assets: &Assets, url: &str) -> bool {
        assets.get(&Url::parse(url).unwrap()).is_some()
    }

    #[test]
    fn files_are_found_by_host_path_and_query() {
        let assets = assets(&[
            "a.example/x/logo.png",
            "a.example/app.css?v=3",
            "a.example/b c.png",
            "a.example/d%20e.png",
            "a.example/index.html",
            "a.example:8080/port.png",
            "a.example/win.css@v=4",
            "a.example/@scope/f.png",
        ]);
        for url in [
            "https://a.example/x/logo.png",
            "http://a.example/x/logo.png",
            "https://a.example/app.css?v=3",
            "https://a.example/b%20c.png",
            "https://a.example/d%20e.png",
            "https://a.example/",
            "http://a.example:8080/port.png",
            "https://a.example/win.css?v=4",
            "https://a.example/@scope/f.png",
        ] {
            assert!(has(&assets, url), "{url}");
        }
        for url in [
            "https://a.example/app.css",
            "https://b.example/x/logo.png",
            "https://a.example/logo.png",
        ] {
            assert!(!has(&assets, url), "{url}");
        }
    }

    #[test]
    fn one_folder_around_all_does_not_count() {
        assert!(has(
            &assets(&["site/a.example/x.png", "site/b.example/y.png"]),
            "https://b.example/y.png"
        ));
        assert!(has(&assets(&["a.example/x.png"]), "https://a.example/x.png"));
    }

    #[test]
    fn names_that_are_no_addresses_are_left_out() {
        for path in ["u:p@a.example/x.png", "/x.png", "?/x.png", "a b/x.png"] {
            assert_eq!(urls(path), Vec::<String>::new(), "{path}");
        }
    }
}
