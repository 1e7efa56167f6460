//! A plan: the ordered list of operations that would bring one app into agreement, as an artefact
//! that can be read, saved, compared, approved and applied.

mod diff;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    account::{Account, AccountChange, AccountStatus, NewAccount},
    canonical::{Digest, canonical_json, digest_of},
    id::{AccountId, AppName, ObservationId, OperationId, PersonId, RoleName},
    work::Recipient,
};

pub use self::diff::{Difference, Group};

/// One remote effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Create an account; the app sends an invitation.
    Create {
        /// What is wanted.
        new: NewAccount,
    },
    /// Change name or role.
    Update {
        /// What becomes different.
        change: AccountChange,
    },
    /// Let an account in again.
    Reactivate {
        /// What becomes different, sign-in among it.
        change: AccountChange,
    },
    /// Shut an account out, keeping it.
    Deactivate {
        /// The role to fall to should the app ignore it: the next rung of the ladder, approved
        /// together with this operation.
        fallback: Option<RoleName>,
    },
    /// Lower an account that cannot be shut out to the least role. "Reduced", not "removed".
    Reduce {
        /// The role to fall to.
        to: RoleName,
    },
    /// Withdraw an invitation that was not accepted, by deleting the pending account.
    CancelInvite,
    /// Give the work that an account holds to somebody else, and take it out of its teams.
    HandOver {
        /// Who takes it over.
        to: Recipient,
        /// Tickets closed before so many days stay where they are.
        closed_within_days: u16,
    },
    /// Give an account back what a hand-over took from it: the tickets that are still with whom it
    /// gave them to, and the places in teams.
    GiveBack {
        /// The hand-over that is undone.
        undone: OperationId,
    },
    /// Delete a leaver's account for ever.
    Delete,
}

impl Action {
    /// The word used in output.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Reactivate { .. } => "reactivate",
            Self::Deactivate { .. } => "deactivate",
            Self::Reduce { .. } => "reduce",
            Self::CancelInvite => "cancel_invite",
            Self::HandOver { .. } => "hand_over",
            Self::GiveBack { .. } => "give_back",
            Self::Delete => "delete",
        }
    }

    /// Whether it deletes something in the app.
    #[must_use]
    pub const fn deletes(&self) -> bool {
        matches!(self, Self::CancelInvite | Self::Delete)
    }

    /// Whether it takes access away: what law 11's limits count.
    #[must_use]
    pub const fn removes_access(&self) -> bool {
        match self {
            Self::Deactivate { .. } | Self::Reduce { .. } | Self::CancelInvite | Self::Delete => {
                true
            }
            Self::Create { .. }
            | Self::Update { .. }
            | Self::Reactivate { .. }
            | Self::HandOver { .. }
            | Self::GiveBack { .. } => false,
        }
    }

    /// Whether it gives work to others, or back, and leaves the account itself as it is.
    #[must_use]
    pub const fn moves_work(&self) -> bool {
        matches!(self, Self::HandOver { .. } | Self::GiveBack { .. })
    }
}

/// The part of an account that plans are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// The login.
    pub login: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Option<RoleName>,
    /// Whether it can be used.
    pub status: AccountStatus,
}

impl From<&Account> for AccountState {
    fn from(account: &Account) -> Self {
        Self {
            login: account.login.clone(),
            name: account.name.clone(),
            role: account.role.clone(),
            status: account.status,
        }
    }
}

/// One link in the chain that explains an operation (law 14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Where it comes from: `policy apps.support.access[1]`, `source hr/1042`, `account 17`…
    pub from: String,
    /// What it says.
    pub says: String,
}

impl Reason {
    /// A reason.
    pub fn new(from: impl Into<String>, says: impl Into<String>) -> Self {
        Self { from: from.into(), says: says.into() }
    }
}

/// How much harm a mistaken operation would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// A name.
    Low,
    /// Access given, changed or taken in a way that can be put back.
    Medium,
    /// A privileged role, a message to the outside, or something lost for ever.
    High,
}

impl Risk {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Whether an operation can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
pub enum Reversibility {
    /// Another operation puts everything back.
    Whole,
    /// Something stays.
    Partly {
        /// What stays or is lost.
        lost: String,
    },
    /// Nothing puts it back.
    Never {
        /// What is lost.
        lost: String,
    },
}

/// Why an operation does not go by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Somebody ordered everything, the app or the person to stand still.
    Frozen,
    /// The store knows less than it did: it was restored from a backup.
    Restored,
    /// A named person said no to it.
    Rejected,
    /// Another deletion for the same person cannot go.
    Together,
    /// This kind of write is switched off for the app.
    WritesOff,
    /// The account is protected: owner, last admin, the key's own, break-glass.
    Protected,
    /// What a protection needs to know is not known; counts as tripped.
    CannotTell,
    /// The observation is missing, unproven, too old, or the app cannot be seen.
    Unproven,
    /// More removals than the limit allows.
    Limit,
    /// Policy wants a named person's approval.
    Approval,
    /// The end lies so far back that it is history, not an order.
    History,
    /// An invitation already went out in this engagement.
    AlreadyInvited,
    /// No seat is free.
    Seats,
    /// The app cannot do it.
    Unsupported,
    /// A leaver's work must be handed over first, or nobody is there to take it.
    HandOver,
    /// An earlier run of the same operation has an unknown outcome that must be settled first.
    Unsettled,
}

impl HoldKind {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Restored => "restored",
            Self::Rejected => "rejected",
            Self::Together => "together",
            Self::WritesOff => "writes_off",
            Self::Protected => "protected",
            Self::CannotTell => "cannot_tell",
            Self::Unproven => "unproven",
            Self::Limit => "limit",
            Self::Approval => "approval",
            Self::History => "history",
            Self::AlreadyInvited => "already_invited",
            Self::Seats => "seats",
            Self::Unsupported => "unsupported",
            Self::HandOver => "hand_over",
            Self::Unsettled => "unsettled",
        }
    }

    /// Whether a named person's approval of the operation lifts this hold. The others are lifted
    /// only by changing what they complain about.
    #[must_use]
    pub const fn lifted_by_approval(self) -> bool {
        matches!(
            self,
            Self::Limit | Self::Approval | Self::History | Self::AlreadyInvited | Self::Rejected
        )
    }
}

/// One reason to wait, and what ends the wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What kind.
    pub kind: HoldKind,
    /// What is wrong.
    pub reason: String,
    /// What would release it.
    pub release: String,
}

/// Whom an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    /// The person.
    pub id: PersonId,
    /// Her name when the plan was made.
    pub name: String,
    /// The engagement that the operation follows from.
    pub engagement: Option<u32>,
}

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What it is, whenever it is planned: equal content gives equal fingerprints, and an
    /// approval names a fingerprint.
    pub fingerprint: Digest,
    /// The app.
    pub app: AppName,
    /// What is done.
    #[serde(flatten)]
    pub action: Action,
    /// For whom; `None` where the account is nobody's: it is then about the account alone, which
    /// is always told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRef>,
    /// To which account; `None` for a create.
    pub account: Option<AccountId>,
    /// The account before.
    pub before: Option<AccountState>,
    /// The account after; `None` when it is gone then.
    pub after: Option<AccountState>,
    /// Why, from the decision down to the facts.
    pub reasons: Vec<Reason>,
    /// How much harm a mistake would do.
    pub risk: Risk,
    /// Whether it can be undone.
    pub reversibility: Reversibility,
    /// Why it would wait; empty when nothing speaks against it.
    pub holds: Vec<Hold>,
    /// The named person who let it go in spite of those holds that an approval lifts.
    pub approved_by: Option<String>,
}

/// What identifies an operation: what is done to what. Reasons and holds may be worded anew.
#[derive(Serialize)]
struct Identity<'a> {
    app: &'a AppName,
    #[serde(flatten)]
    action: &'a Action,
    #[serde(flatten)]
    whose: Option<Whose<'a>>,
    account: &'a Option<AccountId>,
    before: &'a Option<AccountState>,
    after: &'a Option<AccountState>,
}

/// For whom it is done; all of it is left out where the account is nobody's.
#[derive(Serialize)]
struct Whose<'a> {
    person: &'a PersonId,
    engagement: Option<u32>,
}

impl Operation {
    /// The fingerprint that this operation's content has.
    ///
    /// # Errors
    /// Never for values of these types; see [`canonical_json`].
    pub fn computed_fingerprint(&self) -> Result<Digest, serde_json::Error> {
        let Self { app, action, person, account, before, after, .. } = self;
        // Whether the account lets in makes no difference to its work: an approval outlives that.
        let (before, after) = if action.moves_work() { (&None, &None) } else { (before, after) };
        digest_of(&Identity {
            app,
            action,
            whose: person
                .as_ref()
                .map(|person| Whose { person: &person.id, engagement: person.engagement }),
            account,
            before,
            after,
        })
    }

    /// What it does, for whom, in few words: `deactivate Ann Ash`.
    #[must_use]
    pub fn brief(&self) -> String {
        format!("{} {}", self.action.word().replace('_', " "), self.name())
    }

    /// Whom it is about, as people know it: the person's name; where the account is nobody's, its
    /// login.
    #[must_use]
    pub fn name(&self) -> &str {
        let account = || self.account.as_ref().map_or("an account", AccountId::as_str);
        let login = || self.before.as_ref().map(|state| state.login.as_str());
        match &self.person {
            Some(person) => &person.name,
            None => login().unwrap_or_else(account),
        }
    }

    /// For whom it is, if it is for somebody.
    #[must_use]
    pub fn person_id(&self) -> Option<&PersonId> {
        self.person.as_ref().map(|person| &person.id)
    }

    /// The engagement that it follows from, if it follows from one.
    #[must_use]
    pub fn engagement(&self) -> Option<u32> {
        self.person.as_ref()?.engagement
    }

    /// Whether it is for `person`.
    #[must_use]
    pub fn is_for(&self, person: &PersonId) -> bool {
        self.person_id() == Some(person)
    }

    /// Whether it goes when the plan is applied: nothing holds it that an approval it has does
    /// not lift.
    #[must_use]
    pub fn goes(&self) -> bool {
        self.holds.is_empty() || (self.approved_by.is_some() && self.goes_when_approved())
    }

    /// Whether a named person's approval would make it go.
    #[must_use]
    pub fn goes_when_approved(&self) -> bool {
        self.holds.iter().all(|hold| hold.kind.lifted_by_approval())
    }
}

/// What a plan was computed from. Two plans of the same basis are the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The policy's digest.
    pub policy: Digest,
    /// The observation.
    pub observation: Option<ObservationId>,
    /// When the observation began.
    pub observed: Option<Timestamp>,
}

/// Something that will change by itself when its time comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upcoming {
    /// When.
    pub at: Timestamp,
    /// Whom it is about.
    pub person: PersonRef,
    /// What will happen, in words: "invited as basic-agent", "access ends".
    pub what: String,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Something that stops a person from getting what the policy gives, and that no operation mends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Whom it is about.
    pub person: PersonRef,
    /// What is wrong: "no work e-mail yet".
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// Something about a person that whoever reads the plan should know, and that changes nothing in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Whom it is about.
    pub person: PersonRef,
    /// What it is.
    pub says: String,
}

/// The plan for one app at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The layout of this document.
    pub version: u32,
    /// The app.
    pub app: AppName,
    /// The moment it was computed for.
    pub at: Timestamp,
    /// What it was computed from.
    pub basis: Basis,
    /// The operations, in the order in which they are done: leavers, movers, joiners.
    pub operations: Vec<Operation>,
    /// What will change by itself later, soonest first.
    pub upcoming: Vec<Upcoming>,
    /// What cannot be planned, and why.
    pub blocked: Vec<Blocked>,
    /// What to know beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Plan {
    /// The layout that this version of Muster writes.
    pub const VERSION: u32 = 1;

    /// The plan as canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// Never for values of these types; see [`canonical_json`].
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        canonical_json(self)
    }

    /// The plan's name: the digest of its canonical JSON.
    ///
    /// # Errors
    /// As [`Plan::canonical`].
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        digest_of(self)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, says } = self;
        write!(f, "{says} ({from})")
    }
}
