//! Pictures of any colours and lengths: the file holds what went in.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::gif(bytes));
