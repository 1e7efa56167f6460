//! Laws that hold whatever happens.

use std::{collections::BTreeSet, time::Duration};

use muster_simulator::{Config, Fault, Faults, NewUser, Phase, Rule};
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{Desk, Got};

/// Something that happens between two pages.
#[derive(Clone, Copy, Debug)]
enum Change {
    Join,
    Leave(usize),
    Rename(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Join),
        (0..60_usize).prop_map(Change::Leave),
        (0..60_usize).prop_map(Change::Rename),
    ]
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// In the order of creation, who is there all along is seen exactly once, whatever else
    /// happens between the pages; and nobody is seen twice.
    #[test]
    fn walk_by_creation_sees_who_stays_exactly_once(
        count in 1..60_usize,
        limit in 1..20_usize,
        changes in prop::collection::vec(change(), 0..60),
    ) {
        let desk = Desk::gorgias();
        let ids = desk.gorgias.seed_company(3, count);
        let mut stayed: BTreeSet<u64> = ids.iter().copied().collect();
        let mut changes = changes.into_iter();
        let mut seen = Vec::new();
        let mut cursor = Some(String::new());
        while let Some(from) = cursor {
            let path = format!("/api/users?order_by=created_datetime&limit={limit}&cursor={from}");
            let page = block_on(desk.get(&path));
            seen.extend(page.ids());
            cursor = page.json()["meta"]["next_cursor"].as_str().map(str::to_owned);
            match changes.next() {
                Some(Change::Join) => {
                    let email = format!("late{}@acme.example", seen.len());
                    desk.gorgias.add_user(NewUser::new(email));
                    desk.clock.advance(Duration::from_secs(1));
                }
                Some(Change::Leave(place)) => {
                    let id = ids[place % ids.len()];
                    let _ = desk.gorgias.delete_user(id);
                    stayed.remove(&id);
                }
                Some(Change::Rename(place)) => {
                    let _ = desk.gorgias.edit_user(ids[place % ids.len()], |user| {
                        user.name = format!("A{}", user.name);
                    });
                }
                None => {}
            }
        }
        let unique: BTreeSet<u64> = seen.iter().copied().collect();
        prop_assert_eq!(unique.len(), seen.len());
        prop_assert!(stayed.is_subset(&unique));
    }

    /// Each invitation mail belongs to one creation which took effect, and each such creation
    /// sent one; whatever the client was told.
    #[test]
    fn mails_are_as_many_as_creations_which_took_effect(
        seed in any::<u64>(),
        requests in prop::collection::vec(0..8_u8, 1..60),
    ) {
        let (desk, _) = block_on(story(seed, &requests));
        let creations = desk.gorgias.counters().writes.get("POST /api/users").copied();
        let mails = u64::try_from(desk.gorgias.invitations().len()).unwrap();
        prop_assert_eq!(creations.unwrap_or_default(), mails);
        let addresses: BTreeSet<String> =
            desk.gorgias.invitations().into_iter().map(|mail| mail.email).collect();
        prop_assert_eq!(addresses.len(), desk.gorgias.invitations().len());
    }

    /// Same seed, same requests, same clock: same answers, byte for byte.
    #[test]
    fn same_story_is_told_twice(seed in any::<u64>(), requests in prop::collection::vec(0..8_u8, 1..40)) {
        let ((one, first), (two, second)) =
            (block_on(story(seed, &requests)), block_on(story(seed, &requests)));
        prop_assert_eq!(first, second);
        prop_assert_eq!(one.gorgias.request_log(), two.gorgias.request_log());
        prop_assert_eq!(one.gorgias.events(), two.gorgias.events());
    }
}

/// A few people invited and managed through a bad connection.
async fn story(seed: u64, requests: &[u8]) -> (Desk, Vec<Got>) {
    let desk = Desk::new(Config { seed, ..Config::gorgias() });
    let (before, after) = (Phase::Before, Phase::After);
    let rules = [
        Fault::Drop { phase: after },
        Fault::Status { code: 503, phase: before },
        Fault::Hang { millis: 1_000, phase: after },
        Fault::IgnoreWrite,
        Fault::Truncate,
        Fault::SlowRead { millis: 900 },
    ];
    let rules = rules.map(|fault| Rule::new(fault).chance(0.1)).to_vec();
    desk.gorgias.set_faults(Faults::seeded(seed, rules));
    let mut answers = Vec::new();
    for request in requests {
        desk.clock.advance(Duration::from_millis(300));
        let email = format!("p{request}@acme.example");
        let path = format!("/api/users/{request}");
        answers.push(match request {
            0 => desk.get("/api/users?limit=2").await,
            1 => desk.put("/api/users/2", json!({ "name": "Other Name" })).await,
            2 => desk.get("/api/events").await,
            3 => desk.get(&path).await,
            _ => {
                let role = json!({ "name": "agent" });
                desk.post("/api/users", json!({ "email": email, "name": "P", "role": role })).await
            }
        });
    }
    (desk, answers)
}
