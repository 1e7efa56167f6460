//! Users: created, read, changed, deleted; and what the witness says about it.

use http::StatusCode;
use muster_simulator::{InvitationState, NewUser, Role, TicketStatus};
use serde_json::json;

use crate::harness::Desk;

#[tokio::test]
async fn created_user_is_invited_once_and_active_from_the_start() {
    let desk = Desk::gorgias();
    let body = json!({ "email": "zoe@acme.example", "name": "Zoë van den Berg",
        "role": { "name": "basic-agent" }, "external_id": "E7" });
    let created = desk.post("/api/users", body).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let user = created.json();
    assert_eq!(user["active"], true);
    assert_eq!(user["firstname"], "Zoë");
    assert_eq!(user["lastname"], "Berg");
    assert_eq!(user["role"], json!({ "name": "basic-agent" }));
    assert_eq!(user["has_password"], false);
    assert_eq!(user["created_datetime"], "2026-08-26T19:55:26.001760+00:00");
    let uri = format!("https://acme.gorgias.com/api/users/{}/", created.id());
    assert_eq!(user["uri"], uri);

    let mails = desk.gorgias.invitations();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].email, "zoe@acme.example");
    assert_eq!(mails[0].state, InvitationState::Open);
    desk.gorgias.accept_invitation(created.id()).unwrap();
    let read = desk.get(&format!("/api/users/{}/", created.id())).await.json();
    assert_eq!(read["has_password"], true);
    assert!(desk.gorgias.accept_invitation(created.id()).is_err());
}

#[tokio::test]
async fn id_zero_is_the_caller() {
    let desk = Desk::gorgias();
    let me = desk.get("/api/users/0").await.json();
    assert_eq!(me["email"], "owner@acme.example");
    assert_eq!(me["role"]["name"], "admin");
}

#[tokio::test]
async fn create_needs_email_name_and_role_and_takes_nothing_else() {
    let desk = Desk::gorgias();
    let whole = json!({ "email": "a@b.example", "name": "A", "role": { "name": "agent" } });
    for missing in ["email", "name", "role"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(missing);
        let refused = desk.post("/api/users", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.json()["error"]["data"].get(missing).is_some());
    }
    for (name, value) in [
        ("channels", json!([])),
        ("roles", json!([])),
        ("active", json!(true)),
        ("firstname", json!("A")),
        ("nonsense", json!(1)),
        ("language", json!("de")),
        ("country", json!("Germany")),
        ("role", json!({ "name": "observer" })),
        ("role", json!({ "name": "bot" })),
        ("role", json!({ "id": 3 })),
        ("role", json!("agent")),
        ("email", json!("no address")),
        ("bio", json!(7)),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        let refused = desk.post("/api/users", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}");
    }
    assert_eq!(desk.gorgias.users().len(), 1);
    assert_eq!(desk.gorgias.invitations(), []);
}

#[tokio::test]
async fn taken_address_is_a_conflict_whoever_has_it() {
    let desk = Desk::gorgias();
    desk.gorgias.add_user(NewUser::new("Zoe@acme.example"));
    let customer = desk.gorgias.add_customer("shopper@mail.example");
    for email in ["zoe@ACME.example", "Shopper@mail.example"] {
        let body = json!({ "email": email, "name": "A", "role": { "name": "agent" } });
        assert_eq!(desk.post("/api/users", body).await.status, StatusCode::CONFLICT);
    }
    let next = desk.gorgias.add_user(NewUser::new("x@acme.example"));
    assert_eq!(next, customer + 1, "users and customers draw from one sequence");
}

#[tokio::test]
async fn update_changes_only_what_is_sent() {
    let desk = Desk::gorgias();
    let id = desk.gorgias.add_user(NewUser::new("a@acme.example").name("Ann Ash").external_id("1"));
    let path = format!("/api/users/{id}");
    let changed = desk.put(&path, json!({ "role": { "name": "observer-agent" } })).await;
    assert_eq!(changed.status, StatusCode::ACCEPTED);
    let user = desk.gorgias.user(id).unwrap();
    assert_eq!((user.role, user.external_id.as_deref()), (Role::ObserverAgent, Some("1")));

    let renamed = json!({ "email": "b@acme.example" });
    assert_eq!(desk.put(&path, renamed).await.status, StatusCode::BAD_REQUEST);
    let renamed = json!({ "email": "b@acme.example", "password_confirmation": "secret" });
    assert_eq!(desk.put(&path, renamed).await.status, StatusCode::ACCEPTED);
    assert_eq!(desk.gorgias.user(id).unwrap().email, "b@acme.example");
    assert_eq!(desk.put("/api/users/999", json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn meta_is_replaced_whole_and_its_sso_is_read_only() {
    let desk = Desk::gorgias();
    let new = NewUser::new("a@acme.example").sso(muster_simulator::Sso::Google);
    let path = format!("/api/users/{}", desk.gorgias.add_user(new));
    desk.put(&path, json!({ "meta": { "a": 1 } })).await;
    desk.put(&path, json!({ "meta": { "b": 2, "sso": null } })).await;
    assert_eq!(desk.get(&path).await.json()["meta"], json!({ "b": 2, "sso": "google" }));
}

#[tokio::test]
async fn deletion_is_final_orphans_tickets_and_withdraws_the_invitation() {
    let desk = Desk::gorgias();
    let id = desk.gorgias.add_user(NewUser::new("a@acme.example").invited());
    let other = desk.gorgias.add_user(NewUser::new("b@acme.example"));
    for status in [TicketStatus::Open, TicketStatus::Closed, TicketStatus::Snoozed] {
        desk.gorgias.add_ticket(Some(id), status);
    }
    let kept = desk.gorgias.add_ticket(Some(other), TicketStatus::Open);
    let team = desk.gorgias.add_team("Night shift", vec![id, other]);

    let path = format!("/api/users/{id}");
    let gone = desk.delete(&path).await;
    assert_eq!((gone.status, gone.bytes.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(desk.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.delete(&path).await.status, StatusCode::NOT_FOUND);
    let assigned: Vec<u64> =
        desk.gorgias.tickets().iter().filter(|t| t.assignee.is_some()).map(|t| t.id).collect();
    assert_eq!(assigned, [kept]);
    let state = desk.gorgias.invitations()[0].state;
    assert_eq!(state, InvitationState::Withdrawn { at: desk.clock.now() });
    assert_eq!(desk.gorgias.user(id).unwrap().deleted_at, Some(desk.clock.now()));
    assert_eq!(desk.gorgias.teams()[0].members, [other]);
    assert_eq!(desk.get(&format!("/api/teams/{team}")).await.json()["members"][0]["id"], other);
    let body = json!({ "email": "a@acme.example", "name": "A", "role": { "name": "agent" } });
    assert_ne!(desk.post("/api/users", body).await.id(), id);
}

#[tokio::test]
async fn only_admins_write_and_only_the_right_key_reads() {
    let desk = Desk::gorgias();
    let id = desk.gorgias.add_user(NewUser::new("lead@acme.example").role(Role::Agent));
    desk.gorgias.issue_key(id, "k2").unwrap();
    let as_lead = "lead@acme.example:k2";
    let body = json!({ "email": "a@b.example", "name": "A", "role": { "name": "agent" } });
    let refused = desk.call_as(as_lead, ("POST", "/api/users"), Some(body)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.call_as(as_lead, ("GET", "/api/users"), None).await.status, StatusCode::OK);
    for wrong in ["lead@acme.example:k1", "owner@acme.example:k2", "k2"] {
        let refused = desk.call_as(wrong, ("GET", "/api/users"), None).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.json()["error"]["msg"].is_string());
    }
    desk.gorgias.revoke_key();
    let revoked = desk.call_as(as_lead, ("GET", "/api/users"), None).await;
    assert_eq!(revoked.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn key_dies_with_its_holder() {
    let desk = Desk::gorgias();
    let id = desk.gorgias.add_user(NewUser::new("api@acme.example").role(Role::Admin));
    desk.gorgias.issue_key(id, "k2").unwrap();
    desk.gorgias.delete_user(id).unwrap();
    let refused = desk.call_as("api@acme.example:k2", ("GET", "/api/users"), None).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn other_paths_and_methods() {
    let desk = Desk::gorgias();
    assert_eq!(desk.get("/api/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.call("PATCH", "/api/users/1", None).await.status.as_u16(), 405);
    assert_eq!(desk.get("/api/roles").await.status, StatusCode::NOT_FOUND);
    let outside = desk.get("/login").await;
    assert_eq!(outside.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(outside.status, StatusCode::NOT_FOUND);
    let big = json!({ "bio": "x".repeat(2_000_000) });
    assert_eq!(desk.put("/api/users/1", big).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(desk.get("/api/account").await.json()["domain"], "acme");
    assert!(desk.get("/api/account/settings/").await.json()["data"].is_array());
}
