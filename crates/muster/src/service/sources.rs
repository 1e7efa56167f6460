//! The sources of people, and whose word counts before whose.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::merge::{self, PersonChange, Ranking},
    model::{
        id::SourceName,
        person::Person,
        policy::SourceRanks,
        roster::{Field, Presence},
    },
};
use serde::Serialize;

use super::Muster;
use crate::error::Result;

/// A source of people as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct SourceView {
    /// Its name.
    pub name: SourceName,
    /// Its place among the sources: 1 counts first.
    pub rank: usize,
    /// How many people it tells of.
    pub people: usize,
    /// How many of them it no longer mentions.
    pub not_mentioned: usize,
    /// What is known of its imports; nothing for what is told by hand.
    pub imports: Option<Imports>,
}

/// What is known of a source's imports.
#[derive(Debug, Clone, Serialize)]
pub struct Imports {
    /// The format of its files.
    pub format: String,
    /// Whom they list.
    pub presence: Presence,
    /// The fields they have columns for.
    pub fields: Vec<Field>,
    /// When the last one was believed.
    pub last: Timestamp,
    /// What it was called.
    pub file: String,
}

impl Muster {
    /// Whose word counts before whose, by the policy and the order of first imports.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ranking(&self) -> Result<Ranking> {
        let policy = self.policy_or_none().await?;
        Ok(Ranking::new(&policy.organization.sources, &self.imported().await?))
    }

    /// The same once `source` has been imported.
    pub(super) async fn ranking_with(&self, source: &SourceName) -> Result<Ranking> {
        let policy = self.policy_or_none().await?;
        let mut imported = self.imported().await?;
        if !imported.contains(source) {
            imported.push(source.clone());
        }
        Ok(Ranking::new(&policy.organization.sources, &imported))
    }

    /// The people who become different when sources are ranked like this.
    pub(super) async fn ranked_anew(&self, ranks: &SourceRanks) -> Result<Vec<PersonChange>> {
        let ranking = Ranking::new(ranks, &self.imported().await?);
        let several = |person: &Person| !person.told.is_empty();
        let change = |before: Person| {
            let person = merge::assemble(&before, before.tellings(), &ranking);
            let changes = merge::differences(&before, &person);
            (person != before).then_some(PersonChange { person, changes })
        };
        Ok(self.people().await?.into_values().filter(several).filter_map(change).collect())
    }

    /// The sources in the order of their first import.
    pub(super) async fn imported(&self) -> Result<Vec<SourceName>> {
        let mut sources = self.store.sources().await?;
        sources.sort_by_key(|source| source.first_imported.unwrap_or(source.imported_at));
        Ok(sources.into_iter().map(|source| source.name).collect())
    }

    /// When each source was heard last: its last import that was believed. What is told by hand
    /// is no source of this kind.
    pub(super) async fn heard(&self) -> Result<BTreeMap<SourceName, Timestamp>> {
        let sources = self.store.sources().await?;
        Ok(sources.into_iter().map(|source| (source.name, source.imported_at)).collect())
    }

    /// The sources, the first in rank first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sources(&self) -> Result<Vec<SourceView>> {
        let ranking = self.ranking().await?;
        let people = self.people().await?;
        let mut views = Vec::new();
        for (rank, name) in (1..).zip(ranking.order()) {
            let (mut told, mut not_mentioned) = (0, 0);
            for person in people.values() {
                let mut ids = person.anchors().filter(|anchor| anchor.source == *name).peekable();
                if ids.peek().is_none() || person.redacted.is_some() {
                    continue;
                }
                told += 1;
                let missed = match person.told.as_slice() {
                    [] => person.not_mentioned_since.is_some(),
                    several => several
                        .iter()
                        .filter(|telling| telling.anchor.source == *name)
                        .all(|telling| telling.not_mentioned_since.is_some()),
                };
                not_mentioned += usize::from(missed);
            }
            let imports = self.store.source(name).await?.map(|record| Imports {
                format: record.format,
                presence: record.presence,
                fields: record.last.fields.into_iter().collect(),
                last: record.imported_at,
                file: record.file_name,
            });
            let name = name.clone();
            views.push(SourceView { name, rank, people: told, not_mentioned, imports });
        }
        Ok(views)
    }
}
