//! Keeping: an account as somebody put it back by an undo, although the rules ask for something
//! else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::AccountChange,
    id::{AccountId, AppName, OperationId, OrderId, PersonId, RoleName},
    order::Order,
};

/// What the rules asked for when an operation was undone. As soon as they ask for something else,
/// that is decided anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The engagement that it follows from.
    pub engagement: Option<u32>,
    /// Since when access is over, if it is; for an account that should not exist, since when.
    pub ended: Option<Timestamp>,
    /// The role.
    pub role: Option<RoleName>,
    /// The person's name; empty where the account is nobody's.
    pub name: String,
}

/// Work that an undo gives back, as it was found when that was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkBack {
    /// How many tickets are still where the hand-over put them.
    pub tickets: u64,
    /// The teams that the account joins again, by name.
    pub teams: Vec<String>,
    /// What stays where it is, each in words: what others have given on, what is gone.
    pub stays: Vec<String>,
}

impl WorkBack {
    /// So many of what stays are named one by one in a line.
    const NAMED: usize = 5;

    /// What comes back, in words.
    #[must_use]
    pub fn comes(&self) -> String {
        let Self { tickets, teams, stays: _ } = self;
        let plural = |n: u64| if n == 1 { "" } else { "s" };
        let mut words = format!("{tickets} ticket{}", plural(*tickets));
        if !teams.is_empty() {
            let s = plural(teams.len() as u64);
            words = format!("{words} and the place{s} in the team{s} {}", teams.join(", "));
        }
        words
    }

    /// What stays, in words; nothing where all of it comes back.
    #[must_use]
    pub fn rest(stays: &[String]) -> Option<String> {
        let named = stays.iter().take(Self::NAMED).map(String::as_str).collect::<Vec<_>>();
        let more = stays.len().saturating_sub(Self::NAMED);
        match (stays.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(format!("{} not: {}", stays.len(), named.join(", "))),
            (false, n) => Some(format!("{} not: {}, and {n} more", stays.len(), named.join(", "))),
        }
    }
}

/// An order to leave an account as an undo put it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Its id.
    pub id: OrderId,
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// Whose it is, if it is somebody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What stays as it was: the fields that are told.
    pub state: AccountChange,
    /// The work that comes back to it, where a hand-over is undone. Its fields follow the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkBack>,
    /// What was asked for instead.
    pub against: Wanted,
    /// The operation that was undone.
    pub undone: OperationId,
    /// What that was, in words.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
}

impl Order for Keep {
    const KIND: &'static str = "keep";

    /// One account is kept in one way; what was handed over comes back beside that.
    fn key(&self) -> String {
        let Self { app, account, undone, .. } = self;
        match self.work {
            None => format!("{app}/{account}"),
            Some(_) => format!("{app}/{account}/{undone}"),
        }
    }
}

impl Keep {
    /// Whether it still stands at `now` where `wanted` is asked for. Work comes back also to whom
    /// the rules no longer send away: then nothing speaks against it.
    #[must_use]
    pub fn stands(&self, wanted: &Wanted, now: Timestamp) -> bool {
        let Wanted { engagement, ended, role, name } = &self.against;
        let as_then = *engagement == wanted.engagement
            && *ended == wanted.ended
            && (self.state.role.is_none() || *role == wanted.role)
            && (self.state.name.is_none() || *name == wanted.name);
        let works_here =
            self.work.is_some() && wanted.engagement.is_some() && wanted.ended.is_none();
        self.at <= now && now < self.until && (as_then || works_here)
    }
}
