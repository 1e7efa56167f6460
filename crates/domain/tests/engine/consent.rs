//! Who may let what go, how much of it goes by itself, and what an undo keeps.

use insta::assert_snapshot;
use jiff::SignedDuration;
use muster_domain::{
    engine::{
        consent::{Say, Voices},
        expect::Rules,
        undo::{self, Back},
    },
    model::{
        account::{AccountChange, AccountStatus},
        consent::{Delegation, Rejection},
        id::OrderId,
        keep::Keep,
        operation::{Approval, Run, RunState},
        order::{Freeze, Frozen, Stops},
        plan::{HoldKind, Operation},
        policy::Approver,
    },
};

use crate::world::{World, at, person_id, read_policy};

const ASKED: &str = "deactivate: auto";

/// Anna has left and everybody is asked; Bo is her manager, Cleo the new one.
fn asked(approvers: &str) -> World {
    World::new()
        .policy(ASKED, &format!("deactivate: ask, approvers: [{approvers}]"))
        .person("bo", |p| p)
        .person("cleo", |p| p)
        .person("anna", |p| p.ends("2026-11-06").terms(|t| t.manager = Some("bo".parse().unwrap())))
        .account("7", |a| a.of("anna"))
        .account("8", |a| a.of("bo"))
        .account("9", |a| a.of("cleo"))
}

fn first(world: &World) -> Operation {
    world.plan().operations.remove(0)
}

fn may(world: &World, by: &str) -> Result<Say, String> {
    Voices::new(&world.seen(), &[by]).may(&first(world), by)
}

/// Whether the first operation goes when `by` approved it.
fn goes(world: &World, by: &str, on_behalf_of: Option<&str>) -> bool {
    let mut world = world.clone();
    let operation = first(&world);
    world.approve(&operation);
    for approval in world.approvals.values_mut() {
        by.clone_into(&mut approval.by);
        approval.on_behalf_of = on_behalf_of.map(str::to_owned);
    }
    first(&world).goes()
}

#[test]
fn whoever_is_asked_may_approve_and_nobody_else() {
    let mut owned = asked("manager, chief@acme.example");
    owned.rules().owner = Some("it@acme.example".parse().unwrap());
    owned.rules().approval.approvers.insert(1, Approver::Owner);
    for by in ["Bo", "bo@acme.example", "BO@acme.example", "it@acme.example", "chief@acme.example"]
    {
        assert_eq!(may(&owned, by), Ok(Say::default()), "{by}");
        assert!(goes(&owned, by, None), "{by}");
    }
    for by in ["cleo@acme.example", "ines", "anna", "anna@acme.example", "Anna"] {
        assert!(may(&owned, by).is_err(), "{by}");
        assert!(!goes(&owned, by, None), "{by}");
    }
    assert_eq!(
        first(&owned).holds[0].release.split_once(", by ").unwrap().1,
        "manager Bo or owner it@acme.example or chief@acme.example"
    );
}

#[test]
fn without_approvers_anybody_may_but_the_person_concerned_and_leavers() {
    let world = asked("").person("dee", |p| p.ends("2026-10-30"));
    assert_eq!(may(&world, "ines"), Ok(Say::default()));
    for by in ["anna", "Anna", "anna@acme.example", "hr/anna", "dee@acme.example", "Dee"] {
        assert!(may(&world, by).is_err(), "{by}");
        assert!(!goes(&world, by, None), "{by}");
    }
}

#[test]
fn m7_the_new_manager_has_the_say_from_the_moment_on() {
    let mut world = asked("manager");
    assert!(goes(&world, "bo@acme.example", None));
    let anna = world.people.get_mut(&person_id("anna")).unwrap();
    anna.engagements[0].terms.manager = Some("cleo".parse().unwrap());
    assert!(!goes(&world, "bo@acme.example", None), "what the former one approved is void");
    assert!(goes(&world, "cleo@acme.example", None));
    // A manager who has left has no say, and then nobody has.
    let gone = world.person("cleo", |p| p.ends("2026-11-06"));
    let anna = first(&gone);
    assert_eq!(anna.name(), "Anna");
    assert!(anna.holds[0].release.ends_with("whom the source does not name or who has left"));
    assert!(!goes(&gone, "cleo@acme.example", None));
}

#[test]
fn a_name_that_two_people_have_gives_nobody_a_say() {
    let world = asked("manager").person("bo2", |p| p.named("Bo"));
    assert!(may(&world, "Bo").is_err());
    assert!(may(&world, "bo@acme.example").is_ok());
}

fn lent(from: &str, to: &str, until: &str) -> Delegation {
    Delegation {
        id: OrderId::derive("delegation", from, at("2026-11-01T00:00:00Z"), to),
        from: from.to_owned(),
        to: to.parse().unwrap(),
        app: None,
        at: at("2026-11-01T00:00:00Z"),
        until: at(until),
    }
}

#[test]
fn a_say_is_lent_for_a_while_and_not_passed_on() {
    let mut world = asked("manager");
    world.orders.delegations = vec![
        lent("Bo", "cleo@acme.example", "2026-11-10T00:00:00Z"),
        lent("cleo@acme.example", "dora@acme.example", "2026-11-10T00:00:00Z"),
    ];
    let on_behalf_of = Some("Bo".to_owned());
    assert_eq!(may(&world, "cleo@acme.example"), Ok(Say { on_behalf_of }));
    assert!(may(&world, "dora@acme.example").is_err());
    assert!(goes(&world, "cleo@acme.example", Some("Bo")));
    // Another app is another matter, and so is the time after it.
    let mut elsewhere = world.clone();
    elsewhere.orders.delegations[0].app = Some("shop".parse().unwrap());
    assert!(may(&elsewhere, "cleo@acme.example").is_err());
    world.now = at("2026-11-10T00:00:00Z");
    assert!(may(&world, "cleo@acme.example").is_err());
    // What was approved in time stands.
    assert!(goes(&world, "cleo@acme.example", Some("Bo")));
}

#[test]
fn nobody_approves_their_own_access_through_somebody_else() {
    let mut world = asked("anna@acme.example, bo@acme.example");
    world.orders.delegations =
        vec![lent("anna@acme.example", "cleo@acme.example", "2026-11-30T00:00:00Z")];
    assert!(may(&world, "cleo@acme.example").is_err());
    assert!(!goes(&world, "cleo@acme.example", Some("anna@acme.example")));
    // Nor may she use a say that was lent to her.
    world.orders.delegations =
        vec![lent("bo@acme.example", "anna@acme.example", "2026-11-30T00:00:00Z")];
    assert!(may(&world, "anna@acme.example").is_err());
    assert!(!goes(&world, "anna@acme.example", Some("bo@acme.example")));
}

fn no(world: &World) -> Rejection {
    let operation = first(world);
    Rejection {
        fingerprint: operation.fingerprint,
        app: world.app.clone(),
        person: operation.person_id().cloned(),
        account: operation.account.clone(),
        what: operation.brief(),
        keeps_access: operation.action.removes_access(),
        reason: "she works until Friday".to_owned(),
        by: "bo@acme.example".to_owned(),
        on_behalf_of: None,
        at: world.now,
        expires: world.now + SignedDuration::from_hours(48),
    }
}

#[test]
fn a_rejected_removal_waits_loudly_until_somebody_approves_anew_or_it_lapses() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    assert!(first(&world).goes());
    world.approve_all();
    world.orders.rejections = vec![no(&world)];
    assert_snapshot!(world.text(), @r#"
    ! deactivate 7 for Anna #1: "Anna" basic-agent active -> "Anna" basic-agent inactive
        waits (rejected): bo@acme.example rejected it at 2026-11-09 11:00 UTC, until 2026-11-11 11:00 UTC: she works until Friday
    "#);
    let gaps = world.gaps();
    assert_eq!(gaps[0].kind.word(), "offboarded_active");
    assert_snapshot!(gaps[0].cause, @"Anna does not work here, but the account is active: bo@acme.example rejected the removal until 2026-11-11 11:00 UTC: she works until Friday");

    let mut approved = world.clone();
    approved.now += SignedDuration::from_secs(1);
    approved.approve_all();
    assert!(first(&approved).goes(), "a later word counts");
    world.now += SignedDuration::from_hours(48);
    world.sight.age = Some(SignedDuration::ZERO);
    assert!(first(&world).goes(), "it lapses");
}

#[test]
fn an_operation_that_changed_is_no_longer_the_one_that_was_rejected() {
    let mut world = World::new()
        .person("anna", |p| p.title("Lead"))
        .account("7", |a| a.of("anna"))
        .person("bo", |p| p);
    world.orders.rejections = vec![no(&world)];
    assert!(!first(&world).goes());
    let other = world.person("anna", |p| p.department("IT"));
    assert!(first(&other).goes());
}

#[test]
fn each_kind_is_limited_for_itself_from_the_first_account_up() {
    let kinds = |world: &World| {
        let operations = world.plan().operations;
        let mut held: Vec<_> = operations
            .iter()
            .filter(|one| one.holds.iter().any(|hold| hold.kind == HoldKind::Limit))
            .map(|one| one.holds[0].reason.split(" due").next().unwrap().to_owned())
            .collect();
        held.dedup();
        held
    };
    let mut world = World::new().policy("limits: {removals_per_day: 1000}", "limits: {}");
    for name in ["anna", "ben", "cleo"] {
        world = world.person(name, |p| p).account(name, |a| a.of(name));
    }
    assert!(kinds(&world).is_empty());
    let with = |change: fn(World, &str) -> World| {
        ["anna", "ben", "cleo"].iter().fold(world.clone(), |world, name| change(world, name))
    };
    let left = with(|world, name| world.person(name, |p| p.ends("2026-11-06")));
    assert_eq!(kinds(&left), ["3 removals"]);
    let pending = with(|world, name| {
        world
            .person(name, |p| p.ends("2026-11-06"))
            .account(name, |a| a.of(name).status(AccountStatus::Invited))
    });
    assert_eq!(kinds(&pending), ["3 deletions"]);
    let lowered = with(|world, name| world.account(name, |a| a.of(name).role("agent")));
    assert_eq!(kinds(&lowered), ["3 role losses"]);
    let renamed = with(|world, name| world.account(name, |a| a.of(name).named("Someone")));
    assert_eq!(kinds(&renamed), ["3 renames"]);

    let mut joined = world.clone();
    for number in 0..26 {
        joined = joined.person(&format!("new{number}"), |p| p);
    }
    assert_eq!(kinds(&joined), ["26 creations"]);
    // Two of one kind and two of another are each within their limit.
    let mixed = world
        .person("anna", |p| p.ends("2026-11-06"))
        .person("ben", |p| p.ends("2026-11-06"))
        .account("cleo", |a| a.of("cleo").role("agent"));
    assert!(kinds(&mixed).is_empty());
}

#[test]
fn an_invitation_storm_is_counted_over_the_window() {
    let mut world = World::new().policy(
        "limits: {removals_per_day: 1000}",
        "limits: {creations: {count: 2, window: 2 days}}",
    );
    for name in ["anna", "ben"] {
        world = world.person(name, |p| p);
    }
    assert_eq!(world.apply_all(), 2);
    world.now += SignedDuration::from_hours(47);
    let mut world = world.person("cleo", |p| p);
    assert!(!first(&world).goes());
    world.now += SignedDuration::from_hours(1);
    assert!(first(&world).goes());
}

#[test]
fn one_deletion_that_cannot_go_stops_the_others_of_the_same_person() {
    let pending = |world: World, id: &str, name: &str, email: &str| {
        world.account(id, |a| a.email(email).confirmed(name).status(AccountStatus::Invited))
    };
    let mut world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .person("ben", |p| p.ends("2026-11-06"));
    world = pending(world, "5", "anna", "breakglass@acme.example");
    world = pending(world, "6", "anna", "anna@acme.example");
    world = pending(world, "7", "ben", "ben@acme.example");
    world.approve_all();
    let held = |id: &str| {
        let plan = world.plan();
        let one = plan.operations.into_iter().find(|one| one.account == id.parse().ok()).unwrap();
        one.holds.into_iter().map(|hold| hold.kind).collect::<Vec<_>>()
    };
    assert_eq!(held("5"), [HoldKind::Protected]);
    assert_eq!(held("6"), [HoldKind::Together]);
    assert_eq!(held("7"), []);
    // A suspension of the same person does not wait for it.
    let world = world.account("8", |a| a.of("anna2").confirmed("anna"));
    let plan = world.plan();
    assert!(plan.operations.iter().any(|one| one.action.word() == "deactivate" && one.goes()));
}

#[test]
fn a_store_that_knows_less_than_it_did_writes_nothing() {
    let mut world = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna"))
        .person("ben", |p| p);
    world.sight.forgotten = Some("the journal ends at entry 5, but had 9".to_owned());
    world.approve_all();
    for operation in world.plan().operations {
        assert!(!operation.goes());
        assert_eq!(operation.holds[0].kind, HoldKind::Restored);
    }
}

/// Undoes the last run, as the service does.
fn undo(world: &mut World) -> Keep {
    let run = world.runs.last().unwrap().clone();
    let state = match undo::back(&run).unwrap() {
        Back::Account { state, .. } => state,
        Back::Work => AccountChange::default(),
    };
    let person = &world.people[run.operation.person_id().unwrap()];
    let against = undo::wanted(person, &Rules::new(&world.seen()).expect(person));
    let keep = Keep {
        id: OrderId::derive("keep", "ines", world.now, run.id.as_str()),
        app: world.app.clone(),
        account: run.account.clone().unwrap(),
        person: Some(person.id.clone()),
        state,
        work: None,
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

/// Everything that was ever approved is approved anew, and done.
fn done(world: &mut World) -> usize {
    world.now += SignedDuration::from_secs(1);
    world.approve_all();
    world.apply_all()
}

/// Does one thing, with the account kept as it was before.
fn does(world: &mut World) {
    let before = first(world).account.map(|id| world.accounts[&id].account.clone());
    assert_eq!(done(world), 1);
    let last: &mut Run = world.runs.last_mut().unwrap();
    last.before_image = before;
    if last.account.is_none() {
        last.account = world.links.keys().next_back().cloned();
    }
}

#[test]
fn l4_a_removal_that_is_undone_is_put_back_and_not_done_again() {
    let mut world = World::new()
        .policy("reactivate: auto", "reactivate: ask")
        .person("anna", |p| p.ends("2026-11-06"))
        .account("7", |a| a.of("anna").role("agent"));
    does(&mut world);
    undo(&mut world);
    assert_snapshot!(world.text(), @r#"
    ! reactivate 7 for Anna #1: "Anna" agent inactive -> "Anna" agent active
        waits (approval): letting an account in again needs a named person's approval
      later 2026-11-16T11:00:01Z: Anna is decided anew: an undo ends
    "#);
    does(&mut world);
    assert_snapshot!(world.text(), @"  later 2026-11-16T11:00:01Z: Anna is decided anew: an undo ends");
    // She has access though the source says that she left: that stays visible.
    assert_eq!(world.gap_kinds(), ["offboarded_active", "unidentified", "kept_by_undo"]);
    // HR mends it: nothing is left to do, but the role that the rules give.
    let mended = world.clone().person("anna", |p| p.title("Lead"));
    assert_snapshot!(mended.text(), @"nothing to do");
    // Another end is another matter, and so is the time after it.
    let other = world.clone().person("anna", |p| p.ends("2026-11-05"));
    assert_eq!(first(&other).action.word(), "deactivate");
    world.now = at("2026-11-16T11:00:01Z");
    assert_eq!(first(&world).action.word(), "deactivate");
}

#[test]
fn an_order_by_name_after_an_undo_is_an_order() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    does(&mut world);
    undo(&mut world);
    does(&mut world);
    assert!(world.plan().operations.is_empty());
    let ordered = world.person("anna", |p| p.ends("2026-11-06").offboarded("2026-11-05T10:00:00Z"));
    assert_eq!(first(&ordered).action.word(), "deactivate");
}

#[test]
fn an_undone_role_stays_while_other_fields_follow_the_rules() {
    let mut world = World::new().person("anna", |p| p.title("Lead")).account("7", |a| a.of("anna"));
    does(&mut world);
    undo(&mut world);
    assert_snapshot!(world.text(), @r#"
      update 7 for Anna #1: "Anna" agent active -> "Anna" basic-agent active
      later 2026-11-16T11:00:01Z: Anna is decided anew: an undo ends
    "#);
    does(&mut world);
    let renamed = world.clone().person("anna", |p| p.title("Lead").named("Anna Ash"));
    assert_snapshot!(renamed.text(), @r#"
      update 7 for Anna Ash #1: "Anna" basic-agent active -> "Anna Ash" basic-agent active
      later 2026-11-16T11:00:01Z: Anna Ash is decided anew: an undo ends
    "#);
    let promoted = world.person("anna", |p| p.department("IT"));
    assert_snapshot!(promoted.text(), @r#"  update 7 for Anna #1: "Anna" basic-agent active -> "Anna" admin active"#);
}

#[test]
fn an_undone_creation_is_withdrawn_and_not_repeated() {
    let mut world = World::new().person("anna", |p| p);
    does(&mut world);
    let keep = undo(&mut world);
    assert_eq!(first(&world).action.word(), "cancel_invite");
    assert_eq!(done(&mut world), 1);
    assert_eq!(world.plan().operations, []);
    // Once it ends, a person must still say yes to a second invitation.
    world.orders.keeps.clear();
    assert_eq!(first(&world).holds[0].kind, HoldKind::AlreadyInvited);
    assert!(undo::back(world.runs.last().unwrap()).unwrap_err().contains("cannot be put back"));
    assert_eq!(keep.account.as_str(), "new-1");
}

#[test]
fn what_was_not_done_is_not_undone() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    let operation = first(&world);
    for (state, says) in
        [(RunState::Parked, "parked"), (RunState::AlreadySo, "nothing was changed")]
    {
        world.ran(&operation, state);
        assert!(undo::back(world.runs.last().unwrap()).unwrap_err().contains(says));
    }
}

#[test]
fn an_undo_stands_under_every_other_hold() {
    let mut world =
        World::new().person("anna", |p| p.ends("2026-11-06")).account("7", |a| a.of("anna"));
    does(&mut world);
    undo(&mut world);
    let now = world.now;
    world.orders.freezes.push(Freeze {
        id: OrderId::derive("freeze", "ann", now, "all"),
        frozen: Frozen::Everything,
        stops: Stops::Writes,
        reason: "an inquiry".to_owned(),
        by: "ann".to_owned(),
        at: now,
        until: None,
    });
    assert_eq!(first(&world).holds[0].kind, HoldKind::Frozen);
}

#[test]
fn an_approval_of_before_the_new_fields_is_still_read() {
    let world = asked("");
    let operation = first(&world);
    let text = format!(
        r#"{{"fingerprint": "{}", "app": "support", "by": "jane", "at": "2026-11-09T10:00:00Z",
            "expires": "2026-11-16T10:00:00Z"}}"#,
        operation.fingerprint
    );
    let approval: Approval = serde_json::from_str(&text).unwrap();
    assert_eq!((approval.by.as_str(), approval.on_behalf_of), ("jane", None));
}

#[test]
fn limits_are_read_with_their_short_form() {
    let policy = read_policy(
        &crate::world::POLICY.replace(
            "{removals_per_day: 1000}",
            r#"{removals_per_day: 3, renames: {share: "10 %"}, creations: {count: 40, share: 50 %, window: 7 days}}"#,
        ),
    );
    let limits = policy.apps.values().next().unwrap().limits;
    assert_eq!(
        (limits.removals.count, limits.role_losses.count, limits.deletions.count),
        (3, 3, 3)
    );
    assert_eq!((limits.renames.count, limits.renames.share), (3, Some(10)));
    assert_eq!((limits.creations.share, limits.creations.window_hours), (Some(50), 168));
}

#[test]
fn a_manager_named_by_hand_or_known_by_another_source_has_the_say() {
    // By hand a manager is named by Muster's own id, whichever source knows her.
    let mut world = asked("manager");
    let anna = world.people.get_mut(&person_id("anna")).unwrap();
    anna.engagements[0].terms.manager = Some(person_id("cleo").as_str().parse().unwrap());
    assert!(goes(&world, "cleo@acme.example", None));
    assert!(!goes(&world, "bo@acme.example", None));

    // The source that names the manager knows her too, beside the one that is her first.
    let mut world = asked("manager");
    let bo = world.people.get_mut(&person_id("bo")).unwrap();
    let mut hr = bo.tellings();
    let mut directory = hr[0].clone();
    directory.anchor.source = "directory".parse().unwrap();
    hr.push(directory);
    bo.anchor.source = "directory".parse().unwrap();
    bo.told = hr;
    assert!(goes(&world, "bo@acme.example", None));
    // And nobody decides about herself under the id of any source.
    let mut world = asked("");
    let anna = world.people.get_mut(&person_id("anna")).unwrap();
    let mut known = anna.tellings();
    let mut directory = known[0].clone();
    directory.anchor.source = "directory".parse().unwrap();
    known.push(directory);
    anna.told = known;
    assert!(may(&world, "directory/anna").is_err());
    assert!(may(&world, "hr/anna").is_err());
}
