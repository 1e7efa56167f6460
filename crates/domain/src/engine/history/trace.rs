//! What the journal tells of the tables beside the documents: by which entry a row was written,
//! which accounts an entry is found under, what stays of accounts whose data was taken out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Restated, table};
use crate::model::{
    canonical::Digest,
    history::Image,
    id::{AccountId, AppName, ObservationId},
    journal::{Entry, Event},
};

/// Under which name the first entry of a journal says that it tells every table.
pub const TELLS: &str = "tells";

/// Under which name an entry that takes data out says what stays of accounts.
pub const ACCOUNTS: &str = "accounts";

/// What stays of an account whose data was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// When it was first read.
    pub first_seen: Timestamp,
    /// When a read last found it different.
    pub last_changed: Timestamp,
    /// Since when it was known to be gone.
    pub gone: Option<Timestamp>,
}

/// A policy as the entry told it that made it valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTold {
    /// Its digest.
    pub digest: Digest,
    /// Who applied it.
    pub by: String,
    /// When, as far as entries told that.
    pub at: Option<Timestamp>,
    /// When the entry was written: not before it.
    pub written: Timestamp,
}

/// What the journal tells beside documents.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The entry with which the transaction began that last wrote an account's row.
    pub accounts: BTreeMap<AppName, BTreeMap<AccountId, u64>>,
    /// The entry with which the transaction began that finished a read.
    pub reads: BTreeMap<(AppName, ObservationId), u64>,
    /// By the entry's number, the digest of the accounts under which it is found, see
    /// [`mentioned`]; `None` where its data was taken out.
    pub mentions: BTreeMap<u64, Option<Digest>>,
    /// The plans that were kept, and the entry that tells it.
    pub plans: BTreeMap<Digest, u64>,
    /// The files that were ever attached.
    pub files: BTreeSet<Digest>,
    /// Each policy that was ever valid, by number.
    pub policies: BTreeMap<u64, PolicyTold>,
    /// What stays of accounts whose data was taken out.
    pub remains: BTreeMap<(AppName, AccountId), Remains>,
    /// The last entry that took data out.
    pub last_redaction: Option<u64>,
    /// Whether some data was taken out without a word on what stays of accounts.
    pub remains_untold: bool,
    /// The last entry of a read that goes on, the read's app and first entry.
    block: Option<(AppName, u64, u64)>,
}

/// The digest of a list of accounts, in whatever order they come.
#[must_use]
pub fn mentioned<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Digest {
    let accounts: BTreeSet<&str> = accounts.into_iter().collect();
    Digest::of(accounts.into_iter().collect::<Vec<_>>().join("\n").as_bytes())
}

impl Trace {
    /// Takes in the next entry. `None` when it is not what it should be.
    pub(super) fn learn(&mut self, entry: &Entry, restated: &Restated) -> Option<()> {
        let first = self.first_of_its_transaction(entry);
        let whole = !entry.is_without_data();
        match entry.event {
            Event::AccountsChanged => {
                let changed = restated.told(entry).map(ids);
                if let (Some(changed), Some(app)) = (&changed, &entry.about.app) {
                    let known = self.accounts.entry(app.clone()).or_default();
                    for id in changed {
                        known.insert(id.parse().ok()?, first);
                    }
                }
                if entry.about.account.is_none() {
                    self.mention(entry);
                }
            }
            Event::EntryRestated => self.mention(entry),
            Event::AppObserved if whole => {
                let app = entry.about.app.clone()?;
                let id = entry.data.get("id")?.as_str()?.parse().ok()?;
                self.reads.insert((app, id), first);
            }
            Event::PlanMade => {
                self.plans.extend(entry.about.plan.map(|plan| (plan, entry.seq)));
            }
            Event::PolicyApplied if whole => self.policy(entry)?,
            Event::PersonRedacted => self.redaction(entry)?,
            _ => {}
        }
        Some(())
    }

    /// A read is told by entries about many accounts and by one about itself, in one transaction.
    fn first_of_its_transaction(&mut self, entry: &Entry) -> u64 {
        let block = self.block.take();
        let of_a_read = entry.about.account.is_none()
            && matches!(entry.event, Event::AccountsChanged | Event::AppObserved);
        let Some(app) = entry.about.app.as_ref().filter(|_| of_a_read) else { return entry.seq };
        let goes_on = block.filter(|(of, _, last)| of == app && last + 1 == entry.seq);
        let first = goes_on.map_or(entry.seq, |(_, first, _)| first);
        if entry.event == Event::AccountsChanged {
            self.block = Some((app.clone(), first, entry.seq));
        }
        first
    }

    fn mention(&mut self, entry: &Entry) {
        let told = (!entry.is_without_data()).then(|| mentioned(ids(&entry.data)));
        self.mentions.insert(entry.seq, told);
    }

    fn policy(&mut self, entry: &Entry) -> Option<()> {
        let number = entry.data.get("number")?.as_u64()?;
        let digest = entry.data.get("digest")?.as_str()?.parse().ok()?;
        let at = entry.data.get("at").and_then(Json::as_str).and_then(|at| at.parse().ok());
        let told = PolicyTold { digest, by: entry.actor.clone(), at, written: entry.at };
        self.policies.insert(number, told);
        Some(())
    }

    fn redaction(&mut self, entry: &Entry) -> Option<()> {
        self.last_redaction = Some(entry.seq);
        let Some(told) = entry.data.get(ACCOUNTS) else {
            self.remains_untold = true;
            return Some(());
        };
        let told: Vec<Remains> = serde_json::from_value(told.clone()).ok()?;
        for one in told {
            self.remains.insert((one.app.clone(), one.account.clone()), one);
        }
        Some(())
    }

    /// When an account that comes up anew was first seen, should that be known.
    pub(super) fn first_seen(&self, app: &AppName, account: &AccountId) -> Option<Timestamp> {
        // The key is made only where there may be something to find.
        if self.remains.is_empty() {
            return None;
        }
        Some(self.remains.get(&(app.clone(), account.clone()))?.first_seen)
    }

    /// That an account of which little stays is gone.
    pub(super) fn gone(&mut self, app: &AppName, account: &AccountId, at: Timestamp) {
        if let Some(remains) = self.remains.get_mut(&(app.clone(), account.clone()))
            && remains.gone.is_none()
        {
            remains.last_changed = at;
            remains.gone = Some(at);
        }
    }

    /// Keeps which file an order names that was given.
    pub(super) fn order(&mut self, image: &Image, doc: &Json) {
        if image.table == table::ORDERS
            && let Some(sha256) = doc.pointer("/file/sha256").and_then(Json::as_str)
        {
            self.files.extend(sha256.parse::<Digest>().ok());
        }
    }
}

/// The accounts whose changes an entry tells.
fn ids(data: &Json) -> Vec<&str> {
    let changes = data.get("changes").and_then(Json::as_array).into_iter().flatten();
    changes.filter_map(|change| change.get("account")?.as_str()).collect()
}
