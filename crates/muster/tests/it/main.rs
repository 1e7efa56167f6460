//! End to end: the real binary, run as a person runs it, against a simulated Gorgias on a real
//! socket. What happened is judged by the simulator's own records, never by what the binary says
//! of itself.
//!
//! Time is real here, so dates are relative to today and the future is looked at with
//! `plan --at`. Not covered: what needs time to pass (leases that run out, lapsed approvals).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, which clippy does not recognise outside of #[test] functions"
)]

mod access;
mod answers;
mod bad_input;
mod by_hand;
mod checks;
mod company;
mod consent;
mod crash;
mod desk;
mod evidence;
mod evidence_leavers;
mod evidence_verify;
mod exit_codes;
mod give_back;
mod hand_over;
mod history;
mod holders;
mod joiners;
mod leavers;
mod movers;
mod notices;
mod oauth;
mod output;
#[path = "../support/postgres.rs"]
mod postgres;
mod roster_check;
mod secrets;
mod serve;
mod systems;
mod tampering;
mod terminal;
mod undo;
mod urgent;
