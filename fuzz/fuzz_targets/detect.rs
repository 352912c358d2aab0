//! Any bytes as a recording of whatever kind they are found to be.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::read(None, bytes));
