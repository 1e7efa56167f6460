//! Attestations: a named person's word, with a proof, for what no system tells.

use jiff::Timestamp;
use muster_domain::model::{
    check::{Attestation, Attested},
    id::{AccountId, AppName, OrderId},
    journal::{About, Event},
    order::Order as _,
};
use serde_json::json;

use super::{
    Muster,
    exception::{NewFile, lasts, one_of},
};
use crate::error::{Error, Result};

/// What is to be attested.
#[derive(Debug, Clone)]
pub struct NewAttestation {
    /// What it says.
    pub says: Attested,
    /// Of which app.
    pub app: AppName,
    /// Of which account; of every one otherwise.
    pub account: Option<AccountId>,
    /// In words.
    pub statement: String,
    /// Until when it counts.
    pub until: Timestamp,
    /// The proof.
    pub file: Option<NewFile>,
}

impl Muster {
    /// Takes down somebody's word.
    ///
    /// # Errors
    /// When app or account are not known, nothing is stated, no proof is attached, the end has
    /// passed or lies more than a year ahead, somebody would attest for her own account, or whoever
    /// gives the word is nobody who is known and works here.
    pub async fn attest(&self, new: NewAttestation) -> Result<Attestation> {
        let NewAttestation { says, app, account, statement, until, file } = new;
        self.connection(&app).await?;
        let now = self.env.now();
        lasts(now, until, &self.policy_or_none().await?.organization.time_zone)?;
        let statement = statement.trim().to_owned();
        if statement.is_empty() {
            return Err(Error::Invalid("say what you saw: --statement TEXT".to_owned()));
        }
        if says == Attested::ProviderMfa && account.is_some() {
            return Err(Error::Invalid(
                "provider-mfa speaks of the whole app; name the app alone".to_owned(),
            ));
        }
        let about = match &account {
            Some(account) => self.concerned(&app, account).await?,
            None => None,
        };
        let by = self.answerer(&self.actor, ("--as", about.as_slice())).await?;
        let Some(file) = file else {
            return Err(Error::Invalid(
                "a word without a proof counts for nothing: --file PROOF".to_owned(),
            ));
        };
        let mut tx = self.begin();
        let file = Some(file.attach(&mut tx)?);
        let about = format!("{} {app} {account:?} {statement}", says.word());
        let attestation = Attestation {
            id: OrderId::derive(Attestation::KIND, &self.actor, now, &about),
            says,
            app,
            account,
            statement,
            file,
            by,
            at: now,
            until,
        };
        tx.put_order(&attestation);
        tx.journal(Event::Attested, about_it(&attestation), json!({ "attestation": attestation }));
        tx.commit().await?;
        Ok(attestation)
    }

    /// What was attested, what lapsed among it; what lapses first first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn attestations(&self) -> Result<Vec<Attestation>> {
        let mut attestations = self.store.orders().await?.attestations;
        attestations.sort_by_key(|one| one.until);
        Ok(attestations)
    }

    /// Takes back the attestation whose id begins with `text`.
    ///
    /// # Errors
    /// When there is none, or several, or the store fails.
    pub async fn withdraw_attestation(&self, text: &str) -> Result<Attestation> {
        let found = self.attestations().await?;
        let attestation = one_of(found, |one| &one.id, text, "attestation")?;
        let mut tx = self.begin();
        tx.remove_order(&attestation);
        tx.journal(
            Event::AttestationWithdrawn,
            about_it(&attestation),
            json!({ "attestation": attestation }),
        );
        tx.commit().await?;
        Ok(attestation)
    }
}

fn about_it(attestation: &Attestation) -> About {
    About {
        app: Some(attestation.app.clone()),
        account: attestation.account.clone(),
        ..About::default()
    }
}
