//! Rules that nobody would write, on a recording that is one page.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::redact(bytes));
