//! The engine, tested from outside: the laws as properties, situations as small worlds beside
//! their plans, attacks that once succeeded, merging, calendar and zone edges.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test binary: it has no readers of its interface, and its harness may panic"
)]

mod apply;
mod world;

mod access;
mod answers;
mod attacks;
mod backtest;
mod checks;
mod consent;
mod contradictions;
mod dates;
mod days;
mod directory;
mod findings;
mod following;
mod give_back;
mod hand;
mod hand_over;
mod laws;
mod merging;
mod notices;
mod situations;
mod sources;
mod upcoming;
