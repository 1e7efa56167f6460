//! Ed25519 keys and signatures (RFC 8032). Whoever has the public key, from a hand they trust, can
//! tell who signed; the same bytes always get the same signature.

use std::{fmt, str::FromStr};

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::model::canonical::{Digest, digest_of_parts};

const PREFIX: &str = "ed25519:";

/// The half of a key that everybody may have: `ed25519:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

/// A signature: 128 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature([u8; 64]);

/// The half of a key that signs. Never shown.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().fingerprint())
    }
}

/// The text or the bytes are no key or signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a public key.
    #[error("a public key is {PREFIX} and 64 hexadecimal digits")]
    Public,
    /// Neither a public key nor a fingerprint.
    #[error("a key is {PREFIX} and 64 hexadecimal digits; its fingerprint, 8 groups of 4")]
    Trusted,
    /// Not a signature.
    #[error("a signature is 128 hexadecimal digits")]
    Signature,
    /// Not a secret key.
    #[error("a secret key is 32 bytes")]
    Secret,
}

/// What is signed, so that a signature under one kind of thing is none under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A checkpoint of the journal.
    Checkpoint,
    /// The manifest of a bundle of evidence.
    Manifest,
    /// A change of the signing key.
    Rotation,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Checkpoint => "muster checkpoint 1",
            Self::Manifest => "muster evidence 1",
            Self::Rotation => "muster key rotation 1",
        }
    }

    /// The bytes that are signed: the purpose, a line feed, the text.
    fn message(self, text: &str) -> String {
        format!("{}\n{text}", self.word())
    }
}

impl SigningKey {
    /// The key that `seed` makes: 32 bytes of chance.
    ///
    /// # Errors
    /// When it is not 32 bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, InvalidKey> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| InvalidKey::Secret)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        for (byte, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *byte = *from;
        }
        PublicKey(bytes)
    }

    /// Signs `text`.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, text: &str) -> Signature {
        let signed = self.0.sign(purpose.message(text).as_bytes());
        let mut bytes = [0; 64];
        for (byte, from) in bytes.iter_mut().zip(signed.as_ref()) {
            *byte = *from;
        }
        Signature(bytes)
    }
}

impl PublicKey {
    /// Whether its owner signed `text`.
    #[must_use]
    pub fn verifies(&self, purpose: Purpose, text: &str, signature: &Signature) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(purpose.message(text).as_bytes(), &signature.0).is_ok()
    }

    /// The name of the key: short enough to be read out.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = self.digest().to_string();
        let letters: Vec<char> = digest.chars().take(32).collect();
        let groups = letters.chunks(4).map(|four| four.iter().collect::<String>());
        groups.collect::<Vec<_>>().join("-")
    }

    fn digest(&self) -> Digest {
        digest_of_parts(&["muster signing key", &self.to_string()])
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let hex = text.trim().strip_prefix(PREFIX).ok_or(InvalidKey::Public)?;
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes());
        let bytes = bytes.map_err(|_| InvalidKey::Public)?;
        bytes.try_into().map(Self).map_err(|_| InvalidKey::Public)
    }
}

/// A key as somebody has it from a hand that is trusted: the key, or its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trusted {
    /// The key.
    Key(PublicKey),
    /// Its fingerprint, as [`PublicKey::fingerprint`] gives it.
    Fingerprint(String),
}

impl Trusted {
    /// Whether `key` is meant.
    #[must_use]
    pub fn is(&self, key: &PublicKey) -> bool {
        match self {
            Self::Key(own) => own == key,
            Self::Fingerprint(own) => *own == key.fingerprint(),
        }
    }
}

impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "{key}"),
            Self::Fingerprint(own) => f.write_str(own),
        }
    }
}

impl FromStr for Trusted {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        if text.starts_with(PREFIX) {
            return text.parse().map(Self::Key);
        }
        let told = text.to_ascii_lowercase();
        let groups: Vec<&str> = told.split('-').collect();
        let is_group =
            |group: &&str| group.len() == 4 && group.chars().all(|digit| digit.is_ascii_hexdigit());
        let whole = groups.len() == 8 && groups.iter().all(is_group);
        if whole { Ok(Self::Fingerprint(told)) } else { Err(InvalidKey::Trusted) }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl FromStr for Signature {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes());
        let bytes = bytes.map_err(|_| InvalidKey::Signature)?;
        bytes.try_into().map(Self).map_err(|_| InvalidKey::Signature)
    }
}

macro_rules! as_text {
    ($($name:ident),+) => {
        $(impl From<$name> for String {
            fn from(it: $name) -> String {
                it.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidKey;
            fn try_from(text: String) -> Result<Self, InvalidKey> {
                text.parse()
            }
        })+
    };
}

as_text!(PublicKey, Signature);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trusted_by_itself_or_by_its_fingerprint() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap().public();
        let other = SigningKey::from_seed(&[8; 32]).unwrap().public();
        for told in [key.to_string(), key.fingerprint(), key.fingerprint().to_uppercase()] {
            let trusted: Trusted = told.parse().unwrap();
            assert!(trusted.is(&key) && !trusted.is(&other), "{told}");
        }
        let short = key.fingerprint().chars().take(34).collect::<String>();
        for wrong in [short.as_str(), "", "ed25519:12", "no-such-key"] {
            assert!(wrong.parse::<Trusted>().is_err(), "{wrong}");
        }
    }

    /// RFC 8032, 7.1, test 1: the public key of this seed.
    #[test]
    fn the_public_key_is_that_of_the_standard() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed = data_encoding::HEXLOWER.decode(seed.as_bytes()).unwrap();
        let public = SigningKey::from_seed(&seed).unwrap().public();
        let told = "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(public.to_string(), told);
        assert_eq!(told.parse::<PublicKey>().unwrap(), public);
    }

    #[test]
    fn a_signature_holds_for_its_text_its_purpose_and_its_key_alone() {
        let (mine, other) =
            (SigningKey::from_seed(&[7; 32]).unwrap(), SigningKey::from_seed(&[8; 32]).unwrap());
        let signature = mine.sign(Purpose::Manifest, "text");
        let again: Signature = signature.to_string().parse().unwrap();
        assert!(mine.public().verifies(Purpose::Manifest, "text", &again));
        assert!(!mine.public().verifies(Purpose::Manifest, "texts", &signature));
        assert!(!mine.public().verifies(Purpose::Checkpoint, "text", &signature));
        assert!(!other.public().verifies(Purpose::Manifest, "text", &signature));
        for place in 0..64 {
            let mut bent = signature;
            bent.0[place] ^= 1;
            assert!(!mine.public().verifies(Purpose::Manifest, "text", &bent), "byte {place}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_none_is_shown() {
        assert!(SigningKey::from_seed(&[7; 31]).is_err());
        for text in
            ["", "ed25519:00", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"]
        {
            assert_eq!(text.parse::<PublicKey>(), Err(InvalidKey::Public));
        }
        let shown = format!("{:?}", SigningKey::from_seed(&[7; 32]).unwrap());
        assert!(!shown.contains("0707"), "{shown}");
    }
}
