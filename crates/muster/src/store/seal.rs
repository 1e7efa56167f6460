//! Secrets at rest: XChaCha20-Poly1305, bound to the organisation, table and row they lie in, so
//! that a sealed secret copied to another row does not open there.

use std::{fmt, str::FromStr};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use muster_domain::model::{canonical::digest_of_parts, id::OrgId};
use zeroize::{Zeroize, Zeroizing};

use super::error::StoreError;
use crate::{env::Env, secret::Secret};

const NONCE_LEN: usize = 24;

/// The key that seals secrets, and the former keys that still open what they sealed. It is never
/// in the database; the bytes are wiped when it goes.
#[derive(Clone)]
pub struct SealingKey {
    current: Zeroizing<[u8; 32]>,
    former: Vec<Zeroizing<[u8; 32]>>,
}

impl SealingKey {
    /// A key of 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self { current: Zeroizing::new(bytes), former: Vec::new() }
    }

    /// A new key, drawn by chance.
    #[must_use]
    pub fn generate(env: &Env) -> Self {
        let mut bytes = [0; 32];
        env.fill(&mut bytes);
        let key = Self::new(bytes);
        bytes.zeroize();
        key
    }

    /// The same key, which also opens what `former` sealed: for changing keys.
    #[must_use]
    pub fn with_former(mut self, former: &Self) -> Self {
        self.former.push(former.current.clone());
        self.former.extend(former.former.iter().cloned());
        self
    }

    /// The key as 64 hexadecimal digits, to be written to a key file and nowhere else.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        Secret::new(data_encoding::HEXLOWER.encode(&*self.current))
    }

    /// The name of the key: tells keys apart, reveals nothing of them.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(&self.current)
    }

    /// A salt for what lies at `place`: the same each time, and told by nothing but the key.
    pub(super) fn salt(&self, place: &[&str]) -> String {
        let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(&*self.current));
        let parts: Vec<&str> =
            ["muster salt", &hex].into_iter().chain(place.iter().copied()).collect();
        digest_of_parts(&parts).to_string().chars().take(32).collect()
    }

    fn by_id(&self, id: &str) -> Option<&[u8; 32]> {
        std::iter::once(&self.current)
            .chain(&self.former)
            .find(|key| id_of(key) == id)
            .map(|key| &**key)
    }
}

fn id_of(key: &[u8; 32]) -> String {
    let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(key));
    digest_of_parts(&["muster sealing key", &hex]).brief()
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey(id {})", self.id())
    }
}

impl FromStr for SealingKey {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE
            .decode(text.trim().as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| StoreError::InvalidKey)?;
        <[u8; 32]>::try_from(bytes.as_slice()).map(Self::new).map_err(|_| StoreError::InvalidKey)
    }
}

/// The place a sealed secret belongs to.
pub(super) struct Place<'a> {
    pub(super) org: &'a OrgId,
    pub(super) table: &'static str,
    pub(super) row: &'a str,
}

impl Place<'_> {
    fn binding(&self, key_id: &str) -> String {
        digest_of_parts(&[self.org.as_str(), self.table, self.row, key_id]).to_string()
    }
}

/// A sealed secret as it is stored.
pub(super) struct Sealed {
    pub(super) key_id: String,
    pub(super) text: String,
}

pub(super) fn seal(
    key: &SealingKey,
    env: &Env,
    place: &Place<'_>,
    secret: &Secret,
) -> Result<Sealed, StoreError> {
    let key_id = key.id();
    let mut nonce = [0; NONCE_LEN];
    env.fill(&mut nonce);
    let binding = place.binding(&key_id);
    let payload = Payload { msg: secret.reveal().as_bytes(), aad: binding.as_bytes() };
    let sealed = cipher(&key.current)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|source| StoreError::Unstorable { what: "a secret", source: source.into() })?;
    let bytes = [nonce.as_slice(), &sealed].concat();
    Ok(Sealed { key_id, text: data_encoding::BASE64.encode(&bytes) })
}

pub(super) fn open(
    key: &SealingKey,
    place: &Place<'_>,
    sealed: &Sealed,
) -> Result<Secret, StoreError> {
    let Some(bytes) = key.by_id(&sealed.key_id) else {
        return Err(StoreError::WrongKey {
            row: place.row.to_owned(),
            sealed_with: sealed.key_id.clone(),
            given: key.id(),
        });
    };
    let broken = || StoreError::SealBroken { row: place.row.to_owned() };
    let text = data_encoding::BASE64.decode(sealed.text.as_bytes()).map_err(|_| broken())?;
    let (nonce, message) = text.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
    let binding = place.binding(&sealed.key_id);
    let payload = Payload { msg: message, aad: binding.as_bytes() };
    let opened = cipher(bytes).decrypt(&XNonce::from(*nonce), payload).map_err(|_| broken())?;
    String::from_utf8(opened).map(Secret::new).map_err(|_| broken())
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key).into())
}
