//! Undoing what was done: first what it comes to, then the order.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use muster_domain::model::{id::AppName, operation::Run};
use serde::Deserialize;

use super::{
    AT,
    decide::told,
    one::{Line, Say},
    seen,
};
use crate::{
    service::undo::{Lost, Undo},
    store::records::RunFilter,
    web::{
        Web,
        problem::Problem,
        shell::{self, Shell},
        who::Who,
    },
};

#[derive(Template)]
#[template(path = "undo.html")]
struct UndoPage {
    shell: Shell,
    app: AppName,
    run: Run,
    lines: Vec<Line>,
    lost: Vec<Lost>,
    until: Option<jiff::Timestamp>,
    shown: String,
    trouble: Option<String>,
}

/// Why, and what was shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    reason: String,
    shown: String,
}

async fn prepared(
    web: &Web,
    who: &Who,
    (app, operation): (&str, &str),
    reason: &str,
) -> Result<(AppName, Run, Undo), Problem> {
    let app = seen(web, who, app).await?;
    let muster = who.muster(web);
    let filter = RunFilter { app: Some(app.clone()), ..RunFilter::default() };
    let runs = muster.store.runs(&filter).await?;
    let run = runs.into_iter().find(|run| run.id.as_str() == operation).ok_or_else(|| {
        Problem::not_found(format!("No operation {operation} was done in {app}; see its plan"))
    })?;
    let undo = muster.prepare_undo(run.id.as_str(), reason, None).await?;
    Ok((app, run, undo))
}

/// The fingerprints of what would be done.
fn shown(undo: &Undo) -> String {
    let operations = undo.plans.iter().flat_map(|plan| &plan.operations);
    operations.map(|one| one.fingerprint.to_string()).collect::<Vec<_>>().join(",")
}

async fn page(
    web: &Web,
    who: Who,
    (app, run, undo): (AppName, Run, Undo),
    trouble: Option<String>,
) -> Result<Response, Problem> {
    let title = format!("Undo: {}", run.operation.brief());
    let shown = shown(&undo);
    let operations = undo.plans.into_iter().flat_map(|plan| plan.operations);
    Ok(shell::page(&UndoPage {
        shell: Shell::new(web, who, AT, title).await?,
        app,
        run,
        lines: operations.map(|operation| Line { operation, say: Say::Nothing }).collect(),
        lost: undo.lost,
        until: undo.keeps.iter().map(|keep| keep.until).max(),
        shown,
        trouble,
    }))
}

pub(super) async fn preview(
    State(web): State<Web>,
    who: Who,
    Path((app, operation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let prepared = prepared(&web, &who, (&app, &operation), "").await?;
    page(&web, who, prepared, None).await
}

pub(super) async fn order(
    State(web): State<Web>,
    who: Who,
    Path((app, operation)): Path<(String, String)>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let reason = given.reason.trim();
    let prepared = prepared(&web, &who, (&app, &operation), reason).await?;
    let trouble = match reason {
        "" => Some("Say why: the reason is shown wherever it holds something."),
        _ if shown(&prepared.2) != given.shown => {
            Some("The world has moved since you looked. This is what undoing comes to now.")
        }
        _ => None,
    };
    if let Some(trouble) = trouble {
        let page = page(&web, who, prepared, Some(trouble.to_owned())).await?;
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let (app, _, undo) = prepared;
    who.muster(&web).undo(&undo).await?;
    web.worker.go_soon(app.clone());
    Ok(told(&web, &app, "undone", 1))
}

pub(super) async fn end(
    State(web): State<Web>,
    who: Who,
    Path((app, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let app = seen(&web, &who, &app).await?;
    let muster = who.muster(&web);
    let keeps = muster.keeps().await?;
    if !keeps.iter().any(|keep| keep.app == app && keep.id.to_string() == id) {
        return Err(Problem::not_found(format!("No undo {id} holds in {app}; see its plan")));
    }
    muster.end_undo(&id).await?;
    Ok(told(&web, &app, "ended", 1))
}
