//! Activity: the journal as sentences, narrowed, page by page, taken away and verified.

use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use muster::store::records::JournalFilter;
use muster_domain::model::{
    cycle::Why,
    journal::{Entry, Event},
    user::Role,
};

use crate::{
    checks::row,
    server::{Answer, Browser, Server},
};

/// The numbers of the entries on a page, as they stand there.
fn numbers(page: &Answer) -> Vec<u64> {
    let links = page.text.split("<a data-row href=\"/activity/").skip(1);
    links.map(|link| link.split('"').next().unwrap().parse().unwrap()).collect()
}

async fn journal(server: &Server) -> Vec<Entry> {
    server.muster.store.journal(&JournalFilter::default()).await.unwrap()
}

async fn as_viewer(server: &Server) -> Browser<'_> {
    server.user("vera", Role::Viewer).await;
    Browser::of(server, "vera").await
}

#[tokio::test]
async fn each_entry_is_a_sentence_the_newest_first() {
    let server = Server::troubled().await;
    let mut browser = as_viewer(&server).await;
    let page = browser.get("/activity").await;
    let mut expected: Vec<u64> = journal(&server).await.iter().map(|entry| entry.seq).collect();
    expected.reverse();
    expected.truncate(100);
    assert_eq!(numbers(&page), expected);
    let read = row(&page, "app.observed");
    assert!(read.contains("muster read support: 7 accounts"), "{read}");
    assert_eq!(server.sim.users().len(), 7);
    assert!(page.text.contains("learned of Bob Birch"), "{}", page.text);
    let seq = server.journaled(Event::PolicyApplied).await[0].seq;
    let page = browser.get(&format!("/activity/{seq}")).await;
    assert!(page.text.contains("applied a policy") && page.text.contains("data_digest"));
    assert_eq!(browser.get("/activity/99999").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn it_is_narrowed_by_what_who_whom_where_and_when() {
    let server = Server::troubled().await;
    let mut browser = as_viewer(&server).await;
    let all = journal(&server).await;
    let bob = server.muster.find_person("bob@acme.example").await.unwrap().id;
    let count = |fits: &dyn Fn(&Entry) -> bool| all.iter().filter(|entry| fits(entry)).count();
    let cases: [(&str, usize); 7] = [
        ("event=person.added", count(&|entry| entry.event == Event::PersonAdded)),
        ("actor=VERA@", count(&|entry| entry.actor.contains("vera@"))),
        ("actor=%25", 0),
        ("person=Bob+Birch", count(&|entry| entry.about.person.as_ref() == Some(&bob))),
        ("app=support", count(&|entry| entry.about.app == Some(Server::app()))),
        ("until=2026-03-01", 0),
        ("since=2026-03-02&until=2026-03-02", all.len()),
    ];
    for (query, expected) in cases {
        let page = browser.get(&format!("/activity?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert_eq!(numbers(&page).len(), expected.min(100), "{query}");
    }
    for wrong in ["event=lunch", "person=Nobody", "since=soon", "before=x", "app=A%20B"] {
        let page = browser.get(&format!("/activity?{wrong}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("role=\"alert\"") && numbers(&page).is_empty(), "{wrong}");
    }
}

#[tokio::test]
async fn older_pages_go_on_where_the_newer_ended_and_stay_small() {
    let server = Server::troubled().await;
    for _ in 0..250 {
        let muster = &server.muster;
        let mut tx = muster.store.begin("<u>evil</u>", server.env.now());
        let data = serde_json::json!({"asked": "<img src=x>"});
        tx.journal(Event::Denied, muster_domain::model::journal::About::default(), data);
        tx.commit().await.unwrap();
    }
    let mut browser = as_viewer(&server).await;
    let total = journal(&server).await.len();
    let (mut at, mut seen) = ("/activity".to_owned(), Vec::new());
    loop {
        let page = browser.get(&at).await;
        assert!(page.text.len() < 150_000, "{} bytes", page.text.len());
        assert!(!page.text.contains("<u>") && !page.text.contains("<img src=x"));
        seen.extend(numbers(&page));
        let Some((before, _)) = page.text.split_once("\" rel=\"next\"") else { break };
        at = before.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
    }
    assert_eq!(seen, (1..=total as u64).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_taken_away_is_what_was_narrowed_and_holds_no_formula() {
    let server = Server::troubled().await;
    let mut tx = server.muster.store.begin("=1+1", server.env.now());
    let about = muster_domain::model::journal::About::default();
    tx.journal(Event::Denied, about, serde_json::json!({"asked": "GET /x"}));
    tx.commit().await.unwrap();
    server.user("aida", Role::Auditor).await;
    let mut browser = Browser::of(&server, "aida").await;
    let file = browser.get("/activity.csv?event=denied").await;
    assert!(file.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/csv"));
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 2, "{}", file.text);
    assert!(lines[1].contains(",\"'=1+1\","), "{}", lines[1]);
    let whole = browser.get("/activity.csv").await;
    assert_eq!(whole.text.lines().count(), journal(&server).await.len() + 1);
    // Who may not take evidence away is not offered it.
    let mut viewer = as_viewer(&server).await;
    assert!(!viewer.get("/activity").await.text.contains("Export CSV"));
    assert_eq!(viewer.get("/activity.csv").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn it_says_whether_the_journal_is_whole() {
    let server = Server::troubled().await;
    let mut browser = as_viewer(&server).await;
    let entries = journal(&server).await.len();
    let page = browser.post("/activity/verify", &[]).await;
    assert!(
        page.text.contains(&format!("The journal verifies: {entries} entries")),
        "{}",
        page.text
    );
    assert!(page.text.contains("is what it tells"));
}

#[tokio::test]
async fn who_is_limited_to_an_app_sees_its_entries_alone() {
    let server = Server::troubled().await;
    server.limited("vera", Role::Viewer, "payments").await;
    server.limited("olga", Role::Viewer, "support").await;
    let mut browser = Browser::of(&server, "vera").await;
    for path in ["/activity", "/activity?app=support", "/activity?person=Bob+Birch"] {
        assert_eq!(numbers(&browser.get(path).await), [0; 0], "{path}");
    }
    let read = server.journaled(Event::AppObserved).await[0].seq;
    assert_eq!(browser.get(&format!("/activity/{read}")).await.status, StatusCode::NOT_FOUND);
    let mut browser = Browser::of(&server, "olga").await;
    let about_it = journal(&server).await;
    let mut about_it: Vec<u64> = about_it
        .iter()
        .filter(|entry| entry.about.app == Some(Server::app()))
        .map(|entry| entry.seq)
        .collect();
    about_it.reverse();
    assert_eq!(numbers(&browser.get("/activity").await), about_it);
    let policy = server.journaled(Event::PolicyApplied).await[0].seq;
    assert_eq!(browser.get(&format!("/activity/{policy}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rounds_are_told_as_they_come() {
    let server = Server::troubled().await;
    let mut browser = as_viewer(&server).await;
    server.sim.edit_user(5, |user| user.name = "Dan O'Dale".to_owned()).unwrap();
    server.later(SignedDuration::from_hours(1));
    server.go_round(Why::Interval).await;
    let page = browser.get("/activity?event=accounts.changed").await;
    assert!(
        row(&page, "accounts.changed").contains("found accounts of support changed: 1 account")
    );
}
