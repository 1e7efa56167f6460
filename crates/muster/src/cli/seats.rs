//! `muster seats`.

use jiff::SignedDuration;
use muster_domain::{engine::seats::Seats, model::id::AppName};
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
    #[arg(long, value_name = "DAYS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=730))]
    days: u16,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let ahead = SignedDuration::from_hours(24 * i64::from(self.days));
        let mut values = Vec::new();
        let mut short = false;
        for app in session.apps(self.app.as_ref()).await? {
            let seats = session.muster.seats(&app, session.muster.env.now() + ahead).await?;
            short |= seats.short_from.is_some();
            if session.json {
                values.push(json!({"app": app, "seats": seats, "after_plan": seats.after_plan()}));
            } else {
                show(&session, &app, &seats);
            }
        }
        if session.json {
            print_json(&values)?;
        }
        Ok(Outcome::changes_if(short))
    }
}

/// One line on how seats stand.
pub(super) fn line(session: &Session, seats: &Seats) -> String {
    let used = match seats.bought {
        Some(bought) => format!("{} of {bought} seats used", seats.used),
        None => format!("{} seats used, of how many the policy does not say", seats.used),
    };
    let plan = format!(
        "; the plan takes {} and gives back {}, which makes {}",
        seats.taken_by_plan,
        seats.freed_by_plan,
        seats.after_plan()
    );
    let plan = if seats.taken_by_plan + seats.freed_by_plan > 0 { plan } else { String::new() };
    let promised = match seats.promised {
        0 => String::new(),
        n => format!(" ({n} by invitations nobody accepted)"),
    };
    let short = match seats.short_from {
        Some(at) => session.style.red(&format!("; too few from {} on", session.when(at))),
        None => String::new(),
    };
    format!("{used}{promised}{plan}{short}")
}

fn show(session: &Session, app: &AppName, seats: &Seats) {
    print_line(&format!("{}  {}", session.style.bold(app.as_str()), line(session, seats)));
    if seats.changes.is_empty() {
        return;
    }
    let rows = seats.changes.iter().map(|change| {
        let what = if change.seats > 0 { "takes a seat" } else { "gives one back" };
        [session.when(change.at), clean(&change.name), what.to_owned(), change.used.to_string()]
    });
    print_line(&table(["when", "who", "what", "used then"], rows.collect()));
}
