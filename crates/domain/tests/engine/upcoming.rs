//! What comes by itself: nothing a day early or late, and nothing before it was foretold (S5).

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use muster_domain::{
    engine::{
        calendar::{self, Whereabouts},
        lifecycle, upcoming,
    },
    model::{
        person::{EngagementKind, Terms},
        policy::{DayEnd, LeadTime, Leave, Organization},
    },
};
use proptest::prelude::*;

use crate::{
    laws::some_world,
    world::{PersonIs, World, person_id},
};

fn days(world: &World) -> String {
    let all = world
        .people
        .values()
        .flat_map(|person| upcoming::days_of(person, &world.policy.organization, world.now));
    let mut all: Vec<_> = all
        .map(|one| {
            format!(
                "{} {} {}
",
                one.at, one.person.name, one.what
            )
        })
        .collect();
    all.sort();
    all.concat()
}

#[test]
fn j12_a_contract_is_reminded_of_two_weeks_a_week_and_a_day_before_it_ends() {
    let world = World::new()
        .person("anna", |p| p.kind(EngagementKind::Contractor).ends("2026-11-30"))
        .person("ben", |p| p.ends("2026-11-30"));
    assert_snapshot!(days(&world), @r"
    2026-11-15T23:00:00Z Anna contract ends in 14 days: extend it, or let it end
    2026-11-22T23:00:00Z Anna contract ends in 7 days: extend it, or let it end
    2026-11-28T23:00:00Z Anna contract ends in 1 day: extend it, or let it end
    2026-11-30T17:00:00Z Anna ends
    2026-11-30T17:00:00Z Ben ends
    ");
}

#[test]
fn j2_the_lead_time_counts_working_days_where_the_person_works() {
    let organization = "organization: {time_zone: Europe/Berlin, domains: [acme.example], \
                        holidays: [2026-12-25], places: {Dubai: {time_zone: Asia/Dubai, weekend: \
                        [friday, saturday]}, US: {time_zone: America/New_York, holidays: \
                        [2026-12-04]}}}";
    let invited = |place: &str| {
        let world = World::new()
            .policy(
                "organization: {time_zone: Europe/Berlin, domains: [acme.example]}",
                organization,
            )
            .person("anna", |p| {
                p.starts("2026-12-07").terms(|t| {
                    t.location = Some(place.to_owned());
                    t.country = Some(place.to_owned());
                })
            });
        world.plan().upcoming[0].at.to_string()
    };
    assert_eq!(invited("Bonn"), "2026-12-03T23:00:00Z");
    assert_eq!(invited("us"), "2026-12-03T05:00:00Z");
    assert_eq!(invited("Dubai"), "2026-12-05T20:00:00Z");
}

#[test]
fn the_policy_says_which_date_counts_and_when_the_day_ends() {
    let end = |keys: &str, with: &dyn Fn(PersonIs) -> PersonIs| {
        let world = World::new()
            .policy("approval:", &format!("leaver: {{{keys}}}\n    approval:"))
            .person("anna", with);
        let stints = lifecycle::stints(&world.people[&person_id("anna")], &world.seen().hours());
        stints[0].end.unwrap().to_string()
    };
    let both = |p: PersonIs| p.last_day("2026-11-20").ends("2026-12-31");
    assert_eq!(end("follows: last_working_day", &both), "2026-11-20T17:00:00Z");
    assert_eq!(end("follows: contract_end", &both), "2026-12-31T17:00:00Z");
    assert_eq!(end("follows: contract_end, at: end_of_day", &both), "2026-12-31T23:00:00Z");
    let conflict = |p: PersonIs| p.last_day("2026-12-31").ends("2026-11-20");
    assert_eq!(end("follows: last_working_day", &conflict), "2026-11-20T17:00:00Z");
    assert_eq!(end("follows: contract_end", &conflict), "2026-11-20T17:00:00Z");
    let one = |p: PersonIs| p.last_day("2026-11-20");
    assert_eq!(end("follows: contract_end", &one), "2026-11-20T17:00:00Z");
}

#[test]
fn s5_a_person_who_changes_zones_leaves_on_the_same_day_there() {
    let text = "organization: {time_zone: Europe/Berlin, domains: [acme.example], places: {Tokyo: \
                {time_zone: Asia/Tokyo}, NYC: {time_zone: America/New_York}}}";
    let end = |place: &str, own: Option<&str>| {
        let world = World::new()
            .policy("organization: {time_zone: Europe/Berlin, domains: [acme.example]}", text)
            .person("anna", |p| {
                let p = p.ends("2026-11-30").terms(|t| t.location = Some(place.to_owned()));
                if let Some(zone) = own { p.zone(zone) } else { p }
            })
            .account("7", |a| a.of("anna"));
        world.plan().upcoming[0].at.to_string()
    };
    assert_eq!(end("", None), "2026-11-30T17:00:00Z");
    assert_eq!(end("Tokyo", None), "2026-11-30T09:00:00Z");
    assert_eq!(end("NYC", None), "2026-11-30T23:00:00Z");
    assert_eq!(end("NYC", Some("Asia/Kolkata")), "2026-11-30T12:30:00Z", "her own zone first");
}

const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
];

/// Days around clock changes, leap days, year ends, and the day that Apia skipped.
fn some_day() -> impl Strategy<Value = Date> {
    let near = prop::sample::select(vec![
        "2011-12-30",
        "2024-02-29",
        "2026-03-08",
        "2026-03-29",
        "2026-04-05",
        "2026-04-24",
        "2026-10-04",
        "2026-10-25",
        "2026-11-01",
        "2027-01-01",
        "2028-02-29",
        "2100-03-01",
    ]);
    (near, -3..4_i64).prop_map(|(day, off)| {
        day.parse::<Date>().unwrap().checked_add(SignedDuration::from_hours(24 * off)).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn s5_nothing_happens_a_day_early_or_late(
        day in some_day(), zone in prop::sample::select(ZONES.to_vec()), minute in 0..1440_i16,
        lead in 0..40_u16,
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let local = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
        let begins = calendar::start_of(day, &zone);
        // The first moment of the day, or of the next where there is no such day.
        prop_assert!(local(begins).date() >= day);
        prop_assert!(local(begins - SignedDuration::from_nanos(1)).date() < day);
        let time = jiff::civil::time(i8::try_from(minute / 60).unwrap(), i8::try_from(minute % 60).unwrap(), 0, 0);
        let ends = calendar::end_of(day, DayEnd::At(time), &zone);
        prop_assert!(local(ends) >= day.to_datetime(time));
        prop_assert!(begins <= ends || time == jiff::civil::Time::midnight());
        prop_assert!(ends.duration_since(begins) <= SignedDuration::from_hours(25));
        let over = calendar::end_of(day, DayEnd::EndOfDay, &zone);
        prop_assert_eq!(over, calendar::start_of(day.tomorrow().unwrap(), &zone));
        // So many working days lie between.
        let organization = Organization::new(zone.clone());
        let terms = Terms::default();
        let here = Whereabouts::of(Some(&terms), &organization);
        let invited = calendar::lead(day, LeadTime::WorkingDays(lead), &here);
        let mut count = 0;
        let mut each = invited;
        while each < day {
            count += u16::from(here.is_working_day(each));
            each = each.tomorrow().unwrap();
        }
        prop_assert_eq!(count, lead);
        prop_assert!(lead == 0 || here.is_working_day(invited));
    }

    #[test]
    fn nothing_changes_before_the_moment_that_is_foretold(
        mut world in some_world(), approved in any::<bool>(), apply in any::<bool>(),
        parts in prop::collection::vec(0..=1000_i64, 4),
    ) {
        if approved {
            world.approve_all();
        }
        if apply {
            world.apply_all();
        }
        let next = upcoming::next(&world.seen());
        let far = next.unwrap_or(world.now + SignedDuration::from_hours(24 * 400));
        let nanos = far.as_nanosecond() - world.now.as_nanosecond() - 1;
        let operations = world.plan().operations;
        for part in parts {
            let mut later = world.clone();
            let at = world.now.as_nanosecond() + nanos * i128::from(part) / 1000;
            later.now = Timestamp::from_nanosecond(at).unwrap();
            prop_assert_eq!(&later.plan().operations, &operations, "{} of {}", later.now, far);
        }
    }

    #[test]
    fn what_is_foretold_is_planned_then_and_not_before(mut world in some_world()) {
        // Who is shut out while on leave may lose nothing more when it all ends.
        world.rules().leave = Leave::Keep;
        let plan = world.plan();
        for coming in &plan.upcoming {
            let mut then = world.clone();
            then.now = coming.at;
            let mut before = world.clone();
            before.now = coming.at - SignedDuration::from_nanos(1);
            let about = |world: &World| {
                let all = world.plan();
                let operations = all.operations.into_iter().map(|one| (one.person_id().unwrap().clone(), format!("{:?}{:?}", one.action, one.engagement())));
                let blocked = all.blocked.into_iter().map(|one| (one.person.id, one.reason));
                operations.chain(blocked).filter(|(id, _)| *id == coming.person.id).collect::<Vec<_>>()
            };
            if coming.what == "loses access" || coming.what.starts_with("is invited") {
                let shut = world.correlation().accounts_of(&coming.person.id).iter().all(|id| {
                    !world.accounts[id].account.status.may_sign_in()
                });
                prop_assert!(
                    about(&then) != about(&before) || shut,
                    "{coming:?}\n{}\n{}", before.text(), then.text()
                );
            }
        }
    }
}
