//! Who had what at a moment, as it was known at that moment or at another.

use jiff::Timestamp;
use muster_domain::{
    engine::{
        history::{Known, Read, SeenAccount, Unclear},
        lifecycle,
    },
    model::{
        account::AccountStatus,
        id::{AccountId, AppName, PersonId, RoleName},
        link::{Link, Tie},
        observation::Completeness,
        policy::Policy,
    },
};
use serde::Serialize;

use crate::{
    error::{Error, Result},
    service::{Muster, policy},
};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The moment that is asked about.
    pub as_of: Timestamp,
    /// The moment whose knowledge counts.
    pub known_at: Timestamp,
    /// Only this app.
    pub app: Option<AppName>,
    /// Only this person.
    pub person: Option<PersonId>,
}

/// Who had what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Access {
    /// The moment that is asked about.
    pub as_of: Timestamp,
    /// The moment whose knowledge counts.
    pub known_at: Timestamp,
    /// What was seen of each app by then.
    pub apps: Vec<AppThen>,
    /// The accounts.
    pub accounts: Vec<Held>,
    /// People of whom the journal does not tell what they were.
    pub not_known: Vec<NotKnown>,
}

/// What was seen of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppThen {
    /// The app.
    pub app: AppName,
    /// The last read before the moment, if there was one.
    pub read: Option<Read>,
    /// The last one that proved itself complete. Without one, accounts may have been there that
    /// are not listed: that nobody else had one is not known.
    pub proven: Option<Read>,
}

/// An account as it was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// Its login.
    pub login: String,
    /// The name shown.
    pub name: String,
    /// Its role, as far as the app told.
    pub role: Option<RoleName>,
    /// Whether it let in.
    pub status: AccountStatus,
    /// Since when it was like that.
    pub since: Timestamp,
    /// Whose it was.
    pub owner: Owner,
}

/// Whose an account was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Owner {
    /// A person's.
    Person {
        /// The person.
        id: PersonId,
        /// The name; `None` when it is not known.
        name: Option<String>,
        /// What she was at the moment; `None` when it is not known.
        state: Option<&'static str>,
        /// Why it was hers.
        because: String,
    },
    /// Nobody's own: a service, shared or vendor account.
    NotAPerson {
        /// What it was.
        kind: &'static str,
        /// Who answered for it.
        owner: PersonId,
    },
    /// One that should not exist.
    Unwanted,
    /// Nobody knew.
    NotKnown,
}

/// A person of whom the journal does not tell what she was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotKnown {
    /// The person.
    pub person: PersonId,
    /// Why.
    #[serde(flatten)]
    pub why: Unclear,
}

impl Muster {
    /// Who had which account, as [`Question::known_at`] knew it. Accounts are as the last read
    /// before the moment showed them; whose they were and what people were is as was known later,
    /// where later knowledge is asked for.
    ///
    /// # Errors
    /// When the app is not known, or the store fails.
    pub async fn access_at(&self, question: &Question) -> Result<Access> {
        let Question { as_of, known_at, app, person } = question;
        let mut unrolling = self.unroll().await?;
        unrolling.until(Some(*as_of.min(known_at))).await?;
        let seen = unrolling.known.clone();
        unrolling.until(Some(*known_at)).await?;
        let known = unrolling.known;
        let rules = policy_of(&seen).unwrap_or_else(Policy::none);
        let mut access = Access {
            as_of: *as_of,
            known_at: *known_at,
            apps: Vec::new(),
            accounts: Vec::new(),
            not_known: not_known(&known, person.as_ref()),
        };
        for one in self.store.connections().await?.into_iter().map(|one| one.app) {
            if app.as_ref().is_some_and(|app| *app != one) {
                continue;
            }
            access.accounts.extend(held(&seen, &known, &one, (&rules, *as_of))?);
            let reads = seen.reads.get(&one);
            access.apps.push(AppThen {
                read: reads.map(|reads| reads.last.clone()),
                proven: reads.and_then(|reads| reads.proven.clone()),
                app: one,
            });
        }
        if let (Some(app), true) = (app, access.apps.is_empty()) {
            return Err(Error::NotFound(format!("there is no app {app}; see muster app list")));
        }
        if let Some(person) = person {
            access
                .accounts
                .retain(|held| matches!(&held.owner, Owner::Person { id, .. } if id == person));
        }
        Ok(access)
    }
}

/// The policy as it was valid, where this program understands it.
pub(in crate::service) fn policy_of(known: &Known) -> Option<Policy> {
    policy::check(&known.policy.as_ref()?.text).ok()
}

fn not_known(known: &Known, person: Option<&PersonId>) -> Vec<NotKnown> {
    let wanted = known.unclear.iter().filter(|(id, _)| person.is_none_or(|person| person == *id));
    wanted.map(|(id, why)| NotKnown { person: id.clone(), why: *why }).collect()
}

/// The accounts of an app that were there.
fn held(
    seen: &Known,
    known: &Known,
    app: &AppName,
    (rules, as_of): (&Policy, Timestamp),
) -> Result<Vec<Held>> {
    let links = known.links(app)?;
    let people = known.people()?;
    let hours = lifecycle::Hours::usual(&rules.organization);
    let owner = |link: Option<&Link>| match link.map(|link| &link.tie) {
        Some(Tie::Person { person, because, .. }) => {
            let doc = people.get(person);
            Owner::Person {
                id: person.clone(),
                name: doc.map(muster_domain::model::person::Person::name),
                state: doc.map(|doc| lifecycle::state(doc, &hours, as_of).word()),
                because: because.clone(),
            }
        }
        Some(Tie::NotAPerson { kind, owner, .. }) => {
            Owner::NotAPerson { kind: kind.word(), owner: owner.clone() }
        }
        Some(Tie::Unwanted { .. }) => Owner::Unwanted,
        None => Owner::NotKnown,
    };
    let there = |(id, seen): (&AccountId, &SeenAccount)| {
        if seen.gone.is_some() {
            return None;
        }
        let account = &seen.account;
        Some(Held {
            app: app.clone(),
            account: id.clone(),
            login: account.login.clone(),
            name: account.name.clone(),
            role: account.role.clone(),
            status: account.status,
            since: seen.last_changed,
            owner: owner(links.get(id)),
        })
    };
    Ok(seen.accounts.get(app).into_iter().flatten().filter_map(there).collect())
}

impl AppThen {
    /// How far the list of accounts can be believed, in a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        match (&self.read, &self.proven) {
            (None, _) => "not known: it had not been read by then".to_owned(),
            (Some(read), None) => format!(
                "read {}, never proven complete: who else had an account is not known",
                day(read.started)
            ),
            (Some(read), Some(_)) if read.completeness == Completeness::Proven => {
                format!("read {}, proven complete", day(read.started))
            }
            (Some(read), Some(proven)) => format!(
                "read {}, not proven complete; the last complete read was {}",
                day(read.started),
                day(proven.started)
            ),
        }
    }
}
