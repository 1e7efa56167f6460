//! The process dies at each point of an apply of ten operations; another goes on.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use muster::{
    error::Error,
    secret::Secret,
    service::{Unwatched, apply::ApplyRequest},
    store::{Location, records::RunFilter},
};
use muster_simulator::{Config, UserRecord};

use crate::{
    checks,
    ops::{self, Op},
    postgres::Server,
    setup::Setup,
    wire::Moment,
    world::{Consent, World},
};

/// Who has what in the end, by address.
type End = BTreeMap<String, (String, bool)>;

/// A world in which an apply has ten operations to do.
async fn ten(place: &Location) -> World {
    let mut world = World::at(Setup::plain(Config::guide()), place).await;
    for _ in 0..4 {
        ops::step(&mut world, Op::Hire { dept: 0, days: 0 }).await.unwrap();
    }
    for op in [Op::Import, Op::Sync(0), Op::Apply(0, Consent::Everything)] {
        ops::step(&mut world, op).await.unwrap();
    }
    for user in world.sim.users() {
        let _ = world.sim.accept_invitation(user.id);
    }
    world.look();
    for _ in 0..4 {
        ops::step(&mut world, Op::Hire { dept: 0, days: 0 }).await.unwrap();
    }
    for who in [0, 4, 5] {
        ops::step(&mut world, Op::Move { who, dept: 1 }).await.unwrap();
    }
    for op in [Op::EndNow(1), Op::EndNow(6), Op::EndNow(7), Op::Import, Op::Sync(0)] {
        ops::step(&mut world, op).await.unwrap();
    }
    let plan = world.plan().await.unwrap();
    assert_eq!(plan.operations.len(), 10, "{:?}", plan.operations);
    world
}

fn end(world: &World) -> End {
    let users = world.sim.users().into_iter().filter(UserRecord::exists);
    users
        .map(|user| (user.email.clone(), (user.role.name().to_owned(), user.is_active())))
        .collect()
}

/// Another process finishes what was begun: by settling, without another invitation.
async fn recover(world: &mut World, case: &str) -> End {
    let oops = |error: String| -> String { panic!("{case}: {error}") };
    checks::step(world).await.map_err(oops).unwrap();
    world.advance(130);
    for _ in 0..2 {
        world.apply(1, Consent::Everything).await.map_err(oops).unwrap();
        checks::step(world).await.map_err(oops).unwrap();
    }
    for member in &world.company.members {
        let mails = world.sim.invitations();
        let sent = mails.iter().filter(|mail| member.owns(&mail.email)).count();
        assert!(sent <= 1, "{case}: {sent} invitations to {:?}", member.emails);
    }
    let runs = world.nodes[0].store.runs(&RunFilter::default()).await.unwrap();
    assert!(runs.iter().all(|run| !run.state.is_unsettled()), "{case}");
    checks::journal(world).await.map_err(oops).unwrap();
    end(world)
}

/// What an undisturbed apply leads to, and how many calls and commits it takes.
async fn undisturbed() -> (End, u32) {
    let mut world = ten(&Location::SqliteMemory).await;
    let before = world.wire.calls.load(Ordering::SeqCst);
    world.apply(0, Consent::Nobody).await.unwrap();
    let calls = world.wire.calls.load(Ordering::SeqCst) - before;
    checks::step(&mut world).await.unwrap();
    (end(&world), calls)
}

async fn every_call(moment: Moment) {
    let (wanted, calls) = undisturbed().await;
    assert!(calls >= 30, "{calls} calls for ten operations");
    for call in 0..calls {
        let case = format!("died at call {call} of {calls}, {moment:?}");
        let mut world = ten(&Location::SqliteMemory).await;
        let died = world.apply_and_die((0, Consent::Nobody), (call, moment)).await.unwrap();
        assert!(died.is_some(), "{case}");
        assert_eq!(recover(&mut world, &case).await, wanted, "{case}");
    }
}

#[tokio::test]
async fn at_each_call_before_it_goes_out() {
    every_call(Moment::Before).await;
}

#[tokio::test]
async fn at_each_call_once_it_has_taken_effect() {
    every_call(Moment::After).await;
}

#[tokio::test]
async fn after_each_commit_of_a_run() {
    let (wanted, _) = undisturbed().await;
    for saves in 0.. {
        let case = format!("died after commit {saves}");
        let mut world = ten(&Location::SqliteMemory).await;
        let died = world.apply_and_die_saving((0, Consent::Nobody), saves).await.unwrap();
        if died.is_none() {
            assert!(saves >= 30, "{saves} commits for ten operations");
            return;
        }
        assert_eq!(recover(&mut world, &case).await, wanted, "{case}");
    }
}

/// A node falls asleep at a call, another takes over and finishes, and the first one wakes up.
#[tokio::test]
async fn a_node_that_wakes_up_late_does_nothing_twice() {
    let (wanted, calls) = undisturbed().await;
    for call in (0..calls).step_by(2) {
        let case = format!("asleep at call {call}");
        let mut world = ten(&Location::SqliteMemory).await;
        let request = ApplyRequest { plan: world.plan().await.unwrap(), only: None };
        let sleeper = world.nodes[0].clone();
        world.wire.arm(call, Moment::Asleep);
        let task = tokio::spawn(async move { sleeper.apply(&request, &Unwatched).await });
        world.wire.died().await;
        world.advance(130);
        // The first settles what is open, the second does what waited for that.
        for _ in 0..2 {
            world.apply(1, Consent::Nobody).await.unwrap();
            checks::step(&mut world).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        }
        world.wire.wake();
        assert!(task.await.unwrap().is_err(), "{case}: it has lost its lease");
        assert_eq!(recover(&mut world, &case).await, wanted, "{case}");
    }
}

#[tokio::test]
async fn two_nodes_at_once_do_it_once() {
    let (wanted, _) = undisturbed().await;
    let mut world = ten(&Location::SqliteMemory).await;
    let request = ApplyRequest { plan: world.plan().await.unwrap(), only: None };
    let [one, two] = [world.nodes[0].clone(), world.nodes[1].clone()];
    let (one, two) = tokio::join!(one.apply(&request, &Unwatched), two.apply(&request, &Unwatched));
    let busy = [one.err(), two.err()].into_iter().flatten().collect::<Vec<_>>();
    assert!(matches!(busy.as_slice(), [Error::Busy(_)]), "{busy:?}");
    assert_eq!(recover(&mut world, "two at once").await, wanted);
}

/// Dies at some calls, and a new process opens the store again.
async fn some_calls(place: impl Fn() -> Location) {
    let (wanted, calls) = undisturbed().await;
    for call in (0..calls).step_by(7) {
        let case = format!("died at call {call}");
        let place = place();
        let mut world = ten(&place).await;
        let died = world.apply_and_die((0, Consent::Nobody), (call, Moment::After)).await.unwrap();
        assert!(died.is_some(), "{case}");
        world.reopen(&place).await;
        assert_eq!(recover(&mut world, &case).await, wanted, "{case}");
    }
}

#[tokio::test]
async fn with_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    some_calls(|| {
        number.set(number.get() + 1);
        Location::SqliteFile(directory.path().join(format!("{}.db", number.get())))
    })
    .await;
}

#[tokio::test]
async fn with_postgresql() {
    some_calls(|| Location::Postgres(Secret::new(Server::shared().new_database()))).await;
}
