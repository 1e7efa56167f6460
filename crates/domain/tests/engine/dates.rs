//! Tasks that come and go with dates: reminders of contracts (J12), invitations whose first day
//! became another (J3), and whom they are for (M7).

use std::collections::BTreeMap;

use muster_domain::{
    engine::{
        gaps::GapKind,
        tasks::{self, Task, TaskKind},
    },
    model::{
        operation::RunState,
        order::Assignment,
        person::{EngagementKind, StartMoved},
    },
};

use crate::world::{PersonIs, World, at, person_id};

fn tasks_of(world: &World, kind: TaskKind) -> Vec<Task> {
    let mut found = tasks::tasks(&world.seen(), &world.plan(), &world.gaps(), &BTreeMap::new());
    found.retain(|task| task.kind == kind);
    found
}

fn contractor(now: &str, with: impl FnOnce(PersonIs) -> PersonIs) -> World {
    let mut world = World::new()
        .now(now)
        .person("con", |p| with(p.kind(EngagementKind::Contractor)).manager("mia"))
        .person("mia", |p| p)
        .account("8", |a| a.of("con").linked("con"));
    world.rules().owner = Some("it@acme.example".parse().unwrap());
    world
}

#[test]
fn j12_reminders_come_14_7_and_1_days_before_and_are_the_managers() {
    let ends = |now: &str| contractor(now, |p| p.ends("2026-12-31"));
    assert_eq!(tasks_of(&ends("2026-12-16T22:00:00Z"), TaskKind::ExtendContract), []);
    let mut ids = Vec::new();
    for (now, due) in [
        ("2026-12-17T00:00:00Z", "2026-12-23T23:00:00Z"),
        ("2026-12-24T00:00:00Z", "2026-12-29T23:00:00Z"),
        ("2026-12-30T00:00:00Z", "2026-12-31T17:00:00Z"),
    ] {
        let found = tasks_of(&ends(now), TaskKind::ExtendContract);
        assert_eq!(found.len(), 1, "{now}");
        let task = &found[0];
        assert_eq!(task.title, "Con's contract ends on 2026-12-31: say whether it goes on");
        assert_eq!((task.due, task.owner.as_deref()), (at(due), Some("mia@acme.example")));
        ids.push(task.id.clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each is a reminder of its own");
    assert_eq!(tasks_of(&ends("2026-12-31T18:00:00Z"), TaskKind::ExtendContract), []);
    // Extended, or employed: nothing to remind of.
    let longer = contractor("2026-12-24T00:00:00Z", |p| p.ends("2027-12-31"));
    assert_eq!(tasks_of(&longer, TaskKind::ExtendContract), []);
    let mut employed = ends("2026-12-24T00:00:00Z");
    let con = employed.people.get_mut(&person_id("con")).unwrap();
    con.engagements[0].terms.kind = Some(EngagementKind::Employee);
    assert_eq!(tasks_of(&employed, TaskKind::ExtendContract), []);
}

#[test]
fn j12_a_review_stands_for_an_end_until_its_day_has_passed() {
    let reviewed = |now: &str| {
        let day = "2026-12-31".parse().unwrap();
        contractor(now, |p| p.terms(|t| t.review_date = Some(day)))
    };
    let kinds = |world: &World| {
        let mut kinds = world.gap_kinds();
        kinds.retain(|kind| kind.starts_with("contractor"));
        kinds
    };
    let before = reviewed("2026-11-09T11:00:00Z");
    assert_eq!(kinds(&before), [] as [&str; 0]);
    let reminded = tasks_of(&reviewed("2026-12-18T00:00:00Z"), TaskKind::ExtendContract);
    assert_eq!(reminded[0].title, "Con's work is reviewed by 2026-12-31: say whether it goes on");
    // The day itself is still in time, where she is.
    assert_eq!(kinds(&reviewed("2026-12-31T22:59:00Z")), [] as [&str; 0]);
    let after = reviewed("2026-12-31T23:00:00Z");
    assert_eq!(kinds(&after), [GapKind::ContractorOverdue.word()]);
    let task = &tasks_of(&after, TaskKind::ReviewContract)[0];
    assert_eq!(task.owner.as_deref(), Some("mia@acme.example"));
    // Nobody loses access by it.
    assert!(after.plan().operations.iter().all(|one| one.name() != "Con"));
}

#[test]
fn j3_when_the_start_of_an_invited_person_moves_the_owner_is_told_until_it_is_here() {
    let mut world = World::new().person("nia", |p| p.starts("2026-11-09"));
    world.rules().owner = Some("it@acme.example".parse().unwrap());
    let create = world.plan().operations[0].clone();
    world.ran(&create, RunState::Verified);
    world.runs[0].account = Some("8".parse().unwrap());
    let mut world = world.account("8", |a| a.of("nia").linked("nia"));
    assert_eq!(tasks_of(&world, TaskKind::TakeNote), []);
    world.now = at("2026-11-09T12:00:00Z");
    let first = |world: &mut World, day: &str, from: &str| {
        let now = world.now;
        let nia = world.people.get_mut(&person_id("nia")).unwrap();
        nia.engagements[0].terms.start_date = Some(day.parse().unwrap());
        nia.engagements[0].starts.push(StartMoved { at: now, from: from.parse().unwrap() });
    };
    first(&mut world, "2026-12-01", "2026-11-09");
    world.now = at("2026-11-10T12:00:00Z");
    first(&mut world, "2026-12-15", "2026-12-01");
    let task = &tasks_of(&world, TaskKind::TakeNote)[0];
    assert_eq!(task.title, "Know that Nia starts on 2026-12-15, not on 2026-11-09");
    assert_eq!(task.reason, "the invitation of 2026-11-09 stands, and no other is sent");
    assert_eq!(task.owner.as_deref(), Some("it@acme.example"));
    world.now = at("2026-12-15T12:00:00Z");
    assert_eq!(tasks_of(&world, TaskKind::TakeNote), [], "it closed by itself");
    // Moved back: there is nothing to know any more.
    world.now = at("2026-11-11T12:00:00Z");
    first(&mut world, "2026-11-09", "2026-12-15");
    assert_eq!(tasks_of(&world, TaskKind::TakeNote), []);
}

#[test]
fn m7_a_task_goes_to_the_new_manager_unless_somebody_else_was_asked_on_purpose() {
    let mut world = contractor("2026-12-24T00:00:00Z", |p| p.ends("2026-12-31"));
    world = world.person("nora", |p| p).person("other", |p| p);
    let task = tasks_of(&world, TaskKind::ExtendContract).remove(0);
    let owner = |world: &World| tasks_of(world, TaskKind::ExtendContract)[0].owner.clone().unwrap();
    let ask = |world: &mut World, who: &str| {
        let about = Some(&task.person.clone().unwrap()).cloned();
        let as_manager = tasks::asks_manager(&world.seen(), about.as_ref(), who);
        world.orders.assignments = vec![Assignment {
            task: task.id.clone(),
            owner: Some(who.to_owned()),
            as_manager,
            due: None,
            note: None,
            by: "it".to_owned(),
            at: world.now,
        }];
    };
    let new_manager = |world: &mut World| {
        let con = world.people.get_mut(&person_id("con")).unwrap();
        con.engagements[0].terms.manager = Some("nora".parse().unwrap());
    };
    let mut asked = world.clone();
    ask(&mut asked, "mia@acme.example");
    assert_eq!(owner(&asked), "mia@acme.example");
    new_manager(&mut asked);
    assert_eq!(owner(&asked), "nora@acme.example");

    let mut other = world.clone();
    ask(&mut other, "other@acme.example");
    new_manager(&mut other);
    assert_eq!(owner(&other), "other@acme.example");
    // Who has left does nothing any more.
    let leaver = other.people.get_mut(&person_id("other")).unwrap();
    leaver.engagements[0].terms.end_date = Some("2026-12-01".parse().unwrap());
    assert_eq!(owner(&other), "nora@acme.example");
}
