//! A real recording, changed as its structure allows: read, followed from tab to tab, played and sought.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::mutate(bytes));
