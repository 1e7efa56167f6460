//! Lists: filters, orders, cursors, and what a walk over pages promises.

use std::{collections::BTreeSet, time::Duration};

use http::StatusCode;
use muster_simulator::{EmailFilter, Fault, Faults, ListShape, NewUser, Role, Rule, Totals, Walk};
use serde_json::json;

use crate::harness::Desk;

fn crowd(desk: &Desk, count: usize) -> Vec<u64> {
    desk.gorgias.seed_company(7, count)
}

#[tokio::test]
async fn pages_in_order_of_creation_show_everyone_exactly_once() {
    let desk = Desk::gorgias();
    crowd(&desk, 250);
    let seen = desk.walk("/api/users?limit=100&order_by=created_datetime:asc").await;
    let mut expected = desk.gorgias.users();
    expected.sort_by_key(|user| (user.created_at, user.id));
    assert_eq!(seen, expected.iter().map(|user| user.id).collect::<Vec<_>>());
    let mut back = desk.walk("/api/users?limit=7&order_by=created_datetime:desc").await;
    back.reverse();
    assert_eq!(back, seen);
}

#[tokio::test]
async fn order_by_creation_is_stable_while_others_leave_and_come() {
    let desk = Desk::gorgias();
    let ids = crowd(&desk, 60);
    let first = desk.get("/api/users?limit=30&order_by=created_datetime:asc").await;
    desk.gorgias.delete_user(first.ids()[3]).unwrap();
    desk.gorgias.add_user(NewUser::new("late@acme.example"));
    let next = first.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let rest = desk.walk_from("/api/users?limit=30", next).await;
    let seen: Vec<u64> = first.ids().into_iter().chain(rest).collect();
    let unique: BTreeSet<u64> = seen.iter().copied().collect();
    assert_eq!(seen.len(), unique.len());
    assert!(ids.iter().all(|id| unique.contains(id)));
}

#[tokio::test]
async fn order_by_name_skips_who_is_renamed_during_the_walk() {
    let desk = Desk::gorgias();
    let ids: Vec<u64> = ["b", "c", "d", "e"]
        .map(|name| desk.gorgias.add_user(NewUser::new(format!("{name}@x.example")).name(name)))
        .into();
    let first = desk.get("/api/users?limit=2").await;
    assert_eq!(first.ids(), ids[..2]);
    desk.gorgias.edit_user(ids[3], |user| user.name = "a".to_owned()).unwrap();
    desk.gorgias.edit_user(ids[0], |user| user.name = "z".to_owned()).unwrap();
    let next = first.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let rest = desk.get(&format!("/api/users?cursor={next}")).await.ids();
    assert!(rest.contains(&ids[0]), "seen twice");
    assert!(!rest.contains(&ids[3]), "never seen");
}

#[tokio::test]
async fn offset_walk_skips_a_row_when_an_earlier_one_goes() {
    let desk = Desk::gorgias().with(|config| config.walk = Walk::Offset);
    let names = ["a", "b", "c", "d", "e"];
    let ids = names.map(|n| desk.gorgias.add_user(NewUser::new(format!("{n}@x.example")).name(n)));
    let first = desk.get("/api/users?limit=2").await;
    desk.gorgias.delete_user(ids[0]).unwrap();
    let next = first.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let second = desk.get(&format!("/api/users?limit=2&cursor={next}")).await;
    assert_eq!(second.ids(), [ids[3], ids[4]]);
}

#[tokio::test]
async fn previous_cursor_leads_back() {
    let desk = Desk::gorgias();
    crowd(&desk, 20);
    let first = desk.get("/api/users?limit=5").await;
    assert!(first.json()["meta"]["prev_cursor"].is_null());
    let next = first.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let second = desk.get(&format!("/api/users?limit=5&cursor={next}")).await;
    let back = second.json()["meta"]["prev_cursor"].as_str().unwrap().to_owned();
    let again = desk.get(&format!("/api/users?limit=5&cursor={back}")).await;
    assert_eq!(again.ids(), first.ids());
}

#[tokio::test]
async fn limits_orders_and_cursors_are_checked() {
    let desk = Desk::gorgias();
    crowd(&desk, 40);
    assert_eq!(desk.get("/api/users").await.ids().len(), 30);
    for bad in ["limit=0", "limit=101", "limit=x", "order_by=age", "cursor=nonsense", "roles=boss"]
    {
        let refused = desk.get(&format!("/api/users?{bad}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let next = desk.get("/api/users").await.json()["meta"]["next_cursor"].clone();
    let path = format!("/api/users?order_by=email:asc&cursor={}", next.as_str().unwrap());
    assert_eq!(desk.get(&path).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn cursor_goes_stale() {
    let desk = Desk::gorgias().with(|config| {
        config.cursor_lifetime_s = 60;
        config.stale_cursor_code = 410;
    });
    crowd(&desk, 40);
    let next = desk.get("/api/users").await.json()["meta"]["next_cursor"].clone();
    let path = format!("/api/users?cursor={}", next.as_str().unwrap());
    desk.clock.advance(Duration::from_secs(59));
    assert_eq!(desk.get(&path).await.status, StatusCode::OK);
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(desk.get(&path).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn filters_narrow() {
    let desk = Desk::gorgias();
    crowd(&desk, 30);
    let ann = NewUser::new("Ann@Acme.example").name("Ánn Ash").role(Role::LiteAgent);
    let ann = desk.gorgias.add_user(ann.external_id("E 1"));
    assert_eq!(desk.get("/api/users?email=Ann@Acme.example").await.ids(), [ann]);
    assert!(desk.get("/api/users?email=ann@acme.example").await.ids().is_empty());
    assert_eq!(desk.get("/api/users?external_id=E+1").await.ids(), [ann]);
    assert_eq!(desk.get("/api/users?search=%C3%A1nn").await.ids(), [ann]);
    let lite = desk.get("/api/users?limit=100&roles=lite-agent&roles=admin").await.ids();
    let users = desk.gorgias.users();
    let expected = users.iter().filter(|u| matches!(u.role, Role::LiteAgent | Role::Admin));
    assert_eq!(lite.len(), expected.count());
    let desk = desk.with(|config| config.email_filter = EmailFilter::AnyCase);
    assert_eq!(desk.get("/api/users?email=ann@acme.example").await.ids(), [ann]);
}

#[tokio::test]
async fn bots_are_listed_and_the_deleted_are_not() {
    let desk = Desk::gorgias();
    let bot = desk.gorgias.add_user(NewUser::new("bot@5f3c").bot());
    let gone = desk.gorgias.add_user(NewUser::new("gone@acme.example"));
    let off = desk.gorgias.add_user(NewUser::new("off@acme.example").deactivated());
    desk.gorgias.delete_user(gone).unwrap();
    let ids = desk.get("/api/users").await.ids();
    assert!(ids.contains(&bot) && ids.contains(&off) && !ids.contains(&gone));
}

#[tokio::test]
async fn list_answer_has_four_shapes_and_four_counts() {
    let desk = Desk::gorgias();
    crowd(&desk, 40);
    let body = desk.get("/api/users?limit=2").await.json();
    assert_eq!(body["object"], "list");
    assert_eq!(body["uri"], "/api/users?limit=2");
    assert_eq!(body["meta"]["total_resources"], json!(null));
    for (totals, name, value) in [
        (Totals::Resources, "total_resources", json!(43)),
        (Totals::Count, "total_count", json!(43)),
    ] {
        desk.gorgias.configure(|config| config.totals = totals);
        assert_eq!(desk.get("/api/users").await.json()["meta"][name], value);
    }
    desk.gorgias.configure(|config| config.totals = Totals::Absent);
    assert!(desk.get("/api/users").await.json()["meta"].get("total_resources").is_none());
    for (list, rows) in [(ListShape::Bare, 43), (ListShape::BarePage, 30)] {
        desk.gorgias.configure(|config| config.list = list);
        assert_eq!(desk.get("/api/users").await.json().as_array().unwrap().len(), rows);
    }
    desk.gorgias.configure(|config| config.list = ListShape::DataMeta);
    assert!(desk.get("/api/users").await.json().get("object").is_none());
}

#[tokio::test]
async fn faults_repeat_and_skip_rows_and_refuse_cursors() {
    let desk = Desk::gorgias();
    crowd(&desk, 20);
    let path = "/api/users?limit=10&order_by=created_datetime:asc";
    let whole = desk.walk(path).await;

    let once = |fault| Faults::of(vec![Rule::new(fault).on("GET", "/api/users").times(1)]);
    desk.gorgias.set_faults(once(Fault::RepeatRows { rows: 2 }));
    let repeated = desk.walk(path).await;
    assert_eq!(repeated[10..12], whole[8..10]);
    assert_eq!(repeated.len(), whole.len() + 2);

    desk.gorgias.set_faults(once(Fault::SkipRows { rows: 3 }));
    let skipped = desk.walk(path).await;
    assert_eq!(skipped[10], whole[13]);
    assert_eq!(skipped.len(), whole.len() - 3);

    desk.gorgias.set_faults(once(Fault::StaleCursor));
    let next = desk.get(path).await.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let second = format!("{path}&cursor={next}");
    assert_eq!(desk.get(&second).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(desk.get(&second).await.status, StatusCode::OK);
}

#[tokio::test]
async fn seeded_company_is_the_same_again_and_has_unique_people() {
    let (one, two) = (Desk::gorgias(), Desk::gorgias());
    crowd(&one, 4_100);
    crowd(&two, 4_100);
    assert_eq!(one.gorgias.users(), two.gorgias.users());
    assert_eq!(one.gorgias.tickets(), two.gorgias.tickets());
    let users = one.gorgias.users();
    let unique = |text: fn(&muster_simulator::UserRecord) -> String| -> usize {
        users.iter().map(text).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(unique(|user| user.email.to_lowercase()), users.len());
    assert_eq!(unique(|user| user.name.to_lowercase()), users.len());
    assert!(users.iter().any(|user| !user.name.is_ascii()));
    let (a, b) = (one.get("/api/users").await, two.get("/api/users").await);
    assert_eq!(a, b, "byte for byte");
}

#[tokio::test]
async fn last_page_has_no_next_cursor_even_when_it_is_full() {
    for walk in [Walk::Keyset, Walk::Offset] {
        let desk = Desk::gorgias().with(|config| config.walk = walk);
        let ids = ["a", "b", "c"].map(|n| desk.gorgias.add_user(NewUser::new(format!("{n}@x"))));
        let first = desk.get("/api/users?limit=2").await;
        let next = first.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
        let last = desk.get(&format!("/api/users?limit=2&cursor={next}")).await;
        assert_eq!(last.ids(), [ids[2], 1]);
        assert!(last.json()["meta"]["next_cursor"].is_null());
        let whole = desk.get("/api/users?limit=4").await;
        assert!(whole.json()["meta"]["next_cursor"].is_null());
    }
}
