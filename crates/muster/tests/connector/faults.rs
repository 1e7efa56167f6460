//! Each way in which a request can go wrong: what the caller is told, and whether that is true.

use std::sync::atomic::Ordering;

use muster::connector::{Connector, ErrorKind, Lane};
use muster_domain::model::account::{AccountChange, NewAccount};
use muster_simulator::{Config, Fault, Faults, NewUser, Phase, Rule, WriteStatus};

use crate::harness::{World, account_id};

fn new() -> NewAccount {
    NewAccount {
        email: "nia@acme.example".parse().unwrap(),
        name: "Nia".to_owned(),
        role: "agent".parse().unwrap(),
        external_id: Some("per_0123456789abcdef".to_owned()),
    }
}

/// Faults after which nobody can tell whether a write was done.
fn unclear() -> Vec<(Fault, bool)> {
    let mut faults = Vec::new();
    for phase in [Phase::Before, Phase::After] {
        let done = phase == Phase::After;
        faults.push((Fault::Drop { phase }, done));
        faults.push((Fault::Hang { millis: 5_000, phase }, done));
        faults.push((Fault::Hang { millis: 500_000, phase }, done));
        faults.extend([500, 502, 503, 504].map(|code| (Fault::Status { code, phase }, done)));
        faults.extend([200, 404, 502].map(|code| (Fault::HtmlPage { code, phase }, done)));
    }
    faults.push((Fault::Truncate, true));
    faults
}

async fn world_with_agent() -> (World, u64) {
    let world = World::unhurried(Config::gorgias());
    let id = world.sim.add_user(NewUser::new("ada@acme.example").name("Ada"));
    world.gorgias.roles(Lane::Routine).await.unwrap();
    (world, id)
}

#[tokio::test]
async fn a_write_without_a_clear_answer_is_sent_once_and_called_unknown() {
    for (fault, done) in unclear() {
        let (world, id) = world_with_agent().await;
        let before = world.sim.users().len();
        let account = world.account(id).await;
        let strike = |method: &str| {
            world.sim.set_faults(Faults::of(vec![Rule::new(fault).method(method)]));
        };
        strike("POST");
        let error = world.gorgias.create(Lane::Routine, &new()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{fault:?}: {error}");
        assert_eq!(world.requests("POST /api/users"), 1, "{fault:?}");
        assert_eq!(world.sim.users().len(), before + usize::from(done), "{fault:?}");
        strike("PUT");
        let change = AccountChange { name: Some("Ada Two".to_owned()), ..Default::default() };
        let error = world.gorgias.update(Lane::Routine, &account, &change).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{fault:?}: {error}");
        assert_eq!(world.requests("PUT /api/users/{id}"), 1, "{fault:?}");
        assert_eq!(world.sim.user(id).unwrap().name == "Ada Two", done, "{fault:?}");
        strike("DELETE");
        let error = world.gorgias.delete(Lane::Leaver, &account_id(id)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{fault:?}: {error}");
        assert_eq!(world.requests("DELETE /api/users/{id}"), 1, "{fault:?}");
        assert_eq!(world.sim.user(id).unwrap().exists(), !done, "{fault:?}");
    }
}

#[tokio::test]
async fn a_read_survives_three_failures_and_then_says_unavailable() {
    for (fault, _) in unclear() {
        let missing_page = matches!(fault, Fault::HtmlPage { code: 404, .. });
        let (world, id) = world_with_agent().await;
        world.sim.set_faults(Faults::of(vec![Rule::new(fault).times(3)]));
        let read = world.gorgias.account(Lane::Interactive, &account_id(id)).await;
        if missing_page {
            // The page of a host without an account: asking again does not help.
            let error = read.unwrap_err();
            assert!(error.message.contains("check the subdomain"), "{error}");
            assert_eq!(error.kind, ErrorKind::Unavailable);
            continue;
        }
        assert_eq!(read.unwrap().unwrap().name, "Ada", "{fault:?}");
        assert_eq!(world.requests("GET /api/users/{id}"), 4, "{fault:?}");
        world.sim.set_faults(Faults::of(vec![Rule::new(fault)]));
        let error = world.gorgias.account(Lane::Interactive, &account_id(id)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{fault:?}: {error}");
        assert_eq!(world.requests("GET /api/users/{id}"), 8, "{fault:?}");
        let error = world.read().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn what_was_never_sent_is_unavailable_not_unknown() {
    let (world, id) = world_with_agent().await;
    let sent = world.sim.counters().total();
    world.wire.unreachable.store(1, Ordering::SeqCst);
    let error = world.gorgias.create(Lane::Routine, &new()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    world.wire.unreachable.store(1, Ordering::SeqCst);
    let error = world.gorgias.delete(Lane::Routine, &account_id(id)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert_eq!(world.sim.counters().total(), sent);
    world.wire.unreachable.store(3, Ordering::SeqCst);
    assert!(world.gorgias.account(Lane::Routine, &account_id(id)).await.unwrap().is_some());
}

#[tokio::test]
async fn an_accepted_create_that_does_not_show_is_unknown() {
    let config = Config { write_status: WriteStatus::AcceptedEmpty, ..Config::gorgias() };
    let world = World::unhurried(config);
    world.gorgias.roles(Lane::Routine).await.unwrap();
    world.sim.set_faults(Faults::of(vec![Rule::new(Fault::SlowRead { millis: 60_000 })]));
    let error = world.gorgias.create(Lane::Routine, &new()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(world.sim.invitations().len(), 1);
    world.sim.set_faults(Faults::of(vec![Rule::new(Fault::IgnoreWrite)]));
    let other = NewAccount { email: "noa@acme.example".parse().unwrap(), ..new() };
    let error = world.gorgias.create(Lane::Routine, &other).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(world.sim.invitations().len(), 1);
}

#[tokio::test]
async fn an_ignored_write_shows_when_it_is_read_back() {
    let (world, id) = world_with_agent().await;
    world.sim.set_faults(Faults::of(vec![Rule::new(Fault::IgnoreWrite)]));
    let account = world.account(id).await;
    let change = AccountChange { name: Some("Ada Two".to_owned()), ..Default::default() };
    world.gorgias.update(Lane::Routine, &account, &change).await.unwrap();
    let after = world.account(id).await;
    assert_eq!(change.missing_in(&after).len(), 1);
}

#[tokio::test]
async fn a_roles_list_that_fails_is_asked_for_again() {
    let world = World::unhurried(Config::guide());
    let broken = Rule::new(Fault::Status { code: 500, phase: Phase::Before });
    world.sim.set_faults(Faults::of(vec![broken.on("GET", "/api/roles")]));
    let error = world.gorgias.create(Lane::Routine, &new()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert_eq!(world.requests("POST /api/users"), 0);
    world.sim.set_faults(Faults::none());
    world.gorgias.create(Lane::Routine, &new()).await.unwrap();
}
