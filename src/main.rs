//! The `domreel` command.

fn main() {}
