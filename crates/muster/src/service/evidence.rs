//! Evidence: the signing key, signed checkpoints of the journal, and bundles for auditors.

pub mod export;
mod readme;
mod sheets;

use muster_domain::{
    engine::evidence::{
        checkpoint::{Checkpoint, SignedCheckpoint},
        key::{PublicKey, SigningKey},
    },
    model::journal::{About, Entry, Event},
};
use serde_json::json;

use super::Muster;
use crate::{
    error::{Error, Result},
    secret::Secret,
    store::{
        JournalFault, StoreError,
        records::{JournalFilter, JournalReport},
    },
};

/// A journal that holds, and the checkpoints that it was held against.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The journal.
    pub journal: JournalReport,
    /// How many checkpoints it tells of itself; all of them hold.
    pub checkpoints: usize,
    /// The checkpoint from elsewhere, if one was given.
    pub against: Option<Checkpoint>,
}

impl Muster {
    /// The signing key, made at first need.
    ///
    /// # Errors
    /// When the store fails, or the seal does not open.
    pub async fn signing_key(&self) -> Result<SigningKey> {
        if let Some(key) = self.known_signing_key().await? {
            return Ok(key);
        }
        let mut seed = [0; 32];
        self.env.fill(&mut seed);
        let key = SigningKey::from_seed(&seed).map_err(|error| unusable(&error))?;
        let public = key.public();
        let mut tx = self.begin();
        tx.put_signing_seed(&Secret::new(data_encoding::HEXLOWER.encode(&seed)));
        zeroize::Zeroize::zeroize(&mut seed);
        let data = json!({ "key": public, "fingerprint": public.fingerprint() });
        tx.journal(Event::SigningKeyMade, About::default(), data);
        match tx.commit().await {
            Ok(_) => Ok(key),
            // Somebody else made it meanwhile: theirs is the key.
            Err(StoreError::Conflict { .. }) => {
                let known = self.known_signing_key().await?;
                known.ok_or_else(|| Error::Conflict("the signing key is not there".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The signing key, if there is one.
    ///
    /// # Errors
    /// When the store fails, or the seal does not open.
    pub async fn known_signing_key(&self) -> Result<Option<SigningKey>> {
        let Some(seed) = self.store.signing_seed().await? else { return Ok(None) };
        let bytes = data_encoding::HEXLOWER.decode(seed.reveal().as_bytes());
        let bytes = zeroize::Zeroizing::new(bytes.map_err(|error| unusable(&error))?);
        SigningKey::from_seed(&bytes).map(Some).map_err(|error| unusable(&error))
    }

    /// Refuses while the store may know less than this home has seen: what it tells is not all.
    ///
    /// # Errors
    /// Why it may, and what to do.
    pub fn remembers_all(&self) -> Result<()> {
        match &self.forgotten {
            None => Ok(()),
            Some(why) => Err(Error::Conflict(format!(
                "{why}; if you restored it, say so: muster log accept-restore"
            ))),
        }
    }

    /// Verifies the journal, signs how far it has come, and journals the signature.
    ///
    /// # Errors
    /// When the journal does not hold, or the store fails.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint> {
        self.remembers_all()?;
        let key = self.signing_key().await?;
        self.verify().await?;
        let (seq, head) = self.store.journal_head().await?;
        let signed = Checkpoint {
            org: self.store.org().clone(),
            seq,
            head,
            at: self.env.now(),
            key: key.public(),
        }
        .sign(&key)?;
        let mut tx = self.begin();
        tx.journal(Event::CheckpointMade, About::default(), json!({ "signed": signed }));
        tx.commit().await?;
        Ok(signed)
    }

    /// Verifies the journal, also against the checkpoints it tells of, and against one that was
    /// kept elsewhere, by this public key or else by the organisation's own.
    ///
    /// # Errors
    /// Where the journal is broken or contradicts a checkpoint; or that the checkpoint itself
    /// counts for nothing.
    pub async fn verify_against(
        &self,
        kept: Option<&SignedCheckpoint>,
        key: Option<&PublicKey>,
    ) -> Result<Verified> {
        let journal = self.verify().await?;
        let own = self.known_signing_key().await?.map(|key| key.public());
        let filter =
            JournalFilter { event: Some(Event::CheckpointMade), ..JournalFilter::default() };
        let told = self.store.journal(&filter).await?;
        for entry in &told {
            let at = entry.seq;
            let signed = entry.data.get("signed").cloned().unwrap_or_default();
            let signed: SignedCheckpoint = serde_json::from_value(signed)
                .map_err(|_| Error::Conflict(format!("entry {at} holds no checkpoint")))?;
            let own = own.ok_or_else(|| {
                Error::Conflict(format!("entry {at} was signed, but the signing key is gone"))
            })?;
            signed
                .verify(&own)
                .map_err(|why| Error::Conflict(format!("the checkpoint in entry {at}: {why}")))?;
            self.hold(&signed.checkpoint, journal.entries).await?;
        }
        if let Some(signed) = kept {
            let key = key.copied().or(own).ok_or_else(|| {
                Error::Invalid("nothing was signed here; say whose key it is: --key".to_owned())
            })?;
            signed.verify(&key).map_err(|why| Error::Invalid(format!("the checkpoint: {why}")))?;
            if signed.checkpoint.org != *self.store.org() {
                return Err(Error::Invalid(format!(
                    "the checkpoint is of another organisation: {}",
                    signed.checkpoint.org
                )));
            }
            self.hold(&signed.checkpoint, journal.entries).await?;
        }
        self.remembers_all()?;
        let against = kept.map(|signed| signed.checkpoint.clone());
        Ok(Verified { journal, checkpoints: told.len(), against })
    }

    async fn hold(&self, checkpoint: &Checkpoint, last: u64) -> Result<()> {
        let entry = self.entry(checkpoint.seq).await?;
        checkpoint
            .holds_for(entry.as_ref(), last)
            .map_err(|broken| JournalFault::from(broken).into())
    }

    async fn entry(&self, seq: u64) -> Result<Option<Entry>> {
        let after_seq = Some(seq.saturating_sub(1));
        let filter = JournalFilter { after_seq, limit: Some(1), ..JournalFilter::default() };
        Ok(self.store.journal(&filter).await?.pop())
    }
}

fn unusable(error: &dyn std::error::Error) -> Error {
    Error::Conflict(format!("the signing key cannot be used: {error}"))
}
