//! People: the list, the file, one person, holds and the end of somebody's access; the app's own
//! records say whether it was so.

use axum::http::StatusCode;
use jiff::SignedDuration;
use muster::service::users::NewUser;
use muster_domain::model::{journal::Event, user::Role};

use crate::{
    server::{Browser, Server},
    staff::{HOSTILE, company, gets_in, import, person},
};

async fn ada(server: &Server) -> Browser<'_> {
    server.user("ada", Role::Owner).await;
    Browser::of(server, "ada").await
}

fn shown(page: &str) -> String {
    let rest = page.split("name=\"shown\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn people_are_found_by_name_state_and_department() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let all = ada.get("/people").await.text;
    for said in ["8 people", "Ann Ash", "leaves 2026-03-20", "starts 2026-05-04", "Support Lead"] {
        assert!(all.contains(said), "{said}: {all}");
    }
    let found = ada.get("/people?q=BIRCH").await.text;
    assert!(found.contains("1 of 8 people") && found.contains("Bob Birch"), "{found}");
    assert!(!found.contains("Ann Ash"), "{found}");
    let ended = ada.get("/people?state=ended").await.text;
    assert!(ended.contains("3 of 8 people") && !ended.contains("Eve East"), "{ended}");
    let data = ada.get("/people?department=Data").await.text;
    assert!(data.contains("1 of 8 people") && data.contains("=Gus"), "{data}");
    assert!(ada.get("/people?q=nobody").await.text.contains("Nobody fits."));
}

#[tokio::test]
async fn a_hostile_name_is_text_in_the_list_on_the_page_and_in_the_file() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let max = person(&server, "max").await;
    for path in ["/people".to_owned(), format!("/people/{}", max.id)] {
        let page = ada.get(&path).await.text;
        assert!(!page.contains(HOSTILE) && page.contains("&#60;script&#62;alert(1)"), "{page}");
    }
    let file = ada.get("/people.csv?q=gus").await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        file.text.contains(r#","'=Gus Gale ""G""","gus@acme.example","prospective","#),
        "{}",
        file.text
    );
    assert_eq!(file.text.lines().count(), 2);
}

#[tokio::test]
async fn a_long_list_comes_in_pages_without_a_gap() {
    let server = Server::new().await;
    let mut roster = "Employee #,First Name,Last Name,Work Email,Status,Hire Date\n".to_owned();
    for n in 0..120 {
        roster += &format!("{n},Pat,Nr{n:03},pat{n}@acme.example,Active,2020-01-01\n");
    }
    import(&server, &roster).await;
    let mut ada = ada(&server).await;
    let (mut path, mut seen, mut pages) = ("/people?sort=email".to_owned(), Vec::new(), 0);
    loop {
        let page = ada.get(&path).await.text;
        assert!(page.len() < 150_000);
        pages += 1;
        let names = page.split("data-row>").skip(1).map(|rest| rest.split('<').next().unwrap());
        seen.extend(names.map(str::to_owned));
        let Some(next) = page.split("aria-label=\"Pages\"").nth(1) else { break };
        let next = next.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        path = next.replace("&#38;", "&");
    }
    assert_eq!((pages, seen.len()), (3, 120));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
}

#[tokio::test]
async fn one_person_is_explained_account_by_account() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let flo = person(&server, "flo").await;
    let page = ada.get(&format!("/people/{}", flo.id)).await.text;
    for said in [
        "leaves 2026-03-20",
        "Support Agent, Support",
        "should have an account as basic-agent until 2026-03-20",
        "flo@acme.example as basic-agent, active",
        "work e-mail",
        "What comes",
        "engagement 1 starts",
        "Nothing holds this person",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let bob = person(&server, "bob").await;
    let page = ada.get(&format!("/people/{}", bob.id)).await.text;
    assert!(
        page.contains("deactivate Bob Birch") && page.contains("more than the limit"),
        "{page}"
    );
    assert_eq!(ada.get("/people/per_none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn access_ends_now_after_a_look_at_what_that_takes_away() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let eve = person(&server, "eve").await;
    let path = format!("/people/{}/offboard", eve.id);
    let preview = ada.get(&path).await.text;
    assert!(preview.contains("sign-in <ins>shut out</ins>"), "{preview}");
    assert!(preview.contains("Not covered: sessions that are open"), "{preview}");
    assert!(gets_in(&server, "eve"));
    let stale = ada.post(&path, &[("at", ""), ("shown", "another")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(gets_in(&server, "eve") && server.journaled(Event::PersonEndOrdered).await.is_empty());
    let answer = ada.post(&path, &[("at", ""), ("shown", &shown(&preview))]).await;
    assert_eq!(answer.location(), format!("/people/{}?done=cut", eve.id), "{}", answer.text);
    assert!(!gets_in(&server, "eve"));
    for name in ["bob", "cid", "max", "flo", "ann"] {
        assert!(gets_in(&server, name), "{name} is nobody's business here");
    }
    assert_eq!(server.journaled(Event::PersonEndOrdered).await[0].actor, "ada@acme.example");
    let page = ada.get(answer.location()).await.text;
    assert!(page.contains("does not get in") && page.contains("Take the order back"), "{page}");
}

#[tokio::test]
async fn an_end_at_a_time_is_ordered_and_can_be_taken_back() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let eve = person(&server, "eve").await;
    let path = format!("/people/{}/offboard", eve.id);
    let preview = ada.get(&format!("{path}?at=2026-03-10T18:00")).await.text;
    let form = [("at", "2026-03-10T18:00"), ("shown", &*shown(&preview))];
    let answer = ada.post(&path, &form).await;
    assert_eq!(answer.location(), format!("/people/{}?done=ends", eve.id), "{}", answer.text);
    assert!(gets_in(&server, "eve"));
    let ordered = person(&server, "eve").await.ordered_end.unwrap();
    assert_eq!(ordered.at, "2026-03-10T18:00:00Z".parse().unwrap());
    let past = [("at", "2026-03-01T18:00"), ("shown", "")];
    let answer = ada.post(&path, &past).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("has passed"), "{}", answer.text);
    let answer = ada.post(&format!("/people/{}/stay", eve.id), &[]).await;
    assert_eq!(answer.location(), format!("/people/{}?done=stays", eve.id));
    assert_eq!(person(&server, "eve").await.ordered_end, None);
}

#[tokio::test]
async fn ending_access_asks_who_one_is_when_that_was_long_ago() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let eve = person(&server, "eve").await;
    let path = format!("/people/{}/offboard", eve.id);
    let preview = ada.get(&path).await.text;
    server.env.advance_to(server.env.now().checked_add(SignedDuration::from_mins(30)).unwrap());
    let answer = ada.post(&path, &[("at", ""), ("shown", &shown(&preview))]).await;
    assert_eq!(answer.location(), "/sign-in/again");
    assert!(gets_in(&server, "eve"));
}

#[tokio::test]
async fn a_hold_takes_a_reason_stops_what_was_due_and_can_be_lifted() {
    let server = company().await;
    let mut ada = ada(&server).await;
    let bob = person(&server, "bob").await;
    let path = format!("/people/{}/hold", bob.id);
    let answer = ada.post(&path, &[("reason", " "), ("stops", "writes")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = ada.post(&path, &[("reason", "litigation"), ("stops", "writes")]).await;
    assert_eq!(answer.location(), format!("/people/{}?done=held", bob.id));
    let page = ada.get(answer.location()).await.text;
    assert!(page.contains("Nothing is written: litigation"), "{page}");
    let plan = server.muster.plan(&Server::app(), None).await.unwrap();
    let his = plan.operations.iter().find(|one| one.is_for(&bob.id)).unwrap();
    assert!(!his.goes_when_approved());
    let order = page.split("/hold/").nth(1).unwrap().split('/').next().unwrap();
    let eve = person(&server, "eve").await;
    let wrong = ada.post(&format!("/people/{}/hold/{order}/lift", eve.id), &[]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let answer = ada.post(&format!("{path}/{order}/lift"), &[]).await;
    assert_eq!(answer.location(), format!("/people/{}?done=lifted", bob.id));
    assert!(server.muster.freezes().await.unwrap().is_empty());
}

#[tokio::test]
async fn who_is_limited_to_another_app_sees_no_account_and_ends_nothing() {
    let server = company().await;
    server.user("olaf", Role::Operator).await;
    let limited = NewUser {
        email: "olaf@acme.example".parse().unwrap(),
        name: "olaf".to_owned(),
        role: Role::Operator,
        apps: Some(["other".parse().unwrap()].into()),
        until: None,
    };
    server.muster.put_user(limited).await.unwrap();
    let mut olaf = Browser::of(&server, "olaf").await;
    let eve = person(&server, "eve").await;
    let page = olaf.get(&format!("/people/{}", eve.id)).await.text;
    assert!(page.contains("Eve East"), "{page}");
    assert!(!page.contains("support") && !page.contains("agent,"), "{page}");
    let path = format!("/people/{}/offboard", eve.id);
    assert_eq!(olaf.get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(olaf.post(&path, &[("at", "")]).await.status, StatusCode::FORBIDDEN);
    let hold = format!("/people/{}/hold", eve.id);
    let answer = olaf.post(&hold, &[("reason", "why not")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(gets_in(&server, "eve"));
}

#[tokio::test]
async fn nobody_known_says_how_to_begin() {
    let server = Server::new().await;
    let mut ada = ada(&server).await;
    let page = ada.get("/people").await.text;
    assert!(page.contains("muster roster import"), "{page}");
}
