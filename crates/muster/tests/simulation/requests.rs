//! What each change costs, counted by the app: the least that its API allows.

use std::collections::BTreeMap;

use muster_simulator::{ActiveWrite, Config, NewUser};

use crate::{
    ops::{self, Op},
    setup::Setup,
    world::{Consent, World},
};

async fn settled(setup: Setup) -> World {
    let mut world = World::new(setup).await;
    ops::converge(&mut world).await.unwrap();
    world
}

/// The requests that `ops` cause, by method and route.
async fn cost(world: &mut World, ops: &[Op]) -> BTreeMap<String, u64> {
    let before = world.sim.counters().requests;
    for op in ops {
        ops::step(world, *op).await.unwrap();
    }
    let after = world.sim.counters().requests;
    after
        .into_iter()
        .map(|(name, count)| (name.clone(), count - before.get(&name).copied().unwrap_or(0)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn costs(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
    list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

const APPLY: Op = Op::Apply(0, Consent::Everything);
const GET: &str = "GET /api/users/{id}";
const PUT: &str = "PUT /api/users/{id}";

fn gorgias() -> Setup {
    let mut setup = Setup::plain(Config::gorgias());
    setup.config.active_write = ActiveWrite::Applied;
    setup
}

#[tokio::test]
async fn an_update_is_read_write_read() {
    let mut world = settled(gorgias()).await;
    ops::step(&mut world, Op::Move { who: 1, dept: 0 }).await.unwrap();
    ops::step(&mut world, Op::Import).await.unwrap();
    let roles = ("GET /api/roles", 1); // asked once by each process before its first write
    let spent = cost(&mut world, &[APPLY]).await;
    assert_eq!(spent, costs(&[(GET, 2), (PUT, 1), roles]));
}

#[tokio::test]
async fn shutting_out_is_read_write_read() {
    let mut world = settled(gorgias()).await;
    ops::step(&mut world, Op::EndNow(1)).await.unwrap();
    ops::step(&mut world, Op::Import).await.unwrap();
    let spent = cost(&mut world, &[APPLY]).await;
    assert_eq!(spent, costs(&[(GET, 2), (PUT, 1), ("GET /api/roles", 1)]));
}

#[tokio::test]
async fn an_invitation_is_find_write_read() {
    let mut world = settled(gorgias()).await;
    ops::step(&mut world, Op::Hire { dept: 0, days: 0 }).await.unwrap();
    ops::step(&mut world, Op::Import).await.unwrap();
    let spent = cost(&mut world, &[APPLY]).await;
    // Three look-ups make sure that nobody has the address in another spelling.
    let find = ("GET /api/users", 3);
    assert_eq!(spent, costs(&[find, ("POST /api/users", 1), (GET, 1), ("GET /api/roles", 1)]));
}

#[tokio::test]
async fn an_empty_plan_costs_nothing() {
    let mut world = settled(gorgias()).await;
    assert_eq!(cost(&mut world, &[APPLY, APPLY]).await, costs(&[]));
}

#[tokio::test]
async fn a_full_read_takes_a_request_for_each_hundred() {
    let mut world = settled(gorgias()).await;
    for n in world.sim.users().len()..250 {
        world.sim.add_user(NewUser::new(format!("u{n}@acme.example")));
    }
    world.look();
    // The trail tells of each of them, a hundred on a page, and of nothing new the next time.
    let (users, events) = (("GET /api/users", 3), ("GET /api/events", 3));
    assert_eq!(cost(&mut world, &[Op::Sync(0)]).await, costs(&[users, events]));
    // What came a moment before the last reading is read once more: it may have come in late.
    world.advance(3600);
    ops::step(&mut world, Op::Sync(0)).await.unwrap();
    world.advance(3600);
    let events = ("GET /api/events", 1);
    assert_eq!(cost(&mut world, &[Op::Sync(0)]).await, costs(&[users, events]));
}

#[tokio::test]
async fn a_second_sync_writes_only_the_observation() {
    let mut world = settled(gorgias()).await;
    ops::step(&mut world, Op::Sync(0)).await.unwrap();
    let (before, _) = world.nodes[0].store.journal_head().await.unwrap();
    ops::step(&mut world, Op::Sync(0)).await.unwrap();
    let (after, _) = world.nodes[0].store.journal_head().await.unwrap();
    assert_eq!(after - before, 1);
}
