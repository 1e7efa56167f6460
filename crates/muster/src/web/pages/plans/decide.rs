//! Yes and no, to what was shown.

use axum::{
    extract::{Path, RawForm, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_domain::model::{
    canonical::Digest,
    id::AppName,
    plan::{Plan, Reversibility},
};

use super::{
    one::{self, Asked},
    seen,
};
use crate::{
    error::Error,
    web::{Web, problem::Problem, routes::form, who::Who},
};

/// What was said, and to what: the fingerprints of what was shown.
struct Said {
    fingerprints: Vec<String>,
    reason: Option<String>,
}

impl Said {
    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let mut said = Self { fingerprints: Vec::new(), reason: None };
        for (name, value) in url::form_urlencoded::parse(bytes) {
            match &*name {
                "fingerprint" => said.fingerprints.push(whole(&value)?.to_string()),
                "reason" => said.reason = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        said.reason = said.reason.filter(|reason| !reason.is_empty());
        if said.fingerprints.is_empty() {
            return Err(Problem::invalid("This says nothing of which operation is meant"));
        }
        Ok(said)
    }
}

/// Nothing but the whole fingerprint: what was shown, and no other that begins as it does.
fn whole(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| Problem::invalid("This is not the fingerprint of an operation"))
}

/// What the plan no longer asks for as it was shown.
fn moved(plan: &Plan, shown: &[String]) -> Option<String> {
    let there =
        |wanted: &str| plan.operations.iter().any(|one| one.fingerprint.to_string() == wanted);
    let gone = shown.iter().filter(|wanted| !there(wanted)).count();
    (gone > 0).then(|| {
        format!(
            "The plan has moved since you looked: {gone} of the {} operations you decided on is not \
             asked for any more as it was shown. Nothing was decided; this is the plan as it is now.",
            shown.len()
        )
    })
}

pub(super) async fn approve(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
    RawForm(bytes): RawForm,
) -> Result<Response, Problem> {
    let app = seen(&web, &who, &app).await?;
    let said = Said::read(&bytes)?;
    let muster = who.muster(&web);
    let plan = muster.plan(&app, None).await?;
    if let Some(trouble) = moved(&plan, &said.fingerprints) {
        return refused(&web, who, &app, trouble).await;
    }
    let for_ever = plan.operations.iter().any(|one| {
        matches!(one.reversibility, Reversibility::Never { .. })
            && said.fingerprints.contains(&one.fingerprint.to_string())
    });
    if for_ever && !who.is_fresh(web.muster.env.now()) {
        return Ok(Redirect::to("/sign-in/again").into_response());
    }
    match muster.approve_because(&plan, &said.fingerprints, said.reason.as_deref()).await {
        Ok(approvals) => Ok(told(&web, &app, "approved", approvals.len())),
        Err(Error::Conflict(why)) => refused(&web, who, &app, why).await,
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn reject(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
    RawForm(bytes): RawForm,
) -> Result<Response, Problem> {
    let app = seen(&web, &who, &app).await?;
    let said = Said::read(&bytes)?;
    let muster = who.muster(&web);
    let plan = muster.plan(&app, None).await?;
    let [fingerprint] = said.fingerprints.as_slice() else {
        return Err(Problem::invalid("Reject one operation at a time"));
    };
    if let Some(trouble) = moved(&plan, &said.fingerprints) {
        return refused(&web, who, &app, trouble).await;
    }
    let Some(reason) = said.reason else {
        let trouble = "Say why you reject it: the reason is shown wherever it holds something.";
        return refused(&web, who, &app, trouble.to_owned()).await;
    };
    match muster.reject(&plan, fingerprint, &reason).await {
        Ok(_) => Ok(told(&web, &app, "rejected", 1)),
        Err(Error::Conflict(why) | Error::Invalid(why)) => refused(&web, who, &app, why).await,
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn withdraw(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
    RawForm(bytes): RawForm,
) -> Result<Response, Problem> {
    let app = seen(&web, &who, &app).await?;
    let said = Said::read(&bytes)?;
    let [fingerprint] = said.fingerprints.as_slice() else {
        return Err(Problem::invalid("Take one no back at a time"));
    };
    match who.muster(&web).withdraw_rejection(&app, fingerprint).await {
        Ok(_) => Ok(told(&web, &app, "withdrawn", 1)),
        Err(Error::Conflict(why) | Error::NotFound(why)) => refused(&web, who, &app, why).await,
        Err(error) => Err(error.into()),
    }
}

/// The plan as it is now, and why nothing was decided.
async fn refused(web: &Web, who: Who, app: &AppName, trouble: String) -> Result<Response, Problem> {
    let page = one::page(web, who, app, (Asked::default(), Some(trouble))).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

/// Back to the plan, which says what was done.
pub(super) fn told(web: &Web, app: &AppName, done: &str, n: usize) -> Response {
    web.worker.wake();
    let query = form(&[("done", done), ("n", &n.to_string())]);
    Redirect::to(&format!("/plans/{app}?{query}")).into_response()
}
