//! Ways in, and ways out.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use muster::{
    secret::Secret,
    service::{sign_in, users::NewUser},
};
use muster_domain::model::{
    email::EmailAddress,
    journal::Event,
    user::{Permission, Role},
};

use crate::server::{Browser, PASSWORD, Server};

fn later(server: &Server, by: SignedDuration) {
    server.env.advance_to(server.env.now().checked_add(by).unwrap());
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_first_link_makes_one_owner_once() {
    let server = Server::new().await;
    let secret = server.muster.make_sign_in_link(None).await.unwrap();
    let path = format!("/welcome/{}", secret.reveal());
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    let weak = [("name", "Ada"), ("email", "ada@acme.example"), ("password", "short")];
    let answer = browser.post(&path, &weak).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("at least 12 characters"));
    let form = [("name", "Ada"), ("email", "ada@acme.example"), ("password", PASSWORD)];
    let answer = browser.post(&path, &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    // Neither it nor another of its kind makes a second.
    let answer = Browser::new(&server).post(&path, &form).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(server.muster.make_sign_in_link(None).await.is_err());
    let users = server.muster.users().await.unwrap();
    assert_eq!(users.iter().map(|user| user.role).collect::<Vec<_>>(), [Role::Owner]);
}

#[tokio::test]
async fn a_link_that_is_a_day_old_lets_nobody_in() {
    let server = Server::new().await;
    let secret = server.muster.make_sign_in_link(None).await.unwrap();
    later(&server, SignedDuration::from_hours(24));
    let answer = Browser::new(&server).get(&format!("/welcome/{}", secret.reveal())).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains("its time is over"));
}

#[tokio::test]
async fn who_signs_in_goes_where_she_wanted_and_is_gone_when_she_signs_out() {
    let server = Server::new().await;
    server.user("ada", Role::Admin).await;
    let mut browser = Browser::new(&server);
    let form = [("email", "ADA@acme.example"), ("password", PASSWORD), ("next", "/healthz")];
    let answer = browser.post("/sign-in", &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/healthz"));
    let stolen = browser.cookies.clone();
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    browser.post("/sign-out", &[]).await;
    assert!(browser.cookies.is_empty());
    let mut thief = Browser::new(&server);
    thief.cookies = stolen;
    assert_eq!(thief.get("/").await.status, StatusCode::SEE_OTHER);
    let signed_in = server.journaled(Event::SignedIn).await;
    assert_eq!(signed_in.len(), 1);
    assert_eq!(signed_in[0].actor, "ada@acme.example");
    assert_eq!(server.journaled(Event::SignedOut).await.len(), 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let server = Server::new().await;
    server.user("ada", Role::Admin).await;
    let mut browser = Browser::new(&server);
    let known = browser.sign_in("ada@acme.example", "not her password").await;
    let unknown = browser.sign_in("eve@acme.example", "not her password").await;
    assert_eq!(known.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unknown.status, known.status);
    assert_eq!(unknown.text.replace("eve@", "ada@"), known.text);
    assert_eq!(server.journaled(Event::SignInRefused).await.len(), 2);
}

#[tokio::test]
async fn guessing_ends_after_ten_tries_and_begins_again_after_a_while() {
    let server = Server::new().await;
    server.user("ada", Role::Admin).await;
    let mut browser = Browser::new(&server);
    for _ in 0..10 {
        let answer = browser.sign_in("ada@acme.example", "not her password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = browser.sign_in("ada@acme.example", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    later(&server, SignedDuration::from_mins(16));
    let answer = browser.sign_in("ada@acme.example", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(server.journaled(Event::SignInRefused).await.len(), 10);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_when_it_is_old() {
    let server = Server::new().await;
    server.user("ada", Role::Admin).await;
    let mut browser = Browser::of(&server, "ada").await;
    for _ in 0..6 {
        later(&server, SignedDuration::from_mins(110));
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
    }
    later(&server, SignedDuration::from_mins(65));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "twelve hours have passed");
    let mut browser = Browser::of(&server, "ada").await;
    later(&server, SignedDuration::from_mins(121));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "unused for two hours");
}

#[tokio::test]
async fn whoever_is_removed_is_out_at_once_with_her_tokens() {
    let server = Server::new().await;
    server.user("owner", Role::Owner).await;
    let ada = server.user("ada", Role::Operator).await;
    let mut browser = Browser::of(&server, "ada").await;
    let until = server.env.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let scopes = [Permission::Read].into();
    let (_, token) = server.muster.make_token(&ada, "script", scopes, until).await.unwrap();
    assert!(server.muster.by_token(token.reveal()).await.unwrap().is_some());
    server.muster.remove_user(&ada.email).await.unwrap();
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    assert!(server.muster.by_token(token.reveal()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_auditor_is_let_in_for_a_time_and_then_no_more() {
    let server = Server::new().await;
    let new = |until: Option<Timestamp>| NewUser {
        email: address("aud@firm.example"),
        name: "Aud".to_owned(),
        role: Role::Auditor,
        apps: None,
        until,
    };
    let without = server.muster.put_user(new(None)).await;
    assert!(without.unwrap_err().to_string().contains("for a time"));
    let until = server.env.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    server.muster.put_user(new(Some(until))).await.unwrap();
    let email = address("aud@firm.example");
    server.muster.change_password(&email, &Secret::new(PASSWORD.to_owned()), None).await.unwrap();
    let mut browser = Browser::new(&server);
    assert_eq!(browser.sign_in("aud@firm.example", PASSWORD).await.status, StatusCode::SEE_OTHER);
    later(&server, SignedDuration::from_mins(61));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    let again = browser.sign_in("aud@firm.example", PASSWORD).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn muster_is_never_left_without_an_owner_and_nobody_raises_herself() {
    let server = Server::new().await;
    let owner = server.user("owner", Role::Owner).await;
    let removed = server.muster.remove_user(&owner.email).await;
    assert!(removed.unwrap_err().to_string().contains("without an owner"));
    let lowered = NewUser {
        email: owner.email.clone(),
        name: owner.name.clone(),
        role: Role::Viewer,
        apps: None,
        until: None,
    };
    let lowered = server.muster.put_user(lowered).await;
    assert!(lowered.unwrap_err().to_string().contains("without an owner"));
    let ada = server.user("ada", Role::Operator).await;
    let mut speaking = server.muster.clone();
    speaking.actor = "ada@acme.example".to_owned();
    let raised = NewUser {
        email: ada.email.clone(),
        name: ada.name,
        role: Role::Owner,
        apps: None,
        until: None,
    };
    let raised = speaking.put_user(raised).await;
    assert!(raised.unwrap_err().to_string().contains("herself"));
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_lets_in_once() {
    let server = Server::new().await;
    let ada = server.user("ada", Role::Admin).await;
    let seed = server.muster.new_totp_seed();
    let totp = sign_in::totp(&ada.email, seed.reveal()).unwrap();
    let code = |server: &Server| {
        let now = u64::try_from(server.env.now().as_second()).unwrap();
        totp.generate(now).to_string()
    };
    let wrong = server.muster.add_second_factor(&ada.email, &seed, "000000").await;
    assert!(wrong.is_err());
    let codes = server.muster.add_second_factor(&ada.email, &seed, &code(&server)).await.unwrap();
    let mut browser = Browser::new(&server);
    let answer = browser.sign_in("ada@acme.example", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("name=\"code\""));
    let with = |code: String| {
        [
            ("email".to_owned(), "ada@acme.example".to_owned()),
            ("password".to_owned(), PASSWORD.to_owned()),
            ("code".to_owned(), code),
        ]
    };
    let mut statuses = Vec::new();
    let used = code(&server);
    later(&server, SignedDuration::from_secs(60));
    let fresh = code(&server);
    for code in
        [used, fresh.clone(), fresh, codes[0].reveal().to_owned(), codes[0].reveal().to_owned()]
    {
        let form = with(code);
        let form: Vec<_> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        statuses.push(Browser::new(&server).post("/sign-in", &form).await.status);
    }
    let (no, yes) = (StatusCode::UNAUTHORIZED, StatusCode::SEE_OTHER);
    assert_eq!(statuses, [no, yes, no, yes, no]);
}
