//! One person: what she is, what she has and why, what happened and what comes.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use muster_domain::model::{
    order::{Freeze, Frozen, Stops},
    person::{Person, Terms},
    user::Permission,
};
use serde::Deserialize;

use super::{AT, known, list};
use crate::{
    service::{
        history::timeline::Happening,
        upcoming::{ComingUp, UpcomingFilter},
        why::PersonView,
    },
    web::{
        Web,
        problem::Problem,
        shell::{self, Shell},
        who::Who,
    },
};

/// So much of what happened is listed.
const LISTED: usize = 50;

/// How far ahead what comes is shown.
const AHEAD: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    shell: Shell,
    view: PersonView,
    comes: Vec<ComingUp>,
    happened: Vec<Happening>,
    unlisted: usize,
    holds: Vec<Freeze>,
    trouble: Option<String>,
}

impl PersonPage {
    fn may_operate(&self) -> bool {
        self.shell.who.may(Permission::Operate) && self.shell.who.user.apps.is_none()
    }

    fn says(&self) -> String {
        list::says(&self.view.state, self.view.day)
    }

    fn manager(&self, number: &u32) -> Option<&String> {
        self.view.managers.get(number)
    }

    fn from(&self, terms: &Terms) -> String {
        terms.start_date.map_or_else(|| "an unknown day".to_owned(), |day| day.to_string())
    }

    fn until(&self, terms: &Terms) -> Option<Date> {
        terms.last_working_day.or(terms.end_date)
    }

    fn holds_writes(&self, hold: &Freeze) -> bool {
        hold.stops == Stops::Writes
    }
}

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
}

pub(super) async fn show(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let person = known(&web, &id).await?;
    page(&web, who, &person, (&asked.done, None)).await
}

/// The page of `person`, with what was done, and what went wrong, if something did.
pub(super) async fn page(
    web: &Web,
    who: Who,
    person: &Person,
    (done, trouble): (&str, Option<String>),
) -> Result<Response, Problem> {
    let muster = who.muster(web);
    let mut view = muster.person_view(person).await?;
    view.apps.retain(|one| who.sees(&one.app));
    view.grants.retain(|one| who.sees(&one.grant.app));
    let until = muster.env.now().checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let filter = UpcomingFilter { until, app: None, person: Some(person.id.clone()) };
    let mut comes = muster.upcoming(&filter).await?;
    comes.retain(|one| one.app.as_ref().is_none_or(|app| who.sees(app)));
    let now = muster.env.now();
    let mut happened = muster.timeline(person).await?;
    happened.retain(|one| one.app.as_ref().is_none_or(|app| who.sees(app)) && one.at <= now);
    happened.reverse();
    let unlisted = happened.len().saturating_sub(LISTED);
    happened.truncate(LISTED);
    let mut holds = muster.freezes().await?;
    holds.retain(|one| matches!(&one.frozen, Frozen::Person { person: of } if *of == person.id));
    let mut shell = Shell::new(web, who, AT, view.name.clone()).await?;
    let notice = match done {
        "cut" => Some("Ordered. Access was cut wherever nothing holds it; see below."),
        "ends" => Some("Ordered. Access ends by itself at that time."),
        "stays" => Some("Taken back. Nothing is let in again by that: the next plan proposes it."),
        "held" => Some("On hold from this moment on."),
        "lifted" => Some("The hold is lifted."),
        _ => None,
    };
    if let Some(notice) = notice {
        shell = shell.with_notice(notice);
    }
    Ok(shell::page(&PersonPage { shell, view, comes, happened, unlisted, holds, trouble }))
}
