//! `muster attestation`.

use std::path::PathBuf;

use muster_domain::model::{
    check::{Attestation, Attested},
    id::AppName,
};
use serde_json::json;

use super::{
    exception::attached,
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::attestation::NewAttestation,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Give your word, with a proof, for what no system tells
    Add {
        /// mfa: a second factor guards it. provider-mfa: the app can only be entered through an
        /// identity provider that asks for one
        #[arg(value_parser = ["mfa", "provider-mfa"])]
        what: String,
        /// APP, or APP/ACCOUNT by id or login
        of: String,
        /// What you saw, and where
        #[arg(long, value_name = "TEXT")]
        statement: String,
        /// The proof: a screenshot, an export
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Until when it counts, a year ahead at most
        #[arg(long, value_name = "TIME")]
        until: String,
    },
    /// List what was attested
    List,
    /// Take an attestation back
    End {
        /// The beginning of its id
        id: String,
    },
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Beside).await?;
        match self {
            Self::Add { what, of, statement, file, until } => {
                let says = Attested::ALL.into_iter().find(|one| one.word() == what);
                let says =
                    says.ok_or_else(|| Error::Invalid(format!("nobody attests {what:?}")))?;
                let (app, account) = meant(&session, &of).await?;
                let until = moment(&until, &session.zone)?;
                let file = Some(attached(&file)?);
                let new = NewAttestation { says, app, account, statement, until, file };
                let attestation = session.muster.attest(new).await?;
                session.muster.run_checks().await?;
                if session.json {
                    print_json(&attestation)?;
                } else {
                    let Attestation { id, until, .. } = &attestation;
                    print_line(&format!("Attested; it lapses on {}.", session.when(*until)));
                    print_line(&format!("Take it back with: muster attestation end {id}"));
                }
                Ok(Outcome::Done)
            }
            Self::List => list(&session).await,
            Self::End { id } => {
                let attestation = session.muster.withdraw_attestation(&id).await?;
                session.muster.run_checks().await?;
                if session.json {
                    print_json(&json!({ "ended": attestation }))?;
                } else {
                    print_line("Taken back. See: muster check mfa");
                }
                Ok(Outcome::Done)
            }
        }
    }
}

async fn meant(
    session: &Session,
    of: &str,
) -> Result<(AppName, Option<muster_domain::model::id::AccountId>)> {
    if of.contains('/') {
        let (app, account) = session.muster.find_account(of).await?;
        return Ok((app, Some(account.id)));
    }
    let app: AppName = of.parse().map_err(|error| Error::Invalid(format!("{error}")))?;
    Ok((session.app(Some(&app)).await?, None))
}

async fn list(session: &Session) -> Result<Outcome> {
    let attestations = session.muster.attestations().await?;
    if session.json {
        print_json(&attestations)?;
        return Ok(Outcome::Done);
    }
    if attestations.is_empty() {
        print_line("Nothing was attested.");
        return Ok(Outcome::Done);
    }
    let now = session.muster.env.now();
    let answerers = session.muster.answerers().await?;
    let rows = attestations
        .iter()
        .map(|one| {
            let of = one
                .account
                .as_ref()
                .map_or_else(|| one.app.to_string(), |account| format!("{}/{account}", one.app));
            let until = session.when(one.until);
            let until = if !one.holds(now) {
                session.style.dim(&format!("lapsed {until}"))
            } else if let Some(why) = answerers.why_not(&one.by) {
                session.style.red(&format!("counts no more: {}", clean(why)))
            } else {
                until
            };
            [
                one.id.to_string(),
                format!("{} of {of}", one.says.word()),
                clean(&one.statement),
                clean(&one.by),
                until,
                one.file.as_ref().map(|file| clean(&file.name)).unwrap_or_default(),
            ]
        })
        .collect();
    print_line(&table(["id", "what", "in words", "whose word", "until", "proof"], rows));
    Ok(Outcome::Done)
}
