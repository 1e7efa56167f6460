//! Taking a person's data out, for her privacy: what stays is that somebody worked from when to
//! when, and what was done to which account.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{
    email::EmailAddress,
    id::{OrgId, PersonId},
    person::{Anchor, Engagement, Person, Profile, Redaction, Terms},
};

/// What stands where something was taken out.
pub const REDACTED: &str = "redacted";

/// What stands where an address was taken out.
pub const REDACTED_EMAIL: &str = "redacted@redacted.invalid";

/// Under which ids the sources of `person` would bring her back.
#[must_use]
pub fn known_as(org: &OrgId, person: &Person) -> BTreeSet<PersonId> {
    let derived = |anchor: &Anchor| PersonId::derive(org, &anchor.source, &anchor.id);
    person.anchors().map(derived).chain([person.id.clone()]).collect()
}

/// What is left of `person`.
#[must_use]
pub fn redact(person: &Person, redaction: Redaction) -> Person {
    let id = person.id.as_str().parse().unwrap_or_else(|_| person.anchor.id.clone());
    let engagements = person.engagements.iter().map(|engagement| Engagement {
        number: engagement.number,
        terms: dates(&engagement.terms),
        first_seen: engagement.first_seen,
        ended_seen: engagement.ended_seen,
        // What rules could read before a move is of no use any more, and speaks of her.
        moves: Vec::new(),
        starts: Vec::new(),
        end_told: None,
        beside_hand: None,
    });
    Person {
        id: person.id.clone(),
        anchor: Anchor { source: person.anchor.source.clone(), id },
        profile: Profile { time_zone: person.profile.time_zone.clone(), ..Profile::default() },
        engagements: engagements.collect(),
        first_seen: person.first_seen,
        not_mentioned_since: None,
        ordered_end: person.ordered_end.clone(),
        told: Vec::new(),
        redacted: Some(Box::new(redaction)),
    }
}

/// What tells when somebody worked here, and nothing else.
fn dates(terms: &Terms) -> Terms {
    Terms {
        kind: terms.kind,
        status: terms.status,
        start_date: terms.start_date,
        end_date: terms.end_date,
        last_working_day: terms.last_working_day,
        termination: terms.termination,
        ..Terms::default()
    }
}

/// The texts by which `person` can be recognised: names, addresses, numbers.
#[must_use]
pub fn marks(person: &Person) -> BTreeSet<String> {
    let tellings = person.tellings();
    let profiles = tellings.iter().map(|telling| &telling.profile).chain([&person.profile]);
    let mut marks = BTreeSet::new();
    for profile in profiles {
        let Profile {
            employee_number,
            legal_first,
            legal_last,
            preferred_first,
            preferred_last,
            display_name,
            work_email,
            personal_email,
            former_emails,
            time_zone: _,
            in_scope: _,
        } = profile;
        let emails = work_email.iter().chain(personal_email).chain(former_emails.iter().flatten());
        marks.extend(emails.map(|email| email.as_str().to_owned()));
        marks.extend(employee_number.clone());
        marks.extend(display_name.clone());
        marks.extend(profile.name());
        for first in [legal_first, preferred_first] {
            for last in [legal_last, preferred_last] {
                if let (Some(first), Some(last)) = (first, last) {
                    marks.insert(format!("{first} {last}"));
                }
            }
        }
    }
    // Single letters and numbers would be found everywhere.
    marks.retain(|mark| mark.chars().count() >= 4);
    marks
}

/// Takes every text that holds one of `marks` out of a document.
pub fn scrub(value: &mut Value, marks: &BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let lower = text.to_lowercase();
            if marks.iter().any(|mark| lower.contains(&mark.to_lowercase())) {
                let is_email = text.parse::<EmailAddress>().is_ok();
                *text = if is_email { REDACTED_EMAIL } else { REDACTED }.to_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| scrub(value, marks)),
        Value::Object(fields) => fields.values_mut().for_each(|value| scrub(value, marks)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
