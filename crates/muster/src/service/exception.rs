//! Exceptions: leaving something wrong as it is until a date, with a reason and somebody who answers
//! for it. And the files that people attach as proof.

use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use muster_domain::{
    engine::{
        checks::{self, Answerers},
        consent,
        lifecycle::PersonState,
    },
    model::{
        canonical::Digest,
        check::{Attached, CheckState, Exception, Unit},
        id::{AccountId, AppName, OrderId, PersonId},
        journal::{About, Event},
        link::Tie,
        order::Order as _,
        person::Person,
    },
};
use serde_json::json;

use super::{Muster, check::known, why::state_at};
use crate::{
    error::{Error, Result},
    store::Tx,
};

/// The largest file that may be attached, in bytes.
pub const LARGEST_FILE: usize = 5 * 1024 * 1024;

/// A file as it is attached.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Its name, without a path.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl NewFile {
    /// Puts it into `tx`, and says how to find it again.
    ///
    /// # Errors
    /// When it is empty or too large.
    pub(super) fn attach(self, tx: &mut Tx) -> Result<Attached> {
        let Self { name, content } = self;
        if content.is_empty() {
            return Err(Error::Invalid(format!("{name} is empty; attach the proof itself")));
        }
        if content.len() > LARGEST_FILE {
            return Err(Error::Invalid(format!(
                "{name} is larger than {} MB; attach a smaller file",
                LARGEST_FILE / 1024 / 1024
            )));
        }
        tx.put_file(&content);
        Ok(Attached { name, size: content.len() as u64, sha256: Digest::of(&content) })
    }
}

/// What is to be excepted, and why.
#[derive(Debug, Clone)]
pub struct NewException {
    /// The check.
    pub check: String,
    /// The unit, as it is printed, or a login or name.
    pub unit: String,
    /// Why.
    pub reason: String,
    /// Who answers for it; whoever makes it otherwise, who must then be somebody whom Muster knows.
    pub owner: Option<String>,
    /// Until when.
    pub until: Timestamp,
    /// The proof.
    pub file: Option<NewFile>,
}

impl Muster {
    /// Excepts what a check finds wrong.
    ///
    /// # Errors
    /// When the check or unit is not known or nothing is wrong there, no reason is given, the end
    /// has passed or lies more than a year ahead, somebody would except what is hers, or nobody who
    /// is known and works here answers for it.
    pub async fn except(&self, new: NewException) -> Result<Exception> {
        let NewException { check, unit, reason, owner, until, file } = new;
        let check = known(&check)?;
        let reason = said(&reason)?;
        let now = self.env.now();
        lasts(now, until, &self.policy_or_none().await?.organization.time_zone)?;
        let result = self.explain_check(check.name, &unit).await?.result;
        if !matches!(result.state, CheckState::Fail | CheckState::Due | CheckState::Excepted) {
            return Err(Error::Invalid(format!(
                "{} is {} for {}: only what is wrong can be excepted",
                check.name, result.state, result.unit
            )));
        }
        let mut about: Vec<PersonId> = result.person.iter().cloned().collect();
        let mut role = None;
        if let (Some(app), Some(account)) = (&result.unit.app, &result.unit.account) {
            about.extend(self.concerned(app, account).await?);
            let known = self.store.accounts(app).await?.remove(account);
            role = known.and_then(|known| known.account.role);
        }
        self.may_vouch(&self.actor, &about).await?;
        let owner = match owner {
            Some(owner) => {
                let login = consent::login(&self.find_person(&owner).await?);
                self.answerer(&login, ("--owner", &about)).await?
            }
            None => self.answerer(&self.actor, ("--owner", &about)).await?,
        };
        let about = format!("{} {} {reason}", check.name, result.unit);
        let mut tx = self.begin();
        let file = file.map(|file| file.attach(&mut tx)).transpose()?;
        let exception = Exception {
            id: OrderId::derive(Exception::KIND, &self.actor, now, &about),
            check: check.name.to_owned(),
            unit: result.unit,
            role,
            reason,
            owner,
            file,
            by: self.actor.clone(),
            at: now,
            until,
        };
        tx.put_order(&exception);
        let about = about_unit(&exception.unit, result.person);
        tx.journal(Event::ExceptionMade, about, json!({ "exception": exception }));
        tx.commit().await?;
        Ok(exception)
    }

    /// Whoever an account concerns: whose it is, or who answers for it.
    pub(super) async fn concerned(
        &self,
        app: &AppName,
        account: &AccountId,
    ) -> Result<Option<PersonId>> {
        let link = self.store.links(app).await?.remove(account);
        Ok(link.and_then(|link| match link.tie {
            Tie::Person { person, .. } => Some(person),
            Tie::NotAPerson { owner, .. } => Some(owner),
            Tie::Unwanted { .. } => None,
        }))
    }

    /// How to call the person who answers for something, so that she is found again: whoever `who`
    /// means must be known and work here now, and it must not be about her. There is no word without
    /// her, not even before the first import: where nobody is known, nothing can be answered for.
    /// Who types it need not be known, as long as somebody who is answers (`option` names her).
    pub(super) async fn answerer(
        &self,
        who: &str,
        (option, about): (&str, &[PersonId]),
    ) -> Result<String> {
        self.may_vouch(who, about).await?;
        let policy = self.policy_or_none().await?;
        let people = self.people().await?;
        let now = self.env.now();
        let presence = |person: &Person| checks::presence(person, &policy, now);
        let found = consent::answerer(people.values(), who, presence);
        let person = found.map_err(|why| {
            let remedy = format!("name who answers: {option} ADDRESS of somebody who works here");
            Error::Invalid(format!("{why}; {remedy}"))
        })?;
        Ok(consent::login(person))
    }

    /// Nobody excepts their own access, or attests for their own account; nor does a leaver.
    pub(super) async fn may_vouch(&self, who: &str, about: &[PersonId]) -> Result<()> {
        let policy = self.policy_or_none().await?;
        let people = self.people().await?;
        let now = self.env.now();
        let has_left = |person: &Person| {
            let state = state_at(person, &policy, now);
            matches!(state, PersonState::Ended { .. } | PersonState::Withdrawn)
        };
        consent::may_vouch(people.values(), who, about, has_left).map_err(Error::Invalid)
    }

    /// Who is there no more to answer for an exception or attestation, and why.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn answerers(&self) -> Result<Answerers> {
        let (people, policy) = (self.people().await?, self.policy_or_none().await?);
        Ok(Answerers::of(&self.store.orders().await?, &people, (&policy, self.env.now())))
    }

    /// The exceptions, those that ended among them; the one that ends first first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn exceptions(&self) -> Result<Vec<Exception>> {
        let mut exceptions = self.store.orders().await?.exceptions;
        exceptions.sort_by_key(|one| one.until);
        Ok(exceptions)
    }

    /// Ends the exception whose id begins with `text`.
    ///
    /// # Errors
    /// When there is none, or several, or the store fails.
    pub async fn end_exception(&self, text: &str) -> Result<Exception> {
        let found = self.exceptions().await?;
        let exception = one_of(found, |one| &one.id, text, "exception")?;
        let mut tx = self.begin();
        tx.remove_order(&exception);
        let about = about_unit(&exception.unit, None);
        tx.journal(Event::ExceptionEnded, about, json!({ "exception": exception }));
        tx.commit().await?;
        Ok(exception)
    }
}

/// The only order whose id begins with `text`.
pub(super) fn one_of<T>(
    found: Vec<T>,
    id: impl Fn(&T) -> &OrderId,
    text: &str,
    what: &str,
) -> Result<T> {
    let mut found = found.into_iter().filter(|one| {
        let id = id(one).as_str();
        id.starts_with(text) || id.trim_start_matches("ord_").starts_with(text)
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            Err(Error::NotFound(format!("no {what} begins with {text}; see muster {what} list")))
        }
        (Some(_), Some(_)) => Err(Error::Invalid(format!(
            "{text} names several; give more of the id: muster {what} list"
        ))),
    }
}

/// A reason that was given.
pub(super) fn said(reason: &str) -> Result<String> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::Invalid("say why: --reason TEXT".to_owned()));
    }
    Ok(reason.to_owned())
}

/// Whether something may last until `until`.
pub(super) fn lasts(now: Timestamp, until: Timestamp, zone: &TimeZone) -> Result<()> {
    if until <= now {
        return Err(Error::Invalid("the end has passed already; give a later one".to_owned()));
    }
    let today = now.to_zoned(zone.clone()).date();
    let last = today.checked_add(1.year()).unwrap_or(today);
    // The end itself no longer counts.
    let until = until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(until);
    if until.to_zoned(zone.clone()).date() > last {
        return Err(Error::Invalid(format!(
            "it may last a year at most, until {last}; give an earlier end"
        )));
    }
    Ok(())
}

pub(super) fn about_unit(unit: &Unit, person: Option<PersonId>) -> About {
    About {
        app: unit.app.clone(),
        account: unit.account.clone(),
        person: unit.person.clone().or(person),
        ..About::default()
    }
}
