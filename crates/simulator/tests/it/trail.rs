//! Events, tickets and teams.

use std::time::Duration;

use http::StatusCode;
use muster_simulator::{NewUser, TicketStatus};
use serde_json::{Value, json};

use crate::harness::{Desk, Got};

fn types(got: &Got) -> Vec<String> {
    let body = got.json();
    let rows = body["data"].as_array().unwrap();
    rows.iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn events_tell_of_a_users_life_newest_first() {
    let desk = Desk::gorgias();
    let body = json!({ "email": "a@b.example", "name": "A", "role": { "name": "agent" } });
    let id = desk.post("/api/users", body).await.id();
    desk.gorgias.accept_invitation(id).unwrap();
    desk.put(&format!("/api/users/{id}"), json!({ "name": "B" })).await;
    desk.delete(&format!("/api/users/{id}")).await;
    let path = format!("/api/events?object_type=User&object_id={id}");
    let events = desk.get(&path).await;
    let told = ["user-deleted", "user-updated", "user-logged-in", "user-invited", "user-created"];
    assert_eq!(types(&events), told);
    let rows = events.json()["data"].clone();
    assert_eq!(rows[4]["data"], Value::Null);
    assert_eq!(rows[4]["user_id"], 1);
    assert_eq!(rows[2]["data"]["login_type"], "password");
    assert_eq!(rows[0]["context"].as_str().unwrap().len(), 36);
    let one = desk.get(&format!("/api/events/{}", rows[0]["id"])).await.json();
    assert_eq!(one, rows[0]);
}

#[tokio::test]
async fn events_are_filtered_and_paged() {
    let desk = Desk::gorgias();
    let start = desk.clock.now();
    for n in 0..5 {
        desk.clock.advance(Duration::from_secs(1));
        desk.gorgias.add_user(NewUser::new(format!("{n}@b.example")).invited());
    }
    let refused = desk.get("/api/events?object_type=User").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "the trap");
    assert_eq!(desk.get("/api/events?user_ids=1&user_ids=2").await.status.as_u16(), 400);
    let created = desk.get("/api/events?types=user-created&types=user-deleted").await;
    assert_eq!(created.ids().len(), 6);
    for shape in [start.to_string(), start.to_string().replace('Z', "")] {
        let path = format!("/api/events?created_datetime[gt]={shape}&types=user-invited");
        assert_eq!(desk.get(&path).await.ids().len(), 5);
        let path = format!("/api/events?created_datetime[lte]={shape}");
        assert_eq!(desk.get(&path).await.ids().len(), 1);
    }
    let mut down = desk.walk("/api/events?limit=2").await;
    let up = desk.walk("/api/events?limit=3&order_by=created_datetime:asc").await;
    down.reverse();
    assert_eq!((down.len(), &down), (11, &up));
}

#[tokio::test]
async fn tickets_of_a_leaver_are_found_and_moved_until_none_is_left() {
    let desk = Desk::gorgias();
    let leaver = desk.gorgias.add_user(NewUser::new("a@b.example"));
    let heir = desk.gorgias.add_user(NewUser::new("b@b.example"));
    let team = desk.gorgias.add_team("Night shift", vec![heir]);
    for n in 0..5 {
        let status = if n % 2 == 0 { TicketStatus::Open } else { TicketStatus::Snoozed };
        desk.gorgias.add_ticket(Some(leaver), status);
    }
    desk.gorgias.add_ticket(None, TicketStatus::Open);
    let filters = format!("eq(ticket.assignee_user.id, {leaver})");
    let view = json!({ "view": { "type": "ticket-list", "filters": filters } });
    let first = desk.put("/api/views/0/items?limit=2", view.clone()).await;
    assert_eq!((first.status, first.ids().len()), (StatusCode::ACCEPTED, 2));
    let next = first.json()["meta"]["next_items"].as_str().unwrap().to_owned();
    let second = desk.put(&next, view.clone()).await;
    assert_eq!(second.ids().len(), 2);
    assert!(second.json()["meta"]["current_cursor"].is_string());
    assert!(first.ids().iter().all(|id| !second.ids().contains(id)));

    loop {
        let page = desk.put("/api/views/0/items?limit=100", view.clone()).await;
        let Some(id) = page.ids().first().copied() else { break };
        let moved = json!({ "assignee_user": { "id": heir }, "assignee_team": { "id": team } });
        let answer = desk.put(&format!("/api/tickets/{id}"), moved).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert_eq!(answer.json()["assignee_user"]["email"], "b@b.example");
    }
    assert_eq!(desk.gorgias.tickets().iter().filter(|t| t.assignee == Some(heir)).count(), 5);
    assert_eq!(desk.get("/api/tickets?limit=100").await.ids().len(), 6);
    assert_eq!(desk.get("/api/tickets?ticket_ids=1,3").await.ids(), [3, 1]);
    let told = desk.get("/api/events?types=ticket-assigned").await.json();
    assert_eq!(told["data"][0]["data"]["assignee_user_id"], heir);
    let gone = json!({ "assignee_user": { "id": 999 } });
    assert_eq!(desk.put("/api/tickets/1", gone).await.status, StatusCode::BAD_REQUEST);
    let bad = json!({ "view": { "filters": "eq(ticket.status, 'open')" } });
    assert_eq!(desk.put("/api/views/0/items", bad).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn team_members_are_written_whole() {
    let desk = Desk::gorgias();
    let ids =
        ["a", "b", "c"].map(|n| desk.gorgias.add_user(NewUser::new(format!("{n}@b.example"))));
    let team = desk.gorgias.add_team("Night shift", ids[..2].to_vec());
    let path = format!("/api/teams/{team}");
    let written = desk.put(&path, json!({ "members": [{ "id": ids[2] }] })).await;
    assert_eq!(written.status, StatusCode::ACCEPTED);
    assert_eq!(desk.gorgias.teams()[0].members, [ids[2]]);
    assert_eq!(desk.get("/api/teams").await.ids(), [team]);
    let unknown = json!({ "members": [{ "id": 999 }] });
    assert_eq!(desk.put(&path, unknown).await.status, StatusCode::BAD_REQUEST);
}
