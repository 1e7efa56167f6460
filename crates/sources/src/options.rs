//! What the person who imports may say about a file.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use muster_domain::model::{person::EmploymentStatus, roster::Field};

/// Answers to what a file leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// The format's name, such as `adp`; without it, it is recognised by its columns.
    pub format: Option<String>,
    /// Which column holds which field, by the column's heading. Goes before the format's own.
    pub map: Vec<(String, Field)>,
    /// How to read `03/04/2025`, for the whole file.
    pub day_first: Option<DateOrder>,
    /// The organisation's mail domains. When given, an address of another domain in the work
    /// column is not taken for a login.
    pub own_domains: Vec<String>,
    /// The day on which the file is read: of rows that are true only from a day on, it says which
    /// count.
    pub today: Option<Date>,
    /// What the organisation's own status words mean. Goes before the format's own.
    pub status_words: Vec<(String, EmploymentStatus)>,
}

/// Which number of a date such as `03/04/2025` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year.
    DayMonthYear,
    /// Month, day, year.
    MonthDayYear,
}

impl DateOrder {
    /// The word used on the command line: `dmy` or `mdy`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::DayMonthYear => "dmy",
            Self::MonthDayYear => "mdy",
        }
    }
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DayMonthYear => "day/month/year",
            Self::MonthDayYear => "month/day/year",
        })
    }
}

/// The text names no order of dates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an order of dates: use dmy or mdy")]
pub struct UnknownDateOrder(pub String);

impl FromStr for DateOrder {
    type Err = UnknownDateOrder;
    fn from_str(text: &str) -> Result<Self, UnknownDateOrder> {
        match text {
            "dmy" => Ok(Self::DayMonthYear),
            "mdy" => Ok(Self::MonthDayYear),
            _ => Err(UnknownDateOrder(text.to_owned())),
        }
    }
}
