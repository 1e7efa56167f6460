//! The rate budget on virtual time: nothing is wasted, nothing is refused, and who is in a hurry
//! goes first. Times come from the one clock, counts from the simulator.

use std::time::Duration;

use muster::connector::{Connector, ErrorKind, Lane};
use muster_domain::model::account::AccountChange;
use muster_simulator::{
    Config, Fault, Faults, LimitHeaders, LimitModel, Limits, NewUser, RetryAfter, Rule,
};

use crate::harness::{World, account_id, is_proven};

/// An account with `people` users, the owner included.
fn company(people: u64, limits: Limits, latency_ms: u64) -> World {
    let world = World::new(Config { limits, latency_ms, ..Config::gorgias() });
    for n in 1..people {
        let created = crate::harness::start() - Duration::from_secs(86_400 * 30 - n);
        let user = NewUser::new(format!("user{n}@acme.example")).created_at(created);
        world.sim.add_user(user);
    }
    world
}

fn leaky(capacity: u32, drain_per_s: u32) -> Limits {
    Limits { capacity, model: LimitModel::Leaky { drain_per_s }, ..Limits::default() }
}

/// The least time in which a leaky bucket lets so many requests through.
fn least_s(requests: u32, limits: &Limits) -> f64 {
    let LimitModel::Leaky { drain_per_s } = limits.model else { panic!("a leaky bucket") };
    (f64::from(requests) - f64::from(limits.capacity)).max(0.0) / f64::from(drain_per_s)
}

#[tokio::test]
async fn a_full_read_takes_the_least_time_and_is_never_refused() {
    for (people, limits) in [
        (5_000, leaky(40, 2)),
        (5_000, leaky(80, 4)),
        (20_000, leaky(40, 2)),
        (20_000, leaky(80, 4)),
    ] {
        let world = company(people, limits, 0);
        let (accounts, tally) = world.read().await.unwrap();
        assert!(is_proven(&tally, accounts.len()));
        assert_eq!(u64::try_from(accounts.len()).unwrap(), people);
        let pages = u32::try_from(people.div_ceil(100)).unwrap();
        assert_eq!((tally.requests, tally.pages), (pages, pages));
        assert_eq!(world.sim.counters().total(), u64::from(pages));
        assert_eq!(world.sim.counters().rate_limited, 0);
        let (took, least) = (world.elapsed_s(), least_s(pages, &limits));
        assert!(
            took <= least * 1.03 + 0.001,
            "{people}, {limits:?}: {took} s instead of {least} s"
        );
    }
}

#[tokio::test]
async fn a_long_round_trip_does_not_leave_the_rate_unused() {
    // 150 ms allow 6.7 requests a second one after the other: 50 pages would take 7.5 s, not 5.
    let limits = leaky(40, 2);
    let world = company(5_000, limits, 150);
    let (accounts, tally) = world.read().await.unwrap();
    assert!(is_proven(&tally, accounts.len()));
    assert_eq!(accounts.len(), 5_000);
    assert_eq!(world.sim.counters().rate_limited, 0);
    let least = least_s(50, &limits);
    let took = world.elapsed_s();
    assert!(tally.requests <= 52, "{tally:?}");
    assert!(took <= least * 1.03 + 1.2, "{took} s instead of {least} s");
    let larger = company(20_000, leaky(80, 10), 150);
    let (accounts, tally) = larger.read().await.unwrap();
    assert!(is_proven(&tally, accounts.len()));
    assert_eq!((accounts.len(), larger.sim.counters().rate_limited), (20_000, 0));
    assert!(larger.elapsed_s() < 0.6 * 200.0 * 0.150, "{} s", larger.elapsed_s());
}

#[tokio::test]
async fn the_first_refusal_teaches_a_limit_that_no_header_tells() {
    let limits = Limits { headers: LimitHeaders::None, ..leaky(40, 2) };
    let mut world = company(20_000, limits, 0);
    let (accounts, tally) = world.read().await.unwrap();
    assert!(is_proven(&tally, accounts.len()));
    assert_eq!(world.sim.counters().rate_limited, 1);
    let (took, least) = (world.elapsed_s(), least_s(200, &limits));
    assert!(took <= least * 1.03 + 1.5, "{took} s instead of {least} s");
    // A new process that is told what the old one learned needs no refusal at all.
    let known = world.budget.state();
    let kept = serde_json::to_string(&known).unwrap();
    world.restart(serde_json::from_str(&kept).unwrap());
    world.read().await.unwrap();
    assert_eq!(world.sim.counters().rate_limited, 1);
}

#[tokio::test]
async fn what_was_learned_helps_the_next_process() {
    let mut world = company(5_000, leaky(40, 2), 0);
    world.read().await.unwrap();
    world.restart(world.budget.state());
    world.read().await.unwrap();
    assert_eq!(world.sim.counters().rate_limited, 0);
    let (took, least) = (world.elapsed_s(), least_s(100, &leaky(40, 2)));
    assert!(took <= least * 1.03, "{took} s instead of {least} s");
}

#[tokio::test]
async fn the_other_family_of_headers_is_obeyed_too() {
    let x = LimitHeaders::XRateLimit;
    let window = Limits {
        capacity: 2,
        model: LimitModel::Window { seconds: 1 },
        headers: x,
        ..Limits::default()
    };
    let world = company(5_000, window, 0);
    let (accounts, _) = world.read().await.unwrap();
    assert_eq!((accounts.len(), world.sim.counters().rate_limited), (5_000, 0));
    assert!(world.elapsed_s() <= 25.0 * 1.03, "{} s", world.elapsed_s());
    // A bucket behind the same headers is found out, and used as one.
    let limits = Limits { headers: x, ..leaky(40, 2) };
    let world = company(20_000, limits, 0);
    world.read().await.unwrap();
    assert_eq!(world.sim.counters().rate_limited, 0);
    let (took, least) = (world.elapsed_s(), least_s(200, &limits));
    assert!(took <= least * 1.03, "{took} s instead of {least} s");
}

#[tokio::test]
async fn a_larger_plan_is_learned_from_how_fast_its_bucket_drains() {
    // Enterprise: the same number per 10 seconds instead of 20.
    let limits = leaky(40, 4);
    let world = company(40_000, limits, 0);
    world.read().await.unwrap();
    assert_eq!(world.sim.counters().rate_limited, 0);
    let (took, least) = (world.elapsed_s(), least_s(400, &limits));
    assert!(took <= least * 1.15, "{took} s instead of {least} s");
}

#[tokio::test]
async fn others_on_the_same_bucket_are_left_room() {
    let limits = Limits { foreign_per_s: 1, ..leaky(40, 2) };
    let world = company(20_000, limits, 20);
    let (accounts, tally) = world.read().await.unwrap();
    assert!(is_proven(&tally, accounts.len()));
    // Counts are rounded up, so less than one request of others hides until the bucket is full.
    assert!(world.sim.counters().rate_limited <= 1, "{:?}", world.sim.counters());
    assert!(world.elapsed_s() < 200.0 * 1.1, "{} s", world.elapsed_s());
}

#[tokio::test]
async fn a_leaver_goes_ahead_of_a_full_read() {
    let world = company(20_000, leaky(40, 2), 0);
    world.gorgias.roles(Lane::Routine).await.unwrap();
    let cut = async {
        // In the middle of the read, with the bucket full.
        while world.sim.counters().total() < 60 {
            tokio::task::yield_now().await;
        }
        let began = world.elapsed_s();
        let id = account_id(77);
        let account = world.gorgias.account(Lane::Leaver, &id).await.unwrap().unwrap();
        let lower =
            AccountChange { role: Some("observer-agent".parse().unwrap()), ..Default::default() };
        world.gorgias.update(Lane::Leaver, &account, &lower).await.unwrap();
        world.gorgias.account(Lane::Leaver, &id).await.unwrap().unwrap();
        world.elapsed_s() - began
    };
    let (read, took) = tokio::join!(world.read(), cut);
    assert_eq!(read.unwrap().0.len(), 20_000);
    assert!(took <= 2.0, "{took} s");
    assert_eq!(world.sim.counters().rate_limited, 0);
    let log = world.sim.request_log();
    let (first, last) = (
        log.iter().position(|entry| entry.route == "/api/users/{id}").unwrap(),
        log.iter().rposition(|entry| entry.route == "/api/users/{id}").unwrap(),
    );
    assert!(last < log.len() - 50 && last - first <= 4, "{first} to {last} of {}", log.len());
}

#[tokio::test]
async fn refusals_are_waited_out_however_they_are_told() {
    for asked in [None, Some(0), Some(3), Some(100_000)] {
        let world = company(1_000, leaky(40, 2), 0);
        let storm = Rule::new(Fault::Storm { retry_after_s: asked }).times(3);
        world.sim.set_faults(Faults::of(vec![storm]));
        let (accounts, tally) = world.read().await.unwrap();
        assert!(is_proven(&tally, accounts.len()));
        assert_eq!((accounts.len(), tally.requests), (1_000, 13), "{asked:?}");
        let took = world.elapsed_s();
        assert!((1.0..=3.0 * 120.0 + 1.0).contains(&took), "{asked:?}: {took} s");
    }
    let world = company(10, leaky(40, 2), 0);
    world.sim.set_faults(Faults::of(vec![Rule::new(Fault::Storm { retry_after_s: Some(5) })]));
    let error = world.read().await.unwrap_err();
    let ErrorKind::RateLimited { until: Some(until) } = error.kind else { panic!("{error:?}") };
    assert!(until > world.env.now());
}

#[tokio::test]
async fn a_refused_write_is_made_once_it_is_let_in() {
    for retry_after in [RetryAfter::Present, RetryAfter::Absent, RetryAfter::Zero] {
        let world = company(3, Limits { retry_after, ..leaky(40, 2) }, 0);
        let account = world.account(2).await;
        world.gorgias.roles(Lane::Routine).await.unwrap();
        let storm = Rule::new(Fault::Storm { retry_after_s: None }).method("PUT").times(2);
        world.sim.set_faults(Faults::of(vec![storm]));
        let change = AccountChange { name: Some("Once".to_owned()), ..Default::default() };
        world.gorgias.update(Lane::Routine, &account, &change).await.unwrap();
        assert_eq!(world.requests("PUT /api/users/{id}"), 3);
        assert_eq!(world.sim.counters().total_writes(), 1);
    }
}
