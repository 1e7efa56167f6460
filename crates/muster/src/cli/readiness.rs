//! `muster readiness`.

use jiff::SignedDuration;
use muster_domain::{
    engine::readiness::{Ready, Starter},
    model::id::AppName,
};
use serde_json::json;

use super::{
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::error::Result;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The app [default: all]
    app: Option<AppName>,
    /// How far to look ahead
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(0..=365))]
    days: u16,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let horizon =
            session.muster.env.now() + SignedDuration::from_hours(24 * i64::from(self.days));
        let mut values = Vec::new();
        let mut rows = Vec::new();
        let mut needed = false;
        for app in session.apps(self.app.as_ref()).await? {
            for starter in session.muster.readiness(&app, horizon).await? {
                needed |= starter.ready.needs_somebody();
                rows.push(row(&session, &app, &starter));
                values.push(json!({"app": app, "starter": starter}));
            }
        }
        if session.json {
            print_json(&values)?;
        } else if rows.is_empty() {
            print_line(&format!("Nobody starts within {} days.", self.days));
        } else {
            print_line(&table(["starts", "who", "app", "role", "can sign in"], rows));
        }
        Ok(Outcome::changes_if(needed))
    }
}

fn row(session: &Session, app: &AppName, starter: &Starter) -> [String; 5] {
    let style = session.style;
    let state = match &starter.ready {
        Ready::Yes => style.green("yes"),
        Ready::Invited { lapses: Some(at) } => {
            style.yellow(&format!("invited, not accepted; lapses {}", session.when(*at)))
        }
        Ready::Invited { lapses: None } => style.yellow("invited, not accepted"),
        Ready::Lapsed { since } => {
            style.red(&format!("no: the invitation lapsed {}", session.when(*since)))
        }
        Ready::Scheduled { at } => format!("invitation goes out {}", session.when(*at)),
        Ready::Planned { waits_for } if waits_for.is_empty() => {
            "invitation goes out with the next muster apply".to_owned()
        }
        Ready::Planned { waits_for } => {
            style.yellow(&format!("invitation waits: {}", clean(&waits_for.join("; "))))
        }
        Ready::Blocked { by } => style.red(&format!("no: {}", clean(by))),
        Ready::NotExpected => "no rule gives access here".to_owned(),
    };
    [
        session.when(starter.starts),
        clean(&starter.person.name),
        app.to_string(),
        starter.role.as_ref().map(ToString::to_string).unwrap_or_default(),
        state,
    ]
}
