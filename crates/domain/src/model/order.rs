//! What people ordered by hand: kept beside what sources and apps tell, valid until it lapses or is
//! taken back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    canonical::digest_of_parts,
    check::{Attestation, CriticalSystem, Exception},
    consent::{Delegation, Extension, Rejection},
    group::{Grant, Group, Membership},
    id::{AccountId, AppName, OperationId, OrderId, PersonId, RoleName, TaskId},
    keep::Keep,
    person::{OrderedEnd, Person},
    user::{ApiToken, User},
    work::HandOverTo,
};

/// A kind of order. Each kind is one list in [`Orders`].
pub trait Order: Serialize + DeserializeOwned {
    /// The word under which orders of this kind are kept.
    const KIND: &'static str;

    /// What tells this order from others of its kind; a later one with the same key replaces it.
    fn key(&self) -> String;
}

macro_rules! orders {
    ($($(#[$doc:meta])* $list:ident: $order:ty),+ $(,)?) => {
        /// Everything that was ordered by hand and not taken back, by kind.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Orders {
            $($(#[$doc])* pub $list: Vec<$order>),+
        }

        impl Orders {
            /// Every kind of order.
            pub const KINDS: &[&str] = &[$(<$order as Order>::KIND),+];

            /// Adds an order of the kind called `kind` from its JSON; nothing when there is no such
            /// kind.
            ///
            /// # Errors
            /// When the JSON is not an order of that kind.
            pub fn add(&mut self, kind: &str, json: &str) -> Result<(), serde_json::Error> {
                $(if kind == <$order as Order>::KIND {
                    self.$list.push(serde_json::from_str(json)?);
                })+
                Ok(())
            }

            /// Every order as JSON, by kind and key.
            ///
            /// # Errors
            /// Never for orders that were read.
            pub fn documents(
                &self,
            ) -> Result<BTreeMap<(&'static str, String), serde_json::Value>, serde_json::Error> {
                let mut documents = BTreeMap::new();
                $(for order in &self.$list {
                    let key = (<$order as Order>::KIND, order.key());
                    documents.insert(key, serde_json::to_value(order)?);
                })+
                Ok(documents)
            }

            /// The orders that speak of `text`, as kind and key.
            ///
            /// # Errors
            /// Never for orders that were read.
            pub fn mentioning(
                &self,
                text: &str,
            ) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
                let mut found = Vec::new();
                $(for order in &self.$list {
                    if serde_json::to_string(order)?.contains(text) {
                        found.push((<$order as Order>::KIND, order.key()));
                    }
                })+
                Ok(found)
            }
        }
    };
}

orders! {
    /// Orders to stand still.
    freezes: Freeze,
    /// What is to become of people's work.
    work: WorkOrder,
    /// Operations that were rejected.
    rejections: Rejection,
    /// Who may approve in whose place.
    delegations: Delegation,
    /// Accounts that stay as an undo put them back.
    keeps: Keep,
    /// Groups of people.
    groups: Group,
    /// Who belongs to a group by hand.
    memberships: Membership,
    /// One-off access.
    grants: Grant,
    /// People who were found to be others.
    merged: Merged,
    /// Who was asked to do a task, and by when.
    assignments: Assignment,
    /// Accounts that are not certain people's.
    not_theirs: NotTheirs,
    /// People who look alike and are two.
    distinct: Distinct,
    /// Contracts that somebody wants to extend.
    extensions: Extension,
    /// What is wrong and left so for a while.
    exceptions: Exception,
    /// Named persons' words for what no system tells.
    attestations: Attestation,
    /// Apps that were declared critical by command.
    critical_systems: CriticalSystem,
    /// Which accounts the protected logins of a policy were found to mean.
    shields: Shield,
    /// Whose accounts were that were taken from them since.
    held: Held,
    /// Which accounts had a higher role.
    ranks: Ranked,
    /// Who may sign in to Muster.
    users: User,
    /// What scripts show instead of signing in.
    api_tokens: ApiToken,
}

/// What a freeze is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Frozen {
    /// Every app and everybody.
    Everything,
    /// One app.
    App {
        /// The app.
        app: AppName,
    },
    /// One person, in every app.
    Person {
        /// The person.
        person: PersonId,
    },
}

/// Which writes a freeze stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    /// All of them.
    Writes,
    /// Only what deletes: a litigation hold. Sign-in may still be cut.
    Deletions,
}

/// An order to stand still: nothing is written to what it is about while it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Its id.
    pub id: OrderId,
    /// What it is about.
    #[serde(flatten)]
    pub frozen: Frozen,
    /// What it stops.
    pub stops: Stops,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it ends by itself, if it does.
    pub until: Option<Timestamp>,
}

impl Order for Freeze {
    const KIND: &'static str = "freeze";

    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// That a login which the policy protects was found to be this account's. It stays protected when
/// its login changes in the app, for as long as the policy names the login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shield {
    /// In which app.
    pub app: AppName,
    /// The login, folded.
    pub login: String,
    /// The account.
    pub account: AccountId,
    /// When it was found first.
    pub at: Timestamp,
}

impl Order for Shield {
    const KIND: &'static str = "shield";

    fn key(&self) -> String {
        digest_of_parts(&[self.app.as_str(), &self.login, self.account.as_str()]).to_string()
    }
}

/// That an account was somebody's until a word, or a change in the app, took it from her. What she
/// could get in by, she may still get in by, whatever is said of it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// In which app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// Whose it was.
    pub person: PersonId,
    /// Whether it was tied to her; else it only had an address of hers.
    pub tied: bool,
    /// Until when.
    pub until: Timestamp,
    /// Who took it from her.
    pub by: String,
    /// When it was last seen letting nobody in, or gone.
    pub shut: Option<Timestamp>,
}

impl Order for Held {
    const KIND: &'static str = "held";

    fn key(&self) -> String {
        digest_of_parts(&[self.app.as_str(), self.account.as_str(), self.person.as_str()])
            .to_string()
    }
}

/// That an account had a role by which users or settings can be managed, and lost it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// In which app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// The role.
    pub role: RoleName,
    /// Until when it had it.
    pub until: Timestamp,
}

impl Order for Ranked {
    const KIND: &'static str = "rank";

    fn key(&self) -> String {
        digest_of_parts(&[self.app.as_str(), self.account.as_str()]).to_string()
    }
}

/// That a person is the same human as another, who goes on for both. Taking it back makes them
/// two again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The person who is no longer one of her own, as she was.
    pub person: Person,
    /// Who goes on.
    pub into: PersonId,
    /// The end that was ordered for the one who goes on.
    pub kept_end: Option<OrderedEnd>,
    /// Under which number each of her engagements is known from then on.
    pub numbers: BTreeMap<u32, u32>,
    /// The accounts whose tie was moved with her.
    pub links: Vec<(AppName, AccountId)>,
    /// The runs that were moved with her.
    pub runs: Vec<OperationId>,
    /// The accounts that let in for longer because of it.
    #[serde(default)]
    pub kept: Vec<(AppName, AccountId)>,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Order for Merged {
    const KIND: &'static str = "merged";

    fn key(&self) -> String {
        self.person.id.to_string()
    }
}

/// A human's word that an account is not a certain person's: no rule gives it to her, and nobody is
/// asked about it again. Saying that it is hers takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTheirs {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// Whose it is not.
    pub person: PersonId,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Order for NotTheirs {
    const KIND: &'static str = "not_theirs";

    fn key(&self) -> String {
        format!("{}/{}/{}", self.app, self.account, self.person)
    }
}

/// A human's word that two records are two people, however alike they look. Merging them takes it
/// back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distinct {
    /// One of them: the one whose id comes first.
    pub one: PersonId,
    /// The other.
    pub other: PersonId,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Distinct {
    /// That `one` and `other` are two people, in whichever order they are named.
    #[must_use]
    pub fn new(one: PersonId, other: PersonId, by: String, at: Timestamp) -> Self {
        let (one, other) = if other < one { (other, one) } else { (one, other) };
        Self { one, other, by, at }
    }
}

impl Order for Distinct {
    const KIND: &'static str = "distinct";

    fn key(&self) -> String {
        format!("{}/{}", self.one, self.other)
    }
}

impl Orders {
    /// `person` and everybody as whom she goes on since she was said to be another.
    pub fn goes_on_as<'a>(&'a self, person: &'a PersonId) -> impl Iterator<Item = &'a PersonId> {
        // Merges form no ring, but what was read from a file is not believed without an end.
        let next = |person: &&'a PersonId| {
            let merged = self.merged.iter().find(|merged| merged.person.id == **person)?;
            Some(&merged.into)
        };
        std::iter::successors(Some(person), next).take(self.merged.len().saturating_add(1))
    }

    /// Whether somebody said that `one` and `other` are two people.
    #[must_use]
    pub fn are_distinct(&self, one: &PersonId, other: &PersonId) -> bool {
        let is = |said: &PersonId, meant: &PersonId| self.goes_on_as(said).any(|id| id == meant);
        self.distinct.iter().any(|said| {
            (is(&said.one, one) && is(&said.other, other))
                || (is(&said.one, other) && is(&said.other, one))
        })
    }
}

impl Freeze {
    /// Whether it holds at `now` in `app` for `person`, or for an account that is nobody's.
    #[must_use]
    pub fn holds(&self, app: &AppName, person: Option<&PersonId>, now: Timestamp) -> bool {
        let meant = match &self.frozen {
            Frozen::Everything => true,
            Frozen::App { app: frozen } => frozen == app,
            Frozen::Person { person: frozen } => Some(frozen) == person,
        };
        meant && self.at <= now && self.until.is_none_or(|until| now < until)
    }
}

/// What somebody chose for the work of one person: goes before what the policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder {
    /// Whose work.
    pub person: PersonId,
    /// In one app; in every app otherwise.
    pub app: Option<AppName>,
    /// Who takes it over. Nobody: it stays, and removal does not wait for it.
    pub to: HandOverTo,
    /// Who chose.
    pub by: String,
    /// When. A choice made before an engagement began is none of its business.
    pub at: Timestamp,
}

impl Order for WorkOrder {
    const KIND: &'static str = "work";

    fn key(&self) -> String {
        let app = self.app.as_ref().map_or("", AppName::as_str);
        format!("{}/{app}", self.person)
    }
}

/// Somebody was asked to do a task, or given another date for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The task.
    pub task: TaskId,
    /// Who should do it, if not the app's owner.
    pub owner: Option<String>,
    /// The person who was asked, if she was asked as the manager of the one whom the task is about:
    /// when another becomes the manager, the task is that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_manager: Option<PersonId>,
    /// By when, if not within the time allowed.
    pub due: Option<Timestamp>,
    /// What was noted.
    pub note: Option<String>,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Order for Assignment {
    const KIND: &'static str = "assignment";

    fn key(&self) -> String {
        self.task.to_string()
    }
}

impl OrderId {
    /// The id of an order given by `by` at `at`: the same words at the same moment are one order.
    #[must_use]
    pub fn derive(kind: &str, by: &str, at: Timestamp, about: &str) -> Self {
        Self::short_of(&digest_of_parts(&[kind, by, &at.to_string(), about]))
    }
}
