//! Who may use Muster itself: users, what their roles permit, and the tokens they make for scripts.
//! Not to be mixed up with people (who work here) and accounts (in apps).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    canonical::Digest,
    email::EmailAddress,
    id::{AppName, OrderId},
    order::Order,
};

/// What somebody is to Muster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, and who else may what.
    Owner,
    /// Everything but who may what.
    Admin,
    /// On- and offboards, settles tasks, applies plans.
    Operator,
    /// Says yes and no to plans.
    Approver,
    /// Reads everything, makes and takes evidence with her; always for a time.
    Auditor,
    /// Reads.
    Viewer,
}

/// What can be done in Muster, as far as it makes a difference who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Look at people, accounts, plans, checks, tasks and the journal.
    Read,
    /// Make and download evidence, and export the journal.
    Evidence,
    /// Say yes or no to operations, and lend that say.
    Decide,
    /// Change people, groups and access; answer tasks; import rosters; freeze; read and apply.
    Operate,
    /// Connect apps; change policy, critical systems, exceptions and attestations; accept a
    /// restored store.
    Configure,
    /// Say who uses Muster, and how they sign in.
    Govern,
}

impl Permission {
    /// Every permission.
    pub const ALL: &[Self] =
        &[Self::Read, Self::Evidence, Self::Decide, Self::Operate, Self::Configure, Self::Govern];

    /// The word for it in the API and in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Evidence => "evidence",
            Self::Decide => "decide",
            Self::Operate => "operate",
            Self::Configure => "configure",
            Self::Govern => "govern",
        }
    }

    /// The permission called `word`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.word() == word)
    }
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: &[Self] =
        &[Self::Owner, Self::Admin, Self::Operator, Self::Approver, Self::Auditor, Self::Viewer];

    /// The word for it in the API and in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Viewer => "viewer",
        }
    }

    /// The role called `word`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.word() == word)
    }

    /// What it permits. The one table; whoever may approve what is the policy's affair beside it.
    #[must_use]
    pub const fn permits(self) -> &'static [Permission] {
        use Permission::{Configure, Decide, Evidence, Govern, Operate, Read};
        match self {
            Self::Owner => &[Read, Evidence, Decide, Operate, Configure, Govern],
            Self::Admin => &[Read, Evidence, Decide, Operate, Configure],
            Self::Operator => &[Read, Decide, Operate],
            Self::Approver => &[Read, Decide],
            Self::Auditor => &[Read, Evidence],
            Self::Viewer => &[Read],
        }
    }

    /// What it is for, in a few words.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Owner => "everything, and who else may what",
            Self::Admin => "everything but who may what",
            Self::Operator => "on- and offboards, settles tasks, applies",
            Self::Approver => "says yes and no to plans",
            Self::Auditor => "reads everything and takes evidence, for a time",
            Self::Viewer => "reads",
        }
    }

    /// Whether it permits this.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.permits().contains(&permission)
    }

    /// Whether somebody in this role must have an end date.
    #[must_use]
    pub const fn is_time_boxed(self) -> bool {
        matches!(self, Self::Auditor)
    }
}

/// Somebody who may sign in to Muster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The address she signs in with; the name the journal gives her.
    pub email: EmailAddress,
    /// What to call her.
    pub name: String,
    /// What she is to Muster.
    pub role: Role,
    /// The only apps she sees and acts on; all of them when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apps: Option<BTreeSet<AppName>>,
    /// When her access ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who let her in.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl User {
    /// Whether she may sign in at `now`.
    #[must_use]
    pub fn is_let_in(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether she has to do with `app`.
    #[must_use]
    pub fn sees(&self, app: &AppName) -> bool {
        self.apps.as_ref().is_none_or(|apps| apps.contains(app))
    }
}

impl Order for User {
    const KIND: &'static str = "user";

    fn key(&self) -> String {
        self.email.folded().to_owned()
    }
}

/// What a script shows instead of signing in. It acts as the user who made it, and never may more
/// than she may at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id: the part of it that is no secret.
    pub id: OrderId,
    /// What it is for.
    pub name: String,
    /// As whom it acts.
    pub user: EmailAddress,
    /// What it may do at most.
    pub scopes: BTreeSet<Permission>,
    /// The digest of the whole token. The token is 256 bits of chance, so nobody guesses it from
    /// this.
    pub digest: Digest,
    /// When it was made.
    pub at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

impl Order for ApiToken {
    const KIND: &'static str = "api_token";

    fn key(&self) -> String {
        self.id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_names_one_role_and_one_permission() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(*role));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::from_word(permission.word()), Some(*permission));
        }
    }

    #[test]
    fn everybody_may_read_and_only_the_owner_says_who_may_what() {
        for role in Role::ALL {
            assert!(role.may(Permission::Read), "{role:?}");
            assert_eq!(role.may(Permission::Govern), *role == Role::Owner, "{role:?}");
        }
    }
}
