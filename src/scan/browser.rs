//! The browser that a user agent names.

/// Names that stand for themselves, the more special first: most browsers also claim to be others.
const NAMES: [(&str, &str); 9] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// Name and main version of a browser (`Chrome 142`), as far as its user agent tells.
pub(super) fn browser(user_agent: &str) -> Option<String> {
    let (at, name, length) = NAMES
        .iter()
        .find_map(|(token, name)| Some((user_agent.find(token)?, *name, token.len())))?;
    if name == "Safari" && !user_agent.contains("Safari/") {
        return None;
    }
    let version: String = user_agent
        .get(at + length..)?
        .chars()
        .take_while(char::is_ascii_digit)
        .take(6)
        .collect();
    Some(format!("{name} {version}").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_that_claim_to_be_others_are_told_apart() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome).as_deref(), Some("Chrome 142"));
        assert_eq!(
            browser(&format!("{chrome} Edg/142.0")).as_deref(),
            Some("Edge 142")
        );
        let safari =
            "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15";
        assert_eq!(browser(safari).as_deref(), Some("Safari 19"));
        assert_eq!(
            browser("Mozilla/5.0 (X11; rv:145.0) Gecko/20100101 Firefox/145.0").as_deref(),
            Some("Firefox 145")
        );
        assert_eq!(browser("curl/8"), None);
    }
}
