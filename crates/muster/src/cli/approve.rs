//! `muster approve`.

use muster_domain::model::id::AppName;
use serde_json::json;

use super::{
    render,
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::error::Result;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The beginnings of fingerprints, or "all" in which you have a say; then the app, unless
    /// there is only one. Or the ord_… id of a contract that somebody wants to extend
    #[arg(value_name = "FINGERPRINT|all [APP]", required = true)]
    words: Vec<String>,
    /// Why; kept beside the approval
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Splits the app off, which comes last if it is named. No name of an app is a fingerprint.
pub(super) fn app_last(words: &[String]) -> (Vec<String>, Option<AppName>) {
    let hex = |word: &str| word.len() >= 6 && word.chars().all(|c| c.is_ascii_hexdigit());
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() && !hex(last) && last != "all" => {
            (rest.to_vec(), last.parse().ok())
        }
        _ => (words.to_vec(), None),
    }
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        if let [id] = self.words.as_slice()
            && id.starts_with("ord_")
        {
            let session = start.open(Access::Write).await?;
            return extend(&session, id, self.reason.as_deref()).await;
        }
        // Saying yes does not wait until whoever is at work is done.
        let session = start.open(Access::Beside).await?;
        let (wanted, app) = app_last(&self.words);
        let app = session.app(app.as_ref()).await?;
        let plan = session.muster.plan(&app, None).await?;
        let others = session.muster.approvable(&plan, &wanted).await?.others;
        let approvals =
            session.muster.approve_because(&plan, &wanted, self.reason.as_deref()).await?;
        if session.json {
            let others: Vec<_> = others
                .iter()
                .map(|(one, why)| json!({"fingerprint": one.fingerprint, "why": why}))
                .collect();
            print_json(&json!({"app": app, "approved": approvals, "not_approved": others}))?;
            return Ok(Outcome::changes_if(!others.is_empty()));
        }
        for approval in &approvals {
            print_line(&format!(
                "{} {}  {}  until {}",
                session.style.green("approved"),
                session.style.dim(&approval.fingerprint.brief()),
                render::clean(&approval.what),
                session.when(approval.expires),
            ));
        }
        for (operation, why) in &others {
            print_line(&format!(
                "{} {}  {}: {}",
                session.style.yellow("waits   "),
                session.style.dim(&operation.fingerprint.brief()),
                render::clean(&operation.brief()),
                render::clean(why),
            ));
        }
        if approvals.is_empty() && others.is_empty() {
            print_line("Nothing waits for an approval.");
        }
        if !approvals.is_empty() {
            print_line(&format!("Next: muster apply {app}"));
        }
        Ok(Outcome::changes_if(!others.is_empty()))
    }
}

/// Lets a contract be extended.
async fn extend(session: &Session, id: &str, reason: Option<&str>) -> Result<Outcome> {
    let done = session.muster.approve_extension(id, reason).await?;
    if session.json {
        print_json(&done)?;
    } else {
        print_line(&format!(
            "{} {} {}",
            session.style.green("approved"),
            render::clean(&done.name),
            render::clean(&done.what)
        ));
    }
    Ok(Outcome::Done)
}
