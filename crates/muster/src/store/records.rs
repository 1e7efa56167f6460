//! The records of the store that are not nouns of the domain: what is remembered *about* sources,
//! connections, accounts and reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use muster_domain::engine::merge::LastImport;
use muster_domain::model::{
    account::Account,
    activity::Activity,
    canonical::Digest,
    id::{AccountId, AppName, ObservationId, OperationId, PersonId, SourceName},
    journal::Event,
    observation::{Completeness, ReadTally},
    operation::{Learned, RunState},
    roster::Presence,
    work::OpenWork,
};
use serde::{Deserialize, Serialize};

/// A source of people and its last import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Its name.
    pub name: SourceName,
    /// The format its files are in.
    pub format: String,
    /// Whom its rosters list.
    pub presence: Presence,
    /// What the next file is judged by.
    pub last: LastImport,
    /// The headings of the last file.
    pub headings: Vec<String>,
    /// When its first file was believed: unless the policy ranks it, the source counts before all
    /// that came later.
    #[serde(default)]
    pub first_imported: Option<Timestamp>,
    /// When the last file was believed.
    pub imported_at: Timestamp,
    /// What the last file was called.
    pub file_name: String,
}

/// Whether an app can be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "health", rename_all = "snake_case")]
pub enum Health {
    /// It answers.
    Ok {
        /// Since when.
        since: Timestamp,
    },
    /// It cannot be seen: its silence means nothing.
    Unseen {
        /// Since when.
        since: Timestamp,
        /// Why, and what to do.
        reason: String,
    },
}

/// A connected app, without its credentials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// The name the operator gave it.
    pub app: AppName,
    /// Which connector speaks to it.
    pub connector: String,
    /// What the connector was told: no secrets.
    pub settings: serde_json::Value,
    /// Whether it can be seen.
    #[serde(flatten)]
    pub health: Health,
    /// What running taught: rate limit, dialect.
    pub learned: serde_json::Value,
    /// What the last probe found.
    pub probe: serde_json::Value,
    /// When it was connected.
    pub added: Timestamp,
}

/// An account as last known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// The account as last read.
    pub account: Account,
    /// When it was first read.
    pub first_seen: Timestamp,
    /// When a read last found it different.
    pub last_changed: Timestamp,
    /// Since when it is known to be gone. Only a proven read or a direct look-up tells.
    pub gone: Option<Timestamp>,
    /// What trying taught about shutting it out.
    pub learned: Option<Learned>,
    /// The work it held when it was last looked at.
    pub work: Option<OpenWork>,
    /// What the app's trail tells of it.
    pub activity: Activity,
}

/// What a finished read says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationHeader {
    /// When the read began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The account whose key was used, when the app told.
    pub caller: Option<AccountId>,
    /// How it went.
    pub tally: ReadTally,
    /// Whether it may be believed whole.
    pub completeness: Completeness,
}

/// A finished read, without the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationRecord {
    /// The read.
    pub id: ObservationId,
    /// What it says of itself.
    #[serde(flatten)]
    pub header: ObservationHeader,
    /// How many different accounts were seen.
    pub seen: u64,
    /// How many of them were new.
    pub added: u64,
    /// How many of them were different.
    pub changed: u64,
    /// How many known accounts are gone.
    pub gone: u64,
}

/// A read in progress, see [`super::OrgStore::begin_read`].
#[derive(Debug, Clone)]
pub struct Reading {
    /// The id the observation will have.
    pub id: ObservationId,
    /// The app that is read.
    pub app: AppName,
    /// The journal's last number when the read began: accounts written later than that by a
    /// direct look-up are known better than this read knows them.
    pub(super) after: i64,
    /// The digest of each account that was staged: what else lies there is not of this read.
    pub(super) staged: Arc<Mutex<BTreeMap<AccountId, Digest>>>,
}

/// A policy that is or was valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// 1 for the first, and so on.
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

/// Which runs are wanted. Empty fields ask nothing.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of this app.
    pub app: Option<AppName>,
    /// For this person.
    pub person: Option<PersonId>,
    /// On this account.
    pub account: Option<AccountId>,
    /// Of operations with this fingerprint.
    pub fingerprint: Option<Digest>,
    /// In one of these states.
    pub states: BTreeSet<RunState>,
    /// Intended at this moment or later.
    pub since: Option<Timestamp>,
    /// At most so many, the newest.
    pub limit: Option<u32>,
}

/// Which entries are wanted. Empty fields ask nothing.
#[derive(Debug, Clone, Default)]
pub struct JournalFilter {
    /// Written at this moment or later.
    pub since: Option<Timestamp>,
    /// Written at this moment or earlier.
    pub until: Option<Timestamp>,
    /// With a number above this.
    pub after_seq: Option<u64>,
    /// Only entries of this kind.
    pub event: Option<Event>,
    /// About this person.
    pub person: Option<PersonId>,
    /// About this app.
    pub app: Option<AppName>,
    /// About this account, also among others.
    pub account: Option<AccountId>,
    /// About this run.
    pub operation: Option<OperationId>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Which end comes first, and so which entries a limit keeps.
    pub order: Order,
}

/// Which end of the journal comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The oldest entry.
    #[default]
    OldestFirst,
    /// The newest entry.
    NewestFirst,
}

/// A journal that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct JournalReport {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last one: who keeps it elsewhere can tell whether the end was rewritten.
    pub head: Digest,
}

/// What a commit wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The number of the journal's last entry after it.
    pub seq: u64,
    /// That entry's hash.
    pub head: Digest,
    /// The observation that was finished in it.
    pub observation: Option<ObservationRecord>,
}

/// The right to work on something, for a while. Only the store makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) token: i64,
    pub(super) expires: Timestamp,
}

impl Lease {
    /// What is leased.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// To whom.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The fencing token: grows each time the lease changes hands.
    #[must_use]
    pub const fn token(&self) -> i64 {
        self.token
    }

    /// Until when.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// That nobody held a lease, and how often it was held before. Only the store makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free {
    pub(super) name: String,
    pub(super) token: i64,
}

impl Free {
    /// The token of the last holder: another one later tells that somebody held it in between.
    #[must_use]
    pub const fn token(&self) -> i64 {
        self.token
    }
}
