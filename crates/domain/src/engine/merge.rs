//! Merging a roster into what is known: whether it may be believed beside the one before, and what
//! would change. Nothing is concluded from absence: someone the roster no longer mentions is
//! marked so and keeps what she has (law 9).

mod access;
mod changes;
mod doubts;
mod pair;
mod rank;
mod same;
mod told;
mod unite;
mod word;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    access::{Turn, turns},
    changes::{FieldChange, PersonChange, differences},
    rank::{Attribute, Ranking, Said, assemble, attribute_names, attributes, tell},
    same::{COMPANY_WIDE, DomainChange, Proposal, proposals},
    told::{CLEARABLE, blank, engagement},
    unite::{part, unite},
    word::{end_of, tells_end},
};
use self::{
    doubts::doubts,
    rank::outranked,
    same::{domain_changes, joined, moved_ids, today},
    told::{Retold, clearable, retell},
};
use super::moves;
use crate::model::{
    canonical::Digest,
    id::{OrgId, PersonId, SourceId, SourceName},
    person::{Anchor, Person},
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
    /// Whose word counts before whose.
    pub ranking: &'a Ranking,
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
    /// Domains that were exchanged for others throughout: these people were renamed, no more.
    pub renames: Vec<DomainChange>,
    /// New people who may be known already: a human decides.
    pub proposals: Vec<Proposal>,
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
        .flat_map(|person| person.anchors().map(move |anchor| (anchor, person)))
        .filter(|(anchor, _)| anchor.source == *options.source)
        .map(|(anchor, person)| (&anchor.id, person))
        .collect();
    let refused: Vec<_> = doubts(&ours, last, roster, options)
        .into_iter()
        .filter(|refused| refused.doubt.is_none_or(|doubt| !options.accept.contains(&doubt)))
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let fresh: Vec<_> =
        roster.records.iter().filter(|record| !ours.contains_key(&record.source_id)).collect();
    let moved = moved_ids(&ours, roster, &fresh);
    let told_anew: Vec<_> =
        fresh.into_iter().filter(|record| !moved.contains_key(&record.source_id)).collect();
    let joined = joined(known, roster, &told_anew, (options.source, today(options.now)));
    let mut reading = Reading {
        known,
        options,
        clearable: clearable(roster, options),
        redacted: redacted(known),
        merge: Merge::default(),
        places: BTreeMap::new(),
        ignored: 0,
    };
    for record in &roster.records {
        let anchor = reading.anchor(&record.source_id);
        if let Some(person) = ours.get(&record.source_id) {
            reading.hear(person, &anchor, record);
        } else if let Some(id) = moved.get(&record.source_id)
            && let Some(person) = ours.get(id)
        {
            reading.hear(person, &reading.anchor(id), record);
        } else if let Some(person) = joined.get(&record.source_id) {
            reading.hear(person, &anchor, record);
        } else {
            reading.meet(&anchor, record);
        }
    }
    if options.presence != Presence::Changes {
        let listed: BTreeSet<_> = roster.records.iter().map(|record| &record.source_id).collect();
        let listed: BTreeSet<_> = listed.into_iter().chain(moved.values().copied()).collect();
        reading.miss(&ours, &listed);
    }
    Ok(reading.finish())
}

/// The ids by which people whose data was taken out would be known.
fn redacted(known: &BTreeMap<PersonId, Person>) -> BTreeSet<&PersonId> {
    let redactions = known.values().filter_map(|person| person.redacted.as_deref());
    redactions.flat_map(|redaction| &redaction.known_as).collect()
}

/// A roster on its way into what is known.
struct Reading<'a> {
    known: &'a BTreeMap<PersonId, Person>,
    options: &'a MergeOptions<'a>,
    clearable: BTreeSet<Field>,
    redacted: BTreeSet<&'a PersonId>,
    merge: Merge,
    /// Where in `merge.changed` a person is: a source may tell of her under two ids.
    places: BTreeMap<PersonId, usize>,
    ignored: usize,
}

impl Reading<'_> {
    fn anchor(&self, id: &SourceId) -> Anchor {
        Anchor { source: self.options.source.clone(), id: id.clone() }
    }

    /// The source tells of `person`, whom it knows, or who is now found to be the one it means, as
    /// `from`.
    fn hear(&mut self, person: &Person, from: &Anchor, record: &RosterRecord) {
        let before = match self.places.get(&person.id).and_then(|at| self.merge.changed.get(*at)) {
            Some(change) => change.person.clone(),
            None => person.clone(),
        };
        let change = self.change(&before, from, record);
        if change.person == before {
            self.merge.unchanged += 1;
            return;
        }
        match self.places.get(&person.id).and_then(|at| self.merge.changed.get_mut(*at)) {
            Some(earlier) => {
                earlier.person = change.person;
                earlier.changes.extend(change.changes);
            }
            None => {
                self.places.insert(person.id.clone(), self.merge.changed.len());
                self.merge.changed.push(change);
            }
        }
    }

    fn change(&self, before: &Person, from: &Anchor, record: &RosterRecord) -> PersonChange {
        let now = self.options.now;
        let mut tellings = before.tellings();
        let at = tellings.iter().position(|telling| telling.anchor == *from);
        let old = match at.and_then(|at| tellings.get(at)) {
            Some(old) => old.clone(),
            None => blank(from.clone(), now),
        };
        let Retold { mut telling, changes: told } =
            retell(before, &old, record, &self.clearable, now);
        telling.anchor = self.anchor(&record.source_id);
        match at.and_then(|at| tellings.get_mut(at)) {
            Some(known) => *known = telling,
            None => tellings.push(telling),
        }
        let mut person = assemble(before, tellings, self.options.ranking);
        moves::follow(&before.engagements, &mut person.engagements, now);
        let mut changes = if person.told.is_empty() { told } else { differences(before, &person) };
        let anchor = self.anchor(&record.source_id);
        changes.extend(outranked(before, &person, &anchor, self.options.ranking));
        PersonChange { person, changes }
    }

    /// The source tells of somebody nobody knew.
    fn meet(&mut self, anchor: &Anchor, record: &RosterRecord) {
        let MergeOptions { org, source, now, .. } = *self.options;
        let mut id = PersonId::derive(org, source, &record.source_id);
        if self.redacted.contains(&id) {
            self.ignored += 1;
            return;
        }
        // An id that a source gave up and gives to another is another person.
        let mut taken = 0;
        while self.known.contains_key(&id) {
            taken += 1;
            let Ok(other) = format!("{}#{taken}", record.source_id).parse() else { break };
            id = PersonId::derive(org, source, &other);
        }
        let engagements = (1..).zip(&record.engagements);
        self.merge.added.push(Person {
            id,
            anchor: anchor.clone(),
            profile: record.profile.clone(),
            engagements: engagements
                .map(|(number, terms)| engagement(number, terms.clone(), now))
                .collect(),
            first_seen: now,
            not_mentioned_since: None,
            ordered_end: None,
            told: Vec::new(),
            redacted: None,
        });
    }

    /// Marks those whom the source no longer mentions by any of its ids for them.
    fn miss(&mut self, ours: &BTreeMap<&SourceId, &Person>, listed: &BTreeSet<&SourceId>) {
        let source = self.options.source;
        let is_listed = |person: &Person| {
            let mut ids = person.anchors().filter(|anchor| anchor.source == *source);
            ids.any(|anchor| listed.contains(&anchor.id))
        };
        let missed: BTreeMap<&PersonId, &Person> = ours
            .values()
            .filter(|person| !is_listed(person))
            .map(|person| (&person.id, *person))
            .collect();
        for person in missed.into_values() {
            let mut tellings = person.tellings();
            let unmarked = tellings.iter_mut().filter(|telling| {
                telling.anchor.source == *source && telling.not_mentioned_since.is_none()
            });
            if unmarked.map(|telling| telling.not_mentioned_since = Some(self.options.now)).count()
                > 0
            {
                self.merge.unmentioned.push(assemble(person, tellings, self.options.ranking));
            }
        }
    }

    fn finish(self) -> Merge {
        let Self { known, options, mut merge, ignored, .. } = self;
        merge.renames = domain_changes(&merge.changed);
        merge.proposals = proposals(merge.added.iter(), known, options.now);
        merge.warnings = shared_addresses(known, &merge);
        if ignored > 0 {
            merge.warnings.push(format!(
                "{ignored} listed here had their data taken out of Muster (people redact) and are \
                 left out; take them out of {} too, or add who came back by hand: muster people add",
                options.source
            ));
        }
        merge
    }
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
