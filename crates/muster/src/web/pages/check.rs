//! One check: what is asked and why, what is wrong, what is left so and who answers for it, what
//! cannot be told, and how it went.

mod trend;
mod unit;

use std::cmp::Reverse;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Redirect, Response},
};
use muster_domain::{
    engine::checks::{BlindSpot, Check, Detail, Tally, blind_spots},
    model::{
        check::{Attestation, CheckResult, CheckState, Exception},
        id::AppName,
        user::Permission,
    },
};
use serde::Deserialize;

use self::trend::Trend;
use super::checks::{self as said, AT, sees};
use crate::{
    service::{Muster, check::known},
    web::{
        Web,
        paging::Pages,
        problem::Problem,
        prose,
        routes::{Needs, Route, form, get, post},
        shell::{self, Shell},
        who::Who,
    },
};

pub(super) fn routes() -> Vec<Route> {
    let configure = Needs::May(Permission::Configure);
    let own = vec![
        get("/checks/{name}", Needs::May(Permission::Read), show),
        post("/checks/{name}/exceptions/{id}/end", configure, end),
    ];
    own.into_iter().chain(unit::routes()).collect()
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    shell: Shell,
    check: &'static Check,
    is_off: bool,
    tally: Tally,
    apps: Vec<AppName>,
    asked: Asked,
    results: Vec<CheckResult>,
    pages: Pages,
    exceptions: Vec<(Exception, Option<String>)>,
    attestations: Vec<Attestation>,
    spots: Vec<BlindSpot>,
    trend: Option<Trend>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    app: String,
    state: String,
    page: usize,
    done: String,
}

impl Asked {
    /// The state that is asked for.
    fn state(&self) -> Option<CheckState> {
        CheckState::ALL.into_iter().find(|state| state.word() == self.state)
    }
}

/// A state, and how many units are in it.
struct Counted {
    word: &'static str,
    said: &'static str,
    are: &'static str,
    units: u64,
}

impl CheckPage {
    fn link(&self, result: &CheckResult) -> String {
        unit::link(self.check, &result.unit.to_string())
    }

    /// Every state, with how many units are in it.
    fn states(&self) -> Vec<Counted> {
        let counted = |state: CheckState| Counted {
            word: state.word(),
            said: said::words(state),
            are: said::plural(state),
            units: self.tally.of(state),
        };
        CheckState::ALL.into_iter().map(counted).collect()
    }

    fn heading(&self) -> String {
        let state = self.asked.state();
        state.map_or_else(
            || "What is wrong".to_owned(),
            |state| format!("What {}", said::words(state)),
        )
    }

    fn may_end(&self) -> bool {
        self.shell.who.may(Permission::Configure)
    }

    fn holds(&self, exception: &Exception) -> bool {
        exception.holds(self.shell.now)
    }

    fn is_late(&self, result: &CheckResult) -> bool {
        result.due.is_some_and(|due| due < self.shell.now)
    }
}

async fn show(
    State(web): State<Web>,
    who: Who,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let check = known(&name)?;
    let viewer = who.clone();
    let wanted = |app: Option<&AppName>| {
        sees(&viewer, app)
            && (asked.app.is_empty() || app.is_some_and(|app| app.as_str() == asked.app))
    };
    // What passes, and what cannot be told, is told one by one only when somebody asks for it.
    let told = [CheckState::Fail, CheckState::Due, CheckState::Excepted];
    let detail = match asked.state() {
        Some(state) if !told.contains(&state) => Detail::Of(check.name),
        _ => Detail::Notable,
    };
    let mut found = muster.judge(detail).await?;
    found.tallies.retain(|(name, app), _| name == check.name && wanted(app.as_ref()));
    found.unseen.retain(|(name, app), _| name == check.name && wanted(app.as_ref()));
    let spots = blind_spots(&found);
    let results = listed(found.results.into_iter(), |result| {
        result.check == check.name
            && wanted(result.unit.app.as_ref())
            && asked
                .state()
                .map_or_else(|| told.contains(&result.state), |state| result.state == state)
    });
    let filter = [("app", asked.app.as_str()), ("state", asked.state.as_str())];
    let (results, pages) =
        Pages::cut(results, asked.page, &format!("{AT}/{}", check.name), &filter);
    let mut tally = Tally::default();
    for (state, units) in found.tallies.values().flat_map(|tally| &tally.0) {
        *tally.0.entry(*state).or_default() += units;
    }
    let history = muster.check_history(check.name, None).await?.trend;
    let points = history.into_iter().filter(|point| wanted(point.app.as_ref()));
    let apps = muster.store.connections().await?.into_iter().map(|one| one.app);
    let apps = apps.filter(|app| who.sees(app)).collect();
    let exceptions = exceptions(&muster, check, wanted).await?;
    let attestations = muster.attestations().await?.into_iter();
    let attestations = attestations
        .filter(|one| one.says.answers() == check.name && wanted(Some(&one.app)))
        .collect();
    let mut shell = Shell::new(&web, who, AT, check.title).await?;
    if asked.done == "ended" {
        shell = shell.with_notice("The exception has ended. Its clock went on all the while.");
    }
    let trend = Trend::of(points, shell.now);
    let is_off = found.off.contains(&check.name);
    Ok(shell::page(&CheckPage {
        shell,
        check,
        is_off,
        tally,
        apps,
        asked,
        results,
        pages,
        exceptions,
        attestations,
        spots,
        trend,
    }))
}

/// The results to be listed, the worst first.
fn listed(
    results: impl Iterator<Item = CheckResult>,
    wanted: impl Fn(&CheckResult) -> bool,
) -> Vec<CheckResult> {
    let mut results: Vec<_> = results.filter(wanted).collect();
    results
        .sort_by_key(|result| (result.state, Reverse((result.severity, result.rung)), result.due));
    results
}

/// The exceptions of a check, each with why nobody answers for it any more, if so.
async fn exceptions(
    muster: &Muster,
    check: &Check,
    wanted: impl Fn(Option<&AppName>) -> bool,
) -> Result<Vec<(Exception, Option<String>)>, Problem> {
    let answerers = muster.answerers().await?;
    let all = muster.exceptions().await?.into_iter();
    let of_it = all.filter(|one| one.check == check.name && wanted(one.unit.app.as_ref()));
    let with_why = of_it.map(|one| {
        let why = answerers.why_not(&one.owner).map(str::to_owned);
        (one, why)
    });
    Ok(with_why.collect())
}

async fn end(
    State(web): State<Web>,
    who: Who,
    Path((name, id)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let muster = who.muster(&web);
    let check = known(&name)?;
    muster.end_exception(&id).await?;
    muster.run_checks().await?;
    Ok(Redirect::to(&format!("{AT}/{}?{}", check.name, form(&[("done", "ended")]))))
}
