//! Checks: the list, one check, one unit, and leaving something so until a date.

use axum::http::StatusCode;
use jiff::SignedDuration;
use muster_domain::{
    engine::checks::{self, Detail},
    model::{check::CheckState, cycle::Why, journal::Event, user::Role},
};

use crate::server::{Answer, Browser, Server};

/// The row of a table in which `text` stands, as text.
pub(crate) fn row(answer: &Answer, text: &str) -> String {
    let found = answer.text.split("<tr>").skip(1).find(|row| row.contains(text));
    let row = found.unwrap_or_else(|| panic!("{text} stands in no row: {}", answer.text));
    let row = row.split("</tr>").next().unwrap();
    let mut plain = String::new();
    let mut inside = false;
    for c in row.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                plain.push(' ');
            }
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn fails(server: &Server, check: &str) -> u64 {
    let found = server.muster.judge(Detail::Notable).await.unwrap();
    found.tallies[&(check.to_owned(), Some(Server::app()))].of(CheckState::Fail)
}

#[tokio::test]
async fn the_list_says_of_each_check_what_was_found_the_worst_first() {
    let server = Server::troubled().await;
    server.user("vera", Role::Viewer).await;
    let page = Browser::of(&server, "vera").await.get("/checks").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(fails(&server, "offboarded").await, 2);
    let title = checks::by_name("offboarded").unwrap().title;
    assert!(row(&page, title).starts_with("fails high"), "{}", row(&page, title));
    assert!(row(&page, title).contains("support 2 0 2 0 0"), "{}", row(&page, title));
    let rows: Vec<&str> = page.text.split("<tr>").skip(2).collect();
    let states: Vec<bool> = rows.iter().map(|row| row.contains("\"state bad\"")).collect();
    assert!(states[0] && states.is_sorted_by(|a, b| a >= b), "the worst stands first: {states:?}");
    let (_, off) = page.text.split_once("Switched off").unwrap();
    assert!(off.contains(checks::by_name("came_back").unwrap().title));
    for check in checks::ALL {
        assert!(page.text.contains(check.title), "{} is not listed", check.name);
    }
}

#[tokio::test]
async fn a_check_says_what_is_wrong_why_and_since_when() {
    let server = Server::troubled().await;
    server.later(SignedDuration::from_hours(48));
    server.go_round(Why::Interval).await;
    server.user("vera", Role::Viewer).await;
    let mut browser = Browser::of(&server, "vera").await;
    let page = browser.get("/checks/offboarded").await;
    let check = checks::by_name("offboarded").unwrap();
    for control in check.soc2.iter().chain(check.iso27001) {
        assert!(page.text.contains(control), "{control}");
    }
    let bob = row(&page, "Bob Birch");
    assert!(bob.starts_with("fails high") && bob.contains("→"), "{bob}");
    assert!(bob.contains("days ago"), "{bob}");
    assert!(!page.text.contains("Dan Dale"), "who works here is not listed");
    assert!(page.text.contains("<path class=\"fail\" d=\"M0 "), "no chart");
    // What passes is shown to whoever asks for it.
    let passing = browser.get("/checks/offboarded?state=pass").await;
    assert!(!passing.text.contains("Bob Birch"));
    // What cannot be told, how much of it, and how to see.
    let spots = server.muster.blind_spots().await.unwrap();
    let spot = spots.iter().find(|spot| spot.app.is_some()).unwrap();
    let page = browser.get(&format!("/checks/{}", spot.check)).await;
    assert!(page.text.contains(&format!("{} of {} cannot be told", spot.unseen, spot.of)));
    assert_eq!(browser.get("/checks/no_such").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_unit_is_explained_by_exactly_what_it_was_judged_by() {
    let server = Server::troubled().await;
    server.user("vera", Role::Viewer).await;
    let bob = server.sim.users().into_iter().find(|user| user.email.starts_with("bob")).unwrap();
    let mut browser = Browser::of(&server, "vera").await;
    let list = browser.get("/checks/offboarded").await;
    let (_, link) = list.text.split_once("<a data-row href=\"").unwrap();
    let page = browser.get(&link.split('"').next().unwrap().replace("&#38;", "&")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Judged by") && page.text.contains("completeness"));
    assert!(page.text.contains("nothing wrong"), "how it went is told: {}", page.text);
    assert!(!page.text.contains("Make an exception"), "a viewer cannot");
    let page = browser.get(&format!("/checks/identified/unit?of=support/{}", bob.id)).await;
    assert!(page.text.contains("passes"), "{}", page.text);
    let page = browser.get("/checks/identified/unit?of=support/4711").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_outsiders_chose_as_names_is_text_on_the_page() {
    let server = Server::troubled().await;
    server.sim.edit_user(6, |user| user.email = "<b>x</b>@elsewhere.example".to_owned()).unwrap();
    server.later(SignedDuration::from_hours(1));
    server.go_round(Why::Interval).await;
    server.user("vera", Role::Viewer).await;
    let mut browser = Browser::of(&server, "vera").await;
    let page = browser.get("/checks/identified").await;
    assert!(page.text.contains("&#60;b&#62;x&#60;/b&#62;@elsewhere.example"), "{}", page.text);
    assert!(!page.text.contains("<b>x"));
    let page = browser.get("/checks/identified/unit?of=support/6").await;
    assert!(page.text.contains("<h1>&#60;b&#62;x"), "{}", page.text);
    assert!(!page.text.contains("<b>x") && !page.text.contains("<script>alert"));
}

#[tokio::test]
async fn an_exception_needs_somebody_who_answers_and_ends() {
    let server = Server::troubled().await;
    server.user("root", Role::Owner).await;
    let mut browser = Browser::of(&server, "root").await;
    let list = browser.get("/checks/identified").await;
    assert!(row(&list, "nobody@elsewhere.example").starts_with("due"));
    let nobody = server.sim.users().into_iter().find(|one| one.email.starts_with("nobody"));
    let unit = format!("support/{}", nobody.unwrap().id);
    let at = format!("/checks/identified/unit?of={unit}");
    assert!(browser.get(&at).await.text.contains("Make an exception"));
    let form = |owner, until| {
        [
            ("unit", unit.as_str()),
            ("reason", "Agency until summer"),
            ("owner", owner),
            ("until", until),
        ]
    };
    for (owner, until) in [
        ("ada@acme.example", "2028-01-01"),
        ("ada@acme.example", "2026-01-01"),
        ("ada@acme.example", "soon"),
        ("bob@acme.example", "2026-08-01"),
        ("stranger@acme.example", "2026-08-01"),
    ] {
        let answer = browser.post("/checks/identified/except", &form(owner, until)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{owner} {until}");
        assert!(answer.text.contains("Agency until summer"), "what was typed is kept");
    }
    assert!(server.journaled(Event::ExceptionMade).await.is_empty());
    let answer =
        browser.post("/checks/identified/except", &form("ada@acme.example", "2026-08-01")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = answer.location().to_owned();
    assert!(browser.get(&to).await.text.contains("It is left as it is"));
    let made = server.journaled(Event::ExceptionMade).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].actor, "root@acme.example");
    assert_eq!(made[0].data["exception"]["until"], "2026-08-02T00:00:00Z");
    let page = browser.get("/checks/identified").await;
    assert!(row(&page, "nobody@elsewhere.example").starts_with("excepted"));
    assert!(row(&page, "End it").contains("Agency until summer"));
    let id = made[0].data["exception"]["id"].as_str().unwrap();
    let answer = browser.post(&format!("/checks/identified/exceptions/{id}/end"), &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(server.journaled(Event::ExceptionEnded).await.len(), 1);
    let page = browser.get("/checks/identified").await;
    assert!(!row(&page, "nobody@elsewhere.example").starts_with("excepted"));
}

#[tokio::test]
async fn who_is_limited_to_another_app_sees_nothing_of_this_one() {
    let server = Server::troubled().await;
    server.limited("vera", Role::Viewer, "payments").await;
    let mut browser = Browser::of(&server, "vera").await;
    let own = browser.get("/checks").await;
    assert!(!own.text.contains("<tbody"), "{}", own.text);
    for path in ["/checks/offboarded", "/checks/offboarded?app=support", "/checks/identified"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text.contains("Bob Birch") && !page.text.contains("elsewhere"), "{path}");
        assert!(!page.text.contains("<path class=\"fail\""), "{path}");
    }
    for unit in ["support/5", "nobody@elsewhere.example", "support/nobody@elsewhere.example"] {
        let page = browser.get(&format!("/checks/identified/unit?of={unit}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{unit}");
    }
}

#[tokio::test]
async fn where_nothing_is_connected_it_says_what_to_do() {
    let server = Server::new().await;
    server.user("vera", Role::Viewer).await;
    let mut browser = Browser::of(&server, "vera").await;
    assert!(browser.get("/checks").await.text.contains("Connect an app"));
    let page = browser.get("/checks/mfa").await;
    assert!(page.text.contains("it begins with the first read"), "{}", page.text);
}
