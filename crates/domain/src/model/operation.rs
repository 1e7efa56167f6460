//! Runs: what became of an operation when it was applied, and the approvals that let it go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    canonical::Digest,
    id::{AccountId, AppName, OperationId},
    plan::Operation,
};

/// Where a run stands. Only [`RunState::Verified`] and [`RunState::AlreadySo`] count as done, and
/// they are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Recorded before the call; after a crash, the call may or may not have gone out.
    Intended,
    /// The app said yes; not yet read back.
    Accepted,
    /// A later read shows the effect.
    Verified,
    /// Nothing needed doing: the world was already so.
    AlreadySo,
    /// The app said no.
    Refused,
    /// No answer: must be read back before anything else.
    Unknown,
    /// Waits for a person, with the reason.
    Parked,
    /// The premise changed before the call: nothing was done.
    Void,
}

impl RunState {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Intended,
        Self::Accepted,
        Self::Verified,
        Self::AlreadySo,
        Self::Refused,
        Self::Unknown,
        Self::Parked,
        Self::Void,
    ];

    /// The word used in the journal and in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Accepted => "accepted",
            Self::Verified => "verified",
            Self::AlreadySo => "already_so",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Parked => "parked",
            Self::Void => "void",
        }
    }

    /// Whether the effect must be found out by reading before anything else is done to the
    /// account or for the person.
    #[must_use]
    pub const fn is_unsettled(self) -> bool {
        matches!(self, Self::Intended | Self::Accepted | Self::Unknown)
    }

    /// Whether the world is as the operation wanted.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Verified | Self::AlreadySo)
    }
}

/// One run of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: OperationId,
    /// The plan it belongs to.
    pub plan: Digest,
    /// The operation as it was released.
    pub operation: Operation,
    /// Where it stands.
    pub state: RunState,
    /// What happened, in words a person can act on.
    pub note: String,
    /// The whole account as read just before the write: what undo is made from.
    pub before_image: Option<Account>,
    /// The account that was created or touched, once known.
    pub account: Option<AccountId>,
    /// Who approved it, when it needed approval.
    pub approved_by: Option<String>,
    /// How many calls were made for it.
    pub calls: u32,
    /// When it was intended.
    pub intended: Timestamp,
    /// When its state last changed.
    pub changed: Timestamp,
    /// Whether an invitation is known or suspected to have gone out.
    pub invited: bool,
}

/// A named person's yes to one operation, whatever plan it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The operation's fingerprint.
    pub fingerprint: Digest,
    /// The app.
    pub app: AppName,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it lapses.
    pub expires: Timestamp,
    /// For whom she spoke, where the say was lent to her.
    #[serde(default)]
    pub on_behalf_of: Option<String>,
    /// Why, if she said so.
    #[serde(default)]
    pub reason: Option<String>,
    /// What was approved, in words.
    #[serde(default)]
    pub what: String,
}

/// What trying taught about shutting one account out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deactivation {
    /// A read-back showed that it works.
    Works,
    /// The app said yes and did nothing.
    Ignored,
    /// The app refuses the field.
    Refused,
}

/// [`Deactivation`], with when it was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// What was learned.
    pub deactivation: Deactivation,
    /// When.
    pub at: Timestamp,
}
