//! `muster delegate`.

use muster_domain::model::{email::EmailAddress, id::AppName};
use serde_json::json;

use super::{
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Who may approve in your place
    #[arg(long, value_name = "ADDRESS")]
    to: Option<EmailAddress>,
    /// Until when: 2026-12-01, "2026-12-01 18:00" or an instant; 90 days ahead at most
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only in this app
    #[arg(long)]
    app: Option<AppName>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List who may approve in whose place
    List,
    /// End a delegation before its time
    End {
        /// The beginning of its id
        id: String,
    },
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Beside).await?;
        match self.command {
            Some(Command::List) => return list(&session).await,
            Some(Command::End { id }) => {
                let one = session.muster.end_delegation(&id).await?;
                if session.json {
                    print_json(&json!({"ended": one}))?;
                } else {
                    let (to, from) = (clean(one.to.as_str()), clean(&one.from));
                    print_line(&format!("Ended: {to} no longer decides for {from}."));
                }
                return Ok(Outcome::Done);
            }
            None => {}
        }
        let (Some(to), Some(until)) = (self.to, self.until) else {
            return Err(Error::Invalid(
                "say to whom and until when: muster delegate --to ADDRESS --until DATE".to_owned(),
            ));
        };
        let until = moment(&until, &session.zone)?;
        let one = session.muster.delegate(to, until, self.app).await?;
        if session.json {
            print_json(&one)?;
        } else {
            let place = one.app.as_ref().map_or("every app".to_owned(), ToString::to_string);
            print_line(&format!(
                "{} may approve for {} in {place} until {}. To end it: muster delegate end {}",
                clean(one.to.as_str()),
                clean(&one.from),
                session.when(one.until),
                one.id
            ));
        }
        Ok(Outcome::Done)
    }
}

async fn list(session: &Session) -> Result<Outcome> {
    let all = session.muster.delegations().await?;
    if session.json {
        print_json(&all)?;
        return Ok(Outcome::Done);
    }
    if all.is_empty() {
        print_line("Nobody decides for anybody else.");
        return Ok(Outcome::Done);
    }
    let rows = all.iter().map(|one| {
        [
            one.id.to_string(),
            one.from.clone(),
            one.to.to_string(),
            one.app.as_ref().map(ToString::to_string).unwrap_or_default(),
            session.when(one.until),
        ]
    });
    print_line(&table(["id", "for", "who decides", "app", "until"], rows.collect()));
    Ok(Outcome::Done)
}
