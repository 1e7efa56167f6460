//! Exceptions: leaving something wrong as it is until a date, with a reason and somebody who answers
//! for it. And the files that people attach as proof.

use jiff::Timestamp;
use muster_domain::{
    engine::consent,
    model::{
        canonical::Digest,
        check::{Attached, CheckState, Exception, Unit},
        id::{OrderId, PersonId},
        journal::{About, Event},
        order::Order as _,
    },
};
use serde_json::json;

use super::{Muster, check::known};
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
    /// Who answers for it; whoever makes it otherwise.
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
    /// has passed or lies more than a year ahead, or somebody would except what is hers.
    pub async fn except(&self, new: NewException) -> Result<Exception> {
        let NewException { check, unit, reason, owner, until, file } = new;
        let check = known(&check)?;
        let reason = said(&reason)?;
        let now = self.env.now();
        lasts(now, until)?;
        let result = self.explain_check(check.name, &unit).await?.result;
        if !matches!(result.state, CheckState::Fail | CheckState::Due | CheckState::Excepted) {
            return Err(Error::Invalid(format!(
                "{} is {} for {}: only what is wrong can be excepted",
                check.name, result.state, result.unit
            )));
        }
        self.not_her_own(result.person.as_ref()).await?;
        let about = format!("{} {} {reason}", check.name, result.unit);
        let mut tx = self.begin();
        let file = file.map(|file| file.attach(&mut tx)).transpose()?;
        let exception = Exception {
            id: OrderId::derive(Exception::KIND, &self.actor, now, &about),
            check: check.name.to_owned(),
            unit: result.unit,
            reason,
            owner: owner.unwrap_or_else(|| self.actor.clone()),
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

    /// Nobody excepts her own access, or attests for her own account.
    pub(super) async fn not_her_own(&self, person: Option<&PersonId>) -> Result<()> {
        let Some(person) = person else { return Ok(()) };
        let person = self.store.person(person).await?;
        let own = person.is_some_and(|person| consent::means(&person, &self.actor));
        if own {
            return Err(Error::Invalid(
                "nobody answers for their own access here; ask somebody else to".to_owned(),
            ));
        }
        Ok(())
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
pub(super) fn lasts(now: Timestamp, until: Timestamp) -> Result<()> {
    if until <= now {
        return Err(Error::Invalid("the end has passed already; give a later one".to_owned()));
    }
    if until.duration_since(now) > Exception::LONGEST {
        return Err(Error::Invalid("it may last a year at most; give an earlier end".to_owned()));
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
