//! The first page: what is wrong, what waits for me, what happened.

use askama::Template;
use axum::{extract::State, response::Response};
use muster_domain::{
    engine::checks::{self, Detail},
    model::{
        check::{CheckState, Severity},
        id::AppName,
        journal::Entry,
        user::Permission,
    },
};

use crate::{
    store::records::{Health, JournalFilter, Order},
    web::{
        Web,
        problem::Problem,
        routes::{Needs, Route, get},
        shell::{self, Shell},
        who::Who,
    },
};

/// How many of each are listed.
const LISTED: usize = 8;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/", Needs::May(Permission::Read), show)]
}

struct Failing {
    title: &'static str,
    app: Option<AppName>,
    units: usize,
    is_critical: bool,
}

struct Waiting {
    app: AppName,
    operations: usize,
    tasks: usize,
}

struct Connected {
    app: AppName,
    trouble: Option<String>,
    read: Option<jiff::Timestamp>,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    shell: Shell,
    people: usize,
    failing: Vec<Failing>,
    waiting: Vec<Waiting>,
    connected: Vec<Connected>,
    changes: Vec<Entry>,
}

async fn show(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let connections = muster.store.connections().await?;
    let cycles = muster.store.cycles().await?;
    let (mut waiting, mut connected) = (Vec::new(), Vec::new());
    for connection in connections.into_iter().filter(|one| who.sees(&one.app)) {
        let app = connection.app;
        let trouble = match connection.health {
            Health::Ok { .. } => None,
            Health::Unseen { reason, .. } => Some(reason),
        };
        let read = cycles.get(&app).and_then(|cycle| cycle.read);
        if muster.policy_or_none().await?.apps.contains_key(&app) {
            let plan = muster.plan(&app, None).await?;
            let operations = plan.operations.iter().filter(|one| !one.goes()).count();
            let tasks = muster.tasks(&app).await?.len();
            waiting.push(Waiting { app: app.clone(), operations, tasks });
        }
        connected.push(Connected { app, trouble, read });
    }
    let filter =
        JournalFilter { limit: Some(40), order: Order::NewestFirst, ..JournalFilter::default() };
    let seen = |entry: &Entry| entry.about.app.as_ref().is_none_or(|app| who.sees(app));
    let changes = muster.store.journal(&filter).await?;
    let changes = changes.into_iter().filter(seen).take(LISTED).collect();
    let page = Overview {
        people: muster.people().await?.len(),
        failing: failing(&muster.judge(Detail::Notable).await?, &who),
        shell: Shell::new(&web, who, "/", "Overview").await?,
        waiting,
        connected,
        changes,
    };
    Ok(shell::page(&page))
}

/// What fails, the worst first.
fn failing(evaluation: &checks::Evaluation, who: &Who) -> Vec<Failing> {
    let mut failing = Vec::new();
    for (name, app) in evaluation.tallies.keys() {
        if app.as_ref().is_some_and(|app| !who.sees(app)) {
            continue;
        }
        let of = evaluation.results.iter().filter(|result| {
            result.check == *name && result.unit.app == *app && result.state == CheckState::Fail
        });
        let (mut units, mut is_critical) = (0, false);
        for result in of {
            units += 1;
            is_critical |= result.severity == Severity::Critical;
        }
        let known = checks::ALL.iter().find(|check| check.name == name);
        if let (Some(check), true) = (known, units > 0) {
            failing.push(Failing { title: check.title, app: app.clone(), units, is_critical });
        }
    }
    failing.sort_by_key(|one| (!one.is_critical, std::cmp::Reverse(one.units)));
    failing
}
