//! Users put into the helpdesk by hand, past the API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::users::{Role, Sso};

/// A user to be put into the helpdesk by hand, past the API: `NewUser::new("a@b.example").role(..)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Its address.
    pub email: String,
    /// Its name; the mailbox's name when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// What it may do; basic agent when absent.
    #[serde(default = "basic")]
    pub role: Role,
    /// Whether it can log in.
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether it takes over the account.
    #[serde(default)]
    pub owner: bool,
    /// Set for an app's service user.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Whether it has set a password.
    #[serde(default = "yes")]
    pub has_password: bool,
    /// Whether it has a second factor.
    #[serde(default)]
    pub has_2fa: bool,
    /// The identity provider it signs in with.
    #[serde(default)]
    pub sso: Option<Sso>,
    /// When it was created; now when absent.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// The number another system knows it by.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Whether an invitation was sent to it and is open.
    #[serde(default)]
    pub invited: bool,
}

const fn basic() -> Role {
    Role::BasicAgent
}

const fn yes() -> bool {
    true
}

impl NewUser {
    /// A basic agent who has set a password and works.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            name: None,
            role: Role::BasicAgent,
            active: true,
            owner: false,
            client_id: None,
            has_password: true,
            has_2fa: false,
            sso: None,
            created_at: None,
            external_id: None,
            invited: false,
        }
    }

    /// With this name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With this role.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Unable to log in.
    #[must_use]
    pub const fn deactivated(mut self) -> Self {
        self.active = false;
        self
    }

    /// The owner of the account, in place of who was it, and an admin.
    #[must_use]
    pub const fn owner(mut self) -> Self {
        self.owner = true;
        self.role = Role::Admin;
        self
    }

    /// A bot without a password.
    #[must_use]
    pub const fn bot(mut self) -> Self {
        self.role = Role::Bot;
        self.has_password = false;
        self
    }

    /// The service user of an app.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self.has_password = false;
        self
    }

    /// With a second factor.
    #[must_use]
    pub const fn with_2fa(mut self) -> Self {
        self.has_2fa = true;
        self
    }

    /// Signing in by `sso`, without a password.
    #[must_use]
    pub const fn sso(mut self, sso: Sso) -> Self {
        self.sso = Some(sso);
        self.has_password = false;
        self
    }

    /// Created at this moment.
    #[must_use]
    pub const fn created_at(mut self, at: Timestamp) -> Self {
        self.created_at = Some(at);
        self
    }

    /// Known to another system by this number.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// With an open invitation and no password yet.
    #[must_use]
    pub const fn invited(mut self) -> Self {
        self.invited = true;
        self.has_password = false;
        self
    }
}
