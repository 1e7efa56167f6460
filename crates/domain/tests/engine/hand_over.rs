//! Work before removal, and deletion after both (law 5; L10, L11a, L17, L20).

use insta::assert_snapshot;
use jiff::SignedDuration;
use muster_domain::{
    engine::plan::{self, NotReleased, Released, Scope},
    model::{
        account::AccountStatus,
        id::OrderId,
        operation::{Deactivation, RunState},
        order::{Freeze, Frozen, Stops, WorkOrder},
        plan::{Action, Reversibility},
        policy::{Consent, Switch},
        work::{HandOverTo, OpenWork, Reach, Recipient},
    },
};

use proptest::prelude::*;

use crate::world::{AccountIs, PersonIs, World, at, person_id};

const RULE: &str = "leaver: {hand_over: {to: manager}, delete_after: 30 days}";

fn holds(account: AccountIs, open: u64) -> AccountIs {
    let at = at("2026-11-09T11:00:00Z");
    let work = OpenWork { open, reach: Reach::Whole, ..OpenWork::none(at) };
    AccountIs {
        known: {
            let mut known = account.known;
            known.work = Some(Box::new(work));
            known
        },
        ..account
    }
}

fn managed_by(person: PersonIs, name: &str) -> PersonIs {
    person.terms(|terms| terms.manager = Some(name.parse().unwrap()))
}

/// Anna left on Friday with five open tickets; Ben manages her, Cleo manages Ben.
fn office(leaver: &str) -> World {
    let with = format!("delete: true, hand_over: true}}\n    {leaver}");
    let mut world = World::new()
        .policy("delete: true}", &with)
        .person("anna", |p| managed_by(p.last_day("2026-11-06"), "ben"))
        .person("ben", |p| managed_by(p, "cleo"))
        .person("cleo", |p| p)
        .account("7", |a| holds(a.of("anna"), 5))
        .account("8", |a| a.of("ben"))
        .account("9", |a| a.of("cleo"));
    world.rules().access.truncate(2);
    world
}

fn recipient(world: &World) -> Recipient {
    let plan = world.plan();
    let to = plan.operations.iter().find_map(|one| match &one.action {
        Action::HandOver { to, .. } => Some(to.clone()),
        _ => None,
    });
    to.unwrap()
}

fn account(id: &str) -> Recipient {
    Recipient::Account { account: id.parse().unwrap() }
}

#[test]
fn l10_cutting_sign_in_never_waits_and_the_work_goes_to_the_manager() {
    let mut world = office(RULE);
    assert_snapshot!(world.text(), @r#"
      deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
      hand_over 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent active
    "#);
    assert_eq!(recipient(&world), account("8"));
    let reasons = world.plan().operations[0].reasons.clone();
    assert!(reasons.iter().any(|r| r.says == "holds 5 open tickets, as read 2026-11-09 11:00 UTC"));

    world.apply_all();
    assert_snapshot!(world.text(), @"  later 2026-12-09T11:00:00Z: Anna account 7 is deleted");
    let later = world.clone().now("2026-12-09T11:00:00Z");
    assert_snapshot!(later.text(), @r#"  delete 7 for Anna #1: "Anna" basic-agent inactive -> nothing"#);
    let delete = &later.plan().operations[0];
    assert!(matches!(delete.reversibility, Reversibility::Never { .. }));
    assert!(delete.action.deletes() && delete.action.removes_access());
}

#[test]
fn l10_an_approved_hand_over_stays_approved_while_the_account_is_shut_out() {
    let mut world = office(RULE);
    world.rules().approval.hand_over = Consent::Ask;
    let asked = world.plan().operations[1].clone();
    assert!(!asked.goes() && asked.goes_when_approved());
    world.approve(&asked);
    let cut = world.plan().operations[0].clone();
    world.apply(&cut);
    assert!(world.plan().operations[0].goes());
    assert_eq!(world.plan().operations[0].fingerprint, asked.fingerprint);
}

#[test]
fn l10_where_the_manager_cannot_take_it_the_managers_manager_does_then_the_owner_of_the_app() {
    let away = |p: PersonIs| managed_by(p.last_day("2026-11-12"), "cleo");
    let looks_on = |a: AccountIs| a.of("ben").role("observer-agent");
    let shut_out = |a: AccountIs| a.of("ben").status(AccountStatus::Inactive);
    assert_eq!(recipient(&office(RULE).person("ben", away)), account("9"));
    assert_eq!(recipient(&office(RULE).account("8", looks_on)), account("9"));
    assert_eq!(recipient(&office(RULE).account("8", shut_out)), account("9"));
    let mut nobody = office(RULE).account("8", looks_on).account("9", shut_out);
    assert_eq!(recipient(&nobody), Recipient::Unknown);
    assert!(nobody.text().contains("waits (hand_over): nobody can take the work over: "));
    nobody.rules().owner = Some("dora@acme.example".parse().unwrap());
    let owned = nobody.person("dora", |p| p).account("10", |a| a.of("dora"));
    assert_eq!(recipient(&owned), account("10"));
}

#[test]
fn l10_managers_in_a_circle_end_in_a_hold() {
    let circle = office(RULE)
        .person("cleo", |p| managed_by(p, "ben"))
        .account("8", |a| a.of("ben").gone())
        .account("9", |a| a.of("cleo").gone());
    assert_eq!(recipient(&circle), Recipient::Unknown);
}

fn chosen(world: &mut World, to: HandOverTo) {
    let order = WorkOrder {
        person: person_id("anna"),
        app: None,
        to,
        by: "ines".to_owned(),
        at: world.now,
    };
    world.orders.work.push(order);
}

#[test]
fn l10_what_a_person_chose_goes_before_the_policy() {
    let mut world = office(RULE);
    chosen(&mut world, "cleo@acme.example".parse().unwrap());
    assert_eq!(recipient(&world), account("9"));
    let turn =
        office("leaver: {hand_over: {to: 'round_robin cleo@acme.example, ben@acme.example'}}");
    let accounts = ["9", "8"].map(|id| id.parse().unwrap()).to_vec();
    assert_eq!(recipient(&turn), Recipient::InTurn { accounts });
    let team = office("leaver: {hand_over: {to: team Chat}}");
    assert_eq!(recipient(&team), Recipient::Team { team: "Chat".to_owned() });
}

#[test]
fn l10_without_a_rule_the_plan_says_what_is_left_and_nothing_is_deleted_before_somebody_chose() {
    let mut world = office("leaver: {delete_after: 30 days}");
    let cut = world.plan().operations[0].clone();
    assert!(cut.reasons.iter().any(|r| r.says == "no rule says who takes the work over"));
    world.apply_all();
    let mut world = world.now("2026-12-20T11:00:00Z");
    assert!(world.text().contains("waits (hand_over): the account still holds 5 open tickets"));
    chosen(&mut world, HandOverTo::Nobody);
    assert!(world.plan().operations[0].goes());
    let reasons = &world.plan().operations[0].reasons;
    assert!(reasons.iter().any(|r| r.says == "ines chose that nobody takes the work over"));
}

#[test]
fn a_deletion_waits_for_a_fresh_look_at_the_work() {
    let mut world = office(RULE);
    world.apply_all();
    let mut world = world.now("2026-12-20T11:00:00Z");
    let id = "7".parse().unwrap();
    world.accounts.get_mut(&id).unwrap().work.as_mut().unwrap().at = at("2026-11-07T11:00:00Z");
    assert!(
        world.text().contains("waits (hand_over): what work the account holds was last looked")
    );
    world.accounts.get_mut(&id).unwrap().work = None;
    assert!(world.text().contains("waits (hand_over): nobody has looked yet"));
}

#[test]
fn a_deletion_needs_its_own_switch_and_approval_and_no_litigation_hold() {
    let mut world = office(RULE);
    world.apply_all();
    let mut world = world.now("2026-12-20T11:00:00Z");
    world.rules().writes.delete = Switch::Off;
    world.rules().approval.delete = Consent::Ask;
    world.orders.freezes.push(Freeze {
        id: OrderId::derive("freeze", "ines", world.now, ""),
        frozen: Frozen::Person { person: person_id("anna") },
        stops: Stops::Deletions,
        reason: "court".to_owned(),
        by: "ines".to_owned(),
        at: world.now,
        until: None,
    });
    let holds: Vec<_> = world.plan().operations[0].holds.iter().map(|h| h.kind.word()).collect();
    assert_eq!(holds, ["frozen", "writes_off", "approval"]);
}

#[test]
fn l11a_where_the_app_only_deletes_rights_are_lowered_first_and_deletion_comes_last() {
    let mut world =
        office(RULE).account("7", |a| holds(a.of("anna").learned(Deactivation::Ignored), 5));
    assert_snapshot!(world.text(), @r#"
      reduce 7 for Anna #1: "Anna" basic-agent active -> "Anna" observer-agent active
      hand_over 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent active
    "#);
    world.apply_all();
    assert_eq!(world.gap_kinds().iter().filter(|kind| **kind == "offboarded_reduced").count(), 1);
    let later = world.now("2026-12-09T11:00:00Z");
    assert_snapshot!(later.text(), @r#"  delete 7 for Anna #1: "Anna" observer-agent active -> nothing"#);
}

#[test]
fn l20_a_rehire_before_the_delayed_deletion_cancels_it() {
    let mut world = office(RULE);
    world.apply_all();
    let world = world.now("2026-12-09T11:00:00Z");
    let planned = world.plan().operations[0].clone();
    assert_eq!(planned.action.word(), "delete");
    let back = |start: &'static str| {
        move |p: PersonIs| managed_by(p.last_day("2026-11-06"), "ben").again(start)
    };
    let soon = world.clone().person("anna", back("2027-01-04"));
    assert!(soon.plan().operations.is_empty(), "{}", soon.text());
    let now = world.person("anna", back("2026-12-01"));
    let words: Vec<_> = now.plan().operations.iter().map(|o| o.action.word()).collect();
    assert_eq!(words, ["reactivate"]);
    let fresh = plan::plan_for(
        &now.seen(),
        &now.correlation(),
        Scope::Person(&now.people[&person_id("anna")]),
    );
    assert_eq!(Released::check(&planned, &fresh), Err(NotReleased::Void));
}

#[test]
fn an_account_that_was_let_in_meanwhile_begins_to_wait_anew() {
    let mut world = office(RULE);
    world.apply_all();
    let known = world.accounts.get_mut(&"7".parse().unwrap()).unwrap();
    known.account.updated = Some(world.now + SignedDuration::from_hours(20 * 24));
    let world = world.now("2026-12-09T11:00:00Z");
    assert_snapshot!(world.text(), @"  later 2026-12-29T11:00:00Z: Anna account 7 is deleted");
}

#[test]
fn l17_an_account_that_comes_back_after_deletion_is_a_gap_of_its_own() {
    let mut world = office(RULE);
    world.apply_all();
    let mut world = world.now("2026-12-09T11:00:00Z");
    world.apply_all();
    assert!(!world.gap_kinds().contains(&"came_back"));
    let restored = world.clone().account("7", |a| a.of("anna"));
    assert_eq!(restored.gap_kinds()[0], "came_back");
    let joined = world.account("70", |a| a.of("anna").created("2026-12-10"));
    assert_eq!(joined.gap_kinds()[0], "came_back");
    assert!(joined.text().contains("deactivate 70"));
}

#[test]
fn a_planned_leaver_shows_what_will_be_handed_over() {
    let world = office(RULE).person("anna", |p| managed_by(p.last_day("2026-11-13"), "ben"));
    assert_snapshot!(world.text(), @r"
    later 2026-11-13T17:00:00Z: Anna leaves 5 open tickets: Ben manages Anna
    later 2026-11-13T17:00:00Z: Anna loses access
    ");
}

#[test]
fn history_is_no_order_to_hand_over_either() {
    let world = office(RULE).person("anna", |p| {
        managed_by(p.first_seen("2026-11-01T00:00:00Z").last_day("2026-08-03"), "ben")
    });
    for operation in world.plan().operations {
        assert_eq!(operation.holds[0].kind.word(), "history", "{operation:?}");
    }
    let mut done = office(RULE);
    let operation = done.plan().operations[1].clone();
    done.ran(&operation, RunState::Verified);
    assert_eq!(done.plan().operations.len(), 2, "work that is there again is handed over again");
}

#[test]
fn what_keeps_one_account_of_a_leaver_from_being_deleted_keeps_her_others_too() {
    let mut world = office(RULE).account("70", |a| holds(a.linked("anna"), 0));
    world.apply_all();
    let mut world = world.now("2026-12-09T11:00:00Z");
    assert_eq!(world.plan().operations.iter().filter(|one| one.goes()).count(), 2);
    let known = world.accounts.get_mut(&"7".parse().unwrap()).unwrap();
    known.work.as_mut().unwrap().open = 1;
    let deletions: Vec<_> = world
        .plan()
        .operations
        .into_iter()
        .filter(|one| one.action == Action::Delete)
        .map(|one| one.holds[0].reason.clone())
        .collect();
    assert_eq!(deletions.len(), 2);
    let together = "another deletion for the same person cannot go".to_owned();
    assert!(deletions.contains(&together), "{deletions:?}");
}

fn reach() -> impl Strategy<Value = Reach> {
    prop_oneof![Just(Reach::Whole), Just(Reach::Stopped), Just(Reach::AtLeast)]
}

/// A leaver's account in any condition, under any rule.
fn some_leaver() -> impl Strategy<Value = World> {
    let work = proptest::option::of((0..3_u64, reach(), 0..40_i64, any::<bool>()));
    let rules = prop_oneof![
        Just("leaver: {delete_after: 5 days}"),
        Just("leaver: {hand_over: {to: manager}, delete_after: 5 days}"),
        Just("leaver: {hand_over: {to: nobody}, delete_after: 5 days}"),
        Just("leaver: {hand_over: {to: manager}}"),
    ];
    let account = (0..4_u8, any::<bool>(), any::<bool>(), any::<bool>(), 0..12_i64);
    (work, rules, account).prop_map(|(work, rules, (status, deletes, kept, ran, days))| {
        let mut world = office(rules);
        if ran {
            world.apply_all();
        }
        world.now += SignedDuration::from_hours(days * 24);
        let now = world.now;
        let known = world.accounts.get_mut(&"7".parse().unwrap()).unwrap();
        known.account.status = [
            AccountStatus::Active,
            AccountStatus::Inactive,
            AccountStatus::Invited,
            AccountStatus::Unknown,
        ][usize::from(status)];
        known.work = work.map(|(open, reach, hours, in_team)| {
            Box::new(OpenWork {
                open,
                reach,
                teams: in_team.then(|| "Chat".to_owned()).into_iter().collect(),
                ..OpenWork::none(now - SignedDuration::from_hours(hours))
            })
        });
        world.sight.started = Some(now);
        world.rules().writes.delete = deletes.into();
        if kept {
            chosen(&mut world, HandOverTo::Nobody);
        }
        world
    })
}

proptest! {
    #[test]
    fn law_5_nothing_is_deleted_that_is_known_to_hold_work_unless_somebody_chose(
        world in some_leaver(),
    ) {
        let known = &world.accounts[&"7".parse().unwrap()];
        for operation in world.plan().operations {
            if operation.action != Action::Delete || !operation.goes() {
                continue;
            }
            let rules = &world.policy.apps[&world.app];
            prop_assert_eq!(rules.writes.delete, Switch::On);
            prop_assert_eq!(rules.delete_after_days, Some(5));
            prop_assert_eq!(known.account.status, AccountStatus::Inactive);
            let shut = world.runs.iter().filter(|run| run.operation.action.word() == "deactivate");
            let shut = shut.map(|run| run.changed).max().unwrap();
            prop_assert!(world.now.duration_since(shut) >= SignedDuration::from_hours(5 * 24));
            let work = known.work.as_ref().unwrap();
            prop_assert!(world.now.duration_since(work.at) <= SignedDuration::from_hours(24));
            let to_nobody = rules.hand_over.as_ref().is_some_and(|r| r.to == HandOverTo::Nobody);
            let chosen = !world.orders.work.is_empty() || to_nobody;
            prop_assert!(chosen || (work.open == 0 && work.reach != Reach::AtLeast));
        }
    }

    #[test]
    fn law_1_neither_shutting_out_nor_lowering_waits_for_a_hand_over(world in some_leaver()) {
        for operation in world.plan().operations {
            if matches!(operation.action, Action::Deactivate { .. } | Action::Reduce { .. }) {
                prop_assert!(operation.goes(), "{:?}", operation.holds);
            }
        }
    }
}

#[test]
fn a_deletion_that_should_go_goes() {
    // The property above would hold of a planner that deletes nothing.
    let mut world = office(RULE);
    world.apply_all();
    let mut world = world.now("2026-12-09T11:00:00Z");
    assert!(world.plan().operations[0].goes());
    let known = world.accounts.get_mut(&"7".parse().unwrap()).unwrap();
    known.work.as_mut().unwrap().reach = Reach::Stopped;
    assert!(world.plan().operations.iter().all(|one| one.action == Action::Delete && one.goes()));
}
