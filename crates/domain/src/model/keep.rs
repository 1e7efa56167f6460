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

    /// One account is kept in one way.
    fn key(&self) -> String {
        format!("{}/{}", self.app, self.account)
    }
}

impl Keep {
    /// Whether it still stands at `now` where `wanted` is asked for.
    #[must_use]
    pub fn stands(&self, wanted: &Wanted, now: Timestamp) -> bool {
        let Wanted { engagement, ended, role, name } = &self.against;
        self.at <= now
            && now < self.until
            && *engagement == wanted.engagement
            && *ended == wanted.ended
            && (self.state.role.is_none() || *role == wanted.role)
            && (self.state.name.is_none() || *name == wanted.name)
    }
}
