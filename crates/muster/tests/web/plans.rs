//! Plans: read, decided on, applied and undone in the browser; the app's own records say whether it
//! was so.

use axum::http::StatusCode;
use muster::{service::users::NewUser, store::records::RunFilter};
use muster_domain::model::{
    journal::Event,
    operation::RunState,
    plan::{HoldKind, Operation},
    user::Role,
};

use crate::{
    server::{Browser, Server},
    staff::{HOSTILE, account, company, gets_in, import},
};

async fn planned(server: &Server, name: &str) -> Operation {
    let plan = server.muster.plan(&Server::app(), None).await.unwrap();
    let login = format!("{name}@acme.example");
    plan.operations.into_iter().find(|one| one.login() == login).unwrap()
}

async fn approve(browser: &mut Browser<'_>, fingerprints: &[String]) -> crate::server::Answer {
    let form: Vec<_> = fingerprints.iter().map(|one| ("fingerprint", one.as_str())).collect();
    browser.post("/plans/support/approve", &form).await
}

/// Asks for a round, and waits until it has ended.
async fn apply(server: &Server, browser: &mut Browser<'_>) {
    let answer = browser.post("/plans/support/apply", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    rest(server).await;
}

async fn rest(server: &Server) {
    while !server.worker.at_work().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_plan_says_what_changes_why_and_what_it_waits_for() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    let list = ada.get("/plans").await.text;
    assert!(list.contains("href=\"/plans/support\" data-row"), "{list}");
    let page = ada.get("/plans/support").await.text;
    for said in [
        "Plan for support",
        "3 leavers · 1 mover · 1 joiner",
        "cannot be wholly undone",
        "deactivate <a href",
        ">Bob Birch</a>",
        "sign-in <del>active</del>",
        "sign-in <ins>shut out</ins>",
        "role <del>agent</del>",
        "role <ins>basic-agent</ins>",
        "end date 2026-02-20",
        "more than the limit of 1",
        "For good",
        "Coming up",
        "Flo Frost",
        "Nothing was done in support yet",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn a_hostile_name_is_text() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    let page = ada.get("/plans/support").await.text;
    assert!(!page.contains(HOSTILE), "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
}

#[tokio::test]
async fn what_is_approved_is_done_and_what_is_not_is_not() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    let waits = planned(&server, "bob").await;
    assert!(!waits.goes() && waits.holds[0].kind == HoldKind::Limit);
    let form = [("fingerprint", &*waits.fingerprint.to_string()), ("reason", "he left")];
    let answer = ada.post("/plans/support/approve", &form).await;
    assert_eq!(answer.location(), "/plans/support?done=approved&n=1", "{}", answer.text);
    let approved = server.journaled(Event::OperationApproved).await;
    assert_eq!(approved[0].actor, "ada@acme.example");
    assert_eq!(approved[0].data["reason"], "he left");
    let page = ada.get(answer.location()).await.text;
    assert!(page.contains("Approved 1 operation."), "{page}");
    assert!(page.contains("by ada@acme.example"), "{page}");
    apply(&server, &mut ada).await;
    assert!(!gets_in(&server, "bob"));
    let left = ["cid", "max"].into_iter().filter(|name| gets_in(&server, name)).count();
    assert_eq!(left, 2, "nobody else was let go beyond the limit");
    assert_eq!(account(&server, "eve").unwrap().role, muster_simulator::Role::BasicAgent);
    let page = ada.get("/plans/support").await.text;
    assert!(page.contains("Undo<span class=\"unseen\"> deactivate Bob Birch"), "{page}");
}

#[tokio::test]
async fn all_that_was_shown_is_approved_at_once() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    let page = ada.get("/plans/support").await.text;
    let all = page.split("class=\"row tile all\"").nth(1).unwrap().split("</form>").next().unwrap();
    let shown: Vec<String> = all
        .split("name=\"fingerprint\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert!(shown.len() >= 2, "{all}");
    let answer = approve(&mut ada, &shown).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    apply(&server, &mut ada).await;
    for name in ["bob", "cid", "max"] {
        assert!(!gets_in(&server, name), "{name}");
    }
}

#[tokio::test]
async fn what_has_moved_since_it_was_shown_is_not_approved() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    let shown = [planned(&server, "bob").await, planned(&server, "cid").await];
    let shown = shown.map(|one| one.fingerprint.to_string());
    let bob = account(&server, "bob").unwrap().id;
    server.sim.edit_user(bob, |user| user.role = muster_simulator::Role::LiteAgent).unwrap();
    server.muster.sync(&Server::app()).await.unwrap();
    let answer = approve(&mut ada, &shown).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("The plan has moved since you looked: 1 of the 2"));
    assert!(server.journaled(Event::OperationApproved).await.is_empty());
    // Half a fingerprint is no fingerprint.
    let half = [shown[1][..12].to_owned()];
    assert_eq!(approve(&mut ada, &half).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_no_takes_a_reason_holds_and_can_be_taken_back() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    let eve = planned(&server, "eve").await;
    assert!(eve.goes());
    let fingerprint = eve.fingerprint.to_string();
    let answer = ada.post("/plans/support/reject", &[("fingerprint", &fingerprint)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("Say why"));
    let form = [("fingerprint", &*fingerprint), ("reason", "she stays lead")];
    let answer = ada.post("/plans/support/reject", &form).await;
    assert_eq!(answer.location(), "/plans/support?done=rejected&n=1");
    apply(&server, &mut ada).await;
    assert_eq!(account(&server, "eve").unwrap().role, muster_simulator::Role::Agent);
    let page = ada.get("/plans/support").await.text;
    assert!(page.contains("she stays lead") && page.contains("Take the no back"), "{page}");
    let answer = ada.post("/plans/support/withdraw", &[("fingerprint", &fingerprint)]).await;
    assert_eq!(answer.location(), "/plans/support?done=withdrawn&n=1");
    apply(&server, &mut ada).await;
    assert_eq!(account(&server, "eve").unwrap().role, muster_simulator::Role::BasicAgent);
}

#[tokio::test]
async fn what_was_done_is_undone_after_a_look_at_what_that_comes_to() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    apply(&server, &mut ada).await;
    let runs = server.muster.store.runs(&RunFilter::default()).await.unwrap();
    let eve = runs.iter().find(|run| run.operation.login() == "eve@acme.example").unwrap();
    assert_eq!(eve.state, RunState::Verified);
    let path = format!("/plans/support/undo/{}", eve.id);
    let preview = ada.get(&path).await;
    assert!(preview.text.contains("role <ins>agent</ins>"), "{}", preview.text);
    assert!(preview.text.contains("Nothing: all of it can be undone"), "{}", preview.text);
    assert!(server.journaled(Event::Undone).await.is_empty());
    let shown = preview.text.split("name=\"shown\" value=\"").nth(1).unwrap();
    let shown = shown.split('"').next().unwrap();
    let stale = ada.post(&path, &[("reason", "wrong"), ("shown", "another")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let answer = ada.post(&path, &[("reason", "she stays lead"), ("shown", shown)]).await;
    assert_eq!(answer.location(), "/plans/support?done=undone&n=1", "{}", answer.text);
    rest(&server).await;
    assert_eq!(account(&server, "eve").unwrap().role, muster_simulator::Role::Agent);
    let page = ada.get("/plans/support").await.text;
    let keep = page.split("/plans/support/kept/").nth(1).unwrap().split('/').next().unwrap();
    let answer = ada.post(&format!("/plans/support/kept/{keep}/end"), &[]).await;
    assert_eq!(answer.location(), "/plans/support?done=ended&n=1");
    assert!(server.muster.keeps().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_goes_on_is_told_until_it_has_ended() {
    let server = company().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    server.worker.go_soon(Server::app());
    let told = ada.get("/plans/support/progress").await;
    assert_eq!(told.headers["content-type"], "text/event-stream");
    assert!(told.text.contains("event: step\ndata: create Dan Dale: verified"), "{}", told.text);
    assert!(told.text.trim_end().ends_with("event: ended\ndata: done"), "{}", told.text);
}

#[tokio::test]
async fn who_is_limited_to_another_app_sees_nothing_of_this_one() {
    let server = company().await;
    let email = "olaf@acme.example".parse().unwrap();
    server.user("olaf", Role::Operator).await;
    let apps = Some(["other".parse().unwrap()].into());
    let limited =
        NewUser { email, name: "olaf".to_owned(), role: Role::Operator, apps, until: None };
    server.muster.put_user(limited).await.unwrap();
    let fingerprint = planned(&server, "bob").await.fingerprint.to_string();
    let mut olaf = Browser::of(&server, "olaf").await;
    let list = olaf.get("/plans").await.text;
    assert!(list.contains("No app is connected") && !list.contains("support"), "{list}");
    assert_eq!(olaf.get("/plans/support").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olaf.get("/plans/support/progress").await.status, StatusCode::NOT_FOUND);
    assert_eq!(approve(&mut olaf, &[fingerprint]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(olaf.post("/plans/support/apply", &[]).await.status, StatusCode::NOT_FOUND);
    assert!(server.worker.at_work().is_empty());
}

#[tokio::test]
async fn a_plan_with_nothing_in_it_says_what_would_change_that() {
    let server = Server::new().await;
    server.user("ada", Role::Owner).await;
    let mut ada = Browser::of(&server, "ada").await;
    assert!(ada.get("/plans").await.text.contains("muster app add"));
    server.connect().await;
    let list = ada.get("/plans").await.text;
    assert!(list.contains("there is no policy yet"), "{list}");
    let policy = "organization: {time_zone: UTC}\napps: {support: {connector: gorgias}}";
    server.muster.apply_policy(policy).await.unwrap();
    server.muster.sync(&Server::app()).await.unwrap();
    let page = ada.get("/plans/support").await.text;
    assert!(page.contains("Nothing to do for the people who are known."), "{page}");
    import(
        &server,
        "Employee #,First Name,Last Name,Work Email,Status\n1,A,B,a@acme.example,Active\n",
    )
    .await;
    assert_eq!(ada.get("/plans/support").await.status, StatusCode::OK);
}
