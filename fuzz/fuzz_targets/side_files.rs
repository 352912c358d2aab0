//! Any bytes as a file beside a recording: RUM, PostHog and Sentry events, HAR, OTLP, plain lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domreel_fuzz::read_events(bytes));
