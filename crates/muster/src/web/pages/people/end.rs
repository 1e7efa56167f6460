//! Offboarding: first what it comes to, then the order; and taking an ordered end back.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use muster_domain::model::{
    id::AppName,
    person::Person,
    plan::{Action, Plan},
    work::HandOverTo,
};
use serde::Deserialize;

use super::{AT, all_apps, known, one};
use crate::{
    error::{Error, Result},
    service::{Muster, accounts::Answered, urgent::Elsewhere},
    web::{
        Web,
        pages::plans::{Line, Say},
        problem::Problem,
        shell::{self, Shell},
        who::Who,
    },
};

/// When, what becomes of their work, and what was shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    /// A local time; at once where there is none.
    at: String,
    keep_work: String,
    shown: String,
}

#[derive(Template)]
#[template(path = "offboard.html")]
struct Offboard {
    shell: Shell,
    person: Person,
    given: Given,
    at: Timestamp,
    lines: Vec<Line>,
    ends: Vec<String>,
    answers: Vec<Answered>,
    shown: String,
    trouble: Option<String>,
}

/// The moment that was asked for; now where none was.
fn moment(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp> {
    if text.trim().is_empty() {
        return Ok(now);
    }
    let wrong = || Error::Invalid(format!("{text} is no time; write it as in 2026-12-01T18:00"));
    let local: DateTime = text.trim().parse().map_err(|_| wrong())?;
    let at = zone.to_ambiguous_zoned(local).compatible().map_err(|_| wrong())?.timestamp();
    if at < now {
        return Err(Error::Invalid(format!("{text} has passed; leave it empty to end access now")));
    }
    Ok(at)
}

fn takes_away(plans: Vec<Plan>) -> Vec<Line> {
    plans
        .into_iter()
        .flat_map(|plan| plan.operations)
        .filter(|one| one.action.removes_access() || matches!(one.action, Action::HandOver { .. }))
        .map(|operation| Line { operation, say: Say::Nothing })
        .collect()
}

/// The fingerprints of what would be taken away.
fn shown(lines: &[Line]) -> String {
    let prints: Vec<_> = lines.iter().map(|line| line.operation.fingerprint.to_string()).collect();
    prints.join(",")
}

async fn page(
    web: &Web,
    who: Who,
    person: Person,
    (given, trouble): (Given, Option<String>),
) -> std::result::Result<Response, Problem> {
    let muster = who.muster(web);
    let now = muster.env.now();
    let zone = muster.policy_or_none().await?.organization.time_zone;
    let (at, trouble) = match moment(&given.at, &zone, now) {
        Ok(at) => (at, trouble),
        Err(error) => (now, Some(error.to_string())),
    };
    let lines = takes_away(muster.preview_offboard(&person, at).await?);
    let title = format!("Offboard {}", person.name());
    Ok(shell::page(&Offboard {
        ends: muster.ordered_for(&person.id).await?,
        answers: muster.answers_for(&person.id).await?,
        shown: shown(&lines),
        shell: Shell::new(web, who, AT, title).await?,
        person,
        given,
        at,
        lines,
        trouble,
    }))
}

pub(super) async fn preview(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
    Query(given): Query<Given>,
) -> std::result::Result<Response, Problem> {
    let person = known(&web, &id).await?;
    all_apps(&who)?;
    page(&web, who, person, (given, None)).await
}

pub(super) async fn order(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> std::result::Result<Response, Problem> {
    let person = known(&web, &id).await?;
    all_apps(&who)?;
    let muster = who.muster(&web);
    let now = muster.env.now();
    let zone = muster.policy_or_none().await?.organization.time_zone;
    let at = match moment(&given.at, &zone, now) {
        Ok(at) => at,
        Err(error) => return again(&web, who, person, (given, error.to_string())).await,
    };
    let plans = muster.preview_offboard(&person, at).await?;
    let apps: Vec<AppName> = plans.iter().map(|plan| plan.app.clone()).collect();
    if shown(&takes_away(plans)) != given.shown {
        let moved = "The world has moved since you looked. This is what it comes to now.";
        return again(&web, who, person, (given, moved.to_owned())).await;
    }
    let person = muster.order_end(&person, at).await?;
    if !given.keep_work.is_empty() {
        muster.order_work(&person, None, HandOverTo::Nobody).await?;
    }
    web.worker.wake();
    if at > now {
        return Ok(Redirect::to(&format!("/people/{}?done=ends", person.id)).into_response());
    }
    // Not cut short by a browser that goes away.
    let cutting = tokio::spawn({
        let (person, worker) = (person.clone(), web.worker.clone());
        async move { cut(&muster, &person, (apps, &worker)).await }
    });
    let failed = cutting.await.unwrap_or_else(|error| vec![error.to_string()]);
    if failed.is_empty() {
        return Ok(Redirect::to(&format!("/people/{}?done=cut", person.id)).into_response());
    }
    let trouble = format!("The end is ordered, but access stays for now: {}", failed.join("; "));
    let page = one::page(&web, who, &person, ("", Some(trouble))).await?;
    Ok((StatusCode::BAD_GATEWAY, page).into_response())
}

async fn again(
    web: &Web,
    who: Who,
    person: Person,
    (given, trouble): (Given, String),
) -> std::result::Result<Response, Problem> {
    let page = page(web, who, person, (given, Some(trouble))).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

/// Cuts app by app; one app that fails does not keep the others from being cut. What failed, in
/// words.
async fn cut(
    muster: &Muster,
    person: &Person,
    (apps, worker): (Vec<AppName>, &crate::worker::Worker),
) -> Vec<String> {
    let mut failed = Vec::new();
    for app in apps {
        if let Err(error) = muster.cut(person, &app, Elsewhere::Anybody, worker).await {
            failed.push(format!("{app}: {error}"));
        }
    }
    failed
}

pub(super) async fn cancel(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
) -> std::result::Result<Response, Problem> {
    let person = known(&web, &id).await?;
    all_apps(&who)?;
    let (person, _) = who.muster(&web).cancel_end(&person).await?;
    web.worker.wake();
    Ok(Redirect::to(&format!("/people/{}?done=stays", person.id)).into_response())
}
