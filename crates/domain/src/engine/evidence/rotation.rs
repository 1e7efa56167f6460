//! Changing the signing key. Both keys sign the change, and how far the journal had come: whoever
//! trusts one of them can follow to the other, and each keeps counting for what it signed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    checkpoint::{Checkpoint, Untrue},
    key::{PublicKey, Purpose, Signature, SigningKey},
};
use crate::model::{
    canonical::{Digest, canonical_json},
    id::OrgId,
};

/// From which key to which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Of which organisation.
    pub org: OrgId,
    /// The key that signed until then.
    pub from: PublicKey,
    /// The key that signs from then on.
    pub to: PublicKey,
    /// The number of the journal's last entry.
    pub seq: u64,
    /// Its hash, which rests on all before it.
    pub head: Digest,
    /// When.
    pub at: Timestamp,
}

/// A change of keys with the signatures of both, over its canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRotation {
    /// What is signed.
    pub rotation: Rotation,
    /// By the key that signed until then.
    pub by_former: Signature,
    /// By the key that signs from then on.
    pub by_next: Signature,
}

impl Rotation {
    /// Signs it with both keys.
    ///
    /// # Errors
    /// When it cannot be canonical JSON.
    pub fn sign(
        self,
        former: &SigningKey,
        next: &SigningKey,
    ) -> Result<SignedRotation, serde_json::Error> {
        let text = canonical_json(&self)?;
        let by_former = former.sign(Purpose::Rotation, &text);
        let by_next = next.sign(Purpose::Rotation, &text);
        Ok(SignedRotation { rotation: self, by_former, by_next })
    }

    /// What it says of the journal, as a checkpoint says it.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let Self { org, from: _, to, seq, head, at } = self.clone();
        Checkpoint { org, seq, head, at, key: to }
    }
}

impl SignedRotation {
    /// Whether both keys signed it.
    ///
    /// # Errors
    /// [`Untrue::Signature`] when one of them did not.
    pub fn verify(&self) -> Result<(), Untrue> {
        let Self { rotation, by_former, by_next } = self;
        let text = canonical_json(rotation).map_err(|_| Untrue::Signature)?;
        let signed = |key: &PublicKey, by| key.verifies(Purpose::Rotation, &text, by);
        let both = signed(&rotation.from, by_former) && signed(&rotation.to, by_next);
        if both { Ok(()) } else { Err(Untrue::Signature) }
    }
}

/// A key, and from when until when it signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The key.
    pub key: PublicKey,
    /// The number of the entry that tells of it.
    pub entry: u64,
    /// Since when it signs.
    pub since: Timestamp,
    /// Until when it signed; `None` for the one that signs now.
    pub until: Option<Timestamp>,
}

/// The keys of an organisation, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(Vec<Span>);

/// Why what the journal tells of keys does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfounded {
    /// The journal tells of a change that the keys did not sign.
    #[error("entry {0} changes the signing key, but not both keys signed it")]
    Unsigned(u64),
    /// The change is from a key that did not sign then.
    #[error("entry {0} changes the signing key from one that was not in use")]
    Astray(u64),
    /// The last key that the journal tells of is not the one that signs.
    #[error("the journal tells of another signing key than the one that is kept here")]
    NotOurs,
}

impl Keys {
    /// The keys that the journal tells of: how the first one was made, and each change. `current`
    /// is the key that signs now, from the hand that keeps it; it vouches for all before it, change
    /// by change.
    ///
    /// # Errors
    /// Which change does not hold.
    pub fn of(
        made: (u64, Timestamp, PublicKey),
        changes: &[(u64, SignedRotation)],
        current: &PublicKey,
    ) -> Result<Self, Unfounded> {
        let (entry, since, key) = made;
        let mut keys = vec![Span { key, entry, since, until: None }];
        for (entry, signed) in changes {
            let entry = *entry;
            signed.verify().map_err(|_| Unfounded::Unsigned(entry))?;
            let Rotation { from, to, at, seq, .. } = signed.rotation;
            let last = keys.last_mut().filter(|last| last.key == from && last.entry <= seq);
            let last = last.filter(|_| seq < entry).ok_or(Unfounded::Astray(entry))?;
            last.until = Some(at);
            keys.push(Span { key: to, entry, since: at, until: None });
        }
        if keys.last().is_none_or(|last| last.key != *current) {
            return Err(Unfounded::NotOurs);
        }
        Ok(Self(keys))
    }

    /// The key that signed when the journal's last entry was `seq`; before there was one, the first.
    #[must_use]
    pub fn at(&self, seq: u64) -> Option<&PublicKey> {
        let last = self.0.iter().rev().find(|span| span.entry <= seq);
        last.or_else(|| self.0.first()).map(|span| &span.key)
    }

    /// All of them, the first one first.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.0
    }
}

/// Whether `changes` lead, each from the key of the one before, to `key`.
#[must_use]
pub fn leads_to(changes: &[SignedRotation], key: &PublicKey) -> bool {
    let linked = changes
        .windows(2)
        .all(|two| matches!(two, [one, next] if one.rotation.to == next.rotation.from));
    let signed = changes.iter().all(|change| change.verify().is_ok());
    linked && signed && changes.last().is_none_or(|last| last.rotation.to == *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed(&[n; 32]).unwrap()
    }

    fn at(hour: u8) -> Timestamp {
        format!("2026-10-01T{hour:02}:00:00Z").parse().unwrap()
    }

    fn change(from: u8, to: u8, seq: u64) -> SignedRotation {
        let (former, next) = (key(from), key(to));
        let rotation = Rotation {
            org: OrgId::default_org(),
            from: former.public(),
            to: next.public(),
            seq,
            head: Digest::of(b"head"),
            at: at(to),
        };
        rotation.sign(&former, &next).unwrap()
    }

    fn keys(changes: &[(u64, SignedRotation)], current: u8) -> Result<Keys, Unfounded> {
        Keys::of((3, at(0), key(1).public()), changes, &key(current).public())
    }

    #[test]
    fn each_key_counts_for_the_time_in_which_it_signed() {
        let keys = keys(&[(8, change(1, 2, 7)), (20, change(2, 3, 12))], 3).unwrap();
        for (seq, expected) in [(1, 1), (7, 1), (8, 2), (19, 2), (20, 3), (99, 3)] {
            assert_eq!(keys.at(seq), Some(&key(expected).public()), "entry {seq}");
        }
        let until: Vec<_> = keys.spans().iter().map(|span| span.until).collect();
        assert_eq!(until, [Some(at(2)), Some(at(3)), None]);
    }

    #[test]
    fn a_change_that_one_key_did_not_sign_is_none() {
        let mut forged = change(1, 2, 7);
        forged.by_former = change(3, 2, 7).by_former;
        assert_eq!(keys(&[(8, forged)], 2), Err(Unfounded::Unsigned(8)));
        let mut moved = change(1, 2, 7);
        moved.rotation.seq = 6;
        assert_eq!(keys(&[(8, moved)], 2), Err(Unfounded::Unsigned(8)));
        assert_eq!(keys(&[(8, change(4, 2, 7))], 2), Err(Unfounded::Astray(8)));
        assert_eq!(keys(&[(8, change(1, 2, 8))], 2), Err(Unfounded::Astray(8)));
        assert_eq!(keys(&[], 2), Err(Unfounded::NotOurs));
        assert_eq!(keys(&[(8, change(1, 2, 7))], 1), Err(Unfounded::NotOurs));
    }

    #[test]
    fn changes_lead_from_one_key_to_the_next_or_nowhere() {
        let three = key(3).public();
        assert!(leads_to(&[], &three));
        assert!(leads_to(&[change(1, 2, 7), change(2, 3, 9)], &three));
        assert!(!leads_to(&[change(1, 2, 7), change(4, 3, 9)], &three));
        assert!(!leads_to(&[change(1, 2, 7)], &three));
    }
}
