//! Each fault alone, while each kind of operation is carried out.

use muster_simulator::{ActiveWrite, Config, Faults};

use crate::{
    checks,
    ops::{self, Op},
    setup::Setup,
    world::{Consent, World},
};

/// A kind of operation, and how it comes to be wanted once everything else is done.
struct Kind {
    name: &'static str,
    setup: Setup,
    first: &'static [Op],
    then: &'static [Op],
}

fn kind(name: &'static str, first: &'static [Op], then: &'static [Op]) -> Kind {
    Kind { name, setup: Setup::plain(Config::guide()), first, then }
}

async fn all_faults(kind: Kind) {
    for (number, rules) in ops::faults().into_iter().enumerate() {
        let case = format!("{} with fault {number}: {rules:?}", kind.name);
        let mut world = World::new(kind.setup.clone()).await;
        for op in kind.first {
            ops::step(&mut world, *op).await.unwrap();
        }
        ops::converge(&mut world).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        for op in kind.then {
            ops::step(&mut world, *op).await.unwrap();
        }
        let plan = world.plan().await.unwrap();
        let planned: Vec<_> = plan.operations.iter().map(|o| o.action.word()).collect();
        assert_eq!(planned, [kind.name], "{case}");
        world.sim.set_faults(Faults::seeded(3, rules));
        for _ in 0..2 {
            for op in [Op::Apply(0, Consent::Everything), Op::Sync(0), Op::Hours(1)] {
                ops::step(&mut world, op).await.unwrap_or_else(|error| panic!("{case}: {error}"));
            }
        }
        ops::converge(&mut world).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        checks::journal(&world).await.unwrap_or_else(|error| panic!("{case}: {error}"));
    }
}

#[tokio::test]
async fn create() {
    all_faults(kind("create", &[], &[Op::Hire { dept: 0, days: 0 }, Op::Import])).await;
}

#[tokio::test]
async fn update() {
    all_faults(kind("update", &[], &[Op::Move { who: 1, dept: 0 }, Op::Import])).await;
}

#[tokio::test]
async fn reactivate() {
    all_faults(kind("reactivate", &[], &[Op::ShutOut(2), Op::Sync(0)])).await;
}

#[tokio::test]
async fn deactivate() {
    all_faults(kind("deactivate", &[], &[Op::EndNow(1), Op::Import])).await;
}

#[tokio::test]
async fn deactivate_where_the_app_ignores_it() {
    let mut kind = kind("deactivate", &[], &[Op::EndNow(1), Op::Import]);
    kind.setup.config.active_write = ActiveWrite::Ignored;
    all_faults(kind).await;
}

#[tokio::test]
async fn deactivate_where_the_app_refuses_it() {
    let mut kind = kind("deactivate", &[], &[Op::EndNow(1), Op::Import]);
    kind.setup.config = Setup::plain(Config::gorgias()).config;
    all_faults(kind).await;
}

#[tokio::test]
async fn cancel_invite() {
    let mut kind = kind("cancel_invite", &[], &[Op::EndNow(1), Op::Import]);
    kind.setup.delete = true;
    all_faults(kind).await;
}
