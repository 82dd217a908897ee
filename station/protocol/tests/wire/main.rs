//! The link under attack and in bad weather: signing, several paths, strangers, a sick station.
//! Rows of the reliability table are named in the tests that hold them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests say their seeds and figures aloud"
)]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod hostile;
mod mock;
mod paths;
mod races;
mod real;
mod relay;
mod route;
mod rows;
mod signing;
mod sky;
