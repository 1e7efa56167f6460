//! Several sources, one person: for each attribute the word of the source that ranks first among
//! those that tell it, and where each came from. A pure function of what was told and the ranking:
//! in which order the sources spoke does not matter.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    changes::FieldChange,
    told::{forget_earlier_return, prefix},
    word::beside_hand,
};
use crate::model::{
    id::SourceName,
    person::{Anchor, EmploymentStatus, Engagement, Person, Profile, Telling, Terms},
    policy::SourceRanks,
};

/// Which source's word counts before which, in general and for single attributes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranking {
    order: Vec<SourceName>,
    attributes: BTreeMap<String, Vec<SourceName>>,
}

impl Ranking {
    /// The policy's ranking. Sources it does not name follow: first what was told by hand, then the
    /// others as `imported` lists them, which is in the order of their first import.
    #[must_use]
    pub fn new(policy: &SourceRanks, imported: &[SourceName]) -> Self {
        let mut order = policy.order.clone();
        for source in std::iter::once(&SourceName::hand()).chain(imported) {
            if !order.contains(source) {
                order.push(source.clone());
            }
        }
        Self { order, attributes: policy.attributes.clone() }
    }

    /// The sources, the first in rank first.
    #[must_use]
    pub fn order(&self) -> &[SourceName] {
        &self.order
    }

    /// The attributes that have a ranking of their own.
    #[must_use]
    pub const fn attributes(&self) -> &BTreeMap<String, Vec<SourceName>> {
        &self.attributes
    }

    /// Where `source` stands for `attribute`: less is better.
    fn place(&self, attribute: &str, source: &SourceName) -> (usize, usize) {
        let place = |list: &[SourceName]| list.iter().position(|one| one == source);
        let own = self.attributes.get(attribute).and_then(|list| place(list));
        (own.unwrap_or(usize::MAX), place(&self.order).unwrap_or(usize::MAX))
    }
}

/// The names of all attributes that sources tell, as JSON and policy call them.
#[must_use]
pub fn attribute_names() -> BTreeSet<String> {
    let profile = fields(&Profile::default()).into_iter();
    profile.chain(fields(&Terms::default())).map(|(name, _)| name).collect()
}

/// What one source says of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The source.
    pub source: Anchor,
    /// Its word.
    pub value: Value,
}

/// One attribute of a person, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// The attribute.
    pub field: String,
    /// The engagement it belongs to; `None` when it is the person's own.
    pub engagement: Option<u32>,
    /// What counts.
    pub value: Value,
    /// Whose word that is.
    pub source: Anchor,
    /// What others say that rank behind, where it is something else.
    pub others: Vec<Said>,
}

/// One source's part in something: the profile, or one engagement.
pub(super) struct Part<'a> {
    pub(super) telling: &'a Telling,
    fields: Map<String, Value>,
}

fn fields<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn is_told(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

/// The parts that tell `field`, the best first. Of two ids that one source has for a person, the
/// one it told of last counts.
pub(super) fn ranked<'p, 'a>(
    parts: &'p [Part<'a>],
    field: &str,
    ranking: &Ranking,
) -> Vec<&'p Part<'a>> {
    // The source's own word for a status belongs to the status.
    let field = if field == "status_raw" { "status" } else { field };
    let mut telling: Vec<_> =
        parts.iter().filter(|part| part.fields.get(field).is_some_and(is_told)).collect();
    if telling.len() > 1 {
        telling.sort_by_key(|part| {
            let Telling { anchor, first_seen, .. } = part.telling;
            let place = ranking.place(field, &anchor.source);
            (place, &anchor.source, Reverse(*first_seen), Reverse(anchor))
        });
    }
    telling
}

pub(super) fn view<T: Serialize + DeserializeOwned + Default>(
    parts: &[Part<'_>],
    ranking: &Ranking,
) -> T {
    let mut merged = fields(&T::default());
    for (field, value) in &mut merged {
        if let Some(best) = ranked(parts, field, ranking).first() {
            *value = best.fields.get(field).cloned().unwrap_or_default();
        }
    }
    serde_json::from_value(Value::Object(merged)).unwrap_or_default()
}

fn profile_parts(tellings: &[Telling]) -> Vec<Part<'_>> {
    tellings.iter().map(|telling| Part { telling, fields: fields(&telling.profile) }).collect()
}

pub(super) fn terms_parts(tellings: &[Telling], number: u32) -> Vec<Part<'_>> {
    let engagements = tellings
        .iter()
        .flat_map(|telling| telling.engagements.iter().map(move |one| (telling, one)));
    engagements
        .filter(|(_, one)| one.number == number)
        .map(|(telling, one)| Part { telling, fields: fields(&one.terms) })
        .collect()
}

/// `person` as `tellings`, which are at least one, and the ranking make her.
#[must_use]
pub fn assemble(person: &Person, mut tellings: Vec<Telling>, ranking: &Ranking) -> Person {
    let mut person = person.clone();
    if tellings.len() < 2 {
        if let Some(only) = tellings.pop() {
            let Telling { anchor, profile, engagements, first_seen: _, not_mentioned_since } = only;
            person.told = Vec::new();
            (person.anchor, person.profile, person.engagements) = (anchor, profile, engagements);
            person.not_mentioned_since = not_mentioned_since;
        }
        return person;
    }
    tellings.sort_by(|one, other| one.anchor.cmp(&other.anchor));
    if let Some(first) = tellings.first()
        && !tellings.iter().any(|telling| telling.anchor == person.anchor)
    {
        person.anchor = first.anchor.clone();
    }
    person.profile = profile(&tellings, ranking);
    person.engagements = engagements(&tellings, &person.engagements, ranking);
    person.not_mentioned_since = not_mentioned(&tellings);
    person.told = tellings;
    person
}

/// `person` after one of her sources told `telling`, in place of what it told before.
#[must_use]
pub fn tell(person: &Person, telling: Telling, ranking: &Ranking) -> Person {
    let mut tellings = person.tellings();
    match tellings.iter_mut().find(|known| known.anchor == telling.anchor) {
        Some(known) => *known = telling,
        None => tellings.push(telling),
    }
    assemble(person, tellings, ranking)
}

fn profile(tellings: &[Telling], ranking: &Ranking) -> Profile {
    let mut profile: Profile = view(&profile_parts(tellings), ranking);
    // Every address that any source knows is hers: an account may be known by each of them.
    let all = tellings.iter().flat_map(|telling| {
        let Profile { work_email, former_emails, .. } = &telling.profile;
        former_emails.iter().flatten().chain(work_email)
    });
    let others: BTreeSet<_> =
        all.filter(|email| Some(*email) != profile.work_email.as_ref()).cloned().collect();
    profile.former_emails = (!others.is_empty()).then_some(others);
    profile
}

fn engagements(tellings: &[Telling], known: &[Engagement], ranking: &Ranking) -> Vec<Engagement> {
    let all = || tellings.iter().flat_map(|telling| &telling.engagements);
    let numbers: BTreeSet<u32> = all().map(|one| one.number).collect();
    let one = |number: u32| {
        let parts = terms_parts(tellings, number);
        let mut terms: Terms = view(&parts, ranking);
        // One source tells of a leave, and another of the return from the one before.
        forget_earlier_return(&mut terms);
        let same = || all().filter(move |one| one.number == number);
        let seen: Option<Timestamp> = ranked(&parts, "status", ranking).first().and_then(|best| {
            best.telling.engagements.iter().find(|one| one.number == number)?.ended_seen
        });
        let ended = terms.status == Some(EmploymentStatus::Ended);
        let beside_hand = beside_hand(tellings, (number, &terms), ranking).map(Box::new);
        let known = known.iter().find(|one| one.number == number);
        Some(Engagement {
            number,
            terms,
            first_seen: same().map(|one| one.first_seen).min()?,
            ended_seen: seen.filter(|_| ended),
            moves: known.map_or_else(Vec::new, |one| one.moves.clone()),
            starts: known.map_or_else(Vec::new, |one| one.starts.clone()),
            end_told: None,
            beside_hand,
        })
    };
    numbers.into_iter().filter_map(one).collect()
}

/// A person is missed when a source no longer mentions her by any of its ids.
fn not_mentioned(tellings: &[Telling]) -> Option<Timestamp> {
    let mut sources: BTreeMap<&SourceName, Vec<Option<Timestamp>>> = BTreeMap::new();
    for Telling { anchor, not_mentioned_since, .. } in tellings {
        sources.entry(&anchor.source).or_default().push(*not_mentioned_since);
    }
    let missed = |ids: Vec<Option<Timestamp>>| {
        ids.into_iter().collect::<Option<Vec<_>>>().and_then(|since| since.into_iter().max())
    };
    sources.into_values().filter_map(missed).min()
}

/// Every attribute that is told of `person`, where it comes from and who says otherwise.
#[must_use]
pub fn attributes(person: &Person, ranking: &Ranking) -> Vec<Attribute> {
    let tellings = person.tellings();
    let mut found = Vec::new();
    let mut add = |parts: &[Part<'_>], engagement: Option<u32>, names: Map<String, Value>| {
        for field in names.keys() {
            let mut ranked = ranked(parts, field, ranking).into_iter();
            let word = |part: &Part<'_>| part.fields.get(field).cloned().unwrap_or_default();
            let Some(best) = ranked.next() else { continue };
            let value = word(best);
            let said =
                |part: &Part<'_>| Said { source: part.telling.anchor.clone(), value: word(part) };
            let others = ranked.map(said).filter(|said| said.value != value).collect();
            let source = best.telling.anchor.clone();
            let field = field.clone();
            found.push(Attribute { field, engagement, value, source, others });
        }
    };
    add(&profile_parts(&tellings), None, fields(&Profile::default()));
    for engagement in &person.engagements {
        let number = engagement.number;
        add(&terms_parts(&tellings, number), Some(number), fields(&Terms::default()));
    }
    found.retain(|attribute| is_told(&attribute.value));
    found
}

/// What the source behind `anchor` newly says, while the word of another counts.
pub(super) fn outranked(
    before: &Person,
    after: &Person,
    anchor: &Anchor,
    ranking: &Ranking,
) -> Vec<FieldChange> {
    if after.told.is_empty() {
        return Vec::new();
    }
    let behind = |person: &Person| -> BTreeMap<(Option<u32>, String), Value> {
        let said = attributes(person, ranking).into_iter().flat_map(|attribute| {
            let Attribute { field, engagement, others, .. } = attribute;
            let its = others.into_iter().filter(|said| said.source == *anchor);
            its.map(move |said| ((engagement, field.clone()), said.value))
        });
        said.collect()
    };
    let mut known = behind(before);
    let mut found = Vec::new();
    for ((engagement, field), after) in behind(after) {
        let before = known.remove(&(engagement, field.clone())).unwrap_or_default();
        if before != after {
            let field = format!("{}{field}", engagement.map(prefix).unwrap_or_default());
            found.push(FieldChange { outranked: true, ..FieldChange::new(field, before, after) });
        }
    }
    found
}
