//! Each switch, in each of its positions.

use std::time::Duration;

use http::StatusCode;
use muster_simulator::{
    ActiveWrite, Field, InvitationState, NewUser, PutStyle, Role, RoleDialect, RoleNames,
    RoleOnCreate, Seats, SecondDelete, TimeShape, UnknownFields, WriteStatus,
};
use serde_json::{Value, json};

use crate::harness::Desk;

fn newcomer(email: &str) -> Value {
    json!({ "email": email, "name": "New Comer", "role": { "name": "basic-agent" } })
}

#[tokio::test]
async fn role_by_name_only() {
    let desk = Desk::gorgias();
    assert_eq!(desk.get("/api/users/0").await.json()["role"], json!({ "name": "admin" }));
    assert_eq!(desk.get("/api/roles").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn role_with_id_and_a_list_of_roles() {
    let desk = Desk::guide();
    let roles = desk.get("/api/roles").await.json()["data"].clone();
    let names: Vec<&str> =
        roles.as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin", "agent", "observer"]);
    let observer = roles[2]["id"].clone();

    let create = |role: Value| json!({ "email": "a@b.example", "name": "A B", "role": role });
    for role in [json!({ "name": "agent" }), json!({ "id": observer, "name": "observer" })] {
        assert_eq!(desk.post("/api/users", create(role)).await.status, StatusCode::BAD_REQUEST);
    }
    let created = desk.post("/api/users", create(json!({ "id": observer }))).await;
    assert_eq!(created.status, StatusCode::OK);
    assert_eq!(created.json()["role"], json!({ "id": observer, "name": "observer" }));
    assert_eq!(desk.gorgias.user(created.id()).unwrap().role, Role::ObserverAgent);

    let other = Desk::guide().with(|config| config.seed = 99);
    assert_ne!(other.get("/api/roles").await.json()["data"][2]["id"], observer, "ids per account");
}

#[tokio::test]
async fn role_in_the_old_shape() {
    let desk = Desk::gorgias().with(|config| config.roles = RoleDialect::V11);
    let alone = desk.get("/api/users/0").await.json();
    assert_eq!(alone["roles"]["name"], "admin");
    assert!(alone.get("role").is_none());
    assert_eq!(desk.get("/api/users").await.json()["data"][0]["roles"][0]["name"], "admin");
    assert_eq!(desk.post("/api/users", newcomer("a@b.example")).await.status.as_u16(), 201);
}

#[tokio::test]
async fn three_role_names_or_five() {
    let desk = Desk::gorgias().with(|config| config.role_names = RoleNames::Three);
    let body = json!({ "email": "a@b.example", "name": "A", "role": { "name": "observer" } });
    let created = desk.post("/api/users", body).await;
    assert_eq!(created.json()["role"]["name"], "observer");
    assert_eq!(desk.post("/api/users", newcomer("b@b.example")).await.status.as_u16(), 400);
}

#[tokio::test]
async fn role_on_create_can_be_optional() {
    let desk = Desk::gorgias().with(|config| config.role_on_create = RoleOnCreate::Optional);
    let created = desk.post("/api/users", json!({ "email": "a@b.example", "name": "A" })).await;
    assert_eq!(created.json()["role"]["name"], "basic-agent");
}

#[tokio::test]
async fn active_is_applied_ignored_or_refused() {
    for (switch, status, active) in [
        (ActiveWrite::Applied, 202, false),
        (ActiveWrite::Ignored, 202, true),
        (ActiveWrite::Refused, 400, true),
    ] {
        let desk = Desk::gorgias().with(|config| config.active_write = switch);
        let id = desk.gorgias.add_user(NewUser::new("a@b.example"));
        let path = format!("/api/users/{id}");
        let answer = desk.put(&path, json!({ "active": false })).await;
        assert_eq!(answer.status.as_u16(), status);
        let read = desk.get(&path).await.json();
        assert_eq!(read["active"], active);
        assert_eq!(read["deactivated_datetime"].is_null(), active);
        assert_eq!(desk.gorgias.user(id).unwrap().is_active(), active);
    }
    let desk = Desk::gorgias().with(|config| config.active_write = ActiveWrite::Applied);
    let id = desk.gorgias.add_user(NewUser::new("a@b.example").deactivated());
    desk.put(&format!("/api/users/{id}"), json!({ "active": true })).await;
    assert!(desk.gorgias.user(id).unwrap().is_active());
}

#[tokio::test]
async fn unknown_fields_are_refused_or_ignored() {
    for (switch, status) in [(UnknownFields::Refused, 400), (UnknownFields::Ignored, 201)] {
        let desk = Desk::gorgias().with(|config| config.unknown_fields = switch);
        let mut body = newcomer("a@b.example");
        body["shoe_size"] = json!(43);
        assert_eq!(desk.post("/api/users", body).await.status.as_u16(), status);
        let mut body = newcomer("b@b.example");
        body["channels"] = json!([]);
        assert_eq!(desk.post("/api/users", body).await.status.as_u16(), 400, "always forbidden");
    }
}

#[tokio::test]
async fn put_patches_or_replaces() {
    let desk = Desk::gorgias();
    let new = NewUser::new("ann.ash@b.example").name("Ann Ash").role(Role::Agent).external_id("7");
    let id = desk.gorgias.add_user(new);
    let path = format!("/api/users/{id}");
    desk.put(&path, json!({ "bio": "Likes cats" })).await;
    let patched = desk.gorgias.user(id).unwrap();
    assert_eq!((patched.name.as_str(), patched.role), ("Ann Ash", Role::Agent));

    let desk = desk.with(|config| config.put = PutStyle::Replace);
    desk.put(&path, json!({ "country": "FR" })).await;
    let replaced = desk.gorgias.user(id).unwrap();
    assert_eq!((replaced.name.as_str(), replaced.role), ("ann.ash", Role::BasicAgent));
    assert_eq!((replaced.bio, replaced.external_id), (None, None));
    assert_eq!(replaced.country.as_deref(), Some("FR"));
    assert_eq!(replaced.email, "ann.ash@b.example");
    assert!(replaced.has_password);
}

#[tokio::test]
async fn write_status_has_three_forms() {
    for (switch, create, update, delete) in [
        (WriteStatus::Distinct, 201, 202, 204),
        (WriteStatus::Ok, 200, 200, 204),
        (WriteStatus::AcceptedEmpty, 202, 202, 202),
    ] {
        let desk = Desk::gorgias().with(|config| config.write_status = switch);
        let created = desk.post("/api/users", newcomer("a@b.example")).await;
        let path = format!("/api/users/{}", desk.gorgias.users()[1].id);
        let updated = desk.put(&path, json!({ "name": "Other" })).await;
        let deleted = desk.delete(&path).await;
        let codes = [created.status, updated.status, deleted.status].map(|s| s.as_u16());
        assert_eq!(codes, [create, update, delete]);
        assert_eq!(created.bytes.is_empty(), switch == WriteStatus::AcceptedEmpty);
        assert_eq!(desk.gorgias.counters().total_writes(), 3);
    }
}

#[tokio::test]
async fn full_plan_refuses_with_its_code() {
    for code in [402, 403, 409, 422] {
        let desk = Desk::gorgias().with(|config| config.seats = Some(Seats { cap: 3, code }));
        desk.gorgias.add_user(NewUser::new("bot@1").bot());
        let off = desk.gorgias.add_user(NewUser::new("off@b.example").deactivated());
        let on = desk.gorgias.add_user(NewUser::new("on@b.example"));
        assert_eq!(desk.post("/api/users", newcomer("a@b.example")).await.status.as_u16(), 201);
        let refused = desk.post("/api/users", newcomer("c@b.example")).await;
        assert_eq!(refused.status.as_u16(), code);
        assert!(refused.json()["error"]["msg"].as_str().unwrap().contains("seat"));
        assert_eq!(desk.gorgias.invitations().len(), 1);

        desk.gorgias.configure(|config| config.active_write = ActiveWrite::Applied);
        let again = desk.put(&format!("/api/users/{off}"), json!({ "active": true })).await;
        assert_eq!(again.status.as_u16(), code);
        desk.put(&format!("/api/users/{on}"), json!({ "active": false })).await;
        assert_eq!(desk.post("/api/users", newcomer("c@b.example")).await.status.as_u16(), 201);
    }
}

#[tokio::test]
async fn owner_and_self_are_guarded_with_the_codes_asked_for() {
    for code in [400, 403, 409] {
        let desk = Desk::gorgias().with(|config| {
            config.owner_guard = Some(code);
            config.self_guard = None;
            config.active_write = ActiveWrite::Applied;
        });
        let owner = "/api/users/0";
        assert_eq!(desk.delete(owner).await.status.as_u16(), code);
        for change in [json!({ "active": false }), json!({ "role": { "name": "agent" } })] {
            assert_eq!(desk.put(owner, change).await.status.as_u16(), code);
        }
        assert_eq!(desk.put(owner, json!({ "name": "Olive Other" })).await.status.as_u16(), 202);

        desk.gorgias.add_user(NewUser::new("boss@b.example").owner());
        desk.gorgias.configure(|config| config.self_guard = Some(code));
        assert_eq!(desk.delete(owner).await.status.as_u16(), code);
        assert_eq!(desk.put(owner, json!({ "active": false })).await.status.as_u16(), code);
        desk.gorgias.configure(|config| config.self_guard = None);
        assert_eq!(desk.delete(owner).await.status.as_u16(), 204);
        assert_eq!(desk.get(owner).await.status, StatusCode::UNAUTHORIZED, "the key's owner left");
    }
}

#[tokio::test]
async fn second_delete_is_404_or_204() {
    for (switch, code) in [(SecondDelete::NotFound, 404), (SecondDelete::NoContent, 204)] {
        let desk = Desk::gorgias().with(|config| config.second_delete = switch);
        let path = format!("/api/users/{}", desk.gorgias.add_user(NewUser::new("a@b.example")));
        assert_eq!(desk.delete(&path).await.status.as_u16(), 204);
        assert_eq!(desk.delete(&path).await.status.as_u16(), code);
        assert_eq!(desk.delete("/api/users/999").await.status.as_u16(), 404);
        assert_eq!(desk.gorgias.counters().total_writes(), 1);
    }
}

#[tokio::test]
async fn security_fields_can_be_missing() {
    let desk = Desk::gorgias();
    let user = desk.get("/api/users/0").await.json();
    assert_eq!((&user["has_2fa_enabled"], &user["has_password"]), (&json!(false), &json!(true)));
    let desk = desk.with(|config| {
        config.has_2fa = Field::Absent;
        config.has_password = Field::Absent;
    });
    let user = desk.get("/api/users/0").await.json();
    assert!(user.get("has_2fa_enabled").is_none() && user.get("has_password").is_none());
}

#[tokio::test]
async fn invitation_lasts_seven_days_or_for_ever() {
    let desk = Desk::gorgias();
    let id = desk.post("/api/users", newcomer("a@b.example")).await.id();
    desk.clock.advance(Duration::from_secs(7 * 86_400));
    let state = desk.gorgias.invitations()[0].state;
    assert_eq!(state, InvitationState::Expired { at: desk.clock.now() });
    assert!(desk.gorgias.accept_invitation(id).is_err());
    desk.gorgias.configure(|config| config.invite_days = None);
    assert_eq!(desk.gorgias.invitations()[0].state, InvitationState::Open);
    desk.gorgias.accept_invitation(id).unwrap();
}

#[tokio::test]
async fn moments_have_three_shapes() {
    for (switch, text) in [
        (TimeShape::Offset, "2026-08-26T19:55:26.001760+00:00"),
        (TimeShape::Naive, "2026-08-26T19:55:26.001760"),
        (TimeShape::Zulu, "2026-08-26T19:55:26.001760Z"),
    ] {
        let desk = Desk::gorgias().with(|config| config.timestamps = switch);
        assert_eq!(desk.get("/api/users/0").await.json()["created_datetime"], text);
    }
}

#[tokio::test]
async fn latency_passes_on_the_clock() {
    let desk = Desk::gorgias().with(|config| config.latency_ms = 250);
    let before = desk.clock.now();
    desk.get("/api/users").await;
    assert_eq!(desk.clock.now().duration_since(before).as_millis(), 250);
}

#[tokio::test]
async fn unknown_subdomain_shows_a_page() {
    let desk = Desk::gorgias().with(|config| config.unknown_subdomain = true);
    let page = desk.get("/api/users").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.bytes.starts_with(b"<!DOCTYPE html>"));
}

#[tokio::test]
async fn guide_dialect_writes_names_and_pictures_apart() {
    let desk = Desk::guide();
    let body = json!({ "email": "a@b.example", "firstname": "Ann Mary", "lastname": "Ash",
        "avatar_url": "https://b.example/a.png", "language": "de", "shoe_size": 43 });
    let user = desk.post("/api/users", body).await.json();
    assert_eq!((&user["name"], &user["firstname"]), (&json!("Ann Mary Ash"), &json!("Ann Mary")));
    assert_eq!(user["avatar_url"], "https://b.example/a.png");
    assert_eq!(user["role"]["name"], "agent");
    assert!(user["created_datetime"].as_str().unwrap().ends_with('Z'));
    let list = desk.get("/api/users").await.json();
    assert_eq!(list["meta"]["total_count"], 2);
}
