//! `muster hand-over`.

use muster_domain::model::{
    id::AppName,
    person::Person,
    plan::{Operation, Plan},
    work::HandOverTo,
};
use serde_json::json;

use super::{
    render::{self, clean},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::{
        Unwatched,
        apply::{Applied, ApplyRequest},
        hand_over::{HeldWork, Keep},
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose work: a name, a work address, the source's id or a per_… id
    person: String,
    /// Who takes it over: a name, an address, an account, manager, "team NAME",
    /// "round_robin A@X, B@X" or nobody [default: as the policy says]
    #[arg(long, value_name = "WHO")]
    to: Option<String>,
    /// In this app [default: in every app]
    #[arg(long)]
    app: Option<AppName>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Only show what they hold and who would get it
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let access = if self.dry_run { Access::Read } else { Access::Write };
        let session = start.open(access).await?;
        let person = session.muster.find_person(&self.person).await?;
        let to = match &self.to {
            Some(text) => Some(session.muster.recipient(text).await?),
            None => None,
        };
        let apps = self.apps(&session).await?;
        let keep = if self.dry_run { Keep::No } else { Keep::Yes };
        let mut held = Vec::new();
        for app in &apps {
            if !self.dry_run {
                super::apply::settle(&session, app).await?;
            }
            let how = (to.as_ref(), keep);
            let work = session.muster.held_work(app, &person, how).await?;
            if !session.json {
                show(&session, &person, &work);
            }
            held.push(work);
        }
        let due = held.iter().any(|work| !work.plan.operations.is_empty());
        if self.dry_run {
            if session.json {
                print_json(&json!({"person": person.id, "done": false, "apps": held}))?;
            }
            return Ok(Outcome::changes_if(due));
        }
        let goes = |work: &HeldWork| work.plan.operations.iter().any(Operation::goes);
        if (held.iter().any(goes) || to.is_some())
            && !self.yes
            && !session.confirm(&question(&person, to.as_ref().filter(|_| !due)))?
        {
            print_line("Nothing was done.");
            return Ok(Outcome::Changes);
        }
        if let Some(to) = &to {
            session.muster.order_work(&person, self.app.as_ref(), to.clone()).await?;
        }
        let mut values = Vec::new();
        let mut outcome = Outcome::Done;
        for HeldWork { app, accounts, plan, .. } in held {
            let applied = now(&session, &person, plan).await?;
            if !applied.is_complete() {
                outcome = Outcome::Changes;
            }
            values.push(json!({"app": app, "accounts": accounts, "applied": applied}));
        }
        if session.json {
            print_json(&json!({"person": person.id, "done": true, "apps": values}))?;
        } else if !due && to.is_some() {
            print_line("Recorded: it holds when the access of this person ends.");
        }
        Ok(outcome)
    }

    async fn apps(&self, session: &Session) -> Result<Vec<AppName>> {
        match &self.app {
            Some(app) => Ok(vec![session.app(Some(app)).await?]),
            None => {
                let policy = session.muster.policy().await?;
                session.muster.planned_apps(&policy).await
            }
        }
    }
}

/// What is asked; about the record alone where nothing is handed over yet.
fn question(person: &Person, recorded: Option<&HandOverTo>) -> String {
    let name = clean(&person.name());
    match recorded {
        Some(to) => format!("Record that the work of {name} goes to {to}?"),
        None => format!("Hand over the work of {name}?"),
    }
}

/// Hands over what `plan` says, and reports.
pub(super) async fn now(session: &Session, person: &Person, plan: Plan) -> Result<Applied> {
    if plan.operations.is_empty() {
        return Ok(Applied::default());
    }
    let request = ApplyRequest { plan, only: Some(person.id.clone()) };
    if session.json {
        return session.muster.apply(&request, &Unwatched).await;
    }
    let applied = session.muster.apply(&request, &super::apply::Lines::new(session)).await?;
    super::apply::report(session, &applied);
    Ok(applied)
}

fn show(session: &Session, person: &Person, held: &HeldWork) {
    let style = session.style;
    print_line(&format!("{}  {}", style.bold(held.app.as_str()), clean(&person.name())));
    if held.accounts.is_empty() {
        print_line("  has no account");
        return;
    }
    for (account, work) in &held.accounts {
        let old = match work.closed {
            0 => String::new(),
            n => format!("; {n} closed long ago, which stay"),
        };
        print_line(&format!("  account {account} holds {}{old}", clean(&work.to_string())));
    }
    print_line(&format!("  {}", clean(&held.says)));
    for one in &held.plan.operations {
        print_line(render::operation(one, style).trim_end());
    }
}
