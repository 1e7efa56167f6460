//! Who is who: whom a source that is new to a person speaks of, who may be a former colleague who
//! came back, and whose addresses only changed their domain.
//!
//! What is certain is done: the same work address, held by one person on either side. What is
//! likely is proposed and done by a human (`people merge`). A name alone is never more than a
//! proposal.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use super::changes::PersonChange;
use crate::{
    engine::correlate::fold_name,
    model::{
        email::EmailAddress,
        id::{PersonId, SourceId, SourceName},
        person::{EmploymentStatus, Person, Terms},
        roster::{Roster, RosterRecord},
    },
};

/// From so many people on, a change of nothing but the domain is taken for the company's.
pub const COMPANY_WIDE: usize = 3;

/// Two records that may be one human. A human decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The one who came later.
    pub person: PersonId,
    /// Her name.
    pub name: String,
    /// The one who was known before.
    pub known: PersonId,
    /// That one's name.
    pub known_name: String,
    /// Why they may be one.
    pub because: String,
}

/// A domain that several people exchanged for another, and nothing else of their addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainChange {
    /// The domain before.
    pub from: String,
    /// The domain after.
    pub to: String,
    /// Whose addresses changed.
    pub people: Vec<PersonId>,
}

/// Whether nothing of what is told goes on at `today`.
pub(super) fn is_over<'a>(told: impl IntoIterator<Item = &'a Terms>, today: Date) -> bool {
    let mut any = false;
    let over = told.into_iter().all(|terms| {
        any = true;
        let last = terms.last_working_day.or(terms.end_date);
        matches!(terms.status, Some(EmploymentStatus::Ended | EmploymentStatus::Withdrawn))
            || last.is_some_and(|last| last < today)
    });
    any && over
}

fn person_is_over(person: &Person, today: Date) -> bool {
    is_over(person.engagements.iter().map(|engagement| &engagement.terms), today)
}

pub(super) fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// The present work addresses of a person, by any of her sources.
fn present_addresses(person: &Person) -> BTreeSet<&EmailAddress> {
    let told = person.told.iter().flat_map(|telling| &telling.profile.work_email);
    person.profile.work_email.iter().chain(told).collect()
}

fn holders<'a>(people: impl Iterator<Item = &'a Person>) -> HashMap<&'a str, Vec<&'a Person>> {
    let mut holders: HashMap<&str, Vec<&Person>> = HashMap::new();
    for person in people {
        for email in present_addresses(person) {
            holders.entry(email.folded()).or_default().push(person);
        }
    }
    holders
}

/// The known people of whom `records`, new to `source`, certainly speak: the same work address,
/// held by one person on either side. Someone of whom the source tells already, or who is gone
/// while the record works here, is left to a human.
pub(super) fn joined<'a>(
    people: &'a BTreeMap<PersonId, Person>,
    roster: &Roster,
    records: &[&RosterRecord],
    (source, today): (&SourceName, Date),
) -> BTreeMap<SourceId, &'a Person> {
    if records.is_empty() || people.is_empty() {
        return BTreeMap::new();
    }
    let holders = holders(people.values());
    let mut listed: HashMap<&str, usize> = HashMap::new();
    for email in roster.records.iter().filter_map(|record| record.profile.work_email.as_ref()) {
        *listed.entry(email.folded()).or_default() += 1;
    }
    let join = |record: &&RosterRecord| {
        let email = record.profile.work_email.as_ref()?.folded();
        let [person] = holders.get(email)?.as_slice() else { return None };
        let unique = listed.get(email) == Some(&1);
        let told = person.anchors().any(|anchor| anchor.source == *source);
        let back = person_is_over(person, today) && !is_over(&record.engagements, today);
        (unique && !told && !back).then(|| (record.source_id.clone(), *person))
    };
    records.iter().filter_map(join).collect()
}

/// Ids that are addresses, and changed only their domain together with [`COMPANY_WIDE`] others:
/// from the new id to the known one. Without this, a source that calls people by their address
/// would turn everybody into a leaver and a joiner.
pub(super) fn moved_ids<'a>(
    ours: &BTreeMap<&'a SourceId, &'a Person>,
    roster: &Roster,
    records: &[&RosterRecord],
) -> BTreeMap<SourceId, &'a SourceId> {
    let address = |id: &SourceId| id.as_str().parse::<EmailAddress>().ok();
    let listed: BTreeSet<_> = roster.records.iter().map(|record| &record.source_id).collect();
    let mut missing: HashMap<String, Vec<(&SourceId, &Person)>> = HashMap::new();
    if records.len() >= COMPANY_WIDE {
        for (id, person) in ours.iter().filter(|(id, _)| !listed.contains(*id)) {
            if let Some(email) = address(id) {
                missing.entry(email.local().to_owned()).or_default().push((*id, *person));
            }
        }
    }
    let mut moves: BTreeMap<(String, String), Vec<(SourceId, &SourceId)>> = BTreeMap::new();
    for record in records {
        let Some(is) = address(&record.source_id) else { continue };
        let Some([(id, person)]) = missing.get(is.local()).map(Vec::as_slice) else { continue };
        let Some(was) = address(id) else { continue };
        let name = |name: Option<String>| name.map(|name| fold_name(&name));
        if name(person.profile.name()) == name(record.profile.name()) {
            let domains = (was.domain().to_owned(), is.domain().to_owned());
            moves.entry(domains).or_default().push((record.source_id.clone(), *id));
        }
    }
    moves.into_values().filter(|moved| moved.len() >= COMPANY_WIDE).flatten().collect()
}

/// The changes of `changed` that are company-wide changes of a domain.
pub(super) fn domain_changes(changed: &[PersonChange]) -> Vec<DomainChange> {
    let mut moves: BTreeMap<(String, String), Vec<PersonId>> = BTreeMap::new();
    for PersonChange { person, changes } in changed {
        let email = changes.iter().find(|change| change.field == "work_email");
        let Some(change) = email.filter(|change| !change.outranked) else { continue };
        let parse = |value: &serde_json::Value| value.as_str()?.parse::<EmailAddress>().ok();
        let (Some(was), Some(is)) = (parse(&change.before), parse(&change.after)) else { continue };
        if was.local() == is.local() && was.domain() != is.domain() {
            let domains = (was.domain().to_owned(), is.domain().to_owned());
            moves.entry(domains).or_default().push(person.id.clone());
        }
    }
    moves
        .into_iter()
        .filter(|(_, people)| people.len() >= COMPANY_WIDE)
        .map(|((from, to), people)| DomainChange { from, to, people })
        .collect()
}

/// Who of `later` may be someone of `people` who was known before (L19): the same address, or the
/// same name as someone who has left.
pub fn proposals<'a>(
    later: impl Iterator<Item = &'a Person>,
    people: &BTreeMap<PersonId, Person>,
    now: Timestamp,
) -> Vec<Proposal> {
    let later: Vec<_> = later.collect();
    if later.is_empty() {
        return Vec::new();
    }
    let today = today(now);
    let mut addresses: HashMap<&str, Vec<&Person>> = HashMap::new();
    let mut left: HashMap<String, Vec<&Person>> = HashMap::new();
    for person in people.values() {
        for email in person.work_addresses().chain(&person.profile.personal_email) {
            addresses.entry(email.folded()).or_default().push(person);
        }
        if person_is_over(person, today)
            && let Some(name) = person.profile.name()
        {
            left.entry(fold_name(&name)).or_default().push(person);
        }
    }
    let mut found = BTreeMap::new();
    for person in later {
        let mut propose = |known: &Person, because: String| {
            // Who was known first is the former person; the later one is the one who came back.
            if known.id == person.id
                || (person.first_seen, &person.id) < (known.first_seen, &known.id)
            {
                return;
            }
            found.entry((person.id.clone(), known.id.clone())).or_insert_with(|| Proposal {
                person: person.id.clone(),
                name: person.name(),
                known: known.id.clone(),
                known_name: known.name(),
                because,
            });
        };
        for email in person.work_addresses().chain(&person.profile.personal_email) {
            for known in addresses.get(email.folded()).into_iter().flatten() {
                propose(known, format!("both have the address {email}"));
            }
        }
        let here = !person_is_over(person, today);
        let name = person.profile.name().filter(|_| here).map(|name| fold_name(&name));
        for known in name.and_then(|name| left.get(&name)).into_iter().flatten() {
            propose(known, "the same name as someone who has left, which is no proof".to_owned());
        }
    }
    found.into_values().collect()
}
