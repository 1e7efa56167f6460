//! `muster approvals`.

use muster_domain::model::id::AppName;

use super::{
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::consent::{Consents, Standing},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The app [default: all]
    app: Option<AppName>,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let apps = match &self.app {
            Some(app) => vec![session.app(Some(app)).await?],
            None => {
                let policy = session.muster.policy().await?;
                session.muster.planned_apps(&policy).await?
            }
        };
        let mut all = Vec::new();
        for app in &apps {
            all.push(session.muster.consents(app).await?);
        }
        let waits = all.iter().any(|one| !one.waiting.is_empty());
        if session.json {
            print_json(&all)?;
            return Ok(Outcome::changes_if(waits));
        }
        for one in &all {
            show(&session, one);
        }
        Ok(Outcome::changes_if(waits))
    }
}

fn show(session: &Session, consents: &Consents) {
    let style = session.style;
    let Consents { app, waiting, approved, rejected, delegations } = consents;
    if waiting.is_empty() && approved.is_empty() && rejected.is_empty() {
        print_line(&format!("{}  nothing waits for anybody", style.bold(app.as_str())));
        return;
    }
    print_line(&style.bold(app.as_str()));
    if !waiting.is_empty() {
        let rows = waiting.iter().map(|one| {
            let operation = &one.operation;
            let reasons: Vec<_> = operation.holds.iter().map(|hold| hold.kind.word()).collect();
            let asked = if one.asked.is_empty() {
                match &operation.person {
                    Some(person) => format!("anybody but {}", person.name),
                    None => "anybody".to_owned(),
                }
            } else {
                one.asked.join(" or ")
            };
            [
                operation.fingerprint.brief(),
                operation.brief(),
                reasons.join(", "),
                asked,
                session.when(one.since),
            ]
        });
        print_line(&table(["waits", "what", "held by", "for", "since"], rows.collect()));
    }
    if !approved.is_empty() {
        let rows = approved.iter().map(|given| {
            let one = &given.approval;
            let standing = match given.standing {
                Standing::Counts => format!("until {}", session.when(one.expires)),
                Standing::Used => "done".to_owned(),
                Standing::Void => "void: it is not asked for so any more".to_owned(),
            };
            let by = match &one.on_behalf_of {
                Some(other) => format!("{} for {other}", one.by),
                None => one.by.clone(),
            };
            [one.fingerprint.brief(), one.what.clone(), by, session.when(one.at), standing]
        });
        print_line(&table(["approved", "what", "by", "at", "counts"], rows.collect()));
    }
    if !rejected.is_empty() {
        let rows = rejected.iter().map(|no| {
            [
                no.fingerprint.brief(),
                no.what.clone(),
                no.by.clone(),
                session.when(no.at),
                format!("until {}: {}", session.when(no.expires), no.reason),
            ]
        });
        print_line(&table(["rejected", "what", "by", "at", "holds"], rows.collect()));
    }
    for one in delegations {
        print_line(&format!(
            "{} decides for {} until {}",
            clean(one.to.as_str()),
            clean(&one.from),
            session.when(one.until)
        ));
    }
}
