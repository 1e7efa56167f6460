//! Evidence: the signing key, signed checkpoints of the journal, and bundles for auditors.

pub mod bundle;
pub mod export;
pub mod keys;
mod leavers;
mod lists;
mod pass;
mod people;
mod populations;
mod readme;
mod sheets;

use muster_domain::{
    engine::evidence::{
        checkpoint::{Checkpoint, SignedCheckpoint, Untrue},
        key::PublicKey,
        rotation::Keys,
    },
    model::journal::{About, Entry, Event},
};
use serde_json::json;

use super::Muster;
use crate::{
    error::{Error, Result},
    store::{
        JournalFault,
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

    /// Verifies the journal and that the state is what it tells, signs how far it has come, and journals the signature.
    ///
    /// # Errors
    /// When the journal does not hold, the state is not what it tells, or the store fails.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint> {
        self.remembers_all()?;
        self.beside_the_journal().await?;
        self.sign().await
    }

    /// A checkpoint for who has held the state against the journal.
    async fn sign(&self) -> Result<SignedCheckpoint> {
        self.remembers_all()?;
        self.signing_key().await?;
        self.verify().await?;
        // The key after the head: a key that is changed meanwhile signs for what was before it.
        let (seq, head) = self.store.journal_head().await?;
        let key = self.signing_key().await?;
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
    /// kept elsewhere, by this public key or else by the organisation's own of that time.
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
        // First what was kept elsewhere: held by a key from elsewhere it needs nothing from here.
        if let (Some(signed), Some(key)) = (kept, key) {
            signed.verify(key).map_err(not_counting)?;
            self.hold_kept(signed, journal.entries).await?;
        }
        // What the journal tells of keys means nothing where it may not be all of it.
        if kept.is_none() {
            self.remembers_all()?;
        }
        let keys = self.keys().await?;
        let filter =
            JournalFilter { event: Some(Event::CheckpointMade), ..JournalFilter::default() };
        let told = self.store.journal(&filter).await?;
        for entry in &told {
            let at = entry.seq;
            let signed = entry.data.get("signed").cloned().unwrap_or_default();
            let signed: SignedCheckpoint = serde_json::from_value(signed)
                .map_err(|_| Error::Conflict(format!("entry {at} holds no checkpoint")))?;
            let keys = keys.as_ref().ok_or_else(|| {
                Error::Conflict(format!("entry {at} was signed, but the signing key is gone"))
            })?;
            verify_by(keys, &signed, at)
                .map_err(|why| Error::Conflict(format!("the checkpoint in entry {at}: {why}")))?;
            self.hold(&signed.checkpoint, journal.entries).await?;
        }
        for change in self.key_changes().await? {
            self.hold(&change.1.rotation.checkpoint(), journal.entries).await?;
        }
        if let (Some(signed), None) = (kept, key) {
            let keys = keys.ok_or_else(|| {
                Error::Invalid("nothing was signed here; say whose key it is: --key".to_owned())
            })?;
            verify_by(&keys, signed, signed.checkpoint.seq).map_err(not_counting)?;
            self.hold_kept(signed, journal.entries).await?;
        }
        self.remembers_all()?;
        let against = kept.map(|signed| signed.checkpoint.clone());
        Ok(Verified { journal, checkpoints: told.len(), against })
    }

    async fn hold_kept(&self, signed: &SignedCheckpoint, last: u64) -> Result<()> {
        if signed.checkpoint.org != *self.store.org() {
            return Err(Error::Invalid(format!(
                "the checkpoint is of another organisation: {}",
                signed.checkpoint.org
            )));
        }
        self.hold(&signed.checkpoint, last).await
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

fn not_counting(why: Untrue) -> Error {
    Error::Invalid(format!("the checkpoint: {why}"))
}

/// Whether the key that was in use signed it: when the journal had come as far as it says, or when
/// it was written into entry `at`.
fn verify_by(keys: &Keys, signed: &SignedCheckpoint, at: u64) -> std::result::Result<(), Untrue> {
    let mut mine = [signed.checkpoint.seq, at].into_iter().filter_map(|seq| keys.at(seq));
    let mine = mine.find(|key| **key == signed.checkpoint.key);
    mine.map_or(Err(Untrue::OtherKey(signed.checkpoint.key)), |key| signed.verify(key))
}
