//! Accounts and roles: what an app told about who can sign in to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    email::EmailAddress,
    id::{AccountId, RoleName},
};

/// Whether an account can be used. "Active" has three values: yes, no, and
/// cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Can sign in.
    Active,
    /// Invited, not accepted yet as far as can be told. Uses a seat, and can become active at any
    /// moment.
    Invited,
    /// Cannot sign in.
    Inactive,
    /// The app did not tell.
    Unknown,
}

impl AccountStatus {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Inactive => "inactive",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the account lets somebody in, or may do so: everything but [`Self::Inactive`].
    #[must_use]
    pub const fn may_sign_in(self) -> bool {
        !matches!(self, Self::Inactive)
    }
}

/// Whether a second factor guards the account, as the app itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mfa {
    /// The app says yes.
    Enabled,
    /// The app says no.
    Disabled,
    /// The app says nothing, or what it says is no proof (single sign-on).
    #[default]
    Unknown,
}

/// What kind of thing the app says an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// An ordinary account, presumably of one human.
    Human,
    /// The app's own bot or an internal user.
    Bot,
    /// The account of an installed integration.
    Service,
}

impl AccountKind {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
            Self::Service => "service",
        }
    }
}

/// One account of one app, as last read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The app's id.
    pub id: AccountId,
    /// The address, when the login is one.
    pub email: Option<EmailAddress>,
    /// The login as the app spells it; bots can hold something that is no address.
    pub login: String,
    /// The name shown.
    pub name: String,
    /// The role by the name its API uses. `None` when the app did not tell a readable one.
    pub role: Option<RoleName>,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// Human, bot or service.
    pub kind: AccountKind,
    /// The second factor.
    pub mfa: Mfa,
    /// An id of ours or of another system that was written into the account.
    pub external_id: Option<String>,
    /// The single sign-on provider, if the app names one.
    pub sso: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When the app last changed it.
    pub updated: Option<Timestamp>,
    /// Everything else a write could touch, by the app's own field names, so that a write can be
    /// proved to have changed nothing else (law 4). No secrets.
    pub other: BTreeMap<String, serde_json::Value>,
}

/// A role that an app offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The name by which policy and plans call it.
    pub name: RoleName,
    /// The name people see in the app.
    pub label: String,
    /// The id specific to this app account, where the app has one.
    pub id: Option<String>,
    /// How much it may do: a higher rank may do more. Only used to say "lower" and "higher".
    pub rank: u8,
    /// Whether it may manage users or settings: such a role is privileged.
    pub privileged: bool,
    /// Whether it can be given to an account at all.
    pub assignable: bool,
}

/// What is wanted of a new account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccount {
    /// The login; the invitation goes there.
    pub email: EmailAddress,
    /// The name to show.
    pub name: String,
    /// The role to give.
    pub role: RoleName,
    /// Muster's person id, written into the app where it can hold one, so that the account is
    /// recognised for ever after.
    pub external_id: Option<String>,
}

/// What is to be different about an existing account. `None` is "leave it".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountChange {
    /// A new name.
    pub name: Option<String>,
    /// A new role.
    pub role: Option<RoleName>,
    /// Let in (`Active`) or shut out (`Inactive`).
    pub sign_in: Option<SignIn>,
}

/// The two ways a write can set an account's ability to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// May sign in.
    Allowed,
    /// May not.
    Blocked,
}

/// What apps call the parts of a name that they keep beside it.
const NAME_PARTS: [&str; 2] = ["firstname", "lastname"];

impl AccountChange {
    /// Whether nothing is to be changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { name, role, sign_in } = self;
        name.is_none() && role.is_none() && sign_in.is_none()
    }

    /// The fields in which `account` is not yet as this change wants it, in words.
    #[must_use]
    pub fn missing_in(&self, account: &Account) -> BTreeSet<&'static str> {
        let Self { name, role, sign_in } = self;
        let mut missing = BTreeSet::new();
        if name.as_ref().is_some_and(|name| *name != account.name) {
            missing.insert("name");
        }
        if role.as_ref().is_some_and(|role| Some(role) != account.role.as_ref()) {
            missing.insert("role");
        }
        match sign_in {
            Some(SignIn::Allowed) if account.status == AccountStatus::Inactive => {
                missing.insert("sign-in");
            }
            Some(SignIn::Blocked) if account.status != AccountStatus::Inactive => {
                missing.insert("sign-in");
            }
            _ => {}
        }
        missing
    }

    /// The fields that differ between `before` and `after` though this change does not name them:
    /// what a write must leave empty (law 4). Times of change are the app's own business, and so
    /// is what follows from a changed sign-in.
    #[must_use]
    pub fn collateral(&self, before: &Account, after: &Account) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        let mut note = |differs: bool, what: &str| {
            if differs {
                touched.insert(what.to_owned());
            }
        };
        note(before.login != after.login, "login");
        note(self.name.is_none() && before.name != after.name, "name");
        note(self.role.is_none() && before.role != after.role, "role");
        note(self.sign_in.is_none() && before.status != after.status, "sign-in");
        note(before.external_id != after.external_id, "external_id");
        note(before.sso != after.sso, "sso");
        for key in before.other.keys().chain(after.other.keys()) {
            // Apps that also keep the parts of the name make them follow it.
            let follows = self.name.is_some() && NAME_PARTS.contains(&key.as_str());
            note(!follows && before.other.get(key) != after.other.get(key), key);
        }
        touched
    }
}
