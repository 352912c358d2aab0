//! Any bytes as a recording of this kind.
#![no_main]

use domreel::format::FormatName;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::read(Some(FormatName::Highlight), bytes));
