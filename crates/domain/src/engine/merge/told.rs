//! What one source tells of one person, and what becomes of it when the source tells it anew.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    FieldChange, MergeOptions,
    pair::pair,
    word::{end_of, tells_end},
};
use crate::model::{
    email::EmailAddress,
    id::SourceName,
    person::{Anchor, EmploymentStatus, EndWord, Engagement, Person, Profile, Telling, Terms},
    roster::{Field, Roster, RosterRecord},
};

/// What a source says of one person, said anew.
pub(super) struct Retold {
    /// As the source tells it now.
    pub(super) telling: Telling,
    /// What became different in the source's own words.
    pub(super) changes: Vec<FieldChange>,
}

/// A telling that tells nothing yet.
#[must_use]
pub fn blank(anchor: Anchor, now: Timestamp) -> Telling {
    Telling {
        anchor,
        profile: Profile::default(),
        engagements: Vec::new(),
        first_seen: now,
        not_mentioned_since: None,
    }
}

/// `old`, which is a telling of `person`, after its source said `record`.
pub(super) fn retell(
    person: &Person,
    old: &Telling,
    record: &RosterRecord,
    clearable: &BTreeSet<Field>,
    now: Timestamp,
) -> Retold {
    let mut telling = old.clone();
    let mut changes = Vec::new();
    let told = with_known_addresses(&old.profile, record);
    telling.profile = overlay(&old.profile, &told, "", &mut changes);
    let known: Vec<_> = old.engagements.iter().map(|one| with_end(person, one)).collect();
    let pairs = pair(&known.iter().collect::<Vec<_>>(), &record.engagements);
    let fresh: Vec<_> = record
        .engagements
        .iter()
        .zip(&pairs)
        .filter(|(_, known)| known.is_none())
        .map(|(terms, _)| terms.clone())
        .collect();
    let mut numbers = numbers(person, &BTreeSet::from([&old.anchor.source]), &fresh).into_iter();
    for (incoming, known) in record.engagements.iter().zip(pairs) {
        if let Some(engagement) = known.and_then(|index| telling.engagements.get_mut(index)) {
            update(engagement, incoming, clearable, &mut changes, now);
        } else if let Some(number) = numbers.next() {
            let after = serde_json::to_value(incoming).unwrap_or_default();
            changes.push(FieldChange::new(format!("engagement {number}"), Value::Null, after));
            telling.engagements.push(engagement(number, incoming.clone(), now));
        }
    }
    if telling.not_mentioned_since.take().is_some() {
        let (before, after) = (Value::Bool(false), Value::Bool(true));
        changes.push(FieldChange::new("mentioned".to_owned(), before, after));
    }
    Retold { telling, changes }
}

/// The terms of `told` with the end that counts, whoever told it: who starts again after an end that
/// only another source knows of is hired again, and her first day did not just move.
fn with_end(person: &Person, told: &Engagement) -> Terms {
    let counts = person.engagements.iter().find(|one| one.number == told.number);
    let counts = counts.map_or(&told.terms, |one| &one.terms);
    Terms {
        end_date: counts.end_date,
        last_working_day: counts.last_working_day,
        ..told.terms.clone()
    }
}

/// Takes a first day back that lies before the first day away: it belongs to an earlier leave.
pub(super) fn forget_earlier_return(terms: &mut Terms) -> Option<Date> {
    let earlier =
        terms.leave_start.is_some_and(|from| terms.leave_return.is_some_and(|to| to < from));
    if earlier { terms.leave_return.take() } else { None }
}

/// The numbers under which `fresh`, engagements that these sources did not tell before, are known: that of the same work told by another source, else a new one.
pub(super) fn numbers(
    person: &Person,
    sources: &BTreeSet<&SourceName>,
    fresh: &[Terms],
) -> Vec<u32> {
    if fresh.is_empty() {
        return Vec::new();
    }
    let mut next = person.engagements.iter().map(|one| one.number).max().unwrap_or(0);
    // One source tells two engagements, or gives two ids, for two things.
    let tellings = person.tellings();
    let own = |number: u32| {
        let same = tellings.iter().filter(|telling| sources.contains(&telling.anchor.source));
        same.flat_map(|telling| &telling.engagements).any(|one| one.number == number)
    };
    // Positions are each source's own.
    let placeless = |terms: &Terms| Terms { position: None, ..terms.clone() };
    let mut others: Vec<_> = person
        .engagements
        .iter()
        .filter(|one| !own(one.number))
        .map(|one| (one.number, placeless(&one.terms)))
        .collect();
    others.sort_by_key(|(number, _)| *number);
    let known: Vec<_> = others.iter().map(|(_, terms)| terms).collect();
    let fresh: Vec<_> = fresh.iter().map(placeless).collect();
    pair(&known, &fresh)
        .into_iter()
        .map(|known| match known.and_then(|index| others.get(index)) {
            Some((number, _)) => *number,
            None => {
                next += 1;
                next
            }
        })
        .collect()
}

/// A new engagement, first heard of at `now`.
#[must_use]
pub fn engagement(number: u32, terms: Terms, now: Timestamp) -> Engagement {
    let ended_seen = (terms.status == Some(EmploymentStatus::Ended)).then_some(now);
    let end_told = tells_end(&terms).then_some(EndWord { at: now, by: None });
    Engagement {
        number,
        terms,
        first_seen: now,
        ended_seen,
        moves: Vec::new(),
        starts: Vec::new(),
        end_told,
        beside_hand: None,
    }
}

/// The fields that a blank may clear; in all others it means "not told" (M10).
pub const CLEARABLE: [Field; 5] = [
    Field::EndDate,
    Field::LastWorkingDay,
    Field::TerminationType,
    Field::LeaveStart,
    Field::LeaveReturn,
];

/// The fields of the lifecycle that a blank may clear when the same row says that the person works
/// here: a cancelled leave date must not linger. Only where the file shows that it can carry the
/// field at all, by carrying it for someone, or where the caller vouches for it.
pub(super) fn clearable(roster: &Roster, options: &MergeOptions<'_>) -> BTreeSet<Field> {
    let carried = |field: Field| {
        roster.records.iter().flat_map(|record| &record.engagements).any(|terms| match field {
            Field::EndDate => terms.end_date.is_some(),
            Field::LastWorkingDay => terms.last_working_day.is_some(),
            Field::TerminationType => terms.termination.is_some(),
            Field::LeaveStart => terms.leave_start.is_some(),
            Field::LeaveReturn => terms.leave_return.is_some(),
            _ => false,
        })
    };
    CLEARABLE
        .into_iter()
        .filter(|field| roster.fields.contains(field))
        .filter(|field| options.complete.contains(field) || carried(*field))
        .collect()
}

/// What a source tells of a person, and the addresses known before: a changed work address stays
/// known as a former one, so that the account is still recognised, and none is ever forgotten. An
/// address renamed on exit (`anna+exit@` for `anna@`, told together with an end) is only another
/// name for the same mailbox: the login stays.
fn with_known_addresses(old: &Profile, record: &RosterRecord) -> Profile {
    let mut told = record.profile.clone();
    let mut former = old.former_emails.clone().unwrap_or_default();
    former.extend(told.former_emails.take().into_iter().flatten());
    if let (Some(was), Some(is)) = (&old.work_email, &told.work_email)
        && was != is
    {
        if renamed_on_exit(was, is, &record.engagements) {
            former.insert(is.clone());
            told.work_email = None;
        } else {
            former.insert(was.clone());
        }
    }
    Profile { former_emails: (!former.is_empty()).then_some(former), ..told }
}

/// Whether `is` is `was` with a tag, and the same row tells an end.
fn renamed_on_exit(was: &EmailAddress, is: &EmailAddress, told: &[Terms]) -> bool {
    let ends = |terms: &Terms| {
        terms.status == Some(EmploymentStatus::Ended)
            || terms.end_date.is_some()
            || terms.last_working_day.is_some()
    };
    was.domain() == is.domain()
        && is.local() != is.local_without_tag()
        && is.local_without_tag() == was.local()
        && told.iter().all(ends)
}

fn update(
    engagement: &mut Engagement,
    incoming: &Terms,
    clearable: &BTreeSet<Field>,
    changes: &mut Vec<FieldChange>,
    now: Timestamp,
) {
    let was_ended = engagement.terms.status == Some(EmploymentStatus::Ended);
    let prefix = prefix(engagement.number);
    let mut terms = overlay(&engagement.terms, incoming, &prefix, changes);
    if matches!(incoming.status, Some(EmploymentStatus::Active | EmploymentStatus::OnLeave)) {
        clear_blanks(&mut terms, incoming, clearable, &prefix, changes);
    }
    if let Some(day) = forget_earlier_return(&mut terms) {
        let field = format!("{prefix}{}", Field::LeaveReturn);
        changes.push(FieldChange::new(field, Value::String(day.to_string()), Value::Null));
    }
    let ended = terms.status == Some(EmploymentStatus::Ended);
    if ended && !was_ended {
        engagement.ended_seen = Some(now);
    } else if !ended {
        engagement.ended_seen = None;
    }
    if end_of(&terms) != end_of(&engagement.terms) {
        engagement.end_told = Some(EndWord { at: now, by: None });
    }
    engagement.terms = terms;
}

/// How a field of the engagement called `number` is named; of the first, by its own name.
pub(super) fn prefix(number: u32) -> String {
    if number == 1 { String::new() } else { format!("engagement {number} ") }
}

fn clear_blanks(
    terms: &mut Terms,
    incoming: &Terms,
    clearable: &BTreeSet<Field>,
    prefix: &str,
    changes: &mut Vec<FieldChange>,
) {
    let mut clear = |field: Field, blank: bool, before: Option<Value>| {
        let cleared = blank && before.is_some() && clearable.contains(&field);
        if cleared {
            let before = before.unwrap_or_default();
            changes.push(FieldChange::new(format!("{prefix}{field}"), before, Value::Null));
        }
        cleared
    };
    let value = |date: Option<jiff::civil::Date>| date.map(|date| Value::String(date.to_string()));
    if clear(Field::EndDate, incoming.end_date.is_none(), value(terms.end_date)) {
        terms.end_date = None;
    }
    let last = value(terms.last_working_day);
    if clear(Field::LastWorkingDay, incoming.last_working_day.is_none(), last) {
        terms.last_working_day = None;
    }
    let kind = terms.termination.and_then(|kind| serde_json::to_value(kind).ok());
    if clear(Field::TerminationType, incoming.termination.is_none(), kind) {
        terms.termination = None;
    }
    if clear(Field::LeaveStart, incoming.leave_start.is_none(), value(terms.leave_start)) {
        terms.leave_start = None;
    }
    if clear(Field::LeaveReturn, incoming.leave_return.is_none(), value(terms.leave_return)) {
        terms.leave_return = None;
    }
}

/// `old` with every field that `new` tells. Fields that `new` does not tell stay (M10).
fn overlay<T: Serialize + DeserializeOwned + Clone + PartialEq>(
    old: &T,
    new: &T,
    prefix: &str,
    changes: &mut Vec<FieldChange>,
) -> T {
    if old == new {
        return old.clone();
    }
    let (Ok(Value::Object(mut base)), Ok(Value::Object(told))) =
        (serde_json::to_value(old), serde_json::to_value(new))
    else {
        return old.clone();
    };
    let before = changes.len();
    for (field, after) in told {
        let current = base.get(&field).cloned().unwrap_or_default();
        if after.is_null() || after.as_str() == Some("") || after == current {
            continue;
        }
        changes.push(FieldChange::new(format!("{prefix}{field}"), current, after.clone()));
        base.insert(field, after);
    }
    serde_json::from_value(Value::Object(base)).unwrap_or_else(|_| {
        changes.truncate(before);
        old.clone()
    })
}
