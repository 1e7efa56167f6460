//! The verbs: decisions as pure functions of (people, accounts, policy, now).

pub mod calendar;
pub mod checks;
pub mod condition;
pub mod consent;
pub mod contract;
pub mod correlate;
pub mod decide;
pub mod expect;
pub mod gaps;
pub mod groups;
pub mod guard;
pub mod hand;
pub mod hand_over;
pub mod lifecycle;
pub mod merge;
pub mod moves;
mod parts;
pub mod plan;
pub mod policy_file;
pub mod readiness;
pub mod redact;
pub mod seats;
pub mod tasks;
pub mod undo;
pub mod upcoming;
pub mod world;
