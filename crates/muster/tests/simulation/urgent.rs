//! Cutting somebody's access while another process is at work on the same app: how fast it goes by
//! the app's own clock, and what neither may do to the other.

use jiff::{SignedDuration, Timestamp};
use muster::service::{
    Muster, Unwatched,
    apply::{Applied, ApplyRequest},
    observe::Synced,
    urgent::Elsewhere,
};
use muster_domain::{
    engine::gaps::Gap,
    model::{
        account::AccountStatus,
        observation::Completeness,
        operation::{Run, RunState},
    },
};
use muster_simulator::{
    ActiveWrite, Config, LimitModel, Limits, NewUser, RequestRecord, Role, UserRecord,
};

use crate::{
    ops::{self, Op},
    setup::Setup,
    wire::Moment,
    world::{Consent, World},
};

/// The account of the first person of the company.
const LEAVER: &str = "p1.last@acme.example";

/// A company in agreement with its app, which has so many other users.
async fn company(users: u64, change: impl FnOnce(&mut Config)) -> World {
    let mut setup = Setup::plain(Config::gorgias());
    setup.config.active_write = ActiveWrite::Applied;
    change(&mut setup.config);
    let mut world = World::new(setup).await;
    ops::converge(&mut world).await.unwrap();
    for number in 0..users {
        let age = SignedDuration::from_secs(86_400 * 300 - i64::try_from(number).unwrap());
        let user = NewUser::new(format!("user{number}@acme.example")).name("Some Body");
        world.sim.add_user(user.role(Role::Agent).created_at(world.env.now() - age));
    }
    world.look();
    world.sync(0).await.unwrap();
    // Whatever was spent so far has drained.
    world.advance(600);
    world
}

/// As documented: 40 requests at once, 2 a second after that.
fn two_a_second(config: &mut Config) {
    config.limits = Limits {
        capacity: 40,
        model: LimitModel::Leaky { drain_per_s: 2 },
        headers: config.limits.headers,
        ..Limits::default()
    };
}

fn leaver(world: &World) -> UserRecord {
    let users = world.sim.users();
    users.into_iter().find(|user| user.email.eq_ignore_ascii_case(LEAVER)).unwrap()
}

/// Orders the end of the first person's access, and cuts it from this node.
async fn offboard(world: &World, node: &Muster) -> Applied {
    let person = node.find_person(LEAVER).await.unwrap();
    node.order_end(&person, world.env.now()).await.unwrap();
    cut_now(world, node).await
}

async fn cut_now(world: &World, node: &Muster) -> Applied {
    let person = node.find_person(LEAVER).await.unwrap();
    node.cut(&person, &world.app, Elsewhere::Anybody, &Unwatched).await.unwrap()
}

fn since(world: &World, seq: u64) -> Vec<RequestRecord> {
    world.sim.request_log().into_iter().filter(|record| record.seq > seq).collect()
}

fn last_request(world: &World) -> u64 {
    world.sim.request_log().last().map_or(0, |record| record.seq)
}

fn told(records: &[RequestRecord]) -> Vec<(&str, &str)> {
    records.iter().map(|record| (record.method.as_str(), record.route.as_str())).collect()
}

/// Look, how roles are written here (once a process), cut, read back.
const CUT: [(&str, &str); 4] = [
    ("GET", "/api/users/{id}"),
    ("GET", "/api/roles"),
    ("PUT", "/api/users/{id}"),
    ("GET", "/api/users/{id}"),
];

/// What Muster knows of the leaver's account.
async fn known_status(world: &World) -> AccountStatus {
    let accounts = world.nodes[0].accounts(&world.app).await.unwrap();
    let id = leaver(world).id.to_string();
    let known = accounts.into_iter().find(|view| view.account.id.as_str() == id).unwrap();
    known.account.status
}

/// The call of a sync at which the bucket has long been full.
const IN_THE_MIDDLE: u32 = 70;

#[tokio::test]
async fn a_removal_takes_two_seconds_at_two_requests_a_second_in_the_middle_of_a_full_read() {
    let world = company(10_000, two_a_second).await;
    let limited = world.sim.counters().rate_limited;
    world.wire.arm(IN_THE_MIDDLE, Moment::Late);
    let (reader, other) = (world.nodes[0].clone(), world.nodes[1].clone());
    let before = last_request(&world);
    let cut = async {
        world.wire.died().await;
        let (seq, began) = (last_request(&world), world.env.now());
        let applied = offboard(&world, &other).await;
        let records = since(&world, seq);
        world.wire.wake();
        (applied, began, records)
    };
    let (synced, (applied, began, records)) = tokio::join!(reader.sync(&world.app), cut);

    assert!(!leaver(&world).is_active());
    assert_eq!(applied.runs.len(), 1, "{applied:?}");
    assert_eq!(applied.runs[0].state, RunState::Verified);
    // Nothing else, and nothing of the full read in between.
    assert_eq!(told(&records), CUT);
    let took = |at: Timestamp| at.duration_since(began).as_secs_f64();
    let read_back = records.last().unwrap().at;
    assert!(took(read_back) <= 2.0, "{} s", took(read_back));

    // The read goes on where it was, and is whole.
    let synced = synced.unwrap();
    assert_eq!(synced.observation.header.completeness, Completeness::Proven);
    let users = world.sim.users().iter().filter(|user| user.exists()).count();
    assert_eq!(synced.observation.seen, u64::try_from(users).unwrap());
    let counters = world.sim.counters();
    assert_eq!((counters.rate_limited, counters.bucket_peak), (limited, 40));
    let pages = since(&world, before);
    let pages = pages.iter().filter(|record| record.route == "/api/users").count();
    assert_eq!(pages, users.div_ceil(100));
    assert_eq!(known_status(&world).await, AccountStatus::Inactive);
    // It was no colleague that the read met: nothing is left to others in the bucket for long.
    let read = &synced.observation.header;
    let least = f64::from(u32::try_from(pages + CUT.len() - 40).unwrap()) / 2.0;
    let seconds = read.finished.duration_since(read.started).as_secs_f64();
    assert!(seconds <= least * 1.06, "{seconds} s beside {least} s");
    world.nodes[0].store.verify_journal().await.unwrap();
}

#[tokio::test]
async fn a_page_from_before_a_removal_that_is_kept_after_it_says_nothing() {
    // Whichever page she is on: its answer comes after the cut.
    for call in 0..4 {
        let world = company(350, |_| {}).await;
        world.wire.arm(call, Moment::Late);
        let (reader, other) = (world.nodes[0].clone(), world.nodes[1].clone());
        let cut = async {
            world.wire.died().await;
            offboard(&world, &other).await;
            world.wire.wake();
        };
        let (synced, ()) = tokio::join!(reader.sync(&world.app), cut);
        let user = leaver(&world);
        assert!(!user.is_active());
        assert_eq!(known_status(&world).await, AccountStatus::Inactive, "call {call}");
        let about_her = |synced: &Synced| {
            let gaps = synced.gaps.iter();
            let is_hers = |gap: &&Gap| {
                gap.account.as_ref().is_some_and(|id| id.as_str() == user.id.to_string())
            };
            gaps.filter(is_hers).cloned().collect::<Vec<_>>()
        };
        let synced = synced.unwrap();
        assert_eq!((about_her(&synced), synced.observation.gone), (vec![], 0), "call {call}");
        // The next read sees the same: nobody came back.
        let again = reader.sync(&world.app).await.unwrap();
        assert_eq!((about_her(&again), again.observation.changed), (vec![], 0), "call {call}");
        world.nodes[0].store.verify_journal().await.unwrap();
    }
}

/// A company in which the first person is to get another role.
async fn with_a_mover() -> (World, ApplyRequest) {
    let mut world = company(0, |_| {}).await;
    ops::step(&mut world, Op::Move { who: 0, dept: 1 }).await.unwrap();
    ops::step(&mut world, Op::Import).await.unwrap();
    let plan = world.approved_plan(Consent::Everything).await.unwrap();
    assert!(!plan.operations.is_empty(), "{plan:?}");
    (world, ApplyRequest { plan, only: None })
}

#[tokio::test]
async fn a_removal_waits_for_a_write_to_the_same_account_that_was_begun() {
    let (world, request) = with_a_mover().await;
    // The look has been answered and the write is on its way, for five seconds.
    world.wire.arm(1, Moment::Asleep);
    let (routine, other) = (world.nodes[0].clone(), world.nodes[1].clone());
    let before = last_request(&world);
    let wake = async {
        world.env.beside(std::time::Duration::from_secs(5)).await;
        world.wire.wake();
    };
    let cut = async {
        world.wire.died().await;
        tokio::join!(offboard(&world, &other), wake).0
    };
    let (applied, cut) = tokio::join!(routine.apply(&request, &Unwatched), cut);
    assert!(applied.unwrap().is_complete());
    assert!(cut.is_complete());
    let user = leaver(&world);
    assert!(!user.is_active());
    let records = since(&world, before);
    let writes: Vec<_> = records.iter().filter(|record| record.method == "PUT").collect();
    assert_eq!(writes.len(), 2, "{:?}", told(&records));
    // The first write had been read back before the account was even looked at for the cut.
    assert_eq!(told(&records), [CUT, CUT].concat());
    assert_eq!(known_status(&world).await, AccountStatus::Inactive);
    world.nodes[0].store.verify_journal().await.unwrap();
}

#[tokio::test]
async fn routine_work_that_looked_before_a_removal_writes_nothing_after_it() {
    let (world, request) = with_a_mover().await;
    world.wire.arm(0, Moment::Late);
    let (routine, other) = (world.nodes[0].clone(), world.nodes[1].clone());
    let before = last_request(&world);
    let cut = async {
        world.wire.died().await;
        let cut = offboard(&world, &other).await;
        world.wire.wake();
        cut
    };
    let (applied, cut) = tokio::join!(routine.apply(&request, &Unwatched), cut);
    assert!(cut.is_complete());
    let runs: Vec<Run> = applied.unwrap().runs;
    assert!(runs.iter().all(|run| run.state != RunState::Verified), "{runs:?}");
    let records = since(&world, before);
    let writes = records.iter().filter(|record| record.method == "PUT").count();
    assert_eq!(writes, 1, "{:?}", told(&records));
    assert!(!leaver(&world).is_active());
    assert_eq!(known_status(&world).await, AccountStatus::Inactive);
    world.nodes[0].store.verify_journal().await.unwrap();
}

#[tokio::test]
async fn whoever_dies_in_the_middle_of_a_removal_holds_up_nobody_for_long() {
    for calls in 0..4 {
        for moment in [Moment::Before, Moment::After] {
            let mut world = company(0, two_a_second).await;
            world.order_end(0).await.unwrap();
            world.wire.arm(calls, moment);
            let other = world.nodes[1].clone();
            tokio::select! {
                biased;
                cut = cut_now(&world, &other) => panic!("{cut:?}"),
                () = world.wire.died() => {}
            }
            world.wire.disarm();
            let began = world.env.now();
            world.sync(0).await.unwrap();
            let waited = world.env.now().duration_since(began).as_secs_f64();
            assert!(waited <= 15.0, "{waited} s");
            // The order holds: what she left undone is settled and done by the next apply.
            world.nodes[0].settle(&world.app, &Unwatched).await.unwrap();
            world.apply(0, Consent::Nobody).await.unwrap();
            assert!(!leaver(&world).is_active());
            ops::converge(&mut world).await.unwrap();
        }
    }
}
