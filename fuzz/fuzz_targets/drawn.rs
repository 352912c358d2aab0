//! A real recording, changed as its structure allows: drawn by a browser, played and sought.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::draw(bytes));
