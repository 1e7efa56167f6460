//! `muster reject`.

use serde_json::json;

use super::{
    approve::app_last,
    render,
    session::{Access, Outcome, Start, print_json, print_line},
};
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The beginning of a fingerprint; then the app, unless there is only one. Or the ord_… id of a
    /// contract that somebody wants to extend
    #[arg(value_name = "FINGERPRINT [APP]", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Why; shown wherever it holds something
    #[arg(long, value_name = "TEXT", required_unless_present = "withdraw")]
    reason: Option<String>,
    /// Take an earlier no back
    #[arg(long)]
    withdraw: bool,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        if let ([id], false) = (self.words.as_slice(), self.withdraw)
            && id.starts_with("ord_")
        {
            let session = start.open(Access::Write).await?;
            let reason = self.reason.as_deref().unwrap_or_default();
            let no = session.muster.reject_extension(id, reason).await?;
            if session.json {
                print_json(&json!({"rejected": no}))?;
            } else {
                let name = render::clean(&no.name);
                print_line(&format!("Rejected: the contract of {name} stays as it was."));
            }
            return Ok(Outcome::Done);
        }
        // Saying no holds in runs that are going on too.
        let session = start.open(Access::Beside).await?;
        let (wanted, app) = app_last(&self.words);
        let [text] = wanted.as_slice() else {
            return Err(Error::Invalid(
                "reject one operation at a time, by its fingerprint".into(),
            ));
        };
        let app = session.app(app.as_ref()).await?;
        let style = session.style;
        if self.withdraw {
            let no = session.muster.withdraw_rejection(&app, text).await?;
            if session.json {
                print_json(&json!({"withdrawn": no}))?;
            } else {
                let what = render::clean(&no.what);
                print_line(&format!("Withdrawn: {what} is no longer rejected."));
            }
            return Ok(Outcome::Done);
        }
        let plan = session.muster.plan(&app, None).await?;
        let reason = self.reason.unwrap_or_default();
        let no = session.muster.reject(&plan, text, &reason).await?;
        if session.json {
            print_json(&json!({"rejected": no}))?;
            return Ok(Outcome::Changes);
        }
        print_line(&format!(
            "{} {}  {}  until {}, or until somebody approves it",
            style.yellow("rejected"),
            style.dim(&no.fingerprint.brief()),
            render::clean(&no.what),
            session.when(no.expires),
        ));
        if no.keeps_access {
            print_line(&format!(
                "{} access stays that should be taken away; muster sync goes on reporting it",
                style.red("!")
            ));
        }
        Ok(Outcome::Changes)
    }
}
