//! The connectors against their witnesses: a contract that every connector passes, and what is
//! special about each app. No sockets and no waiting, except in `wire`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod contract;
mod dialects;
mod faults;
mod harness;
#[path = "../support/in_process.rs"]
mod in_process;
mod oauth;
mod pace;
mod reading;
mod secrets;
mod wire;
mod work;
