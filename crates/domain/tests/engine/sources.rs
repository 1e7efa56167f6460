//! Several sources, one person: who is joined, whose word counts, and what a renamed address means.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::{
    engine::merge::{Merge, MergeOptions, Ranking, attributes, merge},
    model::{
        canonical::Digest,
        email::EmailAddress,
        id::{OrgId, PersonId, SourceName},
        person::{EmploymentStatus, Person, Profile, Terms},
        policy::SourceRanks,
        roster::{Field, Presence, Roster, RosterRecord},
    },
};
use proptest::{prelude::*, sample::subsequence};

use crate::world::at;

pub type People = BTreeMap<PersonId, Person>;

pub fn ranking(order: &[&str], email: &[&str]) -> Ranking {
    let list = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let mut ranks = SourceRanks { order: list(order), ..SourceRanks::default() };
    if !email.is_empty() {
        ranks.attributes.insert("work_email".to_owned(), list(email));
    }
    Ranking::new(&ranks, &[])
}

/// Someone by id and address who is called by the part before the @, with what `vary` adds.
pub fn record(id: &str, email: &str, vary: impl FnOnce(&mut Profile, &mut Terms)) -> RosterRecord {
    let mut profile = Profile::default();
    if !email.is_empty() {
        let email: EmailAddress = email.parse().unwrap();
        profile.display_name = Some(email.local_without_tag().to_owned());
        profile.work_email = Some(email);
    }
    let mut terms = Terms { start_date: Some("2024-05-01".parse().unwrap()), ..Terms::default() };
    vary(&mut profile, &mut terms);
    let source_id = id.parse().unwrap();
    RosterRecord { source_id, rows: vec![2], profile, engagements: vec![terms] }
}

fn plain(id: &str, email: &str) -> RosterRecord {
    record(id, email, |_, _| {})
}

pub fn try_hear(
    known: &People,
    source: &str,
    records: &[RosterRecord],
    (ranking, now): (&Ranking, &str),
) -> Merge {
    let source: SourceName = source.parse().unwrap();
    let roster = Roster {
        format: "test".to_owned(),
        digest: Digest::of(format!("{records:?}").as_bytes()),
        headings: Vec::new(),
        fields: BTreeSet::from([Field::SourceId, Field::WorkEmail]),
        rows: u32::try_from(records.len()).unwrap(),
        records: records.to_vec(),
        warnings: Vec::new(),
    };
    let options = MergeOptions {
        org: &OrgId::default_org(),
        source: &source,
        presence: Presence::Full,
        file_time: None,
        accept: BTreeSet::new(),
        complete: BTreeSet::new(),
        ranking,
        now: at(now),
    };
    merge(known, None, &roster, &options).unwrap()
}

fn hear(known: &People, source: &str, records: &[RosterRecord], ranking: &Ranking) -> People {
    let mut people = known.clone();
    let merged = try_hear(known, source, records, (ranking, "2026-02-01T00:00:00Z"));
    people.extend(merged.people().map(|person| (person.id.clone(), person.clone())));
    people
}

pub fn only(people: &People) -> &Person {
    assert_eq!(people.len(), 1, "{people:?}");
    people.values().next().unwrap()
}

fn emails(person: &Person) -> (String, Vec<String>) {
    let text = |email: &EmailAddress| email.as_str().to_owned();
    let former = person.profile.former_emails.iter().flatten().map(text).collect();
    (person.profile.work_email.as_ref().map(text).unwrap_or_default(), former)
}

#[test]
fn the_same_address_joins_and_the_ranking_decides_attribute_by_attribute() {
    let ranks = ranking(&["hr", "idp"], &["idp"]);
    let hr = record("7", "ann@acme.example", |_, terms| {
        terms.department = Some("Support".to_owned());
        terms.end_date = Some("2026-12-31".parse().unwrap());
    });
    let idp = record("u1", "ANN@acme.example", |profile, terms| {
        profile.time_zone = Some("Europe/Berlin".to_owned());
        terms.department = Some("Sales".to_owned());
    });
    let people = hear(&People::new(), "hr", &[hr], &ranks);
    let people = hear(&people, "idp", &[idp], &ranks);
    let ann = only(&people);
    assert_eq!(ann.engagements.len(), 1);
    assert_eq!(ann.engagements[0].terms.department.as_deref(), Some("Support"));
    assert_eq!(ann.profile.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(emails(ann).0, "ANN@acme.example");

    let told = attributes(ann, &ranks);
    let department = told.iter().find(|one| one.field == "department").unwrap();
    assert_eq!((department.source.to_string(), department.engagement), ("hr/7".into(), Some(1)));
    assert_eq!(department.others[0].value, "Sales");
    let end = told.iter().find(|one| one.field == "end_date").unwrap();
    assert_eq!((end.source.to_string(), end.others.len()), ("hr/7".into(), 0));
}

#[test]
fn an_address_that_is_not_unique_on_either_side_joins_nobody() {
    let ranks = Ranking::default();
    let one = [plain("7", "ann@acme.example")];
    let two = [plain("7", "ann@acme.example"), plain("8", "ann@acme.example")];
    for (first, second) in [(&one[..], &two[..]), (&two[..], &one[..])] {
        let people = hear(&People::new(), "hr", first, &ranks);
        assert_eq!(hear(&people, "idp", second, &ranks).len(), 3);
    }
}

#[test]
fn a_name_alone_joins_nobody() {
    let ranks = Ranking::default();
    let people = hear(&People::new(), "hr", &[plain("7", "ann@acme.example")], &ranks);
    let namesake = [plain("u1", "ann@other.example")];
    assert_eq!(hear(&people, "idp", &namesake, &ranks).len(), 2);
}

#[test]
fn l19_who_comes_back_under_a_new_id_or_address_is_proposed_and_never_joined() {
    let ranks = Ranking::default();
    let left = record("7", "ann@acme.example", |_, terms| {
        terms.end_date = Some("2025-06-30".parse().unwrap());
    });
    let people = hear(&People::new(), "hr", std::slice::from_ref(&left), &ranks);
    let later = "2026-03-01T00:00:00Z";
    for (source, back) in [
        ("hr", plain("107", "ann@acme.example")),
        ("hr", plain("107", "ann@new.example")),
        ("idp", plain("u1", "ann@acme.example")),
    ] {
        let mut told = vec![back];
        if source == "hr" {
            told.push(left.clone());
        }
        let merged = try_hear(&people, source, &told, (&ranks, later));
        let [proposal] = merged.proposals.as_slice() else { panic!("{merged:?}") };
        let former = people.keys().next().unwrap();
        assert_eq!((&proposal.known, &proposal.person), (former, &merged.added[0].id));
    }
}

#[test]
fn m6_a_company_wide_change_of_domain_renames_and_nobody_leaves_or_joins() {
    let ranks = Ranking::default();
    let names = ["ann", "ben", "cid", "dot"];
    let at = |domain: &str, by_address: bool| -> Vec<RosterRecord> {
        let record = |(number, name): (usize, &&str)| {
            let email = format!("{name}@{domain}");
            plain(&if by_address { email.clone() } else { number.to_string() }, &email)
        };
        names.iter().enumerate().map(record).collect()
    };
    for by_address in [false, true] {
        let before = hear(&People::new(), "hr", &at("acme.example", by_address), &ranks);
        let after = at("acme.com", by_address);
        let merged = try_hear(&before, "hr", &after, (&ranks, "2026-03-01T00:00:00Z"));
        assert_eq!((merged.added.len(), merged.unmentioned.len()), (0, 0), "{by_address}");
        let [rename] = merged.renames.as_slice() else { panic!("{merged:?}") };
        assert_eq!((rename.from.as_str(), rename.to.as_str()), ("acme.example", "acme.com"));
        assert_eq!(rename.people.len(), names.len());
        let people = hear(&before, "hr", &after, &ranks);
        assert!(before.keys().eq(people.keys()));
        for person in people.values() {
            let (email, former) = emails(person);
            assert_eq!(former, [email.replace("acme.com", "acme.example")]);
        }
        // The same file again changes nothing, and the old ids do not come back as people.
        assert!(try_hear(&people, "hr", &after, (&ranks, "2026-04-01T00:00:00Z")).is_empty());
    }
}

#[test]
fn two_who_change_their_domain_are_no_company() {
    let ranks = Ranking::default();
    let by_address = |domain: &str| ["ann", "ben"].map(|n| format!("{n}@{domain}"));
    let records = |domain: &str| by_address(domain).map(|email| plain(&email, &email)).to_vec();
    let before = hear(&People::new(), "hr", &records("acme.example"), &ranks);
    let merged = try_hear(&before, "hr", &records("acme.com"), (&ranks, "2026-03-01T00:00:00Z"));
    assert_eq!((merged.added.len(), merged.renames.len()), (2, 0));
}

#[test]
fn an_address_renamed_on_exit_is_an_alias_and_not_a_new_login() {
    let ranks = Ranking::default();
    let people = hear(&People::new(), "hr", &[plain("7", "ann@acme.example")], &ranks);
    let leaving = record("7", "ann+exit@acme.example", |_, terms| {
        terms.end_date = Some("2026-01-31".parse().unwrap());
        terms.status = Some(EmploymentStatus::Ended);
    });
    let people = hear(&people, "hr", std::slice::from_ref(&leaving), &ranks);
    let alias = vec!["ann+exit@acme.example".to_owned()];
    assert_eq!(emails(only(&people)), ("ann@acme.example".to_owned(), alias.clone()));
    let again = try_hear(&people, "hr", &[leaving], (&ranks, "2026-03-01T00:00:00Z"));
    assert!(again.is_empty(), "{again:?}");

    // Without an end, it is what it says: a new address.
    let renamed = hear(&people, "hr", &[plain("7", "ann+two@acme.example")], &ranks);
    let renamed = hear(&renamed, "hr", &[plain("7", "bea@acme.example")], &ranks);
    assert_eq!(emails(only(&renamed)).0, "bea@acme.example");
    assert!(emails(only(&renamed)).1.contains(&alias[0]));
}

#[test]
fn a_source_that_stops_mentioning_marks_the_person_though_others_go_on() {
    let ranks = Ranking::default();
    let both = [plain("7", "ann@acme.example"), plain("8", "ben@acme.example")];
    let people = hear(&People::new(), "hr", &both, &ranks);
    let people = hear(&people, "idp", &both, &ranks);
    let people = hear(&people, "hr", &both[..1], &ranks);
    let missed: Vec<_> =
        people.values().filter(|person| person.not_mentioned_since.is_some()).collect();
    assert_eq!(missed.iter().map(|person| person.name()).collect::<Vec<_>>(), ["ben"]);
    let people = hear(&people, "hr", &both, &ranks);
    assert!(people.values().all(|person| person.not_mentioned_since.is_none()));
}

fn some_record() -> impl Strategy<Value = RosterRecord> {
    let word = || prop::option::of("[a-c]");
    let day = || {
        prop::option::of((2025..2028_i16, 1..13_i8).prop_map(|(y, m)| jiff::civil::date(y, m, 1)))
    };
    let zone = prop::option::of(prop::sample::select(vec!["UTC", "Europe/Berlin"]));
    let status = prop::option::of(prop::sample::select(vec![
        EmploymentStatus::Active,
        EmploymentStatus::OnLeave,
        EmploymentStatus::Pending,
    ]));
    (word(), word(), word(), day(), day(), zone, status).prop_map(
        |(department, title, nick, end_date, leave_start, zone, status)| {
            record("7", "ann@acme.example", |profile, terms| {
                profile.preferred_first = nick;
                profile.time_zone = zone.map(str::to_owned);
                terms.status_raw = status.map(|status| status.word().to_owned());
                *terms =
                    Terms { department, title, end_date, leave_start, status, ..terms.clone() };
            })
        },
    )
}

/// What the engine sees of a person, without what tells when Muster heard of it.
fn seen(person: &Person) -> (Profile, Vec<Terms>) {
    let terms = person.engagements.iter().map(|engagement| engagement.terms.clone()).collect();
    (person.profile.clone(), terms)
}

const SOURCES: [&str; 3] = ["hr", "idp", "payroll"];

proptest! {
    #[test]
    fn in_which_order_sources_speak_does_not_matter(
        told in prop::array::uniform3(some_record()),
        order in Just(SOURCES.to_vec()).prop_shuffle(),
        ranks in subsequence(SOURCES.to_vec(), 0..=3).prop_shuffle(),
        email in subsequence(SOURCES.to_vec(), 0..=2),
    ) {
        // Whoever works here and is not over may be joined whatever the dates say.
        let told = told.map(|mut record| {
            for terms in &mut record.engagements {
                terms.end_date = terms.end_date.map(|end| end.max(jiff::civil::date(2026, 6, 1)));
            }
            record
        });
        let ranks = ranking(&ranks, &email);
        let speak = |sources: &[&str]| {
            sources.iter().fold(People::new(), |people, source| {
                let at = SOURCES.iter().position(|one| one == source).unwrap();
                hear(&people, source, std::slice::from_ref(&told[at]), &ranks)
            })
        };
        let (one, other) = (speak(&SOURCES), speak(&order));
        prop_assert_eq!(seen(only(&one)), seen(only(&other)));
    }

    #[test]
    fn no_source_wipes_what_another_told(
        first in some_record(), second in some_record(), ranks in Just(SOURCES.to_vec()).prop_shuffle(),
    ) {
        let ranks = ranking(&ranks, &[]);
        let before = hear(&People::new(), "hr", &[first], &ranks);
        let after = hear(&before, "idp", &[second], &ranks);
        let known: BTreeSet<_> = before
            .values()
            .flat_map(|person| attributes(person, &ranks))
            .map(|one| (one.field, one.engagement))
            .collect();
        let now: BTreeSet<_> = after
            .values()
            .flat_map(|person| attributes(person, &ranks))
            .map(|one| (one.field, one.engagement))
            .collect();
        prop_assert!(known.is_subset(&now), "{known:?} {now:?}");
    }

    #[test]
    fn saying_the_same_again_changes_nothing(
        told in prop::array::uniform2(some_record()), ranks in Just(SOURCES.to_vec()).prop_shuffle(),
    ) {
        let ranks = ranking(&ranks, &[]);
        let people = hear(&People::new(), "hr", &told[..1], &ranks);
        let people = hear(&people, "idp", &told[1..], &ranks);
        for (source, record) in [("hr", &told[0]), ("idp", &told[1])] {
            let record = std::slice::from_ref(record);
            let again = try_hear(&people, source, record, (&ranks, "2026-03-01T00:00:00Z"));
            prop_assert!(again.is_empty(), "{again:?}");
        }
    }
}
