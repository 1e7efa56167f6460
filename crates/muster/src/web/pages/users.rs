//! Who may sign in to Muster, and as what.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::{Timestamp, civil::Date};
use muster_domain::model::{
    email::EmailAddress,
    id::AppName,
    user::{Permission, Role, User},
};
use serde::Deserialize;

use crate::{
    error::Error,
    secret::Secret,
    service::users::NewUser,
    web::{
        Web,
        problem::Problem,
        routes::{Needs, Route, get, post},
        shell::{self, Shell},
        who::Who,
    },
};

const AT: &str = "/settings/users";

pub(super) fn routes() -> Vec<Route> {
    let govern = Needs::May(Permission::Govern);
    let freshly = Needs::Freshly(Permission::Govern);
    vec![
        get("/settings/users", govern, show),
        post("/settings/users", freshly, put),
        post("/settings/users/{email}/link", freshly, link),
        post("/settings/users/{email}/remove", freshly, remove),
    ]
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    shell: Shell,
    users: Vec<User>,
    apps: Vec<AppName>,
    given: Given,
    trouble: Option<String>,
    link: Option<(EmailAddress, String)>,
}

/// What was filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    email: String,
    name: String,
    role: String,
    app: String,
    until: String,
}

impl UsersPage {
    fn roles(&self) -> &'static [Role] {
        Role::ALL
    }

    fn is_me(&self, user: &User) -> bool {
        user.email == self.shell.who.user.email
    }
}

async fn page_of(web: &Web, who: Who) -> Result<UsersPage, Problem> {
    let muster = who.muster(web);
    let apps = muster.store.connections().await?;
    Ok(UsersPage {
        users: muster.users().await?,
        apps: apps.into_iter().map(|connection| connection.app).collect(),
        shell: Shell::new(web, who, AT, "Users").await?,
        given: Given::default(),
        trouble: None,
        link: None,
    })
}

async fn show(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    Ok(shell::page(&page_of(&web, who).await?))
}

async fn put(
    State(web): State<Web>,
    who: Who,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let zone = muster.policy_or_none().await?.organization.time_zone;
    let put = match read(&given, &zone) {
        Ok(new) => muster.put_user(new).await,
        Err(error) => Err(error),
    };
    match put {
        Ok(user) => {
            let secret = muster.make_sign_in_link(Some(&user.email)).await?;
            let known = muster.store.sign_in_secrets(&user.email).await?.is_some();
            let mut page = page_of(&web, who).await?;
            if known {
                return Ok(Redirect::to(AT).into_response());
            }
            page.link = Some((user.email, welcome(&web, &secret)));
            Ok(shell::page(&page))
        }
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let mut page = page_of(&web, who).await?;
            (page.given, page.trouble) = (given, Some(error.to_string()));
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok((status, shell::page(&page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn read(given: &Given, zone: &jiff::tz::TimeZone) -> Result<NewUser, Error> {
    let email = given.email.trim().parse();
    let email = email.map_err(|error| Error::Invalid(format!("{error}")))?;
    let role = Role::from_word(&given.role)
        .ok_or_else(|| Error::Invalid("choose what they are to Muster".to_owned()))?;
    let apps: BTreeSet<AppName> = match given.app.trim() {
        "" => BTreeSet::new(),
        app => [app.parse::<AppName>()?].into(),
    };
    let until = match given.until.trim() {
        "" => None,
        day => Some(end_of(day, zone)?),
    };
    let apps = (!apps.is_empty()).then_some(apps);
    Ok(NewUser { email, name: given.name.clone(), role, apps, until })
}

/// The end of a day.
pub(super) fn end_of(day: &str, zone: &jiff::tz::TimeZone) -> Result<Timestamp, Error> {
    let invalid = || Error::Invalid(format!("{day} is no day; write it as in 2026-12-31"));
    let day: Date = day.parse().map_err(|_| invalid())?;
    let next = day.tomorrow().map_err(|_| invalid())?;
    let zoned = next.to_zoned(zone.clone()).map_err(|_| invalid())?;
    Ok(zoned.timestamp())
}

async fn link(
    State(web): State<Web>,
    who: Who,
    Path(email): Path<String>,
) -> Result<Response, Problem> {
    let email = address(&email)?;
    let secret = who.muster(&web).make_sign_in_link(Some(&email)).await?;
    let mut page = page_of(&web, who).await?;
    page.link = Some((email, welcome(&web, &secret)));
    Ok(shell::page(&page))
}

async fn remove(
    State(web): State<Web>,
    who: Who,
    Path(email): Path<String>,
) -> Result<Redirect, Problem> {
    who.muster(&web).remove_user(&address(&email)?).await?;
    Ok(Redirect::to(AT))
}

fn address(text: &str) -> Result<EmailAddress, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("nobody signs in to Muster as {text}")))
}

fn welcome(web: &Web, secret: &Secret) -> String {
    web.link(&format!("/welcome/{}", secret.reveal()))
}
