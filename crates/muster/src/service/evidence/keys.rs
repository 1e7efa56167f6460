//! The signing key: made at first need, changed on order. What a former key signed keeps counting.

use jiff::Timestamp;
use muster_domain::{
    engine::evidence::{
        key::{PublicKey, SigningKey},
        rotation::{Keys, Rotation, SignedRotation, Span},
    },
    model::journal::{About, Entry, Event},
};
use serde_json::json;

use super::super::Muster;
use crate::{
    error::{Error, Result},
    secret::Secret,
    store::{SigningSeed, StoreError, records::JournalFilter},
};

impl Muster {
    /// The signing key, made at first need.
    ///
    /// # Errors
    /// When the store fails, or the seal does not open.
    pub async fn signing_key(&self) -> Result<SigningKey> {
        if let Some((_, key)) = self.known_signing_key().await? {
            return Ok(key);
        }
        let (key, seed) = self.new_key()?;
        let public = key.public();
        let mut tx = self.begin();
        tx.put_signing_seed(&SigningSeed { number: 1, seed });
        let data = json!({ "key": public, "fingerprint": public.fingerprint() });
        tx.journal(Event::SigningKeyMade, About::default(), data);
        match tx.commit().await {
            Ok(_) => Ok(key),
            // Somebody else made it meanwhile: theirs is the key.
            Err(StoreError::Conflict { .. }) => {
                let known = self.known_signing_key().await?;
                let gone = || Error::Conflict("the signing key is not there".to_owned());
                known.map(|(_, key)| key).ok_or_else(gone)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn new_key(&self) -> Result<(SigningKey, Secret)> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        self.env.fill(bytes.as_mut());
        let key = SigningKey::from_seed(bytes.as_ref()).map_err(|error| unusable(&error))?;
        Ok((key, Secret::new(data_encoding::HEXLOWER.encode(bytes.as_ref()))))
    }

    /// The signing key and its number, if there is one.
    async fn known_signing_key(&self) -> Result<Option<(i64, SigningKey)>> {
        let Some(SigningSeed { number, seed }) = self.store.signing_seed().await? else {
            return Ok(None);
        };
        let bytes = data_encoding::HEXLOWER.decode(seed.reveal().as_bytes());
        let bytes = zeroize::Zeroizing::new(bytes.map_err(|error| unusable(&error))?);
        let key = SigningKey::from_seed(&bytes).map_err(|error| unusable(&error))?;
        Ok(Some((number, key)))
    }

    /// Signs with a new key from now on. Both keys sign the change and how far the journal has
    /// come; what the former one was made from is forgotten.
    ///
    /// # Errors
    /// When there is no key yet, the journal does not hold, the state is not what it tells, somebody
    /// else changes the key at the same time, or the store fails.
    pub async fn rotate_signing_key(&self) -> Result<SignedRotation> {
        let Some((number, former)) = self.known_signing_key().await? else {
            return Err(Error::Invalid(
                "there is no signing key yet; make the first one: muster evidence key".to_owned(),
            ));
        };
        self.verify_against(None, None).await?;
        self.beside_the_journal().await?;
        let (next, seed) = self.new_key()?;
        let (seq, head) = self.store.journal_head().await?;
        let rotation = Rotation {
            org: self.store.org().clone(),
            from: former.public(),
            to: next.public(),
            seq,
            head,
            at: self.env.now(),
        };
        let signed = rotation.sign(&former, &next)?;
        let mut tx = self.begin();
        tx.put_signing_seed(&SigningSeed { number: number + 1, seed });
        tx.journal(Event::SigningKeyChanged, About::default(), json!({ "signed": signed }));
        tx.commit().await?;
        Ok(signed)
    }

    /// Every key that ever signed, and from when until when; the first one first.
    ///
    /// # Errors
    /// When what the journal tells of keys does not hold, or the store fails.
    pub async fn signing_keys(&self) -> Result<Vec<Span>> {
        Ok(self.keys().await?.map(|keys| keys.spans().to_vec()).unwrap_or_default())
    }

    /// The keys that the journal tells of, as the one in use vouches for them.
    pub(super) async fn keys(&self) -> Result<Option<Keys>> {
        let Some((_, current)) = self.known_signing_key().await? else { return Ok(None) };
        let made = self.entries_of(Event::SigningKeyMade).await?;
        let made = made.first().and_then(|entry| {
            let key: PublicKey = entry.data.get("key")?.as_str()?.parse().ok()?;
            Some::<(u64, Timestamp, PublicKey)>((entry.seq, entry.at, key))
        });
        let untold = || Error::Conflict("the journal tells of no signing key".to_owned());
        let keys =
            Keys::of(made.ok_or_else(untold)?, &self.key_changes().await?, &current.public())
                .map_err(|why| Error::Conflict(why.to_string()))?;
        Ok(Some(keys))
    }

    /// Every change of the key, with the number of its entry.
    pub(super) async fn key_changes(&self) -> Result<Vec<(u64, SignedRotation)>> {
        let change = |entry: &Entry| {
            let signed = entry.data.get("signed").cloned().unwrap_or_default();
            serde_json::from_value(signed).map(|signed| (entry.seq, signed)).map_err(|_| {
                Error::Conflict(format!("entry {} holds no change of the signing key", entry.seq))
            })
        };
        self.entries_of(Event::SigningKeyChanged).await?.iter().map(change).collect()
    }

    async fn entries_of(&self, event: Event) -> Result<Vec<Entry>> {
        let filter = JournalFilter { event: Some(event), ..JournalFilter::default() };
        Ok(self.store.journal(&filter).await?)
    }
}

fn unusable(error: &dyn std::error::Error) -> Error {
    Error::Conflict(format!("the signing key cannot be used: {error}"))
}
