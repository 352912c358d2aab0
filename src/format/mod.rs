//! Bytes become recordings.

pub mod events;
mod signals;
mod stack;

pub use signals::telemetry;
