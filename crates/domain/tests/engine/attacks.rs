//! What an adversary, or bad luck, would try; each once succeeded or came close.

use insta::assert_snapshot;
use jiff::SignedDuration;
use muster_domain::{
    engine::plan::{self, Released, Scope},
    model::{
        account::{AccountKind, AccountStatus},
        id::OrderId,
        operation::{Deactivation, Learned, RunState},
        order::{Freeze, Frozen, Stops},
        person::EmploymentStatus,
        plan::HoldKind,
    },
};

use crate::world::{World, at, person_id, role};

fn holds(world: &World) -> Vec<Vec<HoldKind>> {
    let operations = world.plan().operations;
    operations.iter().map(|o| o.holds.iter().map(|hold| hold.kind).collect()).collect()
}

fn left(world: World, name: &str) -> World {
    world.person(name, |p| p.ends("2026-11-06")).account(name, |a| a.of(name))
}

#[test]
fn an_account_of_an_unknown_role_does_not_pass_for_a_second_admin() {
    let mut world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .account("1", |a| a.of("owner").role("mystery"))
        .account("7", |a| a.of("anna").role("admin"));
    assert_eq!(holds(&world), [[HoldKind::Protected]]);
    world.sight.roles.push(role("mystery", 1));
    assert_eq!(holds(&world), [[HoldKind::Protected]]);
}

#[test]
fn an_account_whose_role_cannot_be_read_may_be_the_last_admin() {
    let world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .account("1", |a| a.of("key").role("agent"))
        .account("7", |a| a.of("anna").no_role());
    assert_eq!(holds(&world), [[HoldKind::CannotTell]]);
}

#[test]
fn the_last_admin_is_not_lowered_by_an_update_either() {
    let world = World::new()
        .person("anna", |p| p)
        .account("1", |a| a.of("key").role("agent"))
        .account("7", |a| a.of("anna").role("admin"));
    assert_eq!(holds(&world), [[HoldKind::Protected]]);
}

#[test]
fn a_protected_account_is_not_lowered_by_letting_it_in_again() {
    let world = World::new()
        .person("breakglass", |p| p)
        .account("7", |a| a.of("breakglass").role("admin").status(AccountStatus::Inactive));
    assert_eq!(holds(&world), [[HoldKind::Protected]]);
}

#[test]
fn a_login_in_another_normal_form_is_still_the_owner() {
    let world = World::new()
        .policy("owner@acme.example", "andr\u{e9}@acme.example")
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.email("Andre\u{301}@acme.example").confirmed("anna"));
    assert_eq!(holds(&world), [[HoldKind::Protected]]);
}

#[test]
fn a_role_the_app_does_not_offer_is_not_asked_for() {
    let mut world = World::new().person("anna", |p| p).person("ben", |p| p.title("Lead"));
    world.sight.roles.retain(|role| role.name.as_str() != "agent");
    let basic = world.sight.roles.iter_mut().find(|role| role.name.as_str() == "basic-agent");
    basic.unwrap().assignable = false;
    assert_snapshot!(world.text(), @r#"
    ! create new for Anna #1: nothing -> "Anna" basic-agent invited
        waits (unsupported): support lets nobody be given the role basic-agent
    ! create new for Ben #1: nothing -> "Ben" agent invited
        waits (unsupported): support offers no role agent
    "#);
}

#[test]
fn the_approval_of_the_first_invitation_does_not_serve_for_a_second() {
    let mut world = World::new().policy(" create: auto", " create: ask").person("anna", |p| p);
    world.approve_all();
    world.now += SignedDuration::from_mins(5);
    assert_eq!(world.apply_all(), 1);
    world.accounts.remove(&"new-1".parse().unwrap());
    world.links.clear();
    world.now += SignedDuration::from_mins(5);
    assert_snapshot!(world.text(), @r#"
    ! create new for Anna #1: nothing -> "Anna" basic-agent invited
        waits (already_invited): an invitation may already have gone out (op_g5dqr77xogo5lf46 at 2026-11-09 11:05 UTC)
        waits (approval): creating an account needs a named person's approval
    "#);
    world.approve_all();
    assert_eq!(world.apply_all(), 1, "a new approval does");
}

#[test]
fn a_second_position_is_no_reason_for_a_second_invitation() {
    let mut world = World::new().person("anna", |p| p);
    assert_eq!(world.apply_all(), 1);
    world.accounts.remove(&"new-1".parse().unwrap());
    world.links.clear();
    let world = world.person("anna", |p| p.again("2026-11-01").title("Lead"));
    assert_snapshot!(world.text(), @r#"
    ! create new for Anna #2: nothing -> "Anna" agent invited
        waits (already_invited): an invitation may already have gone out (op_g5dqr77xogo5lf46 at 2026-11-09 11:00 UTC)
    "#);
}

#[test]
fn nobody_approves_a_change_to_their_own_access_and_approvals_lapse() {
    let mut world = left(World::new().policy("deactivate: auto", "deactivate: ask"), "anna");
    world.approve_all();
    assert!(world.plan().operations[0].goes());
    let mut later = world.clone();
    later.now += SignedDuration::from_hours(72);
    assert!(!later.plan().operations[0].goes());
    for approval in world.approvals.values_mut() {
        approval.by = "Anna@acme.example".to_owned();
    }
    assert!(!world.plan().operations[0].goes());
}

#[test]
fn an_id_written_into_anothers_account_shuts_nobody_out() {
    let world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .person("ben", |p| p)
        .account("7", |a| a.of("ben").external_id(person_id("anna").as_str()));
    assert_eq!(holds(&world)[0], [HoldKind::CannotTell]);
}

#[test]
fn a_leavers_address_that_was_a_workers_is_contested() {
    let world = left(World::new(), "anna").person("ben", |p| p.formerly("anna@acme.example"));
    assert_eq!(holds(&world)[0], [HoldKind::CannotTell]);
}

#[test]
fn a_link_of_a_rule_is_contested_by_the_new_holder_of_the_address() {
    let world = World::new()
        .person("old", |p| p.ends("2026-11-06").email("anna@acme.example"))
        .person("anna", |p| p)
        .account("7", |a| a.of("anna").linked("old"));
    assert_snapshot!(world.text(), @r#"
    ! deactivate 7 for Old #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
        waits (cannot_tell): anna@acme.example is also claimed by Anna
    ! blocked Anna: an account already holds anna@acme.example, but is not theirs
    "#);
}

#[test]
fn two_people_of_one_address_are_not_both_invited_to_it() {
    let world = World::new().person("anna", |p| p).person("ann", |p| p.email("ANNA@acme.example"));
    assert_snapshot!(world.text(), @"
    ! blocked Ann: ANNA@acme.example is also the work address of Anna (hr/anna)
    ! blocked Anna: anna@acme.example is also the work address of Ann (hr/ann)
    ");
    let freed = world.person("ann", |p| p.email("anna@acme.example").ends("2026-11-06"));
    assert_eq!(freed.plan().operations.len(), 1);
}

#[test]
fn an_account_that_is_gone_blocks_no_joiner() {
    let world = World::new()
        .person("anna", |p| p)
        .account("7", |a| a.email("x@private.example").named("Anna").gone());
    assert_eq!(world.plan().operations.len(), 1);
}

#[test]
fn a_leave_in_an_ended_engagement_does_not_keep_a_rehire_out() {
    let world = World::new().person("anna", |p| {
        p.ends("2026-03-31")
            .terms(|t| t.leave_start = Some("2026-01-01".parse().unwrap()))
            .again("2026-11-02")
    });
    assert_eq!(world.plan().operations.len(), 1);
}

#[test]
fn a_hire_without_a_first_day_waits_visibly() {
    let world = World::new()
        .person("anna", |p| p.status(EmploymentStatus::Pending).terms(|t| t.start_date = None))
        .person("ben", |p| {
            p.status(EmploymentStatus::Unknown).terms(|t| t.status_raw = Some("Zorg".to_owned()))
        });
    assert_snapshot!(world.text(), @r#"
    ! blocked Ben: it cannot be told what they should have: nobody mapped the status "Zorg" (source hr/ben)
    ! blocked Anna: it cannot be told what they should have: hired, but the first day is not told (source hr/anna)
    "#);
}

#[test]
fn an_old_leaver_who_is_to_return_is_still_history() {
    let world = World::new()
        .person("anna", |p| p.ends("2024-06-30").again("2027-01-04"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @r#"
    ! deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
        waits (history): the end on 2024-06-30 was long past when Muster first heard of it
      later 2026-12-31T23:00:00Z: Anna has an account, should be basic-agent
    "#);
}

#[test]
fn an_order_makes_history_an_order() {
    let world = World::new()
        .person("anna", |p| p.ends("2024-06-30").offboarded("2026-11-09T10:00:00Z"))
        .account("7", |a| a.of("anna"));
    assert!(world.plan().operations[0].goes());
}

#[test]
fn an_order_for_an_earlier_engagement_does_not_exempt_a_later_end_from_the_limit() {
    let world = World::new().policy("removals_per_day: 1000", "removals_per_day: 0");
    let ordered = left(world.clone(), "anna")
        .person("anna", |p| p.ends("2026-11-06").offboarded("2026-11-05T10:00:00Z"));
    assert!(ordered.plan().operations[0].goes());
    let rehired = left(world, "anna").person("anna", |p| {
        p.ends("2026-03-31")
            .offboarded("2026-03-01T10:00:00Z")
            .again("2026-06-01")
            .ends("2026-11-06")
    });
    assert_eq!(holds(&rehired), [[HoldKind::Limit]]);
}

#[test]
fn an_order_that_was_taken_back_does_not_use_up_the_limit() {
    let world = World::new().policy("removals_per_day: 1000", "removals_per_day: 1");
    let mut world = left(world, "ben")
        .person("anna", |p| p.offboarded("2026-11-09T10:00:00Z"))
        .account("anna", |a| a.of("anna"));
    let cut = |operation: &&muster_domain::model::plan::Operation| operation.name() == "Anna";
    let operations = world.plan().operations;
    world.ran(operations.iter().find(cut).unwrap(), RunState::Verified);
    let world = world
        .person("anna", |p| p)
        .account("anna", |a| a.of("anna").status(AccountStatus::Inactive));
    let plan = world.plan();
    let removals: Vec<_> = plan.operations.iter().filter(|one| one.name() == "Ben").collect();
    assert!(removals.len() == 1 && removals[0].goes(), "{}", world.text());
}

#[test]
fn law_2_a_start_withdrawn_and_told_again_brings_no_second_invitation() {
    let mut world = World::new().person("anna", |p| p);
    let invites = world.plan().operations.remove(0);
    // Nobody knows whether it went out.
    world.ran(&invites, RunState::Parked);
    let anna = world.people.get_mut(&person_id("anna")).unwrap();
    let mut again = anna.engagements[0].clone();
    again.number = 2;
    anna.engagements[0].terms.status = Some(EmploymentStatus::Withdrawn);
    anna.engagements.push(again);
    assert_eq!(world.plan().operations[0].action.word(), "create");
    assert_eq!(holds(&world), [[HoldKind::AlreadyInvited]]);
    // It was taken back since, and is gone.
    world.runs[0].account = Some("9".parse().unwrap());
    let mut world = world.account("9", |a| a.email("other@acme.example"));
    let now = world.now;
    world.accounts.get_mut(&"9".parse().unwrap()).unwrap().gone = Some(now);
    assert_eq!(holds(&world), [[]]);
}

#[test]
fn the_next_rung_for_the_same_account_does_not_count_twice() {
    let world = World::new().policy("removals_per_day: 1000", "removals_per_day: 2");
    let mut world = left(left(world, "anna"), "ben");
    for operation in world.plan().operations {
        world.ran(&operation, RunState::Parked);
    }
    let learned = Some(Learned { deactivation: Deactivation::Ignored, at: world.now });
    for name in ["anna", "ben"] {
        world.accounts.get_mut(&name.parse().unwrap()).unwrap().learned = learned;
    }
    let fresh = world.plan();
    assert!(
        fresh.operations.iter().all(muster_domain::model::plan::Operation::goes),
        "{}",
        world.text()
    );
}

#[test]
fn the_fallback_is_released_with_the_approval_of_the_deactivation() {
    let mut world = left(World::new().policy("deactivate: auto", "deactivate: ask"), "anna");
    world.approve_all();
    let planned = world.plan();
    let released = Released::check(&planned.operations[0], &planned).unwrap();
    let id = "anna".parse().unwrap();
    world.accounts.get_mut(&id).unwrap().learned =
        Some(Learned { deactivation: Deactivation::Ignored, at: world.now });
    let anna = &world.people[&person_id("anna")];
    let fresh = plan::plan_for(&world.seen(), &world.correlation(), Scope::Person(anna));
    assert!(!fresh.operations[0].goes(), "by itself it waits");
    let next = Released::fallback(&released, &fresh).unwrap();
    assert_eq!(next.operation().action.word(), "reduce");
}

#[test]
fn many_demotions_at_once_wait_as_many_removals_do() {
    let mut world = World::new().policy("removals_per_day: 1000", "removals_per_day: 2");
    for name in ["anna", "ben", "cleo"] {
        world = world.person(name, |p| p).account(name, |a| a.of(name).role("agent"));
    }
    assert_eq!(holds(&world), [[HoldKind::Limit], [HoldKind::Limit], [HoldKind::Limit]]);
}

#[test]
fn accounts_that_are_shut_out_do_not_widen_the_limit() {
    let mut world = World::new().policy("limits: {removals_per_day: 1000}", "limits: {}");
    for name in ["anna", "ben", "cleo"] {
        world = left(world, name);
    }
    for number in 100..400 {
        let id = number.to_string();
        world = world.account(&id, |a| a.status(AccountStatus::Inactive));
    }
    assert_eq!(holds(&world)[0], [HoldKind::Limit]);
}

#[test]
fn a_bot_tied_to_a_leaver_is_left_to_the_app() {
    let world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.login("bot").kind(AccountKind::Bot).confirmed("anna"));
    assert_eq!(holds(&world), [[HoldKind::Protected]]);
}

#[test]
fn a_read_without_a_proof_creates_nothing_and_lets_nobody_in() {
    let mut world = World::new()
        .person("anna", |p| p)
        .person("ben", |p| p)
        .account("7", |a| a.of("ben").status(AccountStatus::Inactive));
    for completeness in [None, world.clone().unproven().sight.completeness] {
        world.sight.completeness = completeness;
        assert_eq!(holds(&world), [[HoldKind::Unproven], [HoldKind::Unproven]]);
    }
}

#[test]
fn an_app_that_cannot_shut_out_shows_reduced_and_not_a_plan_that_is_empty() {
    let mut world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna").role("observer-agent"));
    world.sight.can_deactivate = false;
    assert_eq!(world.text(), "nothing to do\n");
    assert!(world.gap_kinds().contains(&"offboarded_reduced"));
}

#[test]
fn a_second_admin_who_leaves_at_the_same_time_is_the_last_one() {
    let mut world = World::new()
        .account("1", |a| a.of("key").role("agent"))
        .account("owner", |a| a.of("owner").role("agent"));
    for name in ["anna", "ben"] {
        world = world
            .person(name, |p| p.ends("2026-11-06"))
            .account(name, |a| a.of(name).role("admin"));
    }
    world.now = at("2026-11-09T11:00:00Z");
    assert_eq!(holds(&world), [vec![], vec![HoldKind::Protected]]);
}

#[test]
fn approving_one_removal_makes_no_room_for_others() {
    let mut world = World::new().policy("removals_per_day: 1000", "removals_per_day: 2");
    for name in ["anna", "ben", "cleo"] {
        world = world.person(name, |p| p.ends("2026-11-06")).account(name, |a| a.of(name));
    }
    let plan = world.plan();
    world.approve(&plan.operations[0]);
    let goes = |world: &World| world.plan().operations.iter().filter(|one| one.goes()).count();
    assert_eq!(goes(&world), 1);
    assert_eq!(world.apply_all(), 1);
    assert_eq!(goes(&world), 0, "what was approved counts as made");
}

#[test]
fn one_ignored_write_does_not_keep_a_leaver_inside_where_the_app_obeys() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    let id: muster_domain::model::id::AccountId = "7".parse().unwrap();
    let learned = Learned { deactivation: Deactivation::Ignored, at: world.now };
    world.accounts.get_mut(&id).unwrap().learned = Some(learned);
    let action = |world: &World| world.plan().operations[0].action.word();
    assert_eq!(action(&world), "reduce");
    // It obeyed for somebody else since: this one is worth another try.
    world.sight.deactivation_worked = Some(world.now + SignedDuration::from_secs(1));
    assert_eq!(action(&world), "deactivate");
    // It obeyed before: another try a day later.
    world.sight.deactivation_worked = Some(world.now - SignedDuration::from_secs(1));
    assert_eq!(action(&world), "reduce");
    world.now += SignedDuration::from_hours(24);
    assert_eq!(action(&world), "deactivate");
}

#[test]
fn what_a_leaver_lost_is_not_given_back_without_a_named_person() {
    let mut world = World::new()
        .policy("reactivate: auto", "reactivate: ask")
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna"));
    world.sight.can_deactivate = false;
    assert_eq!(world.plan().operations[0].action.word(), "reduce");
    assert_eq!(world.apply_all(), 1);
    for person in world.people.values_mut() {
        person.engagements[0].terms.end_date = None;
    }
    assert_eq!(world.plan().operations[0].action.word(), "update");
    assert_eq!(holds(&world), [vec![HoldKind::Approval]]);
}

fn freeze(frozen: Frozen, stops: Stops) -> Freeze {
    let at = at("2026-11-09T10:00:00Z");
    Freeze {
        id: OrderId::derive("freeze", "ann", at, &format!("{frozen:?}")),
        frozen,
        stops,
        reason: "an inquiry".to_owned(),
        by: "ann".to_owned(),
        at,
        until: None,
    }
}

#[test]
fn what_is_frozen_is_not_written_to_by_any_approval() {
    let base = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .person("ben", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna"))
        .account("8", |a| a.of("ben"));
    let kinds = |frozen: Frozen| {
        let mut world = base.clone();
        world.orders.freezes.push(freeze(frozen, Stops::Writes));
        world.approve_all();
        holds(&world)
    };
    let app = |name: &str| Frozen::App { app: name.parse().unwrap() };
    assert_eq!(kinds(Frozen::Everything), [[HoldKind::Frozen], [HoldKind::Frozen]]);
    assert_eq!(kinds(app("support")), [[HoldKind::Frozen], [HoldKind::Frozen]]);
    assert_eq!(kinds(app("shop")), [vec![], vec![]]);
    let anna = Frozen::Person { person: person_id("anna") };
    assert_eq!(kinds(anna), [vec![HoldKind::Frozen], vec![]]);
}

#[test]
fn a_freeze_ends_when_its_time_has_come() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    let until = world.now + SignedDuration::from_hours(1);
    world.orders.freezes =
        vec![Freeze { until: Some(until), ..freeze(Frozen::Everything, Stops::Writes) }];
    assert_eq!(holds(&world), [[HoldKind::Frozen]]);
    world.now = until;
    assert_eq!(holds(&world), [[]]);
}

#[test]
fn a_litigation_hold_stops_deleting_but_not_cutting_sign_in() {
    let mut world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .person("ben", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna"))
        .account("8", |a| a.of("ben").status(AccountStatus::Invited));
    world.orders.freezes = vec![freeze(Frozen::Everything, Stops::Deletions)];
    let plan = world.plan();
    let held: Vec<_> = plan.operations.iter().map(|one| (one.action.word(), one.goes())).collect();
    assert_eq!(held, [("deactivate", true), ("cancel_invite", false)]);
}

#[test]
fn a_misspelled_account_owner_protects_nobody_and_so_holds_every_admin() {
    let world = |owner: &str| {
        left(World::new(), "anna")
            .account("owner", |a| a.of("owner").role("admin"))
            .account("anna", |a| a.of("anna").role("admin"))
            .policy("owner@acme.example", owner)
    };
    assert_eq!(holds(&world("owner@acme.example")), [[] as [HoldKind; 0]]);
    assert_eq!(holds(&world("ownr@acme.example")), [[HoldKind::CannotTell]]);
}
