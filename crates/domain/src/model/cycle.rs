//! The loop's memory of one app: when it last went round, how that ended, and how far it had
//! listened.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the loop remembers of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// When it last went round, done or failed.
    pub ended: Timestamp,
    /// When it last began a full read that came to a good end.
    pub read: Option<Timestamp>,
    /// The last journal entry that it took into account.
    pub heard: u64,
    /// When the next thing changes by itself for somebody, as it saw then.
    pub next_change: Option<Timestamp>,
    /// What went wrong, round after round, since the last good one.
    pub trouble: Option<Trouble>,
}

/// A row of failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// How many rounds in a row have failed.
    pub failures: u32,
    /// When the first of them did.
    pub since: Timestamp,
    /// What the last one said, and what to do.
    pub reason: String,
    /// Since when the loop leaves the app alone, if it does. Somebody has to say that it may go on.
    pub quarantined: Option<Timestamp>,
}

/// Why the loop goes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It never did for this app.
    First,
    /// Somebody asked for it.
    Asked,
    /// People, policy or approvals changed.
    News,
    /// A date fell due.
    Date,
    /// The time between two reads has passed.
    Interval,
    /// The last round failed, and it is time to try again.
    Retry,
}

impl Why {
    /// The word for it in output and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Asked => "asked",
            Self::News => "news",
            Self::Date => "date",
            Self::Interval => "interval",
            Self::Retry => "retry",
        }
    }
}
