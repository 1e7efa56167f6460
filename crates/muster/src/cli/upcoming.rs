//! `muster upcoming`.

use jiff::{Span, Timestamp};
use muster_domain::model::id::AppName;

use super::{
    plan::{moment, too_far},
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::Result,
    service::upcoming::{ComingUp, UpcomingFilter},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How far to look: "30 days", 2026-12-01, or an instant
    #[arg(long, value_name = "TIME", default_value = "30 days")]
    until: String,
    /// Only in this app
    #[arg(long)]
    app: Option<AppName>,
    /// Only this person
    #[arg(long)]
    person: Option<String>,
}

/// Reads how far to look.
fn horizon(text: &str, session: &Session) -> Result<Timestamp> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let days = match words.as_slice() {
        [count, "day" | "days"] => count.parse::<i32>().ok(),
        [count, "week" | "weeks"] => count.parse::<i32>().ok().and_then(|n| n.checked_mul(7)),
        _ => None,
    };
    let Some(days) = days else { return moment(text, &session.zone) };
    let now = session.muster.env.now().to_zoned(session.zone.clone());
    Span::new()
        .try_days(days)
        .and_then(|span| now.checked_add(span))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| too_far(text, &session.zone))
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let Self { until, app, person } = self;
        if let Some(app) = &app {
            session.muster.connection(app).await?;
        }
        let person = match person {
            Some(text) => Some(session.muster.find_person(&text).await?.id),
            None => None,
        };
        let until = horizon(&until, &session)?;
        let filter = UpcomingFilter { until, app, person };
        let coming = session.muster.upcoming(&filter).await?;
        if session.json {
            print_json(&coming)?;
        } else if coming.is_empty() {
            print_line(&format!("Nothing until {}.", session.when(until)));
        } else {
            let rows = coming.iter().map(|one| row(&session, one)).collect();
            print_line(&table(["when", "there", "who", "app", "what"], rows));
        }
        Ok(Outcome::Done)
    }
}

fn row(session: &Session, one: &ComingUp) -> [String; 5] {
    let ComingUp { app, upcoming, local, day, .. } = one;
    // A day at work has no time of its own: each app's policy says when on it access ends.
    let here = if app.is_some() { session.when(upcoming.at) } else { day.to_string() };
    let there = if app.is_none() || *local == here { String::new() } else { local.clone() };
    [
        here,
        there,
        clean(&upcoming.person.name),
        app.as_ref().map(ToString::to_string).unwrap_or_default(),
        clean(&upcoming.what),
    ]
}
