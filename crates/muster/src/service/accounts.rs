//! Accounts: listing them with what is known of them, and the human answers to whose they are.

use muster_domain::{
    engine::{
        consent,
        correlate::{Correlation, Match},
        plan,
    },
    model::{
        account::Account,
        email::EmailAddress,
        id::{AccountId, AppName, PersonId},
        journal::{About, Event},
        link::{Confirmation, Link, NonHuman, Tie},
        order::NotTheirs,
        person::Person,
    },
};
use serde::Serialize;
use serde_json::json;

use super::{Muster, holders::remember};
use crate::error::{Error, Result};

/// An account and whose it is.
#[derive(Debug, Clone, Serialize)]
pub struct AccountView {
    /// The app.
    pub app: AppName,
    /// The account as last read.
    pub account: Account,
    /// Since when it is gone.
    pub gone: Option<jiff::Timestamp>,
    /// Whose it is.
    #[serde(flatten)]
    pub found: Match,
    /// The owner's name, when it is known.
    pub person_name: Option<String>,
}

/// An account that is nobody's own, for which somebody answers.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: Account,
    /// What it is.
    pub kind: NonHuman,
}

/// What an account is tied to from now on.
#[derive(Debug, Clone, Serialize)]
pub struct Tied {
    /// The tie.
    #[serde(flatten)]
    pub link: Link,
    /// What it was tied to before.
    #[serde(skip)]
    pub before: Option<Link>,
}

impl AccountView {
    /// Whether nobody has said or found out whose it is.
    #[must_use]
    pub const fn is_unidentified(&self) -> bool {
        matches!(self.found, Match::Unmatched | Match::ToConfirm { .. })
    }
}

impl Muster {
    /// The accounts of `app` with whose they are; those that are gone left out.
    ///
    /// # Errors
    /// When there is no such app or no policy.
    pub async fn accounts(&self, app: &AppName) -> Result<Vec<AccountView>> {
        let situation = self.situation(app).await?;
        let Correlation { mut matches, .. } = plan::correlation(&situation.world(self.env.now())?);
        let live = situation.accounts.iter().filter(|(_, known)| known.gone.is_none());
        Ok(live
            .map(|(id, known)| {
                let found = matches.remove(id).unwrap_or(Match::Unmatched);
                let person = match &found {
                    Match::Linked { person, .. } => Some(person),
                    Match::Classified { owner, .. } => Some(owner),
                    _ => None,
                };
                AccountView {
                    app: app.clone(),
                    account: known.account.clone(),
                    gone: known.gone,
                    person_name: person.and_then(|id| situation.people.get(id)).map(Person::name),
                    found,
                }
            })
            .collect())
    }

    /// Finds the app and account that `text` names: an id or a login, alone or after `APP/`.
    ///
    /// # Errors
    /// When it names none, or several.
    pub async fn find_account(&self, text: &str) -> Result<(AppName, Account)> {
        let mut found = Vec::new();
        for connection in self.store.connections().await? {
            for (id, record) in self.store.accounts(&connection.app).await? {
                let here = text.strip_prefix(connection.app.as_str());
                let name = here.and_then(|rest| rest.strip_prefix('/')).unwrap_or(text);
                let login = record.account.login.eq_ignore_ascii_case(name);
                if id.as_str() == name || login {
                    found.push((connection.app.clone(), record));
                }
            }
        }
        // An account that is there goes before one that is gone.
        if found.iter().any(|(_, record)| record.gone.is_none()) {
            found.retain(|(_, record)| record.gone.is_none());
        }
        match found.len() {
            0 => Err(Error::NotFound(format!(
                "no account is called {text}; see muster accounts list, and muster sync if it is new"
            ))),
            1 => found
                .into_iter()
                .next()
                .map(|(app, record)| (app, record.account))
                .ok_or_else(|| Error::NotFound(text.to_owned())),
            _ => {
                let names: Vec<_> = found
                    .iter()
                    .map(|(app, record)| format!("{app}/{}", record.account.id))
                    .collect();
                Err(Error::Invalid(format!("{text} names several accounts: {}", names.join(", "))))
            }
        }
    }

    /// Finds the person that `text` names: an id, a source's id, an address, or a whole name.
    ///
    /// # Errors
    /// When it names none, or several.
    pub async fn find_person(&self, text: &str) -> Result<Person> {
        let people = self.people().await?;
        if let Ok(id) = text.parse::<PersonId>() {
            let known = match people.get(&id) {
                Some(person) => Some(person),
                // Said to be another.
                None => self.gone_on_as(&id).await?.and_then(|id| people.get(&id)),
            };
            if let Some(person) = known {
                return Ok(person.clone());
            }
        }
        let email = text.parse().ok();
        let by_key = |person: &&Person| {
            person.anchors().any(|anchor| anchor.id.as_str() == text || anchor.to_string() == text)
                || person.work_addresses().any(|address| Some(address) == email.as_ref())
        };
        let name = muster_domain::engine::correlate::fold_name(text);
        let by_name =
            |person: &&Person| muster_domain::engine::correlate::fold_name(&person.name()) == name;
        let mut found: Vec<&Person> = people.values().filter(by_key).collect();
        if found.is_empty() {
            found = people.values().filter(by_name).collect();
        }
        match found.as_slice() {
            [person] => Ok((*person).clone()),
            [] => Err(Error::NotFound(format!(
                "nobody is called {text}; give a name, a work address, the source's id or a per_… \
                 id: muster people list"
            ))),
            several => {
                let names: Vec<_> = several
                    .iter()
                    .map(|p| format!("{} ({}, {})", p.name(), p.anchor, p.id))
                    .collect();
                Err(Error::Invalid(format!(
                    "{text} names several people: {}; give the per_… id",
                    names.join(", ")
                )))
            }
        }
    }

    async fn gone_on_as(&self, id: &PersonId) -> Result<Option<PersonId>> {
        let merged = self.store.orders().await?.merged;
        let mut into = None;
        while let Some(next) =
            merged.iter().find(|merged| merged.person.id == *into.as_ref().unwrap_or(id))
        {
            into = Some(next.into.clone());
        }
        Ok(into)
    }

    /// Ties an account to a person: a human's word, never replaced silently.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn link(&self, app: &AppName, account: &AccountId, person: &Person) -> Result<Tied> {
        let confirmed = Some(self.confirmation());
        let because = format!("the word of {}", self.actor);
        let tie = Tie::Person { person: person.id.clone(), because, confirmed };
        self.tie(app, account, tie, Event::AccountLinked).await
    }

    /// Declares an account nobody's own, with a person who answers for it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn classify(
        &self,
        app: &AppName,
        account: &AccountId,
        kind: NonHuman,
        owner: &Person,
    ) -> Result<Tied> {
        let tie = Tie::NotAPerson { kind, owner: owner.id.clone(), confirmed: self.confirmation() };
        self.tie(app, account, tie, Event::AccountClassified).await
    }

    /// Declares that an account should not exist: the next plans take it away.
    ///
    /// # Errors
    /// When no reason is given, or the store fails.
    pub async fn unwanted(&self, app: &AppName, account: &AccountId, reason: &str) -> Result<Tied> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::Invalid("say why: --reason TEXT".to_owned()));
        }
        let tie = Tie::Unwanted { reason: reason.to_owned(), confirmed: self.confirmation() };
        self.tie(app, account, tie, Event::AccountUnwanted).await
    }

    /// Declares that an account is not a certain person's. A tie to her is taken away; nobody is
    /// asked about the two again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn not_theirs(
        &self,
        app: &AppName,
        account: &AccountId,
        person: &Person,
    ) -> Result<NotTheirs> {
        self.may_answer(app, account, None).await?;
        let said = NotTheirs {
            app: app.clone(),
            account: account.clone(),
            person: person.id.clone(),
            by: self.actor.clone(),
            at: self.env.now(),
        };
        let before = self.store.links(app).await?.remove(account);
        let before = before.filter(|link| link.person() == Some(&person.id));
        let mut taken = self.taken_from(app, account, None).await?;
        taken.retain(|held| held.person == person.id);
        let mut tx = self.begin();
        taken.iter().for_each(|held| remember(&mut tx, held));
        tx.put_order(&said);
        if before.is_some() {
            tx.remove_link(app, account);
        }
        let about = About {
            app: Some(app.clone()),
            account: Some(account.clone()),
            person: Some(person.id.clone()),
            ..About::default()
        };
        let data = json!({"not_theirs": said, "before": before});
        tx.journal(Event::AccountNotTheirs, about, data);
        tx.commit().await?;
        Ok(said)
    }

    /// The accounts that are nobody's own and for which `person` answers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn answers_for(&self, person: &PersonId) -> Result<Vec<Answered>> {
        let mut found = Vec::new();
        for connection in self.store.connections().await? {
            let app = connection.app;
            let mut accounts = self.store.accounts(&app).await?;
            for (id, link) in self.store.links(&app).await? {
                let Tie::NotAPerson { owner, kind, .. } = link.tie else { continue };
                let there = accounts.remove(&id).filter(|record| record.gone.is_none());
                if let Some(record) = there.filter(|_| owner == *person) {
                    found.push(Answered { app: app.clone(), account: record.account, kind });
                }
            }
        }
        Ok(found)
    }

    fn confirmation(&self) -> Confirmation {
        Confirmation { by: self.actor.clone(), at: self.env.now() }
    }

    /// The accounts that let in under an address of `person`, though somebody said that they are
    /// another's or nobody's: taking her access away does not touch them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn seems_theirs(&self, person: &Person) -> Result<Vec<(AppName, Account)>> {
        let mut found = Vec::new();
        for connection in self.store.connections().await? {
            let app = connection.app;
            let links = self.store.links(&app).await?;
            let theirs = self.store.accounts(&app).await?.into_values().filter(|record| {
                let email = record.account.email.as_ref();
                let has = |email: &EmailAddress| {
                    person.work_addresses().any(|address| address.folded() == email.folded())
                };
                record.gone.is_none()
                    && record.account.status.may_sign_in()
                    && email.is_some_and(has)
                    && links.get(&record.account.id).is_some_and(|link| {
                        link.is_confirmed() && link.person() != Some(&person.id)
                    })
            });
            found.extend(theirs.map(|record| (app.clone(), record.account)));
        }
        Ok(found)
    }

    /// Nobody answers for an account that is or seems to be her own, except to say that the account
    /// with her own address is hers, as a rule would.
    ///
    /// # Errors
    /// When whoever asks may not give this answer, or the store fails.
    pub async fn may_answer(
        &self,
        app: &AppName,
        account: &AccountId,
        answer: Option<&PersonId>,
    ) -> Result<()> {
        let known = self.store.accounts(app).await?.remove(account).map(|record| record.account);
        let before = self.store.links(app).await?.remove(account);
        for person in self.people().await?.values() {
            if !consent::means(person, &self.actor) {
                continue;
            }
            let email = known.as_ref().and_then(|account| account.email.as_ref());
            let has = |email: &EmailAddress| {
                person.work_addresses().any(|address| address.folded() == email.folded())
            };
            let hers = email.is_some_and(has);
            let was_hers = before.as_ref().and_then(Link::person) == Some(&person.id);
            let says_hers = answer == Some(&person.id);
            if (hers || was_hers || says_hers) && !(hers && says_hers) {
                return Err(Error::Invalid(format!(
                    "{app}/{account} is or seems to be your own account; ask somebody else to say \
                     whose it is"
                )));
            }
        }
        Ok(())
    }

    async fn tie(
        &self,
        app: &AppName,
        account: &AccountId,
        tie: Tie,
        event: Event,
    ) -> Result<Tied> {
        let person = match &tie {
            Tie::Person { person, .. } => Some(person.clone()),
            Tie::NotAPerson { owner, .. } => Some(owner.clone()),
            Tie::Unwanted { .. } => None,
        };
        let before = self.store.links(app).await?.remove(account);
        let link = Link { account: account.clone(), tie, since: self.env.now() };
        let answer = link.person();
        self.may_answer(app, account, answer).await?;
        let taken = self.taken_from(app, account, answer).await?;
        let mut tx = self.begin();
        taken.iter().for_each(|held| remember(&mut tx, held));
        tx.put_links(app, std::slice::from_ref(&link));
        let about = About {
            app: Some(app.clone()),
            account: Some(account.clone()),
            person,
            ..About::default()
        };
        // Saying that it is hers takes back that it is not.
        let orders = self.store.orders().await?;
        for said in orders.not_theirs.iter().filter(|said| {
            said.app == *app
                && said.account == *account
                && link
                    .person()
                    .is_some_and(|id| orders.goes_on_as(&said.person).any(|one| one == id))
        }) {
            tx.remove_order(said);
        }
        tx.journal(event, about, json!({"link": link, "before": before}));
        tx.commit().await?;
        Ok(Tied { link, before })
    }
}
