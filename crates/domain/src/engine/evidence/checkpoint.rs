//! Checkpoints: a signed word of how far the journal had come. Whoever keeps one elsewhere can tell
//! that everything up to there is as it was, though all of the journal were written anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{PublicKey, Purpose, Signature, SigningKey};
use crate::model::{
    canonical::{Digest, canonical_json},
    id::OrgId,
    journal::{Broken, Entry},
};

/// How far the journal had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Of which organisation.
    pub org: OrgId,
    /// The number of the last entry.
    pub seq: u64,
    /// Its hash, which rests on all before it.
    pub head: Digest,
    /// When.
    pub at: Timestamp,
    /// The key that signs this.
    pub key: PublicKey,
}

/// A checkpoint with the signature of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// Over its canonical JSON.
    pub signature: Signature,
}

/// Why a checkpoint counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrue {
    /// It names another key than the one it is held against.
    #[error("it was signed with another key: {0}")]
    OtherKey(PublicKey),
    /// The signature is not of this checkpoint.
    #[error("the signature does not hold: the checkpoint was changed, or somebody else made it")]
    Signature,
}

impl Checkpoint {
    /// Signs it.
    ///
    /// # Errors
    /// When it cannot be canonical JSON.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, serde_json::Error> {
        let signature = key.sign(Purpose::Checkpoint, &canonical_json(&self)?);
        Ok(SignedCheckpoint { checkpoint: self, signature })
    }

    /// Holds the entry with this number, if there is one, against what was signed.
    ///
    /// # Errors
    /// [`Broken::Contradicted`] when it is another, [`Broken::Truncated`] when there is none.
    pub fn holds_for(&self, entry: Option<&Entry>, last: u64) -> Result<(), Broken> {
        match entry {
            _ if self.seq == 0 => Ok(()),
            Some(entry) if entry.seq == self.seq && entry.hash == self.head => Ok(()),
            Some(entry) if entry.seq == self.seq => {
                Err(Broken::Contradicted { seq: self.seq, at: self.at })
            }
            _ => Err(Broken::Truncated { expected: self.seq, found: last }),
        }
    }
}

impl SignedCheckpoint {
    /// Whether `key` signed it.
    ///
    /// # Errors
    /// Why not.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Untrue> {
        if self.checkpoint.key != *key {
            return Err(Untrue::OtherKey(self.checkpoint.key));
        }
        let text = canonical_json(&self.checkpoint).map_err(|_| Untrue::Signature)?;
        let holds = key.verifies(Purpose::Checkpoint, &text, &self.signature);
        if holds { Ok(()) } else { Err(Untrue::Signature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::journal::{About, Draft, Event};

    fn signed() -> (SigningKey, SignedCheckpoint) {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let checkpoint = Checkpoint {
            org: OrgId::default_org(),
            seq: 1,
            head: entry("a").hash,
            at: "2026-10-01T12:00:00Z".parse().unwrap(),
            key: key.public(),
        };
        let signed = checkpoint.sign(&key).unwrap();
        (key, signed)
    }

    fn entry(actor: &str) -> Entry {
        let draft = Draft {
            at: "2026-10-01T12:00:00Z".parse().unwrap(),
            actor: actor.to_owned(),
            event: Event::HomeCreated,
            about: About::default(),
            data: serde_json::json!({}),
        };
        Entry::chain(draft, 1, Digest::zero(), [7; 16]).unwrap()
    }

    #[test]
    fn every_changed_letter_of_a_checkpoint_is_found() {
        let (key, signed) = signed();
        signed.verify(&key.public()).unwrap();
        let text = serde_json::to_string(&signed).unwrap();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            let Ok(bent) = serde_json::from_slice::<SignedCheckpoint>(&bytes) else { continue };
            assert!(bent.verify(&key.public()).is_err(), "byte {place}");
        }
        let other = SigningKey::from_seed(&[8; 32]).unwrap().public();
        assert_eq!(signed.verify(&other), Err(Untrue::OtherKey(key.public())));
    }

    #[test]
    fn a_journal_written_anew_contradicts_what_was_signed() {
        let (_, signed) = signed();
        let checkpoint = signed.checkpoint;
        assert_eq!(checkpoint.holds_for(Some(&entry("a")), 1), Ok(()));
        let anew = checkpoint.holds_for(Some(&entry("b")), 1);
        assert_eq!(anew, Err(Broken::Contradicted { seq: 1, at: checkpoint.at }));
        let cut = checkpoint.holds_for(None, 0);
        assert_eq!(cut, Err(Broken::Truncated { expected: 1, found: 0 }));
    }
}
