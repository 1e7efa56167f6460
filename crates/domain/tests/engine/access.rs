//! Groups, one-off access, leave, grace, and the switches of an app: small worlds beside their plans.

use insta::assert_snapshot;
use muster_domain::{
    engine::groups,
    model::{
        account::AccountStatus,
        group::Weight,
        person::{EmploymentStatus, EngagementKind},
        policy::{Switch, Writes},
    },
};

use crate::world::{PersonIs, World};

/// Anna in Sales, to whom no rule of the policy gives anything.
fn seller(p: PersonIs) -> PersonIs {
    p.department("Sales")
}

/// What is wrong, but for the account of Muster's own key, which is nobody's here.
fn gaps(world: &World) -> Vec<&'static str> {
    world.gap_kinds().into_iter().filter(|kind| *kind != "unidentified").collect()
}

fn why(world: &World, operation: usize) -> String {
    let plan = world.plan();
    plan.operations[operation].reasons.iter().map(|reason| format!("{reason}\n")).collect()
}

#[test]
fn a_group_gives_by_rule_and_by_hand_and_the_reasons_say_which() {
    let world = World::new()
        .person("anna", seller)
        .person("ben", |p| p.department("Finance"))
        .person("cleo", |p| p.department("Legal"))
        .group("sellers", "person.department == \"Sales\"", &["lite-agent"])
        .member("sellers", "ben", Some("2026-12-31"));
    assert_snapshot!(world.text(), @r#"
      create new for Anna #1: nothing -> "Anna" lite-agent invited
      create new for Ben #1: nothing -> "Ben" lite-agent invited
      later 2026-12-31T23:00:00Z: Ben is given access by nothing any more
    "#);
    assert_snapshot!(why(&world, 0), @r#"
    gives lite-agent (group sellers)
    a member by its rule person.department == "Sales" (group sellers)
    works here from 2024-01-01 on, no end is known (source hr/anna)
    "#);
    assert_snapshot!(why(&world, 1), @r"
    gives lite-agent (group sellers)
    put in by chief, through 2026-12-31 (group sellers)
    works here from 2024-01-01 on, no end is known (source hr/ben)
    ");
}

#[test]
fn a_parent_passes_its_access_on_and_the_strongest_role_counts() {
    let world = World::new()
        .person("anna", |p| p)
        .account("7", |a| a.of("anna"))
        .group("company", "", &["lite-agent"])
        .group_below("support", &["company"], "", &["agent"])
        .group_below("chat", &["support"], "", &[])
        .member("chat", "anna", None);
    assert_snapshot!(world.text(), @r#"  update 7 for Anna #1: "Anna" basic-agent active -> "Anna" agent active"#);
    assert_snapshot!(why(&world, 0), @r"
    gives agent (group support)
    its access goes to members of chat as well (group support)
    put in by chief (group chat)
    works here from 2024-01-01 on, no end is known (source hr/anna)
    ");
    let members =
        groups::members(&world.orders, &world.policy.organization, &world.people, world.now);
    assert_eq!(members.values().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn a_group_cannot_stand_above_itself() {
    let world = World::new().group("a", "", &[]).group_below("b", &["a"], "", &[]);
    let loops = |name: &str, parents: &[&str]| {
        let changed = world.clone().group_below(name, parents, "", &[]);
        groups::loops(&world.orders, changed.orders.groups.last().unwrap())
    };
    assert!(loops("a", &["b"]));
    assert!(loops("a", &["a"]));
    assert!(!loops("c", &["a", "b"]));
    let deep = world.clone().group_below("c", &["b"], "", &[]);
    let changed = deep.clone().group_below("a", &["c"], "", &[]);
    assert!(groups::loops(&deep.orders, changed.orders.groups.last().unwrap()));
}

#[test]
fn j10_added_to_a_group_later_is_as_if_from_the_start() {
    let before = World::new().group("chat", "", &["agent"]).person("anna", |p| p);
    let mut later = before.clone();
    later.apply_all();
    let mut later = later.member("chat", "anna", None);
    later.apply_all();
    let mut first = before.member("chat", "anna", None);
    first.apply_all();
    assert_eq!(later.accounts, first.accounts);
    assert_snapshot!(later.text(), @"nothing to do");
}

#[test]
fn j14_one_off_access_ends_on_its_day_and_with_the_job() {
    let world = World::new()
        .policy("approval:", "no_rule: remove\n    approval:")
        .person("anna", |p| seller(p).zone("America/New_York"))
        .account("7", |a| a.of("anna").role("lite-agent"))
        .grant("anna", "lite-agent", Some("2026-11-20"), Weight::Beside);
    // Through the day, where she is.
    assert_snapshot!(world.text(), @"  later 2026-11-21T05:00:00Z: Anna loses access");
    assert_snapshot!(world.clone().now("2026-11-21T04:59:59Z").text(), @"  later 2026-11-21T05:00:00Z: Anna loses access");
    assert_snapshot!(world.clone().now("2026-11-21T05:00:00Z").text(), @r#"  deactivate 7 for Anna #1: "Anna" lite-agent active -> "Anna" lite-agent inactive"#);
    let leaver = world.person("anna", |p| seller(p).ends("2026-11-06"));
    assert_snapshot!(leaver.text(), @r#"  deactivate 7 for Anna #1: "Anna" lite-agent active -> "Anna" lite-agent inactive"#);
}

#[test]
fn what_was_ordered_by_hand_does_not_wait_for_somebody_who_comes_back() {
    let world = World::new()
        .grant("anna", "admin", None, Weight::Beside)
        .group("chat", "", &["agent"])
        .member("chat", "anna", None)
        .person("anna", |p| p.ends("2026-10-31").again("2026-11-09"))
        .account("7", |a| a.of("anna").status(AccountStatus::Inactive));
    assert_snapshot!(world.text(), @r#"  reactivate 7 for Anna #2: "Anna" basic-agent inactive -> "Anna" basic-agent active"#);
    // Without a break it goes on.
    let world = world.person("anna", |p| p.ends("2026-11-06").again("2026-11-09"));
    assert_snapshot!(world.text(), @r#"  reactivate 7 for Anna #2: "Anna" basic-agent inactive -> "Anna" admin active"#);
}

#[test]
fn the_trap_a_leaver_taken_out_of_every_group_before_still_loses_the_account() {
    let world = World::new()
        .policy("approval:", "no_rule: report\n    approval:")
        .group("sellers", "", &["agent"])
        .member("sellers", "anna", None)
        .person("anna", seller)
        .account("7", |a| a.of("anna").role("agent"));
    assert_snapshot!(world.text(), @"nothing to do");
    let mut out = world.person("anna", |p| seller(p).ends("2026-11-06"));
    out.orders.memberships.clear();
    out.orders.groups.clear();
    assert_snapshot!(out.text(), @r#"  deactivate 7 for Anna #1: "Anna" agent active -> "Anna" agent inactive"#);
}

#[test]
fn m1_a_mover_keeps_an_ordinary_role_for_the_grace_and_gets_a_higher_one_at_once() {
    let world = World::new()
        .person("anna", |p| p.moved("2026-11-09T10:00:00Z", "Support", "Lead"))
        .account("7", |a| a.of("anna").role("agent"));
    assert_snapshot!(world.text(), @"  later 2026-11-16T10:00:00Z: Anna changes from agent to basic-agent");
    assert!(gaps(&world).is_empty());
    assert_snapshot!(world.clone().now("2026-11-16T09:59:59Z").text(), @"  later 2026-11-16T10:00:00Z: Anna changes from agent to basic-agent");
    assert_snapshot!(world.clone().now("2026-11-16T10:00:00Z").text(), @r#"  update 7 for Anna #1: "Anna" agent active -> "Anna" basic-agent active"#);

    // Only what the job before gave is kept, and only by who has it.
    let more = world
        .clone()
        .account("2", |a| a.of("owner").role("admin"))
        .account("7", |a| a.of("anna").role("admin"));
    assert_snapshot!(more.text(), @r#"  update 7 for Anna #1: "Anna" admin active -> "Anna" basic-agent active"#);
    let less = world.account("7", |a| a.of("anna").role("lite-agent"));
    assert_snapshot!(less.text(), @r#"  update 7 for Anna #1: "Anna" lite-agent active -> "Anna" basic-agent active"#);

    let up = World::new()
        .person("anna", |p| p.title("Lead").moved("2026-11-09T10:00:00Z", "Support", ""))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(up.text(), @r#"  update 7 for Anna #1: "Anna" basic-agent active -> "Anna" agent active"#);
    // Leaving is no move.
    let leaver = up
        .person("anna", |p| p.moved("2026-11-09T10:00:00Z", "Support", "Lead").ends("2026-11-06"));
    assert_snapshot!(leaver.text(), @r#"  deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive"#);
}

#[test]
fn m1_who_moves_to_where_no_rule_gives_anything_keeps_access_for_the_grace() {
    let world = World::new()
        .policy("approval:", "no_rule: remove\n    mover: {grace: 2 days}\n    approval:")
        .person("anna", |p| seller(p).moved("2026-11-09T10:00:00Z", "Support", ""))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @"  later 2026-11-11T10:00:00Z: Anna loses access");
    assert_snapshot!(world.now("2026-11-11T10:00:00Z").text(), @r#"  deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive"#);
}

#[test]
fn m1_another_position_in_place_of_the_one_before_is_a_move() {
    let world = World::new()
        .person("anna", |p| p.title("Lead").ends("2026-11-06").again("2026-11-09"))
        .account("7", |a| a.of("anna").role("agent"));
    assert_snapshot!(world.text(), @"  later 2026-11-13T17:00:00Z: Anna changes from agent to basic-agent");
}

#[test]
fn m3_a_privileged_role_goes_at_once() {
    let world = World::new()
        .person("anna", |p| p.moved("2026-11-09T10:00:00Z", "IT", ""))
        .person("ben", |p| p.department("IT"))
        .account("2", |a| a.of("owner").role("admin"))
        .account("6", |a| a.of("ben").role("admin"))
        .account("7", |a| a.of("anna").role("admin"));
    assert_snapshot!(world.text(), @r#"  update 7 for Anna #1: "Anna" admin active -> "Anna" basic-agent active"#);
}

#[test]
fn m8_leave_keeps_suspends_or_reduces_and_the_return_restores() {
    let on_leave = |keys: &str| {
        World::new()
            .policy("approval:", &format!("{keys}\n    approval:"))
            .person("anna", |p| p.title("Lead").away("2026-11-09", "2026-11-16"))
            .person("ben", |p| p.away("2026-11-09", "2026-11-16"))
            .account("7", |a| a.of("anna").role("agent"))
            .account("8", |a| a.of("ben").status(AccountStatus::Invited))
    };
    let keep = on_leave("leave: keep");
    assert_snapshot!(keep.text(), @"nothing to do");
    // An invitation is not withdrawn: nothing is deleted.
    let mut suspend = on_leave("leave: suspend");
    assert_snapshot!(suspend.text(), @r#"
      deactivate 7 for Anna #1: "Anna" agent active -> "Anna" agent inactive
      deactivate 8 for Ben #1: "Ben" basic-agent invited -> "Ben" basic-agent inactive
      later 2026-11-15T23:00:00Z: Ben is back from leave: basic-agent again
      later 2026-11-15T23:00:00Z: Anna is back from leave: agent again
    "#);
    assert_eq!(gaps(&suspend), ["excess_account", "excess_account"]);
    suspend.apply_all();
    assert!(gaps(&suspend).is_empty());
    assert_snapshot!(suspend.now("2026-11-15T23:00:00Z").text(), @r#"
      reactivate 7 for Anna #1: "Anna" agent inactive -> "Anna" agent active
      reactivate 8 for Ben #1: "Ben" basic-agent inactive -> "Ben" basic-agent active
    "#);
    let mut reduce = on_leave("leave: reduce");
    reduce.apply_all();
    assert_snapshot!(reduce.clone().text(), @r"
      later 2026-11-15T23:00:00Z: Ben is back from leave: basic-agent again
      later 2026-11-15T23:00:00Z: Anna is back from leave: agent again
    ");
    assert_snapshot!(reduce.now("2026-11-15T23:00:00Z").text(), @r#"
      update 7 for Anna #1: "Anna" observer-agent active -> "Anna" agent active
      update 8 for Ben #1: "Ben" observer-agent invited -> "Ben" basic-agent invited
    "#);
}

#[test]
fn an_account_that_was_let_in_again_did_not_come_back_by_itself() {
    let mut world = World::new()
        .policy("approval:", "leave: suspend\n    approval:")
        .person("anna", |p| p.away("2026-11-09", "2026-11-10"))
        .account("7", |a| a.of("anna"));
    assert_eq!(world.apply_all(), 1);
    let mut back = world.now("2026-11-10T09:00:00Z");
    assert_eq!(back.apply_all(), 1);
    let left = back.person("anna", |p| p.ends("2026-11-09"));
    assert_eq!(gaps(&left), ["offboarded_active"]);
}

#[test]
fn m11_a_role_changed_in_the_app_can_be_adopted_or_excepted_until_a_date() {
    let world = World::new().person("anna", |p| p).account("7", |a| a.of("anna").role("agent"));
    assert_eq!(gaps(&world), ["excess_role"]);
    let adopted = world.clone().grant("anna", "agent", None, Weight::Beside);
    assert_snapshot!(adopted.text(), @"nothing to do");
    assert!(gaps(&adopted).is_empty());
    // A lower role than the rule's can only be an exception.
    let lower = world.account("7", |a| a.of("anna").role("lite-agent"));
    assert!(
        !lower
            .clone()
            .grant("anna", "lite-agent", None, Weight::Beside)
            .plan()
            .operations
            .is_empty()
    );
    let excepted = lower.grant("anna", "lite-agent", Some("2026-11-20"), Weight::Instead);
    assert_snapshot!(excepted.text(), @"  later 2026-11-20T23:00:00Z: Anna changes from lite-agent to basic-agent");
    assert_snapshot!(excepted.now("2026-11-20T23:00:00Z").text(), @r#"  update 7 for Anna #1: "Anna" lite-agent active -> "Anna" basic-agent active"#);
}

#[test]
fn l21_a_contract_that_runs_out_ends_access_and_a_late_extension_is_a_return() {
    let contractor = |p: PersonIs| p.kind(EngagementKind::Contractor);
    let world = World::new()
        .policy("reactivate: auto", "reactivate: ask")
        .person("anna", |p| contractor(p).ends("2026-11-06"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @r#"  deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive"#);
    let mut gone = world;
    gone.apply_all();
    let extended = gone.person("anna", |p| contractor(p).ends("2026-12-31"));
    assert_snapshot!(extended.text(), @r#"
    ! reactivate 7 for Anna #1: "Anna" basic-agent inactive -> "Anna" basic-agent active
        waits (approval): letting an account in again needs a named person's approval
      later 2026-12-31T17:00:00Z: Anna loses access
    "#);
}

#[test]
fn j12_a_contractor_without_an_end_and_dates_that_contradict_each_other_are_reported() {
    let world = World::new()
        .person("anna", |p| p.kind(EngagementKind::Contractor))
        .person("ben", |p| p.last_day("2026-12-31").ends("2026-11-30"))
        .account("7", |a| a.of("anna"))
        .account("8", |a| a.of("ben"));
    let gaps: Vec<_> = world.gaps().into_iter().map(|gap| gap.cause).collect();
    assert_snapshot!(gaps.join("\n"), @r"
    nobody knows whose muster@acme.example is
    Ben: the last working day 2026-12-31 lies after the end date 2026-11-30; the earlier counts
    Anna is a contractor, and neither an end nor a review is known
    ");
    assert_snapshot!(world.text(), @"  later 2026-11-30T17:00:00Z: Ben loses access");
}

#[test]
fn every_switch_of_an_app_works_alone() {
    let world = World::new()
        .person("anna", |p| p)
        .person("ben", |p| p.title("Lead"))
        .person("cleo", |p| p.ends("2026-11-06"))
        .person("dora", |p| p.status(EmploymentStatus::Withdrawn))
        .account("8", |a| a.of("ben"))
        .account("9", |a| a.of("cleo"))
        .account("10", |a| a.of("dora").status(AccountStatus::Invited));
    let goes = |writes: Writes| {
        let mut world = world.clone();
        world.rules().writes = writes;
        let goes =
            world.plan().operations.into_iter().filter(muster_domain::model::plan::Operation::goes);
        goes.map(|one| one.action.word()).collect::<Vec<_>>()
    };
    let off = Writes::default();
    let on = Switch::On;
    assert!(goes(off).is_empty());
    assert_eq!(goes(Writes { create: on, ..off }), ["create"]);
    assert_eq!(goes(Writes { update: on, ..off }), ["update"]);
    // Without deleting, an invitation is shut out like any other account.
    assert_eq!(goes(Writes { deactivate: on, ..off }), ["deactivate", "deactivate"]);
    assert_eq!(goes(Writes { delete: on, ..off }), ["cancel_invite"]);
    let all = Writes { create: on, update: on, deactivate: on, hand_over: on, delete: on };
    assert_eq!(goes(all).len(), 4);
}

#[test]
fn an_exception_of_a_privileged_role_still_needs_approval_where_it_is_not_there_yet() {
    let world = World::new()
        .policy("privileged: auto", "privileged: ask")
        .person("anna", |p| p)
        .account("7", |a| a.of("anna"))
        .grant("anna", "admin", None, Weight::Beside);
    assert_snapshot!(world.text(), @r#"
    ! update 7 for Anna #1: "Anna" basic-agent active -> "Anna" admin active
        waits (approval): giving a privileged role needs a named person's approval
    "#);
}
