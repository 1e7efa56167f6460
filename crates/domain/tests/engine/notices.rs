//! What people are shown: gaps that rest on the app's trail, tasks, seats, readiness.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        gaps::GapKind,
        readiness::{self, Ready, Starter},
        seats::{self, Seats},
        shield,
        tasks::{self, Task, TaskKind},
    },
    model::{
        account::AccountStatus,
        activity::{Activity, Hint, HintKind, Trail},
        operation::RunState,
        order::Assignment,
    },
};
use proptest::prelude::*;

use crate::world::{PersonIs, World, at};

fn hint(kind: HintKind, when: &str, by: Option<&str>) -> Hint {
    let by = by.map(|by| by.parse().unwrap());
    Hint { at: at(when), kind, account: "7".parse().unwrap(), by }
}

fn tells(mut world: World, account: &str, hints: &[Hint]) -> World {
    let known = world.accounts.get_mut(&account.parse().unwrap()).unwrap();
    hints.iter().for_each(|hint| known.activity.get_or_insert_default().add(hint));
    world
}

/// A trail read a moment ago that reaches back so far.
fn with_trail(mut world: World, since: &str) -> World {
    world.sight.trail = Some(Trail { since: at(since), until: world.now });
    world
}

/// The tasks but those about the key's own account, which belongs to nobody in these worlds, and
/// about the logins that the policy protects, which nobody has in most of them.
fn tasks(world: &World) -> Vec<Task> {
    let mut tasks = tasks::tasks(&world.seen(), &world.plan(), &world.gaps(), &BTreeMap::new());
    let key = "1".parse().unwrap();
    tasks.retain(|task| task.kind != TaskKind::Classify || task.account.as_ref() != Some(&key));
    tasks.retain(|task| task.kind != TaskKind::NameProtected);
    tasks
}

fn kinds(world: &World) -> Vec<TaskKind> {
    tasks(world).into_iter().map(|task| task.kind).collect()
}

fn in_days(world: &World, days: i64) -> Timestamp {
    world.now + SignedDuration::from_hours(24 * days)
}

fn some_hint() -> impl Strategy<Value = Hint> {
    let kinds = [
        HintKind::Created,
        HintKind::Invited,
        HintKind::Updated,
        HintKind::Deleted,
        HintKind::SignedIn,
    ];
    let by = prop::option::of(prop::sample::select(vec!["1", "7", "9"]));
    (0_i64..1000, prop::sample::select(kinds.to_vec()), by).prop_map(|(hour, kind, by)| Hint {
        at: at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(hour),
        kind,
        account: "7".parse().unwrap(),
        by: by.map(|by| by.parse().unwrap()),
    })
}

proptest! {
    #[test]
    fn hints_add_up_to_the_same_in_any_order_and_however_often_they_come(
        hints in prop::collection::vec(some_hint(), 0..20),
        shuffled in any::<u64>(),
    ) {
        let mut once = Activity::default();
        hints.iter().for_each(|hint| once.add(hint));
        let mut again = hints.clone();
        again.extend(hints);
        let length = again.len().max(1);
        again.sort_by_key(|hint| (hint.at.as_second() as u64).wrapping_mul(shuffled | 1));
        again.rotate_left(usize::try_from(shuffled % length as u64).unwrap());
        let mut other = Activity::default();
        again.iter().for_each(|hint| other.add(hint));
        prop_assert_eq!(once, other);
    }
}

#[test]
fn l17_s1_an_account_that_nobody_ordered_is_found_and_is_a_task() {
    let world = World::new().account("7", |a| a.email("new@acme.example").created("2026-11-08"));
    let created = hint(HintKind::Created, "2026-11-08T00:00:00Z", None);
    let signed_in = hint(HintKind::SignedIn, "2026-11-08T00:00:05Z", Some("7"));
    let joined = tells(world.clone(), "7", &[created.clone(), signed_in.clone()]);
    assert!(joined.gap_kinds().contains(&"self_joined"));
    assert!(kinds(&joined).contains(&TaskKind::JudgeSelfJoined));
    // Somebody created or invited it, or it is not told that anybody came in at once.
    let by_admin = hint(HintKind::Created, "2026-11-08T00:00:00Z", Some("1"));
    let invited = hint(HintKind::Invited, "2026-11-08T00:00:00Z", None);
    let later = hint(HintKind::SignedIn, "2026-11-08T09:00:00Z", Some("7"));
    for hints in [
        vec![by_admin, signed_in.clone()],
        vec![created.clone(), signed_in.clone(), invited],
        vec![created.clone(), later],
        vec![created],
        vec![signed_in],
    ] {
        assert!(!tells(world.clone(), "7", &hints).gap_kinds().contains(&"self_joined"));
    }
}

#[test]
fn j9_an_invitation_that_lapsed_is_a_task_until_it_is_accepted() {
    let mut world = World::new().person("anna", |p| p).account("7", |a| {
        a.of("anna").linked("anna").status(AccountStatus::Invited).created("2026-11-03")
    });
    assert!(!world.gap_kinds().contains(&"never_accepted"));
    world.now = at("2026-11-10T00:00:00Z");
    assert_eq!(kinds(&world), [TaskKind::ResendInvitation]);
    // Sent again: the clock of the new one counts.
    let again = tells(world.clone(), "7", &[hint(HintKind::Invited, "2026-11-09T00:00:00Z", None)]);
    assert_eq!(kinds(&again), []);
    world.accounts.get_mut(&"7".parse().unwrap()).unwrap().account.status = AccountStatus::Active;
    assert_eq!(kinds(&world), []);
    // An app without such a limit has nothing that could lapse.
    world.accounts.get_mut(&"7".parse().unwrap()).unwrap().account.status = AccountStatus::Invited;
    world.sight.invitation_lasts = None;
    assert_eq!(kinds(&world), []);
}

#[test]
fn m11_a_role_changed_in_the_app_is_told_with_who_and_when() {
    let mut world = World::new()
        .person("anna", |p| p)
        .account("7", |a| a.of("anna").linked("anna").role("agent"));
    let kinds = |world: &World| world.gap_kinds().last().copied();
    assert_eq!(kinds(&world), Some("excess_role"));
    let plan = world.plan();
    world.ran(&plan.operations[0], RunState::Verified);
    // It was right, and is wrong again.
    world.now += SignedDuration::from_hours(2);
    let changed = |world: &World| {
        world.gaps().into_iter().find(|gap| gap.kind == GapKind::ChangedOutside).unwrap()
    };
    let text = |world: &World| changed(world).cause;
    insta::assert_snapshot!(text(&world), @"Anna was made basic-agent on 2026-11-09, and was changed to agent in support since: by whom is not told");
    let told =
        tells(world.clone(), "7", &[hint(HintKind::Updated, "2026-11-09T12:00:00Z", Some("1"))]);
    insta::assert_snapshot!(text(&told), @"Anna was made basic-agent on 2026-11-09, and was changed to agent in support since: by muster@acme.example on 2026-11-09 12:00 UTC");
    assert_eq!(changed(&told).since, Some(at("2026-11-09T12:00:00Z")));
    // A hint from before says nothing about what happened since.
    let before = tells(world, "7", &[hint(HintKind::Updated, "2026-11-09T10:00:00Z", Some("1"))]);
    assert!(text(&before).ends_with("by whom is not told"));
}

#[test]
fn an_account_is_unused_only_where_the_trail_reaches_back_far_enough() {
    let world = World::new()
        .person("anna", |p| p)
        .account("7", |a| a.of("anna").linked("anna").created("2026-01-01"));
    let unused = |world: &World| world.gap_kinds().contains(&"unused_seat");
    assert!(!unused(&world), "nothing is known");
    assert!(!unused(&with_trail(world.clone(), "2026-10-01T00:00:00Z")), "too short");
    let known = with_trail(world.clone(), "2026-02-01T00:00:00Z");
    assert!(unused(&known));
    let signed_in =
        |when: &str| tells(known.clone(), "7", &[hint(HintKind::SignedIn, when, Some("7"))]);
    assert!(!unused(&signed_in("2026-10-01T00:00:00Z")));
    assert!(unused(&signed_in("2026-03-01T00:00:00Z")));
    let mut stale = known.clone();
    stale.now += SignedDuration::from_hours(72);
    assert!(!unused(&stale), "the trail was not read lately");
    // Who administers and does not come is a risk, not only a cost.
    let admin = with_trail(
        World::new()
            .person("anna", |p| p.department("IT"))
            .account("7", |a| a.of("anna").linked("anna").role("admin").created("2026-01-01")),
        "2026-02-01T00:00:00Z",
    );
    assert_eq!(
        admin.gaps().iter().map(|gap| gap.kind).collect::<Vec<_>>(),
        [GapKind::Unidentified, GapKind::DormantAdmin]
    );
}

#[test]
fn every_task_closes_by_itself_when_the_world_shows_that_it_is_done() {
    let open = World::new()
        .person("anna", |p| p.ends("2026-11-06"))
        .person("ben", PersonIs::no_email)
        .account("1", |a| a.of("anna").linked("anna").role("admin"))
        .account("8", |a| a.email("who@elsewhere.example"));
    let found: Vec<_> = tasks(&open).into_iter().map(|task| (task.kind, task.title)).collect();
    let unblock = "Make it possible to take access from Anna";
    assert_eq!(
        found.iter().map(|(kind, title)| (*kind, title.as_str())).collect::<Vec<_>>(),
        [
            (TaskKind::Unblock, unblock),
            (TaskKind::CompleteRecord, "Clear the way for Ben"),
            (TaskKind::Classify, "Say whose who@elsewhere.example is"),
        ]
    );
    let closed = World::new()
        .person("ben", |p| p)
        .person("anna", |p| p)
        .account("1", |a| a.of("anna").linked("anna").role("basic-agent"))
        .account("8", |a| a.email("ben@acme.example").confirmed("ben"));
    assert_eq!(tasks(&closed), []);
}

#[test]
fn what_the_limit_holds_is_one_decision() {
    let mut world = World::new().policy("removals_per_day: 1000", "removals_per_day: 2");
    for name in ["anna", "ben", "cleo"] {
        world =
            world.person(name, |p| p.ends("2026-11-06")).account(name, |a| a.of(name).linked(name));
    }
    let found = tasks(&world);
    assert_eq!(found.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::Decide]);
    assert_eq!(found[0].title, "Decide about 3 operations that the limit holds");
    assert_eq!(found[0].person, None);
}

#[test]
fn the_clock_of_a_task_never_starts_again_and_who_was_asked_is_kept() {
    let mut world = World::new().account("8", |a| a.email("who@elsewhere.example"));
    world.rules().owner = Some("it@acme.example".parse().unwrap());
    let of = |world: &World, noticed: &BTreeMap<_, _>| {
        let found = tasks::tasks(&world.seen(), &world.plan(), &world.gaps(), noticed);
        found.into_iter().find(|task| task.account == Some("8".parse().unwrap())).unwrap()
    };
    let first = of(&world, &BTreeMap::new());
    assert_eq!((first.since, first.due), (world.now, in_days(&world, 7)));
    assert_eq!(first.owner.as_deref(), Some("it@acme.example"));
    let noticed = BTreeMap::from([(first.id.clone(), first.since)]);
    world.now += SignedDuration::from_hours(24 * 8);
    let later = of(&world, &noticed);
    assert_eq!((&later.id, later.due), (&first.id, first.due));
    assert!(later.is_overdue(world.now));
    world.orders.assignments.push(Assignment {
        task: first.id.clone(),
        owner: Some("lead@acme.example".to_owned()),
        as_manager: None,
        due: Some(in_days(&world, 1)),
        note: Some("asked the vendor".to_owned()),
        by: "ann".to_owned(),
        at: world.now,
    });
    let asked = of(&world, &noticed);
    assert_eq!(asked.owner.as_deref(), Some("lead@acme.example"));
    assert_eq!(asked.due, in_days(&world, 1));
    assert!(!asked.is_overdue(world.now));
}

fn seats_of(world: &World) -> Seats {
    seats::seats(&world.seen(), &world.correlation(), &world.plan(), in_days(world, 60))
}

#[test]
fn j8_the_seat_forecast_counts_used_promised_planned_and_dated() {
    let mut world = World::new()
        .person("anna", |p| p.ends("2026-11-20"))
        .person("ben", |p| p)
        .person("cleo", |p| p.starts("2026-12-01"))
        .person("dora", |p| p.starts("2026-12-07"))
        .account("7", |a| a.of("anna").linked("anna"))
        .account("8", |a| a.email("x@acme.example").status(AccountStatus::Invited))
        .account("9", |a| a.email("y@acme.example").status(AccountStatus::Inactive));
    world.rules().seats = Some(4);
    let seats = seats_of(&world);
    // The key's own, Anna's, and an invitation; the inactive one takes none.
    assert_eq!((seats.used, seats.promised, seats.free()), (3, 1, Some(1)));
    assert_eq!((seats.taken_by_plan, seats.freed_by_plan, seats.after_plan()), (1, 0, 4));
    let changes: Vec<_> =
        seats.changes.iter().map(|one| (one.name.as_str(), one.seats, one.used)).collect();
    assert_eq!(changes, [("Anna", -1, 3), ("Cleo", 1, 4), ("Dora", 1, 5)]);
    assert_eq!(seats.short_from, seats.changes.last().map(|one| one.at));
    world.rules().seats = Some(5);
    assert_eq!(seats_of(&world).short_from, None);
    world.rules().seats = None;
    assert_eq!((seats_of(&world).free(), seats_of(&world).short_from), (None, None));
}

#[test]
fn readiness_lists_who_starts_and_what_is_in_the_way() {
    let mut world = World::new()
        .person("anna", |p| p.starts("2026-11-09"))
        .person("ben", |p| p.starts("2026-11-10"))
        .person("cleo", |p| p.starts("2026-11-12").no_email())
        .person("dora", |p| p.starts("2026-11-13"))
        .person("eve", |p| p.starts("2026-11-11").department("Sales"))
        .person("old", |p| p.starts("2020-01-01"))
        .account("7", |a| a.of("anna").linked("anna"))
        .account("8", |a| {
            a.of("Ben").linked("ben").status(AccountStatus::Invited).created("2026-11-06")
        });
    let list = |world: &World| {
        readiness::readiness(&world.seen(), &world.correlation(), &world.plan(), in_days(world, 7))
    };
    let words = |found: &[Starter]| {
        found
            .iter()
            .map(|one| format!("{} {}", one.person.name, one.ready.word()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(&list(&world)),
        ["Anna yes", "Ben invited", "Eve not_expected", "Cleo blocked", "Dora scheduled"]
    );
    let needs: Vec<_> = list(&world).iter().map(|one| one.ready.needs_somebody()).collect();
    assert_eq!(needs, [false, true, false, true, false]);
    world.now = at("2026-11-14T00:00:00Z");
    let found = list(&world);
    let of = |name: &str| found.iter().find(|one| one.person.name == name).unwrap().ready.clone();
    assert_eq!(of("Ben"), Ready::Lapsed { since: at("2026-11-13T00:00:00Z") });
    assert_eq!(of("Dora"), Ready::Planned { waits_for: Vec::new() });
    world.rules().writes.create = false.into();
    assert!(matches!(
        &list(&world).iter().find(|one| one.person.name == "Dora").unwrap().ready,
        Ready::Planned { waits_for } if waits_for.len() == 1
    ));
}

#[test]
fn a_protected_login_that_no_account_has_is_told_until_one_has_it_or_had_it() {
    let named = |world: &World| {
        let tasks =
            tasks::tasks(&world.seen(), &world.plan(), &world.gaps(), &BTreeMap::new()).into_iter();
        let named = tasks.filter(|task| task.kind == TaskKind::NameProtected);
        named.map(|task| task.title).collect::<Vec<_>>()
    };
    let mut world = World::new().account("5", |a| a.email("owner@acme.example"));
    let breakglass = "Say which account breakglass@acme.example is now";
    assert_eq!(named(&world), [breakglass]);
    world = world.account("6", |a| a.login("BreakGlass@acme.example"));
    assert!(named(&world).is_empty());

    // Found once, the account is meant whatever its login becomes; but only while it is there.
    let found = shield::newly_found(&world.seen());
    assert_eq!(found.len(), 2);
    world.orders.shields.extend(found);
    assert!(shield::newly_found(&world.seen()).is_empty());
    world = world.account("6", |a| a.login("spare@acme.example"));
    assert!(named(&world).is_empty());
    world = world.account("6", |a| a.login("spare@acme.example").gone());
    assert_eq!(named(&world), [breakglass]);
    // Before the app was ever read nothing can be told.
    world.sight.observation = None;
    assert!(named(&world).is_empty());
}
