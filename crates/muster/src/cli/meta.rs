//! `muster completions` and `muster man`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Outcome};
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

impl Completions {
    #[expect(clippy::unnecessary_wraps, reason = "every command has the same shape")]
    pub(super) fn run(self) -> Result<Outcome> {
        let mut command = Cli::command();
        clap_complete::generate(self.shell, &mut command, "muster", &mut std::io::stdout());
        Ok(Outcome::Done)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Man {}

impl Man {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub(super) fn run(self) -> Result<Outcome> {
        clap_mangen::Man::new(Cli::command())
            .render(&mut std::io::stdout())
            .map_err(|error| Error::file("cannot print the manual", error))?;
        Ok(Outcome::Done)
    }
}
