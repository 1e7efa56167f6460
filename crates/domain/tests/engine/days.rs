//! Dates, zones and the instants they stand for.

use jiff::SignedDuration;
use muster_domain::engine::lifecycle::{self, PersonState};

use crate::world::{PersonIs, World, at, person_id};

/// The moment at which a person with these terms loses access.
fn ends(with: impl FnOnce(PersonIs) -> PersonIs) -> String {
    let world = World::new().person("anna", with);
    let stints = lifecycle::stints(&world.people[&person_id("anna")], &world.seen().hours());
    stints.last().unwrap().end.map_or_else(|| "never".to_owned(), |end| end.to_string())
}

#[test]
fn access_ends_at_six_where_the_person_is() {
    assert_eq!(ends(|p| p.ends("2026-07-31")), "2026-07-31T16:00:00Z");
    assert_eq!(ends(|p| p.ends("2026-07-31").zone("America/New_York")), "2026-07-31T22:00:00Z");
    assert_eq!(ends(|p| p.ends("2026-07-31").zone("Pacific/Kiritimati")), "2026-07-31T04:00:00Z");
    assert_eq!(ends(|p| p.ends("2026-07-31").zone("No/Such")), "2026-07-31T16:00:00Z");
}

#[test]
fn a_leap_day_is_a_day() {
    assert_eq!(ends(|p| p.ends("2028-02-29")), "2028-02-29T17:00:00Z");
}

#[test]
fn the_clock_change_moves_nothing_a_day() {
    assert_eq!(ends(|p| p.ends("2026-10-24")), "2026-10-24T16:00:00Z");
    assert_eq!(ends(|p| p.ends("2026-10-25")), "2026-10-25T17:00:00Z");
    assert_eq!(ends(|p| p.ends("2026-03-29")), "2026-03-29T16:00:00Z");
}

#[test]
fn the_last_working_day_counts_before_the_contract() {
    assert_eq!(ends(|p| p.last_day("2026-11-20").ends("2026-12-31")), "2026-11-20T17:00:00Z");
}

#[test]
fn an_end_before_the_start_belongs_to_an_earlier_stint() {
    assert_eq!(ends(|p| p.starts("2026-05-01").ends("2026-03-31")), "never");
}

#[test]
fn an_involuntary_end_counts_from_when_it_is_known() {
    let end = ends(|p| p.ends("2026-11-30").involuntary().ended_seen("2026-11-09T08:00:00Z"));
    assert_eq!(end, "2026-11-09T08:00:00Z");
    assert_eq!(
        ends(|p| p.ends("2026-11-30").ended_seen("2026-11-09T08:00:00Z")),
        "2026-11-30T17:00:00Z"
    );
}

#[test]
fn ended_without_a_date_counts_from_when_it_was_seen() {
    assert_eq!(ends(|p| p.ended_seen("2026-11-09T08:00:00Z")), "2026-11-09T08:00:00Z");
}

#[test]
fn the_first_and_the_last_day_of_a_leave() {
    let leave = |now: &str| {
        let world = World::new().now(now).person("anna", |p| {
            p.terms(|t| {
                t.leave_start = Some("2026-11-09".parse().unwrap());
                t.leave_return = Some("2026-11-16".parse().unwrap());
            })
        });
        let state =
            lifecycle::state(&world.people[&person_id("anna")], &world.seen().hours(), world.now);
        state == PersonState::OnLeave
    };
    assert!(!leave("2026-11-08T22:59:59Z"));
    assert!(leave("2026-11-08T23:00:00Z"));
    assert!(leave("2026-11-15T22:59:59Z"));
    assert!(!leave("2026-11-15T23:00:00Z"));
}

#[test]
fn where_dates_touch_there_is_no_break_and_where_they_do_not_there_is_one() {
    let removals = |second: &str| {
        let mut world = World::new()
            .policy("approval:", "joiner: {invite_before: 0 days}\n    approval:")
            .person("anna", |p| p.ends("2026-11-13").again(second))
            .account("7", |a| a.of("anna"));
        world.now = at("2026-11-13T17:00:00Z");
        let mut seen = 0;
        while world.now < at("2026-11-18T00:00:00Z") {
            seen += usize::from(!world.plan().operations.is_empty());
            world.now += SignedDuration::from_hours(1);
        }
        seen
    };
    assert_eq!(removals("2026-11-14"), 0);
    assert_eq!(removals("2026-11-16"), 0, "from Friday to Monday");
    assert!(removals("2026-11-17") > 0);
}

#[test]
fn an_ordered_end_is_not_undone_by_the_roster_but_by_a_rehire() {
    let ordered = |p: PersonIs| p.offboarded("2026-05-01T10:00:00Z");
    let world = World::new().person("anna", ordered).account("7", |a| a.of("anna"));
    assert_eq!(world.plan().operations[0].action.word(), "deactivate");
    let rehired = World::new()
        .person("anna", |p| ordered(p).again("2026-11-02"))
        .account("7", |a| a.of("anna"));
    assert_eq!(rehired.text(), "nothing to do\n");
}
