//! Signing in and out, proving again who one is, and links that let in once.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use crate::{
    secret::Secret,
    service::{
        sign_in::{Attempt, SHORTEST_PASSWORD},
        users::NewUser,
    },
    web::{
        Web, assets,
        problem::Problem,
        routes::{Needs, Route, get, post},
        shell,
        who::{Via, Visiting, Who},
    },
};
use muster_domain::model::user::Role;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/sign-in", Needs::Nothing, show),
        post("/sign-in", Needs::Nothing, sign_in),
        get("/sign-in/again", Needs::SignIn, show_again),
        post("/sign-in/again", Needs::SignIn, again),
        post("/sign-out", Needs::SignIn, sign_out),
        get("/welcome/{secret}", Needs::Nothing, show_welcome),
        post("/welcome/{secret}", Needs::Nothing, welcome),
    ]
}

/// What stands on all pages that one sees without being signed in.
struct Door {
    stylesheets: [String; 2],
    theme: String,
    icon: String,
    trouble: Option<String>,
}

impl Door {
    fn new(trouble: Option<String>) -> Self {
        let stylesheets = [assets::url("basecoat.css"), assets::url("muster.css")];
        Self { stylesheets, theme: assets::url("theme.js"), icon: assets::url("icon.svg"), trouble }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    door: Door,
    next: String,
    email: String,
    asks_code: bool,
    again: bool,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    door: Door,
    secret: String,
    email: String,
    name: String,
    is_first: bool,
    shortest: usize,
}

#[derive(Debug, Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

async fn show(who: Option<axum::Extension<Who>>, Query(query): Query<Next>) -> Response {
    if who.is_some() {
        return Redirect::to(&within(&query.next)).into_response();
    }
    sign_in_page(StatusCode::OK, None, &query.next, "", false)
}

fn sign_in_page(
    status: StatusCode,
    trouble: Option<&str>,
    next: &str,
    email: &str,
    asks_code: bool,
) -> Response {
    let page = SignInPage {
        door: Door::new(trouble.map(str::to_owned)),
        next: within(next),
        email: email.to_owned(),
        asks_code,
        again: false,
    };
    (status, shell::page(&page)).into_response()
}

async fn sign_in(
    State(web): State<Web>,
    Visiting(visitor): Visiting,
    jar: CookieJar,
    Form(shown): Form<Shown>,
) -> Result<Response, Problem> {
    let now = web.muster.env.now();
    // Guessing one's password from everywhere, and everybody's from one place.
    let keys =
        [format!("user {}", shown.email.to_lowercase()), format!("from {}", visitor.address)];
    if !keys.iter().all(|key| web.refusals.left(key, now)) {
        let trouble = "Too many tries. Wait a quarter of an hour, or ask an owner for a link.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Ok(sign_in_page(status, Some(trouble), &shown.next, &shown.email, false));
    }
    let password = Secret::new(shown.password);
    let code = Some(shown.code.trim()).filter(|code| !code.is_empty());
    let attempt = web.muster.sign_in(&shown.email, &password, code, &visitor).await?;
    match attempt {
        Attempt::In(_, secret) => {
            web.refusals.forget(&keys[0]);
            let jar = jar.add(cookie(&web, &secret));
            Ok((jar, Redirect::to(&within(&shown.next))).into_response())
        }
        Attempt::CodeNeeded => {
            Ok(sign_in_page(StatusCode::OK, None, &shown.next, &shown.email, true))
        }
        Attempt::Refused => {
            for key in &keys {
                let _ = web.refusals.take(key, now);
            }
            let trouble = "This does not let you in. Check the address, the password and, if you \
                           have a second factor, its code.";
            let asks_code = code.is_some();
            let status = StatusCode::UNAUTHORIZED;
            Ok(sign_in_page(status, Some(trouble), &shown.next, &shown.email, asks_code))
        }
    }
}

async fn show_again(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    again_page(&web, &who, None).await
}

async fn again_page(web: &Web, who: &Who, trouble: Option<&str>) -> Result<Response, Problem> {
    let page = SignInPage {
        door: Door::new(trouble.map(str::to_owned)),
        next: String::new(),
        email: who.user.email.to_string(),
        asks_code: web.muster.has_second_factor(&who.user.email).await?,
        again: true,
    };
    Ok(shell::page(&page))
}

async fn again(
    State(web): State<Web>,
    who: Who,
    Form(shown): Form<Shown>,
) -> Result<Response, Problem> {
    let Via::Session { id, .. } = &who.via else {
        return Err(Problem::invalid("a token is proof in itself"));
    };
    let key = format!("user {}", who.user.email.folded());
    let now = web.muster.env.now();
    if web.refusals.take(&key, now).is_err() {
        return again_page(&web, &who, Some("Too many tries. Wait a quarter of an hour.")).await;
    }
    let code = Some(shown.code.trim()).filter(|code| !code.is_empty());
    if web.muster.prove_again(id, &Secret::new(shown.password), code).await? {
        web.refusals.forget(&key);
        return Ok(Redirect::to("/").into_response());
    }
    again_page(&web, &who, Some("This is not right. Try again.")).await
}

async fn sign_out(
    State(web): State<Web>,
    who: Who,
    jar: CookieJar,
) -> Result<impl IntoResponse, Problem> {
    if let Via::Session { id, .. } = &who.via {
        who.muster(&web).sign_out(id).await?;
    }
    let gone = Cookie::build((web.cookie_name(), "")).path("/").build();
    Ok((jar.remove(gone), Redirect::to("/sign-in")))
}

async fn show_welcome(
    State(web): State<Web>,
    Path(secret): Path<String>,
) -> Result<Response, Problem> {
    let Some(meant) = web.muster.link_is_for(&secret).await? else { return Err(used_up()) };
    Ok(welcome_page(StatusCode::OK, None, &secret, meant.as_ref(), Chosen::nothing()))
}

async fn welcome(
    State(web): State<Web>,
    Visiting(visitor): Visiting,
    Path(secret): Path<String>,
    jar: CookieJar,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    let Some(meant) = web.muster.link_is_for(&secret).await? else { return Err(used_up()) };
    let password = Secret::new(chosen.password.clone());
    let owner = match (&meant, chosen.email.trim().parse()) {
        (Some(_), _) => None,
        (None, Ok(email)) => Some(NewUser {
            email,
            name: chosen.name.clone(),
            role: Role::Owner,
            apps: None,
            until: None,
        }),
        (None, Err(error)) => {
            let trouble = Some(format!("{error}"));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(welcome_page(status, trouble, &secret, None, chosen));
        }
    };
    match web.muster.use_link(&secret, owner, &password, &visitor).await {
        Ok((_, session)) => {
            let jar = jar.add(cookie(&web, &session));
            Ok((jar, Redirect::to("/")).into_response())
        }
        Err(crate::error::Error::Invalid(why)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(welcome_page(status, Some(why), &secret, meant.as_ref(), chosen))
        }
        Err(error) => Err(error.into()),
    }
}

impl Chosen {
    const fn nothing() -> Self {
        Self { email: String::new(), name: String::new(), password: String::new() }
    }
}

fn welcome_page(
    status: StatusCode,
    trouble: Option<String>,
    secret: &str,
    meant: Option<&muster_domain::model::email::EmailAddress>,
    chosen: Chosen,
) -> Response {
    let page = WelcomePage {
        door: Door::new(trouble),
        secret: secret.to_owned(),
        email: meant.map_or(chosen.email, ToString::to_string),
        name: chosen.name,
        is_first: meant.is_none(),
        shortest: SHORTEST_PASSWORD,
    };
    (status, shell::page(&page)).into_response()
}

fn used_up() -> Problem {
    Problem::not_found(
        "This link was used already, or its time is over. Ask an owner of Muster for a new one; \
         on the server, muster users link makes one.",
    )
}

/// The cookie of a session: ends with the browser, unreadable to scripts, never sent by other
/// sites' requests.
fn cookie(web: &Web, secret: &Secret) -> Cookie<'static> {
    Cookie::build((web.cookie_name(), secret.reveal().to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(web.is_secure())
        .build()
}

/// A place within Muster; never another site.
fn within(next: &str) -> String {
    let inside = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && !next.starts_with("/sign-");
    if inside { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        let elsewhere = [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "",
        ];
        for next in elsewhere {
            assert_eq!(within(next), "/", "{next:?}");
        }
        assert_eq!(within("/people?q=a"), "/people?q=a");
    }
}
