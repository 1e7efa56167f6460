//! Tasks: what waits for a person, and asking somebody.

use axum::http::StatusCode;
use jiff::SignedDuration;
use muster_domain::model::{cycle::Why, journal::Event, user::Role};

use crate::{
    checks::row,
    server::{Browser, Server},
};

#[tokio::test]
async fn every_task_is_there_with_why_how_and_who_the_most_urgent_first() {
    let server = Server::troubled().await;
    server.user("vera", Role::Viewer).await;
    let page = Browser::of(&server, "vera").await.get("/tasks").await;
    let tasks = server.muster.tasks(&Server::app()).await.unwrap();
    assert!(tasks.len() > 1, "{tasks:?}");
    let mut at = 0;
    for task in &tasks {
        let link = format!("/tasks/{}\"", task.id);
        let found = page.text.find(&link).unwrap();
        assert!(found > at, "{} stands too early", task.title);
        at = found;
    }
    let nobodys = row(&page, "Say whose nobody@elsewhere.example is");
    assert!(nobodys.contains("ada@acme.example") && nobodys.contains("→"), "{nobodys}");
    assert!(page.text.contains(&format!("{} tasks", tasks.len())));
}

#[tokio::test]
async fn the_list_is_narrowed_by_who_and_by_what_is_overdue() {
    let server = Server::troubled().await;
    server.user("vera", Role::Viewer).await;
    let mut browser = Browser::of(&server, "vera").await;
    assert!(browser.get("/tasks?overdue=yes").await.text.contains("No task is so"));
    assert!(browser.get("/tasks?owner=bob@acme.example").await.text.contains("No task is so"));
    assert!(browser.get("/tasks?app=payments").await.text.contains("No task is so"));
    server.later(SignedDuration::from_hours(24 * 30));
    server.go_round(Why::Interval).await;
    let page = browser.get("/tasks?overdue=yes&owner=ada@acme.example").await;
    assert_eq!(
        page.headers["location"],
        "/sign-in?next=%2Ftasks%3Foverdue%3Dyes%26owner%3Dada%40acme.example"
    );
    let mut browser = Browser::of(&server, "vera").await;
    let page = browser.get("/tasks?overdue=yes&owner=ada@acme.example").await;
    assert!(row(&page, "Say whose nobody").contains("days ago"), "{}", page.text);
}

#[tokio::test]
async fn an_operator_asks_somebody_and_gives_another_date() {
    let server = Server::troubled().await;
    server.user("olaf", Role::Operator).await;
    server.user("vera", Role::Viewer).await;
    let tasks = server.muster.tasks(&Server::app()).await.unwrap();
    let task = tasks.iter().find(|task| task.title.contains("nobody@")).unwrap();
    let at = format!("/tasks/{}", task.id);
    let mut browser = Browser::of(&server, "olaf").await;
    let form = [("owner", "dan@acme.example"), ("due", "2026-04-01"), ("note", "<i>ask them</i>")];
    let answer = browser.post(&at, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = answer.location().to_owned();
    let page = browser.get(&to).await;
    assert!(page.text.contains("Noted") && page.text.contains("dan@acme.example"));
    assert!(page.text.contains("&#60;i&#62;ask them") && !page.text.contains("<i>"));
    let told = server.journaled(Event::TaskAssigned).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].actor, "olaf@acme.example");
    assert_eq!(told[0].data["asked"]["due"], "2026-04-02T00:00:00Z");
    for wrong in [[("due", "soon")], [("note", " ")]] {
        let answer = browser.post(&at, &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    let mut viewer = Browser::of(&server, "vera").await;
    assert!(!viewer.get(&at).await.text.contains("<form method=\"post\" action=\"/tasks"));
    assert_eq!(viewer.post(&at, &form).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_is_limited_to_another_app_sees_and_asks_nothing_here() {
    let server = Server::troubled().await;
    server.limited("olaf", Role::Operator, "payments").await;
    let tasks = server.muster.tasks(&Server::app()).await.unwrap();
    let mut browser = Browser::of(&server, "olaf").await;
    let page = browser.get("/tasks").await;
    assert!(page.text.contains("No app is connected") && !page.text.contains("elsewhere"));
    let at = format!("/tasks/{}", tasks[0].id);
    assert_eq!(browser.get(&at).await.status, StatusCode::NOT_FOUND);
    let answer = browser.post(&at, &[("note", "mine")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(server.journaled(Event::TaskAssigned).await.is_empty());
}
