//! Who works here.

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::{Timestamp, civil::Date};
use muster_domain::{engine::lifecycle::PersonState, model::person::Person};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{
    Query, READ,
    page::{Page, Which},
};
use crate::{
    service::why::state_at,
    web::{
        Web,
        problem::Problem,
        routes::{Route, documented},
        who::Who,
    },
};

pub(super) fn routes() -> Vec<Route> {
    vec![documented(READ, routes!(list)), documented(READ, routes!(one))]
}

/// Somebody.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApiPerson {
    /// Muster's id.
    #[schema(example = "per_welyuqjkxr4abi2k")]
    id: String,
    /// The name shown.
    name: String,
    /// The work address.
    email: Option<String>,
    /// `prospective`, `active`, `on_leave`, `leaving`, `ended`, `withdrawn` or `unknown`.
    state: &'static str,
    /// Job title.
    title: Option<String>,
    /// Department.
    department: Option<String>,
    /// The first day.
    #[schema(value_type = Option<String>, format = Date)]
    start: Option<Date>,
    /// The last day at work, or the end of the contract.
    #[schema(value_type = Option<String>, format = Date)]
    end: Option<Date>,
    /// The sources that tell of them, with their ids there.
    sources: Vec<String>,
    /// When Muster first heard of them.
    #[schema(value_type = String, format = DateTime)]
    first_seen: Timestamp,
}

impl ApiPerson {
    fn new(person: &Person, state: &PersonState) -> Self {
        let last = person.engagements.last().map(|engagement| &engagement.terms);
        Self {
            id: person.id.to_string(),
            name: person.name(),
            email: person.profile.work_email.as_ref().map(ToString::to_string),
            state: state.word(),
            title: last.and_then(|terms| terms.title.clone()),
            department: last.and_then(|terms| terms.department.clone()),
            start: last.and_then(|terms| terms.start_date),
            end: last.and_then(|terms| terms.last_working_day.or(terms.end_date)),
            sources: person.anchors().map(ToString::to_string).collect(),
            first_seen: person.first_seen,
        }
    }
}

/// Whom to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whom {
    /// Part of a name or address.
    q: Option<String>,
    /// Only people in this state.
    state: Option<String>,
}

/// People, by their id.
#[utoipa::path(
    get,
    path = "/api/v1/people",
    tag = "people",
    params(Which, Whom),
    responses((status = 200, body = Page<ApiPerson>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn list(
    State(web): State<Web>,
    who: Who,
    Query(which): Query<Which>,
    Query(whom): Query<Whom>,
) -> Result<Json<Page<ApiPerson>>, Problem> {
    let muster = who.muster(&web);
    let (people, policy) = (muster.people().await?, muster.policy_or_none().await?);
    let now = muster.env.now();
    let q = whom.q.as_deref().map(str::to_lowercase);
    let found = people.values().filter_map(|person| {
        let state = state_at(person, &policy, now);
        let email = person.profile.work_email.as_ref();
        let said = |q: &String| {
            person.name().to_lowercase().contains(q)
                || email.is_some_and(|email| email.folded().contains(q))
        };
        let wanted = whom.state.as_ref().is_none_or(|wanted| wanted == state.word())
            && q.as_ref().is_none_or(said);
        wanted.then_some((person, state))
    });
    which
        .of(found, |(person, _)| person.id.to_string(), |(p, state)| ApiPerson::new(p, &state))
        .map(Json)
}

/// One person.
#[utoipa::path(
    get,
    path = "/api/v1/people/{id}",
    tag = "people",
    params(("id" = String, Path, description = "Muster's id")),
    responses((status = 200, body = ApiPerson), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn one(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Json<ApiPerson>, Problem> {
    let muster = who.muster(&web);
    let missing = || Problem::not_found(format!("there is no person {id}"));
    let id = id.parse().map_err(|_| missing())?;
    let person = muster.store.person(&id).await?.ok_or_else(missing)?;
    let state = state_at(&person, &muster.policy_or_none().await?, muster.env.now());
    Ok(Json(ApiPerson::new(&person, &state)))
}
