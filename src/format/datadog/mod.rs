//! Datadog Session Replay, of browsers and of mobile applications.
//!
//! A session is made of views (pages or screens), a view of segments, a segment of records
//! (schemas: `DataDog/rum-events-format`; behaviour: `DataDog/browser-sdk`, versions 4 to 7). Numbers of
//! records look like those of rrweb's events and mean other things, and several ways of writing a page
//! number its nodes by position in the stream. So segments of all files are collected first, put in
//! order view by view, and only then made into events.
//!
//! ```text
//! files ──upload──▶ JSON ──walk──▶ segments of records ──order──▶ views ──view──▶ events
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `upload` | bodies of uploads: segments and pictures among form fields |
//! | `walk`, `record` | segments and records, whatever they are wrapped in, past damage |
//! | `order` | views and tabs, in order of time |
//! | `view` | the records of one view, one after another |
//! | `tree` | pages written as trees (recorder versions 4 to 6), which share rrweb's decoder |
//! | `change`, `field`, `growth` | pages written as changes (version 7) |
//! | `mobile`, `wireframe` | screens of mobile applications, drawn as wireframes |
//! | `sheets`, `resources` | constructed style sheets; pictures that were uploaded on their own |

mod change;
mod field;
mod growth;
mod mobile;
mod order;
mod record;
mod resources;
mod sheets;
#[cfg(test)]
mod tests;
mod tree;
mod upload;
mod view;
mod walk;
mod wireframe;

use bytes::Bytes;

use super::FormatError;
use super::collector::Collector;
use record::Segment;
use resources::Resources;

/// What the files read so far hold.
#[derive(Debug, Default)]
pub(super) struct Session {
    segments: Vec<Segment>,
    resources: Resources,
}

impl Session {
    /// Takes in one file.
    pub(super) fn read(&mut self, bytes: &Bytes, collector: &mut Collector<'_>) -> Result<(), FormatError> {
        if upload::is_upload(bytes) {
            for segment in upload::read(bytes, &mut self.resources, collector)? {
                self.segments.extend(walk::segments(&segment, collector)?);
            }
            return Ok(());
        }
        self.segments.extend(walk::segments(bytes, collector)?);
        Ok(())
    }

    /// Makes events of it all.
    pub(super) fn finish(self, collector: &mut Collector<'_>) -> Result<(), FormatError> {
        order::finish(self.segments, &self.resources, collector)
    }
}
