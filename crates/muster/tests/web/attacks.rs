//! What others try on a server, and how far they come.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use jiff::SignedDuration;
use muster_domain::model::{
    journal::Event,
    user::{Permission, Role},
};

use crate::server::{Browser, PASSWORD, Server};

const HOST: &str = "127.0.0.1:7300";

fn posted(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from("email=a&password=b")).unwrap()
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_write() {
    let server = Server::new().await;
    let refused: &[&[(&str, &str)]] = &[
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "http://127.0.0.1:7300"), ("sec-fetch-site", "cross-site")],
        &[("origin", "http://127.0.0.1:7300.evil.example")],
        &[("origin", "http://127.0.0.1:7301")],
        &[],
    ];
    for headers in refused {
        let answer = server.ask(posted("/sign-in", headers)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let ours = [("origin", "http://127.0.0.1:7300"), ("sec-fetch-site", "same-origin")];
    let answer = server.ask(posted("/sign-in", &ours)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "it came as far as the password");
}

#[tokio::test]
async fn another_name_for_this_server_is_not_answered() {
    let server = Server::new().await;
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:7301", "127.0.0.1:7300.evil.example", ""] {
        let request =
            Request::builder().uri("/healthz").header(header::HOST, host).body(Body::empty());
        let answer = server.ask(request.unwrap()).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn a_session_is_never_one_that_was_there_before_signing_in() {
    let server = Server::new().await;
    server.user("ada", Role::Admin).await;
    let mut browser = Browser::new(&server);
    browser.cookies.insert("muster_session".to_owned(), "chosen-by-somebody-else".to_owned());
    browser.sign_in("ada@acme.example", PASSWORD).await;
    let own = browser.cookies["muster_session"].clone();
    assert_ne!(own, "chosen-by-somebody-else");
    assert_eq!(own.len(), 43, "256 bits");
    let mut other = Browser::new(&server);
    other.cookies.insert("muster_session".to_owned(), "chosen-by-somebody-else".to_owned());
    assert_eq!(other.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_token_in_the_address_opens_nothing_and_one_in_the_header_does() {
    let server = Server::new().await;
    let ada = server.user("ada", Role::Admin).await;
    let until = server.env.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let scopes = [Permission::Read].into();
    let (_, token) = server.muster.make_token(&ada, "script", scopes, until).await.unwrap();
    let token = token.reveal();
    for path in [format!("/?token={token}"), format!("/?access_token={token}")] {
        let request = Request::builder().uri(path).header(header::HOST, HOST).body(Body::empty());
        assert_eq!(server.ask(request.unwrap()).await.status, StatusCode::SEE_OTHER);
    }
    let with = |value: String| {
        let request = Request::builder().uri("/").header(header::HOST, HOST);
        request.header(header::AUTHORIZATION, value).body(Body::empty()).unwrap()
    };
    assert_eq!(server.ask(with(format!("Bearer {token}"))).await.status, StatusCode::OK);
    for value in [format!("Bearer {token}x"), format!("Basic {token}"), "Bearer".to_owned()] {
        let answer = server.ask(with(value.clone())).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}");
    }
    server.env.advance_to(until);
    let answer = server.ask(with(format!("Bearer {token}"))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn behind_tls_cookies_and_browsers_are_bound_to_it() {
    let server = Server::at("https://muster.example.com/").await;
    server.user("ada", Role::Admin).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri("/sign-in")
        .header(header::HOST, "muster.example.com")
        .header(header::ORIGIN, "https://muster.example.com")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("email=ada%40acme.example&password=seven+green+bicycles"));
    let answer = server.ask(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-muster_session="), "{cookie}");
    for word in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn every_answer_says_what_browsers_must_not_do() {
    let server = Server::new().await;
    for path in ["/", "/sign-in", "/healthz", "/nowhere", "/welcome/none"] {
        let answer = Browser::new(&server).get(path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[tokio::test]
async fn nothing_is_inline_in_a_page() {
    let server = Server::new().await;
    server.user("ada", Role::Owner).await;
    let mut browser = Browser::of(&server, "ada").await;
    for path in ["/", "/nowhere"] {
        let page = browser.get(path).await.text;
        for word in ["<style", " style=", "javascript:", " onclick=", "<script>"] {
            assert!(!page.contains(word), "{path} has {word}");
        }
    }
}

#[tokio::test]
async fn a_name_is_text_wherever_it_comes_from() {
    let server = Server::new().await;
    let mut user = server.user("ada", Role::Owner).await;
    user.name = "<script>alert(1)</script>".to_owned();
    let new = muster::service::users::NewUser {
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role,
        apps: None,
        until: None,
    };
    server.muster.put_user(new).await.unwrap();
    let page = Browser::of(&server, "ada").await.get("/").await.text;
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("alert(1)"));
}

#[tokio::test]
async fn whoever_asks_for_what_she_may_not_do_is_journaled_once_a_minute() {
    let server = Server::new().await;
    server.user("vic", Role::Viewer).await;
    let mut browser = Browser::of(&server, "vic").await;
    let denied = muster::web::routes::table().into_iter().find(|(_, _, needs)| {
        matches!(needs, muster::web::routes::Needs::May(permission) if !Role::Viewer.may(*permission))
    });
    let (method, path, _) = denied.unwrap();
    for _ in 0..3 {
        browser.send(method.clone(), &path, None).await;
    }
    let journaled = server.journaled(Event::Denied).await;
    assert_eq!(journaled.len(), 1);
    assert_eq!(journaled[0].actor, "vic@acme.example");
}

#[tokio::test]
async fn more_than_a_megabyte_is_not_taken() {
    let server = Server::new().await;
    let request = Request::builder()
        .method(Method::POST)
        .uri("/sign-in")
        .header(header::HOST, HOST)
        .header(header::ORIGIN, "http://127.0.0.1:7300")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("a=".to_owned() + &"b".repeat(1024 * 1024)));
    let answer = server.ask(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
