//! Any text as a document that a section is put into.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::document(bytes));
