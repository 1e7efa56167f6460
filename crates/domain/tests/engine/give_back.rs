//! What an undone hand-over comes to: work goes back to an account that lets in, once, and is not
//! given away again while that holds (L4).

use insta::assert_snapshot;
use jiff::SignedDuration;
use muster_domain::{
    engine::{
        expect::Rules,
        plan::{NotReleased, Released},
        undo::{self, Back},
    },
    model::{
        account::AccountChange,
        id::{OperationId, OrderId},
        keep::{Keep, WorkBack},
        operation::{Run, RunState},
        plan::{Action, HoldKind, Operation},
        policy::{Consent, Switch},
        work::{OpenWork, Reach},
    },
};

use crate::world::{POLICY, World, at, read_policy};

/// Anna left on Friday; she was shut out, and her five tickets went to Ben.
fn handed_over() -> World {
    let mut world = World::new()
        .policy(
            "delete: true}",
            "delete: true, hand_over: true}\n    leaver: {hand_over: {to: manager}}",
        )
        .person("anna", |p| p.last_day("2026-11-06").manager("ben"))
        .person("ben", |p| p)
        .account("7", |mut a| {
            let work = OpenWork::none(at("2026-11-09T11:00:00Z"));
            a.known.work = Some(Box::new(OpenWork { open: 5, reach: Reach::Whole, ..work }));
            a.of("anna")
        })
        .account("8", |a| a.of("ben"));
    world.rules().access.truncate(2);
    let was = world.accounts.iter().find(|(id, _)| id.as_str() == "7").unwrap().1.account.clone();
    assert_eq!(world.apply_all(), 2);
    for run in &mut world.runs {
        run.before_image = Some(was.clone());
    }
    world
}

fn run_of(world: &World, action: &str) -> Run {
    world.runs.iter().rev().find(|run| run.operation.action.word() == action).unwrap().clone()
}

/// Undoes what did `action`, as the service does.
fn undo(world: &mut World, action: &str) -> Keep {
    let run = run_of(world, action);
    let (state, work) = match undo::back(&run).unwrap() {
        Back::Account { state, .. } => (state, None),
        Back::Work => {
            let stays = vec!["ticket 12 is with cleo by now".to_owned()];
            let back = WorkBack { tickets: 4, teams: vec!["Chat".to_owned()], stays };
            (AccountChange::default(), Some(back))
        }
    };
    let person = &world.people[run.operation.person_id().unwrap()];
    let against = undo::wanted(person, &Rules::new(&world.seen()).expect(person));
    let keep = Keep {
        id: OrderId::derive("keep", "ines", world.now, run.id.as_str()),
        app: world.app.clone(),
        account: run.account.clone().unwrap(),
        person: Some(person.id.clone()),
        state,
        work,
        against,
        undone: run.id.clone(),
        what: run.operation.brief(),
        reason: "a mistake".to_owned(),
        by: "ines".to_owned(),
        at: world.now,
        until: world.now + SignedDuration::from_hours(7 * 24),
    };
    world.orders.keeps.push(keep.clone());
    keep
}

fn give_back(world: &World) -> Operation {
    let plan = world.plan();
    plan.operations.iter().find(|one| one.action.word() == "give_back").unwrap().clone()
}

#[test]
fn l4_the_account_comes_back_before_its_work_and_both_once() {
    let mut world = handed_over();
    undo(&mut world, "deactivate");
    undo(&mut world, "hand_over");
    assert_snapshot!(world.text(), @r#"
      reactivate 7 for Anna #1: "Anna" basic-agent inactive -> "Anna" basic-agent active
      give_back 7 for Anna #1: "Anna" basic-agent inactive -> "Anna" basic-agent inactive
      later 2026-11-16T11:00:00Z: Anna is decided anew: an undo ends
    "#);
    let planned = give_back(&world);
    let says: Vec<_> = planned.reasons.iter().map(|reason| reason.says.as_str()).collect();
    assert_eq!(says[0], "4 tickets and the place in the team Chat come back");
    assert_eq!(says[1], "1 not: ticket 12 is with cleo by now");
    // Not before the account lets in, whatever the plan says of both together.
    let Err(NotReleased::Held(held)) = Released::check(&planned, &world.plan()) else { panic!() };
    assert_eq!(held.holds[0].kind, HoldKind::HandOver);
    let first = world.plan().operations[0].clone();
    world.apply(&first);
    assert!(Released::check(&planned, &world.plan()).is_ok());
    assert_eq!(world.apply_all(), 1);
    // Nothing of it is done again, nor is her work given away while the undo holds.
    assert_snapshot!(world.text(), @"  later 2026-11-16T11:00:00Z: Anna is decided anew: an undo ends");
    assert_eq!(world.gap_kinds().iter().filter(|kind| **kind == "kept_by_undo").count(), 1);
    world.now = at("2026-11-16T11:00:00Z");
    assert_snapshot!(world.text(), @r#"
      deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
      hand_over 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent active
    "#);
}

#[test]
fn work_waits_for_an_account_that_does_not_let_in_or_only_looks_on() {
    let mut world = handed_over();
    undo(&mut world, "hand_over");
    let held = give_back(&world);
    assert!(!held.goes() && !held.goes_when_approved());
    assert_eq!(
        held.holds[0].reason,
        "anna@acme.example does not let in: nobody would work on its tickets"
    );
    // Letting in waits for somebody: then so does the work.
    world.rules().approval.reactivate = Consent::Ask;
    undo(&mut world, "deactivate");
    let first = world.plan().operations[0].clone();
    let release = &give_back(&world).holds[0].release;
    assert_eq!(*release, format!("first reactivate Anna: {}", first.fingerprint.brief()));
    world.approve(&first);
    assert!(give_back(&world).goes());

    let looks_on = handed_over().account("7", |a| a.of("anna").role("observer-agent"));
    let mut looks_on = looks_on.person("anna", |p| p.last_day("2026-11-06"));
    undo(&mut looks_on, "deactivate");
    undo(&mut looks_on, "hand_over");
    assert!(give_back(&looks_on).holds[0].reason.ends_with("observer-agent and only looks on"));
}

#[test]
fn an_account_that_is_about_to_be_shut_out_gets_nothing_back() {
    let mut world = handed_over().account("7", |a| a.of("anna"));
    undo(&mut world, "hand_over");
    let plan = world.plan();
    assert_eq!(plan.operations[0].action.word(), "deactivate");
    assert!(plan.operations[0].goes() && !give_back(&world).goes());
}

#[test]
fn work_comes_back_also_when_hr_mends_the_end_and_not_after_another_end() {
    let mut world = handed_over();
    undo(&mut world, "deactivate");
    undo(&mut world, "hand_over");
    let mended = world.clone().person("anna", |p| p);
    assert_eq!(give_back(&mended).fingerprint, give_back(&world).fingerprint);
    let other = world.clone().person("anna", |p| p.last_day("2026-11-05").manager("ben"));
    assert!(other.plan().operations.iter().all(|one| one.action.word() != "give_back"));
    world.orders.keeps.retain(|keep| keep.work.is_none());
    assert!(world.plan().operations.iter().all(|one| one.action.word() != "give_back"));
}

#[test]
fn the_switch_the_limit_and_the_approval_of_hand_overs_hold_it_too() {
    let mut world = handed_over();
    undo(&mut world, "deactivate");
    undo(&mut world, "hand_over");
    let kinds =
        |world: &World| give_back(world).holds.iter().map(|one| one.kind).collect::<Vec<_>>();
    assert!(kinds(&world).is_empty());
    let mut asked = world.clone();
    asked.rules().approval.hand_over = Consent::Ask;
    assert_eq!(kinds(&asked), [HoldKind::Approval]);
    let mut off = world.clone();
    off.rules().writes.hand_over = Switch::Off;
    assert_eq!(kinds(&off), [HoldKind::WritesOff]);
    let none = "{removals_per_day: 1000, hand_overs: {count: 0}}";
    let on = POLICY.replace("delete: true}", "delete: true, hand_over: true}");
    let mut limited = world.clone();
    limited.policy = read_policy(&on.replace("{removals_per_day: 1000}", none));
    assert_eq!(kinds(&limited), [HoldKind::Limit]);
    assert!(give_back(&world).action.moves_work() && !give_back(&world).action.removes_access());
}

#[test]
fn what_can_be_given_back_is_told_by_how_the_hand_over_ended() {
    let world = handed_over();
    let run = run_of(&world, "hand_over");
    let ended = |state: RunState| undo::back(&Run { state, ..run.clone() });
    assert_eq!(ended(RunState::Verified), Ok(Back::Work));
    assert_eq!(ended(RunState::Parked), Ok(Back::Work));
    assert!(ended(RunState::AlreadySo).unwrap_err().contains("nothing was changed"));
    for open in [RunState::Intended, RunState::Unknown] {
        assert!(ended(open).unwrap_err().contains("reads it back first"));
    }
    let mut undone = run;
    undone.operation.action = Action::GiveBack { undone: OperationId::from_chance([1; 16]) };
    assert!(undo::back(&undone).unwrap_err().contains("--end"));
}

#[test]
fn the_operation_is_told_from_others_by_what_it_undoes_alone() {
    let mut world = handed_over();
    undo(&mut world, "hand_over");
    let one = give_back(&world);
    let action = serde_json::to_value(&one.action).unwrap();
    let undone = run_of(&world, "hand_over").id;
    assert_eq!(action, serde_json::json!({"action": "give_back", "undone": undone}));
    // An approval outlives that the account is let in meanwhile, and other words for the reasons.
    let mut other = one.clone();
    other.before = None;
    other.after = None;
    other.reasons.clear();
    assert_eq!(other.computed_fingerprint().unwrap(), one.fingerprint);
    other.action = Action::GiveBack { undone: OperationId::from_chance([9; 16]) };
    assert_ne!(other.computed_fingerprint().unwrap(), one.fingerprint);
}
