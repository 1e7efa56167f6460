//! Files as they come, read through the public door.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what fails here should stop loudly"
)]

mod broken;
mod examples;
mod json;
mod laws;
mod options;
mod tables;
mod text;
