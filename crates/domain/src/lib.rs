//! The nouns ([`model`]) and the verbs ([`engine`]) of Muster.
//!
//! Everything here is pure: no I/O, no clock, no randomness. The same input gives the same output,
//! byte for byte; `now` is always a parameter. What belongs here is a fact about people and
//! accounts or a decision about them; what reads a file, calls an app or keeps a row does not.

pub mod engine;
pub mod model;
