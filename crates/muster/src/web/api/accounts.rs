//! Accounts: the same shape for every app, with the app's own words beside it.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use muster_domain::engine::correlate::Match;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{
    Query, READ,
    apps::connected,
    page::{Page, Which},
};
use crate::{
    service::accounts::AccountView,
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

/// An account in an app.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApiAccount {
    /// In which app.
    app: String,
    /// The app's id for it.
    id: String,
    /// What one signs in with.
    login: String,
    /// The name shown.
    name: String,
    /// The role, by the name its API uses.
    role: Option<String>,
    /// `active`, `invited`, `deactivated` or whatever else it is.
    status: serde_json::Value,
    /// Whether it is a human's, a bot's or a service's, as the app tells.
    kind: serde_json::Value,
    /// Whether a second factor is on: the app may not tell.
    mfa: serde_json::Value,
    /// Whose it is, if that is known.
    person: Option<String>,
    /// The name of whose it is.
    person_name: Option<String>,
    /// `linked`, `classified`, `to_confirm` or `unmatched`.
    found: &'static str,
    /// When it was created.
    #[schema(value_type = Option<String>, format = DateTime)]
    created: Option<Timestamp>,
    /// When the app last changed it.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated: Option<Timestamp>,
    /// Everything else, by the app's own field names.
    #[schema(value_type = Object)]
    raw: BTreeMap<String, serde_json::Value>,
}

impl From<AccountView> for ApiAccount {
    fn from(view: AccountView) -> Self {
        let AccountView { app, account, person_name, found, .. } = view;
        let (found, person) = match found {
            Match::Linked { person, .. } => ("linked", Some(person)),
            Match::Classified { owner, .. } => ("classified", Some(owner)),
            Match::ToConfirm { .. } => ("to_confirm", None),
            _ => ("unmatched", None),
        };
        let json = |value: Result<serde_json::Value, _>| value.unwrap_or_default();
        Self {
            app: app.to_string(),
            id: account.id.to_string(),
            login: account.login,
            name: account.name,
            role: account.role.map(|role| role.to_string()),
            status: json(serde_json::to_value(account.status)),
            kind: json(serde_json::to_value(account.kind)),
            mfa: json(serde_json::to_value(account.mfa)),
            person: person.map(|person| person.to_string()),
            person_name,
            found,
            created: account.created,
            updated: account.updated,
            raw: account.other,
        }
    }
}

/// The accounts of an app, by their id; those that are gone left out.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{app}/accounts",
    tag = "accounts",
    params(("app" = String, Path, description = "The name under which it is connected"), Which),
    responses((status = 200, body = Page<ApiAccount>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn list(
    State(web): State<Web>,
    who: Who,
    Path(app): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Page<ApiAccount>>, Problem> {
    let app = connected(&web, &who, &app).await?;
    let mut accounts = who.muster(&web).accounts(&app).await?;
    accounts.sort_by(|a, b| a.account.id.cmp(&b.account.id));
    which.of(accounts, |one| one.account.id.to_string(), ApiAccount::from).map(Json)
}

/// One account.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{app}/accounts/{id}",
    tag = "accounts",
    params(
        ("app" = String, Path, description = "The name under which it is connected"),
        ("id" = String, Path, description = "The app's id for the account"),
    ),
    responses((status = 200, body = ApiAccount), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn one(
    State(web): State<Web>,
    who: Who,
    Path((app, id)): Path<(String, String)>,
) -> Result<Json<ApiAccount>, Problem> {
    let app = connected(&web, &who, &app).await?;
    let accounts = who.muster(&web).accounts(&app).await?;
    let found = accounts.into_iter().find(|one| one.account.id.as_str() == id);
    let missing = || Problem::not_found(format!("{app} has no account {id}"));
    Ok(Json(found.ok_or_else(missing)?.into()))
}
