//! The journal, read once from the first entry to the signed end: what it tells of the period is
//! written on the way, and the populations are folded from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        evidence::{
            extract::{self, Part as Role},
            report::Population,
            rotation::SignedRotation,
        },
        history::{Known, Restated},
        redact,
    },
    model::{
        canonical::Digest,
        check::Attached,
        id::{AppName, ObservationId, OperationId},
        journal::{Entry, Event},
        policy::Organization,
    },
};
use serde_json::Value as Json;

use super::{
    super::Muster,
    bundle::{Bundle, Part, Table},
    export::Material,
    people::Somebody,
    populations::Populations,
    sheets,
};
use crate::{error::Result, store::records::JournalFilter};

/// The beginning of the period, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Start,
    End,
}

impl Side {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

/// When the period begins, and when it ends or the bundle is made.
pub(super) fn moments(material: &Material) -> [Timestamp; 2] {
    let from = material.wanted.from.min(material.now);
    [from, material.wanted.to.min(material.now)]
}

/// What was found in the journal.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) decisions: usize,
    pub(super) check_changes: usize,
    /// The proofs that decisions of the period rest on.
    pub(super) attachments: BTreeMap<Digest, (Attached, Option<Vec<u8>>)>,
    /// Every change of the signing key.
    pub(super) key_changes: Vec<SignedRotation>,
    /// When runs that take accounts away came to a state first.
    pub(super) came: BTreeMap<(OperationId, String), Timestamp>,
    pub(super) populations: Vec<Population>,
    /// The reads that populations rest on.
    pub(super) reads: BTreeSet<ObservationId>,
}

/// The journal at work.
struct Passing<'m> {
    material: &'m Material,
    removals: BTreeSet<&'m OperationId>,
    journal: Part,
    decisions: Table,
    changes: Table,
    imports: Table,
    last_imports: BTreeMap<String, Vec<Json>>,
    passed: Passed,
}

/// Which entries are what.
struct Bounds {
    /// The first one of the period.
    first: u64,
    /// The last one of the period; less than the first when there is none.
    last: u64,
    /// The one that is signed.
    head: u64,
}

/// Entries are read so many at a time.
const BATCH: u32 = 1000;

impl Muster {
    /// Reads the journal up to `head`.
    pub(super) async fn pass(
        &self,
        material: &Material,
        (bundle, people): (&mut Bundle, &[Somebody]),
        head: u64,
    ) -> Result<Passed> {
        let bounds = self.bounds(material, head).await?;
        let organization: Organization = self.policy_or_none().await?.organization;
        let restated = self.restated().await?;
        let mut known = Known::default();
        let mut passing = Passing::begin(material, bundle)?;
        let mut populations = Populations::begin((material, people), &organization, bundle)?;
        let mut after = 0;
        while after < head {
            let filter = JournalFilter {
                after_seq: Some(after),
                limit: Some(BATCH),
                ..JournalFilter::default()
            };
            let entries = self.store.journal(&filter).await?;
            let Some(last) = entries.last() else { break };
            after = last.seq;
            for entry in entries.into_iter().filter(|entry| entry.seq <= head) {
                if entry.seq == bounds.first {
                    populations.take(Side::Start, &known)?;
                }
                let within = (bounds.first..=bounds.last).contains(&entry.seq);
                if within {
                    populations.moved(&known, &entry, &restated)?;
                }
                if within || entry.seq < bounds.first {
                    known.learn(&entry, &restated);
                }
                self.attached_to(&entry, &mut passing).await?;
                passing.take(entry, &bounds, bundle)?;
            }
        }
        if bounds.first > head {
            populations.take(Side::Start, &known)?;
        }
        populations.take(Side::End, &known)?;
        let mut passed = passing.end(bundle)?;
        populations.end(bundle, &mut passed)?;
        Ok(passed)
    }

    async fn bounds(&self, material: &Material, head: u64) -> Result<Bounds> {
        let from = JournalFilter {
            since: Some(material.wanted.from),
            limit: Some(1),
            ..JournalFilter::default()
        };
        let first = self.store.journal(&from).await?.first().map_or(head + 1, |entry| entry.seq);
        // The end is not within the period.
        let before = SignedDuration::from_nanos(1);
        let end = material.wanted.to.checked_sub(before).unwrap_or(material.wanted.to);
        let last = self.last_entry(Some(end)).await?.min(head);
        Ok(Bounds { first, last, head })
    }

    async fn restated(&self) -> Result<Restated> {
        let event = Some(Event::EntryRestated);
        let filter = JournalFilter { event, ..JournalFilter::default() };
        Ok(Restated::of(&self.store.journal(&filter).await?))
    }

    /// Fetches the proof that a decision of the period rests on.
    async fn attached_to(&self, entry: &Entry, passing: &mut Passing<'_>) -> Result<()> {
        if !passing.is_told(entry) {
            return Ok(());
        }
        let told = ["exception", "attestation"].iter().find_map(|what| entry.data.get(what));
        let file = told.and_then(|told| told.get("file")).cloned();
        let Some(file) = file.and_then(|file| serde_json::from_value::<Attached>(file).ok()) else {
            return Ok(());
        };
        let bytes = self.store.file(&file.sha256).await?;
        passing.passed.attachments.insert(file.sha256, (file, bytes));
        Ok(())
    }
}

impl<'m> Passing<'m> {
    fn begin(material: &'m Material, bundle: &Bundle) -> Result<Self> {
        Ok(Self {
            material,
            removals: material.removals.values().map(|run| &run.id).collect(),
            journal: bundle.part(muster_domain::engine::evidence::manifest::JOURNAL)?,
            decisions: bundle.table("decisions", sheets::DECISIONS)?,
            changes: bundle.table("check_changes", sheets::CHECK_CHANGES)?,
            imports: bundle.table("imports", sheets::IMPORTS)?,
            last_imports: BTreeMap::new(),
            passed: Passed::default(),
        })
    }

    /// Whether its data is of the period.
    fn is_told(&self, entry: &Entry) -> bool {
        self.material.wanted.from <= entry.at && entry.at < self.material.wanted.to
    }

    fn take(&mut self, entry: Entry, bounds: &Bounds, bundle: &Bundle) -> Result<()> {
        self.index(&entry);
        if entry.event == Event::RosterImported {
            self.imported(&entry, bounds)?;
        }
        if self.is_told(&entry) {
            self.decided(&entry)?;
            self.checks_changed(&entry)?;
        }
        if entry.seq >= bounds.first.min(bounds.head) {
            self.show(entry, bundle)?;
        }
        Ok(())
    }

    fn index(&mut self, entry: &Entry) {
        if entry.event == Event::SigningKeyChanged {
            let signed = entry.data.get("signed").cloned().unwrap_or_default();
            self.passed.key_changes.extend(serde_json::from_value::<SignedRotation>(signed).ok());
        }
        let state = entry.data.get("state").and_then(Json::as_str);
        if let (Event::OperationChanged, Some(operation), Some(state)) =
            (entry.event, &entry.about.operation, state)
            && self.removals.contains(operation)
        {
            let came = self.passed.came.entry((operation.clone(), state.to_owned()));
            came.or_insert(entry.at);
        }
    }

    /// The imports of the period, and the last one of each source before it.
    fn imported(&mut self, entry: &Entry, bounds: &Bounds) -> Result<()> {
        let of = |key: &str| entry.data.get(key).cloned().unwrap_or_default();
        let source = of("source").as_str().unwrap_or_default().to_owned();
        let row = sheets::import(entry);
        if entry.seq < bounds.first {
            self.last_imports.insert(source, row);
            return Ok(());
        }
        for row in std::mem::take(&mut self.last_imports).into_values() {
            self.imports.push(row)?;
        }
        if entry.seq <= bounds.last { self.imports.push(row) } else { Ok(()) }
    }

    fn decided(&mut self, entry: &Entry) -> Result<()> {
        let meant = entry.about.app.as_ref().is_none_or(|app| self.material.wanted.includes(app));
        let decided = extract::part(entry.event) == Role::Decision;
        if !decided || !meant || sheets::is_automatic(entry) {
            return Ok(());
        }
        self.passed.decisions += 1;
        self.decisions.push(sheets::decision(entry, &self.passed.attachments))
    }

    fn checks_changed(&mut self, entry: &Entry) -> Result<()> {
        if entry.event != Event::ChecksChanged {
            return Ok(());
        }
        let changes = entry.data.get("changes").and_then(Json::as_array);
        for change in changes.into_iter().flatten() {
            let app = change.get("unit").and_then(|unit| unit.get("app"));
            let app = app.and_then(Json::as_str).and_then(|app| app.parse::<AppName>().ok());
            let meant = app.as_ref().is_none_or(|app| self.material.wanted.includes(app));
            if !change.is_null() && meant {
                self.passed.check_changes += 1;
                self.changes.push(sheets::check_change(entry, change))?;
            }
        }
        Ok(())
    }

    /// The entry as the bundle shows it, on a line of its own.
    fn show(&mut self, entry: Entry, bundle: &Bundle) -> Result<()> {
        let mut shown =
            extract::shown(entry, self.material.wanted.to, self.material.wanted.app.as_ref());
        if !bundle.marks.is_empty() {
            let mut scrubbed = shown.data.clone();
            redact::scrub(&mut scrubbed, &bundle.marks);
            if scrubbed != shown.data {
                shown = extract::withheld(shown);
            }
        }
        self.journal.line(&serde_json::to_string(&shown)?)
    }

    fn end(mut self, bundle: &mut Bundle) -> Result<Passed> {
        for row in std::mem::take(&mut self.last_imports).into_values() {
            self.imports.push(row)?;
        }
        bundle.close(self.journal)?;
        bundle.end(self.decisions)?;
        bundle.end(self.changes)?;
        bundle.end(self.imports)?;
        Ok(self.passed)
    }
}
