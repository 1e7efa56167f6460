//! All checks: what each says of how many accounts, people and apps.

use std::{borrow::Borrow, cmp::Reverse};

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use muster_domain::{
    engine::checks::{self, Check, Detail, Tally},
    model::{
        check::{CheckState, Severity},
        id::AppName,
        user::Permission,
    },
};
use serde::Deserialize;

use super::checks as said;
use crate::web::{
    Web,
    problem::Problem,
    routes::{Needs, Route, form, get},
    shell::{self, Shell},
    who::Who,
};

/// Where the list stands.
pub(super) const AT: &str = "/checks";

pub(super) fn routes() -> Vec<Route> {
    vec![get(AT, Needs::May(Permission::Read), show)]
}

/// The columns of counts.
const COUNTED: [(CheckState, &str); 6] = [
    (CheckState::Fail, "Fail"),
    (CheckState::Due, "Due"),
    (CheckState::NotEvaluable, "Cannot tell"),
    (CheckState::Stale, "Too old"),
    (CheckState::Excepted, "Excepted"),
    (CheckState::Pass, "Pass"),
];

/// A check of one app, or of the company.
struct Row {
    check: &'static Check,
    app: Option<AppName>,
    tally: Tally,
    /// How bad the worst of what is wrong is.
    severity: Option<Severity>,
}

/// How many units are in one state, and where they are listed.
struct Count {
    units: u64,
    look: &'static str,
    link: String,
}

impl Row {
    fn worst(&self) -> CheckState {
        self.tally.worst()
    }

    fn link(&self) -> String {
        self.link_to(None)
    }

    fn counts(&self) -> Vec<Count> {
        let count = |(state, _)| Count {
            units: self.tally.of(state),
            look: look(state),
            link: self.link_to(Some(state)),
        };
        COUNTED.into_iter().map(count).collect()
    }

    fn link_to(&self, state: Option<CheckState>) -> String {
        let mut pairs = Vec::new();
        pairs.extend(self.app.as_ref().map(|app| ("app", app.as_str())));
        pairs.extend(state.map(|state| ("state", state.word())));
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", form(&pairs)) };
        format!("{AT}/{}{query}", self.check.name)
    }
}

#[derive(Template)]
#[template(path = "checks.html")]
struct ChecksPage {
    shell: Shell,
    rows: Vec<Row>,
    off: Vec<&'static Check>,
    unasked: Vec<&'static Check>,
    apps: Vec<AppName>,
    asked: Asked,
}

impl ChecksPage {
    fn counted(&self) -> &'static [(CheckState, &'static str)] {
        &COUNTED
    }

    /// How many units are in `state`.
    fn total(&self, state: CheckState) -> u64 {
        self.rows.iter().map(|row| row.tally.of(state)).sum()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    app: String,
}

async fn show(
    State(web): State<Web>,
    who: Who,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let apps = muster.store.connections().await?.into_iter().map(|one| one.app);
    let apps: Vec<AppName> = apps.filter(|app| who.sees(app)).collect();
    let found = muster.judge(Detail::Notable).await?;
    let wanted = |app: Option<&AppName>| {
        sees(&who, app)
            && (asked.app.is_empty() || app.is_some_and(|app| app.as_str() == asked.app))
    };
    let mut rows = Vec::new();
    for ((name, app), tally) in found.tallies {
        let known = checks::by_name(&name).filter(|_| wanted(app.as_ref()));
        let Some(check) = known else { continue };
        let wrong = found.results.iter().filter(|result| {
            result.check == name
                && result.unit.app == app
                && matches!(result.state, CheckState::Fail | CheckState::Due)
        });
        let severity = wrong.map(|result| result.severity).max();
        rows.push(Row { check, app, tally, severity });
    }
    rows.sort_by_key(|row| {
        (row.worst(), Reverse(row.severity), Reverse(row.tally.of(row.worst())))
    });
    let off: Vec<_> = found.off.into_iter().filter_map(checks::by_name).collect();
    let asks = |check: &Check| rows.iter().any(|row| row.check.name == check.name);
    let is_off = |check: &Check| off.iter().any(|one| one.name == check.name);
    let unasked = checks::ALL.into_iter().filter(|check| !asks(check) && !is_off(check)).collect();
    let shell = Shell::new(&web, who, AT, "Checks").await?;
    Ok(shell::page(&ChecksPage { shell, rows, off, unasked, apps, asked }))
}

/// Whether she sees what is said of `app`, or of the company as a whole: that tells of every app.
pub(super) fn sees(who: &Who, app: Option<&AppName>) -> bool {
    app.map_or(who.user.apps.is_none(), |app| who.sees(app))
}

/// A state in words.
pub(super) fn words(state: impl Borrow<CheckState>) -> &'static str {
    match state.borrow() {
        CheckState::Fail => "fails",
        CheckState::Due => "due",
        CheckState::NotEvaluable => "cannot tell",
        CheckState::Stale => "too old",
        CheckState::Excepted => "excepted",
        CheckState::Pass => "passes",
        CheckState::NotApplicable => "does not arise",
    }
}

/// The same of several.
pub(super) const fn plural(state: CheckState) -> &'static str {
    match state {
        CheckState::Fail => "fail",
        CheckState::Due => "due",
        CheckState::NotEvaluable => "cannot be told",
        CheckState::Stale => "too old",
        CheckState::Excepted => "excepted",
        CheckState::Pass => "pass",
        CheckState::NotApplicable => "do not arise",
    }
}

/// How a state looks.
pub(super) fn look(state: impl Borrow<CheckState>) -> &'static str {
    match state.borrow() {
        CheckState::Fail => "bad",
        CheckState::Due | CheckState::NotEvaluable | CheckState::Stale | CheckState::Excepted => {
            "warn"
        }
        CheckState::Pass => "ok",
        CheckState::NotApplicable => "muted",
    }
}
