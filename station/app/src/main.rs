//! The vedette program: command line, configuration, wiring.
fn main() {}
