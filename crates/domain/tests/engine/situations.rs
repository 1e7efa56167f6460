//! Rows of the table of joiner, mover and leaver situations, each named by its
//! number: a small world beside its plan.

use insta::assert_snapshot;
use muster_domain::model::{
    account::AccountStatus,
    operation::{Deactivation, RunState},
    person::EmploymentStatus,
};

use crate::world::World;

#[test]
fn j1_a_hire_who_starts_today_is_invited_with_the_role_of_the_first_rule() {
    let mut world = World::new().person("anna", |p| p.title("Lead").starts("2026-11-09"));
    assert_snapshot!(world.text(), @r#"  create new for Anna #1: nothing -> "Anna" agent invited"#);
    assert_eq!(world.apply_all(), 1);
    assert_snapshot!(world.text(), @"nothing to do");
}

#[test]
fn j2_a_hire_next_month_is_upcoming_and_nothing_is_created_before_the_lead_time() {
    let world = World::new().person("anna", |p| p.starts("2026-12-07"));
    assert_snapshot!(world.text(), @"  later 2026-12-03T23:00:00Z: Anna is invited as basic-agent");
    // Friday 4 December begins in Berlin at 23:00 UTC the day before.
    assert_snapshot!(world.clone().now("2026-12-03T22:59:59Z").text(), @"  later 2026-12-03T23:00:00Z: Anna is invited as basic-agent");
    assert_snapshot!(world.now("2026-12-03T23:00:00Z").text(), @r#"  create new for Anna #1: nothing -> "Anna" basic-agent invited"#);
}

#[test]
fn j3_a_start_moved_after_the_invitation_leaves_the_invitation_alone() {
    let mut world = World::new().person("anna", |p| p.starts("2026-11-10"));
    assert_eq!(world.apply_all(), 1);
    let moved = world.person("anna", |p| p.starts("2026-12-07"));
    assert_snapshot!(moved.text(), @"  later 2026-12-03T23:00:00Z: Anna has an account, should be basic-agent");
    assert_snapshot!(moved.now("2026-12-07T09:00:00Z").text(), @"nothing to do");
}

#[test]
fn j4_a_start_withdrawn_before_day_one_cancels_the_invitation_and_nothing_else() {
    let world = World::new()
        .person("anna", |p| p.starts("2026-11-10").status(EmploymentStatus::Withdrawn))
        .account("7", |a| a.of("anna").status(AccountStatus::Invited));
    assert_snapshot!(world.text(), @r#"  cancel_invite 7 for Anna #1: "Anna" basic-agent invited -> nothing"#);
}

#[test]
fn j5_a_hire_without_a_work_address_is_blocked_and_no_address_is_invented() {
    assert_snapshot!(World::new().person("anna", super::world::PersonIs::no_email).text(), @"! blocked Anna: should have an account, but has no work e-mail");
}

#[test]
fn j6_an_account_that_may_be_hers_is_put_to_a_human() {
    let by_name = World::new()
        .person("anna", |p| p)
        .account("7", |a| a.email("a.s@private.example").named("ANNA"));
    assert_snapshot!(by_name.text(), @"! blocked Anna: should have an account; account 7 may already be theirs");
    let by_email = World::new().person("anna", |p| p).account("7", |a| a.of("anna"));
    assert_snapshot!(by_email.text(), @"nothing to do");
}

#[test]
fn j8_no_seat_is_known_before_anyone_approves() {
    let world = World::new()
        .policy("connector: gorgias", "connector: gorgias\n    seats: 2")
        .person("anna", |p| p)
        .person("ben", |p| p);
    assert_snapshot!(world.text(), @r#"
      create new for Anna #1: nothing -> "Anna" basic-agent invited
    ! create new for Ben #1: nothing -> "Ben" basic-agent invited
        waits (seats): all 2 seats are used
    "#);
}

#[test]
fn j11_two_people_of_the_same_name_are_never_merged_on_it() {
    let world = World::new()
        .person("anna1", |p| p.named("Anna Smith"))
        .person("anna2", |p| p.named("Anna Smith"))
        .account("7", |a| a.of("anna1").named("Anna Smith"));
    assert_snapshot!(world.text(), @r#"  create new for Anna Smith #1: nothing -> "Anna Smith" basic-agent invited"#);
}

#[test]
fn j13_two_positions_give_the_union_and_end_with_the_last() {
    let world = World::new()
        .person("anna", |p| {
            p.title("Lead").ends("2026-11-20").again("2025-01-01").ends("2026-12-18")
        })
        .account("7", |a| a.of("anna").role("agent"));
    assert_snapshot!(world.text(), @r"
    later 2026-11-20T17:00:00Z: Anna changes from agent to basic-agent
    later 2026-12-18T17:00:00Z: Anna loses access
    ");
    assert_snapshot!(world.clone().now("2026-11-21T09:00:00Z").text(), @r#"
    update 7 for Anna #2: "Anna" agent active -> "Anna" basic-agent active
    later 2026-12-18T17:00:00Z: Anna loses access
    "#);
    assert_snapshot!(world.now("2026-12-18T17:00:00Z").text(), @r#"  deactivate 7 for Anna #2: "Anna" agent active -> "Anna" agent inactive"#);
}

#[test]
fn m2_a_promotion_to_admin_needs_approval() {
    let world = World::new()
        .policy("privileged: auto", "privileged: ask")
        .person("anna", |p| p.department("IT"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @r#"
    ! update 7 for Anna #1: "Anna" basic-agent active -> "Anna" admin active
        waits (approval): giving a privileged role needs a named person's approval
    "#);
}

#[test]
fn m4_a_new_name_is_a_rename_and_nothing_else() {
    let world = World::new()
        .person("anna", |p| p.named("Anna Lovelace"))
        .account("7", |a| a.of("anna").linked("anna"));
    assert_snapshot!(world.text(), @r#"  update 7 for Anna Lovelace #1: "Anna" basic-agent active -> "Anna Lovelace" basic-agent active"#);
}

#[test]
fn m5_a_new_work_address_keeps_the_account() {
    let world = World::new()
        .person("anna", |p| p.email("anna.lovelace@acme.example").formerly("anna@acme.example"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @"nothing to do");
    assert_eq!(world.gap_kinds(), ["unidentified", "alias_mismatch"]);
}

#[test]
fn l1_a_planned_leaver_is_visible_early_and_loses_access_at_the_computed_instant() {
    let world = World::new()
        .person("anna", |p| p.last_day("2026-11-20").ends("2026-11-30"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @"  later 2026-11-20T17:00:00Z: Anna loses access");
    assert_snapshot!(world.clone().now("2026-11-20T16:59:59Z").text(), @"  later 2026-11-20T17:00:00Z: Anna loses access");
    assert_snapshot!(world.now("2026-11-20T17:00:00Z").text(), @r#"  deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive"#);
}

#[test]
fn l3_a_cancelled_end_proposes_to_let_her_in_again_and_a_human_decides() {
    let world = World::new()
        .policy("reactivate: auto", "reactivate: ask")
        .person("anna", |p| p)
        .account("7", |a| a.of("anna").status(AccountStatus::Inactive));
    assert_snapshot!(world.text(), @r#"
    ! reactivate 7 for Anna #1: "Anna" basic-agent inactive -> "Anna" basic-agent active
        waits (approval): letting an account in again needs a named person's approval
    "#);
}

#[test]
fn l5_a_leaver_whom_no_rule_admits_any_more_still_loses_the_account() {
    let world = World::new()
        .person("anna", |p| p.department("").ends("2026-11-06"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @r#"  deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive"#);
}

#[test]
fn l6_a_leaver_out_of_scope_still_loses_the_account() {
    let world = World::new()
        .person("anna", |p| p.out_of_scope().ended_seen("2026-11-06T08:00:00Z"))
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @r#"  deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive"#);
}

#[test]
fn l7_someone_whom_the_file_no_longer_mentions_keeps_everything() {
    let world = World::new()
        .person("anna", super::world::PersonIs::unmentioned)
        .account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @"nothing to do");
}

#[test]
fn l9_many_leavers_wait_all_of_them() {
    let left = |world: World, name: &str| {
        world.person(name, |p| p.ends("2026-11-06")).account(name, |a| a.of(name))
    };
    let mut world = World::new().policy("removals_per_day: 1000", "removals_per_day: 2");
    for name in ["anna", "ben", "cleo"] {
        world = left(world, name);
    }
    assert_snapshot!(world.text(), @r#"
    ! deactivate anna for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
        waits (limit): 3 removals due and 0 made within 24 hours, more than the limit of 2
    ! deactivate ben for Ben #1: "Ben" basic-agent active -> "Ben" basic-agent inactive
        waits (limit): 3 removals due and 0 made within 24 hours, more than the limit of 2
    ! deactivate cleo for Cleo #1: "Cleo" basic-agent active -> "Cleo" basic-agent inactive
        waits (limit): 3 removals due and 0 made within 24 hours, more than the limit of 2
    "#);
    world.approve_all();
    assert_eq!(world.apply_all(), 3);
}

#[test]
fn l11_owner_last_admin_own_key_and_break_glass_are_blocked_with_instructions() {
    let world = World::new()
        .person("muster", |p| p.ends("2026-11-06"))
        .person("owner", |p| p.ends("2026-11-06"))
        .person("breakglass", |p| p.ends("2026-11-06"))
        .account("2", |a| a.of("owner").role("admin"))
        .account("3", |a| a.of("breakglass"));
    assert_snapshot!(world.text(), @r#"
    ! deactivate 3 for Breakglass #1: "Breakglass" basic-agent active -> "Breakglass" basic-agent inactive
        waits (protected): the policy protects this account, as breakglass@acme.example
    ! deactivate 1 for Muster #1: "User 1" admin active -> "User 1" admin inactive
        waits (protected): Muster's own key belongs to this account: without it support can neither be read nor written, so that checks, plans, removals of leavers and hand-overs there would stop
    ! deactivate 2 for Owner #1: "Owner" admin active -> "Owner" admin inactive
        waits (protected): this is the account owner
    "#);
}

#[test]
fn l11a_where_the_app_ignores_deactivation_the_role_falls_and_the_gap_stays() {
    let left = |role: &str| {
        World::new()
            .person("anna", |p| p.ends("2026-11-06"))
            .account("7", |a| a.of("anna").role(role).learned(Deactivation::Ignored))
    };
    assert_snapshot!(left("agent").text(), @r#"  reduce 7 for Anna #1: "Anna" agent active -> "Anna" observer-agent active"#);
    let reduced = left("observer-agent");
    assert_snapshot!(reduced.text(), @"nothing to do");
    assert_eq!(reduced.gap_kinds(), ["offboarded_reduced", "unidentified"]);
}

#[test]
fn l13_a_leaver_who_was_never_matched_is_shown_as_a_possible_leaver() {
    let world = World::new()
        .policy("domains: [acme.example]", "domains: [acme.example, acme.test]")
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.email("anna@acme.test"));
    assert_snapshot!(world.text(), @"nothing to do");
    assert_eq!(world.gap_kinds(), ["unidentified", "to_confirm"]);
}

#[test]
fn l15_an_account_that_is_gone_asks_for_nothing() {
    let world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna").gone());
    assert_snapshot!(world.text(), @"nothing to do");
    assert_eq!(world.gap_kinds(), ["unidentified"]);
}

#[test]
fn l17_access_that_came_back_is_a_gap_of_its_own() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    assert_eq!(world.apply_all(), 1);
    let id = "7".parse().unwrap();
    world.accounts.get_mut(&id).unwrap().account.status = AccountStatus::Active;
    assert_eq!(world.gap_kinds(), ["came_back", "unidentified"]);
    assert_eq!(world.apply_all(), 1);
}

#[test]
fn l18_a_rehire_is_the_same_person_in_a_new_engagement() {
    let world = World::new()
        .person("anna", |p| p.ends("2026-03-31").again("2026-11-09"))
        .account("7", |a| a.of("anna").role("agent").status(AccountStatus::Inactive));
    assert_snapshot!(world.text(), @r#"  reactivate 7 for Anna #2: "Anna" agent inactive -> "Anna" basic-agent active"#);
}

#[test]
fn l24_an_old_leaver_in_a_first_import_is_a_finding_and_not_an_order() {
    let world =
        World::new().person("anna", |p| p.ends("2025-06-30")).account("7", |a| a.of("anna"));
    assert_snapshot!(world.text(), @r#"
    ! deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
        waits (history): the end on 2025-06-30 was long past when Muster first heard of it
    "#);
    assert_eq!(world.gap_kinds(), ["offboarded_active", "unidentified"]);
}

#[test]
fn s6_leaving_ends_both_accounts_of_one_person() {
    let world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna"))
        .account("8", |a| a.email("second@private.example").named("Anna").confirmed("anna"));
    assert_snapshot!(world.text(), @r#"
    deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
    deactivate 8 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
    "#);
    assert!(world.gap_kinds().contains(&"duplicate_accounts"));
}

#[test]
fn a_create_of_unknown_outcome_is_settled_before_another_goes() {
    let mut world = World::new().person("anna", |p| p);
    let create = world.plan().operations.remove(0);
    world.ran(&create, RunState::Unknown);
    assert_snapshot!(world.text(), @r#"
    ! create new for Anna #1: nothing -> "Anna" basic-agent invited
        waits (unsettled): what became of op_g5dqr77xogo5lf46 is not known yet
        waits (already_invited): an invitation may already have gone out (op_g5dqr77xogo5lf46 at 2026-11-09 11:00 UTC)
    "#);
}

#[test]
fn l23_who_leaves_one_of_two_companies_of_a_group_loses_what_that_one_gave_and_no_more() {
    // Two jobs at once, in two companies; only the one that ended gives anything in this app.
    let two_jobs = |ended: &str, other_from: &str| {
        World::new()
            .person("anna", |p| {
                p.starts("2024-01-01").ends(ended).again(other_from).terms(|t| {
                    t.department = Some("Sales".to_owned());
                    t.end_date = None;
                })
            })
            .account("7", |a| a.of("anna").linked("anna"))
    };
    let beside = two_jobs("2026-11-06", "2025-01-01");
    assert_eq!(beside.plan().operations[0].action.word(), "deactivate");
    assert!(beside.gap_kinds().contains(&"offboarded_active"));
    // Until then she keeps it.
    assert!(two_jobs("2026-11-20", "2025-01-01").plan().operations.is_empty());
    // A job that took the place of the other is a move: reported, and in grace.
    assert!(two_jobs("2026-11-06", "2026-11-09").plan().operations.is_empty());
    // Where the other company's app is concerned, nothing happens: the work there goes on.
    let mut there = beside.clone();
    let other = there.people.values_mut().next().unwrap();
    other.engagements[1].terms.department = Some("Support".to_owned());
    assert!(there.plan().operations.is_empty());
}
