//! People by hand: adding them, telling what changes, and what the next plan makes of it. For a
//! company without an HR system this is its directory.

mod extend;
mod meet;
mod own;
mod redact;
mod unite;

use std::collections::BTreeSet;

use jiff::civil::Date;
use muster_domain::{
    engine::{
        hand::{self, Moment, Word},
        lifecycle::{self, Hours, PersonState},
        merge::{FieldChange, Proposal, Ranking, differences, proposals},
    },
    model::{
        journal::{About, Event},
        person::{Person, Profile, Terms},
    },
};
use serde::Serialize;
use serde_json::json;

pub use self::{
    meet::Met,
    redact::Redacted,
    unite::{Parting, United},
};
use super::{
    Muster,
    why::{self, PersonInApp, state_at},
};
use crate::error::{Error, Result};

/// What is told of a person by hand.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Of herself.
    pub profile: Profile,
    /// Of her work.
    pub terms: Terms,
    /// The manager, as people would name her.
    pub manager: Option<String>,
}

/// What telling something by hand would change.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The person as she was; nothing when she was not known.
    #[serde(skip)]
    pub before: Option<Person>,
    /// The person as she will be.
    pub person: Person,
    /// What becomes different.
    pub changes: Vec<FieldChange>,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// What the next plan makes of it, app by app.
    pub apps: Vec<PersonInApp>,
    /// How it keeps a contractor longer, if it does: then somebody else must approve it.
    pub extends: Option<String>,
    /// What is told, of which engagement.
    #[serde(skip)]
    words: (Vec<Word>, Option<u32>),
}

/// As in a roster: no text is blank or holds what cannot be seen or would steer a terminal.
fn can_be_read(told: &serde_json::Value) -> Result<()> {
    match told {
        serde_json::Value::String(text) if text.trim().is_empty() => {
            Err(Error::Invalid("a text must not be blank; leave it out, or --clear it".to_owned()))
        }
        serde_json::Value::String(text) if text.chars().any(char::is_control) => {
            Err(Error::Invalid(format!("{text:?} holds a control character; leave it out")))
        }
        serde_json::Value::Array(many) => many.iter().try_for_each(can_be_read),
        serde_json::Value::Object(fields) => fields.values().try_for_each(can_be_read),
        _ => Ok(()),
    }
}

impl Muster {
    /// The day it is where the organisation is.
    pub(super) async fn today(&self) -> Result<Date> {
        let zone = self.policy_or_none().await?.organization.time_zone;
        Ok(self.env.now().to_zoned(zone).date())
    }

    async fn facts(&self, facts: Facts) -> Result<(Profile, Terms)> {
        let Facts { profile, mut terms, manager } = facts;
        can_be_read(&serde_json::to_value(&profile)?)?;
        can_be_read(&serde_json::to_value(&terms)?)?;
        if let Some(manager) = manager {
            let manager = self.find_person(&manager).await?;
            terms.manager = Some(manager.id.as_str().parse()?);
        }
        Ok((profile, terms))
    }

    /// What adding somebody by hand would do. Writes nothing.
    ///
    /// # Errors
    /// When what is told cannot be, or an address is another's.
    pub async fn preview_add(&self, facts: Facts) -> Result<Told> {
        let (profile, terms) = self.facts(facts).await?;
        if profile.name().is_none() {
            return Err(Error::Invalid("say who it is: --name NAME".to_owned()));
        }
        let (ranking, today) = (self.ranking().await?, self.today().await?);
        let moment = Moment { now: self.env.now(), today, ranking: &ranking, by: &self.actor };
        let chance: [u8; 16] = self.env.chance();
        let id = data_encoding::BASE32_NOPAD.encode(chance.get(..5).unwrap_or_default());
        let id = id.to_ascii_lowercase().parse()?;
        let person = hand::meet(self.store.org(), &id, (profile, terms), &moment)
            .map_err(|error| Error::Invalid(error.to_string()))?;
        self.told(None, person, &ranking).await
    }

    /// What telling `word` of `person` would do; of the engagement called `number`, or of those
    /// that are meant. Writes nothing.
    ///
    /// # Errors
    /// When what is told cannot be, or an address is another's.
    pub async fn preview_word(
        &self,
        person: &Person,
        word: &Word,
        number: Option<u32>,
    ) -> Result<Told> {
        let (ranking, today) = (self.ranking().await?, self.today().await?);
        let moment = Moment { now: self.env.now(), today, ranking: &ranking, by: &self.actor };
        let after = hand::hear(person, word, number, &moment)
            .map_err(|error| Error::Invalid(error.to_string()))?;
        let told = self.told(Some(person.clone()), after, &ranking).await?;
        self.weighed(told, (vec![word.clone()], number)).await
    }

    /// As [`Muster::preview_word`], for facts as people tell them.
    ///
    /// # Errors
    /// As [`Muster::preview_word`], and when nobody is called as the manager is.
    pub async fn preview_edit(
        &self,
        person: &Person,
        (facts, clear): (Facts, BTreeSet<String>),
        number: Option<u32>,
    ) -> Result<Told> {
        let (profile, terms) = self.facts(facts).await?;
        let word = Word::Say { profile: Box::new(profile), terms: Box::new(terms), clear };
        self.preview_word(person, &word, number).await
    }

    /// What another engagement of `person` would do; a rehire, when she does not work here.
    ///
    /// # Errors
    /// As [`Muster::preview_word`]; and when she still works here though she is said to come back.
    pub async fn preview_engage(
        &self,
        person: &Person,
        facts: Facts,
        comes_back: ComesBack,
    ) -> Result<Told> {
        let state = state_at(person, &self.policy_or_none().await?, self.env.now());
        let left = matches!(state, PersonState::Ended { .. } | PersonState::Withdrawn);
        match comes_back {
            ComesBack::Yes if !left => {
                return Err(Error::Invalid(format!(
                    "{} has not left; for another engagement beside the one there is: muster \
                     people engage",
                    person.name()
                )));
            }
            ComesBack::No if left => {
                return Err(Error::Invalid(format!(
                    "{} has left; to bring back who left: muster people rehire",
                    person.name()
                )));
            }
            ComesBack::Yes | ComesBack::No => {}
        }
        let (profile, terms) = self.facts(facts).await?;
        let (ranking, today) = (self.ranking().await?, self.today().await?);
        let moment = Moment { now: self.env.now(), today, ranking: &ranking, by: &self.actor };
        let refused = |error: hand::NotBelieved| Error::Invalid(error.to_string());
        let engage = Word::Engage { terms: Box::new(terms) };
        let engaged = hand::hear(person, &engage, None, &moment).map_err(refused)?;
        let said =
            Word::Say { profile: Box::new(profile), terms: Box::default(), clear: BTreeSet::new() };
        let after = hand::hear(&engaged, &said, None, &moment).map_err(refused)?;
        let told = self.told(Some(person.clone()), after, &ranking).await?;
        match comes_back {
            // Who had left is let in again by an approval of its own.
            ComesBack::Yes => Ok(told),
            ComesBack::No => self.weighed(told, (vec![engage, said], None)).await,
        }
    }

    async fn told(
        &self,
        before: Option<Person>,
        person: Person,
        ranking: &Ranking,
    ) -> Result<Told> {
        self.refuse_anothers_address(before.as_ref(), &person).await?;
        let mut warnings = hand::warnings(&person, self.today().await?);
        let changes = match &before {
            Some(before) => differences(before, &person),
            None => Vec::new(),
        };
        if let Some(before) = &before
            && changes.is_empty()
            && person != *before
            && !self.is_heard_anew(before, &person).await?
        {
            let order: Vec<_> = ranking.order().iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "this is kept and shown, but has no effect: another source says otherwise and \
                 ranks before (the order is {})",
                order.join(", ")
            ));
        }
        let apps = self.outlook(&person).await?;
        Ok(Told { before, person, changes, warnings, apps, extends: None, words: (vec![], None) })
    }

    /// Whether what was told changes what becomes of a contradiction with another source.
    async fn is_heard_anew(&self, before: &Person, after: &Person) -> Result<bool> {
        let organization = self.policy_or_none().await?.organization;
        let hours = Hours::usual(&organization);
        let disputed = |person| lifecycle::contradictions(person, &hours);
        Ok(disputed(before) != disputed(after))
    }

    /// An address that another holds: no account could be matched by it any more.
    async fn refuse_anothers_address(&self, before: Option<&Person>, after: &Person) -> Result<()> {
        let people = self.people().await?;
        let known: Vec<_> = before.into_iter().flat_map(Person::work_addresses).collect();
        for email in after.work_addresses().filter(|email| !known.contains(email)) {
            let holder = people.values().find(|other| {
                other.id != after.id && other.work_addresses().any(|held| held == email)
            });
            let Some(holder) = holder else { continue };
            return Err(Error::Invalid(format!(
                "{email} is an address of {} ({}, {}) already; if that is the same human, change \
                 what is known: muster people edit {id}, or rehire {id} if she left; otherwise \
                 give another address",
                holder.name(),
                holder.anchor,
                holder.id,
                id = holder.id,
            )));
        }
        Ok(())
    }

    /// What the plans of all apps would make of `person` if she were as given here.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn outlook(&self, person: &Person) -> Result<Vec<PersonInApp>> {
        let policy = self.policy_or_none().await?;
        let mut people = self.people().await?;
        people.insert(person.id.clone(), person.clone());
        let mut apps = Vec::new();
        for app in self.planned_apps(&policy).await? {
            let situation = self.situation_with(&app, policy.clone(), people.clone()).await?;
            apps.push(why::in_app(&situation, person, self.env.now())?);
        }
        Ok(apps)
    }

    /// Believes what was told. Exactly what the preview showed is what changes; what keeps a
    /// contractor longer waits for somebody else's approval.
    ///
    /// # Errors
    /// When the person was changed since, or the store fails; nothing is changed then.
    pub async fn believe(&self, told: &Told) -> Result<()> {
        let Told { before, person, changes, extends, .. } = told;
        if before.as_ref() == Some(person) {
            return Ok(());
        }
        self.gives_nothing_to_whoever_tells(told).await?;
        if extends.is_some() {
            return self.ask_extension(told).await;
        }
        let current = self.store.person(&person.id).await?;
        if current != *before {
            return Err(changed_meanwhile(person));
        }
        let mut tx = self.begin();
        tx.put_people(std::slice::from_ref(person));
        let about = About { person: Some(person.id.clone()), ..About::default() };
        match before {
            None => tx.journal(Event::PersonAdded, about, json!({"person": person})),
            Some(_) => {
                let data = json!({"by_hand": true, "changes": changes});
                tx.journal(Event::PersonChanged, about, data);
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Who may be someone that was known before, and is not said to be.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn duplicates(&self) -> Result<Vec<Proposal>> {
        let people = self.people().await?;
        let mut found = proposals(people.values(), &people, self.env.now());
        self.drop_distinct(&mut found).await?;
        Ok(found)
    }

    /// Takes out those of whom somebody said that they are two.
    pub(super) async fn drop_distinct(&self, found: &mut Vec<Proposal>) -> Result<()> {
        if !found.is_empty() {
            let orders = self.store.orders().await?;
            found.retain(|one| !orders.are_distinct(&one.person, &one.known));
        }
        Ok(())
    }
}

/// Whether somebody is said to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComesBack {
    /// She had left.
    Yes,
    /// She works here.
    No,
}

fn changed_meanwhile(person: &Person) -> Error {
    Error::Conflict(format!(
        "{} was changed meanwhile; nothing was done: look again and repeat it",
        person.name()
    ))
}
