//! Who answers for exceptions and attestations: somebody whom Muster knows and who works here now.
//! A word for which nobody is there to answer counts for nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Company,
    ask::{Facts, Standing, standing_of},
};
use crate::{
    engine::{
        consent,
        lifecycle::{self, Hours, PersonState},
    },
    model::{email::EmailAddress, id::PersonId, order::Orders, person::Person, policy::Policy},
};

/// Whether somebody is there to answer for something at `now`.
///
/// # Errors
/// Why not, in words that go on after her name. What is not known is no answer either.
pub fn presence(person: &Person, policy: &Policy, now: Timestamp) -> Result<(), String> {
    if person.redacted.is_some() {
        return Err("is known no more: their data was taken out".to_owned());
    }
    if let Some(since) = person.not_mentioned_since {
        return Err(format!(
            "was not mentioned by any source since {}",
            since.strftime("%Y-%m-%d")
        ));
    }
    match lifecycle::state(person, &Hours::usual(&policy.organization), now) {
        PersonState::Active | PersonState::OnLeave | PersonState::Leaving { .. } => Ok(()),
        PersonState::Ended { .. } => Err("has left".to_owned()),
        PersonState::Withdrawn => Err("never started".to_owned()),
        PersonState::Prospective { .. } => Err("does not work here yet".to_owned()),
        PersonState::Unknown { why } => {
            Err(format!("may work here or not, which cannot be told: {why}"))
        }
    }
}

/// Who does not answer for what they are said to answer for, and why: by what they are called.
#[derive(Debug, Clone, Default)]
pub struct Answerers {
    absent: BTreeMap<String, String>,
}

impl Answerers {
    /// Looks up everybody who is said to answer for an exception or attestation in `orders`.
    #[must_use]
    pub fn of(
        orders: &Orders,
        people: &BTreeMap<PersonId, Person>,
        (policy, now): (&Policy, Timestamp),
    ) -> Self {
        let owners = orders.exceptions.iter().filter(|one| one.holds(now)).map(|one| &one.owner);
        let givers = orders.attestations.iter().filter(|one| one.holds(now)).map(|one| &one.by);
        let absence = |who: &String| Some((who.clone(), absence(who, people, (policy, now))?));
        let mut said: Vec<&String> = owners.chain(givers).collect();
        said.sort_unstable();
        said.dedup();
        Self { absent: said.into_iter().filter_map(absence).collect() }
    }

    /// Why nobody answers for the word of `who`, if nobody does.
    #[must_use]
    pub fn why_not(&self, who: &str) -> Option<&str> {
        self.absent.get(who).map(String::as_str)
    }
}

/// Why `who` does not answer for anything, if that is so. Of several who may be meant one is enough.
fn absence(
    who: &str,
    people: &BTreeMap<PersonId, Person>,
    (policy, now): (&Policy, Timestamp),
) -> Option<String> {
    let mut why = None;
    // Mostly it is an address as it stands, so that not everybody has to be spelled out.
    let by_address = |person: &&Person| person.work_addresses().any(|one| one.as_str() == who);
    let exact: Vec<&Person> = people.values().filter(by_address).collect();
    let found = if exact.is_empty() {
        people.values().filter(|person| consent::means(person, who)).collect()
    } else {
        exact
    };
    for person in found {
        match presence(person, policy, now) {
            Ok(()) => return None,
            Err(reason) => why = Some(format!("{who} {reason}")),
        }
    }
    Some(why.unwrap_or_else(|| format!("{who} is nobody whom Muster knows")))
}

/// Whether somebody answers for something.
pub(super) enum Answering {
    /// Somebody who works here, or a desk of the company.
    Yes,
    /// Nobody, and why.
    No(&'static str),
    /// Nobody can tell, and why.
    Unknown(String),
}

/// Whether whoever has this address answers for something here. An address that is nobody's own is
/// taken to be a desk, where people of the company have addresses of the same domain.
pub(super) fn answers<'a>(
    company: &Company<'a>,
    facts: &Facts<'a>,
    owner: &EmailAddress,
) -> Answering {
    let people = || company.people.values();
    let has = |person: &&Person| person.work_addresses().any(|held| held == owner);
    let Some(person) = people().find(has) else {
        let desk =
            people().flat_map(Person::work_addresses).any(|one| one.domain() == owner.domain());
        return if desk { Answering::Yes } else { Answering::No("nobody here has that address") };
    };
    match standing_of(company, facts, &person.id).map(|(_, standing)| standing) {
        Some(Standing::Left { .. }) => Answering::No("has left"),
        Some(Standing::Withdrawn) => Answering::No("never started"),
        Some(Standing::Unknown(why)) => Answering::Unknown(why),
        Some(Standing::Here | Standing::NotYet) => Answering::Yes,
        None => Answering::Unknown("their record is missing".to_owned()),
    }
}
