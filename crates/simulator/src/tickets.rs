//! Tickets, as far as people matter to them, and teams.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// To be worked on.
    Open,
    /// Done.
    Closed,
    /// Set aside until later; the API shows it as closed, with `snooze_datetime`.
    Snoozed,
}

/// A ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub id: u64,
    /// What it is about.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// The user it is assigned to.
    pub assignee: Option<u64>,
    /// The team it is assigned to.
    pub team: Option<u64>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was closed; none while it is not.
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its members' numbers, in the order they were written.
    pub members: Vec<u64>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// All tickets, findable by number and by assignee.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Ticket>", into = "Vec<Ticket>")]
pub(crate) struct TicketTable {
    rows: BTreeMap<u64, Ticket>,
    by_assignee: BTreeMap<u64, BTreeSet<u64>>,
}

impl From<Vec<Ticket>> for TicketTable {
    fn from(rows: Vec<Ticket>) -> Self {
        let mut table = Self::default();
        for row in rows {
            table.put(row);
        }
        table
    }
}

impl From<TicketTable> for Vec<Ticket> {
    fn from(table: TicketTable) -> Self {
        table.rows.into_values().collect()
    }
}

impl TicketTable {
    /// Stores `ticket` in place of what had its number.
    pub(crate) fn put(&mut self, ticket: Ticket) {
        if let Some(old) = self.rows.get(&ticket.id).and_then(|old| old.assignee)
            && let Some(set) = self.by_assignee.get_mut(&old)
        {
            set.remove(&ticket.id);
        }
        if let Some(assignee) = ticket.assignee {
            self.by_assignee.entry(assignee).or_default().insert(ticket.id);
        }
        self.rows.insert(ticket.id, ticket);
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Ticket> {
        self.rows.get(&id)
    }

    /// All of them, by number.
    pub(crate) const fn rows(&self) -> &BTreeMap<u64, Ticket> {
        &self.rows
    }

    /// The numbers of the tickets assigned to a user.
    pub(crate) fn of(&self, user: u64) -> Option<&BTreeSet<u64>> {
        self.by_assignee.get(&user)
    }

    /// Takes every ticket from a user, whatever its status.
    pub(crate) fn orphan(&mut self, user: u64, now: Timestamp) {
        for id in self.by_assignee.remove(&user).unwrap_or_default() {
            if let Some(ticket) = self.rows.get_mut(&id) {
                ticket.assignee = None;
                ticket.updated_at = now;
            }
        }
    }
}
