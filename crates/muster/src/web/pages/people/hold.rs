//! Holds on one person: nothing is written to her accounts, or nothing of hers is deleted.

use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_domain::model::order::{Frozen, Stops};
use serde::Deserialize;

use super::{all_apps, known, one};
use crate::{
    error::Error,
    service::freeze::NewFreeze,
    web::{Web, problem::Problem, who::Who},
};

/// Why, and what it stops.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    reason: String,
    stops: String,
}

pub(super) async fn put(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let person = known(&web, &id).await?;
    all_apps(&who)?;
    let new = NewFreeze {
        frozen: Frozen::Person { person: person.id.clone() },
        stops: if given.stops == "deletions" { Stops::Deletions } else { Stops::Writes },
        reason: given.reason,
        until: None,
    };
    match who.muster(&web).freeze(new).await {
        Ok(_) => Ok(Redirect::to(&format!("/people/{}?done=held", person.id)).into_response()),
        Err(Error::Invalid(why)) => {
            let page = one::page(&web, who, &person, ("", Some(why))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn lift(
    State(web): State<Web>,
    who: Who,
    Path((id, order)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let person = known(&web, &id).await?;
    all_apps(&who)?;
    let muster = who.muster(&web);
    let holds = muster.freezes().await?;
    let hers = holds.iter().any(|one| {
        one.id.to_string() == order
            && matches!(&one.frozen, Frozen::Person { person: of } if *of == person.id)
    });
    if !hers {
        return Err(Problem::not_found("No such hold is on this person; see her page"));
    }
    muster.lift(&order).await?;
    web.worker.wake();
    Ok(Redirect::to(&format!("/people/{}?done=lifted", person.id)).into_response())
}
