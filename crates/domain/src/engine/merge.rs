//! Merging a roster into what is known: whether it may be believed beside the one before, and what
//! would change. Nothing is concluded from absence: someone the roster no longer mentions is
//! marked so and keeps what she has (law 9).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::moves;
use crate::model::{
    canonical::Digest,
    id::{OrgId, PersonId, SourceId, SourceName},
    person::{Anchor, EmploymentStatus, Engagement, Person, Profile, Terms},
    roster::{Field, Presence, Roster, RosterRecord},
};

/// What is remembered of a source's earlier imports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LastImport {
    /// How many people it listed.
    pub people: usize,
    /// The fields it had columns for.
    pub fields: BTreeSet<Field>,
    /// The digests of the files imported so far, oldest first, the last 100.
    pub digests: Vec<Digest>,
    /// When the last file was written, if that was known.
    pub file_time: Option<Timestamp>,
}

/// A doubt about a roster that a person can overrule by name (`--accept`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It lists fewer than half as many people as the one before.
    Smaller,
    /// It is older than the one before.
    Older,
    /// It has lost columns that the one before had.
    Columns,
}

impl Doubt {
    /// Every doubt.
    pub const ALL: &[Self] = &[Self::Smaller, Self::Older, Self::Columns];

    /// The word used on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smaller => "smaller",
            Self::Older => "older",
            Self::Columns => "columns",
        }
    }
}

/// How to merge.
#[derive(Debug, Clone)]
pub struct MergeOptions<'a> {
    /// The organisation.
    pub org: &'a OrgId,
    /// The source that made the roster.
    pub source: &'a SourceName,
    /// Whom the roster lists.
    pub presence: Presence,
    /// When the file was written, if known.
    pub file_time: Option<Timestamp>,
    /// Doubts that a person has overruled.
    pub accept: BTreeSet<Doubt>,
    /// Fields whose blanks mean "empty" and not "not told".
    pub complete: BTreeSet<Field>,
    /// Now.
    pub now: Timestamp,
}

/// Why a roster is refused whole beside what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong and what to do.
    pub message: String,
    /// The doubt, if a person can overrule it.
    pub doubt: Option<Doubt>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.doubt {
            Some(doubt) => write!(f, "; if it is right all the same: --accept {}", doubt.word()),
            None => Ok(()),
        }
    }
}

/// One field that becomes different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// Before; `null` when it was not known.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// One person that becomes different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonChange {
    /// The person as she will be.
    pub person: Person,
    /// What becomes different.
    pub changes: Vec<FieldChange>,
}

/// What believing a roster would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Merge {
    /// People who were not known.
    pub added: Vec<Person>,
    /// People of whom something changes.
    pub changed: Vec<PersonChange>,
    /// People newly not mentioned any more.
    pub unmentioned: Vec<Person>,
    /// How many people stay as they are.
    pub unchanged: usize,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

impl Merge {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.unmentioned.is_empty()
    }

    /// Every person as she will be, of those who become different.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.added
            .iter()
            .chain(self.changed.iter().map(|change| &change.person))
            .chain(&self.unmentioned)
    }
}

/// Works out what believing `roster` would do.
///
/// # Errors
/// Every reason for which it cannot be believed beside what is known.
pub fn merge(
    known: &BTreeMap<PersonId, Person>,
    last: Option<&LastImport>,
    roster: &Roster,
    options: &MergeOptions<'_>,
) -> Result<Merge, Vec<Refused>> {
    let ours: BTreeMap<&SourceId, &Person> = known
        .values()
        .filter(|person| person.anchor.source == *options.source)
        .map(|person| (&person.anchor.id, person))
        .collect();
    let refused: Vec<_> = doubts(&ours, last, roster, options)
        .into_iter()
        .filter(|refused| refused.doubt.is_none_or(|doubt| !options.accept.contains(&doubt)))
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut merge = Merge::default();
    let clearable = clearable(roster, options);
    for record in &roster.records {
        match ours.get(&record.source_id) {
            None => merge.added.push(added(record, options)),
            Some(old) => {
                let change = changed(old, record, &clearable, options.now);
                if change.changes.is_empty() {
                    merge.unchanged += 1;
                } else {
                    merge.changed.push(change);
                }
            }
        }
    }
    if options.presence != Presence::Changes {
        let mentioned: BTreeSet<_> = roster.records.iter().map(|r| &r.source_id).collect();
        for person in ours.values().filter(|person| !mentioned.contains(&person.anchor.id)) {
            if person.not_mentioned_since.is_none() {
                let mut person = (*person).clone();
                person.not_mentioned_since = Some(options.now);
                merge.unmentioned.push(person);
            }
        }
    }
    merge.warnings = shared_addresses(known, &merge);
    Ok(merge)
}

fn doubts(
    ours: &BTreeMap<&SourceId, &Person>,
    last: Option<&LastImport>,
    roster: &Roster,
    options: &MergeOptions<'_>,
) -> Vec<Refused> {
    let mut found = Vec::new();
    let mut doubt = |doubt: Option<Doubt>, message: String| found.push(Refused { message, doubt });
    let zeros: Vec<_> = lost_zeros(ours, roster);
    if let Some((was, is)) = zeros.first() {
        doubt(
            None,
            format!(
                "{} ids lost their leading zeros ({was} is now {is}), so everybody would look new; \
                 export again with the id column as text",
                zeros.len()
            ),
        );
    }
    let Some(last) = last else { return found };
    let count = roster.records.len();
    if options.presence != Presence::Changes && count * 2 < last.people {
        doubt(
            Some(Doubt::Smaller),
            format!(
                "the roster lists {count} people, less than half of the {} listed last time; \
                 export the whole roster, or say --presence changes",
                last.people
            ),
        );
    }
    let lost: Vec<_> = last.fields.difference(&roster.fields).map(|field| field.word()).collect();
    if !lost.is_empty() {
        doubt(
            Some(Doubt::Columns),
            format!(
                "the roster has no column any more for {}; the one before had; export with the \
                 same columns",
                lost.join(", ")
            ),
        );
    }
    let repeated = last.digests.iter().rev().skip(1).any(|digest| *digest == roster.digest)
        && last.digests.last() != Some(&roster.digest);
    let older = matches!(
        (options.file_time, last.file_time),
        (Some(this), Some(before)) if this < before
    ) && last.digests.last() != Some(&roster.digest);
    if repeated {
        doubt(
            Some(Doubt::Older),
            "this very file was imported before, and a newer one since; export again".to_owned(),
        );
    } else if older {
        doubt(
            Some(Doubt::Older),
            format!(
                "the file was written at {}, before the one imported last; export again",
                options.file_time.map(|at| at.to_string()).unwrap_or_default()
            ),
        );
    }
    found
}

/// Known ids with leading zeros that now appear without them.
fn lost_zeros(ours: &BTreeMap<&SourceId, &Person>, roster: &Roster) -> Vec<(String, String)> {
    let bare: BTreeMap<&str, &SourceId> = ours
        .keys()
        .filter_map(|id| {
            let bare = id.as_str().trim_start_matches('0');
            (bare != id.as_str() && !bare.is_empty()).then_some((bare, *id))
        })
        .collect();
    let listed: BTreeSet<_> = roster.records.iter().map(|record| &record.source_id).collect();
    roster
        .records
        .iter()
        .filter(|record| !ours.contains_key(&record.source_id))
        .filter_map(|record| {
            // Where the file has both, they are two people.
            let was = bare.get(record.source_id.as_str()).filter(|id| !listed.contains(*id))?;
            Some((was.to_string(), record.source_id.to_string()))
        })
        .collect()
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
fn clearable(roster: &Roster, options: &MergeOptions<'_>) -> BTreeSet<Field> {
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

fn added(record: &RosterRecord, options: &MergeOptions<'_>) -> Person {
    let engagements = (1..)
        .zip(&record.engagements)
        .map(|(number, terms)| engagement(number, terms.clone(), options.now))
        .collect();
    Person {
        id: PersonId::derive(options.org, options.source, &record.source_id),
        anchor: Anchor { source: options.source.clone(), id: record.source_id.clone() },
        profile: record.profile.clone(),
        engagements,
        first_seen: options.now,
        not_mentioned_since: None,
        ordered_end: None,
    }
}

fn engagement(number: u32, terms: Terms, now: Timestamp) -> Engagement {
    let ended_seen = (terms.status == Some(EmploymentStatus::Ended)).then_some(now);
    Engagement { number, terms, first_seen: now, ended_seen, moves: Vec::new() }
}

fn changed(
    old: &Person,
    record: &RosterRecord,
    clearable: &BTreeSet<Field>,
    now: Timestamp,
) -> PersonChange {
    let mut person = old.clone();
    let mut changes = Vec::new();
    let told = with_known_addresses(&old.profile, &record.profile);
    person.profile = overlay(&old.profile, &told, "", &mut changes);
    let pairs = pair(&old.engagements, &record.engagements);
    for (incoming, known) in record.engagements.iter().zip(pairs) {
        match known.and_then(|index| person.engagements.get_mut(index)) {
            Some(engagement) => update(engagement, incoming, clearable, &mut changes, now),
            None => {
                let number = person.engagements.iter().map(|e| e.number).max().unwrap_or(0) + 1;
                changes.push(FieldChange {
                    field: format!("engagement {number}"),
                    before: Value::Null,
                    after: serde_json::to_value(incoming).unwrap_or_default(),
                });
                person.engagements.push(engagement(number, incoming.clone(), now));
            }
        }
    }
    if person.not_mentioned_since.take().is_some() {
        changes.push(FieldChange {
            field: "mentioned".to_owned(),
            before: Value::Bool(false),
            after: Value::Bool(true),
        });
    }
    PersonChange { person, changes }
}

/// What a source tells of a person, and the addresses known before: a changed work address stays
/// known as a former one, so that the account is still recognised, and none is ever forgotten.
fn with_known_addresses(old: &Profile, told: &Profile) -> Profile {
    let mut former = old.former_emails.clone().unwrap_or_default();
    former.extend(told.former_emails.iter().flatten().cloned());
    if let (Some(was), Some(is)) = (&old.work_email, &told.work_email)
        && was != is
    {
        former.insert(was.clone());
    }
    Profile { former_emails: (!former.is_empty()).then_some(former), ..told.clone() }
}

/// For each engagement told, the known one it speaks of, if it is not a new one. No known one is
/// spoken of twice: first the same position and start, then the same position or the same start,
/// then, among those left over, the latest, unless that ended before the one told begins (a rehire).
fn pair(known: &[Engagement], told: &[Terms]) -> Vec<Option<usize>> {
    let mut free: BTreeSet<usize> = (0..known.len()).collect();
    let mut pairs: Vec<Option<usize>> = vec![None; told.len()];
    let rules: [fn(&Terms, &Terms) -> bool; 4] = [same, same_position, same_start, may_be_same];
    for rule in rules {
        // The latest told is paired with the latest known.
        for (incoming, pair) in told.iter().zip(&mut pairs).rev() {
            if pair.is_some() {
                continue;
            }
            let fits = |index: &usize| known.get(*index).is_some_and(|e| rule(&e.terms, incoming));
            if let Some(index) = free.iter().rev().copied().find(fits) {
                free.remove(&index);
                *pair = Some(index);
            }
        }
    }
    pairs
}

fn same(known: &Terms, incoming: &Terms) -> bool {
    known.position == incoming.position && known.start_date == incoming.start_date
}

fn same_position(known: &Terms, incoming: &Terms) -> bool {
    incoming.position.is_some()
        && known.position == incoming.position
        && !ended_before(known, incoming)
}

fn same_start(known: &Terms, incoming: &Terms) -> bool {
    incoming.start_date.is_some()
        && known.start_date == incoming.start_date
        && !other_position(known, incoming)
}

fn may_be_same(known: &Terms, incoming: &Terms) -> bool {
    // Another position in place of one that is not told any more is a transfer, not a second job:
    // left open, the old one would outlive every end.
    !ended_before(known, incoming) && !ended_before(incoming, known)
}

fn other_position(known: &Terms, incoming: &Terms) -> bool {
    known.position.is_some() && incoming.position.is_some() && known.position != incoming.position
}

fn ended_before(known: &Terms, incoming: &Terms) -> bool {
    let end = known.last_working_day.or(known.end_date);
    match (end, incoming.start_date) {
        (Some(end), Some(start)) => end < start,
        // Ended without a date, and now a start that is not the one known.
        (None, Some(start)) => {
            known.status == Some(EmploymentStatus::Ended)
                && known.start_date.is_some_and(|known| known < start)
        }
        _ => false,
    }
}

fn update(
    engagement: &mut Engagement,
    incoming: &Terms,
    clearable: &BTreeSet<Field>,
    changes: &mut Vec<FieldChange>,
    now: Timestamp,
) {
    let was_ended = engagement.terms.status == Some(EmploymentStatus::Ended);
    let prefix = if engagement.number == 1 {
        String::new()
    } else {
        format!("engagement {} ", engagement.number)
    };
    let mut terms = overlay(&engagement.terms, incoming, &prefix, changes);
    if matches!(incoming.status, Some(EmploymentStatus::Active | EmploymentStatus::OnLeave)) {
        clear_blanks(&mut terms, incoming, clearable, &prefix, changes);
    }
    let ended = terms.status == Some(EmploymentStatus::Ended);
    if ended && !was_ended {
        engagement.ended_seen = Some(now);
    } else if !ended {
        engagement.ended_seen = None;
    }
    let before = std::mem::replace(&mut engagement.terms, terms);
    moves::note(engagement, &before, now);
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
            changes.push(FieldChange {
                field: format!("{prefix}{field}"),
                before: before.unwrap_or_default(),
                after: Value::Null,
            });
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
        changes.push(FieldChange {
            field: format!("{prefix}{field}"),
            before: current,
            after: after.clone(),
        });
        base.insert(field, after);
    }
    serde_json::from_value(Value::Object(base)).unwrap_or_else(|_| {
        changes.truncate(before);
        old.clone()
    })
}

/// Addresses that two people would hold at once: no account could be matched by them.
fn shared_addresses(known: &BTreeMap<PersonId, Person>, merge: &Merge) -> Vec<String> {
    let mut after: BTreeMap<&PersonId, &Person> = known.iter().collect();
    after.extend(merge.people().map(|person| (&person.id, person)));
    let mut holders: BTreeMap<&str, Vec<&Person>> = BTreeMap::new();
    for person in after.values() {
        if let Some(email) = &person.profile.work_email {
            holders.entry(email.folded()).or_default().push(person);
        }
    }
    holders
        .into_iter()
        .filter(|(_, people)| people.len() > 1)
        .map(|(email, people)| {
            let names: Vec<_> =
                people.iter().map(|p| format!("{} ({})", p.name(), p.anchor)).collect();
            format!(
                "{email} is the work address of {}: confirm whose the account is",
                names.join(" and ")
            )
        })
        .collect()
}
