//! The control endpoints.

use http::StatusCode;
use muster_simulator::{Config, Fault, LimitHeaders, Phase, PutStyle, Role};
use serde_json::json;

use crate::harness::Desk;

#[tokio::test]
async fn people_are_made_edited_and_removed_out_of_band() {
    let desk = Desk::gorgias();
    let new = json!({ "email": "a@b.example", "name": "Ann Ash", "role": "agent", "invited": true,
        "has_password": false });
    let made = desk.post("/_control/users", new).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!("/_control/users/{}", made.id());
    assert_eq!(desk.post(&format!("{path}/accept"), json!({})).await.status, StatusCode::OK);
    assert_eq!(desk.post(&format!("{path}/accept"), json!({})).await.status, StatusCode::NOT_FOUND);
    let edit = json!({ "active": false, "role": "lite-agent", "has_2fa": true });
    assert_eq!(desk.call("PATCH", &path, Some(edit)).await.status, StatusCode::OK);
    let user = desk.gorgias.user(made.id()).unwrap();
    assert_eq!((user.is_active(), user.role, user.has_2fa), (false, Role::LiteAgent, true));
    assert_eq!(desk.get("/_control/invitations").await.json()[0]["user_id"], made.id());
    assert_eq!(desk.delete(&path).await.status, StatusCode::OK);
    assert!(desk.get(&path).await.json()["deleted_at"].is_string());
    assert_eq!(desk.get("/_control/users/999").await.status, StatusCode::NOT_FOUND);
    let wrong = desk.post("/_control/users", json!({ "mail": "a@b.example" })).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn switches_are_turned_one_by_one_or_by_preset() {
    let desk = Desk::gorgias();
    let change = json!({ "put": "replace", "limits": { "headers": "none" },
        "seats": { "cap": 3, "code": 422 } });
    assert_eq!(desk.put("/_control/config", change).await.status, StatusCode::OK);
    let config = desk.gorgias.config();
    assert_eq!((config.put, config.limits.headers), (PutStyle::Replace, LimitHeaders::None));
    assert_eq!(config.limits.capacity, 1_000_000_000, "what is not named stays");
    assert_eq!(config.seats.unwrap().cap, 3);
    let change = json!({ "limits": { "model": { "window": { "seconds": 20 } } } });
    assert_eq!(desk.put("/_control/config", change).await.status, StatusCode::OK);
    for wrong in [json!({ "putt": "replace" }), json!({ "put": "x" }), json!({ "preset": "x" })] {
        assert_eq!(desk.put("/_control/config", wrong).await.status, StatusCode::BAD_REQUEST);
    }
    desk.put("/_control/config", json!({ "preset": "guide" })).await;
    assert_eq!(desk.gorgias.config(), Config::guide());
}

#[tokio::test]
async fn faults_are_set_and_ended() {
    let desk = Desk::gorgias();
    let faults = json!({ "seed": 3, "rules": [
        { "fault": { "drop": { "phase": "after" } }, "method": "POST", "route": "/api/users",
          "remaining": 1 },
        { "fault": "truncate", "when": { "every": 2 } },
        { "fault": { "hang": { "millis": 10 } }, "when": { "chance": 0.5 } },
    ] });
    assert_eq!(desk.put("/_control/faults", faults).await.status, StatusCode::OK);
    let rules = desk.gorgias.faults().rules;
    assert_eq!(rules[0].fault, Fault::Drop { phase: Phase::After });
    assert_eq!(rules[2].fault, Fault::Hang { millis: 10, phase: Phase::Before });
    desk.put("/_control/faults", json!({})).await;
    assert_eq!(desk.gorgias.faults().rules, []);
    let wrong = json!({ "rules": [{ "fault": "earthquake" }] });
    assert_eq!(desk.put("/_control/faults", wrong).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn record_is_readable_holds_no_credentials_and_ends_with_a_reset() {
    let desk = Desk::gorgias();
    desk.post("/_control/seed", json!({ "seed": 1, "agents": 10 })).await;
    desk.post("/_control/customers", json!({ "email": "shopper@mail.example" })).await;
    let ticket = json!({ "assignee": 1, "status": "snoozed" });
    let ticket = desk.post("/_control/tickets", ticket).await.id();
    desk.post("/_control/teams", json!({ "name": "Night shift", "members": [1] })).await;
    desk.get("/api/users?limit=2").await;
    desk.get("/api/users/1/").await;
    let log = desk.get("/_control/log").await;
    assert_eq!(log.json()[0]["target"], "/api/users?limit=2");
    assert_eq!(log.json()[1]["route"], "/api/users/{id}");
    assert_eq!(log.json()[1]["outcome"], json!({ "answered": 200 }));
    assert!(!String::from_utf8(log.bytes).unwrap().contains("simulated-key"));
    let counters = desk.get("/_control/counters").await.json();
    assert_eq!(counters["requests"]["GET /api/users/{id}"], 1);
    let state = desk.get("/_control/state").await.json();
    assert_eq!((&state["users"], &state["customers"]), (&json!(13), &json!(1)));
    assert!(state["tickets"].as_u64().unwrap() >= ticket);
    desk.post("/_control/reset", json!({})).await;
    assert_eq!(desk.get("/_control/state").await.json()["users"], 1);
    assert_eq!(desk.gorgias.request_log(), []);
}

#[tokio::test]
async fn log_is_bounded_and_counters_are_not() {
    let desk = Desk::gorgias().with(|config| config.log_capacity = 3);
    for _ in 0..10 {
        desk.get("/api/users").await;
    }
    let seen: Vec<u64> = desk.gorgias.request_log().iter().map(|entry| entry.seq).collect();
    assert_eq!(seen, [8, 9, 10]);
    assert_eq!(desk.gorgias.counters().total(), 10);
}

#[tokio::test]
async fn key_is_issued_and_revoked() {
    let desk = Desk::gorgias();
    let key = json!({ "holder": 1, "key": "fresh" });
    assert_eq!(desk.put("/_control/key", key).await.status, StatusCode::OK);
    assert_eq!(desk.get("/api/users/0").await.status, StatusCode::OK);
    desk.delete("/_control/key").await;
    assert_eq!(desk.get("/api/users/0").await.status, StatusCode::UNAUTHORIZED);
}
