//! Links: which person an account belongs to, or that it belongs to none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{AccountId, PersonId};

/// A human's word for a decision: never replaced silently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What an account without a person of its own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonHuman {
    /// Used by software.
    Service,
    /// Used by several people.
    Shared,
    /// Belongs to the vendor.
    Vendor,
}

impl NonHuman {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Service, Self::Shared, Self::Vendor];

    /// The word used on the command line and in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Shared => "shared",
            Self::Vendor => "vendor",
        }
    }
}

/// What an account is tied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Tie {
    /// It is this person's.
    Person {
        /// The person.
        person: PersonId,
        /// Why, in words: the rule and the fields that matched.
        because: String,
        /// Set once a human confirmed it.
        confirmed: Option<Confirmation>,
    },
    /// It is nobody's own.
    NotAPerson {
        /// What it is.
        kind: NonHuman,
        /// The human who answers for it.
        owner: PersonId,
        /// Who classified it, and when.
        confirmed: Confirmation,
    },
    /// It should not exist: plans take it away, whatever rules and addresses say.
    Unwanted {
        /// Why.
        reason: String,
        /// Who said so, and when.
        confirmed: Confirmation,
    },
}

/// One account's tie. One account belongs to at most one person; one person may have many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The account, in the app whose links these are.
    pub account: AccountId,
    /// What it is tied to.
    #[serde(flatten)]
    pub tie: Tie,
    /// Since when.
    pub since: Timestamp,
}

impl Link {
    /// The person the account belongs to, if it belongs to one.
    #[must_use]
    pub const fn person(&self) -> Option<&PersonId> {
        match &self.tie {
            Tie::Person { person, .. } => Some(person),
            Tie::NotAPerson { .. } | Tie::Unwanted { .. } => None,
        }
    }

    /// Whether a human has said so.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        match &self.tie {
            Tie::Person { confirmed, .. } => confirmed.is_some(),
            Tie::NotAPerson { .. } | Tie::Unwanted { .. } => true,
        }
    }
}
