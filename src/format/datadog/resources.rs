//! Pictures that were uploaded on their own, by the names under which records refer to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::format::screen::data_url;

/// Pictures by name.
#[derive(Debug, Default)]
pub(super) struct Resources(BTreeMap<String, Arc<str>>);

impl Resources {
    /// Keeps a picture, if it is one.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) {
        if let Some(kind) = picture_type(bytes) {
            self.0
                .insert(name.to_owned(), data_url(kind, &STANDARD.encode(bytes)));
        }
    }

    /// A picture as a `data:` URL.
    pub(super) fn url(&self, name: &str) -> Option<Arc<str>> {
        self.0.get(name).cloned()
    }
}

fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
