//! `muster freeze`.

use muster_domain::model::{
    id::AppName,
    order::{Freeze, Frozen, Stops},
};
use serde_json::json;

use super::{
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{error::Result, service::freeze::NewFreeze};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Write nothing at all, anywhere, until it is lifted
    Everything(How),
    /// Write nothing to one app
    App {
        /// The app
        app: AppName,
        #[command(flatten)]
        how: How,
    },
    /// Write nothing about one person, in any app
    Person {
        /// A name, a work address, the source's id or a per_… id
        person: String,
        #[command(flatten)]
        how: How,
    },
    /// List what stands still
    List,
    /// Lift a freeze
    Lift {
        /// The beginning of its id
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// Why; shown wherever it holds something
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Stop only what deletes, as for litigation: sign-in may still be cut
    #[arg(long)]
    only_deletions: bool,
    /// When it ends by itself: 2026-12-01, "2026-12-01 18:00" or an instant
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        // A kill switch does not wait until whoever is at work is done.
        let session = start.open(Access::Beside).await?;
        match self {
            Self::Everything(how) => order(&session, Frozen::Everything, how).await,
            Self::App { app, how } => {
                session.muster.connection(&app).await?;
                order(&session, Frozen::App { app }, how).await
            }
            Self::Person { person, how } => {
                let person = session.muster.find_person(&person).await?.id;
                order(&session, Frozen::Person { person }, how).await
            }
            Self::List => list(&session).await,
            Self::Lift { id } => {
                let freeze = session.muster.lift(&id).await?;
                if session.json {
                    print_json(&json!({"lifted": freeze}))?;
                } else {
                    let what = what(&session, &freeze).await?;
                    print_line(&format!("Lifted: {what} may be written to again."));
                }
                Ok(Outcome::Done)
            }
        }
    }
}

async fn order(session: &Session, frozen: Frozen, how: How) -> Result<Outcome> {
    let How { reason, only_deletions, until } = how;
    let until = until.map(|text| moment(&text, &session.zone)).transpose()?;
    let stops = if only_deletions { Stops::Deletions } else { Stops::Writes };
    let freeze = session.muster.freeze(NewFreeze { frozen, stops, reason, until }).await?;
    if session.json {
        print_json(&freeze)?;
    } else {
        let what = what(session, &freeze).await?;
        print_line(&format!("{what} stands still. Lift it with: muster freeze lift {}", freeze.id));
    }
    Ok(Outcome::Done)
}

async fn list(session: &Session) -> Result<Outcome> {
    let freezes = session.muster.freezes().await?;
    if session.json {
        print_json(&freezes)?;
        return Ok(Outcome::Done);
    }
    if freezes.is_empty() {
        print_line("Nothing is frozen.");
        return Ok(Outcome::Done);
    }
    let mut rows = Vec::new();
    for freeze in &freezes {
        rows.push([
            freeze.id.to_string(),
            what(session, freeze).await?,
            match freeze.stops {
                Stops::Writes => "every write".to_owned(),
                Stops::Deletions => "deletions".to_owned(),
            },
            clean(&freeze.reason),
            format!("{} {}", clean(&freeze.by), session.when(freeze.at)),
            freeze.until.map(|until| session.when(until)).unwrap_or_default(),
        ]);
    }
    print_line(&table(["id", "what", "stops", "why", "ordered", "until"], rows));
    Ok(Outcome::Done)
}

async fn what(session: &Session, freeze: &Freeze) -> Result<String> {
    Ok(match &freeze.frozen {
        Frozen::Everything => "Everything".to_owned(),
        Frozen::App { app } => app.to_string(),
        Frozen::Person { person } => match session.muster.store.person(person).await? {
            Some(person) => person.name(),
            None => person.to_string(),
        },
    })
}
