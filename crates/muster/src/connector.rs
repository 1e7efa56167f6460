//! The port: what Muster asks of an app. A connector (`connectors/<app>/`) answers it.
//!
//! A connector translates; it decides nothing. Idempotency is the caller's duty, truth-telling the
//! connector's: a call whose effect is not known says [`ErrorKind::OutcomeUnknown`], never "failed".
//! Everything common to all apps lives beside this file: [`budget`] (how fast), [`transport`]
//! (bytes over a wire), or above it in `service/` (journal, read-back, retries of whole operations).

pub mod budget;
pub mod transport;
pub mod work;

use std::{borrow::Cow, fmt};

use async_trait::async_trait;
use jiff::Timestamp;
use muster_domain::model::{
    account::{Account, AccountChange, NewAccount, Role},
    activity::{Hint, Trail},
    email::EmailAddress,
    id::AccountId,
    observation::ReadTally,
};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Whose turn it is when the rate budget is short: earlier lanes go first (law 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Cutting a leaver's access.
    Leaver,
    /// A person waits at a screen.
    Interactive,
    /// Joiners and movers.
    Routine,
    /// Giving a leaver's work to others, which may be thousands of tickets.
    Work,
    /// Reading everything.
    Bulk,
}

impl Lane {
    /// Whether it makes way for the urgent work of another process at each request. What is in the
    /// other lanes is short, and a change that was begun is carried through.
    #[must_use]
    pub const fn makes_way(self) -> bool {
        matches!(self, Self::Work | Self::Bulk)
    }
}

/// Whether an app can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// It can.
    Yes,
    /// It cannot.
    No,
    /// It may; only trying and reading back tells, per account.
    ProvenAtRunTime,
}

/// What an app can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Creating an account sends an invitation by itself.
    pub create_invites: bool,
    /// Blocking sign-in while keeping the account.
    pub deactivate: Ability,
    /// Changing the login address.
    pub change_email: Ability,
    /// Deleting an account.
    pub delete: Ability,
    /// Whether a deleted account can be brought back.
    pub undelete: Ability,
    /// Telling what work accounts hold, and giving it to others.
    pub hand_over: Ability,
    /// Telling the account owner from other accounts.
    pub tells_owner: bool,
    /// Telling who did what and who signed in.
    pub trail: Ability,
    /// How many days an invitation is good for, where the app has such a limit.
    pub invitation_days: Option<u16>,
}

/// What a probe found: who we are there, what we may do, what looks wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The account whose key is used.
    pub caller: Account,
    /// Whether that account may read users.
    pub may_read: bool,
    /// Whether that account may change users.
    pub may_write: bool,
    /// The account's own name for itself (a domain, a company), when told.
    pub tenant: Option<String>,
    /// The roles that can be given.
    pub roles: Vec<Role>,
    /// The rate limit learned from headers, in words, when told.
    pub rate_limit: Option<String>,
    /// What a person should look at before relying on this connection: sentence and remedy.
    pub warnings: Vec<String>,
}

/// The few kinds of failure, each of which says what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The credentials are refused: nothing can be seen any more. Ask for a new key.
    Unauthorized,
    /// The credentials are good but may not do this.
    Forbidden,
    /// There is no such object.
    NotFound,
    /// The identifier is taken.
    Conflict,
    /// No seat is left.
    NoSeat,
    /// The app refuses the values.
    Invalid,
    /// Slow down; with the moment from which asking again makes sense.
    RateLimited {
        /// When to ask again, if the app said.
        until: Option<Timestamp>,
    },
    /// The app cannot be reached or is broken; nothing was done.
    Unavailable,
    /// A write was sent and no trustworthy answer came: it may or may not have happened.
    OutcomeUnknown,
    /// The app cannot do this at all.
    Unsupported,
}

impl ErrorKind {
    /// The word used in the journal and in output.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::NoSeat => "no_seat",
            Self::Invalid => "invalid",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Unsupported => "unsupported",
        }
    }

    /// Whether asking again later can help without anybody doing anything.
    #[must_use]
    pub const fn passes_by_itself(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable | Self::OutcomeUnknown)
    }
}

/// A failed call: the kind decides what happens next, the message is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What was attempted, what the app said (cleaned of secrets) and the remedy.
    pub message: Cow<'static, str>,
}

impl ConnectorError {
    /// An error of this kind with a message.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectorError {}

/// Receives accounts page by page while a full read goes on.
pub trait PageSink: Send {
    /// One page's accounts. The same account may come twice; the later one counts.
    fn page(&mut self, accounts: Vec<Account>);
}

impl<F: FnMut(Vec<Account>) + Send> PageSink for F {
    fn page(&mut self, accounts: Vec<Account>) {
        self(accounts);
    }
}

/// One connected app.
#[async_trait]
pub trait Connector: work::Work {
    /// What this app can do.
    fn capabilities(&self) -> Capabilities;

    /// The secret as it must be kept from now on, when the app renewed it since this was last
    /// asked.
    async fn renewed_secret(&self) -> Option<Secret> {
        None
    }

    /// Gives back what lets Muster in, where the app has a call for it.
    async fn give_back(&self) -> Result<(), ConnectorError> {
        Err(ConnectorError::new(ErrorKind::Unsupported, "the key is taken back in the app itself"))
    }

    /// Who am I, what may I do, what looks wrong. Reads only.
    async fn probe(&self, lane: Lane) -> Result<Probe, ConnectorError>;

    /// The roles the app offers.
    async fn roles(&self, lane: Lane) -> Result<Vec<Role>, ConnectorError>;

    /// Reads every account, page by page, in memory that does not grow with their number. The
    /// tally says how it went; judging it is the caller's affair.
    async fn accounts(
        &self,
        lane: Lane,
        sink: &mut dyn PageSink,
    ) -> Result<ReadTally, ConnectorError>;

    /// What the app's trail tells of what happened to its accounts since `since`, or as far back
    /// as one reading goes when that is longer ago; with how far it reached. Hints only: nothing
    /// is lost when they cannot be read.
    async fn trail(
        &self,
        lane: Lane,
        since: Timestamp,
    ) -> Result<(Vec<Hint>, Trail), ConnectorError>;

    /// One account; `None` when the app says there is none.
    async fn account(&self, lane: Lane, id: &AccountId) -> Result<Option<Account>, ConnectorError>;

    /// The accounts that hold this address in any letter case.
    async fn find(&self, lane: Lane, email: &EmailAddress) -> Result<Vec<Account>, ConnectorError>;

    /// Creates an account, once: not safe to repeat before a look-up.
    async fn create(&self, lane: Lane, new: &NewAccount) -> Result<AccountId, ConnectorError>;

    /// Changes what `change` names and nothing else. `current` is the account as just read. An
    /// answer is not an effect: read back.
    async fn update(
        &self,
        lane: Lane,
        current: &Account,
        change: &AccountChange,
    ) -> Result<(), ConnectorError>;

    /// Deletes an account for ever. An account that is already gone is [`ErrorKind::NotFound`].
    async fn delete(&self, lane: Lane, id: &AccountId) -> Result<(), ConnectorError>;
}
