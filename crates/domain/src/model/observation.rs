//! An observation: one read of an app's accounts, with the proof that it is complete or the
//! reason why it is not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    canonical::Digest,
    id::{AccountId, ObservationId},
};

/// How a full read went: the numbers an auditor asks for and on which
/// completeness is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReadTally {
    /// Pages read.
    pub pages: u32,
    /// Requests made, repeats included.
    pub requests: u32,
    /// Rows received, duplicates included.
    pub rows: u64,
    /// Rows received more than once.
    pub duplicates: u64,
    /// The total the app itself stated, if it did.
    pub stated_total: Option<u64>,
    /// Whether every walk ended at the app's own end mark, or two walks met.
    pub reached_end: bool,
    /// The digest of each raw page, in order of arrival.
    pub page_digests: Vec<Digest>,
}

/// Whether a read may be believed to show everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Completeness {
    /// Every test passed: absence from this read means something.
    Proven,
    /// Something is off: what is in the read is there, but absence means nothing (law 9).
    Unproven {
        /// What is off, in words.
        reason: String,
    },
}

impl ReadTally {
    /// Judges the read of `distinct` accounts. Deliberately strict: a read that cannot prove
    /// itself only costs the next read.
    #[must_use]
    pub fn completeness(&self, distinct: u64) -> Completeness {
        let unproven = |reason: String| Completeness::Unproven { reason };
        if !self.reached_end {
            return unproven("the read stopped before the app's end mark".to_owned());
        }
        if distinct == 0 {
            // The key that reads is itself an account: nobody at all cannot be true.
            return unproven("the app listed no account, not even the one that asked".to_owned());
        }
        match self.stated_total {
            Some(total) if total != distinct => unproven(format!(
                "the app states {total} accounts but listed {distinct} different ones"
            )),
            _ => Completeness::Proven,
        }
    }
}

/// All accounts of one app at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The read's id.
    pub id: ObservationId,
    /// When it began. Everything in it was true at this moment or later.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The account whose key was used, when the app told.
    pub caller: Option<AccountId>,
    /// How it went.
    pub tally: ReadTally,
    /// Whether it may be believed whole.
    pub completeness: Completeness,
    /// What was read, by account id.
    pub accounts: BTreeMap<AccountId, Account>,
}

/// A proof that an observation is complete: the only way to conclude something from absence.
#[derive(Debug, Clone, Copy)]
pub struct Proven<'a>(&'a Observation);

impl<'a> Proven<'a> {
    /// The proof, if the observation carries one.
    #[must_use]
    pub fn check(observation: &'a Observation) -> Option<Self> {
        (observation.completeness == Completeness::Proven).then_some(Self(observation))
    }

    /// The observation.
    #[must_use]
    pub const fn observation(self) -> &'a Observation {
        self.0
    }
}
