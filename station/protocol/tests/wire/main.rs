//! The link under attack and in bad weather: signing, several paths, strangers, a sick station.
//!
//! Rows 9 to 27 of the reliability table (links and protocols, hostile input) and the tests that hold
//! them; those marked * run small in every test run and whole by `make soak`. Module of this program,
//! unless another file is named.
//!
//! | row | promise | test |
//! |---|---|---|
//! | 9 | 10 000 orders, p50 ≤ 5 ms, p99 ≤ 50 ms | `rows::row_09_…`; on real sockets `cargo bench -p vedette-links` |
//! | 10 * | 50 aircraft, 20 % lost each way, doubled, late: ≥ 99.9 % in ≤ 10 attempts, p99 ≤ 3 s | `rows::row_10_…` |
//! | 11 * | 30 % lost and bursts of 1 s: ≥ 99 %, the rest unknown, then reconciled | `soak::row_11_…` |
//! | 12 * | uploads of 100 items at 20 % loss: ≥ 99.5 %, read back, old plan kept | `rows::row_12_…` |
//! | 13 | every way a vehicle fails a transfer ends in ≤ 15 s | `mock::row_13_…`, `../mission.rs` |
//! | 14 * | 1 000 parameters at 20 % loss, bit for bit in ≤ 60 s, radio not overrun | `soak::row_14_…` |
//! | 15 | worse ≤ 2.5 s, lost 5.0 ± 0.5 s, no false alarm in an hour at 20 % loss | `paths::row_15_…` |
//! | 16 | failover ≤ 1 s, the order under way ends, nothing twice | `paths::row_16_…` |
//! | 17 * | an hour away: reconciled ≤ 10 s, plan compared, the gap stays a gap | `soak::row_17_…`, `onboard` |
//! | 18 | a sick station falls silent ≤ 2 s, is started anew ≤ 2 s | `rows::row_18_…`, `station/links/tests/supervise.rs` |
//! | 19 | another station under our id or giving orders; a failsafe that listens to another | `rows::row_19_…`, `../around.rs` |
//! | 20 * | any bytes: no panic, no allocation > 1 MiB, ≥ 1 MB/s | `hostile::row_20_…`, `../memory.rs`, `make fuzz`, `cargo bench -p vedette-protocol` |
//! | 21 * | any payload of every message; unknown enums hide no aircraft | `hostile::row_21_…` |
//! | 22 | 1 000 stubs a second delay nobody | `hostile::row_22_…` |
//! | 23 | no byte of ours to a stranger | `hostile::row_23_…` |
//! | 24 | signatures of pymavlink and the C library both ways; replay, forgery, restart, clocks | `signing::row_24_…` |
//! | 25 | no signed frame twice in any interleaving of four links | `races::row_25_…`, `signing::row_25_…` |
//! | 26 | forged frames change nothing of a signed aircraft; texts ≤ 5 a second | `hostile::row_26_…` |
//! | 27 | hostile files, packs, names, descriptions; a 2 GiB log; imports ≤ 200 MiB | `files::row_27_…`, `../around/asked.rs`, `station/links/tests/loopback.rs`, `maps/atlas/tests/caps.rs`, `mission/formats/tests/caps.rs` |
//!
//! Retry safety over 10⁶ events *: `rows::orders_reach_only_their_aircraft_never_late_and_are_not_lost`.
//! Recorded flights against pymavlink: `real`.
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
mod onboard;
mod paths;
mod races;
mod real;
mod relay;
mod route;
mod rows;
mod signing;
mod sky;
mod soak;
