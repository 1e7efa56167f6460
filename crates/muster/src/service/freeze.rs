//! Kill switches: ordering one person, one app or everything to stand still, and lifting that.

use jiff::Timestamp;
use muster_domain::{
    engine::consent,
    model::{
        id::OrderId,
        journal::{About, Event},
        order::{Freeze, Frozen, Order as _, Stops},
    },
};
use serde_json::json;

use super::Muster;
use crate::error::{Error, Result};

/// What is to stand still, and why.
#[derive(Debug, Clone)]
pub struct NewFreeze {
    /// What it is about.
    pub frozen: Frozen,
    /// What it stops.
    pub stops: Stops,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

impl Muster {
    /// Orders something to stand still. It holds from this moment on, in runs that are going on
    /// too.
    ///
    /// # Errors
    /// When no reason is given, the end has passed, or the store fails.
    pub async fn freeze(&self, new: NewFreeze) -> Result<Freeze> {
        let NewFreeze { frozen, stops, reason, until } = new;
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Error::Invalid("say why: --reason TEXT".to_owned()));
        }
        let now = self.env.now();
        if until.is_some_and(|until| until <= now) {
            return Err(Error::Invalid("the end has passed already; give a later one".to_owned()));
        }
        let about = serde_json::to_string(&(&frozen, stops, &reason))?;
        let id = OrderId::derive(Freeze::KIND, &self.actor, now, &about);
        let freeze = Freeze { id, frozen, stops, reason, by: self.actor.clone(), at: now, until };
        let mut tx = self.begin();
        tx.put_order(&freeze);
        tx.journal(Event::Frozen, about_frozen(&freeze), json!({"freeze": freeze}));
        tx.commit().await?;
        Ok(freeze)
    }

    /// The orders to stand still that hold now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn freezes(&self) -> Result<Vec<Freeze>> {
        let now = self.env.now();
        let mut freezes = self.store.orders().await?.freezes;
        freezes.retain(|freeze| freeze.until.is_none_or(|until| now < until));
        freezes.sort_by_key(|freeze| freeze.at);
        Ok(freezes)
    }

    /// Lifts the order whose id begins with `text`.
    ///
    /// # Errors
    /// When there is none, or several, when it is about whoever lifts it, or the store fails.
    pub async fn lift(&self, text: &str) -> Result<Freeze> {
        let found: Vec<_> = self
            .freezes()
            .await?
            .into_iter()
            .filter(|freeze| {
                let id = freeze.id.as_str();
                id.starts_with(text) || id.trim_start_matches("ord_").starts_with(text)
            })
            .collect();
        let freeze = match <[Freeze; 1]>::try_from(found) {
            Ok([freeze]) => freeze,
            Err(found) if found.is_empty() => {
                return Err(Error::NotFound(format!(
                    "no freeze begins with {text}; see muster freeze list"
                )));
            }
            Err(_) => {
                return Err(Error::Invalid(format!(
                    "{text} names several freezes; give more of the id: muster freeze list"
                )));
            }
        };
        if let Frozen::Person { person } = &freeze.frozen
            && let Some(person) = self.store.person(person).await?
            && consent::means(&person, &self.actor)
        {
            return Err(Error::Invalid(
                "this freeze is about you; ask somebody else to lift it".to_owned(),
            ));
        }
        let mut tx = self.begin();
        tx.remove_order(&freeze);
        tx.journal(Event::Thawed, about_frozen(&freeze), json!({"freeze": freeze}));
        tx.commit().await?;
        Ok(freeze)
    }
}

fn about_frozen(freeze: &Freeze) -> About {
    match &freeze.frozen {
        Frozen::Everything => About::default(),
        Frozen::App { app } => About { app: Some(app.clone()), ..About::default() },
        Frozen::Person { person } => About { person: Some(person.clone()), ..About::default() },
    }
}
