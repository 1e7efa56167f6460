//! Each fault, and what the witness says about it.

use std::time::Duration;

use http::StatusCode;
use muster_simulator::{ConnectionFault, Fault, Faults, NewUser, Outcome, Phase, Rule};
use serde_json::{Value, json};

use crate::harness::Desk;

fn newcomer() -> Value {
    json!({ "email": "a@b.example", "name": "New Comer", "role": { "name": "agent" } })
}

/// A desk on which the next creation meets `fault`.
fn desk_with(fault: Fault) -> Desk {
    let desk = Desk::gorgias();
    let rule = Rule::new(fault).on("POST", "/api/users").times(1);
    desk.gorgias.set_faults(Faults::of(vec![rule]));
    desk
}

#[tokio::test]
async fn dropped_after_the_effect_leaves_a_user_and_an_invitation() {
    let desk = desk_with(Fault::Drop { phase: Phase::After });
    let lost = desk.post("/api/users", newcomer()).await;
    assert_eq!(lost.broken, Some(ConnectionFault::Dropped));
    assert_eq!(desk.gorgias.invitations().len(), 1);
    let last = desk.gorgias.request_log().pop().unwrap();
    assert!(last.took_effect);
    assert_eq!(last.outcome, Outcome::Broken(ConnectionFault::Dropped));
    assert_eq!(last.faults, ["drop"]);
    let again = desk.post("/api/users", newcomer()).await;
    assert_eq!((again.status, again.broken), (StatusCode::CONFLICT, None));
}

#[tokio::test]
async fn dropped_before_the_effect_leaves_nothing() {
    let desk = desk_with(Fault::Drop { phase: Phase::Before });
    let lost = desk.post("/api/users", newcomer()).await;
    assert_eq!(lost.broken, Some(ConnectionFault::Dropped));
    assert_eq!(desk.gorgias.invitations(), []);
    assert!(!desk.gorgias.request_log().pop().unwrap().took_effect);
    assert_eq!(desk.post("/api/users", newcomer()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn hanging_tells_for_how_long() {
    for (phase, mails) in [(Phase::Before, 0), (Phase::After, 1)] {
        let desk = desk_with(Fault::Hang { millis: 90_000, phase });
        let lost = desk.post("/api/users", newcomer()).await;
        assert_eq!(lost.broken, Some(ConnectionFault::Hang(Duration::from_secs(90))));
        assert_eq!(desk.gorgias.invitations().len(), mails);
    }
}

#[tokio::test]
async fn server_errors_strike_before_or_after_the_effect() {
    for code in [500, 502, 503] {
        for (phase, mails) in [(Phase::Before, 0), (Phase::After, 1)] {
            let desk = desk_with(Fault::Status { code, phase });
            let failed = desk.post("/api/users", newcomer()).await;
            assert_eq!(failed.status.as_u16(), code);
            assert!(failed.json()["error"]["msg"].is_string());
            assert_eq!(desk.gorgias.invitations().len(), mails);
        }
    }
}

#[tokio::test]
async fn html_page_comes_with_an_honest_or_a_misleading_status() {
    for code in [200, 502] {
        let desk = desk_with(Fault::HtmlPage { code, phase: Phase::Before });
        let page = desk.post("/api/users", newcomer()).await;
        assert_eq!(page.status.as_u16(), code);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(desk.gorgias.invitations(), []);
    }
}

#[tokio::test]
async fn storm_of_429_with_and_without_retry_after() {
    for (retry_after_s, header) in [(Some(30), Some("30")), (None, None)] {
        let desk = desk_with(Fault::Storm { retry_after_s });
        let refused = desk.post("/api/users", newcomer()).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.header("retry-after"), header);
        assert_eq!(desk.gorgias.counters().rate_limited, 0, "the bucket was not full");
        assert_eq!(desk.gorgias.invitations(), []);
    }
}

#[tokio::test]
async fn truncated_json_is_half_of_what_its_length_says() {
    let desk = desk_with(Fault::Truncate);
    let cut = desk.post("/api/users", newcomer()).await;
    assert_eq!(cut.broken, Some(ConnectionFault::Truncated));
    let told: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert_eq!(cut.bytes.len(), told / 2);
    assert!(serde_json::from_slice::<Value>(&cut.bytes).is_err());
    assert_eq!(desk.gorgias.invitations().len(), 1);
}

#[tokio::test]
async fn ignored_writes_look_like_success() {
    let desk = Desk::gorgias();
    let id = desk.gorgias.add_user(NewUser::new("x@b.example").name("Xenia"));
    let ticket = desk.gorgias.add_ticket(Some(id), muster_simulator::TicketStatus::Open);
    let before = (desk.gorgias.users(), desk.gorgias.tickets(), desk.gorgias.events());
    desk.gorgias.set_faults(Faults::of(vec![Rule::new(Fault::IgnoreWrite)]));
    let path = format!("/api/users/{id}");
    let created = desk.post("/api/users", newcomer()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(desk.get(&format!("/api/users/{}", created.id())).await.status.as_u16(), 404);
    assert_eq!(desk.put(&path, json!({ "name": "Yves" })).await.json()["name"], "Yves");
    assert_eq!(desk.delete(&path).await.status, StatusCode::NO_CONTENT);
    let moved = json!({ "assignee_user": null });
    assert_eq!(desk.put(&format!("/api/tickets/{ticket}"), moved).await.status.as_u16(), 202);
    let after = (desk.gorgias.users(), desk.gorgias.tickets(), desk.gorgias.events());
    assert_eq!(before, after);
    assert_eq!(desk.gorgias.counters().total_writes(), 0);
    assert_eq!(desk.gorgias.invitations(), []);
}

#[tokio::test]
async fn slow_reads_show_the_old_value_until_the_write_arrives() {
    let desk = Desk::gorgias();
    let kept = desk.gorgias.add_user(NewUser::new("x@b.example").name("Xenia"));
    let leaver = desk.gorgias.add_user(NewUser::new("y@b.example").name("Yves"));
    let slow = Fault::SlowRead { millis: 5_000 };
    desk.gorgias.set_faults(Faults::of(vec![Rule::new(slow)]));
    let created = desk.post("/api/users", newcomer()).await.id();
    desk.put(&format!("/api/users/{kept}"), json!({ "name": "Zara" })).await;
    desk.delete(&format!("/api/users/{leaver}")).await;

    let name = |got: &crate::harness::Got| got.json()["name"].clone();
    for (seconds, shown, listed) in
        [(4, "Xenia", vec![1, kept, leaver]), (1, "Zara", vec![created, 1, kept])]
    {
        desk.clock.advance(Duration::from_secs(seconds));
        assert_eq!(name(&desk.get(&format!("/api/users/{kept}")).await), shown);
        assert_eq!(desk.get("/api/users").await.ids(), listed);
    }
    assert_eq!(desk.get(&format!("/api/users/{leaver}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_nth_and_chance_are_deterministic_and_end_with_none() {
    let desk = Desk::gorgias();
    let error = || Rule::new(Fault::Status { code: 503, phase: Phase::Before });
    let statuses = async |desk: &Desk, count: usize| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(desk.get("/api/users/0").await.status.as_u16());
        }
        statuses
    };
    desk.gorgias.set_faults(Faults::of(vec![error().every(3)]));
    assert_eq!(statuses(&desk, 6).await, [200, 200, 503, 200, 200, 503]);

    let by_chance = || Faults::seeded(11, vec![error().chance(0.3)]);
    desk.gorgias.set_faults(by_chance());
    let first = statuses(&desk, 200).await;
    let struck = first.iter().filter(|status| **status == 503).count();
    assert!((30..90).contains(&struck), "{struck}");
    desk.gorgias.set_faults(by_chance());
    assert_eq!(statuses(&desk, 200).await, first);

    desk.gorgias.set_faults(Faults::none());
    assert!(statuses(&desk, 20).await.iter().all(|status| *status == 200));
}

#[tokio::test]
async fn rules_count_down_only_on_what_they_cover() {
    let desk = desk_with(Fault::Status { code: 500, phase: Phase::Before });
    desk.get("/api/users").await;
    assert_eq!(desk.gorgias.faults().rules[0].remaining, Some(1));
    desk.post("/api/users", newcomer()).await;
    assert_eq!(desk.gorgias.faults().rules[0].remaining, Some(0));
    assert_eq!(desk.post("/api/users", newcomer()).await.status, StatusCode::CREATED);
    assert_eq!(desk.gorgias.counters().faults["status"], 1);
}
