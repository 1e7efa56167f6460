//! Files as they come, read through the public door.

mod broken;
mod examples;
mod laws;
mod options;
mod tables;
mod text;
