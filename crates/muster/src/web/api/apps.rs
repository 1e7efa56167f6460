//! Connected apps, and asking for a round of the loop.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::Timestamp;
use muster_domain::model::{cycle::Cycle, id::AppName, user::Permission};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::READ;
use crate::{
    store::records::{Connection, Health},
    web::{
        Web,
        problem::Problem,
        routes::{Needs, Route, documented},
        who::Who,
    },
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        documented(READ, routes!(list)),
        documented(READ, routes!(one)),
        documented(Needs::May(Permission::Operate), routes!(go_round)),
    ]
}

/// A connected app.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApiApp {
    /// The name under which it is connected.
    #[schema(example = "support")]
    name: String,
    /// Which connector speaks to it.
    #[schema(example = "gorgias")]
    connector: String,
    /// Whether it answers.
    answers: bool,
    /// Why it does not, and what to do.
    trouble: Option<String>,
    /// When its last good full read began.
    #[schema(value_type = Option<String>, format = DateTime)]
    read: Option<Timestamp>,
    /// Whether the loop leaves it alone because it failed too often.
    quarantined: bool,
    /// Whether the loop is at work on it now.
    at_work: bool,
    /// When it was connected.
    #[schema(value_type = String, format = DateTime)]
    added: Timestamp,
}

impl ApiApp {
    fn new(connection: Connection, cycle: Option<&Cycle>, at_work: &BTreeSet<AppName>) -> Self {
        let failing = cycle.and_then(|cycle| cycle.trouble.as_ref());
        let unseen = match &connection.health {
            Health::Ok { .. } => None,
            Health::Unseen { reason, .. } => Some(reason.clone()),
        };
        Self {
            answers: unseen.is_none(),
            trouble: unseen.or_else(|| failing.map(|trouble| trouble.reason.clone())),
            read: cycle.and_then(|cycle| cycle.read),
            quarantined: failing.is_some_and(|trouble| trouble.quarantined.is_some()),
            at_work: at_work.contains(&connection.app),
            name: connection.app.to_string(),
            connector: connection.connector,
            added: connection.added,
        }
    }
}

/// Every connected app.
#[utoipa::path(
    get,
    path = "/api/v1/apps",
    tag = "apps",
    responses((status = 200, body = Vec<ApiApp>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn list(State(web): State<Web>, who: Who) -> Result<Json<Vec<ApiApp>>, Problem> {
    let store = &web.muster.store;
    let (cycles, at_work) = (store.cycles().await?, web.worker.at_work());
    let seen = store.connections().await?.into_iter().filter(|one| who.sees(&one.app));
    let apps = seen.map(|one| {
        let cycle = cycles.get(&one.app);
        ApiApp::new(one, cycle, &at_work)
    });
    Ok(Json(apps.collect()))
}

/// One connected app.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{app}",
    tag = "apps",
    params(("app" = String, Path, description = "The name under which it is connected")),
    responses((status = 200, body = ApiApp), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn one(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
) -> Result<Json<ApiApp>, Problem> {
    let app = connected(&web, &who, &app).await?;
    let connection = web.muster.connection(&app).await?;
    let cycles = web.muster.store.cycles().await?;
    Ok(Json(ApiApp::new(connection, cycles.get(&app), &web.worker.at_work())))
}

/// Asks the loop to read the app anew, to plan, and to apply what nothing holds. It does so as soon
/// as may be; `at_work` of the app says until when.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{app}/round",
    tag = "apps",
    params(("app" = String, Path, description = "The name under which it is connected")),
    responses(
        (status = 202, description = "It was asked."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn go_round(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
) -> Result<StatusCode, Problem> {
    web.worker.ask(connected(&web, &who, &app).await?);
    Ok(StatusCode::ACCEPTED)
}

/// The app that a path names, if it is connected and the caller has to do with it.
pub(super) async fn connected(web: &Web, who: &Who, app: &str) -> Result<AppName, Problem> {
    let missing = || Problem::not_found(format!("no app is connected as {app}"));
    let app: AppName = app.parse().map_err(|_| missing())?;
    if !who.sees(&app) {
        return Err(missing());
    }
    web.muster.connection(&app).await?;
    Ok(app)
}
