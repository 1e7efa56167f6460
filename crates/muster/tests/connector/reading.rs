//! Full reads when pages shift, cursors expire, orders are ignored and people come and go.

use std::{collections::BTreeSet, time::Duration};

use jiff::SignedDuration;
use muster::connector::{Connector, Lane};
use muster_domain::model::{
    account::Account,
    activity::{Hint, HintKind},
};
use muster_simulator::{Config, Fault, Faults, ListShape, NewUser, Role, Rule, Sso, Totals};
use proptest::prelude::*;

use crate::harness::{World, account_id, is_proven, start};

/// An account with `people` users, the owner included, created in groups at the same moment.
fn company(people: usize, config: Config) -> World {
    let world = World::unhurried(config);
    for n in 1..people {
        let seconds = u64::try_from(n / 7).unwrap();
        let created = start() - Duration::from_secs(86_400 * 30 - seconds);
        world.sim.add_user(NewUser::new(format!("user{n}@acme.example")).created_at(created));
    }
    world
}

async fn reads_all(world: &World, case: &str) {
    let (accounts, tally) = world.read().await.unwrap();
    let read: BTreeSet<String> = accounts.iter().map(|a| a.id.to_string()).collect();
    assert!(is_proven(&tally, read.len()), "{case}: {tally:?}");
    assert_eq!(read, world.existing(), "{case}");
}

#[tokio::test]
async fn every_number_of_users_takes_as_many_requests_as_there_are_pages() {
    for people in [1, 2, 99, 100, 101, 200, 201, 1000] {
        for list in [ListShape::Envelope, ListShape::DataMeta] {
            let world = company(people, Config { list, ..Config::gorgias() });
            let (accounts, tally) = world.read().await.unwrap();
            assert_eq!(accounts.len(), people);
            assert_eq!(tally.duplicates, 0);
            assert_eq!(world.sim.counters().total(), u64::try_from(people.div_ceil(100)).unwrap());
            assert_eq!(tally.page_digests.len(), people.div_ceil(100));
            assert!(is_proven(&tally, people));
        }
    }
}

#[tokio::test]
async fn a_bare_array_is_believed_only_when_it_cannot_be_cut_off() {
    for people in [1, 99, 100, 101, 250] {
        let whole = company(people, Config { list: ListShape::Bare, ..Config::gorgias() });
        reads_all(&whole, "whole").await;
        let cut = company(people, Config { list: ListShape::BarePage, ..Config::gorgias() });
        let (accounts, tally) = cut.read().await.unwrap();
        assert_eq!(accounts.len(), people.min(100));
        assert_eq!(is_proven(&tally, accounts.len()), people < 100, "{people}");
    }
}

#[tokio::test]
async fn repeated_rows_and_expired_cursors_do_no_harm() {
    let world = company(1_000, Config::gorgias());
    world.sim.set_faults(Faults::of(vec![
        Rule::new(Fault::RepeatRows { rows: 3 }).every(2),
        Rule::new(Fault::StaleCursor).every(8).times(2),
    ]));
    let (accounts, tally) = world.read().await.unwrap();
    assert_eq!(accounts.len(), 1_000);
    assert!(is_proven(&tally, 1_000) && tally.duplicates > 0, "{tally:?}");
    for code in [400, 404, 410, 422] {
        let world = company(500, Config { stale_cursor_code: code, ..Config::gorgias() });
        world.sim.set_faults(Faults::of(vec![Rule::new(Fault::StaleCursor).times(1)]));
        reads_all(&world, &format!("stale is {code}")).await;
        world.sim.set_faults(Faults::of(vec![Rule::new(Fault::StaleCursor)]));
        let (accounts, tally) = world.read().await.unwrap();
        assert!(!tally.reached_end && accounts.len() == 100, "{code}: {tally:?}");
        assert!(tally.requests < 12);
    }
}

#[tokio::test]
async fn left_out_rows_show_where_the_app_states_a_total() {
    for totals in [Totals::Resources, Totals::Count] {
        let world = company(500, Config { totals, ..Config::gorgias() });
        world.sim.set_faults(Faults::of(vec![Rule::new(Fault::SkipRows { rows: 2 }).times(1)]));
        let (accounts, tally) = world.read().await.unwrap();
        assert_eq!((accounts.len(), tally.stated_total), (498, Some(500)));
        assert!(!is_proven(&tally, accounts.len()));
    }
}

#[tokio::test]
async fn two_walks_meet_without_missing_anybody() {
    for people in [150, 250, 400, 401, 899, 1_000, 1_234] {
        let world = company(people, Config { latency_ms: 150, ..Config::gorgias() });
        reads_all(&world, &format!("{people} people")).await;
        let pages = u64::try_from(people.div_ceil(100)).unwrap();
        let asked = world.sim.counters().total();
        assert!((pages..=pages + 2).contains(&asked), "{people} people: {asked} requests");
    }
}

#[tokio::test]
async fn a_second_walk_that_fails_leaves_the_first_to_finish() {
    let config = Config { latency_ms: 150, ..Config::gorgias() };
    let world = company(2_000, config.clone());
    let broken = Rule::new(Fault::Status { code: 503, phase: muster_simulator::Phase::Before });
    world.sim.set_faults(Faults::of(vec![broken.every(5)]));
    reads_all(&world, "every fifth answer is lost").await;
    // Everybody created in one moment: the walks cannot prove that they met.
    let world = World::unhurried(config);
    for n in 1..900 {
        world.sim.add_user(NewUser::new(format!("user{n}@acme.example")).created_at(start()));
    }
    reads_all(&world, "one moment").await;
}

#[tokio::test]
async fn the_sink_gets_pages_not_the_whole() {
    let world = company(1_000, Config::gorgias());
    let mut largest = 0;
    let mut sink = |page: Vec<Account>| largest = largest.max(page.len());
    world.gorgias.accounts(Lane::Bulk, &mut sink).await.unwrap();
    assert_eq!(largest, 100);
}

/// Something that happens to the account while it is read.
#[derive(Debug, Clone)]
enum Event {
    Join,
    Leave(usize),
    Rename(usize),
}

fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let event = prop_oneof![
        Just(Event::Join),
        (1_usize..600).prop_map(Event::Leave),
        (1_usize..600).prop_map(Event::Rename),
    ];
    proptest::collection::vec((0_u64..1_500, event), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whoever was there from beginning to end is read, whatever happens to others meanwhile, with
    /// one walk and with two.
    #[test]
    fn who_is_there_all_the_time_is_read(
        people in 100_usize..600,
        latency_ms in prop_oneof![Just(5_u64), Just(150)],
        events in events(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = company(people, Config { latency_ms, ..Config::gorgias() });
            let before = world.existing();
            let happen = async {
                let mut events = events.clone();
                events.sort_by_key(|(at, _)| *at);
                for (at, event) in events {
                    world.env.sleep_until(start() + Duration::from_millis(at)).await;
                    let id = |n: usize| u64::try_from(1 + n % people).unwrap();
                    match event {
                        Event::Join => {
                            world.sim.add_user(NewUser::new(format!("new{at}@acme.example")));
                        }
                        Event::Leave(n) if id(n) > 1 => {
                            let _gone_already = world.sim.delete_user(id(n));
                        }
                        Event::Leave(_) => {}
                        Event::Rename(n) => {
                            let name = format!("Zed {at}");
                            let _gone_already = world.sim.edit_user(id(n), |user| user.name = name);
                        }
                    }
                }
            };
            let (read, ()) = tokio::join!(world.read(), happen);
            let (accounts, tally) = read.unwrap();
            let read: BTreeSet<String> = accounts.iter().map(|a| a.id.to_string()).collect();
            assert!(tally.reached_end);
            let after = world.existing();
            let stayed: Vec<&String> = before.intersection(&after).collect();
            for id in stayed {
                assert!(read.contains(id), "{id} is missing");
            }
        });
    }
}

#[tokio::test]
async fn the_trail_tells_who_did_what_and_costs_one_request_a_page() {
    let world = World::unhurried(Config::gorgias());
    let since = world.env.now();
    let boss = world.sim.add_user(NewUser::new("boss@acme.example").role(Role::Admin));
    let joined = world.sim.join("eve@acme.example", "Eve", Sso::Google);
    world.sim.edit_user_as(boss, joined, |user| user.role = Role::Agent).unwrap();
    let (hints, trail) = world.gorgias.trail(Lane::Bulk, since).await.unwrap();
    let told = |hint: &Hint| (hint.kind, hint.by.as_ref().map(ToString::to_string));
    let about: Vec<_> =
        hints.iter().filter(|hint| hint.account == account_id(joined)).map(told).collect();
    // The newest first.
    assert_eq!(
        about,
        [
            (HintKind::Updated, Some(boss.to_string())),
            (HintKind::SignedIn, Some(joined.to_string())),
            (HintKind::Created, None),
        ]
    );
    assert!(trail.since <= since && trail.until == world.env.now());
    assert_eq!(world.requests("GET /api/events"), 1);

    // More than one reading takes: the newest count, and the hole is told.
    world.env.advance_to(world.env.now() + SignedDuration::from_mins(1));
    for _ in 0..5_100 {
        world.sim.sign_in(boss).unwrap();
    }
    world.env.advance_to(world.env.now() + SignedDuration::from_hours(1));
    world.sim.sign_in(joined).unwrap();
    let (hints, trail) = world.gorgias.trail(Lane::Bulk, since).await.unwrap();
    assert_eq!(hints.len(), 5_000);
    assert!(trail.since > since, "{trail:?}");
    assert_eq!(world.requests("GET /api/events"), 51);
}
