//! The API: what its document says, and what it answers.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use muster::{service::users::NewUser, web::routes::table};
use muster_domain::model::user::{Role, User};
use muster_simulator::NewUser as NewAccount;
use serde_json::Value;

use crate::server::{Answer, Server};

struct Program<'a> {
    server: &'a Server,
    token: String,
}

impl<'a> Program<'a> {
    async fn of(server: &'a Server, user: &User) -> Self {
        Self { server, token: server.token(user).await }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:7300")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.server.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap()
    }
}

/// A helpdesk with so many agents, read once.
async fn helpdesk(agents: usize) -> Server {
    let server = Server::new().await;
    for n in 0..agents {
        let email = format!("agent{n}@acme.example");
        server.sim.add_user(NewAccount::new(email).name(format!("Agent {n}")));
    }
    server.connect().await;
    server.muster.sync(&Server::app()).await.unwrap();
    server
}

#[tokio::test]
async fn the_document_lists_what_there_is_and_nothing_else() {
    let server = Server::new().await;
    let vic = server.user("vic", Role::Viewer).await;
    let document = Program::of(&server, &vic).await.get("/api/v1/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            told.insert((method.to_uppercase(), path.clone()));
            assert!(operation["description"].is_string() || operation["summary"].is_string());
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
        }
    }
    let there: BTreeSet<_> = table()
        .into_iter()
        .filter(|(_, path, _)| path.starts_with("/api/") && !path.ends_with("openapi.json"))
        .map(|(method, path, _)| (method.to_string(), path))
        .collect();
    assert_eq!(told, there);
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} leads nowhere");
    }
}

#[tokio::test]
async fn a_list_is_read_page_by_page_each_item_once() {
    let server = helpdesk(25).await;
    let vic = server.user("vic", Role::Viewer).await;
    let program = Program::of(&server, &vic).await;
    let mut ids = Vec::new();
    let mut path = "/api/v1/apps/support/accounts?limit=10".to_owned();
    let mut pages = 0;
    loop {
        let page = program.get(&path).await;
        pages += 1;
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/apps/support/accounts?limit=10&cursor={next}");
    }
    let different: BTreeSet<_> = ids.iter().collect();
    let there = server.sim.users().len();
    assert_eq!((pages, ids.len(), different.len()), (3, there, there));
    let one = program.get(&format!("/api/v1/apps/support/accounts/{}", ids[0])).await;
    assert_eq!(one["app"], "support");
    assert_eq!(one["found"], "unmatched");
    assert!(one["raw"].is_object());
}

#[tokio::test]
async fn the_journal_is_read_to_its_end_without_a_gap() {
    let server = helpdesk(3).await;
    let vic = server.user("vic", Role::Viewer).await;
    let program = Program::of(&server, &vic).await;
    let mut seqs = Vec::new();
    let mut path = "/api/v1/journal?limit=2".to_owned();
    loop {
        let page = program.get(&path).await;
        let items = page["items"].as_array().unwrap();
        seqs.extend(items.iter().map(|item| item["seq"].as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/journal?limit=2&cursor={next}");
    }
    let (head, _) = server.muster.store.journal_head().await.unwrap();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    let of_kind = program.get("/api/v1/journal?event=app.observed").await;
    assert_eq!(of_kind["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_one_has_already_is_not_sent_again() {
    let server = helpdesk(1).await;
    let vic = server.user("vic", Role::Viewer).await;
    let program = Program::of(&server, &vic).await;
    let first = program.ask(Method::GET, "/api/v1/apps", &[]).await;
    let tag = first.headers[header::ETAG].to_str().unwrap().to_owned();
    let again = program.ask(Method::GET, "/api/v1/apps", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let other = program.ask(Method::GET, "/api/v1/apps", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_done_is_told_as_a_problem_with_a_remedy() {
    let server = helpdesk(1).await;
    let vic = server.user("vic", Role::Viewer).await;
    let program = Program::of(&server, &vic).await;
    let cases = [
        (Method::GET, "/api/v1/people/none", 404, "not_found"),
        (Method::GET, "/api/v1/apps/none", 404, "not_found"),
        (Method::GET, "/api/v1/apps/support/accounts/none", 404, "not_found"),
        (Method::GET, "/api/v1/nowhere", 404, "not_found"),
        (Method::GET, "/api/v1/people?limit=0", 422, "invalid"),
        (Method::GET, "/api/v1/people?limit=many", 422, "invalid"),
        (Method::GET, "/api/v1/people?cursor=%C3%A4", 422, "invalid"),
        (Method::GET, "/api/v1/journal?event=nothing", 422, "invalid"),
        (Method::GET, "/api/v1/journal?cursor=eA", 422, "invalid"),
        (Method::POST, "/api/v1/apps/support/round", 403, "forbidden"),
        (Method::DELETE, "/api/v1/people", 405, "method_not_allowed"),
    ];
    for (method, path, status, kind) in cases {
        let answer = program.ask(method, path, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        let content = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        assert_eq!(content, "application/problem+json", "{path}");
        let problem: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(problem["kind"], kind, "{path}");
        assert_eq!(problem["status"], status, "{path}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn who_has_to_do_with_one_app_sees_nothing_of_another() {
    let server = helpdesk(2).await;
    let new = NewUser {
        email: "lim@acme.example".parse().unwrap(),
        name: "Lim".to_owned(),
        role: Role::Operator,
        apps: Some(["another".parse().unwrap()].into()),
        until: None,
    };
    let lim = server.muster.put_user(new).await.unwrap();
    let program = Program::of(&server, &lim).await;
    assert_eq!(program.get("/api/v1/apps").await, Value::Array(Vec::new()));
    for path in ["/api/v1/apps/support", "/api/v1/apps/support/accounts"] {
        let answer = program.ask(Method::GET, path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let round = program.ask(Method::POST, "/api/v1/apps/support/round", &[]).await;
    assert_eq!(round.status, StatusCode::NOT_FOUND);
    let journal = program.get("/api/v1/journal?limit=1000").await;
    let apps = journal["items"].as_array().unwrap().iter().filter(|item| item["app"] == "support");
    assert_eq!(apps.count(), 0);
}

#[tokio::test]
async fn a_round_that_was_asked_for_is_gone_by_the_worker() {
    let server = helpdesk(1).await;
    let olaf = server.user("olaf", Role::Operator).await;
    let program = Program::of(&server, &olaf).await;
    let answer = program.ask(Method::POST, "/api/v1/apps/support/round", &[]).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(program.get("/api/v1/apps/support").await["at_work"], true);
}
