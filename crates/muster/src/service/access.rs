//! One-off access: granting it, making an exception for a role set in the app itself, taking both
//! back.

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        consent,
        correlate::Match,
        groups,
        lifecycle::{self, Hours, PersonState},
        plan,
    },
    model::{
        group::{Grant, Until, Weight},
        id::{AppName, OrderId, PersonId, RoleName},
        journal::{About, Event},
        order::Order as _,
        person::{Person, Scope},
    },
};
use serde::Serialize;
use serde_json::json;

use super::{Muster, why::state_at};
use crate::{
    connectors,
    error::{Error, Result},
};

/// The longest that an exception may last: a leap year.
const LONGEST_EXCEPTION: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What is to be granted, and why.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// To whom.
    pub person: Person,
    /// In which app.
    pub app: AppName,
    /// The role.
    pub role: RoleName,
    /// Beside rules and groups, or instead of them.
    pub weight: Weight,
    /// Why.
    pub reason: String,
    /// How long.
    pub until: Option<Until>,
}

/// A grant and whom it is for.
#[derive(Debug, Clone, Serialize)]
pub struct GrantView {
    /// The grant.
    #[serde(flatten)]
    pub grant: Grant,
    /// The person's name.
    pub name: String,
    /// What the person is now.
    pub state: Option<&'static str>,
    /// When it ends by its date.
    pub ends: Option<Timestamp>,
    /// Whether it counts.
    pub standing: Standing,
}

/// Whether a grant counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It counts.
    InForce,
    /// It was for a job that is over; it does not count in another one.
    OfEarlierJob,
}

impl Muster {
    /// Grants one-off access. It ends at its date, and with the job.
    ///
    /// # Errors
    /// When app or role are not known, no reason is given, the end has passed, the person has
    /// left or is out of scope, or somebody would grant it to herself.
    pub async fn grant_access(&self, new: NewGrant) -> Result<Grant> {
        let NewGrant { person, app, role, weight, reason, until } = new;
        self.role_of_app(&app, &role).await?;
        self.may_be_given(&person, until).await?;
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Error::Invalid("say why: --reason TEXT".to_owned()));
        }
        let (now, by) = (self.env.now(), self.actor.clone());
        let about = format!("{} {app} {role} {reason}", person.id);
        let id = OrderId::derive(Grant::KIND, &by, now, &about);
        let grant = Grant { id, person: person.id, app, role, weight, reason, until, by, at: now };
        let mut tx = self.begin();
        tx.put_order(&grant);
        tx.journal(Event::AccessGranted, about_grant(&grant), json!({"grant": grant}));
        tx.commit().await?;
        Ok(grant)
    }

    /// Lets the role of an account be what it is, whatever rules and groups say.
    ///
    /// # Errors
    /// As [`Muster::grant_access`], and when nobody knows whose the account is or its role.
    pub async fn except_account(&self, account: &str, until: Until, reason: &str) -> Result<Grant> {
        let (app, account) = self.find_account(account).await?;
        let situation = self.situation(&app).await?;
        let correlation = plan::correlation(&situation.world(self.env.now())?);
        let Some(Match::Linked { person, .. }) = correlation.matches.get(&account.id) else {
            return Err(Error::Invalid(format!(
                "nobody knows whose {app}/{} is; say so first: muster accounts link {app}/{} PERSON",
                account.id, account.id
            )));
        };
        let (Some(person), Some(role)) = (situation.people.get(person), account.role) else {
            return Err(Error::Invalid(format!(
                "the role of {app}/{} could not be read, so it cannot be kept; see muster sync {app}",
                account.id
            )));
        };
        let zone = lifecycle::zone_of(person, &situation.policy.organization);
        if groups::end(until, &zone).duration_since(self.env.now()) > LONGEST_EXCEPTION {
            return Err(Error::Invalid(
                "an exception may last a year at most; give an earlier end".to_owned(),
            ));
        }
        let new = NewGrant {
            person: person.clone(),
            app,
            role,
            weight: Weight::Instead,
            reason: reason.to_owned(),
            until: Some(until),
        };
        self.grant_access(new).await
    }

    /// The grants whose date has not passed, oldest first; also those that no longer count because
    /// the job is over in which they were given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn grants(&self) -> Result<Vec<GrantView>> {
        let policy = self.policy_or_none().await?;
        let people = self.people().await?;
        let now = self.env.now();
        let mut views = Vec::new();
        for grant in self.store.orders().await?.grants {
            let person = people.get(&grant.person);
            let ends = grant.until.map(|until| {
                let organization = &policy.organization;
                let zone = person.map(|person| lifecycle::zone_of(person, organization));
                groups::end(until, &zone.unwrap_or_else(|| organization.time_zone.clone()))
            });
            if ends.is_some_and(|end| end <= now) {
                continue;
            }
            let hours = match policy.apps.get(&grant.app) {
                Some(rules) => Hours::of(&policy.organization, rules),
                None => Hours::usual(&policy.organization),
            };
            let counts = |person: &&Person| groups::is_in_force(&grant, person, &hours, now);
            let standing = match person.filter(counts) {
                Some(_) => Standing::InForce,
                None => Standing::OfEarlierJob,
            };
            views.push(GrantView {
                standing,
                name: person.map_or_else(|| grant.person.to_string(), Person::name),
                state: person.map(|person| state_at(person, &policy, now).word()),
                grant,
                ends,
            });
        }
        views.sort_by_key(|view| view.grant.at);
        Ok(views)
    }

    /// Takes back the grant whose id begins with `text`.
    ///
    /// # Errors
    /// When there is none, or several, or the store fails.
    pub async fn revoke_access(&self, text: &str) -> Result<Grant> {
        let mut found: Vec<_> = self.store.orders().await?.grants;
        found.retain(|grant| {
            let id = grant.id.as_str();
            id.starts_with(text) || id.trim_start_matches("ord_").starts_with(text)
        });
        let grant = match <[Grant; 1]>::try_from(found) {
            Ok([grant]) => grant,
            Err(found) if found.is_empty() => {
                return Err(Error::NotFound(format!(
                    "no grant begins with {text}; see muster access list"
                )));
            }
            Err(_) => {
                return Err(Error::Invalid(format!(
                    "{text} names several grants; give more of the id: muster access list"
                )));
            }
        };
        let mut tx = self.begin();
        tx.remove_order(&grant);
        tx.journal(Event::AccessRevoked, about_grant(&grant), json!({"grant": grant}));
        tx.commit().await?;
        Ok(grant)
    }

    /// Whether `app` is connected and has `role`.
    pub(super) async fn role_of_app(&self, app: &AppName, role: &RoleName) -> Result<()> {
        let connection = self.connection(app).await?;
        let Some(kind) = connectors::named(&connection.connector) else { return Ok(()) };
        if kind.roles.contains(&role.as_str()) {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "{app} has no role {role:?}; it has {}",
            kind.roles.join(", "),
            role = role.as_str()
        )))
    }

    /// Whether something may be given to `person` by hand, until then, by whoever is asking.
    pub(super) async fn may_be_given(&self, person: &Person, until: Option<Until>) -> Result<()> {
        let policy = self.policy_or_none().await?;
        let now = self.env.now();
        let name = person.name();
        if consent::means(person, &self.actor) {
            return Err(Error::Invalid(
                "nobody gives access to themselves; ask somebody else to".to_owned(),
            ));
        }
        if person.profile.in_scope == Some(Scope::Out) {
            return Err(Error::Invalid(format!(
                "{name} is out of scope by the roster and gets no accounts"
            )));
        }
        if let PersonState::Ended { .. } | PersonState::Withdrawn = state_at(person, &policy, now) {
            return Err(Error::Invalid(format!(
                "{name} does not work here any more; see muster people show {}",
                person.id
            )));
        }
        let zone = lifecycle::zone_of(person, &policy.organization);
        if until.is_some_and(|until| groups::end(until, &zone) <= now) {
            return Err(Error::Invalid("the end has passed already; give a later one".to_owned()));
        }
        Ok(())
    }

    /// What ends together with `person`'s work here: groups and grants given by hand.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ordered_for(&self, person: &PersonId) -> Result<Vec<String>> {
        let orders = self.store.orders().await?;
        let groups = orders.memberships.iter().filter(|one| one.person == *person);
        let said = groups.map(|one| format!("group {}, put in by {}", one.group, one.by));
        let grants = self.grants().await?.into_iter();
        let grants = grants
            .filter(|view| view.grant.person == *person && view.standing == Standing::InForce);
        Ok(said
            .chain(grants.map(
                |GrantView { grant: Grant { role, app, by, reason, .. }, .. }| {
                    format!("{role} in {app}, granted by {by}: {reason}")
                },
            ))
            .collect())
    }
}

fn about_grant(grant: &Grant) -> About {
    About { person: Some(grant.person.clone()), app: Some(grant.app.clone()), ..About::default() }
}
