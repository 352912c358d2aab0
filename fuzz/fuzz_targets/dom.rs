//! Events that no recorder would write, applied: going to a time and playing to it agree.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::dom(bytes));
