//! `muster completions` and `muster man`.

use std::io::Write;

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
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "muster", &mut script);
        // A reader that went away is no failure.
        let _ = std::io::stdout().write_all(&script);
        Ok(Outcome::Done)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Man {}

impl Man {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub(super) fn run(self) -> Result<Outcome> {
        let mut command = Cli::command();
        command.build();
        let mut pages = Vec::new();
        page(&command, &mut pages)
            .and_then(|()| std::io::stdout().write_all(&pages))
            .map_err(|error| Error::file("cannot print the manual", error))?;
        Ok(Outcome::Done)
    }
}

/// The page of a command, followed by those of the commands below it.
fn page(command: &clap::Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        page(below, pages)?;
    }
    Ok(())
}
