//! Handing over by hand: seeing what somebody holds, choosing who takes it over.

use std::collections::BTreeMap;

use muster_domain::{
    engine::{
        correlate::Match,
        hand_over::{self, Destiny, Office},
        plan,
    },
    model::{
        id::{AccountId, AppName},
        journal::{About, Event},
        order::WorkOrder,
        person::Person,
        plan::{Action, Plan},
        work::{HandOverTo, OpenWork},
    },
};
use serde::Serialize;
use serde_json::json;

use super::{Muster, situation::Situation};
use crate::error::{Error, Result};

/// What one person holds in one app, and what is to become of it.
#[derive(Debug, Clone, Serialize)]
pub struct HeldWork {
    /// The app.
    pub app: AppName,
    /// What each account holds, as just read.
    pub accounts: BTreeMap<AccountId, OpenWork>,
    /// What is to become of it, in words.
    pub says: String,
    /// The hand-over that would follow now: empty while the person still works here, or where
    /// nobody is to take anything over.
    pub plan: Plan,
}

/// Whether what was just read is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Kept.
    Yes,
    /// A preview: nothing is written.
    No,
}

impl Muster {
    /// Whom `text` means as the one who takes work over: as the policy would say it, or somebody by
    /// name or id, or by an account of hers.
    ///
    /// # Errors
    /// When it means nobody, several, or somebody without an address at work.
    pub async fn recipient(&self, text: &str) -> Result<HandOverTo> {
        let names_nobody = match text.parse::<HandOverTo>() {
            Ok(to) => return Ok(to),
            Err(error) => error,
        };
        let person = match self.find_person(text).await {
            Err(Error::NotFound(_)) => match self.find_account(text).await {
                Ok((app, account)) => self.owner_of(&app, &account.id).await?,
                Err(Error::NotFound(_)) => {
                    return Err(Error::Invalid(format!(
                        "{names_nobody}; or somebody's name, or an account: APP/ID or a login"
                    )));
                }
                Err(error) => return Err(error),
            },
            found => found?,
        };
        let address = person.profile.work_email.clone().ok_or_else(|| {
            Error::Invalid(format!(
                "{} has no address at work; tell it: muster people edit {} --email ADDRESS",
                person.name(),
                person.id
            ))
        })?;
        Ok(HandOverTo::Person(address))
    }

    /// Whose an account is.
    async fn owner_of(&self, app: &AppName, account: &AccountId) -> Result<Person> {
        let situation = self.situation(app).await?;
        let correlation = plan::correlation(&situation.world(self.env.now())?);
        let owner = match correlation.matches.get(account) {
            Some(Match::Linked { person, .. }) => situation.people.get(person).cloned(),
            _ => None,
        };
        owner.ok_or_else(|| {
            Error::Invalid(format!(
                "nobody knows whose {app}/{account} is; say so first: muster accounts link \
                 {app}/{account} PERSON"
            ))
        })
    }

    /// Reads what `person` holds in `app`, and plans the hand-over, to `to` or as the policy says.
    ///
    /// # Errors
    /// When the app cannot be read or the store fails.
    pub async fn held_work(
        &self,
        app: &AppName,
        person: &Person,
        (to, keep): (Option<&HandOverTo>, Keep),
    ) -> Result<HeldWork> {
        let opened = self.open(app).await?;
        let mut situation = self.situation(app).await?;
        let now = self.env.now();
        let correlation = plan::correlation(&situation.world(now)?);
        let is_there =
            |id: &&AccountId| situation.accounts.get(id).is_some_and(|known| known.gone.is_none());
        let mine = correlation.accounts_of(&person.id).iter();
        let mine: Vec<_> = mine.filter(is_there).cloned().collect();
        let accounts = self.look_at_work_of(&opened, &mine).await?;
        if keep == Keep::Yes {
            self.keep_work(app, &accounts).await?;
        }
        for (id, work) in &accounts {
            situation.holds(id, work);
        }
        if let Some(to) = to {
            situation.orders.work.push(self.work_order(person, Some(app), to.clone()));
        }
        if let Some(to) = to.filter(|to| **to != HandOverTo::Nobody && !accounts.is_empty()) {
            let world = situation.world(now)?;
            let found = Office::new(&world, &correlation).recipient(person, to);
            found.map_err(|why| {
                Error::Invalid(format!("{to} cannot take the work over in {app}: {why}"))
            })?;
        }
        let mut plan = situation.plan_for(&person.id, now)?;
        plan.operations.retain(|one| matches!(one.action, Action::HandOver { .. }));
        plan.upcoming.clear();
        plan.blocked.clear();
        plan.notes.clear();
        let says = says(&situation, person, now)?;
        Ok(HeldWork { app: app.clone(), accounts, says, plan })
    }

    /// Records who takes over what `person` holds, in one app or in all; the choice goes before
    /// the policy.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn order_work(
        &self,
        person: &Person,
        app: Option<&AppName>,
        to: HandOverTo,
    ) -> Result<WorkOrder> {
        let order = self.work_order(person, app, to);
        let mut tx = self.begin();
        tx.put_order(&order);
        let about =
            About { person: Some(person.id.clone()), app: app.cloned(), ..About::default() };
        tx.journal(Event::WorkOrdered, about, json!({"order": order}));
        tx.commit().await?;
        Ok(order)
    }

    fn work_order(&self, person: &Person, app: Option<&AppName>, to: HandOverTo) -> WorkOrder {
        WorkOrder {
            person: person.id.clone(),
            app: app.cloned(),
            to,
            by: self.actor.clone(),
            at: self.env.now(),
        }
    }
}

/// What is to become of somebody's work, in words.
fn says(situation: &Situation, person: &Person, now: jiff::Timestamp) -> Result<String> {
    let world = situation.world(now)?;
    let last = person.engagements.iter().map(|engagement| engagement.number).max();
    let last =
        last.ok_or_else(|| Error::Invalid(format!("{} has never worked here", person.name())))?;
    Ok(match hand_over::destiny(&world, person, last) {
        Destiny::Unsaid => {
            "no rule says who takes it over; say --to ADDRESS, or set leaver.hand_over in the policy"
                .to_owned()
        }
        Destiny::Kept { why } => why.to_string(),
        Destiny::GoesTo { to, why } => {
            let correlation = plan::correlation(&world);
            let found = Office::new(&world, &correlation).recipient(person, to);
            match found {
                Ok((_, because)) => format!("{because}; {why}"),
                Err(why_not) => format!("{why}, but nobody can: {why_not}"),
            }
        }
    })
}
