//! What a check says of one account, person or app, with exactly what it was judged by; and leaving
//! it so until a date.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::ToSpan as _;
use muster_domain::{
    engine::checks::Check,
    model::{
        check::{CheckState, Exception},
        id::AppName,
        user::Permission,
    },
};
use serde::Deserialize;

use super::{
    super::{
        checks::{self as said, AT, sees},
        users::end_of,
    },
    exceptions,
};
use crate::{
    error::Error,
    service::{
        check::{Explained, known},
        exception::NewException,
    },
    web::{
        Web,
        problem::Problem,
        routes::{Needs, Route, form, get, post},
        shell::{self, Shell},
        who::Who,
    },
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/checks/{name}/unit", Needs::May(Permission::Read), show),
        post("/checks/{name}/except", Needs::May(Permission::Configure), except),
    ]
}

/// Where a unit is explained.
pub(super) fn link(check: &Check, unit: &str) -> String {
    format!("{AT}/{}/unit?{}", check.name, form(&[("of", unit)]))
}

#[derive(Template)]
#[template(path = "check_unit.html")]
struct UnitPage {
    shell: Shell,
    check: &'static Check,
    explained: Explained,
    inputs: String,
    exceptions: Vec<(Exception, Option<String>)>,
    given: Given,
    trouble: Option<String>,
    first: String,
    last: String,
}

impl UnitPage {
    fn state(&self) -> CheckState {
        self.explained.result.state
    }

    fn may_except(&self) -> bool {
        matches!(self.state(), CheckState::Fail | CheckState::Due | CheckState::Excepted)
            && self.shell.who.may(Permission::Configure)
    }

    fn may_end(&self) -> bool {
        self.shell.who.may(Permission::Configure)
    }

    fn holds(&self, exception: &Exception) -> bool {
        exception.holds(self.shell.now)
    }

    fn changed(&self, state: Option<&CheckState>) -> &'static str {
        state.map_or("nothing wrong", said::words)
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    of: String,
    #[serde(default)]
    done: String,
}

/// What was filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    unit: String,
    reason: String,
    owner: String,
    until: String,
}

async fn show(
    State(web): State<Web>,
    who: Who,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let mut page = page_of(&web, who, &name, &asked.of).await?;
    if asked.done == "excepted" {
        page.shell = page.shell.with_notice("It is left as it is until then, and counted apart.");
    }
    Ok(shell::page(&page))
}

async fn page_of(web: &Web, who: Who, name: &str, unit: &str) -> Result<UnitPage, Problem> {
    let muster = who.muster(web);
    let check = known(name)?;
    let hidden =
        || Problem::not_found(format!("{} is asked of no unit {unit:?} that you see", check.name));
    // Before anything is looked for: what is said of a login that fits several tells of them.
    if let Some(apps) = &who.user.apps {
        let app = unit.split('/').next().unwrap_or_default().parse::<AppName>();
        if !app.is_ok_and(|app| apps.contains(&app)) {
            return Err(hidden());
        }
    }
    let explained = muster.explain_check(check.name, unit).await?;
    if !sees(&who, explained.result.unit.app.as_ref()) {
        return Err(hidden());
    }
    let mut covering = exceptions(&muster, check, |app| sees(&who, app)).await?;
    covering.retain(|(one, _)| one.unit == explained.result.unit);
    let inputs = serde_json::to_string_pretty(&explained.inputs).map_err(Error::from)?;
    let shell = Shell::new(web, who, AT, explained.result.subject.clone()).await?;
    let today = shell.now.to_zoned(shell.zone.clone()).date();
    let last = today.checked_add(1.year()).unwrap_or(today);
    Ok(UnitPage {
        shell,
        check,
        explained,
        inputs,
        exceptions: covering,
        given: Given::default(),
        trouble: None,
        first: today.to_string(),
        last: last.to_string(),
    })
}

async fn except(
    State(web): State<Web>,
    who: Who,
    Path(name): Path<String>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let mut page = page_of(&web, who, &name, &given.unit).await?;
    let made = match end_of(&given.until, &page.shell.zone) {
        Ok(until) => {
            let owner = Some(given.owner.trim()).filter(|owner| !owner.is_empty());
            let new = NewException {
                check: page.check.name.to_owned(),
                unit: page.explained.result.unit.to_string(),
                reason: given.reason.clone(),
                owner: owner.map(str::to_owned),
                until,
                file: None,
            };
            muster.except(new).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(exception) => {
            muster.run_checks().await?;
            let to = format!("{}&done=excepted", link(page.check, &exception.unit.to_string()));
            Ok(Redirect::to(&to).into_response())
        }
        Err(error @ (Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_))) => {
            (page.given, page.trouble) = (given, Some(error.to_string()));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shell::page(&page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
