//! The nouns: plain data with the invariants that its types can hold. No decisions.

pub mod account;
pub mod activity;
pub mod canonical;
pub mod check;
pub mod consent;
pub mod cycle;
pub mod email;
pub mod group;
pub mod history;
pub mod id;
pub mod journal;
pub mod keep;
pub mod limits;
pub mod link;
pub mod money;
pub mod observation;
pub mod operation;
pub mod order;
pub mod person;
pub mod plan;
pub mod policy;
pub mod roster;
pub mod user;
pub mod word;
pub mod work;
