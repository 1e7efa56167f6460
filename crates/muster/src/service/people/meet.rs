//! A person nobody knew, met by an account of hers: added by hand and tied to it, one decision.

use std::sync::Arc;

use muster_domain::model::{
    account::Account,
    email::EmailAddress,
    id::AppName,
    journal::{About, Event},
    link::{Confirmation, Link, Tie},
};
use serde::Serialize;
use serde_json::json;

use super::{Facts, Told, changed_meanwhile};
use crate::{
    error::{Error, Result},
    service::{
        Muster,
        holders::remember,
        why::{self},
    },
};

/// What adding a person for an account would do.
#[derive(Debug, Clone, Serialize)]
pub struct Met {
    /// Of the person.
    #[serde(flatten)]
    pub told: Told,
    /// In which app the account is.
    pub app: AppName,
    /// The tie between the two.
    pub link: Link,
}

impl Muster {
    /// What adding a person for `account` of `app` would do. The name and the address are those of
    /// the account where `facts` tell none. Writes nothing.
    ///
    /// # Errors
    /// As [`Muster::preview_add`]; and when somebody said already whose the account is.
    pub async fn preview_meet(
        &self,
        (app, account): (&AppName, &Account),
        mut facts: Facts,
    ) -> Result<Met> {
        if let Some(link) = self.store.links(app).await?.remove(&account.id)
            && let Some(person) = link.person()
            && link.is_confirmed()
        {
            return Err(Error::Invalid(format!(
                "account {app}/{} is {person}'s, somebody said; if that is wrong: muster accounts \
                 not-theirs {app}/{} {person}",
                account.id, account.id
            )));
        }
        let profile = &mut facts.profile;
        profile.work_email = profile.work_email.take().or_else(|| account.email.clone());
        let name = Some(account.name.trim()).filter(|name| !name.is_empty());
        profile.display_name = profile.display_name.take().or_else(|| name.map(str::to_owned));
        let mut told = self.preview_add(facts).await?;
        let confirmed = Confirmation { by: self.actor.clone(), at: self.env.now() };
        let tie = Tie::Person {
            person: told.person.id.clone(),
            because: format!("the word of {}", self.actor),
            confirmed: Some(confirmed),
        };
        let link = Link { account: account.id.clone(), tie, since: self.env.now() };
        if told.person.profile.work_email.as_ref().map(EmailAddress::as_str).is_none() {
            told.warnings.push(format!(
                "no address at work is known; once there is one: muster people edit {} --email \
                 ADDRESS",
                told.person.id
            ));
        }
        self.outlook_with(&mut told, (app, &link)).await?;
        Ok(Met { told, app: app.clone(), link })
    }

    /// What the plans make of the person once the account is hers.
    async fn outlook_with(&self, told: &mut Told, (app, link): (&AppName, &Link)) -> Result<()> {
        let policy = self.policy_or_none().await?;
        let mut people = self.people().await?;
        people.insert(told.person.id.clone(), told.person.clone());
        told.apps.retain(|one| one.app != *app);
        if self.planned_apps(&policy).await?.contains(app) {
            let mut situation = self.situation_with(app, policy, Arc::new(people)).await?;
            situation.links.insert(link.account.clone(), link.clone());
            told.apps.push(why::in_app(&situation, &told.person, self.env.now())?);
        }
        told.apps.sort_by(|one, other| one.app.cmp(&other.app));
        Ok(())
    }

    /// Adds the person and ties the account to her, both or neither.
    ///
    /// # Errors
    /// When she was added meanwhile, or the store fails; nothing is changed then.
    pub async fn meet(&self, met: &Met) -> Result<()> {
        let Met { told, app, link } = met;
        let person = &told.person;
        if self.store.person(&person.id).await?.is_some() {
            return Err(changed_meanwhile(person));
        }
        let before = self.store.links(app).await?.remove(&link.account);
        let taken = self.taken_from(app, &link.account, Some(&person.id)).await?;
        let mut tx = self.begin();
        taken.iter().for_each(|held| remember(&mut tx, held));
        tx.put_people(std::slice::from_ref(person));
        tx.put_links(app, std::slice::from_ref(link));
        let about = About {
            app: Some(app.clone()),
            account: Some(link.account.clone()),
            person: Some(person.id.clone()),
            ..About::default()
        };
        let data = json!({"person": person, "link": link, "before": before});
        tx.journal(Event::AccountMet, about, data);
        tx.commit().await?;
        Ok(())
    }
}
