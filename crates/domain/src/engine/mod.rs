//! The verbs: decisions as pure functions of (people, accounts, policy, now).

pub mod calendar;
pub mod condition;
pub mod consent;
pub mod correlate;
pub mod decide;
pub mod expect;
pub mod gaps;
pub mod guard;
pub mod hand_over;
pub mod lifecycle;
pub mod merge;
mod parts;
pub mod plan;
pub mod policy_file;
pub mod readiness;
pub mod seats;
pub mod tasks;
pub mod undo;
pub mod world;
