//! What people tell of a person by hand.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::person::{Profile, Terms};

/// How an engagement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// On its day.
    Dated,
    /// By the organisation, against the person's will: access ends as soon as it is told.
    Involuntary,
}

/// Something told by hand of a person who is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum Word {
    /// Attributes. Fields that are not told stay as they are.
    Say {
        /// Of the person.
        profile: Box<Profile>,
        /// Of the engagement.
        terms: Box<Terms>,
        /// Attributes that were told by hand and are taken back.
        clear: BTreeSet<String>,
    },
    /// Another engagement, beside or after those that are known.
    Engage {
        /// Its terms.
        terms: Box<Terms>,
    },
    /// The end.
    End {
        /// The last day of the contract.
        on: Date,
        /// The last day at work, where it is another.
        last_day: Option<Date>,
        /// How.
        how: Ending,
    },
    /// The start is cancelled before day one.
    Withdraw,
    /// A leave of absence.
    Leave {
        /// Its first day.
        from: Date,
        /// The first day back, where it is known.
        back: Option<Date>,
    },
    /// The leave ends.
    Return {
        /// The first day back.
        on: Date,
    },
}
