//! `muster policy`.

mod trial;

use std::{fs, path::PathBuf};

use serde_json::json;

use super::{
    render::count,
    session::{Access, Outcome, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::policy,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check a policy file; needs no home
    Check {
        /// The file
        file: PathBuf,
    },
    /// Make a policy file the valid one
    Apply {
        /// The file
        file: PathBuf,
    },
    /// Show what a policy file would have done over the last months; changes nothing
    Test(trial::Args),
    /// Show the valid policy
    Show,
}

fn read(file: &PathBuf) -> Result<String> {
    fs::read_to_string(file)
        .map_err(|error| Error::file(format!("cannot read {}", file.display()), error))
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::Test(args) => args.run(start).await,
            Self::Check { file } => {
                let text = read(&file)?;
                let checked = policy::check(&text).map_err(|problems| {
                    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
                    Error::Invalid(format!(
                        "{} has {}:\n  {}",
                        file.display(),
                        count(lines.len(), "problem"),
                        lines.join("\n  ")
                    ))
                })?;
                let apps: Vec<_> = checked.apps.keys().collect();
                if start.json {
                    print_json(&json!({"digest": checked.digest, "apps": apps}))?;
                } else {
                    print_line(&format!(
                        "{} is good: {}",
                        file.display(),
                        count(apps.len(), "app")
                    ));
                }
                Ok(Outcome::Done)
            }
            Self::Apply { file } => {
                let text = read(&file)?;
                let session = start.open(Access::Write).await?;
                let version = session.muster.apply_policy(&text).await?;
                if session.json {
                    print_json(&json!({"applied": version}))?;
                } else if let Some(version) = version {
                    print_line(&format!("Policy {} is valid now.", version.number));
                } else {
                    print_line("This is the valid policy already.");
                }
                Ok(Outcome::Done)
            }
            Self::Show => {
                let session = start.open(Access::Read).await?;
                let Some(version) = session.muster.store.policy().await? else {
                    return Err(Error::NotFound(
                        "there is no policy yet; write one and say: muster policy apply FILE"
                            .to_owned(),
                    ));
                };
                if session.json {
                    print_json(&version)?;
                } else {
                    print_line(&format!(
                        "# policy {}, applied {} by {}",
                        version.number,
                        session.when(version.at),
                        version.by
                    ));
                    print_line(version.text.trim_end());
                }
                Ok(Outcome::Done)
            }
        }
    }
}
