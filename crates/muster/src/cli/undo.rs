//! `muster undo`.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    plan::moment,
    render::{self, clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::{
        Unwatched,
        apply::{Applied, ApplyRequest},
        undo::{Undo, of_kept},
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// An operation that was done (op_…), or the beginning of the digest of a plan that was
    /// applied. Without it: what is undone now
    #[arg(value_name = "OPERATION|PLAN", conflicts_with = "end")]
    what: Option<String>,
    /// Why; shown wherever it holds something
    #[arg(long, value_name = "TEXT", default_value = "undone by hand")]
    reason: String,
    /// How long it stays so: 2026-12-01, "2026-12-01 18:00" or an instant [default: 7 days]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show what would be put back, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// End an undo: the account follows the rules again
    #[arg(long, value_name = "ID")]
    end: Option<String>,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let reads = self.dry_run || (self.what.is_none() && self.end.is_none());
        let session = start.open(if reads { Access::Read } else { Access::Write }).await?;
        if let Some(id) = &self.end {
            let keep = session.muster.end_undo(id).await?;
            if session.json {
                print_json(&json!({"ended": keep}))?;
            } else {
                print_line(&format!(
                    "Ended: account {} in {} follows the rules again. Next: muster plan {}",
                    keep.account, keep.app, keep.app
                ));
            }
            return Ok(Outcome::Done);
        }
        let Some(what) = &self.what else { return list(&session).await };
        let until = self.until.as_deref().map(|text| moment(text, &session.zone)).transpose()?;
        let undo = session.muster.prepare_undo(what, &self.reason, until).await?;
        if !session.json {
            show(&session, &undo);
        }
        if self.dry_run {
            if session.json {
                print_json(&json!({"ordered": false, "undo": undo}))?;
            }
            return Ok(Outcome::Changes);
        }
        let accounts: BTreeSet<_> =
            undo.keeps.iter().map(|keep| (&keep.app, &keep.account)).collect();
        let question = format!("Put {} back?", render::count(accounts.len(), "account"));
        if !self.yes && !session.confirm(&question)? {
            print_line("Nothing was done.");
            return Ok(Outcome::Changes);
        }
        session.muster.undo(&undo).await?;
        put_back(&session, &undo).await
    }
}

fn show(session: &Session, undo: &Undo) {
    let style = session.style;
    for plan in &undo.plans {
        print_line(&format!("{} in {}", style.bold("Putting back"), plan.app));
        for operation in &plan.operations {
            print_line(render::operation(operation, style).trim_end());
        }
        if plan.operations.is_empty() {
            print_line("  it is so already");
        }
    }
    for one in &undo.lost {
        print_line(&format!(
            "  {} {}: {}",
            style.yellow("not put back"),
            clean(&one.what),
            clean(&one.why)
        ));
    }
    for keep in &undo.keeps {
        print_line(&format!(
            "  kept so until {}; to end it: muster undo --end {}",
            session.when(keep.until),
            keep.id
        ));
    }
}

/// Puts back app by app; one app that fails does not keep the others from it.
async fn put_back(session: &Session, undo: &Undo) -> Result<Outcome> {
    let mut values = Vec::new();
    let mut failed: Vec<Error> = Vec::new();
    let mut outcome = Outcome::Done;
    for plan in &undo.plans {
        match put_back_in(session, undo, &plan.app).await {
            Ok(applied) => {
                if !applied.is_complete() {
                    outcome = Outcome::Changes;
                }
                if !session.json {
                    super::apply::report(session, &applied);
                }
                values.push(json!({"app": plan.app, "applied": applied}));
            }
            Err(error) => failed.push(error),
        }
    }
    if session.json {
        print_json(&json!({"ordered": true, "undo": undo, "apps": values}))?;
    }
    super::all_but_last(session.json, failed).map_or(Ok(outcome), Err)
}

/// The order has been recorded meanwhile: what it asks for is planned from what is true.
async fn put_back_in(
    session: &Session,
    undo: &Undo,
    app: &muster_domain::model::id::AppName,
) -> Result<Applied> {
    super::apply::settle(session, app).await?;
    let plan = of_kept(session.muster.plan(app, None).await?, &undo.keeps);
    let request = ApplyRequest { plan, only: None };
    if session.json {
        session.muster.apply(&request, &Unwatched).await
    } else {
        session.muster.apply(&request, &super::apply::Lines::new(session)).await
    }
}

async fn list(session: &Session) -> Result<Outcome> {
    let keeps = session.muster.keeps().await?;
    if session.json {
        print_json(&keeps)?;
        return Ok(Outcome::Done);
    }
    if keeps.is_empty() {
        print_line("Nothing is undone.");
        return Ok(Outcome::Done);
    }
    let rows = keeps.iter().map(|keep| {
        [
            keep.id.to_string(),
            format!("{} {}", keep.undone, keep.what),
            format!("{} account {}", keep.app, keep.account),
            keep.reason.clone(),
            format!("{} {}", keep.by, session.when(keep.at)),
            session.when(keep.until),
        ]
    });
    print_line(&table(["id", "undone", "where", "why", "by", "until"], rows.collect()));
    Ok(Outcome::Done)
}
