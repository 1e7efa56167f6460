//! What people tell by hand, two records that are one human, and data that is taken out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};
use muster_domain::{
    engine::{
        contract::{Inside, extended},
        hand::{Ending, Moment, Word, hear, meet, warnings},
        lifecycle::Hours,
        merge::{Ranking, part, tell, unite},
        redact::{REDACTED, known_as, marks, redact, scrub},
    },
    model::{
        canonical::Digest,
        id::OrgId,
        journal::{About, Draft, Entry, Event},
        order::Merged,
        person::{
            Anchor, EmploymentStatus, EngagementKind, Person, Profile, Redaction, Telling, Terms,
        },
        policy::Organization,
    },
};
use proptest::prelude::*;

use crate::world::at;

const NOW: &str = "2026-03-10T12:00:00Z";
const TODAY: Date = date(2026, 3, 10);

fn moment(ranking: &Ranking) -> Moment<'_> {
    Moment { now: at(NOW), today: TODAY, ranking, by: "olive" }
}

fn from(start: Date) -> Terms {
    Terms { start_date: Some(start), department: Some("Support".to_owned()), ..Terms::default() }
}

fn met(id: &str, email: &str, terms: Terms) -> Person {
    let profile = Profile {
        display_name: Some(format!("Person {id}")),
        work_email: Some(email.parse().unwrap()),
        ..Profile::default()
    };
    let id = id.parse().unwrap();
    meet(&OrgId::default_org(), &id, (profile, terms), &moment(&Ranking::default())).unwrap()
}

fn ann() -> Person {
    met("ann", "ann@acme.example", from(date(2024, 5, 1)))
}

/// As HR would have told of her.
fn of_hr(mut person: Person) -> Person {
    person.anchor.source = "hr".parse().unwrap();
    person
}

fn after(person: &Person, word: &Word) -> Person {
    hear(person, word, None, &moment(&Ranking::default())).unwrap()
}

fn refused(person: &Person, word: &Word) -> String {
    hear(person, word, None, &moment(&Ranking::default())).unwrap_err().to_string()
}

fn say(profile: Profile, terms: Terms, clear: &[&str]) -> Word {
    let clear = clear.iter().map(|field| (*field).to_owned()).collect();
    Word::Say { profile: Box::new(profile), terms: Box::new(terms), clear }
}

fn ends(on: Date) -> Word {
    Word::End { on, last_day: None, how: Ending::Dated }
}

#[test]
fn what_is_told_by_hand_counts_before_hr_and_can_be_taken_back() {
    let hr = of_hr(ann());
    let sales = Terms { department: Some("Sales".to_owned()), ..Terms::default() };
    let told = after(&hr, &say(Profile::default(), sales, &[]));
    assert_eq!(told.engagements[0].terms.department.as_deref(), Some("Sales"));
    assert_eq!(told.engagements[0].terms.start_date, Some(date(2024, 5, 1)));
    let back = after(&told, &say(Profile::default(), Terms::default(), &["department"]));
    assert_eq!(back.engagements[0].terms.department.as_deref(), Some("Support"));
    let not = refused(&hr, &say(Profile::default(), Terms::default(), &["department"]));
    assert!(not.contains("the word of hr/ann"), "{not}");
    let none = refused(&hr, &say(Profile::default(), Terms::default(), &["shoe_size"]));
    assert!(none.contains("people have no \"shoe_size\""), "{none}");
}

#[test]
fn m5_a_new_address_by_hand_keeps_the_old_one_as_an_alias() {
    for person in [ann(), of_hr(ann())] {
        let new = Profile {
            work_email: Some("ann.new@acme.example".parse().unwrap()),
            ..Profile::default()
        };
        let told = after(&person, &say(new, Terms::default(), &[]));
        let addresses: Vec<_> = told.work_addresses().map(ToString::to_string).collect();
        assert_eq!(addresses, ["ann.new@acme.example", "ann@acme.example"]);
    }
}

#[test]
fn an_end_ends_all_that_goes_on_and_a_named_engagement_alone() {
    let second = Terms { kind: Some(EngagementKind::Contractor), ..from(date(2025, 1, 1)) };
    let two = after(&ann(), &Word::Engage { terms: Box::new(second) });
    let end = date(2026, 6, 30);
    let last = |person: &Person| -> Vec<_> {
        person.engagements.iter().map(|one| one.terms.end_date).collect()
    };
    assert_eq!(last(&after(&two, &ends(end))), [Some(end), Some(end)]);
    let one = hear(&two, &ends(end), Some(2), &moment(&Ranking::default())).unwrap();
    assert_eq!(last(&one), [None, Some(end)]);
    let gone = after(&two, &ends(date(2026, 3, 1)));
    assert!(refused(&gone, &ends(end)).contains("has ended already"));
}

#[test]
fn an_end_by_hand_is_not_outlived_by_a_later_last_working_day() {
    let mut hr = of_hr(ann());
    let last = |person: &Person| person.engagements[0].terms.last_working_day;
    hr.engagements[0].terms.last_working_day = Some(date(2026, 12, 31));
    assert_eq!(last(&after(&hr, &ends(date(2026, 6, 30)))), Some(date(2026, 6, 30)));
    hr.engagements[0].terms.last_working_day = Some(date(2026, 5, 1));
    assert_eq!(last(&after(&hr, &ends(date(2026, 6, 30)))), Some(date(2026, 5, 1)));
}

#[test]
fn only_a_start_that_is_still_to_come_is_withdrawn() {
    assert!(refused(&ann(), &Word::Withdraw).contains("has started already"));
    let hired = met("ben", "ben@acme.example", from(date(2026, 4, 1)));
    let withdrawn = after(&hired, &Word::Withdraw);
    assert_eq!(withdrawn.engagements[0].terms.status, Some(EmploymentStatus::Withdrawn));
    // Someone who works here keeps her work when only the second start is withdrawn.
    let both = after(&ann(), &Word::Engage { terms: Box::new(from(date(2026, 4, 1))) });
    let kept = after(&both, &Word::Withdraw);
    let statuses: Vec<_> = kept.engagements.iter().map(|one| one.terms.status).collect();
    assert_eq!(statuses, [None, Some(EmploymentStatus::Withdrawn)]);
}

#[test]
fn a_leave_is_told_and_ended_by_its_days() {
    let away = after(&ann(), &Word::Leave { from: date(2026, 3, 1), back: None });
    assert_eq!(away.engagements[0].terms.leave_start, Some(date(2026, 3, 1)));
    let back = after(&away, &Word::Return { on: date(2026, 3, 12) });
    assert_eq!(back.engagements[0].terms.leave_return, Some(date(2026, 3, 12)));
    assert!(refused(&ann(), &Word::Return { on: TODAY }).contains("is not on leave"));
    let backwards = Word::Leave { from: TODAY, back: Some(TODAY) };
    assert!(refused(&ann(), &backwards).contains("not after the first day away"));
    // HR's word for a leave without days is answered by days, not by a status that would stay.
    let mut hr = of_hr(ann());
    hr.engagements[0].terms.status = Some(EmploymentStatus::OnLeave);
    let back = after(&hr, &Word::Return { on: TODAY });
    let terms = &back.engagements[0].terms;
    assert_eq!((terms.leave_start, terms.leave_return), (Some(TODAY), Some(TODAY)));
    assert_eq!(terms.status, Some(EmploymentStatus::OnLeave));
}

#[test]
fn what_cannot_be_is_refused() {
    let bad = Terms { end_date: Some(date(2020, 1, 1)), ..Terms::default() };
    assert!(refused(&ann(), &say(Profile::default(), bad, &[])).contains("before the start"));
    let zone = Profile { time_zone: Some("Mars/Olympus".to_owned()), ..Profile::default() };
    assert!(refused(&ann(), &say(zone, Terms::default(), &[])).contains("not a time zone"));
    let own = Terms { manager: Some(ann().id.as_str().parse().unwrap()), ..Terms::default() };
    assert!(refused(&ann(), &say(Profile::default(), own, &[])).contains("her own manager"));
}

#[test]
fn j12_a_contractor_needs_an_end_or_a_review() {
    let contractor = |vary: fn(&mut Terms)| {
        let mut terms = from(date(2026, 1, 1));
        terms.kind = Some(EngagementKind::Contractor);
        vary(&mut terms);
        warnings(&met("con", "con@acme.example", terms), TODAY).len()
    };
    assert_eq!(contractor(|_| {}), 1);
    assert_eq!(contractor(|terms| terms.end_date = Some(date(2026, 9, 1))), 0);
    assert_eq!(contractor(|terms| terms.review_date = Some(date(2026, 9, 1))), 0);
    assert_eq!(contractor(|terms| terms.kind = Some(EngagementKind::Employee)), 0);
}

#[test]
fn j12_a_contractor_is_kept_longer_by_whatever_leaves_no_break() {
    let terms = |from: Date, to: Option<Date>, kind: EngagementKind| Terms {
        start_date: Some(from),
        end_date: to,
        kind: Some(kind),
        ..Terms::default()
    };
    let contract = |from, to| terms(from, Some(to), EngagementKind::Contractor);
    let organization = Organization::new(TimeZone::UTC);
    let hours = Hours::usual(&organization);
    let kept = |before: &Person, after: &Person, inside| extended(before, after, &hours, inside);
    let (began, friday) = (date(2025, 1, 1), date(2026, 2, 27));
    let con = met("con", "con@acme.example", contract(began, friday));
    let with =
        |person: &Person, terms: Terms| after(person, &Word::Engage { terms: Box::new(terms) });
    let monday = with(&con, contract(date(2026, 3, 2), date(2026, 9, 30)));
    let tuesday = with(&con, contract(date(2026, 3, 3), date(2026, 9, 30)));
    let longer = Some("stays until 2026-09-30, not until 2026-02-27".to_owned());
    assert_eq!(kept(&con, &monday, Inside::No), longer, "nobody works at the weekend");
    assert_eq!(kept(&con, &tuesday, Inside::No), None, "a break");
    assert_eq!(kept(&con, &tuesday, Inside::Yes), longer, "a break in words alone");
    let joined = "works on without a break after 2026-02-27";
    assert_eq!(kept(&tuesday, &monday, Inside::No).as_deref(), Some(joined));

    let employed = with(&con, terms(date(2026, 3, 2), None, EngagementKind::Employee));
    assert!(kept(&con, &employed, Inside::No).unwrap().contains("without an end"));
    // Who was an employee once is a contractor by her last engagement.
    let once = met("emp", "e@acme.example", terms(began, Some(friday), EngagementKind::Employee));
    let last = with(&once, contract(date(2026, 3, 2), date(2026, 4, 30)));
    assert_eq!(kept(&once, &last, Inside::Yes), None);
    let end = |on| Word::End { on, last_day: None, how: Ending::Dated };
    assert!(kept(&last, &after(&last, &end(date(2026, 9, 30))), Inside::Yes).is_some());
    assert_eq!(kept(&last, &after(&last, &end(date(2026, 3, 30))), Inside::Yes), None);

    let ahead = met("new", "new@acme.example", contract(date(2026, 4, 1), date(2026, 9, 30)));
    assert_eq!(kept(&ahead, &after(&ahead, &Word::Withdraw), Inside::Yes), None);
}

fn merged(kept: &Person, other: &Person, numbers: BTreeMap<u32, u32>) -> Merged {
    Merged {
        person: other.clone(),
        into: kept.id.clone(),
        kept_end: kept.ordered_end.clone(),
        numbers,
        links: Vec::new(),
        runs: Vec::new(),
        kept: Vec::new(),
        by: "ines".to_owned(),
        at: at(NOW),
    }
}

#[test]
fn j13_two_ids_of_one_source_are_two_engagements_and_two_sources_tell_of_one() {
    let ranking = Ranking::default();
    let one = of_hr(ann());
    let mut two = of_hr(met("107", "ann2@acme.example", from(date(2024, 5, 1))));
    assert_eq!(unite(&one, &two, &ranking).0.engagements.len(), 2);
    two.anchor.source = "idp".parse().unwrap();
    let (united, numbers) = unite(&one, &two, &ranking);
    assert_eq!((united.engagements.len(), &numbers[&1]), (1, &1));
    assert_eq!(united.anchors().count(), 2);
}

fn some_terms() -> impl Strategy<Value = Terms> {
    (2019..2028_i16, 1..13_i8, prop::option::of("[xy]"), any::<bool>()).prop_map(
        |(year, month, department, over)| Terms {
            start_date: Some(date(year, month, 1)),
            end_date: over.then(|| date(year, month, 28)),
            department,
            ..Terms::default()
        },
    )
}

fn some_person(id: &'static str, source: &'static str) -> impl Strategy<Value = Person> {
    prop::collection::vec(some_terms(), 1..4).prop_map(move |engagements| {
        let mut person = met(id, &format!("{id}@acme.example"), Terms::default());
        person.anchor.source = source.parse().unwrap();
        let again = person.engagements[0].clone();
        person.engagements = (1..)
            .zip(engagements)
            .map(|(number, terms)| {
                let mut one = again.clone();
                (one.number, one.terms) = (number, terms);
                one
            })
            .collect();
        person
    })
}

proptest! {
    #[test]
    fn what_was_merged_is_split_into_what_it_was(
        kept in some_person("a", "hr"),
        other in prop_oneof![some_person("b", "hr"), some_person("b", "idp")],
    ) {
        let ranking = Ranking::default();
        let (united, numbers) = unite(&kept, &other, &ranking);
        let distinct: BTreeSet<_> = united.engagements.iter().map(|one| one.number).collect();
        prop_assert_eq!(distinct.len(), united.engagements.len());
        for one in &other.engagements {
            prop_assert!(distinct.contains(&numbers[&one.number]));
        }
        let (one, two) = part(&united, &merged(&kept, &other, numbers), &ranking).unwrap();
        prop_assert_eq!(one, kept);
        prop_assert_eq!(two, other);
    }

    #[test]
    fn what_sources_told_since_goes_with_the_source(
        kept in some_person("a", "hr"), other in some_person("b", "idp"), new in some_terms(),
    ) {
        let ranking = Ranking::default();
        let (united, numbers) = unite(&kept, &other, &ranking);
        let order = merged(&kept, &other, numbers);
        let find = |telling: &&Telling| telling.anchor == other.anchor;
        let mut telling = united.told.iter().find(find).unwrap().clone();
        let mut fresh = telling.engagements[0].clone();
        fresh.number = united.engagements.iter().map(|one| one.number).max().unwrap() + 1;
        fresh.terms = new.clone();
        telling.engagements.push(fresh);
        telling.profile.employee_number = Some("4711".to_owned());
        let (one, two) = part(&tell(&united, telling, &ranking), &order, &ranking).unwrap();
        prop_assert_eq!(one, kept);
        prop_assert_eq!(two.profile.employee_number.as_deref(), Some("4711"));
        prop_assert_eq!(two.engagements.len(), other.engagements.len() + 1);
        prop_assert_eq!(&two.engagements.last().unwrap().terms, &new);
    }

    #[test]
    fn a_journal_with_data_taken_out_verifies_and_still_shows_every_edit(
        taken in prop::collection::vec(any::<bool>(), 1..12), edited in any::<prop::sample::Index>(),
    ) {
        let mut prev = Digest::zero();
        let mut chain = Vec::new();
        for (seq, taken) in (1..).zip(&taken) {
            let data = serde_json::json!({"name": format!("Ann {seq}")});
            let (event, about) = (Event::PersonChanged, About::default());
            let draft = Draft { at: at(NOW), actor: "ines".to_owned(), event, about, data };
            let mut entry = Entry::chain(draft, seq, prev, [7; 16]).unwrap();
            prev = entry.hash;
            if *taken {
                entry.data = serde_json::Value::Null;
                entry.salt = String::new();
            }
            chain.push(entry);
        }
        let verify = |chain: &[Entry]| {
            let mut prev = Digest::zero();
            chain.iter().zip(1..).all(|(entry, seq)| {
                let holds = entry.verify(seq, &prev).is_ok();
                prev = entry.hash;
                holds
            })
        };
        prop_assert!(verify(&chain));
        let edited = edited.index(chain.len());
        chain[edited].actor = "somebody".to_owned();
        prop_assert!(!verify(&chain));
    }
}

#[test]
fn what_is_redacted_holds_nothing_by_which_she_can_be_recognised() {
    let mut person = of_hr(ann());
    person.profile.legal_first = Some("Annabel".to_owned());
    person.profile.legal_last = Some("Ash".to_owned());
    let private =
        Profile { personal_email: Some("bel@home.example".parse().unwrap()), ..Profile::default() };
    let person = after(&person, &say(private, Terms::default(), &[]));
    let person = after(&person, &ends(date(2026, 3, 1)));
    let marks = marks(&person);
    for mark in ["ann@acme.example", "bel@home.example", "Annabel Ash", "Person ann"] {
        assert!(marks.contains(mark), "{mark} in {marks:?}");
    }
    let org = OrgId::default_org();
    let redaction = Redaction {
        at: at(NOW),
        by: "ines".to_owned(),
        reason: "asked for it".to_owned(),
        known_as: known_as(&org, &person),
    };
    let left = redact(&person, redaction);
    let text = serde_json::to_string(&left).unwrap();
    for mark in &marks {
        assert!(!text.contains(mark.as_str()), "{mark} in {text}");
    }
    assert!(!text.contains("Support") && !text.contains("\"ann\""), "{text}");
    assert_eq!(left.engagements[0].terms.end_date, Some(date(2026, 3, 1)));
    let anchor = Anchor { source: "hr".parse().unwrap(), id: "ann".parse().unwrap() };
    assert!(person.anchors().any(|known| *known == anchor));

    let mut doc = serde_json::json!({"a": ["Mail to ANN@acme.example"], "b": 7, "c": "other"});
    scrub(&mut doc, &marks);
    assert_eq!(doc, serde_json::json!({"a": [REDACTED], "b": 7, "c": "other"}));
}
