//! Sources and words by hand that contradict each other: a word by hand holds against what was
//! known when it was said; a source that tells an end later is believed (law 1).

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date};
use muster_domain::{
    engine::{
        gaps::GapKind,
        hand::{self, Moment, Word},
        lifecycle::{self, Hours, PersonState},
        merge::Ranking,
        tasks,
    },
    model::{
        person::{EmploymentStatus, Person, Profile, TerminationType, Terms},
        policy::Organization,
    },
};
use proptest::prelude::*;

use crate::{
    sources::{People, only, ranking, record, try_hear},
    world::{World, at},
};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn hr(people: &People, now: &str, vary: impl FnOnce(&mut Terms)) -> People {
    let told = record("7", "anna@acme.example", |_, terms| {
        terms.status = Some(EmploymentStatus::Active);
        terms.department = Some("Support".to_owned());
        vary(terms);
    });
    let merged = try_hear(people, "hr", &[told], (&ranking(&[], &[]), now));
    let mut people = people.clone();
    people.extend(merged.people().map(|person| (person.id.clone(), person.clone())));
    people
}

fn by_hand(people: &People, now: &str, terms: Terms) -> People {
    let word = Word::Say {
        profile: Box::<Profile>::default(),
        terms: Box::new(terms),
        clear: BTreeSet::new(),
    };
    said(people, now, &word)
}

fn said(people: &People, now: &str, word: &Word) -> People {
    let ranks: Ranking = ranking(&[], &[]);
    let now = at(now);
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let moment = Moment { now, today, ranking: &ranks, by: "maria" };
    let person = hand::hear(only(people), word, None, &moment).unwrap();
    BTreeMap::from([(person.id.clone(), person)])
}

fn ends(day_: &str) -> Terms {
    Terms { end_date: Some(day(day_)), ..Terms::default() }
}

fn state(people: &People, now: &str) -> PersonState {
    let organization = Organization::new(jiff::tz::TimeZone::UTC);
    lifecycle::state(only(people), &Hours::usual(&organization), at(now))
}

fn world(people: &People, now: &str) -> World {
    let mut world = World::new()
        .now(now)
        .account("8", |a| a.email("anna@acme.example").named("anna").role("basic-agent"));
    world.people.clone_from(people);
    world
}

fn actions(world: &World) -> Vec<String> {
    world.plan().operations.iter().map(muster_domain::model::plan::Operation::brief).collect()
}

#[test]
fn an_end_that_hr_tells_later_takes_access_in_spite_of_an_older_word_by_hand() {
    let people = hr(&People::new(), "2026-01-10T09:00:00Z", |_| {});
    let people = by_hand(&people, "2026-02-01T09:00:00Z", ends("2027-06-30"));
    let left = hr(&people, "2026-11-02T09:00:00Z", |terms| {
        terms.status = Some(EmploymentStatus::Ended);
        terms.end_date = Some(day("2026-10-30"));
    });
    let world = world(&left, "2026-11-03T09:00:00Z");
    assert_eq!(actions(&world), ["deactivate anna"]);
    let why =
        world.plan().operations[0].reasons.iter().map(ToString::to_string).collect::<String>();
    assert!(why.contains("the word of maria by hand of 2026-02-01 is older"), "{why}");
    // Nobody has to settle what is settled, but it is there to be read.
    assert!(!world.gap_kinds().contains(&"contradicted"));
    assert_eq!(world.plan().notes.len(), 1, "{:?}", world.plan().notes);
}

/// Anna, of whom HR says that she left on 6 November, and a word by hand that she did not.
pub fn contradicted() -> Person {
    let left = |terms: &mut Terms| terms.end_date = Some(day("2026-11-06"));
    let people = hr(&People::new(), "2026-01-10T09:00:00Z", left);
    let people = by_hand(&people, "2026-10-02T09:00:00Z", ends("2027-06-30"));
    people.into_values().next().unwrap()
}

#[test]
fn a_word_by_hand_that_came_after_hrs_stands_and_must_be_settled_after_a_day() {
    let people = hr(&People::new(), "2026-01-10T09:00:00Z", |terms| {
        terms.end_date = Some(day("2026-11-06"));
    });
    let people = by_hand(&people, "2026-10-02T09:00:00Z", ends("2027-06-30"));
    // Saying the same again is no new word of HR.
    let people = hr(&people, "2026-11-07T09:00:00Z", |terms| {
        terms.end_date = Some(day("2026-11-06"));
    });
    let before = world(&people, "2026-11-07T09:00:00Z");
    assert_eq!(actions(&before), [] as [&str; 0]);
    assert!(!before.gap_kinds().contains(&"contradicted"));
    let after = world(&people, "2026-11-08T09:00:00Z");
    assert_eq!(actions(&after), [] as [&str; 0]);
    let mut gaps = after.gaps();
    gaps.retain(|gap| gap.kind != GapKind::Unidentified);
    assert_eq!(gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::Contradicted]);
    assert!(gaps[0].cause.contains("maria said an end on 2027-06-30 by hand on 2026-10-02"));
    assert!(gaps[0].cause.contains("hr/7 says an end on 2026-11-06"), "{}", gaps[0].cause);
    assert!(gaps[0].remedy.contains("--clear end_date"), "{}", gaps[0].remedy);
    let found = tasks::tasks(&after.seen(), &after.plan(), &gaps, &BTreeMap::new());
    assert_eq!(found[0].title, "Settle whether anna@acme.example still works here");
    // It closes by itself once the word is taken back.
    let clear = BTreeSet::from(["end_date".to_owned()]);
    let word = Word::Say { profile: Box::default(), terms: Box::default(), clear };
    let settled = world(&said(&people, "2026-11-08T10:00:00Z", &word), "2026-11-08T10:00:00Z");
    assert!(settled.gap_kinds().contains(&"offboarded_active"));
    assert!(!settled.gap_kinds().contains(&"contradicted"));
    assert_eq!(actions(&settled), ["deactivate anna"]);
}

#[test]
fn who_says_it_again_by_hand_overrules_what_hr_said_meanwhile() {
    let people = hr(&People::new(), "2026-01-10T09:00:00Z", |_| {});
    let people = by_hand(&people, "2026-02-01T09:00:00Z", ends("2027-06-30"));
    let people = hr(&people, "2026-11-02T09:00:00Z", |terms| {
        terms.status = Some(EmploymentStatus::Ended);
        terms.end_date = Some(day("2026-10-30"));
    });
    assert!(matches!(state(&people, "2026-11-03T09:00:00Z"), PersonState::Ended { .. }));
    let people = by_hand(&people, "2026-11-04T09:00:00Z", ends("2027-06-30"));
    assert!(matches!(state(&people, "2026-11-04T10:00:00Z"), PersonState::Leaving { .. }));
    // Words about something else are no words about the end.
    let title = Terms { title: Some("Agent".to_owned()), ..Terms::default() };
    let people = hr(&people, "2026-11-05T09:00:00Z", |terms| {
        terms.status = Some(EmploymentStatus::Ended);
        terms.end_date = Some(day("2026-10-29"));
    });
    let people = by_hand(&people, "2026-11-06T09:00:00Z", title);
    assert!(matches!(state(&people, "2026-11-06T10:00:00Z"), PersonState::Ended { .. }));
}

/// A word on the end, from HR or by hand.
#[derive(Debug, Clone)]
enum Step {
    Hr(Terms),
    Hand(Terms),
    Nothing,
}

fn some_end() -> impl Strategy<Value = Terms> {
    let date = prop::option::of(
        (0..24_i32)
            .prop_map(|n| jiff::civil::date(2026, 1, 1).checked_add((n * 20).days()).unwrap()),
    );
    let status = prop::sample::select(vec![
        EmploymentStatus::Active,
        EmploymentStatus::Ended,
        EmploymentStatus::OnLeave,
    ]);
    let how = prop::option::of(Just(TerminationType::Involuntary));
    (date.clone(), date, status, how).prop_map(
        |(end_date, last_working_day, status, termination)| Terms {
            end_date,
            last_working_day,
            termination,
            status: Some(status),
            ..Terms::default()
        },
    )
}

fn some_step() -> impl Strategy<Value = Step> {
    let hand = |terms: Terms| {
        let ended = terms.status == Some(EmploymentStatus::Ended);
        Terms { status: terms.status.filter(|_| ended), ..terms }
    };
    prop_oneof![
        some_end().prop_map(Step::Hr),
        some_end().prop_map(move |terms| Step::Hand(hand(terms))),
        Just(Step::Nothing),
    ]
}

/// When access ends by HR alone.
fn of_hr(people: &People) -> Person {
    let person = only(people).clone();
    let Some(own) = person.told.iter().find(|one| one.anchor.source.as_str() == "hr") else {
        return person;
    };
    Person { engagements: own.engagements.clone(), told: Vec::new(), ..person }
}

proptest! {
    #[test]
    fn law_1_no_word_by_hand_keeps_in_whom_hr_later_says_has_left(
        steps in prop::collection::vec(some_step(), 1..8),
        wait in 0..40_i64,
    ) {
        let organization = Organization::new(jiff::tz::TimeZone::UTC);
        let hours = Hours::usual(&organization);
        let mut now: Timestamp = at("2026-01-01T12:00:00Z");
        let mut people = hr(&People::new(), &now.to_string(), |_| {});
        let mut told = Terms { status: Some(EmploymentStatus::Active), ..Terms::default() };
        let mut hr_spoke_last = true;
        for step in steps {
            now = now.checked_add((24 * wait).hours()).unwrap();
            let text = now.to_string();
            match step {
                Step::Hr(terms) => {
                    let news = (terms.end_date, terms.last_working_day, terms.status, terms.termination);
                    let before = (told.end_date, told.last_working_day, told.status, told.termination);
                    let is_news = [news.0.is_some() && news.0 != before.0,
                        news.1.is_some() && news.1 != before.1,
                        (news.2 == Some(EmploymentStatus::Ended)) != (before.2 == Some(EmploymentStatus::Ended)),
                        news.3.is_some() && news.3 != before.3].contains(&true);
                    people = hr(&people, &text, |known| *known = Terms {
                        start_date: known.start_date,
                        department: known.department.clone(),
                        ..terms.clone()
                    });
                    // What a file leaves blank stays told.
                    told = Terms {
                        end_date: terms.end_date.or(told.end_date),
                        last_working_day: terms.last_working_day.or(told.last_working_day),
                        termination: terms.termination.or(told.termination),
                        ..terms
                    };
                    hr_spoke_last |= is_news;
                }
                Step::Hand(terms) => {
                    let speaks = terms.end_date.is_some() || terms.last_working_day.is_some()
                        || terms.status.is_some() || terms.termination.is_some();
                    people = by_hand(&people, &text, terms);
                    hr_spoke_last &= !speaks || wait == 0;
                }
                Step::Nothing => {}
            }
            let alone = lifecycle::state(&of_hr(&people), &hours, now);
            let together = lifecycle::state(only(&people), &hours, now);
            if hr_spoke_last && matches!(alone, PersonState::Ended { .. }) {
                prop_assert!(
                    matches!(together, PersonState::Ended { .. }),
                    "HR alone: {alone:?}; together: {together:?} in {:?}",
                    only(&people)
                );
            }
        }
    }
}
