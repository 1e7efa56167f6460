//! `muster access`.

use jiff::civil::Date;
use muster_domain::model::{
    group::{Grant, Until, Weight},
    id::{AppName, RoleName},
};
use serde_json::json;

use super::{
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::access::{NewGrant, Standing},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Give one person access to one app, beside rules and groups
    Grant {
        /// A name, a work address, the source's id or a per_… id
        person: String,
        /// The app
        app: AppName,
        /// The role
        role: RoleName,
        /// Why; shown wherever it counts
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Its last day, or an instant; without it, as long as the person works here
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
    },
    /// Let the role of an account be what it is until a date, whatever rules say
    Except {
        /// The account: APP/ID or its login
        account: String,
        /// The last day of it, or an instant
        #[arg(long, value_name = "DATE")]
        until: String,
        /// Why; shown wherever it counts
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List what was granted
    List,
    /// Take a grant or an exception back
    Revoke {
        /// The beginning of its id
        id: String,
    },
}

/// Reads how long something lasts: a day, or a moment.
pub(super) fn until(text: &str, session: &Session) -> Result<Until> {
    match text.parse::<Date>() {
        // A date with a time of day is an instant; it too would be read as a date.
        Ok(day) if text.len() == "2026-12-01".len() => Ok(Until::Day(day)),
        _ => Ok(Until::Moment(moment(text, &session.zone)?)),
    }
}

/// What is said of a grant that was given in a job that is over.
pub(super) const EARLIER: &str = "of an earlier job, not in force";

/// How long something lasts, in words.
pub(super) fn lasts(until: Option<Until>, session: &Session) -> String {
    match until {
        Some(Until::Day(day)) => format!("through {day}"),
        Some(Until::Moment(at)) => format!("until {}", session.when(at)),
        None => "as long as they work here".to_owned(),
    }
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Beside).await?;
        match self {
            Self::Grant { person, app, role, reason, until: end } => {
                let person = session.muster.find_person(&person).await?;
                let until = end.map(|text| until(&text, &session)).transpose()?;
                let weight = Weight::Beside;
                let new = NewGrant { person, app, role, weight, reason, until };
                let grant = session.muster.grant_access(new).await?;
                granted(&session, &grant)
            }
            Self::Except { account, until: end, reason } => {
                let end = until(&end, &session)?;
                let grant = session.muster.except_account(&account, end, &reason).await?;
                granted(&session, &grant)
            }
            Self::List => list(&session).await,
            Self::Revoke { id } => {
                let grant = session.muster.revoke_access(&id).await?;
                if session.json {
                    print_json(&json!({"revoked": grant}))?;
                } else {
                    let Grant { app, role, .. } = &grant;
                    print_line(&format!("Taken back: {role} in {app}. See: muster plan {app}"));
                }
                Ok(Outcome::Done)
            }
        }
    }
}

fn granted(session: &Session, grant: &Grant) -> Result<Outcome> {
    if session.json {
        print_json(grant)?;
        return Ok(Outcome::Done);
    }
    let Grant { id, app, role, until, .. } = grant;
    let lasts = lasts(*until, session);
    print_line(&format!("Granted: {role} in {app}, {lasts}. See: muster plan {app}"));
    print_line(&format!("Take it back with: muster access revoke {id}"));
    Ok(Outcome::Done)
}

async fn list(session: &Session) -> Result<Outcome> {
    let grants = session.muster.grants().await?;
    if session.json {
        print_json(&grants)?;
        return Ok(Outcome::Done);
    }
    if grants.is_empty() {
        print_line("Nothing was granted by hand.");
        return Ok(Outcome::Done);
    }
    let rows = grants
        .iter()
        .map(|view| {
            let Grant { id, app, role, weight, reason, until, by, at, .. } = &view.grant;
            let kind = match weight {
                Weight::Beside => "grant",
                Weight::Instead => "exception",
            };
            [
                id.to_string(),
                format!("{}, {}", clean(&view.name), view.state.unwrap_or("not known")),
                format!("{kind}: {role} in {app}"),
                clean(reason),
                match view.standing {
                    Standing::InForce => lasts(*until, session),
                    Standing::OfEarlierJob => EARLIER.to_owned(),
                },
                format!("{} {}", clean(by), session.when(*at)),
            ]
        })
        .collect();
    print_line(&table(["id", "who", "what", "why", "lasts", "ordered"], rows));
    Ok(Outcome::Done)
}
