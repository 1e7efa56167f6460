//! Work that accounts hold in an app (tickets, places in teams): what somebody must take over
//! before the account goes, and who.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    email::EmailAddress,
    id::{AccountId, WorkId},
};

/// How long closed tickets count as open work when nobody says otherwise: a customer's answer
/// opens them again.
pub const CLOSED_WITHIN_DAYS: u16 = 30;

/// Where a piece of work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stands", rename_all = "snake_case")]
pub enum Standing {
    /// To be worked on.
    Open,
    /// Set aside until later.
    Snoozed,
    /// Done.
    Closed {
        /// When, if the app told.
        at: Option<Timestamp>,
    },
}

/// One piece of work that an account holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// The app's id.
    pub id: WorkId,
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
}

impl WorkItem {
    /// Whether somebody must take it over: it is not done, or was done at `since` or later, or
    /// nobody knows when.
    #[must_use]
    pub fn is_open_since(&self, since: Timestamp) -> bool {
        match self.standing {
            Standing::Open | Standing::Snoozed | Standing::Closed { at: None } => true,
            Standing::Closed { at: Some(at) } => at >= since,
        }
    }
}

/// Whether all of something was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// All of it.
    Whole,
    /// Muster stopped counting: there is at least so much, and the rest can be looked at.
    Stopped,
    /// The app cut the list off: there is at least so much.
    #[default]
    AtLeast,
}

/// What an account held when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWork {
    /// When it was looked at.
    pub at: Timestamp,
    /// Tickets to be worked on.
    pub open: u64,
    /// Tickets set aside until later.
    pub snoozed: u64,
    /// Tickets closed so lately that they may come back.
    pub closed_lately: u64,
    /// Tickets closed before that: they stay where they are.
    pub closed: u64,
    /// The teams that the account is in, by name.
    pub teams: Vec<String>,
    /// Whether all tickets were counted.
    pub reach: Reach,
}

impl OpenWork {
    /// Nothing counted yet.
    #[must_use]
    pub const fn none(at: Timestamp) -> Self {
        Self {
            at,
            open: 0,
            snoozed: 0,
            closed_lately: 0,
            closed: 0,
            teams: Vec::new(),
            reach: Reach::AtLeast,
        }
    }

    /// Counts `item`; what was closed before `since` is over for good.
    pub fn count(&mut self, item: &WorkItem, since: Timestamp) {
        let place = match item.standing {
            Standing::Open => &mut self.open,
            Standing::Snoozed => &mut self.snoozed,
            Standing::Closed { .. } if item.is_open_since(since) => &mut self.closed_lately,
            Standing::Closed { .. } => &mut self.closed,
        };
        *place = place.saturating_add(1);
    }

    /// How many tickets somebody must take over.
    #[must_use]
    pub const fn tickets(&self) -> u64 {
        self.open.saturating_add(self.snoozed).saturating_add(self.closed_lately)
    }

    /// Whether there is something to hand over, teams included.
    #[must_use]
    pub fn is_something(&self) -> bool {
        self.tickets() > 0 || !self.teams.is_empty()
    }

    /// Whether a ticket is known to be left to hand over, or the app hides whether one is. Where
    /// Muster itself stopped counting, the rest is counted before anything is deleted.
    #[must_use]
    pub fn may_hold_tickets(&self) -> bool {
        self.tickets() > 0 || self.reach == Reach::AtLeast
    }

    /// Whether it is certain that no ticket is left to hand over.
    #[must_use]
    pub fn no_ticket_is_left(&self) -> bool {
        self.tickets() == 0 && self.reach == Reach::Whole
    }
}

impl fmt::Display for OpenWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: _, open, snoozed, closed_lately, closed: _, teams, reach } = self;
        if *reach != Reach::Whole {
            f.write_str("at least ")?;
        }
        let plural = |n: u64| if n == 1 { "" } else { "s" };
        write!(f, "{open} open ticket{}", plural(*open))?;
        if *snoozed > 0 {
            write!(f, ", {snoozed} snoozed")?;
        }
        if *closed_lately > 0 {
            write!(f, ", {closed_lately} closed lately")?;
        }
        if !teams.is_empty() {
            write!(f, "; in the team{} {}", plural(teams.len() as u64), teams.join(", "))?;
        }
        Ok(())
    }
}

/// Who takes a leaver's work over, as a policy or a person says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HandOverTo {
    /// The manager; where that cannot be, the manager's manager and so on, then the app's owner.
    Manager,
    /// The person with this work address.
    Person(EmailAddress),
    /// The app's team of this name.
    Team(String),
    /// These people in turn.
    RoundRobin(Vec<EmailAddress>),
    /// Nobody: the work stays, and loses its holder when the account goes.
    Nobody,
}

/// Why a text names nobody who could take work over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names nobody; write manager, an e-mail address, \"team NAME\", \
     \"round_robin A@X, B@X\" or nobody"
)]
pub struct NamesNobody(String);

impl FromStr for HandOverTo {
    type Err = NamesNobody;

    fn from_str(text: &str) -> Result<Self, NamesNobody> {
        let nobody = || NamesNobody(text.to_owned());
        let address = |text: &str| text.trim().parse::<EmailAddress>().map_err(|_| nobody());
        let trimmed = text.trim();
        match trimmed.split_once(char::is_whitespace) {
            None if trimmed == "manager" => Ok(Self::Manager),
            None if trimmed == "nobody" => Ok(Self::Nobody),
            None => Ok(Self::Person(address(trimmed)?)),
            Some(("person", rest)) => Ok(Self::Person(address(rest)?)),
            Some(("team", name)) => Ok(Self::Team(name.trim().to_owned())),
            Some(("round_robin", list)) => {
                let words = list.split(|c: char| c == ',' || c.is_whitespace());
                let people = words.filter(|word| !word.is_empty()).map(address);
                people.collect::<Result<_, _>>().map(Self::RoundRobin)
            }
            Some(_) => Err(nobody()),
        }
    }
}

impl TryFrom<String> for HandOverTo {
    type Error = NamesNobody;
    fn try_from(text: String) -> Result<Self, NamesNobody> {
        text.parse()
    }
}

impl From<HandOverTo> for String {
    fn from(to: HandOverTo) -> Self {
        to.to_string()
    }
}

impl fmt::Display for HandOverTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manager => f.write_str("manager"),
            Self::Person(address) => write!(f, "person {address}"),
            Self::Team(name) => write!(f, "team {name}"),
            Self::RoundRobin(people) => {
                let people: Vec<_> = people.iter().map(ToString::to_string).collect();
                write!(f, "round_robin {}", people.join(", "))
            }
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

/// Who takes work over, as the app knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Recipient {
    /// One account.
    Account {
        /// The account.
        account: AccountId,
    },
    /// A team of the app.
    Team {
        /// Its name.
        team: String,
    },
    /// Several accounts in turn.
    InTurn {
        /// The accounts, in their order.
        accounts: Vec<AccountId>,
    },
    /// Nobody can, as things are.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_somebody_is_read_and_written_alike() {
        for text in [
            "manager",
            "person jane@acme.example",
            "team Chat and voice",
            "round_robin jane@acme.example, ben@acme.example",
            "nobody",
        ] {
            assert_eq!(text.parse::<HandOverTo>().unwrap().to_string(), text);
        }
        let jane = "jane@acme.example".parse::<HandOverTo>().unwrap();
        assert_eq!(jane, "person jane@acme.example".parse().unwrap());
        for text in ["", "boss", "person", "person jane", "round_robin jane", "to whom it concerns"]
        {
            assert!(text.parse::<HandOverTo>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_closed_long_ago_is_no_open_work() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let since = at("2026-11-01T00:00:00Z");
        let mut work = OpenWork::none(since);
        for (n, standing) in [
            Standing::Open,
            Standing::Snoozed,
            Standing::Closed { at: Some(at("2026-11-02T00:00:00Z")) },
            Standing::Closed { at: Some(at("2026-10-31T00:00:00Z")) },
            Standing::Closed { at: None },
        ]
        .into_iter()
        .enumerate()
        {
            work.count(&WorkItem { id: n.to_string().parse().unwrap(), standing }, since);
        }
        assert_eq!((work.tickets(), work.closed), (4, 1));
        assert!(!work.no_ticket_is_left());
        let nothing = OpenWork { reach: Reach::Whole, ..OpenWork::none(since) };
        assert!(nothing.no_ticket_is_left() && !OpenWork::none(since).no_ticket_is_left());
    }
}
