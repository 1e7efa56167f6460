//! The witness's own record of what was asked and what it did. It holds no credentials.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{faults::ConnectionFault, oauth::TokenCounts};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer with this status went out.
    Answered(u16),
    /// The connection broke.
    Broken(ConnectionFault),
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Its place among all requests, from 1.
    pub seq: u64,
    /// When it came.
    pub at: Timestamp,
    /// Its method.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// The route it went to, such as `/api/users/{id}`.
    pub route: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it changed anything, whatever its sender was told.
    pub took_effect: bool,
    /// The faults which struck it, by name.
    pub faults: Vec<String>,
}

/// Counts since the beginning; never shortened as the log is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests by method and route, such as `GET /api/users/{id}`.
    pub requests: BTreeMap<String, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests refused because the bucket was full; 429 made by a fault are not counted here.
    pub rate_limited: u64,
    /// The most requests that were ever in the bucket at once, rounded up.
    pub bucket_peak: u32,
    /// The same of the apps' bucket, where they have one of their own.
    #[serde(default)]
    pub app_bucket_peak: u32,
    /// Tokens given out and taken back.
    #[serde(default)]
    pub tokens: TokenCounts,
    /// Writes which took effect, by method and route.
    pub writes: BTreeMap<String, u64>,
    /// Faults which struck, by name.
    pub faults: BTreeMap<String, u64>,
}

impl Counters {
    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// All writes which took effect.
    #[must_use]
    pub fn total_writes(&self) -> u64 {
        self.writes.values().sum()
    }
}

/// The log and the counters.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) log: VecDeque<RequestRecord>,
    pub(crate) counters: Counters,
    seq: u64,
}

impl Record {
    /// The number of the next request.
    pub(crate) const fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    pub(crate) fn note(&mut self, entry: RequestRecord, capacity: usize) {
        let name = format!("{} {}", entry.method, entry.route);
        if entry.took_effect {
            *self.counters.writes.entry(name.clone()).or_default() += 1;
        }
        *self.counters.requests.entry(name).or_default() += 1;
        if let Outcome::Answered(status) = entry.outcome {
            *self.counters.statuses.entry(status).or_default() += 1;
        }
        for fault in &entry.faults {
            *self.counters.faults.entry(fault.clone()).or_default() += 1;
        }
        self.log.push_back(entry);
        while self.log.len() > capacity {
            self.log.pop_front();
        }
    }
}
