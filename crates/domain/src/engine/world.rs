//! What the engine looks at: everything known about one app and the people, at one moment.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::lifecycle::Hours;
use crate::model::{
    account::{Account, Role},
    activity::{Activity, Trail},
    canonical::Digest,
    id::{AccountId, AppName, ObservationId, PersonId, RoleName, SourceName},
    link::Link,
    observation::Completeness,
    operation::{Approval, Learned, Run},
    order::Orders,
    person::Person,
    policy::{AppPolicy, Policy},
    work::OpenWork,
};

/// One account as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// As last read.
    pub account: Account,
    /// Since when it is gone, as a proven read showed.
    pub gone: Option<Timestamp>,
    /// What trying taught about shutting it out.
    pub learned: Option<Learned>,
    /// The work it held when it was last looked at. Only leavers' accounts are.
    pub work: Option<Box<OpenWork>>,
    /// What the app's trail tells of it, if it tells anything.
    pub activity: Option<Box<Activity>>,
}

impl KnownAccount {
    /// What the app's trail tells of it: no hint of anything where it tells nothing.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        self.activity.as_deref().unwrap_or(&Activity::NONE)
    }
}

/// What is known of the app itself and of the last read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The last read, if there was one.
    pub observation: Option<ObservationId>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How old it is. Given apart from [`World::now`], which may lie in the future when a plan is
    /// made for a later moment.
    pub age: Option<SignedDuration>,
    /// Whether it may be believed whole.
    pub completeness: Option<Completeness>,
    /// Why the app cannot be seen now, if it cannot.
    pub unseen: Option<String>,
    /// Why the store is known to know less than it did, if it does.
    pub forgotten: Option<String>,
    /// The account whose key is used.
    pub caller: Option<AccountId>,
    /// The roles the app offers.
    pub roles: Vec<Role>,
    /// Whether the app may be able to shut an account out at all.
    pub can_deactivate: bool,
    /// When shutting an account out last proved to work here.
    pub deactivation_worked: Option<Timestamp>,
    /// How much of the app's trail is known, if any of it is.
    pub trail: Option<Trail>,
    /// How long an invitation is good for, where the app has such a limit.
    pub invitation_lasts: Option<SignedDuration>,
}

impl Sight {
    /// The role called `name`.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == *name)
    }

    /// Whether `name` may manage users or settings. A role nobody knows is taken to.
    #[must_use]
    pub fn is_privileged(&self, name: &RoleName) -> bool {
        self.role(name).is_none_or(|role| role.privileged)
    }

    /// The least role that can be given.
    #[must_use]
    pub fn least_role(&self) -> Option<&Role> {
        self.roles
            .iter()
            .filter(|role| role.assignable)
            .min_by(|a, b| (a.rank, &a.name).cmp(&(b.rank, &b.name)))
    }

    /// Whether giving `to` to someone who has `from` takes rights away. Where a role is not known,
    /// it is taken to: the guards then look twice.
    #[must_use]
    pub fn lowers(&self, from: &RoleName, to: &RoleName) -> bool {
        match (self.role(from), self.role(to)) {
            _ if from == to => false,
            (Some(from), Some(to)) => to.rank < from.rank || (from.privileged && !to.privileged),
            _ => true,
        }
    }
}

/// One app and the people, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The app.
    pub app: &'a AppName,
    /// The policy for the app.
    pub rules: &'a AppPolicy,
    /// Everybody who was ever known.
    pub people: &'a BTreeMap<PersonId, Person>,
    /// Every account that was ever seen and is not known to be gone for good.
    pub accounts: &'a BTreeMap<AccountId, KnownAccount>,
    /// The ties between them.
    pub links: &'a BTreeMap<AccountId, Link>,
    /// The last read.
    pub sight: &'a Sight,
    /// What was done, or tried, so far in this app.
    pub runs: &'a [Run],
    /// The approvals that still hold, by fingerprint.
    pub approvals: &'a BTreeMap<Digest, Approval>,
    /// What people ordered by hand.
    pub orders: &'a Orders,
    /// When each source of people was heard last. What is told by hand is never too old.
    pub heard: &'a BTreeMap<SourceName, Timestamp>,
    /// The moment.
    pub now: Timestamp,
}

impl<'a> World<'a> {
    /// An account as people know it: by its login, else by its id.
    #[must_use]
    pub fn account_name(&self, id: &AccountId) -> String {
        let known = self.accounts.get(id).map(|known| known.account.login.as_str());
        let login = known.filter(|login| !login.trim().is_empty());
        login.map_or_else(|| format!("account {id}"), str::to_owned)
    }

    /// Whether the app's trail is known from before `at` on.
    #[must_use]
    pub fn trail_covers(&self, at: Option<Timestamp>) -> bool {
        at.zip(self.sight.trail).is_some_and(|(at, trail)| trail.since <= at)
    }

    /// When days begin and end here.
    #[must_use]
    pub fn hours(&self) -> Hours<'_> {
        Hours::of(&self.policy.organization, self.rules)
    }
}
