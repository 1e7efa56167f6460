//! Extending contracts by hand (J12): what keeps a contractor longer is kept as a request until
//! somebody else approves it.

use jiff::SignedDuration;
use muster_domain::{
    engine::{
        consent,
        contract::{self, Inside},
        hand::{self, Moment, Word},
        lifecycle::{self, Hours, PersonState},
        merge::differences,
    },
    model::{
        consent::Extension,
        id::OrderId,
        journal::{About, Event},
        order::Order as _,
        person::Person,
    },
};
use serde_json::json;

use super::{
    super::{
        Muster,
        consent::order_begins,
        why::{PersonInApp, state_at},
    },
    Told, changed_meanwhile,
};
use crate::error::{Error, Result};

/// So long a request waits before it lapses.
const WAITS: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Muster {
    /// What is told, with how it keeps a contractor longer.
    pub(super) async fn weighed(
        &self,
        told: Told,
        words: (Vec<Word>, Option<u32>),
    ) -> Result<Told> {
        let organization = self.policy_or_none().await?.organization;
        let hours = Hours::usual(&organization);
        let lets_in = told.apps.iter().any(PersonInApp::lets_in);
        let extends = told.before.as_ref().and_then(|before| {
            let over = matches!(
                lifecycle::state(before, &hours, self.env.now()),
                PersonState::Ended { .. } | PersonState::Withdrawn
            );
            let inside = if over && !lets_in { Inside::No } else { Inside::Yes };
            contract::extended(before, &told.person, &hours, inside)
        });
        Ok(Told { extends, words, ..told })
    }

    /// Keeps what was told until somebody else approves it.
    pub(super) async fn ask_extension(&self, told: &Told) -> Result<()> {
        let Told { before, person, extends, words, .. } = told;
        if self.store.person(&person.id).await? != *before {
            return Err(changed_meanwhile(person));
        }
        let now = self.env.now();
        let about = serde_json::to_string(words)?;
        let extension = Extension {
            id: OrderId::derive(Extension::KIND, &self.actor, now, &about),
            person: person.id.clone(),
            name: person.name(),
            words: words.0.clone(),
            engagement: words.1,
            what: extends.clone().unwrap_or_default(),
            by: self.actor.clone(),
            at: now,
            expires: now.checked_add(WAITS).unwrap_or(jiff::Timestamp::MAX),
        };
        let mut tx = self.begin();
        // The latest request counts.
        for old in self.extensions().await?.iter().filter(|old| old.person == person.id) {
            tx.remove_order(old);
        }
        tx.put_order(&extension);
        tx.journal(Event::ExtensionAsked, of(&extension), json!({"extension": extension}));
        tx.commit().await?;
        Ok(())
    }

    /// The extensions of contracts that wait for somebody's approval, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn extensions(&self) -> Result<Vec<Extension>> {
        let now = self.env.now();
        let mut found = self.store.orders().await?.extensions;
        found.retain(|one| now < one.expires);
        found.sort_by_key(|one| one.at);
        Ok(found)
    }

    /// The extension whose id begins with `text`.
    ///
    /// # Errors
    /// When there is none, or several.
    async fn extension(&self, text: &str) -> Result<Extension> {
        let mut found = self.extensions().await?;
        found.retain(|one| order_begins(&one.id, text));
        let Ok([one]) = <[Extension; 1]>::try_from(found) else {
            return Err(Error::NotFound(format!(
                "no single extension that waits begins with {text}; see muster approvals"
            )));
        };
        Ok(one)
    }

    async fn may_decide(&self, extension: &Extension) -> Result<()> {
        let policy = self.policy_or_none().await?;
        let people = self.people().await?;
        let now = self.env.now();
        let has_left = |person: &Person| {
            let state = state_at(person, &policy, now);
            matches!(state, PersonState::Ended { .. } | PersonState::Withdrawn)
        };
        consent::may_extend(people.values(), extension, &self.actor, has_left).map_err(|why| {
            Error::Conflict(format!("the contract of {} is not extended: {why}", extension.name))
        })
    }

    /// Lets a contract be extended: what was told counts from now on, as the word of who told it.
    ///
    /// # Errors
    /// When there is no such request, whoever asks may not decide it, or it would come to something
    /// else by now.
    pub async fn approve_extension(&self, text: &str, reason: Option<&str>) -> Result<Extension> {
        let extension = self.extension(text).await?;
        self.may_decide(&extension).await?;
        let before =
            self.store.person(&extension.person).await?.ok_or_else(|| {
                Error::NotFound(format!("nobody knows {} any more", extension.name))
            })?;
        let (ranking, today) = (self.ranking().await?, self.today().await?);
        let moment = Moment { now: self.env.now(), today, ranking: &ranking, by: &extension.by };
        let mut person = before.clone();
        for word in &extension.words {
            person = hand::hear(&person, word, extension.engagement, &moment)
                .map_err(|error| Error::Invalid(error.to_string()))?;
        }
        let organization = self.policy_or_none().await?.organization;
        // Whatever became of the accounts meanwhile: it was asked for as if they let in.
        let hours = Hours::usual(&organization);
        let comes_to = contract::extended(&before, &person, &hours, Inside::Yes);
        if comes_to.as_ref() != Some(&extension.what) {
            return Err(Error::Conflict(format!(
                "what is known of {} changed since it was asked for; tell it again: muster people \
                 edit, or say no: muster reject {} --reason TEXT",
                extension.name, extension.id
            )));
        }
        let changes = differences(&before, &person);
        let mut tx = self.begin();
        tx.put_people(std::slice::from_ref(&person));
        tx.remove_order(&extension);
        // First the entry that tells what became of the person.
        let data = json!({"by_hand": true, "told_by": extension.by, "changes": changes});
        tx.journal(Event::PersonChanged, of(&extension), data);
        let data = json!({"extension": extension, "reason": reason});
        tx.journal(Event::ExtensionApproved, of(&extension), data);
        tx.commit().await?;
        Ok(extension)
    }

    /// Says no to the extension of a contract. Who asked for it may take it back so.
    ///
    /// # Errors
    /// When there is no such request, or the contractor herself asks.
    pub async fn reject_extension(&self, text: &str, reason: &str) -> Result<Extension> {
        let extension = self.extension(text).await?;
        if extension.by != self.actor {
            self.may_decide(&extension).await?;
        }
        let mut tx = self.begin();
        tx.remove_order(&extension);
        let data = json!({"extension": extension, "reason": reason});
        tx.journal(Event::ExtensionRejected, of(&extension), data);
        tx.commit().await?;
        Ok(extension)
    }
}

fn of(extension: &Extension) -> About {
    About { person: Some(extension.person.clone()), ..About::default() }
}
