//! `muster exception`.

use std::path::PathBuf;

use muster_domain::model::check::Exception;
use serde_json::json;

use super::{
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::exception::{NewException, NewFile},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Leave something that a check finds wrong as it is until a date; it is counted apart
    Add {
        /// The check
        check: String,
        /// The unit as it is printed, such as support/17, or a login or name
        unit: String,
        /// Until when, a year ahead at most: 2026-12-01, "2026-12-01 18:00" or an instant
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Why; shown wherever it counts
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who answers for it, and works here [default: you, if Muster knows you]
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// A proof to keep with it
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// List exceptions
    List,
    /// End an exception
    End {
        /// The beginning of its id
        id: String,
    },
}

/// Reads a file that is to be attached.
pub(super) fn attached(file: &std::path::Path) -> Result<NewFile> {
    let content = std::fs::read(file)
        .map_err(|error| Error::file(format!("cannot read {}", file.display()), error))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(NewFile { name: name.unwrap_or_else(|| "proof".to_owned()), content })
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Beside).await?;
        match self {
            Self::Add { check, unit, until, reason, owner, file } => {
                let until = moment(&until, &session.zone)?;
                let file = file.map(|file| attached(&file)).transpose()?;
                let new = NewException { check, unit, reason, owner, until, file };
                let exception = session.muster.except(new).await?;
                session.muster.run_checks().await?;
                if session.json {
                    print_json(&exception)?;
                } else {
                    let Exception { id, check, unit, until, .. } = &exception;
                    let until = session.when(*until);
                    print_line(&format!("Excepted until {until}: {check} {unit}"));
                    print_line(&format!("End it with: muster exception end {id}"));
                }
                Ok(Outcome::Done)
            }
            Self::List => list(&session).await,
            Self::End { id } => {
                let exception = session.muster.end_exception(&id).await?;
                session.muster.run_checks().await?;
                if session.json {
                    print_json(&json!({ "ended": exception }))?;
                } else {
                    let Exception { check, unit, .. } = &exception;
                    print_line(&format!(
                        "Ended. Its clock went on: muster check explain {check} {unit}"
                    ));
                }
                Ok(Outcome::Done)
            }
        }
    }
}

async fn list(session: &Session) -> Result<Outcome> {
    let exceptions = session.muster.exceptions().await?;
    if session.json {
        print_json(&exceptions)?;
        return Ok(Outcome::Done);
    }
    if exceptions.is_empty() {
        print_line("There are no exceptions.");
        return Ok(Outcome::Done);
    }
    let now = session.muster.env.now();
    let answerers = session.muster.answerers().await?;
    let rows = exceptions
        .iter()
        .map(|one| {
            let until = session.when(one.until);
            let until = if !one.holds(now) {
                session.style.dim(&format!("ended {until}"))
            } else if let Some(why) = answerers.why_not(&one.owner) {
                session.style.red(&format!("counts no more: {}", clean(why)))
            } else {
                until
            };
            [
                one.id.to_string(),
                format!("{} {}", one.check, clean(&one.unit.to_string())),
                clean(&one.reason),
                clean(&one.owner),
                until,
                one.file.as_ref().map(|file| clean(&file.name)).unwrap_or_default(),
            ]
        })
        .collect();
    print_line(&table(["id", "what", "why", "who answers", "until", "proof"], rows));
    Ok(Outcome::Done)
}
