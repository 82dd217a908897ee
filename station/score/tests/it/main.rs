//! What an academy notices of the score: the right order of trainees, items that move only by what
//! they name, a policy that refuses mistakes, a sheet and a history.
#![allow(clippy::unwrap_used, reason = "tests")]

mod again;
mod exercise;
mod items;
mod trainees;
