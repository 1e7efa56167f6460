//! What once went wrong, by name, cut down to the steps that matter.

use muster_simulator::{ActiveWrite, Config, Faults, Role, Rule};

use crate::{
    by_hand::ByHand,
    ops::{self, Op},
    seeds,
    setup::{AtLeave, Setup},
    world::{Consent, World},
};

fn guide() -> Setup {
    Setup::plain(Config::guide())
}

fn holds(setup: &Setup, ops: &[Op]) {
    if let Err((step, error)) = seeds::run(setup, ops, false) {
        panic!("step {step}: {error}");
    }
}

/// What a look just before the write showed was kept without a journal entry, which the store
/// refuses, so that nothing could be applied after anything had changed in the app.
#[test]
fn what_a_look_shows_is_journaled() {
    let meddle = Op::Role { user: 1, role: Role::Admin };
    holds(&guide(), &[Op::Sync(0), meddle, Op::Apply(0, Consent::Nobody)]);
}

/// An account that was shut out by hand, in an app that ignores being asked to let it in: each
/// apply asked again.
#[test]
fn an_app_that_does_not_obey_is_not_asked_for_ever() {
    for active_write in [ActiveWrite::Ignored, ActiveWrite::Refused] {
        let mut setup = guide();
        setup.config.active_write = active_write;
        holds(&setup, &[Op::ShutOut(2)]);
    }
}

/// An approved removal, undone by hand in the app, was removed again without anybody's word.
#[test]
fn an_approval_is_used_up_by_what_it_let_go() {
    let mut setup = guide();
    setup.limit = Some(0);
    let ops = [
        Op::EndNow(0),
        Op::Import,
        Op::Sync(0),
        Op::Apply(0, Consent::Everything),
        Op::LetIn(1),
        Op::Sync(0),
        Op::Apply(0, Consent::Nobody),
    ];
    holds(&setup, &ops);
}

/// An apply that asked the app nothing called it seen again.
#[tokio::test]
async fn an_app_that_was_not_asked_stays_unseen() {
    let mut world = World::new(guide()).await;
    for op in [Op::Sync(0), Op::RevokeKey, Op::Sync(0), Op::Apply(0, Consent::Nobody)] {
        ops::step(&mut world, op).await.unwrap();
    }
    let connection = world.nodes[0].connection(&world.app).await.unwrap();
    assert!(
        matches!(connection.health, muster::store::records::Health::Unseen { .. }),
        "{connection:?}"
    );
}

/// An apply that could not even begin kept the lease for two minutes.
#[tokio::test]
async fn the_lease_is_given_back_after_a_failure() {
    let mut world = World::new(guide()).await;
    ops::step(&mut world, Op::Sync(0)).await.unwrap();
    let plan = world.plan().await.unwrap();
    let request = muster::service::apply::ApplyRequest { plan, only: None };
    let mut broken = world.nodes[0].clone();
    broken.transports = std::sync::Arc::new(|| {
        Err(muster::error::Error::Invalid("no trusted certificates".to_owned()))
    });
    let watch = muster::service::Unwatched;
    assert!(broken.apply(&request, &watch).await.is_err());
    world.nodes[1].apply(&request, &watch).await.unwrap();
}

/// An order given between a look at a roster and its import was overwritten.
#[tokio::test]
async fn an_order_is_not_lost_to_an_import() {
    let mut world = World::new(guide()).await;
    let now = world.now();
    let (csv, _) = world.company.export(now, &world.setup.zone);
    let import = World::roster(csv);
    let preview = world.nodes[0].preview(&import).await.unwrap().unwrap();
    assert!(world.order_end(0).await.unwrap());
    let lost = world.nodes[0].import(&import, &preview).await;
    assert!(matches!(lost, Err(muster::error::Error::Conflict(_))), "{lost:?}");
    let person = world.nodes[0].find_person("e001").await.unwrap();
    assert!(person.ordered_end.is_some());
}

/// A write that the app forbids made the whole app count as one that cannot be seen.
#[tokio::test]
async fn a_forbidden_write_leaves_the_app_in_sight() {
    let mut world = World::new(guide()).await;
    ops::step(&mut world, Op::Sync(0)).await.unwrap();
    let forbid =
        muster_simulator::Fault::Status { code: 403, phase: muster_simulator::Phase::Before };
    world.sim.set_faults(Faults::of(vec![Rule::new(forbid).method("PUT")]));
    ops::step(&mut world, Op::Apply(0, Consent::Nobody)).await.unwrap();
    let connection = world.nodes[0].connection(&world.app).await.unwrap();
    assert!(matches!(connection.health, muster::store::records::Health::Ok { .. }));
}

/// HR told of a second leave and not of the way back from it: the day back from the first leave
/// still counted, so that nobody was taken for away and her account let in all the while.
#[test]
fn a_second_leave_does_not_end_on_the_day_back_from_the_first() {
    let mut setup = guide();
    setup.at_leave = AtLeave::Suspend;
    let ops = [
        Op::Away { who: 0, days: 0, back: Some(2) },
        Op::Import,
        Op::Days(3),
        Op::Away { who: 0, days: 0, back: None },
        Op::Import,
        Op::Days(1),
    ];
    holds(&setup, &ops);
}

/// The same, told of by two sources.
#[test]
fn a_leave_told_by_hand_does_not_end_on_a_day_back_that_hr_told_before() {
    let mut setup = guide();
    setup.at_leave = AtLeave::Suspend;
    let ops = [
        Op::Away { who: 0, days: 0, back: Some(2) },
        Op::Import,
        Op::Days(3),
        Op::Hand(ByHand::Away { who: 0, days: 0, back: None }),
        Op::Days(1),
        Op::Hand(ByHand::Back(0)),
        Op::Days(1),
    ];
    holds(&setup, &ops);
}

/// An end that was told by hand, and later a new first day by HR, was taken for a first day that
/// moved: what was told by hand of the old job counted on for the new one.
#[test]
fn who_starts_again_after_an_end_told_by_hand_is_hired_again() {
    let ops = [
        Op::Hand(ByHand::Job { who: 0, dept: 3 }),
        Op::Hand(ByHand::End { who: 0, days: 0, dismissed: false }),
        Op::Days(3),
        Op::Rehire { who: 0, days: 2 },
        Op::Import,
        Op::Days(4),
    ];
    holds(&guide(), &ops);
}
