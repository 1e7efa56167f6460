//! Access beside the policy's rules: groups, who belongs to them by hand, and one-off grants. All
//! are orders of named persons; `engine::groups` says what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    id::{AppName, GroupName, OrderId, PersonId, RoleName},
    order::Order,
};

/// How long something ordered by hand lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Through this day, where the person is.
    Day(Date),
    /// Until this instant.
    Moment(Timestamp),
}

/// A named bundle of access, and the rule saying who belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: GroupName,
    /// What people call it.
    pub label: Option<String>,
    /// Who belongs to it by rule: a condition in CEL over the person. Beside them belong those who
    /// were put in by hand.
    pub when: Option<String>,
    /// The groups whose access its members get as well.
    pub parents: BTreeSet<GroupName>,
    /// The role it gives in each app.
    pub gives: BTreeMap<AppName, RoleName>,
    /// Who last changed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Order for Group {
    const KIND: &'static str = "group";

    fn key(&self) -> String {
        self.name.to_string()
    }
}

/// A person put into a group by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: GroupName,
    /// The person.
    pub person: PersonId,
    /// How long; without it, as long as she works here.
    pub until: Option<Until>,
    /// Who put her in.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Order for Membership {
    const KIND: &'static str = "membership";

    fn key(&self) -> String {
        format!("{}/{}", self.group, self.person)
    }
}

/// How a grant stands to what rules and groups give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The strongest counts.
    Beside,
    /// It counts instead of everything else: an exception for a role set in the app itself.
    Instead,
}

/// One-off access of one person to one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: OrderId,
    /// Who gets it.
    pub person: PersonId,
    /// The app.
    pub app: AppName,
    /// The role.
    pub role: RoleName,
    /// Beside rules and groups, or instead of them.
    pub weight: Weight,
    /// Why.
    pub reason: String,
    /// How long; without it, as long as she works here.
    pub until: Option<Until>,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Order for Grant {
    const KIND: &'static str = "grant";

    fn key(&self) -> String {
        self.id.to_string()
    }
}
