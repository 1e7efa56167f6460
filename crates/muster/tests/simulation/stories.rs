//! Short stories about what people ordered by hand, told in full: the same steps as in the long ones.

use muster_simulator::{Config, TicketStatus, UserRecord};

use crate::{
    by_hand::{ByHand, Voice, What},
    ops::{self, Op},
    orders::Rule,
    setup::{Approvers, Setup, WorkTo},
    world::{Consent, World},
};

const APPLY: Op = Op::Apply(0, Consent::Everything);

async fn told(setup: Setup, steps: &[Op]) -> World {
    let mut world = World::new(setup).await;
    go(&mut world, steps).await;
    world
}

async fn go(world: &mut World, steps: &[Op]) {
    for step in steps {
        ops::step(world, *step).await.unwrap();
    }
}

fn guide() -> Setup {
    let mut setup = Setup::plain(Config::gorgias());
    setup.config.active_write = muster_simulator::ActiveWrite::Applied;
    setup.no_rule_removes = true;
    setup
}

fn user(world: &World, address: &str) -> Option<UserRecord> {
    let users = world.sim.users().into_iter().filter(UserRecord::exists);
    users.into_iter().find(|user| user.email.eq_ignore_ascii_case(address))
}

/// Sales has no rule of its own: p4 gets her account from a group alone.
const IN_THE_GROUP: [Op; 4] = [
    Op::Hand(ByHand::Gives { group: 0, role: Some(0) }),
    Op::Hand(ByHand::Join { who: 3, group: 0, days: None }),
    Op::Sync(0),
    APPLY,
];
const OUT: Op = Op::Hand(ByHand::Part(0));

#[tokio::test]
async fn who_has_access_by_a_group_alone_loses_it_out_of_the_group() {
    let mut world = told(guide(), &IN_THE_GROUP).await;
    assert!(user(&world, "p4.last@acme.example").unwrap().is_active());
    go(&mut world, &[OUT, Op::Sync(0), APPLY]).await;
    assert!(!user(&world, "p4.last@acme.example").unwrap().is_active());
}

/// First taken out of every group, then set inactive by HR, then offboarded: access still goes.
#[tokio::test]
async fn the_trap_of_a_leaver_out_of_every_group_still_takes_access() {
    let mut setup = guide();
    setup.no_rule_removes = false;
    let mut world = told(setup, &IN_THE_GROUP).await;
    go(&mut world, &[OUT, Op::Sync(0), APPLY]).await;
    assert!(user(&world, "p4.last@acme.example").unwrap().is_active(), "no rule is only reported");
    go(&mut world, &[Op::EndUndated(3), Op::Import, Op::Offboard(3), Op::Sync(0), APPLY]).await;
    assert!(!user(&world, "p4.last@acme.example").unwrap().is_active());
}

#[tokio::test]
async fn who_is_frozen_keeps_access_until_the_thaw() {
    let freeze = Op::Hand(ByHand::Freeze { what: What::Person(0), hours: None });
    let mut world = told(guide(), &[freeze, Op::EndNow(0), Op::Import, Op::Sync(0), APPLY]).await;
    assert!(user(&world, "p1.last@acme.example").unwrap().is_active());
    go(&mut world, &[Op::Hand(ByHand::Thaw(0)), APPLY]).await;
    assert!(!user(&world, "p1.last@acme.example").unwrap().is_active());
}

#[tokio::test]
async fn only_a_manager_or_the_chief_lets_go_what_asks_and_a_no_holds_it() {
    let mut setup = guide();
    setup.asks = [false, false, true];
    setup.approvers = Approvers::ManagerOrChief;
    let steps = [
        Op::Boss { who: 1, boss: 0 },
        Op::EndNow(1),
        Op::Import,
        Op::Sync(0),
        Op::Hand(ByHand::Rule { group: 0, rule: Some(Rule::Leads) }),
        Op::Hand(ByHand::Gives { group: 0, role: Some(1) }),
        APPLY,
    ];
    let mut world = told(setup, &steps).await;
    // Her own word, and that of somebody who is nobody here, let nothing go.
    let (own, ann) = (Voice::Member(0), Voice::Ann);
    let mine = [
        Op::EndNow(0),
        Op::Import,
        Op::Hand(ByHand::Approve(own)),
        Op::Hand(ByHand::Approve(ann)),
        Op::Apply(0, Consent::Nobody),
    ];
    go(&mut world, &mine).await;
    assert!(user(&world, "p1.last@acme.example").unwrap().is_active());
    let no = Op::Hand(ByHand::Reject { which: 0, by: Voice::Chief });
    go(&mut world, &[Op::Hand(ByHand::Approve(Voice::Chief)), no]).await;
    go(&mut world, &[Op::Apply(0, Consent::Nobody)]).await;
    assert!(user(&world, "p1.last@acme.example").unwrap().is_active());
    go(&mut world, &[APPLY]).await;
    assert!(!user(&world, "p1.last@acme.example").unwrap().is_active());
}

#[tokio::test]
async fn a_leavers_account_is_deleted_once_its_tickets_are_in_other_hands() {
    let mut setup = guide();
    (setup.delete, setup.delete_after) = (true, Some(7));
    setup.work_to = WorkTo::Manager;
    let mut world = told(setup, &[Op::Sync(0), APPLY]).await;
    let leaver = user(&world, "p1.last@acme.example").unwrap().id;
    let tickets = world.sim.add_tickets(3, Some(leaver), TicketStatus::Open);
    world.look();
    go(&mut world, &[Op::EndNow(0), Op::Import, Op::Days(9)]).await;
    assert!(user(&world, "p1.last@acme.example").is_none(), "deleted");
    let heir = user(&world, "p3.last@acme.example").unwrap().id;
    let held = world.sim.tickets().into_iter().filter(|ticket| tickets.contains(&ticket.id));
    assert!(held.into_iter().all(|ticket| ticket.assignee == Some(heir)));
}
