//! Importing a roster: read it whole, show what would change, then change it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use muster_domain::{
    engine::merge::{self, Doubt, LastImport, Merge, MergeOptions, Refused},
    model::{
        id::{PersonId, SourceName},
        journal::{About, Event},
        person::Person,
        roster::{Field, Presence, Roster},
    },
};
use muster_sources::{Checkup, ReadOptions, Refusal};
use serde_json::json;

use super::Muster;
use crate::{
    env::Env,
    error::{Error, Result},
    store::records::SourceRecord,
};

/// A file to import, and how.
#[derive(Debug, Clone)]
pub struct Import {
    /// The source it comes from; the format's name when not told.
    pub source: Option<SourceName>,
    /// The file's name.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was written.
    pub file_time: Option<Timestamp>,
    /// How to read it.
    pub read: ReadOptions,
    /// Whom it lists.
    pub presence: Presence,
    /// Doubts that are overruled.
    pub accept: BTreeSet<Doubt>,
    /// Fields whose blanks mean "empty".
    pub complete: BTreeSet<Field>,
}

/// Why a file is refused whole.
#[derive(Debug, Clone)]
pub enum ImportRefused {
    /// It has problems of its own.
    Unreadable(Refusal),
    /// It cannot be believed beside what is known.
    Unbelievable(Vec<Refused>),
}

/// A file that can be believed, and what believing it would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The source.
    pub source: SourceName,
    /// What the file says.
    pub roster: Roster,
    /// What would change.
    pub merge: Merge,
    last: Option<SourceRecord>,
    /// The people who would change, as they were known.
    before: BTreeMap<PersonId, Person>,
}

/// Says all there is to say of a file. Knows nothing of earlier imports.
#[must_use]
pub fn check(file_name: &str, bytes: &[u8], mut read: ReadOptions) -> Checkup {
    let now = Env::system().now();
    read.today.get_or_insert_with(|| now.to_zoned(TimeZone::UTC).date());
    muster_sources::check(file_name, bytes, &read)
}

impl Muster {
    /// Reads a file and works out what would change. Changes nothing.
    ///
    /// # Errors
    /// When the store fails. A file that is refused is an outcome, not an error.
    pub async fn preview(
        &self,
        import: &Import,
    ) -> Result<std::result::Result<Preview, ImportRefused>> {
        let mut read = import.read.clone();
        let organization = self.policy_or_none().await?.organization;
        if read.own_domains.is_empty() {
            read.own_domains = organization.domains;
        }
        let today = self.env.now().to_zoned(organization.time_zone).date();
        read.today.get_or_insert(today);
        let roster = match muster_sources::read(&import.file_name, &import.bytes, &read) {
            Ok(roster) => roster,
            Err(refusal) => return Ok(Err(ImportRefused::Unreadable(refusal))),
        };
        let source = match &import.source {
            Some(source) => source.clone(),
            None => roster.format.parse()?,
        };
        if source == SourceName::hand() {
            return Err(Error::Invalid(
                "what is told by hand is called hand; call this source something else: --source \
                 NAME"
                    .to_owned(),
            ));
        }
        let ranking = self.ranking_with(&source).await?;
        let last = self.store.source(&source).await?;
        let options = MergeOptions {
            org: self.store.org(),
            source: &source,
            presence: import.presence,
            file_time: import.file_time,
            accept: import.accept.clone(),
            complete: import.complete.clone(),
            ranking: &ranking,
            now: self.env.now(),
        };
        let known = self.people().await?;
        let believed = last.as_ref().map(|record| &record.last);
        match merge::merge(&known, believed, &roster, &options) {
            Ok(mut merge) => {
                self.drop_distinct(&mut merge.proposals).await?;
                let changing = merge.people().filter_map(|person| known.get(&person.id));
                let before = changing.map(|person| (person.id.clone(), person.clone())).collect();
                Ok(Ok(Preview { source, roster, merge, last, before }))
            }
            Err(refused) => Ok(Err(ImportRefused::Unbelievable(refused))),
        }
    }

    /// Believes a previewed file. Exactly what the preview showed is what changes.
    ///
    /// # Errors
    /// When somebody in it was changed since, or the store fails; nothing is changed then.
    pub async fn import(&self, import: &Import, preview: &Preview) -> Result<()> {
        let Preview { source, roster, merge, last, before } = preview;
        // What was ordered or imported meanwhile must not be lost.
        let known = self.people().await?;
        if let Some(moved) = merge.people().find(|p| known.get(&p.id) != before.get(&p.id)) {
            return Err(Error::Conflict(format!(
                "{} was changed while the file was looked at; nothing was imported: import it again",
                moved.name()
            )));
        }
        let now = self.env.now();
        let mut tx = self.begin();
        let people: Vec<_> = merge.people().cloned().collect();
        tx.put_people(&people);
        let about = |person: &Person| About { person: Some(person.id.clone()), ..About::default() };
        for person in &merge.added {
            tx.journal(Event::PersonAdded, about(person), json!({"person": person}));
        }
        for change in &merge.changed {
            let data = json!({"changes": change.changes});
            tx.journal(Event::PersonChanged, about(&change.person), data);
        }
        for person in &merge.unmentioned {
            tx.journal(Event::PersonUnmentioned, about(person), json!({"source": source}));
        }
        let first_imported =
            last.as_ref().map(|known| known.first_imported.unwrap_or(known.imported_at));
        let last = last.as_ref().map(|record| &record.last);
        let mut digests = last.map(|last| last.digests.clone()).unwrap_or_default();
        digests.push(roster.digest);
        let surplus = digests.len().saturating_sub(100);
        digests.drain(..surplus);
        // A file of changes says nothing about how many people there are.
        let listed = match import.presence {
            Presence::Changes => last.map_or(0, |last| last.people),
            Presence::Full | Presence::Active => roster.records.len(),
        };
        tx.put_source(&SourceRecord {
            name: source.clone(),
            format: roster.format.clone(),
            presence: import.presence,
            last: LastImport {
                people: listed,
                fields: roster.fields.clone(),
                digests,
                file_time: import.file_time,
            },
            headings: roster.headings.clone(),
            first_imported: Some(first_imported.unwrap_or(now)),
            imported_at: now,
            file_name: import.file_name.clone(),
        });
        tx.journal(
            Event::RosterImported,
            About::default(),
            json!({
                "source": source,
                "format": roster.format,
                "file": import.file_name,
                "digest": roster.digest,
                "rows": roster.rows,
                "people": roster.records.len(),
                "added": merge.added.len(),
                "changed": merge.changed.len(),
                "unmentioned": merge.unmentioned.len(),
                "accepted": import.accept,
            }),
        );
        tx.commit().await?;
        Ok(())
    }

    /// Journals that a file was refused, so that "we did try" can be shown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_refusal(&self, import: &Import, refused: &ImportRefused) -> Result<()> {
        let (problems, first) = match refused {
            ImportRefused::Unreadable(refusal) => {
                (refusal.problems.len(), refusal.problems.first().map(ToString::to_string))
            }
            ImportRefused::Unbelievable(refused) => {
                (refused.len(), refused.first().map(ToString::to_string))
            }
        };
        let mut tx = self.begin();
        let data = json!({"file": import.file_name, "problems": problems, "first": first});
        tx.journal(Event::RosterRefused, About::default(), data);
        tx.commit().await?;
        Ok(())
    }
}
