//! Consent beside approvals: a named person's no, and who speaks for whom while away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    canonical::Digest,
    email::EmailAddress,
    id::{AccountId, AppName, OrderId, PersonId},
    order::Order,
    plan::Operation,
};

/// A named person's no to one operation, whatever plan it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The operation's fingerprint.
    pub fingerprint: Digest,
    /// The app.
    pub app: AppName,
    /// Whom the operation is about, if it is about somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The account, if it is about one that exists.
    pub account: Option<AccountId>,
    /// What was rejected, in words.
    pub what: String,
    /// Whether it would have taken access away: then somebody keeps it who should not.
    pub keeps_access: bool,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// For whom she spoke.
    pub on_behalf_of: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When it lapses.
    pub expires: Timestamp,
}

impl Order for Rejection {
    const KIND: &'static str = "rejection";

    fn key(&self) -> String {
        format!("{}/{}", self.app, self.fingerprint)
    }
}

impl Rejection {
    /// Whether it is about `operation`, and has not lapsed at `now`.
    #[must_use]
    pub fn holds(&self, operation: &Operation, now: Timestamp) -> bool {
        self.fingerprint == operation.fingerprint && self.app == operation.app && now < self.expires
    }
}

/// Somebody's word that another may approve in her place for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its id.
    pub id: OrderId,
    /// Who lends her say: a name or an address, as she gave it.
    pub from: String,
    /// Who may use it.
    pub to: EmailAddress,
    /// In which app; `None` is every one.
    pub app: Option<AppName>,
    /// From when.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Order for Delegation {
    const KIND: &'static str = "delegation";

    fn key(&self) -> String {
        self.id.to_string()
    }
}

impl Delegation {
    /// Whether it holds for `app` at `now`.
    #[must_use]
    pub fn holds(&self, app: &AppName, now: Timestamp) -> bool {
        self.app.as_ref().is_none_or(|meant| meant == app) && self.at <= now && now < self.until
    }
}
