//! History: what was known at any moment, folded from the journal alone.
//!
//! Folding the whole journal gives exactly the current tables. Whatever an entry does not tell any
//! more, because its data was taken out or because it was written before entries told it, is not
//! known, and said to be so; nothing is guessed.

pub mod coverage;
pub mod table;
pub mod trace;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use self::{coverage::Coverage, trace::Trace};
use super::checks;
use crate::model::{
    account::Account,
    canonical::Digest,
    check::{CheckState, Clock, Rung, Severity, Unit},
    history::{AFTER, Image},
    id::{AccountId, AppName, ObservationId, PersonId},
    journal::{Entry, Event, went_back},
    link::Link,
    observation::Completeness,
    operation::{Approval, Learned, Run},
    order::Orders,
    person::Person,
    work::OpenWork,
};

/// An account as it was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAccount {
    /// As last read.
    pub account: Account,
    /// When it was first read.
    pub first_seen: Timestamp,
    /// When a read last found it different.
    pub last_changed: Timestamp,
    /// Since when it was known to be gone.
    pub gone: Option<Timestamp>,
}

/// A finished read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Its id.
    pub id: ObservationId,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Whether it may be believed whole.
    pub completeness: Completeness,
}

/// The reads of an app that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// The last one.
    pub last: Read,
    /// The last one that proved itself complete.
    pub proven: Option<Read>,
}

/// A policy that was valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyKnown {
    /// 1 for the first.
    pub number: u64,
    /// The file's text.
    pub text: String,
    /// The policy's digest.
    pub digest: Digest,
    /// When it became valid.
    pub at: Timestamp,
    /// Who applied it.
    pub by: String,
}

/// What a check found wrong, or could not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckKnown {
    /// The check.
    pub check: String,
    /// About what.
    pub unit: Unit,
    /// The person concerned.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// How bad it is when it is wrong.
    pub severity: Severity,
    /// The state.
    #[serde(rename = "to")]
    pub state: CheckState,
    /// How far it had come.
    #[serde(default)]
    pub rung: Option<Rung>,
    /// Since when it was wrong.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Until when it was to be put right.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Since when it was known to be wrong.
    #[serde(default)]
    pub seen: Option<Timestamp>,
}

impl CheckKnown {
    /// Its clock, if it had one. Where the journal does not tell since when something was known to
    /// be wrong, it was known as soon as it was wrong.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        let since = self.since?;
        Some(Clock { since, seen: self.seen.unwrap_or(since), due: self.due })
    }
}

/// Why a person is not known at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Unclear {
    /// The journal did not hold the state of people then; the next entry about this one will.
    NotKept {
        /// From when on.
        since: Timestamp,
    },
    /// The data was taken out, for privacy.
    TakenOut {
        /// From when on.
        since: Timestamp,
    },
}

/// What entries said of others before their data was taken out, by the entry's number.
#[derive(Debug, Clone, Default)]
pub struct Restated(BTreeMap<u64, Json>);

impl Restated {
    /// From the [`Event::EntryRestated`] entries of a journal.
    #[must_use]
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let restated = entries.into_iter().filter(|entry| entry.event == Event::EntryRestated);
        let of = |entry: &Entry| Some((entry.data.get("entry")?.as_u64()?, entry.data.clone()));
        Self(restated.filter_map(of).collect())
    }

    /// What `entry` tells; `None` when its data was taken out and nothing of it was restated.
    pub(in crate::engine) fn told<'a>(&'a self, entry: &'a Entry) -> Option<&'a Json> {
        if entry.is_without_data() { self.0.get(&entry.seq) } else { Some(&entry.data) }
    }
}

/// Everything that was known after some entry.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The last entry.
    pub seq: u64,
    /// The accounts of each app.
    pub accounts: BTreeMap<AppName, BTreeMap<AccountId, SeenAccount>>,
    /// The reads of each app.
    pub reads: BTreeMap<AppName, Reads>,
    /// What each finished read said of itself, as [`header`] shortens it.
    pub headers: BTreeMap<(AppName, ObservationId), Json>,
    /// The valid policy.
    pub policy: Option<PolicyKnown>,
    /// What the journal tells of the tables beside documents.
    pub trace: Trace,
    /// Entries that are dated clearly before the entry that precedes them.
    pub clock_went_back: Vec<u64>,
    /// What checks found, by the key of its clock.
    pub checks: BTreeMap<String, CheckKnown>,
    /// What accounts held when they were looked at.
    pub work: BTreeMap<(AppName, AccountId), OpenWork>,
    /// People whose state is not known, and why.
    pub unclear: BTreeMap<PersonId, Unclear>,
    /// How far the journal vouches for all this.
    pub coverage: Coverage,
    /// Entries that could not be read as what they should be.
    pub unread: BTreeSet<u64>,
    rows: BTreeMap<String, BTreeMap<Vec<String>, Json>>,
    touched: Touched,
    /// When the last entry was written.
    last: Option<Timestamp>,
}

/// What a read says of itself, with one digest in place of those of its pages, which may be
/// thousands.
#[must_use]
pub fn header(mut told: Json) -> Json {
    if let Some(pages) = told.pointer_mut("/tally/page_digests") {
        *pages = Json::String(Digest::of(pages.to_string().as_bytes()).to_string());
    }
    told
}

/// What became different since it was last asked: whoever follows the fold step by step needs to
/// look at nothing else again.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// Documents, by kind.
    pub rows: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// Accounts, or the work they hold.
    pub accounts: BTreeSet<(AppName, AccountId)>,
}

/// A document that is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{table} {key}: {source}")]
pub struct Unreadable {
    table: String,
    key: String,
    source: serde_json::Error,
}

impl Known {
    /// What was known after `entries`, which begin with the first.
    #[must_use]
    pub fn after<'a>(entries: impl IntoIterator<Item = &'a Entry>, restated: &Restated) -> Self {
        let mut known = Self::default();
        for entry in entries {
            known.learn(entry, restated);
        }
        known
    }

    /// What became different since this was last asked.
    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    /// Takes in the next entry.
    pub fn learn(&mut self, entry: &Entry, restated: &Restated) {
        self.seq = entry.seq;
        if self.last.is_some_and(|last| went_back(last, entry.at)) {
            self.clock_went_back.push(entry.seq);
        }
        self.last = Some(entry.at);
        self.coverage.learn(entry);
        let traced = self.trace.learn(entry, restated);
        if entry.is_without_data() {
            self.miss(entry, restated);
            return;
        }
        let read = match entry.event {
            Event::AccountsChanged => self.accounts_changed(entry, &entry.data),
            Event::AppObserved => self.observed(entry),
            Event::PolicyApplied => self.policy_applied(entry),
            Event::ChecksChanged => self.checks_changed(entry),
            Event::WorkSeen => self.work_seen(entry),
            _ => Some(()),
        };
        let told = self.images(entry);
        if read.is_none() || told.is_none() || traced.is_none() {
            self.unread.insert(entry.seq);
        }
        self.note_what_is_not_told(entry);
    }

    /// An entry whose data was taken out: what it said of others was restated.
    fn miss(&mut self, entry: &Entry, restated: &Restated) {
        if let Some(person) = &entry.about.person {
            let since = entry.at;
            self.unclear.entry(person.clone()).or_insert(Unclear::TakenOut { since });
        }
        if entry.event == Event::AccountsChanged
            && let Some(data) = restated.told(entry)
        {
            self.accounts_changed(entry, data);
        }
    }

    fn images(&mut self, entry: &Entry) -> Option<()> {
        let Some(told) = entry.data.get(AFTER) else { return Some(()) };
        let images: Vec<Image> = serde_json::from_value(told.clone()).ok()?;
        for image in images {
            self.touched.rows.entry(image.table.clone()).or_default().insert(image.key.clone());
            let rows = self.rows.entry(image.table.clone()).or_default();
            match image.document(&entry.data, rows.get(&image.key)) {
                Ok(Some(doc)) => {
                    self.trace.order(&image, &doc);
                    rows.insert(image.key.clone(), doc);
                }
                Ok(None) => {
                    rows.remove(&image.key);
                }
                Err(_) => {
                    rows.remove(&image.key);
                    self.unread.insert(entry.seq);
                }
            }
            if image.table == table::PEOPLE
                && let Some(person) = image.key.first().and_then(|id| id.parse().ok())
            {
                self.unclear.remove::<PersonId>(&person);
            }
        }
        Some(())
    }

    /// Entries of older journals tell that a person changed, but not what she is then.
    fn note_what_is_not_told(&mut self, entry: &Entry) {
        if entry.data.get(AFTER).is_some() {
            return;
        }
        let Some(person) = &entry.about.person else { return };
        let changed = matches!(
            entry.event,
            Event::PersonChanged
                | Event::PersonUnmentioned
                | Event::PersonMerged
                | Event::PersonParted
                | Event::PersonRedacted
                | Event::PersonEndOrdered
                | Event::PersonEndCancelled
                | Event::ExtensionApproved
        );
        let added = matches!(entry.event, Event::PersonAdded | Event::AccountMet);
        if added && let Some(doc) = entry.data.get("person").filter(|doc| doc.is_object()) {
            self.put(table::PEOPLE, vec![person.to_string()], doc.clone());
            self.unclear.remove(person);
        } else if changed {
            self.put(table::PEOPLE, vec![person.to_string()], Json::Null);
            let since = entry.at;
            self.unclear.entry(person.clone()).or_insert(Unclear::NotKept { since });
        }
        if let (Event::AccountNotTheirs, Some(app), Some(account)) =
            (entry.event, &entry.about.app, &entry.about.account)
        {
            let key = vec![app.to_string(), account.to_string()];
            let link = self.rows.get(table::LINKS).and_then(|links| links.get(&key));
            if link.is_some_and(|link| link.to_string().contains(person.as_str())) {
                self.put(table::LINKS, key, Json::Null);
            }
        }
        if let (Some(app), Some(account), Some(link)) =
            (&entry.about.app, &entry.about.account, entry.data.get("link"))
        {
            self.put(table::LINKS, vec![app.to_string(), account.to_string()], link.clone());
        }
    }

    fn put(&mut self, table: &str, key: Vec<String>, doc: Json) {
        self.touched.rows.entry(table.to_owned()).or_default().insert(key.clone());
        let rows = self.rows.entry(table.to_owned()).or_default();
        if doc.is_null() {
            rows.remove(&key);
        } else {
            rows.insert(key, doc);
        }
    }

    fn accounts_changed(&mut self, entry: &Entry, data: &Json) -> Option<()> {
        let app = entry.about.app.as_ref()?;
        let (at, changes) = account_changes(entry, data)?;
        let known = self.accounts.entry(app.clone()).or_default();
        for AccountChange { account: id, after } in changes {
            self.touched.accounts.insert((app.clone(), id.clone()));
            match (after, known.get_mut(&id)) {
                (Some(account), None) => {
                    let first_seen = self.trace.first_seen(app, &id).unwrap_or(at);
                    let seen = SeenAccount { account, first_seen, last_changed: at, gone: None };
                    known.insert(id, seen);
                }
                (Some(account), Some(seen)) => {
                    if seen.account != account || seen.gone.is_some() {
                        seen.last_changed = at;
                    }
                    seen.account = account;
                    seen.gone = None;
                }
                (None, Some(seen)) => {
                    if seen.gone.is_none() {
                        seen.last_changed = at;
                    }
                    seen.gone.get_or_insert(at);
                }
                (None, None) => self.trace.gone(app, &id, at),
            }
        }
        Some(())
    }

    fn observed(&mut self, entry: &Entry) -> Option<()> {
        let app = entry.about.app.as_ref()?;
        let last: Read = serde_json::from_value(entry.data.clone()).ok()?;
        self.headers.insert((app.clone(), last.id.clone()), header(entry.data.clone()));
        let before = self.reads.remove(app).and_then(|reads| reads.proven);
        let proven =
            if last.completeness == Completeness::Proven { Some(last.clone()) } else { before };
        self.reads.insert(app.clone(), Reads { last, proven });
        Some(())
    }

    fn policy_applied(&mut self, entry: &Entry) -> Option<()> {
        let text = entry.data.get("text")?.as_str()?.to_owned();
        let number = entry.data.get("number")?.as_u64()?;
        let digest = entry.data.get("digest")?.as_str()?.parse().ok()?;
        let (at, by) = (entry.at, entry.actor.clone());
        self.policy = Some(PolicyKnown { number, text, digest, at, by });
        Some(())
    }

    fn checks_changed(&mut self, entry: &Entry) -> Option<()> {
        for change in entry.data.get("changes")?.as_array()? {
            if change.is_null() {
                continue;
            }
            let check = change.get("check")?.as_str()?;
            let unit: Unit = serde_json::from_value(change.get("unit")?.clone()).ok()?;
            let key = checks::key(check, &unit);
            if change.get("to")?.is_null() {
                self.checks.remove(&key);
            } else {
                self.checks.insert(key, serde_json::from_value(change.clone()).ok()?);
            }
        }
        Some(())
    }

    fn work_seen(&mut self, entry: &Entry) -> Option<()> {
        let app = entry.about.app.as_ref()?;
        let seen: BTreeMap<AccountId, OpenWork> =
            serde_json::from_value(entry.data.get("work")?.clone()).ok()?;
        for (id, work) in seen {
            self.touched.accounts.insert((app.clone(), id.clone()));
            self.work.insert((app.clone(), id), work);
        }
        Some(())
    }

    /// The documents of a kind, by key.
    #[must_use]
    pub fn rows(&self, table: &str) -> Option<&BTreeMap<Vec<String>, Json>> {
        self.rows.get(table)
    }

    /// The document of a kind under `key`, read as `T`.
    ///
    /// # Errors
    /// When it is not one.
    pub fn one<T: DeserializeOwned>(
        &self,
        table: &str,
        key: &[String],
    ) -> Result<Option<T>, Unreadable> {
        let doc = self.rows.get(table).and_then(|rows| rows.get(key));
        doc.map(|doc| read(table, key, doc)).transpose()
    }

    /// The documents of a kind whose key begins with `first`, read as `T`.
    fn typed<T: DeserializeOwned>(
        &self,
        table: &str,
        first: Option<&str>,
    ) -> Result<Vec<T>, Unreadable> {
        let rows = self.rows.get(table).into_iter().flatten();
        let wanted = rows.filter(|(key, _)| {
            first.is_none_or(|first| key.first().is_some_and(|part| part == first))
        });
        wanted.map(|(key, doc)| read(table, key, doc)).collect()
    }

    /// Everybody known, by id.
    ///
    /// # Errors
    /// When a document is not a person.
    pub fn people(&self) -> Result<BTreeMap<PersonId, Person>, Unreadable> {
        let people: Vec<Person> = self.typed(table::PEOPLE, None)?;
        Ok(people.into_iter().map(|person| (person.id.clone(), person)).collect())
    }

    /// The links of an app.
    ///
    /// # Errors
    /// When a document is not a link.
    pub fn links(&self, app: &AppName) -> Result<BTreeMap<AccountId, Link>, Unreadable> {
        let links: Vec<Link> = self.typed(table::LINKS, Some(app.as_str()))?;
        Ok(links.into_iter().map(|link| (link.account.clone(), link)).collect())
    }

    /// What was ordered by hand and not taken back.
    ///
    /// # Errors
    /// When a document is not an order.
    pub fn orders(&self) -> Result<Orders, Unreadable> {
        let mut orders = Orders::default();
        for (key, doc) in self.rows.get(table::ORDERS).into_iter().flatten() {
            let kind = key.first().map(String::as_str).unwrap_or_default();
            orders
                .add(kind, &doc.to_string())
                .map_err(|source| unreadable(table::ORDERS, key, source))?;
        }
        Ok(orders)
    }

    /// What was done, or tried, in an app; the newest first.
    ///
    /// # Errors
    /// When a document is not a run.
    pub fn runs(&self, app: &AppName) -> Result<Vec<Run>, Unreadable> {
        let mut runs: Vec<Run> = self.typed(table::RUNS, None)?;
        runs.retain(|run| run.operation.app == *app);
        runs.sort_by(|a, b| b.intended.cmp(&a.intended).then_with(|| a.id.cmp(&b.id)));
        Ok(runs)
    }

    /// The approvals of an app that held at `now`, by fingerprint.
    ///
    /// # Errors
    /// When a document is not an approval.
    pub fn approvals(
        &self,
        app: &AppName,
        now: Timestamp,
    ) -> Result<BTreeMap<Digest, Approval>, Unreadable> {
        let approvals: Vec<Approval> = self.typed(table::APPROVALS, Some(app.as_str()))?;
        let held = approvals.into_iter().filter(|approval| approval.expires > now);
        Ok(held.map(|approval| (approval.fingerprint, approval)).collect())
    }

    /// What trying taught about an account.
    ///
    /// # Errors
    /// When a document is not what was learned.
    pub fn learned(
        &self,
        app: &AppName,
        account: &AccountId,
    ) -> Result<Option<Learned>, Unreadable> {
        let key = vec![app.to_string(), account.to_string()];
        let doc = self.rows.get(table::LEARNED).and_then(|rows| rows.get(&key));
        doc.map(|doc| read(table::LEARNED, &key, doc)).transpose()
    }

    /// The connected apps.
    #[must_use]
    pub fn apps(&self) -> Vec<AppName> {
        let rows = self.rows.get(table::CONNECTIONS).into_iter().flatten();
        rows.filter_map(|(key, _)| key.first()?.parse().ok()).collect()
    }
}

/// What became of an account.
#[derive(Deserialize)]
pub(in crate::engine) struct AccountChange {
    pub(in crate::engine) account: AccountId,
    /// `None` when it is gone.
    pub(in crate::engine) after: Option<Account>,
}

/// The changes that `data` of an entry tells, and when they were seen.
pub(in crate::engine) fn account_changes(
    entry: &Entry,
    data: &Json,
) -> Option<(Timestamp, Vec<AccountChange>)> {
    let at = match data.get("finished") {
        Some(Json::String(finished)) => finished.parse().ok()?,
        _ => entry.at,
    };
    let changes = data.get("changes")?.as_array()?;
    let changes = changes.iter().map(|change| AccountChange::deserialize(change).ok());
    Some((at, changes.collect::<Option<_>>()?))
}

fn read<T: DeserializeOwned>(table: &str, key: &[String], doc: &Json) -> Result<T, Unreadable> {
    T::deserialize(doc).map_err(|source| unreadable(table, key, source))
}

fn unreadable(table: &str, key: &[String], source: serde_json::Error) -> Unreadable {
    Unreadable { table: table.to_owned(), key: key.join("/"), source }
}
