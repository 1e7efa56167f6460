//! The use cases against a simulated Gorgias, by seed: people come, change and go, somebody meddles
//! in the app, the wire breaks, processes die, a second node runs. After each step the laws of the
//! design page are held against the simulator's own records, and in the end everything converges.
//!
//! `MUSTER_SEEDS=1000` tries so many seeds, `MUSTER_SEED=42` tries one and tells each step. A seed
//! that fails is cut down to the steps that matter and printed; it becomes a named test in
//! `reproductions` in the commit that mends it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod backtests;
mod by_hand;
mod chance;
mod checks;
mod company;
mod crashes;
mod each_fault;
mod give_back;
mod hand_over;
#[path = "../support/in_process.rs"]
mod in_process;
mod ops;
mod orders;
#[path = "../support/postgres.rs"]
mod postgres;
mod promises;
mod reached;
mod reproductions;
mod requests;
mod seeds;
mod setup;
mod stories;
mod urgent;
mod wire;
mod world;
mod years;
