//! `muster demo`: placeholder until the walk is written.

use super::session::{Outcome, Start};
use crate::error::Result;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) async fn run(self, _: Start) -> Result<Outcome> {
        Ok(Outcome::Done)
    }
}
