//! Muster's command line.
fn main() {}
