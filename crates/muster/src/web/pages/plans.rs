//! Plans: what would be done in each app, read like a pull request; saying yes and no to it,
//! letting it go, and undoing what was done.

mod decide;
mod one;
mod progress;
mod undo;

pub(super) use self::one::{Line, Say};

use askama::Template;
use axum::{extract::State, response::Response};
use muster_domain::model::{
    id::AppName,
    plan::{Group, Operation, Plan, Reversibility},
    user::Permission,
};

use crate::{
    error::Error,
    web::{
        Web,
        problem::Problem,
        routes::{Needs, Route, get, post},
        shell::{self, Shell},
        who::Who,
    },
};

const AT: &str = "/plans";

pub(super) fn routes() -> Vec<Route> {
    let read = Needs::May(Permission::Read);
    let decide = Needs::May(Permission::Decide);
    let operate = Needs::May(Permission::Operate);
    vec![
        get("/plans", read, list),
        get("/plans/{app}", read, one::show),
        get("/plans/{app}/progress", read, progress::tell),
        post("/plans/{app}/approve", decide, decide::approve),
        post("/plans/{app}/reject", decide, decide::reject),
        post("/plans/{app}/withdraw", decide, decide::withdraw),
        post("/plans/{app}/apply", operate, progress::apply),
        get("/plans/{app}/undo/{operation}", operate, undo::preview),
        post("/plans/{app}/undo/{operation}", operate, undo::order),
        post("/plans/{app}/kept/{id}/end", operate, undo::end),
    ]
}

/// What a plan comes to.
struct Summary {
    groups: Vec<(Group, usize)>,
    goes: usize,
    waits: usize,
    irreversible: usize,
    blocked: usize,
}

impl Summary {
    fn of(plan: &Plan) -> Self {
        let count = |fits: &dyn Fn(&Operation) -> bool| {
            plan.operations.iter().filter(|one| fits(one)).count()
        };
        let goes = count(&Operation::goes);
        Self {
            groups: Group::ALL
                .iter()
                .map(|group| (*group, count(&|one| one.action.group() == *group)))
                .collect(),
            goes,
            waits: plan.operations.len() - goes,
            irreversible: count(&|one| one.reversibility != Reversibility::Whole),
            blocked: plan.blocked.len(),
        }
    }
}

impl Summary {
    /// How many leave, move and join.
    fn words(&self) -> Vec<String> {
        let some = self.groups.iter().filter(|(_, n)| *n > 0);
        some.map(|(group, n)| shell::count(*n, group.word())).collect()
    }
}

/// One app in the list.
struct Row {
    app: AppName,
    plan: Result<Summary, String>,
    read: Option<jiff::Timestamp>,
    going: bool,
}

#[derive(Template)]
#[template(path = "plans.html")]
struct Plans {
    shell: Shell,
    rows: Vec<Row>,
}

async fn list(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let at_work = web.worker.at_work();
    let mut rows = Vec::new();
    for connection in muster.store.connections().await? {
        let app = connection.app;
        if !who.sees(&app) {
            continue;
        }
        let (plan, read) = match muster.plan(&app, None).await {
            Ok(plan) => (Ok(Summary::of(&plan)), plan.basis.observed),
            Err(Error::NotFound(why)) => (Err(why), None),
            Err(error) => return Err(error.into()),
        };
        rows.push(Row { going: at_work.contains(&app), app, plan, read });
    }
    Ok(shell::page(&Plans { shell: Shell::new(&web, who, AT, "Plans").await?, rows }))
}

/// The app of that name, if there is one and she has to do with it.
async fn seen(web: &Web, who: &Who, app: &str) -> Result<AppName, Problem> {
    let none = || Problem::not_found(format!("No app is called {app} here; see the list of plans"));
    let name: AppName = app.parse().map_err(|_| none())?;
    let connections = web.muster.store.connections().await?;
    let known = connections.iter().any(|connection| connection.app == name);
    if known && who.sees(&name) { Ok(name) } else { Err(none()) }
}
