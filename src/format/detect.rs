//! Which kind of recording it is, by content alone.

use super::FormatName;
use super::json::{Json, Kind};

/// What content looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detected {
    /// A recording.
    Recording(FormatName),
    /// Something else; what, in words.
    Other(&'static str),
}

/// Looks at decompressed content.
pub(super) fn detect(bytes: &[u8]) -> Detected {
    let mut json = Json::new(bytes);
    if !json.more() {
        return Detected::Other("there is only white space");
    }
    match json.kind() {
        Ok(Kind::Array | Kind::Object | Kind::String) => Detected::Recording(FormatName::Rrweb),
        _ => Detected::Other("it does not begin like JSON"),
    }
}
