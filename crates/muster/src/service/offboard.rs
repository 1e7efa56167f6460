//! Offboarding by hand: one order that cuts every account of a person, whatever rules, groups or
//! the next import say (L2).

use std::sync::Arc;

use jiff::Timestamp;
use muster_domain::model::{
    id::AppName,
    journal::{About, Event},
    person::{OrderedEnd, Person},
    plan::Plan,
};
use serde_json::json;

use super::Muster;
use crate::error::{Error, Result};

impl Muster {
    /// What would happen to `person`'s accounts if access ended at `at`: one plan per app of the
    /// policy that is connected. Writes nothing.
    ///
    /// # Errors
    /// When the store fails or there is no policy.
    pub async fn preview_offboard(&self, person: &Person, at: Timestamp) -> Result<Vec<Plan>> {
        let policy = self.policy().await?;
        let mut people = self.people().await?;
        let ended = self.with_order(person, at);
        people.insert(ended.id.clone(), ended.clone());
        let people = Arc::new(people);
        let mut plans = Vec::new();
        for app in self.planned_apps(&policy).await? {
            let situation = self.situation_with(&app, policy.clone(), Arc::clone(&people)).await?;
            plans.push(situation.plan_for(&ended.id, at.max(self.env.now()))?);
        }
        Ok(plans)
    }

    /// Orders the end of `person`'s access at `at`. Applying the plans is the next step.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn order_end(&self, person: &Person, at: Timestamp) -> Result<Person> {
        // As she is known by now, so that a change made meanwhile is kept.
        let current = self.store.person(&person.id).await?;
        let ended = self.with_order(current.as_ref().unwrap_or(person), at);
        let mut tx = self.begin();
        tx.put_people(std::slice::from_ref(&ended));
        let about = About { person: Some(person.id.clone()), ..About::default() };
        let data = json!({"order": ended.ordered_end, "before": person.ordered_end});
        tx.journal(Event::PersonEndOrdered, about, data);
        tx.commit().await?;
        Ok(ended)
    }

    /// Takes an ordered end back. Nothing is let in again by that: a plan proposes it, and a
    /// person decides.
    ///
    /// # Errors
    /// When nobody ordered an end, or the store fails.
    pub async fn cancel_end(&self, person: &Person) -> Result<(Person, OrderedEnd)> {
        let current = self.store.person(&person.id).await?.unwrap_or_else(|| person.clone());
        let Some(order) = current.ordered_end.clone() else {
            return Err(Error::NotFound(format!(
                "nobody ordered an end for {}; what the source says is mended in the source",
                person.name()
            )));
        };
        let kept = Person { ordered_end: None, ..current };
        let mut tx = self.begin();
        tx.put_people(std::slice::from_ref(&kept));
        let about = About { person: Some(kept.id.clone()), ..About::default() };
        tx.journal(Event::PersonEndCancelled, about, json!({"order": order}));
        tx.commit().await?;
        Ok((kept, order))
    }

    fn with_order(&self, person: &Person, at: Timestamp) -> Person {
        let ordered = self.env.now();
        let order = OrderedEnd { at, by: self.actor.clone(), ordered };
        Person { ordered_end: Some(order), ..person.clone() }
    }

    /// The apps that are both connected and spoken of in the policy.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn planned_apps(
        &self,
        policy: &muster_domain::model::policy::Policy,
    ) -> Result<Vec<AppName>> {
        let connections = self.store.connections().await?;
        Ok(connections
            .into_iter()
            .map(|connection| connection.app)
            .filter(|app| policy.apps.contains_key(app))
            .collect())
    }
}
