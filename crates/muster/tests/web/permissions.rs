//! Every route, asked by everybody: by each role, and by nobody.

use axum::http::{Method, StatusCode};
use muster::web::routes::{Needs, table};
use muster_domain::model::user::Role;

use crate::server::{Browser, Server};

/// The path with something in its places.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "none" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// What everybody may reach without being signed in: written down here once more, so that opening
/// a route to the world takes two people's attention.
const OPEN: &[(&str, &str)] = &[
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/assets/{print}/{name}"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("GET", "/welcome/{secret}"),
    ("POST", "/sign-in"),
    ("POST", "/welcome/{secret}"),
];

#[test]
fn what_is_open_to_the_world_is_what_is_listed() {
    let mut open: Vec<_> = table()
        .into_iter()
        .filter(|(_, _, needs)| *needs == Needs::Nothing)
        .map(|(method, path, _)| (method.to_string(), path))
        .collect();
    open.sort();
    let listed: Vec<_> =
        OPEN.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(open, listed);
}

#[tokio::test]
async fn nobody_gets_in_where_one_has_to_be_signed_in() {
    let server = Server::new().await;
    for (method, path, needs) in table() {
        let case = format!("{method} {path}");
        let path = filled(&path);
        let answer = Browser::new(&server).send(method.clone(), &path, None).await;
        match (needs, &method) {
            (Needs::Nothing, _) => {
                assert!(!answer.location().starts_with("/sign-in?"), "{case}");
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{case}");
            }
            (_, method) if *method == Method::GET && !path.starts_with("/api/") => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{case}");
                assert!(answer.location().starts_with("/sign-in?next=%2F"), "{case}");
            }
            _ => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}: {}", answer.text),
        }
    }
}

#[tokio::test]
async fn each_role_may_what_the_one_table_says_and_nothing_else() {
    for role in Role::ALL {
        let server = Server::new().await;
        server.user("one", *role).await;
        for (method, path, needs) in table() {
            if path == "/sign-out" {
                continue;
            }
            let case = format!("{} {method} {path}", role.word());
            let mut browser = Browser::of(&server, "one").await;
            let answer = browser.send(method.clone(), &filled(&path), None).await;
            let permitted = match needs {
                Needs::Nothing | Needs::SignIn => true,
                Needs::May(permission) | Needs::Freshly(permission) => role.may(permission),
            };
            let denied = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(denied, !permitted, "{case}: {} {}", answer.status, answer.text);
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
            assert!(!answer.status.is_server_error(), "{case}: {}", answer.text);
        }
    }
}
