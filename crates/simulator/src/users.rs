//! The people of the account: what is known about each, and the table which keeps them in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::paging::{Heading, Key};

/// What a user may do. Named as in Gorgias's interface documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Admin: the only one who manages users.
    Admin,
    /// Lead (earlier: Agent).
    Agent,
    /// Basic.
    BasicAgent,
    /// Lite.
    LiteAgent,
    /// Observer.
    ObserverAgent,
    /// A bot; cannot be assigned.
    Bot,
    /// Gorgias's own staff; cannot be assigned.
    InternalAgent,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Admin,
        Self::Agent,
        Self::BasicAgent,
        Self::LiteAgent,
        Self::ObserverAgent,
        Self::Bot,
        Self::InternalAgent,
    ];

    /// The name in Gorgias's API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::BasicAgent => "basic-agent",
            Self::LiteAgent => "lite-agent",
            Self::ObserverAgent => "observer-agent",
            Self::Bot => "bot",
            Self::InternalAgent => "internal-agent",
        }
    }
}

/// The identity provider a user signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sso {
    /// Google.
    Google,
    /// Microsoft.
    Office365,
}

/// A user as the helpdesk keeps it. Deleted ones are kept too, for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// Its number; users and customers draw from one sequence.
    pub id: u64,
    /// Its address; for bots possibly none that mail could reach.
    pub email: String,
    /// Its full name.
    pub name: String,
    /// First and last name, where they were written apart (`NameStyle::Writable`).
    pub written_names: Option<(String, String)>,
    /// What it may do.
    pub role: Role,
    /// Whether it owns the account. At most one does.
    pub owner: bool,
    /// Since when it cannot log in; none while it can.
    pub deactivated_at: Option<Timestamp>,
    /// When it was deleted; none while it exists.
    pub deleted_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// A few words about it.
    pub bio: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// The number another system knows it by.
    pub external_id: Option<String>,
    /// `en` or `fr`, or anything where the dialect lets it.
    pub language: Option<String>,
    /// An IANA name.
    pub timezone: Option<String>,
    /// What was written to `meta`, without the read-only `sso`.
    pub meta: Map<String, Value>,
    /// A link to its picture.
    pub picture: Option<String>,
    /// The identity provider it signs in with.
    pub sso: Option<Sso>,
    /// Set for an app's service user.
    pub client_id: Option<String>,
    /// Whether it has set a password.
    pub has_password: bool,
    /// Whether it has a second factor.
    pub has_2fa: bool,
}

impl UserRecord {
    /// Whether it exists and can log in.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.deactivated_at.is_none() && self.deleted_at.is_none()
    }

    /// Whether it exists still.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Whether the plan counts it.
    pub(crate) const fn takes_seat(&self) -> bool {
        self.is_active()
            && self.client_id.is_none()
            && !matches!(self.role, Role::Bot | Role::InternalAgent)
    }
}

/// What a list of users can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Name,
    Created,
    Email,
    Role,
}

/// All users, findable by number and address and readable in four orders without sorting.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<UserRecord>", into = "Vec<UserRecord>")]
pub(crate) struct UserTable {
    rows: BTreeMap<u64, UserRecord>,
    by_name: BTreeSet<Key>,
    by_created: BTreeSet<Key>,
    by_email: BTreeSet<Key>,
    by_role: BTreeSet<Key>,
    seats_taken: u32,
}

impl From<Vec<UserRecord>> for UserTable {
    fn from(rows: Vec<UserRecord>) -> Self {
        let mut table = Self::default();
        for row in rows {
            table.put(row);
        }
        table
    }
}

impl From<UserTable> for Vec<UserRecord> {
    fn from(table: UserTable) -> Self {
        table.rows.into_values().collect()
    }
}

impl UserTable {
    /// Stores `user` in place of what had its number.
    pub(crate) fn put(&mut self, user: UserRecord) {
        if let Some(old) = self.rows.remove(&user.id) {
            self.index(&old, |set, key| {
                set.remove(&key);
            });
            self.seats_taken -= u32::from(old.takes_seat());
        }
        self.index(&user, |set, key| {
            set.insert(key);
        });
        self.seats_taken += u32::from(user.takes_seat());
        self.rows.insert(user.id, user);
    }

    fn index(&mut self, user: &UserRecord, change: impl Fn(&mut BTreeSet<Key>, Key)) {
        if !user.exists() {
            return;
        }
        for order in [Order::Name, Order::Created, Order::Email, Order::Role] {
            let set = match order {
                Order::Name => &mut self.by_name,
                Order::Created => &mut self.by_created,
                Order::Email => &mut self.by_email,
                Order::Role => &mut self.by_role,
            };
            change(set, Self::key(user, order));
        }
    }

    /// The place of `user` in an order.
    pub(crate) fn key(user: &UserRecord, order: Order) -> Key {
        let text = match order {
            Order::Name => user.name.to_lowercase(),
            Order::Created => format!("{:020}", user.created_at.as_microsecond().max(0)),
            Order::Email => user.email.to_lowercase(),
            Order::Role => user.role.name().to_owned(),
        };
        Key { text, id: user.id }
    }

    /// The existing user with this number.
    pub(crate) fn get(&self, id: u64) -> Option<&UserRecord> {
        self.record(id).filter(|user| user.exists())
    }

    /// The user with this number, deleted or not.
    pub(crate) fn record(&self, id: u64) -> Option<&UserRecord> {
        self.rows.get(&id)
    }

    /// Every user that ever was, by number.
    pub(crate) fn records(&self) -> impl Iterator<Item = &UserRecord> {
        self.rows.values()
    }

    /// How many exist.
    pub(crate) fn len(&self) -> usize {
        self.by_created.len()
    }

    /// How many seats of the plan are taken.
    pub(crate) const fn seats_taken(&self) -> u32 {
        self.seats_taken
    }

    /// The existing users with this address, in any letter case.
    pub(crate) fn with_email(&self, email: &str) -> impl Iterator<Item = &UserRecord> {
        let text = email.to_lowercase();
        let range = Key { text: text.clone(), id: 0 }..=Key { text, id: u64::MAX };
        self.by_email.range(range).filter_map(|key| self.rows.get(&key.id))
    }

    /// The existing users in an order, from behind `from` or from the beginning.
    pub(crate) fn walk<'a>(
        &'a self,
        order: Order,
        heading: Heading,
        from: Option<&Key>,
    ) -> Box<dyn Iterator<Item = &'a UserRecord> + 'a> {
        let set = match order {
            Order::Name => &self.by_name,
            Order::Created => &self.by_created,
            Order::Email => &self.by_email,
            Order::Role => &self.by_role,
        };
        let from = from.map_or(Bound::Unbounded, Bound::Excluded);
        let row = |key: &Key| self.rows.get(&key.id);
        match heading {
            Heading::Up => Box::new(set.range((from, Bound::Unbounded)).filter_map(row)),
            Heading::Down => Box::new(set.range((Bound::Unbounded, from)).rev().filter_map(row)),
        }
    }
}
