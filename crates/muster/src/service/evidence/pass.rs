//! The journal, read once from the first entry to the signed end: what it tells of the period is
//! written on the way, and the populations are folded from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        evidence::{
            extract::{self, Part as Role},
            leaving::Leavings,
            page::Listing,
            report::Population,
            rotation::SignedRotation,
        },
        history::{Known, Restated},
        redact,
    },
    model::{
        canonical::Digest,
        check::{Attached, Attestation, Exception},
        id::{AppName, ObservationId, OperationId},
        journal::{Entry, Event},
        policy::{Organization, Policy},
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{
    super::{Muster, policy},
    bundle::{Bundle, Part, Table},
    export::Material,
    lists::Printed,
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
    /// The first decisions, to be printed.
    pub(super) printed: Option<Listing>,
    /// When runs that take accounts away came to a state first.
    pub(super) came: BTreeMap<(OperationId, String), Timestamp>,
    pub(super) populations: Vec<Population>,
    /// The reads that populations rest on.
    pub(super) reads: BTreeSet<ObservationId>,
    /// Who was to leave, as it was told, and when accounts let in.
    pub(super) leavings: Leavings,
    /// Exceptions that were ended before their time, though they held in the period.
    pub(super) exceptions: Vec<TakenBack<Exception>>,
    /// Attestations that were withdrawn before their time, though they held in the period.
    pub(super) attestations: Vec<TakenBack<Attestation>>,
    /// The entries that would be shown with their data, if a redaction had not taken it out.
    pub(super) taken_out: BTreeSet<u64>,
    /// Entries of the bundle that are dated clearly before the entry that precedes them.
    pub(super) clock_went_back: Vec<u64>,
}

/// Something that somebody took back.
pub(super) struct TakenBack<T> {
    pub(super) what: T,
    pub(super) at: Timestamp,
    pub(super) by: String,
}

impl<T> TakenBack<T> {
    /// When, and by whom.
    pub(super) fn back(&self) -> Option<(Timestamp, &str)> {
        Some((self.at, &self.by))
    }
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
    printed: Printed,
    passed: Passed,
}

/// What an entry says that was taken back.
fn taken_back<T: DeserializeOwned>(entry: &Entry, key: &str) -> Option<TakenBack<T>> {
    let what = serde_json::from_value(entry.data.get(key)?.clone()).ok()?;
    Some(TakenBack { what, at: entry.at, by: entry.actor.clone() })
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
        let apps: Vec<AppName> = material.observations.keys().cloned().collect();
        let mut valid: Option<Policy> = None;
        let (mut after, mut ended) = (0, false);
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
                if !ended && entry.seq >= bounds.first && entry.seq > bounds.last {
                    populations.take(Side::End, &known)?;
                    ended = true;
                }
                if (bounds.first..=bounds.last).contains(&entry.seq) {
                    populations.moved(&known, &entry, &restated)?;
                }
                known.learn(&entry, &restated);
                if entry.event == Event::PolicyApplied {
                    let text = known.policy.as_ref().map(|known| known.text.as_str());
                    valid = text.and_then(|text| policy::check(text).ok()).or(valid);
                }
                let touched = known.take_touched();
                let told = (&entry, &restated);
                passing.passed.leavings.learn(told, &known, &touched, (valid.as_ref(), &apps));
                self.attached_to(&entry, &mut passing).await?;
                passing.take(entry, &bounds, bundle)?;
            }
        }
        if bounds.first > head {
            populations.take(Side::Start, &known)?;
        }
        if !ended {
            populations.take(Side::End, &known)?;
        }
        let mut passed = passing.end(bundle)?;
        // Of what is in the bundle: whoever verifies it sees no more.
        let shown = known.clock_went_back.iter().filter(|seq| bounds.first.min(head) < **seq);
        passed.clock_went_back = shown.copied().collect();
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
            printed: Printed::decisions(bundle, &material.zone),
            passed: Passed::default(),
        })
    }

    /// Whether its data is of the period.
    fn is_told(&self, entry: &Entry) -> bool {
        self.material.wanted.from <= entry.at && entry.at < self.material.wanted.to
    }

    fn take(&mut self, entry: Entry, bounds: &Bounds, bundle: &Bundle) -> Result<()> {
        self.index(&entry);
        self.taken_back(&entry);
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

    /// What held in the period, and was taken back since it began.
    fn taken_back(&mut self, entry: &Entry) {
        let wanted = &self.material.wanted;
        if entry.at < wanted.from {
            return;
        }
        match entry.event {
            Event::ExceptionEnded => {
                let what = taken_back::<Exception>(entry, "exception");
                let holds = |one: &Exception| {
                    let meant = one.unit.app.as_ref() == wanted.app.as_ref();
                    (wanted.app.is_none() || meant) && one.at < wanted.to && wanted.from < one.until
                };
                self.passed.exceptions.extend(what.filter(|one| holds(&one.what)));
            }
            Event::AttestationWithdrawn => {
                let what = taken_back::<Attestation>(entry, "attestation");
                let holds = |one: &Attestation| {
                    wanted.includes(&one.app) && one.at < wanted.to && wanted.from < one.until
                };
                self.passed.attestations.extend(what.filter(|one| holds(&one.what)));
            }
            _ => {}
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
        if !meant || sheets::is_automatic(entry) {
            return Ok(());
        }
        let row = match extract::part(entry.event) {
            Role::Decision => sheets::decision(entry, &self.passed.attachments),
            Role::Word => {
                let Some(data) = extract::word(entry) else { return Ok(()) };
                let told = Entry { data, ..entry.clone() };
                sheets::decision(&told, &self.passed.attachments)
            }
            Role::Fact | Role::Withheld => return Ok(()),
        };
        self.printed.push(&sheets::printed(&row));
        self.passed.decisions += 1;
        self.decisions.push(row)
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
        let (to, app) = (self.material.wanted.to, self.material.wanted.app.as_ref());
        if entry.is_without_data() && extract::tells(&entry, to, app) {
            self.passed.taken_out.insert(entry.seq);
        }
        let mut shown = extract::shown(entry, to, app);
        if !bundle.marks.is_empty() {
            let mut scrubbed = shown.data.clone();
            redact::scrub(&mut scrubbed, &bundle.marks);
            if scrubbed != shown.data {
                self.passed.taken_out.insert(shown.seq);
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
        self.passed.printed = Some(self.printed.listing);
        Ok(self.passed)
    }
}
