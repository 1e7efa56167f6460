//! Merging rosters: nothing is concluded from absence, nothing is wiped, nothing depends on order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_domain::{
    engine::{
        merge::{Doubt, LastImport, Merge, MergeOptions, Ranking, Refused, merge},
        moves,
    },
    model::{
        canonical::Digest,
        id::{OrgId, PersonId},
        person::{EmploymentStatus, Engagement, Person, Profile, Terms},
        roster::{Field, Presence, Roster, RosterRecord},
    },
};
use proptest::prelude::*;

use crate::world::{at, source};

type People = BTreeMap<PersonId, Person>;

fn terms(start: Option<&str>, end: Option<&str>) -> Terms {
    Terms {
        status: Some(EmploymentStatus::Active),
        start_date: start.map(|day| day.parse().unwrap()),
        end_date: end.map(|day| day.parse().unwrap()),
        ..Terms::default()
    }
}

fn record(id: &str, engagements: Vec<Terms>) -> RosterRecord {
    let profile = Profile { display_name: Some(format!("Person {id}")), ..Profile::default() };
    RosterRecord { source_id: id.parse().unwrap(), rows: vec![2], profile, engagements }
}

fn roster(records: Vec<RosterRecord>) -> Roster {
    Roster {
        format: "test".to_owned(),
        digest: Digest::of(format!("{records:?}").as_bytes()),
        headings: Vec::new(),
        fields: BTreeSet::from([Field::SourceId, Field::Status, Field::StartDate, Field::EndDate]),
        rows: u32::try_from(records.len()).unwrap(),
        records,
        warnings: Vec::new(),
    }
}

fn try_merge(
    known: &People,
    last: Option<&LastImport>,
    told: &Roster,
    now: &str,
) -> Result<Merge, Vec<Refused>> {
    let (org, source, now): (_, _, Timestamp) = (OrgId::default_org(), source(), at(now));
    let options = MergeOptions {
        org: &org,
        source: &source,
        presence: Presence::Full,
        file_time: None,
        accept: BTreeSet::new(),
        complete: BTreeSet::new(),
        ranking: &Ranking::default(),
        now,
    };
    merge(known, last, told, &options)
}

fn believe(known: &People, told: &Roster, now: &str) -> People {
    let merged = try_merge(known, None, told, now).unwrap();
    let mut people = known.clone();
    people.extend(merged.people().map(|person| (person.id.clone(), person.clone())));
    people
}

fn first(records: Vec<RosterRecord>) -> People {
    believe(&People::new(), &roster(records), "2026-01-01T00:00:00Z")
}

fn only(people: &People) -> &Person {
    people.values().next().unwrap()
}

#[test]
fn two_positions_at_once_stay_two_however_often_they_are_told() {
    let told = vec![terms(Some("2020-01-01"), None), terms(Some("2024-05-01"), None)];
    let known = first(vec![record("7", vec![terms(Some("2020-01-01"), None)])]);
    let twice = believe(&known, &roster(vec![record("7", told.clone())]), "2026-02-01T00:00:00Z");
    let person = only(&twice);
    assert_eq!(person.engagements.iter().map(|e| e.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(person.engagements[0].terms.start_date, told[0].start_date);
    let again =
        try_merge(&twice, None, &roster(vec![record("7", told)]), "2026-03-01T00:00:00Z").unwrap();
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn an_old_engagement_whose_start_was_corrected_does_not_end_the_present_one() {
    let old = |start| Terms {
        status: Some(EmploymentStatus::Ended),
        ..terms(Some(start), Some("2022-12-31"))
    };
    let now = terms(Some("2024-05-01"), None);
    let known = first(vec![record("7", vec![old("2020-01-01"), now.clone()])]);
    let told = roster(vec![record("7", vec![old("2020-02-01"), now.clone()])]);
    let person = only(&believe(&known, &told, "2026-02-01T00:00:00Z")).clone();
    assert_eq!(person.engagements.len(), 2);
    assert_eq!(person.engagements[1].terms, now);
    let past_only = roster(vec![record("7", vec![old("2019-02-01")])]);
    let known = first(vec![record("7", vec![now.clone()])]);
    let person = only(&believe(&known, &past_only, "2026-02-01T00:00:00Z")).clone();
    assert_eq!(person.engagements[0].terms, now);
}

#[test]
fn a_moved_start_is_the_same_engagement_and_a_rehire_is_a_new_one() {
    let known = first(vec![record("7", vec![terms(Some("2026-02-01"), None)])]);
    let moved = roster(vec![record("7", vec![terms(Some("2026-03-01"), Some("2026-06-30"))])]);
    let known = believe(&known, &moved, "2026-01-10T00:00:00Z");
    assert_eq!(only(&known).engagements.len(), 1);
    let rehired = roster(vec![record("7", vec![terms(Some("2026-09-01"), None)])]);
    let known = believe(&known, &rehired, "2026-08-10T00:00:00Z");
    assert_eq!(only(&known).engagements.iter().map(|e| e.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_transfer_to_another_position_leaves_no_open_engagement_behind() {
    let held = |position: &str, start| Terms {
        position: Some(position.to_owned()),
        ..terms(Some(start), None)
    };
    let known = first(vec![record("7", vec![held("A", "2020-01-01")])]);
    let told = roster(vec![record("7", vec![held("B", "2026-02-01")])]);
    assert_eq!(only(&believe(&known, &told, "2026-02-01T00:00:00Z")).engagements.len(), 1);
    let both = vec![held("A", "2020-01-01"), held("B", "2026-02-01")];
    let told = roster(vec![record("7", both)]);
    assert_eq!(only(&believe(&known, &told, "2026-02-01T00:00:00Z")).engagements.len(), 2);
}

#[test]
fn former_addresses_are_kept_and_told_only_once() {
    let with = |work: &str, former: Option<&str>| {
        let mut record = record("7", vec![terms(Some("2020-01-01"), None)]);
        record.profile.work_email = Some(work.parse().unwrap());
        record.profile.former_emails = former.map(|email| BTreeSet::from([email.parse().unwrap()]));
        roster(vec![record])
    };
    let known = believe(&People::new(), &with("a@acme.example", None), "2026-01-01T00:00:00Z");
    let renamed = with("b@acme.example", Some("z@acme.example"));
    let known = believe(&known, &renamed, "2026-02-01T00:00:00Z");
    let former = only(&known).profile.former_emails.clone().unwrap();
    let former: Vec<_> =
        former.iter().map(muster_domain::model::email::EmailAddress::as_str).collect();
    assert_eq!(former, ["a@acme.example", "z@acme.example"]);
    assert!(try_merge(&known, None, &renamed, "2026-03-01T00:00:00Z").unwrap().is_empty());
}

#[test]
fn someone_no_longer_listed_is_marked_and_keeps_everything() {
    let one = record("7", vec![terms(Some("2020-01-01"), None)]);
    let known = first(vec![one.clone(), record("8", vec![terms(Some("2020-01-01"), None)])]);
    let after = believe(&known, &roster(vec![one]), "2026-02-01T00:00:00Z");
    for (id, before) in &known {
        assert_eq!(after[id].engagements, before.engagements);
        assert_eq!(after[id].profile, before.profile);
    }
    assert_eq!(after.values().filter(|p| p.not_mentioned_since.is_some()).count(), 1);
}

#[test]
fn doubts_refuse_the_whole_roster() {
    let people = |ids: &[&str]| {
        ids.iter().map(|id| record(id, vec![terms(Some("2020-01-01"), None)])).collect::<Vec<_>>()
    };
    let known = first(people(&["007", "8", "9"]));
    let last = LastImport {
        people: 3,
        fields: BTreeSet::from([Field::SourceId, Field::Status, Field::StartDate, Field::EndDate]),
        digests: vec![Digest::of(b"one"), Digest::of(b"two")],
        file_time: None,
    };
    let doubts = |told: &Roster| -> Vec<Option<Doubt>> {
        let refused = try_merge(&known, Some(&last), told, "2026-02-01T00:00:00Z").unwrap_err();
        refused.into_iter().map(|refused| refused.doubt).collect()
    };
    assert_eq!(doubts(&roster(people(&["007"]))), [Some(Doubt::Smaller)]);
    assert_eq!(doubts(&roster(people(&["7", "8", "9"]))), [None], "lost zeros");
    let mut told = roster(people(&["007", "8", "9"]));
    told.fields.remove(&Field::EndDate);
    assert_eq!(doubts(&told), [Some(Doubt::Columns)]);
    let mut told = roster(people(&["007", "8", "9"]));
    told.digest = Digest::of(b"one");
    assert_eq!(doubts(&told), [Some(Doubt::Older)]);
    let both = roster(people(&["007", "7", "8", "9"]));
    assert!(try_merge(&known, Some(&last), &both, "2026-02-01T00:00:00Z").is_ok());
}

fn some_terms() -> impl Strategy<Value = Terms> {
    let day = prop::option::of((2019..2028_i16, 1..13_i8, 1..29_i8))
        .prop_map(|day| day.map(|(y, m, d)| jiff::civil::date(y, m, d)));
    let status = prop::option::of(prop::sample::select(vec![
        EmploymentStatus::Active,
        EmploymentStatus::Ended,
        EmploymentStatus::OnLeave,
        EmploymentStatus::Unknown,
    ]));
    let position = prop::option::of(prop::sample::select(vec!["A", "B"]));
    (day.clone(), day, status, position, prop::option::of("[xy]")).prop_map(
        |(start_date, end_date, status, position, department)| Terms {
            start_date,
            end_date,
            status,
            position: position.map(str::to_owned),
            department,
            ..Terms::default()
        },
    )
}

fn some_roster() -> impl Strategy<Value = Vec<RosterRecord>> {
    let engagements = prop::collection::vec(some_terms(), 1..4);
    prop::collection::btree_map("[1-4]", engagements, 0..4).prop_map(|records| {
        records.into_iter().map(|(id, engagements)| record(&id, engagements)).collect()
    })
}

proptest! {
    #[test]
    fn law_9_a_roster_wipes_nothing_and_ends_nobody_by_absence(
        before in some_roster(), told in some_roster(),
    ) {
        let known = first(before);
        let after = believe(&known, &roster(told.clone()), "2026-02-01T00:00:00Z");
        for (id, person) in &known {
            let now = &after[id];
            prop_assert!(now.engagements.len() >= person.engagements.len());
            for (was, is) in person.engagements.iter().zip(&now.engagements) {
                prop_assert_eq!(was.number, is.number);
                prop_assert!(was.terms.department.is_none() || is.terms.department.is_some());
                prop_assert!(was.terms.start_date.is_none() || is.terms.start_date.is_some());
            }
            if !told.iter().any(|record| record.source_id == person.anchor.id) {
                prop_assert_eq!(&now.engagements, &person.engagements);
            }
        }
    }

    #[test]
    fn the_order_of_records_does_not_matter(before in some_roster(), told in some_roster()) {
        let known = first(before);
        let mut turned = told.clone();
        turned.reverse();
        let one = believe(&known, &roster(told), "2026-02-01T00:00:00Z");
        prop_assert_eq!(one, believe(&known, &roster(turned), "2026-02-01T00:00:00Z"));
    }

    #[test]
    fn law_6_merging_the_same_roster_twice_changes_nothing(told in some_roster()) {
        let told = roster(told);
        let known = believe(&People::new(), &told, "2026-01-01T00:00:00Z");
        let again = try_merge(&known, None, &told, "2026-02-01T00:00:00Z").unwrap();
        prop_assert!(again.is_empty(), "{:?}", again);
    }
}

#[test]
fn m1_what_rules_could_read_before_a_move_is_kept_for_a_while_and_not_for_ever() {
    let titled = |title: &str| Terms { title: Some(title.to_owned()), ..terms(None, None) };
    let mut engagement = Engagement {
        number: 1,
        terms: titled("Lead"),
        first_seen: at("2026-01-01T00:00:00Z"),
        ended_seen: None,
        moves: Vec::new(),
        starts: Vec::new(),
        end_told: None,
        beside_hand: None,
    };
    let mut becomes = |terms: Terms, now: &str| {
        let before = std::mem::replace(&mut engagement.terms, terms);
        moves::note(&mut engagement, &before, at(now));
        let titles =
            engagement.moves.iter().map(|one| one.before.title.clone().unwrap_or_default());
        titles.collect::<Vec<_>>()
    };
    // An end is no move.
    let ending = Terms { end_date: Some("2026-12-31".parse().unwrap()), ..titled("Lead") };
    assert!(becomes(ending, "2026-05-01T00:00:00Z").is_empty());
    assert_eq!(becomes(titled("Agent"), "2026-06-01T00:00:00Z"), ["Lead"]);
    assert_eq!(becomes(titled("Clerk"), "2026-06-02T00:00:00Z"), ["Lead", "Agent"]);
    assert_eq!(becomes(titled("Lead"), "2026-12-01T00:00:00Z"), ["Clerk"]);
    for day in 2..=20 {
        let kept = becomes(titled(&format!("T{day}")), &format!("2026-12-{day:02}T00:00:00Z"));
        assert!(kept.len() <= 8);
    }
}
