//! The server, asked as browsers and programs ask it, in one process and on a clock that stands
//! still: what it answers, and what the journal and the simulated app have on record.
//!
//! Not covered: real sockets (`tests/it/serve`), and how pages look.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, which clippy does not recognise outside of #[test] functions"
)]

mod activity;
mod api;
mod attacks;
mod checks;
mod company;
mod doors;
#[path = "../support/in_process.rs"]
mod in_process;
mod people;
mod permissions;
mod plans;
mod rounds;
mod server;
mod staff;
mod tasks;
