//! `muster offboard`.

use muster_domain::model::{
    id::AppName,
    person::Person,
    plan::{Action, Operation, Plan},
    work::HandOverTo,
};
use serde_json::json;

use super::{
    plan::moment,
    render,
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::{Unwatched, accounts::Answered, apply::Applied, hand_over::Keep, urgent::Elsewhere},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A name, a work address, the source's id or a per_… id
    person: String,
    /// End access now
    #[arg(long, conflicts_with = "at")]
    now: bool,
    /// End access at a time: 2026-12-01, "2026-12-01 18:00" or an instant
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Do not hand over what they hold: the removal does not wait for it
    #[arg(long)]
    keep_work: bool,
    /// Take an ordered end back. Nothing is let in again by that: a plan proposes it
    #[arg(long, conflicts_with_all = ["now", "at"])]
    cancel: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        if self.cancel {
            return self.cancel(start).await;
        }
        let decided = self.now || self.at.is_some();
        // Cutting access does not wait until whoever is at work is done.
        let access = if decided { Access::Urgent } else { Access::Read };
        let session = start.open(access).await?;
        let now = session.muster.env.now();
        let person = session.muster.find_person(&self.person).await?;
        let at = match &self.at {
            Some(text) => {
                let at = moment(text, &session.zone)?;
                if at < now {
                    return Err(Error::Invalid(format!(
                        "{} has passed; to end access at once, say --now",
                        session.when(at)
                    )));
                }
                at
            }
            None => now,
        };
        let plans = session.muster.preview_offboard(&person, at).await?;
        if !session.json {
            preview(&session, &person.name(), at, &plans);
            for ends in session.muster.ordered_for(&person.id).await? {
                print_line(&format!("Ends with it: {}", render::clean(&ends)));
            }
            answers_for(&session, &person).await?;
        }
        if !decided {
            if session.json {
                print_json(
                    &json!({"person": person.id, "at": at, "ordered": false, "plans": plans}),
                )?;
            } else {
                print_line("\nNothing was ordered. Say --now, or --at TIME.");
            }
            return Ok(Outcome::Changes);
        }
        let question = format!("End the access of {} at {}?", person.name(), session.when(at));
        if !self.yes && !session.confirm(&question)? {
            print_line("Nothing was done.");
            return Ok(Outcome::Changes);
        }
        let person = session.muster.order_end(&person, at).await?;
        if self.keep_work {
            session.muster.order_work(&person, None, HandOverTo::Nobody).await?;
        }
        if at > now {
            if session.json {
                print_json(
                    &json!({"person": person.id, "at": at, "ordered": true, "plans": plans}),
                )?;
            } else {
                print_line(&format!(
                    "Ordered. muster apply after {} takes the access away.",
                    session.when(at)
                ));
            }
            return Ok(Outcome::Done);
        }
        cut(&session, &person, plans).await
    }
}

impl Args {
    /// Takes the order back, and shows what follows from that.
    async fn cancel(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Write).await?;
        let person = session.muster.find_person(&self.person).await?;
        let Some(order) = &person.ordered_end else {
            return session.muster.cancel_end(&person).await.map(|_| Outcome::Done);
        };
        let at = session.when(order.at);
        let question = format!("Take back the end of {} at {at}?", person.name());
        if !self.yes && !session.confirm(&question)? {
            print_line("Nothing was done.");
            return Ok(Outcome::Changes);
        }
        let (person, order) = session.muster.cancel_end(&person).await?;
        let view = session.muster.person_view(&person).await?;
        let follows = view.apps.iter().any(|app| !app.operations.is_empty());
        if session.json {
            let plans: Vec<_> = view
                .apps
                .iter()
                .map(|app| json!({"app": app.app, "operations": app.operations}))
                .collect();
            print_json(&json!({"person": person.id, "cancelled": order, "apps": plans}))?;
            return Ok(Outcome::changes_if(follows));
        }
        print_line(&format!(
            "Taken back: {} ordered the end of {} at {at}.",
            render::clean(&order.by),
            render::clean(&view.name),
        ));
        for app in &view.apps {
            print_line(&format!("  {}: {}", app.app, render::clean(&app.should.says)));
            for operation in &app.operations {
                print_line(render::operation(operation, session.style).trim_end());
            }
        }
        Ok(Outcome::changes_if(follows))
    }
}

/// What goes on without the leaver, and needs somebody else to answer for it.
async fn answers_for(session: &Session, person: &Person) -> Result<()> {
    for Answered { app, account, kind } in session.muster.answers_for(&person.id).await? {
        let (login, id, kind) = (render::clean(&account.login), &account.id, kind.word());
        print_line(&format!(
            "Needs another owner and a new secret: the {kind} account {login} in {app}.\n  \
             muster accounts classify {app}/{id} {kind} --owner PERSON"
        ));
    }
    Ok(())
}

/// Cuts now, app by app; one app that fails does not keep the others from being cut.
async fn cut(session: &Session, person: &Person, plans: Vec<Plan>) -> Result<Outcome> {
    let mut outcome = Outcome::Done;
    let mut values = Vec::new();
    for (app, account) in session.muster.seems_theirs(person).await? {
        outcome = Outcome::Changes;
        if !session.json {
            print_line(&format!(
                "  {} {app}/{} {} has their address and lets in, but is said not to be theirs: \
                 change its login and secret, or muster accounts link {app}/{} {}",
                session.style.yellow("!"),
                account.id,
                render::clean(&account.login),
                account.id,
                person.id
            ));
        }
        values.push(json!({"app": app, "not_touched": account.id, "login": account.login}));
    }
    let mut failed = Vec::new();
    let apps: Vec<_> = plans.into_iter().map(|plan| plan.app).collect();
    for app in &apps {
        match cut_in(session, person, app).await {
            Ok(applied) => {
                if !applied.is_complete() {
                    outcome = Outcome::Changes;
                }
                if !session.json {
                    super::apply::report(session, &applied);
                }
                values.push(json!({"app": app, "applied": applied}));
            }
            Err(error) => failed.push(error),
        }
    }
    // Cutting goes before cleaning up, in every app.
    for app in &apps {
        match hand_over_in(session, person, app).await {
            Ok(Handed::Over(applied)) => {
                if !applied.is_complete() {
                    outcome = Outcome::Changes;
                }
                values.push(json!({"app": app, "handed_over": applied}));
            }
            Ok(Handed::Later(why)) => {
                outcome = Outcome::Changes;
                if !session.json {
                    print_line(&format!("  {} {why}", session.style.yellow("!")));
                }
                values.push(json!({"app": app, "handed_over": null, "waits": why}));
            }
            Err(error) => failed.push(error),
        }
    }
    if session.json {
        print_json(&json!({"person": person.id, "ordered": true, "apps": values}))?;
    }
    super::all_but_last(session.json, failed).map_or(Ok(outcome), Err)
}

/// The order has been recorded meanwhile: what it asks for is planned from what is true.
async fn cut_in(session: &Session, person: &Person, app: &AppName) -> Result<Applied> {
    let Session { muster, elsewhere, .. } = session;
    if session.json {
        muster.cut(person, app, *elsewhere, &Unwatched).await
    } else {
        muster.cut(person, app, *elsewhere, &super::apply::Lines::new(session)).await
    }
}

/// What became of what they hold.
enum Handed {
    /// It went to whom the policy or an order says.
    Over(Applied),
    /// Others are at work, and this is not urgent.
    Later(String),
}

/// What they hold is looked at once access is cut, and goes to whom the policy or an order says.
async fn hand_over_in(session: &Session, person: &Person, app: &AppName) -> Result<Handed> {
    let later = || {
        Handed::Later(format!(
            "what they hold in {app} waits: another muster is at work; once it is done: muster \
             hand-over {}",
            person.id
        ))
    };
    if session.elsewhere == Elsewhere::Anybody {
        return Ok(later());
    }
    let held = session.muster.held_work(app, person, (None, Keep::Yes)).await?;
    match super::hand_over::now(session, person, held.plan).await {
        Ok(applied) => Ok(Handed::Over(applied)),
        Err(Error::Busy(_)) => Ok(later()),
        Err(error) => Err(error),
    }
}

fn preview(session: &Session, name: &str, at: jiff::Timestamp, plans: &[Plan]) {
    let style = session.style;
    print_line(&format!(
        "{}: access ends {}",
        style.bold(&format!("Offboarding {}", render::clean(name))),
        session.when(at)
    ));
    let mut any = false;
    for plan in plans {
        let leaves = |one: &&Operation| {
            one.action.removes_access() || matches!(one.action, Action::HandOver { .. })
        };
        for operation in plan.operations.iter().filter(leaves) {
            any = true;
            print_line(&format!("\n{}", style.bold(plan.app.as_str())));
            print_line(render::operation(operation, style).trim_end());
        }
    }
    if !any {
        print_line("  no account lets in; nothing to take away");
    }
    print_line(
        "\nKept: the accounts themselves and their history. Their open tickets go to whom the \
         policy or muster hand-over says, once access is cut; what they hold right now: \
         muster hand-over PERSON --dry-run. Not covered: sessions that are open, sign-in at your \
         identity provider, API keys the person made.",
    );
}
