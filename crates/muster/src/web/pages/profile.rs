//! Oneself: password, second factor, sessions, tokens for scripts.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    canonical::Digest,
    user::{ApiToken, Permission},
};
use serde::Deserialize;

use crate::{
    error::Error,
    secret::Secret,
    service::sign_in::{self, SHORTEST_PASSWORD},
    store::sign_in::Session,
    web::{
        Web,
        problem::Problem,
        routes::{Needs, Route, get, post},
        shell::{self, Shell},
        who::{Via, Who},
    },
};

const AT: &str = "/profile";

pub(super) fn routes() -> Vec<Route> {
    let signed_in = Needs::SignIn;
    // Everybody may read, so this asks only for a fresh proof.
    let freshly = Needs::Freshly(Permission::Read);
    vec![
        get("/profile", signed_in, show),
        post("/profile/password", freshly, change_password),
        get("/profile/second-factor", freshly, show_second_factor),
        post("/profile/second-factor", freshly, add_second_factor),
        post("/profile/second-factor/remove", freshly, remove_second_factor),
        post("/profile/sessions/{id}/end", signed_in, end_session),
        post("/profile/tokens", freshly, make_token),
        post("/profile/tokens/{id}/revoke", signed_in, revoke_token),
    ]
}

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    shell: Shell,
    has_second_factor: bool,
    sessions: Vec<(Digest, Session)>,
    tokens: Vec<(ApiToken, Option<Timestamp>)>,
    scopes: &'static [Permission],
    trouble: Option<String>,
    token: Option<Secret>,
    recovery: Vec<Secret>,
    shortest: usize,
}

impl ProfilePage {
    /// What a browser calls itself, in two words.
    fn program(&self, session: &Session) -> String {
        let first = |words: &[(&str, &'static str)]| {
            words.iter().find(|(mark, _)| session.agent.contains(mark)).map(|(_, name)| *name)
        };
        // Each calls itself by the names of those before it, too.
        let browsers = [
            ("Edg/", "Edge"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ];
        let systems = [
            ("Windows", "Windows"),
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("Mac OS", "macOS"),
            ("Linux", "Linux"),
        ];
        match (first(&browsers), first(&systems)) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(browser), None) => browser.to_owned(),
            _ => session.agent.chars().take(40).collect(),
        }
    }

    fn is_this(&self, id: &Digest) -> bool {
        matches!(&self.shell.who.via, Via::Session { id: own, .. } if own == id)
    }
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    picture: String,
    seed: String,
    trouble: Option<String>,
}

async fn page_of(web: &Web, who: Who) -> Result<ProfilePage, Problem> {
    let muster = who.muster(web);
    let email = who.user.email.clone();
    let sessions = muster.store.sessions().await?.into_iter();
    let mut sessions: Vec<_> = sessions.filter(|(_, one)| one.email == email).collect();
    sessions.sort_by_key(|(_, one)| std::cmp::Reverse(one.seen));
    Ok(ProfilePage {
        has_second_factor: muster.has_second_factor(&email).await?,
        sessions,
        tokens: muster.tokens(Some(&email)).await?,
        scopes: who.user.role.permits(),
        shell: Shell::new(web, who, AT, "Your profile").await?,
        trouble: None,
        token: None,
        recovery: Vec::new(),
        shortest: SHORTEST_PASSWORD,
    })
}

async fn show(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    Ok(shell::page(&page_of(&web, who).await?))
}

/// The page with what is wrong about what was given; other failures stay what they are.
async fn refused(web: &Web, who: Who, error: Error) -> Result<Response, Problem> {
    if !matches!(error, Error::Invalid(_) | Error::Conflict(_)) {
        return Err(error.into());
    }
    let mut page = page_of(web, who).await?;
    page.trouble = Some(error.to_string());
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shell::page(&page)).into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewPassword {
    password: String,
}

async fn change_password(
    State(web): State<Web>,
    who: Who,
    Form(new): Form<NewPassword>,
) -> Result<Response, Problem> {
    let keep = match &who.via {
        Via::Session { id, .. } => Some(*id),
        Via::Token { .. } => None,
    };
    let password = Secret::new(new.password);
    match who.muster(&web).change_password(&who.user.email, &password, keep.as_ref()).await {
        Ok(()) => {
            let mut page = page_of(&web, who).await?;
            page.shell = page.shell.with_notice(
                "Your password is changed. Everywhere else you were signed in, you are signed out.",
            );
            Ok(shell::page(&page))
        }
        Err(error) => refused(&web, who, error).await,
    }
}

async fn show_second_factor(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    let seed = who.muster(&web).new_totp_seed();
    second_factor_page(&web, who, &seed, None).await
}

async fn second_factor_page(
    web: &Web,
    who: Who,
    seed: &Secret,
    trouble: Option<String>,
) -> Result<Response, Problem> {
    let totp = sign_in::totp(&who.user.email, seed.reveal())?;
    let picture = totp.to_qr_base64().map_err(|error| Problem::invalid(error.to_string()))?;
    let page = SecondFactorPage {
        shell: Shell::new(web, who, AT, "Second factor").await?,
        picture: format!("data:image/png;base64,{picture}"),
        seed: seed.reveal().to_owned(),
        trouble,
    };
    Ok(shell::page(&page))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewFactor {
    seed: String,
    code: String,
}

async fn add_second_factor(
    State(web): State<Web>,
    who: Who,
    Form(new): Form<NewFactor>,
) -> Result<Response, Problem> {
    let seed = Secret::new(new.seed);
    match who.muster(&web).add_second_factor(&who.user.email, &seed, &new.code).await {
        Ok(recovery) => {
            let mut page = page_of(&web, who).await?;
            page.recovery = recovery;
            Ok(shell::page(&page))
        }
        Err(Error::Invalid(why)) => second_factor_page(&web, who, &seed, Some(why)).await,
        Err(error) => Err(error.into()),
    }
}

async fn remove_second_factor(State(web): State<Web>, who: Who) -> Result<Redirect, Problem> {
    who.muster(&web).remove_second_factor(&who.user.email).await?;
    Ok(Redirect::to(AT))
}

async fn end_session(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let missing = || Problem::not_found("this session has ended already");
    let id: Digest = id.parse().map_err(|_| missing())?;
    let session = web.muster.store.session(&id).await?.ok_or_else(missing)?;
    if session.email != who.user.email {
        return Err(missing());
    }
    who.muster(&web).sign_out(&id).await?;
    Ok(Redirect::to(AT))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewToken {
    name: String,
    scope: String,
    days: String,
}

async fn make_token(
    State(web): State<Web>,
    who: Who,
    Form(new): Form<NewToken>,
) -> Result<Response, Problem> {
    let made = match read_token(&who, &new, web.muster.env.now()) {
        Ok((scopes, until)) => {
            who.muster(&web).make_token(&who.user, &new.name, scopes, until).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok((_, secret)) => {
            let mut page = page_of(&web, who).await?;
            page.token = Some(secret);
            Ok(shell::page(&page))
        }
        Err(error) => refused(&web, who, error).await,
    }
}

/// Everything up to the scope that was chosen: who may apply may read.
fn read_token(
    who: &Who,
    new: &NewToken,
    now: Timestamp,
) -> Result<(BTreeSet<Permission>, Timestamp), Error> {
    let choose = || Error::Invalid("choose what the token may do".to_owned());
    let scope = Permission::from_word(&new.scope).ok_or_else(choose)?;
    let permitted = who.user.role.permits().iter().copied();
    let scopes = permitted.filter(|one| *one == scope || *one == Permission::Read).collect();
    let days = new.days.parse::<i64>().ok().filter(|days| (1..=365).contains(days));
    let days = days.ok_or_else(|| {
        Error::Invalid("say for how many days the token is good: 1 to 365".to_owned())
    })?;
    let until = now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
    Ok((scopes, until))
}

async fn revoke_token(
    State(web): State<Web>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    who.muster(&web).revoke_token(&id, Some(&who.user.email)).await?;
    Ok(Redirect::to(AT))
}
