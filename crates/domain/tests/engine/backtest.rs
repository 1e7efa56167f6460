//! Back-testing a policy: what another one would have made different.

use muster_domain::{
    engine::{
        backtest::{Backtest, Difference, bounded, due},
        world::World as Seen,
    },
    model::plan::HoldKind,
};

use crate::world::{POLICY, World, at, read_policy};

/// What `tried` would have made different at these moments of one world.
fn difference(world: &World, tried: &str, moments: &[&str]) -> Difference {
    let tried = read_policy(tried);
    let mut backtest = Backtest::default();
    for moment in moments {
        let valid = Seen { now: at(moment), ..world.seen() };
        let rules = &tried.apps[&world.app];
        backtest.look(&valid, &Seen { policy: &tried, rules, ..valid });
    }
    backtest.difference()
}

/// Three support people with accounts, the first two of whom leave on 10 November.
fn layoff() -> World {
    let mut world = World::new();
    for (id, name, shown) in [("2", "anna", "Anna"), ("3", "ben", "Ben"), ("4", "cleo", "Cleo")] {
        let email = format!("{name}@acme.example");
        world = world
            .account(id, |a| a.email(&email).named(shown).role("basic-agent"))
            .person(name, |p| if name == "cleo" { p } else { p.ends("2026-11-10") });
    }
    world
}

const DAYS: [&str; 3] = ["2026-11-10T11:00:00Z", "2026-11-11T11:00:00Z", "2026-11-12T11:00:00Z"];

#[test]
fn the_same_policy_makes_no_difference() {
    let difference = difference(&layoff(), POLICY, &DAYS);
    assert!(difference.is_empty(), "{difference:?}");
    assert_eq!(difference.moments, 3);
}

#[test]
fn a_tightened_limit_would_have_held_a_past_layoff() {
    let tight = POLICY.replace("removals_per_day: 1000", "removals_per_day: 1");
    let difference = difference(&layoff(), &tight, &DAYS);
    assert_eq!(difference.operations.len(), 2, "{difference:?}");
    for one in &difference.operations {
        assert!(one.removes_access);
        assert_eq!(one.planned.valid, Some(at(DAYS[1])));
        assert_eq!(one.planned.tried, one.planned.valid);
        assert_eq!((one.goes.valid, one.goes.tried), (Some(at(DAYS[1])), None));
        assert!(one.held_by.tried.contains(&HoldKind::Limit), "{one:?}");
        assert!(one.held_by.valid.is_empty());
    }
    assert!(difference.access.is_empty());
}

#[test]
fn a_changed_rule_names_exactly_the_people_it_is_about() {
    let world = layoff().person("dora", |p| p.department("IT"));
    let changed = POLICY.replace(
        r#"person.department == "IT"', role: admin"#,
        r#"person.department == "IT"', role: agent"#,
    );
    let difference = difference(&world, &changed, &DAYS);
    let named: Vec<_> = difference.access.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(named, ["Dora"]);
    let [only] = difference.access.as_slice() else { panic!("{difference:?}") };
    let role =
        |role: &Option<muster_domain::model::id::RoleName>| role.as_ref().unwrap().to_string();
    assert_eq!((role(&only.role.valid), role(&only.role.tried)), ("admin".into(), "agent".into()));
    assert_eq!(only.at, at(DAYS[0]));
    let of_others = difference.operations.iter().filter(|one| !one.what.contains("Dora"));
    assert_eq!(of_others.count(), 0, "{difference:?}");
}

#[test]
fn the_moments_at_which_dates_fall_due_are_looked_at() {
    let world = layoff();
    let due = due(&world.seen(), at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    assert_eq!(due.len(), 1, "both leave at one moment: {due:?}");
    assert!(due.iter().all(|at_end| *at_end > at(DAYS[0]) && *at_end < at(DAYS[1])));
}

#[test]
fn many_moments_are_thinned_evenly_and_keep_their_ends() {
    let start = at("2026-01-01T00:00:00Z");
    let all = (0..1000).map(|n| start + jiff::SignedDuration::from_hours(n)).collect();
    let few = bounded(&all, 10);
    assert_eq!(few.len(), 10);
    assert_eq!((few.first(), few.last()), (all.first(), all.last()));
    assert_eq!(bounded(&few, 10), few);
}
